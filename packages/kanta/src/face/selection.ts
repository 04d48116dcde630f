// How lists of columns are checked: first their items are inferred, then only those are held against the legal
// references. A wrong item turns the parameter into the legal references, which gives the message and the completions.
// The items of a list are inferred as one type `C`, callbacks and columns among them: the compiler makes no union of what
// it infers in several places.
import type { ColumnLike, Expression, NoText, Operand } from '../table/index.ts'
import type { Aliased } from './expression.ts'
import type { $only, ValueOf } from './operator.ts'
import type { NameOf, Optional } from './row.ts'
import type { AtBuilder, AtItems, AtRefs, ScopeState, State } from './scope.ts'

type Callback = (eb: any) => any
/** An argument of `select` before it is checked. */
export type SelectItem = string | Aliased<any, any> | ColumnLike<any> | Callback
/** An argument of `groupBy` and the like before it is checked. */
export type RefItem = string | Expression<any> | ColumnLike<any>

/**
 * Part of the default of an inferred item. It is like a string, so that literals in callbacks stay literal; it lets
 * every string pass in the compiler's first pass, which skips callbacks; and it costs no union.
 */
export type NoString = `${any}`
/** The default of a selected item that is inferred. */
export type NoItem = NoString | Aliased<any, any> | ColumnLike<any>
/** The default of a reference that is inferred. */
export type NoRef = NoString | Expression<any> | ColumnLike<any>

/** The items of the selection that were given as `C`. */
export type Items<C> = [C] extends [string] ? C : ItemOf<C>
type ItemOf<C> =
  C extends ColumnLike<infer R>
    ? R
    : C extends (eb: any) => infer R
      ? R extends readonly (infer I)[]
        ? ItemOf<I>
        : ItemOf<R>
      : C

type BadItem<K, C> = C extends K
  ? never
  : C extends Aliased<any, any>
    ? never
    : NoString extends C
      ? string extends C
        ? C
        : never
      : C extends `${infer X} as ${string}`
        ? X extends K
          ? never
          : C
        : C extends ColumnLike<infer R>
          ? unknown extends R
            ? never
            : R extends Optional<any>
              ? never
              : BadItem<K, R>
          : C extends (eb: any) => infer R
            ? BadItem<K, R extends readonly (infer I)[] ? I : R>
            : C
type BadRef<K, C> = C extends K
  ? never
  : C extends Expression<any>
    ? never
    : NoString extends C
      ? string extends C
        ? C
        : never
      : C extends ColumnLike<infer R>
        ? unknown extends R
          ? never
          : BadRef<K, R>
        : C
type BadOrder<K, O, C> = C extends K
  ? never
  : C extends Expression<any>
    ? never
    : NoString extends C
      ? string extends C
        ? C
        : never
      : C extends NameOf<O>
        ? never
        : C extends ColumnLike<infer R>
          ? unknown extends R
            ? never
            : BadRef<K, R>
          : C

// The right ones among wrong items. The legal references stand beside them, so that in generic code, where the conditions
// cannot be decided, a reference is legal either way.
// They are only within lists: an unfinished callback gives an error, which would make all of the parameter an error, and
// leave the callback without its builder.
type RightItem<K, C> = NoInfer<C extends unknown ? ([BadItem<K, C>] extends [never] ? C : never) : never>
type RightRef<K, C> = NoInfer<C extends unknown ? ([BadRef<K, C>] extends [never] ? C : never) : never>
type Named<K> = K | Aliased<any, any> | readonly (K | Aliased<any, any>)[]

/** The reference of `C` under its other name, if it is legal: without a condition, which generic code could not decide. */
type Renamed<T extends ScopeState, C> = NoInfer<`${T[AtRefs] & RefOf<C>} as ${string}`>
type RefOf<C> = C extends `${infer X} as ${string}` ? X : never

/** The parameter of `select` and `returning`. */
export type SelectArgument<T extends ScopeState, C> = [BadItem<T[AtRefs], C>] extends [never]
  ? C | readonly (C | ((eb: T[AtBuilder]) => NoItem | readonly NoItem[]))[] | ((eb: T[AtBuilder]) => C | readonly C[])
  :
      | T[AtRefs]
      | Renamed<T, C>
      | readonly (T[AtRefs] | RightItem<T[AtRefs], C> | NoInfer<(eb: T[AtBuilder]) => Named<T[AtRefs]>>)[]
      | ((eb: T[AtBuilder]) => T[AtRefs] | readonly (T[AtRefs] | RightItem<T[AtRefs], C>)[])

/** The parameter of `distinctOn` and `partitionBy`. */
export type RefArgument<T extends ScopeState, C> = [BadRef<T[AtRefs], C>] extends [never]
  ? C | readonly C[] | ((eb: T[AtBuilder]) => C | readonly C[])
  : T[AtRefs] | readonly (T[AtRefs] | RightRef<T[AtRefs], C>)[]

/** The parameter of `orderBy`, which also takes the names of the selection. */
export type OrderArgument<T extends State, C> = [BadOrder<T[AtRefs], T[AtItems], C>] extends [never]
  ? C | ((eb: T[AtBuilder]) => C)
  : T[AtRefs] | NameOf<T[AtItems]>

/** The parameter of `groupBy`, which also takes the names of the selection. */
export type GroupArgument<T extends State, C> = [BadOrder<T[AtRefs], T[AtItems], C>] extends [never]
  ? C | readonly C[] | ((eb: T[AtBuilder]) => C | readonly C[])
  : T[AtRefs] | readonly (T[AtRefs] | NameOf<T[AtItems]> | RightRef<T[AtRefs], C>)[]

/** An operand, where no string `R` was given. Where one was, a message should list the legal strings alone. */
export type OperandArm<R, C, V> = [R] extends [never] ? Operand<C, V, R> | QueryOperand<V, R> : never
/** A query of one column, where it stands for its value. */
interface QueryOperand<out V, out X> extends NoText<X> {
  readonly [$only]: V
}

/**
 * The default of `X` below: a function, so that callbacks find theirs, which takes nothing, so that they do not find
 * this.
 */
export type NoParameter = () => unknown
/** A callback that gives the right side of a comparison, where the right side `X` that was given is one. */
export type CallbackArm<X, E, V> = X extends (...given: any) => any ? X & ((eb: E) => NoInfer<ValueOf<V>>) : never
