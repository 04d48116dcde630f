import type { DerivedTable } from './expression.ts'
import type { Cells } from './scope.ts'

/** Values that wait for a name to become a table. */
export interface TableOfValues<out R> {
  /** Names the table. */
  as<A extends string>(alias: A): DerivedTable<Cells<R>, A>
}

/**
 * Rows as a table, for `selectFrom`, joins, `using` and `from`.
 *
 * @example
 * ```ts
 * db.updateTable('city').from(values([{ id: 1, name: 'Turku' }, { id: 2, name: 'Oulu' }]).as('v'))
 *   .set((eb) => ({ name: eb.ref('v.name') })).whereRef('city.id', '=', 'v.id')
 * ```
 */
export type ValuesFunction = <R extends Record<string, unknown>>(rows: readonly R[]) => TableOfValues<R>

/**
 * Values in their order as a table with the columns `value` and `position`, which counts from 1.
 *
 * @example
 * ```ts
 * db.selectFrom('city').innerJoin(list([3, 1, 2]).as('l'), 'l.value', 'city.id').orderBy('l.position')
 * ```
 */
export type ListFunction = <T>(items: readonly T[]) => TableOfValues<{ value: T; position: number }>
