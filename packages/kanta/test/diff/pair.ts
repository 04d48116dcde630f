import { deepStrictEqual } from 'node:assert'
import { normalExpression } from '../../src/diff/expression.ts'
import { type Difference, diff, needsForeignKeysOff, type Schema, type Step, stepSql } from '../../src/diff/index.ts'
import { ruleSets } from '../../src/diff/rules.ts'
import { type Database, sql } from '../../src/index.ts'
import { type Catalog, type DialectName, introspect } from '../../src/introspect/index.ts'
import { decorate } from './decorate.ts'
import type { Pair } from './ground.ts'
import { type Built, build, type Plan, renamesOf, tableNames, valueOf } from './random.ts'

function equal(actual: unknown, expected: unknown, what: string): void {
  try {
    deepStrictEqual(actual, expected)
  } catch (cause) {
    throw new Error(`${what}: ${(cause as Error).message}`, { cause })
  }
}

const ROWS = [1, 2, 3]

/** Creates tables in an order in which each may refer to others. */
export async function create(db: Database<{}>, tables: Built['tables'], dialect: DialectName): Promise<void> {
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

/** Returns what a catalog says, apart from the order of columns, which `alter table` cannot choose, and given names. */
function gist({ tables: all, dialect }: Catalog, isCatalog: boolean): unknown {
  const tables = all.map((table) => withNormalExpressions(table, dialect))
  // PostgreSQL and MariaDB name what has no name by the names that table and columns once had.
  const unnamed = <T extends { readonly name: string | null }>(list: readonly T[], own: boolean): string[] =>
    list
      .map((each) => JSON.stringify(own ? each : { ...each, name: null }))
      .map((text) => text.replaceAll(/\\"|`/g, ''))
      .sort()
  return tables.map((table) => ({
    ...table,
    // A table stays as strict as it is, since `table()` does not say it.
    options: isCatalog ? table.options : [],
    columns: [...table.columns].sort((a, b) => (a.name < b.name ? -1 : 1)),
    primaryKey: table.primaryKey?.columns,
    uniques: unnamed(table.uniques, false),
    foreignKeys: unnamed(table.foreignKeys, false),
    checks: unnamed(table.checks, true),
    indexes: unnamed(
      table.indexes.filter((index) => !serves(index.parts, table)).map(({ definition: _, ...index }) => index),
      true,
    ),
  }))
}

/** Databases spell an expression anew when they change what it is of. */
function withNormalExpressions(table: Catalog['tables'][number], dialect: DialectName): Catalog['tables'][number] {
  const rules = ruleSets.of(dialect)
  const normal = <T extends string | null>(text: T): T =>
    (text === null ? null : normalExpression(text, rules, table.name)) as T
  return {
    ...table,
    columns: table.columns.map((column) => ({
      ...column,
      default: normal(column.default),
      generated: column.generated && { ...column.generated, expression: normal(column.generated.expression) },
    })),
    checks: table.checks.map((check) => ({ ...check, expression: normal(check.expression) })),
    indexes: table.indexes.map((index) => ({
      ...index,
      parts: index.parts.map((part) => ({ ...part, expression: normal(part.expression) })),
      where: normal(index.where),
    })),
  }
}

/** MariaDB makes an index of its own for a foreign key; no index of these tests has the same columns. */
const serves = (parts: readonly { readonly column: string | null }[], table: Catalog['tables'][number]): boolean =>
  table.foreignKeys.some((key) => key.columns.join() === parts.map((part) => part.column).join())

/** Returns a value as SQL text, in which no parameter has to be given a type. */
function literal(value: unknown, dialect: DialectName) {
  if (!(value instanceof Uint8Array)) return sql.lit(value as string)
  const digits = Buffer.from(value).toString('hex')
  return sql.raw(dialect === 'postgres' ? `'\\x${digits}'::bytea` : `x'${digits}'`)
}

/** The keys that a database numbers. */
const NUMBERED: ReadonlySet<string> = new Set(['integer', 'bigint', 'identity'])

/** Writes rows, which refer to one another where both plans have the same foreign key. */
async function fill(db: Database<{}>, from: Plan, to: Plan, { columns }: Built, dialect: DialectName): Promise<void> {
  const keyOf = (plan: Plan, name: string, row: number): unknown => (plan[name]!.key === 'text' ? String(row) : row)
  const target = (column: string): string | undefined => tableNames.find((each) => column.startsWith(`${each}_`))
  for (const name of tableNames) {
    for (const row of columns[name] === undefined ? [] : ROWS) {
      const cells = columns[name]!.filter((column) => target(column) === undefined).map((column): [string, unknown] => [
        column,
        valueOf(column, row),
      ])
      const all = [['id', keyOf(from, name, row)] as [string, unknown], ...cells]
      await sql`insert into ${sql.table(name)} (${sql.join(all.map(([column]) => sql.id(column)))})
        values (${sql.join(all.map(([, value]) => literal(value, dialect)))})`.execute(db)
    }
  }
  if (dialect === 'postgres')
    for (const name of tableNames)
      if (from[name] !== undefined && NUMBERED.has(from[name].key))
        await sql`select setval(pg_get_serial_sequence(${name}, 'id'), ${ROWS.length})`.execute(db)
  for (const name of tableNames)
    for (const column of columns[name] ?? []) {
      const of = target(column)
      if (of === undefined || from[of] === undefined || to[of] === undefined || to[name] === undefined) continue
      // The rows of a key of two columns are others than those of a key of one.
      if ((from[of]!.key === 'composite') !== (to[of]!.key === 'composite')) continue
      for (const row of ROWS) {
        const value = column.endsWith('_part') ? valueOf('part', 4 - row) : keyOf(from, of, 4 - row)
        await sql`update ${sql.table(name)} set ${sql.id(column)} = ${literal(value, dialect)} where id = ${literal(keyOf(from, name, row), dialect)}`.execute(
          db,
        )
      }
    }
}

type Values = Record<string, Record<string, string[]>>

/** Returns the values of the tables and columns that are on both sides, by the names of before. */
async function read(db: Database<{}>, a: Built, b: Built, renames: Record<string, string>): Promise<Values> {
  const found: Values = {}
  for (const name of tableNames) {
    if (a.columns[name] === undefined || b.columns[name] === undefined) continue
    const shared = ['id', ...a.columns[name].filter((column) => b.columns[name]!.includes(column))]
    const items = shared.map((c) => sql`${sql.id(renames[`${name}.${c}`] ?? c)} as ${sql.id(c)}`)
    const { rows } = await sql`select ${sql.join(items)} from ${sql.table(renames[name] ?? name)} order by id`.execute(
      db,
    )
    found[name] = Object.fromEntries(
      shared.map((column) => [column, rows.map((row) => shown((row as Record<string, unknown>)[column]))]),
    )
  }
  return found
}

/** Returns a value as text that is the same in each type that holds it. */
function shown(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `bytes ${value}`
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Returns the tables and columns that a difference takes away without a warning that it does. */
function silentLosses(a: Built, b: Built, { warnings }: Difference): string[] {
  const says = (name: string): boolean =>
    warnings.some(({ category, message }) => category === 'destructive' && message.includes(`'${name}'`))
  return tableNames.flatMap((name) => {
    if (a.columns[name] === undefined) return []
    if (b.columns[name] === undefined) return says(name) ? [] : [name]
    return a.columns[name].filter((column) => !b.columns[name]!.includes(column) && !says(column))
  })
}

/** Checks that a numbered key goes on behind the rows that are there. */
async function insertMore(db: Database<{}>, plan: Plan, renames: Record<string, string>): Promise<void> {
  for (const name of tableNames) {
    const it = plan[name]
    if (it === undefined || !NUMBERED.has(it.key)) continue
    const [own, extra] = [sql.table(renames[name] ?? name), sql.id(renames[`${name}.extra`] ?? 'extra')]
    await db
      .transaction()
      .execute(async (trx) => {
        // Two rows at once would have equal defaults, which unique keys refuse.
        await sql`insert into ${own} (${extra}) values ('more')`.execute(trx).catch((error: { code: string }) => {
          if (error.code !== 'check_violation' && !duplicateOfDefault(error)) throw error
        })
        await Promise.reject(UNDO)
      })
      .catch((reason: unknown) => {
        if (reason !== UNDO) throw reason
      })
  }
}
const UNDO = Symbol('undo')
const duplicateOfDefault = (error: { code: string; constraint?: string }): boolean =>
  error.code === 'unique_violation' && !/pkey|primary/i.test(error.constraint ?? 'primary')

/** Two plans, the names that change, and whether the target is a catalog rather than tables. */
export type Example = readonly [from: Plan, to: Plan, chosen: readonly string[], isCatalog: boolean]

/** Goes from one schema to another and back with rows, and returns the number of steps. Fails where something is lost. */
export async function checkPair(
  pair: Pair,
  dialect: DialectName,
  [from, to, chosen, isCatalog]: Example,
): Promise<number> {
  await pair.clear()
  const { one: db, other: fresh } = pair
  const renames = renamesOf(from, to, chosen)
  const [a, b] = [build(from, dialect), build(to, dialect, renames)]
  await create(db, a.tables, dialect)
  await create(fresh, b.tables, dialect)
  // What table() cannot say stays as it is; between two catalogs it changes.
  await decorate(db, from, isCatalog ? from : to, {}, dialect)
  await decorate(fresh, isCatalog ? to : widthsOf(from, to), isCatalog ? to : from, renames, dialect)
  const catalog = await introspect(fresh)
  const target: Schema = isCatalog ? catalog : b.tables
  const source = await introspect(db)
  await fill(db, from, to, a, dialect)
  const values = await read(db, a, b, {})
  const difference = await diff(source, target, { dialect, renames, ask: () => null })
  const { up, down } = difference
  equal(silentLosses(a, b, difference), [], 'lost without a warning')
  // Steps are data: what JSON keeps of them runs as well.
  await apply(db, JSON.parse(JSON.stringify(up)) as Step[], dialect)
  equal(texts((await diff(await introspect(db), target)).up, dialect), [], 'a second diff')
  equal(gist(await introspect(db), isCatalog), gist(catalog, isCatalog), 'the schema after up')
  equal(await read(db, a, b, renames), values, 'the values after up')
  await insertMore(db, to, renames)
  await apply(db, down, dialect)
  equal(gist(await introspect(db), isCatalog), gist(source, isCatalog), 'the schema after down')
  equal(await read(db, a, b, {}), values, 'the values after down')
  return up.length
}

const texts = (steps: readonly Step[], dialect: DialectName): string[] =>
  steps.flatMap((step) => stepSql(step, dialect))

/** Returns the notes of one plan with the widths of the other. */
const widthsOf = (from: Plan, to: Plan): Plan =>
  Object.fromEntries(
    tableNames.map((name) => {
      const [a, b] = [from[name], to[name]]
      return [name, a === undefined || b === undefined ? undefined : { ...a, extra: b.extra }]
    }),
  )
