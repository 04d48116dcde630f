/** Kysely over its own dialects, as its documentation uses them. */
import { Kysely, MysqlDialect, PostgresDialect } from 'kysely'
import mysql from 'mysql2'
import Cursor from 'pg-cursor'
import type { City } from '../data.ts'
import { postgresPool } from './by-hand.ts'
import {
  chunkSize,
  type LogLine,
  type MariadbAddress,
  type Measurement,
  type PostgresAddress,
  poolSize,
} from './data.ts'

interface DB {
  city: City
  measurement: Measurement
  log: LogLine
}

const queries = (db: Kysely<DB>) => ({
  point: (id: number) => db.selectFrom('city').select(['id', 'name']).where('id', '=', id).executeTakeFirst(),
  insert: (rows: readonly Measurement[]) => db.insertInto('measurement').values(rows).execute(),
  async log(rows: number, see: (line: LogLine) => void) {
    const lines = db
      .selectFrom('log')
      .select(['id', 'message', 'amount', 'at'])
      .where('id', '<=', rows)
      .stream(chunkSize)
    for await (const line of lines) see(line)
  },
  close: () => db.destroy(),
})

export const openPostgres = (address: PostgresAddress) =>
  queries(new Kysely<DB>({ dialect: new PostgresDialect({ pool: postgresPool(address), cursor: Cursor }) }))

export function openMariadb({ host, port, user, password, database }: MariadbAddress) {
  const pool = mysql.createPool({ host, port, user, password, database, connectionLimit: poolSize })
  return queries(new Kysely<DB>({ dialect: new MysqlDialect({ pool }) }))
}
