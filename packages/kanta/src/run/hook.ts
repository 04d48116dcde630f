import type { Context, Exemption, Facts } from '../plan/index.ts'

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

/** Those that answer come last. */
export function orderHooks(hooks: readonly Hook[]): readonly Hook[] {
  return [...hooks.filter((hook) => hook.answers !== true), ...hooks.filter((hook) => hook.answers === true)]
}

/** The same hooks, of which none answers: they only hear what is read and written. */
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
    chain = buildChain(hooks, 0)
    chains.set(hooks, chain)
  }
  return chain
}

function buildChain(hooks: readonly Hook[], from: number): HookChain {
  const hook = hooks[from]
  if (hook === undefined) return (_, work) => work()
  const around = aroundOf(hook) as (event: QueryEvent, next: Next) => Promise<never>
  if (from === hooks.length - 1) return around
  const inner = buildChain(hooks, from + 1)
  return (event, work) => around(event, () => inner(event, work))
}

/** Tells the hooks that only watch of a statement that has ended. */
export function notifyWatchers(hooks: readonly Hook[], ended: EndedQuery): void {
  for (const hook of hooks) hook.watch?.(ended)
}

function aroundOf(hook: Hook): (event: QueryEvent, next: Next) => Promise<unknown> {
  return hook.around === undefined ? watchAround(hook) : hook.around.bind(hook)
}

/** Watches a statement among hooks that go around it. */
function watchAround(hook: Hook): NonNullable<Hook['around']> {
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
