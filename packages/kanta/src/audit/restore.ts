import { checkOptions, KantaError } from '../error/index.ts'
import {
  contextOf,
  type DatabaseHandle,
  dialectOf,
  withoutPlugins,
  withStoredValues,
} from '../extend/internal/index.ts'
import { fullName } from '../ir/index.ts'
import { type EntryRow, imagesOf } from './entry.ts'
import { auditFacets } from './facet.ts'
import { type Image, redacted, type StoredRow, type StoredValue, toCell } from './image.ts'
import type { KeyedTable } from './key.ts'
import { type NamedTable, tableOfEntry } from './names.ts'
import type { Settings } from './options.ts'
import { record } from './record.ts'
import { keyCondition, rowsOf, tableOf } from './rows.ts'
import { mayWrite, visibilityOf } from './visibility.ts'

/** Options of `restore()`. */
export interface RestoreOptions {
  /** Values for redacted columns. */
  readonly values?: Readonly<Record<string, unknown>> | undefined
}

/** Restores rows in the transaction of the caller. */
export class Restorer {
  readonly #db: DatabaseHandle
  readonly #settings: Settings
  readonly #values: Readonly<Record<string, unknown>>

  constructor(db: DatabaseHandle, settings: Settings, options: RestoreOptions) {
    checkOptions('restore()', options, ['values'])
    this.#db = db
    this.#settings = settings
    this.#values = options.values ?? {}
  }

  /** Undoes the change of an entry; with `unchanged`, refuses a row that changed since. */
  async undo(row: EntryRow, unchanged = false): Promise<void> {
    const named = tableOfEntry(this.#db, row, this.#settings)
    if (named === undefined)
      throw new KantaError(
        'policy',
        `This database has no table '${row.table_name}', which the entry names. Use a database with that table.`,
      )
    const { before, after } = imagesOf(row)
    const key = keyIn((after ?? before)!, named.table)
    await this.put(named, before, key, unchanged ? { after } : undefined)
  }

  /** Changes the row with a key to its image; deletes it without an image. */
  async put(named: NamedTable, image: Image | null, key: StoredRow, expected?: { after: Image | null }): Promise<void> {
    const { table } = named
    const current = await this.#lockRow(table, key)
    if (expected !== undefined && !matchesImage(current, expected.after)) throw changedError(table)
    this.#refuseHidden(named, image, current)
    if (image === null) {
      if (current !== undefined) await this.#remove(named, current)
      return
    }
    // A row whose key changed gets its old key back, unless another row has it now.
    const target = keyIn(image, table)
    const there = current ?? (await this.#lockRow(table, target))
    if (there === undefined) await this.#add(named, image)
    else await this.#change(named, there, image)
  }

  async #lockRow(table: KeyedTable, key: StoredRow): Promise<StoredRow | undefined> {
    return (await rowsOf(this.#db, table, [key], true))[0]
  }

  /** Refuses rows that the policies hide, both the current and the restored row. */
  #refuseHidden(named: NamedTable, ...images: readonly (Image | null | undefined)[]): void {
    const visibility = visibilityOf(this.#db, named, this.#settings)
    for (const image of images)
      if (image != null && !visibility.isVisible(image))
        throw new KantaError(
          'policy',
          `The policies of this database hide the row of '${fullName(named.table)}'. Restore it with a context that may see it.`,
        )
  }

  /** Refuses to restore a row that the context may not write. */
  #refuseWrite(named: NamedTable, before: StoredRow | undefined, after: StoredRow | undefined): void {
    if (mayWrite(this.#db, named, this.#settings, { before, after })) return
    throw new KantaError(
      'policy',
      `The policies do not allow this context to write the row of '${fullName(named.table)}'. Use a context with that right.`,
    )
  }

  async #add(named: NamedTable, image: Image): Promise<void> {
    const { table } = named
    const values = this.#writable(table, image, undefined)
    this.#refuseWrite(named, undefined, values)
    await withStoredValues(this.#db).insertInto(tableOf(table)).values(asValues(values)).execute()
    await this.#record(table, undefined, values)
  }

  async #change(named: NamedTable, current: StoredRow, image: Image): Promise<void> {
    const { table } = named
    const values = this.#writable(table, image, current)
    this.#refuseWrite(named, current, { ...current, ...values })
    await withStoredValues(this.#db)
      .updateTable(tableOf(table))
      .set(asValues(values))
      .where(keyCondition(table, [current]))
      .execute()
    await this.#record(table, current, values)
  }

  async #remove(named: NamedTable, current: StoredRow): Promise<void> {
    const { table } = named
    this.#refuseWrite(named, current, undefined)
    await withStoredValues(this.#db)
      .deleteFrom(tableOf(table))
      .where(keyCondition(table, [current]))
      .execute()
    await this.#record(table, current, undefined)
  }

  async #record(table: KeyedTable, before: StoredRow | undefined, values: StoredRow | undefined): Promise<void> {
    const key = values === undefined ? undefined : { ...before, ...values }
    const after = key === undefined ? undefined : (await rowsOf(this.#db, table, [key]))[0]
    const context = contextOf(this.#db)
    await record(withoutPlugins(this.#db), this.#settings, table, { asked: 'restore', context }, [{ before, after }])
  }

  /** Returns the values to write. Redacted columns get the value in the options, or stay unchanged. */
  #writable(table: KeyedTable, image: Image, current: StoredRow | undefined): StoredRow {
    const { toParameter } = auditFacets.of(dialectOf(this.#db))
    const values: [string, StoredValue][] = []
    for (const [column, value] of Object.entries(image)) {
      const definition = table.definition?.columns.get(column)
      if (definition?.generated === 'always') continue
      if (value !== redacted) values.push([column, toParameter(value as StoredValue)])
      else if (Object.hasOwn(this.#values, column)) {
        const given = this.#values[column]
        const codec = definition?.codec
        values.push([column, (codec === undefined || given === null ? given : codec.encode(given)) as StoredValue])
      } else if (current === undefined)
        throw new KantaError(
          'conflict',
          `The trail does not store the redacted column '${column}' of '${fullName(table)}'. Give its value: restoreRow(entry, { values: { ${column}: … } }).`,
        )
    }
    return Object.fromEntries(values)
  }
}

const asValues = (row: StoredRow): never => row as never

const keyIn = (image: Image, table: KeyedTable): StoredRow =>
  Object.fromEntries(table.key.map((name) => [name, image[name] as StoredValue]))

/** Returns true if a row equals an image, except in redacted columns. */
function matchesImage(row: StoredRow | undefined, image: Image | null): boolean {
  if (row === undefined || image === null) return row === undefined && image === null
  return Object.entries(image).every(
    ([name, value]) => value === redacted || looseText(row[name]) === looseText(value as StoredValue),
  )
}

/** Returns a value as text that is the same for all types of numbers. */
const looseText = (value: StoredValue | undefined): string | undefined =>
  value === undefined
    ? undefined
    : JSON.stringify(toCell(value, false), (_, one: unknown) => {
        if (typeof one === 'number') return String(one)
        return typeof one === 'object' && one !== null && '$bigint' in one ? one.$bigint : one
      })

const changedError = (table: KeyedTable): KantaError =>
  new KantaError(
    'conflict',
    `A later transaction changed a row of '${fullName(table)}'. Undo the later transactions first, or give { force: true }.`,
  )
