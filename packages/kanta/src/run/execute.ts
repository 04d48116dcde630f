import {
  Aftermath,
  checkOptions,
  failure,
  outcomeUnknown,
  type Session,
  type Transaction,
  throwIfAborted,
  Use,
} from '../connect/index.ts'
import { type Dialect, refuseMerge } from '../dialect/index.ts'
import type { BatchStatement, Connection, Driver, RunResult } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import type { Shape } from '../ir/index.ts'
import {
  arrayDecoder,
  type Bound,
  bind,
  bindFixed,
  type Company,
  type Context,
  type Decoding,
  describeDecoding,
  type Exemption,
  type Facts,
  type Hook,
  joinContexts,
  objectDecoder,
  type Part,
  type Plan,
  type Planning,
  partsOf,
  plan,
  planningIn,
  planOfDerived,
  type QueryEvent,
  type Reading,
  type RowDecoder,
  refuseRagged,
  throughCompanions,
  throughHooks,
} from '../plan/index.ts'
import type { Chain, ExecuteOptions, Runner } from '../sql/index.ts'
import { atomically } from './atomic.ts'
import { type BatchSource, runBatch } from './batch.ts'
import { InsertResult, outcome } from './outcome.ts'
import type { Plugin } from './plugin.ts'
import { streamRows } from './stream.ts'
import { runTransaction } from './transact.ts'
import { settingsWithoutPlugins } from './without.ts'

/** What is the same for a database and for every transaction of it. */
export interface Settings {
  readonly driver: Driver
  readonly planning: Planning
  readonly hooks: readonly Hook[]
  readonly plugins: readonly Plugin<object>[]
  readonly context: Context
  /** The context of the running code, where that is kept. */
  readonly ambientContext: (() => Context | undefined) | undefined
  /** The policies that statements do without, and why. */
  readonly exemptions: readonly Exemption[]
  /** What plugins have left with the database for their hooks. */
  readonly notes: ReadonlyMap<symbol, unknown>
  /** The database that a transaction is. */
  readonly inTransaction: (settings: Settings, transaction: Transaction) => unknown
  /** Leaves parameters out of errors. */
  readonly redact: boolean
  /** `PLAN_CACHE=off`: plans each time, for holding both ways against each other. */
  readonly planCache: boolean
}

/** Of text that is run as it is, nothing is known. */
const OF_TEXT: Facts = {
  ...{ kind: 'rawStatement', reads: [], writes: [], columns: [], readOnly: false, opaque: true },
  trusted: [],
}

/** The queries that compiled ones were made of, by which a database with policies runs them. */
const compiledFrom = new WeakMap<object, Chain>()

/** Runs queries in one session. */
export class Executor implements Runner {
  readonly settings: Settings
  readonly session: Session
  readonly #dialect: Dialect
  readonly #fixed: Planning
  /** Whether the text of statements depends on the context. */
  readonly #varies: boolean
  #lastContext: Context | undefined
  #lastPlanning: Planning | undefined
  /** Whether hooks only watch. */
  readonly #onlyWatched: boolean
  readonly #watches: boolean

  constructor(settings: Settings, session: Session) {
    this.settings = settings
    this.session = session
    this.#dialect = settings.planning.dialect
    this.#fixed = settings.planning
    this.#varies = settings.planning.policies.some(({ variants }) => variants !== undefined)
    this.#onlyWatched = settings.hooks.every((hook) => !hook.around)
    this.#watches = settings.hooks.length > 0
  }

  execute(query: Chain, options?: ExecuteOptions): Promise<unknown[]> {
    let ready: Plan
    let { args } = query
    try {
      ready = this.plan(query.shape)
      if (ready.prepare !== undefined) args = ready.prepare(args, this.context)
    } catch (error) {
      return this.#onceStarted(error, () => this.execute(query, options))
    }
    if (options?.signal === undefined && this.#isQuick(ready)) {
      if (ready.returnsRows === true && ready.sql !== undefined) {
        return this.#now(ready, ready.sql, args, false) as Promise<unknown[]>
      }
      if (ready.returnsRows === false) return this.#write(ready, args)
    }
    return this.#run(ready, args, options, false)
  }

  get MergeBuilder(): NonNullable<Dialect['MergeBuilder']> {
    return this.#dialect.MergeBuilder ?? refuseMerge(this.#dialect)
  }

  /** Whether nothing goes around a statement or along with it. */
  #isQuick({ companions, facts }: Plan): boolean {
    if (companions !== undefined) return false
    const { hooks, notes } = this.settings
    return this.#onlyWatched || hooks.every((hook) => !hook.around || hook.passes?.(facts, notes))
  }

  first(query: Chain, options?: ExecuteOptions): Promise<unknown> {
    let ready: Plan
    let { args } = query
    try {
      ready = this.plan(query.shape)
      if (ready.prepare !== undefined) args = ready.prepare(args, this.context)
    } catch (error) {
      return this.#onceStarted(error, () => this.first(query, options))
    }
    if (ready.facts.readOnly && ready.returnsRows === true) {
      if (options?.signal === undefined && ready.sql !== undefined && this.#isQuick(ready))
        return this.#now(ready, ready.sql, args, true)
      return this.#run(ready, args, options, true).then((rows) => rows[0])
    }
    return this.#run(ready, args, options, false).then((rows) => rows[0])
  }

  /** A plan may need what a plugin finds out when it starts: then it is made again, and fails for good. */
  #onceStarted<T>(error: unknown, again: () => Promise<T>): Promise<T> {
    const { start } = this.session
    return start === undefined ? Promise.reject(error) : start().then(again)
  }

  stream(query: Chain, chunkSize: number, options?: ExecuteOptions): AsyncIterableIterator<unknown> {
    checkOptions(options)
    return streamRows(this, query, chunkSize, options)
  }

  compile(query: Chain): Bound & { readonly query: Shape } {
    const ready = this.plan(query.shape)
    if (ready.tree.kind === 'insert' && ready.tree.ragged) refuseRagged()
    const { sql, parameters } = this.bind(ready, this.prepare(ready, query.args))
    // Whoever changes what was compiled does not change the query.
    const compiled = {
      sql,
      parameters: parameters === query.args ? parameters.slice() : parameters,
      query: query.shape,
    }
    if (this.#isGuarded) compiledFrom.set(compiled, query)
    return compiled
  }

  /** Checks arguments and adds those of policies. */
  prepare(ready: Plan, args: readonly unknown[]): readonly unknown[] {
    return ready.prepare === undefined ? args : ready.prepare(args, this.context)
  }

  /** What policies read: what `db.as()` gave and what the running code is in, which must agree. */
  get context(): Context {
    const { context, ambientContext } = this.settings
    const around = ambientContext?.()
    return around === undefined ? context : joinContexts(context, around)
  }

  /** Whether policies see to what statements read and write. */
  get #isGuarded(): boolean {
    return this.#fixed.policies.some((policy) => policy.enforce !== undefined)
  }

  /** What is fixed for statements that run now. */
  get #planning(): Planning {
    if (!this.#varies) return this.#fixed
    const { context } = this
    if (context !== this.#lastContext || this.#lastPlanning === undefined) {
      this.#lastPlanning = planningIn(this.#fixed, context)
      // One that somebody could change may be another by the next time.
      this.#lastContext = Object.isFrozen(context) ? context : undefined
    }
    return this.#lastPlanning
  }

  /** Runs text as it is. */
  async text(bound: Bound, options?: ExecuteOptions): Promise<unknown> {
    checkOptions(options)
    if (this.#isGuarded) {
      const query = compiledFrom.get(bound)
      return { rows: await this.execute(query ?? refuseText(this.#fixed), options) }
    }
    throwIfAborted(options?.signal)
    const connection = this.session.take('write') ?? (await this.session.wait('write', options?.signal))
    const after = new Aftermath()
    const result = await this.#textOn(new Use(connection, options), bound, after)
    await after.lasts()
    return result
  }

  async #textOn(use: Use, bound: Bound, after: Aftermath): Promise<unknown> {
    const { connection } = use
    try {
      const run = (): Promise<unknown> => this.#raw(bound, undefined, use)
      if (!this.#watches) return await run()
      const event = this.#event(bound, OF_TEXT, false, after)
      return await throughHooks(this.settings.hooks, event, () => run().then((result) => after.reach(result)))
    } catch (cause) {
      const error = this.failure(cause, bound, connection)
      await after.failed(error, () => use.settled())
      throw error
    } finally {
      use.release((broken) => this.session.give(connection, broken))
    }
  }

  /** The plan of a shape in this database: made once, then found at the shape. */
  plan(shape: Shape): Plan {
    const planning = this.#planning
    const known = shape.planOf(planning)
    if (known !== undefined) return known as Plan
    const made = plan(shape, planning)
    if (this.settings.planCache) shape.keepPlan(planning, made)
    return made
  }

  /** The places of values of a shape, which are the same in every context. */
  slotsOf(shape: Shape): Plan['slots'] {
    return (this.#varies ? plan(shape, this.#fixed) : this.plan(shape)).slots
  }

  bind(ready: Plan, args: readonly unknown[]): Bound {
    return bind(ready, args, this.#dialect, this.#bindingContext(ready))
  }

  /** Most plans take no value of the context but by their arguments. */
  #bindingContext(ready: Plan): Context {
    return ready.direct ? this.settings.context : this.context
  }

  /** Makes a connection's rows into the user's. */
  decoder(ready: Plan, sql: string, connection: Connection): RowDecoder | undefined {
    if (ready.decoder !== 'unset' && !ready.open) return ready.decoder
    const made =
      connection.rows === 'array'
        ? arrayDecoder(connection.columns(sql), ready.decoding)
        : objectDecoder(ready.decoding)
    ready.decoder = made
    return made
  }

  /** The error of a statement that failed, with what it was. */
  failure(cause: unknown, bound: Bound | undefined, written?: Connection | undefined): KantaError {
    const error = failure(this.settings.driver, cause, bound?.sql, this.settings.redact ? undefined : bound?.parameters)
    // Nobody knows what came of a write whose connection was lost; in a transaction it was rolled back.
    const isUnknown = error.code === 'connection' && written?.isOpen === false && !this.session.inTransaction
    return isUnknown ? outcomeUnknown(error) : error
  }

  /** The common case: a connection is free, nothing watches, and the driver answers at once. */
  #now(ready: Plan, sql: string, args: readonly unknown[], single: boolean): Promise<unknown> {
    const started = this.#watches ? performance.now() : 0
    let connection: Connection | undefined
    let parameters = args
    try {
      connection = this.session.take(ready.facts.readOnly ? 'read' : 'write')
      if (connection === undefined) return this.#inTurn(ready, sql, args, single)
      if (!ready.direct) parameters = bindFixed(ready, args, this.context)
      const found = single
        ? connection.first(sql, parameters, ready.decoding.bigints)
        : connection.all(sql, parameters, ready.decoding.bigints)
      if (found instanceof Promise) return this.#later(ready, sql, parameters, connection, found, single, started)
      const decoder = ready.decoder === 'unset' || ready.open ? this.decoder(ready, sql, connection) : ready.decoder
      this.session.give(connection)
      connection = undefined
      const asIs = decoder === undefined || found === undefined
      const rows = asIs ? found : single ? decoder.row(found) : decoder.rows(found as unknown[])
      return this.#watches ? this.#told(sql, parameters, ready, started, Promise.resolve(rows)) : Promise.resolve(rows)
    } catch (cause) {
      if (connection !== undefined) this.session.give(connection)
      const error = this.failure(cause, { sql, parameters })
      const failed = Promise.reject(error)
      return this.#watches ? this.#told(sql, parameters, ready, started, failed, error) : failed
    }
  }

  /** The same, once a connection is free. */
  async #inTurn(ready: Plan, sql: string, args: readonly unknown[], single: boolean): Promise<unknown> {
    const { direct, decoding, facts } = ready
    const connection = await this.session.wait(facts.readOnly ? 'read' : 'write', undefined)
    const started = this.#watches ? performance.now() : 0
    let parameters = args
    let error: unknown
    try {
      if (!direct) parameters = bindFixed(ready, args, this.context)
      const found = await (single
        ? connection.first(sql, parameters, decoding.bigints)
        : connection.all(sql, parameters, decoding.bigints))
      return this.#decoded(ready, sql, connection, found, single)
    } catch (cause) {
      error = this.failure(cause, { sql, parameters }, facts.readOnly ? undefined : connection)
      throw error
    } finally {
      this.session.give(connection)
      if (this.#watches) this.#tell(sql, parameters, ready, started, error)
    }
  }

  /** What a statement came to, once hooks that only watch are told of it; one that throws fails it. */
  #told<T>(
    sql: string,
    parameters: readonly unknown[],
    ready: Plan,
    started: number,
    result: Promise<T>,
    error?: unknown,
  ): Promise<T> {
    try {
      this.#tell(sql, parameters, ready, started, error)
      return result
    } catch (cause) {
      result.catch(() => {})
      return Promise.reject(cause)
    }
  }

  /** Tells hooks that only watch. */
  #tell(sql: string, parameters: readonly unknown[], { facts }: Plan, started: number, error: unknown): void {
    const milliseconds = performance.now() - started
    const level = error === undefined ? 'query' : 'error'
    const ended = { level, sql, parameters, facts, streaming: false, milliseconds, error } as const
    for (const hook of this.settings.hooks) hook.watch?.(ended)
  }

  #decoded(ready: Plan, sql: string, connection: Connection, found: unknown, single: boolean): unknown {
    const decoder = this.decoder(ready, sql, connection)
    if (decoder === undefined || found === undefined) return found
    return single ? decoder.row(found) : decoder.rows(found as unknown[])
  }

  /** A write of one statement that returns no rows, as quick as a query. */
  #write(ready: Plan, args: readonly unknown[]): Promise<unknown[]> {
    const started = this.#watches ? performance.now() : 0
    let connection: Connection | undefined
    let bound: Bound | undefined
    try {
      const parts = partsOf(ready, args, this.#planning, this.#bindingContext(ready))
      if (parts.length > 1) return this.#run(ready, args, undefined, false)
      bound = parts[0]!.bound
      connection = this.session.take('write')
      if (connection === undefined) return this.#run(ready, args, undefined, false)
      const result = connection.run(bound.sql, bound.parameters)
      if (result instanceof Promise) return this.#written(ready, bound, connection, result, started)
      this.session.give(connection)
      connection = undefined
      const { sql, parameters } = bound
      const done = Promise.resolve(outcome(ready, result))
      return this.#watches ? this.#told(sql, parameters, ready, started, done) : done
    } catch (cause) {
      if (connection !== undefined) this.session.give(connection)
      const error = this.failure(cause, bound)
      const failed = Promise.reject(error)
      if (!this.#watches || bound === undefined) return failed
      return this.#told(bound.sql, bound.parameters, ready, started, failed, error)
    }
  }

  async #written(
    ready: Plan,
    bound: Bound,
    connection: Connection,
    result: Promise<RunResult>,
    started: number,
  ): Promise<unknown[]> {
    let error: unknown
    try {
      return outcome(ready, await result)
    } catch (cause) {
      error = this.failure(cause, bound, connection)
      throw error
    } finally {
      this.session.give(connection)
      if (this.#watches) this.#tell(bound.sql, bound.parameters, ready, started, error)
    }
  }

  async #later(
    ready: Plan,
    sql: string,
    parameters: readonly unknown[],
    connection: Connection,
    found: Promise<unknown>,
    single: boolean,
    started: number,
  ): Promise<unknown> {
    let error: unknown
    try {
      return this.#decoded(ready, sql, connection, await found, single)
    } catch (cause) {
      error = this.failure(cause, { sql, parameters }, ready.facts.readOnly ? undefined : connection)
      throw error
    } finally {
      this.session.give(connection)
      if (this.#watches) this.#tell(sql, parameters, ready, started, error)
    }
  }

  /** Every other case: waits for a connection, runs the hooks, takes several statements for many rows. */
  async #run(
    ready: Plan,
    args: readonly unknown[],
    options: ExecuteOptions | undefined,
    single: boolean,
  ): Promise<unknown[]> {
    checkOptions(options)
    const signal = options?.signal
    throwIfAborted(signal)
    if (ready.companions !== undefined) return this.#accompanied(ready, args, options)
    return this.#unaccompanied(ready, args, options, single)
  }

  async #unaccompanied(
    ready: Plan,
    args: readonly unknown[],
    options: ExecuteOptions | undefined,
    single: boolean,
  ): Promise<unknown[]> {
    const signal = options?.signal
    const parts = partsOf(ready, args, this.#planning, this.#bindingContext(ready))
    if (this.#isAnswered(ready, parts)) return this.#answered(parts[0]!, options, single)
    const role = ready.facts.readOnly ? 'read' : 'write'
    const connection = this.session.take(role) ?? (await this.session.wait(role, signal))
    const use = new Use(connection, options)
    const after = new Aftermath()
    const rows = await this.#all(parts, use, single, after)
    await after.lasts()
    return rows
  }

  /** Whether hooks may answer it: a read that is part of nothing else. */
  #isAnswered({ facts, returnsRows }: Plan, parts: readonly Part[]): boolean {
    const { hooks } = this.settings
    if (hooks.at(-1)?.answers !== true || !facts.readOnly || returnsRows !== true || parts.length !== 1) return false
    // A connection that is held for someone may have settings and tables of its own.
    return this.session.pool !== undefined && !this.session.inTransaction
  }

  /** A read which hooks may answer: it takes a connection once it is known to need one. */
  async #answered(part: Part, options: ExecuteOptions | undefined, single: boolean): Promise<unknown[]> {
    const { hooks } = this.settings
    const after = new Aftermath()
    const run = async (own: ExecuteOptions | undefined): Promise<unknown[]> => {
      const connection = this.session.take('read') ?? (await this.session.wait('read', own?.signal))
      const use = new Use(connection, own)
      try {
        return await this.#statement(part, use, single)
      } finally {
        use.release((broken) => this.session.give(connection, broken))
      }
    }
    const again = (): Promise<unknown[]> => {
      const others = hooks.filter((hook) => hook.answers !== true)
      return throughHooks(others, this.event(part, false), () => run(undefined))
    }
    const decoding = describeDecoding(part.plan.decoding)
    const reading: Reading = { single, decoding, signal: options?.signal, again }
    const rows = await throughHooks(hooks, { ...this.event(part, false, after), reading }, () => run(options))
    await after.lasts()
    return rows
  }

  async #all(parts: readonly Part[], use: Use, single: boolean, after: Aftermath): Promise<unknown[]> {
    const { connection } = use
    try {
      throwIfAborted(use.signal)
      if (parts[0]!.plan.readBack !== undefined)
        return await this.#atomically(use, () => this.#parts(parts, use, after))
      if (parts.length === 1) return await this.#part(parts[0]!, use, single, after)
      if (connection.batch !== undefined && !this.session.inTransaction && connection.inTransaction !== true) {
        const batch = { batch: (all: readonly BatchStatement[]) => use.run(() => connection.batch!(all)) }
        return together(parts, await runBatch(parts, batch, this.#batching(connection, after)))
      }
      return await this.#atomically(use, () => this.#parts(parts, use, after))
    } catch (error) {
      await after.failed(error, () => use.settled())
      throw error
    } finally {
      use.release((broken) => this.session.give(connection, broken))
    }
  }

  /** In one transaction with what goes along with it. */
  #accompanied(ready: Plan, args: readonly unknown[], options: ExecuteOptions | undefined): Promise<unknown[]> {
    const { settings } = this
    const asked = { driver: settings.driver, signal: options?.signal, isOfStatement: true }
    return runTransaction(this.session, asked, async (transaction) => {
      const inside = new Executor(this.settings, transaction.session)
      const company: Company = {
        facts: ready.facts,
        asked: ready.asked,
        tree: ready.tree,
        context: this.context,
        exemptions: this.settings.exemptions,
        args,
        told: ready.told,
        derive: async (key, make, rows) => {
          const derived = planOfDerived(ready, key, this.#planning, make, rows)
          return (await inside.#unaccompanied(derived, args, options, false)) as Record<string, unknown>[]
        },
        db: settings.inTransaction(settingsWithoutPlugins(settings), transaction),
        plugged: settings.inTransaction(settings, transaction),
      }
      return throughCompanions(ready.companions!, company, () => inside.#unaccompanied(ready, args, options, false))
    })
  }

  async #parts(parts: readonly Part[], use: Use, after: Aftermath): Promise<unknown[]> {
    const results: unknown[][] = []
    for (const part of parts) results.push(await this.#part(part, use, false, after))
    return together(parts, results)
  }

  #batching(connection: Connection, after: Aftermath): BatchSource {
    return {
      hooks: this.settings.hooks,
      event: (part) => this.event(part, false, after),
      result: ({ plan: ready, bound }, answer) =>
        ready.returnsRows
          ? (this.decoder(ready, bound.sql, connection)?.rows(answer.rows) ?? answer.rows)
          : outcome(ready, answer),
      failure: (cause, { bound }) => this.failure(cause, bound, connection),
    }
  }

  /** All of several statements, or none. */
  #atomically<T>(use: Use, work: () => Promise<T>): Promise<T> {
    const { transaction } = this.#dialect
    const nested = this.session.inTransaction
    const failure = (cause: unknown, sql: string): KantaError =>
      this.failure(cause, { sql, parameters: [] }, sql === transaction.commit ? use.connection : undefined)
    return atomically(use, { texts: transaction, nested, failure }, work)
  }

  #part(part: Part, use: Use, single: boolean, after: Aftermath): Promise<unknown[]> {
    const run = (): Promise<unknown[]> => this.#statement(part, use, single)
    if (!this.#watches) return run()
    const reach = (): Promise<unknown[]> => run().then((rows) => after.reach(rows))
    return throughHooks(this.settings.hooks, this.event(part, false, after), reach)
  }

  /** What hooks see of a statement. */
  event({ plan: { facts }, bound }: Part, streaming: boolean, after: Aftermath = new Aftermath()): QueryEvent {
    return this.#event(bound, facts, streaming, after)
  }

  #event({ sql, parameters }: Bound, facts: Facts, streaming: boolean, after: Aftermath): QueryEvent {
    const { context, session, settings } = this
    const { transaction, inTransaction } = session
    const { exemptions, notes } = settings
    const ending = transaction ?? after
    return {
      ...{ sql, parameters, facts, streaming, inTransaction, context, exemptions, transaction, notes },
      afterCommit: (callback) => ending.afterCommit(callback),
      onLasting: (callback) => ending.onLasting(callback),
      reading: undefined,
    }
  }

  async #statement({ plan: ready, bound }: Part, use: Use, single: boolean): Promise<unknown[]> {
    const { connection } = use
    const { sql, parameters } = bound
    const { bigints } = ready.decoding
    try {
      if (ready.returnsRows === undefined) return [await this.#raw(bound, ready, use)]
      if (ready.readBack !== undefined) return await this.#readBack(ready.readBack, bound, use)
      if (!ready.returnsRows) return outcome(ready, await use.run(() => connection.run(sql, parameters)))
      if (single) {
        const row = await use.run(() => connection.first(sql, parameters, bigints))
        return row === undefined ? [] : [this.decoder(ready, sql, connection)?.row(row) ?? row]
      }
      const rows = await use.run(() => connection.all(sql, parameters, bigints))
      return this.decoder(ready, sql, connection)?.rows(rows) ?? rows
    } catch (cause) {
      throw this.failure(cause, bound, ready.facts.readOnly ? undefined : connection)
    }
  }

  /** Runs an insert, and reads what it wrote by the keys of its rows. */
  #readBack(back: NonNullable<Plan['readBack']>, { sql, parameters }: Bound, use: Use): Promise<unknown[]> {
    const { connection } = use
    return this.#dialect.readBack!.read(back, parameters, {
      write: () => use.run(() => connection.run(sql, parameters)),
      ask: (text) => use.run(() => connection.first(text, [])),
      find: (keys) => this.#part({ plan: back.plan, bound: this.bind(back.plan, [keys]) }, use, false, new Aftermath()),
    })
  }

  /** Text of the user's own: whether it gives rows is known when it has run. */
  async #raw(bound: Bound, ready: Plan | undefined, use: Use): Promise<unknown> {
    const { connection } = use
    const { rows, changes, insertId } = await use.run(() => connection.execute(bound.sql, bound.parameters))
    if (connection.inTransaction === true && this.session.pool !== undefined) await this.#refuseBegin(connection)
    const decoding = ready?.decoding ?? NOTHING_KNOWN
    const decoder =
      connection.rows === 'array' ? arrayDecoder(connection.columns(bound.sql), decoding) : objectDecoder(decoding)
    return {
      rows: rows.length === 0 ? rows : (decoder?.rows(rows) ?? rows),
      numAffectedRows: BigInt(changes),
      insertId: insertId === undefined ? undefined : BigInt(insertId),
    }
  }

  /** A connection that goes back to the pool inside a transaction would take the work of others into it. */
  async #refuseBegin(connection: Connection): Promise<never> {
    await connection.script(this.#dialect.transaction.rollback)
    throw new KantaError(
      'transaction',
      'The text left a transaction open on a connection that others use; it was rolled back. Use db.transaction(), or begin and commit inside db.connection().',
    )
  }
}

function refuseText({ policies }: Planning): never {
  const names = policies.flatMap(({ name, enforce }) => (enforce === undefined ? [] : [name]))
  throw new KantaError(
    'policy',
    `SQL text would pass by the policies of this database (${names.join(', ')}). Build the query, or say what the text reads and writes: sql\`…\`.trusted('its name', { reads: […], writes: […] }).`,
  )
}

/** What the parts of an insert gave, as of one. */
function together(parts: readonly Part[], results: readonly (readonly unknown[])[]): unknown[] {
  if (parts[0]!.plan.returnsRows) return results.flat()
  let changes = 0n
  let insertId: bigint | undefined
  for (const [result] of results as readonly [InsertResult][]) {
    changes += result.numInsertedOrUpdatedRows ?? 0n
    insertId = result.insertId ?? insertId
  }
  return [new InsertResult(insertId, changes)]
}

const NOTHING_KNOWN: Decoding = { codecs: new Map(), rename: undefined, bigints: false }
