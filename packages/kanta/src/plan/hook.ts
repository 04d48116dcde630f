import type { Node } from '../ir/index.ts'
import type { Context } from './context.ts'
import type { Facts } from './resolve.ts'

/** A policy that a statement does without, and why. */
export interface Exemption {
  readonly policy: string
  /** What takes its place, such as `with deleted`; absent where the policy is off. */
  readonly mode?: string | undefined
  readonly reason?: string | undefined
}

/** What a hook sees of a statement that is about to run. */
export interface QueryEvent {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly facts: Facts
  readonly streaming: boolean
  readonly inTransaction: boolean
  /** The values that policies read, as they are for this run. */
  readonly context: Context
  /** The policies that it does without. */
  readonly exemptions: readonly Exemption[]
  /** Calls back once what the statement did lasts: after the commit, or after the statement where it is alone. */
  afterCommit(callback: () => unknown): void
  /**
   * Calls back once what the statement did lasts or may last, before all who wait for the commit: also where the
   * outcome is unknown, then when nothing more can come of it. What it throws is lost.
   */
  onLasting(callback: () => unknown): void
  /** The transaction that it is part of, to tell it from others. */
  readonly transaction: object | undefined
  /** What plugins have left with the database for their hooks. */
  readonly notes: ReadonlyMap<symbol, unknown>
  /** How it may be answered without the database: of reads that are part of nothing else. */
  readonly reading: Reading | undefined
}

/** A read that may be answered without the database. */
export interface Reading {
  /** Whether only the first row is asked for. */
  readonly single: boolean
  /** The columns that are decoded and by which codec, as text. */
  readonly decoding: string
  readonly signal: AbortSignal | undefined
  /** Runs it once more on a connection of its own: by no signal, and not through the hooks that answer. */
  again(): Promise<unknown[]>
}

/** A statement that has ended, as hooks that only watch are told of it. */
export interface EndedQuery {
  readonly level: 'query' | 'error'
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly facts: Facts
  readonly streaming: boolean
  /** From its start to its end. */
  readonly milliseconds: number
  /** What it failed with. */
  readonly error: unknown
}

/** Goes around each run, or only watches how it ends, which costs next to nothing: one of the two. */
export interface Hook {
  readonly name: string
  /**
   * Whether it answers in place of the database: then it comes after all others, a connection for a read is taken only
   * when it calls `next`, and it sees what plugins run themselves as well.
   */
  readonly answers?: boolean | undefined
  /** Whether `around` would do nothing but go on for a statement, so that it need not be called. */
  passes?(facts: Facts, notes: ReadonlyMap<symbol, unknown>): boolean
  /** Calls `next` to go on, and may wait, look at the result or throw. */
  around?(event: QueryEvent, next: () => Promise<unknown>): Promise<unknown>
  /** Told of each statement once it has ended. */
  watch?(ended: EndedQuery): void
}

/** What a companion sees: a statement in a transaction, which more statements may join. */
export interface Company {
  readonly facts: Facts
  /** The kind of statement that the user asked for, and the statement as it runs, policies applied. */
  readonly asked: Node['kind']
  readonly tree: Node
  readonly context: Context
  readonly exemptions: readonly Exemption[]
  /** The arguments of the statement, those of policies after those of the user. */
  readonly args: readonly unknown[]
  /** What policies tell of it. */
  readonly told: readonly object[]
  /**
   * Runs a statement that is made of this one, with the same arguments: its rows. It is planned once under its key; no
   * policy and no companion sees it. Values of its own it takes as literals or as a `context` node. Its rows are read by
   * the codecs of their columns; or as the statement's own would come, under the names of the program (`as asked`), or
   * as the database holds them, which is exact and can be written back (`as stored`).
   */
  derive(
    key: string,
    make: (tree: Node) => Node,
    rows?: 'as asked' | 'as stored' | undefined,
  ): Promise<Record<string, unknown>[]>
  /** The transaction that it runs in, without plugins: a `Transaction`. */
  readonly db: unknown
  /** The same transaction with the plugins, context and exemptions of the statement. */
  readonly plugged: unknown
}

/**
 * Goes along with statements in one transaction with them: what it adds and they themselves take effect together, or
 * not at all. `next` runs the statement and gives its rows, or its result in an array.
 */
export interface Companion {
  readonly name: string
  /** Whether it goes along with a statement, by what is known of it and what policies tell; asked once for each shape. */
  joins(facts: Facts, told: readonly object[]): boolean
  around(company: Company, next: () => Promise<unknown[]>): Promise<unknown[]>
}

/** Those that answer come last. */
export function orderHooks(hooks: readonly Hook[]): readonly Hook[] {
  return [...hooks.filter((hook) => hook.answers !== true), ...hooks.filter((hook) => hook.answers === true)]
}

/** The same hooks, of which none answers: they only hear what is read and written. */
export function listening(hooks: readonly Hook[]): readonly Hook[] {
  return hooks.map((hook) => (hook.answers === true ? { name: hook.name, around: aroundOf(hook) } : hook))
}

type Around<E> = (event: E, next: () => Promise<unknown>) => Promise<unknown>

/** Runs `work` inside all hooks, the first outermost. */
export function throughHooks<T>(hooks: readonly Hook[], event: QueryEvent, work: () => Promise<T>): Promise<T> {
  return through(hooks.map(aroundOf), event, work)
}

/** Runs `work` inside all companions, the first outermost. */
export function throughCompanions<T>(all: readonly Companion[], company: Company, work: () => Promise<T>): Promise<T> {
  const arounds = all.map(
    (one): Around<Company> =>
      (event, next) =>
        one.around(event, next as () => Promise<unknown[]>),
  )
  return through(arounds, company, work)
}

function through<E, T>(arounds: readonly Around<E>[], event: E, work: () => Promise<T>): Promise<T> {
  const from = (i: number): Promise<T> => {
    const around = arounds[i]
    return around === undefined ? work() : (around(event, () => from(i + 1)) as Promise<T>)
  }
  return from(0)
}

function aroundOf(hook: Hook): Around<QueryEvent> {
  if (hook.around !== undefined) return (event, next) => hook.around!(event, next)
  return async ({ sql, parameters, facts, streaming }, next) => {
    const started = performance.now()
    let error: unknown
    try {
      return await next()
    } catch (cause) {
      error = cause
      throw cause
    } finally {
      const level = error === undefined ? 'query' : 'error'
      hook.watch?.({ level, sql, parameters, facts, streaming, milliseconds: performance.now() - started, error })
    }
  }
}
