import { leadingWord } from '../../../dialect/index.ts'
import { postgresLexis } from '../../../dialect/postgres/index.ts'
import { commitRolledBackError } from '../../commit.ts'

const COMMITS = new Set(['commit', 'end'])

/** Throws if a commit rolled back a failed transaction, which the server does not report as an error. */
export function refuseRolledBack(sql: string, tag: string): void {
  if (tag === 'ROLLBACK' && COMMITS.has(leadingWord(sql, postgresLexis))) throw commitRolledBackError()
}
