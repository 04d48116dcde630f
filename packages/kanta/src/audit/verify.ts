import { checkOptions, KantaError } from '../error/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'
import { type ChainHead, hashOf } from './chain.ts'
import type { EntryRow } from './entry.ts'
import type { Settings } from './options.ts'
import { lastRemoved } from './prune.ts'
import { prefixOf } from './record.ts'
import { auditTables } from './table.ts'

/** Options of `verify()`. */
export interface VerifyOptions {
  /**
   * A former end of the chain that you stored elsewhere, where an attacker who rewrites the whole chain cannot change
   * it. If `prune()` has removed its entry, `verify()` throws `not_found`.
   */
  readonly head?: { readonly seq: bigint; readonly hash: string } | undefined
  readonly signal?: AbortSignal | undefined
}

/** The result of `verify()`. */
export interface Verification {
  readonly valid: boolean
  /** The number of valid entries. */
  readonly entries: number
  /** The first entry that is not valid, and the reason. */
  readonly broken: { readonly seq: bigint; readonly why: 'changed' | 'missing' } | undefined
  /** The end of the chain. Store it elsewhere for a later `verify({ head })`. */
  readonly head: { readonly seq: bigint; readonly hash: string }
}

const BATCH = 1_000

/** Verifies the chain from its first entry, or from the last checkpoint, to its end. */
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
  // Takes no lock, so that writers continue; ignores entries after this end.
  const [end] = (await db
    .selectFrom(headTable as never)
    .selectAll()
    .execute()) as ChainHead[]
  let { seq, hash } = await chainStart(db, settings)
  if (kept !== undefined && kept.seq < seq)
    throw new KantaError(
      'not_found',
      `The entry ${kept.seq} of the given head has been removed, so that verify() cannot check it. Give a newer head; the trail continues after ${seq}.`,
    )
  let count = 0
  const broken = (why: 'changed' | 'missing', at: bigint): Verification => ({
    ...{ valid: false, entries: count, broken: { seq: at, why }, head: { seq, hash } },
  })
  if (kept !== undefined && kept.seq === seq && kept.hash !== hash) return broken('changed', seq)
  // The checkpoint claims that these entries were removed.
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

/** Returns true if the indexed prefixes of the keys are correct, since the hash does not cover them. */
const hasIndexedKeys = (row: EntryRow): boolean =>
  row.key_prefix === prefixOf(row.row_key) &&
  row.previous_prefix === (row.previous_key === null ? null : prefixOf(row.previous_key))

/** Returns the first entry on one side of a position. */
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

/** Returns an entry beyond the current end of the chain, which no writer made. */
async function entryAfterEnd(db: DatabaseHandle, settings: Settings, seq: bigint): Promise<bigint | undefined> {
  const first = await firstEntry(db, settings, '>', seq)
  const [now] = (await db
    .selectFrom(auditTables(settings.table).head as never)
    .selectAll()
    .execute()) as ChainHead[]
  return first !== undefined && now !== undefined && first > now.seq ? first : undefined
}

/** Returns the end of the removed part of the chain, from the last checkpoint, or the empty start. */
async function chainStart(db: DatabaseHandle, settings: Settings): Promise<ChainHead> {
  const removed = await lastRemoved(db, settings)
  return removed === undefined ? { seq: 0n, hash: '' } : { seq: BigInt(removed.seq), hash: removed.hash }
}
