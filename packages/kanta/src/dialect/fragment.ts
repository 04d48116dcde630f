import { KantaError } from '../error/index.ts'
import type { Dialect } from './dialect.ts'
import { Scanner } from './scan.ts'
import { valueOf } from './token.ts'

/** What begins a query of its own: `table t` is one in PostgreSQL and MySQL. */
const QUERIES: ReadonlySet<string> = new Set(['select', 'table', 'into', 'union', 'intersect', 'except'])

/** Stands where the text has a part that is no text. */
const PART = '\0'

/** Words and types before a parenthesis that opens no call. */
const NO_CALL =
  /^(?:a(?:ll|nd|ny|rray|s)|between|bit|by|case|char|character|collate|cube|dec(?:imal)?|desc|distinct|div|else|escape|except|exists|filter|float|from|glob|group|having|i?like|in|int(?:eger)?|interval|is|match|materialized|mod|not|null|numeric|nvarchar|of|offset|on|or|order|over|partition|regexp|rlike|rollup|row|sets|similar|some|then|time(?:stamp)?(?:tz)?|to|using|values|varbinary|varchar|varying|when|where|with|within|xor)$/i

/** What text of the user's has: the names, quoted or not, and those of functions that it calls, with their schemas. */
export interface Fragment {
  readonly names: readonly string[]
  readonly calls: readonly string[]
}

/**
 * Refuses text inside of a statement that could reach out of its place: quotes, parentheses or comments that are not
 * closed in it, a second statement, a query of its own. What is left is an expression over what is in scope. Between
 * two strings stands a part that is no text.
 */
export function checkFragment(strings: readonly string[], dialect: Dialect): Fragment {
  const refuse = (what: string): never => {
    const shown = strings.join('?')
    throw new KantaError(
      'policy',
      `The text ${JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown)} has ${what}, which could pass by the policies of this database. Build that part, or say what it reads and writes: sql\`…\`.trusted('its name', { reads: […] }).`,
    )
  }
  if (strings.some((string) => string.includes(PART))) refuse('a NUL character')
  const found = new Names(dialect)
  // The statement goes on behind the text: signs at its end may open a comment.
  const scanner = new Scanner(`${strings.join(PART)} `, dialect.lexis)
  let depth = 0
  while (scanner.next()) {
    const fault = faultOf(scanner) ?? found.add(scanner)
    if (fault !== undefined) refuse(fault)
    if (scanner.is('(')) depth++
    if (scanner.is(')') && --depth < 0) refuse('a parenthesis that it does not open')
  }
  if (depth > 0) refuse('a parenthesis that it does not close')
  return found
}

/** Collects the names of a text, and which of them are called. */
class Names implements Fragment {
  readonly names: string[] = []
  readonly calls: string[] = []
  readonly #dialect: Dialect
  /** The name before the token, with its schemas, if there is one. */
  #before = ''
  #isQuoted = false
  #isQualified = false

  constructor(dialect: Dialect) {
    this.#dialect = dialect
  }

  /** Adds a token, or returns what is wrong with it. */
  add(scanner: Scanner): string | undefined {
    if (isName(scanner)) return this.#name(scanner)
    const isDot = scanner.is('.')
    if (scanner.is('(') && this.#before !== '' && (this.#isQuoted || !NO_CALL.test(this.#before)))
      this.calls.push(this.#before)
    if (!isDot) this.#before = ''
    this.#isQualified = isDot && this.#before !== ''
    return undefined
  }

  #name(scanner: Scanner): string | undefined {
    const name = scanner.kind === 'word' ? scanner.token : valueOf(scanner)
    if (this.#dialect.searchesTables && !this.#isQuoted && /^in$/i.test(this.#before))
      return `the name '${name}' after 'in'`
    this.#before = this.#isQualified ? `${this.#before}.${name}` : name
    this.#isQualified = false
    this.#isQuoted = scanner.kind !== 'word'
    this.names.push(name)
    return undefined
  }
}

/** A string is a name, too: SQLite and MySQL take text in other quotes for a name, and the other way round. */
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
      return QUERIES.has(scanner.keyword) ? `the word '${scanner.token}'` : undefined
    case 'name':
    case 'string':
      return faultOfQuoted(scanner)
    default:
      return scanner.is(';') ? 'a semicolon' : undefined
  }
}

function faultOfQuoted({ token, isClosed, lexis }: Scanner): string | undefined {
  if (!isClosed) return 'a quote that it does not close'
  if (token.startsWith('$')) return 'a text in dollar quotes'
  if (/^u&/i.test(token)) return 'a text in Unicode escapes'
  if (token.includes(PART)) return 'a value or a name inside of quotes'
  // Whether a backslash escapes depends on the settings of the connection, so nothing may depend on it.
  return lexis.mayEscape && token.includes('\\') ? 'a backslash in quotes' : undefined
}
