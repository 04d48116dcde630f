import type { Dialect } from '../dialect/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import { type Filter, whereOf } from '../filter/index.ts'
import { fullName, node } from '../ir/index.ts'
import {
  type DeleteBuilder,
  Expr,
  type InsertBuilder,
  type SelectBuilder,
  show,
  type UpdateBuilder,
} from '../sql/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { keyOfRow, keyText } from './key.ts'
import { changedRows } from './update-facet.ts'

/** Columns with their values. */
export type Values = Readonly<Record<string, unknown>>
/** Adds conditions to a statement. */
export type Narrow = <Q extends Statement>(query: Q) => Q
interface Statement {
  where(...condition: unknown[]): this
}

/** A column and the direction in which rows are sorted by it. */
export interface SortBy {
  readonly column: string
  readonly direction?: 'asc' | 'desc' | undefined
}

/** The rows that a read gives, and what comes with them. */
export interface Reading {
  readonly sort?: readonly SortBy[] | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
  readonly include?: Readonly<Record<string, unknown>> | undefined
}

/** Runs work in a transaction, in that of the handle if it is in one. */
export const atomically = <T>(db: DatabaseHandle, work: (trx: DatabaseHandle) => Promise<T>): Promise<T> =>
  db.transaction().execute(work)

/** The statements on the rows of one table: each an ordinary one, to which the policies of the handle apply. */
export class Rows {
  readonly db: DatabaseHandle
  readonly table: TableDefinition
  readonly name: string
  readonly #dialect: Dialect
  readonly #refs = new Map<string, Expr>()
  readonly #compared = new Map<string, string | Expr>()
  #every: SelectBuilder | undefined

  constructor(db: DatabaseHandle, table: TableDefinition) {
    this.db = db
    this.table = table
    this.name = fullName(table)
    this.#dialect = dialectOf(db)
  }

  /** Returns the same table in another handle. */
  in(db: DatabaseHandle): Rows {
    return db === this.db ? this : new Rows(db, this.table)
  }

  ref(column: string): Expr {
    const known = this.#refs.get(column)
    if (known !== undefined) return known
    if (!this.table.columns.has(column)) {
      const names = [...this.table.columns.keys()].join(', ')
      refuse(`'${this.name}' has no column ${show(column)}. It has: ${names}.`)
    }
    const ref = new Expr(node({ kind: 'ref', schema: undefined, table: this.table.name, column }))
    this.#refs.set(column, ref)
    return ref
  }

  /** A column in a comparison: as a text, which is found in less time, where that means no other column. */
  #comparedRef(column: string): string | Expr {
    let known = this.#compared.get(column)
    if (known === undefined) {
      const ref = this.ref(column)
      const isPlain = /^\w+$/.test(column) && /^\w+$/.test(this.table.name)
      known = isPlain ? `${this.table.name}.${column}` : ref
      this.#compared.set(column, known)
    }
    return known
  }

  /** The condition that columns have values. */
  with(values: Values): Narrow {
    return (query) => {
      let narrowed = query
      for (const column in values) {
        const value = values[column]
        narrowed = narrowed.where(this.#comparedRef(column), value === null ? 'is' : '=', value)
      }
      return narrowed
    }
  }

  /** The condition of a filter. */
  matching(filter: Filter<never>): Narrow {
    const condition = whereOf(this.db as never, filter, this.name)
    return (query) => query.where(condition)
  }

  select(narrow: Narrow, reading: Reading = {}): SelectBuilder {
    this.#every ??= this.db.selectFrom(this.name).selectAll()
    let query = narrow(this.#every)
    if (reading.include !== undefined)
      for (const [name, change] of Object.entries(reading.include)) query = this.#include(query, name, change)
    for (const { column, direction } of reading.sort ?? []) query = query.orderBy(this.ref(column), direction)
    if (reading.limit !== undefined) query = query.limit(checkCount('limit', reading.limit))
    if (reading.offset !== undefined) query = query.offset(checkCount('offset', reading.offset))
    return query
  }

  #include(query: SelectBuilder, name: string, change: unknown): SelectBuilder {
    if (change === undefined) return query
    if (change !== true && typeof change !== 'function')
      refuse(`include: { ${name}: ${show(change)} }: give true, or a callback that changes the query of the relation.`)
    const { include } = query as { include?: (name: string, change?: unknown) => SelectBuilder }
    if (include === undefined) return refuse(`include: { ${name} }: the schema of the database has no relations().`)
    return include.call(query, name, ...(change === true ? [] : [change]))
  }

  find(narrow: Narrow, reading?: Reading): Promise<Values | undefined> {
    return this.select(narrow, reading).executeTakeFirst() as Promise<Values | undefined>
  }

  async findAll(narrow: Narrow, reading?: Reading): Promise<readonly Values[]> {
    return (await this.select(narrow, reading).execute()) as readonly Values[]
  }

  /** Finds rows so that nobody else changes them before the transaction ends. */
  async lock(narrow: Narrow, reading?: Reading): Promise<readonly Values[]> {
    const query = this.select(narrow, reading)
    return (await (this.#dialect.capabilities.locks ? query.forUpdate() : query).execute()) as readonly Values[]
  }

  async lockOne(narrow: Narrow): Promise<Values | undefined> {
    return (await this.lock(narrow))[0]
  }

  /**
   * Finds the row that another transaction has inserted first. A lock for updates could deadlock with a third one: who
   * was refused a key of MySQL or MariaDB shares the lock of its row.
   */
  async findWinner(narrow: Narrow): Promise<Values | undefined> {
    const query = this.select(narrow)
    const isLocked = this.#dialect.capabilities.locks
    return (await (isLocked ? query.forShare() : query).executeTakeFirst()) as Values | undefined
  }

  #insertInto(rows: Values | readonly Values[]): InsertBuilder {
    const insert = this.db.insertInto(this.name)
    const isEmpty = !Array.isArray(rows) && Object.values(rows).every((value) => value === undefined)
    return isEmpty ? insert.defaultValues() : insert.values(rows)
  }

  get #returnsInserted(): boolean {
    return this.#dialect.capabilities.returning || this.table.primaryKey.length === 1
  }

  async insert(row: Values): Promise<Values> {
    const insert = this.#insertInto(row)
    if (this.#returnsInserted) return (await insert.returningAll().executeTakeFirstOrThrow()) as Values
    return atomically(this.db, async (trx) => {
      const rows = this.in(trx)
      await rows.#insertInto(row).execute()
      return (await rows.find(rows.with(keyOfRow(this.table, row))))!
    })
  }

  /** Inserts rows with the same columns, and returns them in their order. */
  async insertAll(values: readonly Values[]): Promise<readonly Values[]> {
    if (!this.#returnsInserted) {
      const made: Values[] = []
      for (const row of values) made.push(await this.insert(row))
      return made
    }
    const made = (await this.#insertInto(values).returningAll().execute()) as readonly Values[]
    // A database may return the rows in any order.
    if (!this.table.primaryKey.every((column) => values[0]?.[column] !== undefined)) return made
    const byKey = new Map(made.map((row) => [keyText(this.table, row), row]))
    const ordered = values.map((row) => byKey.get(keyText(this.table, row)))
    return ordered.every((row) => row !== undefined) ? (ordered as readonly Values[]) : made
  }

  /** Inserts a row unless another one has one of its unique keys. */
  async insertIfNew(row: Values): Promise<Values | undefined> {
    if (!this.#dialect.capabilities.onConflict) return this.insert(row).catch(unlessDuplicate)
    const insert = this.#insertInto(row).onConflict((conflict: Conflict) => conflict.doNothing())
    return (await insert.returningAll().executeTakeFirst()) as Values | undefined
  }

  /** Inserts a row, or changes the one that has the same values in the columns `on`, but not its key. */
  async upsert(row: Values, on: readonly string[]): Promise<Values> {
    const kept = [...on, ...this.table.primaryKey]
    const changed = Object.keys(row).filter((column) => row[column] !== undefined && !kept.includes(column))
    if (this.#dialect.capabilities.onConflict && changed.length > 0) {
      const values = (eb: Excluded): Values =>
        Object.fromEntries(changed.map((column) => [column, eb.ref(`excluded.${column}`)]))
      const insert = this.#insertInto(row).onConflict((conflict: Conflict) => conflict.columns(on).doUpdateSet(values))
      return (await insert.returningAll().executeTakeFirstOrThrow()) as Values
    }
    return atomically(this.db, async (trx) => {
      const rows = this.in(trx)
      const same = rows.with(Object.fromEntries(on.map((column) => [column, row[column]])))
      const seen = await rows.find(same)
      const inserted = seen === undefined ? await rows.insertIfNew(row) : undefined
      if (inserted !== undefined) return inserted
      const found = seen ?? (await rows.findWinner(same))
      // A hidden row, or another unique key: the database says which.
      if (found === undefined) return rows.insert(row)
      const changes = Object.fromEntries(changed.map((column) => [column, row[column]]))
      if (changed.length === 0) return found
      return (await rows.update(keyOfRow(this.table, found), changes)) ?? rows.insert(row)
    })
  }

  #update(narrow: Narrow, changes: Values): UpdateBuilder {
    return narrow(this.db.updateTable(this.name).set(changes))
  }

  /** Changes the row with a key, if conditions hold of it, and returns it. */
  async update(key: Values, changes: Values, narrow: Narrow = (query) => query): Promise<Values | undefined> {
    const both: Narrow = (query) => narrow(this.with(key)(query))
    if (changedRows.find(this.#dialect) !== undefined)
      return (await this.#update(both, changes).returningAll().executeTakeFirst()) as Values | undefined
    return atomically(this.db, async (trx) => {
      const rows = this.in(trx)
      const count = await rows.updateAll(both, changes)
      return count === 0 ? undefined : rows.find(rows.with(key))
    })
  }

  async updateAll(narrow: Narrow, changes: Values): Promise<number> {
    const result = await this.#update(narrow, changes).executeTakeFirst()
    return Number((result as { readonly numUpdatedRows: bigint }).numUpdatedRows)
  }

  #delete(narrow: Narrow): DeleteBuilder {
    return narrow(this.db.deleteFrom(this.name))
  }

  /** Deletes the row with a key, and returns it as it was; under `softDelete()`, as it is now. */
  async delete(key: Values): Promise<Values | undefined> {
    const narrow = this.with(key)
    if (changedRows.find(this.#dialect) !== undefined)
      return (await this.#delete(narrow).returningAll().executeTakeFirst()) as Values | undefined
    return atomically(this.db, async (trx) => {
      const rows = this.in(trx)
      const found = await rows.lockOne(narrow)
      return found === undefined || (await rows.deleteAll(narrow)) === 0 ? undefined : found
    })
  }

  async deleteAll(narrow: Narrow): Promise<number> {
    const result = await this.#delete(narrow).executeTakeFirst()
    return Number((result as { readonly numDeletedRows: bigint }).numDeletedRows)
  }
}

interface Conflict {
  doNothing(): unknown
  columns(columns: readonly string[]): { doUpdateSet(values: (eb: Excluded) => Values): unknown }
}
interface Excluded {
  ref(name: string): unknown
}

function unlessDuplicate(error: unknown): undefined {
  if (isDuplicateKeyError(error)) return undefined
  throw error
}

/**
 * Tells whether an error says that another row has the same unique key, however many errors are around it.
 *
 * @example
 * ```ts
 * const isTaken = isDuplicateKeyError(new Error('The city could not be saved.', { cause: new KantaError('unique_violation', '') }))
 * ```
 */
export function isDuplicateKeyError(error: unknown): boolean {
  let at = error
  for (let depth = 0; depth < 20 && at instanceof Error; depth++, at = at.cause)
    if (at instanceof KantaError && at.code === 'unique_violation') return true
  return false
}

export function checkCount(name: string, value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : refuse(`${name}: ${show(value)} is no number of rows. Give a whole number from 0.`)
}
