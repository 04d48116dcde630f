import { type ErrorCode, type ErrorDetails, KantaError } from '../../../error/index.ts'
import { hintAtFunction } from '../functions.ts'

export type Explanation = { readonly code: ErrorCode; readonly message: string } & ErrorDetails

/** The primary result codes of SQLite that have an explanation here. */
const PRIMARY: Readonly<Record<number, string>> = {
  4: 'ABORT',
  5: 'BUSY',
  6: 'LOCKED',
  7: 'NOMEM',
  8: 'READONLY',
  9: 'INTERRUPT',
  10: 'IOERR',
  11: 'CORRUPT',
  13: 'FULL',
  14: 'CANTOPEN',
  15: 'PROTOCOL',
  18: 'TOOBIG',
  19: 'CONSTRAINT',
  20: 'MISMATCH',
  23: 'AUTH',
  25: 'RANGE',
  26: 'NOTADB',
}

/** The extended result codes that have an explanation here. */
const EXTENDED: Readonly<Record<number, string>> = {
  275: 'CONSTRAINT_CHECK',
  517: 'BUSY_SNAPSHOT',
  787: 'CONSTRAINT_FOREIGNKEY',
  1299: 'CONSTRAINT_NOTNULL',
  1555: 'CONSTRAINT_PRIMARYKEY',
  1811: 'CONSTRAINT_TRIGGER',
  2067: 'CONSTRAINT_UNIQUE',
  2579: 'CONSTRAINT_ROWID',
  3091: 'CONSTRAINT_DATATYPE',
}

/** Explains an error of a library of SQLite. Errors of the library itself have no code of SQLite. */
export function explainSqliteError(cause: unknown): Explanation {
  if (cause instanceof KantaError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  const { name, said } = resultOf(cause, message)
  return name === undefined ? explainMisuse(said) : explainResult(name, said)
}

/** Explains a result of SQLite by its name without `SQLITE_` and its message. */
export function explainResult(name: string, message: string): Explanation {
  if (name.startsWith('CONSTRAINT')) return explainConstraint(exactConstraint(name, message), message)
  if (/no transaction is active/.test(message)) {
    return {
      code: 'transaction',
      message: 'No transaction is open: the database may have ended it by itself, after an error. Start it again.',
    }
  }
  return (
    explainLock(name, message) ??
    explainFile(name, message) ??
    explainValue(name) ?? {
      code: 'query',
      message: `SQLite refused the statement: ${sentence(message)}${hintAtFunction(/^no such function: (\w+)/.exec(message)?.[1], FUNCTIONS)}`,
    }
  )
}

const FUNCTIONS =
  'date datetime group_concat ifnull iif instr json json_array json_extract json_group_array json_object julianday printf random strftime substr time total typeof unixepoch'

/** The prefixes that libraries add to the message of SQLite. */
const BEFORE = /^(?:(?:SQLITE_\w+|SQLite error|D1_\w+): )+/
/** Matches the result codes at the end of messages of D1. */
const CODES_LAST = /^(.*): SQLITE_(\w+)(?: \(extended: SQLITE_(\w+)\))?$/s

/** Returns the name of the result without `SQLITE_`, and the message of SQLite, from the error of any library. */
function resultOf(cause: unknown, message: string): { readonly name?: string | undefined; readonly said: string } {
  const { code, errcode, extendedCode, rawCode } = (cause ?? {}) as Readonly<Record<string, unknown>>
  const said = message.replace(BEFORE, '')
  // `node:sqlite` and libSQL have numbers; libSQL, `better-sqlite3` and Bun have names.
  for (const number of [errcode, rawCode]) if (typeof number === 'number') return { name: nameOfResult(number), said }
  for (const name of [extendedCode, code])
    if (typeof name === 'string' && name.startsWith('SQLITE_')) return { name: name.slice('SQLITE_'.length), said }
  const [, words, short, long] = CODES_LAST.exec(said) ?? []
  return words === undefined ? { said } : { name: long ?? short, said: words }
}

/** Returns the name of a result code, extended or not. */
const nameOfResult = (code: number): string => EXTENDED[code] ?? PRIMARY[code & 0xff] ?? 'ERROR'

/**
 * Returns the kind of constraint from the message, if a library reports only that one failed. SQLite reports a row that
 * `on delete restrict` keeps as a trigger.
 */
function exactConstraint(name: string, message: string): string {
  if (name !== 'CONSTRAINT' && name !== 'CONSTRAINT_TRIGGER') return name
  if (/^cannot store \w+ value in \w+ column /.test(message)) return 'CONSTRAINT_DATATYPE'
  const kind = /^(.+) constraint failed/.exec(message)?.[1]
  // The words of a trigger are its own; a library may give the primary code alone.
  return kind === undefined ? 'CONSTRAINT_TRIGGER' : `CONSTRAINT_${kind.replaceAll(' ', '')}`
}

const sentence = (message: string) => (/[.!?]$/.test(message) ? message : `${message}.`)

const starts = (name: string, ...primary: string[]) =>
  primary.some((code) => name === code || name.startsWith(`${code}_`))

function explainConstraint(name: string, message: string): Explanation {
  const detail = message.slice(message.indexOf(':') + 1).trim()
  switch (name) {
    case 'CONSTRAINT_UNIQUE':
    case 'CONSTRAINT_PRIMARYKEY':
    case 'CONSTRAINT_ROWID':
      return explainUnique(detail)
    case 'CONSTRAINT_NOTNULL': {
      const { table, columns } = target(detail)
      return {
        code: 'not_null_violation',
        message: `The column ${columns.join(', ')} of '${table}' cannot be null. Give it a value, or a default in the table.`,
        table,
        columns,
      }
    }
    case 'CONSTRAINT_CHECK':
      return {
        code: 'check_violation',
        message: `The row breaks the check '${detail}'. Change the row so that the check holds.`,
        constraint: detail,
      }
    case 'CONSTRAINT_FOREIGNKEY':
      return {
        code: 'foreign_key_violation',
        message:
          'A foreign key has no row to point to: a row refers to one that is not there, or one still referred to was to go. SQLite does not say which key; write the row referred to first, and delete it last.',
      }
    case 'CONSTRAINT_DATATYPE':
      return explainDatatype(message)
    case 'CONSTRAINT_TRIGGER':
      return { code: 'constraint_violation', message: `A trigger refused the statement: ${sentence(message)}` }
    default:
      return { code: 'constraint_violation', message: `A constraint refused the statement: ${sentence(message)}` }
  }
}

function explainUnique(detail: string): Explanation {
  const index = /^index '(.*)'$/.exec(detail)?.[1]
  if (index !== undefined) {
    return {
      code: 'unique_violation',
      message: `A row with this key is already in the unique index '${index}'. Use another value, or say with onConflict what is to happen.`,
      constraint: index,
    }
  }
  const { table, columns } = target(detail)
  return {
    code: 'unique_violation',
    message: `A row of '${table}' with this ${columns.join(', ')} is already there. Use another value, or say with onConflict what is to happen.`,
    table,
    columns,
  }
}

function explainDatatype(message: string): Explanation {
  const at = / column (.+)$/s.exec(message)?.[1]
  return {
    code: 'invalid_input',
    message: `The column is strict about its type: ${sentence(message)} Give a value of that type.`,
    columns: [],
    ...(at === undefined ? undefined : target(at)),
  }
}

/**
 * Parses the table and columns of `city.name, city.country`. A part without the table continues a name with a comma.
 */
function target(detail: string): { table: string; columns: string[] } {
  const table = detail.slice(0, Math.max(0, detail.indexOf('.')))
  const columns: string[] = []
  for (const part of detail.split(', ')) {
    if (part.startsWith(`${table}.`)) columns.push(part.slice(table.length + 1))
    else columns.push(columns.length > 0 ? `${columns.pop()}, ${part}` : part)
  }
  return { table, columns }
}

function explainLock(name: string, message: string): Explanation | undefined {
  if (name === 'BUSY_SNAPSHOT') {
    return {
      code: 'busy',
      message:
        'Another connection wrote after this transaction first read, so it can no longer write. Run the whole transaction again; one that begins as a writer cannot meet this.',
    }
  }
  if (starts(name, 'BUSY', 'PROTOCOL')) {
    return {
      code: 'busy',
      message:
        'Another connection holds the database for longer than the busy timeout. Run it again, keep write transactions short, or raise busyTimeout.',
    }
  }
  if (starts(name, 'LOCKED')) {
    return {
      code: 'busy',
      message: `A table is in use by another statement of the same connection (${message}). Finish or close open streams first.`,
    }
  }
  if (starts(name, 'READONLY')) {
    return {
      code: 'read_only',
      message:
        'Nothing can be written here: the transaction or the database was opened for reading only, or the file cannot be written. Write outside of it; a transaction on a read-only database needs the access mode read only.',
    }
  }
  if (starts(name, 'INTERRUPT')) return { code: 'cancelled', message: 'The statement was interrupted before it ended.' }
  if (starts(name, 'ABORT')) {
    return {
      code: 'transaction',
      message: 'The transaction was rolled back while the statement was still being read. Read it to the end before.',
    }
  }
  return undefined
}

function explainFile(name: string, message: string): Explanation | undefined {
  if (starts(name, 'CANTOPEN')) {
    return {
      code: 'connection',
      message:
        'The database file could not be opened. Check that the path and its folder exist and may be read and written.',
    }
  }
  if (starts(name, 'NOTADB')) {
    return {
      code: 'connection',
      message: 'The file is not a SQLite database, or it is encrypted. Check the path.',
    }
  }
  if (starts(name, 'CORRUPT')) {
    return {
      code: 'connection',
      message: `The database file is damaged (${message}). Restore a backup, or recover what is left with the sqlite3 tool.`,
    }
  }
  if (starts(name, 'IOERR')) {
    return {
      code: 'connection',
      message: `The disk failed under SQLite: ${sentence(message)} Check the disk and its space.`,
    }
  }
  if (starts(name, 'FULL')) {
    return { code: 'query', message: 'The disk or the database is full. Free some space, or raise max_page_count.' }
  }
  return undefined
}

function explainValue(name: string): Explanation | undefined {
  if (starts(name, 'MISMATCH')) {
    return {
      code: 'invalid_input',
      message: 'A value is not an integer where SQLite takes only that: an integer primary key, limit or offset.',
      columns: [],
    }
  }
  if (starts(name, 'TOOBIG')) {
    return {
      code: 'invalid_input',
      message: 'A text or blob is beyond what SQLite can hold. Store it in parts or as a file.',
      columns: [],
    }
  }
  if (starts(name, 'RANGE')) {
    return {
      code: 'invalid_input',
      message: 'There are more values than parameters in the text. Write one ? for each.',
    }
  }
  return undefined
}

/** Explains the errors of the libraries themselves. */
export function explainMisuse(message: string): Explanation {
  if (/is not open|has been finalized|closed database|Database has closed/.test(message)) {
    return { code: 'closed', message: 'The connection is closed. Run queries before the database is destroyed.' }
  }
  if (/busy executing|iterator was invalidated/.test(message)) {
    return {
      code: 'busy',
      message: 'The connection is busy with an open stream. Read the stream to its end, or close it, before.',
    }
  }
  if (/too large to be represented as a JavaScript number/.test(message)) {
    return {
      code: 'query',
      message: `The database holds an integer that a number cannot hold exactly (${message.split(': ').pop()}). Define its column as a bigint, or cast it to text.`,
    }
  }
  if (/directory does not exist/.test(message)) return explainFile('CANTOPEN', message)!
  if (/does not return data/.test(message)) {
    return { code: 'invalid_input', message: 'The statement returns no rows to read. Run it with execute().' }
  }
  if (/contains no statements/.test(message)) {
    return { code: 'invalid_input', message: 'The text holds no statement. Write one.' }
  }
  if (/more than one statement/.test(message)) {
    return { code: 'invalid_input', message: 'The text holds more than one statement. Run them one by one.' }
  }
  return { code: 'query', message: sentence(message) }
}
