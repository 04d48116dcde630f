import { type Dialect, firstStatement, leadingWord, splitScript } from '../../dialect/index.ts'
import { parseArray, postgresDialect, postgresLexis, postgresScript } from '../../dialect/postgres/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import { explainPostgresError, readerOf, sessionText, toWire } from '../database/postgres/index.ts'
import type { RunResult } from '../driver.ts'
import {
  checkText,
  type KyselyResult,
  type PreparedText,
  type Row,
  readInteger,
  readRows,
  rounded,
  type Send,
  type ValueRules,
} from './value-rules.ts'

/** The behavior of a library for values that it does not return as text. */
interface ReadOptions {
  /** Is true if the library parses JSON. */
  readonly parsesJson: boolean
  /** Is true if a date is read as midnight in UTC, and not in the local time zone. */
  readonly daysInUtc: boolean
  /** Is true if a null in an array is read as the text 'NULL'. */
  readonly hidesNulls: boolean
}

// The OIDs of types in pg_type.dat never change.
const BOOL = 16
const BYTEA = 17
const INT8 = 20
const NUMBERS: ReadonlySet<number> = new Set([21, 23, 26, 700, 701])
const JSONS: ReadonlySet<number> = new Set([114, 3802])
const DATE = 1082
const NUMERIC = 1700

/** The item types of arrays that libraries parse. */
const ITEMS: ReadonlyMap<number, number> = new Map([
  [1000, BOOL],
  [1001, BYTEA],
  [1005, 21],
  [1007, 23],
  [1016, INT8],
  [1021, 700],
  [1022, 701],
  [1028, 26],
  [1182, DATE],
  [1231, NUMERIC],
  [199, 114],
  [3807, 3802],
])

/** The statements whose column types the server can describe without running them. */
const DESCRIBED = new Set(['select', 'insert', 'update', 'delete', 'merge', 'with', 'values'])
const WRITES = new Set(['insert', 'update', 'delete', 'merge', 'with', 'copy'])

let names = 0

/**
 * Reads the types of the columns of a statement, which dialects do not return. Without them, a number or JSON document
 * as text could not be told from a text.
 */
async function typesOf(sql: string, send: Send): Promise<readonly number[]> {
  const name = `kanta_described_${++names}`
  await send(`prepare ${name} as ${sql}`, [])
  const { rows } = await send(
    `select coalesce(result_types::oid[]::text, '{}') as types from pg_prepared_statements where name = '${name}'`,
    [],
  )
  await send(`deallocate ${name}`, [])
  const types = (rows[0] as { types: string } | undefined)?.types
  if (types === undefined) {
    throw new KantaError(
      'unsupported',
      'A dialect of Kysely for PostgreSQL needs a connection that stays one session from one statement to the next. Use a driver of Kanta.',
    )
  }
  return parseArray(types, Number) as number[]
}

const two = (part: number): string => String(part).padStart(2, '0')

function day(date: Date, { daysInUtc }: ReadOptions): string {
  const [year, month, of] = daysInUtc
    ? [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
    : [date.getFullYear(), date.getMonth(), date.getDate()]
  return `${String(year).padStart(4, '0')}-${two(month + 1)}-${two(of)}`
}

/** Converts a value of a type to that of the driver contract, however the library read it. */
function readValue(value: unknown, type: number, bigints: boolean, readOptions: ReadOptions, name: string): unknown {
  if (value === null || value === undefined) return null
  if (type === INT8) return readInteger(value, bigints, name)
  if (NUMBERS.has(type)) return Number(value)
  if (JSONS.has(type)) return readOptions.parsesJson || typeof value !== 'string' ? JSON.stringify(value) : value
  if (type === NUMERIC && typeof value === 'number') return rounded(value, name)
  if (type === DATE && value instanceof Date) return day(value, readOptions)
  if (typeof value === 'string') return (readerOf(type, bigints) ?? ((text: string) => text))(value)
  if (Array.isArray(value)) return readItems(value, type, bigints, readOptions, name)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  return typeof value !== 'object' || value instanceof Date ? value : refuseObject(value, name)
}

function readItems(
  items: readonly unknown[],
  type: number,
  bigints: boolean,
  readOptions: ReadOptions,
  name: string,
): unknown[] {
  if (readOptions.hidesNulls && items.includes('NULL')) {
    throw new KantaError(
      'query',
      `The library of the dialect gives a null in the array of the column '${name}' as the text 'NULL'. Cast it to text in the query.`,
    )
  }
  return items.map((item) =>
    readValue(item, Array.isArray(item) ? type : (ITEMS.get(type) ?? 0), bigints, readOptions, name),
  )
}

function refuseObject(value: object, name: string): never {
  throw new KantaError(
    'query',
    `The library of the dialect made ${value.constructor?.name === 'Object' ? 'an object' : `a ${value.constructor?.name}`} of the column '${name}'. Cast it to text in the query.`,
  )
}

/** Checks for values that need no type to be read. */
const isPlain = (value: unknown): boolean =>
  value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value))

/** A statement of PostgreSQL. It reads the types of its columns once, if they matter. */
class PostgresText implements PreparedText {
  readonly sql: string
  readonly controls: boolean
  readonly #word: string
  readonly #readOptions: () => ReadOptions
  #types: readonly number[] | undefined

  constructor(sql: string, readOptions: () => ReadOptions) {
    checkText(sql)
    const { isOnly, controls } = firstStatement(sql, postgresScript)
    if (!isOnly) refuse('The text holds more than one statement. Run them one by one.')
    this.sql = sql
    this.controls = controls
    this.#word = leadingWord(sql, postgresLexis)
    this.#readOptions = readOptions
  }

  values(parameters: readonly unknown[]): readonly unknown[] {
    // Libraries that ask the server for parameter types take only booleans for a boolean.
    return parameters.map((value, i) => (typeof value === 'boolean' ? value : toWire(value, i)))
  }

  async describe(send: Send): Promise<void> {
    if (DESCRIBED.has(this.#word)) this.#types ??= await typesOf(this.sql, send)
  }

  async read(rows: readonly Row[], bigints: boolean, send: Send): Promise<readonly Row[]> {
    if (this.#types === undefined) {
      if (rows.every((row) => Object.values(row).every(isPlain)) && !bigints) return rows
      await this.describe(send)
    }
    const types = this.#types
    if (types === undefined || rows.length === 0) return rows
    checkNames(Object.keys(rows[0]!), types)
    const readOptions = this.#readOptions()
    return readRows(rows, (value, column, name) => readValue(value, types[column]!, bigints, readOptions, name))
  }

  written({ rows, numAffectedRows }: KyselyResult): RunResult {
    if (!WRITES.has(this.#word)) return { changes: 0, insertId: undefined }
    return { changes: Number(numAffectedRows ?? rows.length), insertId: undefined }
  }
}

/** Rejects duplicate and numeric column names, since rows are objects, which would lose or reorder them. */
function checkNames(columns: readonly string[], types: readonly number[]): void {
  if (columns.length !== types.length)
    refuse('Two columns of the result have one name, and dialects of Kysely give one of them. Name each with as.')
  const number = columns.find((name) => /^\d+$/.test(name))
  if (number !== undefined && new Set(types).size > 1)
    refuse(`The column '${number}' has a number for a name, which loses its place in a row. Give it another with as.`)
}

const SENT = '{"a":"b"}'

/** Probes how a library reads values, and rejects one that changes parameters. */
async function probeReadOptions(send: Send): Promise<ReadOptions> {
  const { rows } = await send(
    `select $1::json::text as json, $2::boolean::text as yes,
      ($3::timestamptz = timestamptz '2001-02-03 04:05:06.123456+00')::text as moment,
      json '"a"' as parsed, date '2001-01-02' as winter, date '2001-07-02' as summer, array[null, 'a'] as nulls,
      (current_setting('server_version_num')::integer >= 160000)::text as describes`,
    [SENT, true, '2001-02-03T04:05:06.123456Z'],
  )
  const found = rows[0] as Record<'json' | 'yes' | 'moment' | 'describes', string> & Record<string, unknown>
  if (found.describes !== 'true')
    throw new KantaError(
      'unsupported',
      'Dialects of Kysely for PostgreSQL need a server of version 16 or later, which tells the types of results. Use kanta/pg.',
    )
  for (const [name, is] of [
    ['json', found.json === SENT],
    ['boolean', found.yes === 'true'],
    ['date', found.moment === 'true'],
  ]) {
    if (!is)
      throw new KantaError(
        'unsupported',
        `The library of the dialect writes text for the type ${String(name)} in a way of its own, by which it would be changed. Tell it to leave text as it is; with postgres.js by the option types: { json: { to: 114, from: [114, 3802], serialize: (text) => text, parse: (text) => text }, date: { to: 1184, from: [1082, 1114, 1184], serialize: (text) => text, parse: (text) => text } }.`,
      )
  }
  const isUtc = (value: unknown, month: number): boolean =>
    value instanceof Date && value.getTime() === Date.UTC(2001, month, 2)
  return {
    parsesJson: found.parsed === 'a',
    daysInUtc: isUtc(found.winter, 0) && isUtc(found.summer, 6),
    hidesNulls: Array.isArray(found.nulls) && found.nulls[0] === 'NULL',
  }
}

/** An error of postgres.js, which names the fields differently. */
interface NamedError extends Error {
  readonly table_name?: string
  readonly column_name?: string
  readonly constraint_name?: string
}

const isNamed = (cause: unknown): cause is NamedError =>
  cause instanceof Error && !('table' in cause) && ('table_name' in cause || 'constraint_name' in cause)

const reportOf = (cause: NamedError): unknown =>
  Object.create(cause, {
    table: { value: cause.table_name },
    column: { value: cause.column_name },
    constraint: { value: cause.constraint_name },
  })

/** Returns the rules of PostgreSQL. */
export function postgresRules(): ValueRules {
  let readOptions: ReadOptions | undefined
  const dialect: Dialect = postgresDialect
  return {
    dialect,
    explainError: (cause) => explainPostgresError(isNamed(cause) ? reportOf(cause) : cause),
    readOnly: true,
    streamsAlone: true,
    split: (sql) => splitScript(sql, postgresScript).map((statement) => statement.sql),
    prepare: (sql) => new PostgresText(sql, () => readOptions!),
    async setUp(send) {
      await send(sessionText, [])
      readOptions ??= await probeReadOptions(send)
    },
    startStatement(settings) {
      if (settings.isolation === undefined && settings.access === undefined) return undefined
      return dialect.transaction.begin(settings)[0]!.replace(/^begin/, 'set transaction')
    },
    isDoomed: (send) =>
      send('select 1', []).then(
        () => false,
        () => true,
      ),
  }
}
