import type { Connection, Driver, MaybePromise } from '../../src/driver/index.ts'

/** What is about to happen on a driver: opening or closing a connection, or a statement. */
export interface Step {
  readonly kind: 'connect' | 'close' | 'statement'
  readonly sql: string
  /** Which step of all, from 1. */
  readonly number: number
}

export interface FaultyOptions {
  /** An error to fail with, at or instead of the step. */
  fault?(step: Step): Fault | undefined
  /** Answers with promises, as a database elsewhere does. */
  readonly later?: boolean
  /** What a statement waits for before it runs; only with `later`. */
  gate?(step: Step): Promise<void> | undefined
}

export interface Fault {
  readonly error: Error
  /** Whether the step happens all the same, and only its answer is lost. */
  readonly happens?: boolean
}

/** A real driver, of which chosen steps fail, and which tells what is open. */
export interface Faulty extends Driver {
  readonly steps: readonly Step[]
  readonly open: ReadonlySet<Connection>
  readonly closed: number
  /** Replaces the faults. */
  options: FaultyOptions
}

export function faulty(driver: Driver, options: FaultyOptions = {}): Faulty {
  const steps: Step[] = []
  const open = new Set<Connection>()
  let closed = 0

  const step = <T>(kind: Step['kind'], sql: string, act: () => T): T => {
    const step: Step = { kind, sql, number: steps.length + 1 }
    steps.push(step)
    const fault = it.options.fault?.(step)
    if (fault?.happens) act()
    if (fault !== undefined) throw fault.error
    return act()
  }
  /** At once, or as a promise. */
  const answer = <T>(kind: Step['kind'], sql: string, act: () => T): MaybePromise<Awaited<T>> => {
    if (!it.options.later) return step(kind, sql, act) as Awaited<T>
    const wait = it.options.gate?.({ kind, sql, number: steps.length + 1 })
    return (async () => {
      await wait
      return await step(kind, sql, act)
    })() as Promise<Awaited<T>>
  }

  const wrap = (inner: Connection): Connection => {
    const connection: Connection = {
      rows: inner.rows,
      get inTransaction() {
        return inner.inTransaction
      },
      all: (sql, parameters, bigints) => answer('statement', sql, () => inner.all(sql, parameters, bigints)),
      first: (sql, parameters, bigints) => answer('statement', sql, () => inner.first(sql, parameters, bigints)),
      run: (sql, parameters) => answer('statement', sql, () => inner.run(sql, parameters)),
      execute: (sql, parameters, bigints) => answer('statement', sql, () => inner.execute(sql, parameters, bigints)),
      script: (sql) => answer('statement', sql, () => inner.script(sql)),
      columns: (sql) => inner.columns(sql),
      stream: (sql, parameters, chunkSize, bigints) => inner.stream(sql, parameters, chunkSize, bigints),
      close: () => {
        open.delete(connection)
        return answer('close', '', () => inner.close())
      },
    }
    return connection
  }

  const it: Faulty = {
    dialect: driver.dialect,
    limits: driver.limits,
    sharesStreams: driver.sharesStreams,
    explainError: (cause) => driver.explainError(cause),
    connect: (role) =>
      answer('connect', role, () => {
        const connection = wrap(driver.connect(role) as Connection)
        open.add(connection)
        return connection
      }) as MaybePromise<Connection>,
    close: () => {
      closed++
    },
    options,
    steps,
    open,
    get closed() {
      return closed
    },
  }
  return it
}

/** An error as the library throws it when the connection to the file is lost. */
export function lostConnection(): Error {
  return Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 })
}

/** An error as the library throws it for a lock. */
export function locked(): Error {
  return Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 })
}
