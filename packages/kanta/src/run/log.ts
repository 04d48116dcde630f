import type { EndedQuery, Hook } from './hook.ts'
import type { Logger } from './logger.ts'

/** The log entry of one statement that has ended. */
export type LogEntry = EndedQuery

/** A function that receives every log entry, or the levels to write to the logger, the console by default. */
export type Log = ((entry: LogEntry) => void) | readonly LogEntry['level'][]

function toLogger(levels: readonly LogEntry['level'][], logger: Logger): (entry: LogEntry) => void {
  return ({ level, milliseconds, sql, parameters, error }) => {
    if (!levels.includes(level)) return
    const line = `${milliseconds.toFixed(1)} ms  ${sql}`
    if (level === 'error') logger.error(line, { parameters, error })
    else logger.info(line, { parameters })
  }
}

/** Returns the hook for `kanta({ log })`. */
export function logHook(log: Log, redact: boolean, logger: Logger): Hook {
  const tell = typeof log === 'function' ? log : toLogger(log, logger)
  return {
    name: 'log',
    watch: (ended) => tell(redact ? { ...ended, parameters: [] } : ended),
  }
}
