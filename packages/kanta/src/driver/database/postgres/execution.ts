import { type Reader, readerOf, type WireValue } from './value.ts'
import { type Field, type Statement, type Submitted, together, type Wire } from './wire.ts'

/** The options of an execution. */
export interface ExecutionOptions {
  readonly bigints: boolean
  /** The maximum number of rows; 0 for all. */
  readonly limit: number
  /** The name of a portal that outlives the execution. */
  readonly portal?: string
  readonly isBound?: boolean
  /** The names of statements to deallocate first. */
  readonly forgotten: readonly string[]
  /** The shared state with the statement that the server is parsing. */
  readonly parsing: Parsing
}

/** The last statement that was sent to be parsed. The server keeps it, even if its execution fails. */
export interface Parsing {
  statement: Statement | undefined
}

/** The readers of a statement's columns, with 64-bit integers as numbers or as bigints. */
const readers = new WeakMap<readonly Field[], [(Reader | undefined)[]?, (Reader | undefined)[]?]>()

export function readersOf(columns: readonly Field[], bigints: boolean): readonly (Reader | undefined)[] {
  let both = readers.get(columns)
  if (both === undefined) {
    both = []
    readers.set(columns, both)
  }
  both[bigints ? 1 : 0] ??= columns.map((column) => readerOf(column.dataTypeID, bigints))
  return both[bigints ? 1 : 0]!
}

/** Replaces the texts of a row with values, in place. */
export function readRow(row: unknown[], by: readonly (Reader | undefined)[]): unknown[] {
  for (let i = 0; i < row.length; i++) {
    const read = by[i]
    if (read !== undefined && row[i] !== null) row[i] = read(row[i] as string)
  }
  return row
}

/**
 * One execution of a prepared statement. It requests the columns of a named statement only once, since the server
 * rejects the statement if they change; the queries of `pg` request them each time.
 */
export class Execution implements Submitted {
  readonly statement: Statement
  readonly values: readonly WireValue[]
  readonly options: ExecutionOptions
  readonly rows: unknown[] = []
  /** The command tag, such as `INSERT 0 1`. */
  tag = ''
  /** Is true if there are more rows than the limit. */
  suspended = false
  error: unknown
  readonly #done: (execution: Execution) => void
  readonly #failing: (execution: Execution, error: unknown) => void
  #readers: readonly (Reader | undefined)[] | undefined

  constructor(
    statement: Statement,
    values: readonly WireValue[],
    options: ExecutionOptions,
    done: (execution: Execution) => void,
    failing: (execution: Execution, error: unknown) => void,
  ) {
    this.statement = statement
    this.values = values
    this.options = options
    this.#done = done
    this.#failing = failing
  }

  submit(wire: Wire): void {
    wire.stream.cork()
    try {
      const { statement, options } = this
      const { portal = '', isBound = false, limit } = options
      // Check only now, since an earlier execution may have found the columns.
      if (statement.columns !== undefined) this.#readers = readersOf(statement.columns, options.bigints)
      for (const name of options.forgotten) wire.close({ type: 'S', name })
      if (!isBound) {
        options.parsing.statement = statement
        if (!statement.parsed) wire.parse({ text: statement.sql, name: statement.name })
        wire.bind({ portal, statement: statement.name, values: this.values })
        if (statement.columns === undefined) wire.describe({ type: 'P', name: portal })
      }
      wire.execute({ portal, rows: limit })
      wire.sync()
    } finally {
      wire.stream.uncork()
    }
  }

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.statement.columns = fields
    this.#readers = readersOf(fields, this.options.bigints)
  }

  handleDataRow({ fields }: { readonly fields: unknown[] }): void {
    if (this.error !== undefined) return
    try {
      this.rows.push(readRow(fields, this.#readers!))
    } catch (error) {
      this.error = error
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.tag = text
  }

  handlePortalSuspended(): void {
    this.suspended = true
  }

  handleEmptyQuery(): void {}

  handleReadyForQuery(): void {
    if (this.error === undefined) this.#done(this)
    else this.#failing(this, this.error)
  }

  handleError(error: unknown): void {
    this.error ??= error
    this.#failing(this, this.error)
  }

  handleCopyInResponse(wire: Wire): void {
    wire.sendCopyFail('Use copyFrom() of kanta/pg.')
    // The server does not read messages that were sent before it started the copy.
    wire.sync()
  }

  handleCopyData(): void {
    this.error ??= new Error('The statement copies rows out. Use copyTo() of kanta/pg.')
  }
}

/** A script of several statements without parameters. */
export class Script implements Submitted {
  readonly sql: string
  tag = ''
  /** The command tags of all statements, one on each line. */
  tags = ''
  error: unknown
  readonly #done: (script: Script) => void
  readonly #failing: (script: Script, error: unknown) => void

  constructor(sql: string, done: (script: Script) => void, failing: (script: Script, error: unknown) => void) {
    this.sql = sql
    this.#done = done
    this.#failing = failing
  }

  submit(wire: Wire): void {
    wire.query(this.sql)
  }
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCommandComplete({ text }: { readonly text: string }): void {
    this.tag = text
    this.tags += `${text}\n`
  }
  handleReadyForQuery(): void {
    this.#done(this)
  }
  handleError(error: unknown): void {
    this.error ??= error
    this.#failing(this, error)
  }
  handleCopyInResponse(wire: Wire): void {
    wire.sendCopyFail('Use copyFrom() of kanta/pg.')
  }
  handleCopyData(): void {}
}

/** Closes a portal of a transaction. */
export class PortalEnd extends Script {
  override submit(wire: Wire): void {
    together(wire, () => {
      wire.close({ type: 'P', name: this.sql })
      wire.sync()
    })
  }
}
