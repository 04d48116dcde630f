import { type DatabaseHandle, dialectOf } from '../../extend/internal/index.ts'
import type { AnyInfo, Database } from '../../face/index.ts'
import { sql } from '../../sql/index.ts'
import { expiries, type Text } from './facet.ts'
import { settleTtl, type TtlOptions, type TtlSettings } from './option.ts'
import { definitionIn, namesOf, sweeping } from './sweep.ts'
import { type Expiring, timeColumn } from './time.ts'

/**
 * Creates, or replaces, the trigger that deletes expired rows after inserts on SQLite and PostgreSQL; on MariaDB, whose
 * triggers cannot delete from their own table, an event of the server. `ttl({ mode: 'trigger' })` calls it when the
 * database starts.
 *
 * @throws KantaError `unsupported` if the database has neither, or its event scheduler is off.
 *
 * @example
 * ```ts
 * await createTtlTriggers(db, { tables: { arrival: { column: 'id', form: 'seconds' } } })
 * ```
 */
export async function createTtlTriggers<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  options: TtlOptions,
): Promise<void> {
  await makeTriggers(sweeping(db as never), settleTtl(options))
}

/**
 * Removes the triggers and events that {@link createTtlTriggers} created for these tables.
 *
 * @example
 * ```ts
 * await dropTtlTriggers(db, ['arrival'])
 * ```
 */
export async function dropTtlTriggers<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  tables: readonly string[],
): Promise<void> {
  const clean = sweeping(db as never)
  const facet = expiries.of(dialectOf(clean))
  for (const table of tables) for (const text of facet.drops(tableOf(table), nameOf(table))) await text.execute(clean)
}

/** Returns the name of the trigger, function or event of a table. */
const nameOf = (table: string): string => `kanta_ttl_${table}`
const tableOf = (table: string): Text => sql.id(...table.split('.'))

/** Creates the triggers of all tables. `db` must apply no row policies. */
export async function makeTriggers(db: DatabaseHandle, { tables, batch, every }: TtlSettings): Promise<void> {
  const dialect = dialectOf(db)
  const facet = expiries.of(dialect)
  await facet.requireTriggers?.(db)
  const make = async (one: DatabaseHandle): Promise<void> => {
    await facet.lock?.().execute(one)
    for (const expiring of tables) {
      const { table } = expiring
      await facet.make(one, { table: tableOf(table), name: nameOf(table), body: bodyOf(one, expiring, batch), every })
    }
  }
  if (dialect.transactionalDdl) await db.transaction().execute(make)
  else await make(db)
}

/** Returns the text of the delete, without parameters, since definitions take none. */
function bodyOf(db: DatabaseHandle, expiring: Expiring, batch: number): Text {
  const dialect = dialectOf(db)
  const { form } = timeColumn(expiring, definitionIn(db, expiring.table), dialect)
  const facet = expiries.of(dialect)
  const moment = facet.moment(form, expiring.after)
  const compiled = facet.batch(db, namesOf(db, expiring), moment, batch).compile() as { readonly sql: string }
  return sql.raw(compiled.sql)
}
