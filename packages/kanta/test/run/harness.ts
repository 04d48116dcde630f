import { Pool, type PoolOptions } from '../../src/connect/pool.ts'
import { PoolSession, type Session } from '../../src/connect/session.ts'
import type { Transaction } from '../../src/connect/transaction.ts'
import type { TransactionSettings } from '../../src/dialect/index.ts'
import type { Connection, Driver, Role } from '../../src/driver/index.ts'
import { runOnConnection, runTransaction } from '../../src/run/transact.ts'

export interface Options {
  readonly settings?: TransactionSettings
  readonly signal?: AbortSignal
  readonly in?: Session
}

/** A database without the query builder: text in sessions. */
export class Harness {
  declare driver: Driver
  declare pool: Pool
  declare session: PoolSession

  constructor(driver?: Driver, options?: PoolOptions) {
    if (driver !== undefined) this.open(driver, options)
  }

  open(driver: Driver, options?: PoolOptions): void {
    this.driver = driver
    this.pool = new Pool(driver, options)
    this.session = new PoolSession(this.pool)
  }

  async with<T>(session: Session, role: Role, use: (connection: Connection) => T | Promise<T>): Promise<T> {
    const connection = session.tryAcquire(role) ?? (await session.acquire(role, undefined))
    try {
      return await use(connection)
    } finally {
      session.release(connection)
    }
  }

  /** Runs text, on a connection for writing. */
  async run(sql: string, session: Session = this.session): Promise<void> {
    await this.with(session, 'write', (connection) => connection.script(sql))
  }

  /** The first column of a query, on a connection for reading. */
  async read(sql: string, session: Session = this.session): Promise<unknown[]> {
    const rows = await this.with(session, 'read', (connection) => connection.all(sql, []))
    return rows.map((row) => Object.values(row as object)[0])
  }

  transaction<T>(
    work: (transaction: Transaction) => T | Promise<T>,
    { in: session, ...options }: Options = {},
  ): Promise<T> {
    return runTransaction(session ?? this.session, { driver: this.driver, ...options }, work)
  }

  connection<T>(work: (session: Session) => T | Promise<T>, { in: session, ...options }: Options = {}): Promise<T> {
    return runOnConnection(session ?? this.session, { driver: this.driver, ...options }, work)
  }
}
