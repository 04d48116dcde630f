import type { Connection, Driver, ExecuteResult, Machine, MaybePromise, RunResult } from '../driver.ts'
import { type ClusterOptions, cell, close, closeAll, Member, type Node, Nodes, now, pause } from './nodes.ts'

/** The options of `replicated()`. */
export interface ReplicatedOptions extends ClusterOptions {
  /** The milliseconds that a read waits for its replica to catch up before the primary answers; by default 20. */
  readonly catchUp?: number | undefined
}

/** Parses a log position (LSN), which PostgreSQL writes as two hexadecimal numbers. */
function parsePosition(text: unknown): bigint {
  const match = /^([\dA-F]+)\/([\dA-F]+)$/i.exec(String(text))
  return match === null ? 0n : (BigInt(`0x${match[1]}`) << 32n) + BigInt(`0x${match[2]}`)
}

const IN_RECOVERY = 'select pg_is_in_recovery()'

const REPLAY_POSITION = 'select pg_last_wal_replay_lsn()::text'

/** Reads the log position of acknowledged writes: the flushed one, or the inserted one if commits do not wait. */
const WRITE_POSITION = `select (case when current_setting('synchronous_commit') = 'off' then pg_current_wal_insert_lsn()
  else pg_current_wal_flush_lsn() end)::text`

/** Reads what a machine is, its log position, and the milliseconds since the last commit that it has replayed. */
const STATE = `select pg_is_in_recovery() as recovers,
  (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end)::text as position,
  (extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::float8 as behind`

interface State {
  readonly recovers: boolean
  readonly position: string | null
  readonly behind: number | null
}

/**
 * The error codes of a replica for work that only a primary can do (a function that writes, the level serializable),
 * and for a query that conflicted with its replay.
 *
 * See "PostgreSQL Error Codes" and "Hot Standby" in PostgreSQL's documentation.
 */
const REPLICA_ERRORS: readonly unknown[] = ['25006', '0A000', '55000', '40001', '40P01']

const isRefusedByReplica = (cause: unknown): boolean => REPLICA_ERRORS.includes(Object(cause).code)

/** The number of attempts of a read: at the replica, at the primary, and at a new primary. */
const ATTEMPTS = 3

export class Replication {
  readonly nodes: Nodes
  readonly catchUp: number
  readonly #readYourWrites: boolean
  #primary: Node | undefined
  /** Is true if something was written since the last request for the position. */
  #isWritten = false
  #needed = 0n
  #refreshing: Promise<void> | undefined
  /** The connection to the primary that reads its log position. */
  #positionConnection: Connection | undefined

  constructor(drivers: readonly Driver[], { readYourWrites = true, catchUp = 20, ...options }: ReplicatedOptions) {
    this.nodes = new Nodes(drivers, options)
    this.catchUp = catchUp
    this.#readYourWrites = readYourWrites
  }

  /** Returns a connection to the primary. */
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
      // Log positions of different primaries cannot be compared.
      this.wrote()
      this.nodes.tell({ kind: 'primary', node: node.number })
    }
    return { connection, node }
  }

  /** Returns a connection to a replica, or to the primary if there is none. */
  async reader(): Promise<Connection> {
    const order = (): readonly Node[] => {
      const replicas = this.nodes.turn().filter((node) => node !== this.#primary && node.downUntil <= now())
      return this.#primary === undefined ? replicas : [...replicas, this.#primary]
    }
    if (this.#primary === undefined) await (await this.primary()).close()
    const { connection, node } = await this.nodes.connect('read', order, async () => true)
    // A restarted or replaced replica may be behind its earlier position.
    node.replayed = 0n
    return new Reader(connection, node, this)
  }

  /** Asks each machine how it is. The lag of a replica is known while the primary answers. */
  async machines(): Promise<readonly Machine[]> {
    const states = await this.nodes.ask(async (it) => {
      const values = Object.values((await it.first(STATE, [])) as object)
      return { recovers: values[0], position: values[1], behind: values[2] } as State
    })
    const primary = states.find((state) => state?.recovers === false)
    return states.map((state, number) => {
      const role = state?.recovers === false ? 'primary' : 'replica'
      if (state?.recovers !== true || primary === undefined) return { number, role, isUp: state !== undefined }
      const isBehind = parsePosition(state.position) < parsePosition(primary.position)
      return { number, role, isUp: true, lag: isBehind ? (state.behind ?? undefined) : 0 }
    })
  }

  isPrimary(node: Node): boolean {
    return node === this.#primary
  }

  /** Records that something was written. */
  wrote(): void {
    this.#isWritten = this.#readYourWrites
  }

  /** Returns the position that a replica must have reached for a read to see all earlier writes. */
  async needed(): Promise<bigint> {
    const isWritten = this.#isWritten
    // The running request may miss later writes, so wait for it and send another one.
    if (this.#refreshing !== undefined) await this.#refreshing
    if (!isWritten) return this.#needed
    this.#refreshing ??= this.#refreshPosition().finally(() => {
      this.#refreshing = undefined
    })
    await this.#refreshing
    return this.#needed
  }

  async #refreshPosition(): Promise<void> {
    // Later writes need another request.
    this.#isWritten = false
    for (let attempt = 1; ; attempt++) {
      try {
        this.#positionConnection ??= await this.primary()
        this.#needed = parsePosition(await cell(this.#positionConnection, WRITE_POSITION))
        return
      } catch (cause) {
        void close(this.#positionConnection)
        this.#positionConnection = undefined
        if (attempt < ATTEMPTS && this.nodes.codeOf(cause) === 'connection') continue
        this.#isWritten = true
        throw cause
      }
    }
  }

  async close(): Promise<void> {
    await this.#positionConnection?.close()
    await closeAll(this.nodes.all.map((node) => node.driver))
  }
}

/** A connection to the primary, which records writes. */
export class Writer extends Member {
  readonly #cluster: Replication

  constructor(at: Connection, node: Node, cluster: Replication) {
    super(at, node, cluster.nodes)
    this.#cluster = cluster
  }

  protected override ended(): void {
    this.#cluster.wrote()
  }
}

/** A connection to a replica. The primary answers if the replica lags behind or fails. */
export class Reader implements Connection {
  readonly #replica: Connection
  readonly #node: Node
  readonly #cluster: Replication
  #primary: Connection | undefined
  /** The connection of the last statement. */
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

  execute(sql: string, parameters: readonly unknown[], bigints?: boolean): Promise<ExecuteResult> {
    return this.#read((at) => at.execute(sql, parameters, bigints))
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

  /** Runs a read, and repeats it at the primary if the replica is lost. */
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
        // A query that a replica rejects may write.
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
        const replayed = parsePosition(await cell(this.#replica, REPLAY_POSITION))
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
