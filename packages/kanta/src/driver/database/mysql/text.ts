import { type Script, splitScript } from '../../../dialect/index.ts'
import { withoutBackslashes } from '../../../dialect/mysql/index.ts'

/**
 * Returns the statements of a script. Each is sent alone, since a connection that accepts several at once would also
 * run injected ones. `hasEscapes` is false under the mode `no_backslash_escapes`.
 */
export function statementsOf(text: string, script: Script, hasEscapes: boolean): string[] {
  const rules = hasEscapes ? script : { ...script, lexis: withoutBackslashes(script.lexis) }
  return splitScript(text, rules).map((statement) => statement.sql)
}
