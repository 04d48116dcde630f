import { refuse } from '../error/index.ts'
import type { Plugin, QueryEvent } from '../extend/index.ts'
import type { CompiledQuery } from './contract.ts'
import { compiled } from './driver-adapter.ts'

export const LOG_LEVELS = Object.freeze(['query', 'error'] as const)
export type LogLevel = (typeof LOG_LEVELS)[number]

/** The log event of a statement that succeeded. */
export interface QueryLogEvent {
  readonly level: 'query'
  readonly isStream?: boolean
  readonly query: CompiledQuery
  readonly queryDurationMillis: number
}
/** The log event of a statement that failed. */
export interface ErrorLogEvent {
  readonly level: 'error'
  readonly error: unknown
  readonly query: CompiledQuery
  readonly queryDurationMillis: number
}
export type LogEvent = QueryLogEvent | ErrorLogEvent
export type Logger = (event: LogEvent) => void | Promise<void>
export type LogConfig = readonly LogLevel[] | Logger

function toConsole(levels: readonly LogLevel[]): Logger {
  return (event) => {
    if (!levels.includes(event.level)) return
    const duration = `${event.queryDurationMillis.toFixed(1)} ms`
    if (event.level === 'error') console.error(`kysely:error: ${duration}  ${event.query.sql}`, event.error)
    else console.log(`kysely:query: ${duration}  ${event.query.sql}`)
  }
}

/** Returns a plugin that logs every statement. */
export function logOf(config: LogConfig): Plugin {
  const isLevels = Array.isArray(config) && config.every((level) => LOG_LEVELS.includes(level))
  if (typeof config !== 'function' && !isLevels) refuse("log must be a function or an array of 'query' and 'error'.")
  const write: Logger = typeof config === 'function' ? config : toConsole(config)
  const eventOf = ({ sql, parameters }: QueryEvent, started: number) => ({
    query: compiled(sql, parameters),
    queryDurationMillis: performance.now() - started,
  })
  return {
    name: 'log',
    hooks: [
      {
        name: 'log',
        async around(event, next) {
          const started = performance.now()
          let result: unknown
          try {
            result = await next()
          } catch (error) {
            const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
            await write({ level: 'error', error: cause, ...eventOf(event, started) })
            throw error
          }
          await write({ level: 'query', isStream: event.streaming, ...eventOf(event, started) })
          return result
        },
      },
    ],
  }
}
