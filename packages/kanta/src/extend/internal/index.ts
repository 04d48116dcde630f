import type { Session } from '../../connect/index.ts'
import type { Dialect } from '../../dialect/index.ts'
import type { Driver } from '../../driver/index.ts'
import type { Expansion, Plan, Planning, SchemaDefinitions } from '../../plan/index.ts'
import {
  DatabaseHandle,
  Executor,
  executorOf,
  type Logger,
  type OperationFacts,
  type Plugin,
  type Policy,
  Pool,
  PoolSession,
  QueryRunner,
  runOperation,
  sessionOf,
  settingsOf,
  settingsWithoutGuards,
  settingsWithoutPlugins,
  type TransactionHook,
  withoutAnswers,
  withSettings,
} from '../../run/index.ts'
import type { Chain, Runner } from '../../sql/index.ts'

export {
  addContext,
  beginTransaction,
  cancellationError,
  checkLogger,
  checkRetry,
  checkSessions,
  consoleLogger,
  DatabaseHandle,
  Executor,
  executorOf,
  exempt,
  HeldSession,
  inSchemas,
  inTransactionOf,
  isOwn,
  isTransient,
  LEVELS,
  LOG_LEVELS,
  type LogEntry,
  type Logger,
  type LogMethod,
  logHook,
  migrationTables,
  open,
  ownPlugin,
  type PoolFacts,
  pause,
  prepare,
  QueryRunner,
  type QueryRunner as RunnerOfQueries,
  type RetryOptions,
  runnerIn,
  runQueriesInBatch,
  type SessionLock,
  schemaPrefix,
  sessionLocks,
  sessionOf,
  suppress,
  table,
  throwIfAborted,
  toKantaError,
  unlessAborted,
  wasNotSent,
  withAmbient,
  withAmbientContext,
  withRetries,
} from '../../run/index.ts'
export { contextOf, dialectOf } from '../index.ts'
export { ofOneDatabase } from './one-database.ts'
export { quietly } from './quietly.ts'

/*
 * What the features of this package have besides what `kanta/extend` publishes. Much of it leads past the policies of a
 * database, so no entry exports it, and nothing that a handle can be asked for holds it.
 */

/** Returns what is fixed of the database that a query was built from, such as its dialect and its tables. */
export const databaseOfQuery = (runner: Runner): Planning => executorOf(runner as QueryRunner).settings.planning

/** Returns the plan of a query in its database and context. */
export const planOfQuery = ({ shape, runner }: Chain): Plan => executorOf(runner as QueryRunner).plan(shape)

/** Returns the same database, whose queries are run by what `makeRunner` makes, in its transactions too. */
export const withRunner = <D extends DatabaseHandle>(db: D, makeRunner: (executor: Executor) => QueryRunner): D =>
  withSettings(db, { ...settingsOf(db), makeRunner })

/** Tells whether the queries of a database are run by what `makeRunner` makes. */
export const hasRunner = (db: DatabaseHandle, makeRunner: (executor: Executor) => QueryRunner): boolean =>
  settingsOf(db).makeRunner === makeRunner

/** Returns what runs a query of one database in the session of another, under its own policies. */
export const runnerOfQueryIn = (runner: Runner, db: DatabaseHandle): QueryRunner =>
  new QueryRunner(new Executor(executorOf(runner as QueryRunner).settings, sessionOf(db)))

/** Tells whether a query was built from a handle of the same pool or of the same transaction. */
export function isOfSession(runner: Runner, db: DatabaseHandle): boolean {
  const session = sessionOf(db)
  const own = executorOf(runner as QueryRunner).session
  return own === session || (own.pool !== undefined && own.pool === session.pool)
}

/** Returns how many statements a database can run at a time. */
export function concurrencyOf(db: DatabaseHandle): number {
  const { pool } = sessionOf(db)
  return pool === undefined ? 1 : Math.max(pool.driver.limits.read, pool.driver.limits.write)
}

/** Returns the connection pool of a whole database; `undefined` of a transaction and of a held connection. */
export const poolOf = (db: DatabaseHandle): Pool | undefined => sessionOf(db).pool

/** Returns the logger of a database. */
export const loggerOf = (db: DatabaseHandle): Logger => settingsOf(db).logger

/** Runs an operation inside the hooks of a database, whatever its session. */
export const runInOperation = <T>(
  db: DatabaseHandle,
  about: OperationFacts,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> => runOperation(settingsOf(db), about, work)

/** Returns the driver of a database. */
export const driverOf = (db: DatabaseHandle): Driver => settingsOf(db).driver

/** Returns the tables that a database knows, by their names. */
export const schemaOf = (db: DatabaseHandle): SchemaDefinitions => settingsOf(db).planning.schema

/** Returns the relations that the schema of a database declares. */
export const expansionOf = (db: DatabaseHandle): Expansion | undefined => settingsOf(db).planning.relations

/** Returns the policies in force, in the order in which they apply. */
export const policiesOf = (db: DatabaseHandle): readonly Policy[] => settingsOf(db).planning.policies

/** Returns the transaction hooks in force, the outermost first. */
export const transactionHooksOf = (db: DatabaseHandle): readonly TransactionHook[] =>
  settingsOf(db).planning.transactionHooks

/** Returns the plugins in force as they were given. */
export const pluginsOf = (db: DatabaseHandle): readonly Plugin<object, unknown>[] => settingsOf(db).plugins

/** Tells whether parameters are left out of errors and logs. */
export const isRedacted = (db: DatabaseHandle): boolean => settingsOf(db).redact

/** Tells whether a database is neither a transaction nor a held connection. */
export const isWhole = (db: DatabaseHandle): boolean => sessionOf(db) instanceof PoolSession

/** Waits until the plugins of a database have started. */
export const started = async (db: DatabaseHandle): Promise<void> => {
  const session = sessionOf(db)
  await (session instanceof PoolSession ? session.ensureStarted() : session.start?.())
}

/** Returns the same database in another session. */
export const inSession = (db: DatabaseHandle, session: Session): DatabaseHandle =>
  new DatabaseHandle(settingsOf(db), session)

/** Returns a database as if it had no plugins, in its session or another: see {@link settingsWithoutPlugins}. */
export const withoutPlugins = (db: DatabaseHandle, session: Session = sessionOf(db)): DatabaseHandle =>
  new DatabaseHandle(settingsWithoutPlugins(settingsOf(db)), session)

/** Returns a database without rules on rows: see {@link settingsWithoutGuards}. */
export const withoutGuards = (db: DatabaseHandle, mode: string): DatabaseHandle =>
  new DatabaseHandle(settingsWithoutGuards(settingsOf(db), mode), sessionOf(db))

/** Returns a database without policies and transaction hooks, whose hooks still hear of its statements. */
export function withoutPolicies(db: DatabaseHandle): DatabaseHandle {
  const planning = { ...settingsOf(db).planning, policies: [], transactionHooks: [] }
  return new DatabaseHandle({ ...settingsOf(db), planning, plugins: [] }, sessionOf(db))
}

const stored = new WeakMap<Planning, Planning>()

/** Returns a database that reads and writes values as they are stored: no plugin, no definition, no codec. */
export const withStoredValues = (db: DatabaseHandle): DatabaseHandle =>
  new DatabaseHandle(settingsWithStoredValues(db), sessionOf(db))

/** Returns what runs queries as {@link withStoredValues} does, for queries that are there already. */
export const storedRunnerOf = (db: DatabaseHandle): QueryRunner =>
  new QueryRunner(new Executor(settingsWithStoredValues(db), sessionOf(db)))

function settingsWithStoredValues(db: DatabaseHandle): ReturnType<typeof settingsOf> {
  const settings = settingsWithoutPlugins(settingsOf(db))
  let planning = stored.get(settings.planning)
  if (planning === undefined) {
    planning = { ...settings.planning, schema: new Map(), stored: true }
    stored.set(settings.planning, planning)
  }
  return { ...settings, planning }
}

/** Returns a database that shares no plan with the one given. */
export const withOwnPlans = (db: DatabaseHandle): DatabaseHandle =>
  new DatabaseHandle({ ...settingsOf(db), planning: { ...settingsOf(db).planning } }, sessionOf(db))

/** Returns the same database for whom another one is. */
export function likeContext(db: DatabaseHandle, other: DatabaseHandle): DatabaseHandle {
  const { context } = settingsOf(other)
  return settingsOf(db).context === context ? db : withSettings(db, { ...settingsOf(db), context })
}

/** Returns a database that leaves something for the hooks of a plugin, which goes by the plugin's own symbol. */
export function withNote<D extends DatabaseHandle>(db: D, key: symbol, value: unknown): D {
  const settings = settingsOf(db)
  return withSettings(db, { ...settings, notes: new Map([...settings.notes, [key, value]]) })
}

const onOtherDialect = new WeakMap<Planning, WeakMap<Dialect, Planning>>()

/**
 * Returns the same database on another driver, with a pool of its own. Its plugins are not started again, and none of
 * them answers reads: what a cache holds is of the other database.
 */
export function onDriver(db: DatabaseHandle, driver: Driver): DatabaseHandle {
  const settings = settingsOf(db)
  const known = onOtherDialect.get(settings.planning) ?? new WeakMap<Dialect, Planning>()
  onOtherDialect.set(settings.planning, known)
  const planning = known.get(driver.dialect) ?? { ...settings.planning, dialect: driver.dialect }
  known.set(driver.dialect, planning)
  const acquireTimeout = sessionOf(db).pool?.acquireTimeout
  const hooks = withoutAnswers(settings.hooks)
  return new DatabaseHandle(
    { ...settings, driver, planning, hooks },
    new PoolSession(new Pool(driver, { acquireTimeout })),
  )
}
