import { facetsOf, splitStatements } from '../dialect/index.ts'
import { checkOptions, KantaError, refuse, show } from '../error/index.ts'
import type { Logger, Plugin } from '../extend/index.ts'
import {
  type DatabaseHandle,
  dialectOf,
  isWhole,
  loggerOf,
  ofOneDatabase,
  ownPlugin,
  quietly,
  withoutPlugins,
} from '../extend/internal/index.ts'

/** A statement that took long. */
export interface SlowQuery {
  readonly sql: string
  readonly milliseconds: number
  readonly rows: number | undefined
  readonly error: unknown
  /** Asks the database for the plan of the statement, which is not run again. */
  explain(): Promise<readonly string[]>
}

/** The options of `slowQueries()`. */
export interface SlowQueriesOptions {
  /** The milliseconds from which a statement is slow. */
  readonly over: number
  /** Receives each slow statement; by default the logger of the database gets a warning. */
  readonly found?: ((slow: SlowQuery) => void) | undefined
}

/**
 * Calls back for statements that took long, except streams. Their plan is asked for on request, on another connection.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { slowQueries } from 'kanta/debug'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const slow = slowQueries({
 *   over: 200,
 *   found: async ({ sql, milliseconds, explain }) => console.warn(milliseconds, sql, await explain()),
 * })
 * const db = kanta({ driver: sqlite(':memory:'), plugins: [slow] })
 * ```
 */
export function slowQueries(options: SlowQueriesOptions): Plugin {
  checkOptions('slowQueries()', options, ['over', 'found'])
  const { over, found } = options
  if (typeof over !== 'number' || !(over >= 0))
    refuse(`slowQueries({ over }) takes a number of milliseconds, 0 or more, not ${show(over)}.`)
  if (found !== undefined && typeof found !== 'function')
    refuse(`slowQueries({ found }) takes a function, not ${show(found)}.`)
  const takes = ofOneDatabase('slowQueries()')
  let logger: Logger | undefined
  let whole: DatabaseHandle | undefined
  const tell =
    found ??
    (({ milliseconds, sql }: SlowQuery): void =>
      logger?.warn(`A statement took ${Math.round(milliseconds)} ms: ${sql}`))
  return ownPlugin({
    // One plugin for each limit is allowed.
    name: `slowQueries over ${over} ms`,
    hooks: [
      {
        name: 'slowQueries',
        watch: ({ streaming, milliseconds, sql, parameters, rows, error }) => {
          if (streaming || milliseconds < over) return
          const explain = (): Promise<readonly string[]> => explainIn(whole, sql, parameters)
          quietly(logger, 'found() of slowQueries()', () => tell({ sql, milliseconds, rows, error, explain }))
        },
      },
    ],
    extend: (db: DatabaseHandle) => {
      takes(db)
      logger ??= loggerOf(db)
      if (whole === undefined && isWhole(db)) whole = db
      return {}
    },
  })
}

/** The beginning of a statement that shows the plan of another one. */
const explains = facetsOf<{ readonly prefix: string }>('explain() of slowQueries()', {
  sqlite: { prefix: 'explain query plan ' },
  postgres: { prefix: 'explain ' },
  mysql: { prefix: 'explain ' },
  mariadb: { prefix: 'explain ' },
  mssql: undefined,
})

async function explainIn(
  db: DatabaseHandle | undefined,
  sql: string,
  parameters: readonly unknown[],
): Promise<readonly string[]> {
  if (db === undefined)
    throw new KantaError('unsupported', 'explain() needs a whole database. Add slowQueries() to the database itself.')
  const dialect = dialectOf(db)
  const { prefix } = explains.of(dialect)
  if (splitStatements(sql, dialect).length > 1)
    throw new KantaError('unsupported', 'explain() takes one statement, and this text has several.', { sql })
  const query = { sql: `${prefix}${sql}`, parameters }
  const { rows } = (await withoutPlugins(db).executeQuery(query)) as { rows: Record<string, unknown>[] }
  return rows.map((row) => {
    const cells = Object.entries(row).filter(
      ([name, value]) => value !== null && !['id', 'parent', 'notused'].includes(name),
    )
    return cells.length === 1 ? String(cells[0]![1]) : cells.map(([name, value]) => `${name}: ${value}`).join(', ')
  })
}
