import type { EndedQuery, Hook } from './hook.ts'

/** What a log tells of one statement, when it has ended. */
export type LogEntry = EndedQuery

/** A function that is told of every statement, or the levels that go to the console. */
export type Log = ((entry: LogEntry) => void) | readonly LogEntry['level'][]

function toConsole(levels: readonly LogEntry['level'][]): (entry: LogEntry) => void {
  return (entry) => {
    if (!levels.includes(entry.level)) return
    const line = `${entry.milliseconds.toFixed(1)} ms  ${entry.sql}`
    if (entry.level === 'error') console.error(line, entry.parameters, entry.error)
    else console.log(line, entry.parameters)
  }
}

/** The hook behind `kanta({ log })`. */
export function logHook(log: Log, redact: boolean): Hook {
  const tell = typeof log === 'function' ? log : toConsole(log)
  return {
    name: 'log',
    watch: (ended) => tell(redact ? { ...ended, parameters: [] } : ended),
  }
}
