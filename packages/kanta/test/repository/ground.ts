import { kanta, primaryKey, sql, table, unique } from '../../src/index.ts'
import { softDelete, tenant, timestamps, version } from '../../src/plugins/index.ts'
import { many, one, relations } from '../../src/relations/index.ts'
import { definitionOf } from '../../src/table/index.ts'
import type { Any, Ground } from '../tenant/ground.ts'

export { engines } from '../relations/ground.ts'
export type { Any } from '../tenant/ground.ts'

export const author = table('author', (c) => ({
  id: c.integer().primaryKey(),
  name: c.varchar(80).unique(),
  boss_id: c
    .integer()
    .nullable()
    .references((): Any => author.id),
}))
export const book = table('book', (c) => ({
  id: c.integer().primaryKey(),
  author_id: c.integer().references(() => author.id),
  editor_id: c
    .integer()
    .nullable()
    .references(() => author.id),
  title: c.varchar(80),
  price: c.decimal(12, 2).nullable(),
  stock: c.integer().nullable(),
  status: c.varchar(20).default('new'),
  revision: c.integer().default(1),
}))
export const tag = table('tag', (c) => ({ id: c.integer().primaryKey(), name: c.varchar(80).unique() }))
export const book_tag = table(
  'book_tag',
  (c) => ({
    book_id: c.integer().references(() => book.id),
    tag_id: c.integer().references(() => tag.id),
  }),
  (t) => [primaryKey([t.book_id, t.tag_id])],
)
export const profile = table('profile', (c) => ({
  id: c.integer().primaryKey(),
  author_id: c
    .integer()
    .nullable()
    .unique()
    .references(() => author.id),
  text: c.varchar(80),
}))
/** A key of two columns, one of which another table may take. */
export const seat = table(
  'seat',
  (c) => ({ row: c.integer(), number: c.integer(), code: c.varchar(20), guest: c.varchar(80).nullable() }),
  (t) => [primaryKey([t.row, t.number]), unique([t.code])],
)

export const related = relations({
  author: {
    books: many(book, book.author_id),
    edited: many(book, book.editor_id),
    boss: one(author, author.boss_id),
    staff: many(author, author.boss_id),
    profile: one(profile, profile.author_id),
  },
  book: {
    author: one(author, book.author_id),
    editor: one(author, book.editor_id),
    tags: many(tag, { through: book_tag }),
  },
  tag: { books: many(book, { through: book_tag }) },
})
export const schema = { author, book, tag, book_tag, profile, seat, related }

/** The typed database of the tests. */
export const open = (driver: Any) => kanta({ driver, schema })

/** Creates the tables; keys that the database gives are greater than those of the tests. */
export async function createTables(db: Any, ground: Ground, all: readonly Any[]): Promise<void> {
  for (const each of all) {
    await db.schema.createTable(each).execute()
    const { name, columns } = definitionOf(each)!
    if (ground.dialect === 'postgres' && columns.has('id'))
      await sql.raw(`select setval(pg_get_serial_sequence('${name}', 'id'), 1000)`).execute(db)
  }
}

/** Rows that each test begins with. */
export async function fill(db: ReturnType<typeof open>): Promise<void> {
  for (const name of ['book_tag', 'book', 'profile', 'tag', 'seat'] as const) await db.deleteFrom(name).execute()
  await db.updateTable('author').set({ boss_id: null }).execute()
  await db.deleteFrom('author').execute()
  await db
    .insertInto('author')
    .values([
      { id: 1, name: 'Ada' },
      { id: 2, name: 'Bob', boss_id: 1 },
    ])
    .execute()
  await db
    .insertInto('book')
    .values([
      { id: 1, author_id: 1, title: 'One', price: '10.00', stock: 5 },
      { id: 2, author_id: 1, title: 'Two', price: '20.00', editor_id: 2 },
      { id: 3, author_id: 2, title: 'Three', price: '30.00', stock: 1 },
    ])
    .execute()
  await db
    .insertInto('tag')
    .values([
      { id: 1, name: 'epic' },
      { id: 2, name: 'old' },
      { id: 3, name: 'new' },
    ])
    .execute()
  await db
    .insertInto('book_tag')
    .values([
      { book_id: 1, tag_id: 1 },
      { book_id: 1, tag_id: 2 },
    ])
    .execute()
  await db.insertInto('profile').values({ id: 1, author_id: 1, text: 'of Ada' }).execute()
  await db
    .insertInto('seat')
    .values([
      { row: 1, number: 1, code: 'a' },
      { row: 1, number: 2, code: 'b' },
    ])
    .execute()
}

export const note = table(
  'note',
  (c) => ({
    id: c.integer().primaryKey(),
    tenant_id: c.integer().$optional(),
    slug: c.varchar(40),
    text: c.varchar(80).nullable(),
    version: c.integer().default(1),
    created_at: c.timestamp().$optional(),
    updated_at: c.timestamp().$optional(),
    deleted_at: c.timestamp().nullable(),
  }),
  (t) => [unique([t.slug])],
)
export const entry = table('entry', (c) => ({
  id: c.integer().primaryKey(),
  tenant_id: c.integer().$optional(),
  note_id: c
    .integer()
    .nullable()
    .references(() => note.id),
  text: c.varchar(80),
}))
const noteRelations = relations({
  note: { entries: many(entry, entry.note_id) },
  entry: { note: one(note, entry.note_id) },
})
export const guardedSchema = { note, entry, related: noteRelations }

/** A database with a policy of each kind, and the same without them. */
export function openGuarded(driver: Any) {
  const plain = kanta({ driver, schema: guardedSchema })
  const db = plain.withPlugins([
    tenant({ column: 'tenant_id' }),
    softDelete({ tables: ['note'] }),
    version(),
    timestamps({ tables: ['note'] }),
  ])
  return { plain, db }
}
