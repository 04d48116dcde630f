import { KantaError } from '../error/index.ts'
import type { MigrationResult, MigrationRun } from './result.ts'

type Run = Omit<MigrationRun, 'applied'> & { readonly applied: readonly string[] | undefined }

/** The error of a migration that failed: which, at what, and how the database stands now. */
export function failed(result: MigrationResult, cause: unknown, run: Run): KantaError {
  const { name, direction, statementCount, status } = result
  const why = cause instanceof Error ? cause.message : String(cause)
  const known = cause instanceof KantaError ? cause : undefined
  const where = known?.sql === undefined ? '' : `, at its statement ${statementCount + 1}`
  const what = `The migration '${name}' failed ${direction === 'up' ? 'to be applied' : 'to be reverted'}${where}: ${why}`
  const code = known?.code === 'cancelled' ? 'cancelled' : 'migration_failed'
  const { sql, parameters, table, constraint, columns } = known ?? {}
  return new KantaError(code, `${what} ${standing(run, result)}`, {
    cause,
    ...{ sql, parameters, table, constraint, columns },
    result: status === 'unknown' ? { ...run, applied: undefined } : run,
  })
}

/** The error of a run that its signal ended between two migrations. */
export function cancelledBefore(name: string, signal: AbortSignal, run: MigrationRun): KantaError {
  return new KantaError(
    'cancelled',
    `The run was cancelled by its signal before the migration '${name}'. ${now(run)}`,
    {
      cause: signal.reason,
      result: run,
    },
  )
}

function now({ applied }: Run): string {
  if (applied === undefined) return 'What is applied now could not be read; ask status().'
  if (applied.length === 0) return 'No migration is applied now.'
  return `Applied now: ${applied.length}, the last of them '${applied.at(-1)}'.`
}

function standing(run: Run, { name, status, statementCount }: MigrationResult): string {
  if (run.dryRun) return 'It was a dry run: nothing was changed.'
  switch (status) {
    case 'rolled back':
      return `All that it did was rolled back. ${now(run)}`
    case 'dirty':
      return `It ran outside of a transaction, so that what ${statementCount} statement${statementCount === 1 ? '' : 's'} before did stays. Mend it by hand; then say how it stands: resolve('${name}', 'applied') or resolve('${name}', 'rolled back'). ${now(run)}`
    case 'unknown':
      return 'The connection was lost at its commit, so that it cannot be known whether it lasts; ask status().'
    default:
      return `It lasts, and what failed came after its commit. ${now(run)}`
  }
}
