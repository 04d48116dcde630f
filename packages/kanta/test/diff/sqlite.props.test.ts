import fc from 'fast-check'
import { expect, test } from 'vitest'
import { diff, needsForeignKeysOff, type Step, stepSql } from '../../src/diff/index.ts'
import { sqlite } from '../../src/driver/sqlite.ts'
import { type Database, kanta, sql } from '../../src/index.ts'
import { type Catalog, introspect } from '../../src/introspect/index.ts'
import { settings } from '../props/settings.ts'
import { type Built, build, names, type Plan, plans, renamesOf, tableNames, valueOf } from './random.ts'

const ROWS = [1, 2, 3]

async function opened(tables: Built['tables']): Promise<Database<{}>> {
  const db = kanta({ driver: sqlite(':memory:') })
  for (const table of Object.values(tables)) await db.schema.createTable(table as never).execute()
  return db
}

/** Runs steps as a migration does: foreign keys off outside of the transaction, where the steps ask for it. */
async function apply(db: Database<{}>, steps: readonly Step[]): Promise<void> {
  const off = needsForeignKeysOff(steps)
  await db.connection().execute(async (held) => {
    if (off) await sql`pragma foreign_keys = off`.execute(held)
    try {
      await held.transaction().execute(async (trx) => {
        for (const text of steps.flatMap((step) => stepSql(step, 'sqlite'))) await sql.raw(text).execute(trx)
      })
    } finally {
      if (off) await sql`pragma foreign_keys = on`.execute(held)
    }
  })
}

/** What a catalog says, apart from the order of columns, which `alter table` cannot choose. */
function gist({ tables }: Catalog): unknown {
  return tables.map((table) => ({
    ...table,
    columns: [...table.columns].sort((a, b) => (a.name < b.name ? -1 : 1)),
    // A renamed column stands in quotes.
    checks: table.checks.map((each) => ({ ...each, expression: each.expression.replaceAll('"', '') })),
    indexes: table.indexes.map(({ definition: _, ...index }) => index),
  }))
}

async function fill(db: Database<{}>, from: Plan, to: Plan, { columns }: Built): Promise<void> {
  await sql`pragma foreign_keys = off`.execute(db)
  for (const name of tableNames) {
    for (const row of columns[name] === undefined ? [] : ROWS) {
      const cells = columns[name]!.map((column) => {
        const target = tableNames.find((each) => column === `${each}_id`)
        return [
          column,
          valueOf(column, row, target !== undefined && from[target] !== undefined && to[target] !== undefined),
        ]
      })
      const all = [['id', row], ...cells] as [string, unknown][]
      await sql`insert into ${sql.table(name)} (${sql.join(all.map(([column]) => sql.id(column)))})
        values (${sql.join(all.map(([, value]) => value))})`.execute(db)
    }
  }
  await sql`pragma foreign_keys = on`.execute(db)
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
    found[name] = rows
  }
  return found
}

test('up leads from one schema to the other and down back, and rows stay', { timeout: 120_000 }, async () => {
  let rebuilt = 0
  await fc.assert(
    fc.asyncProperty(plans, plans, names, async (from, to, chosen) => {
      const renames = renamesOf(from, to, chosen)
      const [a, b] = [build(from), build(to, renames)]
      const [db, fresh] = [await opened(a.tables), await opened(b.tables)]
      const wanted = gist(await introspect(fresh))
      const before = gist(await introspect(db))
      await fill(db, from, to, a)
      const rows = await kept(db, a, b, {})
      const { up, down } = await diff(a.tables, b.tables, { dialect: 'sqlite', renames, ask: () => null })
      rebuilt += up.filter((step) => step.kind === 'rebuildTable').length
      // Steps are data: what JSON keeps of them runs as well.
      await apply(db, JSON.parse(JSON.stringify(up)) as Step[])
      expect(gist(await introspect(db))).toEqual(wanted)
      expect(await kept(db, a, b, renames)).toEqual(rows)
      expect((await diff(await introspect(db), b.tables)).up).toEqual([])
      await apply(db, down)
      expect(gist(await introspect(db))).toEqual(before)
      expect(await kept(db, a, b, {})).toEqual(rows)
      await db.destroy()
      await fresh.destroy()
    }),
    settings('diff on SQLite', 60),
  )
  expect(rebuilt).toBeGreaterThan(0)
})

test('a database made from tables differs from them in nothing', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const { tables } = build(plan)
      const db = await opened(tables)
      const catalog = await introspect(db)
      expect((await diff(catalog, tables)).up).toEqual([])
      expect((await diff(tables, catalog)).up).toEqual([])
      expect((await diff(catalog, catalog)).up).toEqual([])
      await db.destroy()
    }),
    settings('no difference on SQLite', 60),
  )
})
