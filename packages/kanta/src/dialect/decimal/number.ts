import { describe, refuse } from '../../error/index.ts'

/** A decimal number: `digits` divided by ten to the power of `scale`. */
export interface DecimalNumber {
  readonly digits: bigint
  readonly scale: number
}

const PLAIN = /^([+-]?)(\d+)(?:\.(\d+))?$/
const SCIENTIFIC = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/

/** Returns the number that a string such as `'-12.50'` stands for, without zeros at its end; `undefined` for other text. */
export function parseDecimal(text: string): DecimalNumber | undefined {
  const match = PLAIN.exec(text)
  if (match === null) return undefined
  const [, sign, whole, fraction = ''] = match
  const kept = fraction.replace(/0+$/, '')
  const digits = BigInt(whole + kept)
  return { digits: sign === '-' ? -digits : digits, scale: kept.length }
}

/** Returns the number that a value of a decimal column stands for: a string. */
export function decimalOf(value: unknown): DecimalNumber {
  const known = typeof value === 'string' ? parseDecimal(value) : undefined
  return known ?? refuse(`A decimal as a string such as '12.50' is expected, not ${describe(value)}.`)
}

/** Returns a value of arithmetic with decimals as a number: a string, a bigint, or the digits that a number shows. */
export function operandOf(value: unknown): DecimalNumber {
  const known =
    typeof value === 'bigint'
      ? { digits: value, scale: 0 }
      : typeof value === 'number' && Number.isFinite(value)
        ? (parseDecimal(String(value)) ?? parseDecimal(withoutExponent(String(value))))
        : undefined
  return known ?? decimalOf(value)
}

/** Writes out `1.5e-7`. */
function withoutExponent(text: string): string {
  const [, sign = '', first = '', rest = '', exponent = '0'] = SCIENTIFIC.exec(text) ?? []
  const move = Number(exponent)
  const digits = first + rest
  if (move < 0) return `${sign}0.${'0'.repeat(-move - 1)}${digits}`
  return `${sign}${digits.padEnd(move + 1, '0')}`
}

/** Writes a number with so many digits after the point; with `least`, without the zeros at its end beyond these. */
export function decimalText(digits: bigint, scale: number, least: number = scale): string {
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0')
  const sign = digits < 0n ? '-' : ''
  if (scale === 0) return sign + text
  const whole = text.slice(0, -scale)
  let fraction = text.slice(-scale)
  while (fraction.length > least && fraction.endsWith('0')) fraction = fraction.slice(0, -1)
  return fraction === '' ? sign + whole : `${sign}${whole}.${fraction}`
}

/** Ten to a power. */
export const power = (exponent: number): bigint => 10n ** BigInt(exponent)
