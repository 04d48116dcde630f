import { KantaError } from '../../error/index.ts'
import type { Connection, Driver, ExecuteResult, MaybePromise, Role, RunResult } from '../driver.ts'
import { SERVER_TIMEOUT, withTimeout } from '../timeout.ts'

/** What is told of the machines of a cluster. */
export type ClusterEvent =
  | { readonly kind: 'down' | 'up'; readonly node: number; readonly cause?: unknown }
  | { readonly kind: 'primary'; readonly node: number }

/** Settings of a cluster. */
export interface ClusterOptions {
  /** Whether a read sees what was written before, on whichever machine; `true` unless said. */
  readonly readYourWrites?: boolean | undefined
  /** The milliseconds for which a connection is looked for while no machine takes it; 30,000 unless said. */
  readonly failoverTimeout?: number | undefined
  /** The milliseconds after which a machine that failed is tried again; 1,000 unless said. */
  readonly retryAfter?: number | undefined
  /** Hears of machines that are lost or back, and of a new primary. */
  readonly onEvent?: ((event: ClusterEvent) => void) | undefined
}

/** A machine of a cluster, and how it does. */
export class Node {
  readonly driver: Driver
  readonly number: number
  /** When it may be tried again, after it failed. */
  downUntil = 0
  isDown = false
  /** How often it was found not to be part of the cluster: connections from before are not used again. */
  detachments = 0
  /** How many connections to it are open. */
  open = 0
  /** How far it has replayed the log of the primary, as far as is known. */
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

/** The machines of a cluster, of which those that failed lately are left out. */
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

  /** Takes note that a machine answers and yet is not part of the cluster. */
  detached(node: Node, cause: unknown): void {
    node.detachments++
    this.lost(node, cause)
  }

  found(node: Node): void {
    if (!node.isDown) return
    node.isDown = false
    this.tell({ kind: 'up', node: node.number })
  }

  /** The machines to try, each beginning with the next, and those that failed lately last. */
  turn(): readonly Node[] {
    const from = this.#next++ % this.all.length
    const order = [...this.all.slice(from), ...this.all.slice(0, from)]
    return [...order.filter((node) => node.downUntil <= now()), ...order.filter((node) => node.downUntil > now())]
  }

  /** The machines by turns, those first that have fewer connections than they may have. */
  turnWithRoom(): readonly Node[] {
    const turn = this.turn()
    return [...turn.filter(hasRoom), ...turn.filter((node) => !hasRoom(node))]
  }

  /** Whether a connection to a machine would better go to another, which was lost and may be back. */
  isSurplus(node: Node): boolean {
    if (node.open <= node.driver.limits.write) return false
    return this.all.some((other) => other !== node && other.downUntil <= now() && hasRoom(other))
  }

  /** A connection to a machine that is fit, as soon as there is one. */
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
      // One that is there too late is of no use any more.
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

/** Closes a connection of which nobody wants to hear any more. */
export async function close(connection: Connection | undefined): Promise<void> {
  try {
    await connection?.close()
  } catch {
    // It was of no use before.
  }
}

function unreachable(role: Role, timeout: number, cause: unknown): KantaError {
  const what = role === 'write' ? 'takes writes' : 'answers'
  return new KantaError('connection', `No machine of the cluster ${what}, after ${timeout} ms of looking for one.`, {
    cause,
  })
}

/** The first cell of a query of one row. */
export async function cell(connection: Connection, sql: string): Promise<unknown> {
  const row = await connection.first(sql, [])
  return row === undefined ? undefined : Object.values(row as object)[0]
}

export async function closeAll(drivers: readonly Driver[]): Promise<void> {
  for (const driver of drivers) await driver.close?.()
}

/** A connection to a machine, which is not used again once the machine refuses what a member of the cluster does. */
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

  execute(sql: string, parameters: readonly unknown[]): Promise<ExecuteResult> {
    return this.#work(() => this.#at.execute(sql, parameters))
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

  /** Called after each statement. */
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
    // One that was the primary and is not any more refuses writes; the next connection goes to the new one.
    this.#isGone = true
    await this.gone(cause)
  }

  /** Called when it is not to be used again. */
  protected async gone(_cause: unknown): Promise<void> {}
}
