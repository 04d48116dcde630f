import { expect, test } from 'vitest'
import { decodeCursor, encodeCursor } from '../../src/page/token.ts'

const open = { secret: undefined, encrypt: false }
const HASH = 'm3k9x0q2'

const back = (values: readonly unknown[]): unknown =>
  decodeCursor('after', encodeCursor(values, HASH, open), HASH, values.length, open)

test('19, P3: values come back exactly', () => {
  const numbers = [0, -0, 7, -7, 0.1, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, Number.NaN, Number.NEGATIVE_INFINITY]
  const long = [999_999_999_999_999, 9_999_999_999_999_998, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 2 ** 63]
  const others = [
    null,
    true,
    false,
    10n ** 18n,
    -1n,
    '',
    'a*b',
    'f7',
    '7',
    '2026-01-01 00:00:00.123456',
    'ä %',
    new Date(5),
  ]
  for (const value of [...numbers, ...long, ...others]) expect(back([value, value])).toEqual([value, value])
  expect(back([...numbers, ...long, ...others])).toEqual([...numbers, ...long, ...others])
})

test('other texts are refused', () => {
  const cursor = encodeCursor([7, 8], HASH, open) as string
  const read = (text: string, count = 2) => decodeCursor('after', text, HASH, count, open)
  expect(read(cursor)).toEqual([7, 8])
  const changed = [
    ...Array.from(cursor, (_, i) => cursor.slice(0, i)),
    ...['', '*', `${cursor}*`, `${cursor}f9*`, `${cursor}9`, `2${HASH}`, `2${HASH}*`, `2${HASH}**`, `2${HASH}***`],
    ...[
      `2${HASH}*f*f8*`,
      `2${HASH}*f7*f-*`,
      `2${HASH}*f7/*f8*`,
      `2${HASH}*f7*x8*`,
      `2${HASH}x*f7*f8*`,
      `3${HASH}*f7*f8*`,
    ],
  ]
  for (const text of changed) expect(() => read(text), text).toThrow(/^after: this cursor is not one of this query/)
  for (const count of [1, 3]) expect(() => read(cursor, count)).toThrow(/is not one of this query/)
})
