import { KantaError, refuse } from '../error/index.ts'
import type { Connection, Driver, ExecuteResult, MaybePromise, Role, RunResult } from './driver.ts'
import { PATIENCE, within } from './patience.ts'

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

/** Settings of a primary with replicas. */
export interface ReplicatedOptions extends ClusterOptions {
  /** The milliseconds that a read waits for its replica to catch up before the primary answers it; 20 unless said. */
  readonly catchUp?: number | undefined
}

const OPTIONS = ['failoverTimeout', 'retryAfter', 'onEvent', 'readYourWrites']

/** A machine of a cluster, and how it does. */
class Node {
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

const hasRoom = ({ open, driver }: Node): boolean => open < driver.limits.write

const now = (): number => performance.now()
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** The machines of a cluster, of which those that failed lately are left out. */
class Nodes {
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
    const patience = Math.max(Math.min(PATIENCE, until - now()), 0)
    const opening = Promise.resolve(node.driver.connect(role))
    const connection = await within(patience, opening, silent).catch((cause) => {
      // One that is there too late is of no use any more.
      opening.then(close, () => {})
      throw cause
    })
    let fit = false
    try {
      fit = await within(patience, isFit(connection, node), silent)
    } finally {
      if (!fit) void close(connection)
    }
    this.found(node)
    return fit ? connection : undefined
  }
}

const silent = (): KantaError => new KantaError('connection', 'The machine does not answer.')

/** Closes a connection of which nobody wants to hear any more. */
async function close(connection: Connection | undefined): Promise<void> {
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

function checkCluster(
  name: string,
  drivers: readonly Driver[],
  options: ReplicatedOptions,
  known: readonly string[],
): void {
  if (!Array.isArray(drivers) || drivers.length === 0 || drivers.some((it) => typeof it?.connect !== 'function'))
    refuse(`${name}() takes a list of drivers, one for each machine.`)
  const dialects = new Set(drivers.map((driver) => driver.dialect))
  if (dialects.size > 1)
    refuse(`${name}() takes machines of one kind, not ${[...dialects].map((it) => it.name).join(' and ')}.`)
  for (const option of Object.keys(options))
    if (!known.includes(option)) refuse(`${name}() has no option '${option}'. It takes: ${known.join(', ')}.`)
  for (const option of ['failoverTimeout', 'retryAfter', 'catchUp'] as const) {
    const value = options[option]
    if (value !== undefined && !(typeof value === 'number' && value >= 0))
      refuse(`${option} of ${name}() is a number of milliseconds, 0 or more, not ${String(value)}.`)
  }
  if (options.onEvent !== undefined && typeof options.onEvent !== 'function')
    refuse(`onEvent of ${name}() is a function that is told of machines: (event) => { … }.`)
}

/** The first cell of a query of one row. */
async function cell(connection: Connection, sql: string): Promise<unknown> {
  const row = await connection.first(sql, [])
  return row === undefined ? undefined : Object.values(row as object)[0]
}

/**
 * Machines of which each takes writes, such as the nodes of a Galera cluster: connections go to them by turns, and a
 * machine that does not answer, or is not part of the cluster just then, is left out until it is back.
 *
 * Two machines may both take a write of which the cluster then keeps one; the other transaction fails with `deadlock`,
 * at one of its statements or when it commits. `db.transaction().retry()` runs it again.
 *
 * On Galera a statement waits until its node has applied what was committed on the others before (`wsrep_sync_wait`),
 * so that it sees what was written wherever that was. `readYourWrites: false` saves the wait where that is not needed.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { multiPrimary } from 'kanta/cluster'
 * import { mariadb } from 'kanta/mysql2'
 *
 * const hosts = ['10.0.0.1', '10.0.0.2', '10.0.0.3']
 * const nodes = hosts.map((host) => mariadb({ host, user: 'app', database: 'cities', max: 5 }))
 * const db = kanta({ driver: multiPrimary(nodes, { onEvent: (event) => console.log(event.kind, event.node) }) })
 * ```
 *
 * @throws KantaError `invalid_input` for a wrong option; with a query, `connection` when no machine answers in time.
 */
export function multiPrimary(drivers: readonly Driver[], options: ClusterOptions = {}): Driver {
  checkCluster('multiPrimary', drivers, options, OPTIONS)
  const nodes = new Nodes(drivers, options)
  const [first] = drivers
  const { readYourWrites = true } = options
  const isMysql = first!.dialect.name === 'mariadb' || first!.dialect.name === 'mysql'
  const isPart = async (connection: Connection): Promise<boolean> =>
    !isMysql || (await galeraState(connection)) !== 'detached'
  const isReady = async (connection: Connection): Promise<boolean> => {
    const state = isMysql ? await galeraState(connection) : undefined
    if (state === 'detached')
      throw new KantaError('connection', 'The machine is not part of its cluster just now (wsrep_ready is OFF).')
    if (state !== undefined && readYourWrites) await connection.run(WAIT, [])
    return true
  }
  return {
    ...first!,
    limits: { write: drivers.reduce((sum, driver) => sum + driver.limits.write, 0), read: 0 },
    connect: async (role) => {
      const { connection, node } = await nodes.connect(role, () => nodes.turnWithRoom(), isReady)
      return new Peer(connection, node, nodes, isPart)
    },
    close: () => closeAll(drivers),
  }
}

const GALERA = "show status where variable_name in ('wsrep_provider_name', 'wsrep_ready')"

/** Reads, updates and inserts wait for what was committed before on other nodes: bits 1, 2 and 4. */
const WAIT = 'set session wsrep_sync_wait = 7'

/** Whether a node of Galera is part of its cluster, so that it may answer; `undefined` of any other server. */
async function galeraState(connection: Connection): Promise<'ready' | 'detached' | undefined> {
  const rows = await connection.all(GALERA, [])
  const status = new Map(rows.map((row) => Object.values(row as object) as [string, string]))
  // MariaDB without the library has these as well.
  if ((status.get('wsrep_provider_name') ?? '') === '') return undefined
  return status.get('wsrep_ready') === 'ON' ? 'ready' : 'detached'
}

async function closeAll(drivers: readonly Driver[]): Promise<void> {
  for (const driver of drivers) await driver.close?.()
}

/**
 * A primary of PostgreSQL and its streaming replicas: writes and transactions go to whichever machine is the primary
 * just then, queries that only read go to the replicas. A machine that does not answer is left out until it is back,
 * and when another becomes the primary the writes follow. Without a replica the primary answers everything.
 *
 * A read sees whatever this database has written before: where its replica does not catch up with the log of the
 * primary in time, the primary answers.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { replicated } from 'kanta/cluster'
 * import { pg } from 'kanta/pg'
 *
 * const hosts = ['10.0.0.1', '10.0.0.2', '10.0.0.3']
 * const machines = hosts.map((host) => pg({ host, database: 'cities', max: 5 }))
 * const db = kanta({ driver: replicated(machines, { catchUp: 50 }) })
 * ```
 *
 * @throws KantaError `invalid_input` for a wrong option; with a query, `connection` when no machine answers in time.
 */
export function replicated(drivers: readonly Driver[], options: ReplicatedOptions = {}): Driver {
  checkCluster('replicated', drivers, options, [...OPTIONS, 'catchUp'])
  if (drivers[0]!.dialect.name !== 'postgres') refuse('replicated() takes machines of PostgreSQL.')
  const cluster = new Replication(drivers, options)
  const most = Math.max(...drivers.map((driver) => driver.limits.write))
  return {
    ...drivers[0]!,
    limits: { write: most, read: most * Math.max(1, drivers.length - 1) },
    connect: (role) => (role === 'write' ? cluster.writer() : cluster.reader()),
    close: () => cluster.close(),
  }
}

/** Where the log of the primary stands, as PostgreSQL writes it: two hexadecimal numbers. */
function position(text: unknown): bigint {
  const match = /^([\dA-F]+)\/([\dA-F]+)$/i.exec(String(text))
  return match === null ? 0n : (BigInt(`0x${match[1]}`) << 32n) + BigInt(`0x${match[2]}`)
}

const IN_RECOVERY = 'select pg_is_in_recovery()'
const REPLAYED = 'select pg_last_wal_replay_lsn()::text'
/** What was acknowledged is flushed, except where commits do not wait for that. */
const WRITTEN = `select (case when current_setting('synchronous_commit') = 'off' then pg_current_wal_insert_lsn()
  else pg_current_wal_flush_lsn() end)::text`

/**
 * What a replica says of what only a primary can do (a query whose function writes, the level serializable), or of a
 * query that stood in the way of its replay.
 *
 * See "PostgreSQL Error Codes" and "Hot Standby" in PostgreSQL's documentation.
 */
const REFUSALS: readonly unknown[] = ['25006', '0A000', '55000', '40001', '40P01']

const isRefusedByReplica = (cause: unknown): boolean => REFUSALS.includes(Object(cause).code)

/** How often a read is tried: at the replica, at the primary, and at another that takes its place. */
const ATTEMPTS = 3

class Replication {
  readonly nodes: Nodes
  readonly catchUp: number
  readonly #readYourWrites: boolean
  #primary: Node | undefined
  /** Whether something was written since the position was asked for. */
  #isWritten = false
  #needed = 0n
  #asking: Promise<void> | undefined
  /** A connection to the primary that asks for its position. */
  #asker: Connection | undefined

  constructor(drivers: readonly Driver[], { readYourWrites = true, catchUp = 20, ...options }: ReplicatedOptions) {
    this.nodes = new Nodes(drivers, options)
    this.catchUp = catchUp
    this.#readYourWrites = readYourWrites
  }

  /** A connection to the primary. */
  async writer(): Promise<Connection> {
    const { connection, node } = await this.#connect()
    return new Writer(connection, node, this)
  }

  async primary(): Promise<Connection> {
    return (await this.#connect()).connection
  }

  async #connect(): Promise<{ readonly connection: Connection; readonly node: Node }> {
    const known = this.#primary
    const order = (): readonly Node[] => {
      const turn = this.nodes.turn()
      return known === undefined ? turn : [known, ...turn.filter((node) => node !== known)]
    }
    const isPrimary = async (it: Connection): Promise<boolean> => (await cell(it, IN_RECOVERY)) === false
    const { connection, node } = await this.nodes.connect('write', order, isPrimary)
    if (node !== this.#primary) {
      this.#primary = node
      // Positions of another primary say nothing of this one's.
      this.wrote()
      this.nodes.tell({ kind: 'primary', node: node.number })
    }
    return { connection, node }
  }

  /** A connection to a replica, or to the primary while there is none. */
  async reader(): Promise<Connection> {
    const order = (): readonly Node[] => {
      const replicas = this.nodes.turn().filter((node) => node !== this.#primary && node.downUntil <= now())
      return this.#primary === undefined ? replicas : [...replicas, this.#primary]
    }
    if (this.#primary === undefined) await (await this.primary()).close()
    const { connection, node } = await this.nodes.connect('read', order, async () => true)
    // One that was started again, or replaced, may be behind where it was.
    node.replayed = 0n
    return new Reader(connection, node, this)
  }

  isPrimary(node: Node): boolean {
    return node === this.#primary
  }

  /** Takes note that something was written. */
  wrote(): void {
    this.#isWritten = this.#readYourWrites
  }

  /** The position that a replica must have reached for a read to see what was written. */
  async needed(): Promise<bigint> {
    const isWritten = this.#isWritten
    // Its answer is of before what was written since. Whoever asks after it asks late enough, however much is written.
    if (this.#asking !== undefined) await this.#asking
    if (!isWritten) return this.#needed
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    await this.#asking
    return this.#needed
  }

  async #ask(): Promise<void> {
    // What is written from here on asks for itself.
    this.#isWritten = false
    for (let attempt = 1; ; attempt++) {
      try {
        this.#asker ??= await this.primary()
        this.#needed = position(await cell(this.#asker, WRITTEN))
        return
      } catch (cause) {
        void close(this.#asker)
        this.#asker = undefined
        if (attempt < ATTEMPTS && this.nodes.codeOf(cause) === 'connection') continue
        this.#isWritten = true
        throw cause
      }
    }
  }

  async close(): Promise<void> {
    await this.#asker?.close()
    await closeAll(this.nodes.all.map((node) => node.driver))
  }
}

/** A connection to a machine, which is not used again once the machine refuses what a member of the cluster does. */
class Member implements Connection {
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

/** A connection to one of several machines that take writes. */
class Peer extends Member {
  readonly #at: Connection
  readonly #isPart: (connection: Connection) => Promise<boolean>
  readonly #detachments: number
  #isRetired = false

  constructor(at: Connection, node: Node, nodes: Nodes, isPart: (connection: Connection) => Promise<boolean>) {
    super(at, node, nodes)
    this.#at = at
    this.#isPart = isPart
    this.#detachments = node.detachments
  }

  override get isOpen(): boolean {
    return super.isOpen && !this.#isRetired && this.node.detachments === this.#detachments
  }

  override rest(): void {
    // Nobody needs it now, so that it can give way to one to another machine.
    this.#isRetired = this.nodes.isSurplus(this.node)
    super.rest()
  }

  protected override async gone(cause: unknown): Promise<void> {
    if (this.#at.isOpen === false) return this.nodes.lost(this.node, cause)
    // The machine answers and will not work: if that is since it is cut off, it holds for its other connections, too.
    const isPart = await this.#isPart(this.#at).catch(() => true)
    if (!isPart) this.nodes.detached(this.node, cause)
  }
}

/** A connection to the primary, which notes that something was written. */
class Writer extends Member {
  readonly #cluster: Replication

  constructor(at: Connection, node: Node, cluster: Replication) {
    super(at, node, cluster.nodes)
    this.#cluster = cluster
  }

  protected override ended(): void {
    this.#cluster.wrote()
  }
}

/** A connection to a replica, in whose place the primary answers what the replica cannot answer yet, or any more. */
class Reader implements Connection {
  readonly #replica: Connection
  readonly #node: Node
  readonly #cluster: Replication
  #primary: Connection | undefined
  /** Where the last statement ran. */
  #current: Connection
  #isLost = false

  constructor(replica: Connection, node: Node, cluster: Replication) {
    this.#replica = replica
    this.#current = replica
    this.#node = node
    this.#cluster = cluster
  }

  get rows(): 'object' | 'array' {
    return this.#replica.rows
  }

  get inTransaction(): boolean | undefined {
    return this.#current.inTransaction
  }

  get isOpen(): boolean {
    return this.#replica.isOpen !== false && this.#primary?.isOpen !== false && !this.#isLost
  }

  all(sql: string, parameters: readonly unknown[], bigints?: boolean): Promise<unknown[]> {
    return this.#read((at) => at.all(sql, parameters, bigints))
  }

  first(sql: string, parameters: readonly unknown[], bigints?: boolean): Promise<unknown> {
    return this.#read((at) => at.first(sql, parameters, bigints))
  }

  run(sql: string, parameters: readonly unknown[]): Promise<RunResult> {
    return this.#read((at) => at.run(sql, parameters))
  }

  execute(sql: string, parameters: readonly unknown[]): Promise<ExecuteResult> {
    return this.#read((at) => at.execute(sql, parameters))
  }

  script(sql: string): Promise<void> {
    return this.#read((at) => at.script(sql))
  }

  columns(sql: string): readonly string[] {
    return this.#current.columns(sql)
  }

  async *stream(
    sql: string,
    parameters: readonly unknown[],
    chunkSize: number,
    bigints?: boolean,
  ): AsyncGenerator<unknown[]> {
    if (this.inTransaction !== true) this.#current = await this.#choose()
    yield* this.#current.stream(sql, parameters, chunkSize, bigints) as AsyncIterable<unknown[]>
  }

  cancel(): MaybePromise<void> {
    return this.#current.cancel?.()
  }

  kill(): MaybePromise<void> {
    return this.#current.kill?.()
  }

  async close(): Promise<void> {
    try {
      await this.#primary?.close()
    } finally {
      await this.#replica.close()
    }
  }

  /** Runs what only reads, and again at the primary where the replica is lost meanwhile. */
  async #read<T>(work: (at: Connection) => MaybePromise<T>): Promise<T> {
    const wasInTransaction = this.#current.inTransaction === true
    if (!wasInTransaction) this.#current = await this.#choose()
    for (let attempt = 1; ; attempt++) {
      try {
        return await work(this.#current)
      } catch (cause) {
        const isLost = this.#cluster.nodes.codeOf(cause) === 'connection'
        if (!isLost && !(this.#current === this.#replica && isRefusedByReplica(cause))) throw cause
        if (isLost && this.#current === this.#replica) {
          this.#isLost = true
          this.#cluster.nodes.lost(this.#node, cause)
        }
        if (wasInTransaction || attempt >= ATTEMPTS) throw cause
        this.#current = await this.#ofPrimary()
        // What a replica refuses may write after all.
        if (!isLost) this.#cluster.wrote()
      }
    }
  }

  async #choose(): Promise<Connection> {
    if (this.#isLost) return this.#ofPrimary()
    if (this.#cluster.isPrimary(this.#node)) return this.#replica
    const needed = await this.#cluster.needed()
    const until = now() + this.#cluster.catchUp
    for (let wait = 1; this.#node.replayed < needed; wait *= 2) {
      try {
        const replayed = position(await cell(this.#replica, REPLAYED))
        if (replayed > this.#node.replayed) this.#node.replayed = replayed
      } catch (cause) {
        this.#isLost = true
        this.#cluster.nodes.lost(this.#node, cause)
        return this.#ofPrimary()
      }
      if (this.#node.replayed >= needed) break
      if (now() + wait > until) return this.#ofPrimary()
      await pause(wait)
    }
    return this.#replica
  }

  async #ofPrimary(): Promise<Connection> {
    if (this.#primary?.isOpen === false) await Promise.resolve(this.#primary.close()).catch(() => {})
    if (this.#primary === undefined || this.#primary.isOpen === false) this.#primary = await this.#cluster.primary()
    return this.#primary
  }
}
