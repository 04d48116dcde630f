import { KantaError } from '../error/index.ts'
import type { Dialect } from './dialect.ts'
import { Scanner } from './scan.ts'
import { valueOf } from './token.ts'

/** What begins a query of its own: `table t` is one in PostgreSQL and MySQL. */
const QUERIES: ReadonlySet<string> = new Set(['select', 'table', 'into', 'union', 'intersect', 'except'])
/** Functions that run text or read tables that it names, files, or change what the session is. */
const REACHING =
  /^(?:(?:query|table|schema|database|cursor)_to_xml\w*|ts_stat|ts_rewrite|dblink\w*|crosstab\w*|connectby|xpath_table|set_config|pg_read_\w+|lo_\w+|load_file|load_extension|readfile|writefile|edit|eval)$/i

/** Stands where the text has a part that is no text. */
const PART = '\0'

/** Whether a function reaches further than its arguments. */
export const isReaching = (name: string): boolean => REACHING.test(name.slice(name.lastIndexOf('.') + 1))

/**
 * Refuses text inside of a statement that could reach out of its place: quotes, parentheses or comments that are not
 * closed in it, a second statement, a query of its own. What is left is an expression over what is in scope. Between
 * two strings stands a part that is no text. Gives the names that it has, quoted or not.
 */
export function checkFragment(strings: readonly string[], dialect: Dialect): readonly string[] {
  const refuse = (what: string): never => {
    const shown = strings.join('?')
    throw new KantaError(
      'policy',
      `The text ${JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown)} has ${what}, which could pass by the policies of this database. Build that part, or say what it reads and writes: sql\`…\`.trusted('its name', { reads: […] }).`,
    )
  }
  if (strings.some((string) => string.includes(PART))) refuse('a NUL character')
  const names: string[] = []
  // The statement goes on behind the text: signs at its end may open a comment.
  const scanner = new Scanner(`${strings.join(PART)} `, dialect.lexis)
  let depth = 0
  while (scanner.next()) {
    const fault = faultOf(scanner)
    if (fault !== undefined) refuse(fault)
    if (scanner.is('(')) depth++
    if (scanner.is(')') && --depth < 0) refuse('a parenthesis that it does not open')
    if (isName(scanner)) names.push(scanner.kind === 'word' ? scanner.token : valueOf(scanner))
  }
  if (depth > 0) refuse('a parenthesis that it does not close')
  return names
}

/** A string is a name, too: some databases read one as a column where they expect it. */
const isName = ({ kind }: Scanner): boolean => kind === 'word' || kind === 'name' || kind === 'string'

/** Returns what a token could do outside of its place. */
function faultOf(scanner: Scanner): string | undefined {
  switch (scanner.kind) {
    case 'comment':
    case 'directive':
      return 'a comment'
    case 'parameter':
      return `the parameter ${scanner.token}`
    case 'word':
      if (QUERIES.has(scanner.keyword)) return `the word '${scanner.token}'`
      return isReaching(scanner.token) ? `the function '${scanner.token}'` : undefined
    case 'name':
    case 'string':
      return faultOfQuoted(scanner)
    default:
      return scanner.is(';') ? 'a semicolon' : undefined
  }
}

function faultOfQuoted(scanner: Scanner): string | undefined {
  const { token, kind, lexis } = scanner
  if (!scanner.isClosed) return 'a quote that it does not close'
  if (token.startsWith('$')) return 'a text in dollar quotes'
  if (/^u&/i.test(token)) return 'a text in Unicode escapes'
  if (token.includes(PART)) return 'a value or a name inside of quotes'
  // Whether a backslash escapes depends on the settings of the connection, so nothing may depend on it.
  if (lexis.mayEscape && token.includes('\\')) return 'a backslash in quotes'
  const name = valueOf(scanner)
  return kind === 'name' && isReaching(name) ? `the function '${name}'` : undefined
}
