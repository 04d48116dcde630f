import type { Dialect } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { DatabaseHandle, dialectOf as dialectIn, policiesOf, withoutPolicies } from '../extend/internal/index.ts'
import type { QueryRunner, RawBuilder } from '../face/index.ts'
import type { CatalogContents, DialectName } from './catalog.ts'

/** The schemas and tables to read. */
export interface ReadRequest {
  /** The schemas to read. By default, all but the system schemas. */
  readonly schemas: readonly string[] | undefined
  /** Checks if the table passes the filter of the options. */
  readonly isWanted: (table: string) => boolean
}

/** Reads the catalog of one database. */
export interface Reader {
  /** The name of the database in the catalog. */
  readonly dialect: DialectName
  /** The number of queries, which progress reports show. */
  readonly queries: number
  read(source: Source, request: ReadRequest): Promise<CatalogContents>
}

/** The progress of an introspection. */
export interface Progress {
  /** The part that is being read, such as `columns`. */
  readonly what: string
  readonly done: number
  readonly of: number
}

/** Runs the queries of a reader one by one. */
export class Source {
  readonly #db: QueryRunner
  readonly #signal: AbortSignal | undefined
  readonly #onProgress: ((progress: Progress) => void) | undefined
  readonly #count: number
  #done = 0

  constructor(
    db: QueryRunner,
    of: number,
    options: { readonly signal?: AbortSignal | undefined; onProgress?: ((progress: Progress) => void) | undefined },
  ) {
    this.#db = withoutUserPolicies(db)
    this.#count = of
    this.#signal = options.signal
    this.#onProgress = options.onProgress
  }

  async rows<R>(what: string, query: RawBuilder<R>): Promise<R[]> {
    this.#onProgress?.({ what, done: this.#done, of: this.#count })
    try {
      const { rows } = await query.execute(this.#db, { signal: this.#signal })
      this.#done++
      return rows
    } catch (cause) {
      if (this.#signal?.aborted === true) throw cause
      const { code, message } = cause instanceof KantaError ? cause : { code: 'query' as const, message: String(cause) }
      throw new KantaError(code, `Cannot read the ${what} from the catalog of the database: ${message}`, { cause })
    }
  }
}

/** Returns the database without policies, since those apply to the tables of the user and not to catalogs. */
function withoutUserPolicies(db: QueryRunner): QueryRunner {
  const handle: unknown = db
  if (!(handle instanceof DatabaseHandle) || policiesOf(handle).length === 0) return db
  return withoutPolicies(handle) as unknown as QueryRunner
}

/** Checks if a value is true in any of the forms that databases return. */
export function isTrue(value: unknown): boolean {
  return value === true || value === 1 || value === 1n || value === 't' || value === 'YES' || value === '1'
}

/** Groups rows by a key and keeps their order. */
export function groupBy<R>(rows: readonly R[], by: (row: R) => string): Map<string, R[]> {
  const found = new Map<string, R[]>()
  for (const row of rows) {
    const key = by(row)
    const group = found.get(key)
    if (group === undefined) found.set(key, [row])
    else group.push(row)
  }
  return found
}

/** Returns the dialect of a database, or `undefined` if the value is not a database. */
export function dialectOf(db: QueryRunner): Dialect | undefined {
  const handle: unknown = db
  return handle instanceof DatabaseHandle ? dialectIn(handle) : undefined
}
