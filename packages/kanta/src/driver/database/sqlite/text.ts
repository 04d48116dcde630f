import { refuse } from '../../../error/index.ts'

/** What has to be known of a text before it runs, and what no library of SQLite tells. */
export interface TextFacts {
  /** How many values it takes. */
  readonly parameters: number
  /** Whether the number of changed rows means this statement; SQLite else keeps telling that of an earlier one. */
  readonly writes: boolean
  /** Whether the last inserted id means this statement. */
  readonly inserts: boolean
  /** Whether it begins or ends a transaction. */
  readonly controls: boolean
}

const WRITES = new Set(['insert', 'replace', 'update', 'delete', 'with'])
const INSERTS = new Set(['insert', 'replace', 'with'])
const CONTROLS = new Set(['begin', 'commit', 'end', 'rollback', 'savepoint', 'release'])

const DOUBLE_QUOTE = 34
const DOLLAR = 36
const QUOTE = 39
const DASH = 45
const SLASH = 47
const COLON = 58
const SEMICOLON = 59
const QUESTION = 63
const AT = 64
const BRACKET = 91
const BACKTICK = 96

/**
 * Reads a text once, when it is prepared. The parameters have to be counted because `node:sqlite` takes a value that
 * was not given for null, and named ones refused because both libraries read an object as their values.
 */
export function readText(sql: string): TextFacts {
  // SQLite ends a text at its first NUL, and what follows would be left out without a word.
  if (sql.includes('\0'))
    refuse('The text of a statement cannot hold the character NUL. Pass such text as a parameter.')
  let parameters = 0
  let first: string | undefined
  let at = 0
  while (at < sql.length) {
    const code = sql.charCodeAt(at)
    if (isWordPart(code) && code !== DOLLAR) {
      const end = wordEnd(sql, at)
      first ??= sql.slice(at, end).toLowerCase()
      at = end
    } else if (code === QUESTION) {
      if (isDigit(sql.charCodeAt(at + 1))) refuseNamed(sql, at)
      parameters++
      at++
    } else if ((code === COLON || code === AT || code === DOLLAR) && isWordPart(sql.charCodeAt(at + 1))) {
      refuseNamed(sql, at)
    } else {
      at = pastPunctuation(sql, at, code)
    }
  }
  const is = (words: ReadonlySet<string>) => first !== undefined && words.has(first)
  return { parameters, writes: is(WRITES), inserts: is(INSERTS), controls: is(CONTROLS) }
}

/** A text of one statement that was read. */
export interface KnownText extends TextFacts {
  readonly sql: string
  /** It without what may stand after it. */
  readonly statement: string
  /** The names of the columns that it gave last. */
  columns: readonly string[]
}

const MOST_TEXTS = 256

/** The texts that a connection has met of late, for libraries that prepare nothing to keep this beside. */
export class KnownTexts {
  readonly #texts = new Map<string, KnownText>()

  find(sql: string): KnownText {
    return this.#texts.get(sql) ?? this.keep({ ...readText(sql), sql, statement: onlyStatement(sql), columns: [] })
  }

  keep(text: KnownText): KnownText {
    if (this.#texts.size >= MOST_TEXTS) this.#texts.clear()
    this.#texts.set(text.sql, text)
    return text
  }
}

/** Refuses values that are not as many as the text takes. */
export function checkCount(facts: TextFacts, parameters: readonly unknown[]): void {
  if (parameters.length === facts.parameters) return
  const takes = `${facts.parameters} parameter${facts.parameters === 1 ? '' : 's'}`
  refuse(`The text takes ${takes}, not ${parameters.length}. Give one value for each ?.`)
}

/** The one statement of a text, for libraries that would run one of several, or all, without a word. */
export function onlyStatement(sql: string): string {
  const [only, ...more] = splitStatements(sql)
  if (more.length > 0) refuse('The text holds more than one statement. Run them one by one.')
  return only ?? refuse('The text holds no statement. Write one.')
}

/** Whether nothing but space, comments and semicolons is there. */
export function isBlank(sql: string): boolean {
  let at = 0
  while (at < sql.length) {
    const code = sql.charCodeAt(at)
    const end = pastPunctuation(sql, at, code)
    if (code !== SEMICOLON && !isSpace(sql, at, end)) return false
    at = end
  }
  return true
}

/**
 * The statements of a text, without the semicolons between them. Those inside of a trigger do not end it: like the
 * shell of SQLite, this looks for `; end` in a statement that begins with `create trigger`.
 */
export function splitStatements(sql: string): string[] {
  const statements: string[] = []
  let start = 0
  // What stands before, as far as it matters: words in lower case, and semicolons.
  let tokens: string[] = []
  let at = 0
  while (at < sql.length) {
    const code = sql.charCodeAt(at)
    const end = isWordPart(code) ? wordEnd(sql, at) : pastPunctuation(sql, at, code)
    if (code === SEMICOLON && (!isTrigger(tokens) || endsTrigger(tokens))) {
      if (tokens.length > 0) statements.push(sql.slice(start, at).trim())
      start = end
      tokens = []
    } else if (!isSpace(sql, at, end)) tokens.push(sql.slice(at, end).toLowerCase())
    at = end
  }
  // Space at the end stays: without what follows it, SQLite takes `/*` for a division.
  if (tokens.length > 0) statements.push(sql.slice(start).trimStart())
  return statements
}

function isTrigger([first, second, third]: readonly string[]): boolean {
  return first === 'create' && (second === 'temp' || second === 'temporary' ? third : second) === 'trigger'
}

const endsTrigger = (tokens: readonly string[]): boolean => tokens.at(-1) === 'end' && tokens.at(-2) === ';'

/** Whether it is space or a comment that stands here. */
function isSpace(sql: string, at: number, end: number): boolean {
  const code = sql.charCodeAt(at)
  return (end > at + 1 && (code === DASH || code === SLASH)) || sql[at]!.trim() === ''
}

/** Where the string, quoted name, comment or single character that starts here ends. */
function pastPunctuation(sql: string, at: number, code: number): number {
  if (code === QUOTE || code === DOUBLE_QUOTE || code === BACKTICK) return past(sql, sql[at]!, at + 1)
  if (code === BRACKET) return past(sql, ']', at + 1)
  if (code === DASH && sql.charCodeAt(at + 1) === DASH) return past(sql, '\n', at + 2)
  if (code === SLASH && sql[at + 1] === '*') return past(sql, '*/', at + 2)
  return at + 1
}

function past(sql: string, end: string, from: number): number {
  const at = sql.indexOf(end, from)
  return at < 0 ? sql.length : at + end.length
}

function wordEnd(sql: string, at: number): number {
  do at++
  while (isWordPart(sql.charCodeAt(at)))
  return at
}

const isDigit = (code: number) => code >= 48 && code <= 57

/** A letter, digit, `_`, `$` or anything beyond ASCII, as SQLite sees names; `NaN` past the end is none. */
function isWordPart(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    isDigit(code) ||
    code === 95 ||
    code === DOLLAR ||
    code >= 128
  )
}

function refuseNamed(sql: string, at: number): never {
  return refuse(
    `The text has the parameter ${sql.slice(at, wordEnd(sql, at))}, and parameters go by position. Write ? and give the values in order.`,
  )
}
