import { refuse } from '../../error/index.ts'
import type { Node } from '../../ir/index.ts'
import { checkIdentifier } from '../writer.ts'

export const quote = (name: string): string => `\`${checkIdentifier(name).replaceAll('`', '``')}\``

/** A value where no parameter can stand. */
export const inline = (part: Node): Node => (part.kind === 'slot' ? { ...part, role: 'inline' } : part)

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/**
 * What does not mean itself in a string whatever `sql_mode` says: a backslash is an escape or a character, by the mode
 * `no_backslash_escapes`; some clients and logs end a text at a NUL.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SPECIAL = /[\\\u0000-\u001f\u007f]/

/** A string as SQL text: digits where a character of it depends on the settings of the server. */
export function stringLiteral(value: string): string {
  if (!value.isWellFormed())
    refuse('A string with half a surrogate pair would be stored as U+FFFD. Cut it between characters.')
  return SPECIAL.test(value)
    ? `_utf8mb4 x'${hex(new TextEncoder().encode(value))}'`
    : `'${value.replaceAll("'", "''")}'`
}

export function literal(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return stringLiteral(value)
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value && BigInt.asUintN(64, value) !== value)
        refuse(`The bigint ${value} does not fit in the 64 bits of MySQL's integers.`)
      return String(value)
    case 'boolean':
      return String(value)
    case 'number':
      if (Number.isFinite(value)) return numberLiteral(value)
      break
    case 'object':
      if (value === null) return 'null'
      if (value instanceof Uint8Array) return `x'${hex(value)}'`
  }
  return refuse(`A value of the type ${typeof value} cannot be written as SQL text.`)
}

/** Digits with a point are an exact decimal here, which is read as a string; with an exponent they are a double. */
function numberLiteral(value: number): string {
  const text = String(value)
  return Number.isInteger(value) || text.includes('e') ? text : `${text}e0`
}
