import { definingDialect } from '../dialect/index.ts'
import { Executor } from './execute.ts'
import type { Settings } from './settings.ts'

const known = new WeakMap<Settings, Settings>()

/** The settings of a database whose dialect also defines. */
function defining(settings: Settings): Settings {
  let found = known.get(settings)
  if (found === undefined) {
    const { planning } = settings
    found = { ...settings, planning: { ...planning, dialect: definingDialect(planning.dialect) } }
    known.set(settings, found)
  }
  return found
}

/** Runs definitions where a database, or a transaction of it, runs its queries. */
export class DefinitionExecutor extends Executor {
  static of({ settings, session }: Executor): DefinitionExecutor {
    return new DefinitionExecutor(defining(settings), session)
  }

  /** Whether comments are statements of their own. */
  get commentStatements(): boolean {
    return this.settings.planning.dialect.capabilities.commentStatements === true
  }
}
