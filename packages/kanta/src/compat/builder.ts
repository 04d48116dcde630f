// Kysely accepts some input that Kanta rejects although it has a meaning in SQL: a comparison with null, an empty `and`,
// rows with different columns. The builders here are Kanta's, with their arguments converted.
import { refuse } from '../error/index.ts'
import { node } from '../ir/index.ts'
import {
  CaseBuilder,
  type Chain,
  DeleteBuilder,
  type ExecuteOptions,
  Expr,
  InsertBuilder,
  MergeBuilder,
  expressionBuilder as ownBuilder,
  type QueryCreator,
  SelectBuilder,
  sql,
  UpdateBuilder,
} from '../sql/index.ts'
import type { AbortableQueryOptions } from './contract.ts'
import { isNoResultErrorConstructor, NoResultError, type NoResultErrorConstructor } from './result.ts'

const kantaBuilder = ownBuilder()

/**
 * Converts the right side of a comparison. Null, which Kysely binds except after `is`, and an empty list get a
 * structure of their own, so that plugins find them.
 */
function convertOperand(op: unknown, value: unknown): unknown {
  if (value === null && typeof op === 'string' && op !== 'is' && op !== 'is not') return BOUND_NULL
  if (Array.isArray(value) && value.length === 0 && (op === 'in' || op === 'not in')) return EMPTY_LIST
  return convertArgument(value)
}

const boundNull = kantaBuilder.val(null)
const BOUND_NULL = new Expr(node({ kind: 'list', items: [boundNull.node] }), boundNull.args)
const EMPTY_LIST = new Expr(node({ kind: 'tuple', items: [] }))

/** Converts an argument of a builder: a callback receives the expression builder of this file instead of Kanta's. */
export function convertArgument(value: unknown): unknown {
  if (typeof value === 'function' && !(value as { isBuilder?: boolean }).isBuilder)
    return (first: unknown, ...rest: unknown[]) => value(first === kantaBuilder ? eb : first, ...rest)
  if (Array.isArray(value) && value.some((item) => typeof item === 'function')) return value.map(convertArgument)
  return value
}

function convertCondition(condition: readonly unknown[]): unknown[] {
  const [left, op, right] = condition
  return condition.length === 3
    ? [convertArgument(left), op, convertOperand(op, right)]
    : condition.map(convertArgument)
}

const ALL = sql`1 = 1`
const NONE = sql`1 = 0`

function joinConditions(conditions: object, join: (items: unknown) => Expr, emptyCondition: Expr): Expr {
  const items = Array.isArray(conditions)
    ? conditions
    : Object.entries(conditions).map(([column, value]) =>
        eb(column, Array.isArray(value) ? 'in' : value === null ? 'is' : '=', value),
      )
  return items.length === 0 ? emptyCondition : join(items)
}

/** Converts a result of `case`: Kysely writes numbers, booleans and null into the text, so that they keep their type. */
function caseResult(value: unknown): unknown {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return kantaBuilder.lit(value)
  return convertArgument(value)
}

type CaseThen = ReturnType<CaseBuilder['when']>
const withCaseResults = (branch: CaseThen): CaseThen =>
  ({
    then: (value: unknown) => branch.then(caseResult(value)),
    thenRef: (column: unknown) => branch.thenRef(column),
  }) as unknown as CaseThen

class Case extends CaseBuilder {
  override when(...condition: unknown[]): CaseThen {
    return withCaseResults(super.when(...convertCondition(condition)))
  }

  override whenRef(left: unknown, op: unknown, right: unknown): CaseThen {
    return withCaseResults(super.whenRef(left, op, right))
  }

  override else(value: unknown): CaseBuilder {
    return super.else(caseResult(value))
  }
}

export function createCase(...value: unknown[]): CaseBuilder {
  const { shape, args, runner } = kantaBuilder.case(...value.map(convertArgument))
  return new Case(shape, args, runner)
}

type Compare = (left: unknown, op: unknown, right: unknown) => Expr
/** The expression builder of programs for Kysely. */
export const eb: Compare & Omit<typeof kantaBuilder, 'eb'> & { readonly eb: unknown } = makeBuilder()

function makeBuilder(): Compare & Omit<typeof kantaBuilder, 'eb'> & { readonly eb: unknown } {
  const compare: Compare = (left, op, right) => kantaBuilder(left, op, convertOperand(op, right))
  const methods = {
    ...kantaBuilder,
    selectFrom: (tables: unknown) => createSelect(kantaBuilder.selectFrom(convertArgument(tables))),
    selectNoFrom: (columns: unknown) => createSelect(kantaBuilder.selectNoFrom(convertArgument(columns))),
    and: (conditions: object) => joinConditions(conditions, kantaBuilder.and, ALL),
    or: (conditions: object) => joinConditions(conditions, kantaBuilder.or, NONE),
    between: (column: unknown, low: unknown, high: unknown) =>
      kantaBuilder.between(column, boundIfNull(low), boundIfNull(high)),
    parens: (...condition: unknown[]) => kantaBuilder.parens(...convertCondition(condition)),
    case: createCase,
  }
  const createBuilder = Object.assign(compare, methods, { isBuilder: true })
  return Object.freeze(Object.assign(createBuilder, { eb: createBuilder })) as never
}

const boundIfNull = (value: unknown): unknown => (value === null ? kantaBuilder.val(null) : value)

export const expressionBuilder = (): typeof eb => eb

type Builder<C> = new (shape: never, args: readonly unknown[], runner: never) => C
/** The methods that take a condition. */
const CONDITIONS: ReadonlySet<string> = new Set(['where', 'having', 'whereRef', 'havingRef'])
/** The methods whose arguments are not converted. */
const UNCONVERTED: ReadonlySet<string> = new Set([
  'constructor',
  'execute',
  'executeTakeFirst',
  'executeTakeFirstOrThrow',
  'then',
])

/** Returns a builder class whose methods take the arguments of Kysely's methods. */
function adaptBuilder<C extends object>(Kanta: Builder<C>): Builder<C> {
  const Adapted = class extends (Kanta as Builder<object>) {
    /** Writes the number of rows into the text, since older versions of SQL Server take no parameter here. */
    top(amount: unknown, modifier?: string): object {
      const { top } = Kanta.prototype as { top?: Function }
      return top!.call(
        this,
        typeof amount === 'number' || typeof amount === 'bigint' ? kantaBuilder.lit(amount) : amount,
        modifier,
      )
    }

    execute(options?: AbortableQueryOptions): Promise<unknown> {
      const { execute } = Kanta.prototype as { execute: Function }
      return execute.call(this, runOptions(options))
    }

    executeTakeFirst(options?: AbortableQueryOptions): Promise<unknown> {
      const { executeTakeFirst } = Kanta.prototype as { executeTakeFirst: Function }
      return executeTakeFirst.call(this, runOptions(options))
    }

    executeTakeFirstOrThrow(error?: unknown): Promise<unknown> {
      const query = this as unknown as Chain & { executeTakeFirst(options: unknown): Promise<unknown> }
      return firstOrThrow(query, error)
    }
  }
  const methods = Adapted.prototype as unknown as Record<string, unknown>
  // A builder of Kysely can be the result of an async function.
  Object.assign(methods, { then: undefined })
  for (let from: object = Kanta.prototype; from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    for (const name of Object.getOwnPropertyNames(from)) {
      const method: unknown = Object.getOwnPropertyDescriptor(from, name)!.value
      if (typeof method !== 'function' || UNCONVERTED.has(name) || Object.hasOwn(methods, name)) continue
      const take = CONDITIONS.has(name) ? convertCondition : (args: readonly unknown[]) => args.map(convertArgument)
      methods[name] = function (this: object, ...args: unknown[]) {
        return method.apply(this, take(args))
      }
    }
  }
  return Adapted as unknown as Builder<C>
}

/** Kanta's `onAbort` by the strategies of Kysely. */
const ON_ABORT = {
  'ignore query': 'ignore',
  'cancel query': 'cancel query',
  'kill session': 'kill connection',
} as const

/** Converts the options of a run. */
export function runOptions(options: AbortableQueryOptions | undefined): ExecuteOptions | undefined {
  const strategy = options?.inflightQueryAbortStrategy
  if (strategy === undefined) return options
  const onAbort =
    ON_ABORT[strategy] ?? refuse(`inflightQueryAbortStrategy must be one of ${Object.keys(ON_ABORT).join(', ')}.`)
  return { signal: options?.signal, onAbort }
}

async function firstOrThrow(
  query: Chain & { executeTakeFirst(options: unknown): Promise<unknown> },
  error: unknown,
): Promise<unknown> {
  const settings: Settings = typeof error === 'function' ? { errorConstructor: error as never } : (error ?? {})
  const row = await query.executeTakeFirst(settings)
  if (row !== undefined) return row
  const maker = settings.errorConstructor ?? NoResultError
  throw isNoResultErrorConstructor(maker) ? new maker(query.shape) : maker(query.shape)
}

interface Settings extends AbortableQueryOptions, ExecuteOptions {
  readonly errorConstructor?: NoResultErrorConstructor | ((node: object) => Error)
}

const Select = adaptBuilder(
  class extends SelectBuilder {
    /** Ignores an empty list, which programs build from options. */
    override select(columns: unknown): this {
      const chosen = typeof columns === 'function' ? columns(kantaBuilder) : columns
      return Array.isArray(chosen) && chosen.length === 0 ? this : super.select(chosen)
    }

    /** Removes the limit if it is null. */
    override limit(amount: unknown): this {
      return amount === null ? this.clearLimit() : super.limit(amount)
    }

    /** Removes the offset if it is null. */
    override offset(amount: unknown): this {
      return amount === null ? this.clearOffset() : super.offset(amount)
    }

    /** Leaves order and limit to the whole, as Kysely does. */
    protected override leftPart(): this {
      return this
    }
  },
)
const Update = adaptBuilder(
  class extends UpdateBuilder {
    /** Allows a column with its table, for updates of several tables, and a callback for the column. */
    override set(...changes: unknown[]): this {
      const [column, value] = changes
      if (changes.length === 2 && typeof column === 'function') return super.set(column(kantaBuilder), value)
      if (changes.length !== 2 || typeof column !== 'string' || !column.includes('.')) return super.set(...changes)
      return super.set(kantaBuilder.ref(column), value)
    }
  },
)
const Delete = adaptBuilder(DeleteBuilder)
const Merge = adaptBuilder(MergeBuilder)
const Insert = adaptBuilder(
  class extends InsertBuilder {
    override values(rows: unknown): this {
      const createBuilder = typeof rows === 'function' ? rows(eb) : rows
      return super.values(Array.isArray(createBuilder) ? alignRows(createBuilder) : createBuilder)
    }
  },
)

const DEFAULT = new Expr(node({ kind: 'default' }))

/** Gives all rows the same columns. A missing value becomes the default of its column. */
function alignRows(rows: readonly object[]): readonly object[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row).filter((name) => valueIn(row, name) !== undefined)))
  const isWhole = (row: object): boolean => [...names].every((name) => valueIn(row, name) !== undefined)
  if (rows.every(isWhole)) return rows
  return rows.map((row) =>
    Object.fromEntries(
      [...names].map((name) => [name, valueIn(row, name) ?? (valueIn(row, name) === null ? null : DEFAULT)]),
    ),
  )
}

const valueIn = (row: object, name: string): unknown => (row as Record<string, unknown>)[name]

const createBuilder = <C extends Chain>(As: Builder<C>, query: C): C =>
  new As(query.shape as never, query.args, query.runner as never)
export const createSelect = (query: SelectBuilder): SelectBuilder => createBuilder(Select, query)

/** The start of statements: a database, or the result of `with`. */
export class Creator {
  readonly #creator: QueryCreator

  constructor(creator: QueryCreator) {
    this.#creator = creator
  }

  selectFrom(tables: unknown): SelectBuilder {
    return createSelect(this.#creator.selectFrom(convertArgument(tables)))
  }

  selectNoFrom(columns: unknown): SelectBuilder {
    return createSelect(this.#creator.selectNoFrom(convertArgument(columns)))
  }

  insertInto(table: unknown): InsertBuilder {
    return createBuilder(Insert, this.#creator.insertInto(table))
  }

  replaceInto(table: unknown): InsertBuilder {
    return createBuilder(Insert, this.#creator.replaceInto(table))
  }

  updateTable(tables: unknown): UpdateBuilder {
    return createBuilder(Update, this.#creator.updateTable(convertArgument(tables)))
  }

  deleteFrom(tables: unknown): DeleteBuilder {
    return createBuilder(Delete, this.#creator.deleteFrom(convertArgument(tables)))
  }

  mergeInto(table: unknown): MergeBuilder {
    return createBuilder(Merge, this.#creator.mergeInto(convertArgument(table)))
  }

  with(name: unknown, query: unknown): Creator {
    return new Creator(this.#creator.with(name, wrapCallback(query)))
  }

  withRecursive(name: unknown, query: unknown): Creator {
    return new Creator(this.#creator.withRecursive(name, wrapCallback(query)))
  }
}

/** Converts the callback of a common table expression, so that it receives a `Creator`. */
const wrapCallback = (query: unknown): unknown =>
  typeof query === 'function' ? (creator: QueryCreator) => query(new Creator(creator)) : query
