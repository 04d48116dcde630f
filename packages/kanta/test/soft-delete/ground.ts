import { afterAll, beforeAll, describe, test, vi } from 'vitest'
import type { Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { foreignKey, index, type kanta, primaryKey, sql, type Table, table } from '../../src/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'

/** A database to test on. */
export interface Ground {
  readonly name: string
  readonly dialect: 'sqlite' | 'postgres' | 'mariadb'
  driver(): Driver
}

interface Engine {
  readonly name: string
  readonly dialect: string
  readonly missing?: string | undefined
  create(): Promise<{ driver(options?: { readonly max?: number }): Driver; drop(): Promise<void> }>
}

const memory: Engine = {
  name: 'sqlite',
  dialect: 'sqlite',
  create: async () => ({ driver: () => sqlite(':memory:'), drop: async () => {} }),
}

/** Runs tests on SQLite, PostgreSQL and MariaDB, each with a database of its own. */
export function onEngines(what: string, tests: (ground: Ground) => void): void {
  vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 })
  describe.each([memory, postgres, mariadbEngine] as readonly Engine[])(`${what} on $name`, (engine) => {
    if (engine.missing !== undefined) {
      test.skip(`${engine.name}: ${engine.missing}`, () => {})
      return
    }
    let place: Awaited<ReturnType<Engine['create']>>
    beforeAll(async () => {
      place = await engine.create()
    })
    afterAll(() => place?.drop())
    tests({ name: engine.name, dialect: engine.dialect as Ground['dialect'], driver: () => place.driver({ max: 2 }) })
  })
}

/** Tables of a blog; those that refer to others are deleted with them. */
export const author = table('author', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  deleted_at: c.timestamp().nullable(),
  deleted_by: c.varchar(40).nullable(),
  deletion: c.uuid().nullable(),
}))

export const post = table(
  'post',
  (c) => ({
    id: c.integer().primaryKey(),
    author_id: c.integer().references(() => author.id),
    title: c.varchar(80),
    deleted_at: c.timestamp().nullable(),
    deleted_by: c.varchar(40).nullable(),
    deletion: c.uuid().nullable(),
  }),
  (t) => [index([t.deletion])],
)

export const comment = table('comment', (c) => ({
  id: c.integer().primaryKey(),
  post_id: c.integer().references(() => post.id),
  author_id: c
    .integer()
    .nullable()
    .references(() => author.id),
  reply_to: c
    .integer()
    .nullable()
    .references((): never => comment.id as never),
  text: c.varchar(80),
  deleted_at: c.timestamp().nullable(),
  deleted_by: c.varchar(40).nullable(),
  deletion: c.uuid().nullable(),
})) as unknown as Table<'comment', CommentRow>

/** A comment refers to comments, so that its type is said. */
export interface CommentRow {
  id: number
  post_id: number
  author_id: number | null
  reply_to: number | null
  text: string
  deleted_at: Date | null
  deleted_by: string | null
  deletion: string | null
}

/** It is not deleted softly. */
export const tag = table('tag', (c) => ({ id: c.integer().primaryKey(), label: c.varchar(40) }))

export const schema = { author, post, comment, tag }

/** Makes the tables of a schema anew. */
export async function fresh(db: { readonly schema: unknown }, tables: object): Promise<void> {
  const base = db as ReturnType<typeof kanta>
  for (const each of Object.values(tables).reverse()) await base.schema.dropTable(nameOf(each)).ifExists().execute()
  for (const each of Object.values(tables)) await base.schema.createTable(each as never).execute()
}

const nameOf = (each: object): string => (each as { readonly id: { readonly table: string } }).id.table

/** A clock that moves on by a second each time. */
export function clock(from = '2024-01-01T00:00:00.000Z'): () => Date {
  let at = Date.parse(from)
  return () => {
    at += 1000
    return new Date(at)
  }
}

export { foreignKey, primaryKey, sql }
