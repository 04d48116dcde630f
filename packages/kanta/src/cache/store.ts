/** A result that is kept. */
export interface CacheEntry {
  readonly rows: readonly unknown[]
  /** About how many bytes they take. */
  readonly bytes: number
  /** When they were read, in milliseconds since 1970. */
  readonly at: number
  /** The versions that its marks had before it was read. It is valid while they have these. */
  readonly versions: readonly string[]
}

/** What a store has under a key. */
export interface CacheLook {
  /** The versions of the marks, in their order. */
  readonly versions: readonly string[]
  readonly entry: CacheEntry | undefined
}

/**
 * Where results are kept. It belongs to one database.
 *
 * What a result depends on has a mark: a table, a tag. A mark has a version, which is never the same again after
 * `renew`, nor after the store has lost it. So a result that was read before a change is worth nothing after it, whenever
 * it arrives.
 */
export interface CacheStore {
  /** The versions of marks, made where there are none, and what is kept under a key. Its rows are copied before use. */
  look(key: string, marks: readonly string[]): CacheLook | Promise<CacheLook>
  /** Keeps a result for so many milliseconds or less. The rows are the store's own. */
  keep(key: string, entry: CacheEntry, lifetime: number): void | Promise<void>
  /** Gives new versions to marks. */
  renew(marks: readonly string[]): void | Promise<void>
}
