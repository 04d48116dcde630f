import { type Creation, creationOf, type Dialect } from '../dialect/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { Executor } from './execute.ts'
import type { Settings } from './settings.ts'

const settingsByDialect = new WeakMap<Settings, Map<Dialect, Settings>>()

/** Returns the settings of a database with another dialect; the same object each time, since plans are cached by it. */
function withDialect(settings: Settings, dialect: Dialect): Settings {
  const made = settingsByDialect.get(settings) ?? new Map<Dialect, Settings>()
  settingsByDialect.set(settings, made)
  let found = made.get(dialect)
  if (found === undefined) {
    found = { ...settings, planning: { ...settings.planning, dialect } }
    made.set(dialect, found)
  }
  return found
}

/** An executor with the session of another executor and a dialect that has more printers. */
export class DialectExecutor extends Executor {
  static of({ settings, session }: Executor, dialectOf: (dialect: Dialect) => Dialect): DialectExecutor {
    return new DialectExecutor(withDialect(settings, dialectOf(settings.planning.dialect)), session)
  }

  /** The function that makes the statements to create a `table()`. */
  get creationOf(): (definition: TableDefinition) => Creation {
    const { dialect } = this.settings.planning
    return (definition) => creationOf(definition, dialect)
  }

  /** Is true if the database takes comments as separate statements. */
  get commentStatements(): boolean {
    return this.settings.planning.dialect.capabilities.commentStatements === true
  }
}
