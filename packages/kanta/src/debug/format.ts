import { importPeer } from '../driver/index.ts'
import { refuse, show } from '../error/index.ts'

/** The languages that `formatSql()` knows. */
export type SqlLanguage = 'sqlite' | 'postgresql' | 'mariadb' | 'mysql' | 'transactsql'

const LANGUAGES: readonly SqlLanguage[] = ['sqlite', 'postgresql', 'mariadb', 'mysql', 'transactsql']

/**
 * Formats SQL over several lines, for people. It needs the package `sql-formatter`.
 *
 * @throws KantaError `unsupported` if the package is not installed; `invalid_input` for text that it cannot read.
 *
 * @example
 * ```ts
 * const text = await formatSql(db.selectFrom('city').select('name').where('id', '=', 1).compile().sql, 'sqlite')
 * ```
 */
export async function formatSql(sql: string, language: SqlLanguage): Promise<string> {
  if (typeof sql !== 'string') return refuse(`formatSql() takes SQL text, not ${show(sql)}.`)
  if (!LANGUAGES.includes(language))
    return refuse(`formatSql() takes one of ${LANGUAGES.join(', ')} as its second argument, not ${show(language)}.`)
  const { format } = await importPeer('formatSql()', 'sql-formatter', () => import('sql-formatter'))
  try {
    return format(sql, { language, keywordCase: 'preserve' })
  } catch (cause) {
    return refuse(`formatSql() cannot read the text: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}
