/** The interface of a synchronous library of SQLite: four methods, which any binding can provide. */
export interface SqliteAdapter {
  /** Executes a statement that returns no rows. */
  exec(sql: string, ...params: unknown[]): void
  /** Returns the rows of a statement as objects. The store reads them to the end before anything else runs. */
  iterate<T = Record<string, unknown>>(sql: string, ...params: unknown[]): Iterable<T>
  /** Runs a function in a transaction: if it throws, everything that it did is undone. */
  transaction<R>(fn: () => R): R
  close(): void
  /** The bytes of the parts into which larger records are split, if the database limits the size of a row. */
  readonly partBytes?: number | undefined
}

/** The part of a database of `better-sqlite3` that the adapter uses. */
export interface BetterSqlite3Database {
  prepare(sql: string): BetterSqlite3Statement
  transaction<R>(fn: () => R): (() => R) & { immediate(): R }
  close(): unknown
}

/** A statement of `better-sqlite3`. */
export interface BetterSqlite3Statement {
  run(...params: unknown[]): unknown
  all(...params: unknown[]): unknown[]
}

/**
 * Returns the adapter of a database of `better-sqlite3`.
 *
 * @example
 * ```ts
 * import Database from 'better-sqlite3'
 * import { createSqliteStore, fromBetterSqlite3 } from 'kanta/store'
 *
 * const store = createSqliteStore(fromBetterSqlite3(new Database(':memory:')))
 * await store.close()
 * ```
 */
export function fromBetterSqlite3(db: BetterSqlite3Database): SqliteAdapter {
  const prepared = statements((sql) => db.prepare(sql))
  return {
    exec: (sql, ...params) => void prepared(sql).run(...params),
    iterate: <T>(sql: string, ...params: unknown[]) => prepared(sql).all(...params) as T[],
    transaction: (fn) => db.transaction(fn).immediate(),
    close: () => void db.close(),
  }
}

/** The part of a database of `bun:sqlite` that the adapter uses. */
export interface BunSqliteDatabase {
  prepare(sql: string): BetterSqlite3Statement
  transaction<R>(fn: () => R): (() => R) & { immediate(): R }
  close(): unknown
}

/**
 * Returns the adapter of a database of `bun:sqlite`. It waits for other processes that write, up to five seconds, unless
 * the database has a time of its own.
 */
export function fromBunSqlite(db: BunSqliteDatabase): SqliteAdapter {
  const adapter = fromBetterSqlite3(db)
  waitForOthers(adapter)
  return adapter
}

/** The part of a database of `node:sqlite` that the adapter uses. */
export interface NodeSqliteDatabase {
  readonly isTransaction: boolean
  prepare(sql: string): { run(...params: never[]): unknown; all(...params: never[]): unknown[] }
  exec(sql: string): void
  close(): void
}

/**
 * Returns the adapter of a database of `node:sqlite`. It waits for other processes that write, up to five seconds,
 * unless the database has a time of its own.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from 'node:sqlite'
 * import { createSqliteStore, fromNodeSqlite } from 'kanta/store'
 *
 * const store = createSqliteStore(fromNodeSqlite(new DatabaseSync(':memory:')))
 * await store.close()
 * ```
 */
export function fromNodeSqlite(db: NodeSqliteDatabase): SqliteAdapter {
  const prepared = statements((sql) => db.prepare(sql))
  const adapter: SqliteAdapter = {
    exec: (sql, ...params) => void prepared(sql).run(...(params as never[])),
    iterate: <T>(sql: string, ...params: unknown[]) => prepared(sql).all(...(params as never[])) as T[],
    transaction: (fn) => {
      const [begin, commit, undo] = db.isTransaction
        ? ['savepoint kanta_store', 'release kanta_store', 'rollback to kanta_store; release kanta_store']
        : ['begin immediate', 'commit', 'rollback']
      db.exec(begin!)
      try {
        const result = fn()
        db.exec(commit!)
        return result
      } catch (error) {
        // Some errors, such as a full disk, have ended the transaction already.
        if (db.isTransaction) db.exec(undo!)
        throw error
      }
    },
    close: () => db.close(),
  }
  waitForOthers(adapter)
  return adapter
}

/** The state of a Durable Object, as far as the adapter uses it. */
export interface DurableObjectContext {
  readonly storage: {
    readonly sql: { exec(sql: string, ...params: unknown[]): { toArray(): unknown[] } }
    transactionSync<R>(fn: () => R): R
  }
}

/** A value of a Durable Object has at most 2 MB; records above this size are split. */
const DURABLE_OBJECT_PART = 1 << 20

/**
 * Returns the adapter of the SQLite database of a Durable Object. Records above 1 MiB are split into parts, since the
 * platform limits the size of a row.
 *
 * @example
 * ```ts
 * import { createSqliteStore, type DurableObjectContext, fromDurableObject } from 'kanta/store'
 *
 * const storeOf = (ctx: DurableObjectContext) => createSqliteStore(fromDurableObject(ctx))
 * ```
 */
export function fromDurableObject(ctx: DurableObjectContext): SqliteAdapter {
  const { storage } = ctx
  return {
    exec: (sql, ...params) => void storage.sql.exec(sql, ...params),
    // An open cursor would see rows that are appended later.
    iterate: <T>(sql: string, ...params: unknown[]) => storage.sql.exec(sql, ...params).toArray() as T[],
    transaction: (fn) => storage.transactionSync(fn),
    close: () => {},
    partBytes: DURABLE_OBJECT_PART,
  }
}

/** The most statements that an adapter keeps prepared: a store has about a dozen. */
const MOST_STATEMENTS = 64

/** Keeps the prepared statements of some texts. */
function statements<S>(prepare: (sql: string) => S): (sql: string) => S {
  const kept = new Map<string, S>()
  return (sql) => {
    let statement = kept.get(sql)
    if (statement === undefined) {
      if (kept.size >= MOST_STATEMENTS) kept.clear()
      statement = prepare(sql)
      kept.set(sql, statement)
    }
    return statement
  }
}

/** Lets a database wait for the writers of other processes, which by default would be an error. */
function waitForOthers(adapter: SqliteAdapter): void {
  const [row] = adapter.iterate('pragma busy_timeout')
  if (Object.values(row ?? {})[0] === 0) for (const _ of adapter.iterate('pragma busy_timeout = 5000')) break
}
