import { expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { libsql } from '../../src/driver/libsql/index.ts'
import { pglite } from '../../src/driver/pglite/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type ErrorCode, KantaError, kanta, sql, table } from '../../src/index.ts'
import { problemOf } from '../../src/problem.ts'
import { openPglite } from '../engine/pglite.ts'

test.each<[ErrorCode, number]>([
  ['not_found', 404],
  ['conflict', 409],
  ['unique_violation', 409],
  ['foreign_key_violation', 409],
  ['not_null_violation', 422],
  ['check_violation', 422],
  ['policy', 403],
  ['timeout', 504],
  ['deadlock', 503],
  ['invalid_input', 500],
  ['unknown_outcome', 500],
  ['query', 500],
])('%s is answered by %i', (code, status) => {
  const problem = problemOf(
    new KantaError(code, 'the message of table secret', { sql: 'select secret', table: 'secret' }),
  )
  expect(problem.status).toBe(status)
  expect(problem.code).toBe(status === 500 ? 'internal' : code)
  expect(JSON.stringify(problem)).not.toMatch(/secret/)
})

test('an error of a database tells the columns only when asked to', async () => {
  await using db = kanta<{ person: { email: string } }>({ driver: sqlite(':memory:') })
  await sql`create table person (email text unique)`.execute(db)
  const add = () => db.insertInto('person').values({ email: 'ada@example.org' }).execute()
  await add()
  const error: unknown = await add().catch((cause: unknown) => cause)
  const answer = {
    type: 'about:blank',
    title: 'It is there already',
    status: 409,
    code: 'unique_violation',
    retry: false,
  }
  expect(problemOf(error)).toEqual(answer)
  expect(problemOf(error, { columns: true, base: 'https://example.org/problems/' })).toEqual({
    ...answer,
    type: 'https://example.org/problems/unique_violation',
    columns: ['email'],
  })
})

test.each([
  ['node:sqlite', () => sqlite(':memory:')],
  ['better-sqlite3', () => betterSqlite3(':memory:')],
  ['libSQL', () => libsql(':memory:')],
  ['PGlite', async () => pglite(await openPglite())],
])('a row that "on delete restrict" keeps is a foreign key on %s', async (_, driver) => {
  const parent = table('parent', (c) => ({ id: c.integer().primaryKey() }))
  const child = table('child', (c) => ({
    id: c.integer().primaryKey(),
    parent: c.integer().references(() => parent.id, { onDelete: 'restrict' }),
  }))
  await using db = kanta({ driver: await driver(), schema: { parent, child } })
  for (const each of [parent, child]) await db.schema.createTable(each).execute()
  await db.insertInto('parent').values({ id: 1 }).execute()
  await db.insertInto('child').values({ parent: 1 }).execute()
  const error: unknown = await db
    .deleteFrom('parent')
    .execute()
    .catch((cause: unknown) => cause)
  expect(problemOf(error)).toMatchObject({ status: 409, code: 'foreign_key_violation' })
})

test('a value that its column refuses is a fault of the client', async () => {
  const stay = table('stay', (c) => ({
    id: c.integer().primaryKey(),
    day: c.date(),
    price: c.decimal(10, 2).nullable(),
    state: c.enum(['open', 'paid']).default('open'),
  }))
  await using db = kanta({ driver: sqlite(':memory:'), schema: { stay } })
  await db.schema.createTable(stay).execute()
  const good = { day: '2026-01-01' }
  const bad = { day: '2026-13-45' }
  const answer = async (query: { execute(): Promise<unknown> }) => {
    const { status, code, columns } = problemOf(await query.execute().catch((cause: unknown) => cause), {
      columns: true,
    })
    return { status, code, columns }
  }
  const refused = { status: 422, code: 'invalid_input' }
  expect(await answer(db.insertInto('stay').values(bad))).toEqual({ ...refused, columns: ['day'] })
  expect(await answer(db.insertInto('stay').values([good, bad]))).toEqual({ ...refused, columns: ['day'] })
  expect(await answer(db.insertInto('stay').values({ ...good, price: 1.5 as never }))).toEqual({
    ...refused,
    columns: ['price'],
  })
  expect(await answer(db.updateTable('stay').set({ state: 'lost' as never }))).toMatchObject(refused)
  expect(await answer(db.selectFrom('stay').selectAll().where('day', '>', 'soon'))).toMatchObject(refused)
  expect(await answer(db.selectFrom('stay').selectAll().where('day', 'in', ['soon']))).toMatchObject(refused)
  // A name that is wrong is a fault of the program.
  expect(await answer(db.insertInto('stay').values({ ...good, dya: 1 } as never))).toMatchObject({ status: 500 })
})

test('of what is not an error of Kanta nothing is told', () => {
  for (const error of [new Error('password=1'), 'password=1', undefined, null, { code: 'not_found', status: 200 }]) {
    expect(problemOf(error)).toEqual({
      ...{ type: 'about:blank', title: 'Something went wrong', status: 500, code: 'internal', retry: false },
    })
  }
})

test('an unknown option is refused', () => {
  expect(() => problemOf(new Error('x'), { table: true } as never)).toThrow(/no option 'table'/)
})
