import { isSign } from '../dialect/index.ts'
import { Cursor, stringOf, type Token, textOfHex, tokens } from '../introspect/index.ts'
import type { Rules } from './rule.ts'

/** An expression in a normal form, free of what databases add, drop or reorder when they print one. */
type Form =
  | { readonly leaf: string; readonly literal?: 'string' | 'number' | undefined }
  | { readonly op: string; readonly parts: readonly Form[] }

/**
 * Returns the same text for all spellings of an expression. It drops redundant parentheses, casts of literals, quotes
 * and the table before a column, and writes `in`, `between` and `like` as PostgreSQL does.
 */
export function normalExpression(text: string, rules: Rules, table?: string): string {
  const parser = new Parser(text, rules, table)
  try {
    return printForm(parser.whole())
  } catch (error) {
    if (!(error instanceof UnsupportedSyntax)) throw error
    // Compare other grammar, such as a subquery, word by word.
    return tokens(text, rules.dialect)
      .map((token) => (token.kind === 'string' ? token.text : token.value.toLowerCase()))
      .join(' ')
  }
}

class UnsupportedSyntax extends Error {}

const signOf = (token: Token | undefined): string | undefined =>
  token !== undefined && isSign(token) ? token.value : undefined

function printForm(form: Form): string {
  return 'leaf' in form ? form.leaf : `${form.op}(${form.parts.map(printForm).join(', ')})`
}

const COMPARISONS: Readonly<Record<string, string>> = {
  '=': '=',
  '==': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  '~~': 'like',
  '!~~': 'not like',
  '~~*': 'ilike',
  '!~~*': 'not ilike',
  '~': '~',
  '~*': '~*',
  '!~': '!~',
  '!~*': '!~*',
  '<=>': '<=>',
  '@>': '@>',
  '<@': '<@',
}
const OTHER_OPERATORS = new Set(['||', '->', '->>', '&', '|', '#', '<<', '>>'])
/** The types to which a database casts a column by itself, to compare it with another type. */
const WIDENING_TYPES = /^(?:text|varchar|character varying|bpchar|numeric|double precision|bigint|integer)$/
const NUMERIC = /^(?:numeric|decimal|integer|int|bigint|smallint|real|double precision|float)/
const NILADIC = new Set(['current_timestamp', 'current_date', 'current_time', 'curdate', 'now', 'localtimestamp'])
const RESERVED = new Set(['and', 'or', 'when', 'then', 'else', 'end', 'select', 'from', 'is', 'in', 'between', 'as'])

class Parser {
  readonly #c: Cursor
  readonly #rules: Rules
  readonly #table: string | undefined

  constructor(text: string, rules: Rules, table: string | undefined) {
    this.#c = Cursor.of(text, rules.dialect)
    this.#rules = rules
    this.#table = table
  }

  whole(): Form {
    const form = this.#or()
    if (this.#c.current !== undefined) throw new UnsupportedSyntax()
    return form
  }

  #or(): Form {
    return this.#chain('or', () => this.#and())
  }

  #and(): Form {
    return this.#chain('and', () => this.#not())
  }

  #chain(word: string, part: () => Form): Form {
    const parts = [part()]
    while (this.#c.accept(word)) parts.push(part())
    if (parts.length === 1) return parts[0]!
    return joinForms(word, parts)
  }

  #not(): Form {
    return this.#c.accept('not') ? negate(this.#not()) : this.#comparison()
  }

  #comparison(): Form {
    let left = this.#operator()
    for (;;) {
      const more = this.#compared(left)
      if (more === undefined) return left
      left = more
    }
  }

  #compared(left: Form): Form | undefined {
    const c = this.#c
    if (c.accept('is')) {
      const not = c.accept('not')
      if (c.accept('distinct', 'from')) return negateIf(not, { op: 'is distinct', parts: [left, this.#operator()] })
      return negateIf(not, { op: 'is', parts: [left, this.#operator()] })
    }
    if (c.accept('isnull')) return { op: 'is', parts: [left, { leaf: 'null' }] }
    if (c.accept('notnull')) return negate({ op: 'is', parts: [left, { leaf: 'null' }] })
    const at = c.position
    const not = c.accept('not')
    if (c.accept('in')) return negateIf(not, { op: 'in', parts: [left, ...this.#list()] })
    if (c.accept('between')) {
      const low = this.#operator()
      if (!c.accept('and')) throw new UnsupportedSyntax()
      const high = this.#operator()
      return negateIf(not, {
        op: 'and',
        parts: [
          { op: '>=', parts: [left, low] },
          { op: '<=', parts: [left, high] },
        ],
      })
    }
    for (const word of ['like', 'ilike', 'glob', 'regexp', 'match'])
      if (c.accept(word)) return { op: not ? `not ${word}` : word, parts: [left, this.#operator()] }
    c.position = at
    const sign = signOf(c.current)
    const comparison = sign === undefined ? undefined : COMPARISONS[sign]
    if (comparison === undefined) return undefined
    c.position++
    if (c.isNext('any') || c.isNext('all')) return this.#any(comparison, left)
    return { op: comparison, parts: [left, this.#operator()] }
  }

  /** Reads `= any (array[…])` as `in`, and `<> all (array[…])` as `not in`. */
  #any(sign: string, left: Form): Form {
    const all = this.#c.accept('all')
    if (!all) this.#c.accept('any')
    if (!this.#c.accept('(')) throw new UnsupportedSyntax()
    const right = this.#or()
    if (!this.#c.accept(')')) throw new UnsupportedSyntax()
    if ('op' in right && right.op === 'array' && sign === (all ? '<>' : '='))
      return negateIf(all, { op: 'in', parts: [left, ...right.parts] })
    return { op: `${sign} ${all ? 'all' : 'any'}`, parts: [left, right] }
  }

  #list(): Form[] {
    if (!this.#c.accept('(')) throw new UnsupportedSyntax()
    const items = this.#items(')')
    return items
  }

  #items(end: string): Form[] {
    const items: Form[] = []
    if (this.#c.accept(end)) return items
    do items.push(this.#or())
    while (this.#c.accept(','))
    if (!this.#c.accept(end)) throw new UnsupportedSyntax()
    return items
  }

  #left(signs: (sign: string) => boolean, part: () => Form): Form {
    let left = part()
    for (let op = this.#sign(); op !== undefined && signs(op); op = this.#sign()) {
      this.#c.position++
      left = { op, parts: [left, part()] }
    }
    return left
  }

  /** Returns the operator that comes next. MySQL writes one as a word. */
  #sign(): string | undefined {
    const token = this.#c.current
    if (token?.kind === 'word' && token.value === 'mod') return '%'
    return signOf(token)
  }

  #operator(): Form {
    return this.#left(
      (sign) => OTHER_OPERATORS.has(sign),
      () =>
        this.#left(
          (sign) => sign === '+' || sign === '-',
          () =>
            this.#left(
              (sign) => sign === '*' || sign === '/' || sign === '%',
              () => this.#unary(),
            ),
        ),
    )
  }

  #unary(): Form {
    const c = this.#c
    if (c.accept('+')) return this.#unary()
    if (!c.accept('-')) return this.#postfix()
    const of = this.#unary()
    return 'leaf' in of && of.literal === 'number' ? numberForm(`-${of.leaf}`) : { op: 'minus', parts: [of] }
  }

  #postfix(): Form {
    const c = this.#c
    let form = this.#primary()
    for (;;) {
      if (c.accept('::')) form = castForm(form, this.#type())
      else if (c.accept('collate')) form = { op: `collate ${(c.readName() ?? '').toLowerCase()}`, parts: [form] }
      else if (c.isNext('[')) {
        c.position++
        form = { op: 'at', parts: [form, ...this.#items(']')] }
      } else return form
    }
  }

  #type(): string {
    const c = this.#c
    let type = (c.readName() ?? '').toLowerCase()
    if (c.accept('.')) type += `.${(c.readName() ?? '').toLowerCase()}`
    for (const word of ['varying', 'precision']) if (c.accept(word)) type += ` ${word}`
    const size = c.readParentheses()
    if (size !== undefined) type += `(${size.map((token) => token.value).join('')})`
    for (const zone of ['with', 'without']) if (c.accept(zone, 'time', 'zone')) type += ` ${zone} time zone`
    while (c.accept('[', ']')) type += '[]'
    return type
  }

  #primary(): Form {
    const c = this.#c
    const token = c.current
    if (token === undefined) throw new UnsupportedSyntax()
    if (c.accept('(')) {
      const items = this.#items(')')
      return items.length === 1 ? items[0]! : { op: 'row', parts: items }
    }
    if (isSign(token)) throw new UnsupportedSyntax()
    c.position++
    if (token.kind === 'number') return numberForm(token.value)
    if (token.kind === 'string') return this.#string(token)
    if (token.kind === 'word') {
      // MySQL writes the character set before each string: `_utf8mb4'text'`.
      if (token.value.startsWith('_') && c.current?.kind === 'string') return stringForm(stringOf(this.#next()))
      if (token.value === 'case') return this.#case()
      if (token.value === 'cast' && c.accept('(')) return this.#cast()
      if (token.value === 'convert' && c.accept('(')) return this.#convert()
      if (token.value === 'array' && c.accept('[')) return { op: 'array', parts: this.#items(']') }
      if (RESERVED.has(token.value)) throw new UnsupportedSyntax()
      if (c.accept('(')) return callForm(token.value, this.#items(')'), this.#rules)
      if (NILADIC.has(token.value)) return callForm(token.value, [], this.#rules)
      if (token.value === 'true' || token.value === 'false') return booleanForm(token.value, this.#rules)
    }
    return this.#name(token.value)
  }

  #next(): Token {
    return this.#c.tokens[this.#c.position++]!
  }

  /** Reads a string; digits alone are bytes. */
  #string({ text, value }: Token): Form {
    return /^[xb]'/i.test(text) ? { leaf: value } : stringForm(value)
  }

  /** Reads `convert(unhex('…') using utf8mb4)` as the string, and any other conversion as a cast. */
  #convert(): Form {
    const c = this.#c
    const of = this.#or()
    const charset = c.accept('using')
    if (!charset && !c.accept(',')) throw new UnsupportedSyntax()
    const type = this.#type()
    if (!c.accept(')')) throw new UnsupportedSyntax()
    const digits = 'op' in of && of.op === 'unhex' && 'leaf' in of.parts[0]! ? of.parts[0].leaf.slice(1, -1) : undefined
    return charset && digits !== undefined ? stringForm(textOfHex(digits)) : castForm(of, type)
  }

  #name(first: string): Form {
    const names = [first]
    while (this.#c.accept('.')) names.push(this.#c.readName() ?? '')
    if (names.length > 1 && this.#same(names.at(-2)!, this.#table)) names.splice(0, names.length - 1)
    if (this.#c.accept('(')) return callForm(names.join('.').toLowerCase(), this.#items(')'), this.#rules)
    const name = names.join('.')
    return { leaf: this.#rules.dialect.foldName(name) }
  }

  #same(a: string, b: string | undefined): boolean {
    return a.toLowerCase() === b?.toLowerCase()
  }

  #case(): Form {
    const c = this.#c
    const parts: Form[] = []
    if (!c.isNext('when')) parts.push(this.#or())
    while (c.accept('when')) {
      parts.push(this.#or())
      if (!c.accept('then')) throw new UnsupportedSyntax()
      parts.push(this.#or())
    }
    if (c.accept('else')) parts.push({ op: 'else', parts: [this.#or()] })
    if (!c.accept('end')) throw new UnsupportedSyntax()
    // PostgreSQL adds `else null` where `else` is missing.
    const last = parts.at(-1)
    if (last !== undefined && 'op' in last && last.op === 'else' && printForm(last.parts[0]!) === 'null') parts.pop()
    return { op: 'case', parts }
  }

  #cast(): Form {
    const of = this.#or()
    if (!this.#c.accept('as')) throw new UnsupportedSyntax()
    const type = this.#type()
    if (!this.#c.accept(')')) throw new UnsupportedSyntax()
    return castForm(of, type)
  }
}

const stringForm = (value: string): Form => ({ leaf: `'${value.replaceAll("'", "''")}'`, literal: 'string' })
const numberForm = (text: string): Form => ({ leaf: text, literal: 'number' })

const booleanForm = (word: string, rules: Rules): Form =>
  rules.expressions.booleans === 'words' ? { leaf: word } : numberForm(word === 'true' ? '1' : '0')

const negateIf = (not: boolean, form: Form): Form => (not ? negate(form) : form)

const OPPOSITE: Readonly<Record<string, string>> = {
  '=': '<>',
  '<>': '=',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
  like: 'not like',
  'not like': 'like',
  ilike: 'not ilike',
  'not ilike': 'ilike',
}

/** Negates a condition, and pushes `not` inward as MariaDB does. The result is null where the condition is null. */
function negate(form: Form): Form {
  if (!('op' in form)) return { op: 'not', parts: [form] }
  if (form.op === 'not') return form.parts[0]!
  if (form.op === 'and' || form.op === 'or') return joinForms(form.op === 'and' ? 'or' : 'and', form.parts.map(negate))
  const opposite = OPPOSITE[form.op]
  return opposite === undefined ? { op: 'not', parts: [form] } : { op: opposite, parts: form.parts }
}

/** Joins conditions, and flattens nested chains of the same operator. */
const joinForms = (op: string, parts: readonly Form[]): Form => ({
  op,
  parts: parts.flatMap((each) => ('op' in each && each.op === op ? each.parts : [each])),
})

function callForm(name: string, parts: readonly Form[], rules: Rules): Form {
  const { momentArguments, nowIsCurrent, synonyms } = rules.expressions
  if (parts.length <= momentArguments && NILADIC.has(name))
    return { leaf: name === 'now' && nowIsCurrent ? 'current_timestamp' : name }
  return { op: Object.hasOwn(synonyms, name) ? synonyms[name]! : name, parts }
}

/** Drops casts of literals, and casts of columns to a wider type, which databases add by themselves. */
function castForm(form: Form, type: string): Form {
  if ('leaf' in form) {
    if (form.literal === 'number') return form
    if (form.literal === 'string')
      return NUMERIC.test(type) && /^'-?[\d.]+'$/.test(form.leaf) ? numberForm(form.leaf.slice(1, -1)) : form
    if (form.leaf === 'null') return form
  }
  if (WIDENING_TYPES.test(type)) return form
  if ('op' in form && form.op === 'array') return form
  return { op: `cast ${type}`, parts: [form] }
}
