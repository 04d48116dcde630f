import type { Logger, LogMethod } from '../extend/internal/index.ts'

export type { Logger, LogMethod } from '../extend/internal/index.ts'

/** A logger that writes nothing. */
export const silentLogger: Logger = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
}

type ObjectFirstMethod = (details: object, message: string) => void

/**
 * Returns a logger that writes to one whose methods take an object first and the message second, such as pino's and
 * bunyan's. An error goes there as `err`.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { objectFirst } from 'kanta/infra'
 * import { sqlite } from 'kanta/sqlite'
 * import pino from 'pino'
 *
 * const db = kanta({ driver: sqlite(':memory:'), logger: objectFirst(pino({ level: 'silent' })) })
 * ```
 */
export function objectFirst(
  logger: {
    readonly [Level in keyof Logger]: ObjectFirstMethod
  },
): Logger {
  const method =
    (level: keyof Logger): LogMethod =>
    (message, details) =>
      logger[level](toObject(details), message)
  return {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
  }
}

function toObject(details: unknown): object {
  if (details instanceof Error) return { err: details }
  return typeof details === 'object' && details !== null ? details : details === undefined ? {} : { details }
}
