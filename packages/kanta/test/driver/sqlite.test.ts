import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { Connection } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { driverSuite } from '../conformance/driver.ts'

driverSuite('node:sqlite', (options) => sqlite(options))

test('an integer that a number cannot hold is an error that names the way out', () => {
  const driver = sqlite(':memory:')
  const connection = driver.connect('write') as Connection
  connection.script('create table t (a integer); insert into t values (1), (9007199254740993)')
  let thrown: unknown
  try {
    connection.all('select a from t', [])
  } catch (error) {
    thrown = error
  }
  expect(driver.explainError(thrown)).toMatchObject({
    code: 'query',
    message: expect.stringMatching(/9007199254740993.*bigint/),
  })
  // The statement is not left in its midst.
  connection.script('drop table t')
  connection.close()
})

test('onConnect gets the handle of the library', () => {
  const driver = sqlite({
    path: ':memory:',
    onConnect(_connection, _role, database) {
      expect(database).toBeInstanceOf(DatabaseSync)
      database.function('twice', (n) => Number(n) * 2)
    },
  })
  const connection = driver.connect('write') as Connection
  expect(connection.first('select twice(?)', [21])).toEqual([42])
  connection.close()
})

test('columns are those of the rows that were read last, also after the schema has changed', () => {
  const connection = sqlite(':memory:').connect('write') as Connection
  connection.script('create table t (a integer); insert into t values (1)')
  const ways = [
    () => connection.all('select * from t', []),
    () => connection.all('select * from t', [], true),
    () => connection.first('select * from t', []),
    () => connection.first('select * from t', [], true),
    () => [...(connection.stream('select * from t', [], 10) as Iterable<unknown>)],
    () => [...(connection.stream('select * from t', [], 10, true) as Iterable<unknown>)],
  ]
  for (const read of ways) read()
  const names = ['b', 'c', 'd', 'e', 'f', 'g']
  for (const [i, read] of ways.entries()) {
    connection.script(`alter table t rename column ${['a', ...names][i]} to ${names[i]}`)
    read()
    expect(connection.columns('select * from t')).toEqual([names[i]])
  }
  connection.close()
})
