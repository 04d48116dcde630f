import type { Dialect } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { DatabaseHandle, dialectOf as dialectIn, policiesOf, withoutPolicies } from '../extend/internal/index.ts'
import type { QueryRunner, RawBuilder } from '../face/index.ts'
import type { DialectName, Found } from './catalog.ts'

/** What is to be read, and how far it is. */
export interface Asked {
  /** The schemas to read; else those that are not the database's own. */
  readonly schemas: readonly string[] | undefined
  readonly takes: (table: string) => boolean
}

/** How one database is read. */
export interface Reader {
  /** The name of the database in the catalog. */
  readonly dialect: DialectName
  /** How many queries it takes, for those who watch. */
  readonly queries: number
  read(source: Source, asked: Asked): Promise<Found>
}

/** How far an introspection is. */
export interface Progress {
  /** What is being read, such as `columns`. */
  readonly what: string
  readonly done: number
  readonly of: number
}

/** Runs the queries of a reader one by one. */
export class Source {
  readonly #db: QueryRunner
  readonly #signal: AbortSignal | undefined
  readonly #tell: ((progress: Progress) => void) | undefined
  readonly #of: number
  #done = 0

  constructor(
    db: QueryRunner,
    of: number,
    options: { readonly signal?: AbortSignal | undefined; onProgress?: ((progress: Progress) => void) | undefined },
  ) {
    this.#db = bare(db)
    this.#of = of
    this.#signal = options.signal
    this.#tell = options.onProgress
  }

  async rows<R>(what: string, query: RawBuilder<R>): Promise<R[]> {
    this.#tell?.({ what, done: this.#done, of: this.#of })
    try {
      const { rows } = await query.execute(this.#db, { signal: this.#signal })
      this.#done++
      return rows
    } catch (cause) {
      if (this.#signal?.aborted === true) throw cause
      const { code, message } = cause instanceof KantaError ? cause : { code: 'query' as const, message: String(cause) }
      throw new KantaError(code, `The ${what} could not be read from the database's catalog: ${message}`, { cause })
    }
  }
}

/** The database as it names things itself: policies are for the tables of the user, and catalogs hold none of their rows. */
function bare(db: QueryRunner): QueryRunner {
  const handle: unknown = db
  if (!(handle instanceof DatabaseHandle) || policiesOf(handle).length === 0) return db
  return withoutPolicies(handle) as unknown as QueryRunner
}

/** Databases say yes in many ways. */
export function yes(value: unknown): boolean {
  return value === true || value === 1 || value === 1n || value === 't' || value === 'YES' || value === '1'
}

/** Rows by what they have in common, in the order in which they came. */
export function groups<R>(rows: readonly R[], by: (row: R) => string): Map<string, R[]> {
  const found = new Map<string, R[]>()
  for (const row of rows) {
    const key = by(row)
    const group = found.get(key)
    if (group === undefined) found.set(key, [row])
    else group.push(row)
  }
  return found
}

/** The dialect of the driver behind a database; `undefined` for what is none. */
export function dialectOf(db: QueryRunner): Dialect | undefined {
  const handle: unknown = db
  return handle instanceof DatabaseHandle ? dialectIn(handle) : undefined
}
