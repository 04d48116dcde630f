import type { Planning } from '../plan/index.ts'
import { withoutAnswers } from './hook.ts'
import type { Settings } from './settings.ts'

const planningsWithoutPlugins = new WeakMap<Planning, Planning>()
const planningsWithoutGuards = new WeakMap<Planning, Planning>()

/**
 * Returns the settings of a database without plugins, under the names that tables and columns have in the database.
 * They serve Kanta's own statements: on the tables of plugins and migrations, and queries of a plugin.
 */
export function settingsWithoutPlugins(settings: Settings): Settings {
  const planning = memoize(planningsWithoutPlugins, settings.planning, (all) => ({
    ...all,
    policies: [],
    transactionHooks: [],
  }))
  // A hook that answers reads must see every write.
  const hooks = withoutAnswers(settings.hooks.filter((hook) => hook.answers === true))
  return { ...settings, planning, plugins: [], hooks }
}

/**
 * Returns the settings of a database without row policies and transaction hooks, under the names of the program. They
 * serve a plugin's statements on the user's tables; hooks see the policies left out as exemptions.
 */
export function settingsWithoutGuards(settings: Settings, mode: string): Settings {
  const planning = memoize(planningsWithoutGuards, settings.planning, (all) => ({
    ...all,
    // Nor without what stands in front of these, whose statements they would not see.
    policies: all.policies.filter(
      ({ enforce, rewriteInFront }) => enforce === undefined && rewriteInFront === undefined,
    ),
    transactionHooks: [],
  }))
  const guards = settings.planning.policies.filter((policy) => policy.enforce !== undefined)
  const exemptions = [...settings.exemptions, ...guards.map(({ name }) => ({ policy: name, mode }))]
  return { ...settings, planning, plugins: [], hooks: withoutAnswers(settings.hooks), exemptions }
}

/** Returns the derived planning, made once for each original, since plans are cached by planning. */
function memoize(known: WeakMap<Planning, Planning>, from: Planning, make: (from: Planning) => Planning): Planning {
  let found = known.get(from)
  if (found === undefined) {
    found = make(from)
    known.set(from, found)
  }
  return found
}
