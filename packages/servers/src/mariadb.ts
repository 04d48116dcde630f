import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** How a server of MariaDB is started. */
export interface MariadbOptions {
  /** Settings of the server, as `mariadbd --help` names them without the dashes: `{ 'max-connections': 5 }`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>> | undefined
  /** Where its data is, to start it again after `kill()`; it is then kept at the end. Else a temporary folder. */
  readonly folder?: string | undefined
  /** The port, for a server that is started again; else a free one. */
  readonly port?: number | undefined
}

/** A private server of MariaDB on the loopback address. */
export interface MariadbServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly folder: string
  /** The process of the server, to freeze it with a signal. */
  readonly pid: number
  /** Ends it in order. */
  stop(): Promise<void>
  /** Ends it as a loss of power would. */
  kill(): Promise<void>
}

const HOST = '127.0.0.1'
const USER = 'kanta'
const PASSWORD = 'kanta'
const DATABASE = 'kanta'

/** Debian puts servers where the path of a user need not lead. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

async function find(program: string): Promise<string | undefined> {
  for (const folder of FOLDERS) {
    const path = join(folder, program)
    if (
      await stat(path).then(
        (found) => found.isFile(),
        () => false,
      )
    )
      return path
  }
  return undefined
}

/** Whether MariaDB's server is here, else why it cannot be started. */
export async function mariadbIsInstalled(): Promise<true | string> {
  for (const program of ['mariadbd', 'mariadb-install-db'])
    if ((await find(program)) === undefined)
      return `MariaDB is not installed (no ${program}). Install it: apt-get install mariadb-server galera-4.`
  return true
}

/** Quick rather than safe from a loss of power; what is committed survives the end of the process. */
const SETTINGS = {
  'bind-address': HOST,
  'skip-networking': 0,
  'skip-name-resolve': 1,
  'skip-log-bin': true,
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
  'innodb-fast-shutdown': 1,
} as const

/** The user whom a server that is started by root runs as. */
const UNPRIVILEGED = 'nobody'

/**
 * Starts MariaDB in a folder of its own on a free port. It ends with `stop()` or `kill()`, and with the process that
 * started it, however that ends.
 */
export async function startMariadb(options: MariadbOptions = {}): Promise<MariadbServer> {
  const program = await find('mariadbd')
  if (program === undefined) throw new Error(String(await mariadbIsInstalled()))
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'kanta-mariadb-')))
  const keep = options.folder !== undefined
  try {
    await install(folder)
    // A port that was free a moment ago may be taken meanwhile, by another worker that looks for one, too.
    for (let attempt = 1; ; attempt++) {
      const port = options.port ?? (await freePort())
      try {
        return await launch(program, { folder, keep, port, settings: options.settings ?? {} })
      } catch (error) {
        if (attempt === 5 || options.port !== undefined || !/Bind on TCP\/IP port/.test(String(error))) throw error
      }
    }
  } catch (error) {
    if (!keep) await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST)
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

const isRoot = (): boolean => process.getuid?.() === 0

/** Makes the system tables, where they are not there from an earlier start. */
async function install(folder: string): Promise<void> {
  const data = join(folder, 'data')
  if (
    await stat(join(data, 'mysql')).then(
      () => true,
      () => false,
    )
  )
    return
  await mkdir(data, { recursive: true })
  const init = join(folder, 'init.sql')
  await writeFile(
    init,
    [
      `create database if not exists ${DATABASE} character set utf8mb4 collate utf8mb4_bin;`,
      `create user if not exists '${USER}'@'%' identified by '${PASSWORD}';`,
      `grant all on *.* to '${USER}'@'%' with grant option;`,
      '',
    ].join('\n'),
  )
  if (isRoot()) {
    const uid = Number(spawnSync('id', ['-u', UNPRIVILEGED], { encoding: 'utf8' }).stdout)
    for (const path of [folder, data, init]) await chown(path, uid, -1)
  }
  const made = spawn(
    (await find('mariadb-install-db'))!,
    [
      '--no-defaults',
      `--datadir=${data}`,
      '--skip-test-db',
      '--auth-root-authentication-method=normal',
      '--innodb-flush-method=nosync',
      '--innodb-log-file-size=16M',
      ...(isRoot() ? [`--user=${UNPRIVILEGED}`] : []),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  for (const stream of [made.stdout, made.stderr]) stream.on('data', (text) => (said += text))
  const [code] = await once(made, 'close')
  if (code !== 0) throw new Error(`mariadb-install-db failed: ${said}`)
}

interface Launch {
  readonly folder: string
  readonly keep: boolean
  readonly port: number
  readonly settings: Readonly<Record<string, string | number | boolean>>
}

/**
 * A shell stands between, and waits for a word or for the end of its input, which comes with the end of this process:
 * no server outlives a test run that is killed.
 */
const KEEPER = `
log=$1; folder=$2; shift 2
"$@" </dev/null >"$log" 2>&1 &
server=$!
echo $server
read -r how
if [ "$how" = stop ]; then kill -TERM $server; else kill -KILL $server; fi 2>/dev/null
wait $server 2>/dev/null
if [ -n "$folder" ]; then rm -rf "$folder"; fi
`

async function launch(program: string, { folder, keep, port, settings }: Launch): Promise<MariadbServer> {
  const log = join(folder, 'server.log')
  const given: Record<string, string | number | boolean> = {
    datadir: join(folder, 'data'),
    socket: join(folder, 'server.sock'),
    'pid-file': join(folder, 'server.pid'),
    'init-file': join(folder, 'init.sql'),
    port,
    ...SETTINGS,
    ...(isRoot() ? { user: UNPRIVILEGED } : {}),
    ...settings,
  }
  const words = Object.entries(given).map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`))
  const keeper = spawn('sh', ['-c', KEEPER, 'sh', log, keep ? '' : folder, program, '--no-defaults', ...words], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // Signals to the group of this process, such as Ctrl-C, leave the keeper to do its work.
    detached: true,
  })
  keeper.unref()
  const ended = once(keeper, 'exit')
  const pid = await pidOf(keeper.stdout)
  const end = async (how: 'stop' | 'kill'): Promise<void> => {
    keeper.ref()
    if (keeper.exitCode === null) keeper.stdin.end(`${how}\n`)
    await ended
  }
  try {
    await answering(port, pid)
  } catch (error) {
    const said = await readFile(log, 'utf8').catch(() => '')
    await end('kill')
    throw new Error(`MariaDB did not start: ${said.slice(-4000)}`, { cause: error })
  }
  ;(keeper.stdin as unknown as Socket).unref()
  return {
    host: HOST,
    port,
    user: USER,
    password: PASSWORD,
    database: DATABASE,
    folder,
    pid,
    stop: () => end('stop'),
    kill: () => end('kill'),
  }
}

async function pidOf(output: NodeJS.ReadableStream): Promise<number> {
  let said = ''
  for await (const text of output) {
    said += text
    if (said.includes('\n')) break
  }
  return Number(said)
}

const PATIENCE = 60_000

/** Waits until the server greets whoever connects. */
async function answering(port: number, pid: number): Promise<void> {
  for (const since = performance.now(); performance.now() - since < PATIENCE; ) {
    if (await greets(port)) return
    process.kill(pid, 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`It does not answer on port ${port}.`)
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST)
    socket.once('data', () => {
      resolve(true)
      socket.destroy()
    })
    for (const event of ['error', 'close']) socket.once(event, () => resolve(false))
  })
}
