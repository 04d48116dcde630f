/** By hand: statements prepared once and held, mappers written out. */
import { DatabaseSync } from 'node:sqlite'
import Database from 'better-sqlite3'
import {
  type City,
  type Engine,
  type Event,
  pragmas,
  type Reading,
  readings,
  type StoredEvent,
  setup,
  type Visit,
} from './data.ts'

/** What both libraries have. */
interface Handle {
  exec(sql: string): unknown
  prepare(sql: string): Statement
  close(): unknown
}
interface Statement {
  setReturnArrays?(on: boolean): void
  get(...parameters: unknown[]): unknown
  all(...parameters: unknown[]): unknown[]
  run(...parameters: unknown[]): unknown
}

/** A database in memory with the tables and their rows. */
export function openDatabase(): Database.Database {
  const database = new Database(':memory:')
  for (const statement of [pragmas, ...setup]) database.exec(statement)
  return database
}

function openNode(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  for (const statement of [pragmas, ...setup]) database.exec(statement)
  return database
}

export const toEvent = (row: StoredEvent): Event => ({
  id: row.id,
  name: row.name,
  active: row.active === 1,
  at: new Date(row.at),
  meta: JSON.parse(row.meta),
  score: row.score,
})

const toVisit = (row: any): Visit => ({
  visitId: row.visit_id,
  cityId: row.city_id,
  firstName: row.first_name,
  lastName: row.last_name,
  visitedAt: row.visited_at,
  totalSpent: row.total_spent,
})

/** The same from rows as arrays, which node:sqlite reads faster than it makes its objects. */
const readingOf = (r: any[]): Reading => ({
  station: r[0],
  sensor: r[1],
  value: r[2],
  unit: r[3],
  taken_at: r[4],
  note: r[5],
})
const eventOf = (r: any[]): Event => ({
  id: r[0],
  name: r[1],
  active: r[2] === 1,
  at: new Date(r[3]),
  meta: JSON.parse(r[4]),
  score: r[5],
})
const visitOf = (r: any[]): Visit => ({
  visitId: r[0],
  cityId: r[1],
  firstName: r[2],
  lastName: r[3],
  visitedAt: r[4],
  totalSpent: r[5],
})

export function open(engine: Engine) {
  const database = (engine === 'node:sqlite' ? openNode() : openDatabase()) as unknown as Handle
  const point = database.prepare('select id, name from city where id = ?')
  const fixed = database.prepare(
    'select id, name from city where id = ? and name = ? and population >= ? and elevation >= ?',
  )
  const into = 'insert into reading (station, sensor, value, unit, taken_at, note) values'
  const insert = database.prepare(`${into} (?, ?, ?, ?, ?, ?)`)
  const insertMany = database.prepare(`${into} ${readings.map(() => '(?, ?, ?, ?, ?, ?)').join(', ')}`)
  const begin = database.prepare('begin')
  const commit = database.prepare('commit')
  const texts = {
    readings: 'select station, sensor, value, unit, taken_at, note from reading',
    events: 'select id, name, active, at, meta, score from event',
    visits: 'select visit_id, city_id, first_name, last_name, visited_at, total_spent from visit',
  }
  const allReadings = database.prepare(texts.readings)
  const events = database.prepare(texts.events)
  const visits = database.prepare(texts.visits)
  const asArrays = (text: string) => {
    const statement = database.prepare(text)
    statement.setReturnArrays!(true)
    return () => statement.all() as any[][]
  }
  const kept = new Map<string, Statement>()
  const insertOne = (r: Reading) => insert.run(r.station, r.sensor, r.value, r.unit, r.taken_at, r.note)

  return {
    point: (id: number) => point.get(id),
    insertOne,
    insertLoop(rows: readonly Reading[]) {
      begin.run()
      for (const row of rows) insertOne(row)
      commit.run()
    },
    insertValues(rows: readonly Reading[]) {
      const values: unknown[] = []
      for (const r of rows) values.push(r.station, r.sensor, r.value, r.unit, r.taken_at, r.note)
      insertMany.run(...values)
    },
    readings: () => allReadings.all(),
    clear: () => database.exec('delete from reading'),
    events: () => (events.all() as StoredEvent[]).map(toEvent),
    visits: () => visits.all().map(toVisit),
    /** The same, read as arrays. */
    arrays() {
      const readings = asArrays(texts.readings)
      const events = asArrays(texts.events)
      const visits = asArrays(texts.visits)
      return {
        readings: () => readings().map(readingOf),
        events: () => events().map(eventOf),
        visits: () => visits().map(visitOf),
      }
    },
    fixed: (c: City) => fixed.get(c.id, c.name, c.population, c.elevation),
    /** Text put together, statements kept by their text. */
    chosen(c: City, mask: number) {
      let text = 'select id, name from city where id = ?'
      const values: unknown[] = [c.id]
      const and = (condition: string, value: unknown) => {
        text += ` and ${condition}`
        values.push(value)
      }
      if (mask & 1) and('name = ?', c.name)
      if (mask & 2) and('country_id = ?', c.country_id)
      if (mask & 4) and('population >= ?', c.population)
      if (mask & 8) and('population <= ?', c.population)
      if (mask & 16) and('elevation >= ?', c.elevation)
      if (mask & 32) and('timezone = ?', c.timezone)
      let statement = kept.get(text)
      if (!statement) {
        statement = database.prepare(text)
        kept.set(text, statement)
      }
      return statement.get(...values)
    },
    close: () => database.close(),
  }
}
