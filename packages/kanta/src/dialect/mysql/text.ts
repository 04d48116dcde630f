import type { Node } from '../../ir/index.ts'
import { checkInteger, checkText, hex, literalsOf } from '../literal.ts'
import { checkIdentifier } from '../writer.ts'

export const quote = (name: string): string => `\`${checkIdentifier(name).replaceAll('`', '``')}\``

/** A value where no parameter can stand. */
export const inline = (part: Node): Node => (part.kind === 'slot' ? { ...part, role: 'inline' } : part)

/**
 * What does not mean itself in a string whatever `sql_mode` says: a backslash is an escape or a character, by the mode
 * `no_backslash_escapes`; some clients and logs end a text at a NUL.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SPECIAL = /[\\\u0000-\u001f\u007f]/

/** A string as SQL text: digits where a character of it depends on the settings of the server. */
export function stringLiteral(value: string): string {
  return SPECIAL.test(checkText(value))
    ? `_utf8mb4 x'${hex(new TextEncoder().encode(value))}'`
    : `'${value.replaceAll("'", "''")}'`
}

/**
 * A value in a definition. MariaDB keeps the text of an expression with digits as strings that it cannot read again, and
 * tells a character of four bytes as question marks.
 */
export const definitionLiteral = (value: unknown): string =>
  typeof value === 'string' && (SPECIAL.test(value) || /[\ud800-\udfff]/.test(value))
    ? `convert(unhex('${hex(new TextEncoder().encode(checkText(value)))}') using utf8mb4)`
    : literal(value)

/**
 * A comment as SQL text, which takes neither digits nor an expression. A backslash is doubled, as the server asks unless
 * the mode `no_backslash_escapes` is on.
 */
export const commentLiteral = (value: string): string =>
  `'${checkText(value).replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\0')}'`

/** Digits with a point are an exact decimal here, which is read as a string; with an exponent they are a double. */
function numberLiteral(value: number): string {
  const text = String(value)
  return Number.isInteger(value) || text.includes('e') ? text : `${text}e0`
}

function integerLiteral(value: bigint): string {
  // There are integers without a sign, too.
  return String(BigInt.asUintN(64, value) === value ? value : checkInteger(value, 'MySQL'))
}

export const literal = literalsOf({
  string: stringLiteral,
  bigint: integerLiteral,
  number: numberLiteral,
  bytes: (digits) => `x'${digits}'`,
})
