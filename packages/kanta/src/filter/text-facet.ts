import { facetsOf } from '../dialect/index.ts'
import { type Expr, expressionBuilder, functions, sql } from '../sql/index.ts'
import { ANY, foldAscii, type Pattern, writePattern } from './pattern.ts'

/** How a database searches texts, and compares them by code points. */
interface TextComparison {
  /** Returns the condition that a text matches a pattern. */
  matches(text: Expr, pattern: Pattern): object
  /** Returns the text in a form that is ordered by code points. */
  byCodePoint(text: Expr): object
}

const call = (name: string, ...args: readonly unknown[]): Expr =>
  (functions as unknown as (name: string, args: readonly unknown[]) => Expr)(name, args)
const compare = (left: unknown, op: string, right: unknown): Expr => expressionBuilder()(left, op, right)
const value = (given: unknown): Expr => expressionBuilder().val(given)

/** The words of `like` with an escape character of its own, since the backslash depends on settings in some databases. */
const LIKE = { one: '_', any: '%', escape: (text: string) => text.replace(/[%_|]/g, '|$&') }
const GLOB = { one: '?', any: '*', escape: (text: string) => text.replace(/[*?[]/g, '[$&]') }

/** The least text that is greater than all that start with this one; `undefined` where there is none. */
function after(prefix: string): string | undefined {
  const characters = [...prefix]
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const code = last.codePointAt(0)!
    if (code < 0x10ffff) return characters.join('') + String.fromCodePoint(code === 0xd7ff ? 0xe000 : code + 1)
  }
  return undefined
}

/** Searches without a pattern where it can: an index finds a beginning, and Cloudflare takes patterns of 50 bytes only. */
function matchesSqlite(column: Expr, pattern: Pattern): object {
  const { parts, folds } = pattern
  const text = folds ? call('lower', column) : column
  const kinds = parts.map((part) => (typeof part === 'string' ? 'text' : part === ANY ? 'any' : 'one')).join()
  const part = parts.find((each): each is string => typeof each === 'string') ?? ''
  const wanted = folds ? foldAscii(part) : part
  const characters = [...wanted].length
  if (kinds === 'text') return sql`${text} collate binary = ${wanted}`
  if (kinds === 'any,text,any') return sql`instr(${text}, ${wanted}) > 0`
  if (kinds === 'text,any') return startsWith(text, wanted)
  if (kinds === 'any,text' && characters > 0) return compare(call('substr', text, value(-characters)), '=', wanted)
  if (parts.every((each) => each === ANY || each === '') && parts.includes(ANY)) return startsWith(text, '')
  return compare(text, 'glob', writePattern(pattern, GLOB))
}

function startsWith(text: Expr, prefix: string): object {
  const end = after(prefix)
  const begins = sql`${text} collate binary >= ${prefix}`
  return end === undefined ? begins : expressionBuilder().and([begins, sql`${text} collate binary < ${end}`])
}

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']

/** Folds A–Z alone, where `lower()` would fold every letter and nothing translates letters. */
const replaceLetters = (text: Expr): Expr => {
  const eb = expressionBuilder()
  return LETTERS.reduce((inner, letter) => call('replace', inner, eb.lit(letter), eb.lit(letter.toLowerCase())), text)
}

const mysql: TextComparison = {
  matches: (text, pattern) =>
    sql`${pattern.folds ? replaceLetters(text) : text} like ${writePattern(pattern, LIKE)} escape '|'`,
  // Their texts are compared by code points: decision 9.
  byCodePoint: (text) => text,
}

/** How each database searches texts. */
export const textComparisons = facetsOf<TextComparison>('Searching texts by a filter', {
  sqlite: { matches: matchesSqlite, byCodePoint: (text) => sql`${text} collate binary` },
  postgres: {
    // With the collation "C" only A–Z have another case.
    matches: (text, pattern) =>
      pattern.folds
        ? sql`lower(${text} collate "C") like ${writePattern(pattern, LIKE)} escape '|'`
        : sql`${text} like ${writePattern(pattern, LIKE)} escape '|'`,
    byCodePoint: (text) => sql`${text} collate "C"`,
  },
  mysql,
  mariadb: mysql,
  mssql: {
    matches: (text, pattern) => {
      const words = { ...LIKE, escape: (part: string) => part.replace(/[%_|[]/g, '|$&') }
      const bytes = sql`${text} collate Latin1_General_100_BIN2`
      const folded = pattern.folds
        ? sql`translate(${bytes}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')`
        : bytes
      return sql`${folded} like ${writePattern(pattern, words)} escape '|'`
    },
    byCodePoint: (text) => sql`${text} collate Latin1_General_100_BIN2`,
  },
})
