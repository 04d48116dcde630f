import { KantaError, refuse } from '../../error/index.ts'
import type { TransactionSettings, TransactionSql } from '../dialect.ts'
import { quote } from './text.ts'

/** The most characters of the name of a savepoint. */
const LONGEST = 32

function name(savepoint: string): string {
  if (savepoint.length > LONGEST)
    refuse(
      `The name of the savepoint '${savepoint}' is longer than ${LONGEST} characters, which SQL Server takes at most.`,
    )
  return quote(savepoint)
}

function checkAccess({ access }: TransactionSettings): void {
  if (access !== 'read only') return
  throw new KantaError(
    'unsupported',
    "A transaction that is 'read only' is not available in mssql. Connect as a user who may only read, or leave it out.",
  )
}

/**
 * Transactions of SQL Server. The isolation level is one of the session and stays when the transaction ends, so it is
 * set back to the level that a session has from the start.
 */
export const mssqlTransaction: TransactionSql = {
  begin(settings) {
    checkAccess(settings)
    const { isolation } = settings
    return isolation === undefined
      ? ['begin transaction']
      : [`set transaction isolation level ${isolation}`, 'begin transaction']
  },
  after: ({ isolation }) => (isolation === undefined ? [] : ['set transaction isolation level read committed']),
  snapshot: 'snapshot',
  commit: 'commit transaction',
  rollback: 'rollback transaction',
  savepoint: (savepoint) => `save transaction ${name(savepoint)}`,
  rollbackTo: (savepoint) => `rollback transaction ${name(savepoint)}`,
  release: () => undefined,
}
