import { inject } from 'vitest'
import type { Driver } from '../../src/driver/index.ts'
import { mariadb } from '../../src/driver/mysql2/index.ts'
import { pg } from '../../src/driver/pg/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'
import type { Address } from '../engine/servers.ts'

interface Endpoint {
  readonly host: string
  readonly port: number
}

/** A server whose connections are made to fail. */
export interface Server {
  readonly name: string
  readonly missing: string | undefined
  create(): Promise<{
    readonly address: Endpoint
    /** A driver that reaches the database at an address, which may be that of a proxy. */
    driver(at: Endpoint, max: number): Driver
    drop(): Promise<void>
  }>
  /** An expression that takes so many seconds. */
  sleeping(seconds: number): string
  /** A query of the statements that sleep now. */
  readonly sleepers: string
  /** A query of how many other sessions of the database run something, or are in a transaction: `n`. */
  readonly busy: string
  /** A query of the level of isolation. */
  readonly isolation: string
  readonly usualIsolation: string
}

/** The database of a place by its driver's options, which only the place knows. */
function databaseOf(address: Address): Endpoint & { readonly user: string; readonly password?: string } {
  if ('missing' in address) throw new Error(address.missing)
  return address
}

export const servers: readonly Server[] = [
  {
    name: 'postgres',
    missing: postgres.missing,
    create: async () => {
      const place = await postgres.create()
      const { user, ...address } = databaseOf(inject('servers').postgres)
      return {
        address,
        driver: ({ host, port }, max) => pg({ host, port, user, database: place.database, max }),
        drop: place.drop,
      }
    },
    sleeping: (seconds) => `(select 1 from pg_sleep(${seconds}))`,
    sleepers: `select 1 from pg_stat_activity
      where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid() and datname = current_database()`,
    busy: `select count(*)::int as n from pg_stat_activity
      where state <> 'idle' and backend_type = 'client backend' and pid <> pg_backend_pid() and datname = current_database()`,
    isolation: `select current_setting('transaction_isolation')`,
    usualIsolation: 'read committed',
  },
  {
    name: 'mariadb',
    missing: mariadbEngine.missing,
    create: async () => {
      const place = await mariadbEngine.create()
      const { user, password, ...address } = databaseOf(inject('servers').mariadb)
      return {
        address,
        driver: ({ host, port }, max) => mariadb({ host, port, user, password, database: place.database, max }),
        drop: place.drop,
      }
    },
    sleeping: (seconds) => `(sleep(${seconds}))`,
    sleepers: `select 1 from information_schema.processlist
      where info like '%sleep(%' and id <> connection_id() and db = database() and command <> 'Sleep'`,
    busy: `select count(*) as n from (select sleep(0.15) as slept) as one, information_schema.processlist as p
      left join information_schema.innodb_trx as x on x.trx_mysql_thread_id = p.id
      where p.id <> connection_id() and p.db = database() and (p.command <> 'Sleep' or x.trx_id is not null)`,
    // What it tells of transactions is up to 0.1 s old.
    isolation: `select case @@in_transaction when 1 then trx_isolation_level else @@tx_isolation end from (select sleep(0.15) as slept) as one
      left join information_schema.innodb_trx on trx_mysql_thread_id = connection_id()`,
    usualIsolation: 'repeatable read',
  },
]
