import { checkOptions, refuse } from '../../error/index.ts'
import { DatabaseHandle, dialectOf, schemaOf, throwIfAborted } from '../../extend/internal/index.ts'
import type { AnyInfo } from '../../face/index.ts'
import { isCount } from '../../ir/index.ts'
import { show } from '../../sql/index.ts'
import { countOf } from './cascade.ts'
import { momentOf } from './moment.ts'
import type { CascadeReference, Settled } from './option.ts'
import { changed, deletionOf, type HasTables, type SoftDeleted, softTable } from './plugin.ts'
import { referencesOf, sameTable, tableIn } from './reference.ts'

/** Options of `purge()`. */
export interface PurgeOptions {
  /** Removes rows that were deleted before this moment. */
  readonly olderThan: Date
  /** The number of rows to remove in one transaction; 1,000 by default. */
  readonly batch?: number | undefined
  /** The key columns of tables without a definition; `['id']` by default. */
  readonly keys?: Readonly<Record<string, readonly string[]>> | undefined
  /** Stops the purge after the current batch. Removed rows stay removed. */
  readonly signal?: AbortSignal | undefined
  /** Gets the counts so far, after each batch. */
  readonly onProgress?: ((purged: Purged) => unknown) | undefined
}

/** The result of `purge()`. */
export interface Purged {
  /** The number of removed rows, by table. */
  readonly rows: Readonly<Record<string, number>>
  readonly batches: number
  /** The number of rows that are old enough but stay, because live rows reference them. Counted at the end. */
  readonly kept: number
}

/**
 * Removes rows that were deleted before a moment, in batches with a transaction each. With a cascade, it also removes
 * the deleted rows that reference them. Rows that other policies hide stay.
 *
 * @throws KantaError `plugin` for a database without soft delete, `cancelled` once its signal aborts.
 *
 * @example
 * ```ts
 * const live = await createExecutor(db, [softDelete({ tables: ['draft'] })])
 * const month = 30 * 24 * 60 * 60 * 1000
 * const purging = () => purge(live, 'draft', { olderThan: new Date(Date.now() - month), batch: 500 })
 * ```
 */
export async function purge<I extends AnyInfo, B extends I['names']>(
  db: HasTables<I> & SoftDeleted,
  table: B,
  options: PurgeOptions,
): Promise<Purged> {
  if (!((db as unknown) instanceof DatabaseHandle))
    return refuse('purge() takes a database with the plugin softDelete().')
  return new Purge(db as unknown as DatabaseHandle, table, options).run()
}

type Row = Readonly<Record<string, unknown>>
// The query builder without types.
type Builder = any

const OPTIONS = ['olderThan', 'batch', 'keys', 'signal', 'onProgress']
const CHILD = 'kanta_child'

class Purge {
  readonly #db: DatabaseHandle
  readonly #settled: Settled
  readonly #table: string
  readonly #options: PurgeOptions
  readonly #batch: number
  readonly #references: readonly CascadeReference[]
  readonly #before: unknown
  readonly #rows: Record<string, number> = {}

  constructor(db: DatabaseHandle, table: string, options: PurgeOptions) {
    checkOptions('purge()', options, OPTIONS)
    const { olderThan, batch = 1000, keys = {} } = options
    if (!(olderThan instanceof Date) || Number.isNaN(olderThan.getTime()))
      refuse(`purge({ olderThan: ${show(olderThan)} }) takes a Date.`)
    if (!isCount(batch) || batch === 0) refuse(`purge({ batch: ${show(batch)} }) takes a number of rows, from 1.`)
    for (const [name, key] of Object.entries(keys))
      if (!Array.isArray(key) || key.length === 0)
        refuse(`purge({ keys: { ${name}: ${show(key)} } }) takes the names of the columns of the key.`)
    const { settled, policies } = deletionOf(db)
    const schema = schemaOf(db)
    this.#before = momentOf(olderThan, softTable(db, settled, table), settled, dialectOf(db))
    this.#db = changed(db, policies, 'purge', (state) => ({ ...state, sight: 'all', sights: {}, act: 'hard delete' }))
    this.#settled = settled
    this.#table = table
    this.#options = options
    this.#batch = Number(batch)
    this.#references = referencesOf(settled, schema)
  }

  async run(): Promise<Purged> {
    const { signal, onProgress } = this.#options
    let batches = 0
    for (;;) {
      throwIfAborted(signal)
      const gone = await this.#db.transaction().execute((trx) => this.#one(trx as DatabaseHandle), { signal })
      if (gone === 0) break
      batches++
      await onProgress?.({ rows: { ...this.#rows }, batches, kept: 0 })
      if (gone < this.#batch) break
    }
    return { rows: this.#rows, batches, kept: await this.#kept() }
  }

  /** Purges one batch and returns the number of rows of the table itself. */
  async #one(db: DatabaseHandle): Promise<number> {
    const columns = this.#columnsOf(this.#table)
    const roots = (await this.#old(db)
      .select(columns.map((name) => `${this.#table}.${name}`))
      .where(this.#isReferredTo(false))
      .orderBy(`${this.#table}.${this.#settled.column}`)
      .limit(this.#batch)
      .execute()) as Row[]
    if (roots.length === 0) return 0
    const found = await this.#collect(db, roots)
    const counts: [string, number][] = []
    for (const table of this.#childrenFirst(this.#table))
      for (const rows of layers(found.get(table) ?? [], this.#within(table))) {
        const result = await db
          .deleteFrom(table)
          .where(this.#isOneOf(table, this.#keyOf(table), rows))
          .execute()
        counts.push([table, Number(countOf(result))])
      }
    // Counts rows only now, since a batch that fails is undone.
    for (const [table, count] of counts) this.#rows[table] = (this.#rows[table] ?? 0) + count
    return roots.length
  }

  /** Returns the rows and the deleted rows that reference them, by table. */
  async #collect(db: DatabaseHandle, roots: readonly Row[]): Promise<ReadonlyMap<string, readonly Row[]>> {
    const found = new Map<string, Row[]>()
    const seen = new Set<string>()
    const isNew = (table: string, row: Row): boolean => {
      const id = keyText([table, ...this.#keyOf(table).map((name) => row[name])])
      if (seen.has(id)) return false
      seen.add(id)
      found.set(table, [...(found.get(table) ?? []), row])
      return true
    }
    const queue = [{ table: this.#table, rows: roots.filter((row) => isNew(this.#table, row)) }]
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { table, rows } = next
      for (const each of this.#references.filter((one) => sameTable(one.references.table, table))) {
        const referring = (await db
          .selectFrom(each.table)
          .select(this.#columnsOf(each.table).map((name) => `${each.table}.${name}`))
          .where(`${each.table}.${this.#settled.column}`, 'is not', null)
          .where(this.#isOneOf(each.table, each.columns, rows, each.references.columns))
          .execute()) as Row[]
        const fresh = referring.filter((row) => isNew(each.table, row))
        if (fresh.length > 0) queue.push({ table: each.table, rows: fresh })
      }
    }
    return found
  }

  /** Returns a table after all tables that reference it, except in a cycle. */
  #childrenFirst(table: string, seen: Set<string> = new Set()): string[] {
    if (seen.has(table)) return []
    seen.add(table)
    const children = this.#references.filter((each) => sameTable(each.references.table, table))
    return [...children.flatMap((each) => this.#childrenFirst(each.table, seen)), table]
  }

  /** Returns the references of a table to itself. */
  #within(table: string): readonly CascadeReference[] {
    return this.#references.filter((each) => sameTable(each.table, table) && sameTable(each.references.table, table))
  }

  /** Selects the rows that are old enough. */
  #old(db: DatabaseHandle) {
    const deleted = `${this.#table}.${this.#settled.column}`
    return db.selectFrom(this.#table).where(deleted, 'is not', null).where(deleted, '<', this.#before)
  }

  /** Returns a condition: a live row references the row (or none does). */
  #isReferredTo(is: boolean) {
    const { column } = this.#settled
    const references = this.#references.filter((each) => sameTable(each.references.table, this.#table))
    return (eb: Builder) => {
      const referring = references.map((each) =>
        eb.exists(
          each.columns.reduce(
            (now: Builder, name, i) =>
              now.whereRef(`${CHILD}.${name}`, '=', `${this.#table}.${each.references.columns[i]}`),
            eb
              .selectFrom(`${each.table} as ${CHILD}`)
              .select(`${CHILD}.${each.columns[0]}`)
              .where(`${CHILD}.${column}`, 'is', null),
          ),
        ),
      )
      if (referring.length === 0) return eb(eb.lit(1), '=', eb.lit(is ? 0 : 1))
      return is ? eb.or(referring) : eb.and(referring.map((one) => eb.not(one)))
    }
  }

  #isOneOf(table: string, columns: readonly string[], rows: readonly Row[], from: readonly string[] = columns) {
    return (eb: Builder) => {
      if (columns.length === 1)
        return eb(
          `${table}.${columns[0]}`,
          'in',
          rows.map((row) => row[from[0]!]),
        )
      return eb.or(rows.map((row) => eb.and(columns.map((name, i) => eb(`${table}.${name}`, '=', row[from[i]!])))))
    }
  }

  async #kept(): Promise<number> {
    const row = (await this.#old(this.#db)
      .select((eb: Builder) => eb.fn.countAll().as('n'))
      .where(this.#isReferredTo(true))
      .executeTakeFirst()) as { n: unknown }
    return Number(row.n)
  }

  #keyOf(table: string): readonly string[] {
    const { definition } = tableIn(schemaOf(this.#db), table)
    if (definition === undefined) return this.#options.keys?.[table] ?? ['id']
    if (definition.primaryKey.length === 0)
      refuse(`The table '${table}' has no primary key, which purge() needs. Add one.`)
    return definition.primaryKey
  }

  /** Returns the columns to read: the key, the referenced columns, and the references of a table to itself. */
  #columnsOf(table: string): readonly string[] {
    const referred = this.#references.filter((each) => sameTable(each.references.table, table))
    const own = this.#within(table).flatMap((each) => each.columns)
    return [...new Set([...this.#keyOf(table), ...own, ...referred.flatMap((each) => each.references.columns)])]
  }
}

const keyText = (values: readonly unknown[]): string =>
  JSON.stringify(values.map((value) => (value instanceof Uint8Array ? [...value] : String(value))))

/**
 * Splits rows of one table into layers, referencing rows before referenced ones: some databases check references row by
 * row.
 */
function layers(rows: readonly Row[], within: readonly CascadeReference[]): readonly (readonly Row[])[] {
  if (within.length === 0) return rows.length === 0 ? [] : [rows]
  const byKey = within.map(
    (each) => new Map(rows.map((row) => [keyText(each.references.columns.map((name) => row[name])), row])),
  )
  const depths = new Map<Row, number>()
  const depthOf = (row: Row, trail: ReadonlySet<Row>): number => {
    const known = depths.get(row)
    if (known !== undefined || trail.has(row)) return known ?? 0
    const parents = within.map((each, i) => byKey[i]!.get(keyText(each.columns.map((name) => row[name]))))
    const above = parents.flatMap((parent) => (parent === undefined ? [] : depthOf(parent, new Set([...trail, row]))))
    const depth = above.length === 0 ? 0 : 1 + Math.max(...above)
    depths.set(row, depth)
    return depth
  }
  const made = Map.groupBy(rows, (row) => depthOf(row, new Set()))
  return [...made].sort(([a], [b]) => b - a).map(([, layer]) => layer)
}
