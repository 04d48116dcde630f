import type { AccessMode, IsolationLevel } from '../dialect/index.ts'
import type { Driver as KantaDriver } from '../driver/index.ts'
import { refuse } from '../error/index.ts'
import type { Plugin } from '../extend/index.ts'
import {
  type DatabaseHandle,
  inSession,
  isOwn,
  likeContext,
  open,
  ownPlugin,
  sessionOf,
} from '../extend/internal/index.ts'
import type { QueryRunner } from '../face/index.ts'
import { schemaBuilder } from '../schema/index.ts'
import { RUNNER } from '../sql/index.ts'
import { Creator, createCase, runOptions } from './builder.ts'
import type {
  AbortableOperationOptions,
  AbortableQueryOptions,
  DatabaseIntrospector,
  DialectAdapter,
  TransactionSettings,
} from './contract.ts'
import { ADAPTER, bundledDriverOf, type Dialect, dialectOf } from './dialect.ts'
import { kantaDriverOf } from './driver-adapter.ts'
import type { SchemaModule } from './face.ts'
import { type LogConfig, logOf } from './log.ts'
import { type KyselyPlugin, kantaPlugin, undecoded } from './plugin.ts'
import { kyselyStyle } from './print/index.ts'
import { withSchema } from './schema-prefix.ts'

/** The configuration of a `Kysely`. */
export interface KyselyConfig {
  readonly dialect: Dialect
  /** Plugins of Kysely and of Kanta. The policies of Kanta plugins stay in force under `withoutPlugins()`. */
  readonly plugins?: readonly (KyselyPlugin | Plugin<object, unknown>)[]
  readonly log?: LogConfig
}

/** Returns the Kanta driver of a dialect. */
function driverOfDialect(dialect: Dialect): KantaDriver {
  const compiled = dialectOf(dialect.createQueryCompiler())
  const driver = bundledDriverOf(dialect) ?? kantaDriverOf(dialect.createDriver(), compiled, connectionLimit(dialect))
  return { ...driver, dialect: kyselyStyle(driver.dialect) }
}

/** The limit of connections of a foreign pool, which has its own limit. */
const FOREIGN_POOL_LIMIT = 1_000
const connectionLimit = (dialect: Dialect): number =>
  dialect.createAdapter().supportsMultipleConnections === false ? 1 : FOREIGN_POOL_LIMIT

/** The state of a `Kysely` instance. */
interface KyselyState {
  readonly config: KyselyConfig
  /** The database or transaction in which statements run. */
  readonly root: DatabaseHandle
  /** The plugins, and the database with them. */
  readonly added: PluginSet
  readonly handle: DatabaseHandle
}

/** Stands for a state in calls of the constructor, since a state in the hands of a user would bypass the policies. */
interface StateTicket {
  readonly dialect?: undefined
}

const tickets = new WeakMap<object, KyselyState>()

function ticketOf(state: KyselyState): StateTicket {
  const ticket: StateTicket = {}
  tickets.set(ticket, state)
  return ticket
}

/** Returns the state of a database. */
let stateOf: (db: Kysely) => KyselyState

/** A database with plugins. It is cached by its plugins, so that it keeps its query plans. */
class PluginSet {
  readonly withoutPlugins: DatabaseHandle
  readonly plugins: readonly (KyselyPlugin | Plugin)[]
  readonly #handle: DatabaseHandle
  readonly #next: WeakMap<object, PluginSet>
  /** The plugins that the database was opened with. */
  readonly #first: PluginSet['plugins']

  constructor(
    withoutPlugins: DatabaseHandle,
    plugins: PluginSet['plugins'],
    handle: DatabaseHandle,
    first: PluginSet['plugins'],
    next = new WeakMap<object, PluginSet>(),
  ) {
    this.withoutPlugins = withoutPlugins
    this.plugins = plugins
    this.#handle = handle
    this.#first = first
    this.#next = next
  }

  static create(
    withoutPlugins: DatabaseHandle,
    plugins: PluginSet['plugins'],
    first: PluginSet['plugins'],
    next?: WeakMap<object, PluginSet>,
  ): PluginSet {
    const parts = plugins.map((plugin) => {
      const made = 'transformQuery' in plugin ? kantaPlugin(plugin) : plugin
      return { made, isTrusted: first.includes(plugin) || isOwn(made) }
    })
    return new PluginSet(withoutPlugins, plugins, withoutPlugins.withPlugins(sortPlugins(parts)), first, next)
  }

  with(plugins: PluginSet['plugins'], plugin: object): PluginSet {
    let found = this.#next.get(plugin)
    if (found === undefined) {
      found = PluginSet.create(this.withoutPlugins, plugins, this.#first, this.#next)
      this.#next.set(plugin, found)
    }
    return found.#inContext(this.#handle)
  }

  /** Adds a plugin of Kanta, which `withoutPlugins()` does not remove. */
  withKantaPlugin(plugin: Plugin<object, unknown>, root: DatabaseHandle): PluginSet {
    const withoutPlugins = inSession(this.withoutPlugins, sessionOf(root)).withPlugins([plugin])
    return PluginSet.create(withoutPlugins, this.plugins, this.#first)
  }

  /** Returns the same plugins with context values. */
  withContext(context: Readonly<Record<string, unknown>>): PluginSet {
    return this.#inContext(this.#handle.as(context))
  }

  /** Returns the handle with the plugins in the session of a database or transaction. */
  handleIn(root: DatabaseHandle): DatabaseHandle {
    return inSession(this.#handle, sessionOf(root))
  }

  #inContext(other: DatabaseHandle): PluginSet {
    return new PluginSet(
      likeContext(this.withoutPlugins, other),
      this.plugins,
      likeContext(this.#handle, other),
      this.#first,
      this.#next,
    )
  }
}

/**
 * Sorts plugins as Kysely does: both queries and results pass from the first plugin to the last, so the hook of the last
 * is outermost. It numbers the names, since a plugin of Kysely may occur several times.
 */
function sortPlugins(parts: readonly { readonly made: Plugin; readonly isTrusted: boolean }[]): readonly Plugin[] {
  const trusted = (isTrusted: boolean, plugin: Plugin): Plugin => (isTrusted ? ownPlugin(plugin) : plugin)
  const policies = parts.map(({ made: { name, policies }, isTrusted }, i) =>
    trusted(isTrusted, { name: `${name} ${i}`, ...(policies && { policies }) }),
  )
  const hooks = parts.map(({ made: { name, hooks }, isTrusted }, i) =>
    trusted(isTrusted, { name: `${name} ${i} (results)`, ...(hooks && { hooks }) }),
  )
  return [...policies, ...hooks.reverse()]
}

const isKantaPlugin = (plugin: KyselyPlugin | Plugin<object, unknown>): plugin is Plugin<object, unknown> =>
  !('transformQuery' in Object(plugin))

function openState(config: KyselyConfig): KyselyState {
  if (typeof config?.dialect?.createDriver !== 'function')
    refuse('new Kysely() needs a dialect, such as { dialect: new SqliteDialect({ database }) }.')
  const log = config.log === undefined ? [] : [logOf(config.log)]
  const plugins = config.plugins ?? []
  const root = open({
    driver: driverOfDialect(config.dialect),
    plugins: [undecoded, ...log, ...plugins.filter(isKantaPlugin)],
  })
  const first = plugins.flatMap((plugin) => (isKantaPlugin(plugin) ? [] : plugin))
  const added = PluginSet.create(root, first, first)
  return { config, root, added, handle: added.handleIn(root) }
}

/** A database with the API of Kysely. */
export class Kysely extends Creator {
  readonly #state: KyselyState

  static {
    stateOf = (db) => db.#state
  }

  constructor(given: KyselyConfig | StateTicket) {
    const state = tickets.get(given) ?? openState(given as KyselyConfig)
    super(state.handle)
    this.#state = state
  }

  get fn() {
    return this.#state.handle.fn
  }

  get schema(): SchemaModule {
    return Object.assign(schemaBuilder(this.#state.handle as unknown as QueryRunner), {
      withSchema: (schema: string) => this.withSchema(schema).schema,
      withPlugin: (plugin: KyselyPlugin | Plugin<object, unknown>) => this.withPlugin(plugin).schema,
      withoutPlugins: () => this.withoutPlugins().schema,
    })
  }

  get dynamic() {
    return this.#state.handle.dynamic
  }

  get introspection(): DatabaseIntrospector {
    return this.#state.config.dialect.createIntrospector(this as never)
  }

  get isTransaction(): boolean {
    return false
  }

  case(...value: unknown[]) {
    return createCase(...value)
  }

  get [ADAPTER](): DialectAdapter {
    return this.#state.config.dialect.createAdapter()
  }

  get [RUNNER]() {
    return this.#state.handle[RUNNER]
  }

  withSchema(schema: string): this {
    const { added } = this.#state
    const plugin = withSchema(schema)
    return this.#withPlugins(added.with([plugin, ...added.plugins], plugin))
  }

  /** Returns the database with context values, which policies of Kanta read when a statement runs. */
  as(context: Readonly<Record<string, unknown>>): this {
    return this.#withPlugins(this.#state.added.withContext(context))
  }

  withPlugin(plugin: KyselyPlugin | Plugin<object, unknown>): this {
    const { added, root } = this.#state
    if (isKantaPlugin(plugin)) return this.#withPlugins(added.withKantaPlugin(plugin, root))
    return this.#withPlugins(added.with([...added.plugins, plugin], plugin))
  }

  withoutPlugins(): this {
    return this.#withPlugins(this.#state.added.with([], NO_PLUGINS))
  }

  withTables(): this {
    return this
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

  transaction(): TransactionBuilder {
    return new TransactionBuilder(this.#state, {})
  }

  startTransaction(): ControlledTransactionBuilder {
    return new ControlledTransactionBuilder(this.#state, {})
  }

  connection(): ConnectionBuilder {
    return new ConnectionBuilder(this.#state)
  }

  executeQuery(query: unknown, options?: AbortableQueryOptions): Promise<unknown> {
    return this.#state.handle.executeQuery(query, runOptions(options))
  }

  destroy(): Promise<void> {
    return this.#state.root.destroy()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy()
  }

  /** Returns the database with other plugins. */
  #withPlugins(added: PluginSet): this {
    const { config, root } = this.#state
    const Constructor = this.constructor as new (given: StateTicket) => this
    return new Constructor(ticketOf({ config, root, added, handle: added.handleIn(root) }))
  }
}

/** Returns the Kanta database or transaction behind a `Kysely`, with its plugins. */
export function kantaOf(db: Kysely): DatabaseHandle {
  if (!(db instanceof Kysely))
    return refuse('kantaOf() takes a Kysely. Pass one that you created by new Kysely() of kanta/kysely.')
  return stateOf(db).handle
}

/** The cache key of a database without plugins. */
const NO_PLUGINS = {}

/** The settings of a transaction before it begins. */
class TransactionSetup<Constructor> {
  readonly #asked: TransactionSettings
  readonly #make: (settings: TransactionSettings) => Constructor

  constructor(settings: TransactionSettings, make: (settings: TransactionSettings) => Constructor) {
    this.#asked = settings
    this.#make = make
  }

  setAccessMode(accessMode: AccessMode): Constructor {
    return this.#make({ ...this.#asked, accessMode })
  }

  setIsolationLevel(isolationLevel: IsolationLevel): Constructor {
    return this.#make({ ...this.#asked, isolationLevel })
  }
}

interface SettingsBuilder<B> {
  setAccessMode(mode: AccessMode): B
  setIsolationLevel(level: IsolationLevel): B
}

function applySettings<B extends SettingsBuilder<B>>(
  builder: B,
  { accessMode, isolationLevel }: TransactionSettings,
): B {
  const access = accessMode === undefined ? builder : builder.setAccessMode(accessMode)
  return isolationLevel === undefined ? access : access.setIsolationLevel(isolationLevel)
}

/** Returns the state in a transaction or on a connection. */
const stateIn = (state: KyselyState, root: DatabaseHandle): KyselyState => ({ ...state, root, handle: root })

/** Runs a callback in a transaction. */
export class TransactionBuilder extends TransactionSetup<TransactionBuilder> {
  readonly #run: <T>(work: (transaction: Transaction) => Promise<T>) => Promise<T>

  constructor(state: KyselyState, asked: TransactionSettings) {
    super(asked, (other) => new TransactionBuilder(state, other))
    this.#run = (work) =>
      applySettings(state.handle.transaction(), asked).execute((handle) =>
        work(new Transaction(ticketOf(stateIn(state, handle)))),
      )
  }

  execute<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (typeof work !== 'function') refuse('transaction().execute() takes a callback: async (trx) => { … }.')
    return this.#run(work)
  }
}

/** Starts a transaction that the caller ends. */
export class ControlledTransactionBuilder extends TransactionSetup<ControlledTransactionBuilder> {
  readonly #begin: () => Promise<ControlledTransaction>

  constructor(state: KyselyState, asked: TransactionSettings) {
    super(asked, (other) => new ControlledTransactionBuilder(state, other))
    this.#begin = async () => {
      const handle = await applySettings(state.handle.startTransaction(), asked).execute()
      return new ControlledTransaction(ticketOf(stateIn(state, handle)))
    }
  }

  execute(): Promise<ControlledTransaction> {
    return this.#begin()
  }
}

/** Runs a callback on one connection. */
export class ConnectionBuilder {
  readonly #state: KyselyState

  constructor(state: KyselyState) {
    this.#state = state
  }

  execute<T>(work: (db: Kysely) => Promise<T>, options?: AbortableOperationOptions): Promise<T> {
    const run = (handle: DatabaseHandle): Promise<T> => work(new Kysely(ticketOf(stateIn(this.#state, handle))))
    return this.#state.handle.connection().execute(run, options)
  }
}

/** A database in a transaction. */
export class Transaction extends Kysely {
  override get isTransaction(): boolean {
    return true
  }
}

/** A command of a transaction that the caller ends. */
export class Command<T> {
  readonly #run: () => Promise<T>

  constructor(run: () => Promise<T>) {
    this.#run = run
  }

  execute(): Promise<T> {
    return this.#run()
  }
}

type KantaTransaction = Awaited<ReturnType<ReturnType<DatabaseHandle['startTransaction']>['execute']>>

/** A database in a transaction that the caller ends. */
export class ControlledTransaction extends Transaction {
  get isCommitted(): boolean {
    return this.#transaction.isCommitted
  }

  get isRolledBack(): boolean {
    return this.#transaction.isRolledBack
  }

  commit(): Command<void> {
    return new Command(() => this.#transaction.commit().execute())
  }

  rollback(): Command<void> {
    return new Command(() => this.#transaction.rollback().execute())
  }

  savepoint(name: string): Command<this> {
    return this.#step(() => this.#transaction.savepoint(name).execute())
  }

  rollbackToSavepoint(name: string): Command<this> {
    return this.#step(() => this.#transaction.rollbackToSavepoint(name).execute())
  }

  releaseSavepoint(name: string): Command<this> {
    return this.#step(() => this.#transaction.releaseSavepoint(name).execute())
  }

  override [Symbol.asyncDispose](): Promise<void> {
    return this.#transaction[Symbol.asyncDispose]()
  }

  get #transaction(): KantaTransaction {
    return stateOf(this).root as KantaTransaction
  }

  #step(run: () => Promise<unknown>): Command<this> {
    return new Command(() => run().then(() => this))
  }
}
