import {
  type AfterCallback,
  type DestroyOptions,
  type Lifecycle,
  Pool,
  PoolSession,
  type Session,
  type Transaction,
} from '../connect/index.ts'
import type { AccessMode, IsolationLevel, TransactionSettings } from '../dialect/index.ts'
import type { Driver } from '../driver/index.ts'
import { checkOptions, KantaError, refuse } from '../error/index.ts'
import type { PluginDescription } from '../face/index.ts'
import { fullName } from '../ir/index.ts'
import {
  addContext,
  type Bound,
  type Context,
  type Exemption,
  type Expansion,
  isExpansion,
  MOST_PLANNINGS,
  type Planning,
  type Policy,
  type SchemaDefinitions,
  schemaPrefix,
} from '../plan/index.ts'
import {
  Chain,
  caseOf,
  checkName,
  dynamic,
  type ExecuteOptions,
  functions,
  provideExpressionBuilder,
  QueryCreator,
  RUNNER,
  type Runnable,
  show,
} from '../sql/index.ts'
import { definitionOf, type TableDefinition } from '../table/index.ts'
import { settingsWithoutPlugins } from './derived-settings.ts'
import { Executor } from './execute.ts'
import { orderHooks } from './hook.ts'
import { isGuardedBy, isInFront, isOwn, putInFront } from './late-plugin.ts'
import { type Log, logHook } from './log.ts'
import { checkLogger, consoleLogger, type Logger } from './logger.ts'
import { beginOperation, hasOperationHooks, inOperation } from './operation.ts'
import { addTo, describePlugin, endPlugins, type Plugin, sortPlugins, startPlugins } from './plugin.ts'
import { checkNames } from './plugin-names.ts'
import { executorOf, QueryRunner } from './query-runner.ts'
import { checkRetry, type RetryOptions, withRetries } from './retry.ts'
import { type SchemaCreator, schemaOf } from './schema-creator.ts'
import type { Settings } from './settings.ts'
import { beginTransaction, runOnConnection, runTransaction } from './transact.ts'

/** The options of `kanta()`. */
export interface KantaOptions {
  /** The driver that connects to the database, such as `sqlite('cities.db')`. */
  readonly driver: Driver
  /** An object or a module (`import * as schema`) of the `table()` values. */
  readonly schema?: object | undefined
  readonly plugins?: readonly Plugin<object, unknown>[] | undefined
  /**
   * Names of custom or extension functions that statements may call under policies, such as `similarity` of
   * PostgreSQL's `pg_trgm`. They must read no table and run no SQL text. The safe functions of the database itself are
   * known.
   */
  readonly trustedFunctions?: readonly string[] | undefined
  /** The function that receives log entries, or the levels to print on the console. */
  readonly log?: Log | undefined
  /** The logger of Kanta and of its plugins. Default: the console. */
  readonly logger?: Logger | undefined
  /** Leaves the parameters out of errors and logs. */
  readonly redact?: boolean | undefined
  /** The milliseconds that a query waits for a connection. Default: 30,000. */
  readonly acquireTimeout?: number | undefined
  /** The milliseconds after which an idle connection to a server is checked before its next use. Default: 30,000. */
  readonly validateAfter?: number | undefined
}

const OPTIONS: readonly (keyof KantaOptions)[] = [
  'driver',
  'schema',
  'plugins',
  'trustedFunctions',
  'log',
  'logger',
  'redact',
  'acquireTimeout',
  'validateAfter',
]

/** Opens a database. The first query connects to it. */
export function open(options: KantaOptions): DatabaseHandle {
  checkOptions('kanta()', options, OPTIONS)
  const { driver } = options
  const plugins = sortPlugins(options.plugins === undefined ? [] : options.plugins)
  checkLog(options.log)
  const logger = checkLogger('kanta()', options.logger ?? consoleLogger)
  provideExpressionBuilder()
  if (typeof driver?.connect !== 'function')
    refuse("kanta() needs a driver, such as sqlite('cities.db') from 'kanta/sqlite'.")
  const hooks = plugins.flatMap((plugin) => plugin.hooks ?? [])
  const settings: Settings = {
    driver,
    planning: {
      dialect: driver.dialect,
      schema: collectDefinitions(options.schema),
      relations: relationsIn(options.schema),
      trustedFunctions: checkFunctionNames(options.trustedFunctions),
      policies: plugins.flatMap((plugin) => plugin.policies ?? []),
      transactionHooks: plugins.flatMap((plugin) => plugin.transactionHooks ?? []),
    },
    hooks: orderHooks(
      options.log === undefined ? hooks : [logHook(options.log, options.redact === true, logger), ...hooks],
    ),
    plugins,
    context: NO_CONTEXT,
    ambientContext: undefined,
    exemptions: Object.freeze([]),
    notes: new Map(),
    logger,
    redact: options.redact === true,
    planCache: !isPlanCacheOff(),
    inTransaction: (other, transaction) => new TransactionHandle(other, transaction),
  }
  checkNames(plugins, settings.planning.schema, settings.planning.policies)
  const pool = new Pool(driver, { acquireTimeout: options.acquireTimeout, validateAfter: options.validateAfter })
  return new DatabaseHandle(settings, new PoolSession(pool, lifecycleOf(plugins, settings, pool)))
}

const NO_CONTEXT: Context = Object.freeze({})

/** Returns the lifecycle of plugins, if any of them has `onInit` or `onDestroy`. */
function lifecycleOf(
  plugins: readonly Plugin<object, unknown>[],
  settings: Settings,
  pool: Pool,
  before?: { readonly session: PoolSession; readonly settings: Settings } | undefined,
): Lifecycle | undefined {
  if (!plugins.some((plugin) => plugin.onInit !== undefined || plugin.onDestroy !== undefined)) return undefined
  return {
    start: async () => {
      await before?.session.ensureStarted()
      const bare = new DatabaseHandle(settingsWithoutPlugins(settings), new PoolSession(pool))
      const guarded = before && new DatabaseHandle(before.settings, new PoolSession(pool))
      await startPlugins(plugins, (plugin) => (isInFront(plugin) ? guarded : bare))
    },
    end: async () => {
      await endPlugins(plugins)
      await before?.session.stop()
    },
  }
}

/** Checks for `PLAN_CACHE=off`, which plans every statement afresh. A runtime may deny access to its environment. */
function isPlanCacheOff(): boolean {
  try {
    return globalThis.process?.env.PLAN_CACHE === 'off'
  } catch {
    return false
  }
}

function checkLog(log: unknown): void {
  const levels = Array.isArray(log) && Array.from(log).every((level) => level === 'query' || level === 'error')
  if (log !== undefined && typeof log !== 'function' && !levels)
    refuse(`log takes a function, or the levels to print on the console: ['query', 'error'], not ${show(log)}.`)
}

function checkFunctionNames(names: unknown): readonly string[] | undefined {
  if (names === undefined) return undefined
  if (!Array.isArray(names)) return refuse(`trustedFunctions takes a list of names, not ${show(names)}.`)
  return names.map((name) => checkName(name, 'a trusted function'))
}

/** Collects the tables among the values of an object or a module. */
function collectDefinitions(schema: object | undefined): SchemaDefinitions {
  const found = new Map<string, TableDefinition>()
  for (const value of Object.values(schema ?? {})) {
    const definition = definitionOf(value)
    if (definition === undefined) continue
    const name = fullName(definition)
    const other = found.get(name)
    if (other !== undefined && other !== definition) refuse(`The schema has two tables named '${name}'. Rename one.`)
    found.set(name, definition)
  }
  if (schema !== undefined && found.size === 0)
    refuse('The schema contains no table. Pass an object of table() values.')
  return found
}

/** Finds the relations among the values of a schema. */
function relationsIn(schema: object | undefined): Expansion | undefined {
  const [relations, ...others] = Object.values(schema ?? {}).filter(isExpansion)
  if (others.length > 0) refuse('The schema has relations() twice. Declare all relations in one.')
  return relations
}

/**
 * Returns the settings of a database. They are not a property of the handle, since they allow bypassing its policies.
 */
export let settingsOf: (db: DatabaseHandle) => Settings

/** Returns the session of a database. It is not a property of the handle, since it allows bypassing its policies. */
export let sessionOf: (db: DatabaseHandle) => Session

/** Returns the same database or transaction with other settings. */
export let withSettings: <D extends DatabaseHandle>(db: D, settings: Settings) => D

/** The handle of a database, of a transaction or of a held connection. */
export class DatabaseHandle extends QueryCreator implements Runnable {
  readonly #settings: Settings
  readonly #session: Session
  readonly #runner: QueryRunner
  readonly #derive: (settings: Settings) => DatabaseHandle

  static {
    settingsOf = (db) => db.#settings
    sessionOf = (db) => db.#session
    withSettings = <D extends DatabaseHandle>(db: D, settings: Settings) => db.#derive(settings) as D
  }

  constructor(
    settings: Settings,
    session: Session,
    derive = (other: Settings): DatabaseHandle => new DatabaseHandle(other, session),
  ) {
    const executor = new Executor(settings, session)
    const runner = settings.makeRunner?.(executor) ?? new QueryRunner(executor)
    super(runner)
    this.#settings = settings
    this.#session = session
    this.#runner = runner
    this.#derive = derive
    addTo(this, settings.plugins)
  }

  get [RUNNER](): QueryRunner {
    return this.#runner
  }

  get fn(): typeof functions {
    return functions
  }

  get dynamic(): typeof dynamic {
    return dynamic
  }

  get schema(): SchemaCreator {
    return schemaOf(this.#runner)
  }

  case(...value: unknown[]): ReturnType<typeof caseOf> {
    return caseOf(...value)
  }

  /** Returns the same database with a schema for every unqualified table. */
  withSchema(name: string): this {
    checkName(name, 'a schema')
    return withPolicies(this, `schema ${name}`, (policies) => [...policies, schemaPrefix(name)])
  }

  /** Returns the same database with more plugins: those of others, if it has policies on rows, in front of these. */
  withPlugins(plugins: readonly Plugin<object, unknown>[]): this {
    const settings = this.#settings
    const session = this.#session
    const { planning } = settings
    const given = sortPlugins(Array.isArray(plugins) ? [...settings.plugins, ...plugins] : plugins)
    const isGuarded = isGuardedBy(planning.policies)
    const all = given.map((plugin) =>
      settings.plugins.includes(plugin) || isOwn(plugin) || !isGuarded ? plugin : putInFront(plugin),
    )
    const added = all.filter((plugin) => !settings.plugins.includes(plugin))
    const made: Settings = {
      ...settings,
      plugins: all,
      planning: {
        ...planning,
        policies: [...planning.policies, ...added.flatMap((plugin) => plugin.policies ?? [])],
        // They follow the order of all plugins: hooks that record rows come last, next to the statement.
        transactionHooks: all.flatMap((plugin) => plugin.transactionHooks ?? []),
      },
      hooks: orderHooks([...settings.hooks, ...added.flatMap((plugin) => plugin.hooks ?? [])]),
    }
    checkNames(added, planning.schema, made.planning.policies)
    if (!(session instanceof PoolSession)) {
      for (const { name, onInit, onDestroy } of added)
        if (onInit !== undefined || onDestroy !== undefined)
          refuse(
            `The plugin '${name}' needs a whole database. Pass it to kanta(), or call withPlugins() on the database.`,
          )
      return this.#derive(made) as this
    }
    const lifecycle = lifecycleOf(added, made, session.pool, { session, settings })
    if (lifecycle === undefined) return this.#derive(made) as this
    return new DatabaseHandle(made, new PoolSession(session.pool, lifecycle)) as this
  }

  /** The plugins in force, in the order in which they apply. */
  get plugins(): readonly PluginDescription[] {
    return this.#settings.plugins.map(describePlugin)
  }

  /** Returns the same database with a context: values that policies read when a statement runs. */
  as(context: Readonly<Record<string, unknown>>): this {
    const settings = this.#settings
    return this.#derive({ ...settings, context: addContext(settings.context, context) }) as this
  }

  /** Returns the same database without the policies that a capability disables. */
  unscoped(capability: object, reason: string): this {
    if (typeof reason !== 'string' || reason.trim() === '')
      refuse(`unscoped() needs a reason as its second argument, not ${show(reason)}.`)
    // Only objects are capabilities, since other values could be guessed.
    const isHeld = typeof capability === 'object' && capability !== null
    const { policies } = this.#settings.planning
    const opened = policies.filter((policy) => isHeld && policy.opens?.(capability) === true)
    if (opened.length === 0)
      throw new KantaError(
        'policy',
        'The capability disables no policy here. Pass the capability that you gave the plugin.',
      )
    return exempt(
      this,
      // Two policies may have one name.
      `without ${opened.map((policy) => policies.indexOf(policy)).join()}`,
      (policy) => (opened.includes(policy) ? undefined : policy),
      opened.map((policy) => ({ policy: policy.name, reason })),
    )
  }

  /** Runs a compiled query, or a query of another database, in this one. */
  async executeQuery(query: unknown, options?: ExecuteOptions): Promise<unknown> {
    if (query instanceof Chain) return { rows: await this.#runner.execute(query, options) }
    const { sql, parameters } = Object(query) as { sql: unknown; parameters: readonly unknown[] }
    if (typeof sql !== 'string' || !Array.isArray(parameters))
      return refuse('executeQuery() takes a query, or the result of compile().')
    // Pass the object itself: under policies the original query is found by it.
    return executorOf(this.#runner).executeText(query as Bound, options)
  }

  get isTransaction(): boolean {
    return this.#session.inTransaction
  }

  /** Returns a builder for a transaction around a callback; inside a transaction, for a savepoint. */
  transaction(...given: readonly unknown[]): TransactionBuilder {
    // The callback of other libraries would never be called.
    if (given.length > 0) refuse('transaction() takes no callback. Write transaction().execute(async (trx) => { … }).')
    return new TransactionBuilder(this.#settings, this.#session, {})
  }

  /** Returns a builder for a transaction that its caller ends. */
  startTransaction(): ControlledTransactionBuilder {
    return new ControlledTransactionBuilder(this.#settings, this.#session, {})
  }

  /** Returns a builder for a callback whose statements share one connection. */
  connection(): { execute<T>(work: (db: DatabaseHandle) => Promise<T>, options?: ExecuteOptions): Promise<T> } {
    const settings = this.#settings
    const session = this.#session
    return {
      execute: async (work, options) =>
        typeof work !== 'function'
          ? refuse('connection().execute() takes a callback: async (db) => { … }.')
          : inOperation(settings, session, { kind: 'connection', readOnly: false, signal: options?.signal }, (signal) =>
              runOnConnection(session, { driver: settings.driver, signal }, (held) =>
                work(new DatabaseHandle(settings, held)),
              ),
            ),
    }
  }

  /** Waits for running work, then closes every connection. */
  destroy(options?: DestroyOptions): Promise<void> {
    const session = this.#session
    if (session.pool !== undefined && session.destroy !== undefined) return session.destroy(options)
    return Promise.reject(
      new KantaError(
        'invalid_input',
        'destroy() closes a whole database; a transaction or a held connection ends by itself.',
      ),
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy()
  }

  $extendTables(): this {
    return this
  }

  $omitTables(): this {
    return this
  }

  $pickTables(): this {
    return this
  }
}

/** Returns the same database with other policies. The planning is memoized by `key`, so that its plans are kept. */
function withPolicies<D extends DatabaseHandle>(
  db: D,
  key: string,
  change: (policies: readonly Policy[]) => readonly Policy[],
): D {
  const settings = settingsOf(db)
  const known = derivedPlannings.get(settings.planning) ?? new Map<string, Planning>()
  derivedPlannings.set(settings.planning, known)
  let planning = known.get(key)
  if (planning === undefined) {
    if (known.size >= MOST_PLANNINGS) known.clear()
    planning = { ...settings.planning, policies: change(settings.planning.policies) }
    known.set(key, planning)
  }
  return withSettings(db, { ...settings, planning })
}

/** Returns the same database with some policies changed or left out, for the opt-outs of plugins. */
export function exempt<D extends DatabaseHandle>(
  db: D,
  key: string,
  change: (policy: Policy) => Policy | undefined,
  exemptions: readonly Exemption[],
): D {
  const made = withPolicies(db, key, (policies) => policies.flatMap((policy) => change(policy) ?? []))
  const settings = settingsOf(made)
  return withSettings(db, { ...settings, exemptions: Object.freeze([...settings.exemptions, ...exemptions]) })
}

const derivedPlannings = new WeakMap<Planning, Map<string, Planning>>()

export const LEVELS: readonly IsolationLevel[] = [
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable',
  'snapshot',
]

/** The requested settings of a transaction, and of its retries. */
interface TransactionRequest extends TransactionSettings {
  readonly retry?: RetryOptions | undefined
}

/** A builder of the settings of a transaction. */
class TransactionSetup<Made> {
  readonly #request: TransactionRequest
  readonly #make: (request: TransactionRequest) => Made

  constructor(request: TransactionRequest, make: (request: TransactionRequest) => Made) {
    this.#request = request
    this.#make = make
  }

  setIsolationLevel(isolation: IsolationLevel): Made {
    if (!LEVELS.includes(isolation)) refuse(`setIsolationLevel(${show(isolation)}): use one of ${LEVELS.join(', ')}.`)
    return this.#make({ ...this.#request, isolation })
  }

  setAccessMode(access: AccessMode): Made {
    if (access !== 'read only' && access !== 'read write')
      refuse(`setAccessMode(${show(access)}): use 'read only' or 'read write'.`)
    return this.#make({ ...this.#request, access })
  }
}

class TransactionBuilder extends TransactionSetup<TransactionBuilder> {
  readonly #settings: Settings
  readonly #session: Session
  readonly #request: TransactionRequest

  constructor(settings: Settings, session: Session, request: TransactionRequest) {
    super(request, (other) => new TransactionBuilder(settings, session, other))
    this.#settings = settings
    this.#session = session
    this.#request = request
  }

  /** Runs the transaction again if it fails because of other transactions, such as by a deadlock. */
  retry(options: number | RetryOptions = {}): TransactionBuilder {
    const retry = typeof options === 'number' ? { attempts: options } : options
    checkRetry(retry)
    return new TransactionBuilder(this.#settings, this.#session, { ...this.#request, retry })
  }

  execute<T>(work: (transaction: TransactionHandle) => Promise<T>, options?: ExecuteOptions): Promise<T> {
    const settings = this.#settings
    const session = this.#session
    const request = this.#request
    if (typeof work !== 'function') refuse('transaction().execute() takes a callback: async (trx) => { … }.')
    const { retry } = request
    const about = {
      kind: 'transaction',
      readOnly: request.access === 'read only',
      retries: retry !== undefined,
      signal: options?.signal,
    } as const
    return inOperation(settings, session, about, (signal) => {
      const runOptions = { driver: settings.driver, settings: request, signal }
      const run = () =>
        runTransaction(session, runOptions, (transaction) => work(new TransactionHandle(settings, transaction)))
      // A nested transaction cannot be run again alone, since the database may have undone the outer one.
      return retry === undefined || session.inTransaction ? run() : withRetries(retry, signal, run)
    })
  }
}

class ControlledTransactionBuilder extends TransactionSetup<ControlledTransactionBuilder> {
  readonly #begin: (signal: AbortSignal | undefined) => Promise<ControlledTransactionHandle>

  constructor(settings: Settings, session: Session, request: TransactionRequest) {
    super(request, (other) => new ControlledTransactionBuilder(settings, session, other))
    const begin = (signal: AbortSignal | undefined): Promise<Transaction> =>
      beginTransaction(session, settings.driver, request, signal)
    this.#begin = async (signal) => {
      if (!hasOperationHooks(settings.hooks, session, 'transaction'))
        return new ControlledTransactionHandle(settings, await begin(signal))
      const about = { kind: 'transaction', readOnly: request.access === 'read only', signal } as const
      const { value, end } = await beginOperation(settings, about, begin)
      value.onEnded(end)
      return new ControlledTransactionHandle(settings, value)
    }
  }

  execute(options?: ExecuteOptions): Promise<ControlledTransactionHandle> {
    return this.#begin(options?.signal)
  }
}

/** A database inside a transaction. */
class TransactionHandle extends DatabaseHandle {
  readonly #transaction: Transaction

  constructor(
    settings: Settings,
    transaction: Transaction,
    derive = (other: Settings): DatabaseHandle => new TransactionHandle(other, transaction),
  ) {
    super(settings, transaction.session, derive)
    this.#transaction = transaction
  }

  afterCommit(callback: AfterCallback): void {
    this.#transaction.afterCommit(callback)
  }

  afterRollback(callback: AfterCallback): void {
    this.#transaction.afterRollback(callback)
  }
}

/** Returns the same database in a transaction that was begun on its session. */
export const inTransactionOf = (db: DatabaseHandle, transaction: Transaction): DatabaseHandle =>
  new TransactionHandle(settingsOf(db), transaction)

/** A step of a controlled transaction, run by `execute()`. */
interface Step<T> {
  execute(): Promise<T>
}

/** A database inside a transaction that its caller ends. */
class ControlledTransactionHandle extends TransactionHandle {
  readonly #transaction: Transaction

  constructor(settings: Settings, transaction: Transaction) {
    super(settings, transaction, (other) => new ControlledTransactionHandle(other, transaction))
    this.#transaction = transaction
  }

  get isCommitted(): boolean {
    return this.#transaction.isCommitted
  }

  get isRolledBack(): boolean {
    return this.#transaction.isRolledBack
  }

  commit(): Step<void> {
    return { execute: () => this.#transaction.commit() }
  }

  rollback(): Step<void> {
    return { execute: () => this.#transaction.rollback() }
  }

  savepoint(name: string): Step<this> {
    return { execute: () => this.#transaction.savepoint(name).then(() => this) }
  }

  rollbackToSavepoint(name: string): Step<this> {
    return { execute: () => this.#transaction.rollbackToSavepoint(name).then(() => this) }
  }

  releaseSavepoint(name: string): Step<this> {
    return { execute: () => this.#transaction.releaseSavepoint(name).then(() => this) }
  }

  override [Symbol.asyncDispose](): Promise<void> {
    return this.#transaction[Symbol.asyncDispose]()
  }
}
