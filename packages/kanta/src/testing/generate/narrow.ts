import type { Domain, NumberDomain, TextDomain } from './domain.ts'
import { comparable, numberOfStored } from './domain.ts'
import { type Comparison, type Expression, evaluate, likeSource, order, type Value } from './expression.ts'

/** Returns the conditions that all have to hold for a condition to hold. */
export const conjuncts = (it: Expression): readonly Expression[] =>
  it.kind === 'and' ? it.parts.flatMap(conjuncts) : [it]

const FLIPPED: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}
const NEGATED: Readonly<Record<Comparison, Comparison>> = {
  '=': '<>',
  '<>': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
}

/** A domain that a condition has narrowed, and whether every value of it meets the condition. */
export interface Narrowed {
  readonly column: string
  readonly domain: Domain
  readonly isWhole: boolean
}

/** Narrows the domain of the one column that a condition is about, if it is a condition of a common form. */
export function narrow(it: Expression, domainOf: (column: string) => Domain | undefined): Narrowed | undefined {
  if (it.kind === 'compare') {
    const [left, right, sign] =
      it.left.kind === 'value' ? [it.right, it.left, FLIPPED[it.sign]] : [it.left, it.right, it.sign]
    return right.kind === 'value' ? narrowTo(left, sign, right.value, domainOf) : undefined
  }
  if (it.kind === 'not') return narrowNegated(it.of, domainOf)
  if (it.kind === 'column') return narrowTo(it, '=', true, domainOf)
  if (it.kind === 'or') return withoutNull(it.parts, domainOf) ?? oneOfSeveral(it.parts, domainOf)
  const column = 'of' in it && it.of.kind === 'column' ? it.of.name : undefined
  const domain = column === undefined ? undefined : domainOf(column)
  if (column === undefined || domain === undefined) return undefined
  if (it.kind === 'in') return inList(column, domain, it)
  if (it.kind === 'is' && it.value === null) return { column, domain: { kind: 'list', values: [] }, isWhole: true }
  if (it.kind === 'is' && domain.kind === 'list')
    return { column, domain: filtered(domain.values, it, column), isWhole: true }
  if (it.kind === 'matches') {
    if (domain.kind === 'list') return { column, domain: filtered(domain.values, it, column), isWhole: true }
    if (domain.kind === 'text' && it.like !== undefined && domain.like === undefined && !it.like.includes('\\'))
      return { column, domain: withPattern(domain, it.like), isWhole: true }
  }
  return undefined
}

/** `a is null or …`: a value has to meet the rest, and null meets any check. */
function withoutNull(
  parts: readonly Expression[],
  domainOf: (column: string) => Domain | undefined,
): Narrowed | undefined {
  const [first, second] = parts
  if (parts.length !== 2) return undefined
  const isNull = (it: Expression): boolean => it.kind === 'is' && it.value === null && it.of.kind === 'column'
  const test = isNull(first!) ? first! : isNull(second!) ? second! : undefined
  if (test?.kind !== 'is' || test.of.kind !== 'column') return undefined
  const { name } = test.of
  let found: Narrowed | undefined
  let isWhole = true
  for (const part of conjuncts(test === first ? second! : first!)) {
    const next = narrow(part, (column) => (column === name ? (found?.domain ?? domainOf(column)) : undefined))
    if (next === undefined) isWhole = false
    else {
      found = next
      isWhole &&= next.isWhole
    }
  }
  return found && { ...found, isWhole }
}

/** `a = 1 or a = 2`. */
function oneOfSeveral(
  parts: readonly Expression[],
  domainOf: (column: string) => Domain | undefined,
): Narrowed | undefined {
  const values: unknown[] = []
  let column: string | undefined
  for (const part of parts) {
    const found = narrow(part, domainOf)
    if (found?.domain.kind !== 'list' || !found.isWhole || (column !== undefined && found.column !== column))
      return undefined
    column = found.column
    values.push(...found.domain.values)
  }
  return column === undefined
    ? undefined
    : { column, domain: { kind: 'list', values: [...new Set(values)] }, isWhole: true }
}

function narrowNegated(it: Expression, domainOf: (column: string) => Domain | undefined): Narrowed | undefined {
  if (it.kind === 'compare') return narrow({ ...it, sign: NEGATED[it.sign] }, domainOf)
  if (it.kind === 'not') return narrow(it.of, domainOf)
  if (it.kind === 'column') return narrowTo(it, '=', false, domainOf)
  const column = 'of' in it && it.of.kind === 'column' ? it.of.name : undefined
  const domain = column === undefined ? undefined : domainOf(column)
  if (column === undefined || domain?.kind !== 'list' || it.kind === 'is') return undefined
  return { column, domain: filtered(domain.values, { kind: 'not', of: it }, column), isWhole: true }
}

function narrowTo(
  left: Expression,
  sign: Comparison,
  value: Value,
  domainOf: (column: string) => Domain | undefined,
): Narrowed | undefined {
  if (value === null) return undefined
  if (left.kind === 'column') {
    const domain = domainOf(left.name)
    if (domain === undefined) return undefined
    if (domain.kind === 'number') return bounded(left.name, domain, sign, value)
    const condition: Expression = { kind: 'compare', sign, left, right: { kind: 'value', value } }
    if (domain.kind === 'list')
      return { column: left.name, domain: filtered(domain.values, condition, left.name), isWhole: true }
    if (sign === '=')
      return { column: left.name, domain: { kind: 'list', values: [value].filter(fitting(domain)) }, isWhole: true }
    return undefined
  }
  const isLength = left.kind === 'call' && /^(?:char_|character_|octet_)?length$/.test(left.name)
  const of = isLength ? innermost(left.args[0]) : undefined
  const domain = of === undefined ? undefined : domainOf(of)
  if (of === undefined || domain?.kind !== 'text' || domain.like !== undefined) return undefined
  return { column: of, domain: ofLength(domain, sign, Number(value)), isWhole: sign !== '<>' }
}

/** The column of `trim(a)`: generated text has no space at its ends. */
function innermost(it: Expression | undefined): string | undefined {
  if (it?.kind === 'column') return it.name
  return it?.kind === 'call' && /trim$/.test(it.name) ? innermost(it.args[0]) : undefined
}

function bounded(column: string, domain: NumberDomain, sign: Comparison, value: Value): Narrowed | undefined {
  const number = numberOfStored(value, domain)
  if (number === undefined || sign === '<>') return undefined
  const { step, form } = domain
  // A moment within a day is on no border of days.
  const isWhole = form !== 'date' || typeof value !== 'string' || value.length === 10
  const up = Math.ceil(number / step - 1e-9) * step
  const down = Math.floor(number / step + 1e-9) * step
  const range =
    sign === '='
      ? { min: number, max: number }
      : sign === '>='
        ? { min: up }
        : sign === '>'
          ? { min: up > number ? up : up + step }
          : sign === '<='
            ? { max: down }
            : { max: down < number ? down : down - step }
  // Numbers begin at 0 unless a check lets in less.
  const floor =
    domain.min === 0 && form !== 'date' && 'max' in range && range.max! < 0 ? range.max! - 1000 * step : domain.min
  const negative = 'min' in range && range.min! < 0 && domain.min === 0 ? range.min! : undefined
  const min = negative ?? Math.max(floor, range.min ?? floor)
  return { column, domain: { ...domain, min, max: Math.min(domain.max, range.max ?? domain.max) }, isWhole }
}

function ofLength(domain: TextDomain, sign: Comparison, length: number): TextDomain {
  const min = sign === '=' || sign === '>=' ? Math.ceil(length) : sign === '>' ? Math.floor(length) + 1 : 0
  const max = sign === '=' || sign === '<=' ? Math.floor(length) : sign === '<' ? Math.ceil(length) - 1 : domain.max
  return { ...domain, min: Math.max(domain.min, min), max: Math.min(domain.max, max) }
}

function withPattern(domain: TextDomain, like: string): Domain {
  if (/[%_]/.test(like)) return { ...domain, like }
  return { kind: 'list', values: [like].filter(fitting(domain)) }
}

/** Checks values by what earlier conditions have left of a domain: a length, a pattern. */
function fitting(domain: Domain): (value: Value) => boolean {
  if (domain.kind !== 'text') return () => true
  const pattern = domain.like === undefined ? undefined : new RegExp(`^${likeSource(domain.like)}$`, 'su')
  return (value) => {
    const text = String(value)
    return text.length >= domain.min && text.length <= domain.max && pattern?.test(text) !== false
  }
}

function inList(column: string, domain: Domain, it: Expression & { readonly kind: 'in' }): Narrowed | undefined {
  const values = it.items.map((item) => (item.kind === 'value' ? item.value : undefined))
  if (values.includes(undefined)) return undefined
  const listed = values.filter((value): value is Exclude<Value, null> => value !== null && value !== undefined)
  if (domain.kind === 'list') return { column, domain: filtered(domain.values, it, column), isWhole: true }
  // Each in the form of its column, and only those that the column can hold.
  if (domain.kind !== 'number')
    return { column, domain: { kind: 'list', values: listed.filter(fitting(domain)) }, isWhole: true }
  const numbers = listed.map((value) => numberOfStored(value, domain)).filter((number) => number !== undefined)
  const stored = domain.form === 'decimal' ? listed.map(String) : listed
  if (numbers.length < listed.length) return undefined
  const isIn = (_: unknown, i: number): boolean =>
    numbers[i]! <= domain.max && (numbers[i]! >= domain.min || domain.min === 0)
  return { column, domain: { kind: 'list', values: stored.filter(isIn) }, isWhole: true }
}

const filtered = (values: readonly unknown[], condition: Expression, column: string): Domain => ({
  kind: 'list',
  values: values.filter((value) => {
    const found = evaluate(condition, (name) => (name === column ? comparable(value, { kind: 'list', values }) : null))
    return found !== false && found !== 0
  }),
})

/** Tells whether two values are the same to the database. */
export const isSame = (left: Value, right: Value): boolean =>
  left !== null && right !== null && order(left, right) === 0
