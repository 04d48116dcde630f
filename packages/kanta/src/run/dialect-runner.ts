import { type Creation, creationOf, type Dialect } from '../dialect/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { Executor } from './execute.ts'
import { executorOf, QueryRunner } from './query-runner.ts'
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
export class DialectRunner extends QueryRunner {
  /** The function that makes the statements to create a `table()`. */
  readonly creationOf: (definition: TableDefinition) => Creation
  /** Is true if the database takes comments as separate statements. */
  readonly commentStatements: boolean

  constructor(executor: Executor) {
    super(executor)
    const { dialect } = executor
    this.creationOf = (definition) => creationOf(definition, dialect)
    this.commentStatements = dialect.capabilities.commentStatements === true
  }
}

/** Returns what runs statements in another dialect where a runner runs its queries. */
export function runnerIn(runner: QueryRunner, dialectOf: (dialect: Dialect) => Dialect): DialectRunner {
  const { settings, session, dialect } = executorOf(runner)
  return new DialectRunner(new Executor(withDialect(settings, dialectOf(dialect)), session))
}
