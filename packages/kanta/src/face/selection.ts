// How lists of columns are checked: first their items are inferred, then only those are held against the legal
// references. A wrong item turns the parameter into the legal references, which gives the message and the completions.
import type { ColumnLike, Expression, Operand } from '../schema/index.ts'
import type { Aliased } from './expression.ts'
import type { NameOf, Optional } from './row.ts'
import type { AtBuilder, AtItems, AtRefs, ScopeState, State } from './scope.ts'

// Columns are inferred apart from other items, since the compiler joins what it infers from columns and from expressions
// to neither. Where a list has columns alone, it takes them for the other items, too; they have no name there.
/** What an item of `select` may be, before it is checked. */
export type SelectItem = string | Aliased<any, any> | Optional<any> | ColumnLike<any>
/** What an item of `groupBy` and the like may be, before it is checked. */
export type RefItem = string | Expression<any> | Optional<any> | ColumnLike<any>

/**
 * Part of the default of an inferred item. It is like a string, so that literals in callbacks stay literal; it lets every
 * string pass in the compiler's first pass, which skips callbacks; and it costs no union.
 */
export type NoString = `${any}`
export type NoItem = NoString | Aliased<any, any>
export type NoRef = NoString | Expression<any>

type BadItem<K, C> = C extends K ? never
  : C extends Aliased<any, any> ? never
  : NoString extends C ? (string extends C ? C : never)
  : C extends `${infer X} as ${string}` ? (X extends K ? never : C)
  : C extends Optional<any> | ColumnLike<any> ? never
  : C
type BadRef<K, C> = C extends K ? never
  : C extends Expression<any> ? never
  : NoString extends C ? (string extends C ? C : never)
  : C extends Optional<any> | ColumnLike<any> ? never
  : C
type BadOrder<K, O, C> = C extends K ? never
  : C extends Expression<any> ? never
  : NoString extends C ? (string extends C ? C : never)
  : C extends NameOf<O> ? never
  : C extends Optional<any> | ColumnLike<any> ? never
  : C

// The right ones among wrong items. The legal references stand beside them, so that in generic code, where the conditions
// cannot be decided, a reference is legal either way.
type RightItem<K, C> = NoInfer<C extends `${infer X} as ${string}` ? (X extends K ? C : never) : C extends Aliased<any, any> ? C : never>
type RightRef<C> = NoInfer<C extends Expression<any> ? C : never>

/** The parameter of `select` and `returning`: items `C`, columns `D`, and `F` from callbacks in a list. */
export type SelectArgument<T extends ScopeState, C, D, F> = [BadItem<T[AtRefs], C | D>] extends [never]
  ? ItemArgument<C, D, F, T[AtBuilder]>
  : T[AtRefs] | RightItem<T[AtRefs], C> | readonly (T[AtRefs] | RightItem<T[AtRefs], C> | ((eb: any) => any))[] | NoInfer<(eb: any) => T[AtRefs] | RightItem<T[AtRefs], C> | readonly (T[AtRefs] | RightItem<T[AtRefs], C>)[]>
type ItemArgument<C, D, F, E> =
  | C
  | ColumnLike<D>
  | readonly (C | ColumnLike<D> | ((eb: E) => F))[]
  | ((eb: E) => C | readonly (C | ColumnLike<D>)[])

/** The parameter of `distinctOn` and `partitionBy`. */
export type RefArgument<T extends ScopeState, C, D> = [BadRef<T[AtRefs], C | D>] extends [never]
  ? ListArgument<C, D, T[AtBuilder]>
  : T[AtRefs] | RightRef<C> | readonly (T[AtRefs] | RightRef<C>)[]
type ListArgument<C, D, E> = C | ColumnLike<D> | readonly (C | ColumnLike<D>)[] | ((eb: E) => C | readonly C[])

/** The parameter of `orderBy`, which also takes the names of the selection. */
export type OrderArgument<T extends State, C, D> = [BadOrder<T[AtRefs], T[AtItems], C | D>] extends [never]
  ? C | ColumnLike<D> | ((eb: T[AtBuilder]) => C)
  : T[AtRefs] | NameOf<T[AtItems]>

/** The parameter of `groupBy`, which also takes the names of the selection. */
export type GroupArgument<T extends State, C, D> = [BadOrder<T[AtRefs], T[AtItems], C | D>] extends [never]
  ? ListArgument<C, D, T[AtBuilder]>
  : T[AtRefs] | readonly (T[AtRefs] | NameOf<T[AtItems]> | RightRef<C>)[]

/** An operand, where no string `R` was given. Where one was, a message should list the legal strings alone. */
export type OperandArm<R, C, V> = [R] extends [never] ? Operand<C, V, R> : never
