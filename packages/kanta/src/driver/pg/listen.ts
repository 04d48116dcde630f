import type { Client, Notification as Message } from 'pg'
import { postgresDialect } from '../../dialect/postgres/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import { PgConnection } from '../database/postgres/index.ts'
import type { Driver } from '../driver.ts'

/** A notification of the server. */
export interface Notification {
  readonly channel: string
  readonly payload: string
  /** The server process of the session that sent it. */
  readonly processId: number
}

/** The callbacks of a listener. */
export interface Listener {
  /** Receives each notification. */
  notified(notification: Notification): void
  /** Runs after the connection is restored. Notifications sent meanwhile are lost, so read their data again. */
  reconnected?(): void
  /** Runs if the connection is lost or cannot be restored; another attempt follows. */
  failed?(error: KantaError): void
}

/** An active listener, which listens until it is closed. */
export interface Listening extends AsyncDisposable {
  close(): Promise<void>
}

const FIRST_WAIT = 50
const LONGEST_WAIT = 10_000

/**
 * Listens to a channel of `NOTIFY` on a connection of its own, which it restores when it is lost. The promise resolves
 * once the server listens; every later notification is delivered.
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
 * @throws KantaError `connection` if the first connection fails, `unsupported` through a pooler that is not in session
 * mode.
 */
export async function listen(
  driver: Driver,
  channel: string,
  listener: Listener | ((notification: Notification) => void),
): Promise<Listening> {
  if (typeof channel !== 'string' || channel === '') refuse('listen() takes the name of a channel.')
  const ears = typeof listener === 'function' ? { notified: listener } : listener
  const line = new ListenConnection(driver, channel, ears)
  await line.start()
  return line
}

class ListenConnection implements Listening {
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

  readonly #onNotification = ({ channel, payload = '', processId }: Message): void => {
    if (!this.#closed && channel === this.#channel) this.#listener.notified({ channel, payload, processId })
  }

  async start(): Promise<void> {
    try {
      await this.#connect()
    } catch (cause) {
      throw this.#explain(cause)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#attempt
    const connection = this.#connection
    if (connection === undefined) return // It may be one of a pool, which others use after this.
    ;(connection.client as Client).removeListener('notification', this.#onNotification)
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
    if (this.#driver.lacksSessions?.() === true) {
      await connection.close()
      throw new KantaError(
        'unsupported',
        "listen() needs a session of the server, and a pooler is in between. Connect to the server itself, or set pg({ pooler: 'session' }) if that is the mode of the pooler.",
      )
    }
    const client = (connection as PgConnection).client as Client
    client.on('notification', this.#onNotification)
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
    this.#scheduleRetry()
  }

  /** Schedules another attempt, with a longer wait each time, so that a starting server is not flooded. */
  #scheduleRetry(): void {
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
      this.#listener.failed?.(this.#explain(cause))
      this.#scheduleRetry()
    }
  }

  #explain(cause: unknown): KantaError {
    if (cause instanceof KantaError) return cause
    const { code, message } = this.#driver.explainError(cause)
    return new KantaError(code, message, { cause })
  }
}
