/** By hand: a pool of the library, statements prepared by name, mappers written out. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import {
  chunkSize,
  type LogLine,
  type MariadbAddress,
  type Measurement,
  type PostgresAddress,
  poolSize,
} from './data.ts'

export function postgresPool({ host, port, user, database }: PostgresAddress): pg.Pool {
  const pool = new pg.Pool({ host, port, user, database, max: poolSize })
  // Its end does not wait until the server has heard of it, and one that stops meanwhile tells the connections.
  pool.on('error', () => {})
  return pool
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }
const escaped = (text: string): string => text.replace(/[\\\t\n\r]/g, (sign) => escapes[sign]!)

export function openPostgres(address: PostgresAddress) {
  const pool = postgresPool(address)
  const unnest = `insert into measurement (station, sensor, value, valid, taken_at, meta)
    select * from unnest($1::integer[], $2::text[], $3::double precision[], $4::boolean[], $5::timestamptz[], $6::jsonb[])`

  return {
    point: async (id: number) =>
      (await pool.query({ name: 'point', text: 'select id, name from city where id = $1', values: [id] })).rows[0],
    insertUnnest(rows: readonly Measurement[]) {
      const values: unknown[][] = [[], [], [], [], [], []]
      for (const row of rows) {
        values[0]!.push(row.station)
        values[1]!.push(row.sensor)
        values[2]!.push(row.value)
        values[3]!.push(row.valid)
        values[4]!.push(row.taken_at)
        values[5]!.push(JSON.stringify(row.meta))
      }
      return pool.query({ name: 'unnest', text: unnest, values })
    },
    async insertCopy(rows: readonly Measurement[]) {
      const client = await pool.connect()
      try {
        let text = ''
        for (const row of rows) {
          const meta = escaped(JSON.stringify(row.meta))
          text += `${row.station}\t${escaped(row.sensor)}\t${row.value}\t${row.valid}\t${row.taken_at.toISOString()}\t${meta}\n`
        }
        const into = client.query(
          copyFrom('copy measurement (station, sensor, value, valid, taken_at, meta) from stdin'),
        )
        await pipeline(Readable.from([text]), into)
      } finally {
        client.release()
      }
    },
    measurements: async () =>
      (await pool.query('select station, sensor, value, valid, taken_at, meta from measurement')).rows,
    clear: () => pool.query('truncate measurement'),
    async log(rows: number, see: (line: LogLine) => void) {
      const client = await pool.connect()
      try {
        const cursor = client.query(
          new Cursor<LogLine>('select id, message, amount, at from log where id <= $1', [rows]),
        )
        for (;;) {
          const chunk = await cursor.read(chunkSize)
          if (chunk.length === 0) break
          for (const line of chunk) see(line)
        }
        await cursor.close()
      } finally {
        client.release()
      }
    },
    close: () => pool.end(),
  }
}

export const mariadbPool = ({ host, port, user, password, database }: MariadbAddress) =>
  mysql.createPool({ host, port, user, password, database, connectionLimit: poolSize })

export function openMariadb(address: MariadbAddress) {
  const pool = mariadbPool(address)
  return {
    point: async (id: number) =>
      (await pool.execute<mysql.RowDataPacket[]>('select id, name from city where id = ?', [id]))[0][0],
    close: () => pool.end(),
  }
}
