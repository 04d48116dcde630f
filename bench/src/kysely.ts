/** Kysely over its SqliteDialect, as its documentation uses it. */
import { CamelCasePlugin, Kysely, SqliteDialect } from 'kysely'
import { openDatabase, toEvent } from './by-hand.ts'
import { type City, cities, type Reading, type StoredEvent, shapeOf, type Visit } from './data.ts'

interface DB {
  region: { id: number; name: string }
  country: { id: number; name: string; region_id: number }
  city: City
  landmark: { id: number; city_id: number }
  reading: Reading
  event: StoredEvent
}

export function open() {
  const database = openDatabase()
  const db = new Kysely<DB>({ dialect: new SqliteDialect({ database }) })
  const camel = new Kysely<{ visit: Visit }>({
    dialect: new SqliteDialect({ database }),
    plugins: [new CamelCasePlugin()],
  })

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
    clear: () => database.exec('delete from reading'),
    events: async () =>
      (await db.selectFrom('event').select(['id', 'name', 'active', 'at', 'meta', 'score']).execute()).map(toEvent),
    visits: () =>
      camel
        .selectFrom('visit')
        .select(['visitId', 'cityId', 'firstName', 'lastName', 'visitedAt', 'totalSpent'])
        .execute(),
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
    close: () => database.close(),
  }
}
