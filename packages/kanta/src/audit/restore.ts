import { checkOptions, KantaError } from '../error/index.ts'
import {
  contextOf,
  type DatabaseHandle,
  dialectOf,
  withoutPlugins,
  withStoredValues,
} from '../extend/internal/index.ts'
import { fullName } from '../ir/index.ts'
import { imagesOf, type Row } from './entry.ts'
import { type Image, redacted, type Stored, type StoredRow, toCell } from './image.ts'
import type { Keyed } from './key.ts'
import { type Named, tableOfEntry } from './names.ts'
import type { Settings } from './options.ts'
import { record } from './record.ts'
import { isOneOf, rowsOf, tableOf } from './rows.ts'
import { mayWrite, scopeOf } from './scope.ts'

export interface RestoreOptions {
  /** Values for columns that the trail never kept, as `redact` says. */
  readonly values?: Readonly<Record<string, unknown>> | undefined
}

/** Puts rows back, in a transaction that somebody else has opened. */
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

  /** Undoes what an entry says; `unchanged` refuses it for a row that was changed since. */
  async undo(row: Row, unchanged = false): Promise<void> {
    const named = tableOfEntry(this.#db, row, this.#settings)
    if (named === undefined)
      throw new KantaError('policy', `The trail holds '${row.table_name}', which is no table of this database handle.`)
    const { before, after } = imagesOf(row)
    const key = keyIn((after ?? before)!, named.table)
    await this.put(named, before, key, unchanged ? { after } : undefined)
  }

  /** Makes the row that has a key now what an image says; without an image takes it away. */
  async put(named: Named, image: Image | null, key: StoredRow, expected?: { after: Image | null }): Promise<void> {
    const { table } = named
    const current = await this.#locked(table, key)
    if (expected !== undefined && !isAs(current, expected.after)) throw changedSince(table)
    this.#refuseHidden(named, image, current)
    if (image === null) {
      if (current !== undefined) await this.#remove(named, current)
      return
    }
    // A row that is elsewhere by now goes back to its own key; one that stands there is another.
    const target = keyIn(image, table)
    const there = current ?? (await this.#locked(table, target))
    if (there === undefined) await this.#add(named, image)
    else await this.#change(named, there, image)
  }

  async #locked(table: Keyed, key: StoredRow): Promise<StoredRow | undefined> {
    return (await rowsOf(this.#db, table, [key], true))[0]
  }

  /** Both what is there and what comes back have to be rows that the policies of the handle show. */
  #refuseHidden(named: Named, ...images: readonly (Image | null | undefined)[]): void {
    const scope = scopeOf(this.#db, named, this.#settings)
    for (const image of images)
      if (image != null && !scope.sees(image))
        throw new KantaError('policy', `The row of '${fullName(named.table)}' is not one that the policies show.`)
  }

  /** To put a row back is to write it: whoever may not do that may not do this. */
  #refuseWrite(named: Named, before: StoredRow | undefined, after: StoredRow | undefined): void {
    if (mayWrite(this.#db, named, this.#settings, { before, after })) return
    throw new KantaError('policy', `The policies do not let the row of '${fullName(named.table)}' be written.`)
  }

  async #add(named: Named, image: Image): Promise<void> {
    const { table } = named
    const values = this.#writable(table, image, undefined)
    this.#refuseWrite(named, undefined, values)
    await withStoredValues(this.#db).insertInto(tableOf(table)).values(asValues(values)).execute()
    await this.#record(table, undefined, values)
  }

  async #change(named: Named, current: StoredRow, image: Image): Promise<void> {
    const { table } = named
    const values = this.#writable(table, image, current)
    this.#refuseWrite(named, current, { ...current, ...values })
    await withStoredValues(this.#db)
      .updateTable(tableOf(table))
      .set(asValues(values))
      .where(isOneOf(table, [current]))
      .execute()
    await this.#record(table, current, values)
  }

  async #remove(named: Named, current: StoredRow): Promise<void> {
    const { table } = named
    this.#refuseWrite(named, current, undefined)
    await withStoredValues(this.#db)
      .deleteFrom(tableOf(table))
      .where(isOneOf(table, [current]))
      .execute()
    await this.#record(table, current, undefined)
  }

  async #record(table: Keyed, before: StoredRow | undefined, values: StoredRow | undefined): Promise<void> {
    const key = values === undefined ? undefined : { ...before, ...values }
    const after = key === undefined ? undefined : (await rowsOf(this.#db, table, [key]))[0]
    const context = contextOf(this.#db)
    await record(withoutPlugins(this.#db), this.#settings, table, { asked: 'restore', context }, [{ before, after }])
  }

  /** The columns of an image that can be written; those that were never kept are given, or stay as they are. */
  #writable(table: Keyed, image: Image, current: StoredRow | undefined): StoredRow {
    const { name } = dialectOf(this.#db)
    const values: [string, Stored][] = []
    for (const [column, value] of Object.entries(image)) {
      const definition = table.definition?.columns.get(column)
      if (definition?.generated === 'always') continue
      if (value !== redacted) values.push([column, name === 'postgres' ? ofFloat(value as Stored) : (value as Stored)])
      else if (Object.hasOwn(this.#values, column)) {
        const given = this.#values[column]
        const codec = definition?.codec
        values.push([column, (codec === undefined || given === null ? given : codec.encode(given)) as Stored])
      } else if (current === undefined)
        throw new KantaError(
          'conflict',
          `The trail never kept '${column}' of '${fullName(table)}'. Give it: restoreRow(entry, { values: { ${column}: … } }).`,
        )
    }
    return Object.fromEntries(values)
  }
}

/** PostgreSQL takes what is no number as text. */
const ofFloat = (value: Stored): Stored => {
  if (Array.isArray(value)) return value.map(ofFloat)
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

const asValues = (row: StoredRow): never => row as never

const keyIn = (image: Image, table: Keyed): StoredRow =>
  Object.fromEntries(table.key.map((name) => [name, image[name] as Stored]))

/** Whether a row is as an image says, as far as that goes. */
function isAs(row: StoredRow | undefined, image: Image | null): boolean {
  if (row === undefined || image === null) return row === undefined && image === null
  return Object.entries(image).every(
    ([name, value]) => value === redacted || loose(row[name]) === loose(value as Stored),
  )
}

/** A value as text, whichever of the types for numbers it has. */
const loose = (value: Stored | undefined): string | undefined =>
  value === undefined
    ? undefined
    : JSON.stringify(toCell(value, false), (_, one: unknown) => {
        if (typeof one === 'number') return String(one)
        return typeof one === 'object' && one !== null && '$bigint' in one ? one.$bigint : one
      })

const changedSince = (table: Keyed): KantaError =>
  new KantaError(
    'conflict',
    `A row of '${fullName(table)}' was changed since. Undo the later transactions before, or give { force: true }.`,
  )
