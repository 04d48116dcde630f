import { KantaError } from '../error/index.ts'

/** Returns the error for a commit that the database answered with a rollback. */
export const commitRolledBackError = (cause?: unknown): KantaError =>
  new KantaError(
    'transaction',
    'The transaction was not committed but rolled back, since a statement in it had failed. Use a savepoint (a nested transaction) around what may fail.',
    cause === undefined ? {} : { cause },
  )
