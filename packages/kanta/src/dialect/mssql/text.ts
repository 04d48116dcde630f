import { KantaError, refuse } from '../../error/index.ts'
import { checkIdentifier } from '../writer.ts'

/** Refuses what SQL Server lacks, with the alternative. */
export function lacks(clause: string, alternative: string): never {
  throw new KantaError('unsupported', `${clause} is not available in mssql. ${alternative}`)
}

/** Names stand in double quotes, which sessions read as such while `quoted_identifier` is on, as it is unless set off. */
export function quote(name: string): string {
  return `"${checkIdentifier(name).replaceAll('"', '""')}"`
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

function utf16(text: string): Uint8Array {
  const bytes = new Uint8Array(2 * text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    bytes[2 * i] = unit & 0xff
    bytes[2 * i + 1] = unit >> 8
  }
  return bytes
}

/** A backslash before the end of a line makes the server leave both out of a string, and a NUL may end one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const UNSAID = /\\\r?\n|\u0000/

function stringLiteral(value: string): string {
  if (!value.isWellFormed()) refuse('A string with half a surrogate pair is no text. Cut it between characters.')
  return UNSAID.test(value) ? `cast(0x${hex(utf16(value))} as nvarchar(max))` : `N'${value.replaceAll("'", "''")}'`
}

const INT = 0x7fffffffn

/** A number without a point is exact, and past an int would be a decimal, beside which indexes of bigints are not used. */
function integerLiteral(value: bigint): string {
  if (BigInt.asIntN(64, value) !== value) refuse(`The bigint ${value} does not fit in the 64 bits of a bigint.`)
  return value > INT || value < -INT ? `cast(${value} as bigint)` : String(value)
}

function numberLiteral(value: number): string {
  if (!Number.isFinite(value)) return refuse(`The number ${value} cannot be written as SQL text.`)
  if (Number.isSafeInteger(value)) return integerLiteral(BigInt(value))
  const text = String(value)
  // With an exponent it is a float, as it is here; without, a decimal.
  return text.includes('e') ? text : `${text}e0`
}

/** A value as SQL text. */
export function literal(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return stringLiteral(value)
    case 'bigint':
      return integerLiteral(value)
    case 'number':
      return numberLiteral(value)
    case 'boolean':
      return `cast(${value ? 1 : 0} as bit)`
    case 'object':
      if (value === null) return 'null'
      if (value instanceof Uint8Array) return `0x${hex(value)}`
  }
  return refuse(`A value of the type ${typeof value} cannot be written as SQL text.`)
}
