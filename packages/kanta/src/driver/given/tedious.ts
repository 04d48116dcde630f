import { mssqlDialect } from '../../dialect/mssql/index.ts'
import { KantaError } from '../../error/index.ts'
import type { Driver } from '../driver.ts'

/** SQL Server by way of connections of `tedious` that somebody makes; they are not connected yet. */
export function givenTedious(make: () => unknown, connections: number): Driver {
  // The library is only needed, and only looked for, by who uses this.
  let driver: Promise<Driver> | undefined
  const opened = (): Promise<Driver> => {
    driver ??= import('../tedious/index.ts').then(({ tedious }) =>
      tedious({ connection: make as never, max: connections }),
    )
    return driver
  }
  let explain: Driver['explainError'] | undefined
  return {
    dialect: mssqlDialect,
    limits: { write: connections, read: 0 },
    sharesStreams: false,
    explainError(cause) {
      if (explain !== undefined) return explain(cause)
      return cause instanceof KantaError ? cause : { code: 'connection', message: String(cause) }
    },
    async connect(role) {
      const made = await opened()
      explain = made.explainError
      return made.connect(role)
    },
  }
}
