import type { Node } from '../../ir/index.ts'

/** A decimal with so many digits in all, and so many after the point. */
export interface DecimalType {
  readonly kind: 'decimal'
  /** `undefined` where the database computes it. */
  readonly precision: number | undefined
  readonly scale: number
  /** The digits after the point that are always written; those beyond only where they are no zeros. */
  readonly least: number
}

/** A decimal that the database cannot compute with: kept as text, or as a floating-point number. */
export interface InexactType {
  readonly kind: 'text decimal' | 'real decimal'
  readonly name: string
  readonly scale: number | undefined
}

/**
 * What an expression gives: a decimal, a number of another type, text, a value that the caller gives, a constant or
 * null in the statement, or what nobody knows.
 */
export type ValueType =
  | DecimalType
  | InexactType
  | { readonly kind: 'constant'; readonly column: ValueType }
  | { readonly kind: 'integer' | 'real' | 'text' | 'value' | 'null' | 'other' }

/** An expression with its type. */
export interface Typed<T extends ValueType = ValueType> {
  readonly node: Node
  readonly type: T
}

export const INTEGER: ValueType = { kind: 'integer' }
export const REAL: ValueType = { kind: 'real' }
export const TEXT: ValueType = { kind: 'text' }
export const VALUE: ValueType = { kind: 'value' }
export const NULL: ValueType = { kind: 'null' }
export const OTHER: ValueType = { kind: 'other' }

export const decimal = (scale: number, precision?: number, least: number = scale): DecimalType => ({
  kind: 'decimal',
  precision,
  scale,
  least,
})

/** The type of a constant of the statement. */
export function typeOfConstant(value: unknown): ValueType {
  if (value === null) return NULL
  if (typeof value === 'boolean') return INTEGER
  const isWhole = typeof value === 'bigint' || Number.isInteger(value)
  return { kind: 'constant', column: isWhole ? INTEGER : typeof value === 'number' ? REAL : TEXT }
}

/** Returns the type of a column where only its name stands: a value in a subquery gets no form from there. */
export function byNameType(type: ValueType): ValueType {
  if (type.kind === 'value') return OTHER
  return type.kind === 'constant' ? type.column : type
}

export const isDecimal = (typed: Typed): typed is Typed<DecimalType> => typed.type.kind === 'decimal'
export const isInexact = (typed: Typed): typed is Typed<InexactType> =>
  typed.type.kind === 'text decimal' || typed.type.kind === 'real decimal'
