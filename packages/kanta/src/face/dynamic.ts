import type { ColumnLike, Expression } from '../table/index.ts'
import type { DerivedTable } from './expression.ts'
import type { Optional } from './row.ts'
import type { Cells } from './scope.ts'

/** A reference that is known only at run time: one of the columns `R`. */
export interface DynamicReference<out R> extends Expression<any>, ColumnLike<Optional<R>> {}

/** A table that is known only at run time: one of the tables `B` of `DB`. */
export interface DynamicTable<DB, B extends keyof DB & string> {
  /** Names the table, so that its columns can be referred to. */
  as<A extends string>(alias: A): DerivedTable<Cells<DB[B]>, A>
}

/** `db.dynamic`: names that come from outside of the program, still checked to be names. */
export interface Dynamic<DB> {
  /**
   * A reference that is known only at run time. Selected columns become optional.
   *
   * @example
   * ```ts
   * db.selectFrom('city').select('id').orderBy(db.dynamic.ref(request.sortBy))
   * ```
   */
  ref<R extends string = never>(reference: string): DynamicReference<R>
  /** A table that is known only at run time. */
  table<B extends keyof DB & string>(name: B): DynamicTable<DB, B>
}
