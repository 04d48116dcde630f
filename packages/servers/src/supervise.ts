// Runs one server, and ends it when whoever asked for it ends in whatever way: then this process's input closes.
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
  // A group of its own, so that an interrupt at the keyboard reaches it only from here.
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
// What is written to a closed pipe is lost, and that is no reason to leave the server behind.
process.stderr.on('error', () => {})
process.stdin.resume()
process.stdin.on('close', () => {
  isAlone = true
  // The whole group: a server's processes for its connections would otherwise stay a while.
  if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, 'SIGKILL')
})
