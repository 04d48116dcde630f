import { localize, writeCodec } from '../../dialect/index.ts'
import { arrayText, postgresDialect } from '../../dialect/postgres/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import { type Codec, definitionOf, type TableDefinition } from '../../table/index.ts'
import { onAbort } from '../abort.ts'
import { PgConnection, type Reader, type Submitted, toWire, type Wire } from '../database/postgres/index.ts'
import type { Driver } from '../driver.ts'
import { SERVER_TIMEOUT, withTimeout } from '../timeout.ts'

/** The options of a copy. */
export interface CopyOptions {
  /** The columns, in the order of the values; by default all of a defined table. */
  readonly columns?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

type Row = Readonly<Record<string, unknown>>

/** A column of rows that are copied. */
interface CopiedColumn {
  readonly name: string
  readonly codec: Codec | undefined
  readonly write: Codec | undefined
  readonly read: Reader | undefined
}

interface Target {
  /** The table and its columns, quoted. */
  readonly sql: string
  readonly columns: readonly CopiedColumn[]
}

/** The number of characters to collect before sending. */
const CHUNK = 64 * 1024

/**
 * Writes rows into a table by `COPY`, the fastest way: all of them, or none. It reads the rows as a stream and does not
 * collect them in memory. It encodes values by the columns of the table. Plugins and policies do not apply, since it
 * works on the driver.
 *
 * @example
 * ```ts
 * import { copyFrom, pg } from 'kanta/pg'
 * import { city } from './schema.ts'
 *
 * const driver = pg('postgres://localhost/cities')
 * export const load = (rows: AsyncIterable<{ name: string; country: string }>): Promise<number> =>
 *   copyFrom(driver, city, rows, { columns: ['name', 'country'] })
 * ```
 *
 * @throws KantaError the error of the database for a row, and `cancelled` if the signal is aborted.
 */
export async function copyFrom(
  driver: Driver,
  table: object | string,
  rows: Iterable<object> | AsyncIterable<object>,
  options: CopyOptions = {},
): Promise<number> {
  const target = targetOf(table, options.columns)
  return withConnection(driver, options.signal, async (connection) => {
    const copy = new CopyIn(`copy ${target.sql} from stdin`)
    const done = connection.step<CopyIn>((resolve, reject) => copy.settle(resolve, reject))
    // The copy may fail while rows are still read; the wait below reports it.
    done.catch(() => {})
    const stop = (): void => stopCopy(connection, done)
    const ignore = onAbort(options.signal, stop)
    try {
      for await (const text of lineTexts(target, rows as Iterable<Row> | AsyncIterable<Row>, options.signal))
        await copy.write(text)
      await copy.end()
    } catch (cause) {
      await copy.fail(cause instanceof Error ? cause.message : String(cause))
      await done.catch((error) => {
        // The first error of the server is the reason for the failed write.
        if (copy.refused && options.signal?.aborted !== true) throw error
      })
      refuseAborted(options.signal)
      throw cause
    } finally {
      // The server may still need time to store the rows.
      done.finally(ignore).catch(() => {})
    }
    await done
    return copy.changes
  })
}

/**
 * Reads the rows of a table by `COPY`, the fastest way. It reads on demand, and leaving the loop stops it. It decodes
 * values by the columns of the table; for a table name, values are text.
 *
 * @example
 * ```ts
 * import { copyTo, pg } from 'kanta/pg'
 * import { city } from './schema.ts'
 *
 * export async function print(): Promise<void> {
 *   for await (const row of copyTo(pg('postgres://localhost/cities'), city)) console.log(row.name)
 * }
 * ```
 *
 * @throws KantaError the error of the database, and `cancelled` if the signal is aborted.
 */
export async function* copyTo(
  driver: Driver,
  table: object | string,
  options: CopyOptions = {},
): AsyncGenerator<Record<string, unknown>, void, undefined> {
  const target = targetOf(table, options.columns)
  const connection = await open(driver)
  const copy = new CopyOut(`copy ${target.sql} to stdout`)
  const done = connection.step<CopyOut>((resolve, reject) => copy.settle(resolve, reject))
  done.catch(() => {})
  const stop = (): void => stopCopy(connection, done)
  const ignore = onAbort(options.signal, stop)
  try {
    for (;;) {
      refuseAborted(options.signal)
      const lines = await copy.next()
      if (lines === undefined) break
      for (const line of lines) yield rowOf(line, target)
    }
    await done
  } catch (cause) {
    refuseAborted(options.signal)
    throw explain(driver, cause)
  } finally {
    ignore()
    if (!copy.isOver) {
      // Do not read the rest.
      copy.drain()
      stopCopy(connection, done)
      await done.catch(() => {})
    }
    await connection.close()
  }
}

/** Makes the server end a copy. If it does not answer, closes the connection. */
function stopCopy(connection: PgConnection, done: Promise<unknown>): void {
  const told = async (): Promise<void> => connection.cancel?.()
  const ended = Promise.all([told(), done.catch(() => {})])
  withTimeout(SERVER_TIMEOUT, ended, () => new Error('The server does not answer.')).catch(() =>
    connection.close().catch(() => {}),
  )
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new KantaError('cancelled', 'The copy was cancelled by its signal.', { cause: signal.reason })
}

async function open(driver: Driver): Promise<PgConnection> {
  if (typeof driver?.connect !== 'function')
    refuse(
      'copyFrom() and copyTo() take a driver that pg() made, not a database: the policies of a database do not see what is copied. Under policies, use insertInto() with many rows.',
    )
  const connection = await driver.connect('write')
  if (connection instanceof PgConnection) return connection
  await connection.close()
  return refuse('copyFrom() and copyTo() take a driver that pg() made.')
}

const explain = (driver: Driver, cause: unknown): unknown => {
  if (cause instanceof KantaError) return cause
  const { code, message, ...details } = driver.explainError(cause)
  return new KantaError(code, message, { cause, ...details })
}

/** Runs work on a new connection, and closes it after that. */
async function withConnection<T>(
  driver: Driver,
  signal: AbortSignal | undefined,
  work: (connection: PgConnection) => Promise<T>,
): Promise<T> {
  refuseAborted(signal)
  const connection = await open(driver)
  try {
    return await work(connection)
  } catch (cause) {
    throw explain(driver, cause)
  } finally {
    await connection.close()
  }
}

function targetOf(table: object | string, given: readonly string[] | undefined): Target {
  const known = typeof table === 'string' ? undefined : definitionOf(table)
  if (typeof table !== 'string' && known === undefined)
    return refuse("copyFrom() and copyTo() take a table() value, or the name of a table as 'table' or 'schema.table'.")
  const definition = known === undefined ? undefined : localize(known, postgresDialect)
  const names = given ?? (definition === undefined ? undefined : writableColumns(definition))
  if (names === undefined || names.length === 0) return refuse('Of a table that is given by its name, say the columns.')
  const columns = names.map((name) => {
    const column = definition?.columns.get(name)
    if (definition !== undefined && column === undefined)
      refuse(`The table '${definition.name}' has no column '${name}'.`)
    return { name, codec: column?.codec, write: column && writeCodec(column), read: readers[column?.type ?? ''] }
  })
  const path = definition === undefined ? (table as string).split('.') : [definition.schema, definition.name]
  const quoted = path.filter((part) => part !== undefined).map(postgresDialect.quote)
  return { sql: `${quoted.join('.')} (${names.map(postgresDialect.quote).join(', ')})`, columns }
}

/** Returns the columns to write: those that the database does not compute. */
const writableColumns = (definition: TableDefinition): string[] =>
  [...definition.columns.values()].filter((column) => column.generated !== 'always').map((column) => column.name)

/** The readers of types that a copy returns as text and a connection as other values. */
const readers: Readonly<Record<string, Reader | undefined>> = {
  integer: Number,
  real: Number,
  unix: Number,
  unixms: Number,
  boolean: (text) => text === 't',
  bytes: (text) => Uint8Array.from(text.slice(2).match(/../g) ?? [], (digits) => Number.parseInt(digits, 16)),
}

/** Collects rows as lines until there are enough to send. */
class Lines {
  readonly #columns: readonly CopiedColumn[]
  #text = ''
  #count = 0

  constructor(columns: readonly CopiedColumn[]) {
    this.#columns = columns
  }

  /** Adds a row, and returns true if there is enough text to send. */
  add(row: Row): boolean {
    let end = ''
    for (const column of this.#columns) {
      this.#text += end + cellText(row, column, this.#count)
      end = '\t'
    }
    this.#text += '\n'
    this.#count++
    return this.#text.length >= CHUNK
  }

  take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }
}

/** Yields the rows as lines, several at once. */
async function* lineTexts(
  { columns }: Target,
  rows: Iterable<Row> | AsyncIterable<Row>,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void, undefined> {
  const lines = new Lines(columns)
  if (Symbol.asyncIterator in rows) {
    for await (const row of untilAborted(rows, signal)) if (lines.add(row)) yield lines.take()
  } else {
    for (const row of rows) {
      if (!lines.add(row)) continue
      yield lines.take()
      refuseAborted(signal)
    }
  }
  refuseAborted(signal)
  const rest = lines.take()
  if (rest !== '') yield rest
}

/** Yields rows until the signal is aborted, even if the source is waiting for its next row. */
async function* untilAborted(
  rows: AsyncIterable<Row>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Row, void, undefined> {
  if (signal === undefined) return yield* rows
  const aborted = Promise.withResolvers<never>()
  aborted.promise.catch(() => {})
  const ignore = onAbort(signal, () => aborted.reject(signal.reason))
  const source = rows[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await Promise.race([source.next(), aborted.promise])
      if (next.done) return
      yield next.value
    }
  } catch (cause) {
    refuseAborted(signal)
    throw cause
  } finally {
    ignore()
    // A hanging source would never return.
    if (signal.aborted) Promise.resolve(source.return?.()).catch(() => {})
    else await source.return?.()
  }
}

const SPECIAL = /[\\\t\n\r]/g
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/**
 * Returns a value in the text format of `COPY`.
 *
 * See "File Formats, Text Format" of COPY in PostgreSQL's documentation.
 */
function cellText(row: Row, { name, write }: CopiedColumn, i: number): string {
  const value = row[name]
  if (value === undefined)
    return refuse(`Row ${i} has no value for '${name}'. Every row gives every column; use null for SQL's null.`)
  if (value === null) return '\\N'
  try {
    const wire = toWire(write === undefined ? value : write.encode(value), 0)
    const text = wire instanceof Uint8Array ? arrayText([wire]).slice(3, -2) : String(wire)
    return text.replace(SPECIAL, (sign) => ESCAPES[sign]!)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^Parameter 1 is/, 'it is') : String(cause)
    throw new KantaError('invalid_input', `Row ${i}, column '${name}': ${why}`, { cause, columns: [name] })
  }
}

const UNESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function rowOf(line: string, { columns }: Target): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  line.split('\t').forEach((cell, i) => {
    const { name, codec, read } = columns[i]!
    let value: unknown = null
    if (cell !== '\\N') {
      const text = cell.includes('\\') ? cell.replace(/\\(.)/gs, (_, sign: string) => UNESCAPED[sign] ?? sign) : cell
      value = read === undefined ? text : read(text)
      if (codec !== undefined) value = codec.decode(value as never)
    }
    Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true })
  })
  return row
}

type Settle<T> = (it: T) => void
type Fail<T> = (it: T, error: unknown) => void

/** The common base of both directions of a copy. */
abstract class Copy<Self> implements Submitted {
  readonly #sql: string
  #done: Settle<Self> | undefined
  #failed: Fail<Self> | undefined
  protected wire: Wire | undefined
  protected tag = ''
  #error: unknown
  #over = false

  constructor(sql: string) {
    this.#sql = sql
  }

  settle(done: Settle<Self>, failed: Fail<Self>): this {
    this.#done = done
    this.#failed = failed
    return this
  }

  get isOver(): boolean {
    return this.#over
  }

  /** The error of the server or the socket. */
  protected get error(): unknown {
    return this.#error
  }

  /** Runs once the copy is over. */
  protected abstract ended(): void

  submit(wire: Wire): void {
    this.wire = wire
    wire.query(this.#sql)
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.tag = text
  }

  handleReadyForQuery(): void {
    this.#over = true
    this.ended()
    this.#done?.(this as unknown as Self)
  }

  handleError(error: unknown): void {
    this.#error = error
    this.#over = true
    this.ended()
    this.#failed?.(this as unknown as Self, error)
  }

  handleCopyInResponse(_wire: Wire): void {}
  handleCopyData(_message: { readonly chunk: Uint8Array }): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
}

/** A copy of rows into the database. */
class CopyIn extends Copy<CopyIn> {
  readonly #ready = Promise.withResolvers<void>()
  readonly #encoder = new TextEncoder()
  #failing = false

  get changes(): number {
    return Number(this.tag.slice('COPY '.length))
  }

  /** Is true if the server ended the copy, and not this side. */
  get refused(): boolean {
    return this.error !== undefined && !this.#failing
  }

  async write(text: string): Promise<void> {
    await this.#ready.promise
    if (this.isOver) throw this.error ?? new KantaError('connection', 'The copy ended before its rows.')
    const { buffer, byteOffset, byteLength } = this.#encoder.encode(text)
    this.wire!.sendCopyFromChunk(Buffer.from(buffer, byteOffset, byteLength))
    if (this.wire!.stream.writableNeedDrain) await this.#drained(this.wire!)
  }

  async end(): Promise<void> {
    await this.#ready.promise
    if (!this.isOver) this.wire!.endCopyFrom()
  }

  async fail(why: string): Promise<void> {
    await this.#ready.promise
    if (this.isOver) return
    this.#failing = true
    this.wire!.sendCopyFail(why)
  }

  /** Waits until the server reads on, or the connection ends. */
  #drained(wire: Wire): Promise<void> {
    return new Promise((resolve) => {
      wire.stream.once('drain', resolve)
      wire.stream.once('close', resolve)
    })
  }

  override handleCopyInResponse(): void {
    this.#ready.resolve()
  }

  protected override ended(): void {
    this.#ready.resolve()
  }
}

/** The maximum number of chunks that wait for their reader. */
const MOST_WAITING = 64

const LINE_END = 10

/** A copy of rows out of the database. */
class CopyOut extends Copy<CopyOut> {
  readonly #decoder = new TextDecoder()
  #waiting: string[] = []
  #wake: (() => void) | undefined
  #draining = false
  #paused = false
  #part: Uint8Array[] = []

  /** Returns the lines that have arrived, or `undefined` after the last. */
  async next(): Promise<readonly string[] | undefined> {
    while (this.#waiting.length === 0 && !this.isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#resume()
      })
    }
    if (this.error !== undefined) throw this.error
    if (this.#waiting.length === 0) return undefined
    const lines = this.#waiting
    this.#waiting = []
    return lines
  }

  /** Drops the remaining rows. */
  drain(): void {
    this.#draining = true
    this.#waiting = []
    this.#resume()
  }

  override handleCopyData({ chunk }: { readonly chunk: Uint8Array }): void {
    if (this.#draining) return
    // Servers send one line in each message, but the protocol does not guarantee it.
    if (chunk.at(-1) !== LINE_END) {
      this.#part.push(chunk.slice())
      return
    }
    const whole = this.#part.length === 0 ? chunk : Buffer.concat([...this.#part, chunk])
    this.#part = []
    for (const line of this.#decoder.decode(whole.subarray(0, -1)).split('\n')) this.#waiting.push(line)
    if (this.#waiting.length >= MOST_WAITING) this.#pause()
    this.#tell()
  }

  protected override ended(): void {
    this.#tell()
  }

  #tell(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  #pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.wire?.stream.pause?.()
  }

  #resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.wire?.stream.resume?.()
  }
}
