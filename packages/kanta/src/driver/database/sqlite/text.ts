import { firstStatement, Scanner, splitScript } from '../../../dialect/index.ts'
import { sqliteLexis, sqliteScript } from '../../../dialect/sqlite/index.ts'
import { refuse } from '../../../error/index.ts'
import { StatementCache } from '../../statement-cache.ts'

/** The facts of a text that are needed before it runs, and that no library of SQLite returns. */
export interface TextFacts {
  /** The number of parameters. */
  readonly parameters: number
  /** Is true if the statement sets the number of changed rows; otherwise SQLite returns that of an earlier one. */
  readonly writes: boolean
  /** Is true if the statement sets the last inserted id. */
  readonly inserts: boolean
  /** Is true if the statement begins or ends a transaction. */
  readonly controls: boolean
}

const WRITES = new Set(['insert', 'replace', 'update', 'delete', 'with'])
const INSERTS = new Set(['insert', 'replace', 'with'])
const CONTROLS = new Set(['begin', 'commit', 'end', 'rollback', 'savepoint', 'release'])

/**
 * Reads a text once, when it is prepared. It counts the parameters because `node:sqlite` binds null for missing values,
 * and rejects named ones because libraries read an object as their values.
 */
export function readText(sql: string): TextFacts {
  // SQLite would silently cut the text at its first NUL.
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

/** A text of one statement, with its facts. */
export interface KnownText extends TextFacts {
  readonly sql: string
  /** The statement without trailing comments and semicolons. */
  readonly statement: string
  /** The names of the columns of the last run. */
  columns: readonly string[]
}

const MOST_TEXTS = 256

/** The recent texts of a connection, for libraries without prepared statements. */
export class KnownTexts {
  readonly #texts = new StatementCache<KnownText>(MOST_TEXTS)

  find(sql: string): KnownText {
    return this.#texts.get(sql) ?? this.keep({ ...readText(sql), sql, statement: onlyStatement(sql), columns: [] })
  }

  keep(text: KnownText): KnownText {
    return this.#texts.set(text.sql, text)
  }
}

/** Throws if the number of values differs from the number of parameters. */
export function checkCount(facts: TextFacts, parameters: readonly unknown[]): void {
  if (parameters.length === facts.parameters) return
  const takes = `${facts.parameters} parameter${facts.parameters === 1 ? '' : 's'}`
  refuse(`The text takes ${takes}, not ${parameters.length}. Give one value for each ?.`)
}

/** Returns the one statement of a text, and throws for several, which libraries handle differently. */
export function onlyStatement(sql: string): string {
  const { sql: only, isOnly } = firstStatement(sql, sqliteScript)
  if (!isOnly) refuse('The text holds more than one statement. Run them one by one.')
  return only ?? refuse('The text holds no statement. Write one.')
}

/** Checks if a text has only white space, comments and semicolons. */
export function isBlank(sql: string): boolean {
  const scanner = new Scanner(sql, sqliteLexis)
  while (scanner.nextCode()) if (!scanner.is(';')) return false
  return true
}

/** Returns the statements of a text. */
export const splitStatements = (sql: string): string[] =>
  splitScript(sql, sqliteScript).map((statement) => statement.sql)
