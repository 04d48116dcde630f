import type { Dialect } from '../dialect/index.ts'
import type { CatalogName, CatalogTable, CatalogTrigger } from '../introspect/index.ts'
import type { Node } from '../ir/index.ts'
import type { Constraint, RebuildTable, Step } from './step.ts'

export type AlterColumn = Extract<Step, { readonly kind: 'alterColumn' }>

/** What one database does otherwise where schemas are compared and changed. */
export interface Rules {
  readonly dialect: Dialect
  /** The schema of tables that name none. */
  readonly defaultSchema?: string
  /** How types are spelled; missing where any words make one. */
  readonly types?: TypeRules
  readonly expressions: ExpressionRules
  readonly locks: LockRules
  /** Whether the words `restrict` and `no action` mean the same. */
  readonly restrictIsNoAction?: boolean
  /** Whether what follows the columns of a table is compared, such as `strict`. */
  readonly comparesOptions?: boolean
  /** Whether a `table()` may say the collation of a column. */
  readonly comparesCollations?: boolean
  /** Whether no type changes from which a column is computed. */
  readonly computedHoldsTypes?: boolean
  /** Whether a name without quotes is the one in lower case. */
  readonly lowersNames?: boolean
  /** Whether the names that the database makes up depend on what is there, so that new constraints say theirs. */
  readonly saysConstraintNames?: boolean
  /** Returns the name that the database makes up for a constraint; missing where nothing needs it or nobody knows. */
  constraintName?(constraint: Constraint, table: CatalogTable, taken: ReadonlySet<string>): string | null
  /** Returns the name of a foreign key after its table was renamed. */
  keyOfRenamed?(name: string, from: string, to: string): string
  /** Brings a table to the form in which both sides say alike what the database keeps as one thing. */
  settled?(table: CatalogTable): CatalogTable
  /** Whether the definition of a view is the whole statement that makes it. */
  readonly wholeViews: boolean
  alterColumn(step: AlterColumn, dialect: Dialect): readonly Node[]
  dropConstraint(table: CatalogName, constraint: Constraint, dialect: Dialect): readonly Node[]
  renameConstraint(table: CatalogName, constraint: Constraint, to: string, dialect: Dialect): readonly Node[]
  createTrigger(trigger: CatalogTrigger): Node
  dropTrigger(trigger: CatalogTrigger): Node
  /** How a table is made anew, where `alter table` cannot change it. */
  readonly rebuilds?: Rebuilds
}

/** How tables are made anew. */
export interface Rebuilds {
  rebuild(step: RebuildTable, dialect: Dialect): readonly Node[]
  /** Fails when a row of the tables, or one that points to them, points to nothing. */
  checkForeignKeys(tables: readonly string[], dialect: Dialect): readonly Node[]
}

export interface TypeRules {
  /** Names of types that mean the same; the first word only. */
  readonly synonyms: Readonly<Record<string, string>>
  /** The precision and scale of a decimal that says none. */
  readonly decimalSize: string
  /** Whether an integer may say how many digits are shown of it, which changes nothing. */
  readonly displayWidths: boolean
  /** Whether `text` holds every value of other types. */
  readonly textHoldsAll: boolean
}

/** How expressions are spelled. */
export interface ExpressionRules {
  readonly booleans: 'words' | 'numbers'
  /** Whether `now()` is the same as `current_timestamp`. */
  readonly nowIsCurrent: boolean
  /** How many arguments a moment may have that say nothing new: MySQL writes the digits of the column into it. */
  readonly momentArguments: number
  /** Functions that are written under another name. */
  readonly synonyms: Readonly<Record<string, string>>
}

/** What keeps others waiting. */
export interface LockRules {
  /** Whether a table is locked while its rows are indexed or held against a new constraint. */
  readonly scans: boolean
  /** Which changes of a column write all rows anew; missing where tables are made anew anyway. */
  readonly rewrites?: 'types' | 'any'
}
