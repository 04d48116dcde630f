import type { Hook, QueryEvent } from './hook.ts'

/** What a log tells of one statement, when it has ended. */
export interface LogEntry {
  readonly level: 'query' | 'error'
  readonly sql: string
  readonly parameters: readonly unknown[]
  /** From the start to the end of the statement, in milliseconds. */
  readonly milliseconds: number
  readonly streaming: boolean
  readonly error: unknown
}

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
  const entry = (event: QueryEvent, started: number, level: LogEntry['level'], error?: unknown): LogEntry => ({
    level,
    sql: event.sql,
    parameters: redact ? [] : event.parameters,
    milliseconds: performance.now() - started,
    streaming: event.streaming,
    error,
  })
  return {
    name: 'log',
    async around(event, next) {
      const started = performance.now()
      let result: unknown
      try {
        result = await next()
      } catch (error) {
        tell(entry(event, started, 'error', error))
        throw error
      }
      tell(entry(event, started, 'query'))
      return result
    },
  }
}
