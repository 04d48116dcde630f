import { refuse } from '../../error/index.ts'
import { checkInteger, checkText, literalsOf, quote as standardQuote } from '../literal.ts'

export { hex } from '../literal.ts'

/** The most bytes of a name. */
const MOST = 63

export const fitsName = (name: string): boolean =>
  name.length * 3 <= MOST || new TextEncoder().encode(name).length <= MOST

/** PostgreSQL cuts a longer name off, so that two of them could be one, and the column of a row would have another. */
function whole(name: string): string {
  if (fitsName(name)) return name
  return refuse(
    `The name '${name.slice(0, MOST)}…' is longer than the ${MOST} bytes that PostgreSQL keeps of one. Shorten it.`,
  )
}

export const quote = (name: string): string => standardQuote(whole(name))

/** A string as SQL text. A backslash needs the other form where the server still reads one as an escape. */
export function stringLiteral(value: string): string {
  if (value.includes('\0'))
    refuse('A string with the character NUL cannot be stored in PostgreSQL. Take it out, or store bytes.')
  const quoted = `'${checkText(value).replaceAll("'", "''")}'`
  return value.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/** A value as SQL text. */
export const literal = literalsOf({
  string: stringLiteral,
  bigint: (value) => String(checkInteger(value, 'PostgreSQL')),
  bytes: (digits) => `'\\x${digits}'::bytea`,
})
