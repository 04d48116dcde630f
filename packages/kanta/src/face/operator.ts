import type { $row, ColumnType, Expression } from '../table/index.ts'

/** A subquery of which every column has the type `T`. */
export interface Subquery<out T> {
  readonly [$row]: Cells<T>
}
interface Cells<out T> {
  readonly [column: string]: T
}

/** True or false, also where a database has no such type. */
export type SqlBool = boolean | 0 | 1
/** A condition given as one expression instead of the three parts of a comparison. */
export type Condition = Expression<SqlBool | null>

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

// An index into an interface costs less than a condition on the operator, and no type is inferred through it.
interface Operands<T> {
  value: ValueOf<T>
  list: ListOf<T>
  nullable: ValueOf<T> | null
  known: null | boolean | Expression<any>
  text: string | Expression<any> | Subquery<string | null>
  term: number | bigint | Expression<any> | Subquery<any>
  other: unknown
  concat: unknown
  json: string | number | Expression<any>
}
/** The right operands of the operator `P` for a left side of column type `T`. */
export type OperandOf<T, P extends BinaryOperator> = Operands<T>[AnyOperatorTable[P]]

/** The result type of each operation. */
export interface ResultTable {
  '=': 'truth'
  '==': 'truth'
  '!=': 'truth'
  '<>': 'truth'
  '>': 'truth'
  '>=': 'truth'
  '<': 'truth'
  '<=': 'truth'
  '!<': 'truth'
  '!>': 'truth'
  in: 'truth'
  'not in': 'truth'
  is: 'truth'
  'is not': 'truth'
  'is distinct from': 'truth'
  'is not distinct from': 'truth'
  '<=>': 'truth'
  like: 'truth'
  'not like': 'truth'
  ilike: 'truth'
  'not ilike': 'truth'
  glob: 'truth'
  'not glob': 'truth'
  match: 'truth'
  'not match': 'truth'
  regexp: 'truth'
  'not regexp': 'truth'
  'similar to': 'truth'
  'not similar to': 'truth'
  '~': 'truth'
  '~*': 'truth'
  '!~': 'truth'
  '!~*': 'truth'
  '~~': 'truth'
  '~~*': 'truth'
  '!~~': 'truth'
  '!~~*': 'truth'
  '^@': 'truth'
  '@>': 'truth'
  '<@': 'truth'
  '&&': 'truth'
  '?': 'truth'
  '?&': 'truth'
  '?|': 'truth'
  '@@': 'truth'
  '@@@': 'truth'
  '!!': 'truth'
  '<->': 'truth'
  '-|-': 'truth'
  '&<': 'truth'
  '&>': 'truth'
  '<<|': 'truth'
  '|>>': 'truth'
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
  '||': 'text'
  '->': 'json'
  '->>': 'json'
}
