import { type KantaError, nearest } from '../error/index.ts'
import type { Facts } from '../plan/index.ts'

/** Adds to the error of a table that the schema does not have, and that is not there, which tables it has. */
export function addNearestTable(
  error: KantaError,
  { reads, writes }: Facts,
  schema: ReadonlyMap<string, unknown>,
): void {
  if (error.code !== 'query' || schema.size === 0) return
  const missing = [...reads, ...writes].find((name) => !schema.has(name) && error.message.includes(name))
  if (missing === undefined) return
  const like = nearest(missing, schema.keys())
  error.message +=
    like === undefined ? ` The schema has: ${[...schema.keys()].slice(0, 20).join(', ')}.` : ` Did you mean '${like}'?`
}
