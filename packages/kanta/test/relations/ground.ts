import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, primaryKey, table } from '../../src/index.ts'
import { many, one, relations } from '../../src/relations/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'
import type { Any, Ground } from '../tenant/ground.ts'

export type { Any } from '../tenant/ground.ts'

const embedded = (name: string, driver: () => Any): Ground => ({
  name,
  dialect: 'sqlite',
  create: async () => ({ database: 'main', driver, drop: async () => {} }),
})

/** A database of SQLite in memory. */
export const memory = (): Any => sqlite(':memory:')

export const engines: readonly Ground[] = [
  embedded('node:sqlite', () => sqlite(':memory:')),
  embedded('better-sqlite3', () => betterSqlite3(':memory:')),
  ...([pglite, postgres, mariadbEngine] as readonly Any[]),
]

export const author = table('author', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  rank: c.integer(),
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
  title: c.text().nullable(),
  rank: c.integer().nullable(),
  price: c.decimal(12, 2).nullable(),
  sold: c.bigint().nullable(),
  weight: c.real().nullable(),
  printed: c.boolean().nullable(),
  day: c.date().nullable(),
  published: c.timestamp().nullable(),
  extra: c.json<Any>().nullable(),
  cover: c.bytes().nullable(),
}))
export const tag = table('tag', (c) => ({ id: c.integer().primaryKey(), name: c.text(), rank: c.integer() }))
export const book_tag = table(
  'book_tag',
  (c) => ({
    book_id: c.integer().references(() => book.id),
    tag_id: c.integer().references(() => tag.id),
    weight: c.integer(),
  }),
  (t) => [primaryKey([t.book_id, t.tag_id])],
)
export const profile = table('profile', (c) => ({
  id: c.integer().primaryKey(),
  author_id: c
    .integer()
    .unique()
    .references(() => author.id),
  text: c.text(),
  rank: c.integer(),
}))

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
  profile: { author: one(author, profile.author_id) },
})

export const tables = [author, book, tag, book_tag, profile] as const
export const schema = { author, book, tag, book_tag, profile, related }

/** The typed database of the tests. */
export const open = (driver: Any) => kanta({ driver, schema })

export async function createTables(db: Any): Promise<void> {
  for (const each of tables) await db.schema.createTable(each).execute()
}
