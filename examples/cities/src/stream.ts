import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Db } from './database.ts'
import { compare } from './measure.ts'
import { bindable, type Question } from './question.ts'
import { count, megabytes } from './show.ts'

/** Every row passes by, and none is kept. */
export const stream: Question = {
  name: 'stream',
  asks: 'Which names of cities are the longest palindromes? SQL cannot tell, so all rows come here, one after the other.',
  async answer({ db, hand, signal }) {
    const build = (db: Db) =>
      db.selectFrom('city').select(['name', 'country', 'population', 'latitude', 'longitude', 'imported_at'])
    const heap = new Heap()

    const before = heap.used()
    let most = before
    let rows = 0
    const found = new Map<string, number>()
    for await (const { name } of build(db).stream({ chunkSize: 500 })) {
      if (isPalindrome(name)) found.set(name, (found.get(name) ?? 0) + 1)
      if (++rows % 20_000 === 0) most = Math.max(most, heap.used())
    }
    const after = heap.used()
    const all = await build(db).execute()
    const atOnce = heap.used()
    if (all.length !== rows) throw new Error(`The stream gave ${rows} rows of ${all.length}.`)
    all.length = 0

    const { sql, parameters } = build(db).compile()
    const statement = hand.prepare(sql)
    const values = bindable(parameters)
    const longest = [...found].map(([name, cities]) => ({ name, letters: name.length, cities }))
    longest.sort((a, b) => b.letters - a.letters || b.cities - a.cities || a.name.localeCompare(b.name))
    return {
      sql: [sql],
      parameters,
      rows: longest.slice(0, 6),
      says:
        `${count(rows)} rows went by. The heap: ${megabytes(before)} before, at most ${megabytes(most)} on the way, ${megabytes(after)} after; ` +
        `${megabytes(atOnce)} with all rows in one array.`,
      timing: await compare(
        async () => {
          let letters = 0
          for await (const { name } of build(db).stream({ chunkSize: 500 })) letters += name.length
          return letters
        },
        () => {
          let letters = 0
          for (const { name } of statement.iterate(...values)) letters += String(name).length
          return letters
        },
        signal,
      ),
    }
  },
}

function isPalindrome(name: string): boolean {
  const letters = name.toLowerCase()
  if (letters.length < 3) return false
  for (let i = 0, j = letters.length - 1; i < j; i++, j--) if (letters[i] !== letters[j]) return false
  return true
}

/** What is in use on the heap once what nobody holds any more is gone. */
class Heap {
  readonly #collect: () => void

  constructor() {
    setFlagsFromString('--expose-gc')
    this.#collect = runInNewContext('gc')
  }

  used(): number {
    this.#collect()
    return process.memoryUsage().heapUsed
  }
}
