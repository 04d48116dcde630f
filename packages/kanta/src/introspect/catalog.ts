import type {
  CatalogCheck,
  CatalogColumn,
  CatalogForeignKey,
  CatalogIndex,
  CatalogIndexPart,
  CatalogKey,
  CatalogName,
  CatalogTable,
  DialectName,
} from '../dialect/index.ts'

export type {
  CatalogCheck,
  CatalogColumn,
  CatalogForeignKey,
  CatalogIndex,
  CatalogIndexPart,
  CatalogKey,
  CatalogName,
  CatalogTable,
  DialectName,
}

/** The schema of a database, without its rows: plain JSON in a stable order. */
export interface Catalog {
  /** The version of the catalog format. */
  readonly format: 1
  readonly dialect: DialectName
  readonly schemas: readonly string[]
  readonly tables: readonly CatalogTable[]
  readonly views: readonly CatalogView[]
  readonly enums: readonly CatalogEnum[]
  readonly domains: readonly CatalogDomain[]
  readonly sequences: readonly CatalogSequence[]
  readonly triggers: readonly CatalogTrigger[]
  /** SHA-256 of all of the above, as hexadecimal digits. */
  readonly hash: string
}

/** A view, as the database has it. */
export interface CatalogView extends CatalogName {
  readonly materialized: boolean
  readonly columns: readonly CatalogColumn[]
  /** The query of the view; in SQLite the whole `create view` statement. */
  readonly definition: string
  readonly comment: string | null
}

/** An enum type, as the database has it. */
export interface CatalogEnum extends CatalogName {
  readonly values: readonly string[]
}

/** A domain, as the database has it. */
export interface CatalogDomain extends CatalogName {
  readonly type: string
  readonly nullable: boolean
  readonly default: string | null
  readonly checks: readonly CatalogCheck[]
}

/** A sequence, as the database has it. */
export interface CatalogSequence extends CatalogName {
  readonly type: string | null
  /** A 64-bit integer as decimal digits. */
  readonly start: string
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  readonly cycle: boolean
  /** The column that the sequence numbers, as `table.column`. */
  readonly ownedBy: string | null
}

/** A trigger, as the database has it. */
export interface CatalogTrigger extends CatalogName {
  readonly table: string
  readonly timing: 'before' | 'after' | 'instead of'
  readonly events: readonly ('insert' | 'update' | 'delete' | 'truncate')[]
  /** The `create trigger` statement; in MySQL only the body of the trigger. */
  readonly definition: string
}

/** The part of a catalog that a reader fills in. */
export type CatalogContents = Omit<Catalog, 'format' | 'dialect' | 'hash'>
