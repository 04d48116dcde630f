import { facetsOf, titleOf } from '../../dialect/index.ts'
import { checkOptions, KantaError, refuse } from '../../error/index.ts'
import type { Connection, Driver } from '../driver.ts'
import { memberships } from './galera.ts'
import { type ClusterOptions, closeAll, Member, type Node, Nodes } from './nodes.ts'
import { type ReplicatedOptions, Replication } from './replication.ts'

export type { ClusterEvent, ClusterOptions } from './nodes.ts'
export type { ReplicatedOptions } from './replication.ts'

const OPTIONS = ['failoverTimeout', 'retryAfter', 'onEvent', 'readYourWrites']

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
    refuse(`${name}() takes machines of one kind, not ${[...dialects].map(titleOf).join(' and ')}.`)
  checkOptions(`${name}()`, options, known)
  for (const option of ['failoverTimeout', 'retryAfter', 'catchUp'] as const) {
    const value = options[option]
    if (value !== undefined && !(typeof value === 'number' && value >= 0))
      refuse(`${option} of ${name}() is a number of milliseconds, 0 or more, not ${String(value)}.`)
  }
  if (options.onEvent !== undefined && typeof options.onEvent !== 'function')
    refuse(`onEvent of ${name}() is a function that is told of machines: (event) => { … }.`)
}

/**
 * Returns a driver for machines that all take writes, such as the nodes of a Galera cluster. It distributes connections
 * over them in turn, and skips a machine that does not answer or is not part of the cluster until it is back.
 *
 * If two machines take conflicting writes, the cluster keeps one; the other transaction fails with `deadlock`, at a
 * statement or at its commit. `db.transaction().retry()` runs it again.
 *
 * On Galera a statement waits until its node has applied earlier commits of the others (`wsrep_sync_wait`), so that it
 * sees writes from all nodes. `readYourWrites: false` turns the wait off.
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
 * @throws KantaError `invalid_input` for a wrong option; with a query, `connection` if no machine answers in time.
 */
export function multiPrimary(drivers: readonly Driver[], options: ClusterOptions = {}): Driver {
  checkCluster('multiPrimary', drivers, options, OPTIONS)
  const nodes = new Nodes(drivers, options)
  const [first] = drivers
  const { readYourWrites = true } = options
  const membership = memberships.find(first!.dialect)
  const isPart = async (connection: Connection): Promise<boolean> =>
    (await membership?.state(connection)) !== 'detached'
  const isReady = async (connection: Connection): Promise<boolean> => {
    const state = await membership?.state(connection)
    if (state === 'detached')
      throw new KantaError('connection', 'The machine is not part of its cluster just now (wsrep_ready is OFF).')
    if (state !== undefined && readYourWrites) await membership!.waitForOthers(connection)
    return true
  }
  return {
    ...first!,
    limits: { write: drivers.reduce((sum, driver) => sum + driver.limits.write, 0), read: 0 },
    connect: async (role) => {
      const { connection, node } = await nodes.connect(role, () => nodes.turnWithRoom(), isReady)
      return new Peer(connection, node, nodes, isPart)
    },
    machines: async () => {
      const states = await nodes.ask(async (it) => (await isPart(it)) || undefined)
      return states.map((isUp, number) => ({ number, role: 'peer', isUp: isUp === true }))
    },
    close: () => closeAll(drivers),
  }
}

/**
 * Returns a driver for a PostgreSQL primary and its streaming replicas. Writes and transactions go to the current
 * primary, read-only queries to the replicas. It skips a machine that does not answer until it is back, and follows a
 * failover to a new primary. Without a replica, the primary answers everything.
 *
 * A read sees all earlier writes of this database: if its replica does not catch up with the primary in time, the
 * primary answers.
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
 * @throws KantaError `invalid_input` for a wrong option, `unsupported` for other databases; with a query, `connection` when no machine answers in time.
 */
export function replicated(drivers: readonly Driver[], options: ReplicatedOptions = {}): Driver {
  checkCluster('replicated', drivers, options, [...OPTIONS, 'catchUp'])
  const cluster = replications.of(drivers[0]!.dialect)(drivers, options)
  const most = Math.max(...drivers.map((driver) => driver.limits.write))
  return {
    ...drivers[0]!,
    limits: { write: most, read: most * Math.max(1, drivers.length - 1) },
    connect: (role) => (role === 'write' ? cluster.writer() : cluster.reader()),
    machines: () => cluster.machines(),
    close: () => cluster.close(),
  }
}

const replications = facetsOf<(drivers: readonly Driver[], options: ReplicatedOptions) => Replication>('replicated()', {
  sqlite: undefined,
  postgres: (drivers, options) => new Replication(drivers, options),
  mysql: undefined,
  mariadb: undefined,
  mssql: undefined,
})

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
    // The connection is idle, so close it if another machine should take its place.
    this.#isRetired = this.nodes.isSurplus(this.node)
    super.rest()
  }

  protected override async gone(cause: unknown): Promise<void> {
    if (this.#at.isOpen === false) return this.nodes.lost(this.node, cause)
    // The machine answers but rejects work. If it is cut off from the cluster, its other connections are, too.
    const isPart = await this.#isPart(this.#at).catch(() => true)
    if (!isPart) this.nodes.detached(this.node, cause)
  }
}
