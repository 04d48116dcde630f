import fc from 'fast-check'
import { check, foreignKey, index, primaryKey, sql, table, unique } from '../../src/index.ts'
import type { DialectName } from '../../src/introspect/index.ts'

/** A random column. Its name says what values it holds, so that rows fit before and after a change. */
interface ColumnPlan {
  readonly type: number
  readonly nullable: boolean
  readonly unique: 'alone' | 'with key' | undefined
  /** The default: none, one of the texts, or an expression. */
  readonly default: number | 'expression' | undefined
  readonly check: number | undefined
}

type Action = 'cascade' | 'set null' | 'restrict' | 'no action'
type Key = 'integer' | 'bigint' | 'identity' | 'text' | 'composite'

interface TablePlan {
  readonly key: Key
  readonly columns: Readonly<Record<string, ColumnPlan | undefined>>
  /** The foreign keys by the tables that they refer to. */
  readonly references: Readonly<Record<string, { readonly onDelete: Action; readonly onUpdate: Action } | undefined>>
  readonly indexes: readonly IndexPlan[]
  /** A column that may be computed, or hold values of its own. */
  readonly twice: 'stored' | 'virtual' | 'plain' | undefined
  /** A column whose comment and the like `table()` cannot say. */
  readonly extra: 20 | 30
  /** What the database knows of a table besides, by one of the texts. */
  readonly note: number
}

interface IndexPlan {
  readonly column: string
  readonly isUnique: boolean
  readonly isPartial: boolean
  readonly isNamed: boolean
}

/** Random tables by their names. */
export type Plan = Readonly<Record<string, TablePlan | undefined>>

export const tableNames = ['one', 'two', 'three'] as const
const columnNames = ['count', 'title', 'share', 'ready', 'day', 'code', 'seen', 'body', 'data', 'word'] as const
type ColumnName = (typeof columnNames)[number]
/** The end of a new name. */
export const FRESH = '_2'

/** Texts that databases and their catalogs write in ways of their own. */
export const TEXTS = [
  "it's (a, b)",
  'C:\\temp\\new',
  'one\ntwo\r\n\tthree',
  '😀 & 𝕏',
  '"double" `back` [square]',
  "\\' ends with \\",
  '',
  'null',
  '1.50',
  "'",
  '--none',
  '/* c */ );',
  '$1 ? :name @x %s',
  'ünïcodé ß 中文',
  "''",
  'a, b',
  'x?y',
  "E'x'",
] as const

type Factory = Parameters<Parameters<typeof table>[1]>[0]
type Column = any

const passed = { name: 'text', encode: (value: string) => value, decode: String }
const WORDS: Readonly<Record<string, readonly [string, string]>> = {
  sqlite: ['text collate nocase', 'text collate rtrim'],
  postgres: ['text collate "C"', 'text collate "POSIX"'],
  mariadb: ['varchar(20) collate utf8mb4_general_ci', 'varchar(20) collate utf8mb4_unicode_ci'],
}
/** MariaDB's catalog tells '?' for a character of four bytes in an enum, so that no other database can be made from it. */
const enumOf = (type: number): [string, ...string[]] =>
  type === 0 ? ['a', 'b', 'c', 'd'] : ['a', 'b', 'c', 'd', ...TEXTS.slice(0, 5).filter((text) => !text.includes('😀'))]

/** The types that each column may have, all of which hold its values. */
const types: Readonly<Record<ColumnName, readonly ((c: Factory, dialect: DialectName) => Column)[]>> = {
  count: [(c) => c.integer(), (c) => c.bigint(), (c) => c.text()],
  title: [(c) => c.text(), (c) => c.varchar(40), (c) => c.varchar(60)],
  share: [(c) => c.real()],
  ready: [(c) => c.boolean()],
  day: [(c) => c.date(), (c) => c.text()],
  code: [(c) => c.enum(enumOf(0)), (c) => c.text(), (c) => c.enum(enumOf(1))],
  seen: [(c) => c.timestamp()],
  body: [(c) => c.json()],
  data: [(c) => c.bytes()],
  word: [0, 1].map((i) => (c: Factory, dialect: DialectName) => c.custom(WORDS[dialect]![i]!, passed)),
}
/** Texts are too long for some columns of MariaDB, and a key of text has no default that is long. */
const defaults: Readonly<Record<ColumnName, (text: string, type: number) => unknown>> = {
  count: (_, type) => [-7, 9007199254740993n, '-7'][type],
  title: (text) => text,
  share: () => 1.5,
  ready: () => true,
  day: () => '2024-02-29',
  code: (text, type) => (type === 1 || enumOf(type).includes(text) ? text : 'd'),
  seen: () => new Date(Date.UTC(2024, 0, 2, 3, 4, 5, 678)),
  body: (text) => ({ text, list: [1, null, true] }),
  data: (text) => new TextEncoder().encode(text.slice(0, 6)),
  word: (text) => text.slice(0, 12),
}
const expressions: Readonly<Partial<Record<ColumnName, (dialect: DialectName, type: number) => unknown>>> = {
  count: (_, type) => (type < 2 ? sql`(1 + 2) * 3` : undefined),
  title: (dialect) => (dialect === 'sqlite' ? sql`'a' || lower('B')` : sql`concat('a', lower('B'))`),
  seen: () => sql`current_timestamp`,
}
/** Checks that hold for all values of a column in each of its types. */
const checks: readonly ((column: unknown, name: ColumnName, dialect: DialectName) => any)[] = [
  (column) => sql`${column} is not null or ${column} is null`,
  (column, name, dialect) =>
    name === 'title'
      ? sql`${column} <> ${sql.lit(`${TEXTS[dialect === 'mariadb' ? 3 : 1]}!`)}`
      : sql`not (${column} is null and 1 = 2)`,
  (column, name) =>
    name === 'code' || name === 'title'
      ? sql`coalesce(${column}, 'x') not in ('none', ${sql.lit(`${TEXTS[5]}!`)}, ${sql.lit(`${TEXTS[2]}!`)}) and (1 < 2 or ${column} = '(')`
      : sql`case when ${column} is null then 0 else 1 end in (0, 1)`,
]

const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq = 3): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq })

const columnPlan: fc.Arbitrary<ColumnPlan> = fc.record({
  type: fc.nat({ max: 2 }),
  nullable: fc.boolean(),
  unique: fc.constantFrom(undefined, undefined, 'alone' as const, 'with key' as const),
  default: fc.oneof(fc.constant(undefined), fc.constant('expression' as const), fc.nat({ max: TEXTS.length - 1 })),
  check: maybe(fc.nat({ max: checks.length - 1 }), 2),
})
const action = fc.constantFrom<Action>('cascade', 'set null', 'restrict', 'no action')
const tablePlan: fc.Arbitrary<TablePlan> = fc.record({
  key: fc.constantFrom<Key>('integer', 'integer', 'bigint', 'identity', 'text', 'composite'),
  columns: fc.record(Object.fromEntries(columnNames.map((name) => [name, maybe(columnPlan)]))),
  references: fc.record(
    Object.fromEntries(tableNames.map((name) => [name, maybe(fc.record({ onDelete: action, onUpdate: action }), 2)])),
  ),
  indexes: fc.uniqueArray(
    fc.record({
      column: fc.constantFrom<string>(...columnNames),
      isUnique: fc.boolean(),
      isPartial: fc.boolean(),
      isNamed: fc.boolean(),
    }),
    { maxLength: 3, selector: (each) => each.column },
  ),
  twice: fc.constantFrom(undefined, 'stored' as const, 'virtual' as const, 'plain' as const),
  extra: fc.constantFrom(20 as const, 30 as const),
  note: fc.nat({ max: TEXTS.length - 1 }),
})

const EMPTY: TablePlan = {
  key: 'integer',
  columns: {},
  references: {},
  indexes: [],
  twice: undefined,
  extra: 20,
  note: 0,
}

export const plans: fc.Arbitrary<Plan> = fc
  .record(Object.fromEntries(tableNames.map((name) => [name, maybe(tablePlan)])))
  .map((plan) => (tableNames.some((name) => plan[name] !== undefined) ? plan : { ...plan, one: EMPTY }))

/** New names by old ones. */
export type Names = Readonly<Record<string, string>>

/** The tables and columns that get another name. */
export const names: fc.Arbitrary<readonly string[]> = fc.uniqueArray(
  fc.constantFrom<string>(
    ...tableNames,
    ...tableNames.flatMap((t) => [...columnNames, 'extra'].map((c) => `${t}.${c}`)),
  ),
  { maxLength: 4 },
)

/** Returns the renames of what is on both sides, as diff() takes them. */
export function renamesOf(from: Plan, to: Plan, chosen: readonly string[]): Record<string, string> {
  const renames: Record<string, string> = {}
  for (const key of chosen) {
    const [t, c] = key.split('.') as [string, string | undefined]
    const [a, b] = [from[t], to[t]]
    if (a === undefined || b === undefined) continue
    if (c === undefined) renames[key] = t + FRESH
    else if (c === 'extra' || (a.columns[c] !== undefined && b.columns[c] !== undefined)) renames[key] = c + FRESH
  }
  return renames
}

export interface Built {
  readonly tables: Readonly<Record<string, object>>
  /** The columns of each table that rows are written to, by its name here. */
  readonly columns: Readonly<Record<string, readonly string[]>>
}

const keyType = (c: Factory, key: Key): Column =>
  key === 'text' ? c.varchar(20) : key === 'bigint' ? c.bigint() : c.integer()

/** Returns the tables of a plan as `table()` values. */
export function build(plan: Plan, dialect: DialectName, renames: Names = {}): Built {
  const made: Record<string, any> = {}
  const columns: Record<string, string[]> = {}
  for (const name of tableNames) {
    const it = plan[name]
    if (it === undefined) continue
    const column = (c: string): string => renames[`${name}.${c}`] ?? c
    const mariadb = dialect === 'mariadb'
    const own = columnNames.filter((c) => it.columns[c] !== undefined)
    const targets = tableNames.filter((target) => it.references[target] !== undefined && plan[target] !== undefined)
    const isComposite = (target: string): boolean => plan[target]!.key === 'composite'
    columns[name] = [
      ...own,
      'extra',
      ...(it.key === 'composite' ? ['part'] : []),
      ...(it.twice === 'plain' ? ['twice'] : []),
      ...targets.flatMap((target) => [`${target}_id`, ...(isComposite(target) ? [`${target}_part`] : [])]),
    ]
    // MariaDB computes nothing by a key that it numbers.
    const source = mariadb && it.key !== 'text' && it.key !== 'composite' ? undefined : sql`id`
    const computed =
      source === undefined
        ? sql`char_length(${sql.id(column('extra'))})`
        : it.key === 'text'
          ? sql`length(id)`
          : sql`id * 2`
    made[name] = table(
      renames[name] ?? name,
      (c) => ({
        id:
          it.key === 'identity'
            ? c.integer().identity().primaryKey()
            : it.key === 'composite'
              ? c.integer()
              : keyType(c, it.key).primaryKey(),
        ...(it.key === 'composite' && { part: c.integer().default(7) }),
        ...Object.fromEntries(own.map((each) => [column(each), columnOf(c, each, it.columns[each]!, dialect)])),
        [column('extra')]: c.varchar(it.extra).nullable(),
        ...Object.fromEntries(
          targets.flatMap((target): [string, Column][] => {
            const id = keyType(c, plan[target]!.key).nullable()
            return isComposite(target)
              ? [
                  [`${target}_id`, id],
                  [`${target}_part`, c.integer().nullable()],
                ]
              : [[`${target}_id`, id.references(() => made[target].id, it.references[target]!)]]
          }),
        ),
        ...(it.twice === undefined
          ? {}
          : {
              twice:
                it.twice === 'plain'
                  ? c.integer().nullable()
                  : c
                      .integer()
                      .nullable()
                      .generatedAs(computed, { stored: it.twice === 'stored' }),
            }),
      }),
      (t: any) => [
        ...(it.key === 'composite' ? [primaryKey([t.id, t.part])] : []),
        ...targets
          .filter(isComposite)
          .map((target) =>
            foreignKey(
              [t[`${target}_id`], t[`${target}_part`]],
              () => [made[target].id, made[target].part],
              it.references[target]!,
            ),
          ),
        ...own
          .filter((each) => it.columns[each]!.unique !== undefined && each !== 'body')
          .map((each) => unique(isAlone(each, it.columns[each]!) ? [t[column(each)]] : [t.id, t[column(each)]])),
        ...own
          .filter((each) => it.columns[each]!.check !== undefined && !['body', 'data'].includes(each))
          .map((each) =>
            check(`${name}_${each}_ok`, checks[it.columns[each]!.check!]!(sql.ref(column(each)), each, dialect)),
          ),
        ...it.indexes
          .filter((each) => own.includes(each.column as ColumnName) && each.column !== 'body')
          .map((each) =>
            index([t[column(each.column)], t.id], {
              ...(each.isNamed && { name: `${name}_${each.column}_i` }),
              unique: each.isUnique,
              ...(each.isPartial && !mariadb ? { where: sql`id is not null and ${sql.lit(TEXTS[0])} <> ')'` } : {}),
            }),
          ),
      ],
    )
  }
  return { tables: made, columns }
}

/** Checks if a column is unique without the key: rows that are there get equal defaults, but no equal nulls. */
const isAlone = (name: ColumnName, plan: ColumnPlan): boolean =>
  plan.unique === 'alone' && name !== 'ready' && plan.nullable && plan.default === undefined

function columnOf(c: Factory, name: ColumnName, plan: ColumnPlan, dialect: DialectName): Column {
  const type = Math.min(plan.type, types[name].length - 1)
  let column = types[name][type]!(c, dialect)
  // A new column of rows that are there has to be null or to have a default.
  if (plan.nullable) column = column.nullable()
  const expression = plan.default === 'expression' ? expressions[name]?.(dialect, type) : undefined
  if (expression !== undefined) return column.default(expression)
  if (plan.default === undefined && plan.nullable) return column
  const text = TEXTS[typeof plan.default === 'number' ? plan.default : 0]!
  return column.default(defaults[name](text, type))
}

/** The value of a column in a row. */
export function valueOf(column: string, row: number): unknown {
  switch (column) {
    case 'count':
    case 'part':
      return row * 10
    case 'title':
      return `title ${TEXTS[row]!.slice(0, 20)} ${row}`
    case 'share':
      return row + 0.25
    case 'ready':
      return row % 2 === 1
    case 'day':
      return `2024-01-0${row}`
    case 'code':
      return 'abc'[row - 1]
    case 'seen':
      return `2024-01-0${row} 10:20:30.123`
    case 'body':
      return `{"n": ${row}, "text": "\\u263a"}`
    case 'data':
      return new Uint8Array([row, 0, 255])
    case 'word':
      return `wört ${row}`
    case 'twice':
      return 700 + row
    default:
      return `${column} ${row} 😀`
  }
}
