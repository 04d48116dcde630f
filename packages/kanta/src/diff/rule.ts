import type { Dialect } from '../dialect/index.ts'
import type { CatalogName, CatalogTable, CatalogTrigger } from '../introspect/index.ts'
import type { Node } from '../ir/index.ts'
import type { Constraint, RebuildTable, Step } from './step.ts'

export type AlterColumn = Extract<Step, { readonly kind: 'alterColumn' }>

/** The differences of one database in comparing and changing schemas. */
export interface Rules {
  readonly dialect: Dialect
  /** The schema of tables without one. */
  readonly defaultSchema?: string
  /** The spellings of types; missing if the database takes any words as a type. */
  readonly types?: TypeRules
  readonly expressions: ExpressionRules
  readonly locks: LockRules
  /** Is true if `restrict` and `no action` mean the same. */
  readonly restrictIsNoAction?: boolean
  /** Is true if table options such as `strict` are compared. */
  readonly comparesOptions?: boolean
  /** Is true if the database cannot change the type of a column that a computed column uses. */
  readonly locksTypesOfComputed?: boolean
  /** The changes of a column, on either side of a foreign key, that the database refuses while the key is there. */
  readonly changesLockedByForeignKeys?: 'type' | 'any'
  /** Is true if the database numbers only a column that has a key. */
  readonly numbersKeysOnly?: boolean
  /** Is true if the catalog of the database tells '?' for each character beyond the basic plane of Unicode. */
  readonly tellsBasicPlaneOnly?: boolean
  /** Is true if the database folds unquoted names to lower case. */
  readonly foldsNamesToLowerCase?: boolean
  /** Is true if generated names depend on existing ones, so that new constraints need written names. */
  readonly writesConstraintNames?: boolean
  /** Returns the name that the database generates for a constraint; missing if it is not needed or not predictable. */
  constraintName?(constraint: Constraint, table: CatalogTable, taken: ReadonlySet<string>): string | null
  /** Returns the name of a foreign key after its table was renamed. */
  foreignKeyAfterRename?(name: string, from: string, to: string): string
  /** Returns a table in a normal form, in which both sides describe equal things in one way. */
  normalizeTable?(table: CatalogTable): CatalogTable
  /** Is true if the definition of a view is the whole `create view` statement. */
  readonly hasWholeViewStatements: boolean
  alterColumn(step: AlterColumn, dialect: Dialect): readonly Node[]
  dropConstraint(table: CatalogName, constraint: Constraint, dialect: Dialect): readonly Node[]
  renameConstraint(table: CatalogName, constraint: Constraint, to: string, dialect: Dialect): readonly Node[]
  createTrigger(trigger: CatalogTrigger): Node
  dropTrigger(trigger: CatalogTrigger): Node
  /** Rebuilds tables where `alter table` cannot make a change. */
  readonly rebuilds?: Rebuilds
}

/** The statements that rebuild tables. */
export interface Rebuilds {
  rebuild(step: RebuildTable, dialect: Dialect): readonly Node[]
  /** Returns statements that fail if a foreign key of the tables, or one that refers to them, is violated. */
  checkForeignKeys(tables: readonly string[], dialect: Dialect): readonly Node[]
}

export interface TypeRules {
  /** Standard names of types by their synonyms; the first word only. */
  readonly synonyms: Readonly<Record<string, string>>
  /** The default precision and scale of a decimal. */
  readonly decimalSize: string
  /** Is true if integers may have a display width. */
  readonly displayWidths: boolean
  /** Is true if `text` holds every value of other types. */
  readonly textHoldsAll: boolean
}

/** The spellings of expressions. */
export interface ExpressionRules {
  readonly booleans: 'words' | 'numbers'
  /** Is true if `now()` equals `current_timestamp`. */
  readonly nowIsCurrent: boolean
  /** The number of redundant arguments of a timestamp function. MySQL adds the digits of the column. */
  readonly momentArguments: number
  /** Standard names of functions by their synonyms. */
  readonly synonyms: Readonly<Record<string, string>>
}

/** The changes that lock a table for long. */
export interface LockRules {
  /** Is true if a table is locked while its rows are indexed or checked against a new constraint. */
  readonly scans: boolean
  /** The changes of a column that rewrite all rows; missing if tables are rebuilt anyway. */
  readonly rewrites?: 'types' | 'any'
}
