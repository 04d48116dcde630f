import { type ConnectionConfiguration, Connection as Library } from 'tedious'
import { mssqlDialect } from '../../dialect/mssql/index.ts'
import { checkOptions, refuse } from '../../error/index.ts'
import type { Driver } from '../driver.ts'
import { wholeNumber } from '../option.ts'
import { TediousConnection } from './connection.ts'
import { explainTediousError } from './error.ts'

/** The options of `tedious()`: those of the library, or a function that creates its connections. */
export type TediousOptions = {
  /** The maximum number of connections; by default 10. */
  readonly max?: number
} & (
  | (ConnectionConfiguration & { readonly connection?: undefined })
  | {
      /** Creates an unconnected connection. */
      readonly connection: () => Library | Promise<Library>
    }
)

const MAX = 10

const OPTIONS = ['server', 'authentication', 'options', 'max', 'connection']

/** The settings that reading rows and quoting names depend on. */
const REQUIRED_SETTINGS = {
  useUTC: true,
  useColumnNames: false,
  camelCaseColumns: false,
  columnNameReplacer: undefined,
  enableQuotedIdentifier: true,
} as const

/**
 * Returns a driver for SQL Server by `tedious`, which must be installed.
 *
 * **Not tested against a server.** The SQL is tested as text, and the driver with the real library against a recorded
 * wire. Try what you need before you rely on it.
 *
 * A 64-bit integer is a bigint for a column of bigints, otherwise a number, or an error if a number cannot hold it. A
 * decimal is a string; the library reads it as a number, so select decimals of more than 15 digits as text. Timestamps
 * are in UTC; the library drops their offset. A null is sent as text, which a column of bytes rejects: write
 * `eb.lit(null)` there. Read the id of an inserted row by `output(['inserted.id'])`.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { tedious } from 'kanta/tedious'
 *
 * const db = kanta({
 *   driver: tedious({
 *     server: 'localhost',
 *     authentication: { type: 'default', options: { userName: 'app', password: 'secret' } },
 *     options: { database: 'cities' },
 *     max: 10,
 *   }),
 * })
 * ```
 *
 * @throws KantaError `invalid_input` for a wrong option. If the server cannot be reached, the first query throws
 * `connection`.
 */
export function tedious(options: TediousOptions): Driver {
  if (typeof options !== 'object' || options === null)
    return refuse(
      "tedious() takes the settings of a connection, not a URL: { server: 'localhost', authentication: { … }, … }.",
    )
  checkOptions('tedious()', options, OPTIONS, ' Give those of a connection under options.')
  const { max = MAX, connection, ...config } = options as TediousOptions & Partial<ConnectionConfiguration>
  const make = connection ?? connectionFactory(config)
  if (typeof make !== 'function')
    refuse('The option connection of tedious() is a function that makes a connection: () => new Connection(…).')
  return {
    dialect: mssqlDialect,
    limits: { write: wholeNumber('tedious()', 'max', max, 1), read: 0 },
    sharesStreams: false,
    holdsStreams: true,
    explainError: explainTediousError,
    connect: async () => new TediousConnection(await waitForConnect(await make())),
  }
}

function connectionFactory(config: Partial<ConnectionConfiguration>): () => Library {
  const { server, options } = config
  if (typeof server !== 'string' || server === '')
    return refuse("tedious() needs the name of a server: { server: 'localhost', … }.")
  checkSettings(options ?? {})
  return () => new Library({ ...config, server, options: options ?? {} })
}

function checkSettings(options: { readonly [S in keyof typeof REQUIRED_SETTINGS]?: unknown }): void {
  for (const [name, needed] of Object.entries(REQUIRED_SETTINGS)) {
    const given = options[name as keyof typeof REQUIRED_SETTINGS]
    if (given !== undefined && given !== needed)
      refuse(
        `With the option ${name} of tedious at ${String(given)} rows would be read or names quoted otherwise. ${needed === undefined ? 'Leave it out' : `Set it to ${needed}, or leave it out`}.`,
      )
  }
}

function waitForConnect(library: Library): Promise<Library> {
  checkSettings(library.config.options)
  // The caller receives the error; a later one without a listener would end the process.
  library.on('error', () => {})
  return new Promise((resolve, reject) => {
    library.connect((error) => {
      if (error === undefined || error === null) resolve(library)
      else reject(error)
    })
  })
}
