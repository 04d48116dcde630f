import type { AbstractType, ReferentialAction } from '../table/index.ts'

/** The name of something in a schema; the schema is null where a database is spoken of without one. */
export interface CatalogName {
  readonly schema: string | null
  readonly name: string
}

/** `E` is how it says expressions: as the text of the database, or as nodes where it comes from a `table()`. */
export interface CatalogTable<E = string> extends CatalogName {
  readonly kind: 'table' | 'partitioned' | 'partition' | 'foreign' | 'virtual'
  /** In the order of the table. */
  readonly columns: readonly CatalogColumn<E>[]
  readonly primaryKey: CatalogKey | null
  readonly uniques: readonly CatalogKey[]
  readonly foreignKeys: readonly CatalogForeignKey[]
  readonly checks: readonly CatalogCheck<E>[]
  /** Without those that keep a key. */
  readonly indexes: readonly CatalogIndex<E>[]
  readonly comment: string | null
  /** The options after the columns, such as `strict` in SQLite, the engine in MySQL, the partition key in PostgreSQL. */
  readonly options: readonly string[]
}

/** A column, as the database has it. */
export interface CatalogColumn<E = string> {
  readonly name: string
  /** The type as the database says it. */
  readonly type: string
  /** The kind of column that `table()` would have for it; null where there is none. */
  readonly abstract: AbstractType | null
  readonly nullable: boolean
  /** The default as SQL text. */
  readonly default: E | null
  readonly generated: { readonly expression: E; readonly stored: boolean } | null
  /** The numbering of the rows: `always` and `by default` are identity columns, `auto` covers all other ways. */
  readonly identity: 'always' | 'by default' | 'auto' | null
  readonly collation: string | null
  readonly comment: string | null
  /** Set if `select *` leaves the column out, which MariaDB and MySQL call invisible. */
  readonly invisible?: true
  /** The strings that the type allows, of an enum. */
  readonly values: readonly string[] | null
}

/** A primary key or a unique constraint. */
export interface CatalogKey {
  /** Null where the database does not keep a name. */
  readonly name: string | null
  readonly columns: readonly string[]
}

/** A foreign key, as the database has it. */
export interface CatalogForeignKey extends CatalogKey {
  /** The index that MySQL made for the key, where it is known. */
  readonly index?: string
  readonly target: CatalogName & { readonly columns: readonly string[] }
  readonly onDelete: ReferentialAction
  readonly onUpdate: ReferentialAction
  readonly deferrable: 'no' | 'initially immediate' | 'initially deferred'
}

/** A check, as the database has it. */
export interface CatalogCheck<E = string> {
  readonly name: string | null
  /** The condition as the database says it, without parentheses around it. */
  readonly expression: E
  /** The column whose definition the check is part of, which MariaDB gives no name of its own. */
  readonly column?: string
}

/** An index, as the database has it. */
export interface CatalogIndex<E = string> {
  readonly name: string
  readonly parts: readonly CatalogIndexPart<E>[]
  readonly unique: boolean
  /** Such as `btree`; null where the database has one only. */
  readonly method: string | null
  /** Columns that are kept in it and not searched by. */
  readonly include: readonly string[]
  readonly where: E | null
  /** The statement that makes it, where the database keeps it. */
  readonly definition: string | null
}

/** A column or an expression of an index. */
export interface CatalogIndexPart<E = string> {
  readonly column: string | null
  readonly expression: E | null
  readonly direction: 'asc' | 'desc'
  /** The place of nulls, if it differs from that of the direction. */
  readonly nulls: 'first' | 'last' | null
  readonly collation: string | null
}
