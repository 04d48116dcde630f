import { type CompletionCallbacks, ConnectionUse, type Session } from '../connect/index.ts'
import type { Dialect } from '../dialect/index.ts'
import type { Connection, ExecuteResult, MaybePromise, RunResult } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import type { Bound, Plan, RowDecoder } from '../plan/index.ts'
import type { ExecuteOptions } from '../sql/index.ts'
import { type Hook, notifyWatchers, type QueryEvent } from './hook.ts'
import { andThen, settleLater } from './maybe-promise.ts'
import { countRows, toResult } from './result.ts'

/** The executor of statements, as `Statement` needs it. */
export interface StatementRunner {
  readonly session: Session
  readonly dialect: Dialect
  readonly settings: { readonly hooks: readonly Hook[] }
  /** Is true if there are hooks and all of them only watch. */
  readonly hasOnlyWatchers: boolean
  /** Runs the work of a statement inside the hooks around it. */
  runInHooks<T>(statement: Statement, callbacks: CompletionCallbacks, work: () => Promise<T>): Promise<T>
  /** Runs a separate statement inside another one, on its connection. */
  runInside(outer: Statement, plan: Plan, args: readonly unknown[]): Promise<unknown[]>
  event(statement: Statement, streaming: boolean, callbacks: CompletionCallbacks): QueryEvent
  toError(cause: unknown, bound: Bound | undefined, written?: Connection | undefined): KantaError
}

/** A way to send a statement to the driver and to read the answer. */
export interface DriverCall {
  send(statement: Statement, connection: Connection): MaybePromise<unknown>
  read(statement: Statement, answer: unknown, connection: Connection): unknown
}

/** One run of a statement: it is sent on a connection, its answer is read, and watching hooks are notified. */
export class Statement {
  readonly runner: StatementRunner
  readonly call: DriverCall
  readonly plan: Plan
  readonly sql: string
  readonly parameters: readonly unknown[]
  connection: Connection | undefined = undefined
  /**
   * Lets a signal interrupt the statement. It is set if there is a signal, or if several statements share the
   * connection.
   */
  use: ConnectionUse | undefined = undefined
  #started: number

  constructor(runner: StatementRunner, call: DriverCall, plan: Plan, sql: string, parameters: readonly unknown[]) {
    this.runner = runner
    this.call = call
    this.plan = plan
    this.sql = sql
    this.parameters = parameters
    this.#started = runner.hasOnlyWatchers ? performance.now() : 0
  }

  /** Uses the connection that another statement has acquired. */
  join({ connection, use }: Statement): this {
    this.connection = connection
    this.use = use
    return this
  }

  /** Starts the clock for watching hooks again, where the statement has waited since it was made. */
  start(): void {
    if (this.runner.hasOnlyWatchers) this.#started = performance.now()
  }

  /** Reads the answer to this statement in a batch. */
  settle(answer: Promise<ExecuteResult>): Promise<unknown[]> {
    const read = (all: ExecuteResult) => receive(this, this.plan.result === 'rows' ? all.rows : all)
    return answer.then(read, (cause) => fail(this, cause)) as Promise<unknown[]>
  }

  /** Copies the statement for another connection. */
  copy(): Statement {
    return new Statement(this.runner, this.call, this.plan, this.sql, this.parameters)
  }

  /** Notifies watching hooks that it has ended. */
  end(error: unknown, value?: unknown): void {
    const { runner, plan, sql, parameters } = this
    if (!runner.hasOnlyWatchers) return
    const first = value === undefined ? 0 : 1
    const rows = error !== undefined ? undefined : this.call === FIRST ? first : countRows(value)
    const milliseconds = performance.now() - this.#started
    const level = error === undefined ? 'query' : 'error'
    const { facts } = plan
    // biome-ignore format: a spread would cost as much as the watchers
    const ended = { level, sql, parameters, facts, streaming: false, milliseconds, rows, error } as const
    notifyWatchers(runner.settings.hooks, ended)
  }

  /** Converts what was thrown to the user's error, with the statement and its parameters. */
  toError(cause: unknown): KantaError {
    return this.runner.toError(cause, this, this.plan.facts.readOnly ? undefined : this.connection)
  }

  /** Waits for the work that still runs on its connection. */
  async waitForPending(): Promise<void> {
    await this.use?.waitForPending()
  }
}

/** Runs a statement on its connection. Returns without a promise if the driver answers at once. */
export function runStatement(statement: Statement): MaybePromise<unknown> {
  let answer: MaybePromise<unknown>
  try {
    answer = statement.call.send(statement, statement.connection!)
  } catch (cause) {
    return fail(statement, cause)
  }
  return answer instanceof Promise ? settleLater(statement, answer, receive, fail) : receive(statement, answer)
}

/** Reads the answer and notifies watching hooks. */
function receive(statement: Statement, answer: unknown): unknown {
  let value: unknown
  try {
    value = statement.call.read(statement, answer, statement.connection!)
  } catch (cause) {
    return fail(statement, cause)
  }
  statement.end(undefined, value)
  return value
}

/** Notifies watching hooks and throws the user's error. */
function fail(statement: Statement, cause: unknown): never {
  const { runner, plan, connection } = statement
  const error = runner.toError(cause, statement, plan.facts.readOnly ? undefined : connection)
  statement.end(error)
  throw error
}

/** The errors of statements that got no connection. */
const unsent = new WeakSet<object>()

/** Tells whether a statement failed before it was sent, so that it surely had no effect. */
export const wasNotSent = (error: object): boolean => unsent.has(error)

function failUnsent(statement: Statement, cause: unknown): never {
  try {
    return fail(statement, cause)
  } catch (error) {
    unsent.add(error as KantaError)
    throw error
  }
}

/** Acquires a connection for a statement, runs work on it, and releases it when the work has ended. */
export function withConnection<R>(
  statement: Statement,
  options: ExecuteOptions | undefined,
  work: (statement: Statement) => MaybePromise<R>,
): MaybePromise<R> {
  const { session } = statement.runner
  const role = statement.plan.facts.readOnly ? 'read' : 'write'
  let connection: Connection | undefined
  try {
    connection = session.tryAcquire(role)
  } catch (cause) {
    return failUnsent(statement, cause)
  }
  if (connection !== undefined) return onConnection(connection, statement, options, work)
  return onLaterConnection(session.acquire(role, options?.signal), statement, options, work)
}

function onLaterConnection<R>(
  connection: Promise<Connection>,
  statement: Statement,
  options: ExecuteOptions | undefined,
  work: (statement: Statement) => MaybePromise<R>,
): Promise<R> {
  return connection.then(
    (waited) => {
      statement.start()
      return onConnection(waited, statement, options, work)
    },
    (cause) => failUnsent(statement, cause),
  )
}

function onConnection<R>(
  connection: Connection,
  statement: Statement,
  options: ExecuteOptions | undefined,
  work: (statement: Statement) => MaybePromise<R>,
): MaybePromise<R> {
  statement.connection = connection
  statement.use = options?.signal === undefined ? undefined : new ConnectionUse(connection, options)
  let result: MaybePromise<R>
  try {
    result = work(statement)
  } catch (error) {
    return releaseAndThrow(statement, error)
  }
  return result instanceof Promise
    ? settleLater<Statement, R, R>(statement, result, release, releaseAndThrow)
    : release(statement, result)
}

function release<R>(statement: Statement, value: R): R {
  const { connection, use, runner } = statement
  if (use === undefined) runner.session.release(connection!)
  else releaseOnceSettled(use, runner.session, connection!)
  return value
}

/** Releases a connection once no interrupted statement still runs on it. */
function releaseOnceSettled(use: ConnectionUse, session: Session, connection: Connection): void {
  use.release((broken) => session.release(connection, broken))
}

function releaseAndThrow(statement: Statement, error: unknown): never {
  release(statement, undefined)
  throw error
}

/** Returns the driver call for the result of a plan. */
export function callOf({ result }: Plan): DriverCall {
  switch (result) {
    case 'rows':
      return ALL
    case 'counts':
      return WRITE
    case 'unknown':
      return TEXT
    case 'rows read back':
      return READ_BACK
  }
}

type Send = DriverCall['send']

/** Makes a send that the signal of the statement can interrupt. */
const interruptibly =
  (send: Send): Send =>
  (statement, connection) => {
    const { use } = statement
    return use === undefined ? send(statement, connection) : sendInterruptibly(send, statement, connection, use)
  }

const sendInterruptibly = (
  send: Send,
  statement: Statement,
  connection: Connection,
  use: ConnectionUse,
): MaybePromise<unknown> => use.run(() => send(statement, connection))

const ALL: DriverCall = {
  send: interruptibly(({ sql, parameters, plan }, connection) =>
    connection.all(sql, parameters, plan.decoding.bigints),
  ),
  read({ plan, sql }, rows, connection) {
    const decoder = decoderOf(plan, sql, connection)
    return decoder === undefined ? rows : decoder.rows(rows as unknown[])
  },
}

/** The call that reads the first row only. */
export const FIRST: DriverCall = {
  send: interruptibly(({ sql, parameters, plan }, connection) =>
    connection.first(sql, parameters, plan.decoding.bigints),
  ),
  read({ plan, sql }, row, connection) {
    if (row === undefined) return undefined
    const decoder = decoderOf(plan, sql, connection)
    return decoder === undefined ? row : decoder.row(row)
  },
}

const write = interruptibly(({ sql, parameters }, connection) => connection.run(sql, parameters))

const WRITE: DriverCall = {
  send: write,
  read: ({ plan }, answer) => toResult(plan, answer as RunResult),
}

const execute = interruptibly(({ sql, parameters, plan }, connection) =>
  connection.execute(sql, parameters, plan.decoding.bigints),
)

/** The call for SQL text. Only its answer tells if it returns rows. */
const TEXT: DriverCall = {
  send: (statement, connection) =>
    andThen(execute(statement, connection), (answer) => {
      const { session, dialect } = statement.runner
      const leavesOpen = connection.inTransaction === true && session.pool !== undefined
      return leavesOpen ? andThen(connection.script(dialect.transaction.rollback), refuseBegin) : answer
    }),
  read({ plan, sql }, answer, connection) {
    const { rows, changes, insertId } = answer as ExecuteResult
    const decoder = rows.length === 0 ? undefined : decoderOf(plan, sql, connection)
    const id = insertId === undefined ? undefined : BigInt(insertId)
    return [{ rows: decoder?.rows(rows) ?? rows, numAffectedRows: BigInt(changes), insertId: id }]
  },
}

/** The call for an insert whose rows are read back by their keys, in other statements. */
const READ_BACK: DriverCall = {
  send: (statement, connection) => {
    const { plan, parameters, runner, use } = statement
    const back = plan.readBack!
    return runner.dialect.readBack!.read(back, parameters, {
      write: () => write(statement, connection) as MaybePromise<RunResult>,
      ask: (text) => use!.run(() => connection.first(text, [])),
      find: (keys) => runner.runInside(statement, back.plan, [keys]),
    })
  },
  read: (_, rows) => rows,
}

/** Returns the decoder from a connection's rows to the user's, or `undefined` if they are the same. */
export function decoderOf(
  { memos, columnsAtRunTime, decoding }: Plan,
  sql: string,
  connection: Connection,
): RowDecoder | undefined {
  if (memos.isDecoderKnown && !columnsAtRunTime) return memos.decoder
  return memos.decoderFor(connection.rows === 'array' ? connection.columns(sql) : undefined, decoding)
}

/** Refuses text that leaves a transaction open: on a pooled connection, it would include the statements of others. */
function refuseBegin(): never {
  throw new KantaError(
    'transaction',
    'The SQL text left a transaction open on a shared connection; it was rolled back. Use db.transaction(), or begin and commit inside db.connection().',
  )
}
