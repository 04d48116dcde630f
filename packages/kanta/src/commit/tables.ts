import type { Session } from '../connect/index.ts'
import { type DatabaseHandle, table, withoutPlugins } from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { primaryKey, type TablesOf } from '../table/index.ts'

/**
 * The coordinator that decides for an owner, in the home: itself, or another that took over. Nothing else
 * changes the row, so that a transaction of any isolation level can lock it for its decision.
 */
export const owners = table('kanta_commit_owner', (c) => ({
  owner: c.varchar(16).primaryKey(),
  keeper: c.varchar(16),
}))

/** The progress of a coordinator, in each database; in the home, the beat shows that it is alive. */
export const progress = table('kanta_commit_progress', (c) => ({
  owner: c.varchar(16).primaryKey(),
  beat: c.bigint(),
  /** All transactions of the owner with a lower number have ended in every database. */
  floor: c.bigint(),
}))

/**
 * The transactions that are committed here and perhaps not yet in other databases. In the home such a row is the
 * decision, elsewhere it is the mark of what was committed.
 */
export const transactions = table(
  'kanta_commit',
  (c) => ({
    owner: c.varchar(16),
    number: c.bigint(),
    /** The databases that take part, as a JSON array of their names. */
    layers: c.text(),
    /** In the home: the statements of databases that cannot prepare, by their names, as JSON. */
    redo: c.text().nullable(),
    /** In the home: why it cannot be ended. */
    problem: c.text().nullable(),
  }),
  (t) => [primaryKey([t.owner, t.number])],
)

/** The one row in the home that tells these databases apart from others on the same servers. */
export const pools = table('kanta_commit_pool', (c) => ({ id: c.varchar(16).primaryKey() }))

/** The locks, in the home. A row stays when its lock is free, so that its token only rises. */
export const locks = table('kanta_lock', (c) => ({
  key: c.varchar(255).primaryKey(),
  owner: c.varchar(16).nullable(),
  beat: c.bigint(),
  token: c.bigint(),
  /** Milliseconds. */
  ttl: c.integer(),
}))

/** The highest token that has come to a database other than the home. */
export const fences = table('kanta_fence', (c) => ({ key: c.varchar(255).primaryKey(), token: c.bigint() }))

export type CommitTables = TablesOf<{
  owners: typeof owners
  progress: typeof progress
  transactions: typeof transactions
  pools: typeof pools
  locks: typeof locks
  fences: typeof fences
}>

/** A database as Kanta's own statements use it: without plugins and with the tables of commits. */
export type OwnDatabase = Database<CommitTables>

export const own = (db: DatabaseHandle, session?: Session): OwnDatabase =>
  withoutPlugins(db, session) as unknown as OwnDatabase
