import { checkOptions, KantaError } from '../error/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'
import { type ChainHead, hashOf } from './chain.ts'
import type { EntryRow } from './entry.ts'
import type { Settings } from './options.ts'
import { lastRemoved } from './prune.ts'
import { prefixOf } from './record.ts'
import { auditTables } from './table.ts'

export interface VerifyOptions {
  /**
   * Where the chain ended once, kept elsewhere: whoever rewrites all of the chain cannot rewrite that. One whose entry
   * was removed by `prune()` is an error, `not_found`.
   */
  readonly head?: { readonly seq: bigint; readonly hash: string } | undefined
  readonly signal?: AbortSignal | undefined
}

/** What came of a look at the chain. */
export interface Verification {
  readonly valid: boolean
  /** How many entries were found in order. */
  readonly entries: number
  /** The first entry that is not as it was written, and why. */
  readonly broken: { readonly seq: bigint; readonly why: 'changed' | 'missing' } | undefined
  /** Where the chain ends: to be kept elsewhere, for a later `verify({ head })`. */
  readonly head: { readonly seq: bigint; readonly hash: string }
}

const BATCH = 1_000

/** Follows the chain from its first entry, or from the last checkpoint before it, to its end. */
export async function verify(db: DatabaseHandle, settings: Settings, options: VerifyOptions): Promise<Verification> {
  if (!settings.hashChain)
    throw new KantaError('unsupported', 'This trail has no chain to verify. Use audit({ hashChain: true }).')
  checkOptions('verify()', options, ['head', 'signal'])
  return db
    .transaction()
    .execute((transaction) => verifyChain(transaction, settings, options), { signal: options.signal })
}

async function verifyChain(
  db: DatabaseHandle,
  settings: Settings,
  { head: kept }: VerifyOptions,
): Promise<Verification> {
  const { entries, head: headTable } = auditTables(settings.table)
  // Without a lock: writers go on, and what comes after this end is not looked at.
  const [end] = (await db
    .selectFrom(headTable as never)
    .selectAll()
    .execute()) as ChainHead[]
  let { seq, hash } = await chainStart(db, settings)
  if (kept !== undefined && kept.seq < seq)
    throw new KantaError(
      'not_found',
      `The entry ${kept.seq} of the head that was given has been removed, so that nothing can be said of it. Keep a newer one; the trail goes on after ${seq}.`,
    )
  let count = 0
  const broken = (why: 'changed' | 'missing', at: bigint): Verification => ({
    ...{ valid: false, entries: count, broken: { seq: at, why }, head: { seq, hash } },
  })
  if (kept !== undefined && kept.seq === seq && kept.hash !== hash) return broken('changed', seq)
  // A checkpoint says that these were removed; it lies, if it is not itself one of those that are followed.
  const surviving = await firstEntry(db, settings, '<=', seq)
  if (surviving !== undefined) return broken('changed', surviving)
  for (;;) {
    const rows = (await db
      .selectFrom(entries as never)
      .selectAll()
      .where('seq' as never, '>', seq as never)
      .where('seq' as never, '<=', (end?.seq ?? 0n) as never)
      .orderBy('seq' as never)
      .limit(BATCH)
      .execute()) as EntryRow[]
    for (const row of rows) {
      if (row.seq !== seq + 1n) return broken('missing', seq + 1n)
      hash = hashOf(hash, row.seq, row)
      if (hash !== row.hash || !hasIndexedKeys(row)) return broken('changed', row.seq)
      seq = row.seq
      count++
      if (kept !== undefined && kept.seq === seq && kept.hash !== hash) return broken('changed', seq)
    }
    if (rows.length < BATCH) break
  }
  if (end === undefined || seq < end.seq) return broken('missing', seq + 1n)
  if (end.hash !== hash) return broken('changed', seq)
  if (kept !== undefined && kept.seq > seq) return broken('missing', seq + 1n)
  const surplus = await entryAfterEnd(db, settings, seq)
  return surplus === undefined
    ? { valid: true, entries: count, broken: undefined, head: { seq, hash } }
    : broken('changed', surplus)
}

/** Whether an entry is found by its keys: what the index has of them is not in the hash. */
const hasIndexedKeys = (row: EntryRow): boolean =>
  row.key_prefix === prefixOf(row.row_key) &&
  row.previous_prefix === (row.previous_key === null ? null : prefixOf(row.previous_key))

/** The first entry on one side of a place. */
async function firstEntry(
  db: DatabaseHandle,
  settings: Settings,
  side: '<=' | '>',
  seq: bigint,
): Promise<bigint | undefined> {
  const [row] = (await db
    .selectFrom(auditTables(settings.table).entries as never)
    .selectAll()
    .where('seq' as never, side, seq as never)
    .orderBy('seq' as never)
    .limit(1)
    .execute()) as EntryRow[]
  return row?.seq
}

/** An entry with a number that no writer has given yet. */
async function entryAfterEnd(db: DatabaseHandle, settings: Settings, seq: bigint): Promise<bigint | undefined> {
  const first = await firstEntry(db, settings, '>', seq)
  const [now] = (await db
    .selectFrom(auditTables(settings.table).head as never)
    .selectAll()
    .execute()) as ChainHead[]
  return first !== undefined && now !== undefined && first > now.seq ? first : undefined
}

/** What the first entry that is left follows: nothing, or what a checkpoint says of the entries that were removed. */
async function chainStart(db: DatabaseHandle, settings: Settings): Promise<ChainHead> {
  const removed = await lastRemoved(db, settings)
  return removed === undefined ? { seq: 0n, hash: '' } : { seq: BigInt(removed.seq), hash: removed.hash }
}
