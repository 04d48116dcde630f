import { checkOptions, type ErrorCode, KantaError } from './error/index.ts'

/** The details of a problem, as a server answers them: `application/problem+json`. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  /** The code of the error. */
  readonly code: ErrorCode | 'internal'
  /** The columns that the error is about, where that was asked for. */
  readonly columns?: readonly string[] | undefined
  /** Whether the same request may do better when it is sent again. */
  readonly retry: boolean
}

/** What of an error may be told. */
export interface ProblemOptions {
  /** What the types of problems begin with, followed by the code; `about:blank` stands alone unless given. */
  readonly base?: string | undefined
  /** Whether to tell the columns of constraints, such as the `email` that somebody has already. */
  readonly columns?: boolean | undefined
}

const CONFLICT = [409, 'It conflicts with what is there'] as const
const INVALID = [422, 'A value is not allowed'] as const
const BUSY = [503, 'Too busy at the moment'] as const
const INTERNAL = [500, 'Something went wrong'] as const

/** The status and title of each code; what is missing is the fault of the server. */
const ANSWERS: Readonly<Partial<Record<ErrorCode, readonly [status: number, title: string]>>> = {
  not_found: [404, 'Not found'],
  conflict: [409, 'It was changed meanwhile'],
  unique_violation: [409, 'It is there already'],
  foreign_key_violation: [409, 'Something that it refers to is missing, or refers to it'],
  not_null_violation: [422, 'A value is missing'],
  check_violation: INVALID,
  constraint_violation: CONFLICT,
  policy: [403, 'Not allowed'],
  read_only: [403, 'It cannot be changed here'],
  timeout: [504, 'It took too long'],
  cancelled: [499, 'It was cancelled'],
  busy: BUSY,
  deadlock: BUSY,
  serialization_failure: BUSY,
  connection: BUSY,
  closed: BUSY,
  lock_lost: BUSY,
}

const TRANSIENT: ReadonlySet<string> = new Set([
  ...['busy', 'deadlock', 'serialization_failure', 'connection', 'closed', 'lock_lost'],
])

/** Returns the answer to an error. Only a value that its column refused is a wrong input of the client. */
function answerTo({ code, columns }: KantaError): readonly [status: number, title: string] | undefined {
  return code === 'invalid_input' && columns !== undefined ? INVALID : ANSWERS[code]
}

/**
 * What a server may answer for an error (RFC 9457). It says nothing of SQL, tables, values or what a driver said, and
 * of an error that is not Kanta's nothing at all.
 *
 * @throws KantaError `invalid_input` for an option that it does not know.
 *
 * @example
 * ```ts
 * const error = new KantaError('unique_violation', 'city.name is not unique.', { table: 'city', columns: ['name'] })
 * const problem = problemOf(error, { columns: true })
 * problem.status // 409
 * problem.columns // ['name']
 * ```
 */
export function problemOf(error: unknown, options: ProblemOptions = {}): Problem {
  checkOptions('problemOf()', options, ['base', 'columns'])
  const known = error instanceof KantaError ? error : undefined
  const [status, title] = (known === undefined ? undefined : answerTo(known)) ?? INTERNAL
  // A wrong query is a fault of the program, and its message may name what is behind it.
  const code = status === 500 ? 'internal' : known!.code
  return {
    type: options.base === undefined ? 'about:blank' : `${options.base}${code}`,
    title,
    status,
    code,
    retry: TRANSIENT.has(code),
    ...(options.columns === true && status !== 500 && known?.columns?.length ? { columns: known.columns } : {}),
  }
}
