/** Drizzle over its better-sqlite3 driver, in its normal fluent use (no `.prepare()`). */
import { and, asc, eq, exists, gte, inArray, lte, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { customType, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { openDatabase } from './by-hand.ts'
import type { City, Event, Reading } from './data.ts'

const isoDate = customType<{ data: Date; driverData: string }>({
  dataType: () => 'text',
  fromDriver: (value) => new Date(value),
  toDriver: (value) => value.toISOString(),
})

const region = sqliteTable('region', { id: integer().primaryKey(), name: text().notNull() })
const country = sqliteTable('country', {
  id: integer().primaryKey(),
  name: text().notNull(),
  region_id: integer().notNull(),
})
const city = sqliteTable('city', {
  id: integer().primaryKey(),
  name: text().notNull(),
  country_id: integer().notNull(),
  population: integer().notNull(),
  elevation: integer().notNull(),
  timezone: text().notNull(),
})
const landmark = sqliteTable('landmark', { id: integer().primaryKey(), city_id: integer().notNull() })
const reading = sqliteTable('reading', {
  station: integer().notNull(),
  sensor: integer().notNull(),
  value: integer().notNull(),
  unit: text().notNull(),
  taken_at: text().notNull(),
  note: text().notNull(),
})
const event = sqliteTable('event', {
  id: integer().primaryKey(),
  name: text().notNull(),
  active: integer({ mode: 'boolean' }).notNull(),
  at: isoDate().notNull(),
  meta: text({ mode: 'json' }).$type<Event['meta']>().notNull(),
  score: integer().notNull(),
})
const visit = sqliteTable('visit', {
  visitId: integer('visit_id').primaryKey(),
  cityId: integer('city_id').notNull(),
  firstName: text('first_name').notNull(),
  lastName: text('last_name').notNull(),
  visitedAt: text('visited_at').notNull(),
  totalSpent: integer('total_spent').notNull(),
})

export function open() {
  const database = openDatabase()
  const db = drizzle(database)

  const simple = (id: number) => db.select({ id: city.id, name: city.name }).from(city).where(eq(city.id, id))

  const join = (ids: number[]) =>
    db
      .select({ id: city.id, name: city.name, country: country.name, region: region.name })
      .from(city)
      .innerJoin(country, eq(country.id, city.country_id))
      .innerJoin(region, eq(region.id, country.region_id))
      .where(
        and(
          inArray(city.id, ids),
          exists(db.select({ id: landmark.id }).from(landmark).where(eq(landmark.city_id, city.id))),
        ),
      )
      .orderBy(asc(city.name))
      .limit(20)

  const compiled = ({ sql, params }: { sql: string; params: unknown[] }) => ({ sql, parameters: params })

  return {
    simple,
    join,
    compileSimple: (id: number) => compiled(simple(id).toSQL()),
    compileJoin: (ids: number[]) => compiled(join(ids).toSQL()),
    point: (id: number) => db.select({ id: city.id, name: city.name }).from(city).where(eq(city.id, id)).get(),
    insertOne: (row: Reading) => db.insert(reading).values(row).run(),
    insertMany: (rows: readonly Reading[]) =>
      db
        .insert(reading)
        .values(rows as Reading[])
        .run(),
    readings: () => db.select().from(reading).all(),
    clear: () => database.exec('delete from reading'),
    events: () => db.select().from(event).all(),
    visits: () => db.select().from(visit).all(),
    fixed: (c: City) =>
      db
        .select({ id: city.id, name: city.name })
        .from(city)
        .where(
          and(
            eq(city.id, c.id),
            eq(city.name, c.name),
            gte(city.population, c.population),
            gte(city.elevation, c.elevation),
          ),
        )
        .get(),
    chosen(c: City, mask: number) {
      const conditions: SQL[] = [eq(city.id, c.id)]
      if (mask & 1) conditions.push(eq(city.name, c.name))
      if (mask & 2) conditions.push(eq(city.country_id, c.country_id))
      if (mask & 4) conditions.push(gte(city.population, c.population))
      if (mask & 8) conditions.push(lte(city.population, c.population))
      if (mask & 16) conditions.push(gte(city.elevation, c.elevation))
      if (mask & 32) conditions.push(eq(city.timezone, c.timezone))
      return db
        .select({ id: city.id, name: city.name })
        .from(city)
        .where(and(...conditions))
        .get()
    },
    close: () => database.close(),
  }
}
