import { KantaError, refuse } from '../error/index.ts'
import type { $adds, $listed, PluginDescription } from '../face/index.ts'
import type { Policy, TransactionHook } from '../plan/index.ts'
import { show } from '../sql/index.ts'
import type { Hook } from './hook.ts'

/** A table that the options of a plugin name, and columns of it. */
export interface NamedTable {
  readonly table: string
  readonly columns?: readonly string[] | undefined
}

/**
 * A named set of policies, hooks, transaction hooks and members that it adds to a database. `A` is the type of those
 * members, `N` the names of the tables that its options list.
 *
 * @example
 * ```ts
 * const loud: Plugin = {
 *   name: 'loud',
 *   hooks: [{ name: 'loud', around: (event, next) => (console.log(event.sql), next()) }],
 * }
 * ```
 */
export interface Plugin<A extends object = {}, N = never> {
  readonly name: string
  readonly version?: string | undefined
  /** The names of plugins that it requires and that come before it. */
  readonly dependencies?: readonly string[] | undefined
  /** The names of plugins that it cannot be used with. */
  readonly conflicts?: readonly string[] | undefined
  /** Orders plugins that do not depend on each other: the higher number comes first. Default: 0. */
  readonly priority?: number | undefined
  readonly policies?: readonly Policy[] | undefined
  readonly hooks?: readonly Hook[] | undefined
  readonly transactionHooks?: readonly TransactionHook[] | undefined
  /** The tables, and columns of theirs, that its options name: a database whose schema lacks one is not opened. */
  readonly names?: readonly NamedTable[] | undefined
  /**
   * Called before the first statement, with the database without plugins; may be async. A plugin that is added to a
   * database with policies on rows gets that database, with its policies.
   */
  onInit?(db: never): unknown
  /** Called when the database is closed, in reverse order, and when a later plugin could not start. */
  onDestroy?(): unknown
  /** Returns the members that it adds; called for each database, transaction and connection. */
  extend?(db: never): A
  readonly [$adds]?: A
  readonly [$listed]?: N
}

const MEMBERS: readonly string[] = [
  ...['name', 'version', 'dependencies', 'conflicts', 'priority', 'policies', 'hooks', 'transactionHooks'],
  ...['names', 'onInit', 'onDestroy', 'extend'],
]

const isStringOrHasName = (part: unknown): boolean => typeof part === 'string' || typeof Object(part).name === 'string'

/** Refuses parts that are not lists of named things, which would otherwise be ignored. */
function checkParts(plugin: Plugin<object, unknown>): void {
  for (const key of ['dependencies', 'conflicts', 'policies', 'hooks', 'transactionHooks'] as const) {
    const parts: unknown = plugin[key]
    if (parts !== undefined && !(Array.isArray(parts) && parts.every(isStringOrHasName)))
      refuse(`The ${key} of the plugin '${plugin.name}' must be a list of things with names, not ${show(parts)}.`)
  }
  if (plugin.priority !== undefined && !Number.isFinite(plugin.priority))
    refuse(`The priority of the plugin '${plugin.name}' must be a number, not ${show(plugin.priority)}.`)
}

const fail = (message: string): never => {
  throw new KantaError('plugin', message)
}

/**
 * Sorts plugins into the order in which they apply: dependencies first, then by priority, then as given.
 *
 * @throws KantaError `plugin` for duplicates, missing dependencies, conflicts and cycles.
 */
export function sortPlugins(plugins: readonly Plugin<object, unknown>[]): readonly Plugin<object, unknown>[] {
  if (!Array.isArray(plugins)) return refuse(`plugins must be an array, not ${show(plugins)}.`)
  const byName = new Map<string, Plugin<object, unknown>>()
  for (const plugin of plugins) {
    if (typeof plugin !== 'object' || typeof plugin?.name !== 'string')
      return refuse(`${show(plugin)} is not a plugin. Pass the result of a function such as camelCase().`)
    for (const key of Object.keys(plugin))
      if (!MEMBERS.includes(key))
        refuse(`Unknown member ${show(key)} of the plugin '${plugin.name}'. Plugins have: ${MEMBERS.join(', ')}.`)
    checkParts(plugin)
    if (byName.has(plugin.name)) fail(`The plugin '${plugin.name}' is given twice. Remove one.`)
    byName.set(plugin.name, plugin)
  }
  for (const plugin of plugins) {
    for (const name of plugin.dependencies ?? [])
      if (!byName.has(name)) fail(`The plugin '${plugin.name}' needs the plugin '${name}', which is missing. Add it.`)
    for (const name of plugin.conflicts ?? [])
      if (byName.has(name)) fail(`The plugins '${plugin.name}' and '${name}' cannot be used together. Remove one.`)
  }
  // A dependency is as urgent as the most urgent plugin that needs it.
  const urgency = new Map<string, number>()
  const raise = (plugin: Plugin<object, unknown>, least: number, trail: readonly string[]): void => {
    if (trail.includes(plugin.name))
      fail(
        `Plugins depend on each other in a cycle: ${[...trail.slice(trail.indexOf(plugin.name)), plugin.name].join(' → ')}.`,
      )
    const most = Math.max(plugin.priority ?? 0, least, urgency.get(plugin.name) ?? Number.NEGATIVE_INFINITY)
    urgency.set(plugin.name, most)
    for (const name of plugin.dependencies ?? []) raise(byName.get(name)!, most, [...trail, plugin.name])
  }
  for (const plugin of plugins) raise(plugin, Number.NEGATIVE_INFINITY, [])
  const found = new Set<Plugin<object, unknown>>()
  const place = (plugin: Plugin<object, unknown>): void => {
    for (const name of plugin.dependencies ?? []) place(byName.get(name)!)
    found.add(plugin)
  }
  const sorted = [...plugins].sort((a, b) => urgency.get(b.name)! - urgency.get(a.name)!)
  for (const plugin of sorted) place(plugin)
  return [...found]
}

/**
 * Gives a database what its plugins add to it. What is there stays: a method that a plugin could replace would be one
 * that no longer keeps to the policies.
 *
 * @throws KantaError `plugin` where a plugin adds what the database or another plugin has.
 */
export function addTo(db: object, plugins: readonly Plugin<object, unknown>[]): void {
  const owners = new Map<PropertyKey, string>()
  for (const plugin of plugins) {
    if (plugin.extend === undefined) continue
    const added = plugin.extend(db as never)
    for (const key of Reflect.ownKeys(Object(added))) {
      const owner = owners.get(key)
      if (owner !== undefined || key in db) {
        const whose = owner === undefined ? 'the database has' : `the plugin '${owner}' adds`
        fail(`The plugin '${plugin.name}' adds '${String(key)}', which ${whose} already. Rename it.`)
      }
      owners.set(key, plugin.name)
      Object.defineProperty(db, key, { value: (added as Record<PropertyKey, unknown>)[key], enumerable: true })
    }
  }
}

export function describePlugin({
  name,
  version,
  priority,
  dependencies,
  policies,
  hooks,
  transactionHooks,
}: Plugin<object, unknown>): PluginDescription {
  const names = (parts: readonly { readonly name: string }[] = []): string[] => parts.map((part) => part.name)
  return Object.freeze({
    name,
    version,
    priority: priority ?? 0,
    dependencies: dependencies ?? [],
    policies: names(policies),
    hooks: [...names(hooks), ...names(transactionHooks)],
  })
}

/** Starts plugins in order. If one fails, ends those before it. */
export async function startPlugins(
  plugins: readonly Plugin<object, unknown>[],
  databaseFor: (plugin: Plugin<object, unknown>) => unknown,
): Promise<void> {
  for (const [i, plugin] of plugins.entries()) {
    try {
      await plugin.onInit?.(databaseFor(plugin) as never)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      const suppressed = await endPlugins(plugins.slice(0, i)).catch((error: unknown) => error)
      throw new KantaError('plugin', `The plugin '${plugin.name}' could not start: ${reason}`, { cause, suppressed })
    }
  }
}

/** Ends all plugins in reverse order, even if some fail. */
export async function endPlugins(plugins: readonly Plugin<object, unknown>[]): Promise<void> {
  const errors: unknown[] = []
  for (const plugin of plugins.toReversed()) {
    try {
      await plugin.onDestroy?.()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0)
    throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'Plugins could not be ended.')
}
