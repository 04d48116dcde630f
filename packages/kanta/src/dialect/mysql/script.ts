import { Created } from '../created.ts'
import type { Lexis, Scanner } from '../scan.ts'
import { type Body, CONTROLS, type Script } from '../script.ts'
import { mariadbLexis, mysqlLexis } from './lexis.ts'

const ROUTINES = ['procedure', 'function', 'trigger', 'event', 'package']
const BLOCKS = new Set(['if', 'case', 'loop', 'while', 'repeat', 'for'])
const STARTS = new Set(['begin', 'then', 'else', 'do', 'loop', 'repeat', 'atomic', ';', ':'])

/** Routines, triggers and events have statements in blocks, which nest. */
class CompoundBody implements Body {
  readonly #created = new Created([...ROUTINES, 'table', 'view', 'index'])
  readonly #blocks: string[] = []
  #last = ''
  #words = 0
  #isAnonymous = false
  #isDirected = false

  read(scanner: Scanner): void {
    const { keyword } = scanner
    if (keyword !== '') this.#word(keyword)
    this.#last = keyword || scanner.token
    this.#isDirected = scanner.isDirected
  }

  get isOpen(): boolean {
    return this.#blocks.length > 0 || this.#isDirected
  }

  #word(word: string): void {
    this.#created.word(word)
    // A block of MariaDB without a name.
    if (++this.#words === 2 && this.#last === 'begin' && word === 'not') {
      this.#isAnonymous = true
      this.#blocks.push('begin')
    }
    if (this.#isAnonymous || this.#created.is(...ROUTINES)) this.#block(word)
  }

  #block(word: string): void {
    if (word === 'end') this.#blocks.pop()
    // `end if` has closed what it names.
    else if (this.#last === 'end' && BLOCKS.has(word)) return
    else if (word === 'begin') this.#blocks.push('begin')
    else if (word === 'case') this.#blocks.push(this.#isAtStart ? 'case' : 'expression')
    else if (BLOCKS.has(word) && this.#isAtStart) this.#blocks.push(word)
  }

  /** Tells whether a statement can begin here; else `if` and `repeat` are functions. */
  get #isAtStart(): boolean {
    if (this.#blocks.length === 0) return [')', 'row', ':'].includes(this.#last)
    const inExpression = this.#blocks.at(-1) === 'expression'
    return STARTS.has(this.#last) && !(inExpression && (this.#last === 'then' || this.#last === 'else'))
  }
}

/** https://dev.mysql.com/doc/refman/8.4/en/sql-compound-statements.html */
export const scriptOf = (lexis: Lexis): Script => ({
  lexis,
  body: () => new CompoundBody(),
  // `begin not atomic` begins a block of MariaDB.
  controls: ([first, second]) =>
    (CONTROLS.has(first!) && !(first === 'begin' && second === 'not')) ||
    (first === 'start' && second === 'transaction'),
  foreignWord: {
    word: 'delimiter',
    advice:
      "DELIMITER is a command of the mysql client, and not SQL. Leave it out and end each statement with ';': a body from begin to end is one statement.",
  },
})

export const mysqlScript: Script = scriptOf(mysqlLexis)
export const mariadbScript: Script = scriptOf(mariadbLexis)
