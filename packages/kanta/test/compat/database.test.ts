import * as npm from 'kysely'
import { describe, expect, test } from 'vitest'
import * as own from '../../src/compat/kysely.ts'
import type { Db, K } from './programs.ts'
import { world } from './world.ts'

const libraries = { npm, kanta: own as unknown as K }

/** What both libraries make of a program. */
async function both<T>(run: (db: Db, k: K) => Promise<T>): Promise<T> {
  const results: T[] = []
  for (const k of [libraries.kanta, libraries.npm]) {
    const db: Db = new k.Kysely({ dialect: new k.SqliteDialect({ database: async () => world() }) })
    results.push(await run(db, k))
    await db.destroy()
  }
  expect(results[0]).toEqual(results[1])
  return results[0]!
}

const ids = async (db: Db) => (await db.selectFrom('toy').select('id').orderBy('id').execute()).map((row) => row.id)
const failure = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: Error) => error.message,
  )

describe('results', () => {
  test('of writes are of the classes', () =>
    both(async (db, k) => {
      const inserted = await db.insertInto('toy').values({ name: 'x' }).executeTakeFirstOrThrow()
      const updated = await db.updateTable('toy').set({ name: 'y' }).executeTakeFirst()
      const deleted = await db.deleteFrom('toy').where('id', '=', 1).execute()
      return [
        inserted instanceof k.InsertResult && { ...inserted },
        updated instanceof k.UpdateResult && { ...updated },
        deleted[0] instanceof k.DeleteResult && { ...deleted[0] },
      ]
    }))
  test('of raw text', () =>
    both(async (db, { sql }) => {
      const selected = await sql<{ n: number }>`select ${1} as n`.execute(db)
      const written = await sql`update toy set name = ${'z'}`.execute(db)
      return [selected.rows, written.numAffectedRows, written.rows]
    }))
  test('of compiled queries', () =>
    both(async (db, k) => {
      const { rows } = await db.executeQuery(db.selectFrom('toy').select('id').orderBy('id').compile())
      const raw = await db.executeQuery<{ id: number }>(k.CompiledQuery.raw('select id from toy where id = ?', [2]))
      const built = await db.executeQuery(db.selectFrom('toy').select('name').where('id', '=', 1))
      return [rows, raw.rows, built.rows]
    }))
  test('rows one by one', () =>
    both(async (db) => {
      const found: unknown[] = []
      for await (const row of db.selectFrom('toy').select('id').orderBy('id').stream(1)) found.push(row)
      return found
    }))
})

describe('executeTakeFirstOrThrow', () => {
  const none = (db: Db) => db.selectFrom('toy').select('id').where('id', '=', 99)
  test('throws NoResultError', () =>
    both(async (db, k) => {
      const error = await none(db)
        .executeTakeFirstOrThrow()
        .catch((error: unknown) => error)
      return [error instanceof k.NoResultError, (error as Error).message]
    }))
  test('throws what it is given', () =>
    both(async (db) => [
      await failure(
        none(db).executeTakeFirstOrThrow(
          class extends Error {
            override message = 'mine'
          } as never,
        ),
      ),
      await failure(none(db).executeTakeFirstOrThrow(() => new Error('made'))),
      await failure(none(db).executeTakeFirstOrThrow({ errorConstructor: () => new Error('made') })),
    ]))
})

describe('transactions', () => {
  test('commit', () =>
    both(async (db) => {
      const isTransaction = await db.transaction().execute(async (trx) => {
        await trx.insertInto('toy').values({ id: 7 }).execute()
        return trx.isTransaction
      })
      return [isTransaction, await ids(db)]
    }))
  test('roll back with the error of the callback', () =>
    both(async (db) => {
      const message = await failure(
        db.transaction().execute(async (trx) => {
          await trx.deleteFrom('toy').execute()
          throw new Error('no')
        }),
      )
      return [message, await ids(db)]
    }))
  test('are controlled', () =>
    both(async (db) => {
      const trx = await db.startTransaction().execute()
      await trx.insertInto('toy').values({ id: 7 }).execute()
      const saved = await trx.savepoint('a').execute()
      await saved.insertInto('toy').values({ id: 8 }).execute()
      await saved.rollbackToSavepoint('a').execute()
      await saved.releaseSavepoint('a').execute()
      await trx.commit().execute()
      return [trx.isCommitted, trx.isRolledBack, await ids(db)]
    }))
  test('keep their schema and plugins', () =>
    both((db, k) =>
      db
        .withPlugin(new k.CamelCasePlugin())
        .transaction()
        .execute(async (trx) => [
          await (trx as Db).selectFrom('person').select('id as theId').limit(1).execute(),
          trx.withSchema('main').selectFrom('person').select('person.id').compile().sql,
          await (trx.withoutPlugins() as Db).selectFrom('person').select('id as theId').limit(1).execute(),
        ]),
    ))
})

test('connection() holds one connection', () =>
  both((db) => db.connection().execute((one) => one.selectFrom('toy').select('id').orderBy('id').execute())))

test('log', async () => {
  const events = await both(async (_, k) => {
    const told: unknown[] = []
    const log = (event: npm.LogEvent) => {
      told.push([event.level, event.query.sql, event.query.parameters, typeof event.queryDurationMillis])
    }
    const db: Db = new k.Kysely({ dialect: new k.SqliteDialect({ database: world() }), log })
    await db.selectFrom('toy').select('id').where('id', '=', 1).execute()
    await db.executeQuery(db.selectFrom('toy').select('name').where('id', '=', 2).compile())
    await failure(db.executeQuery(k.CompiledQuery.raw('select nowhere')))
    await failure(k.sql`select nothing`.execute(db))
    await db.destroy()
    return told
  })
  expect(events).toHaveLength(4)
})

test('expressionBuilder', () =>
  both(async (db, k) => {
    const eb = k.expressionBuilder<{ person: { id: number; age: number } }, 'person'>()
    const grown = eb.and([eb('person.age', '>', 18), eb.or([])])
    return db
      .selectFrom('person')
      .select('id')
      .where(grown as never)
      .compile().sql
  }))

test('await using', async () => {
  await using db = new own.Kysely<{ toy: { id: number } }>({ dialect: new own.SqliteDialect({ database: world() }) })
  expect(await db.selectFrom('toy').select('id').where('id', '=', 1).execute()).toEqual([{ id: 1 }])
})

test('introspection', () => both((db) => db.introspection.getTables()))

test('explain', () =>
  both(async (db) => (await db.selectFrom('toy').select('id').where('id', '=', 1).explain()).length > 0))
