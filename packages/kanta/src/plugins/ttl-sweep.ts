import type { Dialect } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import type { NodeOf } from '../extend/index.ts'
import {
  type DatabaseHandle,
  dialectOf,
  isWhole,
  schemaOf,
  sessionLocks,
  withoutGuards,
} from '../extend/internal/index.ts'
import { splitName } from '../ir/index.ts'
import { type DeleteBuilder, Expr, type SelectBuilder, sql } from '../sql/index.ts'
import type { TableDefinition } from '../table/index.ts'
import type { TtlSettings } from './ttl-options.ts'
import { databaseMoment, type Expiring, readClock, timeColumn } from './ttl-time.ts'

/** How many expired rows were deleted from each table. */
export type Swept = Readonly<Record<string, number>>

/** The names of a table that expires, as parts of statements: quoted whatever they hold. */
export interface Names {
  readonly table: Expr
  readonly column: Expr
  /** What tells its rows apart. */
  readonly keys: readonly Expr[]
}

const LOCK = 'ttl'

/** The database in which a sweep runs: policies on rows do not apply there, other plugins do. */
export const sweeping = (db: DatabaseHandle): DatabaseHandle => withoutGuards(db, 'sweep of expired rows')

export function namesOf(db: DatabaseHandle, { table, column }: Expiring): Names {
  const { name, schema } = splitName(table)
  const ref = (of: string): Expr => new Expr({ kind: 'ref', schema: undefined, table: undefined, column: of })
  const node: NodeOf<'table'> = { kind: 'table', schema, name, definition: undefined }
  const { primaryKey = [] } = definitionIn(db, table) ?? {}
  const rowName = dialectOf(db).name === 'sqlite' ? ['rowid'] : []
  const keys = primaryKey.length > 0 ? primaryKey : rowName
  return { table: new Expr(node), column: ref(column), keys: keys.map(ref) }
}

export const definitionIn = (db: DatabaseHandle, table: string): TableDefinition | undefined => schemaOf(db).get(table)

/**
 * Deletes expired rows, some at a time. One sweeper at a time does so, over all processes, by a lock of the server; in
 * SQLite each batch is one statement, and the file has one writer at a time anyway.
 *
 * @returns `undefined` where another one is sweeping.
 */
export async function sweep(
  db: DatabaseHandle,
  settings: TtlSettings,
  goesOn: () => boolean,
): Promise<Swept | undefined> {
  if (db.isTransaction || !isWhole(db))
    throw new KantaError(
      'transaction',
      'sweepExpired() runs by itself, so that what it deletes stays deleted. Call it on the database, outside of transactions and connections.',
    )
  const clean = sweeping(db)
  const lock = sessionLocks[dialectOf(db).name]
  if (lock === undefined) return sweepAll(clean, settings, goesOn)
  return clean.connection().execute(async (held) => {
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

/** Lets others have their turn, where the driver answers at once. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

async function deleteBatch(db: DatabaseHandle, expiring: Expiring, settings: TtlSettings): Promise<number> {
  const dialect = dialectOf(db)
  const names = namesOf(db, expiring)
  const time = timeColumn(expiring, definitionIn(db, expiring.table), dialect)
  const moment =
    settings.clock === 'database'
      ? databaseMoment(dialect, time.form, expiring.after)
      : time.valueOf(new Date(readClock(settings.now).getTime() - expiring.after))
  // SQLite's writers wait for each other, for nothing where nothing has expired.
  const some = db.selectFrom(names.table).select(sql`1`.as('found')).where(names.column, '<=', moment).limit(1)
  if (dialect.name === 'sqlite' && (await some.executeTakeFirst()) === undefined) return 0
  const query = batchOf(db, names, moment, settings.batch, dialect)
  const result = (await query.executeTakeFirst()) as { readonly numDeletedRows: bigint }
  return Number(result.numDeletedRows)
}

/** A delete of some of the rows whose moment is not after another, the longest expired first. */
export function batchOf(
  db: DatabaseHandle,
  { table, column, keys }: Names,
  moment: unknown,
  batch: number,
  dialect: Dialect,
): DeleteBuilder {
  const expired = db.deleteFrom(table).where(column, '<=', moment)
  const first = (key: readonly Expr[]): SelectBuilder =>
    key
      .reduce((query, one) => query.select(one), db.selectFrom(table))
      .where(column, '<=', moment)
      .orderBy(column)
      .limit(sql.lit(batch))
  switch (dialect.name) {
    case 'mysql':
    case 'mariadb':
      return expired.orderBy(column).limit(sql.lit(batch))
    case 'postgres': {
      // Rows that somebody else has locked are left for the next sweep.
      const place = new Expr({ kind: 'ref', schema: undefined, table: undefined, column: 'ctid' })
      return expired.where(sql`${place} = any(array${first([place]).forUpdate().skipLocked()})`)
    }
    case 'sqlite':
      return expired.where(sql`(${sql.join(keys)}) in ${first(keys)}`)
    default:
      throw new KantaError('unsupported', `ttl() does not sweep on ${dialect.name}. Use the mode 'lazy'.`)
  }
}
