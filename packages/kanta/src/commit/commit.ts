import type { IsolationLevel } from '../dialect/index.ts'
import { checkOptions, KantaError, refuse, show } from '../error/index.ts'
import { LEVELS, loggerOf, pause } from '../extend/internal/index.ts'
import type { AnyDatabase, Layers, TransactionsOf } from './face.ts'
import { type Decision, forget, Home, type OwnerRow, register, retire } from './home.ts'
import { Layer, type LayerMode } from './layer.ts'
import { type Lock, type LockOptions, Locks } from './lock.ts'
import { Owner } from './owner.ts'
import {
  Findings,
  idOf,
  isPassing,
  type Recovering,
  type Recovery,
  type Redoing,
  recoverOwner,
  redoIn,
  settle,
  undoOrphans,
} from './recovery.ts'
import { openSnapshot } from './snapshot.ts'
import { GlobalTransaction } from './transaction.ts'

/** The databases of `commit()`, and how it waits for them. */
export interface CommitOptions<L extends Layers = Layers> {
  /**
   * The name of the database whose commit decides. All programs that write to these databases name the same one. Of
   * several that cannot prepare a transaction (SQLite, PGlite), take the one that is written most.
   */
  readonly home: keyof L & string
  /** The databases by name: at most 16 letters, digits or underscores each. */
  readonly layers: L
  /**
   * The time after which a program that does not show itself is taken for dead and its transactions are ended by
   * others, in milliseconds; by default 10,000.
   */
  readonly lease?: number | undefined
  /** The time to ask a home that has not answered a commit, in milliseconds; by default 10,000. */
  readonly timeout?: number | undefined
}

/** The options of one transaction over several databases. */
export interface CommitTransactionOptions<N extends string = string> {
  /** The names of the databases that take part; by default all. */
  readonly layers?: readonly N[] | undefined
  readonly isolation?: IsolationLevel | undefined
  readonly signal?: AbortSignal | undefined
  /** The locks that must still be held when it commits: of one that is lost, the transaction fails with `lock_lost`. */
  readonly locks?: readonly Lock[] | undefined
}

/** The options of reading one state of several databases. */
export interface CommitSnapshotOptions<N extends string = string> {
  readonly layers?: readonly N[] | undefined
  readonly signal?: AbortSignal | undefined
}

/** The way to end a transaction that others made impossible to redo. */
export interface ResolveOptions {
  /**
   * `force`: run its statements whatever they do now. `skip`: do nothing more in that database, since a person has done
   * by hand what was missing, or does without.
   */
  readonly how: 'force' | 'skip'
  /** The database in which it is stuck. */
  readonly layer: string
}

/** A transaction that has been decided and has perhaps not ended in every database. */
export interface DecidedTransaction {
  readonly id: string
  readonly layers: readonly string[]
  /** The reason why it cannot be ended; `undefined` while nothing stands against it. */
  readonly problem: string | undefined
}

/** The answer of `status()`. */
export interface CommitStatus {
  readonly layers: readonly { readonly name: string; readonly mode: LayerMode }[]
  /** The transactions of this program that are open now. */
  readonly open: number
  readonly decided: readonly DecidedTransaction[]
  /** The programs that have taken part and have not closed. */
  readonly owners: readonly {
    readonly owner: string
    readonly isOwn: boolean
    /** The time for which it has not shown itself, as far as this program has looked, in milliseconds. */
    readonly silentFor: number
  }[]
}

interface Observation {
  readonly row: OwnerRow
  readonly since: number
}

const CLOSING_ATTEMPTS = 5

/** The number of transactions that have ended before they are forgotten at once. */
const MOST_SETTLED = 500

/** Commits over several databases; see `commit()`. */
export class Coordinator<L extends Layers = Layers> {
  readonly #layers: ReadonlyMap<string, Layer>
  readonly #home: Home
  readonly #locks: Locks
  readonly #lease: number
  readonly #timeout: number
  readonly #running = new Set<Promise<unknown>>()
  readonly #observations = new Map<string, Observation>()
  #owner = new Owner()
  #timer: ReturnType<typeof setInterval> | undefined
  #tick: Promise<void> | undefined
  #holding: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: CommitOptions<L>) {
    checkOptions('commit()', options, ['home', 'layers', 'lease', 'timeout'])
    const { home, layers, lease = 10_000, timeout = 10_000 } = options
    if (typeof layers !== 'object' || layers === null) refuse(`layers takes databases by name, not ${show(layers)}.`)
    if (!Object.hasOwn(layers, home))
      refuse(
        `home takes the name of one of the layers, not ${show(home)}. There are: ${Object.keys(layers).join(', ')}.`,
      )
    for (const [name, value] of Object.entries({ lease, timeout }))
      if (typeof value !== 'number' || !(value > 0))
        refuse(`${name} takes a number of milliseconds above 0, not ${show(value)}.`)
    const made = Object.entries(layers).map(([name, db]) => [name, layerOf(name, db, name === home)] as const)
    refuseTwice(made.map(([, layer]) => layer))
    this.#layers = new Map(made)
    this.#home = new Home(this.#layers.get(home)!)
    this.#locks = new Locks(this.#home.layer)
    this.#lease = lease
    this.#timeout = timeout
  }

  /**
   * Runs a callback with a transaction of each database, and commits in all of them or in none. It commits when the
   * callback returns and rolls back when it throws. What only one database has written is committed there and needs
   * nothing more.
   *
   * When it resolves, the transaction is decided and normally committed everywhere. A database that is lost between the
   * decision and its own commit has it as soon as it answers again; until then `status()` lists it.
   *
   * @throws KantaError the error of a database or of the callback, after rolling back everywhere. `in_doubt` if the
   * home was lost in its commit and does not answer: then it is committed everywhere or nowhere, and `recover()` finds
   * out. `lock_lost` if this program stood still for longer than `lease`: run it again. `after_commit` as
   * `transaction()` does.
   */
  transaction<Result>(
    work: (transactions: TransactionsOf<L>) => Result | Promise<Result>,
    options: CommitTransactionOptions<keyof L & string> = {},
  ): Promise<Result> {
    if (typeof work !== 'function') refuse('transaction() takes a callback: async ({ orders, stock }) => { … }.')
    checkTransactionOptions(options)
    return this.#track(async () => {
      const layers = this.#chosen(options.layers)
      await this.#open(layers)
      const owner = await this.#registered(layers)
      const surroundings = {
        home: this.#home,
        owner,
        gate: () => this.#holding,
        outcome: (number: bigint) => this.#outcome(owner, number),
      }
      const transaction = new GlobalTransaction<Result>(surroundings, layers, options)
      try {
        const { result, left } = await transaction.run(work as never)
        for (const [{ name }, error] of left) this.#warn(name, error)
        if (owner.settledCount >= MOST_SETTLED) void this.#runTick()
        return result
      } catch (error) {
        // Another program ends what this owner had begun.
        if (error instanceof KantaError && error.code === 'lock_lost') this.#renew(owner)
        throw error
      }
    })
  }

  /**
   * Runs a callback with a read-only transaction of each database, all of one state: what a transaction wrote is seen
   * in all of them or in none.
   *
   * @throws KantaError `timeout` if no such state was found in `timeout` milliseconds, since a transaction is decided
   * and a database that it wrote to does not commit.
   */
  snapshot<Result>(
    work: (transactions: TransactionsOf<L>) => Result | Promise<Result>,
    options: CommitSnapshotOptions<keyof L & string> = {},
  ): Promise<Result> {
    if (typeof work !== 'function') refuse('snapshot() takes a callback: async ({ orders, stock }) => { … }.')
    checkOptions('snapshot()', options, ['layers', 'signal'])
    return this.#track(async () => {
      const layers = this.#chosen(options.layers)
      await this.#open(layers)
      const reading = { signal: options.signal, timeout: this.#timeout }
      const snapshot = await openSnapshot(this.#home, layers, reading, (open) => this.#hold(open))
      try {
        return await work(snapshot.handles as TransactionsOf<L>)
      } finally {
        await snapshot.close()
      }
    })
  }

  /**
   * Takes a lock that all programs with this home share. Those of one program get it in the order in which they ask.
   * The holder renews it; when it stands still for longer than `ttl`, another takes it over with a higher token. Name
   * the lock in `transaction(…, { locks })`, so that nothing is written by one who has lost it.
   *
   * @throws KantaError `timeout` if it does not become free, `cancelled` if the signal aborts.
   *
   * @example
   * ```ts
   * import { kanta } from 'kanta'
   * import { commit } from 'kanta/commit'
   * import { sqlite } from 'kanta/sqlite'
   *
   * const db = kanta({ driver: sqlite(':memory:') })
   * const shared = commit({ home: 'db', layers: { db } })
   * const lock = await shared.lock('report', { timeout: 0 })
   * lock.token // 1n
   * await lock.release()
   * await shared.close()
   * await db.destroy()
   * ```
   */
  lock(key: string, options: LockOptions = {}): Promise<Lock> {
    return this.#track(async () => {
      await this.#open([this.#home.layer])
      return this.#locks.take(key, options)
    })
  }

  /** Tells which transactions have been decided and have perhaps not ended everywhere, and which programs take part. */
  async status(): Promise<CommitStatus> {
    await this.#open()
    const decisions = await this.#home.decisions()
    const rows = await this.#home.owners()
    return {
      layers: Array.from(this.#layers.values(), ({ name, mode }) => ({ name, mode })),
      open: this.#owner.open.size,
      decided: decisions
        .filter(({ owner, number }) => owner !== this.#owner.id || this.#owner.unsettled.has(number))
        .map((decision) => ({
          id: idOf(decision),
          layers: decision.layers,
          problem: decision.problem ?? undefined,
        })),
      owners: rows.map((row) => {
        const { since } = this.#observe(row)
        const isOwn = row.owner === this.#owner.id
        return { owner: row.owner, isOwn, silentFor: isOwn ? 0 : Math.round(performance.now() - since) }
      }),
    }
  }

  /**
   * Ends the transactions of programs that do not answer, and what is left of those of this one. Programs that have not
   * been watched before are watched for the time of `lease` first. The same is done in the background from the first
   * transaction on.
   */
  async recover(): Promise<Recovery> {
    await this.#open()
    const findings = new Findings()
    const watched = new Set((await this.#home.owners()).map(({ owner }) => owner))
    const until = performance.now() + this.#lease + this.#lease / 4
    await this.#round(findings)
    while (performance.now() < until) {
      const rows = await this.#home.owners()
      // An owner that has shown itself is alive.
      const silent = rows.filter((row) => watched.has(row.owner) && row.owner !== this.#owner.id)
      if (silent.length === 0) break
      await pause(Math.min(50, this.#lease / 4), undefined)
      await this.#others(findings)
    }
    return findings.report
  }

  /**
   * Ends a transaction that is stuck in a database, since others have changed its rows there.
   *
   * @throws KantaError `not_found` for a transaction that was not decided or has ended.
   */
  async resolve(id: string, options: ResolveOptions): Promise<void> {
    checkOptions('resolve()', options, ['how', 'layer'])
    if (options.how !== 'force' && options.how !== 'skip')
      refuse(`how takes 'force' or 'skip', not ${show(options.how)}.`)
    const [layer] = this.#chosen([options.layer])
    await this.#open()
    const decision = (await this.#home.decisions()).find((one) => idOf(one) === id)
    if (decision === undefined || !decision.layers.includes(options.layer))
      throw new KantaError('not_found', `No transaction '${id}' waits for '${options.layer}'. See status().`)
    await redoIn(layer!, decision, options.how satisfies Redoing, this.#timeout)
    await this.#home.noteProblem(decision, '')
    await this.#runTick()
  }

  /**
   * Waits for the transactions that run, and removes the rows that this program has in the databases. What could not be
   * ended stays for others. The databases stay open.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
    clearInterval(this.#timer)
    await this.#tick
    for (let attempts = 1; ; attempts++) {
      try {
        await this.#locks.releaseAll()
        // Without a transaction over several databases it has left nothing.
        if (!this.#home.layer.isRegistered(this.#owner.id)) return
        await this.#round(new Findings())
        if (this.#owner.unsettled.size === 0 && this.#owner.leftovers.size === 0) await this.#retireOwn()
        return
      } catch (error) {
        // A connection that was idle may be lost. What is left after that is removed by others.
        if (attempts === CLOSING_ATTEMPTS || !isPassing(error)) return this.#warn(this.#home.layer.name, error)
        await pause(attempts * 50, undefined)
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #chosen(names: readonly string[] | undefined): readonly Layer[] {
    if (names === undefined) return [...this.#layers.values()]
    if (!Array.isArray(names) || names.length === 0) refuse(`layers takes a list of names, not ${show(names)}.`)
    return [...new Set(names)].map((name) => {
      const layer = this.#layers.get(name)
      if (layer !== undefined) return layer
      return refuse(`There is no layer ${show(name)}. There are: ${[...this.#layers.keys()].join(', ')}.`)
    })
  }

  #track<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed)
      return Promise.reject(
        new KantaError('closed', 'The coordinator has been closed. Make another one with commit().'),
      )
    const running = work()
    this.#running.add(running)
    const done = (): void => void this.#running.delete(running)
    running.then(done, done)
    return running
  }

  /** Opens some databases, and the home unless one other does without it. */
  async #open(layers: readonly Layer[] = [...this.#layers.values()]): Promise<void> {
    const all = layers.length === 1 ? layers : new Set([this.#home.layer, ...layers])
    await Promise.all(Array.from(all, (layer) => layer.open()))
  }

  /** Returns the owner, with rows in the home and in these databases. */
  async #registered(layers: readonly Layer[]): Promise<Owner> {
    const owner = this.#owner
    if (layers.length === 1) return owner
    for (const layer of [this.#home.layer, ...layers.filter(({ isHome }) => !isHome)])
      await layer.register(owner.id, register)
    this.#timer ??= startTimer(() => void this.#runTick(), this.#lease / 4)
    return owner
  }

  /** Begins anew as another owner, after this one was taken for dead. */
  #renew(owner: Owner): void {
    if (this.#owner === owner) this.#owner = new Owner()
  }

  async #retireOwn(): Promise<void> {
    const { id } = this.#owner
    const all = [...this.#layers.values()].filter((layer) => layer.isRegistered(id))
    // The home last: while its row is there, others clean up after this program.
    for (const layer of all.sort((a, b) => Number(a.isHome) - Number(b.isHome))) await retire(layer, id, this.#timeout)
  }

  get #recovering(): Recovering {
    const others = [...this.#layers.values()].filter(({ isHome }) => !isHome)
    return { home: this.#home, others, patience: this.#lease }
  }

  /** Runs one round in the background. Its errors are logged. */
  #runTick(): Promise<void> {
    this.#tick ??= this.#round(new Findings())
      .catch((error: unknown) => {
        // Without the home there is nothing to watch.
        if (error instanceof KantaError && error.code === 'closed') clearInterval(this.#timer)
        else this.#warn(this.#home.layer.name, error)
      })
      .finally(() => {
        this.#tick = undefined
      })
    return this.#tick
  }

  /** Shows that this program is alive, ends what is left of its own transactions, and of those of silent programs. */
  async #round(findings: Findings): Promise<void> {
    const owner = this.#owner
    if (this.#home.layer.isRegistered(owner.id) && !(await this.#home.beat(owner.id))) {
      this.#renew(owner)
      return
    }
    await this.#settleOwn(owner, findings)
    await this.#forget(owner)
    await this.#others(findings)
  }

  async #settleOwn(owner: Owner, findings: Findings): Promise<void> {
    if (owner.unsettled.size === 0 && owner.leftovers.size === 0) return
    const decisions: Decision[] = []
    for (const [number, decision] of owner.unsettled) {
      if (await this.#home.wasDecided(decision, this.#timeout)) {
        decisions.push({ ...decision, problem: null })
        continue
      }
      for (const name of decision.layers) if (name !== this.#home.layer.name) owner.leftovers.add(name)
      owner.ended(number, false)
    }
    let isDone = true
    for (const layer of this.#recovering.others) {
      const own = new Findings()
      const isOpen = (number: bigint): boolean => owner.open.has(number) && !owner.unsettled.has(number)
      try {
        await settle(layer, this.#recovering, { owner: owner.id, decisions, isOpen }, own)
        owner.leftovers.delete(layer.name)
      } catch (error) {
        isDone = false
        this.#warn(layer.name, error)
      }
      isDone &&= own.waiting.length + own.stuck.length === 0
      findings.add(own)
    }
    if (isDone) for (const { number } of decisions) owner.ended(number, true)
  }

  /** Removes the rows of transactions that have ended everywhere. */
  async #forget(owner: Owner): Promise<void> {
    const numbers = owner.takeSettled()
    if (numbers.length === 0) return
    const { floor } = owner
    try {
      for (const layer of [...this.#recovering.others, this.#home.layer])
        if (layer.isRegistered(owner.id)) await forget(layer, owner.id, numbers, floor)
    } catch (error) {
      owner.putBack(numbers)
      throw error
    }
  }

  /** Ends the transactions of programs that have not shown themselves for the time of `lease`. */
  async #others(findings: Findings): Promise<void> {
    const rows = await this.#home.owners()
    for (const row of rows) {
      if (row.owner === this.#owner.id) continue
      const { since } = this.#observe(row)
      if (performance.now() - since < this.#lease) continue
      await recoverOwner(this.#recovering, row, this.#owner.id, findings)
      this.#observations.delete(row.owner)
    }
    for (const known of this.#observations.keys())
      if (!rows.some(({ owner }) => owner === known)) this.#observations.delete(known)
    await undoOrphans(this.#recovering, findings)
  }

  #observe(row: OwnerRow): Observation {
    const before = this.#observations.get(row.owner)
    if (before !== undefined && before.row.beat === row.beat && before.row.keeper === row.keeper) return before
    const observation = { row, since: performance.now() }
    this.#observations.set(row.owner, observation)
    return observation
  }

  /** Asks the home until it answers whether a transaction was decided. */
  async #outcome(owner: Owner, number: bigint): Promise<boolean> {
    const until = performance.now() + this.#timeout
    for (let wait = 20; ; wait = Math.min(wait * 2, 1_000)) {
      try {
        return await this.#home.wasDecided(
          { owner: owner.id, number },
          Math.max(1, Math.ceil(until - performance.now())),
        )
      } catch (error) {
        if (performance.now() + wait > until) throw error
        await pause(wait, undefined)
      }
    }
  }

  /** Holds up the decisions of this program while `work` runs. */
  async #hold<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const before = this.#holding
    this.#holding = before.then(() => promise)
    await before
    try {
      return await work()
    } finally {
      resolve()
    }
  }

  #warn(layer: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    loggerOf(this.#home.layer.db).warn(
      `commit(): '${layer}' could not end a transaction and is tried again: ${message}`,
    )
  }
}

function checkTransactionOptions(options: CommitTransactionOptions): void {
  checkOptions('transaction()', options, ['layers', 'isolation', 'signal', 'locks'])
  const { isolation, locks = [] } = options
  if (isolation !== undefined && !LEVELS.includes(isolation))
    refuse(`isolation takes one of ${LEVELS.join(', ')}, not ${show(isolation)}.`)
  if (!Array.isArray(locks) || !locks.every((lock: unknown) => typeof Object(lock).token === 'bigint'))
    refuse(`locks takes a list of locks, as lock() gives them, not ${show(locks)}.`)
}

const NAME = /^[A-Za-z]\w{0,15}$/

function layerOf(name: string, db: AnyDatabase, isHome: boolean): Layer {
  if (!NAME.test(name)) refuse(`The name of a layer has 1 to 16 letters, digits or underscores, unlike ${show(name)}.`)
  return new Layer(name, db, isHome)
}

function refuseTwice(layers: readonly Layer[]): void {
  const byPool = new Map<unknown, string>()
  for (const { name, pool } of layers) {
    const other = byPool.get(pool)
    if (other !== undefined) refuse(`The layers '${other}' and '${name}' are one database. Name it once.`)
    byPool.set(pool, name)
  }
}

function startTimer(act: () => void, period: number): ReturnType<typeof setInterval> {
  const timer = setInterval(act, period)
  ;(timer as { unref?(): void }).unref?.()
  return timer
}

/**
 * Returns what commits over several databases: all of them or none, whatever is lost on the way. Each database is a
 * layer; the commit of the home decides, and what the others did is prepared before (two-phase commit of PostgreSQL and
 * XA of MariaDB) or, where a database cannot prepare (SQLite, PGlite), kept with the decision to be redone.
 *
 * @throws KantaError `invalid_input` for a home that is no layer and for one database under two names; `unsupported`
 * on SQL Server.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { commit } from 'kanta/commit'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const account = table('account', (c) => ({ id: c.integer().primaryKey(), balance: c.integer() }))
 * const north = kanta({ driver: sqlite(':memory:'), schema: { account } })
 * const south = kanta({ driver: sqlite(':memory:'), schema: { account } })
 * for (const db of [north, south]) {
 *   await db.schema.createTable(account).execute()
 *   await db.insertInto('account').values({ id: 1, balance: 100 }).execute()
 * }
 * const bank = commit({ home: 'north', layers: { north, south } })
 * await bank.transaction(async ({ north, south }) => {
 *   await north.updateTable('account').set({ balance: 70 }).where('id', '=', 1).execute()
 *   await south.updateTable('account').set({ balance: 130 }).where('id', '=', 1).execute()
 * })
 * await bank.close()
 * await north.destroy()
 * await south.destroy()
 * ```
 */
export const commit = <const L extends Layers>(options: CommitOptions<L>): Coordinator<L> => new Coordinator(options)
