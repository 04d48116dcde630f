import { refuse } from '../error/index.ts'

/** A method of a logger: a message that is complete by itself, and details for loggers that keep them. */
export type LogMethod = (message: string, details?: unknown) => void

/**
 * A logger that Kanta writes to. The console is one, and so are the loggers of most libraries. For those that take the
 * details first, such as pino's, there is `objectFirst()` of `kanta/infra`.
 */
export interface Logger {
  trace: LogMethod
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
}

export const LOG_LEVELS: readonly (keyof Logger)[] = ['trace', 'debug', 'info', 'warn', 'error']

const write =
  (level: 'debug' | 'info' | 'warn' | 'error'): LogMethod =>
  (message, details) =>
    // The method is looked up at each call, since test runners replace those of the console.
    details === undefined ? console[level](message) : console[level](message, details)

/** The logger that writes to the console. Its `trace` prints no stack. */
export const consoleLogger: Logger = {
  trace: write('debug'),
  debug: write('debug'),
  info: write('info'),
  warn: write('warn'),
  error: write('error'),
}

/** Refuses a logger that lacks a method. */
export function checkLogger(owner: string, logger: unknown): Logger {
  const missing = LOG_LEVELS.filter((level) => typeof Object(logger)[level] !== 'function')
  if (missing.length > 0)
    refuse(`The logger of ${owner} has no method ${missing.join(', ')}. Pass the console or a logger such as pino's.`)
  return logger as Logger
}
