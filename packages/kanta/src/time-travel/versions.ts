import { refuse } from '../error/index.ts'
import { type DatabaseHandle, policiesOf, started } from '../extend/internal/index.ts'
import { show } from '../sql/index.ts'
import { OPEN, toText } from './instant.ts'
import { HISTORY_COLUMNS } from './name.ts'

/** A row as it was for some time. */
export interface Version<R> {
  readonly row: R
  /** The instant from which on it was so, as text with microseconds, which `asOf()` takes. */
  readonly from: string
  /** The instant at which it ended; `undefined` for what is still so. */
  readonly to: string | undefined
}

/** All versions of the row with a key, the first first. */
export async function versionsOf(
  db: DatabaseHandle,
  table: string,
  key: unknown,
  names: () => readonly string[],
): Promise<Version<Record<string, unknown>>[]> {
  if (typeof key !== 'object' || key === null || Object.keys(key).length === 0)
    return refuse(`versionsOf() takes the key of a row, such as { id: 1 }, not ${show(key)}.`)
  await started(db)
  if (Object.keys(key).length !== names().length)
    return refuse(`versionsOf() takes the whole key of '${table}': ${names().join(', ')}.`)
  let query = (db as never as Loose).selectFrom(table).selectAll()
  for (const [column, value] of Object.entries(key)) query = query.where(column, '=', value)
  const rows = await query.orderBy('history_from').orderBy('history_to').orderBy('history_id').execute()
  // Plugins may give columns other names.
  const named = (column: string): string =>
    policiesOf(db).reduce((made, policy) => policy.renameColumn?.(made) ?? made, column)
  const own = Object.values(HISTORY_COLUMNS).map(named)
  const versions = rows.map((found) => {
    const row = Object.fromEntries(Object.entries(found).filter(([column]) => !own.includes(column)))
    const [from, to] = [Number(found[named(HISTORY_COLUMNS.from)]), Number(found[named(HISTORY_COLUMNS.to)])]
    return { row, from, to }
  })
  // What came and went within one instant was at no instant; what MariaDB wrote by clocks that crossed ends with the next.
  const seen = versions.filter(({ from, to }) => from < to)
  return seen.map(({ row, from, to }, i) => {
    const end = Math.min(to, seen[i + 1]?.from ?? OPEN)
    return { row, from: toText(from), to: end >= OPEN ? undefined : toText(end) }
  })
}

interface Loose {
  selectFrom(table: string): Loose
  selectAll(): Loose
  where(column: string, op: string, value: unknown): Loose
  orderBy(column: string): Loose
  execute(): Promise<Record<string, unknown>[]>
}
