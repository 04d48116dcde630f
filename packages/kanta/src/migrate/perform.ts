import { KantaError, refuse } from '../error/index.ts'
import {
  type DatabaseHandle,
  dialectOf,
  isRedacted,
  runInOperation,
  sessionOf,
  suppress,
  throwIfAborted,
  withoutPlugins,
} from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { checkForeignKeys, countViolations, saveForeignKeySetting, turnForeignKeysOff } from './foreign-key-check.ts'
import type { NamedMigration } from './migration.ts'
import type { Direction, MigrationResult } from './result.ts'
import { type RunContext, rollBackOpenTransaction } from './run-context.ts'
import { refuseInTransaction, Statements, type WatchOptions } from './watched-connection.ts'

/** A migration that is about to run. */
export interface MigrationStep extends NamedMigration {
  readonly direction: Direction
  /** The position in the order of applied migrations. */
  readonly position: number
  /** The number of the step in this run, from 1 to `of`. */
  readonly number: number
  readonly of: number
}

/** A migration that ran, with its error if it failed. */
export interface PerformedMigration {
  readonly result: MigrationResult
  readonly error?: unknown
}

/** Runs one migration and records it. */
export async function perform(context: RunContext, step: MigrationStep): Promise<PerformedMigration> {
  const { name, direction, number, of } = step
  context.emit({ kind: 'start', name, direction, number, of })
  const statements = new Statements()
  const start = performance.now()
  let error: unknown
  let status: MigrationResult['status']
  const inside = isTransactional(context.db, step)
  try {
    const about = { kind: 'migration', name, readOnly: false, signal: context.signal } as const
    await runInOperation(context.db, about, () => (inside ? performInside : performOutside)(context, step, statements))
    status = 'done'
  } catch (thrown) {
    error = thrown
    status = inside ? statusAfter(thrown) : await recordFailure(context, step, statements)
  }
  const result = resultOf(step, status, performance.now() - start, statements)
  context.emit({ kind: 'end', result, number, of })
  return error === undefined ? { result } : { result, error }
}

export const resultOf = (
  { name, direction }: MigrationStep,
  status: MigrationResult['status'],
  duration: number,
  { list, count }: Statements,
): MigrationResult => ({ name, direction, status, duration, statements: list, statementCount: count })

/** Calls `up` or `down` of a migration, and records its statements in `statements`. */
export async function callMigration(
  context: Pick<RunContext, 'connection' | 'db' | 'emit'>,
  { name, migration, direction }: MigrationStep,
  db: DatabaseHandle,
  statements: Statements,
  watching: Pick<WatchOptions, 'pretend' | 'before' | 'beforeText'>,
): Promise<void> {
  const stop = context.connection.watch({
    ...watching,
    statements,
    redact: isRedacted(context.db),
    onStatement: (statement) => context.emit({ kind: 'statement', name, statement }),
  })
  try {
    refuseUnsent(name, direction, await migration[direction]!(db as unknown as Database<any>))
  } finally {
    stop()
  }
}

/** Rejects a query as the result of a migration, since it was built but not run. */
function refuseUnsent(name: string, direction: Direction, given: unknown): void {
  if (typeof given === 'object' && given !== null && 'execute' in given && typeof given.execute === 'function')
    refuse(`${direction} of the migration '${name}' returns a statement that it did not run. Call execute() on it.`)
}

function isTransactional(db: DatabaseHandle, { migration }: MigrationStep): boolean {
  return dialectOf(db).transactionalDdl && migration.transaction !== false
}

/** Runs a migration in one transaction with its record. */
async function performInside(context: RunContext, step: MigrationStep, statements: Statements): Promise<void> {
  const off = step.migration.foreignKeys === 'off'
  const restore = off ? await turnForeignKeysOff(context.internalDb) : undefined
  const beforeText = refuseInTransaction(context.db)
  const start = performance.now()
  const run = async (transaction: DatabaseHandle): Promise<void> => {
    const records = withoutPlugins(context.db, sessionOf(transaction))
    await context.lock.renew(records)
    const broken = off ? await countViolations(records) : undefined
    await callMigration(context, step, transaction, statements, { beforeText })
    if (broken !== undefined) await checkForeignKeys(records, broken)
    await record(context, step, records, performance.now() - start)
  }
  await withRestore(context, restore, () => context.db.transaction().execute(run, { signal: context.signal }))
}

/** Restores foreign keys on every path. If that fails, it closes the connection. */
export async function withRestore<T>(
  { closeAtEnd }: Pick<RunContext, 'closeAtEnd'>,
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
    closeAtEnd()
    errors.push(error)
  }
  if (errors.length > 0) throw errors.reduce(suppress)
  return result as T
}

/** Runs a migration without a transaction. It records the start first, so that a crash leaves a trace. */
async function performOutside(context: RunContext, step: MigrationStep, statements: Statements): Promise<void> {
  const { name, migration, direction, position } = step
  await context.lock.renew(context.internalDb)
  if (direction === 'up') {
    const checksum = migration.checksum ?? null
    await context.records.add(context.internalDb, { name, position, state: 'applying', checksum, duration: null })
  } else await context.records.change(context.internalDb, name, { state: 'reverting' })
  const start = performance.now()
  const before = () => {
    context.lock.check()
    throwIfAborted(context.signal, 'The migration')
  }
  await withRestore(context, await saveForeignKeySetting(context.internalDb), async () => {
    await callMigration(context, step, context.db, statements, { before })
    await rollBackOpenTransaction(context)
  })
  const duration = Math.round(performance.now() - start)
  if (direction === 'up') await context.records.change(context.internalDb, name, { state: 'applied', duration })
  else await context.records.remove(context.internalDb, name)
}

async function record(context: RunContext, step: MigrationStep, db: DatabaseHandle, duration: number): Promise<void> {
  const { name, migration, direction, position } = step
  if (direction === 'down') return context.records.remove(db, name)
  const checksum = migration.checksum ?? null
  await context.records.add(db, { name, position, state: 'applied', checksum, duration: Math.round(duration) })
}

function statusAfter(error: unknown): MigrationResult['status'] {
  if (error instanceof KantaError && error.code === 'unknown_outcome') return 'unknown'
  // A callback of the migration failed after the commit.
  if (error instanceof KantaError && error.code === 'after_commit') return 'done'
  return 'rolled back'
}

/** Records a failure outside of a transaction: `rolled back` if the migration sent nothing, otherwise `dirty`. */
async function recordFailure(
  context: RunContext,
  step: MigrationStep,
  statements: Statements,
): Promise<MigrationResult['status']> {
  if (statements.count > 0 || statements.failed !== undefined) return 'dirty'
  try {
    if (step.direction === 'up') await context.records.remove(context.internalDb, step.name)
    else await context.records.change(context.internalDb, step.name, { state: 'applied' })
    return 'rolled back'
  } catch {
    return 'dirty'
  }
}
