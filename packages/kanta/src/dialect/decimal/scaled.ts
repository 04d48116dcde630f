import { KantaError, refuse } from '../../error/index.ts'
import { mapChildren, type Node, type NodeOf } from '../../ir/index.ts'
import type { Codec, ColumnDefinition } from '../../table/index.ts'
import { inexactCodec, MOST_DIGITS, scaledCodec, scaleOf, storageOf } from './column.ts'
import { type Call, coded, eachValue, typeText, type Use, word } from './expression.ts'
import { type DecimalNumber, decimalOf, decimalText, operandOf, power } from './number.ts'
import { DecimalPass } from './pass.ts'
import { scaledText } from './text.ts'
import {
  type DecimalType,
  decimal,
  INTEGER,
  type InexactType,
  isDecimal,
  REAL,
  TEXT,
  type Typed,
  type ValueType,
} from './type.ts'

/** The digits after the point that a value may have by which a decimal is multiplied. */
const FACTOR_SCALE = 6
/** The digits after the point that a division adds, as in MySQL. */
const QUOTIENT_DIGITS = 4

const binary = (left: Node, op: string, right: Node): Node => ({ kind: 'binary', left, op, right })
const digits = (exponent: number): Node => word(String(power(exponent)))
const whole = (operand: Node): Node => ({ kind: 'cast', operand, type: word('integer') })

/** Divides whole numbers; half of the divisor is rounded away from zero. */
const divided = (dividend: Node, divisor: Node): Node =>
  binary(
    binary(dividend, '/', divisor),
    '+',
    binary(binary(binary(dividend, '%', divisor), '*', word('2')), '/', divisor),
  )

/** Changes the number of digits after the point. */
function rescaled(node: Node, from: number, to: number): Node {
  if (from === to) return node
  return from < to ? binary(node, '*', digits(to - from)) : divided(node, digits(from - to))
}

/** Decimals as whole numbers of their smallest unit: SQLite has no decimals of its own. */
export class ScaledPass extends DecimalPass {
  codecOf(type: DecimalType | InexactType): Codec {
    return type.kind === 'decimal' ? scaledCodec(undefined, type.scale, type.least) : inexactCodec(type)
  }

  typeOfDecimal(column: ColumnDefinition): ValueType {
    const storage = storageOf(column)
    const scale = scaleOf(column)
    if (storage === undefined) return decimal(scale, column.typeArguments[0])
    return { kind: `${storage} decimal`, name: `'${column.name}'`, scale }
  }

  override ownType({ node, type }: Typed): ValueType {
    if (type.kind !== 'constant') return type
    const { scale } = operandOf((node as NodeOf<'literal'>).value)
    return decimal(scale)
  }

  convert(value: Typed, type: DecimalType, use: Use): Node {
    const { node } = value
    switch (value.type.kind) {
      case 'decimal':
        return rescaled(node, value.type.scale, type.scale)
      case 'integer':
        return rescaled(wholeNumbers(node), 0, type.scale)
      case 'constant':
      case 'value':
        return eachValue(node, (leaf) =>
          leaf.kind === 'slot' ? parameter(leaf, type, use) : constant(leaf, type, use),
        )
      case 'null':
        return node
      case 'real':
        return whole({ kind: 'call', name: 'round', args: [binary(node, '*', word(`${power(type.scale)}.0`))] })
      default:
        if (node.kind === 'default') return node
        return this.refuseUnknown(
          use === 'stored'
            ? 'What is no number, or of an unknown type, for a decimal column'
            : 'An expression of an unknown type beside a decimal',
        )
    }
  }

  /**
   * Refuses several values that may pass 64 bits at the scale of all, where SQLite compares floating-point numbers. One
   * alone is larger than every value that fits, so that two are always compared exactly.
   */
  protected override refuseOverflow(parts: readonly Typed[], { scale }: DecimalType, op: string): void {
    const large = parts.find(({ type }) => isDecimalOver(type, scale))
    const others = parts.filter(({ type }) => type.kind !== 'null' && !isDecimalWithin(type, scale))
    if (large === undefined || others.length < 2) return
    const { precision, scale: own } = large.type as DecimalType
    refuse(
      `'${op}' compares a decimal(${precision}, ${own}) with several values, one of them with ${scale} digits after the point, where SQLite has no room for all its digits. Compare two at a time: 'a' >= 'b' and 'a' <= 'c'.`,
    )
  }

  toReal({ node, type }: Typed): Node {
    if (type.kind === 'decimal')
      return type.scale === 0
        ? { kind: 'cast', operand: node, type: word('real') }
        : binary(node, '/', word(`${power(type.scale)}.0`))
    return type.kind === 'value' ? coded(node, realCodec) : node
  }

  toText({ node, type }: Typed): Node {
    return type.kind === 'decimal' ? scaledText(node, type.scale) : node
  }

  multiply(left: Typed, right: Typed): Typed {
    const [one, other] = [this.#factor(left), this.#factor(right)]
    const least = leastOf(left) + leastOf(right)
    const type = decimal(one.type.scale + other.type.scale, undefined, least)
    return { node: binary(one.node, '*', other.node), type }
  }

  #factor(factor: Typed): Typed<DecimalType> {
    const { type } = factor
    if (type.kind === 'value') {
      const wanted = decimal(FACTOR_SCALE, undefined, 0)
      return { node: this.convert(factor, wanted, 'operand'), type: wanted }
    }
    const own = this.ownType(factor)
    const known = own.kind === 'decimal' ? own : decimal(0)
    return { node: this.convert(factor, known, 'computed'), type: known }
  }

  divide(left: Typed, right: Typed): Typed {
    const one = this.#factor(left)
    const type = decimal(one.type.scale + QUOTIENT_DIGITS)
    const more = (scale: number): Node => binary(one.node, '*', digits(QUOTIENT_DIGITS + scale))
    if (right.node.kind === 'slot') {
      // The value is divided by as the whole number of its digits, and the dividend gets as many.
      const dividend = binary(one.node, '*', whole(coded(right.node, unitCodec)))
      return { node: divided(dividend, whole(coded(right.node, digitsCodec))), type }
    }
    const other = this.#factor(right)
    return { node: divided(more(other.type.scale), other.node), type }
  }

  round(call: Call, { node, type }: Typed<DecimalType>): Typed {
    const name = call.name.toLowerCase()
    if (name === 'floor' || name === 'ceil' || name === 'ceiling')
      return { node: name === 'floor' ? floor(node, type.scale) : ceiling(node, type.scale), type: decimal(0) }
    const to = call.args[1]
    if (to === undefined || to.kind === 'literal') {
      const kept = Math.min(to === undefined ? 0 : Number(to.value), type.scale)
      const cut = digits(type.scale - kept)
      const short = name === 'round' ? divided(node, cut) : binary(node, '/', cut)
      if (kept === type.scale) return { node, type }
      return kept >= 0
        ? { node: short, type: decimal(kept) }
        : { node: binary(short, '*', digits(-kept)), type: decimal(0) }
    }
    if (to.kind !== 'slot') this.refuseUnknown(`${call.name}() to a computed number of digits`)
    const cut = whole(coded(to, cutCodec(type.scale)))
    const short = name === 'round' ? divided(node, cut) : binary(node, '/', cut)
    return { node: binary(short, '*', cut), type: { ...type, least: 0 } }
  }

  mean(call: Call, type: DecimalType): Typed {
    return { node: this.toReal({ node: call, type }), type: REAL }
  }

  cast(operand: Typed, type: Node): Typed {
    const text = typeText(type).toLowerCase()
    const node: Node = { kind: 'cast', operand: operand.node, type }
    const sized = /^(?:dec|decimal|numeric)\b\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?$/.exec(text)
    if (sized !== null) return this.#castToDecimal(operand, sized[1], sized[2])
    const kind = /int/.test(text) ? INTEGER : /char|text|clob/.test(text) ? TEXT : REAL
    if (!isDecimal(operand)) return { node, type: kind }
    if (kind === INTEGER) return { node: rescaled(operand.node, operand.type.scale, 0), type: INTEGER }
    if (kind === TEXT) return { node: this.toText(operand), type: TEXT }
    if (!/real|floa|doub/.test(text)) this.refuseUnknown(`A cast to ${text} of a decimal`)
    return { node: this.toReal(operand), type: REAL }
  }

  #castToDecimal(operand: Typed, precision: string | undefined, scale = '0'): Typed {
    if (precision === undefined) {
      if (isDecimal(operand)) return operand
      return refuse('A cast to decimal beside decimal columns of SQLite needs a precision and a scale: decimal(12, 2).')
    }
    const type = decimal(Number(scale), Number(precision))
    if (type.precision! > 18)
      refuse(`SQLite computes with decimals of at most 18 digits, not with decimal(${precision}, ${scale}).`)
    const isText = operand.type.kind === 'text' || operand.type.kind === 'other'
    if (isText && type.precision! > 15)
      this.refuseUnknown(`A cast of text, or of what is of an unknown type, to a decimal of more than 15 digits`)
    const value: Typed = isText ? { node: operand.node, type: REAL } : operand
    return { node: this.convert(value, type, 'computed'), type }
  }

  refuseUnknown(what: string): never {
    throw new KantaError(
      'unsupported',
      `${what} is not available in sqlite, where a decimal is kept as a whole number of its smallest unit. Cast first: to 'decimal(12, 2)', 'real', 'integer' or 'text', as in eb.cast('price', 'real').`,
    )
  }
}

/** True if a decimal of known digits does not fit at a scale. */
const isDecimalOver = (type: ValueType, scale: number): boolean =>
  type.kind === 'decimal' && type.precision !== undefined && type.precision + scale - type.scale > MOST_DIGITS

/** True if a decimal of known digits fits at a scale. */
const isDecimalWithin = (type: ValueType, scale: number): boolean =>
  type.kind === 'decimal' && type.precision !== undefined && type.precision + scale - type.scale <= MOST_DIGITS

const leastOf = ({ type }: Typed): number => (type.kind === 'decimal' ? type.least : 0)

/** Rounds down. `%` has the sign of the dividend. */
function floor(node: Node, scale: number): Node {
  const unit = digits(scale)
  const rest = binary(binary(binary(node, '%', unit), '+', unit), '%', unit)
  return scale === 0 ? node : binary(binary(node, '-', rest), '/', unit)
}

function ceiling(node: Node, scale: number): Node {
  const unit = digits(scale)
  const missing = binary(binary(unit, '-', binary(node, '%', unit)), '%', unit)
  return scale === 0 ? node : binary(binary(node, '+', missing), '/', unit)
}

/** The values in arithmetic with integers, as whole numbers. */
function wholeNumbers(node: Node): Node {
  if (node.kind === 'slot') return whole(coded(node, wholeCodec))
  const isArithmetic = node.kind === 'parens' || node.kind === 'unary' || node.kind === 'binary'
  return isArithmetic ? mapChildren(node, wholeNumbers) : node
}

function parameter(node: Node, { scale }: DecimalType, use: Use): Node {
  if (use === 'compared') return coded(node, comparedCodec(scale))
  if (use === 'stored') return coded(node, scaledCodec(undefined, scale))
  return whole(coded(node, use === 'operand' ? operandCodec(scale) : resultCodec(scale)))
}

/** A constant of the statement. */
function constant(node: NodeOf<'literal'>, { scale }: DecimalType, use: Use): Node {
  if (node.value === null) return node
  const number = operandOf(node.value)
  return { kind: 'literal', value: use === 'compared' ? comparedUnits(number, scale) : unitsOf(number, scale) }
}

/** Returns a number of units, or refuses what has more digits. */
function unitsOf(number: DecimalNumber, scale: number): bigint {
  if (number.scale <= scale) return fitting(number.digits * power(scale - number.scale))
  const shown = decimalText(number.digits, number.scale)
  return refuse(
    `The decimal ${shown} has more than ${scale} digits after the point. Say how many it may have: eb.cast(eb.val('${shown}'), 'decimal(18, ${number.scale})').`,
  )
}

const fitting = (units: bigint): bigint =>
  BigInt.asIntN(64, units) === units
    ? units
    : refuse("A decimal has more digits than fit into the 64 bits of SQLite's integers.")

/**
 * Scales a value that is only compared. It need not be a whole number of units: between two units one half compares as
 * any other number there.
 */
function comparedUnits({ digits, scale: from }: DecimalNumber, scale: number): bigint | number {
  const up = digits * power(Math.max(scale - from, 0))
  const cut = power(Math.max(from - scale, 0))
  const below = up / cut - (up % cut < 0n ? 1n : 0n)
  if (BigInt.asIntN(64, below) !== below) return below < 0n ? -BEYOND : BEYOND
  if (up % cut === 0n) return below
  const half = Number(below) + 0.5
  return Number.isInteger(half)
    ? refuse('A decimal that is compared has more digits than SQLite compares exactly.')
    : half
}

/** Larger than each integer of 64 bits. */
const BEYOND = 2 ** 64

const writeOnly = (name: string, encode: (value: unknown) => bigint | number): Codec => ({
  name,
  encode,
  decode: (value) => value,
})

const comparedCodec = (scale: number): Codec => writeOnly('decimal', (value) => comparedUnits(decimalOf(value), scale))
const resultCodec = (scale: number): Codec => writeOnly('decimal', (value) => unitsOf(decimalOf(value), scale))
const operandCodec = (scale: number): Codec => writeOnly('decimal', (value) => unitsOf(operandOf(value), scale))
const wholeCodec = writeOnly('integer', (value) => unitsOf(operandOf(value), 0))
const realCodec = writeOnly('real', (value) => Number(value))
/** The digits of a divisor. */
const digitsCodec = writeOnly('divisor', (value) => fitting(operandOf(value).digits))
/** What a dividend is multiplied by before a division by these digits. */
const unitCodec = writeOnly('unit', (value) => fitting(power(QUOTIENT_DIGITS + operandOf(value).scale)))
const cutCodec = (scale: number): Codec => writeOnly('digits', (value) => power(Math.max(scale - Number(value), 0)))
