import { audit } from '../../src/audit/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, primaryKey, sql, table } from '../../src/index.ts'
import { createExecutor, schemaPerTenant, softDelete, tenant } from '../../src/plugins/index.ts'
import { many, one, relations } from '../../src/relations/index.ts'
import { policies, rls } from '../../src/rls/index.ts'
import { startHistory, timeTravel } from '../../src/time-travel/index.ts'
import { instant } from '../time-travel/engines.ts'
import type { Any, Place } from './ground.ts'

// The tables are made without the foreign keys by which relations are found, so that rows that are seen may lead to rows
// that do not exist, as they lead to hidden ones.
type To = (column: Any, of: () => Any) => Any
const ruled = (c: Any): Any => ({ tenant: c.integer(), deleted_at: c.timestamp().nullable() })
const define = (to: To): Any => {
  const writer: Any = table('writer', (c) => ({
    id: c.integer().primaryKey(),
    ...ruled(c),
    name: c.varchar(40),
    boss_id: to(c.integer().nullable(), () => writer.id),
  }))
  const book: Any = table('book', (c) => ({
    id: c.integer().primaryKey(),
    ...ruled(c),
    title: c.varchar(40),
    writer_id: to(c.integer().nullable(), () => writer.id),
    editor_id: to(c.integer().nullable(), () => writer.id),
    price: c.decimal(10, 2),
    sold: c.bigint(),
  }))
  const label: Any = table('label', (c) => ({ id: c.integer().primaryKey(), ...ruled(c), name: c.varchar(40) }))
  const book_label: Any = table(
    'book_label',
    (c) => ({ book_id: to(c.integer(), () => book.id), label_id: to(c.integer(), () => label.id), ...ruled(c) }),
    (t: Any) => [primaryKey([t.book_id, t.label_id])],
  )
  const card: Any = table('card', (c) => ({
    id: c.integer().primaryKey(),
    ...ruled(c),
    writer_id: to(c.integer().nullable().unique(), () => writer.id),
    text: c.varchar(40),
  }))
  return { writer, book, label, book_label, card }
}
export const { writer, book, label, book_label, card } = define((column, of) => column.references(of))
const tables: Readonly<Record<string, Any>> = define((column) => column)
const related = (relations as Any)({
  writer: {
    books: many(book, book.writer_id),
    edited: many(book, book.editor_id),
    boss: one(writer, writer.boss_id),
    staff: many(writer, writer.boss_id),
    card: one(card, card.writer_id),
  },
  book: {
    writer: one(writer, book.writer_id),
    editor: one(writer, book.editor_id),
    labels: many(label, { through: book_label }),
  },
  label: { books: many(book, { through: book_label }) },
  card: { writer: one(writer, card.writer_id) },
})
export const schema: Any = { writer, book, label, book_label, card, related }
const names = Object.keys(tables)

/** The relations of each table: their names, and the tables to which they lead. */
export const ways: Readonly<Record<string, readonly (readonly [name: string, table: string, isMany: boolean])[]>> = {
  writer: [
    ['books', 'book', true],
    ['edited', 'book', true],
    ['boss', 'writer', false],
    ['staff', 'writer', true],
    ['card', 'card', false],
  ],
  book: [
    ['writer', 'writer', false],
    ['editor', 'writer', false],
    ['labels', 'label', true],
  ],
  label: [['books', 'book', true]],
  card: [['writer', 'writer', false]],
}

export type Row = Readonly<Record<string, unknown>>
export type Rows = Readonly<Record<string, readonly Row[]>>

/** Rows of which about half are of tenant 2 or deleted; most relations lead from those that are seen to hidden ones, too. */
export function rowsOf(seed: number): Rows {
  let state = seed * 7 + 1
  const below = (most: number): number => {
    state = (Math.imul(state ^ (state >>> 13), 0x5bd1e995) + 0x9e3779b9) | 0
    return ((state ^ (state >>> 15)) >>> 0) % most
  }
  const ids = (most: number): number[] => Array.from({ length: most }, (_, i) => i + 1)
  const common = () => ({ tenant: below(3) === 0 ? 2 : 1, deleted_at: below(4) === 0 ? new Date(0) : null })
  const maybe = (most: number): number | null => (below(6) === 0 ? null : below(most) + 1)
  return {
    writer: ids(10).map((id) => ({ id, ...common(), name: `w${id}`, boss_id: maybe(10) })),
    book: ids(24).map((id) => ({
      ...{ id, ...common(), title: `b${id}`, writer_id: maybe(10), editor_id: maybe(10), price: `${id}.50` },
      sold: 9_007_199_254_740_992n + BigInt(id),
    })),
    label: ids(6).map((id) => ({ id, ...common(), name: `l${id}` })),
    book_label: ids(24).flatMap((book_id) =>
      ids(6)
        .filter(() => below(3) === 0)
        .map((label_id) => ({ book_id, label_id, ...common() })),
    ),
    card: ids(10)
      .filter(() => below(4) > 0)
      .map((id) => ({ id, ...common(), writer_id: id, text: `c${id}` })),
  }
}

export interface Rule {
  readonly sees: (row: Row) => boolean
  /** Makes the plugins, after the tables were filled. */
  readonly plugins: () => readonly Any[]
}
const isOfTenant = (row: Row): boolean => row.tenant === 1
const isThere = (row: Row): boolean => row.deleted_at === null
const ofTenant = () => tenant({ column: 'tenant', tables: names })
const soft = () => softDelete({ tables: names })
const rows = () =>
  rls(
    (policies as Any)(
      Object.fromEntries(
        names.map((name) => [
          name,
          ({ allow }: Any) => [allow('all', ({ row, context }: Any) => row.tenant.eq(context.tenant))],
        ]),
      ),
    ),
  )
export const rules: Readonly<Record<string, Rule>> = {
  tenant: { sees: isOfTenant, plugins: () => [ofTenant()] },
  softDelete: { sees: isThere, plugins: () => [soft()] },
  rls: { sees: isOfTenant, plugins: () => [rows()] },
  all: { sees: (row) => isOfTenant(row) && isThere(row), plugins: () => [ofTenant(), soft(), rows(), audit()] },
}

/** The rows that a rule shows. */
export const seenOf = (content: Rows, { sees }: Rule): Rows =>
  Object.fromEntries(Object.entries(content).map(([name, all]) => [name, all.filter(sees)]))

async function insertAll(db: Any, content: Rows): Promise<void> {
  for (const name of names) if (content[name]!.length > 0) await db.insertInto(name).values(content[name]).execute()
}
async function createAll(db: Any): Promise<void> {
  for (const name of names) await db.schema.createTable(tables[name]).execute()
}
export async function refill(db: Any, content: Rows): Promise<void> {
  for (const name of names) await db.deleteFrom(name).execute()
  await insertAll(db, content)
}
export const everything = async (db: Any): Promise<Rows> =>
  Object.fromEntries(
    await Promise.all(
      names.map(async (name) => {
        const order = name === 'book_label' ? ['book_id', 'label_id'] : ['id']
        let query = db.selectFrom(name).selectAll()
        for (const column of order) query = query.orderBy(column)
        return [name, await query.execute()]
      }),
    ),
  )

/** A database in memory in which rows that are hidden do not exist. */
export async function twinOf(content: Rows): Promise<Any> {
  const db: Any = kanta({ driver: sqlite(':memory:'), schema } as never)
  await createAll(db)
  await insertAll(db, content)
  return db
}

export interface World {
  readonly base: Any
  close(): Promise<void>
}
export async function openWorld(engine: Place, content: Rows): Promise<World> {
  const place = await engine.create()
  const base: Any = kanta({ driver: place.driver({ max: 2 }), schema } as never)
  await createAll(base)
  await insertAll(base, content)
  const close = async (): Promise<void> => {
    await base.destroy()
    await place.drop()
  }
  return { base, close }
}
export const guardedBy = async ({ base }: World, { plugins }: Rule): Promise<Any> =>
  ((await createExecutor(base, plugins() as never)) as Any).as({ tenant: 1, actor: 'me' })

/** The rows of `seen` at an instant after which all others came, and those that were seen changed. */
export async function openPast(engine: Place, content: Rows, rule: Rule): Promise<World & { readonly past: Any }> {
  const world = await openWorld(engine, seenOf(content, rule))
  await startHistory(world.base, names)
  const at = instant()
  const hidden = seenOf(content, { ...rule, sees: (row) => !rule.sees(row) })
  await insertAll(world.base, hidden)
  await world.base.updateTable('book').set({ title: 'HIDDEN' }).execute()
  await world.base.updateTable('writer').set({ name: 'HIDDEN', boss_id: null }).execute()
  await world.base.deleteFrom('label').where('id', '<', 4).execute()
  await world.base.deleteFrom('book_label').where('book_id', '<', 9).execute()
  const db: Any = await createExecutor(world.base, [timeTravel({ tables: names })] as never)
  return { ...world, past: db.asOf(at) }
}

/** The rows that are seen in a schema of their own, and the hidden ones in another and where statements lead without one. */
export async function openSchemas(engine: Place, content: Rows, rule: Rule): Promise<World & { readonly own: Any }> {
  const place = await engine.create()
  const base: Any = kanta({ driver: place.driver({ max: 2 }), schema } as never)
  const schemaOf = (who: unknown): string => `${engine.dialect === 'sqlite' ? 'main' : place.database}_${String(who)}`
  const db: Any = base.withPlugins([schemaPerTenant({ schema: schemaOf })])
  for (const who of ['a', 'b']) {
    const name = schemaOf(who)
    await sql
      .raw(engine.dialect === 'sqlite' ? `attach database ':memory:' as ${name}` : `create schema ${name}`)
      .execute(base)
    await createAll(base.withSchema(name))
  }
  const hidden = seenOf(content, { ...rule, sees: (row) => !rule.sees(row) })
  await createAll(base)
  await insertAll(base, hidden)
  await insertAll(db.as({ tenant: 'a' }), seenOf(content, rule))
  await insertAll(db.as({ tenant: 'b' }), hidden)
  return {
    base,
    own: db.as({ tenant: 'a' }),
    close: async () => {
      if (engine.dialect === 'mariadb')
        for (const who of ['a', 'b']) await sql.raw(`drop database ${schemaOf(who)}`).execute(base)
      await base.destroy()
      await place.drop()
    },
  }
}
