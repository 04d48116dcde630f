import { checkOptions, describe, refuse } from '../error/index.ts'
import type { CacheEntry, CacheLook, CacheStore } from './store.ts'
import { rowsOf, textOfRows } from './text.ts'

/** A client of Redis: of the package `redis`, or `ioredis`. */
export type RedisClient =
  | { sendCommand(args: string[]): Promise<unknown> }
  | { call(command: string, ...args: string[]): Promise<unknown> }

/** Options of `redisStore()`. */
export interface RedisStoreOptions {
  /** Connected, and closed by whoever made it. */
  readonly client: RedisClient
  /** What all keys begin with. Give each database its own; in a Redis cluster, in braces: `{shop}`. */
  readonly prefix: string
}

/**
 * A store in Redis, which several processes share: a write in one is seen by all.
 *
 * @throws KantaError `invalid_input` for a wrong option.
 *
 * @example
 * ```ts
 * import { cache, type RedisClient, redisStore } from 'kanta/cache'
 *
 * // client is that of the package redis, connected, or of ioredis.
 * const shared = (client: RedisClient) => cache({ store: redisStore({ client, prefix: 'shop' }), ttl: 60_000 })
 * ```
 */
export function redisStore(options: RedisStoreOptions): CacheStore {
  checkOptions('redisStore()', options, ['client', 'prefix'])
  const { client, prefix } = options
  if (typeof prefix !== 'string' || prefix === '')
    refuse(`redisStore() takes a prefix, what the keys of this database begin with, not ${describe(prefix)}.`)
  return new RedisStore(commandOf(client), prefix)
}

type Command = (...args: [string, ...string[]]) => Promise<unknown>

/** ioredis has a sendCommand, too, which takes something else. */
function commandOf(client: RedisClient): Command {
  if (typeof client === 'object' && client !== null) {
    if ('call' in client && typeof client.call === 'function') return (...args) => client.call(...args)
    if ('sendCommand' in client && typeof client.sendCommand === 'function')
      return (...args) => client.sendCommand(args)
  }
  return refuse(`redisStore() takes a client of redis or ioredis, not ${describe(client)}.`)
}

/** Versions of what nobody asks for go after a week; a version that is lost is only a result that is read again. */
const WEEK = String(7 * 24 * 60 * 60 * 1000)

/** How the texts of entries begin, and those of another form do not. */
const FORM = 1

class RedisStore implements CacheStore {
  readonly #command: Command
  readonly #prefix: string

  constructor(command: Command, prefix: string) {
    this.#command = command
    this.#prefix = prefix
  }

  async look(key: string, marks: readonly string[]): Promise<CacheLook> {
    const names = marks.map((mark) => this.#nameOf(mark))
    const [text, ...versions] = await this.#get([`${this.#prefix}:r:${key}`, ...names])
    if (!versions.includes(null)) return { versions: versions as string[], entry: entryOf(text) }
    return { versions: await this.#first(names), entry: undefined }
  }

  async keep(key: string, { rows, bytes, at, versions }: CacheEntry, lifetime: number): Promise<void> {
    const text = `${JSON.stringify([FORM, at, bytes, versions])}\n${textOfRows(rows)}`
    await this.#command('SET', `${this.#prefix}:r:${key}`, text, 'PX', String(Math.max(1, Math.ceil(lifetime))))
  }

  async renew(marks: readonly string[]): Promise<void> {
    await Promise.all(marks.map((mark) => this.#command('SET', this.#nameOf(mark), newVersion(), 'PX', WEEK)))
  }

  #nameOf(mark: string): string {
    return `${this.#prefix}:v:${mark}`
  }

  /** The versions of marks of which some have none yet, or have lost it. */
  async #first(names: readonly string[]): Promise<readonly string[]> {
    await Promise.all(names.map((name) => this.#command('SET', name, newVersion(), 'PX', WEEK, 'NX')))
    const versions = await this.#get(names)
    if (versions.includes(null)) throw new Error('Redis does not keep the versions of the cache; it lacks memory.')
    return versions as string[]
  }

  async #get(names: readonly string[]): Promise<(string | null)[]> {
    const found = await this.#command('MGET', ...names)
    if (!Array.isArray(found) || found.length !== names.length) throw new Error('Redis did not answer to MGET.')
    return found.map((text: unknown) => (text === null || text === undefined ? null : String(text)))
  }
}

/** No version is ever the same as one before it, also when Redis has forgotten that. */
const newVersion = (): string => globalThis.crypto.randomUUID()

/** What cannot be read is not there. */
function entryOf(text: string | null | undefined): CacheEntry | undefined {
  if (text === null || text === undefined) return undefined
  try {
    const end = text.indexOf('\n')
    const [form, at, bytes, versions] = JSON.parse(text.slice(0, end)) as unknown[]
    if (form !== FORM || typeof at !== 'number' || typeof bytes !== 'number' || !Array.isArray(versions))
      return undefined
    return { rows: rowsOf(text.slice(end + 1)), at, bytes, versions }
  } catch {
    return undefined
  }
}
