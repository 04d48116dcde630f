// From the items of a selection to its row. Items gather as a union; the row is made once, when it is read.
import type { SelectType } from '../table/index.ts'
import type { Aliased } from './expression.ts'
import type { AnyCells, In, RowOfCells, Scope, Selected } from './scope.ts'

/** `selectAll()` as '*', `selectAll('a')` as 'a'. */
export interface All<A> {
  readonly all: A
}
/** Selected within `$if`. */
export interface Optional<C> {
  readonly optional: C
}
/** The row of what `$if` added, in the scope that it made. */
export interface Maybe<R> {
  readonly maybe: R
}
/** A row that was named, as by `$castTo`. */
export interface Cast<R> {
  readonly cast: R
}

/** An item of a selection that is not a callback. */
export type Item = string | Aliased<any, any>

/** The name of an item in the row. */
export type NameOf<C> = C extends `${string} as ${infer A}`
  ? A
  : C extends `${string}.${infer N}`
    ? N extends `${string}.${infer M}`
      ? M
      : N
    : C extends Aliased<any, infer A extends string>
      ? A
      : C extends string
        ? C
        : never

type TypeOf<S extends Scope, U extends AnyCells, C> = C extends string
  ? C extends `${infer R} as ${string}`
    ? Selected<S, U, R>
    : Selected<S, U, C>
  : C extends Aliased<infer T, any>
    ? T
    : never

/** The row of the items `O`. The mapped type has no name of its own, so that a hover shows its fields. */
export type RowOf<S extends Scope, U extends AnyCells, O> = [O] extends [Item]
  ? { [C in O as NameOf<C>]: TypeOf<S, U, C> }
  : OtherRow<S, U, O>
type OtherRow<S extends Scope, U extends AnyCells, O> = [O] extends [All<'*'>]
  ? StarItems<S, U, '*'>
  : [O] extends [Cast<infer R>]
    ? R
    : [O] extends [All<infer A>]
      ? StarRow<S, A>
      : Flat<GivenRow<S, U, O> & Partial<GivenRow<S, U, OptionalItems<O>>> & MaybeRows<O>>

/** The row of what is returned; what was done where nothing is. */
export type RowOrResult<S extends Scope, U extends AnyCells, O, R> = [O] extends [never] ? R : RowOf<S, U, O>
/** The same for the first row, which need not be there. */
export type FirstOrResult<S extends Scope, U extends AnyCells, O, R> = [O] extends [never]
  ? R
  : RowOf<S, U, O> | undefined

type MaybeRows<O> = (O extends Maybe<infer R> ? (row: Partial<R>) => void : never) extends (row: infer X) => void
  ? X
  : unknown
type OptionalItems<O> = O extends Optional<infer C> ? C : never
type GivenRow<S extends Scope, U extends AnyCells, O> = CastRow<O> &
  StarItems<S, U, StarOf<O>> & { [C in O as NameOf<C>]: TypeOf<S, U, C> }
type CastRow<O> = [Extract<O, Cast<any>>] extends [never] ? unknown : Extract<O, Cast<any>>['cast']
type StarOf<O> = O extends All<infer A> ? A : never
type StarItems<S extends Scope, U extends AnyCells, A> = [A] extends [never]
  ? unknown
  : '*' extends A
    ? SelectedRow<RowOfCells<U>>
    : StarRow<S, A>
type SelectedRow<R> = { [C in keyof R]: SelectType<R[C]> }
/** The columns of the tables `A`. */
type StarRow<S extends Scope, A> = [A] extends [keyof S['tables']]
  ? { [C in KeysOf<S['tables'][A]>]: InEach<S['tables'][A], C> }
  : never
type KeysOf<T> = T extends In<infer R, any> ? keyof R : never
type InEach<T, C> = T extends In<infer R, infer N> ? (C extends keyof R ? SelectType<R[C]> | N : never) : never

/** The same object type, written out for hovers. */
export type Flat<T> = { [K in keyof T]: T[K] } & {}

/** Marks a column as not null in `$narrowType`. */
export interface NotNull {
  readonly notNull: true
}
/** The row `R` with the columns of `T` narrowed. */
export type Narrowed<R, T> = R extends unknown
  ? { [C in keyof R]: C extends keyof T ? (T[C] extends NotNull ? NonNullable<R[C]> : T[C] & R[C]) : R[C] }
  : never
