import { KantaError } from '../error/index.ts'
import type { Dialect } from './dialect.ts'

/** What begins a query of its own: `table t` is one in PostgreSQL and MySQL. */
const QUERIES: ReadonlySet<string> = new Set(['select', 'table', 'into', 'union', 'intersect', 'except'])
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy

const CLOSES: Readonly<Record<string, string>> = { "'": "'", '"': '"', '`': '`' }
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
export function checkFragment(strings: readonly string[], dialect: Dialect['name']): Fragment {
  const names: string[] = []
  const calls: string[] = []
  const mysql = dialect === 'mysql' || dialect === 'mariadb'
  const refuse = (what: string): never => {
    const shown = strings.join('?')
    throw new KantaError(
      'policy',
      `The text ${JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown)} has ${what}, which could pass by the policies of this database. Build that part, or say what it reads and writes: sql\`…\`.trusted('its name', { reads: […] }).`,
    )
  }
  if (strings.some((string) => string.includes(PART))) refuse('a NUL character')
  const text = strings.join(PART)
  let depth = 0
  /** The name before where it stands, with its schemas, if there is one. */
  let before = ''
  let quotes = false
  const isName = (name: string, isQuoted: boolean, at: number): void => {
    if (dialect === 'sqlite' && /^in$/i.test(before) && !quotes) refuse(`the name '${name}' after 'in'`)
    before = /\.\s*$/.test(text.slice(0, at)) && before !== '' ? `${before}.${name}` : name
    quotes = isQuoted
    names.push(name)
  }
  for (let at = 0; at < text.length; ) {
    const char = text[at]!
    const two = text.slice(at, at + 2)
    if (two === '--' || two === '/*' || two === '*/' || (mysql && char === '#')) refuse('a comment')
    if (char === ';') refuse('a semicolon')
    if (char === '(') {
      depth++
      if (before !== '' && (quotes || !NO_CALL.test(before))) calls.push(before)
    }
    if (char === ')' && --depth < 0) refuse('a parenthesis that it does not open')
    if (char === '$' && dialect === 'postgres' && /^\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/u.test(text.slice(at)))
      refuse('a text in dollar quotes')
    const close = CLOSES[char] ?? (char === '[' && (dialect === 'sqlite' || dialect === 'mssql') ? ']' : undefined)
    if (close !== undefined) {
      const end = closing(text, at, close)
      if (end === undefined) return refuse('a quote that it does not close')
      const quoted = text.slice(at + 1, end)
      if (quoted.includes(PART)) refuse('a value or a name inside of quotes')
      // Whether a backslash escapes depends on the settings of the connection, so nothing may depend on it.
      if (close !== ']' && quoted.includes('\\') && dialect !== 'sqlite') refuse('a backslash in quotes')
      if (dialect === 'postgres' && /(?<![\p{L}\p{N}_$])u&$/iu.test(text.slice(0, at)))
        refuse('a text in Unicode escapes')
      // SQLite and MySQL take text in other quotes for a name, and the other way round.
      isName(quoted.replaceAll(close + close, close), true, at)
      at = end + 1
      continue
    }
    WORD.lastIndex = at
    const word = WORD.exec(text)?.[0]
    if (word === undefined) {
      if (!/[\s.]/.test(char)) before = ''
      at++
    } else {
      if (QUERIES.has(word.toLowerCase())) refuse(`the word '${word}'`)
      isName(word, false, at)
      at += word.length
    }
  }
  if (depth > 0) refuse('a parenthesis that it does not close')
  return { names, calls }
}

/** Where a quoted text ends; two closing signs are one of its own. */
function closing(text: string, from: number, close: string): number | undefined {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] !== close) continue
    if (text[at + 1] !== close) return at
    at++
  }
  return undefined
}
