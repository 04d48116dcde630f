import { facetsOf } from '../dialect/index.ts'
import type { Driver } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import { sql } from '../sql/index.ts'

type Text = ReturnType<typeof sql>

/** A lock that a connection holds, and that ends with the connection. */
export interface SessionLock {
  /** Tries to take the lock without waiting; `locked` is 1 or 0. */
  take(key: string): Text
  release(key: string): Text
  /** Describes who has the lock, as text in `holder`. */
  holder?(key: string): Text
}

const postgres: SessionLock = {
  take: (key) => sql`select case when pg_try_advisory_lock(hashtextextended(${key}, 0)) then 1 else 0 end as locked`,
  release: (key) => sql`select pg_advisory_unlock(hashtextextended(${key}, 0))`,
  holder: (key) =>
    sql`select concat('process ', a.pid, ' of the server, "', a.application_name, '", connected since ', a.backend_start) as holder from pg_locks l join pg_stat_activity a on a.pid = l.pid where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and a.datname = current_database() and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended(${key}, 0)`,
}

// The names of these locks are shared by the whole server, and at most 64 characters long.
const mysqlKey = (key: string) => sql`concat('kanta_', sha1(concat(coalesce(database(), ''), ${key})))`

const mysql: SessionLock = {
  take: (key) => sql`select get_lock(${mysqlKey(key)}, 0) as locked`,
  release: (key) => sql`select release_lock(${mysqlKey(key)})`,
  holder: (key) => sql`select concat('connection ', is_used_lock(${mysqlKey(key)}), ' of the server') as holder`,
}

const mssql: SessionLock = {
  take: (key) =>
    sql`declare @taken int; exec @taken = sp_getapplock @Resource = ${key}, @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0; select case when @taken >= 0 then 1 else 0 end as locked`,
  release: (key) => sql`exec sp_releaseapplock @Resource = ${key}, @LockOwner = 'Session'`,
}

/** The session locks of the databases that have them. */
export const sessionLocks = facetsOf<SessionLock>('A lock of a connection', {
  sqlite: undefined,
  postgres,
  mysql,
  mariadb: mysql,
  mssql,
})

/**
 * Checks that the driver's connections are sessions of the server, which hold locks.
 *
 * @throws KantaError `unsupported` if a pooler may give each transaction another session.
 */
export function checkSessions(driver: Driver, user: string, other = 'connect to the server itself'): void {
  if (driver.lacksSessions?.() === true)
    throw new KantaError(
      'unsupported',
      `${user} needs a lock of a session of the server, and a pooler is in between. ${other[0]!.toUpperCase()}${other.slice(1)}, or set pg({ pooler: 'session' }) if that is the mode of the pooler.`,
    )
}
