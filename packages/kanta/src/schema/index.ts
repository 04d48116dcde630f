import { definingDialect } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import { type RunnerOfQueries, runnerIn } from '../extend/internal/index.ts'
import type { QueryRunner, SchemaBuilder } from '../face/index.ts'
import { declareKinds, schemaFields } from '../ir/index.ts'
import * as builder from '../sql/index.ts'

export {
  type Backup,
  createBackup,
  incrementalVacuum,
  type ReindexOptions,
  reindex,
  type VacuumOptions,
  vacuum,
} from './maintain.ts'

/**
 * Returns the schema builder of a database, which creates, alters and drops tables, views, indexes and other objects.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { schemaBuilder } from 'kanta/schema'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({ driver: sqlite(':memory:') })
 * await schemaBuilder(db)
 *   .createTable('city')
 *   .addColumn('id', 'integer', (c) => c.primaryKey())
 *   .addColumn('name', 'text', (c) => c.notNull())
 *   .execute()
 * ```
 */
export function schemaBuilder(db: QueryRunner): SchemaBuilder {
  declareKinds(schemaFields)
  const runner = (db as unknown as builder.Runnable)?.[builder.RUNNER]
  if (runner === undefined)
    refuse(`schemaBuilder() takes a database, not ${builder.show(db)}. Pass one that kanta({ … }) returned.`)
  return new builder.SchemaBuilder(runnerIn(runner as RunnerOfQueries, definingDialect)) as never
}
