import { KantaError } from '../error/index.ts'
import type { Dialect } from './dialect.ts'

/** What begins a query of its own: `table t` is one in PostgreSQL and MySQL. */
const QUERIES: ReadonlySet<string> = new Set(['select', 'table', 'into', 'union', 'intersect', 'except'])
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy

const CLOSES: Readonly<Record<string, string>> = { "'": "'", '"': '"', '`': '`' }

/**
 * Refuses text inside of a statement that could reach out of its place: quotes, parentheses or comments that are not
 * closed in it, a second statement, a query of its own. What is left is an expression over what is in scope.
 */
export function checkFragment(strings: readonly string[], dialect: Dialect['name']): void {
  const text = strings.join(' ? ')
  const mysql = dialect === 'mysql' || dialect === 'mariadb'
  const refuse = (what: string): never => {
    throw new KantaError(
      'policy',
      `The text ${JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)} has ${what}, which could pass by the policies of this database. Build that part, or say what it reads and writes: sql\`…\`.trusted('its name', { reads: […] }).`,
    )
  }
  let depth = 0
  for (let at = 0; at < text.length; ) {
    const char = text[at]!
    const two = text.slice(at, at + 2)
    if (two === '--' || two === '/*' || two === '*/' || (mysql && char === '#')) refuse('a comment')
    if (char === ';') refuse('a semicolon')
    if (char === '\0') refuse('a NUL character')
    if (char === '(') depth++
    if (char === ')' && --depth < 0) refuse('a parenthesis that it does not open')
    if (char === '$' && dialect === 'postgres' && /^\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/u.test(text.slice(at)))
      refuse('a text in dollar quotes')
    const close = CLOSES[char] ?? (char === '[' && (dialect === 'sqlite' || dialect === 'mssql') ? ']' : undefined)
    if (close !== undefined) {
      const end = closing(text, at, close)
      if (end === undefined) refuse('a quote that it does not close')
      // Whether a backslash escapes depends on the settings of the connection, so nothing may depend on it.
      if (close !== ']' && text.slice(at, end).includes('\\') && dialect !== 'sqlite') refuse('a backslash in quotes')
      at = end! + 1
      continue
    }
    WORD.lastIndex = at
    const word = WORD.exec(text)?.[0]
    if (word === undefined) at++
    else {
      if (QUERIES.has(word.toLowerCase())) refuse(`the word '${word}'`)
      at += word.length
    }
  }
  if (depth > 0) refuse('a parenthesis that it does not close')
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
