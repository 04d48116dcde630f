import type { SqlLanguage } from 'sql-formatter'
import { facetsOf } from '../dialect/index.ts'
import { importPeer } from '../driver/index.ts'
import { refuse, show } from '../error/index.ts'
import { DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import type { QueryRunner } from '../face/index.ts'

/** The name of a language of `sql-formatter`. */
const languages = facetsOf<{ readonly language: SqlLanguage }>('formatSql()', {
  sqlite: { language: 'sqlite' },
  postgres: { language: 'postgresql' },
  mysql: { language: 'mysql' },
  mariadb: { language: 'mariadb' },
  mssql: { language: 'transactsql' },
})

/**
 * Formats SQL of a database over several lines, for people. It needs the package `sql-formatter`.
 *
 * @throws KantaError `unsupported` if the package is not installed; `invalid_input` for text that it cannot read.
 *
 * @example
 * ```ts
 * const { sql: text } = db.selectFrom('city').select('name').where('id', '=', 1).compile()
 * const formatted = await formatSql(db, text)
 * ```
 */
export async function formatSql(db: QueryRunner, sql: string): Promise<string> {
  if (!(db instanceof DatabaseHandle)) return refuse(`formatSql() takes a database first, not ${show(db)}.`)
  if (typeof sql !== 'string') return refuse(`formatSql() takes SQL text second, not ${show(sql)}.`)
  const { language } = languages.of(dialectOf(db))
  const { format } = await importPeer('formatSql()', 'sql-formatter', () => import('sql-formatter'))
  try {
    return format(sql, { language, keywordCase: 'preserve' })
  } catch (cause) {
    return refuse(`formatSql() cannot read the text: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}
