import { checkOptions, KantaError } from '../error/index.ts'
import type { DatabaseHandle } from '../run/index.ts'
import { type Head, hashOf } from './chain.ts'
import type { Row } from './entry.ts'
import type { Settings } from './options.ts'
import { lastRemoved } from './prune.ts'
import { auditTables } from './table.ts'

export interface VerifyOptions {
  /** Where the chain ended once, kept elsewhere: whoever rewrites all of the chain cannot rewrite that. */
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
  return db.transaction().execute((transaction) => follow(transaction, settings, options), { signal: options.signal })
}

async function follow(db: DatabaseHandle, settings: Settings, { head: kept }: VerifyOptions): Promise<Verification> {
  const { entries, head: headTable } = auditTables(settings.table)
  // Without a lock: writers go on, and what comes after this end is not looked at.
  const [end] = (await db
    .selectFrom(headTable as never)
    .selectAll()
    .execute()) as Head[]
  let { seq, hash } = await startOf(db, settings)
  let count = 0
  const broken = (why: 'changed' | 'missing', at: bigint): Verification => ({
    ...{ valid: false, entries: count, broken: { seq: at, why }, head: { seq, hash } },
  })
  for (;;) {
    const rows = (await db
      .selectFrom(entries as never)
      .selectAll()
      .where('seq' as never, '>', seq as never)
      .where('seq' as never, '<=', (end?.seq ?? 0n) as never)
      .orderBy('seq' as never)
      .limit(BATCH)
      .execute()) as Row[]
    for (const row of rows) {
      if (row.seq !== seq + 1n) return broken('missing', seq + 1n)
      hash = hashOf(hash, row.seq, row)
      if (hash !== row.hash) return broken('changed', row.seq)
      seq = row.seq
      count++
      if (kept !== undefined && kept.seq === seq && kept.hash !== hash) return broken('changed', seq)
    }
    if (rows.length < BATCH) break
  }
  if (end === undefined || seq < end.seq) return broken('missing', seq + 1n)
  if (end.hash !== hash) return broken('changed', seq)
  if (kept !== undefined && kept.seq > seq) return broken('missing', seq + 1n)
  const surplus = await afterEnd(db, settings, seq)
  return surplus === undefined
    ? { valid: true, entries: count, broken: undefined, head: { seq, hash } }
    : broken('changed', surplus)
}

/** An entry with a number that no writer has given yet. */
async function afterEnd(db: DatabaseHandle, settings: Settings, seq: bigint): Promise<bigint | undefined> {
  const { entries, head } = auditTables(settings.table)
  const [row] = (await db
    .selectFrom(entries as never)
    .selectAll()
    .where('seq' as never, '>', seq as never)
    .orderBy('seq' as never)
    .limit(1)
    .execute()) as Row[]
  const [now] = (await db
    .selectFrom(head as never)
    .selectAll()
    .execute()) as Head[]
  return row !== undefined && now !== undefined && row.seq > now.seq ? row.seq : undefined
}

/** What the first entry that is left follows: nothing, or what a checkpoint says of the entries that were removed. */
async function startOf(db: DatabaseHandle, settings: Settings): Promise<Head> {
  const removed = await lastRemoved(db, settings)
  return removed === undefined ? { seq: 0n, hash: '' } : { seq: BigInt(removed.seq), hash: removed.hash }
}
