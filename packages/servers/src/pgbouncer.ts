import { chownSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder, unprivileged } from './owner.ts'
import { findProgram } from './path.ts'
import { freePort } from './port.ts'
import { ServerProcess } from './process.ts'

/** A PgBouncer for tests, in front of one PostgreSQL server. */
export interface Pgbouncer {
  readonly host: string
  readonly port: number
  /** Stops it and removes its folder. */
  stop(): Promise<void>
}

export interface PgbouncerOptions {
  /** The server behind it. */
  readonly server: { readonly host: string; readonly port: number; readonly user: string }
  readonly mode: 'session' | 'transaction' | 'statement'
  /** The number of connections to the server for each database. */
  readonly size: number
  /** Other settings, as in pgbouncer.ini. */
  readonly settings?: Readonly<Record<string, string | number>>
}

const HOST = '127.0.0.1'

/** Returns the program of PgBouncer, or the reason why it is missing. */
export function findPgbouncer(): { readonly program: string } | { readonly missing: string } {
  const program = findProgram('pgbouncer')
  if (program !== undefined) return { program }
  return {
    missing:
      'PgBouncer is not installed. Install it with `apt-get install pgbouncer`, or run packages/servers/src/install.ts as root.',
  }
}

/**
 * Starts a PgBouncer on a free port, with its default settings apart from the mode and the size of the pools.
 *
 * @throws Error if it is not installed or does not start, with its output.
 */
export async function startPgbouncer({
  server,
  mode,
  size,
  settings: others = {},
}: PgbouncerOptions): Promise<Pgbouncer> {
  const found = findPgbouncer()
  if ('missing' in found) throw new Error(found.missing)
  const owner = unprivileged()
  const folder = temporaryFolder('pgbouncer', owner)
  const port = await freePort()
  const settings = {
    listen_addr: HOST,
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: mode,
    default_pool_size: size,
    ...others,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  const target = `host=${server.host} port=${server.port} user=${server.user}`
  const config = join(folder, 'pgbouncer.ini')
  writeFileSync(config, ['[databases]', `* = ${target}`, '[pgbouncer]', ...lines, ''].join('\n'))
  if (owner !== undefined) chownSync(config, owner.uid, owner.gid)
  const process = await ServerProcess.start({
    command: found.program,
    args: [config],
    owner,
    folder,
    ready: /process up/,
  })
  return {
    host: HOST,
    port,
    stop: async () => {
      await process.end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
