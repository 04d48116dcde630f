import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, type KantaOptions, kanta, type LogEntry, type TablesOf, table } from '../../src/index.ts'
import type { Place } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'
import type { Any, Ground } from '../tenant/ground.ts'
import { memory } from '../tenant/ground.ts'

export type { Any, Ground } from '../tenant/ground.ts'
export { memory } from '../tenant/ground.ts'

/** The databases of the tests. */
export const engines: readonly Ground[] = [memory, postgres, mariadbEngine]

export const author = table('author', (c) => ({
  id: c.integer().primaryKey(),
  name: c.varchar(40),
  born: c.timestamp().nullable(),
  deleted_at: c.timestamp().nullable(),
}))
export const book = table('book', (c) => ({
  id: c.integer().primaryKey(),
  author_id: c.integer(),
  title: c.varchar(40),
  price: c.decimal(10, 2),
  sold: c.bigint(),
  extra: c.json<{ tags: string[] }>().nullable(),
}))
export const schema = { author, book }
export type Tables = TablesOf<typeof schema>
export type Db = Database<Tables>

/** An open database with its statements. */
export interface World {
  readonly db: Db
  /** The SQL of the statements since it was last asked for. */
  statements(): string[]
  close(): Promise<void>
}

export const AUTHORS = 20

/** Makes the tables in a place of an engine, with 20 authors of two books each; the last has none. */
export async function openWorld(engine: Ground, options: Partial<KantaOptions> = {}): Promise<World> {
  const place: Place = await engine.create()
  return makeWorld(place.driver(), () => place.drop(), options)
}

export async function makeWorld(
  driver: Any,
  drop: () => Promise<void> = async () => {},
  options: Partial<KantaOptions> = {},
): Promise<World> {
  let told: string[] = []
  const log = ({ sql }: LogEntry): void => void told.push(sql)
  const db = kanta({ driver, schema, log, ...options } as Any) as unknown as Db
  await (db as Any).schema.createTable(author).execute()
  await (db as Any).schema.createTable(book).execute()
  const ids = Array.from({ length: AUTHORS }, (_, i) => i + 1)
  await db
    .insertInto('author')
    .values(ids.map((id) => ({ id, name: `Author ${id}`, born: new Date(Date.UTC(1900 + id, 0)), deleted_at: null })))
    .execute()
  const books = ids.slice(0, -1).flatMap((id) => [
    { id: 2 * id, author_id: id, title: `B${id}`, price: `${id}.50`, sold: BigInt(id), extra: { tags: ['b'] } },
    { id: 2 * id + 1, author_id: id, title: `A${id}`, price: '2.00', sold: 2n ** 40n, extra: null },
  ])
  await db.insertInto('book').values(books).execute()
  told = []
  return {
    db,
    statements: () => told.splice(0),
    close: async () => {
      await db.destroy()
      await drop()
    },
  }
}

export const openMemory = (): Promise<World> => makeWorld(sqlite(':memory:'))
