/** The tables, their rows and the arguments: the same for every contestant. */

export type Engine = 'better-sqlite3' | 'node:sqlite'

export interface City {
  id: number
  name: string
  country_id: number
  population: number
  elevation: number
  timezone: string
}

export interface Reading {
  station: number
  sensor: number
  value: number
  unit: string
  taken_at: string
  note: string
}

export interface Event {
  id: number
  name: string
  active: boolean
  at: Date
  meta: { a: number; tag: string }
  score: number
}

/** A row of `event` as SQLite keeps it. */
export interface StoredEvent extends Omit<Event, 'active' | 'at' | 'meta'> {
  active: number
  at: string
  meta: string
}

export interface Visit {
  visitId: number
  cityId: number
  firstName: string
  lastName: string
  visitedAt: string
  totalSpent: number
}

/** The settings that Kanta's drivers choose, for the databases opened by hand. */
export const pragmas = 'pragma synchronous = normal; pragma foreign_keys = on; pragma temp_store = memory'

const count = (n: number) => `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${n})`

/** Run once in every fresh database, statement by statement. */
export const setup = [
  'create table region (id integer primary key, name text not null)',
  'create table country (id integer primary key, name text not null, region_id integer not null)',
  `create table city (id integer primary key, name text not null, country_id integer not null,
    population integer not null, elevation integer not null, timezone text not null)`,
  'create table landmark (id integer primary key, city_id integer not null)',
  'create index landmark_city on landmark (city_id)',
  `create table reading (station integer not null, sensor integer not null, value integer not null,
    unit text not null, taken_at text not null, note text not null)`,
  `create table event (id integer primary key, name text not null, active integer not null,
    at text not null, meta text not null, score integer not null)`,
  `create table visit (visit_id integer primary key, city_id integer not null, first_name text not null,
    last_name text not null, visited_at text not null, total_spent integer not null)`,
  `insert into region ${count(20)} select i, 'Region ' || i from n`,
  `insert into country ${count(200)} select i, 'Country ' || i, 1 + i % 20 from n`,
  `insert into city ${count(10_000)}
    select i, 'City ' || i, 1 + i % 200, 1000 + i * 7919 % 1000000, i % 3000, 'UTC+' || (i % 12) from n`,
  `insert into landmark ${count(5_000)} select i, i * 2 from n`,
  `insert into reading ${count(1_000)}
    select i % 50, i % 7, i * 31 % 1000, 'hPa', '2024-05-' || (10 + i % 20) || 'T12:00:00.000Z', 'note ' || i from n`,
  `insert into event ${count(1_000)} select i, 'Event ' || i, i % 2,
    strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + i * 3600, 'unixepoch'),
    json_object('a', i, 'tag', 'tag ' || (i % 10)), i * 37 % 1000 from n`,
  `insert into visit ${count(1_000)}
    select i, i * 3, 'First ' || i, 'Last ' || i, '2024-05-' || (10 + i % 20) || 'T12:00:00.000Z', i * 13 % 500 from n`,
]

/** The cities in the order of their ids, from 1. */
export const cities: readonly City[] = Array.from({ length: 10_000 }, (_, k) => {
  const i = k + 1
  return {
    id: i,
    name: `City ${i}`,
    country_id: 1 + (i % 200),
    population: 1000 + ((i * 7919) % 1_000_000),
    elevation: i % 3000,
    timezone: `UTC+${i % 12}`,
  }
})

/** The i-th city to ask for: each one once, in no order. */
export const cityOf = (i: number): City => cities[(i * 7919) % 10_000]!
export const idOf = (i: number): number => 1 + ((i * 7919) % 10_000)
/** The i-th in-list: ten ids, a new array each time. */
export const idsOf = (i: number): number[] => Array.from({ length: 10 }, (_, k) => 1 + ((i * 10 + k) % 10_000))

export const readings: readonly Reading[] = Array.from({ length: 1_000 }, (_, i) => ({
  station: i % 50,
  sensor: i % 7,
  value: (i * 31) % 1000,
  unit: 'hPa',
  taken_at: `2024-05-${10 + (i % 20)}T12:00:00.000Z`,
  note: `note ${i}`,
}))

/** Over a million distinct shapes: columns (63) x a condition or none on each column (4^6) x table alias (4). */
export const shapes = 63 * 4 ** 6 * 4

const columns = ['id', 'name', 'country_id', 'population', 'elevation', 'timezone'] as const
const operators = ['=', '>=', '<='] as const
type Ref = `c.${(typeof columns)[number]}`

/** For each alias the names that a shape is made of. For the types every alias is `c`. */
const names = ['c', 'd', 'e', 'f'].map((alias) => ({
  table: `city as ${alias}` as 'city as c',
  id: `${alias}.id` as 'c.id',
  refs: columns.map((column) => `${alias}.${column}` as Ref),
}))

export interface Shape {
  table: 'city as c'
  id: 'c.id'
  select: Ref[]
  where: { ref: Ref; operator: (typeof operators)[number]; column: (typeof columns)[number] }[]
}

/** The i-th shape; neighbours differ in everything. */
export function shapeOf(i: number): Shape {
  let rest = (i * 733_331) % shapes
  const digit = (base: number) => {
    const d = rest % base
    rest = (rest - d) / base
    return d
  }
  const { table, id, refs } = names[digit(4)]!
  const mask = digit(63) + 1
  const shape: Shape = { table, id, select: [], where: [] }
  for (let k = 0; k < 6; k++) {
    if (mask & (1 << k)) shape.select.push(refs[k]!)
    const condition = digit(4)
    if (condition) shape.where.push({ ref: refs[k]!, operator: operators[condition - 1]!, column: columns[k]! })
  }
  return shape
}
