import { inject } from 'vitest'
import { mariadb } from '../../src/driver/mysql2/index.ts'
import { type Engine, script } from './engine.ts'

const server = inject('servers').mariadb

let databases = 0

/** A real MariaDB, with a database of its own for each that is asked for. */
export const mariadbEngine: Engine = {
  name: 'mariadb',
  dialect: 'mariadb',
  missing: 'missing' in server ? server.missing : undefined,
  create: async () => {
    if ('missing' in server) throw new Error(server.missing)
    const database = `kanta_${process.pid}_${databases++}`
    const admin = (sql: string): Promise<void> => script(mariadb({ ...server, max: 1 }), [sql])
    await admin(`create database ${database} character set utf8mb4 collate utf8mb4_bin`)
    return {
      database,
      driver: ({ max = 4 } = {}) => mariadb({ ...server, database, max }),
      drop: () => admin(`drop database ${database}`),
    }
  },
}
