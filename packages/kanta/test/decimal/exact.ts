/** Exact decimals, for tests: a whole number of units of ten to the power of `-scale`. */
export interface Exact {
  readonly units: bigint
  readonly scale: number
}

export function exact(text: string): Exact {
  const [whole, fraction = ''] = text.split('.') as [string, string?]
  const units = BigInt(whole.replace(/^\+/, '') + fraction)
  return { units, scale: fraction.length }
}

const at = ({ units, scale }: Exact, to: number): bigint => units * 10n ** BigInt(to - scale)

function both(one: Exact, other: Exact): [bigint, bigint, number] {
  const scale = Math.max(one.scale, other.scale)
  return [at(one, scale), at(other, scale), scale]
}

export function compare(one: Exact, other: Exact): number {
  const [a, b] = both(one, other)
  return a < b ? -1 : a > b ? 1 : 0
}

export function plus(one: Exact, other: Exact): Exact {
  const [a, b, scale] = both(one, other)
  return { units: a + b, scale }
}

export const minus = (one: Exact, other: Exact): Exact => plus(one, { ...other, units: -other.units })
export const times = (one: Exact, other: Exact): Exact => ({
  units: one.units * other.units,
  scale: one.scale + other.scale,
})

export function remainder(one: Exact, other: Exact): Exact {
  const [a, b, scale] = both(one, other)
  return { units: a % b, scale }
}

/** Half is rounded away from zero. */
export function round(value: Exact, scale: number): Exact {
  if (value.scale <= scale) return { units: at(value, scale), scale }
  const unit = 10n ** BigInt(value.scale - scale)
  const half = value.units < 0n ? -unit / 2n : unit / 2n
  return { units: (value.units + half) / unit, scale }
}

/** With twenty digits after the point. */
export const over = (one: Exact, other: Exact): Exact => {
  const [a, b] = both(one, other)
  return { units: (a * 10n ** 20n) / b, scale: 20 }
}

export const toNumber = ({ units, scale }: Exact): number => Number(units) / 10 ** scale
export const text = ({ units, scale }: Exact): string => {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0')
  const sign = units < 0n ? '-' : ''
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}
