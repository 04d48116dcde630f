import { refuse } from '../../error/index.ts'
import type { Connection, Driver, ExecuteResult, RunResult } from '../driver.ts'

/** One connection of a library or a pool that somebody else opened, as long as Kanta has it. */
export interface GivenClient {
  execute(sql: string, parameters: readonly unknown[]): Promise<ExecuteResult>
  stream(sql: string, parameters: readonly unknown[], chunkSize: number): AsyncIterableIterator<unknown[]>
  cancel?(): Promise<void>
  kill?(): Promise<void>
  /** Gives it back; one that is broken is not to be used again. */
  release(broken: boolean): void | Promise<void>
}

/** A connection that takes a client when it needs one, and has none while it is free: others use the pool, too. */
class GivenConnection implements Connection {
  readonly rows = 'object'
  readonly #take: () => Promise<GivenClient>
  #client: Promise<GivenClient> | undefined

  constructor(take: () => Promise<GivenClient>) {
    this.#take = take
  }

  async all(sql: string, parameters: readonly unknown[]): Promise<unknown[]> {
    return (await this.execute(sql, parameters)).rows
  }

  async first(sql: string, parameters: readonly unknown[]): Promise<unknown> {
    return (await this.all(sql, parameters))[0]
  }

  run(sql: string, parameters: readonly unknown[]): Promise<RunResult> {
    return this.execute(sql, parameters)
  }

  async execute(sql: string, parameters: readonly unknown[]): Promise<ExecuteResult> {
    return (await this.#taken()).execute(sql, parameters)
  }

  columns(): readonly string[] {
    return []
  }

  async *stream(sql: string, parameters: readonly unknown[], chunkSize: number): AsyncGenerator<unknown[], undefined> {
    yield* (await this.#taken()).stream(sql, parameters, chunkSize)
    return undefined
  }

  async script(sql: string): Promise<void> {
    await this.execute(sql, [])
  }

  async cancel(): Promise<void> {
    const client = await this.#client
    if (client?.cancel === undefined)
      return refuse("This connection cannot cancel a query. Abort it with 'ignore query'.")
    await client.cancel()
  }

  async kill(): Promise<void> {
    const client = await this.#client
    if (client?.kill === undefined)
      return refuse("This connection cannot be killed. Abort its query with 'ignore query'.")
    await client.kill()
  }

  rest(): void {
    this.#leave(false).catch(() => {})
  }

  close(): Promise<void> {
    return this.#leave(true)
  }

  #taken(): Promise<GivenClient> {
    if (this.#client === undefined) {
      const taken = this.#take()
      this.#client = taken
      taken.catch(() => {
        if (this.#client === taken) this.#client = undefined
      })
    }
    return this.#client
  }

  async #leave(broken: boolean): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await (await client)?.release(broken)
  }
}

/** A driver over clients that are taken one by one. */
export interface Given extends Pick<Driver, 'dialect' | 'explainError'> {
  /** How many statements may run at once; the rest is up to the pool that gives the clients. */
  readonly connections: number
  take(): Promise<GivenClient>
  close(): Promise<void>
}

export function givenDriver({ dialect, explainError, connections, take, close }: Given): Driver {
  return {
    dialect,
    explainError,
    limits: { write: connections, read: 0 },
    sharesStreams: false,
    holdsStreams: connections > 1,
    connect: () => new GivenConnection(take),
    close,
  }
}

/** What a value or a callback gives, asked for once. */
export function once<T>(given: T | (() => T | Promise<T>)): () => Promise<T> {
  let found: Promise<T> | undefined
  return () => {
    found ??= Promise.resolve(typeof given === 'function' ? (given as () => T | Promise<T>)() : given)
    return found
  }
}
