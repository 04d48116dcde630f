import { refuse, show } from '../error/index.ts'

const comparisons = [
  '=',
  '==',
  '!=',
  '<>',
  '>',
  '>=',
  '<',
  '<=',
  'in',
  'not in',
  'is',
  'is not',
  'is distinct from',
  'is not distinct from',
  'like',
  'not like',
  'ilike',
  'not ilike',
  'glob',
  'not glob',
  'match',
  'not match',
  'regexp',
  'not regexp',
  'similar to',
  'not similar to',
  '<=>',
  '@>',
  '<@',
  '^@',
  '&&',
  '?',
  '?&',
  '?|',
  '!<',
  '!>',
  '~',
  '~*',
  '!~',
  '!~*',
  '~~',
  '~~*',
  '!~~',
  '!~~*',
  '@@',
  '@@@',
  '!!',
  '<->',
  '-|-',
  '&<',
  '&>',
  '<<|',
  '|>>',
]
const arithmetic = ['+', '-', '*', '/', '%', '^', '&', '|', '#', '<<', '>>', '||', '->', '->>']

const comparing: ReadonlySet<string> = new Set(comparisons)
const known: ReadonlySet<string> = new Set([...comparisons, ...arithmetic])
const listOperators: ReadonlySet<string> = new Set(['in', 'not in'])
const nullOperators: ReadonlySet<string> = new Set(['is', 'is not', 'is distinct from', 'is not distinct from', '<=>'])
const unaries: ReadonlySet<string> = new Set(['not', '-', '+', '~', 'exists', 'not exists', 'all', 'any', 'some'])

/** Operators take part in the text of a statement, so only known words pass. */
export function checkOperator(op: unknown): string {
  if (typeof op === 'string' && known.has(op)) return op
  return refuse(
    `Unknown operator ${show(op)}. Use one of SQL's operators, or the sql template for an operator of an extension.`,
  )
}

export function checkUnary(op: unknown): string {
  if (typeof op === 'string' && unaries.has(op)) return op
  return refuse(`Unknown unary operator ${show(op)}. Use one of: ${[...unaries].join(', ')}.`)
}

/** Whether the right side is a list. */
export function takesList(op: string): boolean {
  return listOperators.has(op)
}

/** Whether null on the right side means what it says. */
export function takesNull(op: string): boolean {
  return nullOperators.has(op)
}

/** Whether `null` on the right is a mistake: a comparison with it is never true. */
export function isComparison(op: string): boolean {
  return comparing.has(op)
}
