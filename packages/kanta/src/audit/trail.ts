import { KantaError, refuse } from '../error/index.ts'
import { type DatabaseHandle, withoutPlugins, withStoredValues } from '../extend/internal/index.ts'
import { show } from '../sql/index.ts'
import { type AuditEntry, type EntryRow, entryOf, imagesOf } from './entry.ts'
import { readImage, type StoredRow } from './image.ts'
import { keyText, toStoredKey } from './key.ts'
import { type NamedTable, resolveTable, tableOfEntry } from './names.ts'
import type { Settings } from './options.ts'
import { type PruneOptions, prune, trailStart } from './prune.ts'
import { prefixOf } from './record.ts'
import { type RestoreOptions, Restorer } from './restore.ts'
import { rowsOf, tableOf } from './rows.ts'
import { auditTables } from './table.ts'
import { type Verification, type VerifyOptions, verify } from './verify.ts'
import { isRestricted, type RowVisibility, visibilityOf } from './visibility.ts'

/** The key of a row: its value, or an object for a composite key. */
export type RowKey = string | number | bigint | Date | Uint8Array | Readonly<Record<string, unknown>>

/** A past row, by column. */
export type PastRow = Readonly<Record<string, unknown>>

/** A table with its visible rows and columns. */
interface VisibleTable {
  readonly named: NamedTable
  readonly visibility: RowVisibility
}

const BATCH = 1_000

/**
 * The trail of a database, restricted like its tables: it shows an image only if the policies of the handle would show
 * it as a current row.
 */
export class AuditTrail {
  readonly #db: DatabaseHandle
  readonly #settings: Settings

  constructor(db: DatabaseHandle, settings: Settings) {
    this.#db = db
    this.#settings = settings
  }

  /**
   * Returns the entries of a row in order, including those under its former keys.
   *
   * @throws KantaError `invalid_input` for a table that is not audited, `policy` without a context, or for a policy that only the database can evaluate.
   */
  async history(table: string, key: RowKey): Promise<AuditEntry[]> {
    const named = this.#resolve(table)
    const visibility = this.#visibility(named)
    const rows = await this.#entriesOfKey(named, keyText(toStoredKey(key, named.table, named.toDatabase), named.table))
    return rows.flatMap((row) => this.#entry(row, named, visibility) ?? [])
  }

  /** Returns the entries of a transaction, of all tables, in order. */
  async transactionOf(id: string): Promise<AuditEntry[]> {
    if (typeof id !== 'string' || id === '') refuse(`transactionOf(${show(id)}) takes the id of a transaction.`)
    const rows = await this.#readEntries((query) => query.where('transaction_id' as never, '=', id as never))
    const known = new Map<string, VisibleTable | undefined>()
    return rows.flatMap((row) => {
      const full = JSON.stringify([row.schema_name, row.table_name])
      if (!known.has(full)) {
        const named = tableOfEntry(this.#db, row, this.#settings)
        known.set(full, named && { named, visibility: this.#visibility(named) })
      }
      const found = known.get(full)
      return (found && this.#entry(row, found.named, found.visibility)) ?? []
    })
  }

  /**
   * Returns a row as it was at an instant, or `undefined` if there was none; without a key, all rows of the table.
   *
   * @throws KantaError `not_found` for an instant before the trail began, or before what is left of it.
   */
  stateAsOf(table: string, instant: Date): Promise<PastRow[]>
  stateAsOf(table: string, instant: Date, key: RowKey): Promise<PastRow | undefined>
  async stateAsOf(table: string, instant: Date, key?: RowKey): Promise<PastRow[] | PastRow | undefined> {
    if (!(instant instanceof Date) || Number.isNaN(instant.getTime()))
      refuse(`stateAsOf() takes an instant as a Date, not ${show(instant)}.`)
    const named = this.#resolve(table)
    const visibility = this.#visibility(named)
    const own = key === undefined ? undefined : toStoredKey(key, named.table, named.toDatabase)
    // Reads rows before entries, so that the entries contain changes that happen in between.
    const rows = await this.#currentRows(named, own)
    await this.#refuseUnknown(instant)
    const states = new Map<string, StoredRow>(rows.map((row) => [keyText(row, named.table), row]))
    const later =
      own === undefined
        ? await this.#readEntries((query) => this.#ofTable(query, named).where('at', '>', instant))
        : (await this.#entriesOfKey(named, keyText(own, named.table))).filter(({ at }) => at > instant)
    for (const row of later.toReversed()) {
      const { before } = imagesOf(row)
      states.delete(row.row_key)
      if (before !== null) states.set(row.previous_key ?? row.row_key, before as StoredRow)
    }
    const seen = (image: StoredRow): PastRow | undefined => {
      const found = visibility.restrict({ before: image, after: null })?.before
      return found == null ? undefined : readImage(found, named.table.definition, named.toProgram)
    }
    if (own === undefined) return [...states.values()].map(seen).filter((row) => row !== undefined)
    const found = states.get(keyText(own, named.table))
    return found === undefined ? undefined : seen(found)
  }

  /**
   * Restores a row to its state before an entry (deletes it if the entry is an insert), or to its state at an instant.
   * The row gets the same key and values again. The trail records this, too.
   *
   * @throws KantaError `policy` for a row that the policies of the handle hide or do not let it write, `conflict` for a redacted value, `not_found` for an unknown entry.
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
      // The first entry after the instant has the row as it was.
      const key = toStoredKey(what.key, named.table, named.toDatabase)
      await restorer.put(named, imagesOf(row).before, key)
    })
  }

  /**
   * Undoes the changes of a transaction, the last first, in a new transaction.
   *
   * @throws KantaError `conflict` for a row that changed since, unless `force` is true; `not_found` for an unknown transaction.
   */
  async undoTransaction(id: string, options: RestoreOptions & { readonly force?: boolean } = {}): Promise<void> {
    const { force = false, ...rest } = options
    await this.#inTransaction(async (db) => {
      const trail = new AuditTrail(db, this.#settings)
      const rows = await trail.#readEntries((query) => query.where('transaction_id' as never, '=', id as never))
      if (rows.length === 0) throw new KantaError('not_found', `The trail has no transaction ${show(id)}.`)
      const restorer = new Restorer(db, this.#settings, rest)
      for (const row of rows.toReversed()) await restorer.undo(row, !force)
    })
  }

  /** Detects entries that were changed, removed, inserted or reordered after they were written. */
  verify(options: VerifyOptions = {}): Promise<Verification> {
    return verify(this.#withoutPlugins(), this.#settings, options)
  }

  /**
   * Removes old entries of all tables, and returns their number. The rest of the chain can still be verified.
   *
   * @throws KantaError `policy` if the policies of the handle hide rows or columns of a table in the trail, so that a tenant cannot remove the history of others.
   */
  async prune(options: PruneOptions): Promise<number> {
    await this.#refuseRestricted()
    return prune(this.#withoutPlugins(), this.#settings, options)
  }

  async #refuseRestricted(): Promise<void> {
    const { entries } = auditTables(this.#settings.table)
    const tables = (await this.#withoutPlugins()
      .selectFrom(entries as never)
      .select(['schema_name', 'table_name'] as never)
      .where('operation' as never, '!=', 'checkpoint' as never)
      .distinct()
      .execute()) as unknown as readonly Pick<EntryRow, 'schema_name' | 'table_name'>[]
    for (const table of tables) {
      const named = tableOfEntry(this.#db, table, this.#settings)
      if (named === undefined || isRestricted(this.#db, named, this.#settings))
        throw new KantaError(
          'policy',
          `prune() would remove entries of '${table.table_name}' that the policies of this database do not show. Call it on db.unscoped(capability, reason), or on a database without those policies.`,
        )
    }
  }

  #withoutPlugins(): DatabaseHandle {
    return withoutPlugins(this.#db)
  }

  #inTransaction(work: (db: DatabaseHandle) => Promise<void>): Promise<void> {
    return this.#db.transaction().execute(work)
  }

  #resolve(table: string): NamedTable {
    return resolveTable(this.#db, table, this.#settings)
  }

  #visibility(named: NamedTable): RowVisibility {
    return visibilityOf(this.#db, named, this.#settings)
  }

  #entry(row: EntryRow, named: NamedTable, visibility: RowVisibility): AuditEntry | undefined {
    const images = visibility.restrict(imagesOf(row))
    return images === undefined ? undefined : entryOf(row, images, named)
  }

  /** Reads entries in order, in batches. */
  async #readEntries(narrow: (query: TrailQuery) => TrailQuery): Promise<EntryRow[]> {
    const { entries } = auditTables(this.#settings.table)
    const db = this.#withoutPlugins()
    const found: EntryRow[] = []
    for (let last = -1n; ; ) {
      const query = narrow(db.selectFrom(entries as never).selectAll() as unknown as TrailQuery)
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

  #ofTable(query: TrailQuery, { table }: NamedTable): TrailQuery {
    const own = query.where('table_name', '=', table.name)
    return table.schema === undefined
      ? own.where('schema_name', 'is', null)
      : own.where('schema_name', '=', table.schema)
  }

  /** Reads the entries of a row, including those under its former keys. */
  async #entriesOfKey(named: NamedTable, key: string, before?: bigint): Promise<EntryRow[]> {
    const select = (prefix: string, column: 'row_key' | 'previous_key') =>
      this.#readEntries((query) => {
        const own = this.#ofTable(query, named).where(prefix, '=', prefixOf(key)).where(column, '=', key)
        return before === undefined ? own : own.where('seq', '<', before)
      })
    const own = await select('key_prefix', 'row_key')
    // The entry in which the row got another key.
    const left = before === undefined ? await select('previous_prefix', 'previous_key') : []
    const earlier: EntryRow[] = []
    for (const row of own)
      if (row.previous_key !== null && row.previous_key !== key)
        earlier.push(...(await this.#entriesOfKey(named, row.previous_key, row.seq)))
    // A collation may match other keys.
    const exact = [...own.filter((row) => row.row_key === key), ...left.filter((row) => row.previous_key === key)]
    const all = new Map([...earlier, ...exact].map((row) => [row.seq, row]))
    return [...all.values()].sort((a, b) => (a.seq < b.seq ? -1 : 1))
  }

  async #currentRows(named: NamedTable, key: StoredRow | undefined): Promise<StoredRow[]> {
    if (key !== undefined) return rowsOf(this.#db, named.table, [key])
    return (await withStoredValues(this.#db).selectFrom(tableOf(named.table)).selectAll().execute()) as StoredRow[]
  }

  async #bySeq(seq: bigint): Promise<EntryRow> {
    const [row] = await this.#readEntries((query) => query.where('seq', '=', seq))
    return row ?? refuseMissing(`The trail has no entry ${show(seq)}.`)
  }

  async #entryAfter(table: string, key: RowKey, at: Date): Promise<{ row: EntryRow | undefined; named: NamedTable }> {
    const named = this.#resolve(table)
    await this.#refuseUnknown(at)
    const text = keyText(toStoredKey(key, named.table, named.toDatabase), named.table)
    const rows = await this.#entriesOfKey(named, text)
    return { row: rows.find((row) => row.at > at), named }
  }

  /** Refuses an instant before the first entry of the trail. */
  async #refuseUnknown(instant: Date): Promise<void> {
    const since = await trailStart(this.#withoutPlugins(), this.#settings)
    if (since === undefined || since > instant)
      refuseMissing(
        `The trail does not go back to ${instant.toISOString()}: ${since === undefined ? 'it is empty' : `it begins at ${since.toISOString()}`}.`,
      )
  }
}

const refuseMissing = (message: string): never => {
  throw new KantaError('not_found', message)
}

/** A query of the trail table. */
interface TrailQuery {
  where(column: string, op: string, value: unknown): TrailQuery
  orderBy(column: string): TrailQuery
  limit(count: number): TrailQuery
  execute(): Promise<EntryRow[]>
}
