import { fromJSON, KantaError, toJSON } from '../../src/index.ts'
import type { Dialect } from '../case.ts'
import { Build } from './build.ts'
import { Choice } from './choice.ts'
import { difference, type Expected, expectedRows, textOf } from './compare.ts'
import { Describe, typeOf } from './describe.ts'
import type { EngineWorld } from './engine-world.ts'
import type { Condition, Expr, Join, Order, Output, Select, Type, Value } from './query.ts'
import type { Any } from './world.ts'

/** A pattern whose backslash is an escape on every database but SQLite. */
const ESCAPED = '%\\%'

const same = <T>(value: T): { readonly value: T; readonly other: T } => ({ value, other: value })
const number = (value: number): Expr => ({ k: 'value', type: 'int', pair: same(value) })

/** A condition as a number, where a condition is none. */
const counted = (of: Condition): Expr => ({
  k: 'case',
  type: 'int',
  whens: [
    { when: of, then: number(1) },
    { when: { k: 'not', of }, then: number(0) },
  ],
  otherwise: undefined,
})

/** An expression with a value in the place of null, which has another place in an order. */
function known(of: Expr): Expr {
  const type = typeOf(of)
  const value = LEAST[type]
  const least: Expr = { k: 'value', type, pair: same(value) }
  return { k: 'call', name: 'coalesce', type, args: [of, least] }
}

const LEAST: Readonly<Record<Type, Value>> = { int: -100, big: -100n, text: '', bool: false, time: new Date(0) }

const isNode = (value: unknown): value is { readonly k: string } =>
  typeof value === 'object' && value !== null && 'k' in value

function explicit(order: Order): Order {
  return { ...order, nulls: order.nulls ?? (order.direction === 'desc' ? 'last' : 'first') }
}

/** What MariaDB 11 does not do right: the offset of distinct constants, and an order by new names in a lone CTE. */
function withoutFaults(query: Select): Select {
  const ctes = query.ctes.map((cte) =>
    cte.columns === undefined
      ? cte
      : { ...cte, query: { ...cte.query, orderBy: [], limit: undefined, offset: undefined } },
  )
  return { ...query, ctes, distinct: query.distinct && query.offset === undefined }
}

/** The same query without what the database is known to do in another way than SQLite. */
export function portable<T>(part: T, dialect: Dialect): T {
  if (Array.isArray(part)) return part.map((item) => portable(item, dialect)) as T
  if (part === ESCAPED) return '%' as T
  if (typeof part !== 'object' || part === null || part instanceof Date) return part
  const made = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, portable(value, dialect)]))
  if (isNode(part)) {
    if (part.k === 'truth' && dialect === 'postgres') return counted(made.of as Condition) as T
    if (part.k === 'window' && made.orderBy !== undefined && dialect === 'postgres')
      return { ...made, orderBy: known(made.orderBy as Expr) } as T
    // The mean of integers is a decimal of some digits.
    if (part.k === 'aggregate' && made.name === 'avg') return { ...made, name: 'sum' } as T
  }
  // A comma binds less than a join.
  if ('from' in made && 'joins' in made) {
    const query = made as unknown as Select
    const [first, ...others] = query.from
    const crossed: Join[] = others.map((source) => ({ style: 'cross', source, on: [] }))
    const joined = { ...query, from: [first], joins: [...crossed, ...query.joins] } as Select
    return (dialect === 'mariadb' ? withoutFaults(joined) : joined) as T
  }
  // Nulls come last elsewhere.
  if ('by' in made && 'nulls' in made && dialect === 'postgres') return explicit(made as unknown as Order) as T
  return made as T
}

/** A number that came as a decimal, or a truth value where SQLite has a number. */
function plain(value: unknown, output: Output): unknown {
  if (output.read !== undefined && typeof output.read !== 'object') return value
  if (typeof output.read === 'object') {
    const { columns } = output.read
    if (Array.isArray(value)) return value.map((row) => plainRow(row as Any, columns))
    return value === null ? null : plainRow(value as Any, columns)
  }
  if (typeof value === 'boolean') return value ? 1 : 0
  if (output.type === 'time' && typeof value === 'string') {
    const time = new Date(`${value.replace(' ', 'T').slice(0, 23)}Z`)
    // What is no time, such as a year beyond those of JavaScript, is compared as it is.
    return Number.isNaN(time.getTime()) ? value : time.toISOString()
  }
  return output.type !== 'text' && typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value
}

export const plainRow = (row: Record<string, unknown>, outputs: readonly Output[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).map(([name, value], i) => [name, plain(value, outputs[i]!)]))

/** What came of the queries, by engine. */
export class Tally {
  compared = 0
  rows = 0
  readonly refused = new Map<string, number>()

  count(why: string): void {
    this.refused.set(why, (this.refused.get(why) ?? 0) + 1)
  }
}

/** Builds and runs one query in several ways, each of which has to give the rows of the oracle. */
export class EngineQuery {
  readonly #world: EngineWorld
  readonly #query: Select
  readonly #style: readonly number[]
  readonly #tally: Tally
  /** What the database says of queries that are right on SQLite alone. */
  readonly #known: readonly RegExp[]

  constructor(
    world: EngineWorld,
    dialect: Dialect,
    known: readonly RegExp[],
    tally: Tally,
    numbers: readonly number[],
    style: readonly number[],
  ) {
    this.#world = world
    this.#query = portable(new Describe(numbers).query(), dialect)
    this.#style = style
    this.#tally = tally
    this.#known = known
  }

  async run(): Promise<void> {
    const expected = expectedRows(this.#query, this.#world.content, 'value', true)
    const other = expectedRows(this.#query, this.#world.content, 'other', true)
    const { db } = this.#world
    let first: Any
    try {
      first = this.#build(db, 'value')
      first.compile()
    } catch (error) {
      if (!(error instanceof KantaError) || error.code !== 'unsupported') this.#fail('built', String(error), first)
      return this.#tally.count(`${error.message.split(' is not available')[0]} is not available`)
    }
    if (!(await this.#check('first', first, () => first.execute(), expected))) return
    await this.#check('other arguments', first, () => this.#build(db, 'other').execute(), other)
    await this.#check('again', first, () => first.execute(), expected)
    const stored = (fromJSON as Any)(db, JSON.parse(JSON.stringify(toJSON(first))), { trustText: true })
    await this.#check('from JSON', stored, () => stored.execute(), expected)
    await this.#check('stream', first, () => Array.fromAsync(first.stream(2)), expected)
    this.#tally.compared++
  }

  #build(db: Any, which: 'value' | 'other'): Any {
    return new Build(db, { style: new Choice(this.#style), which, noText: true }).select(this.#query)
  }

  async #check(label: string, query: Any, run: () => Promise<unknown>, { decoded }: Expected): Promise<boolean> {
    let rows: readonly Any[]
    try {
      rows = (await run()) as readonly Any[]
    } catch (cause) {
      const known = this.#known.find((pattern) => pattern.test(String(cause)))
      if (known === undefined) return this.#fail(label, String(cause), query)
      this.#tally.count(known.source)
      return false
    }
    this.#tally.rows += rows.length
    const { outputs } = this.#query
    const found = difference(
      this.#query,
      decoded,
      rows.map((row) => textOf(plainRow(row, outputs))),
    )
    if (found !== undefined) this.#fail(label, found, query)
    return true
  }

  #fail(label: string, what: string, query: Any): never {
    const big = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value)
    let text = ''
    try {
      const { sql, parameters } = query.compile()
      text = `${sql}\n${JSON.stringify(parameters, big)}`
    } catch (error) {
      text = String(error)
    }
    throw new Error(`${label}: ${what}\n\n${text}\n\n${JSON.stringify(this.#query, big)}`)
  }
}
