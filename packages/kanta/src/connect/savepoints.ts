import { KantaError, refuse } from '../error/index.ts'

/** An open savepoint, with the numbers of callbacks that were registered before it. */
interface OpenSavepoint {
  readonly name: string
  readonly afterCommit: number
  readonly afterRollback: number
}

const NESTED_PREFIX = 'kanta_'

/** The open savepoints of a transaction, the outermost first. */
export class Savepoints {
  readonly #open: OpenSavepoint[] = []

  /** Returns the name of a nested transaction's savepoint. The user's savepoints cannot have such a name. */
  static nestedName(depth: number): string {
    return `${NESTED_PREFIX}${depth}`
  }

  /** Refuses a name that a database could mistake for another savepoint's, since some databases ignore case. */
  check(name: string): void {
    if (typeof name !== 'string' || name === '') refuse('A savepoint needs a name.')
    const lower = name.toLowerCase()
    if (lower.startsWith(NESTED_PREFIX))
      refuse(
        `Names that begin with ${NESTED_PREFIX} are for the savepoints of nested transactions. Choose another name than '${name}'.`,
      )
    if (this.#open.some((mark) => mark.name.toLowerCase() === lower)) {
      throw new KantaError(
        'transaction',
        `The savepoint '${name}' is already open. Release it first, or use a name that differs by more than case.`,
      )
    }
  }

  add(name: string, afterCommit: number, afterRollback: number): void {
    this.#open.push({ name, afterCommit, afterRollback })
  }

  find(name: string): number {
    const at = this.#open.findIndex((mark) => mark.name === name)
    if (at >= 0) return at
    const open = this.#open.map((mark) => `'${mark.name}'`).join(', ')
    throw new KantaError(
      'transaction',
      `Unknown savepoint '${name}' in this transaction. Open savepoints: ${open || 'none'}.`,
    )
  }

  /** Forgets the savepoints after this one, and returns it. */
  rollBackTo(name: string): OpenSavepoint {
    const at = this.find(name)
    this.#open.length = at + 1
    return this.#open[at]!
  }

  /** Forgets this savepoint and those after it. */
  release(name: string): void {
    this.#open.length = this.find(name)
  }
}
