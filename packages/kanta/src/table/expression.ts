import type { $column, $ref, $text, $value } from './phantom.ts'

/**
 * What can stand where a string can, but is none. A parameter for either infers `R` from a string, and never from this;
 * without it the compiler would take the object for `R`. So it is the last argument of the types of such objects.
 */
export interface NoText<out R> {
  readonly [$text]: R
}

/** What stands for a value of type `V`: an expression, or a column with the reference `R`. */
export interface Operand<out R, out V, out X = never> extends NoText<X> {
  readonly [$ref]: R
  readonly [$value]: V
}

/**
 * Anything that can stand for a value of type `T` in SQL.
 *
 * @example
 * ```ts
 * const ready: Expression<boolean> = sql<boolean>`checked_at is not null`
 * ```
 */
export interface Expression<out T> extends Operand<never, T> {}

/** What stands for the reference `R` in a list of columns: a column, or one under another name. */
export interface ColumnLike<out R> {
  readonly [$column]: R
}
