import { type ErrorCode, type ErrorDetails, KantaError } from '../../../error/index.ts'
import { hintAtFunction } from '../functions.ts'

export type Explanation = { readonly code: ErrorCode; readonly message: string } & ErrorDetails

/** The fields of an error of PostgreSQL. */
interface Report {
  readonly code?: unknown
  readonly message?: unknown
  readonly detail?: unknown
  readonly hint?: unknown
  readonly table?: unknown
  readonly column?: unknown
  readonly constraint?: unknown
  readonly routine?: unknown
}

/** Codes and advice by SQLSTATE, or by its class (the first two characters). */
const MEANINGS: Readonly<Record<string, readonly [code: ErrorCode, advice: string]>> = {
  '40001': [
    'serialization_failure',
    'Another transaction changed what this one read. Run the whole transaction again.',
  ],
  '40P01': ['deadlock', 'Two transactions waited for each other. Run the whole transaction again.'],
  '40003': ['unknown_outcome', 'The outcome of the statement is unknown. Check before you run it again.'],
  '55P03': ['timeout', 'A lock was held by another transaction. Run it again, or raise lock_timeout.'],
  '25006': [
    'read_only',
    'The transaction or the server is for reading only. Write in a transaction with access mode read write, on the primary.',
  ],
  '25P02': [
    'transaction',
    'An earlier statement of the transaction failed, and nothing can run before it is rolled back. Use a savepoint (a nested transaction) around what may fail.',
  ],
  '25P03': ['connection', 'The transaction was idle for longer than the server allows. Keep transactions short.'],
  '53300': ['connection', 'The server has no connection left. Lower max, or raise max_connections of the server.'],
  '57P01': ['connection', 'The server ended the connection. Connect again.'],
  '57P02': ['connection', 'The server crashed. Connect again.'],
  '57P03': ['connection', 'The server is starting, stopping or recovering. Connect again later.'],
  '57P05': ['connection', 'The connection was idle for longer than the server allows. Connect again.'],
  '08P01': [
    'invalid_input',
    'The statement and its values do not fit each other. Give as many values as the text has parameters.',
  ],
  '22012': ['query', 'Divide by nullif(…, 0), which gives null for zero.'],
  '22023': ['query', 'An option or an argument of a function is wrong.'],
  '22021': ['invalid_input', 'A text holds a character that the encoding of the database lacks.'],
  '0A000': ['query', 'The server does not support this.'],
  '26000': [
    'query',
    "A prepared statement is not there any more. Behind a pooler in transaction mode use pg({ pooler: 'transaction' }).",
  ],
  '08': ['connection', 'The connection failed. Check host, port and network.'],
  '28': ['connection', 'The server refused the user. Check user, password and pg_hba.conf.'],
  '3D': ['connection', 'The server has no such database. Check its name.'],
  '22': ['invalid_input', 'Give a value that fits the type where it is used.'],
  P0001: ['constraint_violation', ''],
}

/** Errors of sockets. */
const SOCKET: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
])

const LOST =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout expired|timeout exceeded|The server does not support SSL|There was an error establishing an SSL|PGlite is clos)/

/**
 * Explains an error of PostgreSQL by its SQLSTATE. Servers report table, constraint and column in fields of their own,
 * so that nothing depends on the server's language; only the columns of a key are part of the detail text.
 *
 * See "PostgreSQL Error Codes" in its documentation.
 */
export function explainPostgresError(cause: unknown): Explanation {
  if (cause instanceof KantaError) return cause
  const report = (cause ?? {}) as Report
  const said = sentence(typeof report.message === 'string' ? report.message : String(cause))
  const code = typeof report.code === 'string' ? report.code : ''
  if (SOCKET.has(code) || LOST.test(said)) {
    return {
      code: 'connection',
      message: `The connection to PostgreSQL failed: ${said} Check that the server runs and can be reached.`,
    }
  }
  if (cause instanceof AggregateError && cause.errors.length > 0) return explainPostgresError(cause.errors[0])
  // PgBouncer has this code for all of its own errors. The server, which has it for wrong values, names its routine.
  if (code === '08P01' && report.routine === undefined) return { code: 'connection', message: explainPooler(said) }
  // Only this error comes from that routine; its message may be in any language.
  if (code === '42601' && report.routine === 'exec_parse_message')
    return { code: 'invalid_input', message: 'The text holds more than one statement. Run them one by one.' }
  // Outside of a transaction the driver repeats the statement; in one, the transaction is lost.
  if (code === '0A000' && report.routine === 'RevalidateCachedQuery')
    return {
      code: 'serialization_failure',
      message: 'The tables were changed after the statement had been prepared. Run the whole transaction again.',
    }
  // The message may be in any language, but only policies of rows are checked by this routine under that code.
  if (code === '42501' && report.routine === 'ExecWithCheckOptions')
    return { code: 'policy', message: `A row-level security policy of the database refused the row: ${said}` }
  const details = { table: text(report.table), constraint: text(report.constraint), columns: columnsOf(report) }
  return (
    explainConstraint(code, said, details) ??
    explainCancelled(code, said) ??
    explainOther(code, said, text(report.hint), details.columns)
  )
}

const explainPooler = (said: string): string =>
  `The pooler refused the connection or ended it: ${said}${
    /startup parameter/.test(said)
      ? ' Leave the option out (statementTimeout, options), set it for the role with ALTER ROLE, or add its name to ignore_startup_parameters of PgBouncer.'
      : ' See its log, and its limits of connections and of time.'
  }`

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

const sentence = (message: string) => (/[.!?]$/.test(message) ? message : `${message}.`)

/** `Key (country, name)=(FI, Oulu) already exists.` — the columns stand before the equals sign in every language. */
function columnsOf({ column, detail }: Report): readonly string[] | undefined {
  if (typeof column === 'string' && column !== '') return [column]
  const names = typeof detail === 'string' ? /\((.*?)\)=\(/s.exec(detail)?.[1] : undefined
  if (names === undefined) return undefined
  return [...names.matchAll(/"((?:[^"]|"")*)"|([^,\s][^,]*)/g)].map(([, quoted, bare]) =>
    quoted === undefined ? bare! : quoted.replaceAll('""', '"'),
  )
}

interface Place {
  readonly table: string | undefined
  readonly constraint: string | undefined
  readonly columns: readonly string[] | undefined
}

function explainConstraint(code: string, said: string, place: Place): Explanation | undefined {
  const { table, constraint } = place
  const columns = place.columns?.join(', ')
  switch (code) {
    case '23505':
      return {
        code: 'unique_violation',
        message: `A row of '${table}' with this ${columns ?? `key of '${constraint}'`} is already there. Use another value, or say with onConflict what is to happen.`,
        ...place,
      }
    case '23001':
    case '23503':
      return {
        code: 'foreign_key_violation',
        message: `The foreign key '${constraint}' of '${table}' has no row to point to: ${said} Write the row referred to first, and delete it last.`,
        ...place,
      }
    case '23502':
      return {
        code: 'not_null_violation',
        message: `The column ${columns} of '${table}' cannot be null. Give it a value, or a default in the table.`,
        ...place,
      }
    case '23514':
      return {
        code: 'check_violation',
        message: `The row breaks the check '${constraint}'${table === undefined ? '' : ` of '${table}'`}. Change the row so that the check holds.`,
        ...place,
      }
    case '23P01':
      return {
        code: 'constraint_violation',
        message: `The row overlaps one that the exclusion constraint '${constraint}' of '${table}' keeps apart from it. Use other values.`,
        ...place,
      }
  }
  if (!code.startsWith('23') && code !== '44000') return undefined
  return { code: 'constraint_violation', message: `A constraint refused the statement: ${said}`, ...place }
}

/** Explains a cancelled statement or a timeout. They share a code, and only the message tells them apart. */
function explainCancelled(code: string, said: string): Explanation | undefined {
  if (code === '57014') {
    return /user request|pg_cancel_backend/i.test(said) || !/timeout/i.test(said)
      ? { code: 'cancelled', message: 'The statement was cancelled before it ended.' }
      : { code: 'timeout', message: `${said} Make the statement quicker, or raise statementTimeout.` }
  }
  return undefined
}

const FUNCTIONS =
  'array_agg bool_and bool_or date_part date_trunc extract gen_random_uuid generate_series greatest json_agg jsonb_agg jsonb_build_object least now position random string_agg substring to_char to_date to_timestamp to_tsvector'

function explainOther(
  code: string,
  said: string,
  hint: string | undefined,
  columns: readonly string[] | undefined,
): Explanation {
  const [meaning, advice] = MEANINGS[code] ?? MEANINGS[code.slice(0, 2)] ?? ['query', '']
  // The name stands before the types of its arguments in every language.
  const meant = code === '42883' ? hintAtFunction(/([a-z_]\w*)\(/i.exec(said)?.[1], FUNCTIONS) : ''
  const more = [hint === undefined ? '' : sentence(hint), advice].filter((part) => part !== '').join(' ')
  return {
    code: meaning,
    message: `PostgreSQL refused the statement: ${said}${meant}${more === '' ? '' : ` ${more}`}`,
    // A refused value is an error of who gave it, though the server seldom tells of which column.
    ...(code.startsWith('22') && meaning === 'invalid_input' ? { columns: columns ?? [] } : undefined),
  }
}
