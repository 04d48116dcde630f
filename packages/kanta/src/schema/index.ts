import { definingDialect } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import { DialectExecutor, type Executor } from '../extend/internal/index.ts'
import type { QueryRunner, SchemaBuilder } from '../face/index.ts'
import { declareKinds, schemaFields } from '../ir/index.ts'
import * as builder from '../sql/index.ts'

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
  const executor = (db as unknown as builder.Runnable)?.[builder.RUNNER]
  if (executor === undefined)
    refuse(`schemaBuilder() takes a database, not ${builder.show(db)}. Pass one that kanta({ … }) returned.`)
  return new builder.SchemaBuilder(DialectExecutor.of(executor as Executor, definingDialect)) as never
}
