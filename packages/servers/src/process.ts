import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Owner } from './owner.ts'

/** What is started, and how it says that it is ready. */
export interface Command {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly owner: Owner | undefined
  /** Its data, removed when the process that started it ends without stopping it. */
  readonly folder: string
  /** What it writes once it takes connections. */
  readonly ready: RegExp
  /** How many milliseconds it may take. */
  readonly patience?: number
}

/** How much of what a server writes is kept for messages. */
const KEPT = 100_000

/** A running server. It ends with the process that started it, however that ends. */
export class ServerProcess {
  readonly pid: number
  readonly #supervisor: ChildProcessByStdio<Writable, null, Readable>
  readonly #ended: Promise<void>
  readonly #output: { text: string }

  private constructor(
    pid: number,
    supervisor: ChildProcessByStdio<Writable, null, Readable>,
    ended: Promise<void>,
    output: { text: string },
  ) {
    this.pid = pid
    this.#supervisor = supervisor
    this.#ended = ended
    this.#output = output
  }

  static start({ command, args, env = {}, owner, folder, ready, patience = 60_000 }: Command): Promise<ServerProcess> {
    const order = JSON.stringify({ command, args, env, folder, ...owner })
    const script = fileURLToPath(new URL('./supervise.ts', import.meta.url))
    const supervisor = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, order], {
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    // Nobody waits for a server: a process that has nothing else to do ends, and the server with it.
    supervisor.unref()
    const output = { text: '' }
    const ended = new Promise<void>((resolve) => supervisor.once('exit', () => resolve()))
    supervisor.stdin.on('error', () => {})
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        supervisor.stdin.end()
        reject(new Error(`${command} ${why}.\n${output.text}`))
      }
      const timer = setTimeout(() => fail(`was not ready after ${patience} ms`), patience)
      supervisor.once('exit', () => {
        clearTimeout(timer)
        fail('ended before it was ready')
      })
      supervisor.stderr.setEncoding('utf8')
      let isReady = false
      let pid: string | undefined
      supervisor.stderr.on('data', (text: string) => {
        output.text = (output.text + text).slice(-KEPT)
        pid ??= /^supervised (\d+)$/m.exec(output.text)?.[1]
        if (isReady || pid === undefined || !ready.test(output.text)) return
        isReady = true
        clearTimeout(timer)
        for (const stream of [supervisor.stdin, supervisor.stderr] as unknown as { unref?: () => void }[])
          stream.unref?.()
        resolve(new ServerProcess(Number(pid), supervisor, ended, output))
      })
    })
  }

  /** What it wrote last. */
  get output(): string {
    return this.#output.text
  }

  /** Sends a signal; `SIGKILL` ends it as a crash would. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  /** Waits until it has ended. */
  ended(): Promise<void> {
    this.#supervisor.ref()
    return this.#ended
  }

  /** Ends it with a signal, and waits. */
  async end(signal: NodeJS.Signals): Promise<void> {
    try {
      this.signal(signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
    await this.ended()
  }
}
