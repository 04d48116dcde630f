import { type Dialect, type DialectName, isSign, type Token, tokensOf } from '../dialect/index.ts'

export { type Token, tokensOf as tokens } from '../dialect/index.ts'

/** Reads tokens one after another. */
export class Cursor {
  readonly sql: string
  readonly tokens: readonly Token[]
  position = 0

  constructor(sql: string, all: readonly Token[]) {
    this.sql = sql
    this.tokens = all
  }

  /** Returns a cursor over the tokens of a text. */
  static of(sql: string, dialect: Dialect | DialectName): Cursor {
    return new Cursor(sql, tokensOf(sql, dialect))
  }

  get current(): Token | undefined {
    return this.tokens[this.position]
  }

  /** Checks if these words come next. */
  isNext(...words: readonly string[]): boolean {
    return words.every((word, i) => {
      const token = this.tokens[this.position + i]
      return token !== undefined && (token.kind === 'word' || isSign(token)) && token.value === word
    })
  }

  /** Moves past these words if they come next, and returns if it did. */
  accept(...words: readonly string[]): boolean {
    if (!this.isNext(...words)) return false
    this.position += words.length
    return true
  }

  /** Reads the name that comes next, quoted or not. */
  readName(): string | undefined {
    const token = this.current
    if (token === undefined || isSign(token) || token.kind === 'number') return undefined
    this.position++
    return token.kind === 'word' ? token.text : token.value
  }

  /** Reads the tokens inside the parentheses that come next, and moves past them. */
  readParentheses(): readonly Token[] | undefined {
    if (!this.isNext('(')) return undefined
    const from = this.position + 1
    let depth = 0
    for (; this.position < this.tokens.length; this.position++) {
      const { kind, value } = this.tokens[this.position]!
      if (kind !== 'punctuation') continue
      if (value === '(') depth++
      else if (value === ')' && --depth === 0) return this.tokens.slice(from, this.position++)
    }
    return undefined
  }

  /** Returns the source text of some tokens. */
  textOf(of: readonly Token[]): string {
    return of.length === 0 ? '' : this.sql.slice(of[0]!.start, of.at(-1)!.end)
  }
}

/** Splits tokens at the commas outside of parentheses. */
export function splitAtCommas(all: readonly Token[]): Token[][] {
  const parts: Token[][] = []
  let part: Token[] = []
  let depth = 0
  for (const token of all) {
    if (token.kind === 'punctuation') {
      if (token.value === '(') depth++
      else if (token.value === ')') depth--
      else if (token.value === ',' && depth === 0) {
        parts.push(part)
        part = []
        continue
      }
    }
    part.push(token)
  }
  if (part.length > 0) parts.push(part)
  return parts
}

/** Takes off the parentheses around the whole of an expression. */
export function withoutParentheses(sql: string, dialect: Dialect | DialectName): string {
  let depth = 0
  const all = tokensOf(sql, dialect)
  for (const [i, { kind, value }] of all.entries()) {
    if (kind !== 'punctuation') continue
    if (value === '(') depth++
    else if (value === ')') depth--
    if (depth === 0 && i < all.length - 1) return sql
  }
  const [first, last] = [all[0], all.at(-1)]
  if (first?.value !== '(' || first.kind !== 'punctuation' || last?.value !== ')') return sql
  return withoutParentheses(sql.slice(first.end, last.start).trim(), dialect)
}

/** Returns the text of a string, also of one that is written in hexadecimal digits. */
export function stringOf({ text, value }: Token): string {
  const digits = /^[xX]'((?:[\da-fA-F]{2})*)'$/.exec(text)?.[1]
  return digits === undefined ? value : textOfHex(digits)
}

/** Returns the text whose UTF-8 is written in hexadecimal digits. */
export const textOfHex = (digits: string): string =>
  new TextDecoder().decode(Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)))
