import { checkOptions, KantaError, refuse } from '../error/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import { textOf } from './facet.ts'
import { toMicros } from './instant.ts'
import { beganOf, nowOf } from './keep.ts'
import { dialectOf, keeperOf, run } from './keeper.ts'
import { beside, quoted, RECORD, tableName } from './name.ts'

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
  return textOf(dialect).prune(keeper, name, at, batch)
}
