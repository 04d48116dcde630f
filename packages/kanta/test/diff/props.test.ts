import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { diff, needsForeignKeysOff, type Step, stepSql } from '../../src/diff/index.ts'
import { type Database, sql } from '../../src/index.ts'
import { type Catalog, type DialectName, introspect } from '../../src/introspect/index.ts'
import { settings } from '../props/settings.ts'
import { type Ground, grounds, type Pair } from './ground.ts'
import { type Built, build, names, type Plan, plans, renamesOf, tableNames, valueOf } from './random.ts'

const ROWS = [1, 2, 3]

/** Makes tables in an order in which each may refer to others; those that refer to each other are left to chance. */
async function create(db: Database<{}>, tables: Built['tables'], dialect: DialectName): Promise<void> {
  if (dialect === 'sqlite')
    for (const table of Object.values(tables)) await db.schema.createTable(table as never).execute()
  else await apply(db, (await diff(null, tables, { dialect })).up, dialect)
}

/** Runs steps as a migration does: foreign keys off outside of the transaction, where the steps ask for it. */
async function apply(db: Database<{}>, steps: readonly Step[], dialect: DialectName): Promise<void> {
  const off = needsForeignKeysOff(steps)
  await db.connection().execute(async (held) => {
    if (off) await sql`pragma foreign_keys = off`.execute(held)
    try {
      const run = async (on: Pick<Database<{}>, 'executeQuery'>): Promise<void> => {
        for (const text of steps.flatMap((step) => stepSql(step, dialect))) await sql.raw(text).execute(on)
      }
      // In MariaDB each statement that defines ends a transaction.
      if (dialect === 'mariadb') await run(held)
      else await held.transaction().execute(run)
    } finally {
      if (off) await sql`pragma foreign_keys = on`.execute(held)
    }
  })
}

/** What a catalog says, apart from the order of columns, which `alter table` cannot choose, and the spelling of names. */
function gist({ tables }: Catalog): unknown {
  // PostgreSQL and MariaDB name what has no name by the names that table and columns once had.
  const unnamed = <T extends { readonly name: string | null }>(list: readonly T[], own: boolean): string[] =>
    list
      .map((each) => JSON.stringify(own ? each : { ...each, name: null }))
      .map((text) => text.replaceAll(/\\"|`/g, ''))
      .sort()
  const own = (table: Catalog['tables'][number]) => table.schema === null && table.options.includes('strict')
  return tables.map((table) => ({
    ...table,
    columns: [...table.columns].sort((a, b) => (a.name < b.name ? -1 : 1)),
    primaryKey: table.primaryKey?.columns,
    uniques: unnamed(table.uniques, own(table)),
    foreignKeys: unnamed(table.foreignKeys, own(table)),
    checks: unnamed(table.checks, true),
    indexes: unnamed(
      table.indexes.filter((index) => !serves(index.parts, table)).map(({ definition: _, ...index }) => index),
      true,
    ),
  }))
}

/** MariaDB makes an index of its own for a foreign key; the indexes of these tests have `id` as their last part. */
const serves = (parts: readonly { readonly column: string | null }[], table: Catalog['tables'][number]): boolean =>
  table.foreignKeys.some((key) => key.columns.join() === parts.map((part) => part.column).join())

async function fill(db: Database<{}>, from: Plan, to: Plan, { columns }: Built): Promise<void> {
  const points = (column: string): string | undefined => tableNames.find((each) => column === `${each}_id`)
  for (const name of tableNames) {
    for (const row of columns[name] === undefined ? [] : ROWS) {
      const cells = columns[name]!.filter((column) => points(column) === undefined).map((column): [string, unknown] => [
        column,
        valueOf(column, row, false),
      ])
      const all = [['id', row] as [string, unknown], ...cells]
      await sql`insert into ${sql.table(name)} (${sql.join(all.map(([column]) => sql.id(column)))})
        values (${sql.join(all.map(([, value]) => sql.lit(value as string)))})`.execute(db)
    }
  }
  for (const name of tableNames)
    for (const column of columns[name] ?? []) {
      const target = points(column)
      // A table that is not on both sides is empty on one, and nothing may point to it.
      if (target !== undefined && from[target] !== undefined && to[target] !== undefined)
        await sql`update ${sql.table(name)} set ${sql.id(column)} = 4 - id`.execute(db)
    }
}

/** The rows of the tables and columns that are on both sides, under the names of before. */
async function kept(db: Database<{}>, a: Built, b: Built, renames: Record<string, string>): Promise<unknown> {
  const found: Record<string, unknown> = {}
  for (const name of tableNames) {
    if (a.columns[name] === undefined || b.columns[name] === undefined) continue
    const shared = a.columns[name].filter((column) => b.columns[name]!.includes(column))
    const items = ['id', ...shared].map((c) => sql`${sql.id(renames[`${name}.${c}`] ?? c)} as ${sql.id(c)}`)
    const { rows } = await sql`select ${sql.join(items)} from ${sql.table(renames[name] ?? name)} order by id`.execute(
      db,
    )
    found[name] = rows.map((row) => Object.fromEntries(Object.entries(row as object).map(([k, v]) => [k, String(v)])))
  }
  return found
}

/** Servers take their time; the same chances come up on each. */
const usual: Readonly<Record<string, number>> = { sqlite: 50, postgres: 10, mariadb: 4 }

/** One run of each for so many queries of a long test. */
const SHARE = 2500
const TIMEOUT = 24 * 60 * 60 * 1000

describe.each(grounds)('diff on $name', (ground: Ground) => {
  const { dialect, missing } = ground
  let pair: Pair
  beforeAll(async () => {
    if (missing === undefined) pair = await ground.open()
  })
  afterAll(() => pair?.close())

  test('up leads from one schema to the other and down back, and rows stay', { timeout: TIMEOUT }, async ({ skip }) => {
    if (missing !== undefined) return skip(missing)
    let steps = 0
    await fc.assert(
      fc.asyncProperty(plans, plans, names, async (from, to, chosen) => {
        await pair.clear()
        const { one: db, other: fresh } = pair
        const renames = renamesOf(from, to, chosen)
        const [a, b] = [build(from, dialect), build(to, dialect, renames)]
        await create(db, a.tables, dialect)
        await create(fresh, b.tables, dialect)
        const wanted = gist(await introspect(fresh))
        const before = gist(await introspect(db))
        await fill(db, from, to, a)
        const rows = await kept(db, a, b, {})
        const { up, down } = await diff(a.tables, b.tables, { dialect, renames, ask: () => null })
        steps += up.length
        // Steps are data: what JSON keeps of them runs as well.
        await apply(db, JSON.parse(JSON.stringify(up)) as Step[], dialect)
        expect(gist(await introspect(db))).toEqual(wanted)
        expect(await kept(db, a, b, renames)).toEqual(rows)
        expect((await diff(await introspect(db), b.tables)).up).toEqual([])
        await apply(db, down, dialect)
        expect(gist(await introspect(db))).toEqual(before)
        expect(await kept(db, a, b, {})).toEqual(rows)
      }),
      // To make an example small takes a server minutes.
      {
        ...settings(`diff on ${ground.name}`, usual[ground.name]!, usual[ground.name]! / SHARE),
        endOnFailure: dialect !== 'sqlite',
      },
    )
    expect(steps).toBeGreaterThan(10)
  })

  test('a database made from tables differs from them in nothing', { timeout: TIMEOUT }, async ({ skip }) => {
    if (missing !== undefined) return skip(missing)
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        await pair.clear()
        const { tables } = build(plan, dialect)
        await create(pair.one, tables, dialect)
        const catalog = await introspect(pair.one)
        expect((await diff(catalog, tables)).up).toEqual([])
        expect((await diff(tables, catalog)).up).toEqual([])
        expect((await diff(catalog, catalog)).up).toEqual([])
      }),
      settings(`no difference on ${ground.name}`, usual[ground.name]!, usual[ground.name]! / SHARE),
    )
  })
})
