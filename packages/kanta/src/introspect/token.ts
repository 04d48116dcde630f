import { type Dialect, type DialectName, isSign, type Token, tokensOf } from '../dialect/index.ts'

export { type Token, tokensOf as tokens } from '../dialect/index.ts'

/** Walks over tokens. */
export class Cursor {
  readonly sql: string
  readonly all: readonly Token[]
  at = 0

  constructor(sql: string, all: readonly Token[]) {
    this.sql = sql
    this.all = all
  }

  /** Returns a walk over the tokens of a text. */
  static over(sql: string, dialect: Dialect | DialectName): Cursor {
    return new Cursor(sql, tokensOf(sql, dialect))
  }

  get now(): Token | undefined {
    return this.all[this.at]
  }

  /** Whether these words come next. */
  sees(...words: readonly string[]): boolean {
    return words.every((word, i) => {
      const token = this.all[this.at + i]
      return token !== undefined && (token.kind === 'word' || isSign(token)) && token.value === word
    })
  }

  /** Goes past these words if they come next. */
  takes(...words: readonly string[]): boolean {
    if (!this.sees(...words)) return false
    this.at += words.length
    return true
  }

  /** The name that comes next, in quotes or not. */
  name(): string | undefined {
    const token = this.now
    if (token === undefined || isSign(token) || token.kind === 'number') return undefined
    this.at++
    return token.kind === 'word' ? token.text : token.value
  }

  /** The tokens inside the parentheses that come next; goes past them. */
  inside(): readonly Token[] | undefined {
    if (!this.sees('(')) return undefined
    const from = this.at + 1
    let depth = 0
    for (; this.at < this.all.length; this.at++) {
      const { kind, value } = this.all[this.at]!
      if (kind !== 'punctuation') continue
      if (value === '(') depth++
      else if (value === ')' && --depth === 0) return this.all.slice(from, this.at++)
    }
    return undefined
  }

  /** The text of some tokens, as it stands there. */
  text(of: readonly Token[]): string {
    return of.length === 0 ? '' : this.sql.slice(of[0]!.start, of.at(-1)!.end)
  }
}

/** Parts that commas separate, outside of parentheses. */
export function split(all: readonly Token[]): Token[][] {
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
