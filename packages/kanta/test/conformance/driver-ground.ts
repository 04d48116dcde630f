import { afterEach, test } from 'vitest'
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

/**
 * What a driver may lack, each with the reason, which stands beside the name of a test that is left out for it.
 *
 * - `instant`: every answer is there at once, and no promise of it
 * - `reals`: a number is bound as a real, a boolean as an integer
 * - `infinity`, `nul`, `bigints`: such numbers, text and integers of 64 bits go in and come out
 * - `cursors`: a stream reads from the database as it is asked
 * - `transactions`: they begin and end as text
 * - `minusZero`: -0 keeps its sign
 * - `greeting`: a new connection can be seen before it is used
 * - `counts`: a statement that returns rows says what it wrote
 * - `columnNames`: they are known of a result without rows
 * - `checks`: what the library would change without a word is refused
 * - `readOnly`: files opened for reading only
 */
export type Feature =
  | 'instant'
  | 'reals'
  | 'infinity'
  | 'nul'
  | 'bigints'
  | 'cursors'
  | 'transactions'
  | 'minusZero'
  | 'greeting'
  | 'counts'
  | 'columnNames'
  | 'checks'
  | 'readOnly'

export type Lacks = { readonly [F in Feature]?: string }

/** What the tests of a driver stand on. */
export interface Ground {
  readonly lacks: Lacks
  /** A driver of a database of its own. */
  driver(options?: Partial<MakeOptions>): Driver
  /** An open connection to a database with cities, closed after the test. */
  open(from?: Driver): Promise<Connection>
}

export type Make = (options: MakeOptions) => Driver

export function ground(make: Make, place: 'memory' | 'file', lacks: Lacks): Ground {
  const folder = temporaryFolder()
  const opened: Connection[] = []
  afterEach(async () => {
    for (const connection of opened.splice(0)) await connection.close()
  })
  const driver: Ground['driver'] = (options = {}) =>
    make({ path: place === 'memory' ? ':memory:' : folder.path('test.db'), ...options })
  return {
    lacks,
    driver,
    async open(from = driver()) {
      const connection = await from.connect('write')
      opened.push(connection)
      await connection.script(CITIES)
      return connection
    },
  }
}

/** A test of what a driver may lack. */
export function testOf(lacks: Lacks, features: readonly Feature[], name: string, body: () => Promise<void>): void {
  const reasons = features.flatMap((feature) => lacks[feature] ?? [])
  if (reasons.length === 0) test(name, body)
  else test.skip(`${name} (left out: ${reasons.join('; ')})`, body)
}

/** A row as its values, whichever way the connection gives it. */
export const valuesOf = (row: unknown): unknown[] => Object.values(row as object)

export const all = async (
  on: Connection,
  sql: string,
  parameters: unknown[] = [],
  bigints = false,
): Promise<unknown[][]> => (await on.all(sql, parameters, bigints)).map(valuesOf)

/** The chunks of a stream. */
export async function chunksOf(stream: ReturnType<Connection['stream']>): Promise<unknown[][]> {
  const chunks: unknown[][] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

export async function failure(act: () => unknown): Promise<unknown> {
  try {
    await act()
  } catch (error) {
    return error
  }
  throw new Error('It did not fail.')
}

/** What the driver says of the error that `act` throws. */
export async function explained(
  from: Driver,
  act: () => unknown,
): Promise<Pick<ReturnType<Driver['explainError']>, 'code' | 'message'>> {
  const { code, message, table, columns, constraint } = from.explainError(await failure(act))
  return { code, message, ...(table && { table }), ...(columns && { columns }), ...(constraint && { constraint }) }
}
