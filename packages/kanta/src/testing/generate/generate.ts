import { checkOptions, refuse } from '../../error/index.ts'
import {
  DatabaseHandle,
  dialectOf,
  throwIfAborted,
  withoutPolicies,
  withStoredValues,
} from '../../extend/internal/index.ts'
import type { AnyInfo, Database } from '../../face/index.ts'
import { show, sql } from '../../sql/index.ts'
import type { InsertType } from '../../table/index.ts'
import { type GenerateFacet, generateFacets } from './database.ts'
import { columnsOf } from './expression.ts'
import { type CheckModel, columnOf, decodedValue, type ForeignKeyModel, modelsOf, type TableModel } from './model.ts'
import { type WriteOrder, writeOrder } from './order.ts'
import { TableRows } from './rows.ts'
import type { Parents, ValueContext, ValueSource } from './source.ts'

/** Functions that make the values of columns, by table and column. */
export type ValueFunctions<DB> = {
  readonly [T in keyof DB]?: {
    readonly [C in keyof DB[T]]?: (n: number, more: ValueContext) => InsertType<DB[T][C]> | null
  }
}

/** The options of `generate()`. */
export interface GenerateOptions<DB> {
  /** The same seed gives the same rows. */
  readonly seed: number | string
  /** The number of rows of each table. */
  readonly rows: { readonly [T in keyof DB]?: number }
  /** Functions that make values, such as those of faker. They get the number of the row, from 1 on. */
  readonly values?: ValueFunctions<DB> | undefined
  /** `realistic`, the default: few rows have most of the children. `even`: all have about as many. */
  readonly relationships?: 'realistic' | 'even' | undefined
  /** Makes all rows, and writes none. */
  readonly dryRun?: boolean | undefined
  readonly onProgress?: ((progress: GenerateProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** The progress of `generate()` in writing a table. */
export interface GenerateProgress {
  readonly table: string
  readonly done: number
  readonly of: number
}

/** The rows that `generate()` has written. */
export interface Generated {
  /** In the order in which they were written. */
  readonly tables: readonly { readonly table: string; readonly rows: number }[]
}

const OPTIONS = ['seed', 'rows', 'values', 'relationships', 'dryRun', 'onProgress', 'signal']
const BATCH = 1_000
/** The most rows of a table that is not generated to which others refer. */
const MOST_PARENTS = 100_000
/** The number of rows that are offered to a check that only the database can judge. */
const CANDIDATES = 400
const ROUNDS = 5

/**
 * Writes rows that meet every constraint of their tables: keys, foreign keys, cycles, checks. Tables are those of the
 * schema of the database, or are read from the database itself. All rows are written in one transaction.
 *
 * A few rows have most of the children. Dates are in the order that the names of their columns tell.
 *
 * @throws KantaError `invalid_input` that names the constraint that cannot be met, before anything is written.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { sqlite } from 'kanta/sqlite'
 * import { generate } from 'kanta/testing'
 *
 * const author = table('author', (c) => ({ id: c.integer().primaryKey(), name: c.text().unique() }))
 * const book = table('book', (c) => ({
 *   id: c.integer().primaryKey(),
 *   title: c.text(),
 *   author_id: c.integer().references(() => author.id),
 * }))
 * const db = kanta({ driver: sqlite(':memory:'), schema: { author, book } })
 * await db.schema.createTable(author).execute()
 * await db.schema.createTable(book).execute()
 *
 * await generate(db, { seed: 1, rows: { author: 10, book: 100 }, values: { book: { title: (n) => `Book ${n}` } } })
 * await db.destroy()
 * ```
 */
export async function generate<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  options: GenerateOptions<DB>,
): Promise<Generated> {
  if (!((db as unknown) instanceof DatabaseHandle)) return refuse(`generate(${show(db)}, …) takes a database first.`)
  checkOptions('generate()', options, OPTIONS)
  const { seed, rows, values = {} } = options
  if (typeof seed !== 'string' && !Number.isFinite(seed))
    refuse(`seed takes a number or a string, not ${show(seed)}. The same seed gives the same rows.`)
  if (typeof rows !== 'object' || rows === null)
    refuse(`rows takes the numbers of rows by table: { author: 10 }, not ${show(rows)}.`)
  if (options.onProgress !== undefined && typeof options.onProgress !== 'function')
    refuse(`onProgress takes a function, not ${show(options.onProgress)}.`)
  if (options.signal !== undefined && typeof Object(options.signal).addEventListener !== 'function')
    refuse(`signal takes an AbortSignal, not ${show(options.signal)}.`)
  for (const [table, count] of Object.entries(rows))
    if (!Number.isSafeInteger(count) || (count as number) < 0)
      refuse(`rows.${table} takes a whole number of rows, not ${show(count)}.`)
  for (const table of Object.keys(values))
    if (!Object.hasOwn(rows, table)) refuse(`values has functions for '${table}', of which rows asks for no row.`)
  if (options.relationships !== undefined && !['realistic', 'even'].includes(options.relationships))
    refuse(`relationships takes 'realistic' or 'even', not ${show(options.relationships)}.`)
  const handle = db as unknown as DatabaseHandle
  return handle
    .transaction()
    .execute(async (trx) => new Generation(trx, options as GenerateOptions<unknown>).run()) as Promise<Generated>
}

type Counts = Readonly<Record<string, number>>
type Sources = Readonly<Record<string, Readonly<Record<string, ValueSource>>>>

/** One call of `generate()`, in its transaction. */
class Generation {
  readonly #db: DatabaseHandle
  readonly #options: GenerateOptions<unknown>
  readonly #counts: Counts
  readonly #sources: Sources
  readonly #facet: GenerateFacet
  readonly #made = new Map<string, TableRows>()
  readonly #parents = new Map<string, Parents>()

  constructor(db: DatabaseHandle, options: GenerateOptions<unknown>) {
    this.#db = db
    this.#options = options
    this.#counts = options.rows as Counts
    this.#sources = (options.values ?? {}) as Sources
    this.#facet = generateFacets.of(dialectOf(db))
  }

  async run(): Promise<Generated> {
    const names = Object.keys(this.#counts)
    const models = await modelsOf(this.#db, names)
    const order = writeOrder(
      names.map((name) => models.get(name)!),
      ({ isDeferrable }) => this.#facet.defersAll || isDeferrable,
    )
    for (const table of order.tables) await this.#plan(table, order, models)
    for (const table of order.tables) await this.#try(table, order)
    if (this.#options.dryRun !== true) await this.#write(order)
    return { tables: order.tables.map(({ name }) => ({ table: name, rows: this.#counts[name]! })) }
  }

  /** Decides how the rows of a table are made. */
  async #plan(table: TableModel, { linking }: WriteOrder, models: ReadonlyMap<string, TableModel>): Promise<void> {
    const sources = this.#sources[table.name] ?? {}
    for (const [column, source] of Object.entries(sources)) {
      columnOf(table, column)
      if (typeof source !== 'function') refuse(`values.${table.name}.${column} takes a function, not ${show(source)}.`)
    }
    for (const key of table.foreignKeys) await this.#loadParents(key, models)
    const rows = new TableRows(table, {
      seed: this.#options.seed,
      count: this.#counts[table.name]!,
      linking,
      isEven: this.#options.relationships === 'even',
      sources,
      parentsOf: (key) => this.#parentsOf(key),
      existing: await this.#existing(table),
    })
    this.#made.set(table.name, rows)
    rows.check()
  }

  /** Makes all rows of a table that may break a constraint, before any is written. */
  async #try(table: TableModel, { tables }: WriteOrder): Promise<void> {
    const rows = this.#made.get(table.name)!
    const sources = this.#sources[table.name] ?? {}
    for (const check of rows.unreadChecks) rows.usePool(check, await this.#askDatabase(rows, check))
    const referenced = [
      ...new Set(
        tables.flatMap(({ foreignKeys }) =>
          foreignKeys.filter(({ target }) => target === table.name).flatMap(({ targetColumns }) => targetColumns),
        ),
      ),
    ]
    if (rows.isTried || referenced.some((column) => sources[column] !== undefined)) rows.record(referenced)
  }

  #parentsOf({ target }: ForeignKeyModel): Parents {
    if (this.#counts[target] === undefined) return this.#parents.get(target)!
    const made = (): TableRows => this.#made.get(target)!
    // In a cycle the other table comes later.
    return {
      count: this.#counts[target]!,
      cell: (column, row) => made().cell(column, row),
      timeAt: (row) => this.#made.get(target)?.timeAt(row) ?? 0,
    }
  }

  /** Reads the keys of a table that is not generated. */
  async #loadParents({ target }: ForeignKeyModel, models: ReadonlyMap<string, TableModel>): Promise<void> {
    if (this.#counts[target] !== undefined || this.#parents.has(target)) return
    const model = models.get(target) ?? refuse(`The table '${target}', to which a foreign key refers, is not there.`)
    const columns = [
      ...new Set(
        [...models.values()].flatMap(({ foreignKeys }) =>
          foreignKeys.filter((key) => key.target === target).flatMap((key) => key.targetColumns),
        ),
      ),
    ]
    let query = this.#db.selectFrom(target).select(columns)
    for (const column of columns) query = query.orderBy(column)
    const found = (await query.limit(MOST_PARENTS).execute()) as Record<string, unknown>[]
    const stored = (column: string, value: unknown): unknown => {
      const { codec } = columnOf(model, column)
      return value === null || codec === undefined ? value : codec.encode(value)
    }
    this.#parents.set(target, {
      count: found.length,
      cell: (column, row) => stored(column, found[row]![column]),
      timeAt: () => 0,
    })
  }

  /** Reads the rows that a table has, as far as its unique constraints ask. */
  async #existing(table: TableModel): Promise<unknown[][]> {
    const names = new Set(
      table.uniques.flatMap(({ columns, where, expressions }) => [
        ...columns,
        ...(where ? columnsOf(where) : []),
        ...(expressions ?? []).flatMap(columnsOf),
      ]),
    )
    if (names.size === 0) return []
    const stored = withStoredValues(this.#db)
    const found = (await stored
      .selectFrom(table.name)
      .select([...names])
      .execute()) as Record<string, unknown>[]
    return found.map((row) => [...table.columns.keys()].map((name) => row[name] ?? null))
  }

  /** Asks the database which rows meet a check, in a temporary table with the columns of the table. */
  async #askDatabase(rows: TableRows, check: CheckModel): Promise<unknown[][]> {
    const db = withStoredValues(withoutPolicies(this.#db)) as never
    const { quote } = dialectOf(this.#db)
    const { model } = rows
    const from = [model.schema, model.bareName].flatMap((name) => (name === null ? [] : [quote(name)])).join('.')
    const columns = check.columns.map(quote).join(', ')
    const run = (text: string) => sql.raw(text).execute(db) as Promise<{ rows: { n: unknown }[] }>
    await run(`create temporary table kanta_candidate as select 0 as kanta_n, ${columns} from ${from} where 1 = 0`)
    const found: unknown[][] = []
    try {
      for (let round = 0; round < ROUNDS && found.length < CANDIDATES / 4; round++) {
        const tried = rows.candidates(check, round * CANDIDATES, CANDIDATES)
        const values = tried.map((row, kanta_n) => ({
          kanta_n,
          ...Object.fromEntries(check.columns.map((name, at) => [name, row[at]])),
        }))
        await (db as DatabaseHandle).insertInto('kanta_candidate').values(values).execute()
        const passed = await run(
          `select kanta_n as n from kanta_candidate where coalesce((${check.text}), 1 = 1) order by kanta_n`,
        )
        found.push(...passed.rows.map(({ n }) => [...tried[Number(n)]!]))
        await run('delete from kanta_candidate')
      }
    } finally {
      await run(`${this.#facet.dropTemporary} kanta_candidate`)
    }
    return found
  }

  async #write({ tables, linking }: WriteOrder): Promise<void> {
    const defers = tables.some(({ foreignKeys }) => foreignKeys.some((key) => linking.get(key) === 'deferred'))
    const bare = withoutPolicies(this.#db) as never
    if (defers) await sql.raw(this.#facet.defer).execute(bare)
    try {
      for (const table of tables) await this.#insert(this.#made.get(table.name)!)
      for (const table of tables) await this.#update(this.#made.get(table.name)!)
    } finally {
      if (defers && this.#facet.undoDefer !== undefined) await sql.raw(this.#facet.undoDefer).execute(bare)
    }
    for (const { columns, schema, bareName } of tables)
      for (const column of columns.values()) {
        if (!column.isNumbered || column.isAlwaysNumbered || this.#facet.followNumbers === undefined) continue
        const { quote } = dialectOf(this.#db)
        const name = schema === null ? quote(bareName) : `${quote(schema)}.${quote(bareName)}`
        await sql.raw(this.#facet.followNumbers(name, column.name)).execute(bare)
      }
  }

  async #insert(rows: TableRows): Promise<void> {
    const written = rows.columns.map((column) => !rows.isLeftOut(column))
    let batch: Record<string, unknown>[] = []
    let done = 0
    const flush = async (): Promise<void> => {
      throwIfAborted(this.#options.signal)
      const isEmpty = batch.length > 0 && Object.keys(batch[0]!).length === 0
      if (isEmpty) for (const _ of batch) await this.#db.insertInto(rows.model.name).defaultValues().execute()
      else if (batch.length > 0) await this.#db.insertInto(rows.model.name).values(batch).execute()
      done += batch.length
      batch = []
      this.#options.onProgress?.({ table: rows.model.name, done, of: rows.count })
    }
    for (const row of rows.rows()) {
      const record: Record<string, unknown> = {}
      for (const [at, column] of rows.columns.entries())
        if (written[at]) record[column.name] = decodedValue(column, row[at])
      batch.push(record)
      if (batch.length === BATCH) await flush()
    }
    if (batch.length > 0) await flush()
  }

  /** Gives the foreign keys of cycles their values. */
  async #update(rows: TableRows): Promise<void> {
    if (!rows.hasLater) return
    const { primaryKey, name } = rows.model
    const places = new Map(rows.columns.map((column, at) => [column.name, at]))
    let i = 0
    for (const row of rows.rows()) {
      const changes = rows.later(row, i++)
      if (changes.length === 0) continue
      throwIfAborted(this.#options.signal)
      let query = this.#db
        .updateTable(name)
        .set(Object.fromEntries(changes.map(([column, value]) => [column.name, decodedValue(column, value)])))
      for (const key of primaryKey) {
        const at = places.get(key)!
        query = query.where(key, '=', decodedValue(rows.columns[at]!, row[at]))
      }
      await query.execute()
    }
  }
}
