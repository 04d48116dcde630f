import { execFile } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  addressAt,
  argumentsOf,
  copyHome,
  findMariadb,
  HOST,
  type Home,
  initFile,
  type MariadbAddress,
  makeHome,
  READY,
  removeHome,
  type Settings,
  startIn,
} from './mariadb.ts'
import { findProgram } from './path.ts'
import { freePorts } from './port.ts'
import type { ServerProcess } from './process.ts'

/** One server of a Galera cluster. */
export interface GaleraNode extends MariadbAddress {
  /** The value of `@@wsrep_node_name`. */
  readonly name: string
  readonly pid: number
  /** The end of its output. */
  readonly output: string
  /** Kills it, as in a crash. Its data stay. */
  kill(): Promise<void>
  /** Starts it again on the same port, and waits until it has caught up with the others. */
  restart(): Promise<void>
  /** Shuts it down. Its data stay. */
  stop(): Promise<void>
}

/** A cluster of MariaDB servers that all take writes. */
export interface GaleraCluster {
  readonly nodes: readonly GaleraNode[]
  /** Stops all servers and removes their data. */
  stop(): Promise<void>
}

const LIBRARIES = ['/usr/lib/galera/libgalera_smm.so', '/usr/lib64/galera-4/libgalera_smm.so']

/** Returns the library of Galera, or the reason why it is missing. */
export function findGalera(): { readonly library: string } | { readonly missing: string } {
  const server = findMariadb()
  if ('missing' in server) return server
  const library = LIBRARIES.find((path) => existsSync(path))
  if (library === undefined) {
    return { missing: 'Galera is not installed. Install it with `apt-get install galera-4`.' }
  }
  // Galera uses rsync to copy all data to a server that has diverged from the others.
  if (findProgram('rsync') === undefined) {
    return { missing: 'Galera needs rsync, which is not installed. Install it with `apt-get install rsync`.' }
  }
  return { library }
}

interface Ports {
  /** The port for SQL. */
  readonly sql: number
  /** The port for messages between the servers. */
  readonly group: number
  /** The port for writes that a server missed. */
  readonly writes: number
  /** The port for a full copy of the data. */
  readonly data: number
}

const nameOf = (ports: Ports): string => `node-${ports.sql}`

/** Short timeouts, so that the cluster misses a silent server after one second instead of five. */
const SHORT_TIMEOUTS = {
  'evs.keepalive_period': 'PT0.2S',
  'evs.inactive_check_period': 'PT0.2S',
  'evs.suspect_timeout': 'PT1S',
  'evs.inactive_timeout': 'PT2S',
  'evs.install_timeout': 'PT2S',
  'evs.join_retrans_period': 'PT0.2S',
}

/** Returns the settings of a server. A joining server lists all others in `group`, the first one lists none. */
function settingsOf(library: string, ports: Ports, group: readonly Ports[]): Settings {
  const provider = {
    'gmcast.listen_addr': `tcp://${HOST}:${ports.group}`,
    'ist.recv_addr': `${HOST}:${ports.writes}`,
    'ist.recv_bind': `${HOST}:${ports.writes}`,
    'gcache.size': '16M',
    // The tests never restart a whole cluster.
    'pc.recovery': 'false',
    ...SHORT_TIMEOUTS,
  }
  return {
    port: ports.sql,
    'binlog-format': 'row',
    'innodb-autoinc-lock-mode': 2,
    'wsrep-on': 'ON',
    'wsrep-provider': library,
    'wsrep-provider-options': Object.entries(provider)
      .map(([name, value]) => `${name}=${value}`)
      .join(';'),
    'wsrep-cluster-name': 'kanta',
    'wsrep-cluster-address': `gcomm://${group.map((each) => `${HOST}:${each.group}`).join(',')}`,
    'wsrep-node-name': nameOf(ports),
    'wsrep-node-address': HOST,
    'wsrep-sst-method': 'rsync',
    'wsrep-sst-receive-address': `${HOST}:${ports.data}`,
    'wsrep-slave-threads': 2,
  }
}

/** Matches the output of a server that listens and has caught up with the others. */
const JOINED = new RegExp(`(?=[\\s\\S]*${READY.source})(?=[\\s\\S]*Synchronized with group)`)

/**
 * Starts a Galera cluster of MariaDB in temporary folders, on free ports of the loopback address.
 *
 * All servers start with the data of the first one, so that a joining server needs only the writes that it missed.
 *
 * @throws Error if a server does not start, with its output.
 */
export async function startGalera(nodes = 3): Promise<GaleraCluster> {
  const found = findGalera()
  if ('missing' in found) throw new Error(found.missing)
  const free = await freePorts(4 * nodes)
  const ports = Array.from({ length: nodes }, (_, i): Ports => {
    const [sql, group, writes, data] = free.slice(4 * i) as [number, number, number, number]
    return { sql, group, writes, data }
  })
  const [first, ...others] = ports
  const seed = await makeSeed(found.library, first!)
  const homes = [seed, ...others.map(() => copyHome(seed))]
  const started: Node[] = []
  const stop = async (): Promise<void> => {
    // The data are removed, so the servers need no clean shutdown.
    await Promise.all(started.map((node) => node.kill()))
    for (const home of homes) removeHome(home)
  }
  const start = async (i: number, group: readonly Ports[], position: string): Promise<void> => {
    const joining = settingsOf(found.library, ports[i]!, ports)
    const settings = { ...settingsOf(found.library, ports[i]!, group), 'wsrep-start-position': position }
    started[i] = new Node(homes[i]!, ports[i]!, joining, await startIn(homes[i]!, settings, JOINED))
  }
  try {
    const position = await positionOf(seed, settingsOf(found.library, first!, ports))
    await start(0, [], position)
    const joined = await Promise.allSettled(others.map((_, i) => start(i + 1, ports, position)))
    for (const each of joined) if (each.status === 'rejected') throw each.reason
  } catch (error) {
    await stop()
    throw error
  }
  return { nodes: [...started], stop }
}

/** Creates the data of a cluster with one server, which has ended. */
async function makeSeed(library: string, ports: Ports): Promise<Home> {
  const home = makeHome()
  const server = await startIn(home, { ...settingsOf(library, ports, []), 'init-file': initFile(home) }, JOINED)
  await server.end('SIGTERM')
  rmSync(join(home.data, 'galera.cache'))
  return home
}

class Node implements GaleraNode {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly #home: Home
  readonly #joining: Settings
  #server: ServerProcess

  constructor(home: Home, ports: Ports, joining: Settings, server: ServerProcess) {
    const { host, port, user, password, database } = addressAt(ports.sql)
    this.name = nameOf(ports)
    this.host = host
    this.port = port
    this.user = user
    this.password = password
    this.database = database
    this.#home = home
    this.#joining = joining
    this.#server = server
  }

  get pid(): number {
    return this.#server.pid
  }

  get output(): string {
    return this.#server.output
  }

  kill(): Promise<void> {
    return this.#server.end('SIGKILL')
  }

  stop(): Promise<void> {
    return this.#server.end('SIGTERM')
  }

  async restart(): Promise<void> {
    const position = await positionOf(this.#home, this.#joining)
    this.#server = await startIn(this.#home, { ...this.#joining, 'wsrep-start-position': position }, JOINED)
  }
}

/**
 * Returns the position of the last write in the data of a server. After a crash it is stored nowhere else.
 *
 * @see https://mariadb.com/kb/en/galera-cluster-recovery/
 */
async function positionOf(home: Home, settings: Settings): Promise<string> {
  const args = argumentsOf(home, { ...settings, 'wsrep-recover': 1 })
  const { stdout, stderr } = await promisify(execFile)(home.server, args, { cwd: '/', ...home.owner })
  const position = /Recovered position:\s*(\S+)/.exec(stdout + stderr)?.[1]
  if (position === undefined) throw new Error(`${home.server} did not print the position of its data.\n${stderr}`)
  return position
}
