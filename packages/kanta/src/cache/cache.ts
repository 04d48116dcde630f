import { Changes, Dependencies, EVERYTHING, type Mark, marksChanged, nameOf } from '../changes/index.ts'
import { checkOptions, describe, KantaError, refuse } from '../error/index.ts'
import type { Hook, Plugin, QueryEvent } from '../extend/index.ts'
import { type DatabaseHandle, driverOf, ownPlugin, schemaOf, sessionOf, withNote } from '../extend/internal/index.ts'
import { checkNames, checkWhole } from './check.ts'
import { Link } from './link.ts'
import { type CacheStats, type Keeping, Reads } from './reads.ts'
import type { CacheStore } from './store.ts'
import { markOfTag } from './tag.ts'

/** Options of `cache()`. */
export interface CacheOptions<N extends string = string> {
  /** Where results are kept: `memoryStore()`, `redisStore()`, or one of your own. It belongs to one database. */
  readonly store: CacheStore
  /** For how many milliseconds a result is given as it was read, unless it is invalidated before. */
  readonly ttl: number
  /** For how many milliseconds after that it is given while it is read again in the background; 0 unless given. */
  readonly staleWhileRevalidate?: number | undefined
  /** Reads of these tables alone are cached without being asked to; none unless given. */
  readonly tables?: readonly N[] | undefined
  /** Views and tables that triggers write: with which tables each changes. */
  readonly depends?: Readonly<Record<string, readonly string[]>> | undefined
  /** How many milliseconds the store may take to answer; 250 unless given. A slower one is passed by. */
  readonly timeout?: number | undefined
  /** The time; the clock of this machine unless given. */
  readonly now?: (() => Date) | undefined
}

/** How some reads are cached; what is not given is as the plugin has it. */
export interface CachedOptions {
  readonly ttl?: number | undefined
  readonly staleWhileRevalidate?: number | undefined
  /** What their results can be invalidated by, besides the tables that they read. */
  readonly tags?: readonly string[] | undefined
}

/** Tables whose rows changed, and tags. */
export interface Invalidation {
  readonly tables?: readonly string[] | undefined
  readonly tags?: readonly string[] | undefined
}

/** What a database with a cache has besides. */
export interface CacheAdded {
  /** The same database, whose reads are cached. */
  cached(options?: CachedOptions): this
  /** The same database, whose reads are not cached. */
  uncached(): this
  /** The cache itself. */
  readonly cache: CacheControl
}

/** The methods that the cache adds to a database. */
export interface CacheControl {
  /** What it did so far. */
  stats(): CacheStats
  /** Has the reads of some tables, or with some tags, read again; in a transaction, once that is committed. */
  invalidate(what: Invalidation): Promise<void>
  /** Has everything read again; in a transaction, once that is committed. */
  clear(): Promise<void>
}

const OPTIONS = ['store', 'ttl', 'staleWhileRevalidate', 'tables', 'depends', 'timeout', 'now'] as const

/**
 * Answers reads from a store. What is cached is said, by `db.cached()` or by `tables`; writes through the database, in
 * whatever form, invalidate what they change at their commit. Policies apply before, so that a result is only ever given
 * for the same statement, values, context and opt-outs. What runs in a transaction is never cached, nor are streams.
 *
 * @throws KantaError `invalid_input` for a wrong option, and for a cached read with text that may read tables which
 * nothing knows of.
 *
 * @example
 * ```ts
 * const live = await createExecutor(db, [cache({ store: memoryStore(), ttl: 60_000 })])
 * const countries = () => live.cached({ tags: ['menu'] }).selectFrom('country').selectAll().execute()
 *
 * await countries()
 * await countries() // from the store
 * await live.updateTable('country').set({ area: 338_478 }).where('cca2', '=', 'FI').execute()
 * await countries() // read again
 * live.cache.stats().hits // 1
 * ```
 */
export function cache<const N extends string = never>(options: CacheOptions<N>): Plugin<CacheAdded, N> {
  const settings = checked(options)
  const made = new Cache(settings)
  return ownPlugin({
    name: 'cache',
    names: settings.tables.map((table) => ({ table })),
    hooks: [made.hook],
    onInit: (db: DatabaseHandle) => made.begin(db),
    onDestroy: () => made.end(),
    extend: (db: DatabaseHandle) => made.extend(db) as never,
  })
}

interface Checked extends Keeping {
  readonly store: CacheStore
  readonly tables: readonly string[]
  readonly depends: Readonly<Record<string, readonly string[]>>
  readonly timeout: number
  readonly now: () => number
}

function checked(options: CacheOptions): Checked {
  checkOptions('cache()', options, OPTIONS)
  const { store, ttl, staleWhileRevalidate = 0, tables = [], depends = {}, timeout = 250, now } = options
  for (const name of ['look', 'keep', 'renew'] as const)
    if (typeof store?.[name] !== 'function')
      refuse(`cache() takes a store, such as memoryStore() gives, not ${describe(store)}.`)
  checkWhole('cache()', { ttl, staleWhileRevalidate, timeout })
  if (ttl === 0) refuse('cache() takes as ttl for how many milliseconds results are given; 0 would keep none.')
  checkNames('cache({ tables })', tables)
  for (const [name, on] of Object.entries(depends)) checkNames(`cache({ depends: { ${name} } })`, on)
  if (now !== undefined && typeof now !== 'function')
    refuse(`cache() takes a function that gives a Date as now, not ${describe(now)}.`)
  const clock = now === undefined ? Date.now : (): number => now().getTime()
  return { store, ttl, staleWhileRevalidate, tables, depends, timeout, tags: [], now: clock }
}

/** Under which `db.cached()` leaves how reads are kept, and `db.uncached()` that they are not. */
const KEEPING = Symbol('cache')
const UNCACHED = 'uncached'

/** The database that a store is used for, so that it is used for no other. */
const owners = new WeakMap<CacheStore, { readonly driver: object; readonly schema: object }>()

class Cache {
  readonly hook: Hook
  readonly #settings: Checked
  readonly #link: Link
  readonly #reads: Reads
  readonly #dependencies = new Dependencies()
  readonly #listed: ReadonlySet<string>
  readonly #changes = new Changes((marks) => this.#link.renew(marks))

  constructor(settings: Checked) {
    this.#settings = settings
    this.#link = new Link(settings)
    this.#reads = new Reads(this.#link, settings.now)
    this.#listed = new Set(settings.tables.map((table) => nameOf(table).table))
    for (const [name, on] of Object.entries(settings.depends)) this.#dependencies.declare(name, on)
    this.hook = {
      name: 'cache',
      answers: true,
      passes: (facts, notes) => facts.readOnly && !notes.has(KEEPING) && !this.#isListed(facts.reads),
      around: (event, next) => this.#around(event, next),
    }
  }

  begin(db: DatabaseHandle): void {
    const driver = driverOf(db)
    const schema = schemaOf(db)
    const { store } = this.#settings
    const owner = owners.get(store)
    if (owner !== undefined && (owner.driver !== driver || owner.schema !== schema))
      refuse('The store of this cache is in use for another database. Make one for each.')
    owners.set(store, { driver, schema })
    this.#dependencies.ofForeignKeys(schema.values())
  }

  end(): Promise<void> {
    return this.#link.close()
  }

  extend(db: DatabaseHandle): object {
    return {
      cached: (options: CachedOptions = {}) => withNote(db, KEEPING, this.#keepingOf(options)),
      uncached: () => withNote(db, KEEPING, UNCACHED),
      cache: {
        stats: () => this.#reads.stats,
        invalidate: (what: Invalidation) => this.#invalidate(db, this.#marksOf(what)),
        clear: () => this.#invalidate(db, [EVERYTHING]),
      } satisfies CacheControl,
    }
  }

  #around(event: QueryEvent, next: () => Promise<unknown>): Promise<unknown> {
    const { facts, reading } = event
    if (!facts.readOnly) {
      this.#changes.add(event, marksChanged(facts, this.#dependencies))
      return next()
    }
    const keeping = this.#keeping(event)
    return reading === undefined || keeping === undefined ? next() : this.#reads.answer(event, reading, keeping, next)
  }

  /** How a read is kept; `undefined` where it is not. */
  #keeping({ facts, notes }: QueryEvent): Keeping | undefined {
    const asked = notes.get(KEEPING) as Keeping | typeof UNCACHED | undefined
    if (asked === UNCACHED || facts.kind !== 'select') return undefined
    if (asked === undefined) return this.#isListed(facts.reads) && !facts.opaque ? this.#settings : undefined
    if (facts.opaque)
      throw new KantaError(
        'invalid_input',
        "A cached read holds SQL text that may read tables which nobody has named, so that it could not be invalidated. Build that part, say sql`…`.trusted('its name', { reads: […] }), or leave out cached().",
      )
    return asked
  }

  #isListed(tables: readonly string[]): boolean {
    return this.#listed.size > 0 && tables.length > 0 && tables.every((table) => this.#listed.has(nameOf(table).table))
  }

  async #invalidate(db: DatabaseHandle, marks: readonly Mark[]): Promise<void> {
    const { transaction } = sessionOf(db)
    if (transaction === undefined) await this.#link.renew(marks)
    else transaction.onLasting(() => this.#link.renew(marks))
  }

  #marksOf(what: Invalidation): readonly Mark[] {
    checkOptions('invalidate()', what, ['tables', 'tags'])
    const { tables = [], tags = [] } = what
    checkNames('invalidate({ tables })', tables)
    checkNames('invalidate({ tags })', tags)
    if (tables.length === 0 && tags.length === 0)
      refuse('invalidate() takes tables or tags. clear() is for everything.')
    return [...this.#dependencies.marksOf(tables), ...tags.map(markOfTag)]
  }

  #keepingOf(options: CachedOptions): Keeping {
    checkOptions('cached()', options, ['ttl', 'staleWhileRevalidate', 'tags'])
    const { ttl = this.#settings.ttl, staleWhileRevalidate = this.#settings.staleWhileRevalidate, tags = [] } = options
    checkWhole('cached()', { ttl, staleWhileRevalidate })
    if (ttl === 0) refuse('cached() takes as ttl for how many milliseconds results are given. For none use uncached().')
    checkNames('cached({ tags })', tags)
    return { ttl, staleWhileRevalidate, tags: [...tags] }
  }
}
