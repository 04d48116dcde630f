import { asGiven, facetsOf } from '../dialect/index.ts'
import { checkOptions, describe, refuse } from '../error/index.ts'
import { type DatabaseHandle, dialectOf, table } from '../extend/internal/index.ts'
import { sql } from '../sql/index.ts'
import { type Codec, primaryKey } from '../table/index.ts'
import { utf8 } from './id-order.ts'
import type { StoreQuery } from './queries.ts'

/** The names of a store's tables, in the form of kyneta 1.x (`meta`) or 2.x (`docMeta`). */
export type StoreTableNames =
  | { readonly meta?: string | undefined; readonly records?: string | undefined }
  | {
      readonly docMeta?: string | undefined
      readonly records?: string | undefined
      readonly storeMeta?: string | undefined
    }

/** The storage of a new table of records in SQLite. `rowid` takes less space for records of 1 to 4 KB. */
export type RecordStorage = 'without rowid' | 'rowid'

/** The options that all stores in SQL databases have. */
export interface StoreOptions {
  /** The names of the tables; by default `kyneta_meta`, `kyneta_records` and `kyneta_store_meta`. */
  readonly tables?: StoreTableNames | undefined
  /** The storage of a new table of records in SQLite; by default `without rowid`, which is best for small records. */
  readonly records?: RecordStorage | undefined
  /** Upgrades the metadata of a file of kyneta 1.x when the store is opened. */
  readonly upgrade?: boolean | undefined
  /**
   * Splits larger records into parts of so many bytes, for databases that limit the size of a row. By default 1 MiB
   * for Durable Objects, and no limit elsewhere. Set it for D1, whose rows have at most 2 MB.
   */
  readonly partBytes?: number | undefined
}

const TABLES = ['meta', 'docMeta', 'records', 'storeMeta']
const LEAST_PART = 1024

/** Checks the options of a store. */
export function checkStoreOptions(owner: string, options: StoreOptions): void {
  checkOptions(owner, options, ['tables', 'records', 'upgrade', 'partBytes'])
  const { tables = {}, records, partBytes } = options
  checkOptions(`The option tables of ${owner}`, tables, TABLES)
  if ('meta' in tables && ('docMeta' in tables || 'storeMeta' in tables))
    refuse(`The option tables of ${owner} is { meta, records } or { docMeta, records, storeMeta }, not a mixture.`)
  for (const [name, value] of Object.entries(tables))
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      refuse(`The option tables.${name} of ${owner} is the name of a table, not ${describe(value)}.`)
  if (records !== undefined && records !== 'rowid' && records !== 'without rowid')
    refuse(`The option records of ${owner} is 'without rowid' or 'rowid', not ${describe(records)}.`)
  if (partBytes !== undefined && !(Number.isSafeInteger(partBytes) && partBytes >= LEAST_PART))
    refuse(`The option partBytes of ${owner} is a number of bytes, ${LEAST_PART} or more, not ${describe(partBytes)}.`)
}

/** The tables of a store in one database. */
export interface StoreFacet {
  readonly idType: string
  readonly id: Codec<never>
  readonly maxIdBytes: number
  readonly metaType: string
  readonly textType: string
  readonly bytesType: string
  readonly seqType: string
  /** Is true if the table of metadata counts the records, so that writers lock its row. SQLite has one writer anyway. */
  readonly counts: boolean
  /** Makes an insert do nothing if its key is there. */
  ifAbsent(insert: InsertQuery, key: string): StoreQuery
  /** Returns a query of those tables that exist. */
  existing(db: DatabaseHandle, names: readonly string[]): StoreQuery
}

type InsertQuery = ReturnType<DatabaseHandle['insertInto']>

/** A builder of the clause `on conflict`. */
interface ConflictClause {
  column(name: string): { doNothing(): unknown }
}

const onConflictDoNothing: StoreFacet['ifAbsent'] = (insert, key) =>
  insert.onConflict((clause: ConflictClause) => clause.column(key).doNothing())

/** Values that the database takes and gives as they are: reading them costs nothing. */
const plain: Codec<never> = { name: 'store value', encode: asGiven, decode: asGiven }

/** Metadata as text; jsonb comes as an object. */
const json: Codec<string> = {
  name: 'store metadata',
  encode: (value) => value,
  decode: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
}

/** Numbers of servers, which come as bigints or as text. */
const number: Codec<number> = { name: 'store number', encode: (value) => value, decode: Number }

const decoder = new TextDecoder()

/** Text as bytes, which MariaDB compares as they are, without the rules of a language. */
const textBytes: Codec<string> = {
  name: 'store text as bytes',
  encode: utf8,
  decode: (value) => decoder.decode(value as Uint8Array),
}

/** Reads the names of tables from the standard's catalog; `schema` is that of unqualified names. */
const standardTables =
  (schema: () => unknown): StoreFacet['existing'] =>
  (db, names) =>
    db
      .selectFrom('information_schema.tables')
      .select('table_name as name')
      .where('table_schema', '=', schema())
      .where('table_name', 'in', names)

const mysql: StoreFacet = {
  idType: 'varbinary(512)',
  id: textBytes as Codec<never>,
  maxIdBytes: 512,
  metaType: 'longtext character set utf8mb4 collate utf8mb4_bin',
  textType: 'longtext character set utf8mb4 collate utf8mb4_bin',
  bytesType: 'longblob',
  seqType: 'bigint',
  counts: true,
  // Unlike this one, insert ignore would cut what does not fit.
  ifAbsent: (insert, key) => insert.onDuplicateKeyUpdate({ [key]: sql.ref(key) }),
  existing: standardTables(() => sql`database()`),
}

export const storeFacets = facetsOf<StoreFacet>('kanta/store', {
  sqlite: {
    idType: 'text',
    id: plain,
    maxIdBytes: Number.POSITIVE_INFINITY,
    metaType: 'text',
    textType: 'text',
    bytesType: 'blob',
    seqType: 'integer',
    counts: false,
    ifAbsent: onConflictDoNothing,
    existing: (db, names) =>
      db.selectFrom('sqlite_schema').select('name').where('type', '=', 'table').where('name', 'in', names),
  },
  postgres: {
    idType: 'text collate "C"',
    id: plain,
    // An entry of an index is limited.
    maxIdBytes: 2000,
    metaType: 'jsonb',
    textType: 'text',
    bytesType: 'bytea',
    seqType: 'bigint',
    counts: true,
    ifAbsent: onConflictDoNothing,
    existing: standardTables(() => sql`current_schema()`),
  },
  mysql,
  mariadb: mysql,
  mssql: undefined,
})

/** The names that a store has settled on. */
export interface SettledNames {
  readonly meta: string
  readonly records: string
  readonly storeMeta: string
  readonly parts: string
}

/** The tables of a store: one definition for all databases. */
export function defineTables(facet: StoreFacet, names: SettledNames) {
  const { idType, id, metaType, textType, bytesType, seqType, counts } = facet
  const seq = counts ? number : plain
  return {
    meta: table(names.meta, (c) => ({
      doc_id: c.custom(idType, id).primaryKey(),
      data: c.custom(metaType, counts ? json : plain),
      ...(counts ? { next_seq: c.custom(seqType, number) } : {}),
    })),
    records: table(
      names.records,
      (c) => ({
        doc_id: c.custom(idType, id),
        seq: c.custom(seqType, seq),
        kind: c.custom(counts ? 'varchar(16)' : 'text', plain),
        payload: c.custom(textType, plain).nullable(),
        blob: c.custom(bytesType, plain).nullable(),
      }),
      (t) => [primaryKey([t.doc_id, t.seq])],
    ),
    storeMeta: table(names.storeMeta, (c) => ({
      key: c.custom(counts ? 'varchar(64)' : 'text', plain).primaryKey(),
      value: c.custom(textType, plain),
    })),
    parts: table(
      names.parts,
      (c) => ({
        doc_id: c.custom(idType, id),
        seq: c.custom(seqType, seq),
        part: c.custom(seqType, seq),
        data: c.custom(bytesType, plain),
      }),
      (t) => [primaryKey([t.doc_id, t.seq, t.part])],
    ),
  }
}

export type StoreTables = ReturnType<typeof defineTables>

export const storeFacetOf = (db: DatabaseHandle): StoreFacet => storeFacets.of(dialectOf(db))

/** Returns the text that creates a table. */
export function creationOf(db: DatabaseHandle, table: unknown, storage: RecordStorage): string {
  const { sql: text } = db.schema.createTable(table).ifNotExists().compile() as { sql: string }
  return storeFacetOf(db).counts || storage === 'rowid' ? text : `${text} without rowid`
}
