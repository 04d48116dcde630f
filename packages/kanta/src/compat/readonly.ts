import type { CompiledQuery, QueryResult } from './contract.ts'
import type { ConnectionBuilder, ControlledTransaction, Kysely, KyselyTypeError, TransactionBuilder } from './face.ts'

type ReadonlyError = KyselyTypeError<'not allowed with a read-only Kysely instance.'>
type ReadonlyMethod = (...args: never) => ReadonlyError

/** A read-only view of a database. It exists only in types; cast to it with `as never`. */
export interface ReadonlyKysely<DB>
  extends Pick<
    Kysely<DB>,
    'selectFrom' | 'selectNoFrom' | 'case' | 'destroy' | 'dynamic' | 'fn' | 'introspection' | 'isTransaction'
  > {
  with: ReadonlyWith<DB, 'with'>
  withRecursive: ReadonlyWith<DB, 'withRecursive'>
  executeQuery: Kysely<DB>['executeQuery']
  connection(): ReadonlyConnectionBuilder<DB>
  transaction(): ReadonlyTransactionBuilder<DB>
  startTransaction(): ReadonlyControlledTransactionBuilder<DB>
  withSchema(schema: string): ReadonlyKysely<DB>
  withPlugin(plugin: Parameters<Kysely<DB>['withPlugin']>[0]): ReadonlyKysely<DB>
  withoutPlugins(): ReadonlyKysely<DB>
  $extendTables<T extends object>(): ReadonlyKysely<DB & T>
  $omitTables<T extends keyof DB>(): ReadonlyKysely<Omit<DB, T>>
  $pickTables<T extends keyof DB>(): ReadonlyKysely<Pick<DB, T>>
  readonly insertInto: ReadonlyMethod
  readonly replaceInto: ReadonlyMethod
  readonly updateTable: ReadonlyMethod
  readonly deleteFrom: ReadonlyMethod
  readonly mergeInto: ReadonlyMethod
  readonly schema: ReadonlyError
}
type ReadonlyWith<DB, M extends 'with' | 'withRecursive'> = Kysely<DB>[M]

export interface ReadonlyConnectionBuilder<DB> extends Omit<ConnectionBuilder<DB>, 'execute'> {
  execute<T>(callback: (db: ReadonlyKysely<DB>) => Promise<T>, options?: { readonly signal?: AbortSignal }): Promise<T>
}
export interface ReadonlyTransaction<DB> extends ReadonlyKysely<DB> {
  readonly isTransaction: true
}
export interface ReadonlyTransactionBuilder<DB> {
  setAccessMode(mode: 'read only'): ReadonlyTransactionBuilder<DB>
  setIsolationLevel(level: Parameters<TransactionBuilder<DB>['setIsolationLevel']>[0]): ReadonlyTransactionBuilder<DB>
  execute<T>(callback: (trx: ReadonlyTransaction<DB>) => Promise<T>): Promise<T>
}
export interface ReadonlyControlledTransaction<DB>
  extends ReadonlyTransaction<DB>,
    Pick<ControlledTransaction<DB>, 'commit' | 'rollback' | 'isCommitted' | 'isRolledBack'> {}
export interface ReadonlyControlledTransactionBuilder<DB> {
  setAccessMode(mode: 'read only'): ReadonlyControlledTransactionBuilder<DB>
  execute(): Promise<ReadonlyControlledTransaction<DB>>
}
export type ReadonlyCompiledQuery<R> = CompiledQuery<R>
export type ReadonlyQueryResult<R> = Pick<QueryResult<R>, 'rows'>

/** Checks if a value is a compiled select. */
export function isReadonlyCompiledQuery<R>(thing: unknown): thing is ReadonlyCompiledQuery<R> {
  const { sql, query } = Object(thing) as { sql?: unknown; query?: { kind?: unknown } }
  return typeof sql === 'string' && query?.kind === 'select'
}
