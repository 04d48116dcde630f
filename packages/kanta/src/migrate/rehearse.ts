import { type DatabaseHandle, dialectOf, withOwnPlans } from '../extend/internal/index.ts'
import { withoutForeignKeys } from './broken-reference.ts'
import { call, type Performed, restoring, resultOf, type Step } from './perform.ts'
import { refuseInTransaction, Statements } from './watch.ts'
import type { Work } from './work.ts'

/** What ends a rehearsal that went well. */
const UNDO = Symbol('undo')

/**
 * Runs migrations and undoes all of them: in one transaction, which is rolled back. A migration that no transaction
 * can undo is called, too, but its statements are only noted down, except for queries.
 */
export async function rehearse(work: Omit<Work, 'lock' | 'records'>, steps: readonly Step[]): Promise<Performed[]> {
  const { transactionalDdl } = dialectOf(work.db)
  const off = steps.some(({ migration }) => migration.foreignKeys === 'off')
  const restore = off ? await withoutForeignKeys(work.own) : undefined
  const builder = work.db.transaction()
  // Then the server itself refuses what is not a query.
  const transaction = transactionalDdl ? builder : builder.setAccessMode('read only')
  const performed: Performed[] = []
  const run = async (db: DatabaseHandle): Promise<void> => {
    for (const step of steps) {
      const pretend = !transactionalDdl || step.migration.transaction === false
      // What is made ready for rows that never come must not be found again.
      const outcome = await rehearseOne(work, step, pretend ? withOwnPlans(db) : db, pretend)
      performed.push(outcome)
      if ('error' in outcome) break
    }
    throw UNDO
  }
  try {
    await restoring(work, restore, () => transaction.execute(run, { signal: work.signal }))
  } catch (error) {
    if (error !== UNDO) throw error
  }
  return performed
}

async function rehearseOne(
  work: Omit<Work, 'lock' | 'records'>,
  step: Step,
  db: DatabaseHandle,
  pretend: boolean,
): Promise<Performed> {
  const { name, direction, number, of } = step
  work.tell({ kind: 'start', name, direction, number, of })
  const statements = new Statements()
  const start = performance.now()
  const beforeText = refuseInTransaction(db)
  const failed: unknown[] = []
  try {
    await call(work, step, db, statements, pretend ? { pretend } : { beforeText })
  } catch (error) {
    failed.push(error)
  }
  const status = failed.length > 0 ? 'rolled back' : 'planned'
  const result = resultOf(step, status, performance.now() - start, statements)
  work.tell({ kind: 'end', result, number, of })
  return failed.length > 0 ? { result, error: failed[0] } : { result }
}
