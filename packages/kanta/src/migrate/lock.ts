import { KantaError } from '../error/index.ts'
import { type DatabaseHandle, pause, type SessionLock, table, throwIfAborted } from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { definitionOf, type TablesOf } from '../table/index.ts'
import { hasTable } from './engine.ts'
import { firstRow } from './first-row.ts'

/** The lock that lets one runner work at a time. */
export interface LockOptions {
  /** The time to wait for another runner, in milliseconds; by default 60,000. */
  readonly timeout?: number | undefined
  /**
   * `session`: an advisory lock of the server, which ends with the connection; the default where the server has one.
   * `row`: a row of a table, which its owner renews: for SQLite, and for poolers and clusters without session locks.
   */
  readonly by?: 'session' | 'row' | undefined
  /** The time after which another runner takes over a row that is not renewed, in milliseconds; by default 15,000. */
  readonly expiry?: number | undefined
}

/** A lock of one runner. */
export interface Lock {
  /** Takes the lock without waiting, or returns its holder. */
  tryTake(): Promise<true | { readonly holder: string }>
  /** Throws if the lock is lost. In a transaction, it then holds until the transaction ends. */
  renew(db: DatabaseHandle): Promise<void>
  release(): Promise<void>
  /** Renews the lock in the background, until the returned function is called. */
  keepAlive(): () => void
  /** Throws if an earlier renewal found the lock lost. */
  check(): void
}

/** Returns an advisory lock of the connection. It ends with the connection and needs no renewal. */
export function sessionLock(db: DatabaseHandle, sql: SessionLock, key: string): Lock {
  return {
    async tryTake() {
      const row = await firstRow(db, sql.take(key))
      if (Number(row?.locked) === 1) return true
      const holder = sql.holder === undefined ? undefined : (await firstRow(db, sql.holder(key)))?.holder
      return { holder: holder == null ? 'another connection' : String(holder) }
    },
    renew: async () => {},
    release: async () => void (await firstRow(db, sql.release(key))),
    keepAlive: () => () => {},
    check: () => {},
  }
}

const lockTable = (name: string) =>
  table(name, (c) => ({
    id: c.integer().primaryKey(),
    owner: c.varchar(64).nullable(),
    label: c.varchar(255).nullable(),
    beat: c.integer(),
    taken_at: c.timestamp().nullable(),
  }))

type LockTable = ReturnType<typeof lockTable>

interface Observation {
  readonly owner: string
  readonly beat: number
  readonly since: number
}

/**
 * A lock row that its owner renews. Another runner takes it over after it has seen no renewal for the expiry time, on
 * its own clock. A transaction renews the row first, so that its owner either still has the lock or changes nothing.
 */
export class RowLock implements Lock {
  readonly #db: DatabaseHandle
  /** Renews the row on another connection than the migrations, if the pool has one. */
  readonly #renewalDb: DatabaseHandle
  readonly #table: LockTable
  readonly #expiry: number
  readonly #owner = crypto.randomUUID()
  #observation: Observation | undefined
  #prepared = false
  #lost = false

  constructor(db: DatabaseHandle, beside: DatabaseHandle, name: string, expiry: number) {
    this.#db = db
    this.#renewalDb = beside
    this.#table = lockTable(name)
    this.#expiry = expiry
  }

  async tryTake(): Promise<true | { readonly holder: string }> {
    try {
      await this.#prepare()
      const db = this.#typed(this.#db)
      const free = db.updateTable(this.#table).set(this.#ownership()).where('id', '=', 1).where('owner', 'is', null)
      if ((await free.executeTakeFirst())?.numUpdatedRows === 1n) return true
      const row = await db.selectFrom(this.#table).selectAll().where('id', '=', 1).executeTakeFirst()
      if (row === undefined || row.owner === null) return { holder: 'a runner that has just ended' }
      const seen = this.#observe(row.owner, row.beat)
      const unchangedFor = performance.now() - seen.since
      if (unchangedFor >= this.#expiry && (await this.#takeOver(seen))) return true
      const left = Math.max(0, Math.ceil((this.#expiry - unchangedFor) / 1000))
      const when = row.taken_at === null ? '' : `, since ${row.taken_at.toISOString()}`
      return { holder: `${row.label ?? 'another runner'}${when}; taken over in ${left} s unless it shows itself` }
    } catch (error) {
      if (error instanceof KantaError && error.code === 'busy') return { holder: 'a transaction that writes' }
      throw error
    }
  }

  async renew(db: DatabaseHandle): Promise<void> {
    const renewal = this.#typed(db)
      .updateTable(this.#table)
      .set((eb) => ({ beat: eb('beat', '+', 1) }))
      .where('id', '=', 1)
      .where('owner', '=', this.#owner)
    if ((await renewal.executeTakeFirst())?.numUpdatedRows !== 1n) this.#lost = true
    this.check()
  }

  async release(): Promise<void> {
    const free = { owner: null, label: null, taken_at: null }
    await this.#typed(this.#db).updateTable(this.#table).set(free).where('owner', '=', this.#owner).execute()
  }

  keepAlive(): () => void {
    let renewing = false
    const timer = setInterval(() => {
      if (renewing) return
      renewing = true
      // A transaction on the only connection blocks the renewal; it renewed the row when it began.
      this.renew(this.#renewalDb)
        .catch(() => {})
        .finally(() => {
          renewing = false
        })
    }, this.#expiry / 4) as { unref?(): void }
    timer.unref?.()
    return () => clearInterval(timer as never)
  }

  check(): void {
    if (!this.#lost) return
    throw new KantaError(
      'timeout',
      `Another runner took over the lock, since it was not renewed for ${this.#expiry} ms. This run stops. Raise lock.expiry if a migration blocks the program for longer.`,
    )
  }

  async #prepare(): Promise<void> {
    if (this.#prepared) return
    const { schema, name } = definitionOf(this.#table)!
    const db = this.#typed(this.#db)
    const isThere = () => hasTable(this.#db, schema, name)
    const hasRow = async () => (await db.selectFrom(this.#table).select('id').executeTakeFirst()) !== undefined
    await ensure(isThere, () => db.schema.createTable(this.#table).execute())
    await ensure(hasRow, () => db.insertInto(this.#table).values({ id: 1, beat: 0 }).execute())
    this.#prepared = true
  }

  #observe(owner: string, beat: number): Observation {
    if (this.#observation?.owner !== owner || this.#observation.beat !== beat)
      this.#observation = { owner, beat, since: performance.now() }
    return this.#observation
  }

  async #takeOver({ owner, beat }: Observation): Promise<boolean> {
    const update = this.#typed(this.#db)
      .updateTable(this.#table)
      .set(this.#ownership())
      .where('id', '=', 1)
      .where('owner', '=', owner)
      .where('beat', '=', beat)
    return (await update.executeTakeFirst())?.numUpdatedRows === 1n
  }

  #ownership() {
    return { owner: this.#owner, label: runnerLabel(), beat: 0, taken_at: new Date() }
  }

  #typed(db: DatabaseHandle): Database<TablesOf<{ lock: LockTable }>> {
    return db as unknown as Database<TablesOf<{ lock: LockTable }>>
  }
}

/** Runs an action unless it is done, and ignores its failure if another runner did it in the meantime. */
async function ensure(isDone: () => Promise<boolean>, act: () => Promise<unknown>): Promise<void> {
  if (await isDone()) return
  try {
    await act()
  } catch (error) {
    if (!(await isDone())) throw error
  }
}

/** Returns a label of this program, for the messages of runners that wait for it. */
function runnerLabel(): string {
  try {
    const { pid, env } = globalThis.process
    return env.HOSTNAME === undefined ? `process ${pid}` : `process ${pid} on ${env.HOSTNAME}`
  } catch {
    return 'a runner without a process number'
  }
}

/** The options of waiting for a lock. */
export interface WaitOptions {
  readonly timeout: number
  readonly signal: AbortSignal | undefined
  onWait(holder: string, waited: number): void
}

const FIRST_PAUSE = 50
const LONGEST_PAUSE = 1000

/** Takes a lock as soon as it is free. */
export async function takeLock(lock: Lock, what: string, { timeout, signal, onWait }: WaitOptions): Promise<void> {
  const start = performance.now()
  for (let wait = FIRST_PAUSE; ; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
    throwIfAborted(signal, 'Waiting for the migration lock')
    const taken = await lock.tryTake()
    if (taken === true) return
    const waited = performance.now() - start
    if (waited >= timeout)
      throw new KantaError(
        'timeout',
        `The migration lock '${what}' did not become free in ${timeout} ms. It is held by ${taken.holder}. Wait until that ends, or raise lock.timeout.`,
      )
    onWait(taken.holder, waited)
    await pause(Math.min(wait, Math.max(0, timeout - waited)), signal)
  }
}
