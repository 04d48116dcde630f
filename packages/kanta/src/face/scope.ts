// The state of a query, in types. Three rules keep it cheap; the command in bench/types measures them:
// 1. Methods live in interfaces without type parameters and take `this: T`, so that they are made once in a program
//    and not once for each query. The state lives in the type arguments of a small interface beside them.
// 2. A reference is inferred first and checked afterwards, and only what was given. The union of legal references only
//    stands to the right of `extends`: it is never put in another union, intersected or mapped.
// 3. What depends on the type of one column alone is an alias that does not distribute: evaluated once for each type.
import type { $row, At, ColumnOf, ColumnType, SelectType, TablesOf } from '../table/index.ts'
import type { ExpressionScope } from './expression-builder.ts'
import type { RelationsIn, RelationsOf } from './relation.ts'

/** The type information of the database. */
export declare const $info: unique symbol
/** The tables in scope, by alias. */
export declare const $scope: unique symbol
/** The legal references: `'name'` and `'city.name'`. */
export declare const $refs: unique symbol
/** The columns in scope by their unqualified names. */
export declare const $cells: unique symbol
/** The selected items, as a union. */
export declare const $items: unique symbol
/** The expression builder of the scope. */
export declare const $eb: unique symbol
/** The result type of `executeTakeFirst`. */
export declare const $first: unique symbol
/** The table that is written. */
export declare const $target: unique symbol

/** The key of the database information in the type state of a query. */
export type AtInfo = typeof $info
/** The key of the tables in scope. */
export type AtScope = typeof $scope
/** The key of the legal references. */
export type AtRefs = typeof $refs
/** The key of the columns by unqualified name. */
export type AtCells = typeof $cells
/** The key of the selected items. */
export type AtItems = typeof $items
/** The key of the expression builder. */
export type AtBuilder = typeof $eb
/** The key of the row of a query. */
export type AtRow = typeof $row
/** The key of the first row, which may be missing. */
export type AtFirst = typeof $first
/** The key of the table that is written. */
export type AtTarget = typeof $target

/**
 * The tables of a database; `names` and `eb` are here so that they are made once for each database. `G` is an item of the
 * selection: the row of a query that a helper is given.
 */
/** @ts-ignore TS2636: a database of more tables stands for one of fewer. */
export interface Info<out DB, out G = never> {
  db: DB
  names: keyof DB & string
  eb: ExpressionScope<Info<DB>, NoTables, never, Cells<{}>>
  /** The aliases that a subquery sees from around it. */
  outer: never
  given: G
  /** The relations of tables by name. */
  relations: {}
}
/** The same of a module of tables, which the compiler passes on without looking inside. */
/** @ts-ignore TS2636 */
export interface SchemaInfo<out S> {
  db: TablesOf<S>
  names: keyof TablesOf<S> & string
  eb: ExpressionScope<SchemaInfo<S>, NoTables, never, Cells<{}>>
  outer: never
  given: never
  relations: RelationsOf<S>
}

/** The type information of a database of a schema; one without relations is that of its tables. */
export type InfoOfSchema<S> = [RelationsIn<S>] extends [never] ? Info<TablesOf<S>> : SchemaInfo<S>

/** The information about any database. */
export interface AnyInfo {
  db: any
  names: string
  eb: any
  given: any
  relations?: any
  /** The members that plugins add to a database, its transactions and its connections. */
  adds?: any
}
/** The members that plugins add. */
export type AddsOf<I extends AnyInfo> = I extends { adds: infer A } ? A : unknown
/** The same with a table that `with()` names; the other tables keep their relations. */
/** @ts-ignore TS2636 */
export interface WithInfo<out DB, out I extends AnyInfo> {
  db: DB
  names: keyof DB & string
  eb: ExpressionScope<WithInfo<DB, I>, NoTables, never, Cells<{}>>
  outer: never
  given: never
  relations: I['relations']
}
/** The same within a subquery. */
export interface InnerInfo<I extends AnyInfo, S extends Scope> {
  db: I['db']
  names: I['names']
  eb: I['eb']
  outer: keyof S['tables']
  relations: I['relations']
  given: never
}
/** The same for a query whose selection was replaced. */
export interface Reselected<I extends AnyInfo> {
  db: I['db']
  names: I['names']
  eb: I['eb']
  outer: I extends { outer: infer O } ? O : never
  given: never
  relations: I['relations']
}

/** A table in scope; `N` is null where an outer join may leave it out. */
export interface In<R, N> {
  row: R
  n: N
}

// Scopes and columns are interfaces around what they hold, so that the compiler passes them on without looking inside.
/** The tables in scope, and where their references are looked up: there a table in a schema stands under the schema. */
export interface Scope {
  tables: Record<string, In<any, any>>
  lookup: Record<string, In<any, any>>
}
/** A scope without tables. */
export interface NoTables {
  tables: {}
  lookup: {}
}
/** A scope of one table. */
export interface One<A extends string, Q extends AnyCells> {
  tables: { [P in A]: In<Q['row'], never> }
  lookup: { [P in A]: In<Q['row'], never> } & Qualified<A, Q['row'], never>
}
/** A scope of the tables `B` of `DB` under their names. */
export interface Tables<DB, B extends keyof DB & string> {
  tables: { [P in B]: In<DB[P], never> }
  lookup: { [P in B]: In<DB[P], never> }
}
/**
 * A scope of the tables `B` of `DB` as a helper takes it: its columns may be generated or not, and an outer join may leave
 * out its tables.
 */
export interface HelperTables<DB, B extends keyof DB & string> {
  tables: { [P in B]: In<HelperColumns<DB[P]>, null> }
  lookup: { [P in B]: In<HelperColumns<DB[P]>, null> }
}
/** A scope of the tables `B` of `DB`, each of which an outer join may leave out. */
export interface MaybeTables<DB, B extends keyof DB & string> {
  tables: { [P in B]: In<DB[P], null> }
  lookup: { [P in B]: In<DB[P], null> }
}
/** Columns of which only the selected types count. */
export type HelperColumns<R> = { [C in keyof R]: ColumnOf<SelectType<R[C]>> }
/** A scope with one more table. */
export interface And<S extends Scope, A extends string, Q extends AnyCells, N> {
  tables: S['tables'] & { [P in A]: In<Q['row'], N> }
  lookup: S['lookup'] & { [P in A]: In<Q['row'], N> } & Qualified<A, Q['row'], N>
}
/** A scope of which an outer join may leave out every table. */
export interface AllMaybe<S extends Scope> {
  tables: { [A in keyof S['tables']]: In<S['tables'][A]['row'], null> }
  lookup: { [A in keyof S['lookup']]: In<S['lookup'][A]['row'], null> }
}
// 'schema.table.column' is read as the column 'table.column' of 'schema'.
type Qualified<A, R, N> = A extends `${infer P}.${infer T}`
  ? { [X in P]: In<{ [C in keyof R & string as `${T}.${C}`]: ColumnType<SelectType<R[C]> | N> }, never> }
  : unknown

/** Columns by their unqualified names: those of a row `R`. */
export interface Cells<R> extends OwnCells {
  row: R
}
interface OwnCells {
  helper?: never
}
/**
 * The columns that a helper function refers to. A builder that knows more tables can be given to it, although names may
 * be of several tables there: so they are not compared, and stand apart from the row.
 */
export interface HelperCells<R> {
  row: any
  helper?: R
}
/** The columns of the table `B`. */
export interface TableCells<I extends AnyInfo, B> extends OwnCells {
  row: At<I['db'], B>
  relations: At<I['relations'], B>
}
/** The columns of anything. */
export interface AnyCells {
  row: any
  relations?: any
  helper?: any
}
/** The row in which unqualified names are looked up. */
export type RowOfCells<U extends AnyCells> = [U['helper']] extends [undefined] ? U['row'] : U['helper'] & {}
/** Columns that may be null because an outer join may leave out their table. */
export interface MaybeCells<U extends AnyCells> extends OwnCells {
  row: MaybeRow<RowOfCells<U>>
}
type MaybeRow<R> = { [C in keyof R]: ColumnType<SelectType<R[C]> | null> }
/** The columns of joined tables. */
export interface JoinedCells<A extends AnyCells, B extends AnyCells> extends OwnCells {
  relations: A['relations']
  row: JoinedRow<RowOfCells<A>, B['row']>
}
type JoinedRow<A, B> = {
  [C in keyof A | keyof B]: C extends keyof A
    ? C extends keyof B
      ? ColumnType<SelectType<A[C]> | SelectType<B[C]>>
      : A[C]
    : At<B, C>
}
/** The columns of a subquery, whose names hide those around it. */
export interface InnerCells<A extends AnyCells, B extends AnyCells> extends OwnCells {
  row: { [C in keyof A['row'] | keyof B['row']]: C extends keyof B['row'] ? B['row'][C] : At<A['row'], C> }
  relations: B['relations']
}

// References are looked up without conditions on what is in scope, so that generic code resolves.
/** The column type of a reference. */
export type Cell<S extends Scope, U extends AnyCells, R> = R extends `${infer A}.${infer C}`
  ? S['lookup'][A]['row'][C]
  : At<RowOfCells<U>, R>

/** The type of a reference when it is selected: with null, where an outer join may leave out its table. */
export type Selected<S extends Scope, U extends AnyCells, R> = R extends `${infer A}.${infer C}`
  ? SelectType<S['lookup'][A]['row'][C]> | S['lookup'][A]['n']
  : SelectType<At<RowOfCells<U>, R>>

/** Any scope. */
export interface AnyScope {
  [$scope]: any
  [$refs]: any
  [$cells]: any
  [$eb]: any
}
/** The type state that methods read from `this`. The `any`s make the compiler's look at the constraint free. */
export interface ScopeState {
  [$scope]: any
  [$refs]: string
  [$cells]: any
  [$eb]: any
}
/** The type state of a query, which methods read from `this`. */
export interface State extends ScopeState {
  [$info]: { db: any; names: string; eb: any; outer: any; given: any }
  [$items]: any
}

/** Anything that returns rows. */
export interface Returns {
  [$row]: any
  [$first]: any
}
