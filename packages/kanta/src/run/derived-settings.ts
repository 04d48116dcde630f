import type { Planning } from '../plan/index.ts'
import { listening } from './hook.ts'
import type { Settings } from './settings.ts'

const bare = new WeakMap<Planning, Planning>()
const unguarded = new WeakMap<Planning, Planning>()

/**
 * The settings of a database as if it had no plugins: tables and columns have the names that they have in the database.
 * For what is Kanta's own: the tables of plugins and migrations, and what a plugin asks the server.
 */
export function settingsWithoutPlugins(settings: Settings): Settings {
  const planning = kept(bare, settings.planning, (all) => ({ ...all, policies: [], transactionHooks: [] }))
  // Who answers reads has to hear of every write.
  const hooks = listening(settings.hooks.filter((hook) => hook.answers === true))
  return { ...settings, planning, plugins: [], hooks }
}

/**
 * The settings of a database without rules on rows and transaction hooks, under the names of the program; hooks are told which
 * policies it does without, and what for. For what a plugin does to the tables of the user.
 */
export function settingsWithoutGuards(settings: Settings, mode: string): Settings {
  const planning = kept(unguarded, settings.planning, (all) => ({
    ...all,
    // Nor without what stands in front of these, whose statements they would not see.
    policies: all.policies.filter(
      ({ enforce, rewriteInFront }) => enforce === undefined && rewriteInFront === undefined,
    ),
    transactionHooks: [],
  }))
  const guards = settings.planning.policies.filter((policy) => policy.enforce !== undefined)
  const exemptions = [...settings.exemptions, ...guards.map(({ name }) => ({ policy: name, mode }))]
  return { ...settings, planning, plugins: [], hooks: listening(settings.hooks), exemptions }
}

/** Plans are found by their planning: each of them is made once. */
function kept(known: WeakMap<Planning, Planning>, from: Planning, make: (from: Planning) => Planning): Planning {
  let found = known.get(from)
  if (found === undefined) {
    found = make(from)
    known.set(from, found)
  }
  return found
}
