import { KantaError, refuse } from '../error/index.ts'
import { type DatabaseHandle, withoutPlugins, withStoredValues } from '../extend/internal/index.ts'
import { show } from '../sql/index.ts'
import { type AuditEntry, entryOf, imagesOf, type Row } from './entry.ts'
import { readImage, type StoredRow } from './image.ts'
import { givenKey, keyText } from './key.ts'
import { type Named, namedTable, tableOfEntry } from './names.ts'
import type { Settings } from './options.ts'
import { knownSince, type PruneOptions, prune } from './prune.ts'
import { prefixOf } from './record.ts'
import { type RestoreOptions, Restorer } from './restore.ts'
import { rowsOf, tableOf } from './rows.ts'
import { isScoped, type Scope, scopeOf } from './scope.ts'
import { auditTables } from './table.ts'
import { type Verification, type VerifyOptions, verify } from './verify.ts'

/** The key of a row: its value, or an object of columns where it has several. */
export type RowKey = string | number | bigint | Date | Uint8Array | Readonly<Record<string, unknown>>

/** A row as it was, by column. */
export type PastRow = Readonly<Record<string, unknown>>

/** A table, and what of it may be seen. */
interface Sight {
  readonly named: Named
  readonly scope: Scope
}

const BATCH = 1_000

/**
 * The trail of a database, scoped like its tables: of the images of rows only those are seen that the policies of the
 * handle would show if they were rows now.
 */
export class AuditTrail {
  readonly #db: DatabaseHandle
  readonly #settings: Settings

  constructor(db: DatabaseHandle, settings: Settings) {
    this.#db = db
    this.#settings = settings
  }

  /**
   * What was done to a row, in order, also under the keys that it had before.
   *
   * @throws KantaError `invalid_input` for a table without a trail, `policy` where the context is missing, or where a
   * policy can be answered only by the database.
   */
  async history(table: string, key: RowKey): Promise<AuditEntry[]> {
    const named = this.#named(table)
    const scope = this.#scope(named)
    const rows = await this.#rowsOfKey(named, keyText(givenKey(key, named.table, named.toDatabase), named.table))
    return rows.flatMap((row) => this.#entry(row, named, scope) ?? [])
  }

  /** What a transaction did to all tables, in order. */
  async transactionOf(id: string): Promise<AuditEntry[]> {
    if (typeof id !== 'string' || id === '') refuse(`transactionOf(${show(id)}) takes the id of a transaction.`)
    const rows = await this.#rows((query) => query.where('transaction_id' as never, '=', id as never))
    const known = new Map<string, Sight | undefined>()
    return rows.flatMap((row) => {
      const full = JSON.stringify([row.schema_name, row.table_name])
      if (!known.has(full)) {
        const named = tableOfEntry(this.#db, row, this.#settings)
        known.set(full, named && { named, scope: this.#scope(named) })
      }
      const found = known.get(full)
      return (found && this.#entry(row, found.named, found.scope)) ?? []
    })
  }

  /**
   * A row as it was at an instant, or `undefined` where there was none; without a key, all rows of the table.
   *
   * @throws KantaError `not_found` for an instant before the trail began, or before what is left of it.
   */
  stateAsOf(table: string, instant: Date): Promise<PastRow[]>
  stateAsOf(table: string, instant: Date, key: RowKey): Promise<PastRow | undefined>
  async stateAsOf(table: string, instant: Date, key?: RowKey): Promise<PastRow[] | PastRow | undefined> {
    if (!(instant instanceof Date) || Number.isNaN(instant.getTime()))
      refuse(`stateAsOf() takes an instant as a Date, not ${show(instant)}.`)
    const named = this.#named(table)
    const scope = this.#scope(named)
    const own = key === undefined ? undefined : givenKey(key, named.table, named.toDatabase)
    // Rows before entries: what changes in between is then in the entries, which say how it was.
    const rows = await this.#present(named, own)
    await this.#refuseUnknown(instant)
    const states = new Map<string, StoredRow>(rows.map((row) => [keyText(row, named.table), row]))
    const later =
      own === undefined
        ? await this.#rows((query) => this.#ofTable(query, named).where('at', '>', instant))
        : (await this.#rowsOfKey(named, keyText(own, named.table))).filter(({ at }) => at > instant)
    for (const row of later.toReversed()) {
      const { before } = imagesOf(row)
      states.delete(row.row_key)
      if (before !== null) states.set(row.previous_key ?? row.row_key, before as StoredRow)
    }
    const seen = (image: StoredRow): PastRow | undefined => {
      const found = scope.see({ before: image, after: null })?.before
      return found == null ? undefined : readImage(found, named.table.definition, named.toProgram)
    }
    if (own === undefined) return [...states.values()].map(seen).filter((row) => row !== undefined)
    const found = states.get(keyText(own, named.table))
    return found === undefined ? undefined : seen(found)
  }

  /**
   * Puts a row back as an entry found it (or, of an insert, takes it away); with a key and an instant, as it was then.
   * The row gets its very key and values again. The trail has an entry for it, too.
   *
   * @throws KantaError `policy` for a row that the policies of the handle do not show or let be written, `conflict` for a value that was
   * never kept, `not_found` for an entry that is not there.
   */
  restoreRow(entry: Pick<AuditEntry, 'seq'>, options?: RestoreOptions): Promise<void>
  restoreRow(
    row: { readonly table: string; readonly key: RowKey; readonly at: Date },
    options?: RestoreOptions,
  ): Promise<void>
  async restoreRow(
    what: Pick<AuditEntry, 'seq'> | { readonly table: string; readonly key: RowKey; readonly at: Date },
    options: RestoreOptions = {},
  ): Promise<void> {
    if (typeof what !== 'object' || what === null)
      refuse(`restoreRow() takes an entry of the trail, or { table, key, at }, not ${show(what)}.`)
    await this.#inTransaction(async (db) => {
      const trail = new AuditTrail(db, this.#settings)
      const restorer = new Restorer(db, this.#settings, options)
      if ('seq' in what) return restorer.undo(await trail.#bySeq(what.seq))
      const { row, named } = await trail.#entryAfter(what.table, what.key, what.at)
      if (row === undefined) return
      // What came after the instant is undone by its first entry: that knows the row as it was.
      const key = givenKey(what.key, named.table, named.toDatabase)
      await restorer.put(named, imagesOf(row).before, key)
    })
  }

  /**
   * Undoes what a transaction did, the last first, in a transaction of its own.
   *
   * @throws KantaError `conflict` for a row that was changed since, unless `force` is given; `not_found` for a
   * transaction that the trail does not know.
   */
  async undoTransaction(id: string, options: RestoreOptions & { readonly force?: boolean } = {}): Promise<void> {
    const { force = false, ...rest } = options
    await this.#inTransaction(async (db) => {
      const trail = new AuditTrail(db, this.#settings)
      const rows = await trail.#rows((query) => query.where('transaction_id' as never, '=', id as never))
      if (rows.length === 0) throw new KantaError('not_found', `The trail has no transaction ${show(id)}.`)
      const restorer = new Restorer(db, this.#settings, rest)
      for (const row of rows.toReversed()) await restorer.undo(row, !force)
    })
  }

  /** Looks for entries that were changed, removed, inserted or put in another order since they were written. */
  verify(options: VerifyOptions = {}): Promise<Verification> {
    return verify(this.#plain(), this.#settings, options)
  }

  /**
   * Removes old entries of all tables and rows. The chain of what is left can still be verified. Gives how many were
   * removed.
   *
   * @throws KantaError `policy` where the policies of the handle keep rows or columns of a table of the trail from it:
   * a tenant does not remove the history of the others.
   */
  async prune(options: PruneOptions): Promise<number> {
    await this.#refuseScoped()
    return prune(this.#plain(), this.#settings, options)
  }

  async #refuseScoped(): Promise<void> {
    const { entries } = auditTables(this.#settings.table)
    const tables = (await this.#plain()
      .selectFrom(entries as never)
      .select(['schema_name', 'table_name'] as never)
      .where('operation' as never, '!=', 'checkpoint' as never)
      .distinct()
      .execute()) as unknown as readonly Pick<Row, 'schema_name' | 'table_name'>[]
    for (const table of tables) {
      const named = tableOfEntry(this.#db, table, this.#settings)
      if (named === undefined || isScoped(this.#db, named, this.#settings))
        throw new KantaError(
          'policy',
          `prune() would remove entries of '${table.table_name}' that the policies of this database do not show. Call it on db.unscoped(capability, reason), or on a database without those policies.`,
        )
    }
  }

  #plain(): DatabaseHandle {
    return withoutPlugins(this.#db)
  }

  #inTransaction(work: (db: DatabaseHandle) => Promise<void>): Promise<void> {
    return this.#db.transaction().execute(work)
  }

  #named(table: string): Named {
    return namedTable(this.#db, table, this.#settings)
  }

  #scope(named: Named): Scope {
    return scopeOf(this.#db, named, this.#settings)
  }

  #entry(row: Row, named: Named, scope: Scope): AuditEntry | undefined {
    const images = scope.see(imagesOf(row))
    return images === undefined ? undefined : entryOf(row, images, named)
  }

  /** Entries of rows in their order, read in batches. */
  async #rows(narrow: (query: Query) => Query): Promise<Row[]> {
    const { entries } = auditTables(this.#settings.table)
    const db = this.#plain()
    const found: Row[] = []
    for (let last = -1n; ; ) {
      const query = narrow(db.selectFrom(entries as never).selectAll() as unknown as Query)
      const rows = await query
        .where('operation', '!=', 'checkpoint')
        .where('seq', '>', last)
        .orderBy('seq')
        .limit(BATCH)
        .execute()
      found.push(...rows)
      if (rows.length < BATCH) return found
      last = rows.at(-1)!.seq
    }
  }

  #ofTable(query: Query, { table }: Named): Query {
    const own = query.where('table_name', '=', table.name)
    return table.schema === undefined
      ? own.where('schema_name', 'is', null)
      : own.where('schema_name', '=', table.schema)
  }

  /** The entries of a row, and of the rows that it was before its key changed. */
  async #rowsOfKey(named: Named, key: string, before?: bigint): Promise<Row[]> {
    const select = (prefix: string, column: 'row_key' | 'previous_key') =>
      this.#rows((query) => {
        const own = this.#ofTable(query, named).where(prefix, '=', prefixOf(key)).where(column, '=', key)
        return before === undefined ? own : own.where('seq', '<', before)
      })
    const own = await select('key_prefix', 'row_key')
    // The entry that says where the row went.
    const left = before === undefined ? await select('previous_prefix', 'previous_key') : []
    const earlier: Row[] = []
    for (const row of own)
      if (row.previous_key !== null && row.previous_key !== key)
        earlier.push(...(await this.#rowsOfKey(named, row.previous_key, row.seq)))
    // Collations may take other keys for this one.
    const exact = [...own.filter((row) => row.row_key === key), ...left.filter((row) => row.previous_key === key)]
    const all = new Map([...earlier, ...exact].map((row) => [row.seq, row]))
    return [...all.values()].sort((a, b) => (a.seq < b.seq ? -1 : 1))
  }

  async #present(named: Named, key: StoredRow | undefined): Promise<StoredRow[]> {
    if (key !== undefined) return rowsOf(this.#db, named.table, [key])
    return (await withStoredValues(this.#db).selectFrom(tableOf(named.table)).selectAll().execute()) as StoredRow[]
  }

  async #bySeq(seq: bigint): Promise<Row> {
    const [row] = await this.#rows((query) => query.where('seq', '=', seq))
    return row ?? refuseMissing(`The trail has no entry ${show(seq)}.`)
  }

  async #entryAfter(table: string, key: RowKey, at: Date): Promise<{ row: Row | undefined; named: Named }> {
    const named = this.#named(table)
    await this.#refuseUnknown(at)
    const text = keyText(givenKey(key, named.table, named.toDatabase), named.table)
    const rows = await this.#rowsOfKey(named, text)
    return { row: rows.find((row) => row.at > at), named }
  }

  /** The trail knows nothing of what was before its first entry. */
  async #refuseUnknown(instant: Date): Promise<void> {
    const since = await knownSince(this.#plain(), this.#settings)
    if (since === undefined || since > instant)
      refuseMissing(
        `The trail does not go back to ${instant.toISOString()}: ${since === undefined ? 'it is empty' : `it begins at ${since.toISOString()}`}.`,
      )
  }
}

const refuseMissing = (message: string): never => {
  throw new KantaError('not_found', message)
}

/** A query of the trail. */
interface Query {
  where(column: string, op: string, value: unknown): Query
  orderBy(column: string): Query
  limit(count: number): Query
  execute(): Promise<Row[]>
}
