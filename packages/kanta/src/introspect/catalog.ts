import type { DialectName } from '../dialect/index.ts'
import type { AbstractType, ReferentialAction } from '../table/index.ts'

export type { DialectName }

/** What a database holds, besides rows: plain JSON, in a stable order. */
export interface Catalog {
  /** The version of this form. */
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

/** The name of something in a schema; the schema is null where a database is spoken of without one. */
export interface CatalogName {
  readonly schema: string | null
  readonly name: string
}

export interface CatalogTable extends CatalogName {
  readonly kind: 'table' | 'partitioned' | 'partition' | 'foreign' | 'virtual'
  /** In the order of the table. */
  readonly columns: readonly CatalogColumn[]
  readonly primaryKey: CatalogKey | null
  readonly uniques: readonly CatalogKey[]
  readonly foreignKeys: readonly CatalogForeignKey[]
  readonly checks: readonly CatalogCheck[]
  /** Without those that keep a key. */
  readonly indexes: readonly CatalogIndex[]
  readonly comment: string | null
  /** What follows the columns, such as `strict` in SQLite, the engine in MySQL, the partition key in PostgreSQL. */
  readonly options: readonly string[]
}

export interface CatalogColumn {
  readonly name: string
  /** The type as the database says it. */
  readonly type: string
  /** The kind of column that `table()` would have for it; null where there is none. */
  readonly abstract: AbstractType | null
  readonly nullable: boolean
  /** The default as SQL text. */
  readonly default: string | null
  readonly generated: { readonly expression: string; readonly stored: boolean } | null
  /** How the database numbers the rows: `always` and `by default` are identity columns, `auto` all other ways. */
  readonly identity: 'always' | 'by default' | 'auto' | null
  readonly collation: string | null
  readonly comment: string | null
  /** The strings that the type allows, of an enum. */
  readonly values: readonly string[] | null
}

/** A primary key or a unique constraint. */
export interface CatalogKey {
  /** Null where the database does not keep a name. */
  readonly name: string | null
  readonly columns: readonly string[]
}

export interface CatalogForeignKey extends CatalogKey {
  readonly target: CatalogName & { readonly columns: readonly string[] }
  readonly onDelete: ReferentialAction
  readonly onUpdate: ReferentialAction
  readonly deferrable: 'no' | 'initially immediate' | 'initially deferred'
}

export interface CatalogCheck {
  readonly name: string | null
  /** The condition as the database says it, without parentheses around it. */
  readonly expression: string
}

export interface CatalogIndex {
  readonly name: string
  readonly parts: readonly CatalogIndexPart[]
  readonly unique: boolean
  /** Such as `btree`; null where the database has one only. */
  readonly method: string | null
  /** Columns that are kept in it and not searched by. */
  readonly include: readonly string[]
  readonly where: string | null
  /** The statement that makes it, where the database keeps it. */
  readonly definition: string | null
}

export interface CatalogIndexPart {
  readonly column: string | null
  readonly expression: string | null
  readonly direction: 'asc' | 'desc'
  /** Where nulls are, if not where the direction puts them. */
  readonly nulls: 'first' | 'last' | null
  readonly collation: string | null
}

export interface CatalogView extends CatalogName {
  readonly materialized: boolean
  readonly columns: readonly CatalogColumn[]
  /** Its query, or in SQLite the statement that makes it. */
  readonly definition: string
  readonly comment: string | null
}

export interface CatalogEnum extends CatalogName {
  readonly values: readonly string[]
}

export interface CatalogDomain extends CatalogName {
  readonly type: string
  readonly nullable: boolean
  readonly default: string | null
  readonly checks: readonly CatalogCheck[]
}

export interface CatalogSequence extends CatalogName {
  readonly type: string | null
  /** Integers of 64 bits, as digits. */
  readonly start: string
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  readonly cycle: boolean
  /** The column that it numbers, as `table.column`. */
  readonly ownedBy: string | null
}

export interface CatalogTrigger extends CatalogName {
  readonly table: string
  readonly timing: 'before' | 'after' | 'instead of'
  readonly events: readonly ('insert' | 'update' | 'delete' | 'truncate')[]
  /** The statement that makes it; in MySQL its body. */
  readonly definition: string
}

/** All of a catalog that a dialect reads. */
export type Found = Omit<Catalog, 'format' | 'dialect' | 'hash'>
