import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { fromJSON, KantaError, toJSON } from '../../src/index.ts'
import { BuildWrite } from './build-write.ts'
import { Choice } from './choice.ts'
import { givenText, textOf } from './compare.ts'
import { decoded, undecoded } from './oracle.ts'
import type { TableName } from './query.ts'
import { numbers, settings } from './settings.ts'
import { type Any, openWorld, outputsOf, tableNames, type World, type WorldKind } from './world.ts'
import { DescribeWrite, type Write } from './write.ts'
import { type Outcome, WriteOracle } from './write-oracle.ts'

const worlds: World[] = await Promise.all([0, 1, 2, 3, 4, 5].map(openWorld))

afterAll(async () => {
  for (const world of worlds) await world.close()
})

const counts = { writes: 0, statements: 0, changes: 0, refused: 0 }

interface Run {
  readonly world: World
  readonly write: Write
  readonly style: readonly number[]
}

/** Builds and runs a write in a transaction that is rolled back, and compares what it did with the oracle. */
async function check(
  run: Run,
  kind: WorldKind,
  label: string,
  which: 'value' | 'other' = 'value',
  stored = false,
): Promise<void> {
  const { world, write, style } = run
  counts.statements++
  const expected = new WriteOracle(world.content, which).outcome(write)
  const trx = await world.db[kind].startTransaction().execute()
  const raw = kind === 'raw'
  const builder = new BuildWrite(trx, { style: new Choice(style), which, raw, names: raw || kind === 'camel' })
  const built = builder.write(write)
  const query = stored ? (fromJSON as Any)(trx, JSON.parse(JSON.stringify(toJSON(built))), { trustText: true }) : built
  try {
    const found = await difference(world, write, expected, query, trx, raw)
    if (found !== undefined) throw new Error(found)
  } catch (cause) {
    const described = JSON.stringify(write, (_, v) => (typeof v === 'bigint' ? `${v}n` : v))
    throw new Error(`${label}: ${String(cause)}\n${textOfQuery(query)}\n${described}`, { cause })
  } finally {
    await trx.rollback().execute()
  }
}

/** What is wrong with what a write did. */
async function difference(
  world: World,
  write: Write,
  expected: Outcome,
  query: Any,
  trx: Any,
  raw: boolean,
): Promise<string | undefined> {
  let rows: unknown[] = []
  try {
    rows = await query.execute()
  } catch (error) {
    if (!(error instanceof KantaError) || error.code !== 'unique_violation' || expected.rows !== undefined) throw error
    counts.refused++
    return same('after it was refused', table(world, write.table, undefined, raw), await content(trx, write.table))
  }
  if (expected.rows === undefined) return 'it should have failed'
  counts.changes += expected.changes
  const given = returned(write, expected, rows, raw)
  if (given !== undefined) return given
  for (const name of tableNames) {
    const after = name === write.table ? expected.rows : undefined
    const found = same(`the table ${name}`, table(world, name, after, raw), await content(trx, name))
    if (found !== undefined) return found
  }
  return undefined
}

function returned(write: Write, expected: Outcome, rows: readonly unknown[], raw: boolean): string | undefined {
  if (write.returning !== undefined) {
    const outputs = raw ? undecoded(expected.outputs) : expected.outputs
    const given = rows.map((row) => givenText(row, outputs)).sort()
    return same('returned', decoded(outputs, expected.returned).map(textOf).sort(), given)
  }
  const [result] = rows as Record<string, bigint>[]
  const changed = result!.numInsertedOrUpdatedRows ?? result!.numUpdatedRows ?? result!.numDeletedRows
  return same('changes', [String(expected.changes)], [String(changed)])
}

function same(what: string, expected: readonly string[], actual: readonly string[]): string | undefined {
  if (expected.length === actual.length && expected.every((row, i) => row === actual[i])) return undefined
  return `${what}: expected\n${expected.join('\n')}\nbut got\n${actual.join('\n')}`
}

/** The rows of a table as text, sorted. */
async function content(trx: Any, name: TableName): Promise<string[]> {
  const rows: Any[] = await trx.selectFrom(name).selectAll().execute()
  return rows.map(textOf).sort()
}

function table(world: World, name: TableName, after: Outcome['rows'], raw: boolean): string[] {
  const outputs = raw ? undecoded(outputsOf(name)) : outputsOf(name)
  const rows = (after ?? world.content[name]).map((row) => outputs.map((output) => row[output.name]!))
  return decoded(outputs, rows).map(textOf).sort()
}

function textOfQuery(query: Any): string {
  try {
    return query.compile().sql
  } catch (error) {
    // An insert of rows that leave out columns of others is several statements.
    return String(error)
  }
}

describe('writes', () => {
  it(
    'do what the oracle does, however they are built, planned and run',
    async () => {
      const property = fc.asyncProperty(fc.nat({ max: 255 }), numbers(), numbers(100), async (at, described, style) => {
        counts.writes++
        const run = { world: worlds[at % worlds.length]!, write: new DescribeWrite(described).write(), style }
        await check(run, 'node', 'node:sqlite')
        await check(run, 'node', 'other arguments', 'other')
        await check(run, 'better', 'better-sqlite3')
        await check(run, 'uncached', 'without the plan cache')
        await check({ ...run, style: [...style].reverse() }, 'node', 'calls of another form')
        await check(run, 'node', 'from JSON', 'value', true)
        await check(run, 'raw', 'no schema')
        await check(run, 'camel', 'camel case')
        await check(run, 'inSchema', 'in a schema')
        await check(run, 'raw', 'no schema, other arguments', 'other')
      })
      await fc.assert(property, settings('writes', 500, 0.4))
      console.log(
        `${counts.writes} writes in ${counts.statements} statements: ${counts.changes} rows, ${counts.refused} refused`,
      )
      expect(counts.changes).toBeGreaterThan(counts.writes)
    },
    24 * 60 * 60 * 1000,
  )
})
