import { checkOptions, KantaError, refuse } from '../error/index.ts'
import { throwIfAborted } from '../extend/internal/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import { definitionOf, type TableDefinition } from '../table/index.ts'
import { keyOfRow } from './key.ts'
import { atomically, type Narrow, type Rows, type Values } from './rows.ts'

/** Options of what goes over many rows, part by part. */
export interface PartOptions {
  /** The rows of a part, each of which is one transaction; 1,000 unless given. */
  readonly batchSize?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Called after each part with the number of rows so far. */
  readonly onProgress?: ((count: number) => void) | undefined
}

/** The place of archived rows: a table of the same columns, or work of one's own in the same transaction. */
export interface ArchiveOptions extends PartOptions {
  readonly into: unknown
}

const MEMBERS = ['batchSize', 'signal', 'onProgress']
type Condition = (keys: readonly Values[]) => Narrow

/** Deletes the rows of a condition part by part, and gives their number. What was deleted stays so if it is stopped. */
export function purge(
  rows: Rows,
  narrow: Narrow,
  byKeys: (rows: Rows) => Condition,
  options: PartOptions,
): Promise<number> {
  checkOptions('purgeByFilter()', options, MEMBERS)
  return inParts(rows, narrow, byKeys, options, async () => {})
}

/** Copies the rows of a condition part by part, and deletes them. */
export function archive(
  rows: Rows,
  narrow: Narrow,
  byKeys: (rows: Rows) => Condition,
  options: ArchiveOptions,
): Promise<number> {
  checkOptions('archiveByFilter()', options, ['into', ...MEMBERS])
  const { into } = options
  if (typeof into === 'function' && definitionOf(into) === undefined)
    return inParts(rows, narrow, byKeys, options, async (found, inner) => {
      await (into as (rows: readonly Values[], db: unknown) => unknown)(found, inner.db)
    })
  const target = tableNameOf(into, rows.table)
  return inParts(rows, narrow, byKeys, options, async (found, inner) => {
    await inner.db.insertInto(target).values(found).execute()
  })
}

function tableNameOf(into: unknown, table: TableDefinition): string {
  const definition = definitionOf(into)
  const name = definition === undefined ? into : fullName(definition)
  if (typeof name !== 'string' || name === '' || name === fullName(table))
    return refuse(
      `archiveByFilter({ into: ${show(into)} }): give another table, or a callback: async (rows, trx) => { … }.`,
    )
  return name
}

async function inParts(
  rows: Rows,
  narrow: Narrow,
  byKeys: (rows: Rows) => Condition,
  { batchSize = 1_000, signal, onProgress }: PartOptions,
  before: (found: readonly Values[], rows: Rows) => Promise<void>,
): Promise<number> {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1)
    refuse(`batchSize is ${show(batchSize)}. Give a whole number of rows from 1.`)
  let count = 0
  for (;;) {
    throwIfAborted(signal)
    const done = await atomically(rows.db, async (trx) => {
      const inner = rows.in(trx)
      const sort = rows.table.primaryKey.map((column) => ({ column }))
      const found = await inner.lock(narrow, { sort, limit: batchSize })
      if (found.length === 0) return 0
      await before(found, inner)
      const deleted = await inner.deleteAll(byKeys(inner)(found.map((row) => keyOfRow(rows.table, row))))
      if (deleted !== found.length)
        throw new KantaError(
          'policy',
          `${found.length} rows of '${rows.name}' were found, and ${deleted} deleted: a policy keeps the others.`,
          { table: rows.name },
        )
      return deleted
    })
    if (done === 0) return count
    count += done
    onProgress?.(count)
  }
}
