import { isAmong, titleOf } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import type { QueryRunner, Sql } from '../face/index.ts'
import { dialectOf } from '../introspect/index.ts'
import { sql as template } from '../sql/index.ts'
import type { Difference } from './diff.ts'
import { printStep } from './nodes.ts'
import { ruleSets } from './rules.ts'
import { needsForeignKeysOff, type Step } from './step.ts'

const sql = template as unknown as Sql

/** A migration from steps, for `migrator()`. */
export interface StepsMigration {
  up(db: QueryRunner): Promise<void>
  down(db: QueryRunner): Promise<void>
  /** Set if the steps rebuild SQLite tables. */
  readonly foreignKeys?: 'off'
}

/**
 * Returns the migration of a diff. Store the steps as JSON in a file, so that later diffs do not change old migrations.
 *
 * @throws KantaError `unsupported` for a step that the database cannot make: at once for `up`, when it runs for `down`.
 * When the migration runs: `invalid_input` for a database of another kind.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { diff, migrationOf } from 'kanta/diff'
 * import { migrator } from 'kanta/migrate'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
 * const steps = await diff(null, { city }, { dialect: 'sqlite' })
 *
 * const db = kanta({ driver: sqlite(':memory:') })
 * const { applied } = await migrator(db, { migrations: { '1_city': migrationOf(steps) } }).latest()
 * applied // ['1_city']
 * ```
 */
export function migrationOf({ dialect, up, down }: Pick<Difference, 'dialect' | 'up' | 'down'>): StepsMigration {
  const print = (steps: readonly Step[]): readonly string[] =>
    steps.flatMap((step) => printStep(step, ruleSets.of(dialect).dialect))
  const texts = print(up)
  return {
    up: (db) => run(db, dialect, texts),
    down: async (db) => run(db, dialect, print(down)),
    ...(needsForeignKeysOff([...up, ...down]) ? { foreignKeys: 'off' } : {}),
  }
}

async function run(db: QueryRunner, dialect: Difference['dialect'], texts: readonly string[]): Promise<void> {
  const found =
    dialectOf(db) ?? refuse('The steps run in a database. Pass one that kanta({ driver: sqlite(…) }) returned.')
  const title = titleOf(found)
  if (!isAmong(found, [dialect]))
    refuse(`The steps are for ${titleOf(dialect)}, and the database is ${title}. Make a diff for ${title}.`)
  for (const text of texts) await sql.raw(text).execute(db)
}
