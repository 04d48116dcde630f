/** Drizzle over its drivers, in its normal fluent use (no `.prepare()`). It has no streams of PostgreSQL's rows. */
import { eq } from 'drizzle-orm'
import * as my from 'drizzle-orm/mysql-core'
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2'
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres'
import * as pg from 'drizzle-orm/pg-core'
import { mariadbPool, postgresPool } from './by-hand.ts'
import type { MariadbAddress, Measurement, PostgresAddress } from './data.ts'

const pgCity = pg.pgTable('city', { id: pg.integer().primaryKey(), name: pg.varchar({ length: 100 }).notNull() })
const measurement = pg.pgTable('measurement', {
  station: pg.integer().notNull(),
  sensor: pg.text().notNull(),
  value: pg.doublePrecision().notNull(),
  valid: pg.boolean().notNull(),
  taken_at: pg.timestamp({ withTimezone: true }).notNull(),
  meta: pg.jsonb().$type<Measurement['meta']>().notNull(),
})
const myCity = my.mysqlTable('city', { id: my.int().primaryKey(), name: my.varchar({ length: 100 }).notNull() })

export function openPostgres(address: PostgresAddress) {
  const pool = postgresPool(address)
  const db = drizzlePg(pool)
  return {
    point: async (id: number) =>
      (await db.select({ id: pgCity.id, name: pgCity.name }).from(pgCity).where(eq(pgCity.id, id)))[0],
    insert: (rows: readonly Measurement[]) => db.insert(measurement).values(rows as Measurement[]),
    close: () => pool.end(),
  }
}

export function openMariadb(address: MariadbAddress) {
  const pool = mariadbPool(address)
  const db = drizzleMysql(pool)
  return {
    point: async (id: number) =>
      (await db.select({ id: myCity.id, name: myCity.name }).from(myCity).where(eq(myCity.id, id)))[0],
    close: () => pool.end(),
  }
}
