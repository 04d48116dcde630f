import { refuse } from '../../error/index.ts'
import { checkInteger, checkText, literalsOf } from '../literal.ts'

export { hex, quote } from '../literal.ts'

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
