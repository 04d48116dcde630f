import { KantaError, refuse } from '../error/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import type { Filter, UpdateRequest } from '../filter/index.ts'
import { fullName } from '../ir/index.ts'
import type { OffsetPage } from '../page/index.ts'
import { show } from '../sql/index.ts'
import { type At, definitionOf, type Rowed, type Selectable, type TableRef, type Updateable } from '../table/index.ts'
import type {
  CreateData,
  KeyedChanges,
  KeysetPage,
  ListOptions,
  PageReading,
  Repository,
  RepositoryOptions,
  RowKey,
  UpdateData,
} from './face.ts'
import { repository } from './repository.ts'

type Row<I extends AnyInfo, B> = Selectable<At<I['db'], B>>
type Key<I extends AnyInfo, B> = RowKey<At<I['db'], B>>
interface Finding<I extends AnyInfo, B> extends ListOptions<I, B, {}> {
  readonly where?: Filter<Row<I, B>> | undefined
}

/** A repository of few operations, whose rows are what a callback makes of those of the table. */
export interface SimpleRepository<I extends AnyInfo, B, T> {
  readonly tableName: string
  /** Finds the row with a key; null if there is none. */
  findById(key: Key<I, B>): Promise<T | null>
  /** Finds the rows with the keys, in their order; those that are not there are left out. */
  findByIds(keys: readonly Key<I, B>[]): Promise<T[]>
  findAll(): Promise<T[]>
  find(options?: Omit<Finding<I, B>, 'include'>): Promise<T[]>
  findOne(where: Filter<Row<I, B>>): Promise<T | null>
  count(where?: Filter<Row<I, B>>): Promise<number>
  exists(where?: Filter<Row<I, B>>): Promise<boolean>
  create(data: CreateData<I, B>): Promise<T>
  /**
   * Changes the row with a key.
   *
   * @throws KantaError `not_found` if it is not there.
   */
  update(key: Key<I, B>, data: UpdateData<I, B> | UpdateRequest<Updateable<At<I['db'], B>>>): Promise<T>
  /** Deletes the row with a key; tells whether it was there. */
  delete(key: Key<I, B>): Promise<boolean>
  bulkCreate(data: readonly CreateData<I, B>[]): Promise<T[]>
  bulkUpdate(changes: readonly KeyedChanges<I, B>[]): Promise<T[]>
  bulkDelete(keys: readonly Key<I, B>[]): Promise<number>
  /** Gives a page by its number, with the total. */
  paginate(options?: Pick<PageReading<I, B, {}>, 'filter' | 'sort' | 'page' | 'limit'>): Promise<OffsetPage<T>>
  /** Gives a page by a cursor. */
  paginateCursor(options?: Omit<PageReading<I, B, {}>, 'page' | 'method' | 'include'>): Promise<KeysetPage<T>>
  /** Runs work in a transaction: with this repository in it. */
  transaction<X>(work: (repository: SimpleRepository<I, B, T>) => Promise<X>): Promise<X>
  /** Returns this repository in another handle, such as a transaction. */
  withTransaction(trx: Database<any, any>): SimpleRepository<I, B, T>
}

/**
 * Makes a repository of few operations that gives objects of the program in place of rows: what `mapRow` makes of them.
 *
 * @example
 * ```ts
 * const names = createSimpleRepository(db, city, (row) => row.name)
 * const all: string[] = await names.findAll()
 * ```
 *
 * @throws KantaError `invalid_input` for what `repository()` refuses, and for a `mapRow` that is no function.
 */
export function createSimpleRepository<DB, I extends AnyInfo, B extends I['names'], T>(
  db: Database<DB, I>,
  table: TableRef<B, never> & Rowed,
  mapRow: (row: Row<I, B>) => T,
  options: RepositoryOptions = {},
): SimpleRepository<I, B, T> {
  if (typeof mapRow !== 'function')
    return refuse(`createSimpleRepository(…, ${show(mapRow)}) takes a function of a row.`)
  const rows = repository(db, table, options)
  return new MappedRepository(rows as never, mapRow as never, fullName(definitionOf(table)!)) as never
}

type Rows = Repository<any, any>
type Map = (row: unknown) => unknown

class MappedRepository {
  readonly tableName: string
  readonly #rows: Rows
  readonly #map: Map

  constructor(rows: Rows, map: Map, tableName: string) {
    this.#rows = rows
    this.#map = map
    this.tableName = tableName
  }

  async findById(key: never): Promise<unknown> {
    return this.#orNull(await this.#rows.getById(key))
  }

  async findByIds(keys: readonly never[]): Promise<unknown[]> {
    return [...(await this.#rows.getByIds(keys)).values()].map((row) => this.#map(row))
  }

  findAll(): Promise<unknown[]> {
    return this.#all(this.#rows.findAll())
  }

  find({ where, ...options }: { readonly where?: never } = {}): Promise<unknown[]> {
    return this.#all(this.#rows.findAll(where, options))
  }

  async findOne(where: never): Promise<unknown> {
    return this.#orNull(await this.#rows.getOne(where))
  }

  count(where?: never): Promise<number> {
    return this.#rows.count(where)
  }

  exists(where?: never): Promise<boolean> {
    return this.#rows.exists(where)
  }

  async create(data: never): Promise<unknown> {
    return this.#map(await this.#rows.create(data))
  }

  async update(key: never, data: never): Promise<unknown> {
    const row = await this.#rows.update(key, data)
    if (row !== null) return this.#map(row)
    throw new KantaError('not_found', `'${this.tableName}' has no row with the key ${show(key)}.`, {
      table: this.tableName,
    })
  }

  async delete(key: never): Promise<boolean> {
    return (await this.#rows.delete(key)) !== null
  }

  bulkCreate(data: readonly never[]): Promise<unknown[]> {
    return this.#all(this.#rows.bulkCreate(data))
  }

  bulkUpdate(changes: readonly never[]): Promise<unknown[]> {
    return this.#all(this.#rows.bulkUpdate(changes))
  }

  bulkDelete(keys: readonly never[]): Promise<number> {
    return this.#rows.bulkDelete(keys)
  }

  async paginate(options: object = {}): Promise<unknown> {
    return this.#page(await this.#rows.getAll({ ...options, method: 'offset' }))
  }

  async paginateCursor(options: object = {}): Promise<unknown> {
    return this.#page(await this.#rows.getAll({ ...options, method: 'cursor' }))
  }

  transaction<X>(work: (repository: MappedRepository) => Promise<X>): Promise<X> {
    return this.#rows.withTransaction((rows) => work(this.#of(rows)))
  }

  withTransaction(trx: never): MappedRepository {
    return this.#of(this.#rows.bindToTx(trx))
  }

  #of(rows: Rows): MappedRepository {
    return new MappedRepository(rows, this.#map, this.tableName)
  }

  #page(page: { readonly data: readonly unknown[] }): unknown {
    return { ...page, data: page.data.map((row) => this.#map(row)) }
  }

  async #all(rows: Promise<readonly unknown[]>): Promise<unknown[]> {
    return (await rows).map((row) => this.#map(row))
  }

  #orNull(row: unknown): unknown {
    return row === null ? null : this.#map(row)
  }
}
