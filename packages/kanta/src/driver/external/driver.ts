import { refuse } from '../../error/index.ts'
import type { Connection, Driver, ExecuteResult, RunResult } from '../driver.ts'

/** A connection of a library or pool that the user opened, while Kanta holds it. */
export interface ExternalClient {
  execute(sql: string, parameters: readonly unknown[]): Promise<ExecuteResult>
  stream(sql: string, parameters: readonly unknown[], chunkSize: number): AsyncIterableIterator<unknown[]>
  cancel?(): Promise<void>
  kill?(): Promise<void>
  /** Returns it to its pool, which must not reuse a broken one. */
  release(broken: boolean): void | Promise<void>
}

/** A connection that holds a client of the pool only while it is in use, since others use the pool, too. */
class ExternalConnection implements Connection {
  readonly rows = 'object'
  readonly #take: () => Promise<ExternalClient>
  #client: Promise<ExternalClient> | undefined

  constructor(take: () => Promise<ExternalClient>) {
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

  #taken(): Promise<ExternalClient> {
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

/** The parts of a driver over clients of a pool. */
export interface ExternalDriverParts extends Pick<Driver, 'dialect' | 'explainError'> {
  /** The maximum number of concurrent statements. */
  readonly connections: number
  take(): Promise<ExternalClient>
  close(): Promise<void>
}

export function externalDriver({ dialect, explainError, connections, take, close }: ExternalDriverParts): Driver {
  return {
    dialect,
    explainError,
    limits: { write: connections, read: 0 },
    sharesStreams: false,
    holdsStreams: connections > 1,
    connect: () => new ExternalConnection(take),
    close,
  }
}

/** Returns a function that resolves a value or the result of a callback, which it calls only once. */
export function once<T>(given: T | (() => T | Promise<T>)): () => Promise<T> {
  let found: Promise<T> | undefined
  return () => {
    found ??= Promise.resolve(typeof given === 'function' ? (given as () => T | Promise<T>)() : given)
    return found
  }
}
