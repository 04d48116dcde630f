import pg from 'pg'
import { inject } from 'vitest'
import { pg as driver } from '../../src/driver/pg/index.ts'
import type { Engine } from './engine.ts'

const server = inject('servers').postgres
let next = 0

/** PostgreSQL, a database of its own for each test that asks. */
export const postgres: Engine = {
  name: 'postgres',
  dialect: 'postgres',
  missing: 'missing' in server ? server.missing : undefined,
  create: async () => {
    if ('missing' in server) throw new Error(server.missing)
    const database = `test_${process.pid}_${next++}`
    const run = async (sql: string): Promise<void> => {
      const client = new pg.Client({ ...server })
      await client.connect()
      await client.query(sql)
      await client.end()
    }
    await run(`create database ${database}`)
    return {
      database,
      driver: ({ max = 4 } = {}) => driver({ ...server, database, max }),
      drop: () => run(`drop database ${database} with (force)`),
    }
  },
}
