import { type DatabaseHandle, dialectOf, withOwnPlans } from '../extend/internal/index.ts'
import { turnForeignKeysOff } from './foreign-key-check.ts'
import { callMigration, type MigrationStep, type PerformedMigration, resultOf, withRestore } from './perform.ts'
import type { RunContext } from './run-context.ts'
import { refuseInTransaction, Statements } from './watched-connection.ts'

/** Thrown to roll back a successful rehearsal. */
const ROLL_BACK = Symbol('undo')

/**
 * Runs migrations in one transaction, and rolls it back. For a migration that cannot be rolled back, it runs only
 * queries and just records the other statements.
 */
export async function rehearse(
  context: Omit<RunContext, 'lock' | 'records'>,
  steps: readonly MigrationStep[],
): Promise<PerformedMigration[]> {
  const { transactionalDdl } = dialectOf(context.db)
  const off = steps.some(({ migration }) => migration.foreignKeys === 'off')
  const restore = off ? await turnForeignKeysOff(context.internalDb) : undefined
  const builder = context.db.transaction()
  // In a read-only transaction the server itself rejects other statements than queries.
  const transaction = transactionalDdl ? builder : builder.setAccessMode('read only')
  const performed: PerformedMigration[] = []
  const run = async (db: DatabaseHandle): Promise<void> => {
    for (const step of steps) {
      const pretend = !transactionalDdl || step.migration.transaction === false
      // Keep plans out of the cache that were made for results of statements that did not run.
      const outcome = await rehearseOne(context, step, pretend ? withOwnPlans(db) : db, pretend)
      performed.push(outcome)
      if ('error' in outcome) break
    }
    throw ROLL_BACK
  }
  try {
    await withRestore(context, restore, () => transaction.execute(run, { signal: context.signal }))
  } catch (error) {
    if (error !== ROLL_BACK) throw error
  }
  return performed
}

async function rehearseOne(
  context: Omit<RunContext, 'lock' | 'records'>,
  step: MigrationStep,
  db: DatabaseHandle,
  pretend: boolean,
): Promise<PerformedMigration> {
  const { name, direction, number, of } = step
  context.emit({ kind: 'start', name, direction, number, of })
  const statements = new Statements()
  const start = performance.now()
  const beforeText = refuseInTransaction(db)
  const failed: unknown[] = []
  try {
    await callMigration(context, step, db, statements, pretend ? { pretend } : { beforeText })
  } catch (error) {
    failed.push(error)
  }
  const status = failed.length > 0 ? 'rolled back' : 'planned'
  const result = resultOf(step, status, performance.now() - start, statements)
  context.emit({ kind: 'end', result, number, of })
  return failed.length > 0 ? { result, error: failed[0] } : { result }
}
