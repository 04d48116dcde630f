/** The kinds of tokens. Directives are the signs around code that only MySQL runs, which others take for a comment. */
export type TokenKind =
  | 'word'
  | 'name'
  | 'string'
  | 'number'
  | 'operator'
  | 'punctuation'
  | 'parameter'
  | 'variable'
  | 'comment'
  | 'directive'

/**
 * Reads the token that begins at `scanner.end` and moves `scanner.end` behind it. Returns `undefined`, and moves
 * nothing, for text that is another kind of token.
 */
export type Reader = (scanner: Scanner) => TokenKind | undefined

/** The lexical rules of a database. Its patterns are sticky, and match in linear time. */
export interface Lexis {
  /** Matches white space, or nothing. */
  readonly space: RegExp
  readonly word: RegExp
  /** Reads operators of several characters; any other character is an operator or a punctuation mark by itself. */
  readonly operator: Reader
  /** The readers of tokens that only this database has or ends so, by their first character. */
  readonly readers: Readonly<Record<string, Reader | undefined>>
  /** The readers of what follows a word of one letter without space, such as the `E` of `E'…'`. */
  readonly prefixes: Readonly<Record<string, Reader | undefined>>
  /** Tells whether a backslash in quotes has a meaning by itself in some setting of a connection. */
  readonly mayEscape: boolean
  /**
   * Returns the value of a string or a name, given the text between its quotes and what stands before them. Without it
   * only the doubled sign has a meaning.
   */
  contentOf?(text: string, sign: string, prefix: string): string
}

const NUMBER = /0[xX][\da-fA-F_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y
const PUNCTUATION = '()[]{},;'

/**
 * Reads the tokens of SQL text one by one. White space is between them; all else is in a token, so no text is an
 * error. It keeps no list, so that a long text costs no memory.
 */
export class Scanner {
  readonly text: string
  readonly lexis: Lexis
  kind: TokenKind = 'punctuation'
  start = 0
  end = 0
  /** Tells whether the text has the sign that ends the token; quotes and comments may lack it. */
  isClosed = true
  /** Tells whether the token is inside of a directive. */
  isDirected = false

  constructor(text: string, lexis: Lexis) {
    this.text = text
    this.lexis = lexis
  }

  /** Moves to the next token. Returns `false` at the end of the text. */
  next(): boolean {
    this.start = this.end = this.match(this.lexis.space)
    if (this.start >= this.text.length) return false
    this.isClosed = true
    const char = this.text[this.start]!
    this.kind = this.lexis.readers[char]?.(this) ?? (PUNCTUATION.includes(char) ? this.#sign() : this.#read())
    return true
  }

  /** Moves to the next token that is no comment. */
  nextCode(): boolean {
    while (this.next()) if (this.kind !== 'comment') return true
    return false
  }

  /** The text of the token. */
  get token(): string {
    return this.text.slice(this.start, this.end)
  }

  /** The token in lower case if it is a word, else nothing. Words of SQL are ASCII. */
  get keyword(): string {
    return this.kind === 'word' ? this.token.toLowerCase() : ''
  }

  /** Returns whether the token is this operator or punctuation mark. */
  is(sign: string): boolean {
    return (
      this.end - this.start === sign.length &&
      this.text.startsWith(sign, this.start) &&
      (this.kind === 'punctuation' || this.kind === 'operator')
    )
  }

  /** Returns where a sticky pattern ends that is tried at `end`: there if it does not match. */
  match(pattern: RegExp): number {
    pattern.lastIndex = this.end
    return pattern.test(this.text) ? pattern.lastIndex : this.end
  }

  /** Moves behind what a sticky pattern matches, if it does. */
  takes(pattern: RegExp): boolean {
    const end = this.match(pattern)
    if (end === this.end) return false
    this.end = end
    return true
  }

  /** Moves behind the next occurrence of `sign`, or to the end of the text. */
  close(sign: string, from: number): void {
    const at = this.text.indexOf(sign, from)
    this.isClosed = at >= 0
    this.end = at < 0 ? this.text.length : at + sign.length
  }

  #read(): TokenKind {
    const { lexis, text, start } = this
    if (this.takes(lexis.word)) {
      const isLetter = this.end === start + 1
      return (isLetter && lexis.prefixes[text[start]!.toLowerCase()]?.(this)) || 'word'
    }
    if (this.takes(NUMBER)) return 'number'
    const operator = lexis.operator(this)
    return operator ?? this.#sign()
  }

  /** Reads one character. */
  #sign(): TokenKind {
    this.end++
    return `${PUNCTUATION}.:`.includes(this.text[this.start]!) ? 'punctuation' : 'operator'
  }
}

/**
 * Returns the words with which a text begins, in lower case and at most so many. Comments, directives and parentheses
 * may stand before them.
 */
export function leadingWords(text: string, lexis: Lexis, most: number = Number.POSITIVE_INFINITY): string[] {
  const words: string[] = []
  const scanner = new Scanner(text, lexis)
  while (words.length < most && scanner.nextCode()) {
    if (scanner.kind === 'word') words.push(scanner.keyword)
    else if (scanner.kind !== 'directive' && !(words.length === 0 && scanner.is('('))) break
  }
  return words
}

/** Returns the word with which a text begins, in lower case, or nothing. */
export const leadingWord = (text: string, lexis: Lexis): string => leadingWords(text, lexis, 1)[0] ?? ''
