import { facetsOf } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import type { QueryRunner } from '../face/index.ts'
import type { Catalog, CatalogName, CatalogTable, Found } from './catalog.ts'
import { hashOf } from './hash.ts'
import { mariadbReader, mysqlReader } from './mysql.ts'
import { postgresReader } from './postgres.ts'
import { type Asked, dialectOf, type Progress, type Reader, Source } from './source.ts'
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

/** What to read, and how to watch it. */
export interface IntrospectOptions {
  /** The schemas to read; else all that are not the database's own (in SQLite `main`). */
  readonly schemas?: readonly string[] | undefined
  /** The tables and views to read: names, where `*` stands for any text. */
  readonly tables?: TableFilter | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

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
 * Reads what a database holds, besides rows: schemas, tables, columns, keys, indexes, checks, views, enums, domains,
 * sequences and triggers. The result is plain JSON in a stable order; its hash is the same as long as nothing changed.
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
  const asked = check(options)
  const dialect = dialectOf(db) ?? refuse('introspect() takes a database, such as kanta({ driver: sqlite(…) }) gives.')
  const reader = readers.of(dialect)
  const found = ordered(await reader.read(new Source(db, reader.queries, options), asked))
  const catalog = { format: 1, dialect: reader.dialect, ...found } as const
  return { ...catalog, hash: await hashOf(catalog) }
}

const OPTIONS = ['schemas', 'tables', 'onProgress', 'signal']

function check(options: IntrospectOptions): Asked {
  if (typeof options !== 'object' || options === null)
    refuse('introspect() takes an object of options behind the database.')
  for (const name of Object.keys(options))
    if (!OPTIONS.includes(name)) refuse(`introspect() has no option '${name}'. It takes: ${OPTIONS.join(', ')}.`)
  const { schemas, tables = {}, onProgress } = options
  if (schemas !== undefined && !isNames(schemas)) refuse("schemas is a list of names, such as ['public'].")
  if (schemas?.length === 0) refuse('schemas is empty. Leave it out for all schemas, or name one at least.')
  if (onProgress !== undefined && typeof onProgress !== 'function') refuse('onProgress is a function.')
  if (typeof tables !== 'object' || tables === null || Array.isArray(tables))
    refuse("tables is an object, such as { include: ['city*'], exclude: ['city_old'] }.")
  for (const name of Object.keys(tables))
    if (name !== 'include' && name !== 'exclude') refuse(`tables has no option '${name}'. It takes: include, exclude.`)
  for (const list of [tables.include, tables.exclude])
    if (list !== undefined && !isNames(list)) refuse("The tables to include or exclude are lists of names: ['city'].")
  return { schemas, takes: filter(tables) }
}

const isNames = (list: unknown): boolean =>
  Array.isArray(list) && list.every((name) => typeof name === 'string' && name !== '')

/** Whether a table is wanted. */
function filter({ include, exclude = [] }: TableFilter): (table: string) => boolean {
  const included = include?.map(pattern)
  const excluded = exclude.map(pattern)
  const some = (patterns: readonly RegExp[], table: string): boolean => patterns.some((each) => each.test(table))
  return (table) => (included === undefined || some(included, table)) && !some(excluded, table)
}

const pattern = (text: string): RegExp => new RegExp(`^${text.split('*').map(escaped).join('[^]*')}$`)

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

const byName = (a: CatalogName, b: CatalogName): number =>
  order(a.schema ?? '', b.schema ?? '') || order(a.name, b.name)

/** By code units, which no locale changes. */
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function ordered(found: Found): Found {
  return {
    schemas: [...found.schemas].sort(order),
    tables: found.tables.map(orderedTable).sort(byName),
    views: [...found.views].sort(byName),
    enums: [...found.enums].sort(byName),
    domains: [...found.domains].sort(byName),
    sequences: [...found.sequences].sort(byName),
    triggers: [...found.triggers].sort((a, b) => order(a.table, b.table) || byName(a, b)),
  }
}

function orderedTable(table: CatalogTable): CatalogTable {
  const byKey = (a: { name: string | null }, b: { name: string | null }): number =>
    order(a.name ?? '', b.name ?? '') || order(JSON.stringify(a), JSON.stringify(b))
  return {
    ...table,
    uniques: [...table.uniques].sort(byKey),
    foreignKeys: [...table.foreignKeys].sort(byKey),
    checks: [...table.checks].sort(byKey),
    indexes: [...table.indexes].sort(byKey),
  }
}
