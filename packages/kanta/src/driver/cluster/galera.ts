import { facetsOf } from '../../dialect/index.ts'
import type { Connection } from '../driver.ts'

/** The membership of a machine in a cluster. */
export interface Membership {
  /** Returns `ready` if the machine is part of its cluster, or `undefined` if it has no cluster. */
  state(connection: Connection): Promise<'ready' | 'detached' | undefined>
  /** Makes the connection see what was committed on other machines before. */
  waitForOthers(connection: Connection): unknown
}

const GALERA = "show status where variable_name in ('wsrep_provider_name', 'wsrep_ready')"

/** Makes reads, updates and inserts wait for earlier commits on other nodes: bits 1, 2 and 4. */
const WAIT = 'set session wsrep_sync_wait = 7'

async function stateOf(connection: Connection): Promise<'ready' | 'detached' | undefined> {
  const rows = await connection.all(GALERA, [])
  const status = new Map(rows.map((row) => Object.values(row as object) as [string, string]))
  // MariaDB without Galera has these variables, too.
  if ((status.get('wsrep_provider_name') ?? '') === '') return undefined
  return status.get('wsrep_ready') === 'ON' ? 'ready' : 'detached'
}

const galera: Membership = { state: stateOf, waitForOthers: (connection) => connection.run(WAIT, []) }

export const memberships = facetsOf<Membership>('multiPrimary()', {
  sqlite: undefined,
  postgres: undefined,
  mysql: galera,
  mariadb: galera,
  mssql: undefined,
})
