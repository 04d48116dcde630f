import { facetsOf } from '../dialect/index.ts'
import { checkOptions, refuse } from '../error/index.ts'
import type { QueryRunner } from '../face/index.ts'
import type { Catalog, CatalogContents, CatalogName, CatalogTable } from './catalog.ts'
import { hashOf } from './hash.ts'
import { mariadbReader, mysqlReader } from './mysql.ts'
import { postgresReader } from './postgres.ts'
import { dialectOf, type Progress, type Reader, type ReadRequest, Source } from './source.ts'
import { sqliteReader } from './sqlite.ts'

export type {
  Catalog,
  CatalogCheck,
  CatalogColumn,
  CatalogDomain,
  CatalogEnum,
  CatalogForeignKey,
  CatalogIndex,
  CatalogIndexPart,
  CatalogKey,
  CatalogName,
  CatalogSequence,
  CatalogTable,
  CatalogTrigger,
  CatalogView,
  DialectName,
} from './catalog.ts'
export type { Progress }

/** The options of `introspect()`. */
export interface IntrospectOptions {
  /** The schemas to read. By default, all but the system schemas; in SQLite, `main`. */
  readonly schemas?: readonly string[] | undefined
  /** The tables and views to read, by name; `*` matches any text. */
  readonly tables?: TableFilter | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** The tables to read, by name. */
export interface TableFilter {
  readonly include?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
}

const readers = facetsOf<Reader>('introspect()', {
  sqlite: sqliteReader,
  postgres: postgresReader,
  mysql: mysqlReader,
  mariadb: mariadbReader,
  mssql: undefined,
})

/**
 * Reads the schema of a database: schemas, tables, columns, keys, indexes, checks, views, enums, domains, sequences and
 * triggers. The result is plain JSON in a stable order. Its hash stays the same until the schema changes.
 *
 * @throws KantaError `invalid_input` for a wrong option; `unsupported` for a database that cannot be read.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { introspect } from 'kanta/introspect'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({ driver: sqlite(':memory:') })
 * const catalog = await introspect(db)
 * catalog.tables.length // 0
 * await db.destroy()
 * ```
 */
export async function introspect(db: QueryRunner, options: IntrospectOptions = {}): Promise<Catalog> {
  const request = requestOf(options)
  const dialect =
    dialectOf(db) ?? refuse('introspect() takes a database. Pass one that kanta({ driver: sqlite(…) }) returned.')
  const reader = readers.of(dialect)
  const found = sortContents(await reader.read(new Source(db, reader.queries, options), request))
  const catalog = { format: 1, dialect: reader.dialect, ...found } as const
  return { ...catalog, hash: await hashOf(catalog) }
}

const OPTIONS = ['schemas', 'tables', 'onProgress', 'signal']

function requestOf(options: IntrospectOptions): ReadRequest {
  if (typeof options !== 'object' || options === null)
    refuse('The options of introspect() are an object. Pass it after the database.')
  checkOptions('introspect()', options, OPTIONS)
  const { schemas, tables = {}, onProgress } = options
  if (schemas !== undefined && !isNames(schemas)) refuse("schemas must be an array of names, such as ['public'].")
  if (schemas?.length === 0) refuse('schemas is empty. Name at least one, or leave it out to read all of them.')
  if (onProgress !== undefined && typeof onProgress !== 'function') refuse('onProgress must be a function.')
  if (typeof tables !== 'object' || tables === null || Array.isArray(tables))
    refuse("tables must be an object, such as { include: ['city*'], exclude: ['city_old'] }.")
  checkOptions('tables', tables, ['include', 'exclude'])
  for (const list of [tables.include, tables.exclude])
    if (list !== undefined && !isNames(list))
      refuse("tables.include and tables.exclude must be arrays of names, such as ['city'].")
  return { schemas, isWanted: filterOf(tables) }
}

const isNames = (list: unknown): boolean =>
  Array.isArray(list) && list.every((name) => typeof name === 'string' && name !== '')

/** Returns a function that checks if a table passes the filter. */
function filterOf({ include, exclude = [] }: TableFilter): (table: string) => boolean {
  const included = include?.map(patternOf)
  const excluded = exclude.map(patternOf)
  const some = (patterns: readonly RegExp[], table: string): boolean => patterns.some((each) => each.test(table))
  return (table) => (included === undefined || some(included, table)) && !some(excluded, table)
}

const patternOf = (text: string): RegExp => new RegExp(`^${text.split('*').map(escapeRegExp).join('[^]*')}$`)

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

const compareNames = (a: CatalogName, b: CatalogName): number =>
  compare(a.schema ?? '', b.schema ?? '') || compare(a.name, b.name)

/** Compares by code units, so that the order is the same in every locale. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function sortContents(found: CatalogContents): CatalogContents {
  return {
    schemas: [...found.schemas].sort(compare),
    tables: found.tables.map(sortTable).sort(compareNames),
    views: [...found.views].sort(compareNames),
    enums: [...found.enums].sort(compareNames),
    domains: [...found.domains].sort(compareNames),
    sequences: [...found.sequences].sort(compareNames),
    triggers: [...found.triggers].sort((a, b) => compare(a.table, b.table) || compareNames(a, b)),
  }
}

function sortTable(table: CatalogTable): CatalogTable {
  const byKey = (a: { name: string | null }, b: { name: string | null }): number =>
    compare(a.name ?? '', b.name ?? '') || compare(JSON.stringify(a), JSON.stringify(b))
  return {
    ...table,
    uniques: [...table.uniques].sort(byKey),
    foreignKeys: [...table.foreignKeys].sort(byKey),
    checks: [...table.checks].sort(byKey),
    indexes: [...table.indexes].sort(byKey),
  }
}
