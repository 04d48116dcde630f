import { KantaError } from '../../error/index.ts'
import type { Node } from '../../ir/index.ts'

/** The types of other databases by the names that `cast` has here. */
const NAMES: Readonly<Record<string, string>> = {
  integer: 'signed',
  int: 'signed',
  int4: 'signed',
  int8: 'signed',
  bigint: 'signed',
  smallint: 'signed',
  text: 'char',
  varchar: 'char',
  'character varying': 'char',
  real: 'double',
  'double precision': 'double',
  float8: 'double',
  numeric: 'decimal',
  blob: 'binary',
  bytea: 'binary',
  varbinary: 'binary',
  timestamp: 'datetime(6)',
  timestamptz: 'datetime(6)',
}

/** What `cast` takes as it is. */
const KNOWN = new Set(
  'signed unsigned char nchar binary decimal double float date time datetime year json uuid inet6 inet4'.split(' '),
)

const REFUSED: Readonly<Record<string, string>> = {
  boolean: "Compare instead, as in eb('active', '=', 1).",
  bool: "Compare instead, as in eb('active', '=', 1).",
}

/** The type of a cast; text of the user's own passes as it is. */
export function castType(type: Node, dialect: 'mysql' | 'mariadb'): Node {
  const text = type.kind === 'word' ? type.text : type.kind === 'raw' && type.parts.length === 0 ? type.strings[0]! : ''
  if (text === '') return type
  const match = /^([a-z][a-z0-9_ ]*?)\s*(\(.*\))?$/i.exec(text)
  const name = match?.[1]?.toLowerCase() ?? ''
  const size = match?.[2] ?? ''
  if (name === 'json' && dialect === 'mariadb') return refused(text, dialect, "Use json_extract(…, '$').")
  if (name === 'uuid' && dialect === 'mysql') return { kind: 'word', text: 'char(36)' }
  const known = NAMES[name] ?? (KNOWN.has(name) ? name : undefined)
  if (known === undefined)
    return refused(text, dialect, REFUSED[name] ?? 'Use one of signed, char, decimal, double, date, datetime, binary.')
  return { kind: 'word', text: known === 'signed' || known.endsWith(')') ? known : known + size }
}

function refused(type: string, dialect: string, alternative: string): never {
  throw new KantaError('unsupported', `A cast to ${type} is not available in ${dialect}. ${alternative}`)
}
