import type { Node, NodeOf } from '../ir/index.ts'
import type { MergeBuilder } from '../sql/index.ts'
import type { Codec, ColumnDefinition, TableDefinition } from '../table/index.ts'
import type { CatalogColumn } from './catalog.ts'
import type { DialectName } from './name.ts'
import type { Printers } from './print.ts'
import type { Lexis } from './scan.ts'
import type { SchemaCapabilities } from './schema-capabilities.ts'

/** What a transaction was asked to be. */
export interface TransactionSettings {
  readonly isolation?: IsolationLevel | undefined
  readonly access?: AccessMode | undefined
  /** The statements around it, where they are not those of the dialect: a transaction that is prepared, or made durable. */
  readonly frame?: TransactionFrame | undefined
}

/** Statements around one transaction. */
export interface TransactionFrame {
  readonly begin: readonly string[]
  readonly commit: readonly string[]
  readonly rollback: readonly string[]
  readonly after: readonly string[]
  /** The statements of two-phase commit: those that let the transaction outlive its connection, and those that end it. */
  readonly prepare?: readonly string[] | undefined
  readonly prepared?: { readonly commit: readonly string[]; readonly rollback: readonly string[] } | undefined
}
export type IsolationLevel = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable' | 'snapshot'
export type AccessMode = 'read only' | 'read write'

/** The statements around a transaction. */
export interface TransactionSql {
  /** One statement or more that open it; throws `unsupported` for settings that the database lacks. */
  begin(settings: TransactionSettings): readonly string[]
  /** Run on the connection after commit or rollback, to undo settings that outlive the transaction. */
  after(settings: TransactionSettings): readonly string[]
  /** The level at which all reads of a transaction see one state of the data. */
  readonly snapshot: IsolationLevel
  readonly commit: string
  readonly rollback: string
  savepoint(name: string): string
  rollbackTo(name: string): string
  /** `undefined` where savepoints end only with their transaction. */
  release(name: string): string | undefined
}

/** What a database can do. A clause that needs what is missing is refused with the alternative. */
export interface Capabilities extends SchemaCapabilities {
  readonly returning: boolean
  readonly output: boolean
  readonly merge: boolean
  readonly lateral: boolean
  readonly apply: boolean
  readonly rightJoin: boolean
  readonly fullJoin: boolean
  readonly locks: boolean
  /** True if a lock can leave the keys of a row to foreign keys that refer to it. */
  readonly keyLocks: boolean
  readonly fetch: boolean
  readonly top: boolean
  readonly distinctOn: boolean
  readonly groupingSets: boolean
  readonly insertIgnore: boolean
  readonly insertOr: boolean
  readonly replace: boolean
  readonly onConflict: boolean
  readonly onConflictConstraint: boolean
  readonly onDuplicateKeyUpdate: boolean
  readonly updateFrom: boolean
  readonly updateJoin: boolean
  readonly updateLimit: boolean
  readonly deleteUsing: boolean
  readonly deleteLimit: boolean
  readonly multiTableWrite: boolean
  readonly writingCtes: boolean
  readonly defaultKeyword: boolean
  readonly withinGroup: boolean
  readonly materializedCtes: boolean
  readonly setOperationAll: boolean
  readonly namedWindows: boolean
  readonly ilike: boolean
  readonly betweenSymmetric: boolean
  /** Tells whether a foreign key may name the schema of its target, and an index that of its table. */
  readonly schemaOfTarget: boolean
}

/** The common table expressions that one sees: those before it, itself as well, or all. */
export type CteVisibility = 'before' | 'itself' | 'all'

/** How a database speaks: its printers, its quoting, and what it can do. */
export interface Dialect {
  /** Tells the facets of features apart; nothing outside of `dialect/` asks for it. */
  readonly name: DialectName
  readonly capabilities: Capabilities
  readonly print: Printers
  /** The lexical rules of its SQL text. */
  readonly lexis: Lexis
  /** Tells whether a name after `in` means a table whose one column is searched. */
  readonly searchesTables?: boolean
  /** The builder of merges; where the database has none, the sentence that says what to use instead. */
  readonly merge: typeof MergeBuilder | string
  readonly transaction: TransactionSql
  /**
   * How a list after `in` is bound: as one parameter that is an array (`= any($1)`, which the printer of the dialect
   * writes), as parameters padded to a power of two, or one parameter for each item.
   */
  readonly lists: 'array' | 'padded' | 'exact'
  /** How a column of a table is written and read here, where that is not as its own codec says. */
  codec?(column: ColumnDefinition): Codec | undefined
  /** The type that a value has to be cast to where nothing around it tells the database, if it has to. */
  castOf?(value: unknown): string | undefined
  /** The type that the values of a column are cast to in rows, where a null of no type would not do. */
  cellType?(codec: Codec): string | undefined
  /** Passes the rows of a bulk insert as one array for each column, of the type that the column has in the database. */
  readonly arrayRows?: ArrayRows
  /** The most parameters of one statement. */
  readonly maxParameters: number
  /** How many parameters one statement of a bulk insert takes at most, so that its text stays quick to prepare. */
  readonly bulkParameters: number
  /** Tells whether what a query selects is computed for each row before rows are sorted and cut. */
  readonly computesBeforeLimit?: boolean
  /** Tells whether an integer that alone is the key is the number of its row. */
  readonly rowidKeys?: boolean
  /** The numbering of a key column; null where the database numbers it by itself. */
  keyIdentity(column: ColumnDefinition): CatalogColumn['identity']
  /** Tells whether the id that an insert of several rows gives is that of its first row. */
  readonly insertIdIsFirst?: boolean
  /** How the rows of an insert are read where `returning` is not available. */
  readonly readBack?: InsertReading
  /** The SQL type of a column of a `table()`, which may depend on the keys of the table that it is part of. */
  typeName(column: ColumnDefinition, table?: TableDefinition): string
  /** The default of a column of a `table()` as text, where a literal would not do. */
  defaultText?(value: unknown, column: ColumnDefinition, table: TableDefinition): string
  /** Refuses an expression that would give a column of a `table()` values in another form than its codec writes. */
  checkDefault?(expression: Node, column: ColumnDefinition): void
  /** The condition that a column of a `table()` holds nothing but its values, where its type does not say so. */
  columnCheck?(column: ColumnDefinition): string | undefined
  /** The options after the columns of a `table()`, such as `strict`. */
  tableOptions(table: TableDefinition): readonly string[]
  /**
   * What a name means: those that fold to one text name one table or column. Where settings of the server decide, it
   * folds, so that a policy covers both.
   */
  foldName(name: string): string
  /** Tells whether a rollback undoes statements that define, such as `create table`. */
  readonly transactionalDdl: boolean
  quote(name: string): string
  /** Tells whether the database takes a name as long as this one; missing where it takes any. */
  fitsName?(name: string): boolean
  placeholder(index: number): string
  /** A value as SQL text, for the places that take no parameter. */
  literal(value: unknown): string
  /** A value as SQL text in a definition, which the database keeps as text of its own; like `literal` if missing. */
  definitionLiteral?(value: unknown): string
}

/** How a bulk insert takes one parameter for each column. */
export interface ArrayRows {
  /** The text that asks for the types of arrays of the columns: a JSON object by column, in a column `types`. */
  typesText(table: NodeOf<'table'>): string
  /** The rows as a query; `undefined` if a type cannot stand in an array. */
  query(rows: NodeOf<'slot'>, types: readonly (string | undefined)[]): Node | undefined
}

/** An insert that returns rows, as the two statements of a database without `returning`. */
export interface ReadBack {
  readonly insert: NodeOf<'insert'>
  /** Reads the rows whose keys are its one argument. */
  readonly select: NodeOf<'select'>
  readonly key: ColumnDefinition
  /** The place of the key among the columns that are given, or none where the database numbers the rows. */
  readonly position: number | undefined
}

/** Reads what an insert wrote by the keys of its rows. */
export interface InsertReading {
  /** `undefined` for what has to be refused. */
  split(tree: Node): ReadBack | undefined
  /** Runs both statements on one connection, in what undoes the first when this fails. */
  read(back: ReadBack, parameters: readonly unknown[], steps: ReadBackSteps): Promise<unknown[]>
}

export interface ReadBackSteps {
  write(): Written | Promise<Written>
  /** The first row of a text. */
  ask(text: string): unknown
  find(keys: readonly unknown[]): Promise<unknown[]>
}

/** What an insert says of itself. */
interface Written {
  readonly changes: number | bigint
  readonly insertId: number | bigint | undefined
}
