import { checkOptions, refuse } from '../error/index.ts'
import { type DatabaseHandle, throwIfAborted } from '../extend/internal/index.ts'
import { show } from '../sql/index.ts'
import { lockHead } from './chain.ts'
import type { EntryRow } from './entry.ts'
import type { Settings } from './options.ts'
import { type Entry, keyColumns, transactionId, writeEntries } from './record.ts'
import { auditTables } from './table.ts'

/** Options of `prune()`. */
export interface PruneOptions {
  /** Removes the entries that were written before this. */
  readonly before: Date
  /** The number of entries to remove in one transaction; 1,000 by default. */
  readonly batch?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Removes entries from the beginning of the trail. Each batch writes a checkpoint, which marks where the rest
 * continues.
 */
export async function prune(db: DatabaseHandle, settings: Settings, options: PruneOptions): Promise<number> {
  checkOptions('prune()', options, ['before', 'batch', 'signal'])
  const { before, batch = 1_000, signal } = options
  if (!(before instanceof Date) || Number.isNaN(before.getTime()))
    refuse(`prune({ before }) takes a Date, not ${show(before)}.`)
  if (!Number.isInteger(batch) || batch < 1) refuse(`prune({ batch }) must be a number of entries, not ${show(batch)}.`)
  let removed = 0
  for (;;) {
    throwIfAborted(signal)
    const some = await db
      .transaction()
      .execute((transaction) => pruneBatch(transaction, settings, before, batch), { signal })
    removed += some
    if (some < batch) return removed
  }
}

async function pruneBatch(db: DatabaseHandle, settings: Settings, before: Date, batch: number): Promise<number> {
  const { entries } = auditTables(settings.table)
  if (settings.hashChain) await lockHead(db, settings.table)
  const rows = (await db
    .selectFrom(entries as never)
    .selectAll()
    .orderBy('seq' as never)
    .limit(batch)
    .execute()) as EntryRow[]
  // Removes only entries before the first one that stays, so that the rest has no gap.
  const stays = rows.findIndex((row) => row.at >= before)
  const old = stays < 0 ? rows : rows.slice(0, stays)
  const last = old.at(-1)
  if (last === undefined || old.every((row) => row.operation === 'checkpoint')) return 0
  await db
    .deleteFrom(entries as never)
    .where('seq' as never, '<=', last.seq as never)
    .execute()
  const after = { seq: String(last.seq), hash: last.hash ?? '', at: last.at.toISOString() }
  await writeEntries(db, settings, [checkpoint(db, settings, JSON.stringify(after))])
  return old.length
}

/** Creates an entry about the trail itself: it begins, or entries before a position were removed. */
export function checkpoint(db: DatabaseHandle, settings: Settings, after: string | null): Entry {
  return {
    transaction_id: transactionId(db),
    at: settings.now(),
    schema_name: null,
    table_name: settings.table,
    ...keyColumns('null', undefined),
    operation: 'checkpoint',
    asked: after === null ? 'begin' : 'prune',
    actor: null,
    reason: null,
    before_image: null,
    after_image: after,
    metadata: null,
  }
}

/** The last removed entry, as a checkpoint stores it. */
interface RemovedEntry {
  readonly seq: string
  readonly hash: string
  readonly at: string
}

/** Returns the last removed entry; `undefined` if none was removed. */
export async function lastRemoved(db: DatabaseHandle, settings: Settings): Promise<RemovedEntry | undefined> {
  const { entries } = auditTables(settings.table)
  const [row] = (await db
    .selectFrom(entries as never)
    .selectAll()
    .where('operation' as never, '=', 'checkpoint' as never)
    .where('after_image' as never, 'is not', null as never)
    .orderBy('seq' as never, 'desc')
    .limit(1)
    .execute()) as EntryRow[]
  return row === undefined ? undefined : (JSON.parse(row.after_image!) as RemovedEntry)
}

/** Returns the time from which the trail is complete. */
export async function trailStart(db: DatabaseHandle, settings: Settings): Promise<Date | undefined> {
  const removed = await lastRemoved(db, settings)
  if (removed !== undefined) return new Date(removed.at)
  const { entries } = auditTables(settings.table)
  const query = db.selectFrom(entries as never).selectAll()
  const [first] = (await query
    .orderBy('seq' as never)
    .limit(1)
    .execute()) as EntryRow[]
  return first?.at
}
