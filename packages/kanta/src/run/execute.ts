import {
  CompletionCallbacks,
  checkOptions,
  failure,
  outcomeUnknown,
  type Session,
  throwIfAborted,
} from '../connect/index.ts'
import { type Dialect, refuseMerge } from '../dialect/index.ts'
import type { Connection, MaybePromise } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import { keepPlan, planOf, type Shape } from '../ir/index.ts'
import {
  type Bound,
  bind,
  bindFixed,
  type Context,
  copyOfContext,
  copyOfValue,
  describeDecoding,
  joinContexts,
  type Plan,
  type Planning,
  partsOf,
  plan,
  planningIn,
  planOfDerived,
  refuseRagged,
  type StatementContext,
  TEXT_PLAN,
} from '../plan/index.ts'
import type { Chain, ExecuteOptions } from '../sql/index.ts'
import { settingsWithoutPlugins } from './derived-settings.ts'
import { chainOf, type QueryEvent, type Reading } from './hook.ts'
import { isGuardedBy } from './late-plugin.ts'
import { andThen, asPromise } from './maybe.ts'
import type { Settings } from './settings.ts'
import { runSeveral } from './several.ts'
import {
  callOf,
  type DriverCall,
  FIRST,
  runStatement,
  Statement,
  type StatementRunner,
  withConnection,
} from './statement.ts'
import { streamRows } from './stream.ts'
import { runTransaction } from './transact.ts'

/** The queries that compiled ones were made of, by which a database with policies runs them. */
const compiledFrom = new WeakMap<object, Chain>()

/** Runs queries in one session. */
export class Executor implements StatementRunner {
  readonly settings: Settings
  readonly session: Session
  readonly dialect: Dialect
  /** Whether there are hooks, and all of them only watch. */
  readonly onlyWatches: boolean
  readonly #fixed: Planning
  /** Whether the text of statements depends on the context. */
  readonly #varies: boolean
  readonly #hasAround: boolean
  #lastContext: Context | undefined
  #lastPlanning: Planning | undefined

  constructor(settings: Settings, session: Session) {
    this.settings = settings
    this.session = session
    this.dialect = settings.planning.dialect
    this.#fixed = settings.planning
    this.#varies = settings.planning.policies.some(({ variants }) => variants !== undefined)
    this.#hasAround = settings.hooks.some((hook) => hook.around !== undefined)
    this.onlyWatches = settings.hooks.length > 0 && !this.#hasAround
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

  get MergeBuilder(): Exclude<Dialect['merge'], string> {
    const { merge } = this.dialect
    return typeof merge === 'string' ? refuseMerge(this.dialect) : merge
  }

  /** Runs text as it is. */
  async text(bound: Bound, options?: ExecuteOptions): Promise<unknown> {
    checkOptions(options)
    if (this.#isGuarded) {
      const query = compiledFrom.get(bound)
      return { rows: await this.start(query ?? refuseText(this.#fixed), false, options) }
    }
    throwIfAborted(options?.signal)
    const { sql, parameters } = bound
    const plan = { ...TEXT_PLAN, sql, direct: true }
    return firstOf(await this.#runPlan(plan, parameters, callOf(plan), options))
  }

  /** Checks arguments and adds those of policies. */
  prepare(ready: Plan, args: readonly unknown[]): readonly unknown[] {
    return ready.prepare === undefined ? args : ready.prepare(args, this.context)
  }

  /** The values that policies read: what `db.as()` gave and what the running code is in, which must agree. */
  get context(): Context {
    const { context, ambientContext } = this.settings
    const around = ambientContext?.()
    return around === undefined ? context : joinContexts(context, around)
  }

  /** Whether policies see to what statements read and write. */
  get #isGuarded(): boolean {
    return isGuardedBy(this.#fixed.policies)
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

  /** The plan of a shape in this database: made once, then found at the shape. */
  plan(shape: Shape): Plan {
    const planning = this.#planning
    const known = planOf(shape, planning)
    if (known !== undefined) return known as Plan
    const made = plan(shape, planning)
    if (this.settings.planCache) keepPlan(shape, planning, made)
    return made
  }

  /** The places of values of a shape, which are the same in every context. */
  slotsOf(shape: Shape): Plan['slots'] {
    return (this.#varies ? plan(shape, this.#fixed) : this.plan(shape)).slots
  }

  bind(ready: Plan, args: readonly unknown[]): Bound {
    return bind(ready, args, this.dialect, this.#bindingContext(ready))
  }

  /** Most plans take no value of the context but by their arguments. */
  #bindingContext(ready: Plan): Context {
    return ready.direct ? this.settings.context : this.context
  }

  /** The error of a statement that failed, with what it was. */
  failure(cause: unknown, bound: Bound | undefined, written?: Connection | undefined): KantaError {
    const error = failure(this.settings.driver, cause, bound?.sql, this.settings.redact ? undefined : bound?.parameters)
    // Nobody knows what came of a write whose connection was lost; in a transaction it was rolled back.
    const isUnknown = error.code === 'connection' && written?.isOpen === false && !this.session.inTransaction
    return isUnknown ? outcomeUnknown(error) : error
  }

  /** Plans a query and runs it: the answer as a promise, which no stage before has made where the driver answers at once. */
  start(query: Chain, single: boolean, options: ExecuteOptions | undefined): Promise<unknown> {
    let ready: Plan
    let { args } = query
    try {
      ready = this.plan(query.shape)
      if (ready.prepare !== undefined) args = ready.prepare(args, this.context)
    } catch (error) {
      return this.#onceStarted(error, query, single, options)
    }
    const { transactionHooks, facts, result } = ready
    const isFirst = single && result === 'rows' && facts.readOnly && transactionHooks === undefined
    try {
      if (options !== undefined) checkRun(options)
      const answer =
        transactionHooks === undefined
          ? this.#runPlan(ready, args, isFirst ? FIRST : callOf(ready), options)
          : this.#inTransaction(ready, args, options)
      return asPromise(single && !isFirst ? andThen(answer, firstOf) : answer)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** A plan may need what a plugin finds out when it starts: then it is made again, and fails for good. */
  #onceStarted(error: unknown, query: Chain, single: boolean, options: ExecuteOptions | undefined): Promise<unknown> {
    const { start } = this.session
    return start === undefined ? Promise.reject(error) : start().then(() => this.start(query, single, options))
  }

  /** Runs the statement of a plan, or the several that it takes. */
  #runPlan(
    ready: Plan,
    args: readonly unknown[],
    call: DriverCall,
    options: ExecuteOptions | undefined,
  ): MaybePromise<unknown> {
    let statement: Statement
    if (ready.sql !== undefined && ready.readBack === undefined)
      statement = new Statement(this, call, ready, ready.sql, this.#parameters(ready, args))
    else {
      const parts = partsOf(ready, args, this.#planning, this.#bindingContext(ready))
      if (parts.length > 1 || ready.readBack !== undefined) return runSeveral(this, parts, options)
      const { plan, sql, parameters } = parts[0]!
      statement = new Statement(this, call, plan, sql, parameters)
    }
    return this.#hasAround && this.#goesAround(statement.plan)
      ? this.#inHooks(statement, options)
      : withConnection(statement, options, runStatement)
  }

  #parameters(ready: Plan, args: readonly unknown[]): readonly unknown[] {
    if (ready.direct) return args
    try {
      return bindFixed(ready, args, this.context)
    } catch (cause) {
      throw this.failure(cause, { sql: ready.sql!, parameters: args })
    }
  }

  /** Whether hooks go around a statement; it is found out once for each plan and what plugins have noted. */
  #goesAround({ facts, memos }: Plan): boolean {
    const { hooks, notes } = this.settings
    const known = memos.around
    if (known?.hooks === hooks && known.notes === notes) return known.goes
    const goes = !hooks.every((hook) => hook.around === undefined || hook.passes?.(facts, notes) === true)
    memos.around = { hooks, notes, goes }
    return goes
  }

  /** Runs a statement inside the hooks: these on its connection, or before one is taken where hooks may answer it. */
  async #inHooks(statement: Statement, options: ExecuteOptions | undefined): Promise<unknown> {
    const callbacks = new CompletionCallbacks()
    const isSingle = statement.call === FIRST
    const run = (it: Statement) => andThen(runStatement(it), isSingle ? listOf : asRows)
    let rows: unknown[]
    try {
      rows = this.#mayBeAnswered(statement.plan)
        ? await this.#answered(statement, options, callbacks, run)
        : await withConnection(statement, options, (it) => this.enclose(it, callbacks, async () => run(it)))
    } catch (error) {
      await callbacks.failed(error, () => statement.settled())
      throw error
    }
    await callbacks.lasts()
    return isSingle ? rows[0] : rows
  }

  /** Whether hooks may answer it: a read that is part of nothing else. */
  #mayBeAnswered({ facts, result }: Plan): boolean {
    if (this.settings.hooks.at(-1)?.answers !== true || !facts.readOnly || result !== 'rows') return false
    // A connection that is held for someone may have settings and tables of its own.
    return this.session.pool !== undefined && !this.session.inTransaction
  }

  /** Runs a read that hooks may answer: it takes a connection once it is known to need one. */
  #answered(
    statement: Statement,
    options: ExecuteOptions | undefined,
    callbacks: CompletionCallbacks,
    run: (statement: Statement) => MaybePromise<unknown[]>,
  ): Promise<unknown[]> {
    const { hooks } = this.settings
    const again = (): Promise<unknown[]> => {
      const others = hooks.filter((hook) => hook.answers !== true)
      const event = this.event(statement, false, new CompletionCallbacks())
      return chainOf(others)(event, async () => withConnection(statement.copy(), undefined, run))
    }
    const reading: Reading = {
      single: statement.call === FIRST,
      decoding: describeDecoding(statement.plan.decoding),
      signal: options?.signal,
      again,
    }
    const event = this.event(statement, false, callbacks, reading)
    return chainOf(hooks)(event, async () => withConnection(statement.copy(), options, run))
  }

  enclose<T>(statement: Statement, callbacks: CompletionCallbacks, work: () => Promise<T>): Promise<T> {
    if (!this.#hasAround || !this.#goesAround(statement.plan)) return work()
    const reach = (): Promise<T> => work().then((result) => callbacks.reach(result))
    return chainOf(this.settings.hooks)(this.event(statement, false, callbacks), reach)
  }

  runWithin(outer: Statement, ready: Plan, args: readonly unknown[]): Promise<unknown[]> {
    const { sql, parameters } = this.bind(ready, args)
    const statement = new Statement(this, callOf(ready), ready, sql, parameters).join(outer)
    return this.enclose(statement, new CompletionCallbacks(), async () => asRows(await runStatement(statement)))
  }

  /** Runs a plan in one transaction with the statements of the hooks that join it. */
  #inTransaction(ready: Plan, args: readonly unknown[], options: ExecuteOptions | undefined): Promise<unknown[]> {
    const { settings } = this
    const asked = { driver: settings.driver, signal: options?.signal, isOfStatement: true }
    return runTransaction(this.session, asked, async (transaction) => {
      const inside = new Executor(settings, transaction.session)
      const run = async (plan: Plan): Promise<unknown[]> =>
        asRows(await inside.#runPlan(plan, args, callOf(plan), options))
      const { facts, requestedKind, tree, notes } = ready
      const context: StatementContext = {
        ...{ facts, requestedKind, tree, notes, args },
        context: this.context,
        exemptions: settings.exemptions,
        derive: async (key, make, rows) =>
          (await run(planOfDerived(ready, key, this.#planning, make, rows))) as Record<string, unknown>[],
        db: settings.inTransaction(settingsWithoutPlugins(settings), transaction),
        plugged: settings.inTransaction(settings, transaction),
      }
      const from = (i: number): Promise<unknown[]> => {
        const hook = ready.transactionHooks![i]
        return hook === undefined ? run(ready) : hook.around(context, () => from(i + 1))
      }
      return from(0)
    })
  }

  event(
    { plan: { facts }, sql, parameters }: Statement,
    streaming: boolean,
    callbacks: CompletionCallbacks,
    reading?: Reading | undefined,
  ): QueryEvent {
    const { session, settings } = this
    const { transaction, inTransaction } = session
    const { exemptions, notes } = settings
    const ending = transaction ?? callbacks
    // Nothing of it is what runs: policies have checked the parameters, and caches and logs go by the event.
    const event: QueryEvent = {
      ...{ sql, facts, streaming, inTransaction, exemptions },
      parameters: Object.freeze(parameters.map(copyOfValue)),
      context: copyOfContext(this.context),
      notes: new Map(notes),
      transaction: transaction?.identity,
      afterCommit: (callback) => ending.afterCommit(callback),
      onLasting: (callback) => ending.onLasting(callback),
      reading,
    }
    return Object.freeze(event)
  }
}

function checkRun(options: ExecuteOptions): void {
  checkOptions(options)
  throwIfAborted(options.signal)
}

const asRows = (rows: unknown): unknown[] => rows as unknown[]

const firstOf = (rows: unknown): unknown => (rows as unknown[])[0]

const listOf = (row: unknown): unknown[] => (row === undefined ? [] : [row])

function refuseText({ policies }: Planning): never {
  const names = policies.flatMap(({ name, enforce }) => (enforce === undefined ? [] : [name]))
  throw new KantaError(
    'policy',
    `SQL text would pass by the policies of this database (${names.join(', ')}). Build the query, or say what the text reads and writes: sql\`…\`.trusted('its name', { reads: […], writes: […] }).`,
  )
}
