// Lists of tables: `selectFrom(['city', 'country as c'])`. A list is inferred as the union `M` of what it names, and the
// scope is made of that union at once, so that a query of one table pays nothing for it.
import type { At, ColumnType, SelectType, TableRef } from '../table/index.ts'
import type { Delete } from './delete.ts'
import type { $name, DerivedTable } from './expression.ts'
import type { $cells, AnyCells, AnyInfo, In } from './scope.ts'
import type { Select } from './select.ts'
import type { Update } from './update.ts'

type Derived = DerivedTable<any, any, any>
/**
 * The items that a list may hold once one item matched. Names and names with an alias are not in one union, where the
 * compiler would match each name with the template of each other.
 */
export type ManyArm<I extends AnyInfo, M> = [M] extends [never]
  ? never
  : readonly ((M & (I['names'] | TableRef<I['names'], any> | Derived)) | (M & `${I['names']} as ${string}`))[]

/** The name under which a table of the list is in scope. */
type AliasIn<X> = X extends string
  ? X extends `${string} as ${infer A}`
    ? A
    : X
  : X extends TableRef<infer B, infer A>
    ? [A] extends [never]
      ? B
      : A & string
    : X extends { readonly [$name]: infer A }
      ? A & string
      : never
type RowIn<I extends AnyInfo, X> = X extends string
  ? X extends `${infer B} as ${string}`
    ? At<I['db'], B>
    : At<I['db'], X>
  : X extends TableRef<infer B, any>
    ? At<I['db'], B>
    : X extends { readonly [$cells]: infer Q extends AnyCells }
      ? Q['row']
      : never
type RefsIn<I extends AnyInfo, M> = M extends unknown
  ? `${AliasIn<M>}.${keyof RowIn<I, M> & string}` | (keyof RowIn<I, M> & string)
  : never
type KeysIn<I extends AnyInfo, M> = M extends unknown ? keyof RowIn<I, M> : never
type CellAt<I extends AnyInfo, M, C> = M extends unknown
  ? C extends keyof RowIn<I, M>
    ? SelectType<RowIn<I, M>[C]>
    : never
  : never

interface ManyTables<I extends AnyInfo, M> {
  tables: { [X in M as AliasIn<X>]: In<RowIn<I, X>, never> }
  lookup: { [X in M as AliasIn<X>]: In<RowIn<I, X>, never> }
}
interface ManyCells<I extends AnyInfo, M> {
  row: { [C in KeysIn<I, M>]: ColumnType<CellAt<I, M, C>> }
  helper?: never
}
/** The columns that an update of several tables may set, with or without the table's name. */
interface ManyTargets<I extends AnyInfo, M> {
  row: Together<M extends unknown ? Written<AliasIn<M>, RowIn<I, M>> : never>
  helper?: never
}
type Written<A extends string, R> = R & { [C in keyof R & string as `${A}.${C}`]: R[C] }
type Together<U> = (U extends unknown ? (row: U) => void : never) extends (row: infer R) => void ? R : never

/** A select from a list of tables. */
export type SelectFromMany<I extends AnyInfo, M> = Select<I, ManyTables<I, M>, RefsIn<I, M>, ManyCells<I, M>, never>
/** An update of a list of tables. */
export type UpdateMany<I extends AnyInfo, M> = Update<
  I,
  ManyTables<I, M>,
  RefsIn<I, M>,
  ManyCells<I, M>,
  ManyTargets<I, M>,
  never
>
/** A delete from a list of tables. */
export type DeleteMany<I extends AnyInfo, M> = Delete<
  I,
  ManyTables<I, M>,
  RefsIn<I, M>,
  ManyCells<I, M>,
  ManyCells<I, M>,
  never
>
