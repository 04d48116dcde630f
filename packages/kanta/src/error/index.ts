import { describe, show } from './describe.ts'
import { nearest } from './nearest.ts'

/** The kind of an error, stable across versions: switch on `error.code`. */
export type ErrorCode =
  | 'invalid_input'
  | 'unsupported'
  | 'not_found'
  | 'conflict'
  | 'policy'
  | 'plugin'
  | 'unique_violation'
  | 'foreign_key_violation'
  | 'not_null_violation'
  | 'check_violation'
  | 'constraint_violation'
  | 'busy'
  | 'deadlock'
  | 'serialization_failure'
  | 'read_only'
  | 'timeout'
  | 'cancelled'
  | 'closed'
  | 'transaction'
  | 'connection'
  | 'unknown_outcome'
  | 'in_doubt'
  | 'lock_lost'
  | 'tampered'
  | 'damaged'
  | 'after_commit'
  | 'migration_failed'
  | 'migration_dirty'
  | 'migration_drift'
  | 'query'

/** The details that an error may carry besides its message. */
export interface ErrorDetails {
  readonly cause?: unknown
  /** The text of the statement that failed. */
  readonly sql?: string | undefined
  /** Its parameters; `kanta({ redact: true })` leaves them out. */
  readonly parameters?: readonly unknown[] | undefined
  readonly table?: string | undefined
  readonly constraint?: string | undefined
  /** The columns of a constraint. With `invalid_input`: those whose values were refused, as far as they are known. */
  readonly columns?: readonly string[] | undefined
  /** With `conflict` of an optimistic lock: the version that the row should have had, and the one that it has. */
  readonly expected?: number | bigint | undefined
  readonly actual?: number | bigint | undefined
  /** A second failure on the way out, such as a rollback that failed after the error that caused it. */
  readonly suppressed?: unknown
  /**
   * With `after_commit`: what the callback of the transaction, which is committed, had returned. With
   * `migration_failed`: the `MigrationRun` up to the one that failed.
   */
  readonly result?: unknown
}

/**
 * The one error class of Kanta.
 *
 * @example
 * ```ts
 * import { KantaError } from 'kanta'
 *
 * const error = new KantaError('not_found', 'No city has the id 7.')
 * error.code // 'not_found'
 * ```
 */
export class KantaError extends Error {
  override readonly name = 'KantaError'
  readonly code: ErrorCode
  declare readonly sql?: string
  declare readonly parameters?: readonly unknown[]
  declare readonly table?: string
  declare readonly constraint?: string
  declare readonly columns?: readonly string[]
  declare readonly expected?: number | bigint
  declare readonly actual?: number | bigint
  declare suppressed?: unknown
  declare readonly result?: unknown

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    for (const key of [
      'sql',
      'parameters',
      'table',
      'constraint',
      'columns',
      'expected',
      'actual',
      'suppressed',
      'result',
    ] as const) {
      if (details[key] !== undefined) (this as Record<string, unknown>)[key] = details[key]
    }
  }

  /** Returns the form that `JSON.stringify` writes: bigints as text, without the cause. */
  toJSON(): Record<string, unknown> {
    const parameters = this.parameters?.map((value) => (typeof value === 'bigint' ? String(value) : value))
    const { name, code, message, sql, table, constraint, columns } = this
    return { name, code, message, sql, parameters, table, constraint, columns }
  }
}

/** Throws the error of a wrong argument: `message` names it and the way out. */
export function refuse(message: string): never {
  throw new KantaError('invalid_input', message)
}

/** Returns the error of a value that its column refused. Only one of several rows is named by its number. */
export function cellError(cause: unknown, column: string, row: number | undefined): KantaError {
  const why = cause instanceof Error ? cause.message : show(cause)
  const place = row === undefined ? `Column '${column}'` : `Row ${row}, column '${column}'`
  return new KantaError('invalid_input', `${place}: ${why}`, { cause, columns: [column] })
}

/**
 * Refuses what is no object of options, and options that its owner does not have: a misspelt one would do nothing.
 * `advice` says where else an option may belong.
 */
export function checkOptions(owner: string, options: unknown, known: readonly string[], advice = ''): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    return refuse(`${owner} takes an object of options, not ${show(options)}. It takes: ${known.join(', ')}.`)
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const like = nearest(name, known)
    const meant = like === undefined ? '' : ` Did you mean '${like}'?`
    refuse(`${owner} has no option '${name}'.${meant} It takes: ${known.join(', ')}.${advice}`)
  }
}

export { describe, nearest, show }
