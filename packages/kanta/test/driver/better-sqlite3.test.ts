import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import type { Connection } from '../../src/driver/index.ts'
import { driverSuite } from '../conformance/driver.ts'

driverSuite('better-sqlite3', (options) => betterSqlite3(options))

test('an integer that a number cannot hold is rounded by the library, and exact as a bigint', () => {
  const connection = betterSqlite3(':memory:').connect('write') as Connection
  const sql = 'select 9007199254740993 as a'
  expect(connection.first(sql, [])).toEqual({ a: 9007199254740992 })
  expect(connection.first(sql, [], true)).toEqual({ a: 9007199254740993n })
  connection.close()
})

test('a database that is already open is used as it is and left open', () => {
  const database = new Database(':memory:')
  database.pragma('foreign_keys = off')
  database.defaultSafeIntegers(true)
  database.exec('create table t (a); insert into t values (1)')
  const driver = betterSqlite3(database)
  expect(driver.limits).toEqual({ write: 1, read: 0 })
  const connection = driver.connect('write') as Connection
  expect(connection.first('select a from t', [])).toEqual({ a: 1 })
  expect(connection.run('insert into t values (2)', [])).toMatchObject({ changes: 1 })
  expect(database.pragma('foreign_keys', { simple: true })).toBe(0n)
  const stream = connection.stream('select a from t', [], 1)
  stream.next()
  connection.close()
  expect(stream.next()).toEqual({ done: true, value: undefined })
  expect(database.open).toBe(true)
  expect(() => connection.first('select a from t', [])).toThrow(/closed/)
  database.close()
  expect(() => betterSqlite3(database)).toThrow(/closed/)
})
