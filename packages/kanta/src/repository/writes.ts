import { checkOptions, KantaError, refuse } from '../error/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'
import { equalitiesOf, type Filter, inc, insertOf, isUpdateRequest, partsOf, setOf } from '../filter/index.ts'
import { show } from '../sql/index.ts'
import { addedTo, type VersionedRow } from './added.ts'
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
import { isPlain, keyOfRow, pick, primaryKeyOf, uniqueKeyOf, uniqueKeys } from './key.ts'
import { NestedWriter, presentIn, type SplitData, splitData, withoutKey } from './nested.ts'
import { checkSelective } from './operation.ts'
import { keyParts, ReadOperations, withKeys } from './reads.ts'
import { atomically, type Reading, type Rows, type Values } from './rows.ts'
import type { Place } from './validate.ts'

interface WriteOptions {
  readonly ifVersion?: number | bigint | undefined
}

/** The changes of the row with a key. */
interface KeyedChanges {
  readonly key: unknown
  readonly data: unknown
}

interface UpsertOptions {
  readonly on?: readonly string[] | undefined
}

/** The operations that write rows. */
export class WriteOperations extends ReadOperations {
  create(data: unknown): Promise<Values> {
    return this.run('create', { data }, async (rows, given) => {
      const { columns, related } = splitData(rows.db, this.table, given)
      if (related.length === 0) return rows.insert(await this.#validNew(columns))
      return atomically(rows.db, (trx) => this.#writer(trx).create(this.table, given))
    })
  }

  createMany(data: readonly unknown[]): Promise<readonly Values[]> {
    return this.run('createMany', { data }, async (rows, given: unknown) => {
      if (!Array.isArray(given)) return refuse(`createMany(${show(given)}) takes a list of rows.`)
      const splits = given.map((each) => splitData(rows.db, this.table, each))
      if (splits.length === 0) return []
      if (splits.some(({ related }) => related.length > 0))
        return atomically(rows.db, (trx) => inTurn(given, (each, i) => this.#writer(trx).create(this.table, each, [i])))
      const valid = await inTurn(splits, ({ columns }, i) => this.#validNew(columns, [i]))
      const isUniform = Object.keys(valid[0]!).length > 0 && valid.every((row) => sameColumns(row, valid[0]!))
      if (isUniform) return rows.insertAll(valid)
      return atomically(rows.db, (trx) => inTurn(valid, (row) => rows.in(trx).insert(row)))
    })
  }

  update(key: unknown, data: unknown, options: WriteOptions = {}): Promise<Values | null> {
    return this.run('update', { key, data }, async (rows, given) => {
      checkOptions('update()', options, ['ifVersion'])
      return this.#updateOne(rows, primaryKeyOf(this.table, key), given, options.ifVersion)
    })
  }

  async #updateOne(
    rows: Rows,
    key: Values,
    data: unknown,
    ifVersion: number | bigint | undefined,
    place: Place = [],
  ): Promise<Values | null> {
    const change = (inner: Rows) => (changes: Values) => changeRow(inner, key, changes, ifVersion)
    const split = await this.#splitChanges(rows.db, data, place)
    if (split.related.length === 0) return (await change(rows)(withoutKey(this.table, key, split.columns))) ?? null
    return atomically(rows.db, async (trx) => {
      const made = await this.#writer(trx).update(this.table, key, split, place, change(rows.in(trx)))
      return made ?? null
    })
  }

  /** Inserts all rows, or none: another name of `createMany()`. */
  bulkCreate(data: readonly unknown[]): Promise<readonly Values[]> {
    return this.createMany(data)
  }

  bulkUpdate(changes: readonly unknown[]): Promise<readonly Values[]> {
    return this.run('bulkUpdate', { data: changes }, async (rows, given: unknown) => {
      if (!Array.isArray(given)) return refuse(`bulkUpdate(${show(given)}) takes a list of { key, data }.`)
      for (const [i, each] of given.entries()) checkOptions(`Item ${i} of bulkUpdate()`, each, ['key', 'data'])
      if (given.length === 0) return []
      return atomically(rows.db, (trx) =>
        inTurn(given as readonly KeyedChanges[], async ({ key, data }, i) => {
          const where = primaryKeyOf(this.table, key)
          const made = await this.#updateOne(rows.in(trx), where, data, undefined, [i])
          return made ?? noRow(this.name, key)
        }),
      )
    })
  }

  bulkDelete(keys: readonly unknown[]): Promise<number> {
    return this.run('bulkDelete', { key: keys }, async (rows) => {
      if (!Array.isArray(keys)) return refuse(`bulkDelete(${show(keys)}) takes a list of keys.`)
      const parts = keyParts(rows, keys)
      if (parts.length === 0) return 0
      if (parts.length === 1) return rows.deleteAll(withKeys(rows, parts[0]!))
      const counts = await atomically(rows.db, (trx) =>
        inTurn(parts, (part) => rows.in(trx).deleteAll(withKeys(rows.in(trx), part))),
      )
      return counts.reduce((sum, count) => sum + count, 0)
    })
  }

  updateMany(filter: unknown, data: unknown): Promise<number> {
    return this.run('updateMany', { filter, data }, async (rows, given) => {
      const narrow = rows.matching(checkSelective('updateMany', filter))
      return rows.updateAll(narrow, await this.#changesOfMany(rows.db, given))
    })
  }

  delete(key: unknown, options: WriteOptions = {}): Promise<Values | null> {
    return this.run('delete', { key }, async (rows) => {
      checkOptions('delete()', options, ['ifVersion'])
      const where = primaryKeyOf(this.table, key)
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
    return this.run('deleteMany', { filter }, async (rows) =>
      rows.deleteAll(rows.matching(checkSelective('deleteMany', filter))),
    )
  }

  findOneAndUpdate(
    filter: unknown,
    data: unknown,
    options: Reading & { readonly returning?: unknown; readonly upsert?: unknown } = {},
  ): Promise<Values | null> {
    return this.run('findOneAndUpdate', { filter, data }, async (rows, given) => {
      checkOptions('findOneAndUpdate()', options, ['sort', 'returning', 'upsert'])
      const { returning = 'after', upsert = false, ...reading } = options
      if (returning !== 'after' && returning !== 'before')
        refuse(`findOneAndUpdate({ returning: ${show(returning)} }): use 'after' or 'before'.`)
      const checked = checkSelective('findOneAndUpdate', filter)
      if (typeof upsert !== 'boolean') refuse(`findOneAndUpdate({ upsert: ${show(upsert)} }): use true or false.`)
      const fresh = upsert ? await this.#rowOf(rows.db, checked, given) : undefined
      const changes = await this.#changesOfMany(rows.db, given)
      // Not locked and not in a transaction: who waits for the same new row would wait for ever.
      if (fresh !== undefined && (await rows.find(rows.matching(checked))) === undefined) {
        const inserted = await rows.insertIfNew(fresh)
        if (inserted !== undefined) return returning === 'before' ? null : inserted
      }
      return atomically(rows.db, async (trx) => {
        const inner = rows.in(trx)
        const narrow = inner.matching(checked)
        const [found] = await inner.lock(narrow, { ...this.inOrder(reading), limit: 1 })
        // Where the row is hidden, the database says so.
        if (found === undefined) return fresh === undefined ? null : inner.insert(fresh)
        const made = await inner.update(keyOfRow(this.table, found), changes, narrow)
        return made === undefined ? null : returning === 'before' ? found : made
      })
    })
  }

  getOrCreate(key: unknown, data: unknown): Promise<{ readonly row: Values; readonly created: boolean }> {
    return this.run('getOrCreate', { key, data }, async (rows, given: unknown) => {
      const unique = uniqueKeyOf(rows.db, this.table, key)
      if (!isPlain(given)) return refuse(`getOrCreate(…, ${show(given)}) takes the data of a row.`)
      const found = await rows.find(rows.with(unique))
      if (found !== undefined) return { row: found, created: false }
      const { columns: asked, related } = splitData(rows.db, this.table, { ...given, ...unique })
      if (related.length > 0) refuse('getOrCreate() takes columns only. Use create() with relations.')
      const columns = await this.#validNew(asked)
      const made = await rows.insertIfNew(columns)
      if (made !== undefined) return { row: made, created: true }
      // A schema may write another key than the one that was given, such as one without spaces around.
      const other = await rows.findWinner(rows.with(pick(columns, Object.keys(unique))))
      // A hidden row, or another unique key: the database says which.
      return other === undefined ? { row: await rows.insert(columns), created: true } : { row: other, created: false }
    })
  }

  upsert(data: unknown, options: UpsertOptions = {}): Promise<Values> {
    return this.run('upsert', { data }, (rows, given) => this.#upsertOne('upsert()', rows, given, options))
  }

  upsertMany(data: readonly unknown[], options: UpsertOptions = {}): Promise<readonly Values[]> {
    return this.run('upsertMany', { data }, async (rows, given: unknown) => {
      if (!Array.isArray(given)) return refuse(`upsertMany(${show(given)}) takes a list of rows.`)
      if (given.length === 0) return []
      return atomically(rows.db, (trx) =>
        inTurn(given, (each, i) => this.#upsertOne('upsertMany()', rows.in(trx), each, options, [i])),
      )
    })
  }

  async #upsertOne(owner: string, rows: Rows, data: unknown, options: UpsertOptions, place?: Place): Promise<Values> {
    checkOptions(owner, options, ['on'])
    const on = options.on ?? this.table.primaryKey
    const isKey = Array.isArray(on) && uniqueKeys(this.table).some((key) => sameNames(key, on))
    if (!isKey) refuse(`upsert({ on: ${show(on)} }): give the columns of a unique key of '${this.name}'.`)
    const { columns: asked, related } = splitData(rows.db, this.table, data)
    if (related.length > 0) refuse('upsert() takes columns only. Use create() or update() with relations.')
    const columns = await this.#validNew(asked, place)
    const missing = on.find((column) => columns[column] === undefined || columns[column] === null)
    if (missing !== undefined) refuse(`upsert() finds its row by '${missing}', which the data do not give.`)
    return rows.upsert(columns, on)
  }

  increment(key: unknown, column: string, by: number | bigint | string = 1): Promise<Values | null> {
    return this.run('increment', { key }, async (rows) => {
      const where = primaryKeyOf(this.table, key)
      rows.ref(column)
      if (column in where) refuse(`increment(…, '${column}'): the key of a row cannot change.`)
      return (await rows.update(where, setOf(inc({ [column]: by })))) ?? null
    })
  }

  claim(key: unknown, claim: StateClaim, data: unknown = {}): Promise<Values | null> {
    return this.run('claim', { key, data }, async (rows, given) =>
      this.#take(rows, key, takingOf('claim()', claim), given),
    )
  }

  claimVersion(key: unknown, claim: VersionClaim, data: unknown = {}): Promise<Values | null> {
    return this.run('claimVersion', { key, data }, async (rows, given) =>
      this.#take(rows, key, takingOfVersion(claim), given),
    )
  }

  applyTransition(key: unknown, transition: Transition): Promise<Values> {
    return this.run('applyTransition', { key, data: transition?.set ?? {} }, async (rows, given) => {
      checkOptions('applyTransition()', transition, ['machine', 'field', 'from', 'to', 'where', 'set'])
      const { machine: _, set: __, ...claim } = transition
      const taking = takingOf('applyTransition()', claim)
      checkTransition(transition)
      const made = await this.#take(rows, key, taking, given)
      if (made !== null) return made
      const found = await rows.find(rows.with(primaryKeyOf(this.table, key)))
      if (found !== undefined) throw raceError(this.name, taking.field, taking.value)
      return noRow(this.name, key)
    })
  }

  async #take(rows: Rows, key: unknown, { field, value, where }: Taking, data: unknown): Promise<Values | null> {
    rows.ref(field)
    const found = primaryKeyOf(this.table, key)
    const { columns, related } = await this.#splitChanges(rows.db, data)
    if (related.length > 0) refuse('A claim takes columns only. Use update() with relations.')
    if (field in columns) refuse(`The data of a claim give '${field}', which the claim writes. Leave it out.`)
    const changes = { ...withoutKey(this.table, found, columns), [field]: value }
    return (await rows.update(found, changes, rows.matching(where))) ?? null
  }

  /** The row that `findOneAndUpdate()` inserts where it finds none: what the filter asks for, and the changes. */
  async #rowOf(db: DatabaseHandle, filter: Filter<never>, data: unknown): Promise<Values> {
    const wanted =
      equalitiesOf(filter) ??
      refuse('findOneAndUpdate({ upsert: true }) takes a filter of eq() and and() alone, which a new row can satisfy.')
    const given = isUpdateRequest(data) ? insertOf(data) : data
    const { columns } = splitData(db, this.table, isPlain(given) ? { ...wanted, ...given } : given)
    return this.#validNew(columns)
  }

  #writer(trx: DatabaseHandle): NestedWriter {
    return new NestedWriter(trx, this.settings.validator)
  }

  #validNew(columns: Values, place?: Place): Promise<Values> {
    return this.settings.validator.validated('create', this.table, columns, place)
  }

  #validChanges(columns: Values, place?: Place): Promise<Values> {
    return this.settings.validator.validated('update', this.table, columns, place)
  }

  /** Splits changes; those without relations are validated, the others when it is known to which rows they point. */
  async #splitChanges(db: DatabaseHandle, data: unknown, place?: Place): Promise<SplitData> {
    if (!isUpdateRequest(data)) {
      const split = splitData(db, this.table, data)
      if (split.related.length > 0) return split
      return { ...split, columns: await this.#validChanges(presentIn(split.columns), place) }
    }
    const { set, unset, inc: amounts } = partsOf(data)
    const values = { ...set, ...Object.fromEntries(unset.map((column) => [column, null])) }
    const grown = Object.keys(amounts).length === 0 ? {} : setOf(inc(amounts))
    return { columns: { ...(await this.#validChanges(values, place)), ...grown }, related: [] }
  }

  async #changesOfMany(db: DatabaseHandle, data: unknown): Promise<Values> {
    const { columns, related } = await this.#splitChanges(db, data)
    if (related.length > 0) refuse('Changes of several rows take columns only. Use update() with relations.')
    const key = this.table.primaryKey.find((column) => column in columns)
    if (key !== undefined) refuse(`The key of a row cannot change: '${key}' of '${this.name}'.`)
    if (Object.keys(columns).length === 0) refuse(`The changes of '${this.name}' are empty. Give a column.`)
    return columns
  }
}

function noRow(table: string, key: unknown): never {
  throw new KantaError('not_found', `'${table}' has no row with the key ${show(key)}.`, { table })
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name))

/** Does work for items one after the other. */
async function inTurn<T, R>(items: readonly T[], work: (item: T, i: number) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const [i, item] of items.entries()) results.push(await work(item, i))
  return results
}

function sameColumns(a: Values, b: Values): boolean {
  const present = (row: Values): string[] => Object.keys(row).filter((column) => row[column] !== undefined)
  return sameNames(present(a), present(b))
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
