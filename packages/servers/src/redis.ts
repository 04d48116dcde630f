import { rmSync } from 'node:fs'
import { type Owner, temporaryFolder, unprivileged } from './owner.ts'
import { findProgram } from './path.ts'
import { freePort } from './port.ts'
import { ServerProcess } from './process.ts'

/** A Redis server for tests, which keeps its data in memory only. */
export interface RedisServer {
  readonly host: string
  readonly port: number
  readonly pid: number
  /** Kills it, as in a crash. Its data are lost. */
  kill(): Promise<void>
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>
  /** Stops it from answering until `resume()`. Its connections stay. */
  pause(): void
  resume(): void
  /** Stops it and removes its folder. */
  stop(): Promise<void>
}

const HOST = '127.0.0.1'

/** Returns the program of the server, or the reason why it is missing. */
export function findRedis(): { readonly server: string } | { readonly missing: string } {
  const server = findProgram('redis-server')
  if (server !== undefined) return { server }
  return {
    missing:
      'Redis is not installed. Install it with `apt-get install redis-server`, or run packages/servers/src/install.ts as root.',
  }
}

/**
 * Starts a Redis server in a temporary folder on a free port.
 *
 * @throws Error if it is not installed or does not start, with its output.
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
  // Redis logs to stdout; send that to stderr, which the supervisor reads.
  const toErrors = ['-c', 'exec "$0" "$@" >&2', command, ...args]
  return ServerProcess.start({
    command: '/bin/sh',
    args: toErrors,
    owner,
    folder,
    ready: /Ready to accept connections/,
  })
}
