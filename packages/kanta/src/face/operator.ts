import type { $row, $value, ColumnType, Expression, SelectType } from '../table/index.ts'
import type { Scope } from './scope.ts'

/** Carries the value of a query of one column; it exists only in types. */
export declare const $only: unique symbol
/** A query of one column of type `T`, where it stands for that value. */
export interface Subquery<out T> {
  readonly [$only]: T
}
/** Stands for the value of a query that selects several columns, where only one can be. */
export interface NotOneColumn {
  readonly error: 'a query that stands for a value selects one column'
}
/** The value of a query with the row `R`. */
export type OnlyColumn<R> = IsOne<keyof R> extends true ? R[keyof R] : NotOneColumn
type IsOne<K, L = K> = [K] extends [never] ? true : K extends unknown ? ([L] extends [K] ? true : false) : never

/** True or false, also where a database has no such type. */
export type SqlBool = boolean | 0 | 1
/** Marks a condition; it exists only in types. */
declare const $truth: unique symbol
/** A condition that the expression builder made, which is taken for one without a look at its type. */
export interface Truth {
  readonly [$truth]: never
}
/** A condition given as one expression instead of the three parts of a comparison. */
export type Condition = Truth | Expression<SqlBool | null>

/** The class of right operand that each operator takes: see `Operands`. */
interface OperatorTable {
  '=': 'value'
  '==': 'value'
  '!=': 'value'
  '<>': 'value'
  '>': 'value'
  '>=': 'value'
  '<': 'value'
  '<=': 'value'
  '!<': 'value'
  '!>': 'value'
  in: 'list'
  'not in': 'list'
  is: 'known'
  'is not': 'known'
  'is distinct from': 'nullable'
  'is not distinct from': 'nullable'
  '<=>': 'nullable'
  like: 'text'
  'not like': 'text'
  ilike: 'text'
  'not ilike': 'text'
  glob: 'text'
  'not glob': 'text'
  match: 'text'
  'not match': 'text'
  regexp: 'text'
  'not regexp': 'text'
  'similar to': 'text'
  'not similar to': 'text'
  '~': 'text'
  '~*': 'text'
  '!~': 'text'
  '!~*': 'text'
  '~~': 'text'
  '~~*': 'text'
  '!~~': 'text'
  '!~~*': 'text'
  '^@': 'text'
  '@>': 'other'
  '<@': 'other'
  '&&': 'other'
  '?': 'other'
  '?&': 'other'
  '?|': 'other'
  '@@': 'other'
  '@@@': 'other'
  '!!': 'other'
  '<->': 'other'
  '-|-': 'other'
  '&<': 'other'
  '&>': 'other'
  '<<|': 'other'
  '|>>': 'other'
}
interface ArithmeticTable {
  '+': 'term'
  '-': 'term'
  '*': 'term'
  '/': 'term'
  '%': 'term'
  '^': 'term'
  '&': 'term'
  '|': 'term'
  '#': 'term'
  '<<': 'term'
  '>>': 'term'
  '||': 'concat'
  '->': 'json'
  '->>': 'json'
}
interface AnyOperatorTable extends OperatorTable, ArithmeticTable {}

// By way of a property, since the name of an alias would stand in messages instead of the operators.
interface OperatorNames {
  comparison: { [K in keyof OperatorTable]: K }[keyof OperatorTable]
  arithmetic: { [K in keyof ArithmeticTable]: K }[keyof ArithmeticTable]
  binary: { [K in keyof AnyOperatorTable]: K }[keyof AnyOperatorTable]
}
/** Operators that give true or false. */
export type ComparisonOperator = OperatorNames['comparison']
/** Operators that compute. */
export type ArithmeticOperator = OperatorNames['arithmetic']
/** Operators between two operands. */
export type BinaryOperator = OperatorNames['binary']
/** Operators before an operand. */
export type UnaryOperator = 'not' | '-' | '+' | '~' | 'exists' | 'not exists' | 'all' | 'any' | 'some'

// The unions are written out, since the compiler would print the name of an alias where a message should say what is legal.
/** A value of a column type, or what stands for one. */
export type ValueOf<T> = [T] extends [ColumnType<any, any, any>]
  ? (T['__select__'] & {}) | Expression<T['__select__'] | null> | Subquery<T['__select__'] | null>
  : (T & {}) | Expression<T | null> | Subquery<T | null>
/** A list of values of a column type, or what stands for one. */
export type ListOf<T> = [T] extends [ColumnType<any, any, any>] ? ListValue<T['__select__']> : ListValue<T>
type ListValue<T> =
  | readonly ((T & {}) | Expression<T | null>)[]
  | Expression<T | null>
  | Expression<readonly T[]>
  | Subquery<T | null>

/** A column that takes operands of type `A` in arithmetic: decimals are strings, but numbers as well can be added. */
export interface TermColumn<out A> {
  readonly __term__?: A
}
/** A value that arithmetic takes beside a column of type `T`. */
type TermOf<T> = [T] extends [TermColumn<infer A extends {}>]
  ? A
  : [SelectType<T> & {}] extends [string]
    ? unknown extends T
      ? number | bigint
      : string
    : number | bigint

// An index into an interface costs less than a condition on the operator, and no type is inferred through it.
interface Operands<T> {
  value: ValueOf<T>
  list: ListOf<T>
  nullable: ValueOf<T> | null
  known: null | boolean | Expression<any>
  text: string | Expression<any> | Subquery<string | null>
  term: TermOf<T> | Expression<any> | Subquery<any>
  other: unknown
  concat: unknown
  json: string | number | Expression<any>
}
/** The right operands of the operator `P` for a left side of column type `T`. */
export type OperandOf<T, P extends BinaryOperator> = Operands<T>[AnyOperatorTable[P]]

/** Null, where a comparison may be neither true nor false. */
export interface TruthTable {
  '=': null
  '==': null
  '!=': null
  '<>': null
  '>': null
  '>=': null
  '<': null
  '<=': null
  '!<': null
  '!>': null
  in: null
  'not in': null
  is: never
  'is not': never
  'is distinct from': never
  'is not distinct from': never
  '<=>': never
  like: null
  'not like': null
  ilike: null
  'not ilike': null
  glob: null
  'not glob': null
  match: null
  'not match': null
  regexp: null
  'not regexp': null
  'similar to': null
  'not similar to': null
  '~': null
  '~*': null
  '!~': null
  '!~*': null
  '~~': null
  '~~*': null
  '!~~': null
  '!~~*': null
  '^@': null
  '@>': null
  '<@': null
  '&&': null
  '?': null
  '?&': null
  '?|': null
  '@@': null
  '@@@': null
  '!!': null
  '<->': null
  '-|-': null
  '&<': null
  '&>': null
  '<<|': null
  '|>>': null
}
/** The kinds of results of arithmetic: see `Computed`. */
export interface ResultTable {
  '+': 'term'
  '-': 'term'
  '*': 'term'
  '/': 'ratio'
  '%': 'ratio'
  '^': 'term'
  '&': 'term'
  '|': 'term'
  '#': 'term'
  '<<': 'term'
  '>>': 'term'
  '||': 'text'
  '->': 'json'
  '->>': 'json'
}

// Of an expression the types tell whether it may be null: an operator gives null where one of its operands is null, and
// `/` and `%` do on some databases where the right one is zero.
/** Null, if a value of type `T` may be. */
export type NullOf<T> = null extends T ? null : never
/** Null, if the operand `X` may be: a query may give no row. */
export type NullIn<X> = X extends { readonly [$value]: infer T }
  ? NullOf<T>
  : X extends { readonly [$row]: any }
    ? null
    : never
/** Null, if an outer join may leave out the table of the reference `R`. */
export type JoinNull<S extends Scope, R> = R extends `${infer A}.${string}` ? S['lookup'][A]['n'] : never
/** The result of arithmetic on a value of type `T`. */
export type ArithmeticValue<T> = T extends number ? number : T extends bigint ? bigint : T extends string ? string : T
/** The result of arithmetic on a value of type `T` and the operand `X`: decimals before bigints before numbers. */
export type ArithmeticResult<T, X> = X extends { readonly [$value]: infer Y }
  ? Wider<ArithmeticValue<T>, ArithmeticValue<Y & {}>>
  : ArithmeticValue<T>
type Wider<A, B> = [B] extends [A]
  ? A
  : [A & {}] extends [number]
    ? AtLeast<A, B>
    : [A & {}] extends [bigint]
      ? AtLeast<A, B>
      : A
type AtLeast<A, B> = [B] extends [string | bigint] ? B | NullOf<A> : A
/** Null, unless `X` is a number other than zero. */
export type RatioNull<X> = X extends number | bigint
  ? number extends X
    ? null
    : bigint extends X
      ? null
      : X extends 0 | 0n
        ? null
        : never
  : null
