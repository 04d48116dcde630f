import { KantaError } from '../error/index.ts'
import type { MigrationResult, MigrationRun } from './result.ts'

type Run = Omit<MigrationRun, 'applied'> & { readonly applied: readonly string[] | undefined }

/** Returns the error of a failed migration, with the statement that failed and the state of the database. */
export function migrationError(result: MigrationResult, cause: unknown, run: Run): KantaError {
  const { name, direction, statementCount, status } = result
  const why = cause instanceof Error ? cause.message : String(cause)
  const known = cause instanceof KantaError ? cause : undefined
  const where = known?.sql === undefined ? '' : `, at its statement ${statementCount + 1}`
  const what = `The migration '${name}' failed ${direction === 'up' ? 'to be applied' : 'to be reverted'}${where}: ${why}`
  const code = known?.code === 'cancelled' ? 'cancelled' : 'migration_failed'
  const { sql, parameters, table, constraint, columns } = known ?? {}
  return new KantaError(code, `${what} ${outcomeText(run, result)}`, {
    cause,
    ...{ sql, parameters, table, constraint, columns },
    result: status === 'unknown' ? { ...run, applied: undefined } : run,
  })
}

/** Returns the error of a run that its signal stopped between two migrations. */
export function cancelledError(name: string, signal: AbortSignal, run: MigrationRun): KantaError {
  return new KantaError(
    'cancelled',
    `The run was cancelled by its signal before the migration '${name}'. ${appliedText(run)}`,
    {
      cause: signal.reason,
      result: run,
    },
  )
}

function appliedText({ applied }: Run): string {
  if (applied === undefined) return 'The applied migrations could not be read. Call status().'
  if (applied.length === 0) return 'No migration is applied now.'
  return `${applied.length} ${applied.length === 1 ? 'migration is' : 'migrations are'} applied now, the last is '${applied.at(-1)}'.`
}

function outcomeText(run: Run, { name, status, statementCount }: MigrationResult): string {
  if (run.dryRun) return 'It was a dry run: nothing was changed.'
  switch (status) {
    case 'rolled back':
      return `All of its changes were rolled back. ${appliedText(run)}`
    case 'dirty':
      return `It ran outside of a transaction, so the changes of ${statementCount} statement${statementCount === 1 ? '' : 's'} stay. Repair them by hand. Then record the result: resolve('${name}', 'applied') or resolve('${name}', 'rolled back'). ${appliedText(run)}`
    case 'unknown':
      return 'The connection was lost during the commit, so the outcome is unknown. Call status().'
    default:
      return `It was committed; the failure came after the commit. ${appliedText(run)}`
  }
}
