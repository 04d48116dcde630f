import { KantaError } from '../../error/index.ts'
import type { Connection, Driver, ExecuteResult, MaybePromise, Role, RunResult } from '../driver.ts'
import { SERVER_TIMEOUT, withTimeout } from '../timeout.ts'

/** An event of a machine of a cluster. */
export type ClusterEvent =
  | { readonly kind: 'down' | 'up'; readonly node: number; readonly cause?: unknown }
  | { readonly kind: 'primary'; readonly node: number }

/** Settings of a cluster. */
export interface ClusterOptions {
  /** Makes reads see earlier writes on any machine; by default `true`. */
  readonly readYourWrites?: boolean | undefined
  /** The milliseconds to look for a machine that takes a connection; by default 30,000. */
  readonly failoverTimeout?: number | undefined
  /** The milliseconds after which to try a failed machine again; by default 1,000. */
  readonly retryAfter?: number | undefined
  /** Receives events of machines that are lost or back, and of a new primary. */
  readonly onEvent?: ((event: ClusterEvent) => void) | undefined
}

/** A machine of a cluster and its state. */
export class Node {
  readonly driver: Driver
  readonly number: number
  /** The time at which to try it again after a failure. */
  downUntil = 0
  isDown = false
  /** The number of times that it left the cluster. Connections from before are not used again. */
  detachments = 0
  /** The number of open connections. */
  open = 0
  /** The last known position up to which it has replayed the log of the primary. */
  replayed = 0n

  constructor(driver: Driver, number: number) {
    this.driver = driver
    this.number = number
  }
}

export const hasRoom = ({ open, driver }: Node): boolean => open < driver.limits.write

export const now = (): number => performance.now()

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/** The machines of a cluster, with those that failed recently last. */
export class Nodes {
  readonly all: readonly Node[]
  readonly #retryAfter: number
  readonly #onEvent: ((event: ClusterEvent) => void) | undefined
  readonly #failoverTimeout: number
  #next = 0

  constructor(drivers: readonly Driver[], options: ClusterOptions) {
    this.all = drivers.map((driver, i) => new Node(driver, i))
    this.#retryAfter = options.retryAfter ?? 1_000
    this.#failoverTimeout = options.failoverTimeout ?? 30_000
    this.#onEvent = options.onEvent
  }

  codeOf(cause: unknown): string {
    return cause instanceof KantaError ? cause.code : this.all[0]!.driver.explainError(cause).code
  }

  tell(event: ClusterEvent): void {
    this.#onEvent?.(event)
  }

  lost(node: Node, cause: unknown): void {
    node.downUntil = now() + this.#retryAfter
    if (node.isDown) return
    node.isDown = true
    this.tell({ kind: 'down', node: node.number, cause })
  }

  /** Records that a machine answers but is not part of the cluster. */
  detached(node: Node, cause: unknown): void {
    node.detachments++
    this.lost(node, cause)
  }

  found(node: Node): void {
    if (!node.isDown) return
    node.isDown = false
    this.tell({ kind: 'up', node: node.number })
  }

  /**
   * Asks each machine by a connection of its own, which is closed afterwards. The answer of one that does not answer is
   * `undefined`.
   */
  ask<T>(look: (connection: Connection) => Promise<T>): Promise<readonly (T | undefined)[]> {
    return Promise.all(
      this.all.map(async ({ driver }) => {
        const opening = Promise.resolve().then(() => driver.connect('read'))
        try {
          return await withTimeout(
            SERVER_TIMEOUT,
            opening.then((it) => look(it)),
            silent,
          )
        } catch {
          return undefined
        } finally {
          opening.then(close, () => {})
        }
      }),
    )
  }

  /** Returns the machines to try in turn, with those that failed recently last. */
  turn(): readonly Node[] {
    const from = this.#next++ % this.all.length
    const order = [...this.all.slice(from), ...this.all.slice(0, from)]
    return [...order.filter((node) => node.downUntil <= now()), ...order.filter((node) => node.downUntil > now())]
  }

  /** Returns the machines to try in turn, with those that have room for connections first. */
  turnWithRoom(): readonly Node[] {
    const turn = this.turn()
    return [...turn.filter(hasRoom), ...turn.filter((node) => !hasRoom(node))]
  }

  /** Checks if a connection should move to another machine, which was lost and may be back. */
  isSurplus(node: Node): boolean {
    if (node.open <= node.driver.limits.write) return false
    return this.all.some((other) => other !== node && other.downUntil <= now() && hasRoom(other))
  }

  /** Returns a connection to a suitable machine, as soon as there is one. */
  async connect(
    role: Role,
    nodes: () => readonly Node[],
    isFit: (connection: Connection, node: Node) => Promise<boolean>,
  ): Promise<{ readonly connection: Connection; readonly node: Node }> {
    const until = now() + this.#failoverTimeout
    let last: unknown
    for (let wait = 10; ; wait = Math.min(wait * 2, 500)) {
      for (const node of nodes()) {
        try {
          const connection = await this.#try(node, role, isFit, until)
          if (connection !== undefined) return { connection, node }
        } catch (cause) {
          last = cause
          this.lost(node, cause)
        }
      }
      if (now() + wait > until) throw unreachable(role, this.#failoverTimeout, last)
      await pause(wait)
    }
  }

  async #try(
    node: Node,
    role: Role,
    isFit: (connection: Connection, node: Node) => Promise<boolean>,
    until: number,
  ): Promise<Connection | undefined> {
    const patience = Math.max(Math.min(SERVER_TIMEOUT, until - now()), 0)
    const opening = Promise.resolve(node.driver.connect(role))
    const connection = await withTimeout(patience, opening, silent).catch((cause) => {
      // Close a connection that opens too late.
      opening.then(close, () => {})
      throw cause
    })
    let fit = false
    try {
      fit = await withTimeout(patience, isFit(connection, node), silent)
    } finally {
      if (!fit) void close(connection)
    }
    this.found(node)
    return fit ? connection : undefined
  }
}

export const silent = (): KantaError => new KantaError('connection', 'The machine does not answer.')

/** Closes a connection and ignores errors. */
export async function close(connection: Connection | undefined): Promise<void> {
  try {
    await connection?.close()
  } catch {
    // The connection was broken already.
  }
}

function unreachable(role: Role, timeout: number, cause: unknown): KantaError {
  const what = role === 'write' ? 'takes writes' : 'answers'
  return new KantaError('connection', `No machine of the cluster ${what}, after ${timeout} ms of looking for one.`, {
    cause,
  })
}

/** Returns the first cell of a query of one row. */
export async function cell(connection: Connection, sql: string): Promise<unknown> {
  const row = await connection.first(sql, [])
  return row === undefined ? undefined : Object.values(row as object)[0]
}

export async function closeAll(drivers: readonly Driver[]): Promise<void> {
  for (const driver of drivers) await driver.close?.()
}

/** A connection to a machine. It is not used again once the machine rejects work as a member of the cluster. */
export class Member implements Connection {
  readonly #at: Connection
  protected readonly node: Node
  protected readonly nodes: Nodes
  #isGone = false
  #isClosed = false

  constructor(at: Connection, node: Node, nodes: Nodes) {
    this.#at = at
    this.node = node
    this.nodes = nodes
    node.open++
  }

  get rows(): 'object' | 'array' {
    return this.#at.rows
  }

  get inTransaction(): boolean | undefined {
    return this.#at.inTransaction
  }

  get isOpen(): boolean {
    return this.#at.isOpen !== false && !this.#isGone
  }

  all(sql: string, parameters: readonly unknown[], bigints?: boolean): Promise<unknown[]> {
    return this.#work(() => this.#at.all(sql, parameters, bigints))
  }

  first(sql: string, parameters: readonly unknown[], bigints?: boolean): Promise<unknown> {
    return this.#work(() => this.#at.first(sql, parameters, bigints))
  }

  run(sql: string, parameters: readonly unknown[]): Promise<RunResult> {
    return this.#work(() => this.#at.run(sql, parameters))
  }

  execute(sql: string, parameters: readonly unknown[], bigints?: boolean): Promise<ExecuteResult> {
    return this.#work(() => this.#at.execute(sql, parameters, bigints))
  }

  script(sql: string): Promise<void> {
    return this.#work(() => this.#at.script(sql))
  }

  columns(sql: string): readonly string[] {
    return this.#at.columns(sql)
  }

  async *stream(
    sql: string,
    parameters: readonly unknown[],
    chunkSize: number,
    bigints?: boolean,
  ): AsyncGenerator<unknown[]> {
    const rows = this.#at.stream(sql, parameters, chunkSize, bigints) as AsyncIterableIterator<unknown[]>
    try {
      for (;;) {
        const { done, value } = await this.#work(() => rows.next())
        if (done) return
        yield value
      }
    } finally {
      await this.#work(() => rows.return?.())
    }
  }

  cancel(): MaybePromise<void> {
    return this.#at.cancel?.()
  }

  kill(): MaybePromise<void> {
    return this.#at.kill?.()
  }

  rest(): void {
    this.#at.rest?.()
  }

  close(): MaybePromise<void> {
    if (!this.#isClosed) this.node.open--
    this.#isClosed = true
    return this.#at.close()
  }

  /** Runs after each statement. */
  protected ended(): void {}

  async #work<T>(work: () => MaybePromise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      await this.#failed(cause)
      throw cause
    } finally {
      this.ended()
    }
  }

  async #failed(cause: unknown): Promise<void> {
    const code = this.nodes.codeOf(cause)
    if (this.#isGone || (code !== 'read_only' && code !== 'connection')) return
    // A former primary rejects writes; the next connection goes to the new one.
    this.#isGone = true
    await this.gone(cause)
  }

  /** Runs when the connection must not be used again. */
  protected async gone(_cause: unknown): Promise<void> {}
}
