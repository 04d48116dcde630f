import { KantaError } from '../../error/index.ts'
import type { TransactionSettings, TransactionSql } from '../dialect.ts'
import { quote } from './literal.ts'

/** Transactions of PostgreSQL. Level and access mode are said where it begins, and end with it. */
export const postgresTransaction: TransactionSql = {
  begin: (settings) => [`begin${modes(settings)}`],
  after: () => [],
  snapshot: 'repeatable read',
  commit: 'commit',
  rollback: 'rollback',
  savepoint: (name) => `savepoint ${quote(name)}`,
  rollbackTo: (name) => `rollback to savepoint ${quote(name)}`,
  release: (name) => `release savepoint ${quote(name)}`,
}

function modes({ isolation, access }: TransactionSettings): string {
  if (isolation === 'snapshot') {
    throw new KantaError(
      'unsupported',
      "PostgreSQL has no isolation level 'snapshot' by that name. Ask for 'repeatable read', which is one here, or for 'serializable'.",
    )
  }
  const said = [isolation === undefined ? undefined : `isolation level ${isolation}`, access]
  return said
    .filter((mode) => mode !== undefined)
    .map((mode, i) => `${i > 0 ? ', ' : ' '}${mode}`)
    .join('')
}
