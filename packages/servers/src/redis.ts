import { rmSync } from 'node:fs'
import { type Owner, temporaryFolder, unprivileged } from './owner.ts'
import { find } from './path.ts'
import { freePort } from './port.ts'
import { ServerProcess } from './process.ts'

/** A Redis server of one's own, which keeps its data in memory only. */
export interface RedisServer {
  readonly host: string
  readonly port: number
  readonly pid: number
  /** Ends it as a crash would; it forgets everything. */
  kill(): Promise<void>
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>
  /** Has it answer nothing until it is resumed; its connections stay. */
  pause(): void
  resume(): void
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

const HOST = '127.0.0.1'

/** The program of the server, or why there is none. */
export function findRedis(): { readonly server: string } | { readonly missing: string } {
  const server = find('redis-server')
  if (server !== undefined) return { server }
  return {
    missing:
      'Redis is left out: it is not installed. Have it with `apt-get install redis-server`, or run packages/servers/src/install.ts as root.',
  }
}

/**
 * Starts a Redis server in a temporary folder on a free port.
 *
 * @throws Error when it is not installed or cannot be started, with what it wrote.
 */
export async function startRedis(): Promise<RedisServer> {
  const found = findRedis()
  if ('missing' in found) throw new Error(found.missing)
  const owner = unprivileged()
  const home: Home = { command: found.server, owner, folder: temporaryFolder('redis', owner), port: await freePort() }
  let server = await startIn(home)
  return {
    host: HOST,
    port: home.port,
    get pid() {
      return server.pid
    },
    kill: () => server.end('SIGKILL'),
    restart: async () => {
      server = await startIn(home)
    },
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    stop: async () => {
      await server.end('SIGKILL')
      rmSync(home.folder, { recursive: true, force: true })
    },
  }
}

interface Home {
  readonly command: string
  readonly owner: Owner | undefined
  readonly folder: string
  readonly port: number
}

function startIn({ command, owner, folder, port }: Home): Promise<ServerProcess> {
  const settings = { bind: HOST, port, dir: folder, save: '', appendonly: 'no' }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  // It writes to its output, where nobody reads.
  const toErrors = ['-c', 'exec "$0" "$@" >&2', command, ...args]
  return ServerProcess.start({
    command: '/bin/sh',
    args: toErrors,
    owner,
    folder,
    ready: /Ready to accept connections/,
  })
}
