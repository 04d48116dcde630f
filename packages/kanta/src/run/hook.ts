import type { Node } from '../ir/index.ts'
import type { Context, Exemption, Facts } from '../plan/index.ts'
import type { NextOperation, Operation } from './operation.ts'
import { countRows } from './result.ts'

/** The statement that is about to run, as hooks see it. */
export interface QueryEvent {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly facts: Facts
  readonly streaming: boolean
  readonly inTransaction: boolean
  /** The values that policies read in this run. */
  readonly context: Context
  /** The policies that are disabled for this statement. */
  readonly exemptions: readonly Exemption[]
  /** Calls `callback` after the commit, or after the statement if it runs outside a transaction. */
  afterCommit(callback: () => unknown): void
  /**
   * Calls `callback` once the statement is committed or may be, before all `afterCommit()` callbacks. If the outcome is
   * unknown, it is called when the statement can no longer take effect. Errors of the callback are ignored.
   */
  onLasting(callback: () => unknown): void
  /**
   * Calls `callback` once the statement is rolled back: its transaction, an outer one, or to a savepoint before it.
   * Outside a transaction it is never called.
   */
  afterRollback(callback: () => unknown): void
  /** The identity of the transaction in which it runs. */
  readonly transaction: object | undefined
  /** The notes that plugins left on the database for their hooks. */
  readonly notes: ReadonlyMap<symbol, unknown>
  /** The read that the hook may answer in place of the database; `undefined` for writes and inside transactions. */
  readonly reading: Reading | undefined
}

/** A read that a hook may answer in place of the database. */
export interface Reading {
  /** Is true if only the first row is requested. */
  readonly single: boolean
  /** A text that names the decoded columns and their codecs. */
  readonly decoding: string
  readonly signal: AbortSignal | undefined
  /** Runs the read once more on another connection, without its signal and without the hooks that answer. */
  again(): Promise<unknown[]>
}

/** A statement that has ended, as hooks see it that only watch. */
export interface EndedQuery {
  readonly level: 'query' | 'error'
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly facts: Facts
  readonly streaming: boolean
  /** The milliseconds from its start to its end. */
  readonly milliseconds: number
  /** The number of rows that it returned or changed; `undefined` for a stream and for a failed statement. */
  readonly rows: number | undefined
  /** The error of a statement that failed. */
  readonly error: unknown
}

/**
 * A hook: code around each run, or a cheaper observer of how each run ends. It has at most one of `around` and `watch`.
 */
export interface Hook {
  readonly name: string
  /**
   * Is true if it answers reads in place of the database. Then it comes after all other hooks, a read takes a
   * connection only when it calls `next`, and it also sees the statements of plugins.
   */
  readonly answers?: boolean | undefined
  /** Is true if `around` does nothing for a statement and need not be called. */
  passes?(facts: Facts, notes: ReadonlyMap<symbol, unknown>): boolean
  /** Is true while the hook does nothing, such as one for traces while nobody listens. It is called with each run. */
  isIdle?(): boolean
  /** Runs around the statement: calls `next` to continue, and may wait, read the result or throw. */
  around?(event: QueryEvent, next: () => Promise<unknown>): Promise<unknown>
  /** Called with each statement once it has ended. */
  watch?(ended: EndedQuery): void
  /**
   * Called in the call that runs a statement, before the statement waits for anything, so that the stack and the
   * asynchronous scope are those of the caller. An error that it throws fails the run.
   */
  called?(facts: Facts, sql: string, parameters: () => readonly unknown[], tree: Node): void
  /**
   * Runs around an operation: calls `next` to continue, and may wait before, call it again, or throw. See
   * {@link Operation}.
   */
  operation?(operation: Operation, next: NextOperation): Promise<unknown>
  /** The kinds of operations that `operation` is for. Default: all. */
  readonly operations?: readonly Operation['kind'][] | undefined
}

/** Orders hooks: those that answer come last. */
export function orderHooks(hooks: readonly Hook[]): readonly Hook[] {
  return [...hooks.filter((hook) => hook.answers !== true), ...hooks.filter((hook) => hook.answers === true)]
}

/** Returns the same hooks, but none of them answers: they only see reads and writes. */
export function withoutAnswers(hooks: readonly Hook[]): readonly Hook[] {
  return hooks.map((hook) => (hook.answers === true ? { name: hook.name, around: aroundOf(hook) } : hook))
}

type Next = () => Promise<unknown>

/** Runs work inside all hooks of a database, the first outermost. */
export type HookChain = <T>(event: QueryEvent, work: () => Promise<T>) => Promise<T>

const chains = new WeakMap<readonly Hook[], HookChain>()

/** Returns the chain of these hooks, which is made once. */
export function chainOf(hooks: readonly Hook[]): HookChain {
  let chain = chains.get(hooks)
  if (chain === undefined) {
    chain = buildChain(
      hooks.filter(({ around, watch }) => (around ?? watch) !== undefined),
      0,
    )
    chains.set(hooks, chain)
  }
  return chain
}

function buildChain(hooks: readonly Hook[], from: number): HookChain {
  const hook = hooks[from]
  if (hook === undefined) return (_, work) => work()
  const around = aroundUnlessIdle(hook) as (event: QueryEvent, next: Next) => Promise<never>
  if (from === hooks.length - 1) return around
  const inner = buildChain(hooks, from + 1)
  return (event, work) => around(event, () => inner(event, work))
}

/** Returns what tells whether all hooks around statements are idle; `undefined` where one never is. */
export function idlenessOf(hooks: readonly Hook[]): (() => boolean) | undefined {
  const [first, ...others] = hooks.filter(({ around, watch }) => (around ?? watch) !== undefined)
  if (first?.isIdle === undefined || others.some(({ isIdle }) => isIdle === undefined)) return undefined
  return others.length === 0 ? () => first.isIdle!() : () => first.isIdle!() && others.every((hook) => hook.isIdle!())
}

/** Notifies the hooks that only watch of a statement that has ended. */
export function notifyWatchers(hooks: readonly Hook[], ended: EndedQuery): void {
  for (const hook of hooks) hook.watch?.(ended)
}

function aroundOf(hook: Hook): (event: QueryEvent, next: Next) => Promise<unknown> {
  return hook.around === undefined ? watchAround(hook) : hook.around.bind(hook)
}

function aroundUnlessIdle(hook: Hook): (event: QueryEvent, next: Next) => Promise<unknown> {
  const around = aroundOf(hook)
  return hook.isIdle === undefined ? around : (event, next) => (hook.isIdle!() ? next() : around(event, next))
}

/** Returns an `around` for a hook that only watches. */
function watchAround(hook: Hook): NonNullable<Hook['around']> {
  return async ({ sql, parameters, facts, streaming }, next) => {
    const started = performance.now()
    let error: unknown
    let rows: number | undefined
    try {
      const result = await next()
      rows = countRows(result)
      return result
    } catch (cause) {
      error = cause
      throw cause
    } finally {
      const level = error === undefined ? 'query' : 'error'
      hook.watch?.({ level, sql, parameters, facts, streaming, milliseconds: performance.now() - started, rows, error })
    }
  }
}
