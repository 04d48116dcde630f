import { checkOptions, KantaError, refuse, show } from '../error/index.ts'
import { pause, throwIfAborted } from '../extend/internal/index.ts'
import { randomId } from './home.ts'
import type { Layer } from './layer.ts'
import { fences, locks, type OwnDatabase } from './tables.ts'

/** The options of a lock. */
export interface LockOptions {
  /**
   * The time after which another program may take over a lock that its holder has not renewed, in milliseconds; by
   * default 30,000. The holder renews it by itself.
   */
  readonly ttl?: number | undefined
  /** The time to wait for the lock, in milliseconds; by default 30,000. With 0 it is tried once. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A lock that is held. */
export interface Lock {
  readonly key: string
  /** A number that rises with each holder of the key: what has seen a higher one refuses a lower one. */
  readonly token: bigint
  /** Is aborted when the lock is lost, or could not be renewed for two thirds of its time. */
  readonly signal: AbortSignal
  /** Gives the lock back. It does no harm to call it twice. */
  release(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const LONGEST_KEY = 255
const LONGEST_PAUSE = 500

/** The locks of one coordinator, in the home. */
export class Locks {
  readonly #layer: Layer
  /** The last in line for each key in this program. */
  readonly #lines = new Map<string, Promise<void>>()
  readonly #held = new Set<HeldLock>()

  constructor(layer: Layer) {
    this.#layer = layer
  }

  async take(key: string, options: LockOptions): Promise<Lock> {
    const { ttl, timeout } = checked(key, options)
    const { signal } = options
    const until = performance.now() + timeout
    const leave = await this.#join(key, until, signal)
    try {
      for (let wait = 10; ; wait = Math.min(wait * 2, LONGEST_PAUSE, ttl / 4)) {
        throwIfAborted(signal, `Waiting for the lock '${key}'`)
        const lock = await this.#try(key, ttl)
        if (lock !== undefined) {
          this.#held.add(lock)
          lock.onReleased = () => {
            this.#held.delete(lock)
            leave()
          }
          return lock
        }
        const left = until - performance.now()
        if (left <= 0) throw lockTimeout(key, timeout)
        await pause(Math.min(wait, left), signal)
      }
    } catch (error) {
      leave()
      throw error
    }
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held].map((lock) => lock.release()))
  }

  /** Waits for those of this program that came before, first come first served. */
  async #join(key: string, until: number, signal: AbortSignal | undefined): Promise<() => void> {
    const before = this.#lines.get(key)
    const { promise, resolve } = Promise.withResolvers<void>()
    const own = before === undefined ? promise : before.then(() => promise)
    this.#lines.set(key, own)
    const leave = (): void => {
      resolve()
      if (this.#lines.get(key) === own) this.#lines.delete(key)
    }
    if (before === undefined) return leave
    const started = performance.now()
    const timer = AbortSignal.timeout(Math.max(0, Math.ceil(until - started)))
    try {
      await aborting(before, signal === undefined ? timer : AbortSignal.any([timer, signal]))
      return leave
    } catch {
      leave()
      throwIfAborted(signal, `Waiting for the lock '${key}'`)
      throw lockTimeout(key, Math.round(until - started))
    }
  }

  readonly #seen = new Map<string, { readonly owner: string; readonly beat: bigint; readonly since: number }>()

  async #try(key: string, ttl: number): Promise<HeldLock | undefined> {
    const db = this.#layer.own
    const owner = randomId(12)
    const row = await db.selectFrom(locks).selectAll().where('key', '=', key).executeTakeFirst()
    if (row === undefined) {
      try {
        await db.insertInto(locks).values({ key, owner, beat: 0n, token: 1n, ttl }).execute()
        return new HeldLock(db, key, 1n, ttl)
      } catch (error) {
        if (error instanceof KantaError && error.code === 'unique_violation') return undefined
        throw error
      }
    }
    if (row.owner !== null && !this.#isAbandoned(key, row.owner, row.beat, row.ttl)) return undefined
    const token = row.token + 1n
    const take = db.updateTable(locks).set({ owner, beat: 0n, token, ttl }).where('key', '=', key)
    const taken = await take.where('token', '=', row.token).where('beat', '=', row.beat).executeTakeFirst()
    if (taken.numUpdatedRows !== 1n) return undefined
    this.#seen.delete(key)
    return new HeldLock(db, key, token, ttl)
  }

  /** Tells whether the beat of a holder has stood still for its time, by the clock of this program. */
  #isAbandoned(key: string, owner: string, beat: bigint, ttl: number): boolean {
    const before = this.#seen.get(key)
    if (before?.owner === owner && before.beat === beat) return performance.now() - before.since >= ttl
    this.#seen.set(key, { owner, beat, since: performance.now() })
    return false
  }
}

class HeldLock implements Lock {
  readonly key: string
  readonly token: bigint
  readonly #db: OwnDatabase
  readonly #lost = new AbortController()
  readonly #timer: ReturnType<typeof setInterval>
  #renewed = performance.now()
  #renewing: Promise<void> | undefined
  #releasing: Promise<void> | undefined
  onReleased = (): void => {}

  constructor(db: OwnDatabase, key: string, token: bigint, ttl: number) {
    this.#db = db
    this.key = key
    this.token = token
    this.#timer = setInterval(() => {
      this.#renewing ??= this.#renew(ttl).finally(() => {
        this.#renewing = undefined
      })
      if (performance.now() - this.#renewed > (2 / 3) * ttl) this.#lose()
    }, ttl / 4)
    ;(this.#timer as { unref?(): void }).unref?.()
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  release(): Promise<void> {
    this.#releasing ??= this.#release().finally(() => this.onReleased())
    return this.#releasing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  async #renew(ttl: number): Promise<void> {
    const asked = performance.now()
    try {
      const renewal = this.#own(this.#db.updateTable(locks).set((eb) => ({ beat: eb('beat', '+', 1n) })))
      const isHeld = (await renewal.executeTakeFirst()).numUpdatedRows === 1n
      if (isHeld) this.#renewed = asked
      else this.#lose()
    } catch {
      // The home may answer again before two thirds of the time are over.
      if (performance.now() - this.#renewed > (2 / 3) * ttl) this.#lose()
    }
  }

  #lose(): void {
    clearInterval(this.#timer)
    this.#lost.abort(lockLost(this.key))
  }

  async #release(): Promise<void> {
    clearInterval(this.#timer)
    await this.#renewing
    await this.#own(this.#db.updateTable(locks).set({ owner: null })).execute()
  }

  #own<Q extends { where(column: 'key' | 'token', operator: '=', value: never): Q }>(query: Q): Q {
    return query.where('key', '=', this.key as never).where('token', '=', this.token as never)
  }
}

/**
 * Asserts in a transaction that a lock is still held, as far as its database can know. The home knows it; another
 * database knows the highest token that has come there.
 *
 * @throws KantaError `lock_lost` if a later holder has the key.
 */
export async function assertHeld({ isHome, driver }: Layer, db: OwnDatabase, { key, token }: Lock): Promise<void> {
  const isLocking = driver.dialect.capabilities.locks
  if (isHome) {
    const row = db.selectFrom(locks).select(['owner', 'token']).where('key', '=', key)
    const found = await (isLocking ? row.forShare() : row).executeTakeFirst()
    if (found?.token !== token || found.owner === null) throw lockLost(key)
    return
  }
  const row = db.selectFrom(fences).select('token').where('key', '=', key)
  const found = await (isLocking ? row.forUpdate() : row).executeTakeFirst()
  if (found === undefined) await db.insertInto(fences).values({ key, token }).execute()
  else if (found.token > token) throw lockLost(key)
  else if (found.token < token) await db.updateTable(fences).set({ token }).where('key', '=', key).execute()
}

function checked(key: string, options: LockOptions): { readonly ttl: number; readonly timeout: number } {
  if (typeof key !== 'string' || key === '' || key.length > LONGEST_KEY)
    refuse(`lock() takes a key of 1 to ${LONGEST_KEY} characters, not ${show(key)}.`)
  checkOptions('lock()', options, ['ttl', 'timeout', 'signal'])
  const { ttl = 30_000, timeout = 30_000 } = options
  if (typeof ttl !== 'number' || !(ttl >= 100)) refuse(`ttl takes 100 milliseconds or more, not ${show(ttl)}.`)
  if (typeof timeout !== 'number' || !(timeout >= 0))
    refuse(`timeout takes milliseconds, 0 or more, not ${show(timeout)}.`)
  return { ttl: Math.round(ttl), timeout }
}

/** Waits for a promise, or rejects once a signal aborts. */
function aborting(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(() => {
      signal.removeEventListener('abort', abort)
      resolve()
    }, reject)
  })
}

const lockTimeout = (key: string, timeout: number): KantaError =>
  new KantaError('timeout', `The lock '${key}' did not become free in ${timeout} ms.`)

const lockLost = (key: string): KantaError =>
  new KantaError(
    'lock_lost',
    `The lock '${key}' is held by another program now. Take it again, and read again what it protects.`,
  )
