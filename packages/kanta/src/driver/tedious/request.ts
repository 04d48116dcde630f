import { type Connection as Library, Request } from 'tedious'
import { KantaError } from '../../error/index.ts'
import { type ColumnFacts, type Read, readerOf, typedValue } from './value.ts'

/** A request: its text and parameters, with callbacks for columns and rows. */
export interface RequestOptions {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly bigints: boolean
  /** Receives the names of the columns before the first row. */
  columns(names: readonly string[]): void
  row(row: unknown[], request: Request): void
}

/** A sent request. */
export interface SentRequest {
  readonly request: Request
  /** Resolves with the number of rows that the last statement changed or returned. */
  readonly ended: Promise<number>
}

/**
 * Sends a request: by `sp_executesql` if it has parameters, otherwise as a batch, since only a batch can begin a
 * transaction or change settings of the session.
 */
export function send(library: Library, options: RequestOptions): SentRequest {
  const values = options.parameters.map(typedValue)
  const result = new Result(options)
  const { request } = result
  values.forEach(({ type, value, length }, i) => {
    request.addParameter(String(i + 1), type, value, length === undefined ? null : { length })
  })
  if (values.length === 0) library.execSqlBatch(request)
  else library.execSql(request)
  return { request, ended: result.ended }
}

/** The result of a request. */
class Result {
  readonly request: Request
  readonly ended: Promise<number>
  readonly #options: RequestOptions
  #reads: readonly (Read | undefined)[] | undefined
  #changes = 0
  /** The error of this side, not of the server. */
  #failure: unknown

  constructor(options: RequestOptions) {
    this.#options = options
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    this.ended = promise
    this.request = new Request(options.sql, (error) => {
      const failure = this.#failure ?? error
      if (failure === undefined || failure === null) resolve(this.#changes)
      else reject(failure)
    })
    this.request.on('columnMetadata', (columns) => this.#columns(columns as readonly ColumnFacts[]))
    this.request.on('row', (cells: readonly { readonly value: unknown }[]) => this.#row(cells))
    const count = (rows: number | undefined): void => {
      // Triggers report the counts of their statements first.
      if (rows !== undefined) this.#changes = rows
    }
    this.request.on('done', count).on('doneInProc', count).on('doneProc', count)
  }

  #columns(columns: readonly ColumnFacts[]): void {
    if (this.#reads !== undefined) {
      this.#fail(
        new KantaError('invalid_input', 'The text gives the rows of more than one query. Run them one by one.'),
      )
      return
    }
    this.#reads = columns.map((column) => readerOf(column, this.#options.bigints))
    this.#options.columns(columns.map((column) => column.colName))
  }

  #row(cells: readonly { readonly value: unknown }[]): void {
    if (this.#failure !== undefined) return
    try {
      const row = cells.map(({ value }, i) => {
        const read = this.#reads?.[i]
        return read === undefined || value === null ? value : read(value as never)
      })
      this.#options.row(row, this.request)
    } catch (cause) {
      this.#fail(cause)
    }
  }

  #fail(cause: unknown): void {
    this.#failure ??= cause
    this.request.cancel()
  }
}
