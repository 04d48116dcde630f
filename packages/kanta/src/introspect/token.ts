import type { DialectName } from './catalog.ts'

/** A piece of SQL text. */
export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'sign'
  /** As it stands there. */
  readonly text: string
  /** A word in lower case, a name or a string without its quotes. */
  readonly value: string
  readonly start: number
  readonly end: number
}

const SPACE = /(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/y
const PIECES: readonly (readonly [Token['kind'], RegExp])[] = [
  ['string', /[eE]'(?:[^'\\]|''|\\[\s\S])*'|[xXbB]?'(?:[^']|'')*'/y],
  ['name', /"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[A-Za-z_][^\]]*\]/y],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/iy],
  ['word', /[\p{L}_\u0080-\uffff][\p{L}\p{N}_$\u0080-\uffff]*/uy],
  ['sign', /::|->>|->|\|\||<>|!=|<=>|<=|>=|==|!~~\*|!~~|~~\*|~~|!~\*|!~|~\*|<<|>>|@>|<@|&&|[^\s]/y],
]

const unquote: Readonly<Record<Token['kind'], (text: string) => string>> = {
  word: (text) => text.toLowerCase(),
  name: (text) => {
    const end = text.at(-1)!
    return text.slice(1, -1).replaceAll(end + end, end)
  },
  string: (text) => {
    if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'")
    return /^e/i.test(text) ? unescaped(text.slice(2, -1)) : text.toLowerCase()
  },
  number: (text) => text.toLowerCase(),
  sign: (text) => text,
}

const unescaped = (text: string): string => text.replaceAll("''", "'").replaceAll(/\\([\s\S])/g, '$1')

/** Where a backslash in a string takes the sign behind it for itself. */
const ESCAPED = /[xXbB]?'(?:[^'\\]|''|\\[\s\S])*'/y

/** The pieces of SQL text, without space and comments. */
export function tokens(sql: string, dialect?: DialectName): Token[] {
  const escapes = dialect === 'mysql' || dialect === 'mariadb'
  const found: Token[] = []
  let at = 0
  for (;;) {
    SPACE.lastIndex = at
    if (SPACE.test(sql)) at = SPACE.lastIndex
    if (at >= sql.length) return found
    const token = (escapes ? escapedAt(sql, at) : undefined) ?? tokenAt(sql, at, found.at(-1))
    found.push(token)
    at = token.end
  }
}

function escapedAt(sql: string, at: number): Token | undefined {
  ESCAPED.lastIndex = at
  const text = ESCAPED.exec(sql)?.[0]
  if (text === undefined) return undefined
  const value = text.startsWith("'") ? unescaped(text.slice(1, -1)) : text.toLowerCase()
  return { kind: 'string', text, value, start: at, end: at + text.length }
}

function tokenAt(sql: string, at: number, before: Token | undefined): Token {
  for (const [kind, piece] of PIECES) {
    // In `array['a']` and `x[y]` the bracket is no quote.
    if (kind === 'name' && sql[at] === '[' && (before?.kind === 'word' || before?.kind === 'name') && before.end === at)
      continue
    piece.lastIndex = at
    const text = piece.exec(sql)?.[0]
    if (text !== undefined) return { kind, text, value: unquote[kind](text), start: at, end: at + text.length }
  }
  return { kind: 'sign', text: sql[at]!, value: sql[at]!, start: at, end: at + 1 }
}

/** A walk over tokens. */
export class Cursor {
  readonly sql: string
  readonly all: readonly Token[]
  at = 0

  constructor(sql: string, all: readonly Token[]) {
    this.sql = sql
    this.all = all
  }

  get now(): Token | undefined {
    return this.all[this.at]
  }

  /** Whether these words come next. */
  sees(...words: readonly string[]): boolean {
    return words.every((word, i) => {
      const token = this.all[this.at + i]
      return token !== undefined && (token.kind === 'word' || token.kind === 'sign') && token.value === word
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
    if (token === undefined || token.kind === 'sign' || token.kind === 'number') return undefined
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
      if (kind !== 'sign') continue
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
    if (token.kind === 'sign') {
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
