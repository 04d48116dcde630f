import { KantaError } from '../error/index.ts'
import { type DatabaseHandle, dialectOf, withoutGuards } from '../extend/internal/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { sql } from '../sql/index.ts'

type Text = ReturnType<typeof sql>

/** What a database can search by. */
export interface SearchSupport {
  readonly fullText: boolean
  readonly vector: boolean
}

/**
 * What a database can search by, as it is here: SQLite may be built without FTS5 and needs sqlite-vec for vectors,
 * PostgreSQL needs the extension vector, MariaDB is needed from 11.7 on for them.
 *
 * @example
 * ```ts
 * const { fullText, vector } = await searchSupport(db)
 * ```
 */
export async function searchSupport<DB, I extends AnyInfo>(db: Database<DB, I>): Promise<SearchSupport> {
  const handle = withoutGuards(db as unknown as DatabaseHandle, 'search support')
  return { fullText: await hasFullText(handle), vector: (await whyNoVectors(handle)) === undefined }
}

async function found(db: DatabaseHandle, text: Text): Promise<unknown> {
  const { rows } = (await text.execute(db)) as { readonly rows: readonly { readonly found: unknown }[] }
  return rows[0]?.found
}

export async function hasFullText(db: DatabaseHandle): Promise<boolean> {
  switch (dialectOf(db).name) {
    case 'sqlite':
      return Number(await found(db, sql`select count(*) as found from pragma_module_list where name = 'fts5'`)) > 0
    case 'mssql':
      return false
    default:
      return true
  }
}

/** Why a database has no vectors, and what to do; `undefined` where it has. */
export async function whyNoVectors(db: DatabaseHandle): Promise<string | undefined> {
  const { name } = dialectOf(db)
  switch (name) {
    case 'sqlite': {
      const there = await found(
        db,
        sql`select count(*) as found from pragma_function_list where name = 'vec_distance_cosine'`,
      )
      return Number(there) > 0
        ? undefined
        : "SQLite has no vectors without sqlite-vec. Install that, and open the database with it: sqlite({ path, extensions: [getLoadablePath()] }), of 'sqlite-vec'."
    }
    case 'postgres': {
      const there = await found(db, sql`select count(*) as found from pg_extension where extname = 'vector'`)
      return Number(there) > 0
        ? undefined
        : 'PostgreSQL has no vectors without its extension pgvector. Install that, and run: create extension vector.'
    }
    case 'mariadb': {
      const version = String(await found(db, sql`select version() as found`))
      const [major = 0, minor = 0] = version.split('.').map(Number)
      return major > 11 || (major === 11 && minor >= 7)
        ? undefined
        : `MariaDB has vectors from 11.7 on; this one is ${version}. Update it.`
    }
    default:
      return `Kanta has no vectors on ${name}.`
  }
}

export const unsupported = (why: string): KantaError => new KantaError('unsupported', why)
