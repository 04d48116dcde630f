import { type ConnectionConfiguration, Connection as Library } from 'tedious'
import { mssqlDialect } from '../../dialect/mssql/index.ts'
import { refuse } from '../../error/index.ts'
import type { Driver } from '../driver.ts'
import { whole } from '../option.ts'
import { TediousConnection } from './connection.ts'
import { explainTediousError } from './error.ts'

/** How to reach SQL Server: what `tedious` takes, or a function that makes its connections. */
export type TediousOptions = {
  /** The most connections; 10 unless said. */
  readonly max?: number
} & (
  | (ConnectionConfiguration & { readonly connection?: undefined })
  | {
      /** Makes a connection that is not connected yet. */
      readonly connection: () => Library | Promise<Library>
    }
)

const MAX = 10

const OPTIONS = ['server', 'authentication', 'options', 'max', 'connection']

/** The settings on which reading rows and quoting names depend. */
const NEEDED = {
  useUTC: true,
  useColumnNames: false,
  camelCaseColumns: false,
  columnNameReplacer: undefined,
  enableQuotedIdentifier: true,
} as const

/**
 * SQL Server by way of `tedious`, which has to be installed beside Kanta.
 *
 * **Not run against a server.** The texts are tested as texts, and the driver with the real library against a recorded
 * wire, since there was no server to run. Try what you need before you rely on it.
 *
 * An integer of 64 bits is exact: a bigint for a column of bigints, else a number, or an error where a number cannot
 * hold it. A decimal is a string; the library reads it as a number, so one of more than 15 digits is an error, too, and
 * has to be selected as text. Moments are read in UTC; the library forgets the offset in which they were written. A
 * null is sent as text, which a column of bytes does not take: write `eb.lit(null)` there. The id of an inserted row is
 * read by `output(['inserted.id'])`.
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
 * @throws KantaError `invalid_input` for a wrong option. That the server cannot be reached shows with the first query,
 * as `connection`.
 */
export function tedious(options: TediousOptions): Driver {
  if (typeof options !== 'object' || options === null)
    return refuse("tedious() takes the settings of a connection, such as { server: 'localhost', … }.")
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name))
      refuse(
        `tedious() has no option '${name}'. There are ${OPTIONS.join(', ')}; those of a connection go into options.`,
      )
  }
  const { max = MAX, connection, ...config } = options as TediousOptions & Partial<ConnectionConfiguration>
  const make = connection ?? maker(config)
  if (typeof make !== 'function')
    refuse('The option connection of tedious() is a function that makes a connection: () => new Connection(…).')
  return {
    dialect: mssqlDialect,
    limits: { write: whole('tedious()', 'max', max, 1), read: 0 },
    sharesStreams: false,
    holdsStreams: true,
    explainError: explainTediousError,
    connect: async () => new TediousConnection(await connected(await make())),
  }
}

function maker(config: Partial<ConnectionConfiguration>): () => Library {
  const { server, options } = config
  if (typeof server !== 'string' || server === '')
    return refuse("tedious() needs the name of a server: { server: 'localhost', … }.")
  checkSettings(options ?? {})
  return () => new Library({ ...config, server, options: options ?? {} })
}

function checkSettings(options: { readonly [S in keyof typeof NEEDED]?: unknown }): void {
  for (const [name, needed] of Object.entries(NEEDED)) {
    const given = options[name as keyof typeof NEEDED]
    if (given !== undefined && given !== needed)
      refuse(
        `With the option ${name} of tedious at ${String(given)} rows would be read or names quoted otherwise. ${needed === undefined ? 'Leave it out' : `Set it to ${needed}, or leave it out`}.`,
      )
  }
}

function connected(library: Library): Promise<Library> {
  checkSettings(library.config.options)
  // Whoever waits is told; an error that comes after, while nobody listens, would end the process.
  library.on('error', () => {})
  return new Promise((resolve, reject) => {
    library.connect((error) => {
      if (error === undefined || error === null) resolve(library)
      else reject(error)
    })
  })
}
