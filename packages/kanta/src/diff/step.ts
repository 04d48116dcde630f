import type { CatalogConstraint } from '../dialect/index.ts'
import type {
  CatalogColumn,
  CatalogEnum,
  CatalogIndex,
  CatalogName,
  CatalogTable,
  CatalogTrigger,
  CatalogView,
} from '../introspect/index.ts'

/** A constraint of a table, with what sort it is. */
export type Constraint = CatalogConstraint

/** What an alteration of a column changes. */
export type ColumnChange = 'type' | 'nullable' | 'default' | 'generated' | 'identity' | 'collation' | 'comment'

/** One change of a schema, as data that JSON can hold; `stepSql` prints it. */
export type Step =
  | { readonly kind: 'createTable'; readonly table: CatalogTable }
  | { readonly kind: 'dropTable'; readonly table: CatalogTable }
  | { readonly kind: 'renameTable'; readonly table: CatalogName; readonly to: string }
  | { readonly kind: 'addColumn'; readonly table: CatalogName; readonly column: CatalogColumn }
  | { readonly kind: 'dropColumn'; readonly table: CatalogName; readonly column: CatalogColumn }
  | { readonly kind: 'renameColumn'; readonly table: CatalogName; readonly column: string; readonly to: string }
  | {
      readonly kind: 'alterColumn'
      readonly table: CatalogName
      readonly from: CatalogColumn
      readonly to: CatalogColumn
      readonly changes: readonly ColumnChange[]
    }
  | { readonly kind: 'addConstraint'; readonly table: CatalogName; readonly constraint: Constraint }
  | { readonly kind: 'dropConstraint'; readonly table: CatalogName; readonly constraint: Constraint }
  | {
      readonly kind: 'renameConstraint'
      readonly table: CatalogName
      readonly constraint: Constraint
      readonly to: string
    }
  | { readonly kind: 'createIndex'; readonly table: CatalogName; readonly index: CatalogIndex }
  | { readonly kind: 'dropIndex'; readonly table: CatalogName; readonly index: CatalogIndex }
  | { readonly kind: 'renameIndex'; readonly table: CatalogName; readonly index: CatalogIndex; readonly to: string }
  | RebuildTable
  | { readonly kind: 'commentTable'; readonly table: CatalogName; readonly comment: string | null }
  | { readonly kind: 'createEnum'; readonly enum: CatalogEnum }
  | { readonly kind: 'dropEnum'; readonly enum: CatalogEnum }
  | {
      readonly kind: 'addEnumValue'
      readonly enum: CatalogName
      readonly value: string
      /** The value that it stands before; null for the end. */
      readonly before: string | null
    }
  | { readonly kind: 'createView'; readonly view: CatalogView }
  | { readonly kind: 'dropView'; readonly view: CatalogView }
  | { readonly kind: 'createTrigger'; readonly trigger: CatalogTrigger }
  | { readonly kind: 'dropTrigger'; readonly trigger: CatalogTrigger }
  /** Fails when a row of these tables, or one that points to them, points to nothing. */
  | { readonly kind: 'checkForeignKeys'; readonly tables: readonly string[] }

/** A SQLite table made anew, where `alter table` cannot change it. */
export interface RebuildTable {
  readonly kind: 'rebuildTable'
  readonly from: CatalogTable
  readonly to: CatalogTable
  /** Why it takes a rebuild. */
  readonly reasons: readonly string[]
  /** The views and triggers that speak of the table: gone while it is rebuilt, then made again. */
  readonly dependents: readonly Dependent[]
}

export interface Dependent {
  readonly type: 'view' | 'trigger'
  readonly name: string
  readonly definition: string
}

/** The table that a step changes, where it is one. */
export function tableOf(step: Step): CatalogName | undefined {
  if (step.kind === 'rebuildTable') return step.to
  return 'table' in step ? step.table : undefined
}

/** Whether the steps need `pragma foreign_keys = off`, which SQLite takes only outside of a transaction. */
export function needsForeignKeysOff(steps: readonly Step[]): boolean {
  return steps.some((step) => step.kind === 'checkForeignKeys')
}
