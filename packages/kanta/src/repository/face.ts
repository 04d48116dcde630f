import type { AddsOf, AnyInfo, Database, Included, RelatedQuery, RelationTo, WholeRelation } from '../face/index.ts'
import type { Filter, FilterValue, UpdateRequest } from '../filter/index.ts'
import type { CursorOptions, CursorPage, OffsetPage } from '../page/index.ts'
import type { At, Insertable, Selectable, Updateable } from '../table/index.ts'
import type { RepositoryHook } from './hook.ts'
import type { StandardSchema } from './validate.ts'

/** The key of a row: the value of its only column, or an object of its columns. */
export type RowKey<R> = string | number | bigint | boolean | Date | Uint8Array | Partial<Selectable<R>>

/** The options of `repository()`. */
export interface RepositoryOptions {
  /** Schemas that every write passes: what they give is written. */
  readonly validate?:
    | { readonly create?: StandardSchema | undefined; readonly update?: StandardSchema | undefined }
    | undefined
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

/** The data of a new row; with those of relations, which may give columns that point to other rows. */
export type CreateData<I extends AnyInfo, B> =
  | Insertable<At<I['db'], B>>
  | (Partial<Insertable<At<I['db'], B>>> & CreateRelated<I, B> & AnyOf<RelationsAt<I, B>>)

/** The changes of a row and of the rows of its relations. */
export type UpdateData<I extends AnyInfo, B> = Updateable<At<I['db'], B>> & UpdateRelated<I, B>

/** The changes of rows, as data or as `set()`, `inc()` and their like of `kanta/filter` make them. */
export type Changes<R> = Updateable<R> | UpdateRequest<Updateable<R>>

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

/** What `bulkWrite()` did. */
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
  /** How pages follow each other; by their number unless a cursor is given. */
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
  distinct<C extends Column<I, B>>(column: C, filter?: Filter<Row<I, B>>): Promise<Row<I, B>[C][]>

  /**
   * Inserts a row, and the rows of its relations.
   *
   * @throws KantaError `not_found` for a row to connect that is not there or that policies hide.
   */
  create(data: CreateData<I, B>): Promise<Row<I, B>>
  /** Inserts all rows, or none. Gives them in their order. */
  createMany(data: readonly CreateData<I, B>[]): Promise<Row<I, B>[]>
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
  /** Changes the first row of a filter; gives it as it is then, or as it was before, or null. */
  findOneAndUpdate(
    filter: Filter<Row<I, B>>,
    data: Changes<At<I['db'], B>>,
    options?: Pick<ListOptions<I, B, {}>, 'sort'> & { readonly returning?: 'after' | 'before' | undefined },
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
  /** Does all operations in one transaction. */
  bulkWrite(operations: readonly BulkOperation<I, B>[]): Promise<BulkResult<Row<I, B>>>
  /** Runs work in a transaction: with this repository in it, and its handle. */
  withTransaction<T>(work: (repository: this, trx: Database<I['db'], I>) => Promise<T>): Promise<T>
  /** Returns this repository in another handle, such as a transaction. */
  bindToTx(trx: Database<any, any>): this
  /** Tells whether an error says that another row has the same unique key. */
  isDuplicateKeyError(error: unknown): boolean
}

/** What a repository has besides where `softDelete()` is in force. */
export interface SoftDeletes<R> {
  /** Deletes a row so that it can be restored; gives it, or null. */
  softDelete(key: RowKey<R>): Promise<Selectable<R> | null>
  /** Restores a row that was deleted; gives it, or null if no such row was. */
  restore(key: RowKey<R>): Promise<Selectable<R> | null>
}

/** A repository of a table of a database, with what the plugins of the database add. */
export type RepositoryOf<I extends AnyInfo, B> = Repository<I, B> &
  (AddsOf<I> extends { restore: unknown; hardDelete: unknown } ? SoftDeletes<At<I['db'], B>> : unknown)
