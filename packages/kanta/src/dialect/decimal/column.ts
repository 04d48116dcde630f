import { describe, refuse } from '../../error/index.ts'
import type { Codec, ColumnDefinition } from '../../table/index.ts'
import type { DecimalColumns } from '../decimals.ts'
import { decimalText, parseDecimal, power } from './number.ts'
import { scaledText } from './text.ts'

/** The most digits of a decimal that fits in an integer of 64 bits. */
export const MOST_DIGITS = 18
/** The most digits that a floating-point number keeps. */
const MOST_REAL_DIGITS = 15

/** A decimal as a whole number of its smallest unit. */
export interface ScaledCodec extends Codec<string> {
  readonly scale: number
}

const isScaled = (codec: unknown): codec is ScaledCodec =>
  typeof codec === 'object' && codec !== null && 'scale' in codec

/** The storage of a decimal that is not a scaled integer. */
export function storageOf({ storage, typeArguments: [precision] }: ColumnDefinition): 'text' | 'real' | undefined {
  return storage ?? (precision === undefined || precision > MOST_DIGITS ? 'text' : undefined)
}

export const scaleOf = ({ typeArguments: [precision, scale] }: ColumnDefinition): number =>
  precision === undefined ? 0 : (scale ?? 0)

/** The type of a decimal column. Its affinity is that of integers. */
function decimalType(column: ColumnDefinition): string {
  const { typeArguments, name, storage } = column
  const [precision] = typeArguments
  if (storage === 'text') return 'text'
  if (storage === 'real') return precision === undefined ? 'decimal' : `decimal(${typeArguments.join(', ')})`
  if (precision === undefined || precision > MOST_DIGITS)
    refuse(
      `The decimal '${name}' needs a precision of at most ${MOST_DIGITS} digits in SQLite, as in c.decimal(12, 2). To keep it as text, with which SQLite neither compares nor computes: c.decimal(30, 10, { storage: 'text' }).`,
    )
  return `decimal_integer(${precision}, ${scaleOf(column)})`
}

/** The condition that a column of scaled integers holds nothing else. */
function decimalCheck(column: ColumnDefinition): string | undefined {
  if (column.type !== 'decimal' || storageOf(column) !== undefined) return undefined
  const most = power(column.typeArguments[0]!) - 1n
  const quoted = `"${column.name.replaceAll('"', '""')}"`
  return `typeof(${quoted}) <> 'real' and ${quoted} between -${most} and ${most}`
}

/** The codec of a decimal column. */
function decimalCodecOf(column: ColumnDefinition): Codec {
  const storage = storageOf(column)
  const [precision] = column.typeArguments
  if (storage === undefined) return scaledCodec(precision, scaleOf(column))
  if (storage === 'text') return column.codec!
  return inexactCodec({ kind: 'real decimal', scale: scaleOf(column) })
}

const stored = (value: unknown): never => refuse(`The database holds ${describe(value)} where a decimal is expected.`)

/** Returns the codec of scaled integers; without a precision, of those that a query computes. */
export function scaledCodec(precision: number | undefined, scale: number, least: number = scale): ScaledCodec {
  // Most columns fit into a number; what is computed may not.
  const isWide = precision === undefined || precision > MOST_REAL_DIGITS
  const type =
    precision === undefined ? `a decimal with ${scale} digits after the point` : `decimal(${precision}, ${scale})`
  return {
    name: 'decimal',
    json: 'text',
    scale,
    ...(isWide && { bigint: true as const }),
    encode: (value) => {
      const number = typeof value === 'string' ? parseDecimal(value) : undefined
      if (number === undefined)
        return refuse(`A decimal as a string such as '12.50' is expected, not ${describe(value)}.`)
      const units = number.digits * power(Math.max(scale - number.scale, 0))
      const most = power(precision ?? MOST_DIGITS)
      return number.scale > scale || units >= most || units <= -most
        ? refuse(`The decimal ${value} has more digits than ${type} holds.`)
        : units
    },
    decode: (value) => {
      if (typeof value === 'bigint') return decimalText(value, scale, least)
      if (!isWide && Number.isSafeInteger(value)) return decimalText(BigInt(value as number), scale, least)
      return typeof value === 'number'
        ? refuse(`A computed decimal is beyond the 64 bits of SQLite's integers: about ${value} units.`)
        : stored(value)
    },
    fromJson: (value) => (typeof value === 'string' ? value : stored(value)),
  }
}

/** Returns the codec of decimals that an existing database keeps as floating-point numbers. */
export function inexactCodec({
  kind,
  scale = 0,
}: {
  readonly kind: string
  readonly scale?: number | undefined
}): Codec<string> {
  const decode = (value: unknown): string => {
    if (typeof value === 'string') return value
    if (typeof value === 'bigint') return decimalText(value * power(scale), scale)
    return typeof value === 'number' ? value.toFixed(scale) : stored(value)
  }
  return {
    name: 'decimal',
    json: 'text',
    encode: (value) => {
      const number = typeof value === 'string' ? parseDecimal(value) : undefined
      if (number === undefined)
        return refuse(`A decimal as a string such as '12.50' is expected, not ${describe(value)}.`)
      return kind === 'real decimal' ? Number(value) : (value as string)
    },
    decode,
    fromJson: decode,
  }
}

/** The storage of decimals in SQLite. */
export const scaledColumns: DecimalColumns = {
  codec: decimalCodecOf,
  typeName: decimalType,
  isStrict: (column) => storageOf(column) === 'text',
  check: decimalCheck,
  text: (value, codec) => (isScaled(codec) ? scaledText(value, codec.scale) : undefined),
}
