// Dialects, drivers and query compilers of a program's own: they are obeyed or refused.
import * as npm from 'kysely'
import { describe, expect, test } from 'vitest'
import * as own from '../../src/compat/kysely.ts'
import { Migrator } from '../../src/compat/migration.ts'
import type { Db, K } from './programs.ts'
import { world } from './world.ts'

const libraries = { npm, kanta: own as unknown as K }

/** Runs a program on both libraries with a driver that records the calls, and compares the records. */
async function record(
  run: (db: Db, k: K) => Promise<unknown>,
  missing: 'savepoint' | 'releaseSavepoint' | undefined = undefined,
): Promise<string[]> {
  const records: string[][] = []
  for (const k of [libraries.kanta, libraries.npm]) {
    const calls: string[] = []
    const base = new k.PostgresDialect({ pool: {} as never })
    class Recorder extends k.DummyDriver {
      override async acquireConnection(): Promise<never> {
        const executeQuery = async ({ sql, query }: { sql: string; query: { kind: string } }) => {
          calls.push(`${query.kind} ${sql}`)
          return { rows: [] }
        }
        return { executeQuery } as never
      }
      override async beginTransaction(...[, settings]: unknown[]): Promise<void> {
        calls.push(`begin ${JSON.stringify(settings)}`)
      }
      override async commitTransaction(): Promise<void> {
        calls.push('commit')
      }
      override async rollbackTransaction(): Promise<void> {
        calls.push('rollback')
      }
      override async savepoint(...[, name]: unknown[]): Promise<void> {
        calls.push(`savepoint ${name}`)
      }
      override async rollbackToSavepoint(...[, name]: unknown[]): Promise<void> {
        calls.push(`rollback to ${name}`)
      }
      override async releaseSavepoint(...[, name]: unknown[]): Promise<void> {
        calls.push(`release ${name}`)
      }
    }
    const driver = new Recorder()
    if (missing !== undefined) driver[missing] = undefined as never
    const db: Db = new k.Kysely({
      dialect: {
        createDriver: () => driver,
        createAdapter: () => base.createAdapter(),
        createIntrospector: (d: never) => base.createIntrospector(d),
        createQueryCompiler: () => base.createQueryCompiler(),
      } as never,
    })
    await run(db, k)
    records.push(calls)
  }
  expect(records[0]).toEqual(records[1])
  return records[0]!
}

describe('a driver', () => {
  test('begins, commits and rolls back by its methods', async () => {
    const calls = await record(async (db) => {
      await db
        .transaction()
        .setIsolationLevel('serializable')
        .setAccessMode('read only')
        .execute((trx) => trx.selectFrom('toy').select('id').execute())
      await db
        .transaction()
        .execute(() => Promise.reject(new Error('mine')))
        .catch(() => {})
    })
    expect(calls).toEqual([
      'begin {"isolationLevel":"serializable","accessMode":"read only"}',
      'SelectQueryNode select "id" from "toy"',
      'commit',
      'begin {}',
      'rollback',
    ])
  })

  test('makes savepoints by its methods', () =>
    record(async (db) => {
      const trx = await db.startTransaction().execute()
      const nested = await trx.savepoint('a').execute()
      await nested.rollbackToSavepoint('a').execute()
      await nested.releaseSavepoint('a').execute()
      await trx.commit().execute()
    }))

  test('without savepoints refuses them', async () => {
    const calls = await record(async (db) => {
      const trx = await db.startTransaction().execute()
      await expect(trx.savepoint('a').execute()).rejects.toThrow(/savepoint/)
      await trx.rollback().execute()
    }, 'savepoint')
    expect(calls).toEqual(['begin {}', 'rollback'])
  })

  test('sees the kind of a query', () =>
    record(async (db) => {
      await db.insertInto('toy').values({ name: 'x' }).returning('id').execute()
      await db.updateTable('toy').set({ name: 'y' }).execute()
      await db.deleteFrom('toy').execute()
    }))
})

describe('a subclass of a dialect', () => {
  test('uses the driver that it creates', async () => {
    for (const k of [libraries.kanta, libraries.npm]) {
      class Mine extends k.SqliteDialect {
        override createDriver() {
          return new k.DummyDriver()
        }
      }
      const db: Db = new k.Kysely({ dialect: new Mine({ database: world() }) as never })
      expect(await db.selectFrom('toy').select('id').execute()).toEqual([])
    }
  })

  test('may wrap the driver of the dialect', async () => {
    let closed = false
    class Mine extends own.SqliteDialect {
      override createDriver() {
        const driver = super.createDriver()
        const { destroy } = driver
        driver.destroy = async () => {
          closed = true
          await destroy()
        }
        return driver
      }
    }
    const db = new own.Kysely<{ toy: { id: number; name: string | null } }>({
      dialect: new Mine({ database: world() }),
    })
    await db.transaction().execute((trx) => trx.updateTable('toy').set({ name: 'new' }).where('id', '=', 1).execute())
    expect(await db.selectFrom('toy').select('name').where('id', '=', 1).execute()).toEqual([{ name: 'new' }])
    await db.destroy()
    expect(closed).toBe(true)
  })
})

describe('a query compiler', () => {
  const open = (compiler: own.QueryCompiler) => {
    class Mine extends own.SqliteDialect {
      override createQueryCompiler() {
        return compiler
      }
    }
    return new own.Kysely<{ toy: { id: number } }>({ dialect: new Mine({ database: world() }) })
  }
  test('that overrides a method is refused', () => {
    class Loud extends own.SqliteQueryCompiler {
      getLeftIdentifierWrapper() {
        return '`'
      }
    }
    expect(() => open(new Loud())).toThrow(/Loud overrides getLeftIdentifierWrapper\(\)/)
  })
  test('of another library is refused', () => {
    expect(() => open(new npm.PostgresQueryCompiler() as never)).toThrow(
      /must return a query compiler of kanta\/kysely/,
    )
  })
  test('that overrides nothing is taken', async () => {
    class Quiet extends own.SqliteQueryCompiler {}
    expect(await open(new Quiet()).selectFrom('toy').select('id').execute()).toHaveLength(2)
  })
})

test('a pool needs no options', () => {
  const db = new own.Kysely<{ toy: { id: number } }>({ dialect: new own.PostgresDialect({ pool: {} as never }) })
  expect(db.selectFrom('toy').select('id').compile().sql).toBe('select "id" from "toy"')
})

test('limit(null) and offset(null) remove the limit and the offset', () => {
  const db = new own.Kysely<{ toy: { id: number } }>({ dialect: new own.SqliteDialect({ database: world() }) })
  const query = db.selectFrom('toy').select('id').limit(1).offset(1)
  expect(
    query
      .limit(null as never)
      .offset(null as never)
      .compile().sql,
  ).toBe('select "id" from "toy"')
})

test('set() takes an expression or a callback for the column', () => {
  const db = new own.Kysely<any>({ dialect: new own.PostgresDialect({ pool: {} as never }) })
  const { sql, parameters } = db
    .updateTable('toy')
    .set(own.sql`data[${'a'}]` as never, 9 as never)
    .set(((eb: { ref(name: string): unknown }) => eb.ref('name')) as never, 'x' as never)
    .compile()
  expect({ sql, parameters }).toEqual({
    sql: 'update "toy" set data[$1] = $2, "name" = $3',
    parameters: ['a', 9, 'x'],
  })
})

test('the migrator refuses a transaction where DDL is not transactional', async () => {
  const db = new own.Kysely<any>({ dialect: new own.SqliteDialect({ database: world() }) })
  const trx = await db.startTransaction().execute()
  const provider = { getMigrations: async () => ({ a: { up: async () => {} } }) }
  const { error } = await new Migrator({ db: trx, provider }).migrateUp()
  expect((error as Error).message).toContain('supportsTransactionalDdl')
  await trx.rollback().execute()
})

test.each([undefined, 'create', 'in-place'] as const)(
  'parsed JSON has no constructor.prototype (%s)',
  async (strategy) => {
    const database = world()
    database.exec(`update toy set name = '{"constructor":{"prototype":{"isAdmin":true},"n":1}}' where id = 1`)
    for (const k of [libraries.kanta, libraries.npm]) {
      const plugin = new k.ParseJSONResultsPlugin(strategy === undefined ? {} : { objectStrategy: strategy })
      const db: Db = new k.Kysely({ dialect: new k.SqliteDialect({ database }) as never, plugins: [plugin] })
      const [row] = await db.selectFrom('toy').select('name').where('id', '=', 1).execute()
      expect(row!.name).toEqual({ constructor: { n: 1 } })
    }
  },
)

test('the schema builder takes a schema and plugins', () => {
  for (const k of [libraries.kanta, libraries.npm]) {
    const db: Db = new k.Kysely({ dialect: new k.SqliteDialect({ database: world() }) as never })
    const create = (schema: Db['schema']) => schema.createTable('newTable').addColumn('id', 'integer').compile().sql
    expect(create(db.schema.withSchema('s'))).toBe('create table "s"."newTable" ("id" integer)')
    const renamed = db.schema.withPlugin(new k.CamelCasePlugin())
    expect(create(renamed)).toBe('create table "new_table" ("id" integer)')
    expect(create(renamed.withoutPlugins())).toBe('create table "newTable" ("id" integer)')
  }
})

test('results are of the types with the names of their classes', async () => {
  const db = new own.Kysely<{ toy: { id: own.Generated<number>; name: string } }>({
    dialect: new own.SqliteDialect({ database: world() }),
  })
  const inserted: own.InsertResult = await db.insertInto('toy').values({ name: 'x' }).executeTakeFirstOrThrow()
  const updated: own.UpdateResult = await db.updateTable('toy').set({ name: 'y' }).executeTakeFirstOrThrow()
  expect([inserted instanceof own.InsertResult, updated instanceof own.UpdateResult]).toEqual([true, true])
})
