import type { Client, Notification as Message } from 'pg'
import { postgresDialect } from '../../dialect/postgres/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import { PgConnection } from '../database/postgres/index.ts'
import type { Driver } from '../driver.ts'

/** What a listener is told. */
export interface Notification {
  readonly channel: string
  readonly payload: string
  /** The process of the server whose session sent it. */
  readonly processId: number
}

/** What is done with what comes, and with what goes wrong. */
export interface Listener {
  notified(notification: Notification): void
  /** The connection was lost and is there again: what was sent meanwhile never comes, so read afresh what it told of. */
  reconnected?(): void
  /** The connection was lost, or could not be made again; another attempt follows. */
  failed?(error: KantaError): void
}

/** A listener that listens until it is closed. */
export interface Listening extends AsyncDisposable {
  close(): Promise<void>
}

const FIRST_WAIT = 50
const LONGEST_WAIT = 10_000

/**
 * Listens to what others send by `NOTIFY`, on a connection of its own, which is made again when it is lost. The promise
 * is kept once the server listens: what is committed after that is told.
 *
 * @example
 * ```ts
 * import { type Listening, listen, pg } from 'kanta/pg'
 *
 * export const follow = (refresh: (city?: string) => void): Promise<Listening> =>
 *   listen(pg('postgres://localhost/cities'), 'city_changed', {
 *     notified: ({ payload }) => refresh(payload),
 *     // What was sent meanwhile is lost.
 *     reconnected: () => refresh(),
 *   })
 * ```
 *
 * @throws KantaError `connection` when the server cannot be reached at first.
 */
export async function listen(
  driver: Driver,
  channel: string,
  listener: Listener | ((notification: Notification) => void),
): Promise<Listening> {
  if (typeof channel !== 'string' || channel === '') refuse('listen() takes the name of a channel.')
  const ears = typeof listener === 'function' ? { notified: listener } : listener
  const line = new ListeningLine(driver, channel, ears)
  await line.start()
  return line
}

class ListeningLine implements Listening {
  readonly #driver: Driver
  readonly #channel: string
  readonly #listener: Listener
  #connection: PgConnection | undefined
  #closed = false
  #wait = FIRST_WAIT
  #timer: ReturnType<typeof setTimeout> | undefined
  #attempt: Promise<void> = Promise.resolve()

  constructor(driver: Driver, channel: string, listener: Listener) {
    this.#driver = driver
    this.#channel = channel
    this.#listener = listener
  }

  readonly #hear = ({ channel, payload = '', processId }: Message): void => {
    if (!this.#closed && channel === this.#channel) this.#listener.notified({ channel, payload, processId })
  }

  async start(): Promise<void> {
    try {
      await this.#connect()
    } catch (cause) {
      throw this.#explained(cause)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#attempt
    const connection = this.#connection
    if (connection === undefined) return // It may be one of a pool, which others use after this.
    ;(connection.client as Client).removeListener('notification', this.#hear)
    if (connection.isOpen) await connection.script(`unlisten ${postgresDialect.quote(this.#channel)}`).catch(() => {})
    await connection.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #connect(): Promise<void> {
    const connection = await this.#driver.connect('write')
    if (!(connection instanceof PgConnection)) {
      await connection.close()
      refuse('listen() takes a driver that pg() made.')
    }
    const client = (connection as PgConnection).client as Client
    client.on('notification', this.#hear)
    try {
      await connection.script(`listen ${postgresDialect.quote(this.#channel)}`)
    } catch (cause) {
      await connection.close()
      throw cause
    }
    this.#connection = connection as PgConnection
    this.#connection.onLost = () => this.#lost()
    if (!this.#connection.isOpen) this.#lost()
  }

  #lost(): void {
    if (this.#closed || this.#connection === undefined) return
    this.#connection = undefined
    this.#listener.failed?.(new KantaError('connection', `The connection that listens to '${this.#channel}' was lost.`))
    this.#again()
  }

  /** Each attempt comes later than the one before, so that a server that starts is not overrun. */
  #again(): void {
    this.#timer = setTimeout(() => {
      this.#attempt = this.#reconnect()
    }, this.#wait)
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT)
  }

  async #reconnect(): Promise<void> {
    try {
      await this.#connect()
      this.#wait = FIRST_WAIT
      if (!this.#closed) this.#listener.reconnected?.()
    } catch (cause) {
      if (this.#closed) return
      this.#listener.failed?.(this.#explained(cause))
      this.#again()
    }
  }

  #explained(cause: unknown): KantaError {
    if (cause instanceof KantaError) return cause
    const { code, message } = this.#driver.explainError(cause)
    return new KantaError(code, message, { cause })
  }
}
