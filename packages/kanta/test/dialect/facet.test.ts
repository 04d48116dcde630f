import { expect, test } from 'vitest'
import { type DialectName, facetsOf } from '../../src/dialect/index.ts'
import { mssqlDialect } from '../../src/dialect/mssql/index.ts'
import { sqliteDialect } from '../../src/dialect/sqlite/index.ts'

const here = { sqlite: { where: 'here' }, postgres: { where: 'there' }, mysql: undefined, mariadb: undefined }
const facets = facetsOf<{ readonly where: string }>('Counting', { ...here, mssql: undefined })

test('a facet is that of the dialect, or of its name', () => {
  expect(facets.of(sqliteDialect).where).toBe('here')
  expect(facets.of('postgres').where).toBe('there')
  expect(facets.find('mysql')).toBeUndefined()
})

test('a database without the facet is refused with the databases that have it, or with what was given as the way out', () => {
  expect(() => facets.of(mssqlDialect)).toThrow(
    expect.objectContaining({
      code: 'unsupported',
      message: 'Counting is not available on SQL Server. Use SQLite or PostgreSQL.',
    }),
  )
  const advised = facetsOf('Counting', { ...here, mssql: undefined }, 'Count by hand.')
  expect(() => advised.of('mariadb')).toThrow('Counting is not available on MariaDB. Count by hand.')
})

test('an unknown name is refused with the names that are known', () => {
  expect(() => facets.of('oracle' as DialectName)).toThrow(
    expect.objectContaining({
      code: 'invalid_input',
      message: "Unknown dialect 'oracle'. Name one of: sqlite, postgres, mysql, mariadb, mssql.",
    }),
  )
  expect(() => facets.find('toString' as DialectName)).toThrow("Unknown dialect 'toString'")
})
