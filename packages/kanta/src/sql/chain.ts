import { KantaError, refuse, show } from '../error/index.ts'
import { isTransient, type Kind, type Kinds, keepOut, type Node, node, type Shape } from '../ir/index.ts'
import type { MergeBuilder } from './merge.ts'
import { markOperand, type Operand } from './operand.ts'

export interface ExecuteOptions {
  readonly signal?: AbortSignal | undefined
  readonly onAbort?: OnAbort | undefined
}

/** What becomes of a statement whose signal aborts while it runs. */
export type OnAbort = 'ignore' | 'cancel query' | 'kill connection'

/** What runs queries: a database, a transaction, or nothing for a query that is part of another. */
export interface Runner {
  execute(query: Chain, options: ExecuteOptions | undefined): Promise<unknown[]>
  first(query: Chain, options: ExecuteOptions | undefined): Promise<unknown>
  stream(query: Chain, chunkSize: number, options: ExecuteOptions | undefined): AsyncIterableIterator<unknown>
  compile(query: Chain): unknown
  /** Returns a builder of merges; throws where the database has none. */
  readonly MergeBuilder: typeof MergeBuilder
}

/** Where a database keeps its runner, for things that are run by `thing.execute(db)`. */
export const RUNNER: unique symbol = Symbol('runner')

export interface Runnable {
  readonly [RUNNER]: Runner
}

const fail = (): never => {
  throw new KantaError(
    'invalid_input',
    'This query is part of another and has no database of its own to run on. Build it from a database (db.selectFrom …) to run it.',
  )
}
/** The runner of queries that are only ever part of others. */
export const detached: Runner = {
  execute: fail,
  first: fail,
  stream: fail,
  compile: fail,
  get MergeBuilder() {
    return fail()
  },
}

/** A chain of calls: its shape, its arguments, and what can run it. Immutable: each call gives a new one. */
export class Chain<K extends Kind = Kind> implements Operand {
  readonly shape: Shape<K>
  readonly args: readonly unknown[]
  readonly runner: Runner

  constructor(shape: Shape<K>, args: readonly unknown[], runner: Runner) {
    this.shape = shape
    this.args = args
    this.runner = runner
  }

  /** The chain as a part of another query. */
  get node(): Node {
    const built = { kind: 'built', shape: this.shape as unknown as Shape } as const
    return isTransient(this.shape) ? keepOut(built) : node(built)
  }
}
markOperand(Chain.prototype)

/**
 * The method `then` of what runs by `execute()`, which `await` calls: a query that is awaited and not run would do
 * nothing, and nobody would say so. A function that returns a query must not be async for the same reason.
 */
export function rejectAwait(_: unknown, reject?: (error: KantaError) => unknown): unknown {
  const error = new KantaError(
    'invalid_input',
    'The query was awaited and not run. Call .execute(), with the database for SQL text. A function that returns a query, to be run later, must not be async.',
  )
  if (typeof reject !== 'function') throw error
  return reject(error)
}

/** What a callback of `$call` and its like makes of a chain. */
export function callWith<C, R>(chain: C, method: string, change: (chain: C) => R): R {
  return typeof change === 'function' ? change(chain) : refuse(`${method}(${show(change)}) takes a callback.`)
}

/** The chain that a callback of `$if` gives. */
export function changed<C extends object>(chain: C, change: (chain: C) => C, method = '$if'): C {
  const made = callWith(chain, method, change)
  return made instanceof Chain ? made : refuse(`The callback of ${method}() gave ${show(made)}. Return the query.`)
}

/** The name of a part of some kind. */
export type PartName = { [K in Kind]: keyof Kinds[K] & string }[Kind]

/** A chain one call longer. */
export function extend<
  C extends { readonly shape: object; readonly args: readonly unknown[]; readonly runner: Runner },
>(chain: C, part: PartName, value: unknown, args?: readonly unknown[]): C {
  const all =
    args === undefined || args.length === 0 ? chain.args : chain.args.length === 0 ? args : chain.args.concat(args)
  return new (chain.constructor as new (s: object, a: readonly unknown[], r: Runner) => C)(
    (chain.shape as Shape).step(part as never, value),
    all,
    chain.runner,
  )
}
