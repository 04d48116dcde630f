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

/** A constraint of a table, with its type. */
export type Constraint = CatalogConstraint

/** A property of a column that a step can change. */
export type ColumnChange =
  | 'type'
  | 'nullable'
  | 'default'
  | 'generated'
  | 'identity'
  | 'collation'
  | 'comment'
  | 'invisible'
  | 'check'

/** One change of a schema, as data that JSON can hold; `stepSql` prints it. */
export type Step =
  | { readonly kind: 'createTable'; readonly table: CatalogTable }
  | { readonly kind: 'dropTable'; readonly table: CatalogTable }
  | { readonly kind: 'renameTable'; readonly table: CatalogName; readonly to: string }
  | {
      readonly kind: 'addColumn'
      readonly table: CatalogName
      readonly column: CatalogColumn
      /** Set if the column becomes the primary key at once, as MySQL asks of a column that it numbers. */
      readonly isKey?: true
    }
  | { readonly kind: 'dropColumn'; readonly table: CatalogName; readonly column: CatalogColumn }
  | { readonly kind: 'renameColumn'; readonly table: CatalogName; readonly column: string; readonly to: string }
  | {
      readonly kind: 'alterColumn'
      readonly table: CatalogName
      readonly from: CatalogColumn
      readonly to: CatalogColumn
      readonly changes: readonly ColumnChange[]
      /** The check that stays in the definition of the column, in MariaDB. */
      readonly check?: string
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
      /** The value before which it is inserted; null to append. */
      readonly before: string | null
    }
  | { readonly kind: 'createView'; readonly view: CatalogView }
  | { readonly kind: 'dropView'; readonly view: CatalogView }
  | { readonly kind: 'createTrigger'; readonly trigger: CatalogTrigger }
  | { readonly kind: 'dropTrigger'; readonly trigger: CatalogTrigger }
  /** Fails if a foreign key of these tables, or one that refers to them, is violated. */
  | { readonly kind: 'checkForeignKeys'; readonly tables: readonly string[] }

/** A rebuild of a SQLite table, for changes that `alter table` cannot make. */
export interface RebuildTable {
  readonly kind: 'rebuildTable'
  readonly from: CatalogTable
  readonly to: CatalogTable
  /** The reasons for the rebuild. */
  readonly reasons: readonly string[]
  /** The views and triggers that mention the table. They are dropped before the rebuild and created again after it. */
  readonly dependents: readonly Dependent[]
}

/** A view or trigger that stands on a table. */
export interface Dependent {
  readonly type: 'view' | 'trigger'
  readonly name: string
  readonly definition: string
}

/** Returns the table that a step changes, or `undefined` if it changes none. */
export function tableOf(step: Step): CatalogName | undefined {
  if (step.kind === 'rebuildTable') return step.to
  return 'table' in step ? step.table : undefined
}

/** Checks if the steps need `pragma foreign_keys = off`, which SQLite accepts only outside of a transaction. */
export function needsForeignKeysOff(steps: readonly Step[]): boolean {
  return steps.some((step) => step.kind === 'checkForeignKeys')
}
