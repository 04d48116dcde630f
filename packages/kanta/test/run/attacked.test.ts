import { describe, expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { KantaError, kanta, sql, table } from '../../src/index.ts'

// What was once wrong, found by those who tried to break it.
const a = table('a', (c) => ({
  id: c.integer().primaryKey(),
  flag: c.boolean(),
  doc: c.json<unknown>(),
  big: c.bigint(),
}))
const b = table('b', (c) => ({ id: c.integer().primaryKey(), flag: c.integer(), big: c.integer(), a_id: c.integer() }))

describe.each([
  ['node:sqlite', sqlite],
  ['better-sqlite3', betterSqlite3],
] as const)('%s', (_, make) => {
  const open = async () => {
    const db = kanta({ driver: make(':memory:'), schema: { a, b } })
    await db.schema.createTable(a).execute()
    await db.schema.createTable(b).execute()
    await db
      .insertInto('a')
      .values({ id: 1, flag: true, doc: [5], big: 2n ** 60n })
      .execute()
    await db.insertInto('b').values({ id: 1, flag: 7, big: 3, a_id: 1 }).execute()
    return db
  }

  test('an array beside one column is one value', async () => {
    await using db = await open()
    const [kept] = await db
      .deleteFrom('a')
      .where('doc', 'not in', [[5]])
      .execute()
    expect(kept?.numDeletedRows).toBe(0n)
    expect(
      await db
        .selectFrom('a')
        .select('id')
        .where('doc', 'in', [[5], [6]])
        .execute(),
    ).toEqual([{ id: 1 }])
  })

  test('text that begins a transaction is refused where others use the connection', async () => {
    await using db = await open()
    await expect(sql`begin`.execute(db)).rejects.toMatchObject({ code: 'transaction' })
    await db.transaction().execute((trx) => trx.insertInto('b').values({ id: 2, flag: 0, big: 0, a_id: 1 }).execute())
    expect(await db.selectFrom('b').select('id').execute()).toHaveLength(2)
  })

  test('columns of one name are read by the table whose value stays', async () => {
    await using db = await open()
    const rows = await db.selectFrom('a').innerJoin('b', 'b.a_id', 'a.id').select(['a.flag', 'b.flag']).execute()
    expect(rows).toEqual([{ flag: 7 }])
    const derived = db.selectFrom('b').innerJoin('a', 'b.a_id', 'a.id').select(['b.big', 'a.big']).as('s')
    expect(await db.selectFrom(derived).select('big').execute()).toEqual([{ big: 3 }])
  })

  test('rows are those of the call, whatever becomes of the array', async () => {
    await using db = await open()
    const rows = [{ id: 5, flag: 0, big: 0, a_id: 1 }]
    const insert = db.insertInto('b').values(rows)
    rows.length = 0
    await insert.execute()
    expect(await db.selectFrom('b').select('id').orderBy('id').execute()).toEqual([{ id: 1 }, { id: 5 }])
    expect(() => db.insertInto('b').values(new Map([['id', 9]]) as never)).toThrow(KantaError)
  })

  test('set operations of different types are refused', async () => {
    await using db = await open()
    const mixed = db
      .selectFrom('a')
      .select('flag as x')
      .unionAll(db.selectFrom('a').select('doc as x') as never)
    await expect(mixed.execute()).rejects.toThrow('Give columns of one type')
  })

  test('an error can be written as JSON', async () => {
    await using db = await open()
    const error = await db
      .insertInto('a')
      .values({ id: 1, flag: true, doc: 1, big: 5n })
      .execute()
      .catch((cause) => cause)
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: 'unique_violation', parameters: [1, 1, '1', '5'] })
  })
})
