import { checkOptions, refuse } from '../error/index.ts'
import { checkWhole } from './check.ts'
import type { CacheEntry, CacheStore } from './store.ts'

/** Options of `memoryStore()`. */
export interface MemoryStoreOptions {
  /** The most results that are kept; 1,000 unless given. Those that were not used for longest go first. */
  readonly maxEntries?: number | undefined
  /** About how many bytes they take at most; 64 MiB unless given. */
  readonly maxBytes?: number | undefined
}

/**
 * A store in the memory of this process.
 *
 * @throws KantaError `invalid_input` for a wrong option.
 *
 * @example
 * ```ts
 * const plugin = cache({ store: memoryStore({ maxEntries: 5_000, maxBytes: 16_000_000 }), ttl: 60_000 })
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): CacheStore {
  checkOptions('memoryStore()', options, ['maxEntries', 'maxBytes'])
  const { maxEntries = 1_000, maxBytes = 64 * 1024 * 1024 } = options
  checkWhole('memoryStore()', { maxEntries, maxBytes })
  if (maxEntries === 0 || maxBytes === 0) refuse('memoryStore() has to have room for something.')
  return new MemoryStore(maxEntries, maxBytes)
}

interface Kept {
  readonly entry: CacheEntry
  readonly bytes: number
}

/** More marks than this are more than a program has tables: all is forgotten, which is never wrong. */
const MOST_MARKS = 100_000

class MemoryStore implements CacheStore {
  readonly #maxEntries: number
  readonly #maxBytes: number
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept>()
  readonly #versions = new Map<string, string>()
  #bytes = 0
  /** No version is given twice. */
  #last = 0

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
  }

  look(key: string, marks: readonly string[]): { versions: readonly string[]; entry: CacheEntry | undefined } {
    const versions = marks.map((mark) => this.#versions.get(mark) ?? this.#renewed(mark))
    const kept = this.#kept.get(key)
    if (kept === undefined) return { versions, entry: undefined }
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return { versions, entry: kept.entry }
  }

  keep(key: string, entry: CacheEntry): void {
    this.#drop(key)
    const bytes = entry.bytes + 2 * key.length
    if (bytes > this.#maxBytes) return
    this.#kept.set(key, { entry, bytes })
    this.#bytes += bytes
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) return
      this.#drop(oldest)
    }
  }

  renew(marks: readonly string[]): void {
    for (const mark of marks) this.#renewed(mark)
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    this.#bytes -= kept.bytes
  }

  #renewed(mark: string): string {
    if (this.#versions.size >= MOST_MARKS && !this.#versions.has(mark)) this.#versions.clear()
    const version = String(++this.#last)
    this.#versions.set(mark, version)
    return version
  }
}
