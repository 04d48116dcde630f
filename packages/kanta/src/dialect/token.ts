import { type Lexis, Scanner, type TokenKind } from './scan.ts'

/** A token of SQL text. */
export interface Token {
  readonly kind: TokenKind
  /** The token as it stands in the text. */
  readonly text: string
  /** A word in lower case; a name or a string without its quotes and escapes; else the text. */
  readonly value: string
  readonly start: number
  readonly end: number
}

/** Returns whether a token is an operator or a punctuation mark. */
export const isSign = ({ kind }: Token): boolean => kind === 'operator' || kind === 'punctuation'

/** Returns the tokens of SQL text that the database reads: all but comments, and the signs around directives. */
export function tokens(sql: string, lexis: Lexis): Token[] {
  const found: Token[] = []
  const scanner = new Scanner(sql, lexis)
  while (scanner.nextCode()) {
    const { kind, token, start, end } = scanner
    if (kind !== 'directive') found.push({ kind, text: token, value: valueOf(scanner), start, end })
  }
  return found
}

/** Returns the value of the token at which a scanner is. */
export function valueOf({ kind, token: text, lexis }: Scanner): string {
  if (kind === 'word') return lowerCase(text)
  if (kind === 'name') return nameOf(text, lexis)
  if (kind === 'string') return stringOf(text, lexis)
  return kind === 'number' ? text.toLowerCase() : text
}

/** Folds ASCII only, as databases do: others would change their length. */
export const lowerCase = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

function nameOf(text: string, lexis: Lexis): string {
  const sign = text.at(-1)!
  const opening = sign === ']' ? 0 : text.indexOf(sign)
  return contentOf(text, sign, opening, lexis)
}

function stringOf(text: string, lexis: Lexis): string {
  if (text.startsWith('$')) {
    const tag = text.indexOf('$', 1) + 1
    return text.slice(tag, -tag)
  }
  // Bytes and bits are no text.
  if (/^[xb]/i.test(text)) return text.toLowerCase()
  const sign = text.endsWith('"') ? '"' : "'"
  return contentOf(text, sign, text.indexOf(sign), lexis)
}

function contentOf(text: string, sign: string, opening: number, lexis: Lexis): string {
  const content = text.slice(opening + 1, -1)
  const prefix = text.slice(0, opening).toLowerCase()
  return lexis.contentOf?.(content, sign, prefix) ?? content.replaceAll(sign + sign, sign)
}
