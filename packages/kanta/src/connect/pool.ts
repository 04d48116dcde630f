import { type Connection, type Driver, type MaybePromise, PATIENCE, type Role, within } from '../driver/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import { cancelled, failure, suppress } from './failure.ts'
import { Line } from './line.ts'

/** How a database is closed. */
export interface DestroyOptions {
  /** The milliseconds after which work that goes on loses its connection; for ever unless said. */
  readonly timeout?: number | undefined
}

/** How long work waits for a connection. */
export interface PoolOptions {
  /**
   * The milliseconds after which a connection to a server that nobody used is tried before it is used again; 30 000
   * unless said.
   */
  readonly validateAfter?: number | undefined
  /** The milliseconds after which waiting for a connection is an error; 30 000 unless said, Infinity for ever. */
  readonly acquireTimeout?: number | undefined
}

/** The connections of one role. */
interface Lane {
  readonly role: Role
  readonly limit: number
  /** How many are open or being opened. */
  open: number
  /** How many are being opened. */
  opening: number
  readonly free: Connection[]
  readonly line: Line
}

const lane = (role: Role, limit: number): Lane => ({ role, limit, open: 0, opening: 0, free: [], line: new Line() })

/**
 * The connections of a database: opened when they are first needed, never more than the driver's limits, and given to
 * those who wait in the order in which they came.
 */
export class Pool {
  readonly driver: Driver
  readonly acquireTimeout: number
  readonly #write: Lane
  /** The same as the lane of the writers where the driver has no readers. */
  readonly #read: Lane
  readonly #open = new Set<Connection>()
  readonly #readers = new Set<Connection>()
  /** Since when connections to a server are free. */
  readonly #freeSince = new WeakMap<Connection, number>()
  readonly #validateAfter: number
  /** What the connections are held for that are held for longer than a statement. */
  readonly #purposes = new Map<Connection, { purpose: string; since: number }>()
  #closing = false
  /** Whether nothing is waited for any more. */
  #over = false
  #closed: Promise<void> | undefined
  #idle: (() => void) | undefined

  constructor(driver: Driver, { acquireTimeout = 30_000, validateAfter = 30_000 }: PoolOptions = {}) {
    if (typeof acquireTimeout !== 'number' || !(acquireTimeout > 0)) {
      refuse(`acquireTimeout is a number of milliseconds above 0, or Infinity, not ${String(acquireTimeout)}.`)
    }
    if (typeof validateAfter !== 'number' || !(validateAfter >= 0))
      refuse(`validateAfter is a number of milliseconds, 0 or more, not ${String(validateAfter)}.`)
    this.driver = driver
    this.#validateAfter = validateAfter
    this.acquireTimeout = acquireTimeout
    this.#write = lane('write', driver.limits.write)
    this.#read = driver.limits.read > 0 ? lane('read', driver.limits.read) : this.#write
  }

  /** Whether reads have connections of their own. */
  get hasReaders(): boolean {
    return this.#read !== this.#write
  }

  /** A connection that is free, or that can be opened at once; else `undefined`. */
  take(role: Role): Connection | undefined {
    if (this.#closing) throw closed()
    const lane = role === 'read' ? this.#read : this.#write
    return this.#free(lane) ?? this.#connect(lane)
  }

  /** A connection as soon as one is free. */
  wait(role: Role, signal: AbortSignal | undefined): Promise<Connection> {
    try {
      if (signal?.aborted === true) throw cancelled(signal, 'Waiting for a connection')
      const lane = role === 'read' ? this.#read : this.#write
      const connection = this.take(role)
      if (connection !== undefined) return Promise.resolve(connection)
      const tooLate = () => this.#tooLate(lane)
      const refused = () => this.#checkIdle()
      return lane.line.join({ signal, timeout: this.acquireTimeout, tooLate, refused })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Gives a connection back: to whoever waits longest, else to those that are free. A broken one is closed. */
  give(connection: Connection, broken = false): void {
    const lane = this.#readers.has(connection) ? this.#read : this.#write
    if (this.#purposes.size > 0) this.#purposes.delete(connection)
    if (broken || connection.isOpen === false || this.#over) this.#discard(lane, connection)
    else if (!lane.line.serve(connection)) {
      if (lane.free.includes(connection)) throw new KantaError('connection', 'A connection was given back twice.')
      connection.rest?.()
      lane.free.push(connection)
      if (connection.isOpen === true) this.#freeSince.set(connection, performance.now())
    }
    if (this.#closing) this.#checkIdle()
  }

  /** Notes what a connection is held for, for the message of those who wait for it in vain. */
  note(connection: Connection, purpose: string): void {
    this.#purposes.set(connection, { purpose, since: performance.now() })
  }

  /** A connection that is free and can be used; one that was free for long is tried before. */
  #free(lane: Lane): Connection | undefined {
    for (;;) {
      const connection = lane.free.at(-1)
      if (connection?.isOpen === undefined) return lane.free.pop()
      if (!connection.isOpen) {
        lane.free.pop()
        this.#discard(lane, connection)
      } else if (performance.now() - this.#freeSince.get(connection)! < this.#validateAfter) return lane.free.pop()
      else if (lane.opening > lane.line.length) return undefined
      else {
        lane.free.pop()
        this.#validate(lane, connection)
        return undefined
      }
    }
  }

  /** Asks the server for a sign of life, and gives the connection to those in line or to the free ones. */
  #validate(lane: Lane, connection: Connection): void {
    lane.opening++
    const answered = async (): Promise<void> => connection.script('select 1')
    within(PATIENCE, answered(), () => new KantaError('timeout', 'The server does not answer.')).then(
      () => {
        lane.opening--
        this.give(connection)
      },
      () => {
        lane.opening--
        this.#discard(lane, connection)
        this.#checkIdle()
      },
    )
  }

  /**
   * Refuses new work, lets the work that was accepted end, and closes every connection and the driver. The first error
   * of closing is thrown, with the others as `suppressed`; all are closed nevertheless. Work that does not end in time
   * loses its connection, and is named in the error.
   */
  destroy({ timeout = Number.POSITIVE_INFINITY }: DestroyOptions = {}): Promise<void> {
    if (typeof timeout !== 'number' || !(timeout >= 0))
      return Promise.reject(
        new KantaError('invalid_input', `timeout is a number of milliseconds, 0 or more, not ${String(timeout)}.`),
      )
    this.#closing = true
    this.#closed ??= this.#close(timeout)
    return this.#closed
  }

  #connect(lane: Lane): Connection | undefined {
    if (lane.open >= lane.limit || lane.opening > lane.line.length) return undefined
    lane.open++
    let connection: MaybePromise<Connection>
    try {
      connection = this.driver.connect(lane.role)
    } catch (cause) {
      lane.open--
      throw failure(this.driver, cause)
    }
    if (!(connection instanceof Promise)) return this.#enter(lane, connection)
    lane.opening++
    connection.then(
      (opened) => {
        lane.opening--
        this.give(this.#enter(lane, opened))
      },
      (cause) => {
        lane.opening--
        lane.open--
        lane.line.refuseFirst(failure(this.driver, cause))
        this.#reopen(lane)
        this.#checkIdle()
      },
    )
    return undefined
  }

  #enter(lane: Lane, connection: Connection): Connection {
    this.#open.add(connection)
    if (lane.role === 'read') this.#readers.add(connection)
    return connection
  }

  /** Closes a connection of which nothing good is to be expected, and opens another where it is waited for. */
  #discard(lane: Lane, connection: Connection): void {
    lane.open--
    this.#open.delete(connection)
    this.#readers.delete(connection)
    try {
      const closing = connection.close()
      if (closing instanceof Promise) closing.catch(() => {})
    } catch {
      // It was broken before.
    }
    this.#reopen(lane)
  }

  #reopen(lane: Lane): void {
    while (!this.#over && lane.line.length > lane.opening && lane.open < lane.limit) {
      try {
        const connection = this.#connect(lane)
        if (connection === undefined) return
        this.give(connection)
      } catch (error) {
        lane.line.refuseFirst(error as KantaError)
      }
    }
  }

  async #close(timeout: number): Promise<void> {
    const errors: unknown[] = []
    if (!this.#isIdle()) {
      const idle = new Promise<void>((resolve) => {
        this.#idle = resolve
      })
      await within(timeout, idle, () => this.#notIdle(timeout)).catch(async (error) => {
        errors.push(error)
        const out = [...this.#open].filter((it) => !this.#read.free.includes(it) && !this.#write.free.includes(it))
        for (const connection of out) void end(connection)
        await within(PATIENCE, idle, () => this.#notIdle(timeout)).catch(() => {})
      })
    }
    // What comes back, or is there at last, after this is closed at once, and who still waits for it waits in vain.
    this.#over = true
    for (const { line } of [this.#write, this.#read]) line.refuseAll(closed)
    // The writer last: it is the one that can tidy up the files of a database.
    const connections = [...this.#read.free.splice(0), ...this.#write.free.splice(0)]
    this.#readers.clear()
    for (const close of [...connections, this.driver].map((it) => () => it.close?.())) {
      try {
        await close()
      } catch (cause) {
        errors.push(failure(this.driver, cause))
      }
    }
    if (errors.length > 0) throw errors.reduce(suppress)
  }

  #isIdle(): boolean {
    return [this.#write, this.#read].every(
      ({ open, opening, free, line }) => open === free.length && opening === 0 && line.length === 0,
    )
  }

  #checkIdle(): void {
    if (this.#closing && this.#isIdle()) this.#idle?.()
  }

  /** What holds connections. */
  #holders(lanes: readonly Lane[]): string {
    const now = performance.now()
    const held = [...this.#purposes]
      .filter(([connection]) => lanes.includes(this.#readers.has(connection) ? this.#read : this.#write))
      .map(([, { purpose, since }]) => `${purpose} (for ${Math.round(now - since)} ms)`)
    return held.length > 0 ? `held by ${held.join(', ')}` : 'busy with statements'
  }

  #notIdle(timeout: number): KantaError {
    const by = this.#holders([this.#read, this.#write])
    return new KantaError(
      'timeout',
      `Not all work had ended after ${timeout} ms: connections were still ${by}. They were closed.`,
    )
  }

  #tooLate(lane: Lane): KantaError {
    const by = this.#holders([lane])
    const which =
      lane.limit === 1 ? `the only ${lane.role} connection is` : `all ${lane.limit} ${lane.role} connections are`
    return new KantaError(
      'timeout',
      `No connection became free in ${this.acquireTimeout} ms: ${which} ${by}. Inside a transaction run queries on its own handle; else keep transactions and streams short, or raise acquireTimeout.`,
    )
  }
}

/** Takes a connection away from what runs on it, on the server too. */
async function end(connection: Connection): Promise<void> {
  const killed = async (): Promise<void> => connection.kill?.()
  await within(PATIENCE, killed(), closed).catch(() => {})
  const ended = async (): Promise<void> => connection.close()
  await ended().catch(() => {})
}

const closed = () => new KantaError('closed', 'The database was destroyed. Run queries before destroy().')
