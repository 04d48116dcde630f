import { mssqlDialect } from '../../dialect/mssql/index.ts'
import { KantaError } from '../../error/index.ts'
import type { Driver } from '../driver.ts'

/** Returns a driver for SQL Server by a user's function that creates unconnected `tedious` connections. */
export function externalTedious(make: () => unknown, connections: number): Driver {
  // Import the library only when this driver is used.
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
