import type { Connection, Driver, MaybePromise } from '../../driver/index.ts'
import { checkOptions, refuse, show } from '../../error/index.ts'

/** The next event on a driver: opening or closing a connection, or a statement. */
export interface FaultStep {
  readonly kind: 'connect' | 'close' | 'statement'
  readonly sql: string
  /** The number of the step, from 1 on. */
  readonly number: number
}

/** An error with which a step fails. */
export interface Fault {
  readonly error: Error
  /** Is true if the step happens all the same, and only its answer is lost. */
  readonly happens?: boolean | undefined
}

/** The options of `faulty()`. */
export interface FaultyOptions {
  /** Returns the fault of a step, if it is to have one. */
  fault?(step: FaultStep): Fault | undefined
  /** Answers with promises, as a database elsewhere does. */
  readonly later?: boolean | undefined
  /** Returns what a step waits for before it runs; only with `later`. */
  gate?(step: FaultStep): Promise<void> | undefined
}

/** A real driver, of which chosen steps fail. */
export interface Faulty extends Driver {
  readonly steps: readonly FaultStep[]
  readonly open: ReadonlySet<Connection>
  /** The number of times that the driver was closed. */
  readonly closed: number
  /** Decides what fails from now on. */
  options: FaultyOptions
}

/**
 * Makes a driver that fails on demand, around a real one: at any statement, and when connections open and close.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { sqlite } from 'kanta/sqlite'
 * import { faulty } from 'kanta/testing'
 *
 * const driver = faulty(sqlite(':memory:'))
 * const db = kanta<{ city: { id: number } }>({ driver })
 * driver.options = { fault: ({ sql }) => (sql.startsWith('select') ? { error: new Error('cut off') } : undefined) }
 * const failed = await db.selectFrom('city').selectAll().execute().catch((error) => error.cause.message) // 'cut off'
 * await db.destroy()
 * ```
 */
export function faulty(driver: Driver, options: FaultyOptions = {}): Faulty {
  if (typeof Object(driver).connect !== 'function') refuse(`faulty() takes a driver first, not ${show(driver)}.`)
  checkOptions('faulty()', options, ['fault', 'later', 'gate'])
  const steps: FaultStep[] = []
  const open = new Set<Connection>()
  let closed = 0

  const run = <T>(kind: FaultStep['kind'], sql: string, act: () => T): T => {
    const step: FaultStep = { kind, sql, number: steps.length + 1 }
    steps.push(step)
    const fault = it.options.fault?.(step)
    if (fault === undefined) return act()
    const happened: unknown = fault.happens === true ? act() : undefined
    if (happened instanceof Promise)
      return happened.then(() => {
        throw fault.error
      }) as T
    throw fault.error
  }
  /** At once, or as a promise. */
  const answer = <T>(kind: FaultStep['kind'], sql: string, act: () => T): MaybePromise<Awaited<T>> => {
    if (!it.options.later) return run(kind, sql, act) as Awaited<T>
    const wait = it.options.gate?.({ kind, sql, number: steps.length + 1 })
    return (async () => {
      await wait
      return await run(kind, sql, act)
    })() as Promise<Awaited<T>>
  }

  const wrap = (inner: Connection): Connection => {
    const connection: Connection = {
      rows: inner.rows,
      get inTransaction() {
        return inner.inTransaction
      },
      get isOpen() {
        return inner.isOpen!
      },
      ...(inner.cancel !== undefined && { cancel: () => inner.cancel!() }),
      ...(inner.kill !== undefined && { kill: () => inner.kill!() }),
      all: (sql, parameters, bigints) => answer('statement', sql, () => inner.all(sql, parameters, bigints)),
      first: (sql, parameters, bigints) => answer('statement', sql, () => inner.first(sql, parameters, bigints)),
      run: (sql, parameters) => answer('statement', sql, () => inner.run(sql, parameters)),
      execute: (sql, parameters, bigints) => answer('statement', sql, () => inner.execute(sql, parameters, bigints)),
      script: (sql) => answer('statement', sql, () => inner.script(sql)),
      columns: (sql) => inner.columns(sql),
      stream: (sql, parameters, chunkSize, bigints) =>
        run('statement', sql, () => inner.stream(sql, parameters, chunkSize, bigints)),
      close: () => {
        open.delete(connection)
        return answer('close', '', () => inner.close())
      },
    }
    open.add(connection)
    return connection
  }

  const it: Faulty = {
    dialect: driver.dialect,
    limits: driver.limits,
    address: driver.address,
    sharesStreams: driver.sharesStreams,
    ...(driver.holdsStreams !== undefined && { holdsStreams: driver.holdsStreams }),
    explainError: (cause) => driver.explainError(cause),
    connect: (role) =>
      answer('connect', role, () => {
        const connecting = driver.connect(role)
        return connecting instanceof Promise ? connecting.then(wrap) : wrap(connecting)
      }) as MaybePromise<Connection>,
    close: () => {
      closed++
      return driver.close?.()
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
