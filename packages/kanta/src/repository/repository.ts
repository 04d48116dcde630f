import { checkOptions, KantaError, refuse } from '../error/index.ts'
import { DatabaseHandle, dialectOf, schemaOf } from '../extend/internal/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { anyOf, eq, type Filter, inc, isFilter, isUpdateRequest, keepsAll, partsOf, setOf } from '../filter/index.ts'
import { fullName } from '../ir/index.ts'
import { paginate, paginateCursor } from '../page/index.ts'
import { expressionBuilder, functions, show } from '../sql/index.ts'
import { definitionOf, type Rowed, type TableDefinition, type TableRef } from '../table/index.ts'
import { addedTo, type VersionedRow } from './added.ts'
import { aggregateQuery } from './aggregate.ts'
import { type BulkCounts, checkOperations, writeAll } from './bulk.ts'
import { type Capabilities, capabilitiesOf } from './capability.ts'
import {
  checkTransition,
  raceError,
  type StateClaim,
  type Taking,
  type Transition,
  takingOf,
  takingOfVersion,
  type VersionClaim,
} from './claim.ts'
import type { RepositoryOf, RepositoryOptions } from './face.ts'
import { orderHooks, type RepositoryEvent, type RepositoryHook, type RepositoryOperation, withHooks } from './hook.ts'
import { isPlain, keyOfRow, keyText, primaryKeyOf, uniqueKeyOf, uniqueKeys } from './key.ts'
import { withLookups } from './lookup.ts'
import { NestedWriter, type SplitData, splitData, withoutKey } from './nested.ts'
import { type ArchiveOptions, archive, type PartOptions, purge } from './purge.ts'
import { atomically, checkCount, isDuplicateKeyError, type Narrow, type Reading, Rows, type Values } from './rows.ts'
import { checkSchema, type StandardSchema, validated } from './validate.ts'

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
  const { validate = {}, hooks = [] } = options
  checkOptions('validate', validate, ['create', 'update'])
  checkSchema('create', validate.create)
  checkSchema('update', validate.update)
  const name = fullName(definition)
  if (schemaOf(db).get(name) !== definition)
    refuse(`The database does not know the table '${name}'. Give it in kanta({ schema }).`)
  if (definition.primaryKey.length === 0) refuse(`The table '${name}' has no primary key, by which its rows are found.`)
  return new TableRepository(db, { table: definition, validate, hooks: orderHooks(hooks) }) as never
}

interface Settings {
  readonly table: TableDefinition
  readonly validate: { readonly create?: StandardSchema | undefined; readonly update?: StandardSchema | undefined }
  readonly hooks: readonly RepositoryHook[]
}

interface WriteOptions {
  readonly ifVersion?: number | bigint | undefined
}

type Details = Omit<RepositoryEvent, 'db' | 'table' | 'operation'>

const all: Narrow = (query) => query
/** A page that `getAll()` reads, as it is given or as `parseUrl()` reads it. */
interface PageReading extends Omit<Reading, 'offset'> {
  readonly filter?: unknown
  readonly page?: number | undefined
  readonly after?: string | undefined
  readonly before?: string | undefined
  readonly method?: 'offset' | 'cursor' | undefined
  readonly secret?: string | undefined
  readonly encrypt?: boolean | undefined
  readonly subject?: string | number | bigint | undefined
  readonly search?: unknown
  readonly select?: unknown
}
const PAGE_OPTIONS: readonly (keyof PageReading)[] = [
  ...(['filter', 'sort', 'include', 'page', 'limit', 'after', 'before', 'method'] as const),
  ...(['secret', 'encrypt', 'subject', 'search', 'select'] as const),
]

interface LookupReading {
  readonly lookups: unknown
  readonly filter?: unknown
  readonly sort?: Reading['sort']
  readonly page?: number
  readonly limit?: number
}

interface CursorReading {
  readonly sort?: Reading['sort']
  readonly include?: Reading['include']
  readonly batchSize?: number
  readonly signal?: AbortSignal
}

const keysOf = (rows: Rows) => (keys: readonly Values[]) => withKeys(rows, keys)

/** The keys that one statement looks for: few enough for the parameters of every database, and for its text. */
const MOST_KEYS = 500

export class TableRepository {
  readonly #db: DatabaseHandle
  readonly #settings: Settings
  readonly #table: TableDefinition
  readonly #name: string
  readonly #rows: Rows

  constructor(db: DatabaseHandle, settings: Settings) {
    this.#db = db
    this.#settings = settings
    this.#table = settings.table
    this.#name = fullName(settings.table)
    this.#rows = new Rows(db, settings.table)
  }

  getById(key: unknown, options: Reading = {}): Promise<Values | null> {
    return this.#run('getById', { key }, async (rows) => {
      checkReading('getById()', options, ['include'])
      return (await rows.find(rows.with(primaryKeyOf(this.#table, key)), options)) ?? null
    })
  }

  getByIds(keys: readonly unknown[], options: Reading = {}): Promise<Map<unknown, Values>> {
    return this.#run('getByIds', { key: keys }, async (rows) => {
      checkReading('getByIds()', options, ['include'])
      if (!Array.isArray(keys)) return refuse(`getByIds(${show(keys)}) takes a list of keys.`)
      const byText = new Map<string, Values>()
      for (const key of keys) {
        const checked = primaryKeyOf(this.#table, key)
        byText.set(keyText(this.#table, checked), checked)
      }
      const found = new Map<string, Values>()
      const wanted = [...byText.values()]
      const size = Math.max(1, Math.min(MOST_KEYS, Math.floor(dialectOf(rows.db).maxParameters / 2)))
      const step = Math.max(1, Math.floor(size / this.#table.primaryKey.length))
      for (let at = 0; at < wanted.length; at += step)
        for (const row of await rows.findAll(withKeys(rows, wanted.slice(at, at + step)), options))
          found.set(keyText(this.#table, row), row)
      return new Map(
        keys.flatMap((key: unknown) => {
          const row = found.get(keyText(this.#table, primaryKeyOf(this.#table, key)))
          return row === undefined ? [] : [[key, row] as const]
        }),
      )
    })
  }

  getOne(filter: unknown, options: Reading = {}): Promise<Values | null> {
    return this.#run('getOne', { filter }, async (rows) => {
      checkReading('getOne()', options, ['include', 'sort', 'offset'])
      return (await rows.find(rows.matching(checkFilter(filter)), { ...this.#inOrder(options), limit: 1 })) ?? null
    })
  }

  getByQuery(filter: unknown, options: Reading = {}): Promise<Values | null> {
    return this.getOne(filter, options)
  }

  async getBySlug(slug: string, options: { readonly field?: string } & Reading = {}): Promise<Values | null> {
    checkReading('getBySlug()', options, ['field', 'include'])
    const { field = 'slug', ...reading } = options
    if (typeof slug !== 'string') return refuse(`getBySlug(${show(slug)}) takes a text.`)
    this.#rows.ref(field)
    return this.getOne(eq(field, slug), reading)
  }

  findAll(filter?: unknown, options: Reading = {}): Promise<readonly Values[]> {
    return this.#run('findAll', { filter }, async (rows) => {
      checkReading('findAll()', options, ['include', 'sort', 'limit', 'offset'])
      return rows.findAll(matchingAny(rows, filter), this.#inOrder(options))
    })
  }

  getAll(options: PageReading = {}): Promise<unknown> {
    return this.#run('getAll', { filter: options.filter }, async (rows) => {
      checkReading('getAll()', options, PAGE_OPTIONS)
      const { filter, sort, include, page, limit, after, before, method, ...protection } = options
      if (options.search !== undefined || options.select !== undefined)
        return refuse("getAll() takes no 'search' and no 'select'. Make a query of them, and read it by paginate().")
      const isByCursor = after !== undefined || before !== undefined || method === 'cursor'
      if (isByCursor && page !== undefined) return refuse("getAll() takes either 'page', or a cursor.")
      const query = rows.select(matchingAny(rows, filter), this.#inTotalOrder({ sort, include })) as never
      if (!isByCursor) return paginate(query, { page, limit })
      const { search: _, select: __, ...given } = protection
      return { method: 'cursor', ...(await paginateCursor(query, { limit, after, before, ...given })) }
    })
  }

  count(filter?: unknown): Promise<number> {
    return this.#run('count', { filter }, async (rows) => {
      const query = rows.db.selectFrom(this.#name).select(functions.countAll().as('count'))
      return Number(((await matchingAny(rows, filter)(query).executeTakeFirst()) as Values).count)
    })
  }

  exists(filter?: unknown): Promise<boolean> {
    return this.#run('exists', { filter }, async (rows) => {
      const query = rows.db.selectFrom(this.#name).select(expressionBuilder().lit(1).as('one')).limit(1)
      return (await matchingAny(rows, filter)(query).executeTakeFirst()) !== undefined
    })
  }

  distinct(column: string, filter?: unknown): Promise<unknown[]> {
    return this.#run('distinct', { filter }, async (rows) => {
      const query = rows.db.selectFrom(this.#name).select(rows.ref(column).as('value')).distinct()
      const found = (await matchingAny(rows, filter)(query).execute()) as readonly Values[]
      return found.map((row) => row.value)
    })
  }

  create(data: unknown): Promise<Values> {
    return this.#run('create', { data }, async (rows, given) => {
      const split = await this.#splitNew(rows.db, given)
      if (split.related.length === 0) return rows.insert(split.columns)
      return atomically(rows.db, (trx) => new NestedWriter(trx).createSplit(this.#table, split))
    })
  }

  createMany(data: readonly unknown[]): Promise<readonly Values[]> {
    return this.#run('createMany', { data }, async (rows, given: unknown) => {
      if (!Array.isArray(given)) return refuse(`createMany(${show(given)}) takes a list of rows.`)
      const splits: SplitData[] = []
      for (const each of given) splits.push(await this.#splitNew(rows.db, each))
      if (splits.length === 0) return []
      const isUniform = splits.every(
        ({ related, columns }) => related.length === 0 && sameColumns(columns, splits[0]!.columns),
      )
      if (isUniform && Object.keys(splits[0]!.columns).length > 0)
        return rows.insertAll(splits.map(({ columns }) => columns))
      return atomically(rows.db, async (trx) => {
        const writer = new NestedWriter(trx)
        const made: Values[] = []
        for (const split of splits) made.push(await writer.createSplit(this.#table, split))
        return made
      })
    })
  }

  update(key: unknown, data: unknown, options: WriteOptions = {}): Promise<Values | null> {
    return this.#run('update', { key, data }, async (rows, given) => {
      checkOptions('update()', options, ['ifVersion'])
      const where = primaryKeyOf(this.#table, key)
      const split = await this.#splitChanges(rows.db, given)
      const columns = withoutKey(this.#table, where, split.columns)
      const change = (inner: Rows) => (changes: Values) => changeRow(inner, where, changes, options.ifVersion)
      if (split.related.length === 0) return (await change(rows)(columns)) ?? null
      return atomically(rows.db, async (trx) => {
        const writer = new NestedWriter(trx)
        const made = await writer.updateSplit(this.#table, where, { ...split, columns }, change(rows.in(trx)))
        return made ?? null
      })
    })
  }

  updateMany(filter: unknown, data: unknown): Promise<number> {
    return this.#run('updateMany', { filter, data }, async (rows, given) => {
      const narrow = rows.matching(checkSelective('updateMany', filter))
      return rows.updateAll(narrow, await this.#changesOfMany(rows.db, given))
    })
  }

  delete(key: unknown, options: WriteOptions = {}): Promise<Values | null> {
    return this.#run('delete', { key }, async (rows) => {
      checkOptions('delete()', options, ['ifVersion'])
      const where = primaryKeyOf(this.#table, key)
      const { ifVersion } = options
      if (ifVersion === undefined) return (await rows.delete(where)) ?? null
      return atomically(rows.db, async (trx) => {
        const inner = rows.in(trx)
        const found = await inner.lockOne(inner.with(where))
        if (found !== undefined) await versionOf(inner, where, ifVersion).delete()
        return found ?? null
      })
    })
  }

  deleteMany(filter: unknown): Promise<number> {
    return this.#run('deleteMany', { filter }, async (rows) =>
      rows.deleteAll(rows.matching(checkSelective('deleteMany', filter))),
    )
  }

  findOneAndUpdate(
    filter: unknown,
    data: unknown,
    options: Reading & { readonly returning?: unknown } = {},
  ): Promise<Values | null> {
    return this.#run('findOneAndUpdate', { filter, data }, async (rows, given) => {
      checkOptions('findOneAndUpdate()', options, ['sort', 'returning'])
      const { returning = 'after', ...reading } = options
      if (returning !== 'after' && returning !== 'before')
        refuse(`findOneAndUpdate({ returning: ${show(returning)} }): use 'after' or 'before'.`)
      const checked = checkSelective('findOneAndUpdate', filter)
      const changes = await this.#changesOfMany(rows.db, given)
      return atomically(rows.db, async (trx) => {
        const inner = rows.in(trx)
        const narrow = inner.matching(checked)
        const [found] = await inner.lock(narrow, { ...this.#inOrder(reading), limit: 1 })
        if (found === undefined) return null
        const made = await inner.update(keyOfRow(this.#table, found), changes, narrow)
        return made === undefined ? null : returning === 'before' ? found : made
      })
    })
  }

  getOrCreate(key: unknown, data: unknown): Promise<{ readonly row: Values; readonly created: boolean }> {
    return this.#run('getOrCreate', { key, data }, async (rows, given: unknown) => {
      const unique = uniqueKeyOf(rows.db, this.#table, key)
      if (!isPlain(given)) return refuse(`getOrCreate(…, ${show(given)}) takes the data of a row.`)
      const found = await rows.find(rows.with(unique))
      if (found !== undefined) return { row: found, created: false }
      const { columns, related } = await this.#splitNew(rows.db, { ...given, ...unique })
      if (related.length > 0) refuse('getOrCreate() takes columns only. Use create() with relations.')
      const made = await rows.insertIfNew(columns)
      if (made !== undefined) return { row: made, created: true }
      const other = await rows.findWinner(rows.with(unique))
      // A hidden row, or another unique key: the database says which.
      return other === undefined ? { row: await rows.insert(columns), created: true } : { row: other, created: false }
    })
  }

  upsert(data: unknown, options: { readonly on?: readonly string[] | undefined } = {}): Promise<Values> {
    return this.#run('upsert', { data }, async (rows, given) => {
      checkOptions('upsert()', options, ['on'])
      const on = options.on ?? this.#table.primaryKey
      const isKey = Array.isArray(on) && uniqueKeys(this.#table).some((key) => sameNames(key, on))
      if (!isKey) refuse(`upsert({ on: ${show(on)} }): give the columns of a unique key of '${this.#name}'.`)
      const { columns, related } = await this.#splitNew(rows.db, given)
      if (related.length > 0) refuse('upsert() takes columns only. Use create() or update() with relations.')
      const missing = on.find((column) => columns[column] === undefined || columns[column] === null)
      if (missing !== undefined) refuse(`upsert() finds its row by '${missing}', which the data do not give.`)
      return rows.upsert(columns, on)
    })
  }

  upsertMany(
    data: readonly unknown[],
    options: { readonly on?: readonly string[] | undefined } = {},
  ): Promise<readonly Values[]> {
    return this.#run('upsertMany', { data }, async (rows, given: unknown) => {
      if (!Array.isArray(given)) return refuse(`upsertMany(${show(given)}) takes a list of rows.`)
      if (given.length === 0) return []
      return atomically(rows.db, async (trx) => {
        const inner = new TableRepository(trx, { ...this.#settings, hooks: [] })
        const made: Values[] = []
        for (const each of given) made.push(await inner.upsert(each, options))
        return made
      })
    })
  }

  increment(key: unknown, column: string, by: number | bigint | string = 1): Promise<Values | null> {
    return this.#run('increment', { key }, async (rows) => {
      const where = primaryKeyOf(this.#table, key)
      rows.ref(column)
      if (column in where) refuse(`increment(…, '${column}'): the key of a row cannot change.`)
      return (await rows.update(where, setOf(inc({ [column]: by })))) ?? null
    })
  }

  claim(key: unknown, claim: StateClaim, data: unknown = {}): Promise<Values | null> {
    return this.#run('claim', { key, data }, async (rows, given) =>
      this.#take(rows, key, takingOf('claim()', claim), given),
    )
  }

  claimVersion(key: unknown, claim: VersionClaim, data: unknown = {}): Promise<Values | null> {
    return this.#run('claimVersion', { key, data }, async (rows, given) =>
      this.#take(rows, key, takingOfVersion(claim), given),
    )
  }

  applyTransition(key: unknown, transition: Transition): Promise<Values> {
    return this.#run('applyTransition', { key, data: transition?.set ?? {} }, async (rows, given) => {
      checkOptions('applyTransition()', transition, ['machine', 'field', 'from', 'to', 'where', 'set'])
      const { machine: _, set: __, ...claim } = transition
      const taking = takingOf('applyTransition()', claim)
      checkTransition(transition)
      const made = await this.#take(rows, key, taking, given)
      if (made !== null) return made
      const found = await rows.find(rows.with(primaryKeyOf(this.#table, key)))
      if (found !== undefined) throw raceError(this.#name, taking.field, taking.value)
      throw new KantaError('not_found', `'${this.#name}' has no row with the key ${show(key)}.`, { table: this.#name })
    })
  }

  async #take(rows: Rows, key: unknown, { field, value, where }: Taking, data: unknown): Promise<Values | null> {
    rows.ref(field)
    const found = primaryKeyOf(this.#table, key)
    const { columns, related } = await this.#splitChanges(rows.db, data)
    if (related.length > 0) refuse('A claim takes columns only. Use update() with relations.')
    if (field in columns) refuse(`The data of a claim give '${field}', which the claim writes. Leave it out.`)
    const changes = { ...withoutKey(this.#table, found, columns), [field]: value }
    return (await rows.update(found, changes, rows.matching(where))) ?? null
  }

  async bulkWrite(operations: readonly unknown[]): Promise<BulkCounts> {
    const checked = checkOperations(operations)
    if (checked.length === 0) return writeAll([], this)
    return atomically(this.#db, (trx) => writeAll(checked, this.bindToTx(trx)))
  }

  async softDelete(key: unknown): Promise<Values | null> {
    addedTo(this.#db, 'restore')
    return this.delete(key)
  }

  restore(key: unknown): Promise<Values | null> {
    return this.#run('restore', { key }, (rows) => this.#changeByPlugin(rows, key, 'restore'))
  }

  /** Gives the rows that were soft-deleted. */
  async getDeleted(filter?: unknown, options: Reading = {}): Promise<readonly Values[]> {
    return this.bindToTx(addedTo(this.#db, 'onlyDeleted')(this.#name)).findAll(filter, options)
  }

  hardDelete(key: unknown): Promise<boolean> {
    return this.#run('hardDelete', { key }, async (rows) => {
      const erase = addedTo(addedTo(rows.db, 'onlyDeleted')(this.#name), 'hardDelete')
      const { numDeletedRows } = await rows.with(primaryKeyOf(this.#table, key))(erase(this.#name)).executeTakeFirst()
      return numDeletedRows > 0n
    })
  }

  touch(key: unknown): Promise<Values | null> {
    return this.#run('touch', { key }, (rows) => this.#changeByPlugin(rows, key, 'touch'))
  }

  /** Runs an update of one row that a plugin begins, and reads the row. */
  #changeByPlugin(rows: Rows, key: unknown, name: 'restore' | 'touch'): Promise<Values | null> {
    const where = primaryKeyOf(this.#table, key)
    return atomically(rows.db, async (trx) => {
      const inner = rows.in(trx)
      const { numUpdatedRows } = await inner.with(where)(addedTo(trx, name)(this.#name)).executeTakeFirst()
      return numUpdatedRows === 0n ? null : ((await inner.find(inner.with(where))) ?? null)
    })
  }

  async sweepExpired(): Promise<unknown> {
    return addedTo(this.#db, 'sweepExpired')()
  }

  search(
    text: string,
    options: { readonly filter?: unknown; readonly limit?: number } = {},
  ): Promise<readonly Values[]> {
    return this.#run('search', { filter: options.filter }, async (rows) => {
      checkReading('search()', options, ['filter', 'limit'])
      const { filter, limit = 20 } = options
      const found = matchingAny(rows, filter)(addedTo(rows.db, 'search')(this.#name, text))
      return found.selectAll().orderBy('rank', 'desc').limit(checkCount('limit', limit)).execute()
    })
  }

  async history(key: unknown): Promise<unknown[]> {
    return addedTo(this.#db, 'audit').history(this.#name, primaryKeyOf(this.#table, key))
  }

  async versions(key: unknown): Promise<unknown[]> {
    return addedTo(this.#db, 'versionsOf')(this.#name, primaryKeyOf(this.#table, key))
  }

  aggregate(request: unknown): Promise<{ readonly rows: readonly Values[] }> {
    return this.#run('aggregate', {}, async (rows) => {
      const { query, read } = aggregateQuery(rows, request)
      return { rows: ((await query.execute()) as readonly Values[]).map(read) }
    })
  }

  aggregatePaginate(
    request: unknown,
    options: { readonly page?: number; readonly limit?: number } = {},
  ): Promise<unknown> {
    return this.#run('aggregatePaginate', {}, async (rows) => {
      const { query, read } = aggregateQuery(rows, request)
      const page = await paginate(query as never, options)
      return { ...page, data: (page.data as readonly Values[]).map(read) }
    })
  }

  lookupPopulate(options: LookupReading): Promise<unknown> {
    return this.#run('lookupPopulate', { filter: options?.filter }, async (rows) => {
      checkReading('lookupPopulate()', options, ['lookups', 'filter', 'sort', 'page', 'limit'])
      const { lookups, filter, sort, page, limit } = options
      const query = withLookups(rows, rows.select(matchingAny(rows, filter), this.#inTotalOrder({ sort })), lookups)
      return paginate(query as never, { page, limit })
    })
  }

  cursor(filter?: unknown, options: CursorReading = {}): AsyncIterableIterator<unknown> {
    checkReading('cursor()', options, ['sort', 'include', 'batchSize', 'signal'])
    const { batchSize = 1_000, signal, ...reading } = options
    const query = this.#rows.select(matchingAny(this.#rows, filter), this.#inTotalOrder(reading))
    return query.stream({ chunkSize: batchSize, ...(signal !== undefined && { signal }) })
  }

  explain(filter?: unknown, options: Reading = {}): Promise<unknown> {
    return this.#run('explain', { filter }, async (rows) => {
      checkReading('explain()', options, ['sort', 'limit', 'offset', 'include'])
      return rows.select(matchingAny(rows, filter), this.#inOrder(options)).explain()
    })
  }

  purgeByFilter(filter: unknown, options: PartOptions = {}): Promise<number> {
    return this.#run('purgeByFilter', { filter }, async (rows) =>
      purge(rows, rows.matching(checkSelective('purgeByFilter', filter)), keysOf, options),
    )
  }

  purgeByField(field: string, value: unknown, options: PartOptions = {}): Promise<number> {
    const values = Array.isArray(value) ? value : [value]
    if (values.length === 0) return Promise.resolve(0)
    return this.purgeByFilter(anyOf(field, values as never), options)
  }

  archiveByFilter(filter: unknown, options: ArchiveOptions): Promise<number> {
    return this.#run('archiveByFilter', { filter }, async (rows) =>
      archive(rows, rows.matching(checkSelective('archiveByFilter', filter)), keysOf, options),
    )
  }

  /** The abilities of this repository on its database. */
  get capabilities(): Capabilities {
    return capabilitiesOf(this.#db)
  }

  withTransaction<T>(work: (repository: TableRepository, trx: DatabaseHandle) => Promise<T>): Promise<T> {
    if (typeof work !== 'function') return refuse('withTransaction() takes a callback: async (cities, trx) => { … }.')
    return atomically(this.#db, (trx) => work(this.bindToTx(trx), trx))
  }

  bindToTx(trx: unknown): TableRepository {
    if (!(trx instanceof DatabaseHandle)) return refuse(`bindToTx(${show(trx)}) takes a transaction or a database.`)
    if (schemaOf(trx).get(this.#name) !== this.#table)
      refuse(`bindToTx(): the database does not know the table '${this.#name}'. Give a handle of the same database.`)
    return new TableRepository(trx, this.#settings)
  }

  isDuplicateKeyError(error: unknown): boolean {
    return isDuplicateKeyError(error)
  }

  #run<T, D>(operation: RepositoryOperation, details: Details, work: (rows: Rows, data: D) => Promise<T>): Promise<T> {
    const event = { ...details, operation, table: this.#name }
    return withHooks(this.#settings.hooks, this.#db, event, (db, data) => work(this.#rows.in(db), data as D))
  }

  /** Adds the key as the last order to rows that are cut, so that the same ones come each time. */
  #inOrder(reading: Reading): Reading {
    const { sort = [], limit, offset } = reading
    if (!Array.isArray(sort)) return refuse(`sort: ${show(sort)} is no list. Give [{ column, direction }].`)
    return sort.length === 0 && limit === undefined && offset === undefined ? reading : this.#inTotalOrder(reading)
  }

  /** The key is the last tie, so that each row has one place. */
  #inTotalOrder(reading: Reading): Reading {
    const { sort = [] } = reading
    const more = this.#table.primaryKey.filter((column) => !sort.some((by) => by.column === column))
    return { ...reading, sort: [...sort, ...more.map((column) => ({ column }))] }
  }

  async #splitNew(db: DatabaseHandle, data: unknown): Promise<SplitData> {
    const split = splitData(db, this.#table, data)
    return { ...split, columns: await validated(this.#settings.validate.create, this.#name, split.columns) }
  }

  async #splitChanges(db: DatabaseHandle, data: unknown): Promise<SplitData> {
    const { update } = this.#settings.validate
    if (!isUpdateRequest(data)) {
      const split = splitData(db, this.#table, data)
      const given = Object.fromEntries(Object.entries(split.columns).filter(([, value]) => value !== undefined))
      return { ...split, columns: await validated(update, this.#name, given) }
    }
    const { set, unset, inc: amounts } = partsOf(data)
    const values = { ...set, ...Object.fromEntries(unset.map((column) => [column, null])) }
    const grown = Object.keys(amounts).length === 0 ? {} : setOf(inc(amounts))
    return { columns: { ...(await validated(update, this.#name, values)), ...grown }, related: [] }
  }

  async #changesOfMany(db: DatabaseHandle, data: unknown): Promise<Values> {
    const { columns, related } = await this.#splitChanges(db, data)
    if (related.length > 0) refuse('Changes of several rows take columns only. Use update() with relations.')
    const key = this.#table.primaryKey.find((column) => column in columns)
    if (key !== undefined) refuse(`The key of a row cannot change: '${key}' of '${this.#name}'.`)
    if (Object.keys(columns).length === 0) refuse(`The changes of '${this.#name}' are empty. Give a column.`)
    return columns
  }
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name))

function sameColumns(a: Values, b: Values): boolean {
  const present = (row: Values): string[] => Object.keys(row).filter((column) => row[column] !== undefined)
  return sameNames(present(a), present(b))
}

function checkReading(owner: string, options: unknown, known: readonly string[]): void {
  checkOptions(owner, options, known)
}

function checkFilter(filter: unknown): Filter<never> {
  return isFilter(filter)
    ? filter
    : refuse(`${show(filter)} is not a filter. Build one with eq(), and() and their like of kanta/filter.`)
}

const matchingAny = (rows: Rows, filter: unknown): Narrow =>
  filter === undefined ? all : rows.matching(checkFilter(filter))

/** Refuses a filter that would change every row, whatever policies leave of them. */
function checkSelective(operation: string, filter: unknown): Filter<never> {
  const checked = checkFilter(filter)
  if (keepsAll(checked)) refuse(`${operation}() has an empty filter, which would take every row. Give a condition.`)
  return checked
}

/** The condition that a row has one of several keys. */
function withKeys(rows: Rows, keys: readonly Values[]): Narrow {
  const [first, ...others] = rows.table.primaryKey
  const eb = expressionBuilder()
  if (others.length === 0)
    return (query) =>
      query.where(
        rows.ref(first!),
        'in',
        keys.map((key) => key[first!]),
      )
  const one = (key: Values): unknown => eb.and(rows.table.primaryKey.map((name) => eb(rows.ref(name), '=', key[name])))
  return (query) => query.where(eb.or(keys.map(one)))
}

/** Changes a row, if it has a version; without changes, reads it. */
async function changeRow(
  rows: Rows,
  key: Values,
  changes: Values,
  ifVersion: number | bigint | undefined,
): Promise<Values | undefined> {
  if (ifVersion === undefined) {
    return Object.keys(changes).length === 0 ? rows.find(rows.with(key)) : rows.update(key, changes)
  }
  return atomically(rows.db, async (trx) => {
    const inner = rows.in(trx)
    // Without changes of its own, a row that has its key set to the same is changed for its version.
    await versionOf(inner, key, ifVersion)
      .update(Object.keys(changes).length === 0 ? key : changes)
      .catch((error: unknown) => {
        if (!(error instanceof KantaError && error.code === 'not_found')) throw error
      })
    return inner.find(inner.with(key))
  })
}

const versionOf = (rows: Rows, key: Values, expected: number | bigint): VersionedRow =>
  addedTo(rows.db, 'ifVersion')(rows.name, key, expected)
