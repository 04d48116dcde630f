import fc from 'fast-check'
import { check, index, sql, table, unique } from '../../src/index.ts'
import type { DialectName } from '../../src/introspect/index.ts'

/** A column by chance. Its name says what values it holds, so that rows fit before and after a change. */
interface ColumnPlan {
  readonly type: number
  readonly nullable: boolean
  readonly unique: boolean
  readonly default: boolean
  readonly check: boolean
}

interface TablePlan {
  readonly key: 'integer' | 'identity'
  readonly columns: Readonly<Record<string, ColumnPlan | undefined>>
  /** Columns that point to rows of other tables, by these. */
  readonly references: Readonly<Record<string, 'cascade' | 'set null' | undefined>>
  readonly indexes: readonly { readonly column: string; readonly unique: boolean; readonly where: boolean }[]
  readonly generated: 'stored' | 'virtual' | undefined
}

/** Tables by chance, by their names. */
export type Plan = Readonly<Record<string, TablePlan | undefined>>

export const tableNames = ['one', 'two', 'three'] as const
const columnNames = ['count', 'title', 'share', 'ready', 'day', 'code'] as const
type ColumnName = (typeof columnNames)[number]
export const FRESH = '_2'

type Factory = Parameters<Parameters<typeof table>[1]>[0]
/** The types that each column may have, all of which hold its values. */
const types: Readonly<Record<ColumnName, readonly ((c: Factory) => any)[]>> = {
  count: [(c) => c.integer(), (c) => c.bigint()],
  title: [(c) => c.text(), (c) => c.varchar(40)],
  share: [(c) => c.real(), (c) => c.real()],
  ready: [(c) => c.boolean(), (c) => c.boolean()],
  day: [(c) => c.date(), (c) => c.text()],
  code: [(c) => c.enum(['a', 'b', 'c', 'd']), (c) => c.text()],
}
const defaults: Readonly<Record<ColumnName, unknown>> = {
  count: -7,
  title: "it's (a, b)",
  share: 1.5,
  ready: true,
  day: '2024-02-29',
  code: 'd',
}
const wide: ReadonlySet<string> = new Set(['bigint'])

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 3 })

const columnPlan = fc.record({
  type: fc.nat({ max: 1 }),
  nullable: fc.boolean(),
  unique: fc.boolean(),
  default: fc.boolean(),
  check: fc.boolean(),
})
const tablePlan: fc.Arbitrary<TablePlan> = fc.record({
  key: fc.constantFrom('integer' as const, 'identity' as const),
  columns: fc.record(Object.fromEntries(columnNames.map((name) => [name, maybe(columnPlan)]))),
  references: fc.record(
    Object.fromEntries(
      tableNames.map((name) => [name, fc.constantFrom(undefined, 'cascade' as const, 'set null' as const)]),
    ),
  ),
  indexes: fc.uniqueArray(
    fc.record({ column: fc.constantFrom(...columnNames), unique: fc.boolean(), where: fc.boolean() }),
    { maxLength: 3, selector: (each) => each.column },
  ),
  generated: fc.constantFrom(undefined, 'stored' as const, 'virtual' as const),
})

export const plans: fc.Arbitrary<Plan> = fc
  .record(Object.fromEntries(tableNames.map((name) => [name, maybe(tablePlan)])))
  .map((plan) => (tableNames.some((name) => plan[name] !== undefined) ? plan : { ...plan, one: EMPTY }))

const EMPTY: TablePlan = { key: 'integer', columns: {}, references: {}, indexes: [], generated: undefined }

/** Names that are other after the change. */
export type Names = Readonly<Record<string, string>>

/** Which tables and columns get another name. */
export const names: fc.Arbitrary<readonly string[]> = fc.uniqueArray(
  fc.constantFrom(...tableNames, ...tableNames.flatMap((t) => columnNames.map((c) => `${t}.${c}`))),
  { maxLength: 4 },
)

/** Renames of what is on both sides, as diff() takes them. */
export function renamesOf(from: Plan, to: Plan, chosen: readonly string[]): Record<string, string> {
  const renames: Record<string, string> = {}
  for (const key of chosen) {
    const [t, c] = key.split('.') as [string, string | undefined]
    const [a, b] = [from[t], to[t]]
    if (a === undefined || b === undefined) continue
    if (c === undefined) renames[key] = t + FRESH
    else if (a.columns[c] !== undefined && b.columns[c] !== undefined) renames[key] = c + FRESH
  }
  return renames
}

export interface Built {
  readonly tables: Readonly<Record<string, object>>
  /** The columns of each table that rows are written to, by its name here. */
  readonly columns: Readonly<Record<string, readonly string[]>>
}

/** The tables of a plan as `table()` values. */
export function build(plan: Plan, dialect: DialectName, renames: Names = {}): Built {
  const made: Record<string, any> = {}
  const columns: Record<string, string[]> = {}
  for (const name of tableNames) {
    const it = plan[name]
    if (it === undefined) continue
    const column = (c: string): string => renames[`${name}.${c}`] ?? c
    // MariaDB computes and checks nothing by a key that it numbers, and has no index of some rows.
    const mariadb = dialect === 'mariadb'
    const own = columnNames.filter((c) => it.columns[c] !== undefined)
    const targets = tableNames.filter((target) => it.references[target] !== undefined && plan[target] !== undefined)
    columns[name] = [...own, ...targets.map((target) => `${target}_id`)]
    made[name] = table(
      renames[name] ?? name,
      (c) => ({
        id: it.key === 'identity' ? c.integer().identity().primaryKey() : c.integer().primaryKey(),
        ...Object.fromEntries(own.map((each) => [column(each), columnOf(c, each, it.columns[each]!)])),
        ...Object.fromEntries(
          targets.map((target) => [
            `${target}_id`,
            c
              .integer()
              .nullable()
              .references(() => made[target].id, { onDelete: it.references[target]! }),
          ]),
        ),
        ...(it.generated === undefined || (mariadb && !own.includes('count'))
          ? {}
          : {
              twice: c
                .integer()
                .nullable()
                .generatedAs(sql`${sql.id(mariadb ? column('count') : 'id')} * 2`, {
                  stored: it.generated === 'stored',
                }),
            }),
      }),
      (t: any) => [
        ...own.filter((each) => it.columns[each]!.unique).map((each) => unique([t.id, t[column(each)]])),
        ...own
          .filter((each) => it.columns[each]!.check)
          .map((each) =>
            check(
              `${name}_${each}_ok`,
              mariadb
                ? sql`${sql.ref(column(each))} is not null or ${sql.ref(column(each))} is null`
                : sql`${sql.ref(column(each))} is not null or id > ${sql.lit(0)}`,
            ),
          ),
        ...it.indexes
          .filter((each) => own.includes(each.column as ColumnName))
          .map((each) =>
            index([t[column(each.column)], t.id], {
              name: `${name}_${each.column}_i`,
              unique: each.unique,
              ...(each.where && !mariadb ? { where: sql`id > 0` } : {}),
            }),
          ),
      ],
    )
  }
  return { tables: made, columns }
}

function columnOf(c: Factory, name: ColumnName, plan: ColumnPlan): any {
  let column = types[name][plan.type]!(c)
  // What comes to rows that are there needs to be null or to have a default.
  if (plan.nullable) column = column.nullable()
  if (plan.default || !plan.nullable)
    column = column.default(
      column.settings?.type !== undefined && wide.has(column.settings.type) ? -7n : defaults[name],
    )
  return column
}

/** The value of a column in a row. */
export function valueOf(column: string, row: number, points: boolean): unknown {
  switch (column) {
    case 'count':
      return row * 10
    case 'title':
      return `title ${row}`
    case 'share':
      return row + 0.25
    case 'ready':
      return row % 2 === 1
    case 'day':
      return `2024-01-0${row}`
    case 'code':
      return 'abc'[row - 1]
    default:
      return points ? ((row + 1) % 3) + 1 : null
  }
}
