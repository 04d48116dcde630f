import { KantaError } from '../../error/index.ts'
import type { IsolationLevel, TransactionSettings, TransactionSql } from '../dialect.ts'
import { quote } from './text.ts'

const LEVELS: readonly IsolationLevel[] = ['read uncommitted', 'read committed', 'repeatable read', 'serializable']

/** Transactions of MySQL and MariaDB: the level is set for the next one alone, so that none has to be undone. */
export const mysqlTransaction: TransactionSql = {
  begin(settings) {
    checkIsolation(settings)
    const start = settings.access === undefined ? 'start transaction' : `start transaction ${settings.access}`
    return settings.isolation === undefined ? [start] : [`set transaction isolation level ${settings.isolation}`, start]
  },
  after: () => [],
  snapshot: 'repeatable read',
  commit: 'commit',
  rollback: 'rollback',
  savepoint: (savepoint) => `savepoint ${quote(savepoint)}`,
  rollbackTo: (savepoint) => `rollback to savepoint ${quote(savepoint)}`,
  release: (savepoint) => `release savepoint ${quote(savepoint)}`,
}

function checkIsolation({ isolation }: TransactionSettings): void {
  if (isolation === undefined || LEVELS.includes(isolation)) return
  throw new KantaError(
    'unsupported',
    `MySQL and MariaDB have no isolation level '${isolation}'. Ask for 'repeatable read', whose reads are of one snapshot.`,
  )
}
