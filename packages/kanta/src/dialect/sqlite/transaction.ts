import { KantaError } from '../../error/index.ts'
import type { IsolationLevel, TransactionSettings, TransactionSql } from '../dialect.ts'

// SQLite has one level, which keeps what each of these promises. What the others promise to show, it never shows.
const KEPT: readonly IsolationLevel[] = ['serializable', 'snapshot', 'repeatable read']

const name = (savepoint: string) => `"${savepoint.replaceAll('"', '""')}"`

/**
 * Transactions of SQLite. A writer takes the lock when it begins: one that first reads could find at its first write
 * that another has written since, and then nothing is left but to start again.
 */
export const sqliteTransaction: TransactionSql = {
  begin(settings) {
    checkIsolation(settings)
    return settings.access === 'read only' ? ['pragma query_only = on', 'begin'] : ['begin immediate']
  },
  after: (settings) => (settings.access === 'read only' ? ['pragma query_only = off'] : []),
  snapshot: 'serializable',
  commit: 'commit',
  rollback: 'rollback',
  savepoint: (savepoint) => `savepoint ${name(savepoint)}`,
  rollbackTo: (savepoint) => `rollback to ${name(savepoint)}`,
  release: (savepoint) => `release ${name(savepoint)}`,
}

function checkIsolation({ isolation }: TransactionSettings): void {
  if (isolation === undefined || KEPT.includes(isolation)) return
  throw new KantaError(
    'unsupported',
    `SQLite has no isolation level '${isolation}': its transactions are all serializable. Leave the level out, or ask for 'serializable'.`,
  )
}
