import { refuse } from '../error/index.ts'
import { type Lexis, Scanner } from './scan.ts'

/** A statement of a text. */
export interface TextStatement {
  readonly sql: string
  /** The line on which it begins, from 1 on. */
  readonly line: number
  /** Tells whether it begins or ends a transaction. */
  readonly controls: boolean
}

/** The rules that split a script into statements. */
export interface Script {
  readonly lexis: Lexis
  /** Makes what follows the tokens of one statement. */
  body(): Body
  /** Returns whether a statement that begins with these words, in lower case, begins or ends a transaction. */
  controls(words: readonly string[]): boolean
  /** The first words of commands of the database's shell. */
  readonly shellSign?: string
  /** A word with which a statement begins that only the shell knows. */
  readonly foreignWord?: { readonly word: string; readonly advice: string }
  /** Matches, from its first word on, a line that ends a batch. */
  readonly batchEnd?: RegExp
}

/** Follows the tokens of a statement, to tell which semicolons are inside of it. */
export interface Body {
  read(scanner: Scanner): void
  readonly isOpen: boolean
}

export const CONTROLS: ReadonlySet<string> = new Set([
  ...['begin', 'commit', 'rollback', 'end', 'abort', 'savepoint', 'release'],
])

/** The first statement of a text. */
export interface FirstStatement {
  /** Without the semicolon that ends it; `undefined` where the text holds none. */
  readonly sql: string | undefined
  /** Tells whether no other follows it. */
  readonly isOnly: boolean
  readonly controls: boolean
}

/** Finds the first statement of a text. It judges no text: what is not closed is for the database to refuse. */
export function firstStatement(text: string, script: Script): FirstStatement {
  const scanner = new Scanner(text, script.lexis)
  const body = script.body()
  const words: string[] = []
  let start: number | undefined
  let end: number | undefined
  let isOnly = true
  while (isOnly && scanner.nextCode()) {
    if (scanner.is(';') && !body.isOpen) {
      if (start !== undefined) end ??= scanner.start
    } else if (end !== undefined) isOnly = false
    else {
      start ??= scanner.start
      if (words.length < 2 && scanner.kind === 'word') words.push(scanner.keyword)
      body.read(scanner)
    }
  }
  // Space at the end stays: without what follows it, SQLite takes `/*` for a division.
  const sql = start === undefined ? undefined : text.slice(start, end)
  return { sql, isOnly, controls: script.controls(words) }
}

/**
 * Returns the statements of a text. A semicolon inside of a string, a quoted name, a comment or the body of a trigger
 * or a routine does not end one; on SQL Server a line with `go` does, and a semicolon never.
 *
 * @throws KantaError `invalid_input` for a quote or a comment that is not closed, and for a command of a shell.
 */
export function splitScript(text: string, script: Script): TextStatement[] {
  return new Splitter(text, script).statements()
}

class Splitter {
  readonly #text: string
  readonly #script: Script
  readonly #scanner: Scanner
  readonly #found: TextStatement[] = []
  #body: Body
  /** The end of the token before this one, comments included. */
  #before = 0
  /** The start of the statement and the end of its last token. */
  #start: number | undefined
  #end = 0
  #words: string[] = []
  #line = 1
  #counted = 0

  constructor(text: string, script: Script) {
    this.#text = text
    this.#script = script
    this.#scanner = new Scanner(text, script.lexis)
    this.#body = script.body()
  }

  statements(): TextStatement[] {
    const scanner = this.#scanner
    while (scanner.next()) {
      if (!scanner.isClosed) this.#refuseOpen()
      if (scanner.kind !== 'comment' && !this.#endsStatement()) this.#add()
      this.#before = scanner.end
    }
    this.#finish()
    return this.#found
  }

  /** Ends the statement if the token does, and tells whether it does. */
  #endsStatement(): boolean {
    if (!this.#endsBatch() && !(this.#scanner.is(';') && !this.#body.isOpen)) return false
    this.#finish()
    return true
  }

  #endsBatch(): boolean {
    const { batchEnd } = this.#script
    const scanner = this.#scanner
    if (batchEnd === undefined || scanner.keyword !== 'go' || !this.#beginsLine()) return false
    batchEnd.lastIndex = scanner.start
    const found = batchEnd.exec(this.#text)
    if (found === null) return false
    if (found[1] !== undefined)
      this.#refuse(scanner.start, "A count after 'go' is not supported. Write the statements out.")
    scanner.end = batchEnd.lastIndex
    return true
  }

  #add(): void {
    const scanner = this.#scanner
    if (this.#start === undefined) this.#refuseCommand()
    this.#start ??= scanner.start
    this.#end = scanner.end
    if (this.#words.length < 2 && scanner.kind === 'word') this.#words.push(scanner.keyword)
    this.#body.read(scanner)
  }

  #finish(): void {
    if (this.#start !== undefined) {
      const sql = this.#text.slice(this.#start, this.#end)
      this.#found.push({ sql, line: this.#lineOf(this.#start), controls: this.#script.controls(this.#words) })
    }
    this.#start = undefined
    this.#words = []
    this.#body = this.#script.body()
  }

  #beginsLine(): boolean {
    return this.#before === 0 || this.#text.slice(this.#before, this.#scanner.start).includes('\n')
  }

  /** Refuses what is for the program that people type SQL into. */
  #refuseCommand(): void {
    const { shellSign, foreignWord } = this.#script
    const { start, keyword } = this.#scanner
    if (foreignWord !== undefined && keyword === foreignWord.word) this.#refuse(start, foreignWord.advice)
    if (shellSign === undefined || this.#text[start] !== shellSign || !this.#beginsLine()) return
    const [command] = this.#text.slice(start, start + 100).split(/\s/, 1)
    this.#refuse(start, `${command} is a command of the database's shell, and not SQL. Leave it out.`)
  }

  #refuseOpen(): void {
    const { kind, start } = this.#scanner
    const opening = /^(?:\/\*|\$\w*\$|[A-Za-z&]*.)/.exec(this.#text.slice(start, start + 70))![0]
    this.#refuse(start, `The ${kind === 'comment' ? 'comment' : 'text'} that ${opening} opens is not closed.`)
  }

  #lineOf(at: number): number {
    for (; this.#counted < at; this.#counted++) if (this.#text[this.#counted] === '\n') this.#line++
    return this.#line
  }

  #refuse(at: number, why: string): never {
    return refuse(`Line ${this.#text.slice(0, at).split('\n').length} of the SQL: ${why}`)
  }
}
