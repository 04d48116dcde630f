import { afterEach, beforeEach, describe } from 'vitest'
import type { Session } from '../../src/connect/session.ts'
import type { Transaction } from '../../src/connect/transaction.ts'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { temporaryFolder } from '../conformance/folder.ts'
import { faulty } from './faulty.ts'
import { Harness } from './harness.ts'

const drivers: readonly [string, (path: string) => Driver][] = [
  ['node:sqlite', (path) => sqlite({ path, busyTimeout: 0 })],
  ['better-sqlite3', (path) => betterSqlite3({ path, busyTimeout: 0 })],
  ['answers later', (path) => faulty(sqlite({ path, busyTimeout: 0 }), { later: true })],
]
const cases = drivers.flatMap(([name, make]) =>
  (['memory', 'file'] as const).map((place) => [name, place, make] as const),
)

/** A database with a table `t`, opened anew for each test. */
export interface Each {
  readonly db: Harness
  readonly place: 'memory' | 'file'
  make(path: string): Driver
  rows(session?: Session): Promise<unknown[]>
  add(a: number, transaction?: Transaction): Promise<void>
}

/** Runs tests on both libraries, and on one that answers with promises, in memory and on files. */
export function onEachDatabase(tests: (each: Each) => void): void {
  describe.each(cases)('%s (%s)', (_name, place, make) => {
    const folder = temporaryFolder()
    const db = new Harness()
    beforeEach(async () => {
      db.open(make(place === 'memory' ? ':memory:' : folder.path('transaction.db')), { acquireTimeout: 2000 })
      await db.run('create table t (a integer primary key)')
    })
    // It hangs, and fails, if any connection has not been given back.
    afterEach(() => db.pool.destroy())
    tests({
      db,
      place,
      make,
      rows: (session = db.session) => db.read('select a from t order by a', session),
      add: (a, transaction) => db.run(`insert into t values (${a})`, transaction?.session),
    })
  })
}
