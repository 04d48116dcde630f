import { type Dialect, isSign, type Token, tokensOf } from '../../dialect/index.ts'

/** A condition or a value of SQL that can be computed for one row. */
export type Expression =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'not' | 'minus'; readonly of: Expression }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly kind: 'compare'; readonly sign: Comparison; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'in'; readonly of: Expression; readonly items: readonly Expression[] }
  | { readonly kind: 'is'; readonly of: Expression; readonly value: null | boolean }
  | { readonly kind: 'matches'; readonly of: Expression; readonly pattern: RegExp; readonly like: string | undefined }
  | { readonly kind: 'arithmetic'; readonly sign: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly kind: 'case'
      readonly branches: readonly (readonly [Expression, Expression])[]
      readonly otherwise: Expression
    }

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='

/** A value as expressions compute with it. */
export type Value = null | boolean | number | bigint | string | Uint8Array

const NULL: Expression = { kind: 'value', value: null }

/** Thrown inside the parser for text that it does not read. */
class Unreadable extends Error {}

/**
 * Parses the text of a check or of an index condition. Returns `undefined` for text that it does not read, which only
 * the database can then judge.
 */
export function parseExpression(text: string, dialect: Dialect, columns: readonly string[]): Expression | undefined {
  try {
    return new Parser(tokensOf(text, dialect), dialect, columns).whole()
  } catch (error) {
    if (error instanceof Unreadable) return undefined
    throw error
  }
}

const SIGNS: Readonly<Record<string, Comparison>> = {
  '=': '=',
  '==': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}

const PATTERN_SIGNS: Readonly<Record<string, 'like' | 'ilike' | 'regexp' | 'iregexp'>> = {
  like: 'like',
  ilike: 'ilike',
  '~~': 'like',
  '~~*': 'ilike',
  '~': 'regexp',
  '~*': 'iregexp',
  regexp: 'regexp',
  rlike: 'regexp',
}

class Parser {
  readonly #tokens: readonly Token[]
  readonly #dialect: Dialect
  readonly #columns: ReadonlyMap<string, string>
  #at = 0

  constructor(tokens: readonly Token[], dialect: Dialect, columns: readonly string[]) {
    this.#tokens = tokens
    this.#dialect = dialect
    this.#columns = new Map(columns.map((name) => [dialect.foldName(name), name]))
  }

  whole(): Expression {
    const found = this.#or()
    if (this.#at < this.#tokens.length) throw new Unreadable()
    return found
  }

  get #token(): Token {
    const token = this.#tokens[this.#at]
    if (token === undefined) throw new Unreadable()
    return token
  }

  #isNext(word: string, ahead = 0): boolean {
    const token = this.#tokens[this.#at + ahead]
    return token !== undefined && (token.kind === 'word' || isSign(token)) && token.value === word
  }

  #accept(...words: readonly string[]): boolean {
    if (!words.every((word, i) => this.#isNext(word, i))) return false
    this.#at += words.length
    return true
  }

  #expect(word: string): void {
    if (!this.#accept(word)) throw new Unreadable()
  }

  #or(): Expression {
    const parts = [this.#and()]
    while (this.#accept('or')) parts.push(this.#and())
    return parts.length === 1 ? parts[0]! : { kind: 'or', parts }
  }

  #and(): Expression {
    const parts = [this.#not()]
    while (this.#accept('and')) parts.push(this.#not())
    return parts.length === 1 ? parts[0]! : { kind: 'and', parts }
  }

  #not(): Expression {
    return this.#accept('not') ? { kind: 'not', of: this.#not() } : this.#comparison()
  }

  #comparison(): Expression {
    let left = this.#sum()
    for (;;) {
      const next = this.#compared(left)
      if (next === undefined) return left
      left = next
    }
  }

  #compared(left: Expression): Expression | undefined {
    if (this.#accept('isnull')) return { kind: 'is', of: left, value: null }
    if (this.#accept('notnull')) return negated({ kind: 'is', of: left, value: null })
    if (this.#accept('is')) return this.#is(left)
    const isNegated = this.#accept('not')
    const found = this.#predicate(left)
    if (found !== undefined) return isNegated ? negated(found) : found
    if (isNegated) throw new Unreadable()
    const { kind, value } = this.#tokens[this.#at] ?? { kind: 'word', value: '' }
    const sign = kind === 'operator' ? SIGNS[value] : undefined
    if (sign === undefined) return undefined
    this.#at++
    if (this.#isNext('any') || this.#isNext('all') || this.#isNext('some')) return this.#listed(left, sign)
    return { kind: 'compare', sign, left, right: this.#sum() }
  }

  #is(of: Expression): Expression {
    const isNegated = this.#accept('not')
    const isFrom = this.#accept('distinct', 'from')
    if (isFrom) {
      const right = this.#sum()
      const same: Expression = { kind: 'call', name: 'same', args: [of, right] }
      return isNegated ? same : negated(same)
    }
    const { value: word } = this.#token
    if (!['null', 'true', 'false', 'unknown'].includes(word)) throw new Unreadable()
    this.#at++
    const value = word === 'null' || word === 'unknown' ? null : word === 'true'
    const found: Expression = { kind: 'is', of, value }
    return isNegated ? negated(found) : found
  }

  #predicate(of: Expression): Expression | undefined {
    if (this.#accept('between')) {
      const low = this.#sum()
      this.#expect('and')
      const high = this.#sum()
      const compare = (sign: Comparison, right: Expression): Expression => ({ kind: 'compare', sign, left: of, right })
      return { kind: 'and', parts: [compare('>=', low), compare('<=', high)] }
    }
    if (this.#accept('in')) {
      this.#expect('(')
      return { kind: 'in', of, items: this.#list(')') }
    }
    const { kind, value } = this.#tokens[this.#at] ?? { kind: 'string', value: '' }
    const isNegated = kind === 'operator' && value.startsWith('!~')
    const how = kind === 'string' || kind === 'name' ? undefined : PATTERN_SIGNS[isNegated ? value.slice(1) : value]
    if (how === undefined) return undefined
    this.#at++
    const found = this.#pattern(of, how)
    return isNegated ? negated(found) : found
  }

  #pattern(of: Expression, how: 'like' | 'ilike' | 'regexp' | 'iregexp'): Expression {
    const right = this.#sum()
    if (this.#isNext('escape') || right.kind !== 'value' || typeof right.value !== 'string') throw new Unreadable()
    const text = right.value
    // Where LIKE ignores the case, there is no ILIKE.
    const ignoresCase = how === 'iregexp' || how === 'ilike' || !this.#dialect.capabilities.ilike
    const flags = ignoresCase ? 'isu' : 'su'
    if (how === 'like' || how === 'ilike')
      return { kind: 'matches', of, pattern: new RegExp(`^${likeSource(text)}$`, flags), like: text }
    try {
      return { kind: 'matches', of, pattern: new RegExp(text, flags), like: undefined }
    } catch {
      throw new Unreadable()
    }
  }

  /** `= any (array[…])` and `<> all (array[…])`, as PostgreSQL writes lists. */
  #listed(of: Expression, sign: Comparison): Expression {
    const isAll = this.#isNext('all')
    this.#at++
    this.#expect('(')
    let depth = 0
    while (this.#accept('(')) depth++
    this.#expect('array')
    this.#expect('[')
    const items = this.#list(']')
    for (;;) {
      if (this.#isNext('::')) this.#casts(NULL)
      else if (depth > 0 && this.#accept(')')) depth--
      else break
    }
    this.#expect(')')
    if (sign === '=' && !isAll) return { kind: 'in', of, items }
    if (sign === '<>' && isAll) return negated({ kind: 'in', of, items })
    throw new Unreadable()
  }

  #list(end: string): Expression[] {
    const items: Expression[] = []
    if (this.#accept(end)) return items
    do items.push(this.#or())
    while (this.#accept(','))
    this.#expect(end)
    return items
  }

  #sum(): Expression {
    let left = this.#product()
    for (;;) {
      const sign = ['+', '-', '||'].find((each) => this.#isNext(each))
      if (sign === undefined) return left
      this.#at++
      left = { kind: 'arithmetic', sign, left, right: this.#product() }
    }
  }

  #product(): Expression {
    let left = this.#unary()
    for (;;) {
      const sign = ['*', '/', '%'].find((each) => this.#isNext(each)) ?? (this.#isNext('mod') ? 'mod' : undefined)
      if (sign === undefined) return left
      this.#at++
      left = { kind: 'arithmetic', sign: sign === 'mod' ? '%' : sign, left, right: this.#unary() }
    }
  }

  #unary(): Expression {
    if (this.#accept('+')) return this.#unary()
    if (!this.#accept('-')) return this.#casts(this.#operand())
    const of = this.#unary()
    if (of.kind === 'value' && typeof of.value === 'number') return { kind: 'value', value: -of.value }
    return { kind: 'minus', of }
  }

  /** Passes over casts, since values are compared by what they are. */
  #casts(of: Expression): Expression {
    let found = of
    for (;;) {
      if (this.#accept('::')) found = casted(found, this.#type())
      else if (this.#accept('collate')) this.#at++
      else return found
    }
  }

  #type(): string {
    const words: string[] = []
    while (['word', 'name'].includes(this.#tokens[this.#at]?.kind ?? '') && !ENDS.has(this.#token.value)) {
      words.push(this.#token.value)
      this.#at++
      if (this.#accept('.')) words.pop()
    }
    if (words.length === 0) throw new Unreadable()
    if (this.#accept('(')) {
      while (!this.#accept(')')) {
        void this.#token
        this.#at++
      }
      while (['with', 'without', 'time', 'zone'].some((word) => this.#accept(word)));
    }
    while (this.#accept('[', ']'));
    return words.join(' ')
  }

  #operand(): Expression {
    const { kind, value, text } = this.#token
    if (kind === 'punctuation' && value === '(') {
      this.#at++
      const found = this.#or()
      this.#expect(')')
      return found
    }
    this.#at++
    if (kind === 'number') return { kind: 'value', value: numberOf(value) }
    if (kind === 'string') return { kind: 'value', value }
    if (kind === 'name') return this.#column(value)
    if (kind !== 'word') throw new Unreadable()
    return this.#word(value, text)
  }

  #word(word: string, text: string): Expression {
    const next = this.#tokens[this.#at]
    // The character set of a string of MySQL, and the type of one of standard SQL.
    if (next?.kind === 'string' && (word.startsWith('_') || ['date', 'timestamp', 'n'].includes(word))) {
      this.#at++
      return { kind: 'value', value: next.value }
    }
    if (word === 'case') return this.#case()
    if (this.#isNext('(')) return this.#call(word)
    const known = this.#columns.has(this.#dialect.foldName(text))
    if (!known && Object.hasOwn(CONSTANTS, word)) return { kind: 'value', value: CONSTANTS[word]! }
    if (!known && word === 'null') return NULL
    return this.#column(text)
  }

  #column(name: string): Expression {
    if (this.#accept('.')) {
      const { value, text, kind } = this.#token
      this.#at++
      return this.#column(kind === 'word' ? text : value)
    }
    const found = this.#columns.get(this.#dialect.foldName(name))
    if (found === undefined) throw new Unreadable()
    return { kind: 'column', name: found }
  }

  #call(name: string): Expression {
    this.#expect('(')
    if (name === 'cast') {
      const of = this.#or()
      this.#expect('as')
      const type = this.#type()
      this.#expect(')')
      return casted(of, type)
    }
    const args = this.#list(')')
    if (!Object.hasOwn(FUNCTIONS, name)) throw new Unreadable()
    return { kind: 'call', name, args }
  }

  #case(): Expression {
    const subject = this.#isNext('when') ? undefined : this.#or()
    const branches: [Expression, Expression][] = []
    while (this.#accept('when')) {
      const when = this.#or()
      this.#expect('then')
      const condition: Expression =
        subject === undefined ? when : { kind: 'compare', sign: '=', left: subject, right: when }
      branches.push([condition, this.#or()])
    }
    const otherwise = this.#accept('else') ? this.#or() : NULL
    this.#expect('end')
    return { kind: 'case', branches, otherwise }
  }
}

const ENDS: ReadonlySet<string> = new Set([
  ...['and', 'or', 'not', 'is', 'in', 'like', 'between', 'then', 'else', 'end', 'when', 'collate', 'as'],
])

const CONSTANTS: Readonly<Record<string, Value>> = { true: true, false: false }

const negated = (of: Expression): Expression => ({ kind: 'not', of })

function casted(of: Expression, type: string): Expression {
  const isText = /char|text/.test(type)
  if (of.kind === 'value') {
    if (typeof of.value === 'number' && isText) return { kind: 'value', value: String(of.value) }
    if (typeof of.value === 'string' && /int|numeric|decimal|double|real|float/.test(type))
      return { kind: 'value', value: numberOf(of.value) }
    return of
  }
  // A cast that changes a value of a column would be computed otherwise here.
  if (/int/.test(type) && of.kind !== 'column') throw new Unreadable()
  return of
}

const numberOf = (text: string): Value => {
  const value = Number(text)
  if (Number.isNaN(value)) throw new Unreadable()
  return value
}

/** Returns the source of a regular expression for a pattern of LIKE. */
export const likeSource = (pattern: string): string =>
  [...pattern.matchAll(/\\(.)|(.)/gsu)]
    .map(([, escaped, char]) =>
      escaped !== undefined ? escapeText(escaped) : char === '%' ? '.*' : char === '_' ? '.' : escapeText(char!),
    )
    .join('')

const escapeText = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

const textOf = (value: Value): string | null =>
  value === null ? null : typeof value === 'boolean' ? (value ? 'true' : 'false') : String(value)

const onText =
  (act: (text: string) => Value) =>
  ([value = null]: readonly Value[]): Value => {
    const text = textOf(value)
    return text === null ? null : act(text)
  }

const bytesOf = (value: Value): number => (value instanceof Uint8Array ? value.length : byteLength(textOf(value)!))
const byteLength = (text: string): number => new TextEncoder().encode(text).length
const length = ([value = null]: readonly Value[]): Value =>
  value === null ? null : value instanceof Uint8Array ? value.length : [...textOf(value)!].length
const onNumber =
  (act: (value: number) => number) =>
  ([value = null]: readonly Value[]): Value =>
    value === null ? null : act(Number(value))

/** The functions that mean the same on every database. */
const FUNCTIONS: Readonly<Record<string, (values: readonly Value[]) => Value>> = {
  length,
  char_length: length,
  character_length: length,
  octet_length: ([value = null]) => (value === null ? null : bytesOf(value)),
  lower: onText((text) => text.toLowerCase()),
  lcase: onText((text) => text.toLowerCase()),
  ucase: onText((text) => text.toUpperCase()),
  upper: onText((text) => text.toUpperCase()),
  trim: onText((text) => text.replace(/^ +| +$/g, '')),
  btrim: onText((text) => text.replace(/^ +| +$/g, '')),
  ltrim: onText((text) => text.replace(/^ +/, '')),
  rtrim: onText((text) => text.replace(/ +$/, '')),
  abs: onNumber(Math.abs),
  floor: onNumber(Math.floor),
  ceil: onNumber(Math.ceil),
  ceiling: onNumber(Math.ceil),
  mod: ([left = null, right = null]) => (left === null || right === null ? null : Number(left) % Number(right)),
  coalesce: (values) => values.find((value) => value !== null) ?? null,
  ifnull: (values) => values.find((value) => value !== null) ?? null,
  nullif: ([left = null, right = null]) => (left !== null && right !== null && order(left, right) === 0 ? null : left),
  concat: (values) => values.map((value) => textOf(value) ?? '').join(''),
  same: ([left = null, right = null]) => (left === null || right === null ? left === right : order(left, right) === 0),
  num_nonnulls: (values) => values.filter((value) => value !== null).length,
  num_nulls: (values) => values.filter((value) => value === null).length,
}

const MOMENT = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?$/

/** Returns the milliseconds of a date or a timestamp in any of the forms in which databases write them. */
export function millisecondsOf(text: string): number | undefined {
  if (!MOMENT.test(text)) return undefined
  const form = text.replace(' ', 'T')
  const zoned = /[+-]\d\d$/.test(form) && form.length > 10 ? `${form}:00` : form
  const time = Date.parse(/T.*(?:Z|[+-]\d\d:?\d\d)$/.test(zoned) ? zoned : zoned.length > 10 ? `${zoned}Z` : zoned)
  return Number.isNaN(time) ? undefined : time
}

/** Compares two values by what they are: numbers as numbers, moments as moments, all else as text. */
export function order(left: Value, right: Value): number {
  const [a, b] = alike(left, right)
  return a < b ? -1 : a > b ? 1 : 0
}

function alike(left: Value, right: Value): [number | bigint | string, number | bigint | string] {
  if (typeof left === 'string' && typeof right === 'string') {
    const [a, b] = [millisecondsOf(left), millisecondsOf(right)]
    return a !== undefined && b !== undefined ? [a, b] : [left, right]
  }
  const number = (value: Value): number | bigint => (typeof value === 'bigint' ? value : Number(value))
  const [a, b] = [number(left), number(right)]
  if (Number.isNaN(a) || Number.isNaN(b)) return [textOf(left)!, textOf(right)!]
  return [a, b]
}

const HOLDS: Readonly<Record<Comparison, (order: number) => boolean>> = {
  '=': (it) => it === 0,
  '<>': (it) => it !== 0,
  '<': (it) => it < 0,
  '<=': (it) => it <= 0,
  '>': (it) => it > 0,
  '>=': (it) => it >= 0,
}

/** Computes an expression for a row, by the rules of SQL for null. */
export function evaluate(it: Expression, row: (column: string) => Value): Value {
  switch (it.kind) {
    case 'value':
      return it.value
    case 'column':
      return row(it.name)
    case 'minus': {
      const value = evaluate(it.of, row)
      return value === null ? null : -Number(value)
    }
    case 'not': {
      const value = truth(evaluate(it.of, row))
      return value === null ? null : !value
    }
    case 'and':
      return joined(it.parts, row, false)
    case 'or':
      return joined(it.parts, row, true)
    case 'compare':
      return compared(evaluate(it.left, row), evaluate(it.right, row), it.sign)
    case 'in':
      return contained(evaluate(it.of, row), it.items, row)
    case 'is': {
      const value = evaluate(it.of, row)
      return it.value === null ? value === null : truth(value) === it.value
    }
    case 'matches': {
      const text = textOf(evaluate(it.of, row))
      return text === null ? null : it.pattern.test(text)
    }
    case 'arithmetic':
      return computed(it.sign, evaluate(it.left, row), evaluate(it.right, row))
    case 'call':
      return FUNCTIONS[it.name]!(it.args.map((arg) => evaluate(arg, row)))
    case 'case': {
      const branch = it.branches.find(([condition]) => truth(evaluate(condition, row)) === true)
      return evaluate(branch === undefined ? it.otherwise : branch[1], row)
    }
  }
}

function compared(left: Value, right: Value, sign: Comparison): Value {
  return left === null || right === null ? null : HOLDS[sign](order(left, right))
}

function contained(value: Value, items: readonly Expression[], row: (column: string) => Value): Value {
  if (value === null) return null
  let hasNull = false
  for (const item of items) {
    const other = evaluate(item, row)
    if (other === null) hasNull = true
    else if (order(value, other) === 0) return true
  }
  return hasNull ? null : false
}

/** Computes `and` (until one is false) or `or` (until one is true). */
function joined(parts: readonly Expression[], row: (column: string) => Value, decides: boolean): Value {
  let hasNull = false
  for (const part of parts) {
    const value = truth(evaluate(part, row))
    if (value === decides) return decides
    if (value === null) hasNull = true
  }
  return hasNull ? null : !decides
}

function computed(sign: string, left: Value, right: Value): Value {
  if (left === null || right === null) return null
  if (sign === '||') return `${textOf(left)}${textOf(right)}`
  const [a, b] = [Number(left), Number(right)]
  if (sign === '+') return a + b
  if (sign === '-') return a - b
  if (sign === '*') return a * b
  if (b === 0) return null
  if (sign === '%') return a % b
  return a / b
}

const truth = (value: Value): boolean | null =>
  value === null ? null : typeof value === 'string' ? Number(value) !== 0 : Boolean(value)

/** Calls `visit` with an expression and all in it. */
export function eachExpression(it: Expression, visit: (each: Expression) => void): void {
  visit(it)
  switch (it.kind) {
    case 'not':
    case 'minus':
    case 'is':
    case 'matches':
      return eachExpression(it.of, visit)
    case 'and':
    case 'or':
      for (const part of it.parts) eachExpression(part, visit)
      return
    case 'compare':
    case 'arithmetic':
      eachExpression(it.left, visit)
      return eachExpression(it.right, visit)
    case 'in':
      eachExpression(it.of, visit)
      for (const item of it.items) eachExpression(item, visit)
      return
    case 'call':
      for (const arg of it.args) eachExpression(arg, visit)
      return
    case 'case':
      for (const pair of it.branches) for (const each of pair) eachExpression(each, visit)
      eachExpression(it.otherwise, visit)
  }
}

/** Returns the names of the columns that an expression reads. */
export function columnsOf(it: Expression): string[] {
  const found = new Set<string>()
  eachExpression(it, (each) => {
    if (each.kind === 'column') found.add(each.name)
  })
  return [...found]
}
