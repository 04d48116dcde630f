import type { Dialect } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { type Catalog, type CatalogTable, introspect } from '../introspect/index.ts'
import { fullName, type TableName } from '../ir/index.ts'
import { textOf } from './facet.ts'
import { dialectOf, type Keeper, keeperOf, rowsOf, run } from './keeper.ts'
import { beside, historyOf, quoted, RECORD, tableNames } from './name.ts'
import { checkColumns, createRecord, pathsOf } from './statements.ts'

/** The database's clock, in microseconds. */
export async function nowOf(db: Keeper): Promise<number> {
  const [row] = await rowsOf<{ now: number | string | bigint }>(db, `select ${textOf(dialectOf(db)).now} as now`)
  return Number(row!.now)
}

/** What the database says of a table and of its history. */
export interface Kept {
  readonly table: CatalogTable
  readonly history: CatalogTable | undefined
  readonly triggers: readonly string[]
  /** Since when, in microseconds; `undefined` where no history has begun. */
  readonly began: number | undefined
}

export async function lookUp(db: Keeper, name: TableName): Promise<Kept> {
  const include = [name.name, historyOf(name.name), RECORD]
  const catalog = await introspect(db as never, {
    tables: { include },
    ...(name.schema === undefined ? {} : { schemas: [name.schema] }),
  })
  const schema = await schemaOf(db, name, catalog)
  const found = (wanted: string): CatalogTable | undefined =>
    catalog.tables.find((table) => table.name === wanted && (table.schema ?? undefined) === schema)
  const table = found(name.name)
  if (table === undefined) throw new KantaError('not_found', `The database has no table '${fullName(name)}'.`)
  return {
    table: { ...table, schema: textOf(dialectOf(db)).schemaOf(table, name) },
    history: found(historyOf(name.name)),
    triggers: catalog.triggers.filter((trigger) => trigger.table === name.name).map((trigger) => trigger.name),
    began: found(RECORD) === undefined ? undefined : await beganOf(db, name),
  }
}

/** The schema in which the database finds a table. */
async function schemaOf(db: Keeper, { schema, name }: TableName, catalog: Catalog): Promise<string | undefined> {
  if (schema !== undefined) return schema
  const among = new Set(catalog.tables.filter((table) => table.name === name).map((table) => table.schema))
  if (among.size <= 1) return [...among][0] ?? undefined
  const [row] = await rowsOf<{ schema: string }>(db, 'select current_schema() as "schema"')
  return row?.schema
}

export async function beganOf(db: Keeper, name: TableName): Promise<number | undefined> {
  const dialect = dialectOf(db)
  const record = quoted(beside(name, RECORD), dialect)
  const text = `select began from ${record} where table_name = ${dialect.literal(name.name)}`
  const [row] = await rowsOf<{ began: number | string | bigint }>(db, text)
  return row === undefined ? undefined : Number(row.began)
}

/**
 * Begins to keep the history of tables: from now on every change of a row is kept, whoever makes it, and the rows that
 * are there are taken in. To be called in a migration, once for each table, which is named as in the database.
 *
 * @throws KantaError `conflict` for a table whose history has begun, `unsupported` for one without a primary key.
 *
 * @example
 * ```ts
 * await startHistory(db, ['city'])
 * ```
 */
export async function startHistory<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  tables: readonly string[],
): Promise<void> {
  const names = tableNames(tables, 'startHistory()')
  const keeper = keeperOf(db, 'startHistory()')
  await together(keeper, async (one) => {
    for (const name of names) await start(one, name)
  })
}

/** In a transaction where definitions can be undone, else on one connection. */
export async function together(db: Keeper, work: (db: Keeper) => Promise<void>): Promise<void> {
  const run = (one: unknown): Promise<void> => work(one as Keeper)
  if (dialectOf(db).transactionalDdl) return db.transaction().execute(run)
  return db.isTransaction ? work(db) : db.connection().execute(run)
}

async function start(db: Keeper, name: TableName): Promise<void> {
  const dialect = dialectOf(db)
  const text = textOf(dialect)
  const { table, began } = await lookUp(db, name)
  if (began !== undefined)
    throw new KantaError(
      'conflict',
      `The history of '${fullName(name)}' has begun already. Bring it up to date with refreshHistory().`,
    )
  checkColumns(table)
  const paths = pathsOf(table, dialect)
  await run(db, createRecord(paths.record))
  for (const each of [...text.create(table), ...text.follow(table)]) await run(db, each)
  await run(db, `insert into ${paths.record} (table_name, began) values (${dialect.literal(name.name)}, ${text.now})`)
  for (const each of text.fill(table)) await run(db, each)
}

/**
 * The statements that make the history of a table and what writes it, for those who keep their migrations as SQL. They
 * are for a table without rows; `startHistory()` takes in those that are there.
 *
 * @example
 * ```ts
 * import { kanta, sql } from 'kanta'
 * import { introspect } from 'kanta/introspect'
 * import { sqlite } from 'kanta/sqlite'
 * import { historyStatements } from 'kanta/time-travel'
 *
 * const driver = sqlite(':memory:')
 * const db = kanta({ driver })
 * await sql`create table city (id integer primary key, name text)`.execute(db)
 * const { tables } = await introspect(db)
 * const statements = historyStatements(tables[0]!, driver.dialect)
 * await db.destroy()
 * ```
 */
export function historyStatements(table: CatalogTable, dialect: Dialect): readonly string[] {
  checkColumns(table)
  const text = textOf(dialect)
  const { record } = pathsOf(table, dialect)
  return [
    createRecord(record),
    ...text.create(table),
    ...text.follow(table),
    `insert into ${record} (table_name, began) values (${dialect.literal(table.name)}, ${text.now})`,
  ]
}
