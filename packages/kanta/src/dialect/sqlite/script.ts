import { Created } from '../created.ts'
import type { Scanner } from '../scan.ts'
import { type Body, CONTROLS, type Script } from '../script.ts'
import { sqliteLexis } from './lexis.ts'

/** A trigger ends with `; end`. */
class TriggerBody implements Body {
  readonly #created = new Created(['trigger', 'table', 'view', 'index', 'virtual'])
  #last = ''
  #before = ''

  read(scanner: Scanner): void {
    const { keyword } = scanner
    if (keyword !== '') this.#created.word(keyword)
    this.#before = this.#last
    this.#last = keyword || scanner.token
  }

  get isOpen(): boolean {
    return this.#created.is('trigger') && !(this.#last === 'end' && this.#before === ';')
  }
}

/** https://www.sqlite.org/c3ref/complete.html */
export const sqliteScript: Script = {
  lexis: sqliteLexis,
  body: () => new TriggerBody(),
  controls: ([first]) => CONTROLS.has(first!),
  shellSign: '.',
}
