import type { Dialect } from '../../dialect/index.ts'
import type { Node } from '../../ir/index.ts'
import type { ColumnDefinition } from '../../table/index.ts'
import { castTo } from './byte-comparison.ts'
import { call, word } from './failure.ts'

/** A value as its column will hold it. */
export interface StoredValue {
  readonly value: Node
  /** The condition under which that holds. */
  readonly given?: Node | undefined
}

/** Says what a database makes of a value that it writes into a column; of one that is not known, `undefined`. */
export type Storing = (value: Node, column: ColumnDefinition | undefined, dialect: Dialect) => StoredValue

/** The type that a table gives a column; a custom one is the user's text. */
const typeOf = (column: ColumnDefinition, dialect: Dialect): string | undefined =>
  column.type === 'custom' ? undefined : dialect.typeName(column)

const text = (value: string): Node => ({ kind: 'literal', value })
const binary = (left: Node, op: string, right: Node): Node => ({ kind: 'binary', left, op, right }) as Node
const either = (...items: readonly Node[]): Node => ({ kind: 'parens', operand: { kind: 'or', items } })
const isNull = (value: Node): Node => binary(value, 'is', { kind: 'literal', value: null })
const choose = (condition: Node, result: Node, otherwise: Node): Node => ({
  kind: 'case',
  operand: undefined,
  whens: [{ kind: 'when', condition, result }],
  otherwise,
})

/** Texts that a column may cut or round: spaces at the end, and numbers with a fraction. */
const CHANGING = '^[[:space:]]*[-+]?([0-9]+[.eE]|[.][0-9])|[[:space:]]$'

/** A value that no column changes, whatever its type, by the operator with which a text does not match. */
export const unchanged = (value: Node, matchesNot: string, type: string): StoredValue => ({
  value,
  given: either(isNull(value), binary(castTo(value, type), matchesNot, text(CHANGING))),
})

/** A database that converts a value as its `cast` does. `unknown` says what it makes of a value whose column is not known. */
export const storedByCast =
  (unknown: (value: Node) => StoredValue): Storing =>
  (value, column, dialect) => {
    if (column === undefined) return unknown(value)
    const type = typeOf(column, dialect)
    return { value: type === undefined ? value : castTo(value, type) }
  }

const NUMBERS: ReadonlySet<string> = new Set(['integer', 'real'])

/** By the affinity of the column. https://www.sqlite.org/datatype3.html#type_affinity */
export const storedByAffinity: Storing = (value, column, dialect) => {
  // Of the affinity of numbers, as every name is that SQLite does not know; 'numeric' would be read as a decimal.
  const number = castTo(value, 'number')
  // Beside the number, a text that is one is equal to it.
  const isNumber = binary(value, '=', number)
  if (column === undefined)
    return {
      value,
      given: either(binary(call('typeof', value), '<>', text('text')), { ...isNumber, op: '<>' } as Node),
    }
  const type = typeOf(column, dialect)
  if (type !== undefined && NUMBERS.has(type)) return { value: choose(isNumber, number, value) }
  if (type === 'text') {
    const isBytes = binary(call('typeof', value), '=', text('blob'))
    return { value: choose(isBytes, value, castTo(value, 'text')) }
  }
  return { value }
}

const WHOLE: ReadonlySet<string> = new Set(['integer', 'bigint', 'boolean'])

/** Integers that would be rounded, and texts that would be cut, are not what is stored. */
export const storedUnchanged: Storing = (value, column) => {
  if (column === undefined) return unchanged(value, 'not regexp', 'char')
  if (WHOLE.has(column.type)) {
    const whole = castTo(value, 'signed')
    return { value: whole, given: either(isNull(value), binary(value, '=', whole)) }
  }
  const [length] = column.typeArguments
  if (column.type !== 'varchar' || length === undefined) return { value }
  const letters = call('char_length', castTo(value, 'char'))
  return { value, given: either(isNull(value), binary(letters, '<=', word(String(length)))) }
}
