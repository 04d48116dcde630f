// Relations in types: by table and name, the table at the other end and how many rows there are. Rows are looked up in
// the database when they are read, so that no type grows with the schema.
import type { $row, At, Selectable } from '../table/index.ts'
import type { $items, AnyCells, AnyInfo, One, TableCells } from './scope.ts'
import type { Select } from './select.ts'

/** The key of the relations of a schema in types. */
export declare const $relations: unique symbol

/** The relations that `relations()` declares, for the schema of `kanta()` beside the tables. */
export interface Relations<out R> {
  readonly [$relations]: R
}

/** The table at the other end of a relation, and how many rows there are: many, one, or one that may be missing. */
export interface RelationTo<out B, out K> {
  target: B
  kind: K
}

/** A row of one of several tables, which the column `C` names by the keys of `A`. */
export interface RelationToOneOf<out A, out C, out K> {
  alternatives: A
  column: C
  kind: K
}

/** The relations among the values of a schema; `never` without any. */
export type RelationsIn<S> = S[keyof S] extends infer V
  ? V extends { readonly [$relations]: infer R }
    ? R
    : never
  : never
/** The relations of tables, by the names of both. */
export type RelationsOf<S> = [RelationsIn<S>] extends [never] ? {} : RelationsIn<S>

/** A query over the rows of a relation. */
export type RelatedQuery<I extends AnyInfo, B extends string> = SelectAt<I, B, TableCells<I, B>>
type SelectAt<I extends AnyInfo, B extends string, Q extends AnyCells> = Select<
  I,
  One<B, Q>,
  `${B}.${keyof Q['row'] & string}` | (keyof Q['row'] & string),
  Q,
  never
>

/** The query of a relation that no callback changes: it selects all columns. */
export interface WholeRelation {
  readonly [$items]: never
  readonly [$row]: never
}

/** Options of `include()`. */
export interface IncludeOptions<P> {
  /** Gives null where a row is missing that has to be there, as where a policy or a condition hides it. */
  readonly optional?: P
  /**
   * Reads the related rows by a statement of its own in place of the same statement, in one snapshot. It is quicker for
   * many rows on a server; the query then can be neither compiled nor streamed, nor stand in another.
   */
  readonly load?: 'split'
}

/** The value that the relation `R` adds to a row; `X` is the query that selects the related rows. */
export type Included<I extends AnyInfo, R, X, P> =
  R extends RelationTo<infer B, infer K>
    ? X extends { readonly [$items]: infer O; readonly [$row]: infer Row }
      ? IncludedRows<[O] extends [never] ? Selectable<At<I['db'], B>> : Row, K, P>
      : never
    : R extends RelationToOneOf<infer A, infer C, infer K>
      ? IncludedRows<TaggedRows<I, A, C & string>, K, P>
      : never
/** The rows of several tables, each with the name of its own. */
type TaggedRows<I extends AnyInfo, A, C extends string> = {
  [N in keyof A]: Tagged<Selectable<At<I['db'], A[N]>>, C, N>
}[keyof A]
type Tagged<Row, C extends string, N> = { [K in C | keyof Row]: K extends keyof Row ? Row[K] : N }
type IncludedRows<Row, K, P> = K extends 'many'
  ? Row[]
  : K extends 'one'
    ? P extends true
      ? Row | null
      : Row
    : Row | null
