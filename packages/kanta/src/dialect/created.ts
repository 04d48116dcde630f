/** Follows the first words of a statement to tell what it creates: `create … trigger`, `create … function`. */
export class Created {
  readonly #kinds: readonly string[]
  #what: string | undefined
  #isFirst = true

  constructor(kinds: readonly string[]) {
    this.#kinds = kinds
  }

  word(word: string): void {
    if (this.#isFirst && word === 'explain') return
    if (this.#isFirst && word !== 'create') this.#what = 'nothing'
    else if (this.#kinds.includes(word)) this.#what ??= word
    this.#isFirst = false
  }

  is(...kinds: readonly string[]): boolean {
    return this.#what !== undefined && kinds.includes(this.#what)
  }
}
