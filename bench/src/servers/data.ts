/** The tables of the servers, their rows, and how they are asked for. */
import type { MariadbAddress, PostgresAddress } from 'kanta-servers'

export type { MariadbAddress, PostgresAddress }

/** The connections of each contestant. */
export const poolSize = 10
/** How many queries wait at once where several do. */
export const inFlight = 20
/** The rows of a chunk of a stream. */
export const chunkSize = 100

export interface Measurement {
  station: number
  sensor: string
  value: number
  valid: boolean
  taken_at: Date
  meta: { a: number; tag: string }
}

export const measurements: readonly Measurement[] = Array.from({ length: 10_000 }, (_, i) => ({
  station: i % 50,
  sensor: `sensor ${i % 7}`,
  value: (i * 31) / 8,
  valid: i % 3 > 0,
  taken_at: new Date(1_700_000_000_000 + i * 3_600_000),
  meta: { a: i, tag: `tag ${i % 10}` },
}))

export interface LogLine {
  id: number
  message: string
  amount: number
  at: Date
}

const city = `create table city (id integer primary key, name varchar(100) not null, country_id integer not null,
  population integer not null, elevation integer not null, timezone varchar(100) not null)`
const cityColumns = `i, concat('City ', i), 1 + i % 200, 1000 + i * 7919 % 1000000, i % 3000, concat('UTC+', i % 12)`

export const postgresSetup = [
  city,
  `insert into city select ${cityColumns} from generate_series(1, 10000) as n(i)`,
  `create table measurement (station integer not null, sensor text not null, value double precision not null,
    valid boolean not null, taken_at timestamptz not null, meta jsonb not null)`,
  'analyze',
]

/** A table for streams, of as many rows as are said. */
export const postgresLog = (rows: number): string[] => [
  'create table log (id integer not null, message text not null, amount integer not null, at timestamptz not null)',
  `insert into log select i, concat('Message ', i), i * 31 % 1000, to_timestamp(1700000000 + i)
    from generate_series(1, ${rows}) as n(i)`,
  'vacuum analyze log',
]

export const mariadbSetup = [
  city,
  `insert into city select ${cityColumns} from (select seq as i from seq_1_to_10000) as n`,
  'analyze table city',
]
