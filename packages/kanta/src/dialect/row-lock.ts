import type { Node } from '../ir/index.ts'
import type { Dialect } from './dialect.ts'

/**
 * Returns the lock of rows that a write takes itself, for a query that reads them first. An update leaves the keys to
 * foreign keys: with a stronger lock it would wait for rows that only refer to this one, and these for it.
 */
export function rowLocks(
  { capabilities }: Dialect,
  write: 'update' | 'delete',
  of: readonly string[] = [],
): readonly Node[] {
  if (!capabilities.locks) return []
  return [{ kind: 'lock', strength: write === 'update' && capabilities.keyLocks ? 'no key update' : 'update', of }]
}
