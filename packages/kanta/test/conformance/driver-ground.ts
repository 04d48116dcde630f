import { afterEach } from 'vitest'
import type { Connection, Driver, Role } from '../../src/driver/index.ts'
import { temporaryFolder } from './folder.ts'

/** What a driver of SQLite is made with here. */
export interface MakeOptions {
  readonly path: string
  readonly busyTimeout?: number
  readonly readers?: number
  readonly statementCache?: number
  readonly preset?: 'production' | 'read-only' | 'test'
  readonly onConnect?: (connection: Connection, role: Role) => void | Promise<void>
}

const CITIES = `
  create table country(code text primary key, name text not null) without rowid;
  create table city(
    id integer primary key, name text not null, country text references country(code), population integer,
    constraint populated check (population > 0), unique (name, country)
  );
  create unique index city_upper on city(upper(name), population);
  insert into country values ('FI', 'Finland'), ('EE', 'Estonia');
  insert into city values (1, 'Helsinki', 'FI', 658000), (2, 'Tampere', 'FI', 244000), (3, 'Tallinn', 'EE', 437000);
`

/** What the tests of a driver stand on. */
export interface Ground {
  /** A driver of a database of its own. */
  driver(options?: Partial<MakeOptions>): Driver
  /** An open connection to a database with cities, closed after the test. */
  open(from?: Driver): Connection
}

export type Make = (options: MakeOptions) => Driver

export function ground(make: Make, place: 'memory' | 'file'): Ground {
  const folder = temporaryFolder()
  const opened: Connection[] = []
  afterEach(() => {
    for (const connection of opened.splice(0)) connection.close()
  })
  const driver: Ground['driver'] = (options = {}) =>
    make({ path: place === 'memory' ? ':memory:' : folder.path('test.db'), ...options })
  return {
    driver,
    open(from = driver()) {
      const connection = from.connect('write') as Connection
      opened.push(connection)
      connection.script(CITIES)
      return connection
    },
  }
}

/** A row as its values, whichever way the connection gives it. */
export const valuesOf = (row: unknown): unknown[] => Object.values(row as object)

export const all = (on: Connection, sql: string, parameters: unknown[] = [], bigints = false): unknown[][] =>
  (on.all(sql, parameters, bigints) as unknown[]).map(valuesOf)

export function failure(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('It did not fail.')
}

/** What the driver says of the error that `act` throws. */
export function explained(
  from: Driver,
  act: () => unknown,
): Pick<ReturnType<Driver['explainError']>, 'code' | 'message'> {
  const { code, message, table, columns, constraint } = from.explainError(failure(act))
  return { code, message, ...(table && { table }), ...(columns && { columns }), ...(constraint && { constraint }) }
}
