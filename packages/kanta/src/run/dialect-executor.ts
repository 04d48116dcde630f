import { type Creation, creationOf, type Dialect } from '../dialect/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { Executor } from './execute.ts'
import type { Settings } from './settings.ts'

const settingsByDialect = new WeakMap<Settings, Map<Dialect, Settings>>()

/** The settings of a database with another dialect; the same each time, since plans are kept by them. */
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

/** Runs statements where a database, or a transaction of it, runs its queries, with more printers than these need. */
export class DialectExecutor extends Executor {
  static of({ settings, session }: Executor, dialectOf: (dialect: Dialect) => Dialect): DialectExecutor {
    return new DialectExecutor(withDialect(settings, dialectOf(settings.planning.dialect)), session)
  }

  /** How the database creates a `table()`. */
  get creationOf(): (definition: TableDefinition) => Creation {
    const { dialect } = this.settings.planning
    return (definition) => creationOf(definition, dialect)
  }

  /** Whether comments are statements of their own. */
  get commentStatements(): boolean {
    return this.settings.planning.dialect.capabilities.commentStatements === true
  }
}
