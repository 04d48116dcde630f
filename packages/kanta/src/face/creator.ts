import type { TableRef } from '../table/index.ts'
import type { Delete } from './delete.ts'
import type { Aliased } from './expression.ts'
import type { InsertInto } from './insert.ts'
import type { SourceArm, TableArm } from './join.ts'
import type { DeleteMany, ManyArm, SelectFromMany, UpdateMany } from './many.ts'
import type { MergeInto } from './merge.ts'
import type { AnyCells, AnyInfo, Cells, Info, NoTables, One, TableCells, WithInfo } from './scope.ts'
import type { Select } from './select.ts'
import type { Update } from './update.ts'
import type { CommonQuery, CommonTableName, WithItself, WithTable } from './with.ts'

/** The starting points of queries. */
/** @ts-ignore TS2636 */
export interface QueryCreator<out DB, out I extends AnyInfo = Info<DB>> {
  /**
   * Begins a query that selects from a table.
   *
   * @example
   * ```ts
   * db.selectFrom('city as c').select(['c.id', 'c.name'])
   * ```
   */
  selectFrom<
    B extends I['names'] = never,
    A extends string = never,
    TB extends I['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<I, B | TB>,
    const M = never,
  >(
    table: B | `${B} as ${A}` | SourceArm<B, TB, A, Q, I['eb']> | ManyArm<I, M>,
  ): [M] extends [never]
    ? Select<I, One<N, Q>, `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string), Q, never>
    : SelectFromMany<I, M>
  /** Begins a query that reads no table. */
  selectNoFrom<const C extends Aliased<any, any>>(
    columns: C | readonly C[] | ((eb: I['eb']) => C | readonly C[]),
  ): Select<I, NoTables, never, Cells<{}>, C>
  /**
   * Begins a query that inserts into a table.
   *
   * @example
   * ```ts
   * const { id } = await db.insertInto('city').values({ name: 'Turku', country: 'FI' }).returning('id').executeTakeFirstOrThrow()
   * ```
   */
  insertInto<B extends I['names']>(table: B | TableRef<B, never>): InsertInto<I, B, TableCells<I, B>>
  /** Begins a query that inserts into a table and replaces rows that have the same key. */
  replaceInto<B extends I['names']>(table: B | TableRef<B, never>): InsertInto<I, B, TableCells<I, B>>
  /**
   * Begins a query that updates a table.
   *
   * @example
   * ```ts
   * await db.updateTable('city').set({ name: 'Turku' }).where('id', '=', 7).execute()
   * ```
   */
  updateTable<
    B extends I['names'] = never,
    A extends string = never,
    TB extends I['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<I, B | TB>,
    const M = never,
  >(
    table: B | `${B} as ${A}` | TableArm<B, TB, A, Q> | ManyArm<I, M>,
  ): [M] extends [never]
    ? Update<I, One<N, Q>, `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string), Q, Q, never>
    : UpdateMany<I, M>
  /**
   * Begins a query that deletes from a table.
   *
   * @example
   * ```ts
   * await db.deleteFrom('city').where('id', '=', 7).execute()
   * ```
   */
  deleteFrom<
    B extends I['names'] = never,
    A extends string = never,
    TB extends I['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<I, B | TB>,
    const M = never,
  >(
    table: B | `${B} as ${A}` | TableArm<B, TB, A, Q> | ManyArm<I, M>,
  ): [M] extends [never]
    ? Delete<I, One<N, Q>, `${N}.${keyof Q['row'] & string}` | (keyof Q['row'] & string), Q, Q, never>
    : DeleteMany<I, M>
  /**
   * Begins a query that merges rows into a table: updates those that match, inserts those that do not.
   *
   * @throws KantaError `unsupported` where the database has no merge.
   *
   * @example
   * ```ts
   * const removeArrived = () =>
   *   db.mergeInto('city').using('arrival', 'arrival.id', 'city.id').whenMatched().thenDelete().execute()
   * ```
   */
  mergeInto<
    B extends I['names'] = never,
    A extends string = never,
    TB extends I['names'] = never,
    N extends string = [A] extends [never] ? B | TB : A,
    Q extends AnyCells = TableCells<I, B | TB>,
  >(table: B | `${B} as ${A}` | TableArm<B, TB, A, Q>): MergeInto<I, N, Q>
  /**
   * Names a query, which the query that follows can use like a table.
   *
   * @example
   * ```ts
   * db.with('large', (q) => q.selectFrom('city').selectAll().where('population', '>', 1_000_000))
   *   .selectFrom('large').select('name')
   * ```
   */
  with<N extends string, Q extends CommonQuery>(
    name: CommonTableName<N>,
    query: Q | ((q: QueryCreator<DB, I>) => Q),
  ): QueryCreator<WithTable<DB, N, Q>, WithInfo<WithTable<DB, N, Q>, I>>
  /** The same with a query that may use itself. */
  withRecursive<N extends string, Q extends CommonQuery>(
    name: CommonTableName<N>,
    query: (q: QueryCreator<WithItself<DB, N>>) => Q,
  ): QueryCreator<WithTable<DB, N, Q>, WithInfo<WithTable<DB, N, Q>, I>>
}
