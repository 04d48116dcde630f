import { KantaError, refuse } from '../error/index.ts'

/** How many callbacks there were when a savepoint was made. */
interface Mark {
  readonly name: string
  readonly afterCommit: number
  readonly afterRollback: number
}

const OWN = 'kanta_'

/** The open savepoints of a transaction, the outermost first. */
export class Savepoints {
  readonly #marks: Mark[] = []

  /** The name of a nested transaction's own savepoint, which no user's can have. */
  static ofNested(depth: number): string {
    return `${OWN}${depth}`
  }

  /** Refuses a name that a database would take for another savepoint; some do not tell upper from lower case. */
  check(name: string): void {
    if (typeof name !== 'string' || name === '') refuse('A savepoint needs a name.')
    const lower = name.toLowerCase()
    if (lower.startsWith(OWN))
      refuse(`Savepoints whose names begin with ${OWN} are for nested transactions. Name '${name}' otherwise.`)
    if (this.#marks.some((mark) => mark.name.toLowerCase() === lower)) {
      throw new KantaError(
        'transaction',
        `The savepoint '${name}' is already open. Release it before, or use another name; case does not tell two apart.`,
      )
    }
  }

  add(name: string, afterCommit: number, afterRollback: number): void {
    this.#marks.push({ name, afterCommit, afterRollback })
  }

  find(name: string): number {
    const at = this.#marks.findIndex((mark) => mark.name === name)
    if (at >= 0) return at
    const open = this.#marks.map((mark) => `'${mark.name}'`).join(', ')
    throw new KantaError(
      'transaction',
      `There is no savepoint '${name}' in this transaction. Open are: ${open || 'none'}.`,
    )
  }

  /** Forgets those after it. */
  backTo(name: string): Mark {
    const at = this.find(name)
    this.#marks.length = at + 1
    return this.#marks[at]!
  }

  /** Forgets it and those after it. */
  release(name: string): void {
    this.#marks.length = this.find(name)
  }
}
