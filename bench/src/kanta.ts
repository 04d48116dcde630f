/** Kanta, from its built package, as a user writes it. The only file here that imports it, but for `first-use`. */
import { kanta, sql, table } from 'kanta'
import { type City, cities, type Engine, type Event, type Reading, setup, shapeOf, type Visit } from './data.ts'

const region = table('region', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
const country = table('country', (c) => ({ id: c.integer().primaryKey(), name: c.text(), region_id: c.integer() }))
const city = table('city', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  country_id: c.integer(),
  population: c.integer(),
  elevation: c.integer(),
  timezone: c.text(),
}))
const landmark = table('landmark', (c) => ({ id: c.integer().primaryKey(), city_id: c.integer() }))
const reading = table('reading', (c) => ({
  station: c.integer(),
  sensor: c.integer(),
  value: c.integer(),
  unit: c.text(),
  taken_at: c.text(),
  note: c.text(),
}))
const event = table('event', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  active: c.boolean(),
  at: c.timestamp(),
  meta: c.json<Event['meta']>(),
  score: c.integer(),
}))
const schema = { region, country, city, landmark, reading, event }

/** A driver of a database in memory. Each is imported when asked for, so that one works without the other. */
async function driver(engine: Engine) {
  if (engine === 'node:sqlite') return (await import('kanta/sqlite')).sqlite(':memory:')
  return (await import('kanta/better-sqlite3')).betterSqlite3(':memory:')
}

/** With the plugin for camel case; the rest is in `open`. */
export async function openCamel(engine: Engine) {
  const { camelCase } = await import('kanta/plugins')
  const db = kanta<{ visit: Visit }>({ driver: await driver(engine), plugins: [camelCase()] })
  for (const statement of setup) await sql.raw(statement).execute(db)
  return {
    visits: () =>
      db
        .selectFrom('visit')
        .select(['visitId', 'cityId', 'firstName', 'lastName', 'visitedAt', 'totalSpent'])
        .execute(),
    close: () => db.destroy(),
  }
}

export async function open(engine: Engine) {
  const db = kanta({ driver: await driver(engine), schema })
  for (const statement of setup) await sql.raw(statement).execute(db)

  const simple = (id: number) => db.selectFrom('city').select(['id', 'name']).where('id', '=', id)

  const join = (ids: number[]) =>
    db
      .selectFrom('city')
      .innerJoin('country', 'country.id', 'city.country_id')
      .innerJoin('region', 'region.id', 'country.region_id')
      .select(['city.id', 'city.name', 'country.name as country', 'region.name as region'])
      .where('city.id', 'in', ids)
      .where(({ exists, selectFrom }) =>
        exists(selectFrom('landmark').select('landmark.id').whereRef('landmark.city_id', '=', 'city.id')),
      )
      .orderBy('city.name')
      .limit(20)

  const shape = (i: number) => {
    const { table, id, select, where } = shapeOf(i)
    const city = cities[i % 10_000]!
    let query = db.selectFrom(table).select(select).where(id, '=', city.id)
    for (const { ref, operator, column } of where) query = query.where(ref, operator, city[column])
    return query
  }

  return {
    simple,
    join,
    compileSimple: (id: number) => simple(id).compile(),
    compileJoin: (ids: number[]) => join(ids).compile(),
    point: (id: number) => db.selectFrom('city').select(['id', 'name']).where('id', '=', id).executeTakeFirst(),
    insertOne: (row: Reading) => db.insertInto('reading').values(row).execute(),
    insertMany: (rows: readonly Reading[]) => db.insertInto('reading').values(rows).execute(),
    readings: () =>
      db.selectFrom('reading').select(['station', 'sensor', 'value', 'unit', 'taken_at', 'note']).execute(),
    clear: () => sql`delete from reading`.execute(db),
    events: () => db.selectFrom('event').select(['id', 'name', 'active', 'at', 'meta', 'score']).execute(),
    fixed: (c: City) =>
      db
        .selectFrom('city')
        .select(['id', 'name'])
        .where('id', '=', c.id)
        .where('name', '=', c.name)
        .where('population', '>=', c.population)
        .where('elevation', '>=', c.elevation)
        .executeTakeFirst(),
    chosen(c: City, mask: number) {
      let query = db.selectFrom('city').select(['id', 'name']).where('id', '=', c.id)
      if (mask & 1) query = query.where('name', '=', c.name)
      if (mask & 2) query = query.where('country_id', '=', c.country_id)
      if (mask & 4) query = query.where('population', '>=', c.population)
      if (mask & 8) query = query.where('population', '<=', c.population)
      if (mask & 16) query = query.where('elevation', '>=', c.elevation)
      if (mask & 32) query = query.where('timezone', '=', c.timezone)
      return query.executeTakeFirst()
    },
    compileShape: (i: number) => shape(i).compile(),
    runShape: (i: number) => shape(i).execute(),
    close: () => db.destroy(),
  }
}
