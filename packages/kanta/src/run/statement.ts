import { type CompletionCallbacks, ConnectionUse, type Session } from '../connect/index.ts'
import type { Dialect } from '../dialect/index.ts'
import type { Connection, ExecuteResult, MaybePromise, RunResult } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import type { Bound, Plan, RowDecoder } from '../plan/index.ts'
import type { ExecuteOptions } from '../sql/index.ts'
import { type Hook, notifyWatchers, type QueryEvent } from './hook.ts'
import { andThen, settleLater } from './maybe-promise.ts'
import { toResult } from './result.ts'

/** Where statements run: an executor. */
export interface StatementRunner {
  readonly session: Session
  readonly dialect: Dialect
  readonly settings: { readonly hooks: readonly Hook[] }
  /** Whether all hooks only watch, and there are some. */
  readonly hasOnlyWatchers: boolean
  /** Does the work of a statement inside the hooks that go around it. */
  runInHooks<T>(statement: Statement, callbacks: CompletionCallbacks, work: () => Promise<T>): Promise<T>
  /** Runs a statement of its own inside of another, on its connection. */
  runInside(outer: Statement, plan: Plan, args: readonly unknown[]): Promise<unknown[]>
  event(statement: Statement, streaming: boolean, callbacks: CompletionCallbacks): QueryEvent
  toError(cause: unknown, bound: Bound | undefined, written?: Connection | undefined): KantaError
}

/** How a statement is sent to the driver, and what its answer is to the user. */
export interface DriverCall {
  send(statement: Statement, connection: Connection): MaybePromise<unknown>
  read(statement: Statement, answer: unknown, connection: Connection): unknown
}

/** One statement on its way: sent on a connection, its answer read, and who watches told. */
export class Statement {
  readonly runner: StatementRunner
  readonly call: DriverCall
  readonly plan: Plan
  readonly sql: string
  readonly parameters: readonly unknown[]
  connection: Connection | undefined = undefined
  /** What lets a signal interrupt it; only where there is a signal, or several statements share the connection. */
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

  /** Puts it on a connection that another statement has taken. */
  join({ connection, use }: Statement): this {
    this.connection = connection
    this.use = use
    return this
  }

  /** Starts the time that who watches is told. */
  start(): void {
    if (this.runner.hasOnlyWatchers) this.#started = performance.now()
  }

  /** Reads what a batch says that it did. */
  settle(answer: Promise<ExecuteResult>): Promise<unknown[]> {
    const read = (all: ExecuteResult) => receive(this, this.plan.result === 'rows' ? all.rows : all)
    return answer.then(read, (cause) => fail(this, cause)) as Promise<unknown[]>
  }

  /** The same statement, for another connection. */
  copy(): Statement {
    return new Statement(this.runner, this.call, this.plan, this.sql, this.parameters)
  }

  /** Tells those who watch that it has ended. */
  end(error: unknown): void {
    const { runner, plan, sql, parameters } = this
    if (!runner.hasOnlyWatchers) return
    const milliseconds = performance.now() - this.#started
    const level = error === undefined ? 'query' : 'error'
    notifyWatchers(runner.settings.hooks, {
      ...{ level, sql, parameters, facts: plan.facts, streaming: false, milliseconds, error },
    })
  }

  /** The error that the user gets, with the statement and its parameters. */
  toError(cause: unknown): KantaError {
    return this.runner.toError(cause, this, this.plan.facts.readOnly ? undefined : this.connection)
  }

  /** Waits for what still runs on its connection. */
  async waitForPending(): Promise<void> {
    await this.use?.waitForPending()
  }
}

/** Runs a statement on its connection. It goes on at once where the driver answers at once. */
export function runStatement(statement: Statement): MaybePromise<unknown> {
  statement.start()
  let answer: MaybePromise<unknown>
  try {
    answer = statement.call.send(statement, statement.connection!)
  } catch (cause) {
    return fail(statement, cause)
  }
  return answer instanceof Promise ? settleLater(statement, answer, receive, fail) : receive(statement, answer)
}

/** Reads the answer, and tells who watches. */
function receive(statement: Statement, answer: unknown): unknown {
  let value: unknown
  try {
    value = statement.call.read(statement, answer, statement.connection!)
  } catch (cause) {
    return fail(statement, cause)
  }
  statement.end(undefined)
  return value
}

/** Throws the error that the user gets, having told who watches. */
function fail(statement: Statement, cause: unknown): never {
  const { runner, plan, connection } = statement
  const error = runner.toError(cause, statement, plan.facts.readOnly ? undefined : connection)
  statement.end(error)
  throw error
}

/** Takes a connection for a statement, does work on it, and gives it back once the work has ended. */
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
    return fail(statement, cause)
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
    (waited) => onConnection(waited, statement, options, work),
    (cause) => fail(statement, cause),
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

/** Gives a connection back once nothing runs on it any more that its signal has left behind. */
function releaseOnceSettled(use: ConnectionUse, session: Session, connection: Connection): void {
  use.release((broken) => session.release(connection, broken))
}

function releaseAndThrow(statement: Statement, error: unknown): never {
  release(statement, undefined)
  throw error
}

/** Returns the call that a plan asks for. */
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

/** Sends what the signal of the statement can interrupt. */
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

/** The first row alone, the others unread. */
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

const execute = interruptibly(({ sql, parameters }, connection) => connection.execute(sql, parameters))

/** Text of the user's own: whether it gives rows is known when it has run. */
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

/** An insert whose rows are read by their keys, in other statements. */
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

/** Returns what makes a connection's rows into the user's. */
export function decoderOf(
  { memos, columnsAtRunTime, decoding }: Plan,
  sql: string,
  connection: Connection,
): RowDecoder | undefined {
  if (memos.isDecoderKnown && !columnsAtRunTime) return memos.decoder
  return memos.decoderFor(connection.rows === 'array' ? connection.columns(sql) : undefined, decoding)
}

/** A connection that goes back to the pool inside a transaction would take the work of others into it. */
function refuseBegin(): never {
  throw new KantaError(
    'transaction',
    'The text left a transaction open on a connection that others use; it was rolled back. Use db.transaction(), or begin and commit inside db.connection().',
  )
}
