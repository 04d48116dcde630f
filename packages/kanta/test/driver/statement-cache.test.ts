import { expect, test } from 'vitest'
import { StatementCache } from '../../src/driver/statement-cache.ts'

/** The random numbers of one seed. */
function* dice(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 0x8000_0000
    yield state / 0x8000_0000
  }
}

test.each([1, 2, 3, 4, 7, 16])('a cache of %i values is bounded, and drops each value once', (size) => {
  const kept = new Map<string, number>()
  const cache = new StatementCache<number>(size, (value, sql) => {
    expect(kept.get(sql)).toBe(value)
    kept.delete(sql)
  })
  const numbers = dice(20261130)
  for (let made = 0; made < 5_000; made++) {
    const sql = `select ${Math.floor(numbers.next().value * 3 * size)}`
    expect(cache.get(sql)).toBe(kept.get(sql))
    if (kept.has(sql)) continue
    // Noted first, as its place may have to be made.
    kept.set(sql, made)
    expect(cache.set(sql, made)).toBe(made)
    expect(kept.size).toBeLessThanOrEqual(Math.max(2, size))
  }
  cache.clear()
  expect(kept.size).toBe(0)
})

test('what is used stays, whatever else comes and goes', () => {
  const cache = new StatementCache<string>(4)
  cache.set('often', 'often')
  for (let made = 0; made < 100; made++) {
    cache.set(`rare ${made}`, '')
    expect(cache.get('often')).toBe('often')
  }
})
