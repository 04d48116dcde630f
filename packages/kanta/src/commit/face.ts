import type { $database, AddsOf, AnyInfo, Database, Transaction } from '../face/index.ts'

/** A database as `commit()` takes it. */
export type AnyDatabase = Pick<Database<{}>, 'destroy' | 'isTransaction'>

/** The databases of `commit()` by the names that the program gives them. */
export type Layers = Readonly<Record<string, AnyDatabase>>

/** A transaction of a database. */
export type TransactionOf<D> = D extends { readonly [$database]?: { readonly db: infer DB; readonly info: infer I } }
  ? I extends AnyInfo
    ? Transaction<DB, I> & AddsOf<I>
    : never
  : never

/** A transaction of each database. */
export type TransactionsOf<L extends Layers> = { readonly [K in keyof L]: TransactionOf<L[K]> }
