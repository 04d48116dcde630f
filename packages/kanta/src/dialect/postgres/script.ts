import { Created } from '../created.ts'
import type { Scanner } from '../scan.ts'
import { type Body, CONTROLS, type Script } from '../script.ts'
import { postgresLexis } from './lexis.ts'

/** A routine may have its statements from `begin atomic` to `end`, and a rule in parentheses. */
class AtomicBody implements Body {
  readonly #created = new Created(['function', 'procedure', 'table', 'view', 'index', 'trigger'])
  #depth = 0
  #parentheses = 0
  #last = ''

  read(scanner: Scanner): void {
    const { keyword } = scanner
    if (keyword !== '') this.#word(keyword)
    else if (scanner.is('(')) this.#parentheses++
    else if (scanner.is(')')) this.#parentheses--
    this.#last = keyword
  }

  get isOpen(): boolean {
    return this.#depth > 0 || this.#parentheses > 0
  }

  #word(word: string): void {
    this.#created.word(word)
    if (!this.#created.is('function', 'procedure')) return
    if (this.#last === 'begin' && word === 'atomic') this.#depth++
    else if (this.#depth > 0 && word === 'case') this.#depth++
    else if (this.#depth > 0 && word === 'end') this.#depth--
  }
}

export const postgresScript: Script = {
  lexis: postgresLexis,
  body: () => new AtomicBody(),
  controls: ([first, second]) => CONTROLS.has(first!) || (first === 'start' && second === 'transaction'),
  shellSign: '\\',
}
