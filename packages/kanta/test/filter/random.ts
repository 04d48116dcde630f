import {
  and,
  anyOf,
  between,
  contains,
  endsWith,
  eq,
  type Filter,
  gt,
  gte,
  iContains,
  iEndsWith,
  iEq,
  ilike,
  iStartsWith,
  isNotNull,
  isNull,
  like,
  lt,
  lte,
  ne,
  not,
  notIn,
  or,
  startsWith,
} from '../../src/filter/index.ts'
import type { Choice } from '../props/choice.ts'
import { item, VALUES } from './world.ts'

type Any = Filter<never>
type Make = (column: never, value: never) => Any
type Name = keyof typeof VALUES

const COMPARE = [eq, ne, gt, gte, lt, lte] as unknown as readonly Make[]
const TEXT = [
  ...[like, ilike, contains, iContains, startsWith, iStartsWith, endsWith, iEndsWith, iEq],
] as unknown as readonly Make[]
/** Pieces of patterns and texts to search for. */
const PIECES = [
  'a',
  'A',
  'b',
  '%',
  '_',
  '\\\\',
  '\\%',
  '\\_',
  'é',
  'É',
  '😀',
  '*',
  '[',
  ']',
  '?',
  '|',
  "'",
  'ſ',
  'K',
  'z',
  '\n',
]

/** Values near those of the rows, too. */
const NEAR: Partial<Record<Name, readonly unknown[]>> = {
  number: [1, -(2 ** 31)],
  price: ['12.501', '-0.0', '100000000000000000000.5', '9.5'],
  title: ['aa', 'Z', '𐀀', '￿'],
  at: [new Date('2024-02-29T12:00:00.124Z')],
  seconds: [new Date(500), new Date(-1), new Date('2024-02-29T12:00:00.999Z')],
  key: ['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'],
}

const UNORDERED: ReadonlySet<Name> = new Set(['key', 'color'])

/** Makes a filter of any form. */
export function randomFilter(choice: Choice, depth = 0): Any {
  const kind = choice.int(depth > 3 ? 5 : 9)
  if (kind >= 8) return not(randomFilter(choice, depth + 1))
  if (kind >= 6) {
    const items = choice.some(4, 60, () => randomFilter(choice, depth + 1))
    return kind === 6 ? and(...items) : or(...items)
  }
  const name = choice.pick(Object.keys(VALUES) as Name[])
  // As a column, or by its name.
  const column = (choice.flip(50) ? item[name] : name) as never
  const value = (): never => choice.pick([...VALUES[name], ...(NEAR[name] ?? [])] as unknown[]) as never
  switch (kind) {
    case 5:
      return choice.flip(50) ? isNull(column) : isNotNull(column)
    case 4: {
      const values = choice.some(4, 70, value)
      return choice.flip(50) ? anyOf(column, values as never) : notIn(column, values as never)
    }
    case 3:
      if (UNORDERED.has(name)) break
      return between(column, value(), value())
    case 2:
    case 1: {
      const searched = choice.pick(['title', 'code', 'color'] as const)
      const text = choice.some(4, 60, () => choice.pick(PIECES)).join('')
      return choice.pick(TEXT)((choice.flip(50) ? item[searched] : searched) as never, text as never)
    }
  }
  const op = UNORDERED.has(name) ? choice.pick(COMPARE.slice(0, 2)) : choice.pick(COMPARE)
  return op(column, value())
}
