import { facetsOf } from '../../dialect/index.ts'
import { diff, stepSql } from '../../diff/index.ts'
import type { Driver } from '../../driver/index.ts'
import { pglite } from '../../driver/pglite/index.ts'
import { sqlite } from '../../driver/sqlite/index.ts'
import { checkOptions, KantaError, refuse } from '../../error/index.ts'
import { DatabaseHandle, dialectOf, onDriver, ownPlugin, schemaOf } from '../../extend/internal/index.ts'
import type { AnyInfo, Database } from '../../face/index.ts'
import { introspect } from '../../introspect/index.ts'
import { show, sql } from '../../sql/index.ts'
import { type Insertable, tableOf } from '../../table/index.ts'
import { type GenerateOptions, generate, modelsOf, writeOrder } from '../generate/index.ts'

/** The options of `createMock()`. */
export interface MockOptions {
  /** The driver of the mock. By default SQLite in memory, and PGlite for PostgreSQL. */
  readonly driver?: Driver | undefined
}

/** A database of its own with the tables of another, and what is to be in them. */
export type MockDatabase<D, DB> = D & {
  /** Takes rows for a table, which are there before the first query. */
  table<T extends keyof DB & string>(name: T): { seed(rows: readonly Insertable<DB[T]>[]): MockDatabase<D, DB> }
}

/** The number of rows of each table that `generateTestData()` makes, and how. */
export type TestData<DB> = { readonly [T in keyof DB]?: number } & {
  /** `realistic`, the default: few rows have most of the children. `even`: all have about as many. */
  readonly relationships?: 'realistic' | 'even' | undefined
  /** The same seed gives the same rows. Default: 1. */
  readonly seed?: number | string | undefined
}

/** The drivers of mocks. They load their libraries when they connect. */
const mockDrivers = facetsOf<() => Driver>('createMock() without a driver', {
  sqlite: () => sqlite(':memory:'),
  postgres: () => pglite(),
  mysql: undefined,
  mariadb: undefined,
  mssql: undefined,
})

/**
 * Makes an empty database of its own with the tables, policies and types of another: a real engine, in memory. It is
 * ready at once; tables are created and rows written before its first query.
 *
 * @throws KantaError `invalid_input` for a database without `table()` values; `unsupported` where no driver is given for
 * MySQL, MariaDB or SQL Server.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { sqlite } from 'kanta/sqlite'
 * import { createMock } from 'kanta/testing'
 *
 * const users = table('users', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
 * const db = kanta({ driver: sqlite('app.db'), schema: { users } })
 * const mock = createMock(db).table('users').seed([{ id: 1, name: 'John' }, { id: 2, name: 'Jane' }])
 * const names = await mock.selectFrom('users').select('name').execute() // [{ name: 'John' }, { name: 'Jane' }]
 * await mock.destroy()
 * await db.destroy()
 * ```
 */
export function createMock<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  options: MockOptions = {},
): MockDatabase<Database<DB, I>, DB> {
  return new Mock(db, options, 'createMock()').database as never
}

/**
 * Makes a database of its own, as `createMock()` does, with generated rows.
 *
 * @throws KantaError as `createMock()` does; with the first query as `generate()` does.
 */
export function generateTestData<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  data: TestData<DB>,
  options: MockOptions = {},
): MockDatabase<Database<DB, I>, DB> {
  const { relationships, seed = 1, ...rows } = data
  return new Mock(db, options, 'generateTestData()', { seed, relationships, rows: rows as never }).database as never
}

interface Seed {
  readonly table: string
  readonly rows: readonly object[]
}

class Mock {
  readonly database: DatabaseHandle
  readonly #seeds: Seed[] = []
  readonly #generated: GenerateOptions<unknown> | undefined
  #hasStarted = false

  constructor(db: unknown, options: MockOptions, caller: string, generated?: GenerateOptions<unknown>) {
    if (!(db instanceof DatabaseHandle)) refuse(`${caller} takes a database, not ${show(db)}.`)
    checkOptions(caller, options, ['driver'])
    if (schemaOf(db).size === 0)
      refuse(`${caller} needs the tables of the database as table() values: kanta({ schema }).`)
    this.#generated = generated
    const driver = options.driver ?? mockDrivers.of(dialectOf(db))()
    const plugin = ownPlugin({
      name: 'mock',
      onInit: (bare: never) => this.#start(bare),
      extend: (on: never) => ({ table: (name: string) => this.#table(name, on) }),
    })
    this.database = onDriver(db, driver).withPlugins([plugin])
  }

  #table(table: string, on: DatabaseHandle): { seed(rows: readonly object[]): DatabaseHandle } {
    if (!schemaOf(on).has(table))
      refuse(`There is no table '${table}'. Tables: ${[...schemaOf(on).keys()].join(', ')}.`)
    return {
      seed: (rows) => {
        if (this.#hasStarted)
          throw new KantaError('invalid_input', 'seed() comes before the first query of a mock. Use insertInto() now.')
        if (!Array.isArray(rows)) refuse(`seed() takes an array of rows, not ${show(rows)}.`)
        this.#seeds.push({ table, rows })
        return on
      },
    }
  }

  async #start(db: DatabaseHandle): Promise<void> {
    this.#hasStarted = true
    const tables = Object.fromEntries([...schemaOf(db)].map(([name, definition]) => [name, tableOf(definition)]))
    const catalog = await introspect(db as never)
    const { up } = await diff(catalog, tables)
    for (const step of up) for (const text of stepSql(step, catalog.dialect)) await sql.raw(text).execute(db as never)
    await this.#writeSeeds(db)
    if (this.#generated !== undefined) await generate(db as never, this.#generated as never)
  }

  /** Writes the rows of tables before those of tables that refer to them, in whatever order they were given. */
  async #writeSeeds(db: DatabaseHandle): Promise<void> {
    const models = await modelsOf(db, [...new Set(this.#seeds.map(({ table }) => table))])
    const { tables } = writeOrder([...models.values()], () => true)
    for (const { name } of tables)
      for (const { table, rows } of this.#seeds)
        if (table === name && rows.length > 0) await db.insertInto(table).values(rows).execute()
  }
}
