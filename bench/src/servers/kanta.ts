/** Kanta over its own drivers, from its built package, as a user writes it. */
import { kanta, table } from 'kanta'
import { copyFrom, pg } from 'kanta/pg'
import {
  chunkSize,
  type LogLine,
  type MariadbAddress,
  type Measurement,
  type PostgresAddress,
  poolSize,
} from './data.ts'

const city = table('city', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  country_id: c.integer(),
  population: c.integer(),
  elevation: c.integer(),
  timezone: c.text(),
}))
const measurement = table('measurement', (c) => ({
  station: c.integer(),
  sensor: c.text(),
  value: c.real(),
  valid: c.boolean(),
  taken_at: c.timestamp(),
  meta: c.json<Measurement['meta']>(),
}))
const log = table('log', (c) => ({ id: c.integer(), message: c.text(), amount: c.integer(), at: c.timestamp() }))

export function openPostgres({ host, port, user, database }: PostgresAddress) {
  const driver = pg({ host, port, user, database, max: poolSize })
  const db = kanta({ driver, schema: { city, measurement, log } })
  return {
    point: (id: number) => db.selectFrom('city').select(['id', 'name']).where('id', '=', id).executeTakeFirst(),
    insert: (rows: readonly Measurement[]) => db.insertInto('measurement').values(rows).execute(),
    insertCopy: (rows: readonly Measurement[]) => copyFrom(driver, measurement, rows),
    async log(rows: number, see: (line: LogLine) => void) {
      const lines = db
        .selectFrom('log')
        .select(['id', 'message', 'amount', 'at'])
        .where('id', '<=', rows)
        .stream(chunkSize)
      for await (const line of lines) see(line)
    },
    close: () => db.destroy(),
  }
}

export async function openMariadb({ host, port, user, password, database }: MariadbAddress) {
  const { mariadb } = await import('kanta/mysql2')
  const db = kanta({ driver: mariadb({ host, port, user, password, database, max: poolSize }), schema: { city } })
  return {
    point: (id: number) => db.selectFrom('city').select(['id', 'name']).where('id', '=', id).executeTakeFirst(),
    close: () => db.destroy(),
  }
}
