import {
  DummyDriver,
  Kysely,
  MssqlAdapter,
  MssqlQueryCompiler,
  MysqlAdapter,
  MysqlQueryCompiler,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteQueryCompiler,
  sql as theirSql,
} from 'kysely'
import { describe, expect, test } from 'vitest'
import { mssqlDialect } from '../../src/dialect/mssql/index.ts'
import { mariadbDialect, mysqlDialect } from '../../src/dialect/mysql/index.ts'
import { postgresDialect } from '../../src/dialect/postgres/index.ts'
import { sqliteDialect } from '../../src/dialect/sqlite/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { KantaError, kanta, sql } from '../../src/index.ts'
import { schemaBuilder } from '../../src/schema/index.ts'
import { type Any, type Definition, definitions } from './definitions.ts'

const dialects = [sqliteDialect, postgresDialect, mysqlDialect, mariadbDialect, mssqlDialect]

const compilers: Readonly<Record<string, Any>> = {
  sqlite: [SqliteQueryCompiler, SqliteAdapter],
  postgres: [PostgresQueryCompiler, PostgresAdapter],
  mysql: [MysqlQueryCompiler, MysqlAdapter],
  mariadb: [MysqlQueryCompiler, MysqlAdapter],
  mssql: [MssqlQueryCompiler, MssqlAdapter],
}

function theirs(dialect: string): Any {
  const [Compiler, Adapter] = compilers[dialect]
  return new Kysely({
    dialect: {
      createAdapter: () => new Adapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new Compiler(),
    },
  })
}

/** Where ours is another text on purpose. */
const OTHER: Readonly<Record<string, readonly string[]>> = {
  // Read and forgotten beside a column, so it stands apart.
  'a reference': ['mysql'],
  'a table in a schema': ['mysql', 'sqlite'],
  // It has no `if not exists`, no `or replace`, and renames by a procedure.
  'a table if it is not there': ['mssql'],
  'an index if it is not there': ['mssql'],
  'a view in place of another': ['mssql'],
  'a new name of a table': ['mssql'],
  'a new name of a column': ['mssql'],
  'a new name of a constraint': ['mssql'],
  'another schema': ['mssql', 'mysql', 'mariadb'],
  // A computed column has no type there, and texts are of the one that holds every letter.
  'a computed column': ['mssql'],
  // Kanta has one form of moments in SQLite.
  defaults: ['mssql', 'sqlite'],
  'a new column': ['mssql'],
  'a view': ['mssql'],
  // A number with a point is a double, not a decimal.
  'a table': ['mysql', 'mariadb', 'mssql'],
  // Values stand in the text, since not every database takes parameters there.
  'a table of a query': ['sqlite', 'postgres', 'mysql', 'mariadb'],
}

const isRefused = (text: string): boolean => /^(?:unsupported|invalid_input): /.test(text)

describe.each(dialects.map((dialect) => [dialect.name, dialect] as const))('on %s', (name, dialect) => {
  const db: Any = (kanta as Any)({ driver: { ...sqlite(':memory:'), dialect } })
  const kysely = theirs(name)

  const said = (definition: Definition): string => {
    try {
      return definition.build({ s: schemaBuilder(db), db, sql }).compile().sql
    } catch (error) {
      if (!(error instanceof KantaError)) throw error
      return `${error.code}: ${error.message}`
    }
  }

  test('each definition has its text, or is refused with a way out', async () => {
    const lines = definitions.map((definition) => `${definition.name}\n    ${said(definition)}`)
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`__snapshots__/${name}.txt`)
  })

  const both = definitions.filter((definition) => definition.ours === undefined && !isRefused(said(definition)))
  test.for(both)('$name is what Kysely says', (definition) => {
    const text = said(definition)
    const expected = definition.build({ s: kysely.schema, db: kysely, sql: theirSql }).compile().sql
    if (OTHER[definition.name]?.includes(name)) expect(text).not.toBe(expected)
    else expect(text).toBe(expected)
  })

  test('takes no parameters', () => {
    for (const definition of definitions) {
      if (isRefused(said(definition))) continue
      expect(definition.build({ s: schemaBuilder(db), db, sql }).compile().parameters).toEqual([])
    }
  })
})
