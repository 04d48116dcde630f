import { describe, refuse } from '../../error/index.ts'
import type { Node, NodeOf } from '../../ir/index.ts'
import type { Codec, ColumnDefinition } from '../../table/index.ts'
import type { CastCodec } from '../decimals.ts'
import { type Call, eachValue, typeText, type Use, word } from './expression.ts'
import { type DecimalNumber, decimalOf, decimalText, operandOf } from './number.ts'
import { DecimalPass } from './pass.ts'
import {
  type DecimalType,
  decimal,
  INTEGER,
  type InexactType,
  OTHER,
  REAL,
  TEXT,
  type Typed,
  type ValueType,
} from './type.ts'

/**
 * Decimals of databases that would compute with doubles where a parameter stands beside one: each parameter is cast to a
 * decimal that holds it.
 */
export class CastPass extends DecimalPass {
  codecOf(_type: DecimalType | InexactType): Codec {
    return valueCodec
  }

  typeOfDecimal({ typeArguments: [precision, scale = 0] }: ColumnDefinition): ValueType {
    return decimal(scale, precision)
  }

  convert({ node, type: own }: Typed, type: DecimalType, use: Use): Node {
    if (isGiven(own)) return this.given(node, use, type)
    if (own.kind === 'text' && use !== 'stored') return { kind: 'cast', operand: node, type: word('decimal(65, 30)') }
    return node
  }

  /** Returns values and constants in the form in which they are computed with. */
  protected given(node: Node, use: Use, type?: DecimalType): Node {
    return eachValue(node, (leaf) => {
      if (leaf.kind === 'literal') return constant(leaf)
      return use === 'stored' ? leaf : parameter(leaf, use === 'operand' ? operandCodec : valueCodec, type)
    })
  }

  toReal({ node }: Typed): Node {
    return node
  }

  toText({ node }: Typed): Node {
    return node
  }

  multiply(left: Typed, right: Typed): Typed {
    return this.#computed(left, '*', right)
  }

  divide(left: Typed, right: Typed): Typed {
    return this.#computed(left, '/', right)
  }

  #computed(left: Typed, op: string, right: Typed): Typed {
    const [one, other] = [left, right].map(({ node, type }) => (isGiven(type) ? this.given(node, 'operand') : node))
    return { node: { kind: 'binary', left: one!, op, right: other! }, type: COMPUTED }
  }

  round(call: Call): Typed {
    return { node: call, type: COMPUTED }
  }

  mean(call: Call): Typed {
    return { node: call, type: REAL }
  }

  cast(operand: Typed, type: Node): Typed {
    const text = typeText(type).toLowerCase()
    const node: Node = { kind: 'cast', operand: operand.node, type }
    if (/^(?:dec|decimal|numeric)\b/.test(text)) return { node, type: COMPUTED }
    if (/int|signed/.test(text)) return { node, type: INTEGER }
    if (/char|text/.test(text)) return { node, type: TEXT }
    return { node, type: /real|floa|doub/.test(text) ? REAL : OTHER }
  }

  /** The database knows the types of its own. */
  refuseUnknown(): void {}
}

/**
 * PostgreSQL takes a value beside a decimal for a decimal, but one inside of another expression, such as `-$1`, for text
 * or a floating-point number.
 */
export class NumericPass extends CastPass {
  override convert({ node, type: own }: Typed, _type: DecimalType, use: Use): Node {
    return isGiven(own) ? this.given(node, use) : node
  }

  protected override given(node: Node, use: Use): Node {
    if (node.kind === 'slot' || node.kind === 'literal') return node
    return eachValue(node, (leaf) => {
      if (leaf.kind === 'literal') return constant(leaf)
      const codec = use === 'operand' ? operandCodec : valueCodec
      return { kind: 'cast', operand: { ...leaf, codec: leaf.codec ?? codec }, type: word('numeric') }
    })
  }
}

const isGiven = ({ kind }: ValueType): boolean => kind === 'constant' || kind === 'value'

/** A decimal whose digits the database decides. */
const COMPUTED: DecimalType = decimal(0)

/** A constant with an exponent would be a double. */
function constant(node: NodeOf<'literal'>): Node {
  if (node.value === null) return node
  const { digits, scale } = operandOf(node.value)
  return word(decimalText(digits, scale))
}

/** A value that is cast to a decimal with the digits that it has, or as many as a type has. */
function parameter(node: NodeOf<'slot'>, codec: Codec, type?: DecimalType): Node {
  if (node.codec !== undefined) return node
  const sized: CastCodec = { ...codec, castTo: (value) => castTo(value, type) }
  return { ...node, role: node.role === 'list' ? 'list' : 'typed', codec: sized }
}

function castTo(value: unknown, type: DecimalType | undefined): string | undefined {
  let scale = type?.scale ?? 0
  let whole = Math.max((type?.precision ?? 1) - scale, 1)
  for (const item of Array.isArray(value) ? value : [value]) {
    if (item === null) continue
    const number = operandOf(item)
    const digits = String(number.digits < 0n ? -number.digits : number.digits).length
    scale = Math.max(scale, number.scale)
    whole = Math.max(whole, digits - number.scale)
  }
  return `decimal(${whole + scale}, ${scale})`
}

const computed = (read: (value: unknown) => DecimalNumber): Codec => ({
  name: 'decimal',
  bigint: true,
  json: 'text',
  encode: (value) => {
    const { digits, scale } = read(value)
    return decimalText(digits, scale)
  },
  decode: (value) =>
    typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number'
      ? String(value)
      : refuse(`The database holds ${describe(value)} where a decimal is expected.`),
})

const valueCodec = computed(decimalOf)
const operandCodec = computed(operandOf)
