import { KantaError } from '../error/index.ts'
import { type DatabaseHandle, type SessionLock, table, throwIfAborted } from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { definitionOf, type TablesOf } from '../table/index.ts'
import { hasTable } from './engine.ts'
import { firstRow } from './row.ts'

/** How runners keep out of each other's way. */
export interface LockOptions {
  /** How long to wait for another runner, in milliseconds; 60,000 unless said. */
  readonly timeout?: number | undefined
  /**
   * `session`: a lock of the server that ends with the connection, where there is one. `row`: a row of a table, which
   * its owner renews: on SQLite, and for poolers and clusters that have no lock of a session.
   */
  readonly by?: 'session' | 'row' | undefined
  /** How long a row may go without being renewed before another runner takes it over, in milliseconds; 15,000 unless said. */
  readonly expiry?: number | undefined
}

/** A lock of one runner. */
export interface Lock {
  /** Takes it without waiting; else gives who has it. */
  tryTake(): Promise<true | { readonly holder: string }>
  /** Makes sure that it is still held; inside a transaction, until the end of that. */
  renew(db: DatabaseHandle): Promise<void>
  release(): Promise<void>
  /** What keeps it alive from here on, until it is called. */
  keepAlive(): () => void
  /** Throws when it was found to be lost. */
  check(): void
}

/** A lock of the connection: nothing to renew, and gone when the connection is. */
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

interface Seen {
  readonly owner: string
  readonly beat: number
  readonly since: number
}

/**
 * A row that its owner renews. Whoever has seen it stand still for as long as it may takes it over: no two clocks are
 * compared. A transaction renews the row first, so that its owner either still has the lock or changes nothing.
 */
export class RowLock implements Lock {
  readonly #db: DatabaseHandle
  /** Renews it from outside of what runs, where there is a connection for that. */
  readonly #beside: DatabaseHandle
  readonly #table: LockTable
  readonly #expiry: number
  readonly #owner = crypto.randomUUID()
  #seen: Seen | undefined
  #prepared = false
  #lost = false

  constructor(db: DatabaseHandle, beside: DatabaseHandle, name: string, expiry: number) {
    this.#db = db
    this.#beside = beside
    this.#table = lockTable(name)
    this.#expiry = expiry
  }

  async tryTake(): Promise<true | { readonly holder: string }> {
    try {
      await this.#prepare()
      const db = this.#on(this.#db)
      const free = db.updateTable(this.#table).set(this.#mine()).where('id', '=', 1).where('owner', 'is', null)
      if ((await free.executeTakeFirst())?.numUpdatedRows === 1n) return true
      const row = await db.selectFrom(this.#table).selectAll().where('id', '=', 1).executeTakeFirst()
      if (row === undefined || row.owner === null) return { holder: 'a runner that has just ended' }
      const seen = this.#see(row.owner, row.beat)
      const still = performance.now() - seen.since
      if (still >= this.#expiry && (await this.#takeOver(seen))) return true
      const left = Math.max(0, Math.ceil((this.#expiry - still) / 1000))
      const when = row.taken_at === null ? '' : `, since ${row.taken_at.toISOString()}`
      return { holder: `${row.label ?? 'another runner'}${when}; taken over in ${left} s unless it shows itself` }
    } catch (error) {
      if (error instanceof KantaError && error.code === 'busy') return { holder: 'a transaction that writes' }
      throw error
    }
  }

  async renew(db: DatabaseHandle): Promise<void> {
    const renewal = this.#on(db)
      .updateTable(this.#table)
      .set((eb) => ({ beat: eb('beat', '+', 1) }))
      .where('id', '=', 1)
      .where('owner', '=', this.#owner)
    if ((await renewal.executeTakeFirst())?.numUpdatedRows !== 1n) this.#lost = true
    this.check()
  }

  async release(): Promise<void> {
    const free = { owner: null, label: null, taken_at: null }
    await this.#on(this.#db).updateTable(this.#table).set(free).where('owner', '=', this.#owner).execute()
  }

  keepAlive(): () => void {
    let renewing = false
    const timer = setInterval(() => {
      if (renewing) return
      renewing = true
      // While a transaction has the connection it cannot be renewed, and needs not: it was when that began.
      this.renew(this.#beside)
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
      `Another runner has taken the lock over, since it was not renewed for ${this.#expiry} ms. Nothing more is run here. Raise lock.expiry if a migration keeps the program busy for longer.`,
    )
  }

  async #prepare(): Promise<void> {
    if (this.#prepared) return
    const { schema, name } = definitionOf(this.#table)!
    const db = this.#on(this.#db)
    const isThere = () => hasTable(this.#db, schema, name)
    const hasRow = async () => (await db.selectFrom(this.#table).select('id').executeTakeFirst()) !== undefined
    await once(isThere, () => db.schema.createTable(this.#table).execute())
    await once(hasRow, () => db.insertInto(this.#table).values({ id: 1, beat: 0 }).execute())
    this.#prepared = true
  }

  #see(owner: string, beat: number): Seen {
    if (this.#seen?.owner !== owner || this.#seen.beat !== beat) this.#seen = { owner, beat, since: performance.now() }
    return this.#seen
  }

  async #takeOver({ owner, beat }: Seen): Promise<boolean> {
    const update = this.#on(this.#db)
      .updateTable(this.#table)
      .set(this.#mine())
      .where('id', '=', 1)
      .where('owner', '=', owner)
      .where('beat', '=', beat)
    return (await update.executeTakeFirst())?.numUpdatedRows === 1n
  }

  #mine() {
    return { owner: this.#owner, label: runner(), beat: 0, taken_at: new Date() }
  }

  #on(db: DatabaseHandle): Database<TablesOf<{ lock: LockTable }>> {
    return db as unknown as Database<TablesOf<{ lock: LockTable }>>
  }
}

/** Does what is not done; when that fails since another runner has just done it, it is done. */
async function once(isDone: () => Promise<boolean>, act: () => Promise<unknown>): Promise<void> {
  if (await isDone()) return
  try {
    await act()
  } catch (error) {
    if (!(await isDone())) throw error
  }
}

/** What this program is called for those who wait for it. */
function runner(): string {
  try {
    const { pid, env } = globalThis.process
    return env.HOSTNAME === undefined ? `process ${pid}` : `process ${pid} on ${env.HOSTNAME}`
  } catch {
    return 'a runner without a process number'
  }
}

/** How waiting for a lock goes. */
export interface Waiting {
  readonly timeout: number
  readonly signal: AbortSignal | undefined
  onWait(holder: string, waited: number): void
}

const FIRST_PAUSE = 50
const LONGEST_PAUSE = 1000

/** Takes a lock as soon as it is free. */
export async function waitFor(lock: Lock, what: string, { timeout, signal, onWait }: Waiting): Promise<void> {
  const start = performance.now()
  for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    throwIfAborted(signal, 'Waiting for the lock of the migrations')
    const taken = await lock.tryTake()
    if (taken === true) return
    const waited = performance.now() - start
    if (waited >= timeout)
      throw new KantaError(
        'timeout',
        `The lock '${what}' of the migrations did not become free in ${timeout} ms. It is held by ${taken.holder}. Wait for that to end, or raise lock.timeout.`,
      )
    onWait(taken.holder, waited)
    await sleep(Math.min(pause, Math.max(0, timeout - waited)), signal)
  }
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end, { once: true })
  })
}
