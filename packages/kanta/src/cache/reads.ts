import { EVERYTHING, type Mark, marksRead } from '../changes/index.ts'
import type { QueryEvent, Reading } from '../extend/index.ts'
import { throwIfAborted, unlessAborted } from '../extend/internal/index.ts'
import { copyRows } from './copy.ts'
import type { Link } from './link.ts'
import { markOfTag } from './tag.ts'
import { exactText, textOfList } from './text.ts'

/** How a read is kept. */
export interface Keeping {
  /** For how many milliseconds it is given as it was read. */
  readonly ttl: number
  /** For how many milliseconds after that it is given while it is read again. */
  readonly staleWhileRevalidate: number
  readonly tags: readonly string[]
}

/** What a cache did so far. */
export interface CacheStats {
  /** Reads that were answered from the store, and those of them that are read again meanwhile. */
  readonly hits: number
  readonly stale: number
  /** Reads that went to the database, and those that waited for another that was the same. */
  readonly misses: number
  readonly shared: number
  /** Reads that passed by the store: it could not be trusted, or a value has no exact text. */
  readonly bypassed: number
  /** Results that were not kept, as what they hold cannot be copied exactly. */
  readonly unkept: number
  /** Failures of the store, and of reading again in the background. */
  readonly errors: number
}

/** What came of a read that others may have waited for. */
type Outcome = { readonly rows: readonly unknown[] } | { readonly isCancelled: boolean }

/** A read on its way through the cache. */
interface Read {
  readonly key: string
  /** The key under the versions of its marks: who came before a change and who came after it do not share a result. */
  readonly flight: string
  readonly versions: readonly string[]
  readonly keeping: Keeping
}

type Next = () => Promise<unknown>

/** Answers reads from a store, and reads once what many ask for at a time. */
export class Reads {
  readonly #link: Link
  readonly #now: () => number
  readonly #flights = new Map<string, Promise<Outcome>>()
  readonly #counts = { hits: 0, stale: 0, misses: 0, shared: 0, bypassed: 0, unkept: 0, errors: 0 }

  constructor(link: Link, now: () => number) {
    this.#link = link
    this.#now = now
  }

  get stats(): CacheStats {
    return { ...this.#counts, errors: this.#counts.errors + this.#link.failures }
  }

  async answer(event: QueryEvent, reading: Reading, keeping: Keeping, next: Next): Promise<unknown> {
    const { marks, text } = partsOf(event, keeping)
    const key = keyOf(event, reading, text)
    const looking = key === undefined ? undefined : this.#link.look(key, marks)
    const look = looking instanceof Promise ? await looking : looking
    throwIfAborted(reading.signal)
    if (key === undefined || look === undefined) {
      this.#counts.bypassed++
      return next()
    }
    const { versions, entry } = look
    const read: Read = { key, flight: `${versions.join()}\n${key}`, versions, keeping }
    const age = entry !== undefined && isSame(entry.versions, versions) ? this.#now() - entry.at : Infinity
    const { ttl, staleWhileRevalidate } = keeping
    if (age >= ttl + staleWhileRevalidate) return this.#read(read, reading.signal, next)
    const copied = copyRows(entry!.rows)!
    this.#counts.hits++
    if (age >= ttl) {
      this.#counts.stale++
      this.#readAgain(read, reading)
    }
    return copied.rows
  }

  /** Reads it, or waits for who does. */
  async #read(read: Read, signal: AbortSignal | undefined, next: Next): Promise<unknown> {
    for (;;) {
      const flight = this.#flights.get(read.flight)
      if (flight === undefined) {
        this.#counts.misses++
        return this.#lead(read, signal, next)
      }
      const outcome = await unlessAborted(() => flight, signal, 'The query')
      if ('rows' in outcome) {
        this.#counts.shared++
        return copyRows(outcome.rows)!.rows
      }
      // Of those that waited for who gave up, one goes on for the others.
      if (outcome.isCancelled) continue
      this.#counts.misses++
      return next()
    }
  }

  /** Reads it for all who ask meanwhile, and keeps it. */
  async #lead(read: Read, signal: AbortSignal | undefined, next: Next): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    this.#flights.set(read.flight, promise)
    const at = this.#now()
    let outcome: Outcome = { isCancelled: false }
    try {
      const rows = (await next()) as unknown[]
      const copied = copyRows(rows)
      if (copied === undefined) this.#counts.unkept++
      else {
        outcome = copied
        const { ttl, staleWhileRevalidate } = read.keeping
        this.#link.keep(read.key, { ...copied, at, versions: read.versions }, ttl + staleWhileRevalidate)
      }
      return rows
    } catch (error) {
      outcome = { isCancelled: signal?.aborted === true }
      throw error
    } finally {
      this.#flights.delete(read.flight)
      resolve(outcome)
    }
  }

  /** Reads it in the background, unless somebody does already. */
  #readAgain(read: Read, reading: Reading): void {
    if (this.#flights.has(read.flight)) return
    this.#lead(read, undefined, () => reading.again()).catch(() => {
      this.#counts.errors++
    })
  }
}

/** What is the same each time that a statement runs. */
interface Parts {
  readonly sql: string
  readonly keeping: Keeping
  readonly exemptions: QueryEvent['exemptions']
  readonly marks: readonly Mark[]
  /** The statement, what it depends on and does without, as text. */
  readonly text: string
}

/** What was found last for a plan, which its facts stand for. */
const known = new WeakMap<QueryEvent['facts'], Parts>()

function partsOf({ sql, facts, exemptions }: QueryEvent, keeping: Keeping): Parts {
  const last = known.get(facts)
  if (last !== undefined && last.sql === sql && last.keeping === keeping && last.exemptions === exemptions) return last
  const marks = [...new Set([EVERYTHING, ...facts.reads.flatMap(marksRead), ...keeping.tags.map(markOfTag)])]
  const without = exemptions.map(({ policy, mode }) => [policy, mode ?? null])
  const made = { sql, keeping, exemptions, marks, text: JSON.stringify([sql, marks, without]) }
  known.set(facts, made)
  return made
}

/** All that a result depends on besides the rows of tables; `undefined` where a value has no exact text. */
function keyOf({ parameters, context }: QueryEvent, { single, decoding }: Reading, text: string): string | undefined {
  const values = textOfList(parameters)
  const around = exactText(context)
  if (values === undefined || around === undefined) return undefined
  // Each part is JSON or as exact, so that no part can be taken for another.
  return `${single ? 'first' : 'all'} ${text} ${values} ${around} ${decoding}`
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((version, i) => version === other[i])
}
