import { type Dialect, firstStatement, leadingWord, type Script, splitScript } from '../../dialect/index.ts'
import { mariadbDialect, mariadbScript, mysqlDialect, mysqlScript } from '../../dialect/mysql/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import type { Codec, ColumnDefinition } from '../../table/index.ts'
import { brokenKey, contexts, explainMysqlError, type Flavor, flavorOf, sessionOf } from '../database/mysql/index.ts'
import type { RunResult } from '../driver.ts'
import {
  checkText,
  type KyselyResult,
  type PreparedText,
  type Row,
  readRows,
  rounded,
  type Send,
  type ValueRules,
} from './value-rules.ts'

const DIALECTS: Readonly<Record<Flavor, Dialect>> = { mysql: mysqlDialect, mariadb: mariadbDialect }

const SCRIPTS: Readonly<Record<Flavor, Script>> = { mysql: mysqlScript, mariadb: mariadbScript }

const WRITES = new Set(['insert', 'replace', 'update', 'delete'])
const INSERTS = new Set(['insert', 'replace'])

const CODEC = 'Give its column a codec in the table definition, or convert the value'

/** Converts a value that the library writes into the text. */
function toText(value: unknown, index: number): unknown {
  const reject = (what: string): never => refuse(`Parameter ${index + 1} is ${what}`)
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value)
        ? value
        : reject(`${value}, which the database cannot store. Pass null where that is meant.`)
    case 'string':
      return value.isWellFormed()
        ? value
        : reject(
            'a string with half a surrogate pair, which would be stored as U+FFFD. Cut strings between characters, or pass value.toWellFormed().',
          )
    case 'bigint':
    case 'boolean':
      return value
    case 'object':
      if (value === null) return null
      if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      return reject(
        `${Array.isArray(value) ? 'an array' : value instanceof Date ? 'a Date' : 'an object'}. ${CODEC}, for instance with JSON.stringify.`,
      )
    case 'undefined':
      return reject('undefined. Pass null where null is meant, else leave out the column or the condition.')
  }
  return reject(`a ${typeof value}, which no database can store.`)
}

/** Converts a value of the library to that of the driver contract, as far as the value shows its type. */
function readValue(value: unknown, name: string): unknown {
  if (value === null || value === undefined) return null
  if (typeof value === 'number')
    return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) <= 2 ** 64
      ? rounded(value, name)
      : value
  if (value instanceof Uint8Array) return new Uint8Array(value)
  return value
}

class MysqlText implements PreparedText {
  readonly sql: string
  readonly controls: boolean
  readonly #places: number
  readonly #word: string

  constructor(sql: string, flavor: Flavor) {
    checkText(sql)
    const { isOnly, controls } = firstStatement(sql, SCRIPTS[flavor])
    if (!isOnly) refuse('The text holds more than one statement. Run them one by one.')
    this.sql = sql
    this.controls = controls
    this.#word = leadingWord(sql, SCRIPTS[flavor].lexis)
    this.#places = sql.split('?').length - 1
  }

  values(parameters: readonly unknown[]): readonly unknown[] {
    // Libraries that write values into the text may replace every ?, also in strings and comments.
    if (parameters.length !== this.#places && (parameters.length > 0 || /^[^'"`#-]*$/.test(this.sql)))
      refuse(
        `The text has ${this.#places} of the sign ?, and ${parameters.length} values were given. Give one value for each, and pass text that holds the sign as a value.`,
      )
    return parameters.map(toText)
  }

  read(rows: readonly Row[], bigints: boolean): readonly Row[] {
    return readRows(rows, (value, _, name) => {
      const read = readValue(value, name)
      return bigints && typeof read === 'number' && Number.isInteger(read) ? BigInt(read) : read
    })
  }

  written({ rows, numAffectedRows, insertId }: KyselyResult): RunResult {
    if (!WRITES.has(this.#word)) return { changes: 0, insertId: undefined }
    return {
      changes: Number(numAffectedRows ?? rows.length),
      insertId: INSERTS.has(this.#word) && insertId !== undefined && insertId !== 0n ? insertId : undefined,
    }
  }
}

/** The behavior of the library of a dialect. */
interface ReadOptions {
  parsesJson: boolean
}

/** A JSON document with a string, for each database. */
const JSONS: Readonly<Record<Flavor, string>> = { mysql: `cast('"a"' as json)`, mariadb: `json_compact('"a"')` }

/** Returns the codec of a column, since libraries return dates as Dates, and may parse JSON. */
function codecOf(column: ColumnDefinition, codec: Codec | undefined, readOptions: ReadOptions): Codec | undefined {
  if (codec === undefined) return undefined
  if (column.type === 'date')
    return {
      ...codec,
      decode: (value: unknown) =>
        codec.decode((value instanceof Date ? value.toISOString().slice(0, 10) : value) as never),
    }
  if (column.type === 'json') {
    const decode = (value: unknown): unknown => (readOptions.parsesJson ? value : codec.decode(value as never))
    return { ...codec, decode }
  }
  return codec
}

/** Sets up a connection, and rejects a library that reads timestamps in the local time zone. */
async function setUp(send: Send, flavor: Flavor, readOptions: ReadOptions): Promise<void> {
  const { rows } = await send(
    `select version() as version, @@sql_mode as modes, count(*) as small, timestamp'2001-01-02 03:04:05' as winter, timestamp'2001-07-02 03:04:05' as summer`,
    [],
  )
  const found = rows[0] as Readonly<Record<'version' | 'modes', string> & Record<string, unknown>>
  const answers = flavorOf(found.version)
  if (answers !== flavor)
    throw new KantaError(
      'connection',
      `The server is ${answers === 'mariadb' ? 'MariaDB' : 'MySQL'} (${found.version}). Say so: kyselyDialect(dialect, { dialect: '${answers}' }).`,
    )
  if (/NO_BACKSLASH_ESCAPES/i.test(found.modes))
    refuse(
      'The mode NO_BACKSLASH_ESCAPES is not for libraries that write values into the text. Take it out of sql_mode.',
    )
  if (typeof found.small !== 'number')
    refuse(
      'The library gives small integers as text. Leave out its option bigNumberStrings; supportBigNumbers is enough.',
    )
  for (const [value, month] of [
    [found.winter, 0],
    [found.summer, 6],
  ] as const) {
    if (value instanceof Date && value.getTime() !== Date.UTC(2001, month, 2, 3, 4, 5))
      refuse("The library reads moments in the time zone of the program. Give its pool the option timezone: 'Z'.")
  }
  const [json] = (await send(`select ${JSONS[flavor]} as parsed`, [])).rows as { parsed: unknown }[]
  readOptions.parsesJson = json!.parsed === 'a'
  await send(`set ${sessionOf(flavor).join(', ')}`, [])
}

/** Returns the rules of MySQL or MariaDB. */
export function mysqlRules(flavor: Flavor): ValueRules {
  const readOptions: ReadOptions = { parsesJson: false }
  const dialect = DIALECTS[flavor]
  return {
    dialect: { ...dialect, codec: (column) => codecOf(column, dialect.codec!(column), readOptions) },
    explainError: explainMysqlError,
    readOnly: true,
    streamsAlone: true,
    split: (sql) => splitScript(sql, SCRIPTS[flavor]).map((statement) => statement.sql),
    prepare: (sql) => new MysqlText(sql, flavor),
    setUp: (send) => setUp(send, flavor, readOptions),
    async completeError(error, sql, send) {
      if (!(error instanceof Error)) return
      contexts.set(error, { sql, columns: await columnsOf(brokenKey(error, sql), send, dialect) })
    },
  }
}

/** Returns the columns of an index, which the error of a duplicate row does not name. */
async function columnsOf(
  index: ReturnType<typeof brokenKey>,
  send: Send,
  { literal }: Dialect,
): Promise<string[] | undefined> {
  if (index === undefined) return undefined
  const found = await send(
    `select column_name as name from information_schema.statistics where table_schema = database() and table_name = ${literal(index.table)} and index_name = ${literal(index.key)} order by seq_in_index`,
    [],
  ).catch(() => undefined)
  const names = (found?.rows as { name: string }[] | undefined)?.map(({ name }) => name)
  return names?.length === 0 ? undefined : names
}
