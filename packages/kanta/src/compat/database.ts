import type { AccessMode, IsolationLevel, Dialect as Speech } from '../dialect/index.ts'
import { sqliteDialect } from '../dialect/sqlite/index.ts'
import type { Driver as Access } from '../driver/index.ts'
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

/** What a `Kysely` is opened with. */
export interface KyselyConfig {
  readonly dialect: Dialect
  /** Plugins of Kysely and of Kanta; the policies of Kanta's stay in force under `withoutPlugins()`. */
  readonly plugins?: readonly (KyselyPlugin | Plugin<object>)[]
  readonly log?: LogConfig
}

/** The driver of Kanta that a dialect stands for. */
function accessTo(dialect: Dialect): Access {
  const own = (dialect as { [ACCESS]?: Access })[ACCESS]
  const driver = own ?? accessOf(dialect.createDriver(), speechOf(dialect.createQueryCompiler()), connections(dialect))
  return { ...driver, dialect: kyselyStyle(driver.dialect) }
}

/** As many as a pool of somebody else's may have, which says itself when it has no more. */
const MANY = 1_000
const connections = (dialect: Dialect): number =>
  dialect.createAdapter().supportsMultipleConnections === false ? 1 : MANY

function speechOf(compiler: QueryCompiler): Speech {
  return (compiler as { [SPEECH]?: Speech })[SPEECH] ?? sqliteDialect
}

/** What one `Kysely` has in common with those that are made of it. */
interface Shared {
  readonly config: KyselyConfig
  /** Where the statements run: the database, or a transaction. */
  readonly root: DatabaseHandle
  /** The settings without plugins, and with those that were added since. */
  readonly added: Added
  readonly handle: DatabaseHandle
}

/** What a constructor is given in place of a state, which is for nobody else: it leads past the policies. */
interface Ticket {
  readonly dialect?: undefined
}

const tickets = new WeakMap<object, Shared>()

function ticketOf(state: Shared): Ticket {
  const ticket: Ticket = {}
  tickets.set(ticket, state)
  return ticket
}

/** The state of a database. */
let stateOf: (db: Kysely) => Shared

/** A database with some plugins, found again by the plugins, so that what is planned under them is kept. */
class Added {
  readonly plain: DatabaseHandle
  readonly plugins: readonly (KyselyPlugin | Plugin)[]
  readonly #handle: DatabaseHandle
  readonly #next: WeakMap<object, Added>
  /** Those that the database was opened with. */
  readonly #first: Added['plugins']

  constructor(
    plain: DatabaseHandle,
    plugins: Added['plugins'],
    handle: DatabaseHandle,
    first: Added['plugins'],
    next = new WeakMap<object, Added>(),
  ) {
    this.plain = plain
    this.plugins = plugins
    this.#handle = handle
    this.#first = first
    this.#next = next
  }

  static make(
    plain: DatabaseHandle,
    plugins: Added['plugins'],
    first: Added['plugins'],
    next?: WeakMap<object, Added>,
  ): Added {
    const parts = plugins.map((plugin) => {
      const made = 'transformQuery' in plugin ? kantaPlugin(plugin) : plugin
      return { made, isTrusted: first.includes(plugin) || isOwn(made) }
    })
    return new Added(plain, plugins, plain.withPlugins(arranged(parts)), first, next)
  }

  with(plugins: Added['plugins'], plugin: object): Added {
    let found = this.#next.get(plugin)
    if (found === undefined) {
      found = Added.make(this.plain, plugins, this.#first, this.#next)
      this.#next.set(plugin, found)
    }
    return found.#under(this.#handle)
  }

  /** The same with a plugin of Kanta, which stays when those of Kysely go. */
  based(plugin: Plugin<object>, root: DatabaseHandle): Added {
    return Added.make(inSession(this.plain, sessionOf(root)).withPlugins([plugin]), this.plugins, this.#first)
  }

  /** The same for somebody. */
  as(context: Readonly<Record<string, unknown>>): Added {
    return this.#under(this.#handle.as(context))
  }

  /** Where the statements of a database or a transaction run. */
  in(root: DatabaseHandle): DatabaseHandle {
    return inSession(this.#handle, sessionOf(root))
  }

  #under(other: DatabaseHandle): Added {
    return new Added(
      likeContext(this.plain, other),
      this.plugins,
      likeContext(this.#handle, other),
      this.#first,
      this.#next,
    )
  }
}

/**
 * Policies change a query from the first plugin to the last, and so do hooks a result: there the last is outermost.
 * One plugin of Kysely may be there several times.
 */
function arranged(parts: readonly { readonly made: Plugin; readonly isTrusted: boolean }[]): readonly Plugin[] {
  const trusted = (isTrusted: boolean, plugin: Plugin): Plugin => (isTrusted ? ownPlugin(plugin) : plugin)
  const policies = parts.map(({ made: { name, policies }, isTrusted }, i) =>
    trusted(isTrusted, { name: `${name} ${i}`, ...(policies && { policies }) }),
  )
  const hooks = parts.map(({ made: { name, hooks }, isTrusted }, i) =>
    trusted(isTrusted, { name: `${name} ${i} (results)`, ...(hooks && { hooks }) }),
  )
  return [...policies, ...hooks.reverse()]
}

const isKantas = (plugin: KyselyPlugin | Plugin<object>): plugin is Plugin<object> =>
  !('transformQuery' in Object(plugin))

function opened(config: KyselyConfig): Shared {
  if (typeof config?.dialect?.createDriver !== 'function')
    refuse('new Kysely() takes a dialect: { dialect: new SqliteDialect({ database }) }.')
  const log = config.log === undefined ? [] : [logOf(config.log)]
  const plugins = config.plugins ?? []
  const root = open({ driver: accessTo(config.dialect), plugins: [unread, ...log, ...plugins.filter(isKantas)] })
  const first = plugins.flatMap((plugin) => (isKantas(plugin) ? [] : plugin))
  const added = Added.make(root, first, first)
  return { config, root, added, handle: added.in(root) }
}

/** A database with the names of Kysely. */
export class Kysely extends Creator {
  readonly #state: Shared

  static {
    stateOf = (db) => db.#state
  }

  constructor(given: KyselyConfig | Ticket) {
    const state = tickets.get(given) ?? opened(given as KyselyConfig)
    super(state.handle)
    this.#state = state
  }

  get fn() {
    return this.#state.handle.fn
  }

  get schema(): SchemaBuilder {
    return schemaBuilder(this.#state.handle as unknown as QueryRunner)
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
    return this.#state.handle.case(...value)
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
    return this.#over(added.with([plugin, ...added.plugins], plugin))
  }

  /** The same database for someone: with values that policies of Kanta read when a statement runs. */
  as(context: Readonly<Record<string, unknown>>): this {
    return this.#over(this.#state.added.as(context))
  }

  withPlugin(plugin: KyselyPlugin | Plugin<object>): this {
    const { added, root } = this.#state
    if (isKantas(plugin)) return this.#over(added.based(plugin, root))
    return this.#over(added.with([...added.plugins, plugin], plugin))
  }

  withoutPlugins(): this {
    return this.#over(this.#state.added.with([], NONE))
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
    return this.#state.handle.executeQuery(query, running(options))
  }

  destroy(): Promise<void> {
    return this.#state.root.destroy()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy()
  }

  /** The same database with other plugins. */
  #over(added: Added): this {
    const { config, root } = this.#state
    const Made = this.constructor as new (given: Ticket) => this
    return new Made(ticketOf({ config, root, added, handle: added.in(root) }))
  }
}

/** The same database, or transaction, as Kanta has it: with what its plugins add. */
export function kantaOf(db: Kysely): DatabaseHandle {
  if (!(db instanceof Kysely)) return refuse('kantaOf() takes a Kysely of kanta/kysely.')
  return stateOf(db).handle
}

/** Stands for no plugins. */
const NONE = {}

/** What is asked of a transaction before it begins. */
class Setup<Made> {
  readonly #asked: TransactionSettings
  readonly #make: (asked: TransactionSettings) => Made

  constructor(asked: TransactionSettings, make: (asked: TransactionSettings) => Made) {
    this.#asked = asked
    this.#make = make
  }

  setAccessMode(accessMode: AccessMode): Made {
    return this.#make({ ...this.#asked, accessMode })
  }

  setIsolationLevel(isolationLevel: IsolationLevel): Made {
    return this.#make({ ...this.#asked, isolationLevel })
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

/** The state of what runs in a transaction or on a connection. */
const within = (state: Shared, root: DatabaseHandle): Shared => ({ ...state, root, handle: root })

/** A transaction around a callback. */
export class TransactionBuilder extends Setup<TransactionBuilder> {
  readonly #run: <T>(work: (transaction: Transaction) => Promise<T>) => Promise<T>

  constructor(state: Shared, asked: TransactionSettings) {
    super(asked, (other) => new TransactionBuilder(state, other))
    this.#run = (work) =>
      ask(state.handle.transaction(), asked).execute((handle) => work(new Transaction(ticketOf(within(state, handle)))))
  }

  execute<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (typeof work !== 'function') refuse('transaction().execute() takes a callback: async (trx) => { … }.')
    return this.#run(work)
  }
}

/** A transaction that its caller ends. */
export class ControlledTransactionBuilder extends Setup<ControlledTransactionBuilder> {
  readonly #begin: () => Promise<ControlledTransaction>

  constructor(state: Shared, asked: TransactionSettings) {
    super(asked, (other) => new ControlledTransactionBuilder(state, other))
    this.#begin = async () => {
      const handle = await ask(state.handle.startTransaction(), asked).execute()
      return new ControlledTransaction(ticketOf(within(state, handle)))
    }
  }

  execute(): Promise<ControlledTransaction> {
    return this.#begin()
  }
}

/** One connection for everything in a callback. */
export class ConnectionBuilder {
  readonly #state: Shared

  constructor(state: Shared) {
    this.#state = state
  }

  execute<T>(work: (db: Kysely) => Promise<T>, options?: AbortableOperationOptions): Promise<T> {
    const run = (handle: DatabaseHandle): Promise<T> => work(new Kysely(ticketOf(within(this.#state, handle))))
    return this.#state.handle.connection().execute(run, options)
  }
}

/** A database in a transaction. */
export class Transaction extends Kysely {
  override get isTransaction(): boolean {
    return true
  }
}

/** A step of a transaction that its caller ends. */
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

/** A database in a transaction that its caller ends. */
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
    return stateOf(this).root as Controlled
  }

  #step(run: () => Promise<unknown>): Command<this> {
    return new Command(() => run().then(() => this))
  }
}
