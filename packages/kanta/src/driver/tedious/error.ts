import { ConnectionError, RequestError } from 'tedious'
import { KantaError } from '../../error/index.ts'
import { type Explanation, explainNumber } from '../database/mssql/index.ts'

/** Explains an error of `tedious`. */
export function explainTediousError(cause: unknown): Explanation {
  if (cause instanceof KantaError) return cause
  // A statement may report several errors before it ends.
  const error = cause instanceof AggregateError ? mostSpecific(cause.errors) : cause
  const message = error instanceof Error ? error.message : String(error)
  const number = (error as { number?: unknown } | undefined)?.number
  if (typeof number === 'number') return explainNumber(number, message)
  return explainCode(error, message)
}

function mostSpecific(errors: readonly unknown[]): unknown {
  return errors.find((error) => explainTediousError(error).code !== 'query') ?? errors[0]
}

const sentence = (message: string) => (/[.!?]$/.test(message) ? message : `${message}.`)

/** Explains an error of the library or a socket. */
function explainCode(error: unknown, message: string): Explanation {
  const code = (error as { code?: unknown } | undefined)?.code
  if (error instanceof ConnectionError) return { code: 'connection', message }
  if (code === 'ETIMEOUT')
    return { code: 'timeout', message: `${sentence(message)} Raise requestTimeout in its options.` }
  if (code === 'ECANCEL') return { code: 'cancelled', message }
  if (code === 'EPARAM') return { code: 'invalid_input', message }
  if (error instanceof RequestError && code !== 'ECLOSE' && code !== 'EINVALIDSTATE') return { code: 'query', message }
  // The remaining errors come from the socket or from mistakes.
  const isSystem = typeof code === 'string' && /^E[A-Z]+$/.test(code)
  return { code: isSystem ? 'connection' : 'query', message }
}
