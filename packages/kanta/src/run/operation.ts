import type { Session } from '../connect/index.ts'
import type { Facts } from '../plan/index.ts'
import type { ExecuteOptions } from '../sql/index.ts'
import type { Hook } from './hook.ts'
import type { Logger } from './logger.ts'

/**
 * A piece of work that takes a connection of the pool: a statement, a stream, a batch, a transaction or the callback of
 * `connection()`; also a migration, on the connection of its run. Statements inside a transaction or a held connection are a part of its operation.
 */
export interface Operation {
  readonly kind: 'statement' | 'stream' | 'batch' | 'transaction' | 'connection' | 'migration'
  /** The name of a migration. */
  readonly name?: string | undefined
  /** The number of statements of a batch. */
  readonly size?: number | undefined
  /** The facts of a statement or a stream. */
  readonly facts?: Facts | undefined
  /** Is true if it surely changes nothing. */
  readonly readOnly: boolean
  /** Is true if its caller runs it again after a conflict, as a transaction with `retry()`. */
  readonly retries?: boolean | undefined
  /** Is true if it lasts until its caller ends it, so that it cannot be run again: a stream, `startTransaction()`. */
  readonly lasts?: boolean | undefined
  readonly signal: AbortSignal | undefined
  /** The notes that plugins left on the database for their hooks. */
  readonly notes: ReadonlyMap<symbol, unknown>
  readonly logger: Logger
}

/** Continues with an operation, under its own signal or under another one. */
export type NextOperation = (signal?: AbortSignal | undefined) => Promise<unknown>

/** The hooks of a database, and the settings that they get. */
export interface HookSettings {
  readonly hooks: readonly Hook[]
  readonly notes: ReadonlyMap<symbol, unknown>
  readonly logger: Logger
}

/** The facts of an operation itself. */
export type OperationFacts = Omit<Operation, 'notes' | 'logger'>

type Work<T> = (signal: AbortSignal | undefined) => Promise<T>

/** Checks if a hook runs around operations of a kind. */
export const isAround = (hook: Hook, kind: Operation['kind']): boolean =>
  hook.operation !== undefined && hook.operations?.includes(kind) !== false

/** Checks if some hook runs around operations of a session: not around what runs inside a transaction. */
export const hasOperationHooks = (hooks: readonly Hook[], session: Session, kind: Operation['kind']): boolean =>
  session.pool !== undefined && !session.inTransaction && hooks.some((hook) => isAround(hook, kind))

/** Runs an operation inside the hooks around operations, the first outermost. */
export function runOperation<T>(
  { hooks, notes, logger }: HookSettings,
  about: OperationFacts,
  work: Work<T>,
): Promise<T> {
  const from = (i: number, operation: Operation): Promise<unknown> => {
    const hook = hooks[i]
    if (hook === undefined) return work(operation.signal)
    if (!isAround(hook, operation.kind) || hook.isIdle?.() === true) return from(i + 1, operation)
    return hook.operation!(operation, (signal = operation.signal) =>
      from(i + 1, signal === operation.signal ? operation : Object.freeze({ ...operation, signal })),
    )
  }
  return from(0, Object.freeze({ ...about, notes, logger })) as Promise<T>
}

/** Runs an operation of a session inside the hooks around operations, if there are any. */
export function inOperation<T>(
  settings: HookSettings,
  session: Session,
  about: OperationFacts,
  work: Work<T>,
): Promise<T> {
  return hasOperationHooks(settings.hooks, session, about.kind)
    ? runOperation(settings, about, work)
    : work(about.signal)
}

/** Returns the options of a run with the signal of its operation. */
export const withSignal = (
  options: ExecuteOptions | undefined,
  signal: AbortSignal | undefined,
): ExecuteOptions | undefined => (signal === options?.signal ? options : { ...options, signal })

/** An operation that lasts until its caller ends it. */
export interface OpenOperation<T> {
  readonly value: T
  end(error?: unknown): void
}

/**
 * Begins an operation inside the hooks and leaves it open. For the hooks it ends with `end()`. Once it has begun, it is
 * not begun again: a hook that calls `next` again gets the error of `end()`.
 */
export function beginOperation<T>(
  settings: HookSettings,
  about: OperationFacts,
  begin: Work<T>,
): Promise<OpenOperation<T>> {
  return new Promise((resolve, reject) => {
    const ended = Promise.withResolvers<void>()
    let hasBegun = false
    const work = async (signal: AbortSignal | undefined): Promise<void> => {
      if (!hasBegun) {
        const value = await begin(signal)
        hasBegun = true
        resolve({ value, end: (error) => (error === undefined ? ended.resolve() : ended.reject(error)) })
      }
      return ended.promise
    }
    runOperation(settings, { ...about, lasts: true }, work).catch(reject)
  })
}
