import type { Difference } from 'kanta/audit'

/** What plugins write themselves, and what tells nothing to a reader. */
const QUIET: ReadonlySet<string> = new Set(['id', 'agency', 'created_at', 'updated_at', 'deletion'])

/** What changed in a row, in words. */
export function spell(difference: Difference): string {
  const parts = Object.entries(difference)
    .filter(([column, { before, after }]) => !QUIET.has(column) && (before ?? null) !== (after ?? null))
    .map(([column, { before, after }]) => `${column.replaceAll('_', ' ')} ${value(before)} → ${value(after)}`)
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

function value(given: unknown): string {
  if (given === null || given === undefined) return '–'
  return given instanceof Date ? given.toISOString().slice(11, 19) : String(given)
}
