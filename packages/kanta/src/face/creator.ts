import type { Aliased } from './expression.ts'
import type { SourceOrCallback } from './join.ts'
import type { Info, One, Refs } from './scope.ts'
import type { Select } from './select.ts'

/** Where queries begin. */
export interface QueryCreator<DB> {
  /**
   * Begins a query that selects from a table.
   *
   * @example
   * ```ts
   * db.selectFrom('city as c').select(['c.id', 'c.name'])
   * ```
   */
  selectFrom<B extends keyof DB & string = never, A extends string = never, N extends string = [A] extends [never] ? B : A, Q = DB[B]>(table: SourceOrCallback<B, A, Q, Info<DB>['eb']>): Select<Info<DB>, One<N, Q>, Refs<N, Q>, Q, never>
  /** Begins a query that reads no table. */
  selectNoFrom<const C extends Aliased<any, any>>(columns: C | readonly C[] | ((eb: Info<DB>['eb']) => C | readonly C[])): Select<Info<DB>, {}, never, {}, C>
}
export interface Database<DB> extends QueryCreator<DB> {}
