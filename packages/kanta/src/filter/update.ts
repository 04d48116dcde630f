import { checkOptions, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import { isPlain } from './problem.ts'

/** What an update does, as data. */
export interface UpdateParts {
  /** The new values by column. */
  readonly set?: Readonly<Record<string, unknown>> | undefined
  /** The columns that become null. */
  readonly unset?: readonly string[] | undefined
  /** The amounts by which columns grow; a null counts as 0. */
  readonly inc?: Readonly<Record<string, number | bigint | string>> | undefined
  /** The values that only an inserted row gets. */
  readonly setOnInsert?: Readonly<Record<string, unknown>> | undefined
}

const requests = new WeakMap<object, Required<{ [P in keyof UpdateParts]-?: NonNullable<UpdateParts[P]> }>>()

/** What an update does, made by `set()`, `inc()` and their like; no data is one. `R` holds the columns that it writes. */
export class UpdateRequest<out R> {
  declare protected readonly of: () => R

  /** Returns the parts as data. */
  toJSON(): UpdateParts {
    return partsOf(this)
  }
}

/**
 * Makes a request for an update from its parts. Columns that are `undefined` are left out.
 *
 * @throws KantaError `invalid_input` for a request that does nothing, and for a column in two parts.
 */
export function update<R = unknown>(parts: UpdateParts): UpdateRequest<R> {
  checkOptions('update()', parts, ['set', 'unset', 'inc', 'setOnInsert'])
  const unset = parts.unset ?? []
  if (!Array.isArray(unset) || unset.some((name) => typeof name !== 'string' || name === ''))
    refuse(`update(): 'unset' is a list of columns, not ${show(parts.unset)}.`)
  const made = {
    set: valuesOf('set', parts.set),
    unset: Object.freeze([...new Set(unset)]),
    inc: valuesOf('inc', parts.inc) as Readonly<Record<string, number | bigint | string>>,
    setOnInsert: valuesOf('setOnInsert', parts.setOnInsert),
  }
  for (const [column, amount] of Object.entries(made.inc)) checkAmount(column, amount)
  const written = [...Object.keys(made.set), ...made.unset, ...Object.keys(made.inc)]
  const twice = written.find((column, i) => written.indexOf(column) < i)
  if (twice !== undefined) refuse(`update(): '${twice}' is written twice. Name it in one of set, unset and inc.`)
  if (written.length + Object.keys(made.setOnInsert).length === 0)
    refuse('update() changes nothing: it has no column with a value. Leave the update out instead.')
  const request = new UpdateRequest<R>()
  requests.set(request, Object.freeze(made))
  return Object.freeze(request) as UpdateRequest<R>
}

function valuesOf(part: string, values: unknown): Readonly<Record<string, unknown>> {
  if (values === undefined) return {}
  if (!isPlain(values)) return refuse(`update(): '${part}' is an object of columns and values, not ${show(values)}.`)
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(given))) as Record<string, unknown>
}

function checkAmount(column: string, amount: unknown): void {
  const isAmount =
    typeof amount === 'bigint' ||
    (typeof amount === 'number' && Number.isFinite(amount)) ||
    (typeof amount === 'string' && /^-?\d+(?:\.\d+)?$/.test(amount))
  if (!isAmount) refuse(`inc(): '${column}' cannot grow by ${show(amount)}. Give a number, a bigint or a decimal.`)
}

/**
 * Returns the parts of a request.
 *
 * @throws KantaError `invalid_input` for anything but a request.
 */
export function partsOf(request: unknown): Required<{ [P in keyof UpdateParts]-?: NonNullable<UpdateParts[P]> }> {
  const parts = typeof request === 'object' && request !== null ? requests.get(request) : undefined
  return (
    parts ?? refuse(`${show(request)} is no request for an update. Make one with set(), inc(), unset() or update().`)
  )
}

/** Tells whether a value is a request for an update. */
export const isUpdateRequest = (value: unknown): value is UpdateRequest<unknown> =>
  typeof value === 'object' && value !== null && requests.has(value)

/** Sets columns to values. */
export const set = <R extends object>(values: R): UpdateRequest<R> => update({ set: values as never })
/** Sets columns to null. */
export const unset = <const C extends string>(...columns: readonly C[]): UpdateRequest<{ readonly [P in C]: null }> =>
  update({ unset: columns })
/**
 * Adds to columns; a null counts as 0.
 *
 * @example
 * ```ts
 * import { combineUpdates, inc, set, setOf } from 'kanta/filter'
 *
 * const changes = setOf(combineUpdates(set({ name: 'Turku' }), inc({ population: 100 })))
 * ```
 */
export const inc = <R extends Readonly<Record<string, number | bigint | string>>>(
  amounts: R,
): UpdateRequest<{ readonly [P in keyof R]: R[P] extends number ? number : R[P] extends bigint ? bigint : string }> =>
  update({ inc: amounts })
/** Sets columns only of a row that the update inserts. */
export const setOnInsert = <R extends object>(values: R): UpdateRequest<{}> => update({ setOnInsert: values as never })

type PartsOfAll<U> = (U extends UpdateRequest<infer R> ? (row: R) => void : never) extends (row: infer I) => void
  ? I
  : never

/** Joins requests; of a column that two of them write, the later one counts. */
export function combineUpdates<const U extends readonly UpdateRequest<unknown>[]>(
  ...all: U
): UpdateRequest<PartsOfAll<U[number]>> {
  const [set, inc, setOnInsert] = [{}, {}, {}] as Record<string, never>[]
  let unset: string[] = []
  for (const parts of all.map(partsOf)) {
    for (const column of [...Object.keys(parts.set), ...parts.unset, ...Object.keys(parts.inc)]) {
      delete set![column]
      delete inc![column]
      unset = unset.filter((name) => name !== column)
    }
    Object.assign(set!, parts.set)
    Object.assign(inc!, parts.inc)
    Object.assign(setOnInsert!, parts.setOnInsert)
    unset.push(...parts.unset)
  }
  return update({ set, unset, inc, setOnInsert } as UpdateParts)
}

/**
 * Returns what `set()` of an update takes: the values, null for what is unset, and for what grows an expression.
 *
 * @throws KantaError `invalid_input` for what is no request, and for one that only says what an inserted row gets.
 *
 * @example
 * ```ts
 * import { combineUpdates, inc, set, setOf } from 'kanta/filter'
 *
 * const changes = setOf(combineUpdates(set({ name: 'Turku' }), inc({ population: 100 })))
 * ```
 */
export function setOf<R>(request: UpdateRequest<R>): { readonly [C in keyof R]: R[C] } {
  const { set, unset, inc } = partsOf(request)
  const changes: Record<string, unknown> = { ...set }
  for (const column of unset) changes[column] = null
  for (const [column, amount] of Object.entries(inc)) changes[column] = growth(column, amount)
  if (Object.keys(changes).length === 0) refuse('The update changes nothing of a row that is there.')
  return changes as never
}

type Builder = ((left: unknown, op: string, right: unknown) => unknown) & {
  readonly fn: { coalesce(...values: readonly unknown[]): unknown }
  lit(value: number): unknown
}

const growth = (column: string, amount: unknown) => (eb: Builder) => eb(eb.fn.coalesce(column, eb.lit(0)), '+', amount)

/** Returns the row that an upsert inserts: what grows begins with its amount, and what is unset keeps its default. */
export function insertOf<R>(request: UpdateRequest<R>): { readonly [C in keyof R]?: R[C] } {
  const { set, inc, setOnInsert } = partsOf(request)
  return { ...inc, ...set, ...setOnInsert } as never
}
