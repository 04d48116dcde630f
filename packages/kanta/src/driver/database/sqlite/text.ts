import { firstStatement, Scanner, splitScript } from '../../../dialect/index.ts'
import { sqliteLexis, sqliteScript } from '../../../dialect/sqlite/index.ts'
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

/**
 * Reads a text once, when it is prepared. The parameters have to be counted because `node:sqlite` takes a value that
 * was not given for null, and named ones refused because both libraries read an object as their values.
 */
export function readText(sql: string): TextFacts {
  // SQLite ends a text at its first NUL, and what follows would be left out without a word.
  if (sql.includes('\0'))
    refuse('The text of a statement cannot hold the character NUL. Pass such text as a parameter.')
  const scanner = new Scanner(sql, sqliteLexis)
  let parameters = 0
  let first = ''
  while (scanner.next()) {
    if (scanner.kind === 'parameter') {
      if (scanner.token !== '?') refuseNamed(scanner.token)
      parameters++
    } else first ||= scanner.keyword
  }
  return { parameters, writes: WRITES.has(first), inserts: INSERTS.has(first), controls: CONTROLS.has(first) }
}

function refuseNamed(name: string): never {
  return refuse(
    `The text has the parameter ${name}, and parameters go by position. Write ? and give the values in order.`,
  )
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

/** Returns the one statement of a text, for libraries that would run one of several, or all, without a word. */
export function onlyStatement(sql: string): string {
  const { sql: only, isOnly } = firstStatement(sql, sqliteScript)
  if (!isOnly) refuse('The text holds more than one statement. Run them one by one.')
  return only ?? refuse('The text holds no statement. Write one.')
}

/** Whether nothing but space, comments and semicolons is there. */
export function isBlank(sql: string): boolean {
  const scanner = new Scanner(sql, sqliteLexis)
  while (scanner.nextCode()) if (!scanner.is(';')) return false
  return true
}

/** Returns the statements of a text. */
export const splitStatements = (sql: string): string[] =>
  splitScript(sql, sqliteScript).map((statement) => statement.sql)
