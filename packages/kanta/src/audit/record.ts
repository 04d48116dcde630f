import { type Context, contextValue } from '../extend/index.ts'
import { type DatabaseHandle, dialectOf, sessionOf } from '../extend/internal/index.ts'
import { fullName } from '../ir/index.ts'
import { Chain, expressionBuilder, RUNNER } from '../sql/index.ts'
import { linkEntries } from './chain.ts'
import { auditFacets } from './facet.ts'
import { imageText, type StoredRow, valueText } from './image.ts'
import { type KeyedTable, keyText } from './key.ts'
import type { Settings } from './options.ts'
import { auditTables, KEY_PREFIX } from './table.ts'

export type Operation = 'insert' | 'update' | 'delete' | 'checkpoint'

/** The change of one row. */
export interface Change {
  readonly before: StoredRow | undefined
  readonly after: StoredRow | undefined
}

/** An entry as a row of the trail table, without its number and its hash. */
export interface Entry {
  readonly transaction_id: string
  readonly at: Date
  readonly schema_name: string | null
  readonly table_name: string
  readonly key_prefix: string
  readonly row_key: string
  readonly previous_prefix: string | null
  readonly previous_key: string | null
  readonly operation: Operation
  readonly asked: string
  readonly actor: string | null
  readonly reason: string | null
  readonly before_image: string | null
  readonly after_image: string | null
  readonly metadata: string | null
}

const ids = new WeakMap<object, string>()

/** Returns the id of the outermost transaction of a statement. */
export function transactionId(db: DatabaseHandle): string {
  let outermost = sessionOf(db).transaction
  while (outermost?.outer !== undefined) outermost = outermost.outer
  if (outermost === undefined) return crypto.randomUUID()
  let id = ids.get(outermost)
  if (id === undefined) {
    id = crypto.randomUUID()
    ids.set(outermost, id)
  }
  return id
}

/** The common values of all entries of one statement. */
interface StatementCause {
  readonly asked: string
  readonly context: Context
}

/** Writes the changes of rows to the trail. Skips unchanged rows. */
export async function record(
  db: DatabaseHandle,
  settings: Settings,
  table: KeyedTable,
  { asked, context }: StatementCause,
  changes: readonly Change[],
): Promise<void> {
  const { actor, reason, metadata } = settings
  const reals = auditFacets.of(dialectOf(db)).hasFloats
  const hidden = settings.redactedColumns(fullName(table))
  const common = {
    transaction_id: transactionId(db),
    at: settings.now(),
    schema_name: table.schema ?? null,
    table_name: table.name,
    asked,
    actor: actor === undefined ? null : valueText(contextValue(actor, context)),
    reason: reason === undefined ? null : valueText(context[reason]),
    metadata: metadata === undefined ? null : valueText(metadata(context)),
  }
  const entries: Entry[] = []
  for (const { before, after } of changes) {
    const was = before === undefined ? null : imageText(before, reals)
    const is = after === undefined ? null : imageText(after, reals)
    if (was === is) continue
    const shown = (row: StoredRow | undefined, whole: string | null | undefined): string | null =>
      row === undefined ? null : hidden === undefined ? whole! : imageText(row, reals, hidden)
    const key = keyText((after ?? before)!, table)
    const old = before === undefined ? key : keyText(before, table)
    entries.push({
      ...common,
      ...keyColumns(key, old === key ? undefined : old),
      operation: before === undefined ? 'insert' : after === undefined ? 'delete' : 'update',
      before_image: shown(before, was),
      after_image: shown(after, is),
    })
  }
  await writeEntries(db, settings, entries)
}

export function keyColumns(
  key: string,
  old: string | undefined,
): Pick<Entry, 'key_prefix' | 'row_key' | 'previous_prefix' | 'previous_key'> {
  return {
    key_prefix: prefixOf(key),
    row_key: key,
    previous_prefix: old === undefined ? null : prefixOf(old),
    previous_key: old ?? null,
  }
}

/** Returns the part of a key that fits into the indexed column, without splitting a surrogate pair. */
export function prefixOf(key: string): string {
  const cut = key.slice(0, KEY_PREFIX)
  return cut.isWellFormed() ? cut : cut.slice(0, -1)
}

/** Writes entries, as links of the chain if the trail has one. */
export async function writeEntries(db: DatabaseHandle, settings: Settings, entries: readonly Entry[]): Promise<void> {
  if (entries.length === 0) return
  if (!settings.hashChain && entries.length === 1) return writeEntry(db, settings.table, entries[0]!)
  const rows = settings.hashChain ? await linkEntries(db, settings.table, entries) : entries
  await db
    .insertInto(auditTables(settings.table).entries as never)
    .values(rows as never)
    .execute()
}

/** The columns of an entry, and the inserts of one into each trail, whose shapes are the same each time. */
const COLUMNS = [
  ...(['transaction_id', 'at', 'schema_name', 'table_name', 'key_prefix', 'row_key', 'previous_prefix'] as const),
  ...(['previous_key', 'operation', 'asked', 'actor', 'reason', 'before_image', 'after_image', 'metadata'] as const),
] satisfies readonly (keyof Entry)[]
const inserts = new Map<string, Chain>()

/** Writes one entry, the most frequent case. */
async function writeEntry(db: DatabaseHandle, table: string, entry: Entry): Promise<void> {
  let insert = inserts.get(table)
  if (insert === undefined) {
    const eb = expressionBuilder()
    const row = Object.fromEntries(COLUMNS.map((column) => [column, eb.val(entry[column])]))
    insert = db.insertInto(auditTables(table).entries as never).values(row as never) as unknown as Chain
    inserts.set(table, insert)
  }
  const values = COLUMNS.map((column) => entry[column])
  await db[RUNNER].execute(new Chain(insert.shape, values, insert.runner))
}
