import type {
  AddsOf,
  AnyInfo,
  AtRow,
  Database,
  Included,
  PreparedQuery,
  RelatedQuery,
  RelationTo,
  Returns,
  Slots,
  WholeRelation,
} from '../face/index.ts'
import type { AggregateParts, AggregateRequest, Filter, FilterValue, UpdateRequest } from '../filter/index.ts'
import type { CursorOptions, CursorPage, OffsetPage } from '../page/index.ts'
import type { At, Insertable, Rowed, Selectable, Updateable } from '../table/index.ts'
import type { Batched, BatchItem } from './batch.ts'
import type { Capabilities } from './capability.ts'
import type { RepositoryHook } from './hook.ts'
import type { PartOptions } from './purge.ts'
import type { ValidateOption } from './validate.ts'

/** The key of a row: the value of its only column, or an object of its columns. */
export type RowKey<R> = string | number | bigint | boolean | Date | Uint8Array | Partial<Selectable<R>>

/** The options of `repository()`. */
export interface RepositoryOptions {
  /** Schemas that every row passes before it is written, those of other tables in `tables`: what they give is written. */
  readonly validate?: ValidateOption | undefined
  /** Code around operations. */
  readonly hooks?: readonly RepositoryHook[] | undefined
}

type RelationsAt<I extends AnyInfo, B> = At<I['relations'], B>
type TargetOf<X> = X extends RelationTo<infer B extends string, any> ? B : never

/** Related rows to read along: `true` for all columns, or a callback that changes their query to `X[N]`. */
export type Includes<I extends AnyInfo, B, X> = {
  readonly [N in keyof X]: N extends keyof RelationsAt<I, B>
    ? true | ((rows: RelatedQuery<I, TargetOf<RelationsAt<I, B>[N]>>) => X[N])
    : never
}

/** The related rows that a read gives. */
export type IncludedRows<I extends AnyInfo, B, X> = {
  [N in keyof X & keyof RelationsAt<I, B>]: Included<
    I,
    RelationsAt<I, B>[N],
    unknown extends X[N] ? WholeRelation : X[N],
    false
  >
}

interface IncludeOption<I extends AnyInfo, B, X> {
  readonly include?: Includes<I, B, X> | undefined
}

/** Options of reads of several rows. */
export interface ListOptions<I extends AnyInfo, B, X> extends IncludeOption<I, B, X> {
  readonly sort?:
    | readonly { readonly column: keyof At<I['db'], B> & string; readonly direction?: 'asc' | 'desc' | undefined }[]
    | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

/** What a new row does with the rows of its relations. */
export type CreateRelated<I extends AnyInfo, B> = {
  readonly [N in keyof RelationsAt<I, B>]?: CreateVerbs<I, RelationsAt<I, B>[N]>
}
type CreateVerbs<I extends AnyInfo, X> = X extends RelationTo<infer T, infer K> ? NewRows<I, T, K> : never

/** The data of a row at the other end; those of one that points back may leave out the columns that do. */
type EndData<I extends AnyInfo, T, K> = K extends 'one' ? CreateData<I, T> : RelatedData<I, T>
type RelatedData<I extends AnyInfo, T> = Partial<Insertable<At<I['db'], T>>> & CreateRelated<I, T>

interface NewRows<I extends AnyInfo, T, K> {
  readonly create?: OneOrMany<EndData<I, T, K>, K> | undefined
  /** The keys of rows that are there and that the policies show. */
  readonly connect?: OneOrMany<RowKey<At<I['db'], T>>, K> | undefined
  /** Rows that are found by a unique key among their columns, else created. */
  readonly connectOrCreate?: OneOrMany<EndData<I, T, K>, K> | undefined
}
type OneOrMany<T, K> = K extends 'many' ? T | readonly T[] : T

/** What a changed row does with the rows of its relations. */
export type UpdateRelated<I extends AnyInfo, B> = {
  readonly [N in keyof RelationsAt<I, B>]?: UpdateVerbs<I, RelationsAt<I, B>[N]>
}
type UpdateVerbs<I extends AnyInfo, X> =
  X extends RelationTo<infer T, infer K> ? (K extends 'many' ? ManyVerbs<I, T> : OneVerbs<I, T, K>) : never

interface OneVerbs<I extends AnyInfo, T, K> extends NewRows<I, T, K> {
  readonly set?: RowKey<At<I['db'], T>> | null | undefined
  readonly disconnect?: true | undefined
  readonly delete?: true | undefined
  readonly update?: UpdateData<I, T> | undefined
  readonly upsert?: { readonly create: EndData<I, T, K>; readonly update: UpdateData<I, T> } | undefined
}
interface ManyVerbs<I extends AnyInfo, T> extends NewRows<I, T, 'many'> {
  /** The keys of all rows that the relation leads to afterwards. */
  readonly set?: readonly RowKey<At<I['db'], T>>[] | undefined
  readonly disconnect?: OneOrMany<RowKey<At<I['db'], T>>, 'many'> | undefined
  readonly delete?: OneOrMany<RowKey<At<I['db'], T>>, 'many'> | undefined
  readonly update?:
    | OneOrMany<{ readonly where: RowKey<At<I['db'], T>>; readonly data: UpdateData<I, T> }, 'many'>
    | undefined
  readonly upsert?:
    | OneOrMany<
        {
          readonly where: RowKey<At<I['db'], T>>
          readonly create: RelatedData<I, T>
          readonly update: UpdateData<I, T>
        },
        'many'
      >
    | undefined
}

type AnyOf<M> = { [N in keyof M]: { readonly [P in N]: unknown } }[keyof M]

/** An object in which a column may be undefined, which leaves it out: as validators give optional columns. */
type Given<T> = { [K in keyof T]: T[K] | ({} extends Pick<T, K> ? undefined : never) }

/** The data of a new row; with those of relations, which may give columns that point to other rows. */
export type CreateData<I extends AnyInfo, B> =
  | Given<Insertable<At<I['db'], B>>>
  | (Given<Partial<Insertable<At<I['db'], B>>>> & CreateRelated<I, B> & AnyOf<RelationsAt<I, B>>)

/** The changes of a row and of the rows of its relations. */
export type UpdateData<I extends AnyInfo, B> = Given<Updateable<At<I['db'], B>>> & UpdateRelated<I, B>

/** The changes of rows, as data or as `set()`, `inc()` and their like of `kanta/filter` make them. */
export type Changes<R> = Updateable<R> | UpdateRequest<Updateable<R>>

/** The changes of the row with a key. */
export interface KeyedChanges<I extends AnyInfo, B> {
  readonly key: RowKey<At<I['db'], B>>
  readonly data: UpdateData<I, B> | UpdateRequest<Updateable<At<I['db'], B>>>
}

/** One operation of `bulkWrite()`. */
export type BulkOperation<I extends AnyInfo, B> =
  | { readonly create: CreateData<I, B> }
  | { readonly update: { readonly key: RowKey<At<I['db'], B>>; readonly data: UpdateData<I, B> } }
  | {
      readonly updateMany: {
        readonly filter: Filter<Selectable<At<I['db'], B>>>
        readonly data: Changes<At<I['db'], B>>
      }
    }
  | {
      readonly upsert: {
        readonly data: Insertable<At<I['db'], B>>
        readonly on?: readonly (keyof At<I['db'], B> & string)[]
      }
    }
  | { readonly delete: RowKey<At<I['db'], B>> }
  | { readonly deleteMany: Filter<Selectable<At<I['db'], B>>> }

/** The rows and the counts of `bulkWrite()`. */
export interface BulkResult<R> {
  readonly created: readonly R[]
  readonly upserted: readonly R[]
  readonly updatedCount: number
  readonly deletedCount: number
}

/** The page that `getAll()` reads. */
export interface PageReading<I extends AnyInfo, B, X>
  extends Omit<ListOptions<I, B, X>, 'offset'>,
    Pick<CursorOptions<never>, 'after' | 'before' | 'secret' | 'encrypt' | 'subject'> {
  readonly filter?: Filter<Row<I, B>> | undefined
  /** The number of the page, from 1. */
  readonly page?: number | undefined
  /** The way in which pages follow each other: by their number unless a cursor is given. */
  readonly method?: 'offset' | 'cursor' | undefined
  /** Of `parseUrl()`: the program has to read them itself. */
  readonly search?: string | undefined
  readonly select?: readonly string[] | undefined
}

/** A page by a cursor. */
export interface KeysetPage<R> extends CursorPage<R> {
  readonly method: 'cursor'
}

type Row<I extends AnyInfo, B> = Selectable<At<I['db'], B>>
type Key<I extends AnyInfo, B> = RowKey<At<I['db'], B>>
type Column<I extends AnyInfo, B> = keyof At<I['db'], B> & string
type Read<I extends AnyInfo, B, X> = Row<I, B> & IncludedRows<I, B, X>

/**
 * The operations on the rows of one table. Each is made of ordinary statements of its handle: policies apply to them, and
 * they belong to its transaction.
 */
export interface Repository<I extends AnyInfo, B> {
  /** Gives the row with a key, or null. */
  getById<X = {}>(key: Key<I, B>, options?: IncludeOption<I, B, X>): Promise<Read<I, B, X> | null>
  /** Gives the rows with the keys, each under the key as it was given. Keys without a row are not in it. */
  getByIds<const K extends Key<I, B>, X = {}>(
    keys: readonly K[],
    options?: IncludeOption<I, B, X>,
  ): Promise<Map<K, Read<I, B, X>>>
  /** Gives the first row, or null. */
  getOne<X = {}>(
    filter: Filter<Row<I, B>>,
    options?: Omit<ListOptions<I, B, X>, 'limit'>,
  ): Promise<Read<I, B, X> | null>
  /** Gives the first row, or null: another name of `getOne()`. */
  getByQuery<X = {}>(
    filter: Filter<Row<I, B>>,
    options?: Omit<ListOptions<I, B, X>, 'limit'>,
  ): Promise<Read<I, B, X> | null>
  /** Gives the row whose column `slug`, or another one, is the text. */
  getBySlug<X = {}>(
    slug: string,
    options?: IncludeOption<I, B, X> & { readonly field?: Column<I, B> | undefined },
  ): Promise<Read<I, B, X> | null>
  findAll<X = {}>(filter?: Filter<Row<I, B>>, options?: ListOptions<I, B, X>): Promise<Read<I, B, X>[]>
  /**
   * Gives a page of rows: by its number with the total, or by a cursor where `after`, `before` or `method: 'cursor'` is
   * given. It takes what `parseUrl()` of `kanta/filter` reads.
   *
   * @throws KantaError `invalid_input` for a page or a limit out of range, and for a cursor of another query.
   */
  getAll<X = {}>(options?: PageReading<I, B, X>): Promise<OffsetPage<Read<I, B, X>> | KeysetPage<Read<I, B, X>>>
  count(filter?: Filter<Row<I, B>>): Promise<number>
  exists(filter?: Filter<Row<I, B>>): Promise<boolean>
  /** Gives the different values of a column. */
  distinct<C extends Column<I, B>>(column: C, filter?: Filter<Row<I, B>>): Promise<At<Row<I, B>, C>[]>

  /**
   * Inserts a row, and the rows of its relations.
   *
   * @throws KantaError `not_found` for a row to connect that is not there or that policies hide.
   */
  create(data: CreateData<I, B>): Promise<Row<I, B>>
  /** Inserts all rows, or none. Gives them in their order. */
  createMany(data: readonly CreateData<I, B>[]): Promise<Row<I, B>[]>
  /** Inserts all rows, or none: another name of `createMany()`. */
  bulkCreate(data: readonly CreateData<I, B>[]): Promise<Row<I, B>[]>
  /**
   * Changes the row with a key and the rows of its relations; gives it, or null if there is none. Changes of nothing read
   * it.
   *
   * @throws KantaError `conflict` with both versions if it does not have the version that `ifVersion` gives.
   */
  update(
    key: Key<I, B>,
    data: UpdateData<I, B> | UpdateRequest<Updateable<At<I['db'], B>>>,
    options?: { readonly ifVersion?: number | bigint | undefined },
  ): Promise<Row<I, B> | null>
  /**
   * Changes rows by their keys, all or none, and gives them in their order.
   *
   * @throws KantaError `not_found` if one of them is not there.
   */
  bulkUpdate(changes: readonly KeyedChanges<I, B>[]): Promise<Row<I, B>[]>
  /** Deletes rows by their keys, all or none, and gives the number of those that were there. */
  bulkDelete(keys: readonly Key<I, B>[]): Promise<number>
  /**
   * Changes all rows of a filter and gives their number.
   *
   * @throws KantaError `invalid_input` for a filter that keeps every row.
   */
  updateMany(filter: Filter<Row<I, B>>, data: Changes<At<I['db'], B>>): Promise<number>
  /** Deletes the row with a key; gives it, or null if there is none. */
  delete(key: Key<I, B>, options?: { readonly ifVersion?: number | bigint | undefined }): Promise<Row<I, B> | null>
  /**
   * Deletes all rows of a filter and gives their number.
   *
   * @throws KantaError `invalid_input` for a filter that keeps every row.
   */
  deleteMany(filter: Filter<Row<I, B>>): Promise<number>
  /**
   * Changes the first row of a filter; gives it as it is then, or as it was before, or null. With `upsert`, a row that is
   * not there is inserted of what the filter asks for and the changes.
   *
   * @throws KantaError `invalid_input` for an `upsert` by a filter of anything but `eq()` and `and()`.
   */
  findOneAndUpdate(
    filter: Filter<Row<I, B>>,
    data: Changes<At<I['db'], B>>,
    options?: Pick<ListOptions<I, B, {}>, 'sort'> & {
      readonly returning?: 'after' | 'before' | undefined
      readonly upsert?: boolean | undefined
    },
  ): Promise<Row<I, B> | null>
  /** Finds the row with a unique key, or creates it from the key and more data. */
  getOrCreate(
    key: Partial<Row<I, B>>,
    data: Partial<Insertable<At<I['db'], B>>>,
  ): Promise<{ readonly row: Row<I, B>; readonly created: boolean }>
  /** Inserts a row, or changes the one that has the same values in the columns `on`, by default the key. */
  upsert(
    data: Insertable<At<I['db'], B>>,
    options?: { readonly on?: readonly Column<I, B>[] | undefined },
  ): Promise<Row<I, B>>
  /** Does the same for all rows, in one transaction; gives them in their order. */
  upsertMany(
    data: readonly Insertable<At<I['db'], B>>[],
    options?: { readonly on?: readonly Column<I, B>[] | undefined },
  ): Promise<Row<I, B>[]>
  /** Adds to a column, in which null counts as 0; gives the row, or null. */
  increment(key: Key<I, B>, column: Column<I, B>, by?: number | bigint | string): Promise<Row<I, B> | null>
  /** Moves a row from one state to another if it is in that state; gives it, or null if somebody else was first. */
  claim<C extends Column<I, B> = never>(
    key: Key<I, B>,
    claim: {
      /** The column of the state; `status` by default. */
      readonly field?: C | undefined
      readonly from: FilterValue | readonly FilterValue[] | null
      readonly to: FilterValue | null
      readonly where?: Filter<Row<I, B>> | undefined
    },
    data?: Updateable<At<I['db'], B>>,
  ): Promise<Row<I, B> | null>
  /** Changes a row if it has a version, and raises that; gives the row, or null if somebody else was first. */
  claimVersion<C extends Column<I, B> = never>(
    key: Key<I, B>,
    claim: {
      /** The column of the version; `version` by default. */
      readonly field?: C | undefined
      readonly from: number | bigint | null
      readonly by?: number | bigint | undefined
      readonly where?: Filter<Row<I, B>> | undefined
    },
    data?: Updateable<At<I['db'], B>>,
  ): Promise<Row<I, B> | null>
  /**
   * Moves a row from one state to another, and changes more of it; gives it.
   *
   * @throws KantaError `invalid_input` where the machine has no such move, `not_found` if there is no row, `conflict` if
   * it is in another state.
   */
  applyTransition<C extends Column<I, B> = never>(
    key: Key<I, B>,
    transition: {
      /** The states to which each state may lead; unless given, to all. */
      readonly machine?: Readonly<Record<string, readonly FilterValue[]>> | undefined
      /** The column of the state; `status` by default. */
      readonly field?: C | undefined
      readonly from: FilterValue | readonly FilterValue[] | null
      readonly to: FilterValue | null
      readonly where?: Filter<Row<I, B>> | undefined
      readonly set?: Changes<At<I['db'], B>> | undefined
    },
  ): Promise<Row<I, B>>
  /** Groups rows and measures the groups; buckets of moments come as labels such as `2024-02` or `2024-W09`. */
  aggregate(request: AggregateRequest | AggregateParts): Promise<{ readonly rows: Record<string, unknown>[] }>
  /** Gives a page of the groups, with their total. */
  aggregatePaginate(
    request: AggregateRequest | AggregateParts,
    options?: { readonly page?: number | undefined; readonly limit?: number | undefined },
  ): Promise<OffsetPage<Record<string, unknown>>>
  /** Gives a page of rows together with those of other tables to which no relation is declared; see `include` for those. */
  lookupPopulate(options: {
    readonly lookups: readonly LookupOf<I, B>[]
    readonly filter?: Filter<Row<I, B>> | undefined
    readonly sort?: ListOptions<I, B, {}>['sort']
    readonly page?: number | undefined
    readonly limit?: number | undefined
  }): Promise<OffsetPage<Row<I, B> & Record<string, unknown>>>
  /** Goes over rows one by one, read in parts: memory does not grow with their number. */
  cursor<X = {}>(
    filter?: Filter<Row<I, B>>,
    options?: Omit<ListOptions<I, B, X>, 'limit' | 'offset'> & {
      /** The rows of a part; 1,000 unless given. */
      readonly batchSize?: number | undefined
      readonly signal?: AbortSignal | undefined
    },
  ): AsyncIterableIterator<Read<I, B, X>>
  /** Gives the plan by which the database finds the rows of a filter. */
  explain(filter?: Filter<Row<I, B>>, options?: ListOptions<I, B, {}>): Promise<Record<string, unknown>[]>
  /**
   * Deletes the rows of a filter part by part, each in a transaction of its own, and gives their number.
   *
   * @throws KantaError `invalid_input` for a filter that keeps every row.
   */
  purgeByFilter(filter: Filter<Row<I, B>>, options?: PartOptions): Promise<number>
  /** Deletes the rows in which a column has a value, or one of several. */
  purgeByField(field: Column<I, B>, value: FilterValue | readonly FilterValue[], options?: PartOptions): Promise<number>
  /** Copies the rows of a filter to another table or by work of one's own, and deletes them, part by part. */
  archiveByFilter(
    filter: Filter<Row<I, B>>,
    options: PartOptions & {
      readonly into: I['names'] | Rowed | ((rows: Row<I, B>[], trx: Database<I['db'], I>) => Promise<unknown>)
    },
  ): Promise<number>
  /** The abilities of the operations on this database. */
  readonly capabilities: Capabilities
  /**
   * Builds a query once, with places for the values that it gets each time it runs: as `prepare()` does, with the handle
   * of this repository.
   */
  prepared<P, Q extends Returns>(
    build: (db: Database<I['db'], I> & AddsOf<I>, slot: Slots<P>) => Q,
  ): PreparedQuery<P, Q[AtRow]>
  /** Does operations of this repository as `withBatch()` does those of several; gives the result of each. */
  batch<const T extends readonly BatchItem<unknown>[]>(
    build: (batched: Batched<this>) => T,
  ): Promise<{ -readonly [K in keyof T]: T[K] extends BatchItem<infer X> ? X : never }>
  /** Does all operations in one transaction. */
  bulkWrite(operations: readonly BulkOperation<I, B>[]): Promise<BulkResult<Row<I, B>>>
  /** Runs work in a transaction: with this repository in it, and its handle. */
  withTransaction<T>(work: (repository: this, trx: Database<I['db'], I> & AddsOf<I>) => Promise<T>): Promise<T>
  /** Returns this repository in another handle, such as a transaction. */
  bindToTx(trx: Database<any, any>): this
  /** Tells whether an error says that another row has the same unique key. */
  isDuplicateKeyError(error: unknown): boolean
}

/** Rows of another table that go with each row of `lookupPopulate()`. */
export interface LookupOf<I extends AnyInfo, B> {
  readonly from: I['names'] | Rowed
  readonly localField: Column<I, B>
  readonly foreignField: string
  /** The name of the rows; that of the table unless given. */
  readonly as?: string | undefined
  /** Gives the first row, or null, in place of a list. */
  readonly single?: boolean | undefined
  /** The columns: a list, or an object of 1 for those to give or 0 for those to leave out. */
  readonly select?: readonly string[] | Readonly<Record<string, 0 | 1>> | undefined
  readonly where?: Filter<never> | undefined
}

/** The operations of a repository under `softDelete()`. */
export interface SoftDeletes<R> {
  /** Deletes a row so that it can be restored; gives it, or null. */
  softDelete(key: RowKey<R>): Promise<Selectable<R> | null>
  /** Restores a row that was deleted; gives it, or null if no such row was. */
  restore(key: RowKey<R>): Promise<Selectable<R> | null>
  /** Gives the rows that were deleted and can be restored. */
  getDeleted(filter?: Filter<Selectable<R>>): Promise<Selectable<R>[]>
  /** Removes a row that was deleted, for good; tells whether there was one. */
  hardDelete(key: RowKey<R>): Promise<boolean>
}

/** The operations of a repository under `timestamps()`. */
export interface Touches<R> {
  /** Sets only the time of the last change; gives the row, or null. */
  touch(key: RowKey<R>): Promise<Selectable<R> | null>
}

/** The operations of a repository under `fullText()`. */
export interface Searches<R> {
  /** Gives the rows that a text finds, the best first, each with its `rank`. */
  search(
    text: string,
    options?: { readonly filter?: Filter<Selectable<R>> | undefined; readonly limit?: number | undefined },
  ): Promise<(Selectable<R> & { rank: number })[]>
}

/** The operations of a repository under `audit()`. */
export interface Histories<R, E> {
  /** Gives the entries of a row in the trail, the oldest first. */
  history(key: RowKey<R>): Promise<E>
}
/** The operations of a repository under `timeTravel()`. */
export interface Versions<R> {
  /** Gives what a row was, the oldest first. */
  versions(key: Partial<Selectable<R>>): Promise<Version<Selectable<R>>[]>
}
interface Version<R> {
  readonly row: R
  readonly from: string
  readonly to: string | undefined
}

type Added<I extends AnyInfo, B, A> = (A extends { restore: unknown; hardDelete: unknown }
  ? SoftDeletes<At<I['db'], B>>
  : unknown) &
  (A extends { touch: unknown } ? Touches<At<I['db'], B>> : unknown) &
  (A extends { search: unknown } ? Searches<At<I['db'], B>> : unknown) &
  (A extends { audit: { history(...args: any): infer E } } ? Histories<At<I['db'], B>, Awaited<E>> : unknown) &
  (A extends { versionsOf: unknown } ? Versions<At<I['db'], B>> : unknown) &
  (A extends { sweepExpired(): infer S } ? { sweepExpired(): S } : unknown)

/** A repository of a table of a database, with what the plugins of the database add. */
export type RepositoryOf<I extends AnyInfo, B> = Repository<I, B> & Added<I, B, AddsOf<I>>
