import { KantaError } from '../../error/index.ts'
import type { NodeOf } from '../../extend/index.ts'
import {
  checkSessions,
  type DatabaseHandle,
  dialectOf,
  driverOf,
  isWhole,
  schemaOf,
  sessionLocks,
  withoutGuards,
} from '../../extend/internal/index.ts'
import { splitName } from '../../ir/index.ts'
import { Expr, sql } from '../../sql/index.ts'
import type { TableDefinition } from '../../table/index.ts'
import type { Names } from './batch.ts'
import { expiries } from './facet.ts'
import type { TtlSettings } from './option.ts'
import { type Expiring, readClock, timeColumn } from './time.ts'

/** The number of deleted rows, by table. */
export type Swept = Readonly<Record<string, number>>

const LOCK = 'ttl'

/** Returns the database for a sweep: without row policies, but with other plugins. */
export const sweeping = (db: DatabaseHandle): DatabaseHandle => withoutGuards(db, 'sweep of expired rows')

export function namesOf(db: DatabaseHandle, { table, column }: Expiring): Names {
  const { name, schema } = splitName(table)
  const ref = (of: string): Expr => new Expr({ kind: 'ref', schema: undefined, table: undefined, column: of })
  const node: NodeOf<'table'> = { kind: 'table', schema, name, definition: undefined }
  const { primaryKey = [] } = definitionIn(db, table) ?? {}
  const { rowName } = expiries.of(dialectOf(db))
  const keys = primaryKey.length > 0 || rowName === undefined ? primaryKey : [rowName]
  return { table: new Expr(node), column: ref(column), keys: keys.map(ref) }
}

export const definitionIn = (db: DatabaseHandle, table: string): TableDefinition | undefined => schemaOf(db).get(table)

/**
 * Deletes expired rows in batches. A lock of the server admits one sweep at a time over all processes; SQLite needs
 * none, since its file has one writer at a time.
 *
 * @returns `undefined` if another process is sweeping.
 */
export async function sweep(
  db: DatabaseHandle,
  settings: TtlSettings,
  goesOn: () => boolean,
): Promise<Swept | undefined> {
  if (db.isTransaction || !isWhole(db))
    throw new KantaError(
      'transaction',
      'sweepExpired() cannot run inside of a transaction or a held connection, where a rollback would undo it. Call it on the database itself.',
    )
  const clean = sweeping(db)
  const lock = sessionLocks.find(dialectOf(db))
  if (lock === undefined) return sweepAll(clean, settings, goesOn)
  return clean.connection().execute(async (held) => {
    checkSessions(driverOf(db), 'sweepExpired()')
    const { rows } = (await lock.take(LOCK).execute(held)) as { rows: readonly { locked?: unknown }[] }
    if (Number(rows[0]?.locked) !== 1) return undefined
    try {
      return await sweepAll(held, settings, goesOn)
    } finally {
      await lock.release(LOCK).execute(held)
    }
  })
}

async function sweepAll(db: DatabaseHandle, settings: TtlSettings, goesOn: () => boolean): Promise<Swept> {
  const swept: Record<string, number> = {}
  for (const expiring of settings.tables) {
    swept[expiring.table] = 0
    for (let deleted = settings.batch; deleted === settings.batch && goesOn(); ) {
      if (swept[expiring.table]! > 0) await turn()
      deleted = await deleteBatch(db, expiring, settings)
      swept[expiring.table]! += deleted
    }
  }
  return swept
}

/** Yields to other tasks, since some drivers answer synchronously. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

async function deleteBatch(db: DatabaseHandle, expiring: Expiring, settings: TtlSettings): Promise<number> {
  const dialect = dialectOf(db)
  const facet = expiries.of(dialect)
  const names = namesOf(db, expiring)
  const time = timeColumn(expiring, definitionIn(db, expiring.table), dialect)
  const moment =
    settings.clock === 'database'
      ? facet.moment(time.form, expiring.after)
      : time.valueOf(new Date(readClock(settings.now).getTime() - expiring.after))
  const some = db.selectFrom(names.table).select(sql`1`.as('found')).where(names.column, '<=', moment).limit(1)
  if (facet.looksFirst && (await some.executeTakeFirst()) === undefined) return 0
  const query = facet.batch(db, names, moment, settings.batch)
  const result = (await query.executeTakeFirst()) as { readonly numDeletedRows: bigint }
  return Number(result.numDeletedRows)
}
