import { KantaError } from '../error/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import type { Entry } from './record.ts'
import { sha256 } from './sha256.ts'
import { auditTables } from './table.ts'

/** The end of a hash chain. */
export interface ChainHead {
  readonly seq: bigint
  readonly hash: string
}

/** An entry with its position in the chain. */
export interface ChainLink extends Entry, ChainHead {}

const utf8 = new TextEncoder()

/**
 * Returns the hash of an entry, which covers the hash of the previous entry: SHA-256 over a list in JSON, as in
 * https://datatracker.ietf.org/doc/html/rfc6962#section-2 but for a chain instead of a tree.
 */
export function hashOf(previous: string, seq: bigint, entry: Entry): string {
  const { before_image, after_image, metadata, previous_key } = entry
  const parts = [
    ...[previous, String(seq), entry.transaction_id, entry.at.toISOString(), entry.schema_name, entry.table_name],
    ...[entry.row_key, previous_key, entry.operation, entry.asked, entry.actor, entry.reason],
    ...[before_image, after_image, metadata],
  ]
  return sha256(utf8.encode(JSON.stringify(parts)))
}

/** Appends entries to the chain. Locks its end until the transaction ends, so that it cannot fork. */
export async function linkEntries(db: DatabaseHandle, table: string, entries: readonly Entry[]): Promise<ChainLink[]> {
  const { head } = auditTables(table)
  let { seq, hash } = await lockHead(db, table)
  const links: ChainLink[] = []
  for (const entry of entries) {
    seq++
    hash = hashOf(hash, seq, entry)
    links.push({ ...entry, seq, hash })
  }
  await db
    .updateTable(head as never)
    .set({ seq, hash } as never)
    .where('id' as never, '=', 1 as never)
    .execute()
  return links
}

/** Reads the end of the chain and locks it until the transaction ends. */
export async function lockHead(db: DatabaseHandle, table: string): Promise<ChainHead> {
  const { head } = auditTables(table)
  const query = db
    .selectFrom(head as never)
    .selectAll()
    .where('id' as never, '=', 1 as never)
  const locking = dialectOf(db).capabilities.locks ? query.forUpdate() : query
  const [found] = (await locking.execute()) as ChainHead[]
  if (found === undefined)
    throw new KantaError(
      'plugin',
      `The head table of the audit trail '${table}' is empty. Let audit() start the trail.`,
    )
  return found
}
