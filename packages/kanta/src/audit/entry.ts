import { KantaError } from '../error/index.ts'
import type { ChainHead } from './chain.ts'
import { type Image, parseImage, readImage, readValue, redacted, type StoredValue, valueOf } from './image.ts'
import type { NamedTable } from './names.ts'
import type { Entry, Operation } from './record.ts'

/** An entry as a row of the trail table. */
export interface EntryRow extends Entry, Omit<ChainHead, 'hash'> {
  readonly hash: string | null
}

/** The change of one row by one statement. */
export interface AuditEntry {
  /** The position in the trail. A later entry has a higher number. */
  readonly seq: bigint
  /** The id of the transaction; see `transactionOf()`. */
  readonly transaction: string
  readonly at: Date
  readonly schema: string | undefined
  readonly table: string
  /** The key of the row after the change, by column. */
  readonly key: Readonly<Record<string, unknown>>
  /** The effect on the row. */
  readonly operation: 'insert' | 'update' | 'delete'
  /** The statement of the program: a soft delete turns a `delete` into an update. */
  readonly asked: string
  readonly actor: unknown
  readonly reason: unknown
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly metadata: unknown
}

/** The images of a row as the database stored them. */
export interface Images {
  readonly before: Image | null
  readonly after: Image | null
}

export const imagesOf = (row: EntryRow): Images => ({
  before: row.before_image === null ? null : parseImage(row.before_image),
  after: row.after_image === null ? null : parseImage(row.after_image),
})

/** Returns an entry for the program, whose images have only the columns that it may read. */
export function entryOf(row: EntryRow, images: Images, { table, toProgram }: NamedTable): AuditEntry {
  const image = (one: Image | null) => (one === null ? null : readImage(one, table.definition, toProgram))
  const whole = (images.after ?? images.before)!
  const key = table.key.map((name): [string, unknown] => {
    const value = whole[name]
    if (value === undefined || value === redacted)
      throw new KantaError(
        'policy',
        `The policies do not let this context read the key '${name}' of '${table.name}'. Use a context with that right.`,
      )
    return [toProgram(name), readValue(value as StoredValue, table.definition?.columns.get(name)?.codec)]
  })
  return {
    seq: row.seq,
    transaction: row.transaction_id,
    at: row.at,
    schema: row.schema_name ?? undefined,
    table: row.table_name,
    key: Object.fromEntries(key),
    operation: row.operation as Exclude<Operation, 'checkpoint'>,
    asked: row.asked,
    actor: valueOf(row.actor),
    reason: valueOf(row.reason),
    before: image(images.before),
    after: image(images.after),
    metadata: valueOf(row.metadata),
  }
}

/** The differences between two images, by column. */
export type Difference = Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>

/**
 * Returns the changes of an entry, or the differences between the rows after two entries: the values before and after,
 * by column. A column that an image lacks is `undefined`.
 *
 * @example
 * ```ts
 * import { diff } from 'kanta/audit'
 *
 * diff({ before: { id: 1, name: 'Abo' }, after: { id: 1, name: 'Turku' } }) // { name: { before: 'Abo', after: 'Turku' } }
 * ```
 */
export function diff(entry: Pick<AuditEntry, 'before' | 'after'>, later?: Pick<AuditEntry, 'after'>): Difference {
  const [before, after] = later === undefined ? [entry.before, entry.after] : [entry.after, later.after]
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
  const found: [string, { before: unknown; after: unknown }][] = []
  for (const name of names) {
    const [was, is] = [before?.[name], after?.[name]]
    if (!isSame(was, is)) found.push([name, { before: was, after: is }])
  }
  return Object.fromEntries(found)
}

/** Returns true if two values of a column are equal to a program. */
function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime()
  const names = Object.keys(one)
  if (names.length !== Object.keys(other).length) return false
  return names.every((name) => isSame((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name]))
}
