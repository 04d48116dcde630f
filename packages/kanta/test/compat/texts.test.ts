import * as npm from 'kysely'
import { describe, expect, test } from 'vitest'
import * as own from '../../src/compat/kysely.ts'
import { KantaError } from '../../src/index.ts'
import { type Db, type K, programs } from './programs.ts'
import { schemaPrograms } from './schema-programs.ts'
import { serverPrograms } from './server-programs.ts'

const libraries = { npm, kanta: own as unknown as K }
const speeches = {
  postgres: (k: K) => [new k.PostgresAdapter(), new k.PostgresQueryCompiler()] as const,
  mysql: (k: K) => [new k.MysqlAdapter(), new k.MysqlQueryCompiler()] as const,
  mssql: (k: K) => [new k.MssqlAdapter(), new k.MssqlQueryCompiler()] as const,
}

function open(k: K, speech: keyof typeof speeches): Db {
  const [adapter, compiler] = speeches[speech](k)
  return new k.Kysely({
    dialect: {
      createAdapter: () => adapter,
      createDriver: () => new k.DummyDriver(),
      createIntrospector: () => ({ getSchemas: async () => [], getTables: async () => [] }) as never,
      createQueryCompiler: () => compiler,
    },
  })
}

/** What a library makes of a program: its text and parameters, or the code with which Kanta refuses it. */
function textOf(k: K, speech: keyof typeof speeches, build: (typeof programs)[number]['build']): unknown {
  try {
    const { sql, parameters } = build(open(k, speech), k).compile()
    return { sql, parameters }
  } catch (error) {
    if (error instanceof KantaError) return error.code
    throw error
  }
}

/** What Kysely prints here the database does not read; what Kanta prints in its place it does. */
const mended: Readonly<Record<keyof typeof speeches, readonly string[]>> = {
  postgres: [],
  mysql: [
    ...['cast', 'filter', 'filter by references', 'order by modifiers', 'insert default values', 'insert with a cte'],
    ...['update from', 'json arrow', 'json double arrow', 'json index', 'create table'],
  ],
  mssql: [
    ...[
      'lit booleans',
      'case with booleans',
      'join on true',
      'limit and offset',
      'limit by expression',
      'limit bigint',
      'order by modifiers',
    ],
    ...['a scalar subquery', 'scalar', 'json arrow', 'json double arrow', 'json index', 'json path', 'json last'],
    ...['create table', 'rename table', 'rename column'],
  ],
}

describe.each(Object.keys(speeches) as (keyof typeof speeches)[])('%s', (speech) => {
  const all = [...programs, ...schemaPrograms, ...serverPrograms.filter((program) => program.on.includes(speech))]
  const refused: string[] = []
  test.each(all)('$name', ({ name, build }) => {
    const text = textOf(libraries.kanta, speech, build)
    if (typeof text === 'string') refused.push(`${name}: ${text}`)
    else if (mended[speech].includes(name)) expect(text).toMatchSnapshot()
    else expect(text).toEqual(textOf(libraries.npm, speech, build))
  })

  test('refuses what the database lacks, and nothing else', () => {
    expect(refused).toMatchSnapshot()
  })
})
