import { describe, refuse } from '../error/index.ts'
import {
  bigintCodec,
  booleanCodec,
  bytesCodec,
  type Codec,
  dateCodec,
  decimalCodec,
  enumCodec,
  jsonCodec,
  timestampCodec,
  unixCodec,
  unixMillisecondsCodec,
  uuidCodec,
} from './codec.ts'
import type { ColumnLike, Expression, Operand } from './expression.ts'
import type { ColumnType, SelectType } from './infer.ts'
import { isName } from './name.ts'
import type { $column, $ref, $text, $value } from './phantom.ts'

/** What a column holds, before a dialect names it. */
export type AbstractType =
  | 'integer'
  | 'bigint'
  | 'real'
  | 'decimal'
  | 'text'
  | 'varchar'
  | 'boolean'
  | 'date'
  | 'timestamp'
  | 'unix'
  | 'unixms'
  | 'json'
  | 'bytes'
  | 'uuid'
  | 'enum'
  | 'custom'

/** What happens to a row when the row that it refers to is deleted or gets another key. */
export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default'

/** What a foreign key does when the row it points to changes. */
export interface ReferenceOptions {
  readonly onDelete?: ReferentialAction
  readonly onUpdate?: ReferentialAction
}

/** A column as it was defined. */
export interface ColumnDefinition {
  readonly name: string
  readonly type: AbstractType
  /** The length of a varchar; precision and scale of a decimal. */
  readonly typeArguments: readonly number[]
  /** The storage of a decimal in SQLite, if not as an integer of its smallest unit. */
  readonly storage?: 'text' | 'real'
  /** The SQL type of a custom column. */
  readonly sqlType: string | undefined
  /** The strings of an enum. */
  readonly values: readonly string[] | undefined
  /** How values are written and read; `undefined` when they pass as they are. */
  readonly codec: Codec | undefined
  readonly nullable: boolean
  /** `default`: an integer or bigint primary key; `identity`: asked for; `always`: computed from `generatedAs`. */
  readonly generated: 'default' | 'identity' | 'always' | undefined
  readonly generatedAs: { readonly expression: Expression<unknown>; readonly stored: boolean } | undefined
  /** A value or an expression. */
  readonly default: { readonly value: unknown } | undefined
  readonly primaryKey: boolean
  readonly unique: boolean
  readonly references: ({ readonly column: () => Column } & ReferenceOptions) | undefined
  readonly check: Expression<unknown> | undefined
}

/** A column under another name in a selection. */
export class AliasedColumn<out R = unknown> implements ColumnLike<R> {
  declare readonly [$column]: R
  readonly column: Column
  readonly alias: string

  constructor(column: Column, alias: string) {
    this.column = column
    this.alias = alias
  }
}

/** A column of a table: it stands wherever the column's name can stand. */
export class Column<out R = unknown, out V = unknown> implements ColumnLike<R>, Operand<R, SelectType<V>> {
  declare readonly [$column]: R
  declare readonly [$text]: never
  declare readonly [$ref]: R
  declare readonly [$value]: SelectType<V>
  /** The schema, when the table has one and no alias. */
  readonly schema: string | undefined
  /** The table's alias, else its name. */
  readonly table: string
  readonly name: string
  readonly definition: ColumnDefinition

  constructor(schema: string | undefined, table: string, definition: ColumnDefinition) {
    this.schema = schema
    this.table = table
    this.name = definition.name
    this.definition = definition
  }

  /**
   * Selects the column under another name.
   *
   * @example
   * ```ts
   * db.selectFrom(city).select([city.id, city.name.as('title')])
   * ```
   */
  as<A extends string>(alias: A): AliasedColumn<`${R & string} as ${A}`> {
    return new AliasedColumn(this, alias)
  }
}

/** How much of a column the database fills in: nothing, nothing until it is an integer key, a default, everything. */
export type Filled = 'nothing' | 'key' | 'null' | 'default' | 'always'

// Of a document of any type, the type does not say whether an insert may leave it out.
type InsertCell<T, F> = F extends 'always'
  ? never
  : unknown extends T
    ? F extends 'default' | 'null'
      ? {} | null | undefined
      : {}
    : F extends 'default'
      ? T | undefined
      : T
type UpdateCell<T, F> = F extends 'always' ? never : T

/** Any column that is being defined. */
export interface AnyColumnBuilder extends ColumnType<unknown> {}

/**
 * A column that is being defined: not null unless it says so. Its type is a column type as it is, so that a table's row
 * need not be computed from its columns.
 */
export interface ColumnBuilder<T, F extends Filled = 'nothing', A = unknown>
  extends ColumnType<T, InsertCell<T, F>, UpdateCell<T, F>> {
  /** What arithmetic takes beside the column, where that is not its own type. */
  readonly __term__?: A
  /** Lets the column hold null. */
  nullable(): ColumnBuilder<T | null, F extends 'nothing' | 'key' ? 'null' : F, A>
  /** Makes the column the primary key; an integer or bigint key is generated when an insert leaves it out. */
  primaryKey(): ColumnBuilder<T, F extends 'key' ? 'default' : F, A>
  /** Allows each value only once. */
  unique(): ColumnBuilder<T, F, A>
  /** What the column holds when an insert leaves it out: a value, or an expression such as `` sql`current_date` ``. */
  default(value: T | Expression<unknown>): ColumnBuilder<T, 'default', A>
  /** Lets the database number the rows. */
  identity(): ColumnBuilder<T, 'default', A>
  /** Lets the database number the rows; the same as `identity()`. */
  autoIncrement(): ColumnBuilder<T, 'default', A>
  /** Computes the column from others; with `stored`, when a row is written, else when it is read. */
  generatedAs(expression: Expression<unknown>, options?: { readonly stored?: boolean }): ColumnBuilder<T, 'always', A>
  /**
   * Refers to a column of a table, which may be this one or one that is defined later.
   *
   * @example
   * ```ts
   * c.text().references(() => country.cca2, { onDelete: 'cascade' })
   * ```
   */
  references(column: ColumnGetter, options?: ReferenceOptions): ColumnBuilder<T, F, A>
  /** Refuses rows for which the expression is false. */
  check(expression: Expression<unknown>): ColumnBuilder<T, F, A>
  /** Narrows the type of the column without a change in the database. */
  $type<X>(): ColumnBuilder<X, F, A>
  /** Lets inserts leave the column out in types, where a plugin or a trigger writes it; no change in the database. */
  $optional(): ColumnBuilder<T, 'default', A>
}

/** A function such as `() => country.cca2`. It has no signature here, so that tables can refer to each other. */
export interface ColumnGetter extends Function {}

/** The storage of a decimal in SQLite, if not as an integer of its smallest unit. Other databases have decimals. */
export interface DecimalOptions {
  readonly storage?: 'text' | 'real'
}

/** The kinds of columns that `table` offers. */
export interface ColumnFactory {
  /** Whole numbers. */
  integer(): ColumnBuilder<number, 'key'>
  /** Whole numbers of 64 bits, as bigints. */
  bigint(): ColumnBuilder<bigint, 'key'>
  /** Floating-point numbers. */
  real(): ColumnBuilder<number>
  /**
   * Exact decimals, as strings such as `'12.50'`. SQLite, which has none, keeps them as integers of their smallest unit,
   * with at most 18 digits. `storage` says that its column holds text, with which it does not compute, or
   * floating-point numbers, as those of other programs may.
   */
  decimal(
    precision?: number,
    scale?: number,
    options?: DecimalOptions,
  ): ColumnBuilder<string, 'nothing', string | number | bigint>
  text(): ColumnBuilder<string>
  /** Text of at most `length` characters. */
  varchar(length: number): ColumnBuilder<string>
  boolean(): ColumnBuilder<boolean>
  /** Calendar dates, as strings such as `'2024-02-29'`. */
  date(): ColumnBuilder<string>
  /** Moments, as Dates: stored as text in UTC, or as seconds (`unix`) or milliseconds (`unixms`) since 1970. */
  timestamp(options?: { readonly mode?: 'text' | 'unix' | 'unixms' }): ColumnBuilder<Date>
  /** JSON documents of type `T`. */
  json<T = unknown>(): ColumnBuilder<T>
  /** Bytes, as Uint8Arrays. */
  bytes(): ColumnBuilder<Uint8Array>
  uuid(): ColumnBuilder<string>
  /** One of a few strings. */
  enum<const V extends string>(values: readonly V[]): ColumnBuilder<V>
  /** A type of your own: its SQL name, and how its values are written and read. */
  custom<T>(sqlType: string, codec: Codec<T>): ColumnBuilder<T>
}

type Settings = Omit<ColumnDefinition, 'name'>

const plain: Settings = {
  type: 'text',
  typeArguments: [],
  sqlType: undefined,
  values: undefined,
  codec: undefined,
  nullable: false,
  generated: undefined,
  generatedAs: undefined,
  default: undefined,
  primaryKey: false,
  unique: false,
  references: undefined,
  check: undefined,
}

class Builder {
  readonly settings: Settings

  constructor(settings: Settings) {
    this.settings = settings
  }

  #with(change: Partial<Settings>): Builder {
    return built({ ...this.settings, ...change })
  }

  nullable(): Builder {
    return this.#with({ nullable: true })
  }

  primaryKey(): Builder {
    return this.#with({ primaryKey: true })
  }

  unique(): Builder {
    return this.#with({ unique: true })
  }

  default(value: unknown): Builder {
    if (value === undefined) refuse('default() needs a value or an expression, not undefined.')
    return this.#with({ default: { value } })
  }

  identity(): Builder {
    if (this.settings.type !== 'integer' && this.settings.type !== 'bigint') {
      refuse(`identity() numbers integers, and this column is ${this.settings.type}.`)
    }
    return this.#with({ generated: 'identity' })
  }

  autoIncrement(): Builder {
    return this.identity()
  }

  generatedAs(expression: Expression<unknown>, options: { readonly stored?: boolean } = {}): Builder {
    return this.#with({ generated: 'always', generatedAs: { expression, stored: options.stored === true } })
  }

  references(column: unknown, options: ReferenceOptions = {}): Builder {
    if (typeof column !== 'function') refuse('references() takes a function such as () => country.cca2.')
    checkActions(options)
    return this.#with({ references: { column: () => columnOf(column()), ...options } })
  }

  check(expression: Expression<unknown>): Builder {
    if (expression === undefined) refuse('check() needs an expression, not undefined.')
    return this.#with({ check: expression })
  }

  $optional(): Builder {
    return this
  }

  $type(): Builder {
    return this
  }
}

/** Refuses what a foreign key has no option for: one that is misspelt would do nothing. */
export function checkActions(options: ReferenceOptions): void {
  const plain = typeof options === 'object' && options !== null && !Array.isArray(options)
  const other = plain ? Object.keys(options).find((name) => name !== 'onDelete' && name !== 'onUpdate') : ''
  if (other !== undefined)
    refuse(`The options of a foreign key are { onDelete, onUpdate }${other && `, not '${other}'`}.`)
  if (Object.values(options).includes(null))
    refuse("The action of a foreign key is 'no action', 'restrict', 'cascade', 'set null' or 'set default', not null.")
}

function columnOf(value: unknown): Column {
  return value instanceof Column ? value : refuse('references() has to give a column, as in () => country.cca2.')
}

// Beside the class: a class that names itself is compiled to more than itself, and is then in every bundle.
const built = (settings: Settings): Builder => new Builder(settings)

const builder = <T>(type: AbstractType, codec?: Codec<T>, more: Partial<Settings> = {}): never =>
  built({ ...plain, type, codec: codec as Codec | undefined, ...more }) as never

const size = (value: number, least: number, what: string): number =>
  Number.isInteger(value) && value >= least
    ? value
    : refuse(`${what} has to be a whole number of at least ${least}, not ${describe(value)}.`)

/** Makes the columns of `table`. */
export const columns: ColumnFactory = {
  integer: () => builder('integer'),
  bigint: () => builder('bigint', bigintCodec),
  real: () => builder('real'),
  decimal(precision, scale, { storage } = {}) {
    const sizes: number[] = []
    if (storage !== undefined && storage !== 'text' && storage !== 'real')
      refuse(`The storage of a decimal is 'text' or 'real', not ${describe(storage)}.`)
    if (precision !== undefined) sizes.push(size(precision, 1, 'The precision of a decimal'))
    if (scale !== undefined) sizes.push(size(scale, 0, 'The scale of a decimal'))
    return builder('decimal', decimalCodec(precision, scale), {
      typeArguments: sizes,
      ...(storage === undefined ? {} : { storage }),
    })
  },
  text: () => builder('text'),
  varchar: (length) => builder('varchar', undefined, { typeArguments: [size(length, 1, 'The length of a varchar')] }),
  boolean: () => builder('boolean', booleanCodec),
  date: () => builder('date', dateCodec),
  timestamp(options = {}) {
    switch (options.mode) {
      case undefined:
      case 'text':
        return builder('timestamp', timestampCodec)
      case 'unix':
        return builder('unix', unixCodec)
      case 'unixms':
        return builder('unixms', unixMillisecondsCodec)
      default:
        return refuse(`The mode of a timestamp is 'text', 'unix' or 'unixms', not ${describe(options.mode)}.`)
    }
  },
  json: () => builder('json', jsonCodec),
  bytes: () => builder('bytes', bytesCodec),
  uuid: () => builder('uuid', uuidCodec),
  enum(values) {
    if (!Array.isArray(values) || values.length === 0) refuse('An enum needs at least one value.')
    for (const value of values)
      if (typeof value !== 'string') refuse(`The values of an enum are strings, not ${describe(value)}.`)
    if (new Set(values).size < values.length) refuse(`An enum lists each value once: ${values.join(', ')}.`)
    return builder('enum', enumCodec(values), { values: [...values] })
  },
  custom(sqlType, codec) {
    if (!isTypeText(sqlType)) refuse('A custom column needs the name of its SQL type, such as geometry(Point, 4326).')
    if (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function')
      refuse('A custom column needs a codec: { name, encode, decode }.')
    return builder('custom', codec, { sqlType })
  },
}

/** What the name of a type is made of: words, numbers, names and strings in quotes, and lists of these in parentheses. */
const TYPE_TEXT = /^(?:[\w\s.,[\]()]|"[^"]+"|'(?:[^']|'')*')+$/

/** Becomes text as it is, so only what can be a type passes. */
function isTypeText(text: unknown): boolean {
  if (!isName(text) || text.trim() === '' || !TYPE_TEXT.test(text)) return false
  let open = 0
  for (const sign of text.replace(/"[^"]+"|'(?:[^']|'')*'/g, '')) {
    if (sign === '(') open++
    if (sign === ')' && --open < 0) return false
  }
  return open === 0
}

/** Ends the definition of a column. */
export function define(table: string, name: string, value: unknown): ColumnDefinition {
  if (!(value instanceof Builder)) refuse(`The column '${name}' of '${table}' has to be made with c, as in c.text().`)
  const s = value.settings
  if (!isName(name)) refuse(`A column of '${table}' has an empty name, or one that no database takes.`)
  if (name === 'as') refuse(`A column of '${table}' cannot be named 'as', which gives a table another name.`)
  if (s.primaryKey && s.nullable) refuse(`The primary key '${name}' of '${table}' cannot be nullable.`)
  if (s.generated !== undefined && s.default !== undefined) {
    refuse(`The column '${name}' of '${table}' is generated and cannot have a default, too.`)
  }
  const isWhole = s.type === 'integer' || s.type === 'bigint'
  const generated = s.generated ?? (s.primaryKey && isWhole && s.default === undefined ? 'default' : undefined)
  return { name, ...s, generated }
}
