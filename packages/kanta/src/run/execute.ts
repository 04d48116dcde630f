import {
  CompletionCallbacks,
  checkExecuteOptions,
  type Session,
  throwIfAborted,
  toKantaError,
  unknownOutcomeError,
} from '../connect/index.ts'
import { type Dialect, refuseMerge } from '../dialect/index.ts'
import type { Connection, MaybePromise } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import { defines, keepPlan, planOf, Shape } from '../ir/index.ts'
import {
  type Bound,
  bind,
  bindFixed,
  type Context,
  copyOfContext,
  copyOfValue,
  describeDecoding,
  joinContexts,
  keepRowTypes,
  missingTypes,
  type Part,
  type Plan,
  type Planning,
  partsOf,
  plan,
  planningIn,
  planOfDerived,
  planOfText,
  refuseRagged,
  type StatementContext,
  TEXT_PLAN,
} from '../plan/index.ts'
import type { Chain, ExecuteOptions } from '../sql/index.ts'
import { settingsWithoutPlugins } from './derived-settings.ts'
import { chainOf, type Hook, idlenessOf, type QueryEvent, type Reading } from './hook.ts'
import { isGuardedBy } from './late-plugin.ts'
import { andThen, asPromise } from './maybe-promise.ts'
import { addNearestTable } from './nearest-table.ts'
import { hasOperationHooks, isAround, runOperation, withSignal } from './operation.ts'
import { runParts } from './run-parts.ts'
import type { Settings } from './settings.ts'
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

/** Returns the slots of a plan and of the further statements of its rows. */
const slotsOf = ({ slots, split }: Plan): Plan['slots'] =>
  split === undefined ? slots : [...slots, ...split.plans.flatMap(slotsOf)]

/** SQL text to run. A compiled query has the shape that its text was made of. */
type Text = Bound & { readonly query?: unknown }

/** The original queries of compiled ones. A database with policies runs those. */
const compiledFrom = new WeakMap<object, Chain>()

/** The executor of queries in one session. */
export class Executor implements StatementRunner {
  readonly settings: Settings
  readonly session: Session
  readonly dialect: Dialect
  /** Is true if there are hooks and all of them only watch. */
  readonly hasOnlyWatchers: boolean
  /** Is true if hooks run around each operation of the session. */
  readonly #hasOperationHooks: boolean
  /** The hooks that hear of each call; `undefined` if there are none. */
  readonly #callHooks: readonly Hook[] | undefined
  readonly #basePlanning: Planning
  /** Is true if the text of statements depends on the context. */
  readonly #dependsOnContext: boolean
  readonly #hasAround: boolean
  #lastContext: Context | undefined
  #lastPlanning: Planning | undefined

  constructor(settings: Settings, session: Session) {
    this.settings = settings
    this.session = session
    this.dialect = settings.planning.dialect
    this.#basePlanning = settings.planning
    this.#dependsOnContext = settings.planning.policies.some(({ variants }) => variants !== undefined)
    const { hooks } = settings
    this.#hasAround = hooks.some((hook) => hook.around !== undefined)
    this.hasOnlyWatchers = !this.#hasAround && hooks.some((hook) => hook.watch !== undefined)
    this.#hasOperationHooks = hooks.some((hook) => isAround(hook, 'statement'))
    this.#callHooks = hooks.some((hook) => hook.called !== undefined) ? hooks : undefined
  }

  stream(query: Chain, chunkSize: number, options?: ExecuteOptions): AsyncIterableIterator<unknown> {
    checkExecuteOptions(options)
    return streamRows(this, query, chunkSize, options)
  }

  compile(query: Chain): Bound & { readonly query: Shape } {
    const ready = this.plan(query.shape)
    ready.split?.refuse('compile()')
    if (ready.tree.kind === 'insert' && ready.tree.ragged) refuseRagged()
    const { sql, parameters } = this.bind(ready, this.prepare(ready, query.args))
    // The parameters are copied, so that changing the compiled query does not change this one.
    const compiled = {
      sql,
      parameters: parameters === query.args ? parameters.slice() : parameters,
      query: query.shape,
    }
    if (!this.#isGuarded) return compiled
    // Policies need the original arguments, so that a change of the compiled query would do nothing.
    Object.freeze(compiled.parameters)
    compiledFrom.set(compiled, query)
    return Object.freeze(compiled)
  }

  get MergeBuilder(): Exclude<Dialect['merge'], string> {
    const { merge } = this.dialect
    return typeof merge === 'string' ? refuseMerge(this.dialect) : merge
  }

  /** Runs SQL text. Rows of a compiled query are decoded like those of the query itself. */
  async executeText(bound: Text, options?: ExecuteOptions): Promise<unknown> {
    checkExecuteOptions(options)
    if (this.#isGuarded) {
      const query = compiledFrom.get(bound)
      return { rows: await this.start(query ?? refuseText(this.#basePlanning), false, options) }
    }
    throwIfAborted(options?.signal)
    const plan = this.#planOfText(bound)
    const run = async (own: ExecuteOptions | undefined): Promise<unknown> =>
      plan.readBack !== undefined
        ? { rows: await runParts(this, [{ ...bound, plan }], own) }
        : firstOf(await this.#runBound(plan, bound.parameters, callOf(plan), own))
    return this.#hasOperationHooks && hasOperationHooks(this.settings.hooks, this.session, 'statement')
      ? this.#inOperation(plan, options, run)
      : run(options)
  }

  #planOfText({ sql, query }: Text): Plan {
    // Definitions return no rows, and another database may print them.
    if (!(query instanceof Shape) || defines(query.kind)) return { ...TEXT_PLAN, sql, direct: true }
    const ready = this.plan(query)
    return ready.memos.plan(ready.sql === sql ? 'text' : `text ${sql}`, () => planOfText(ready, sql))
  }

  /** Checks arguments and adds the values of policies. */
  prepare(ready: Plan, args: readonly unknown[]): readonly unknown[] {
    return ready.prepare === undefined ? args : ready.prepare(args, this.context)
  }

  /** The context that policies read: that of `db.as()` joined with that of the calling code. The two must agree. */
  get context(): Context {
    const { context, ambientContext } = this.settings
    const around = ambientContext?.()
    return around === undefined ? context : joinContexts(context, around)
  }

  /** Is true if policies enforce rules on statements. */
  get #isGuarded(): boolean {
    return isGuardedBy(this.#basePlanning.policies)
  }

  /** The planning for the current context. */
  get #planning(): Planning {
    if (!this.#dependsOnContext) return this.#basePlanning
    const { context } = this
    if (context !== this.#lastContext || this.#lastPlanning === undefined) {
      this.#lastPlanning = planningIn(this.#basePlanning, context)
      // A context that is not frozen may change before the next run.
      this.#lastContext = Object.isFrozen(context) ? context : undefined
    }
    return this.#lastPlanning
  }

  /** Returns the plan of a shape in this database. It is made once, then cached at the shape. */
  plan(shape: Shape): Plan {
    const planning = this.#planning
    const known = planOf(shape, planning)
    if (known !== undefined) return known as Plan
    const made = plan(shape, planning)
    if (this.settings.planCache) keepPlan(shape, planning, made)
    return made
  }

  /** Returns the slots of a shape, which are the same in every context. */
  slotsOf(shape: Shape): Plan['slots'] {
    return slotsOf(this.#dependsOnContext ? plan(shape, this.#basePlanning) : this.plan(shape))
  }

  bind(ready: Plan, args: readonly unknown[]): Bound {
    return bind(ready, args, this.dialect, this.#bindingContext(ready))
  }

  /** Returns the statements of a plan: one, or several where an insert has more rows than one takes. */
  parts(ready: Plan, args: readonly unknown[]): readonly Part[] {
    return partsOf(ready, args, this.#planning, this.#bindingContext(ready))
  }

  /** Returns the context for binding. A direct plan needs no values of the ambient context. */
  #bindingContext(ready: Plan): Context {
    return ready.direct ? this.settings.context : this.context
  }

  /** Converts what was thrown to the user's error, with the statement and its parameters. */
  toError(cause: unknown, bound: Bound | undefined, written?: Connection | undefined): KantaError {
    const error = toKantaError(
      this.settings.driver,
      cause,
      bound?.sql,
      this.settings.redact ? undefined : bound?.parameters,
    )
    if (bound instanceof Statement) addNearestTable(error, bound.plan.facts, this.#basePlanning.schema)
    // The outcome of a write whose connection was lost is unknown; inside a transaction it was rolled back.
    const isUnknown = error.code === 'connection' && written?.isOpen === false && !this.session.inTransaction
    return isUnknown ? unknownOutcomeError(error) : error
  }

  /** Plans a query and runs it. If the driver answers at once, the promise made here is the only one. */
  start(query: Chain, single: boolean, options: ExecuteOptions | undefined): Promise<unknown> {
    let ready: Plan
    let { args } = query
    try {
      ready = this.plan(query.shape)
      if (ready.prepare !== undefined) args = ready.prepare(args, this.context)
    } catch (error) {
      return this.#retryOnceStarted(error, query, single, options)
    }
    if (!this.#hasOperationHooks || !hasOperationHooks(this.settings.hooks, this.session, 'statement'))
      return this.#startPlanned(ready, query, args, single, options)
    return this.#inOperation(ready, options, (own) => this.#startPlanned(ready, query, args, single, own))
  }

  /** Runs a statement of its own as an operation. */
  #inOperation<T>(
    { facts }: Plan,
    options: ExecuteOptions | undefined,
    work: (options: ExecuteOptions | undefined) => Promise<T>,
  ): Promise<T> {
    const about = { kind: 'statement', facts, readOnly: facts.readOnly, signal: options?.signal } as const
    return runOperation(this.settings, about, (signal) => work(withSignal(options, signal)))
  }

  #startPlanned(
    ready: Plan,
    query: Chain,
    args: readonly unknown[],
    single: boolean,
    options: ExecuteOptions | undefined,
  ): Promise<unknown> {
    const { transactionHooks, facts, result } = ready
    const isFirst = single && result === 'rows' && facts.readOnly && transactionHooks === undefined && !ready.split
    try {
      if (options !== undefined) checkRun(options)
      const answer =
        ready.split !== undefined
          ? this.#runSplit(ready, query.args, options)
          : transactionHooks === undefined
            ? this.#runPlan(ready, args, isFirst ? FIRST : callOf(ready), options)
            : this.#runInTransaction(ready, args, options)
      return asPromise(single && !isFirst ? andThen(answer, firstOf) : answer)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Plans again after plugins have started, since a plan may need what a plugin learns then. Rejects if they had
   * started.
   */
  #retryOnceStarted(
    error: unknown,
    query: Chain,
    single: boolean,
    options: ExecuteOptions | undefined,
  ): Promise<unknown> {
    const { start } = this.session
    return start === undefined ? Promise.reject(error) : start().then(() => this.start(query, single, options))
  }

  /** Runs the statement or the statements of a plan. */
  #runPlan(
    ready: Plan,
    args: readonly unknown[],
    call: DriverCall,
    options: ExecuteOptions | undefined,
  ): MaybePromise<unknown> {
    return ready.rows === undefined || this.dialect.arrayRows === undefined
      ? this.#runBound(ready, args, call, options)
      : this.#runRows(ready, args, call, options)
  }

  /** Runs an insert whose rows may go as arrays of the types that the database tells. */
  async #runRows(
    ready: Plan,
    args: readonly unknown[],
    call: DriverCall,
    options: ExecuteOptions | undefined,
  ): Promise<unknown> {
    const text = missingTypes(ready, args, this.#planning)
    if (text !== undefined) {
      // It reads the system tables only, so that hooks that ask what a statement wrote need not hear of it.
      const bare = new Executor({ ...settingsWithoutPlugins(this.settings), hooks: [] }, this.session)
      const told = (await bare.executeText({ sql: text, parameters: [] }, options)) as { rows: { types: string }[] }
      keepRowTypes(ready, told.rows[0]!.types)
    }
    try {
      return await this.#runBound(ready, args, call, options)
    } catch (error) {
      // The types may be others by now.
      ready.memos.rowTypes = undefined
      throw error
    }
  }

  #runBound(
    ready: Plan,
    args: readonly unknown[],
    call: DriverCall,
    options: ExecuteOptions | undefined,
  ): MaybePromise<unknown> {
    let statement: Statement
    if (ready.sql !== undefined && ready.readBack === undefined)
      statement = new Statement(this, call, ready, ready.sql, this.#parameters(ready, args))
    else {
      const parts = this.parts(ready, args)
      if (parts.length > 1 || ready.readBack !== undefined) return runParts(this, parts, options)
      const { plan, sql, parameters } = parts[0]!
      statement = new Statement(this, call, plan, sql, parameters)
    }
    if (this.#callHooks !== undefined) this.#notifyOfCall(statement)
    return this.#hasAround && this.#hasHooksAround(statement.plan)
      ? this.#runInHooks(statement, options)
      : withConnection(statement, options, runStatement)
  }

  #notifyOfCall({ plan: { facts, tree }, sql, parameters }: Statement): void {
    for (const hook of this.#callHooks!) hook.called?.(facts, sql, () => parameters.map(copyOfValue), tree)
  }

  #parameters(ready: Plan, args: readonly unknown[]): readonly unknown[] {
    if (ready.direct) return args
    try {
      return bindFixed(ready, args, this.context)
    } catch (cause) {
      throw this.toError(cause, { sql: ready.sql!, parameters: args })
    }
  }

  /** Checks if any hook runs around a statement; memoized for each plan with its hooks and notes. */
  #hasHooksAround({ facts, memos }: Plan): boolean {
    const { hooks, notes } = this.settings
    let known = memos.around
    if (known?.hooks !== hooks || known.notes !== notes) {
      const goes = !hooks.every((hook) => hook.around === undefined || hook.passes?.(facts, notes) === true)
      known = { hooks, notes, goes, isIdle: idlenessOf(hooks) }
      memos.around = known
    }
    return known.goes && known.isIdle?.() !== true
  }

  /**
   * Runs a statement inside the hooks, on its connection. Hooks that may answer a read run before it takes a
   * connection.
   */
  async #runInHooks(statement: Statement, options: ExecuteOptions | undefined): Promise<unknown> {
    const callbacks = new CompletionCallbacks()
    const isSingle = statement.call === FIRST
    const run = (it: Statement) => andThen(runStatement(it), isSingle ? listOf : asRows)
    let rows: unknown[]
    try {
      rows = this.#isAnswerable(statement.plan)
        ? await this.#runAnswerable(statement, options, callbacks, run)
        : await withConnection(statement, options, (it) => this.runInHooks(it, callbacks, async () => run(it)))
    } catch (error) {
      await callbacks.callAfterFailure(error, () => statement.waitForPending())
      throw error
    }
    await callbacks.callAfterSuccess()
    return isSingle ? rows[0] : rows
  }

  /** Checks if hooks may answer the statement: it must be a read outside transactions and held connections. */
  #isAnswerable({ facts, result }: Plan): boolean {
    if (this.settings.hooks.at(-1)?.answers !== true || !facts.readOnly || result !== 'rows') return false
    // A held connection may have settings and temporary tables of its own.
    return this.session.pool !== undefined && !this.session.inTransaction
  }

  /** Runs a read that hooks may answer. It takes a connection only if they do not. */
  #runAnswerable(
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

  runInHooks<T>(statement: Statement, callbacks: CompletionCallbacks, work: () => Promise<T>): Promise<T> {
    if (!this.#hasAround || !this.#hasHooksAround(statement.plan)) return work()
    const reach = (): Promise<T> => work().then((result) => callbacks.noteSuccess(result))
    return chainOf(this.settings.hooks)(this.event(statement, false, callbacks), reach)
  }

  runInside(outer: Statement, ready: Plan, args: readonly unknown[]): Promise<unknown[]> {
    const { sql, parameters } = this.bind(ready, args)
    const statement = new Statement(this, callOf(ready), ready, sql, parameters).join(outer)
    return this.runInHooks(statement, new CompletionCallbacks(), async () => asRows(await runStatement(statement)))
  }

  /** Runs a plan in one transaction with the statements of its transaction hooks. */
  #runInTransaction(ready: Plan, args: readonly unknown[], options: ExecuteOptions | undefined): Promise<unknown[]> {
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
        // Hardly any hook asks for it, and making it calls all plugins.
        get plugged() {
          return settings.inTransaction(settings, transaction)
        },
      }
      const from = (i: number): Promise<unknown[]> => {
        const hook = ready.transactionHooks![i]
        return hook === undefined ? run(ready) : hook.around(context, () => from(i + 1))
      }
      return from(0)
    })
  }

  /** Runs a read and the further statements of its rows, which all see one state of the data. */
  #runSplit(ready: Plan, args: readonly unknown[], options: ExecuteOptions | undefined): Promise<unknown[]> {
    const { session, settings } = this
    const read = (within: Session): Promise<unknown[]> => {
      const inside = new Executor(settings, within)
      return ready.split!.read(ready, args, async (plan, given) =>
        asRows(await inside.#runPlan(plan, inside.prepare(plan, given), callOf(plan), options)),
      )
    }
    const { driver } = settings
    const isolation = ready.split!.levelIn(session.transaction?.settings, driver.dialect.transaction.snapshot)
    if (isolation === undefined) return read(session)
    const asked = {
      driver,
      signal: options?.signal,
      settings: { isolation, access: 'read only' },
      isOfStatement: true,
    } as const
    return runTransaction(session, asked, (own) => read(own.session))
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
      afterRollback: (callback) => transaction?.afterRollback(callback),
      reading,
    }
    return Object.freeze(event)
  }
}

function checkRun(options: ExecuteOptions): void {
  checkExecuteOptions(options)
  throwIfAborted(options.signal)
}

const asRows = (rows: unknown): unknown[] => rows as unknown[]

const firstOf = (rows: unknown): unknown => (rows as unknown[])[0]

const listOf = (row: unknown): unknown[] => (row === undefined ? [] : [row])

function refuseText({ policies }: Planning): never {
  const names = policies.flatMap(({ name, enforce }) => (enforce === undefined ? [] : [name]))
  throw new KantaError(
    'policy',
    `SQL text would bypass the policies of this database (${names.join(', ')}). Build the query, or declare what the text reads and writes: sql\`…\`.trusted('its name', { reads: […], writes: […] }).`,
  )
}
