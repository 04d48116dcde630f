// Runs one server, and ends it when the parent process ends, even by a crash: that closes the input of this process.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'

interface Order {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly folder: string
  readonly uid?: number
  readonly gid?: number
}

const order = JSON.parse(process.argv[2]!) as Order
const { uid, gid } = order
const server = spawn(order.command, order.args, {
  env: { ...process.env, ...order.env },
  stdio: ['ignore', 'inherit', 'inherit'],
  cwd: '/',
  // Use a process group, so that an interrupt at the keyboard does not reach the server directly.
  detached: true,
  ...(uid === undefined || gid === undefined ? {} : { uid, gid }),
})

server.on('error', (error) => {
  console.error(`${order.command}: ${error.message}`)
  process.exitCode = 1
})
server.on('spawn', () => console.error(`supervised ${server.pid}`))
let isAlone = false
server.on('exit', (code, signal) => {
  console.error(`The server ended (${signal ?? code}).`)
  if (isAlone) rmSync(order.folder, { recursive: true, force: true })
  process.exit(0)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
// A closed output pipe must not end this process before the server.
process.stderr.on('error', () => {})
process.stdin.resume()
process.stdin.on('close', () => {
  isAlone = true
  // Kill the whole group, since the processes for connections would otherwise survive for a while.
  if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, 'SIGKILL')
})
