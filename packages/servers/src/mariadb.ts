import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Owner, temporaryFolder, unprivileged } from './owner.ts'
import { find } from './path.ts'
import { freePort } from './port.ts'
import { ServerProcess } from './process.ts'

/** Where MariaDB answers. */
export interface MariadbAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

/** A MariaDB server of one's own. */
export interface MariadbServer extends MariadbAddress {
  /** The folder of its data. */
  readonly data: string
  readonly pid: number
  /** Ends it as a crash would. Its data stay. */
  kill(): Promise<void>
  /** Ends it in good order. Its data stay. */
  shutDown(): Promise<void>
  /** Starts it again on the same port, with other settings besides those it had, where they are given. */
  restart(settings?: Settings): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

/** Settings of the server, as `mariadbd --help` names them without the dashes. */
export type Settings = Readonly<Record<string, string | number>>

export interface MariadbOptions {
  readonly settings?: Settings
}

/** The address that servers of this machine listen on. */
export const HOST = '127.0.0.1'
const USER = 'kanta'
const PASSWORD = 'kanta'
const DATABASE = 'kanta'

/** Quick rather than safe from a crash of the machine; what is committed survives a crash of the server. */
const SETTINGS: Settings = {
  'bind-address': HOST,
  'skip-networking': 0,
  'skip-name-resolve': 1,
  'performance-schema': 0,
  'character-set-server': 'utf8mb4',
  'max-connections': 200,
  'key-buffer-size': '1M',
  'aria-pagecache-buffer-size': '8M',
  'innodb-buffer-pool-size': '32M',
  'innodb-log-file-size': '16M',
  'innodb-flush-method': 'nosync',
  'innodb-flush-log-at-trx-commit': 2,
  'innodb-doublewrite': 0,
}

/** The programs of the server, or why there are none. */
export function findMariadb(): { readonly server: string; readonly install: string } | { readonly missing: string } {
  const server = find('mariadbd')
  const install = find('mariadb-install-db')
  if (server !== undefined && install !== undefined) return { server, install }
  return {
    missing:
      'MariaDB is left out: it is not installed. Have it with `apt-get install mariadb-server galera-4`, or run packages/servers/src/install.ts as root.',
  }
}

/** Whether a server can be started here, else why not. */
export function mariadbIsInstalled(): true | string {
  const found = findMariadb()
  return 'missing' in found ? found.missing : true
}

/** A folder of its own in which one server lives. */
export interface Home {
  /** The program of the server. */
  readonly server: string
  readonly owner: Owner | undefined
  readonly folder: string
  readonly data: string
}

/**
 * Makes a folder for a server, with the data of an empty one.
 *
 * @throws Error when MariaDB is not installed.
 */
export function makeHome(): Home {
  const { install, ...home } = emptyHome()
  mkdirFor(home, home.data)
  installData(install, home)
  return home
}

/** Makes a folder for a server, with the data of another that does not run. */
export function copyHome(from: Home): Home {
  const { install, ...home } = emptyHome()
  execFileSync('cp', ['-R', from.data, home.data], { stdio: 'pipe', ...home.owner })
  return home
}

function emptyHome(): Home & { readonly install: string } {
  const found = findMariadb()
  if ('missing' in found) throw new Error(found.missing)
  const owner = unprivileged()
  const folder = temporaryFolder('mariadb', owner)
  const home = { ...found, owner, folder, data: join(folder, 'data') }
  mkdirFor(home, temporary(folder))
  writeFileSync(initFile(home), INIT)
  if (owner !== undefined) chownSync(initFile(home), owner.uid, owner.gid)
  return home
}

function mkdirFor({ owner }: Home, path: string): void {
  mkdirSync(path)
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid)
}

/** How the server of a home is called, with settings besides the usual ones. */
export function argumentsOf({ folder, data }: Home, settings: Settings): string[] {
  const all: Settings = { ...SETTINGS, ...settings, ...places(folder, data) }
  return ['--no-defaults', ...Object.entries(all).map(([name, value]) => `--${name}=${value}`)]
}

/** Where a server of this machine answers. */
export const addressAt = (port: number): MariadbAddress => ({
  host: HOST,
  port,
  user: USER,
  password: PASSWORD,
  database: DATABASE,
})

/** Listens, and has read what there is to read before. */
export const READY = /ready for connections[\s\S]*port: \d/

/** Starts the server of a home. */
export function startIn(home: Home, settings: Settings, ready = READY): Promise<ServerProcess> {
  const { server: command, owner, folder } = home
  return ServerProcess.start({ command, args: argumentsOf(home, settings), owner, folder, ready })
}

/**
 * Starts a MariaDB server in a temporary folder on a free port.
 *
 * @throws Error when it cannot be started, with what it wrote.
 */
export async function startMariadb({ settings = {} }: MariadbOptions = {}): Promise<MariadbServer> {
  const home = makeHome()
  const port = await freePort()
  let given: Settings = { 'init-file': initFile(home), ...settings, port }
  let server = await startIn(home, given)
  return {
    ...addressAt(port),
    data: home.data,
    get pid() {
      return server.pid
    },
    kill: () => server.end('SIGKILL'),
    shutDown: () => server.end('SIGTERM'),
    restart: async (more = {}) => {
      given = { ...given, ...more, port }
      server = await startIn(home, given)
    },
    stop: async () => {
      await server.end('SIGTERM')
      removeHome(home)
    },
  }
}

/** Removes a home whose server has ended. */
export function removeHome({ folder }: Home): void {
  rmSync(folder, { recursive: true, force: true })
}

const temporary = (folder: string): string => join(folder, 'tmp')

const places = (folder: string, data: string): Settings => ({
  datadir: data,
  // A server that starts removes the temporary tables of others from the folder that it shares with them.
  tmpdir: temporary(folder),
  socket: join(folder, 'server.sock'),
  'pid-file': join(folder, 'server.pid'),
})

/** What the server runs when it starts: whoever connects from this machine with the password may do everything. */
const INIT = `
create database if not exists ${DATABASE} character set utf8mb4 collate utf8mb4_bin;
create user if not exists '${USER}'@'%' identified by '${PASSWORD}';
grant all on *.* to '${USER}'@'%' with grant option;
`

export const initFile = ({ folder }: Home): string => join(folder, 'init.sql')

function installData(program: string, { folder, data, owner }: Home): void {
  execFileSync(
    program,
    [
      '--no-defaults',
      `--datadir=${data}`,
      `--tmpdir=${temporary(folder)}`,
      '--skip-test-db',
      '--auth-root-authentication-method=normal',
      '--innodb-flush-method=nosync',
      '--innodb-log-file-size=16M',
    ],
    { cwd: '/', stdio: 'pipe', ...owner },
  )
}
