import { describe, expect, test } from 'vitest'
import { mssqlDialect } from '../../src/dialect/mssql/index.ts'
import type { Connection, Driver } from '../../src/driver/index.ts'
import { explainTediousError } from '../../src/driver/tedious/error.ts'
import { typedValue } from '../../src/driver/tedious/value.ts'
import { KantaError } from '../../src/index.ts'
import type { Case, World } from '../case.ts'
import { clauses } from '../cases/index.ts'
import { openWith } from '../fixture.ts'

/** Cases that other databases refuse when they run, and SQL Server does not: it takes several statements in one text. */
const ELSEWHERE: ReadonlySet<string> = new Set(['raw: two statements'])

const none = (): never => {
  throw new Error('There is no server of SQL Server here.')
}

const checked = (_: string, parameters: readonly unknown[]): never => {
  parameters.forEach(typedValue)
  return none()
}

/** A connection that takes what the driver takes, and runs nothing. */
const connection: Connection = {
  rows: 'array',
  all: checked,
  first: checked,
  run: checked,
  execute: checked,
  columns: none,
  stream: none,
  script: none,
  close: () => {},
}

/** There is no server to run: this driver is asked for texts only. Not run against a server. */
const texts: Driver = {
  dialect: mssqlDialect,
  limits: { write: 1, read: 0 },
  sharesStreams: false,
  explainError: explainTediousError,
  connect: () => connection,
}

const worlds = new Map<World, ReturnType<typeof openWith>>()

function handle(world: World): ReturnType<typeof openWith>['db'] {
  const opened = worlds.get(world) ?? openWith(texts, { world })
  worlds.set(world, opened)
  return opened.db
}

interface Query {
  readonly shape: unknown
  compile?(given: unknown): { readonly sql: string; readonly parameters: readonly unknown[] }
  execute?(given: unknown): Promise<unknown>
}

/** The text of a case and its parameters, or why it is refused. */
async function textOf(one: Case): Promise<unknown> {
  const db = handle(one.world ?? 'defined')
  try {
    const made = one.query(one.on?.(db) ?? db)
    if (made instanceof Promise) return await made
    const query = made as Query
    const given = one.values ?? (query.shape === undefined ? db : undefined)
    if (query.compile === undefined) return undefined
    const { sql, parameters } = query.compile(given)
    if (one.refused !== undefined) await query.execute?.(given)
    return { sql, parameters }
  } catch (error) {
    if (!(error instanceof KantaError)) throw error
    return `${error.code}: ${error.message}`
  }
}

describe('the text of every case, not run against a server', () => {
  describe.each(Object.keys(clauses))('%s', (clause) => {
    test.each(clauses[clause]!.map((one) => [one.name, one] as const))('%s', async (_, one) => {
      const text = await textOf(one)
      expect(text).toMatchSnapshot()
      if (one.refused !== undefined && !ELSEWHERE.has(`${clause}: ${one.name}`))
        expect(String(text)).toMatch(new RegExp(`${one.refused.source}|^unsupported: `))
      else if (typeof text === 'string' && one.sql !== undefined) expect(text).toMatch(/^unsupported: /)
    })
  })
})
