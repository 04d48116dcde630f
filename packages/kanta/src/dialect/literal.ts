import { refuse } from '../error/index.ts'
import { checkIdentifier } from './writer.ts'

/** A name in the quotes of the SQL standard. */
export const quote = (name: string): string => `"${checkIdentifier(name).replaceAll('"', '""')}"`

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** A text that can be stored as it is. */
export function checkText(value: string): string {
  if (value.isWellFormed()) return value
  return refuse('A string with half a surrogate pair would be stored as U+FFFD. Cut it between characters.')
}

/** How a database writes the values that each writes in a way of its own. */
interface Forms {
  string(value: string): string
  bigint(value: bigint): string
  bytes(digits: string): string
  number?(value: number): string
  boolean?(value: boolean): string
}

/** What writes a value as the SQL text of a database. */
export function literalsOf({ string, bigint, bytes, number = String, boolean = String }: Forms) {
  return (value: unknown): string => {
    if (typeof value === 'string') return string(value)
    if (typeof value === 'bigint') return bigint(value)
    if (typeof value === 'boolean') return boolean(value)
    if (typeof value === 'number' && Number.isFinite(value)) return number(value)
    if (value === null) return 'null'
    if (value instanceof Uint8Array) return bytes(hex(value))
    return refuse(
      `${typeof value === 'number' ? value : `A value of the type ${typeof value}`} cannot be written as SQL text.`,
    )
  }
}

/** An integer of 64 bits with a sign. */
export function checkInteger(value: bigint, database: string): bigint {
  if (BigInt.asIntN(64, value) === value) return value
  return refuse(`The bigint ${value} does not fit in the 64 bits of ${database}'s integers.`)
}
