import { firstStatement } from '../../../dialect/index.ts'
import { mysqlScript } from '../../../dialect/mysql/index.ts'
import { type ErrorCode, type ErrorDetails, KantaError } from '../../../error/index.ts'
import { hintAtFunction } from '../functions.ts'

export type Explanation = { readonly code: ErrorCode; readonly message: string } & ErrorDetails

/** The context of an error, which the connection adds. */
export interface ErrorContext {
  readonly sql: string
  /** The columns of the violated unique key. */
  readonly columns: readonly string[] | undefined
}

export const contexts: WeakMap<object, ErrorContext> = new WeakMap()

interface ServerError {
  readonly errno?: number
  readonly code?: string
  readonly fatal?: boolean
  readonly message: string
}

const NAME = '(?:`(?:[^`]|``)+`|[\\w$]+)'
const WRITTEN = new RegExp(
  `^\\s*(?:(?:insert|replace)\\s(?:.*?\\s)??into|update(?:\\s+ignore)?|delete(?:\\s.*?)??\\s+from)\\s+(?:${NAME}\\s*\\.\\s*)?(${NAME})`,
  'is',
)

const unquoted = (name: string): string => (name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name)

/** Returns the first table that a statement writes. */
function writtenTable(sql: string): string | undefined {
  const name = WRITTEN.exec(sql)?.[1]
  return name === undefined ? undefined : unquoted(name)
}

const DUPLICATES = new Set([1062, 1586])

/** Returns the table and index of a violated unique key. MariaDB names only the index, MySQL also the table. */
export function brokenKey(error: unknown, sql: string): { readonly table: string; readonly key: string } | undefined {
  const { errno, message } = error as ServerError
  if (errno === undefined || !DUPLICATES.has(errno)) return undefined
  const named = /for key '(.*)'$/s.exec(message)?.[1]
  const table = writtenTable(sql)
  if (named === undefined || table === undefined) return undefined
  return { table, key: named.startsWith(`${table}.`) ? named.slice(table.length + 1) : named }
}

/** Explains an error of `mysql2` or of the server. */
export function explainMysqlError(cause: unknown): Explanation {
  if (cause instanceof KantaError) return cause
  if (!(cause instanceof Error)) return { code: 'query', message: sentence(String(cause)) }
  const error: ServerError = cause
  const sql = contexts.get(cause)?.sql ?? ''
  return (
    explainUnique(error, sql, contexts.get(cause)?.columns) ??
    explainConstraint(error, sql) ??
    explainRun(error) ??
    explainConnection(error) ??
    explainValue(error) ??
    explainText(error, sql) ??
    ({
      code: 'query',
      message: `The database refused the statement: ${sentence(error.message)}${hintOf(error)}`,
    } as const)
  )
}

const FUNCTIONS =
  'char_length concat_ws date_add date_format date_sub from_unixtime greatest group_concat ifnull json_array json_extract json_object least now rand substring unix_timestamp uuid'

const hintOf = ({ errno, message }: ServerError): string =>
  errno === 1305 ? hintAtFunction(/FUNCTION (?:.*\.)?(\w+) does/.exec(message)?.[1], FUNCTIONS) : ''

const sentence = (message: string): string => (/[.!?]$/.test(message) ? message : `${message}.`)

function explainUnique(
  error: ServerError,
  sql: string,
  columns: readonly string[] | undefined,
): Explanation | undefined {
  if (!DUPLICATES.has(error.errno ?? 0)) return undefined
  const key = brokenKey(error, sql)
  if (key === undefined || columns === undefined) {
    return {
      code: 'unique_violation',
      message: `A row with this key is already there: ${sentence(error.message)} Use another value, or say with onDuplicateKeyUpdate() what is to happen.`,
      ...(key === undefined ? {} : { table: key.table, constraint: key.key }),
    }
  }
  return {
    code: 'unique_violation',
    message: `A row of '${key.table}' with this ${columns.join(', ')} is already there. Use another value, or say with onDuplicateKeyUpdate() what is to happen.`,
    table: key.table,
    constraint: key.key,
    columns,
  }
}

function explainConstraint({ errno, message }: ServerError, sql: string): Explanation | undefined {
  const table = writtenTable(sql)
  switch (errno) {
    case 1048:
    case 1364: {
      const column = /(?:Column|Field) '(.*?)'/s.exec(message)?.[1] ?? ''
      return {
        code: 'not_null_violation',
        message: `The column ${column} of '${table ?? ''}' cannot be null. Give it a value, or a default in the table.`,
        ...(table === undefined ? {} : { table }),
        columns: [column],
      }
    }
    case 1451:
    case 1452:
    case 1216:
    case 1217:
      return explainForeignKey(message, errno === 1451 || errno === 1217)
    case 3819:
    case 4025: {
      // MariaDB: CONSTRAINT `name` failed for `database`.`table`; MySQL: Check constraint 'name' is violated.
      const name = /CONSTRAINT `(.*?)` failed|constraint '(.*?)'/s.exec(message)
      const constraint = name?.[1] ?? name?.[2] ?? ''
      const of = /failed for `.*?`\.`(.*?)`/s.exec(message)?.[1] ?? table
      return {
        code: 'check_violation',
        message: `The row breaks the check '${constraint}'. Change the row so that the check holds.`,
        constraint,
        ...(of === undefined ? {} : { table: of }),
      }
    }
    case 1644:
      return { code: 'constraint_violation', message: `A trigger refused the statement: ${sentence(message)}` }
    default:
      return undefined
  }
}

const FOREIGN_KEY = /\(`.*?`\.`(.*?)`, CONSTRAINT `(.*?)` FOREIGN KEY \((.*?)\) REFERENCES/s

function explainForeignKey(message: string, referred: boolean): Explanation {
  const [, table, constraint, names] = FOREIGN_KEY.exec(message) ?? []
  const columns = names?.split(', ').map(unquoted)
  return {
    code: 'foreign_key_violation',
    message: referred
      ? `A row is still referred to by rows of '${table ?? 'another table'}'. Delete or change those first.`
      : `A row of '${table ?? 'the table'}' refers to one that is not there. Write the row that is referred to first.`,
    ...(table === undefined ? {} : { table }),
    ...(constraint === undefined ? {} : { constraint }),
    ...(columns === undefined ? {} : { columns }),
  }
}

/** Explains errors of correct statements, such as deadlocks and timeouts. */
function explainRun({ errno, message }: ServerError): Explanation | undefined {
  switch (errno) {
    case 1213:
    case 1614:
      return {
        code: 'deadlock',
        message:
          'The transaction and another waited for each other, or wrote the same rows on two nodes; it was rolled back. Run it again from its start.',
      }
    case 1180:
      // A Galera node returns this if it loses the others during a commit. MariaDB itself has other reasons.
      return /not connected to primary component|wsrep|replication/i.test(message)
        ? { code: 'connection', message: `The node lost its cluster during the commit: ${sentence(message)}` }
        : undefined
    case 1020:
      return {
        code: 'serialization_failure',
        message: 'A row was changed after this transaction first read. Run the whole transaction again.',
      }
    case 1205:
      return {
        code: 'timeout',
        message:
          'A lock of another transaction was not released in time (innodb_lock_wait_timeout). Run it again, and keep transactions short.',
      }
    case 3572:
      return { code: 'timeout', message: 'A row is locked by another transaction, and noWait() was asked for.' }
    case 1317:
      return { code: 'cancelled', message: 'The statement was stopped before it ended.' }
    case 1969:
    case 3024:
      return {
        code: 'timeout',
        message: 'The statement took longer than statementTimeout allows. Make it do less, or raise the limit.',
      }
    case 1290:
    case 1792:
    case 1836:
    case 3906:
      return {
        code: 'read_only',
        message: `Nothing can be written here: ${sentence(message)} Write outside of a read-only transaction, and to a server that takes writes.`,
      }
    default:
      return undefined
  }
}

/** The errors after which the connection is lost. */
const CONNECTION = new Set([
  1040, 1042, 1043, 1044, 1045, 1047, 1049, 1053, 1077, 1079, 1129, 1130, 1152, 1158, 1159, 1160, 1161, 1184, 1203,
  1226, 1251, 1698, 1927, 3118, 3159, 3169, 4031,
])

const CODES =
  /^(?:E[A-Z]+|PROTOCOL_\w+|HANDSHAKE_\w+|AUTH_\w+|ER_ACCESS_DENIED\w*|ERR_(?:TLS|SSL|SOCKET)\w*|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED\w*)$/

function explainConnection({ errno, code, fatal, message }: ServerError): Explanation | undefined {
  const known = errno !== undefined && CONNECTION.has(errno)
  const lost = fatal === true || (code !== undefined && !code.startsWith('ER_') && CODES.test(code))
  if (!known && !lost) return undefined
  const what = message === '' ? (code ?? 'no reason was given') : message
  return {
    code: 'connection',
    message: `The database could not be reached, or the connection was lost: ${sentence(what)}`,
  }
}

const VALUES = new Set([1264, 1265, 1292, 1366, 1367, 1406, 1411, 1416, 1690, 3140, 3141, 3156, 4037, 4038])
/** Matches the column of a refused value: `column 'name'`, or in MariaDB `` column `database`.`table`.`name` ``. */
const COLUMN = new RegExp(`column (?:'(.+?)'|(?:${NAME}\\.)*(${NAME})) at row`, 'is')

function explainValue({ errno, message }: ServerError): Explanation | undefined {
  if (errno === undefined) return undefined
  if (VALUES.has(errno))
    return {
      code: 'invalid_input',
      message: `A value does not fit its column or its type: ${sentence(message)}`,
      columns: columnOf(message),
    }
  if (errno === 1065) return { code: 'invalid_input', message: 'The text holds no statement. Write one.' }
  if (errno === 1153) {
    return {
      code: 'invalid_input',
      message:
        'The statement and its values are larger than max_allowed_packet. Send them in parts, or raise the limit.',
    }
  }
  if (errno === 1093) {
    return {
      code: 'query',
      message: `${sentence(message)} Read the table in a query around: selectFrom(selectFrom('t')….as('x')).`,
    }
  }
  return undefined
}

function columnOf(message: string): readonly string[] {
  const [, plain, quoted] = COLUMN.exec(message) ?? []
  const name = plain ?? quoted
  return name === undefined ? [] : [unquoted(name)]
}

/** Explains a syntax error by several statements in one text. */
function explainText({ errno }: ServerError, sql: string): Explanation | undefined {
  if (errno !== 1064 || firstStatement(sql, mysqlScript).isOnly) return undefined
  return { code: 'invalid_input', message: 'The text holds more than one statement. Run them one by one.' }
}
