import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Owner } from './owner.ts'

/** The command of a server, and the sign that it is ready. */
export interface Command {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly owner: Owner | undefined
  /** The folder of its data. It is removed if the process that started the server ends without stopping it. */
  readonly folder: string
  /** Matches its output once it takes connections. */
  readonly ready: RegExp
  /** The time limit of the start, in milliseconds. */
  readonly startTimeout?: number
}

/** The number of characters of output to keep for messages. */
const MAX_OUTPUT = 100_000

/** A running server. It ends with the process that started it, even if that crashes. */
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

  static start({
    command,
    args,
    env = {},
    owner,
    folder,
    ready,
    startTimeout = 60_000,
  }: Command): Promise<ServerProcess> {
    const order = JSON.stringify({ command, args, env, folder, ...owner })
    const script = fileURLToPath(new URL('./supervise.ts', import.meta.url))
    const supervisor = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, order], {
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    // Do not wait for the server: when this process has nothing else to do, both end.
    supervisor.unref()
    const output = { text: '' }
    const ended = new Promise<void>((resolve) => supervisor.once('exit', () => resolve()))
    supervisor.stdin.on('error', () => {})
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        supervisor.stdin.end()
        reject(new Error(`${command} ${why}.\n${output.text}`))
      }
      const timer = setTimeout(() => fail(`was not ready after ${startTimeout} ms`), startTimeout)
      supervisor.once('exit', () => {
        clearTimeout(timer)
        fail('ended before it was ready')
      })
      supervisor.stderr.setEncoding('utf8')
      let isReady = false
      let pid: string | undefined
      supervisor.stderr.on('data', (text: string) => {
        output.text = (output.text + text).slice(-MAX_OUTPUT)
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

  /** The end of its output. */
  get output(): string {
    return this.#output.text
  }

  /** Sends a signal. `SIGKILL` acts as a crash. */
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
