import { type Creation, creationOf, type Dialect } from '../dialect/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { Executor } from './execute.ts'
import { executorOf, QueryRunner } from './query-runner.ts'
import type { Settings } from './settings.ts'

const known = new WeakMap<Settings, Map<Dialect, Settings>>()

/** The settings of a database with another dialect; the same each time, since plans are kept by them. */
function settingsIn(settings: Settings, dialect: Dialect): Settings {
  const made = known.get(settings) ?? new Map<Dialect, Settings>()
  known.set(settings, made)
  let found = made.get(dialect)
  if (found === undefined) {
    found = { ...settings, planning: { ...settings.planning, dialect } }
    made.set(dialect, found)
  }
  return found
}

/** Runs statements where a database, or a transaction of it, runs its queries, with more printers than these need. */
export class DialectRunner extends QueryRunner {
  /** How the database creates a `table()`. */
  readonly creationOf: (definition: TableDefinition) => Creation
  /** Whether comments are statements of their own. */
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
  return new DialectRunner(new Executor(settingsIn(settings, dialectOf(dialect)), session))
}
