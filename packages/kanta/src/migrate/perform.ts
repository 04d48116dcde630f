import { KantaError, refuse } from '../error/index.ts'
import {
  type DatabaseHandle,
  dialectOf,
  isRedacted,
  sessionOf,
  suppress,
  throwIfAborted,
  withoutPlugins,
} from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { checkForeignKeys, keepForeignKeys, violations, withoutForeignKeys } from './broken-reference.ts'
import type { Named } from './migration.ts'
import type { Direction, MigrationResult } from './result.ts'
import { refuseInTransaction, Statements, type Watching } from './watch.ts'
import { leaveNothingOpen, type Work } from './work.ts'

/** A migration that is about to run. */
export interface Step extends Named {
  readonly direction: Direction
  /** Its place in the order in which migrations are applied. */
  readonly position: number
  /** Which of how many, from 1 on. */
  readonly number: number
  readonly of: number
}

/** A migration that ran, and what it threw. */
export interface Performed {
  readonly result: MigrationResult
  readonly error?: unknown
}

/** Runs one migration and records it. */
export async function perform(work: Work, step: Step): Promise<Performed> {
  const { name, direction, number, of } = step
  work.tell({ kind: 'start', name, direction, number, of })
  const statements = new Statements()
  const start = performance.now()
  let error: unknown
  let status: MigrationResult['status']
  const inside = isTransactional(work.db, step)
  try {
    await (inside ? performInside : performOutside)(work, step, statements)
    status = 'done'
  } catch (thrown) {
    error = thrown
    status = inside ? statusAfter(thrown) : await recordFailure(work, step, statements)
  }
  const result = resultOf(step, status, performance.now() - start, statements)
  work.tell({ kind: 'end', result, number, of })
  return error === undefined ? { result } : { result, error }
}

export const resultOf = (
  { name, direction }: Step,
  status: MigrationResult['status'],
  duration: number,
  { list, count }: Statements,
): MigrationResult => ({ name, direction, status, duration, statements: list, statementCount: count })

/** Calls what the step is of, and lets `statements` know what it sends. */
export async function call(
  work: Pick<Work, 'watch' | 'db' | 'tell'>,
  { name, migration, direction }: Step,
  db: DatabaseHandle,
  statements: Statements,
  watching: Pick<Watching, 'pretend' | 'before' | 'beforeText'>,
): Promise<void> {
  const stop = work.watch.watch({
    ...watching,
    statements,
    redact: isRedacted(work.db),
    onStatement: (statement) => work.tell({ kind: 'statement', name, statement }),
  })
  try {
    refuseUnsent(name, direction, await migration[direction]!(db as unknown as Database<any>))
  } finally {
    stop()
  }
}

/** A query that was built and not run would be taken for one that was. */
function refuseUnsent(name: string, direction: Direction, given: unknown): void {
  if (typeof given === 'object' && given !== null && 'execute' in given && typeof given.execute === 'function')
    refuse(`The ${direction} of the migration '${name}' gives a statement that it did not run. Call execute() on it.`)
}

function isTransactional(db: DatabaseHandle, { migration }: Step): boolean {
  return dialectOf(db).transactionalDdl && migration.transaction !== false
}

/** In a transaction: the change and its record last together, or not at all. */
async function performInside(work: Work, step: Step, statements: Statements): Promise<void> {
  const off = step.migration.foreignKeys === 'off'
  const restore = off ? await withoutForeignKeys(work.own) : undefined
  const beforeText = refuseInTransaction(work.db)
  const start = performance.now()
  const run = async (transaction: DatabaseHandle): Promise<void> => {
    const records = withoutPlugins(work.db, sessionOf(transaction))
    await work.lock.renew(records)
    const broken = off ? await violations(records) : undefined
    await call(work, step, transaction, statements, { beforeText })
    if (broken !== undefined) await checkForeignKeys(records, broken)
    await record(work, step, records, performance.now() - start)
  }
  await restoring(work, restore, () => work.db.transaction().execute(run, { signal: work.signal }))
}

/** Turns foreign keys on again, whatever happened. A connection on which that fails is not used again. */
export async function restoring<T>(
  { spoil }: Pick<Work, 'spoil'>,
  restore: (() => Promise<void>) | undefined,
  act: () => Promise<T>,
): Promise<T> {
  if (restore === undefined) return act()
  const errors: unknown[] = []
  let result: T | undefined
  try {
    result = await act()
  } catch (error) {
    errors.push(error)
  }
  try {
    await restore()
  } catch (error) {
    spoil()
    errors.push(error)
  }
  if (errors.length > 0) throw errors.reduce(suppress)
  return result as T
}

/** Without a transaction: what is in progress is recorded first, so that a crash can be seen. */
async function performOutside(work: Work, step: Step, statements: Statements): Promise<void> {
  const { name, migration, direction, position } = step
  await work.lock.renew(work.own)
  if (direction === 'up') {
    const checksum = migration.checksum ?? null
    await work.records.add(work.own, { name, position, state: 'applying', checksum, duration: null })
  } else await work.records.change(work.own, name, { state: 'reverting' })
  const start = performance.now()
  const before = () => {
    work.lock.check()
    throwIfAborted(work.signal, 'The migration')
  }
  await restoring(work, await keepForeignKeys(work.own), async () => {
    await call(work, step, work.db, statements, { before })
    await leaveNothingOpen(work)
  })
  const duration = Math.round(performance.now() - start)
  if (direction === 'up') await work.records.change(work.own, name, { state: 'applied', duration })
  else await work.records.remove(work.own, name)
}

async function record(work: Work, step: Step, db: DatabaseHandle, duration: number): Promise<void> {
  const { name, migration, direction, position } = step
  if (direction === 'down') return work.records.remove(db, name)
  const checksum = migration.checksum ?? null
  await work.records.add(db, { name, position, state: 'applied', checksum, duration: Math.round(duration) })
}

function statusAfter(error: unknown): MigrationResult['status'] {
  if (error instanceof KantaError && error.code === 'unknown_outcome') return 'unknown'
  // A callback of its own failed after the commit.
  if (error instanceof KantaError && error.code === 'after_commit') return 'done'
  return 'rolled back'
}

/** A migration that sent nothing has done nothing; of any other nobody knows. */
async function recordFailure(work: Work, step: Step, statements: Statements): Promise<MigrationResult['status']> {
  if (statements.count > 0 || statements.failed !== undefined) return 'dirty'
  try {
    if (step.direction === 'up') await work.records.remove(work.own, step.name)
    else await work.records.change(work.own, step.name, { state: 'applied' })
    return 'rolled back'
  } catch {
    return 'dirty'
  }
}
