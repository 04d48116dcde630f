import { checkOptions, refuse, show } from '../error/index.ts'
import type { EndedQuery, Logger, Plugin } from '../extend/index.ts'
import {
  checkLogger,
  consoleLogger,
  type DatabaseHandle,
  loggerOf,
  ownPlugin,
  quietly,
} from '../extend/internal/index.ts'

/** A statement that has ended, as the query log writes it. */
export interface LoggedQuery {
  readonly level: 'query' | 'error'
  readonly sql: string
  readonly milliseconds: number
  /** The number of rows that it returned or changed. */
  readonly rows?: number | undefined
  /** The kind of the statement, such as `select`. */
  readonly kind: string
  /** The tables that it reads and writes. */
  readonly tables: readonly string[]
  readonly streaming?: boolean | undefined
  /** The parameters, with `parameters: true`. */
  readonly parameters?: readonly unknown[] | undefined
  readonly error?: { readonly code?: string | undefined; readonly message: string } | undefined
}

/** The options of `queryLog()`. */
export interface QueryLogOptions {
  /** Receives each entry, in place of the logger. */
  readonly to?: ((entry: LoggedQuery) => void) | undefined
  /** The logger; by default that of the database. Statements go to `debug`, failed ones to `error`. */
  readonly logger?: Logger | undefined
  /** Keeps the parameters in the entries. They may be personal data. Default: false. */
  readonly parameters?: boolean | undefined
}

/**
 * Logs every statement once it has ended, failed ones too. On the console of a terminal each is a line to read,
 * elsewhere a line of JSON; other loggers get a message and the entry.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { queryLog } from 'kanta/debug'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({ driver: sqlite(':memory:'), plugins: [queryLog()] })
 * const other = kanta({ driver: sqlite(':memory:'), plugins: [queryLog({ to: ({ sql }) => console.log(sql) })] })
 * ```
 */
export function queryLog(options: QueryLogOptions = {}): Plugin {
  checkOptions('queryLog()', options, ['to', 'logger', 'parameters'])
  const { to, parameters = false } = options
  if (to !== undefined && typeof to !== 'function') refuse(`queryLog({ to }) takes a function, not ${show(to)}.`)
  let logger = options.logger === undefined ? undefined : checkLogger('queryLog()', options.logger)
  return ownPlugin({
    name: 'queryLog',
    hooks: [
      {
        name: 'queryLog',
        watch: (ended) =>
          quietly(logger, 'The query log', () => {
            const entry = toEntry(ended, parameters)
            return to === undefined ? write(logger ?? consoleLogger, entry) : to(entry)
          }),
      },
    ],
    extend: (db: DatabaseHandle) => {
      logger ??= loggerOf(db)
      return {}
    },
  })
}

function toEntry(ended: EndedQuery, keeps: boolean): LoggedQuery {
  const { facts } = ended
  return {
    level: ended.level,
    sql: ended.sql,
    milliseconds: Math.round(ended.milliseconds * 1_000) / 1_000,
    rows: ended.rows,
    kind: facts.kind,
    tables: facts.writes.length === 0 ? facts.reads : [...new Set([...facts.reads, ...facts.writes])],
    streaming: ended.streaming || undefined,
    parameters: keeps ? ended.parameters.slice() : undefined,
    error: ended.error === undefined ? undefined : describeError(ended.error, keeps ? [] : ended.parameters),
  }
}

/** Returns the code and the message of an error, without the values that databases put there. */
function describeError(error: unknown, hidden: readonly unknown[]): { code?: string; message: string } {
  const { code } = Object(error) as { code?: unknown }
  const message = error instanceof Error ? error.message : String(error)
  return { ...(typeof code === 'string' && { code }), message: hidden.reduce<string>(withoutValue, message) }
}

/** Replaces a value that stands in a text as a word of its own. */
function withoutValue(text: string, value: unknown): string {
  if (!['string', 'number', 'bigint'].includes(typeof value) || value === '') return text
  const escaped = String(value).replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  return text.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, 'gu'), '…')
}

function write(logger: Logger, entry: LoggedQuery): void {
  const level = entry.level === 'error' ? 'error' : 'debug'
  if (logger !== consoleLogger && logger !== (console as Logger)) logger[level](readableLine(entry), entry)
  else logger[level](isTerminal() ? readableLine(entry) : structuredLine(entry))
}

const isTerminal = (): boolean => globalThis.process?.stdout?.isTTY === true

/** Returns an entry as one line to read. */
export function readableLine({ milliseconds, sql, rows, parameters, error }: LoggedQuery): string {
  const counted = rows === undefined ? '' : `  → ${rows} ${rows === 1 ? 'row' : 'rows'}`
  const given = parameters === undefined || parameters.length === 0 ? '' : `  ${toJson(parameters)}`
  const failed = error === undefined ? counted : `  ✗ ${error.message}`
  return `${milliseconds.toFixed(1).padStart(7)} ms  ${sql.replaceAll(/\s+/g, ' ')}${given}${failed}`
}

/** Returns an entry as one line of JSON. */
export function structuredLine(entry: LoggedQuery): string {
  return toJson({ time: new Date().toISOString(), ...entry })
}

/** Writes any value as JSON: bigints as text, bytes as their number. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part) => {
    if (typeof part === 'bigint') return String(part)
    return part instanceof Uint8Array ? `${part.length} bytes` : part
  })
}
