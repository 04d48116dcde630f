import { sqlite } from '../../src/driver/sqlite/index.ts'
import { equal, isNull, literal, type TablePolicy, tablePolicy } from '../../src/guard/index.ts'
import { kanta } from '../../src/index.ts'
import { createExecutor } from '../../src/plugins/index.ts'
import type { Engine } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'

export type Any = any

/** An engine of the escape suite: those of the tests, and SQLite in memory. */
export type Place = Omit<Engine, 'dialect'> & { readonly dialect: Engine['dialect'] | 'sqlite' }

const sqliteEngine: Place = {
  name: 'sqlite',
  dialect: 'sqlite',
  create: async () => ({ database: ':memory:', driver: () => sqlite(':memory:'), drop: async () => {} }),
}

export const engines: readonly Place[] = [sqliteEngine, postgres, mariadbEngine]

/** Rows of `users` and `posts`: those of tenant 2, and those that are gone, are not there for tenant 1. */
export const TABLES: readonly string[] = [
  'create table users (id integer primary key, tenant integer not null, name varchar(50) unique, secret varchar(50), gone varchar(50))',
  'create table posts (id integer primary key, tenant integer not null, owner integer, title varchar(50), gone varchar(50))',
  'create table open (id integer primary key, tenant integer, owner integer, title varchar(50))',
]
export const ROWS: readonly string[] = [
  "insert into users values (1, 1, 'ann', 's1', null), (2, 2, 'bob', 's2', null), (3, 1, 'cid', 's3', 'x'), (4, 1, 'dot', null, null), (5, 2, 'eve', 's5', 'x')",
  "insert into posts values (1, 1, 1, 'a', null), (2, 2, 2, 'b', null), (3, 1, 2, 'c', null), (4, 1, 1, 'd', 'x'), (5, 1, 4, 'e', null), (6, 1, null, 'f', null)",
  "insert into open values (1, 1, 1, 'a'), (2, 2, 2, 'b'), (3, null, null, null)",
]

const ruled = ['users', 'posts']

/** Rows that are gone are not there; a delete marks them. */
export const gone: TablePolicy = tablePolicy({
  name: 'gone',
  tables: ruled,
  rule: ({ name }) =>
    ruled.includes(name)
      ? {
          sees: (row) => isNull(row('gone')),
          deletes: { gone: { value: () => literal('now'), userValue: 'refuse' } },
        }
      : undefined,
})

/** Rows have the tenant of the context. */
export const tenant: TablePolicy = tablePolicy({
  name: 'tenant',
  tables: ruled,
  rule: ({ name }) =>
    ruled.includes(name)
      ? {
          sees: (row, _, runValues) => equal(row('tenant'), runValues.context('tenant')),
          checks: (row, _, runValues) => equal(row('tenant'), runValues.context('tenant')),
          inserts: { tenant: { value: (_, runValues) => runValues.context('tenant'), userValue: 'same' } },
        }
      : undefined,
})

/** No column `secret` of users is read. */
export const column: TablePolicy = tablePolicy({
  name: 'column',
  tables: ruled,
  rule: ({ name }) =>
    name === 'users'
      ? {
          column: (read, use) => {
            if (use === 'read' && (read === '*' || read.toLowerCase() === 'secret'))
              throw Object.assign(new Error(`users.${read} is secret`), { code: 'policy' })
          },
        }
      : undefined,
})

export interface Ground {
  readonly base: Any
  guarded(policies: readonly TablePolicy[], others?: readonly Any[]): Promise<Any>
  refill(): Promise<void>
  close(): Promise<void>
}

export async function ground(engine: Place): Promise<Ground> {
  const place = await engine.create()
  const driver = place.driver({ max: 2 })
  const base: Any = kanta<Any>({ driver } as never)
  const run = async (text: string): Promise<void> => void (await base.executeQuery({ sql: text, parameters: [] }))
  for (const text of TABLES) await run(text)
  return {
    base,
    guarded: async (policies, others = []) =>
      ((await createExecutor(base, [{ name: 'test', policies }, ...others] as never)) as Any).as({ tenant: 1 }),
    refill: async () => {
      for (const table of ['users', 'posts', 'open']) await run(`delete from ${table}`)
      for (const text of ROWS) await run(text)
    },
    close: async () => {
      await base.destroy()
      await place.drop()
    },
  }
}
