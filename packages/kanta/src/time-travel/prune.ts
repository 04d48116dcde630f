import { checkOptions, KantaError, refuse } from '../error/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import { type Micros, toMicros } from './instant.ts'
import { affectedBy, beganOf, dialectOf, type Keeper, keeperOf, nowOf, rowsOf, run } from './keep.ts'
import { beside, historyOf, quoted, RECORD, tableName } from './name.ts'
import { seconds } from './source.ts'

/** How `pruneHistory()` goes about it. */
export interface PruneOptions {
  /** How many versions one statement takes away; 1,000 unless given. */
  readonly batch?: number | undefined
}

/**
 * Forgets what a table was before an instant: first its history begins there, so that earlier instants are an error,
 * then the versions that ended before are taken away in batches. Gives their number.
 *
 * @throws KantaError `invalid_input` for an instant in the future, `not_found` where no history has begun.
 *
 * @example
 * ```ts
 * const month = 30 * 24 * 60 * 60 * 1000
 * await pruneHistory(db, 'seat', new Date(Date.now() - month)) // 0
 * ```
 */
export async function pruneHistory<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  table: string,
  before: Date | string,
  options: PruneOptions = {},
): Promise<number> {
  const name = tableName(table)
  const at = toMicros(before, 'pruneHistory()')
  checkOptions('pruneHistory()', options, ['batch'])
  const { batch = 1000 } = options
  if (!Number.isSafeInteger(batch) || batch < 1) refuse(`batch is a number of versions, not ${show(batch)}.`)
  const keeper = keeperOf(db, 'pruneHistory()')
  const dialect = dialectOf(keeper)
  if ((await beganOf(keeper, name)) === undefined)
    throw new KantaError('not_found', `The history of '${fullName(name)}' has not begun.`)
  if (at > (await nowOf(keeper)) + 999) refuse('pruneHistory() was given an instant in the future.')
  const record = quoted(beside(name, RECORD), dialect)
  const which = `table_name = ${dialect.literal(name.name)}`
  await run(keeper, `update ${record} set began = ${at} where ${which} and began < ${at}`)
  if (dialect.name === 'mariadb') return pruneNative(keeper, quoted(name, dialect), at, batch)
  const history = quoted(beside(name, historyOf(name.name)), dialect)
  const some = `select history_id from ${history} where history_to <= ${at} limit ${batch}`
  let removed = 0
  for (;;) {
    const count = await affectedBy(keeper, `delete from ${history} where history_id in (${some})`)
    removed += count
    if (count < batch) return removed
  }
}

/** MariaDB takes history away by time only, so a batch ends where as many versions have ended. */
async function pruneNative(db: Keeper, table: string, at: Micros, batch: number): Promise<number> {
  let removed = 0
  for (;;) {
    const [last] = await rowsOf<{ at: number | string | bigint }>(
      db,
      `select cast(unix_timestamp(row_end) * 1000000 as signed) as \`at\` from ${table} for system_time all
      where row_end <= from_unixtime(${seconds(at)}) order by row_end limit 1 offset ${batch - 1}`,
    )
    const until = Math.min(at, last === undefined ? at : Number(last.at)) + 1
    removed += await affectedBy(db, `delete history from ${table} before system_time from_unixtime(${seconds(until)})`)
    if (last === undefined) return removed
  }
}
