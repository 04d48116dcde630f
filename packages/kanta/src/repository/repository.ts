import { checkOptions, refuse } from '../error/index.ts'
import { DatabaseHandle, prepare, schemaOf } from '../extend/internal/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { anyOf } from '../filter/index.ts'
import { fullName } from '../ir/index.ts'
import { paginate } from '../page/index.ts'
import { show } from '../sql/index.ts'
import { definitionOf, type Rowed, type TableRef } from '../table/index.ts'
import { addedTo } from './added.ts'
import { aggregateQuery } from './aggregate.ts'
import { batchOf } from './batch.ts'
import { type BulkCounts, checkOperations, writeAll } from './bulk.ts'
import { type Capabilities, capabilitiesOf } from './capability.ts'
import type { RepositoryOf, RepositoryOptions } from './face.ts'
import { orderHooks } from './hook.ts'
import { primaryKeyOf } from './key.ts'
import { withLookups } from './lookup.ts'
import { checkSelective, matchingAny } from './operation.ts'
import { type ArchiveOptions, archive, type PartOptions, purge } from './purge.ts'
import { withKeys } from './reads.ts'
import { atomically, checkCount, isDuplicateKeyError, type Reading, type Rows, type Values } from './rows.ts'
import { validatorOf } from './validate.ts'
import { WriteOperations } from './writes.ts'

/**
 * Makes the operations on the rows of a table, such as `getById()`, `create()` with related rows, `claim()` and
 * `upsert()`. It runs on any handle of a database: a transaction, or `db.as(…)`. Policies apply as everywhere.
 *
 * @throws KantaError `invalid_input` for a table that the database does not know, or that has no primary key.
 *
 * @example
 * ```ts
 * const cities = repository(db, city)
 * const kemi = await cities.create({ name: 'Kemi', country: 'FI' })
 * await cities.update(kemi.id, { population: 19_000 })
 * await cities.delete(kemi.id)
 * ```
 */
export function repository<DB, I extends AnyInfo, B extends I['names']>(
  db: Database<DB, I>,
  table: TableRef<B, never> & Rowed,
  options: RepositoryOptions = {},
): RepositoryOf<I, B> {
  if (!(db instanceof DatabaseHandle)) return refuse(`repository(${show(db)}, …) takes a database first.`)
  const definition = definitionOf(table) ?? refuse(`repository(db, ${show(table)}) takes a table() value.`)
  checkOptions('repository()', options, ['validate', 'hooks'])
  const { validate, hooks = [] } = options
  const name = fullName(definition)
  if (schemaOf(db).get(name) !== definition)
    refuse(`The database does not know the table '${name}'. Give it in kanta({ schema }).`)
  if (definition.primaryKey.length === 0) refuse(`The table '${name}' has no primary key, by which its rows are found.`)
  const validator = validatorOf(schemaOf(db), definition, validate)
  return new TableRepository(db, { table: definition, validator, hooks: orderHooks(hooks) }) as never
}

interface LookupReading {
  readonly lookups: unknown
  readonly filter?: unknown
  readonly sort?: Reading['sort']
  readonly page?: number
  readonly limit?: number
}

const keysOf = (rows: Rows) => (keys: readonly Values[]) => withKeys(rows, keys)

/** The operations on the rows of a table: with what plugins add, reports, long work and transactions. */
export class TableRepository extends WriteOperations {
  /** Does operations of this repository as `withBatch()` does those of several. */
  batch(build: unknown): Promise<unknown[]> {
    return batchOf(this.db, this, build)
  }

  /** Builds a query once, with places for the values that it gets each time it runs. */
  prepared(build: (db: DatabaseHandle, slot: (name: string) => unknown) => unknown): unknown {
    if (typeof build !== 'function') return refuse('prepared() takes a callback: (db, slot) => db.selectFrom(…).')
    return prepare(this.db, (slot) => build(this.db, slot))
  }

  async bulkWrite(operations: readonly unknown[]): Promise<BulkCounts> {
    const checked = checkOperations(operations)
    if (checked.length === 0) return writeAll([], this)
    return atomically(this.db, (trx) => writeAll(checked, this.bindToTx(trx)))
  }

  async softDelete(key: unknown): Promise<Values | null> {
    addedTo(this.db, 'restore')
    return this.delete(key)
  }

  restore(key: unknown): Promise<Values | null> {
    return this.run('restore', { key }, (rows) => this.#changeByPlugin(rows, key, 'restore'))
  }

  /** Gives the rows that were soft-deleted. */
  async getDeleted(filter?: unknown, options: Reading = {}): Promise<readonly Values[]> {
    return this.bindToTx(addedTo(this.db, 'onlyDeleted')(this.name)).findAll(filter, options)
  }

  hardDelete(key: unknown): Promise<boolean> {
    return this.run('hardDelete', { key }, async (rows) => {
      const erase = addedTo(addedTo(rows.db, 'onlyDeleted')(this.name), 'hardDelete')
      const { numDeletedRows } = await rows.with(primaryKeyOf(this.table, key))(erase(this.name)).executeTakeFirst()
      return numDeletedRows > 0n
    })
  }

  touch(key: unknown): Promise<Values | null> {
    return this.run('touch', { key }, (rows) => this.#changeByPlugin(rows, key, 'touch'))
  }

  /** Runs an update of one row that a plugin begins, and reads the row. */
  #changeByPlugin(rows: Rows, key: unknown, name: 'restore' | 'touch'): Promise<Values | null> {
    const where = primaryKeyOf(this.table, key)
    return atomically(rows.db, async (trx) => {
      const inner = rows.in(trx)
      const { numUpdatedRows } = await inner.with(where)(addedTo(trx, name)(this.name)).executeTakeFirst()
      return numUpdatedRows === 0n ? null : ((await inner.find(inner.with(where))) ?? null)
    })
  }

  async sweepExpired(): Promise<unknown> {
    return addedTo(this.db, 'sweepExpired')()
  }

  search(
    text: string,
    options: { readonly filter?: unknown; readonly limit?: number } = {},
  ): Promise<readonly Values[]> {
    return this.run('search', { filter: options.filter }, async (rows) => {
      checkOptions('search()', options, ['filter', 'limit'])
      const { filter, limit = 20 } = options
      const found = matchingAny(rows, filter)(addedTo(rows.db, 'search')(this.name, text))
      return found.selectAll().orderBy('rank', 'desc').limit(checkCount('limit', limit)).execute()
    })
  }

  async history(key: unknown): Promise<unknown[]> {
    return addedTo(this.db, 'audit').history(this.name, primaryKeyOf(this.table, key))
  }

  async versions(key: unknown): Promise<unknown[]> {
    return addedTo(this.db, 'versionsOf')(this.name, primaryKeyOf(this.table, key))
  }

  aggregate(request: unknown): Promise<{ readonly rows: readonly Values[] }> {
    return this.run('aggregate', {}, async (rows) => {
      const { query, read } = aggregateQuery(rows, request)
      return { rows: ((await query.execute()) as readonly Values[]).map(read) }
    })
  }

  aggregatePaginate(
    request: unknown,
    options: { readonly page?: number; readonly limit?: number } = {},
  ): Promise<unknown> {
    return this.run('aggregatePaginate', {}, async (rows) => {
      const { query, read } = aggregateQuery(rows, request)
      const page = await paginate(query as never, options)
      return { ...page, data: (page.data as readonly Values[]).map(read) }
    })
  }

  lookupPopulate(options: LookupReading): Promise<unknown> {
    return this.run('lookupPopulate', { filter: options?.filter }, async (rows) => {
      checkOptions('lookupPopulate()', options, ['lookups', 'filter', 'sort', 'page', 'limit'])
      const { lookups, filter, sort, page, limit } = options
      const query = withLookups(rows, rows.select(matchingAny(rows, filter), this.inTotalOrder({ sort })), lookups)
      return paginate(query as never, { page, limit })
    })
  }

  purgeByFilter(filter: unknown, options: PartOptions = {}): Promise<number> {
    return this.run('purgeByFilter', { filter }, async (rows) =>
      purge(rows, rows.matching(checkSelective('purgeByFilter', filter)), keysOf, options),
    )
  }

  purgeByField(field: string, value: unknown, options: PartOptions = {}): Promise<number> {
    const values = Array.isArray(value) ? value : [value]
    if (values.length === 0) return Promise.resolve(0)
    return this.purgeByFilter(anyOf(field, values as never), options)
  }

  archiveByFilter(filter: unknown, options: ArchiveOptions): Promise<number> {
    return this.run('archiveByFilter', { filter }, async (rows) =>
      archive(rows, rows.matching(checkSelective('archiveByFilter', filter)), keysOf, options),
    )
  }

  /** The abilities of this repository on its database. */
  get capabilities(): Capabilities {
    return capabilitiesOf(this.db)
  }

  withTransaction<T>(work: (repository: TableRepository, trx: DatabaseHandle) => Promise<T>): Promise<T> {
    if (typeof work !== 'function') return refuse('withTransaction() takes a callback: async (cities, trx) => { … }.')
    return atomically(this.db, (trx) => work(this.bindToTx(trx), trx))
  }

  bindToTx(trx: unknown): TableRepository {
    if (!(trx instanceof DatabaseHandle)) return refuse(`bindToTx(${show(trx)}) takes a transaction or a database.`)
    if (schemaOf(trx).get(this.name) !== this.table)
      refuse(`bindToTx(): the database does not know the table '${this.name}'. Give a handle of the same database.`)
    return new TableRepository(trx, this.settings)
  }

  isDuplicateKeyError(error: unknown): boolean {
    return isDuplicateKeyError(error)
  }
}
