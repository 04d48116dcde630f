import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Owner, temporaryFolder, unprivileged } from './owner.ts'
import { findProgram } from './path.ts'
import { freePort } from './port.ts'
import { ServerProcess } from './process.ts'

/** The address and login of a MariaDB server. */
export interface MariadbAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

/** A MariaDB server for tests. */
export interface MariadbServer extends MariadbAddress {
  /** The data folder. */
  readonly data: string
  readonly pid: number
  /** Kills it, as in a crash. Its data stay. */
  kill(): Promise<void>
  /** Shuts it down. Its data stay. */
  shutDown(): Promise<void>
  /** Starts it again on the same port, with additional settings. */
  restart(settings?: Settings): Promise<void>
  /** Stops it and removes its data. */
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

/** Fast settings. Commits survive a crash of the server, but not one of the machine. */
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

/** Returns the programs of the server, or the reason why they are missing. */
export function findMariadb(): { readonly server: string; readonly install: string } | { readonly missing: string } {
  const server = findProgram('mariadbd')
  const install = findProgram('mariadb-install-db')
  if (server !== undefined && install !== undefined) return { server, install }
  return {
    missing:
      'MariaDB is not installed. Install it with `apt-get install mariadb-server galera-4`, or run packages/servers/src/install.ts as root.',
  }
}

/** Returns true if a server can be started, or else the reason why not. */
export function mariadbIsInstalled(): true | string {
  const found = findMariadb()
  return 'missing' in found ? found.missing : true
}

const SPIDER = '/usr/lib/mysql/plugin/ha_spider.so'

/** Returns the library of the engine Spider, or the reason why it is missing. */
export function findSpider(): { readonly library: string } | { readonly missing: string } {
  const server = findMariadb()
  if ('missing' in server) return server
  if (existsSync(SPIDER)) return { library: SPIDER }
  return { missing: 'Spider is not installed. Install it with `apt-get install mariadb-plugin-spider`.' }
}

/** The folder of one server. */
export interface Home {
  /** The program of the server. */
  readonly server: string
  readonly owner: Owner | undefined
  readonly folder: string
  readonly data: string
}

/**
 * Creates the folder of a server with the data of an empty database.
 *
 * @throws Error if MariaDB is not installed.
 */
export function makeHome(): Home {
  const { install, ...home } = emptyHome()
  mkdirFor(home, home.data)
  installData(install, home)
  return home
}

/** Creates the folder of a server with a copy of the data of a stopped one. */
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
  mkdirFor(home, temporaryFolderIn(folder))
  writeFileSync(initFile(home), INIT)
  if (owner !== undefined) chownSync(initFile(home), owner.uid, owner.gid)
  return home
}

function mkdirFor({ owner }: Home, path: string): void {
  mkdirSync(path)
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid)
}

/** Returns the arguments of the server of a home, with additional settings. */
export function argumentsOf({ folder, data }: Home, settings: Settings): string[] {
  const all: Settings = { ...SETTINGS, ...settings, ...pathsOf(folder, data) }
  return ['--no-defaults', ...Object.entries(all).map(([name, value]) => `--${name}=${value}`)]
}

/** Returns the address of a server of this machine. */
export const addressAt = (port: number): MariadbAddress => ({
  host: HOST,
  port,
  user: USER,
  password: PASSWORD,
  database: DATABASE,
})

/** Matches the output of a server that is ready for connections. */
export const READY = /ready for connections[\s\S]*port: \d/

/** Starts the server of a home. */
export function startIn(home: Home, settings: Settings, ready = READY): Promise<ServerProcess> {
  const { server: command, owner, folder } = home
  return ServerProcess.start({ command, args: argumentsOf(home, settings), owner, folder, ready })
}

/**
 * Starts a MariaDB server in a temporary folder on a free port.
 *
 * @throws Error if the server does not start, with its output.
 */
export async function startMariadb({ settings = {} }: MariadbOptions = {}): Promise<MariadbServer> {
  const home = makeHome()
  const port = await freePort()
  let allSettings: Settings = { 'init-file': initFile(home), ...settings, port }
  let server = await startIn(home, allSettings)
  return {
    ...addressAt(port),
    data: home.data,
    get pid() {
      return server.pid
    },
    kill: () => server.end('SIGKILL'),
    shutDown: () => server.end('SIGTERM'),
    restart: async (additions = {}) => {
      allSettings = { ...allSettings, ...additions, port }
      server = await startIn(home, allSettings)
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

const temporaryFolderIn = (folder: string): string => join(folder, 'tmp')

const pathsOf = (folder: string, data: string): Settings => ({
  datadir: data,
  // A starting server removes temporary tables from this folder, also those of other servers, so each has its own.
  tmpdir: temporaryFolderIn(folder),
  socket: join(folder, 'server.sock'),
  'pid-file': join(folder, 'server.pid'),
})

/** The script that the server runs at its start. It grants all rights to the user with the password. */
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
      `--tmpdir=${temporaryFolderIn(folder)}`,
      '--skip-test-db',
      '--auth-root-authentication-method=normal',
      '--innodb-flush-method=nosync',
      '--innodb-log-file-size=16M',
    ],
    { cwd: '/', stdio: 'pipe', ...owner },
  )
}
