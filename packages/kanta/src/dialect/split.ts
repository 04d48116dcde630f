import { refuse } from '../error/index.ts'
import type { Dialect } from './dialect.ts'

/** A statement of a text. */
export interface TextStatement {
  readonly sql: string
  /** The line on which it begins, from 1 on. */
  readonly line: number
  /** Whether it begins or ends a transaction. */
  readonly controls: boolean
}

type Name = Dialect['name']

/** How a database reads text. */
interface Grammar {
  /** What opens a quoted name or a string, and what closes it. */
  readonly quotes: Readonly<Record<string, string>>
  /** In which of them a backslash takes away the meaning of what follows. */
  readonly escapes: string
  readonly dollarQuotes: boolean
  /** `E'…'`, in which a backslash escapes. */
  readonly escapeStrings: boolean
  readonly nestedComments: boolean
  readonly hashComments: boolean
  /** Whether `--` begins a comment only before space. */
  readonly spacedDashes: boolean
  /** What follows the inside of a statement with statements in it. */
  body(): Body
}

/** Follows the words of a statement, to tell which semicolons are inside of it. */
interface Body {
  word(word: string): void
  /** A token that is no word. */
  sign(sign: string): void
  readonly isOpen: boolean
}

const PLAIN = { "'": "'", '"': '"' }

const GRAMMARS: Readonly<Record<Name, Grammar>> = {
  sqlite: grammar({ quotes: { ...PLAIN, '`': '`', '[': ']' }, body: () => new TriggerBody() }),
  postgres: grammar({
    ...{ dollarQuotes: true, escapeStrings: true, nestedComments: true },
    body: () => new AtomicBody(),
  }),
  mysql: grammar({
    ...{ quotes: { ...PLAIN, '`': '`' }, escapes: '\'"', hashComments: true, spacedDashes: true },
    body: () => new CompoundBody(),
  }),
  mariadb: grammar({
    ...{ quotes: { ...PLAIN, '`': '`' }, escapes: '\'"', hashComments: true, spacedDashes: true },
    body: () => new CompoundBody(),
  }),
  mssql: grammar({ quotes: { ...PLAIN, '[': ']' }, nestedComments: true, body: () => new BatchBody() }),
}

function grammar(given: Partial<Grammar> & Pick<Grammar, 'body'>): Grammar {
  return {
    quotes: PLAIN,
    escapes: '',
    dollarQuotes: false,
    escapeStrings: false,
    nestedComments: false,
    hashComments: false,
    spacedDashes: false,
    ...given,
  }
}

/**
 * The statements of a text. A semicolon inside of a string, a quoted name, a comment or the body of a trigger or a
 * routine does not end one; on SQL Server a line with `go` does, and a semicolon never.
 *
 * Rules: https://www.sqlite.org/c3ref/complete.html,
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html,
 * https://dev.mysql.com/doc/refman/8.4/en/comments.html and sql-compound-statements.html.
 */
export function splitStatements(text: string, dialect: Name): TextStatement[] {
  return new Splitter(text, dialect).statements()
}

const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy
const DOLLAR = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy
const GO = /^[ \t]*go[ \t]*(\d*)[ \t;]*(?:--.*)?$/gimu

class Splitter {
  readonly #text: string
  readonly #dialect: Name
  readonly #grammar: Grammar
  readonly #found: TextStatement[] = []
  #at = 0
  #line = 1
  #counted = 0
  #body: Body
  /** Where the statement begins, and where what was last seen of it ends. */
  #start: number | undefined
  #end = 0
  #words: string[] = []

  constructor(text: string, dialect: Name) {
    this.#text = text
    this.#dialect = dialect
    this.#grammar = GRAMMARS[dialect]
    this.#body = this.#grammar.body()
  }

  statements(): TextStatement[] {
    while (this.#at < this.#text.length) this.#token()
    this.#finish()
    return this.#found
  }

  #token(): void {
    const text = this.#text
    const char = text[this.#at]!
    if (/\s/.test(char)) this.#at++
    else if (this.#isComment()) this.#comment()
    else if (this.#dialect === 'mssql' && this.#go()) this.#finish()
    else if (char === ';' && !this.#body.isOpen) {
      this.#finish()
      this.#at++
    } else this.#part(char)
  }

  /** A part of a statement: a string, a quoted name, a word or a sign. */
  #part(char: string): void {
    this.#refuseCommand(char)
    this.#start ??= this.#at
    const { quotes, escapes, dollarQuotes, escapeStrings } = this.#grammar
    const close = quotes[char]
    const word = close === undefined ? match(WORD, this.#text, this.#at) : undefined
    if (close !== undefined) {
      this.#quoted(char, close, escapes.includes(char))
      this.#body.sign(char)
    } else if (escapeStrings && word?.toLowerCase() === 'e' && this.#text[this.#at + 1] === "'") {
      this.#at++
      this.#quoted("'", "'", true)
      this.#body.sign("'")
    } else if (word !== undefined) {
      this.#at += word.length
      if (this.#words.length < 2) this.#words.push(word.toLowerCase())
      if (this.#words.length === 1) this.#refuseDelimiter(word)
      this.#body.word(word.toLowerCase())
    } else if (dollarQuotes && char === '$' && this.#dollar()) this.#body.sign("'")
    else {
      this.#at++
      this.#body.sign(char)
    }
    this.#end = this.#at
  }

  #quoted(open: string, close: string, escapes: boolean): void {
    const start = this.#at
    for (let at = start + 1; at < this.#text.length; at++) {
      if (escapes && this.#text[at] === '\\') at++
      else if (this.#text[at] === close) {
        if (this.#text[at + 1] !== close) {
          this.#at = at + 1
          return
        }
        at++
      }
    }
    this.#refuse(start, `The text that ${open} opens is not closed.`)
  }

  #dollar(): boolean {
    const tag = match(DOLLAR, this.#text, this.#at)
    if (tag === undefined) return false
    const end = this.#text.indexOf(tag, this.#at + tag.length)
    if (end < 0) this.#refuse(this.#at, `The text that ${tag} opens is not closed.`)
    this.#at = end + tag.length
    return true
  }

  #isComment(): boolean {
    const { hashComments, spacedDashes } = this.#grammar
    const two = this.#text.slice(this.#at, this.#at + 2)
    if (two === '--') return !spacedDashes || /^(?:\s|$)/.test(this.#text.slice(this.#at + 2, this.#at + 3))
    // What MySQL and MariaDB run though others take it for a comment.
    if (two === '/*') return !hashComments || !/^\/\*M?!/.test(this.#text.slice(this.#at, this.#at + 4))
    return hashComments && two[0] === '#'
  }

  #comment(): void {
    if (this.#text[this.#at] !== '/') {
      const end = this.#text.indexOf('\n', this.#at)
      this.#at = end < 0 ? this.#text.length : end
      return
    }
    const start = this.#at
    let depth = 0
    do {
      const two = this.#text.slice(this.#at, this.#at + 2)
      if (two === '') this.#refuse(start, 'The comment that /* opens is not closed.')
      if (two === '*/') depth--
      else if (two === '/*' && (depth === 0 || this.#grammar.nestedComments)) depth++
      this.#at += two === '*/' || two === '/*' ? 2 : 1
    } while (depth > 0)
  }

  #go(): boolean {
    const lineStart = this.#text.lastIndexOf('\n', this.#at - 1) + 1
    GO.lastIndex = lineStart
    const found = GO.exec(this.#text)
    if (found === null || found.index !== lineStart || found.index > this.#at) return false
    if (this.#text.slice(lineStart, this.#at).trim() !== '') return false
    if (found[1] !== '') this.#refuse(this.#at, "A count after 'go' is not supported. Write the statements out.")
    this.#at = lineStart + found[0].length
    return true
  }

  #finish(): void {
    if (this.#start !== undefined) {
      const sql = this.#text.slice(this.#start, this.#end)
      this.#found.push({ sql, line: this.#lineOf(this.#start), controls: controls(this.#words, this.#dialect) })
    }
    this.#start = undefined
    this.#words = []
    this.#body = this.#grammar.body()
  }

  #refuseDelimiter(word: string): void {
    if (word.toLowerCase() === 'delimiter' && this.#grammar.hashComments)
      this.#refuse(
        this.#start!,
        "DELIMITER is a command of the mysql client, and not SQL. Leave it out and end each statement with ';': a body from begin to end is one statement.",
      )
  }

  /** What is for the program that people type SQL into. */
  #refuseCommand(char: string): void {
    if (this.#start !== undefined) return
    const lineStart = this.#text.lastIndexOf('\n', this.#at - 1) + 1
    if (this.#text.slice(lineStart, this.#at).trim() !== '') return
    if ((char === '\\' && this.#dialect === 'postgres') || (char === '.' && this.#dialect === 'sqlite')) {
      const command = this.#text.slice(this.#at).split(/\s/, 1)[0]
      this.#refuse(this.#at, `${command} is a command of the database's shell, and not SQL. Leave it out.`)
    }
  }

  #lineOf(at: number): number {
    for (; this.#counted < at; this.#counted++) if (this.#text[this.#counted] === '\n') this.#line++
    return this.#line
  }

  #refuse(at: number, why: string): never {
    return refuse(`Line ${this.#text.slice(0, at).split('\n').length} of the SQL: ${why}`)
  }
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

const CONTROLS = new Set(['begin', 'commit', 'rollback', 'end', 'abort', 'savepoint', 'release'])

function controls([first, second]: readonly string[], dialect: Name): boolean {
  if (first === undefined || dialect === 'mssql') return first === 'commit' || first === 'rollback'
  // A block of MariaDB.
  if (first === 'begin' && second === 'not') return false
  return CONTROLS.has(first) || (first === 'start' && second === 'transaction')
}

/** `create … trigger`, `create … function`: what is created, from the first words. */
class Created {
  readonly #kinds: readonly string[]
  #what: string | undefined
  #first = true

  constructor(kinds: readonly string[]) {
    this.#kinds = kinds
  }

  word(word: string): void {
    if (this.#first && word !== 'create') this.#what = 'nothing'
    else if (this.#kinds.includes(word)) this.#what ??= word
    this.#first = false
  }

  is(...kinds: readonly string[]): boolean {
    return this.#what !== undefined && kinds.includes(this.#what)
  }
}

/** A trigger of SQLite ends with `; end`. */
class TriggerBody implements Body {
  readonly #created = new Created(['trigger', 'table', 'view', 'index', 'virtual'])
  #last = ''
  #before = ''

  word(word: string): void {
    this.#created.word(word)
    this.sign(word)
  }

  sign(sign: string): void {
    this.#before = this.#last
    this.#last = sign
  }

  get isOpen(): boolean {
    return this.#created.is('trigger') && !(this.#last === 'end' && this.#before === ';')
  }
}

/** A function of PostgreSQL may have its statements from `begin atomic` to `end`, and a rule in parentheses. */
class AtomicBody implements Body {
  readonly #created = new Created(['function', 'procedure', 'table', 'view', 'index', 'trigger'])
  #depth = 0
  #parentheses = 0
  #last = ''

  word(word: string): void {
    this.#created.word(word)
    if (this.#created.is('function', 'procedure')) {
      if (this.#last === 'begin' && word === 'atomic') this.#depth++
      else if (this.#depth > 0 && word === 'case') this.#depth++
      else if (this.#depth > 0 && word === 'end') this.#depth--
    }
    this.#last = word
  }

  sign(sign: string): void {
    this.#last = sign
    if (sign === '(') this.#parentheses++
    else if (sign === ')') this.#parentheses--
  }

  get isOpen(): boolean {
    return this.#depth > 0 || this.#parentheses > 0
  }
}

const BLOCKS = new Set(['if', 'case', 'loop', 'while', 'repeat', 'for'])
const STARTS = new Set(['begin', 'then', 'else', 'do', 'loop', 'repeat', 'atomic', ';', ':'])

/** Routines, triggers and events of MySQL and MariaDB have statements in blocks, which nest. */
class CompoundBody implements Body {
  readonly #created = new Created(['procedure', 'function', 'trigger', 'event', 'package', 'table', 'view', 'index'])
  readonly #blocks: string[] = []
  #last = ''
  #first: string | undefined
  #anonymous = false

  word(word: string): void {
    this.#created.word(word)
    if (this.#first === 'begin' && word === 'not') this.#open('begin')
    this.#first = this.#first === undefined ? word : ''
    if (this.#anonymous || this.#created.is('procedure', 'function', 'trigger', 'event', 'package')) this.#block(word)
    this.#last = word
  }

  sign(sign: string): void {
    this.#last = sign
  }

  get isOpen(): boolean {
    return this.#blocks.length > 0
  }

  #open(block: string): void {
    this.#anonymous = true
    this.#blocks.push(block)
  }

  #block(word: string): void {
    if (word === 'end') this.#blocks.pop()
    // `end if` has closed what it names.
    else if (this.#last === 'end' && BLOCKS.has(word)) return
    else if (word === 'begin') this.#blocks.push('begin')
    else if (word === 'case') this.#blocks.push(this.#atStart ? 'case' : 'expression')
    else if (BLOCKS.has(word) && this.#atStart) this.#blocks.push(word)
  }

  /** Whether a statement can begin here; else `if` and `repeat` are functions. */
  get #atStart(): boolean {
    if (this.#blocks.length === 0) return [')', 'row', ':'].includes(this.#last)
    const inExpression = this.#blocks.at(-1) === 'expression'
    return STARTS.has(this.#last) && !(inExpression && (this.#last === 'then' || this.#last === 'else'))
  }
}

/** A batch of SQL Server goes to the server as it is. */
class BatchBody implements Body {
  readonly isOpen = true
  word(): void {}
  sign(): void {}
}
