import { checkOptions, KantaError, refuse } from '../error/index.ts'
import { DatabaseHandle, dialectOf, schemaOf } from '../extend/internal/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import {
  and,
  anyOf,
  eq,
  type Filter,
  inc,
  isFilter,
  isNull,
  isUpdateRequest,
  keepsAll,
  or,
  partsOf,
  setOf,
} from '../filter/index.ts'
import { fullName } from '../ir/index.ts'
import { paginate, paginateCursor } from '../page/index.ts'
import { expressionBuilder, functions, show } from '../sql/index.ts'
import { definitionOf, type Rowed, type TableDefinition, type TableRef } from '../table/index.ts'
import type { RepositoryOf, RepositoryOptions } from './face.ts'
import { orderHooks, type RepositoryEvent, type RepositoryHook, type RepositoryOperation, withHooks } from './hook.ts'
import { isPlain, keyOfRow, keyText, primaryKeyOf, uniqueKeyOf, uniqueKeys } from './key.ts'
import { NestedWriter, type SplitData, splitData, withoutKey } from './nested.ts'
import { atomically, isDuplicateKeyError, type Narrow, type Reading, Rows, type Values } from './rows.ts'
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

/** What plugins may have added to a handle. */
interface PluginMethods {
  ifVersion?(table: string, key: Values, expected: number | bigint): VersionedRow
  restore?(table: string): Restoring
}
interface Restoring {
  where(...condition: unknown[]): this
  executeTakeFirst(): Promise<{ readonly numUpdatedRows: bigint }>
}
interface VersionedRow {
  update(changes: Values): Promise<number>
  delete(): Promise<void>
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

/** The keys that one statement looks for: few enough for the parameters of every database, and for its text. */
const MOST_KEYS = 500

class TableRepository {
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
      const unique = uniqueKeyOf(this.#table, key)
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

  increment(key: unknown, column: string, by: number | bigint | string = 1): Promise<Values | null> {
    return this.#run('increment', { key }, async (rows) => {
      const where = primaryKeyOf(this.#table, key)
      rows.ref(column)
      if (column in where) refuse(`increment(…, '${column}'): the key of a row cannot change.`)
      return (await rows.update(where, setOf(inc({ [column]: by })))) ?? null
    })
  }

  claim(key: unknown, claim: Claim, data: unknown = {}): Promise<Values | null> {
    return this.#run('claim', { key, data }, async (rows, given) => {
      checkOptions('claim()', claim, ['field', 'from', 'to', 'where'])
      const { field = 'status', from, to, where } = claim
      if (from === undefined || to === undefined) return refuse('claim() takes { from, to }: the states of the row.')
      const states: readonly unknown[] = Array.isArray(from) ? from : [from]
      if (states.length === 0) refuse('claim({ from: [] }) names no state from which the row can be taken.')
      const values = states.filter((state) => state !== null)
      const isFrom = or(
        values.length > 0 ? anyOf(field, values as never) : or(),
        ...(values.length < states.length ? [isNull(field)] : []),
      )
      return this.#claim(rows, key, { field, value: to, where: and(isFrom, where ?? and()) }, given)
    })
  }

  claimVersion(key: unknown, claim: VersionClaim, data: unknown = {}): Promise<Values | null> {
    return this.#run('claimVersion', { key, data }, async (rows, given) => {
      checkOptions('claimVersion()', claim, ['field', 'from', 'by', 'where'])
      const { field = 'version', from, by = 1, where } = claim
      if (from === undefined) return refuse('claimVersion() takes { from }: the version that the row had, or null.')
      const value = setOf(inc({ [field]: by }))[field]
      const isFrom = from === null ? isNull(field) : eq(field, from as number)
      return this.#claim(rows, key, { field, value, where: and(isFrom, where ?? and()) }, given)
    })
  }

  async #claim(
    rows: Rows,
    key: unknown,
    { field, value, where }: { readonly field: string; readonly value: unknown; readonly where: Filter<never> },
    data: unknown,
  ): Promise<Values | null> {
    rows.ref(field)
    const found = primaryKeyOf(this.#table, key)
    const { columns, related } = await this.#splitChanges(rows.db, data)
    if (related.length > 0) refuse('A claim takes columns only. Use update() with relations.')
    if (field in columns) refuse(`The data of a claim give '${field}', which the claim writes. Leave it out.`)
    const changes = { ...withoutKey(this.#table, found, columns), [field]: value }
    return (await rows.update(found, changes, rows.matching(where))) ?? null
  }

  async bulkWrite(operations: readonly unknown[]): Promise<BulkCounts> {
    const result: BulkCounts = { created: [], upserted: [], updatedCount: 0, deletedCount: 0 }
    if (!Array.isArray(operations)) return refuse(`bulkWrite(${show(operations)}) takes a list of operations.`)
    if (operations.length === 0) return result
    for (const [i, operation] of operations.entries()) checkOperation(operation, i)
    return atomically(this.#db, async (trx) => {
      const inner = this.bindToTx(trx)
      for (const operation of operations) await inner.#writeOne(operation as never, result)
      return result
    })
  }

  async #writeOne(operation: Operation, result: BulkCounts): Promise<void> {
    const { create, update, updateMany, upsert, deleteMany } = operation
    if (create !== undefined) result.created.push(await this.create(create))
    else if (upsert !== undefined) result.upserted.push(await this.upsert(upsert.data, { on: upsert.on }))
    else if (update !== undefined) {
      if ((await this.update(update.key, update.data)) !== null) result.updatedCount++
    } else if (updateMany !== undefined)
      result.updatedCount += await this.updateMany(updateMany.filter, updateMany.data)
    else if (deleteMany !== undefined) result.deletedCount += await this.deleteMany(deleteMany)
    else if ((await this.delete(operation.delete)) !== null) result.deletedCount++
  }

  async softDelete(key: unknown): Promise<Values | null> {
    restoreOf(this.#db)
    return this.delete(key)
  }

  restore(key: unknown): Promise<Values | null> {
    return this.#run('restore', { key }, async (rows) => {
      const where = primaryKeyOf(this.#table, key)
      return atomically(rows.db, async (trx) => {
        const inner = rows.in(trx)
        const { numUpdatedRows } = await inner.with(where)(restoreOf(trx)(this.#name)).executeTakeFirst()
        return numUpdatedRows === 0n ? null : ((await inner.find(inner.with(where))) ?? null)
      })
    })
  }

  withTransaction<T>(work: (repository: TableRepository, trx: DatabaseHandle) => Promise<T>): Promise<T> {
    if (typeof work !== 'function') return refuse('withTransaction() takes a callback: async (cities, trx) => { … }.')
    return atomically(this.#db, (trx) => work(this.bindToTx(trx), trx))
  }

  bindToTx(trx: unknown): TableRepository {
    if (!(trx instanceof DatabaseHandle)) return refuse(`bindToTx(${show(trx)}) takes a transaction or a database.`)
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

interface Claim {
  readonly field?: string
  readonly from: unknown
  readonly to: unknown
  readonly where?: Filter<never>
}
interface VersionClaim {
  readonly field?: string
  readonly from: unknown
  readonly by?: number | bigint
  readonly where?: Filter<never>
}

interface BulkCounts {
  readonly created: Values[]
  readonly upserted: Values[]
  updatedCount: number
  deletedCount: number
}

interface Operation {
  readonly create?: unknown
  readonly update?: { readonly key: unknown; readonly data: unknown }
  readonly updateMany?: { readonly filter: unknown; readonly data: unknown }
  readonly upsert?: { readonly data: unknown; readonly on?: readonly string[] }
  readonly delete?: unknown
  readonly deleteMany?: unknown
}

const OPERATIONS: Readonly<Record<string, readonly string[] | undefined>> = {
  create: undefined,
  update: ['key', 'data'],
  updateMany: ['filter', 'data'],
  upsert: ['data', 'on'],
  delete: undefined,
  deleteMany: undefined,
}

function checkOperation(operation: unknown, i: number): void {
  const [name, ...others] = isPlain(operation) ? Object.keys(operation) : []
  if (name === undefined || others.length > 0 || !Object.hasOwn(OPERATIONS, name))
    return refuse(`Operation ${i} of bulkWrite() has to be one of ${Object.keys(OPERATIONS).join(', ')}.`)
  const members = OPERATIONS[name]
  if (members !== undefined) checkOptions(`Operation ${i} of bulkWrite()`, (operation as Values)[name], members)
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

function versionOf(rows: Rows, key: Values, expected: number | bigint): VersionedRow {
  const { ifVersion } = rows.db as PluginMethods
  if (ifVersion === undefined)
    throw new KantaError(
      'unsupported',
      `ifVersion needs the plugin version(), which the database does not have. Use claimVersion().`,
    )
  return ifVersion.call(rows.db, rows.name, key, expected)
}

function restoreOf(db: DatabaseHandle): (table: string) => Restoring {
  const { restore } = db as PluginMethods
  if (restore === undefined)
    throw new KantaError('unsupported', 'The database does not have the plugin softDelete(). Add it, or use delete().')
  return (table) => restore.call(db, table)
}
