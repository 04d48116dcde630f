import type { ErrorCode, ErrorDetails } from '../../../error/index.ts'

export type Explanation = { readonly code: ErrorCode; readonly message: string } & ErrorDetails

/**
 * Error codes by the numbers of SQL Server, from its reference of errors:
 * https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors.
 */
const NUMBERS: Readonly<Record<number, ErrorCode>> = {
  1205: 'deadlock',
  1222: 'timeout',
  3906: 'read_only',
  3908: 'read_only',
  // Another transaction changed rows that this one read or wrote.
  3951: 'serialization_failure',
  3960: 'serialization_failure',
  41302: 'serialization_failure',
  41305: 'serialization_failure',
  41325: 'serialization_failure',
  // A commit or rollback without a transaction, or one that can only be rolled back.
  3902: 'transaction',
  3903: 'transaction',
  3930: 'transaction',
  3931: 'transaction',
  // Azure SQL has no room for now.
  10928: 'busy',
  10929: 'busy',
  40501: 'busy',
  // No login, no database.
  4060: 'connection',
  18456: 'connection',
}

/** Values that do not fit: too long, too large, or text that is no number and no date. */
const VALUES: ReadonlySet<number> = new Set([220, 232, 241, 242, 244, 245, 248, 295, 2628, 8114, 8115, 8152, 8169])

const HINTS: Readonly<Record<number, string>> = {
  257: 'A null that is a parameter is sent as text: for a column of bytes write it as eb.lit(null).',
  544: "A key that the database numbers takes no value. Leave it out, or run 'set identity_insert … on' in db.connection().",
}

const sentence = (message: string) => (/[.!?]$/.test(message) ? message : `${message}.`)

/** Explains an error of SQL Server by its number. */
export function explainNumber(number: number, message: string): Explanation {
  switch (number) {
    case 2601:
    case 2627:
      return explainUnique(message)
    case 547:
      return explainConflict(message)
    case 515:
      return explainNull(message)
  }
  if (VALUES.has(number)) return explainValue(message)
  const hint = HINTS[number] === undefined ? '' : ` ${HINTS[number]}`
  const code = NUMBERS[number] ?? 'query'
  return { code, message: code === 'query' ? `SQL Server refused the statement: ${sentence(message)}${hint}` : message }
}

/** Explains a value that does not fit. Only the error of text that is too long names the column. */
function explainValue(message: string): Explanation {
  const table = tableOf(/in table '([^']+)'/.exec(message)?.[1])
  const column = /column '([^']+)'/.exec(message)?.[1]
  return {
    code: 'invalid_input',
    message: `A value does not fit its column or its type: ${sentence(message)}`,
    table,
    columns: column === undefined ? [] : [column],
  }
}

/** Returns the table of a qualified name: `db.dbo.person` → `person`. */
const tableOf = (name: string | undefined): string | undefined => name?.slice(name.lastIndexOf('.') + 1)

/** Explains a violated unique key. The server names the constraint or index and the values, but not the columns. */
function explainUnique(message: string): Explanation {
  const constraint = /(?:constraint|unique index) '([^']+)'/.exec(message)?.[1]
  const table = tableOf(/in object '([^']+)'/.exec(message)?.[1])
  return {
    code: 'unique_violation',
    message: `A row with the same key is already in '${table}' (${constraint}). Update it, or use mergeInto().`,
    table,
    constraint,
  }
}

const KINDS: Readonly<Record<string, ErrorCode>> = {
  'FOREIGN KEY': 'foreign_key_violation',
  'FOREIGN KEY SAME TABLE': 'foreign_key_violation',
  REFERENCE: 'foreign_key_violation',
  'SAME TABLE REFERENCE': 'foreign_key_violation',
  CHECK: 'check_violation',
}

function explainConflict(message: string): Explanation {
  const match = /with the ([A-Z ]+) constraint "([^"]+)"/.exec(message)
  const table = tableOf(/table "([^"]+)"/.exec(message)?.[1])
  const column = /column '([^']+)'/.exec(message)?.[1]
  const code = KINDS[match?.[1] ?? ''] ?? 'constraint_violation'
  const constraint = match?.[2]
  const columns = column === undefined ? undefined : [column]
  if (code === 'check_violation')
    return {
      code,
      message: `The check ${constraint} of '${table}' failed. Give values that pass it.`,
      table,
      constraint,
      columns,
    }
  if (code === 'foreign_key_violation') {
    const way = match?.[1]?.includes('REFERENCE')
      ? `Rows of '${table}' refer to the row (${constraint}). Change or delete them before.`
      : `There is no row of '${table}' that the row refers to (${constraint}). Insert that row before.`
    return { code, message: way, table, constraint, columns }
  }
  return { code, message, table, constraint, columns }
}

function explainNull(message: string): Explanation {
  const column = /into column '([^']+)'/.exec(message)?.[1]
  const table = tableOf(/table '([^']+)'/.exec(message)?.[1])
  return {
    code: 'not_null_violation',
    message: `The column ${column} of '${table}' cannot be null. Give it a value, or a default in the table.`,
    table,
    columns: column === undefined ? undefined : [column],
  }
}
