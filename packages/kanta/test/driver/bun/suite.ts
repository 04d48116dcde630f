// Runs under Bun, by bun-sqlite.test.ts: what it imports from 'vitest' Bun takes from its own test runner.
import { describe, expect, test } from 'vitest'
import { bunSqlite } from '../../../src/driver/bun-sqlite/index.ts'
import { kanta, table } from '../../../src/index.ts'
import { driverSuite } from '../../conformance/driver.ts'
import { relatedSuite } from '../../conformance/related.ts'

driverSuite('bun:sqlite', (options) => bunSqlite(options), {
  reals: 'Bun binds a whole number as an integer',
})

test('an integer that a number cannot hold is exact as a bigint', async () => {
  const city = table('city', (c) => ({ id: c.integer().primaryKey(), people: c.bigint() }))
  const db = kanta({ driver: bunSqlite(':memory:'), schema: { city } })
  await db.schema.createTable(city).execute()
  const rows = [
    { id: 1, people: 2n ** 63n - 1n },
    { id: 2, people: -(2n ** 53n) - 1n },
  ]
  await db.transaction().execute((trx) => trx.insertInto(city).values(rows).execute())
  expect(await db.selectFrom(city).selectAll().orderBy('id').execute()).toEqual(rows)
  await db.destroy()
})

describe('relations and what is made of them', () => relatedSuite(() => bunSqlite(':memory:'), { transactions: true }))
