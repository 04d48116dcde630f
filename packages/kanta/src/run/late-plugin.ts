import { KantaError } from '../error/index.ts'
import type { Policy } from '../plan/index.ts'
import type { Plugin } from './plugin.ts'

/*
 * Whoever has a database can add plugins to it, and must not get past its policies by one. So a plugin of somebody's own
 * that is added to a database whose policies see to rows stands in front of these: it gets the database as it is, its
 * rewrites come before the policies, and what would run or read without them is refused.
 */

const own = new WeakSet<object>()

/** Marks a plugin that this package made, which keeps to the policies of any database. Nobody can change it then. */
export function ownPlugin<P extends Plugin<object, unknown>>(plugin: P): P {
  for (const parts of Object.values(plugin)) {
    if (!Array.isArray(parts)) continue
    for (const part of parts) Object.freeze(part)
    Object.freeze(parts)
  }
  own.add(Object.freeze(plugin))
  return plugin
}

/** Returns whether the policies of a database see to the rows that statements read and write. */
export const isGuardedBy = (policies: readonly Policy[]): boolean =>
  policies.some((policy) => policy.enforce !== undefined)

export const isOwn = (plugin: object): boolean => own.has(plugin)

const inFront = new WeakSet<object>()

/** Returns whether a plugin stands in front of the policies of the database that it was added to. */
export const isInFront = (plugin: object): boolean => inFront.has(plugin)

/**
 * A plugin as it is now, to stand in front of policies: whatever is made of the one that was given.
 *
 * @throws KantaError `plugin` for what would read or run past the policies.
 */
export function putInFront(plugin: Plugin<object, unknown>): Plugin<object, unknown> {
  const { name, transactionHooks = [], policies = [] } = plugin
  if (transactionHooks.length > 0) throw tooLate(name, 'a transaction hook')
  const made: Record<string, unknown> = { name, policies: policies.map((policy) => policyInFront(name, policy)) }
  for (const key of ['version', 'dependencies', 'conflicts', 'priority', 'hooks', 'names'] as const)
    if (plugin[key] !== undefined) made[key] = Array.isArray(plugin[key]) ? [...plugin[key]] : plugin[key]
  for (const key of ['onInit', 'onDestroy', 'extend'] as const)
    if (typeof plugin[key] === 'function') made[key] = plugin[key].bind(plugin)
  inFront.add(Object.freeze(made))
  return made as never
}

function policyInFront(plugin: string, policy: Policy): Policy {
  const { name, rewrite, renameColumn, renameColumnsOf, enforce, variants } = policy
  if (enforce !== undefined) throw tooLate(plugin, 'a policy on tables')
  if (variants !== undefined) throw tooLate(plugin, 'a policy with variants')
  return {
    name,
    rewriteInFront: rewrite === undefined ? (statement) => statement : rewrite.bind(policy),
    ...(renameColumn && { renameColumn: renameColumn.bind(policy) }),
    ...(renameColumnsOf && { renameColumnsOf: renameColumnsOf.bind(policy) }),
  }
}

const tooLate = (plugin: string, what: string): KantaError =>
  new KantaError(
    'plugin',
    `The plugin '${plugin}' has ${what}, which could read past the policies that the database has already. Give it together with them: kanta({ plugins: […] }).`,
  )
