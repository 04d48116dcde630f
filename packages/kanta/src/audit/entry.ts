import { KantaError } from '../error/index.ts'
import type { ChainHead } from './chain.ts'
import { type Image, parseImage, readImage, readValue, redacted, type StoredValue, valueOf } from './image.ts'
import type { NamedTable } from './names.ts'
import type { Entry, Operation } from './record.ts'

/** An entry as the table of the trail holds it. */
export interface EntryRow extends Entry, Omit<ChainHead, 'hash'> {
  readonly hash: string | null
}

/** What one statement did to one row. */
export interface AuditEntry {
  /** Its place in the trail: of two entries the later has the higher number. */
  readonly seq: bigint
  /** The transaction that it was part of; see `transactionOf()`. */
  readonly transaction: string
  readonly at: Date
  readonly schema: string | undefined
  readonly table: string
  /** The key of the row after it, by column. */
  readonly key: Readonly<Record<string, unknown>>
  /** What became of the row. */
  readonly operation: 'insert' | 'update' | 'delete'
  /** What was asked for: a `delete` may have been made an update by a soft delete. */
  readonly asked: string
  readonly actor: unknown
  readonly reason: unknown
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly metadata: unknown
}

/** The images of a row as the database held them. */
export interface Images {
  readonly before: Image | null
  readonly after: Image | null
}

export const imagesOf = (row: EntryRow): Images => ({
  before: row.before_image === null ? null : parseImage(row.before_image),
  after: row.after_image === null ? null : parseImage(row.after_image),
})

/** An entry for the program; of images only the columns that it may read. */
export function entryOf(row: EntryRow, images: Images, { table, toProgram }: NamedTable): AuditEntry {
  const image = (one: Image | null) => (one === null ? null : readImage(one, table.definition, toProgram))
  const whole = (images.after ?? images.before)!
  const key = table.key.map((name): [string, unknown] => {
    const value = whole[name]
    if (value === undefined || value === redacted)
      throw new KantaError('policy', `The key '${name}' of '${table.name}' may not be read.`)
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

/** What is not the same in two images, by column. */
export type Difference = Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>

/**
 * What an entry changed, or what is different between the rows that two entries left: by column, the values before and
 * after. A column that an image does not have is `undefined` there.
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

/** Whether two values of a column are the same to a program. */
function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime()
  const names = Object.keys(one)
  if (names.length !== Object.keys(other).length) return false
  return names.every((name) => isSame((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name]))
}
