import type { AccessMode, IsolationLevel, Dialect as Speech } from '../dialect/index.ts'
import { sqliteDialect } from '../dialect/sqlite/index.ts'
import type { Driver as Access } from '../driver/index.ts'
import { refuse } from '../error/index.ts'
import type { Plugin } from '../extend/index.ts'
import { type DatabaseHandle, inSession, likeContext, open, sessionOf } from '../extend/internal/index.ts'
import type { QueryRunner, SchemaBuilder } from '../face/index.ts'
import { schemaBuilder } from '../schema/index.ts'
import { RUNNER } from '../sql/index.ts'
import { Creator, running } from './builder.ts'
import type {
  AbortableOperationOptions,
  AbortableQueryOptions,
  DatabaseIntrospector,
  DialectAdapter,
  QueryCompiler,
  TransactionSettings,
} from './contract.ts'
import { ACCESS, ADAPTER, type Dialect, SPEECH } from './dialect.ts'
import { accessOf } from './given-driver.ts'
import { type LogConfig, logOf } from './log.ts'
import { type KyselyPlugin, kantaPlugin, unread } from './plugin.ts'
import { kyselyStyle } from './print/index.ts'
import { withSchema } from './schema-prefix.ts'

/** The configuration of a `Kysely`. */
export interface KyselyConfig {
  readonly dialect: Dialect
  /** Plugins of Kysely and of Kanta. The policies of Kanta plugins stay in force under `withoutPlugins()`. */
  readonly plugins?: readonly (KyselyPlugin | Plugin<object>)[]
  readonly log?: LogConfig
}

/** Returns the Kanta driver of a dialect. */
function accessTo(dialect: Dialect): Access {
  const own = (dialect as { [ACCESS]?: Access })[ACCESS]
  const driver = own ?? accessOf(dialect.createDriver(), speechOf(dialect.createQueryCompiler()), connections(dialect))
  return { ...driver, dialect: kyselyStyle(driver.dialect) }
}

/** The limit of connections of a foreign pool, which has its own limit. */
const MANY = 1_000
const connections = (dialect: Dialect): number =>
  dialect.createAdapter().supportsMultipleConnections === false ? 1 : MANY

function speechOf(compiler: QueryCompiler): Speech {
  return (compiler as { [SPEECH]?: Speech })[SPEECH] ?? sqliteDialect
}

/** The state of a `Kysely` instance. */
interface Shared {
  readonly config: KyselyConfig
  /** The database or transaction in which statements run. */
  readonly root: DatabaseHandle
  /** The plugins, and the database with them. */
  readonly added: Added
  readonly handle: DatabaseHandle
}

const shared = Symbol('shared')

/** A database with plugins. It is cached by its plugins, so that it keeps its query plans. */
class Added {
  readonly plain: DatabaseHandle
  readonly plugins: readonly (KyselyPlugin | Plugin)[]
  readonly #handle: DatabaseHandle
  readonly #next: WeakMap<object, Added>

  constructor(
    plain: DatabaseHandle,
    plugins: Added['plugins'],
    handle: DatabaseHandle,
    next = new WeakMap<object, Added>(),
  ) {
    this.plain = plain
    this.plugins = plugins
    this.#handle = handle
    this.#next = next
  }

  static make(plain: DatabaseHandle, plugins: Added['plugins'], next?: WeakMap<object, Added>): Added {
    const handle = plain.withPlugins(
      arranged(plugins.map((plugin) => ('transformQuery' in plugin ? kantaPlugin(plugin) : plugin))),
    )
    return new Added(plain, plugins, handle, next)
  }

  with(plugins: Added['plugins'], plugin: object): Added {
    let found = this.#next.get(plugin)
    if (found === undefined) {
      found = Added.make(this.plain, plugins, this.#next)
      this.#next.set(plugin, found)
    }
    return found.#under(this.#handle)
  }

  /** Adds a plugin of Kanta, which `withoutPlugins()` does not remove. */
  based(plugin: Plugin<object>, root: DatabaseHandle): Added {
    return Added.make(inSession(this.plain, sessionOf(root)).withPlugins([plugin]), this.plugins)
  }

  /** Returns the same plugins with context values. */
  as(context: Readonly<Record<string, unknown>>): Added {
    return this.#under(this.#handle.as(context))
  }

  /** Returns the handle with the plugins in the session of a database or transaction. */
  in(root: DatabaseHandle): DatabaseHandle {
    return inSession(this.#handle, sessionOf(root))
  }

  #under(other: DatabaseHandle): Added {
    return new Added(likeContext(this.plain, other), this.plugins, likeContext(this.#handle, other), this.#next)
  }
}

/**
 * Sorts plugins as Kysely does: both queries and results pass from the first plugin to the last, so the hook of the
 * last is outermost. It numbers the names, since a plugin of Kysely may occur several times.
 */
function arranged(plugins: readonly Plugin[]): readonly Plugin[] {
  const policies = plugins.map(
    ({ name, policies }, i): Plugin => ({ name: `${name} ${i}`, ...(policies && { policies }) }),
  )
  const hooks = plugins.map(
    ({ name, hooks }, i): Plugin => ({ name: `${name} ${i} (results)`, ...(hooks && { hooks }) }),
  )
  return [...policies, ...hooks.reverse()]
}

const isKantas = (plugin: KyselyPlugin | Plugin<object>): plugin is Plugin<object> =>
  !('transformQuery' in Object(plugin))

function opened(config: KyselyConfig): Shared {
  if (typeof config?.dialect?.createDriver !== 'function')
    refuse('new Kysely() needs a dialect, such as { dialect: new SqliteDialect({ database }) }.')
  const log = config.log === undefined ? [] : [logOf(config.log)]
  const plugins = config.plugins ?? []
  const root = open({ driver: accessTo(config.dialect), plugins: [unread, ...log, ...plugins.filter(isKantas)] })
  const added = Added.make(
    root,
    plugins.flatMap((plugin) => (isKantas(plugin) ? [] : plugin)),
  )
  return { config, root, added, handle: added.in(root) }
}

/** A database with the API of Kysely. */
export class Kysely extends Creator {
  readonly [shared]: Shared

  constructor(given: KyselyConfig | { readonly [shared]: Shared }) {
    const state = shared in given ? given[shared] : opened(given)
    super(state.handle)
    this[shared] = state
  }

  get fn() {
    return this[shared].handle.fn
  }

  get schema(): SchemaBuilder {
    return schemaBuilder(this[shared].handle as unknown as QueryRunner)
  }

  get dynamic() {
    return this[shared].handle.dynamic
  }

  get introspection(): DatabaseIntrospector {
    return this[shared].config.dialect.createIntrospector(this as never)
  }

  get isTransaction(): boolean {
    return false
  }

  case(...value: unknown[]) {
    return this[shared].handle.case(...value)
  }

  get [ADAPTER](): DialectAdapter {
    return this[shared].config.dialect.createAdapter()
  }

  get [RUNNER]() {
    return this[shared].handle[RUNNER]
  }

  withSchema(schema: string): this {
    const { added } = this[shared]
    const plugin = withSchema(schema)
    return this.#over(added.with([plugin, ...added.plugins], plugin))
  }

  /** Returns the database with context values, which policies of Kanta read when a statement runs. */
  as(context: Readonly<Record<string, unknown>>): this {
    return this.#over(this[shared].added.as(context))
  }

  withPlugin(plugin: KyselyPlugin | Plugin<object>): this {
    const { added, root } = this[shared]
    if (isKantas(plugin)) return this.#over(added.based(plugin, root))
    return this.#over(added.with([...added.plugins, plugin], plugin))
  }

  withoutPlugins(): this {
    return this.#over(this[shared].added.with([], NONE))
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
    return new TransactionBuilder(this[shared], {})
  }

  startTransaction(): ControlledTransactionBuilder {
    return new ControlledTransactionBuilder(this[shared], {})
  }

  connection(): ConnectionBuilder {
    return new ConnectionBuilder(this[shared])
  }

  executeQuery(query: unknown, options?: AbortableQueryOptions): Promise<unknown> {
    return this[shared].handle.executeQuery(query, running(options))
  }

  destroy(): Promise<void> {
    return this[shared].root.destroy()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy()
  }

  /** Returns the database with other plugins. */
  #over(added: Added): this {
    const { config, root } = this[shared]
    const Made = this.constructor as new (given: { readonly [shared]: Shared }) => this
    return new Made({ [shared]: { config, root, added, handle: added.in(root) } })
  }
}

/** Returns the Kanta database or transaction behind a `Kysely`, with its plugins. */
export function kantaOf(db: Kysely): DatabaseHandle {
  if (!(db instanceof Kysely))
    return refuse('kantaOf() takes a Kysely. Pass one that you created by new Kysely() of kanta/kysely.')
  return db[shared].handle
}

/** The cache key of a database without plugins. */
const NONE = {}

/** The settings of a transaction before it begins. */
class Setup {
  protected readonly state: Shared
  protected readonly asked: TransactionSettings

  constructor(state: Shared, asked: TransactionSettings) {
    this.state = state
    this.asked = asked
  }

  setAccessMode(accessMode: AccessMode): this {
    return this.#with({ ...this.asked, accessMode })
  }

  setIsolationLevel(isolationLevel: IsolationLevel): this {
    return this.#with({ ...this.asked, isolationLevel })
  }

  #with(asked: TransactionSettings): this {
    const Made = this.constructor as new (state: Shared, asked: TransactionSettings) => this
    return new Made(this.state, asked)
  }
}

interface Asks<B> {
  setAccessMode(mode: AccessMode): B
  setIsolationLevel(level: IsolationLevel): B
}

function ask<B extends Asks<B>>(builder: B, { accessMode, isolationLevel }: TransactionSettings): B {
  const access = accessMode === undefined ? builder : builder.setAccessMode(accessMode)
  return isolationLevel === undefined ? access : access.setIsolationLevel(isolationLevel)
}

/** Returns the state in a transaction or on a connection. */
const within = (state: Shared, root: DatabaseHandle): Shared => ({ ...state, root, handle: root })

/** Runs a callback in a transaction. */
export class TransactionBuilder extends Setup {
  execute<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (typeof work !== 'function') refuse('transaction().execute() takes a callback: async (trx) => { … }.')
    return ask(this.state.handle.transaction(), this.asked).execute((handle) =>
      work(new Transaction({ [shared]: within(this.state, handle) })),
    )
  }
}

/** Starts a transaction that the caller ends. */
export class ControlledTransactionBuilder extends Setup {
  async execute(): Promise<ControlledTransaction> {
    const handle = await ask(this.state.handle.startTransaction(), this.asked).execute()
    return new ControlledTransaction({ [shared]: within(this.state, handle) })
  }
}

/** Runs a callback on one connection. */
export class ConnectionBuilder {
  readonly #state: Shared

  constructor(state: Shared) {
    this.#state = state
  }

  execute<T>(work: (db: Kysely) => Promise<T>, options?: AbortableOperationOptions): Promise<T> {
    const run = (handle: DatabaseHandle): Promise<T> => work(new Kysely({ [shared]: within(this.#state, handle) }))
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

type Controlled = Awaited<ReturnType<ReturnType<DatabaseHandle['startTransaction']>['execute']>>

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

  get #transaction(): Controlled {
    return this[shared].root as Controlled
  }

  #step(run: () => Promise<unknown>): Command<this> {
    return new Command(() => run().then(() => this))
  }
}
