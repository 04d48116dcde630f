import { leadingWords, splitScript } from '../../dialect/index.ts'
import { mssqlDialect, mssqlLexis, mssqlScript } from '../../dialect/mssql/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import type { Codec, ColumnDefinition } from '../../table/index.ts'
import { type Explanation, explainNumber } from '../database/mssql/index.ts'
import type { RunResult } from '../driver.ts'
import {
  checkText,
  type KyselyResult,
  type PreparedText,
  type Row,
  readRows,
  rounded,
  type ValueRules,
} from './value-rules.ts'

function explain(cause: unknown): Explanation {
  if (cause instanceof KantaError) return cause
  const error = cause instanceof AggregateError ? cause.errors[0] : cause
  const { number, code } = (error ?? {}) as { readonly number?: unknown; readonly code?: unknown }
  const message = error instanceof Error ? error.message : String(error)
  if (typeof number === 'number') return explainNumber(number, message)
  if (code === 'ETIMEOUT') return { code: 'timeout', message }
  if (code === 'ECANCEL') return { code: 'cancelled', message }
  return {
    code: typeof code === 'string' && /^E[A-Z]+$/.test(code) && code !== 'EREQUEST' ? 'connection' : 'query',
    message,
  }
}

function toLibrary(value: unknown, index: number): unknown {
  const reject = (what: string): never => refuse(`Parameter ${index + 1} is ${what}`)
  if (value === undefined)
    return reject('undefined. Pass null where null is meant, else leave out the column or the condition.')
  if (typeof value === 'number' && !Number.isFinite(value))
    return reject(`${value}, which the database cannot store. Pass null where that is meant.`)
  if (typeof value === 'string' && !value.isWellFormed())
    return reject('a string with half a surrogate pair. Cut strings between characters.')
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if ((typeof value === 'object' && value !== null) || typeof value === 'function' || typeof value === 'symbol')
    return reject('no value of the database. Give its column a codec in the table definition, or convert the value.')
  return value
}

const ENDS = new Set(['commit', 'rollback'])
const OPENS = new Set(['begin', 'save'])
const WRITES = new Set(['insert', 'update', 'delete', 'merge', 'with'])

class MssqlText implements PreparedText {
  readonly sql: string
  readonly controls: boolean
  readonly #word: string

  constructor(sql: string) {
    checkText(sql)
    this.sql = sql
    const [first = '', second = ''] = leadingWords(sql, mssqlLexis, 2)
    this.controls =
      ENDS.has(first) || (OPENS.has(first) && second.startsWith('tran')) || (first === 'begin' && second === '')
    this.#word = first
  }

  values(parameters: readonly unknown[]): readonly unknown[] {
    return parameters.map(toLibrary)
  }

  read(rows: readonly Row[], bigints: boolean): readonly Row[] {
    return readRows(rows, (value, _, name) => {
      if (value instanceof Uint8Array) return new Uint8Array(value)
      if (typeof value !== 'number') return value
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) return rounded(value, name)
      return bigints && Number.isInteger(value) ? BigInt(value) : value
    })
  }

  written({ numAffectedRows }: KyselyResult): RunResult {
    return { changes: WRITES.has(this.#word) ? Number(numAffectedRows ?? 0) : 0, insertId: undefined }
  }
}

/** The maximum number of digits that a double keeps. */
const DIGITS = 15

/** Returns the codec of a column, since libraries return dates and timestamps as Dates, and decimals as numbers. */
function codecOf({ type }: ColumnDefinition, codec: Codec | undefined): Codec | undefined {
  if (codec === undefined) return undefined
  if (type === 'date')
    return {
      ...codec,
      decode: (value: unknown) =>
        codec.decode((value instanceof Date ? value.toISOString().slice(0, 10) : value) as never),
    }
  if (type === 'decimal')
    return {
      ...codec,
      decode: (value: unknown) =>
        codec.decode(
          (typeof value === 'number' && String(value).replace(/\D/g, '').length > DIGITS
            ? rounded(value, codec.name)
            : value) as never,
        ),
    }
  return codec
}

/** Returns the rules of SQL Server, which are not tested against a server. */
export function mssqlRules(): ValueRules {
  return {
    dialect: { ...mssqlDialect, codec: (column) => codecOf(column, mssqlDialect.codec?.(column) ?? column.codec) },
    explainError: explain,
    readOnly: false,
    streamsAlone: true,
    split: (sql) => splitScript(sql, mssqlScript).map((statement) => statement.sql),
    prepare: (sql) => new MssqlText(sql),
  }
}
