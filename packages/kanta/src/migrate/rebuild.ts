import { facetsOf } from '../dialect/index.ts'
import { KantaError, nearest, refuse } from '../error/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { checkName, isOperand, show, sql } from '../sql/index.ts'
import type { Expression } from '../table/index.ts'
import { firstRow } from './first-row.ts'

/** The new form of a table. */
export interface Rebuild {
  /** Creates the new table under the given name. */
  create(name: string): unknown
  /** The values of new or changed columns, as expressions over the columns of the old table. */
  readonly values?: Readonly<Record<string, Expression<unknown>>> | undefined
}

/**
 * Changes a table of SQLite in ways that `alter table` cannot. It creates a new table, copies the rows, replaces the
 * old table, and creates its indexes and triggers again. Call it in a migration with `foreignKeys: 'off'`; otherwise
 * dropping the old table would delete the rows that refer to it.
 *
 * Steps: https://www.sqlite.org/lang_altertable.html#otheralter
 *
 * @throws KantaError `unsupported` on other databases, `invalid_input` for an unknown table or column,
 * `transaction` outside of a transaction or with foreign keys on.
 *
 * @example
 * ```ts
 * import { sql } from 'kanta'
 * import { type Migration, rebuildTable } from 'kanta/migrate'
 *
 * export const namesAreUnique: Migration = {
 *   foreignKeys: 'off',
 *   up: (db) =>
 *     rebuildTable(db, 'city', {
 *       create: (name) =>
 *         sql`create table ${sql.id(name)} (id integer primary key, name text not null unique)`.execute(db),
 *       values: { name: sql<string>`coalesce(name, 'city ' || id)` },
 *     }),
 * }
 * ```
 */
export async function rebuildTable(db: Database<any>, name: string, { create, values = {} }: Rebuild): Promise<void> {
  const handle = db as unknown as DatabaseHandle
  checkName(name, 'a table')
  if (typeof create !== 'function')
    refuse('rebuildTable() takes { create }, a function that creates the table under the given name.')
  await rebuilds.of(dialectOf(handle))(handle, name, { create, values })
}

const rebuilds = facetsOf<typeof rebuild>(
  'rebuildTable()',
  { sqlite: rebuild, postgres: undefined, mysql: undefined, mariadb: undefined, mssql: undefined },
  "Use 'alter table' instead.",
)

async function rebuild(db: DatabaseHandle, name: string, { create, values = {} }: Rebuild): Promise<void> {
  await checkPreconditions(db)
  const table = await nameOf(db, name)
  const oldColumns = await columnsOf(db, table)
  const recreated = await rows<{ sql: string }>(
    db,
    sql`select sql from sqlite_schema where tbl_name = ${table} and type in ('index', 'trigger') and sql is not null`,
  )
  const fresh = `kanta_new_${table}`
  await create(fresh)
  await refuseSelfReference(db, table, fresh)
  await copyRows(db, { table, fresh, old: oldColumns.map((column) => column.name), values })
  await sql`drop table ${sql.id(table)}`.execute(db)
  await rename(db, fresh, table)
  for (const statement of recreated) await sql.raw(statement.sql).execute(db)
}

async function checkPreconditions(db: DatabaseHandle): Promise<void> {
  const off = Number((await firstRow(db, sql`pragma foreign_keys`))?.foreign_keys) === 0
  if (!db.isTransaction || !off)
    throw new KantaError(
      'transaction',
      "rebuildTable() needs a transaction with foreign keys off. Set foreignKeys: 'off' in its migration.",
    )
}

async function rows<R>(db: DatabaseHandle, text: ReturnType<typeof sql>): Promise<readonly R[]> {
  return ((await text.execute(db)) as { rows: R[] }).rows
}

/** Returns the name of a table in its original case, by which SQLite finds its indexes and triggers. */
async function nameOf(db: DatabaseHandle, name: string): Promise<string> {
  const [found] = await rows<{ name: string }>(
    db,
    sql`select name from sqlite_schema where type = 'table' and name = ${name} collate nocase`,
  )
  return found?.name ?? refuse(`rebuildTable(): unknown table ${show(name)}.`)
}

/** Rejects a foreign key of the new table to its temporary name, which SQLite would keep after the rename. */
async function refuseSelfReference(db: DatabaseHandle, table: string, fresh: string): Promise<void> {
  const found = await rows(
    db,
    sql`select 1 from pragma_foreign_key_list(${fresh}) where "table" = ${fresh} collate nocase`,
  )
  if (found.length > 0)
    refuse(
      `create() of rebuildTable() made a foreign key to the temporary name ${show(fresh)}. Let it refer to ${show(table)}.`,
    )
}

interface Column {
  readonly name: string
  readonly isGenerated: boolean
}

/** Returns the readable columns of a table. */
async function columnsOf(db: DatabaseHandle, table: string): Promise<readonly Column[]> {
  const found = await rows<{ name: string; hidden: number }>(
    db,
    sql`select name, hidden from pragma_table_xinfo(${table}) where hidden <> 1`,
  )
  return found.map(({ name, hidden }) => ({ name, isGenerated: Number(hidden) !== 0 }))
}

interface CopyRequest {
  readonly table: string
  readonly fresh: string
  readonly old: readonly string[]
  readonly values: Readonly<Record<string, unknown>>
}

async function copyRows(db: DatabaseHandle, { table, fresh, old: oldColumns, values }: CopyRequest): Promise<void> {
  const columns = (await columnsOf(db, fresh)).flatMap(({ name, isGenerated }) => (isGenerated ? [] : [name]))
  if (columns.length === 0)
    refuse(`create() of rebuildTable() did not create the table ${show(fresh)}. Create it under the given name.`)
  for (const name of Object.keys(values)) {
    if (columns.includes(name)) {
      if (!isOperand(values[name]))
        refuse(`values.${name} of rebuildTable() must be an expression, such as sql\`0\`, not ${show(values[name])}.`)
      continue
    }
    const near = nearest(name, columns)
    refuse(`Unknown column ${show(name)} in the new table.${near === undefined ? '' : ` Did you mean '${near}'?`}`)
  }
  const kept = columns.filter((name) => Object.hasOwn(values, name) || oldColumns.includes(name))
  if (kept.length === 0) refuse(`The table ${show(table)} keeps none of its columns. Drop it, and create another.`)
  const into = sql.join(kept.map((name) => sql.id(name)))
  const from = sql.join(kept.map((name) => (Object.hasOwn(values, name) ? values[name] : sql.id(name))))
  await sql`insert into ${sql.id(fresh)} (${into}) select ${from} from ${sql.id(table)}`.execute(db)
  await keepNumbering(db, table, fresh)
}

/** Continues the numbering of `autoincrement`, even if the last rows are deleted. */
async function keepNumbering(db: DatabaseHandle, table: string, fresh: string): Promise<void> {
  const numbered = await firstRow(db, sql`select 1 as found from sqlite_schema where name = 'sqlite_sequence'`)
  if (numbered === undefined) return
  await sql`update sqlite_sequence set seq = (select seq from sqlite_sequence where name = ${table}) where name = ${fresh} and exists (select 1 from sqlite_sequence where name = ${table})`.execute(
    db,
  )
}

/** Renames a table without checking views and triggers, since those that mention the missing table would fail. */
async function rename(db: DatabaseHandle, from: string, to: string): Promise<void> {
  const row = await firstRow(db, sql`pragma legacy_alter_table`)
  const was = Number(row?.legacy_alter_table) !== 0
  if (!was) await sql`pragma legacy_alter_table = on`.execute(db)
  try {
    await sql`alter table ${sql.id(from)} rename to ${sql.id(to)}`.execute(db)
  } finally {
    if (!was) await sql`pragma legacy_alter_table = off`.execute(db)
  }
}
