import { KantaError } from '../../error/index.ts'
import { checkInteger, checkText, hex, literalsOf } from '../literal.ts'

/** Refuses what SQL Server lacks, with the alternative. */
export function lacks(clause: string, alternative: string): never {
  throw new KantaError('unsupported', `${clause} is not available in mssql. ${alternative}`)
}

/** Sessions read names in double quotes as such while `quoted_identifier` is on, as it is unless set off. */
export { quote } from '../literal.ts'

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
  return UNSAID.test(checkText(value))
    ? `cast(0x${hex(utf16(value))} as nvarchar(max))`
    : `N'${value.replaceAll("'", "''")}'`
}

const INT = 0x7fffffffn

/** A number without a point is exact, and past an int would be a decimal, beside which indexes of bigints are not used. */
function integerLiteral(value: bigint): string {
  checkInteger(value, 'SQL Server')
  return value > INT || value < -INT ? `cast(${value} as bigint)` : String(value)
}

function numberLiteral(value: number): string {
  if (Number.isSafeInteger(value)) return integerLiteral(BigInt(value))
  const text = String(value)
  // With an exponent it is a float, as it is here; without, a decimal.
  return text.includes('e') ? text : `${text}e0`
}

/** A value as SQL text. */
export const literal = literalsOf({
  string: stringLiteral,
  bigint: integerLiteral,
  number: numberLiteral,
  boolean: (value) => `cast(${value ? 1 : 0} as bit)`,
  bytes: (digits) => `0x${digits}`,
})
