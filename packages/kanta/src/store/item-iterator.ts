/**
 * Gives the items of pages one by one. An async generator would take several turns of the queue of promises for each,
 * and so longer than to read it.
 */
export class ItemIterator<I, T> implements AsyncIterableIterator<T> {
  readonly #pages: AsyncIterator<readonly I[]>
  readonly #make: (item: I) => T
  #items: readonly I[] = []
  #at = 0
  #isDone = false
  /** The call that reads a page now; later calls wait for it. */
  #reading: Promise<IteratorResult<T, undefined>> | undefined

  constructor(pages: AsyncIterator<readonly I[]>, make: (item: I) => T) {
    this.#pages = pages
    this.#make = make
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#reading !== undefined)
      return this.#reading.then(
        () => this.next(),
        () => this.next(),
      )
    if (this.#at < this.#items.length) return this.#item()
    if (this.#isDone) return DONE
    const reading = this.#read().finally(() => {
      this.#reading = undefined
    })
    this.#reading = reading
    return reading
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#end()
    await this.#pages.return?.()
    return DONE
  }

  async #item(): Promise<IteratorResult<T, undefined>> {
    try {
      return { done: false, value: this.#make(this.#items[this.#at++]!) }
    } catch (error) {
      this.#end()
      throw error
    }
  }

  async #read(): Promise<IteratorResult<T, undefined>> {
    try {
      const { done, value } = await this.#pages.next()
      if (done === true || value.length === 0) this.#end()
      else {
        this.#items = value
        this.#at = 0
        return await this.#item()
      }
    } catch (error) {
      this.#end()
      throw error
    }
    return DONE
  }

  #end(): void {
    this.#isDone = true
    this.#items = []
    this.#at = 0
  }
}

const DONE: Promise<IteratorReturnResult<undefined>> = Promise.resolve({ done: true, value: undefined })
