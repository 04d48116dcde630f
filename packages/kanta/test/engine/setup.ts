import { findPostgres, installMariadb, type PostgresServer, startMariadb, startPostgres } from 'kanta-servers'
import type { TestProject } from 'vitest/node'
import type { Servers } from './servers.ts'

/** The servers of this run: one of each, whatever number of projects uses them. */
interface Running {
  users: number
  readonly started: Promise<{ readonly servers: Servers; readonly stops: readonly (() => Promise<void>)[] }>
}
const RUNNING = Symbol.for('kanta.test.servers')
const shared = globalThis as { [RUNNING]?: Running }

async function start(): ReturnType<() => Running['started']> {
  const stops: (() => Promise<void>)[] = []
  const [postgresAt, mariadbAt] = await Promise.all([postgres(stops), mariadb(stops)])
  const servers: Servers = { postgres: postgresAt, mariadb: mariadbAt }
  for (const found of Object.values(servers)) if ('missing' in found) console.warn(found.missing)
  return { servers, stops }
}

async function postgres(stops: (() => Promise<void>)[]): Promise<Servers['postgres']> {
  const found = findPostgres()
  if ('missing' in found) return found
  const server: PostgresServer = await startPostgres({ settings: { max_prepared_transactions: 200 } })
  stops.push(() => server.stop())
  const { host, port, user, database } = server
  return { host, port, user, database }
}

async function mariadb(stops: (() => Promise<void>)[]): Promise<Servers['mariadb']> {
  const missing = installMariadb()
  if (missing !== undefined) return { missing }
  // A commit over several databases needs it.
  const server = await startMariadb({ settings: { 'innodb-flush-log-at-trx-commit': 1 } })
  stops.push(() => server.stop())
  const { host, port, user, password, database } = server
  return { host, port, user, password, database }
}

/** Starts the servers that this machine can run before the tests, and stops them after. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared[RUNNING] ??= { users: 0, started: start() }
  const running = shared[RUNNING]
  running.users++
  const { servers, stops } = await running.started
  project.provide('servers', servers)
  return async () => {
    running.users--
    if (running.users > 0) return
    delete shared[RUNNING]
    for (const stop of stops) await stop()
  }
}
