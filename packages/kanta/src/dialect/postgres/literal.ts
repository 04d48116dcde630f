import { refuse } from '../../error/index.ts'
import { checkIdentifier } from '../writer.ts'

/** The most bytes of a name. */
const MOST = 63

/** PostgreSQL cuts a longer name off, so that two of them could be one, and the column of a row would have another. */
function whole(name: string): string {
  if (name.length * 3 <= MOST || new TextEncoder().encode(name).length <= MOST) return name
  return refuse(
    `The name '${name.slice(0, MOST)}…' is longer than the ${MOST} bytes that PostgreSQL keeps of one. Shorten it.`,
  )
}

export const quote = (name: string): string => `"${whole(checkIdentifier(name)).replaceAll('"', '""')}"`

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** A string as SQL text. A backslash needs the other form where the server still reads one as an escape. */
export function stringLiteral(value: string): string {
  if (value.includes('\0'))
    refuse('A string with the character NUL cannot be stored in PostgreSQL. Take it out, or store bytes.')
  if (!value.isWellFormed())
    refuse('A string with half a surrogate pair would be stored as U+FFFD. Cut it between characters.')
  const quoted = `'${value.replaceAll("'", "''")}'`
  return value.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

const INTEGERS = 64

/** A value as SQL text. */
export function literal(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return stringLiteral(value)
    case 'bigint':
      if (BigInt.asIntN(INTEGERS, value) !== value)
        refuse(`The bigint ${value} does not fit in the 64 bits of PostgreSQL's integers.`)
      return String(value)
    case 'boolean':
      return String(value)
    case 'number':
      if (Number.isFinite(value)) return String(value)
      break
    case 'object':
      if (value === null) return 'null'
      if (value instanceof Uint8Array) return `'\\x${hex(value)}'::bytea`
  }
  return refuse(`A value of the type ${typeof value} cannot be written as SQL text.`)
}
