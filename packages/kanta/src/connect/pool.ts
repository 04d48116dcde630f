import {
  type Connection,
  type Driver,
  type MaybePromise,
  type Role,
  SERVER_TIMEOUT,
  withTimeout,
} from '../driver/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import { cancellationError, suppress, toKantaError } from './errors.ts'
import { WaitQueue } from './wait-queue.ts'

/** The options of closing a database. */
export interface DestroyOptions {
  /** The milliseconds after which unfinished work loses its connection. Default: no limit. */
  readonly timeout?: number | undefined
}

/** The options of a connection pool. */
export interface PoolOptions {
  /**
   * The milliseconds after which an idle connection to a server is checked before it is used again. Default: 30,000.
   */
  readonly validateAfter?: number | undefined
  /** The milliseconds to wait for a connection before an error. Default: 30,000; Infinity waits forever. */
  readonly acquireTimeout?: number | undefined
}

/** The numbers of connections of one role. */
export interface ConnectionFacts {
  readonly max: number
  readonly open: number
  readonly idle: number
  readonly inUse: number
  /** The number of those who wait for a connection. */
  readonly waiting: number
}

/** The state of a connection pool. */
export interface PoolFacts extends ConnectionFacts {
  /** The connections for reads, if they are others than those for writes. */
  readonly readers?: ConnectionFacts | undefined
  /** The work that holds connections for longer than a statement, such as `a transaction`, and for how long. */
  readonly held: readonly { readonly purpose: string; readonly milliseconds: number }[]
}

/** The connections of one role. */
interface ConnectionGroup {
  readonly role: Role
  readonly limit: number
  /** The number of connections that are open or being opened. */
  open: number
  /** The number of connections that are being opened. */
  opening: number
  readonly free: Connection[]
  readonly queue: WaitQueue
}

const newGroup = (role: Role, limit: number): ConnectionGroup => ({
  role,
  limit,
  open: 0,
  opening: 0,
  free: [],
  queue: new WaitQueue(),
})

/**
 * The connection pool of a database. It opens connections when they are needed, up to the driver's limits, and serves
 * waiters in the order in which they came.
 */
export class Pool {
  readonly driver: Driver
  readonly acquireTimeout: number
  readonly #write: ConnectionGroup
  /** The group for reads; the same as `#write` if the driver has no readers. */
  readonly #read: ConnectionGroup
  readonly #open = new Set<Connection>()
  readonly #readers = new Set<Connection>()
  /** The times at which connections to a server became free. */
  readonly #freeSince = new WeakMap<Connection, number>()
  readonly #validateAfter: number
  /** The purposes of the connections that are held for longer than a statement. */
  readonly #purposes = new Map<Connection, { purpose: string; since: number }>()
  #isClosing = false
  /** Is true once the pool has stopped waiting for its connections to come back. */
  #isClosed = false
  #closePromise: Promise<void> | undefined
  #onIdle: (() => void) | undefined

  constructor(driver: Driver, { acquireTimeout = 30_000, validateAfter = 30_000 }: PoolOptions = {}) {
    if (typeof acquireTimeout !== 'number' || !(acquireTimeout > 0)) {
      refuse(`acquireTimeout must be a number of milliseconds above 0, or Infinity, not ${String(acquireTimeout)}.`)
    }
    if (typeof validateAfter !== 'number' || !(validateAfter >= 0))
      refuse(`validateAfter must be a number of milliseconds, 0 or more, not ${String(validateAfter)}.`)
    this.driver = driver
    this.#validateAfter = validateAfter
    this.acquireTimeout = acquireTimeout
    this.#write = newGroup('write', driver.limits.write)
    this.#read = driver.limits.read > 0 ? newGroup('read', driver.limits.read) : this.#write
  }

  /** The callbacks that hear of each wait for a connection; each returns what to call at its end. */
  readonly onWait: Set<(role: Role) => (error?: unknown) => void> = new Set()

  /** The state of its connections. */
  get facts(): PoolFacts {
    const now = performance.now()
    const about = ({ limit, open, free, queue }: ConnectionGroup): ConnectionFacts => ({
      ...{ max: limit, open, idle: free.length, inUse: open - free.length, waiting: queue.length },
    })
    const held = [...this.#purposes.values()].map(({ purpose, since }) => ({ purpose, milliseconds: now - since }))
    return { ...about(this.#write), ...(this.hasReaders && { readers: about(this.#read) }), held }
  }

  /** Is true if reads have connections of their own. */
  get hasReaders(): boolean {
    return this.#read !== this.#write
  }

  /** Returns a connection that is free or opens at once, else `undefined`. */
  tryAcquire(role: Role): Connection | undefined {
    if (this.#isClosing) throw closedError()
    const group = role === 'read' ? this.#read : this.#write
    return this.#takeFree(group) ?? this.#connect(group)
  }

  /** Waits for a free connection. */
  acquire(role: Role, signal: AbortSignal | undefined): Promise<Connection> {
    try {
      if (signal?.aborted === true) throw cancellationError(signal, 'Waiting for a connection')
      const group = role === 'read' ? this.#read : this.#write
      const connection = this.tryAcquire(role)
      if (connection !== undefined) return Promise.resolve(connection)
      const timeoutError = () => this.#timeoutError(group)
      const onRefused = () => this.#checkIdle()
      const waiting = group.queue.join({ signal, timeout: this.acquireTimeout, timeoutError, onRefused })
      for (const begin of this.onWait) {
        const end = begin(role)
        waiting.then(() => end(), end)
      }
      return waiting
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Returns a connection to the pool: the longest waiter gets it, else it is free. A broken one is closed. */
  release(connection: Connection, broken = false): void {
    const group = this.#readers.has(connection) ? this.#read : this.#write
    if (this.#purposes.size > 0) this.#purposes.delete(connection)
    if (broken || connection.isOpen === false || this.#isClosed) this.#discard(group, connection)
    else if (!group.queue.serve(connection)) {
      if (group.free.includes(connection)) throw new KantaError('connection', 'A connection was released twice.')
      connection.rest?.()
      group.free.push(connection)
      if (connection.isOpen === true) this.#freeSince.set(connection, performance.now())
    }
    if (this.#isClosing) this.#checkIdle()
  }

  /** Notes the purpose of a held connection, for the timeout error of those who wait for it. */
  notePurpose(connection: Connection, purpose: string): void {
    this.#purposes.set(connection, { purpose, since: performance.now() })
  }

  /** Returns a free connection that can be used. One that was idle for long is checked first. */
  #takeFree(group: ConnectionGroup): Connection | undefined {
    for (;;) {
      const connection = group.free.at(-1)
      if (connection?.isOpen === undefined) return group.free.pop()
      if (!connection.isOpen) {
        group.free.pop()
        this.#discard(group, connection)
      } else if (performance.now() - this.#freeSince.get(connection)! < this.#validateAfter) return group.free.pop()
      else if (group.opening > group.queue.length) return undefined
      else {
        group.free.pop()
        this.#validate(group, connection)
        return undefined
      }
    }
  }

  /** Checks that the server still answers, then releases the connection. */
  #validate(group: ConnectionGroup, connection: Connection): void {
    group.opening++
    const answered = async (): Promise<void> => connection.script('select 1')
    withTimeout(SERVER_TIMEOUT, answered(), () => new KantaError('timeout', 'The server does not answer.')).then(
      () => {
        group.opening--
        this.release(connection)
      },
      () => {
        group.opening--
        this.#discard(group, connection)
        this.#checkIdle()
      },
    )
  }

  /**
   * Refuses new work, lets accepted work end, and closes every connection and the driver. All are closed even if one
   * fails: the first error is thrown, with the others as `suppressed`. Work that does not end in time loses its
   * connection, and the error names it. `onDrained` runs between the work and the closing.
   */
  destroy({ timeout = Number.POSITIVE_INFINITY }: DestroyOptions = {}, onDrained?: () => Promise<void>): Promise<void> {
    if (typeof timeout !== 'number' || !(timeout >= 0))
      return Promise.reject(
        new KantaError('invalid_input', `timeout must be a number of milliseconds, 0 or more, not ${String(timeout)}.`),
      )
    this.#isClosing = true
    this.#closePromise ??= this.#close(timeout, onDrained)
    return this.#closePromise
  }

  #connect(group: ConnectionGroup): Connection | undefined {
    if (group.open >= group.limit || group.opening > group.queue.length) return undefined
    group.open++
    let connection: MaybePromise<Connection>
    try {
      connection = this.driver.connect(group.role)
    } catch (cause) {
      group.open--
      throw toKantaError(this.driver, cause)
    }
    if (!(connection instanceof Promise)) return this.#register(group, connection)
    group.opening++
    connection.then(
      (opened) => {
        group.opening--
        this.release(this.#register(group, opened))
      },
      (cause) => {
        group.opening--
        group.open--
        group.queue.refuseFirst(toKantaError(this.driver, cause))
        this.#openForWaiters(group)
        this.#checkIdle()
      },
    )
    return undefined
  }

  #register(group: ConnectionGroup, connection: Connection): Connection {
    this.#open.add(connection)
    if (group.role === 'read') this.#readers.add(connection)
    return connection
  }

  /** Closes a connection that cannot be trusted, and opens another if somebody waits. */
  #discard(group: ConnectionGroup, connection: Connection): void {
    group.open--
    this.#open.delete(connection)
    this.#readers.delete(connection)
    try {
      const closing = connection.close()
      if (closing instanceof Promise) closing.catch(() => {})
    } catch {
      // The connection was broken already.
    }
    this.#openForWaiters(group)
  }

  #openForWaiters(group: ConnectionGroup): void {
    while (!this.#isClosed && group.queue.length > group.opening && group.open < group.limit) {
      try {
        const connection = this.#connect(group)
        if (connection === undefined) return
        this.release(connection)
      } catch (error) {
        group.queue.refuseFirst(error as KantaError)
      }
    }
  }

  async #close(timeout: number, onDrained?: () => Promise<void>): Promise<void> {
    const errors: unknown[] = []
    if (!this.#isIdle()) {
      const idle = new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
      await withTimeout(timeout, idle, () => this.#notIdleError(timeout)).catch(async (error) => {
        errors.push(error)
        const inUse = [...this.#open].filter((it) => !this.#read.free.includes(it) && !this.#write.free.includes(it))
        // Work that has lost its connection may never give it back, so only the kills are waited for.
        await withTimeout(KILL_TIMEOUT, Promise.all(inUse.map(kill)), closedError).catch(() => {})
      })
    }
    await onDrained?.().catch((error) => errors.push(error))
    // From here on connections are closed as they come back, and waiters are refused.
    this.#isClosed = true
    for (const { queue } of [this.#write, this.#read]) queue.refuseAll(closedError)
    // The writer is closed last, since only a writer can clean up the files of a database.
    const connections = [...this.#read.free.splice(0), ...this.#write.free.splice(0)]
    this.#readers.clear()
    for (const close of [...connections, this.driver].map((it) => () => it.close?.())) {
      try {
        await close()
      } catch (cause) {
        errors.push(toKantaError(this.driver, cause))
      }
    }
    if (errors.length > 0) throw errors.reduce(suppress)
  }

  #isIdle(): boolean {
    return [this.#write, this.#read].every(
      ({ open, opening, free, queue }) => open === free.length && opening === 0 && queue.length === 0,
    )
  }

  #checkIdle(): void {
    if (this.#isClosing && this.#isIdle()) this.#onIdle?.()
  }

  /** Describes what holds the connections, for errors. */
  #describeHolders(groups: readonly ConnectionGroup[]): string {
    const now = performance.now()
    const held = [...this.#purposes]
      .filter(([connection]) => groups.includes(this.#readers.has(connection) ? this.#read : this.#write))
      .map(([, { purpose, since }]) => `${purpose} (for ${Math.round(now - since)} ms)`)
    return held.length > 0 ? `held by ${held.join(', ')}` : 'busy with statements'
  }

  #notIdleError(timeout: number): KantaError {
    const by = this.#describeHolders([this.#read, this.#write])
    return new KantaError(
      'timeout',
      `Work was still running after ${timeout} ms: connections were ${by}. They have been closed.`,
    )
  }

  #timeoutError(group: ConnectionGroup): KantaError {
    const by = this.#describeHolders([group])
    const which =
      group.limit === 1 ? `the only ${group.role} connection is` : `all ${group.limit} ${group.role} connections are`
    return new KantaError(
      'timeout',
      `No connection became free within ${this.acquireTimeout} ms: ${which} ${by}. Inside a transaction, run queries on its own handle; else keep transactions and streams short, or raise acquireTimeout.`,
    )
  }
}

/** Milliseconds that `destroy()` waits for a server to end what still ran when its timeout was over. */
const KILL_TIMEOUT = 250

/** Kills what runs on a connection, on the server too, and closes it. */
async function kill(connection: Connection): Promise<void> {
  const killed = async (): Promise<void> => connection.kill?.()
  await withTimeout(SERVER_TIMEOUT, killed(), closedError).catch(() => {})
  const ended = async (): Promise<void> => connection.close()
  await ended().catch(() => {})
}

const closedError = () => new KantaError('closed', 'The database was destroyed. Run queries before destroy().')
