import type { Dialect } from '../dialect/index.ts'
import type { CatalogName, CatalogTrigger } from '../introspect/index.ts'
import type { Node } from '../ir/index.ts'
import type { Constraint, RebuildTable, Step } from './step.ts'

export type AlterColumn = Extract<Step, { readonly kind: 'alterColumn' }>

/** What one database does otherwise where schemas are compared and changed. */
export interface Rules {
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
