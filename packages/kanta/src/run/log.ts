import type { EndedQuery, Hook } from './hook.ts'

/** The log entry of one statement that has ended. */
export type LogEntry = EndedQuery

/** A function that receives every log entry, or the levels to print on the console. */
export type Log = ((entry: LogEntry) => void) | readonly LogEntry['level'][]

function toConsole(levels: readonly LogEntry['level'][]): (entry: LogEntry) => void {
  return (entry) => {
    if (!levels.includes(entry.level)) return
    const line = `${entry.milliseconds.toFixed(1)} ms  ${entry.sql}`
    if (entry.level === 'error') console.error(line, entry.parameters, entry.error)
    else console.log(line, entry.parameters)
  }
}

/** Returns the hook for `kanta({ log })`. */
export function logHook(log: Log, redact: boolean): Hook {
  const tell = typeof log === 'function' ? log : toConsole(log)
  return {
    name: 'log',
    watch: (ended) => tell(redact ? { ...ended, parameters: [] } : ended),
  }
}
