import { facetsOf } from '../dialect/index.ts'
import { KantaError, nearest, refuse } from '../error/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { checkName, isOperand, show, sql } from '../sql/index.ts'
import type { Expression } from '../table/index.ts'
import { firstRow } from './row.ts'

/** What a table becomes. */
export interface Rebuild {
  /** Creates the table as it shall be, under the name that it is given. */
  create(name: string): unknown
  /** What the columns are made of that the old table does not have under their names: expressions of its columns. */
  readonly values?: Readonly<Record<string, Expression<unknown>>> | undefined
}

/**
 * Changes a table of SQLite in ways that `alter table` cannot, and keeps its rows: a new table is created, the rows are
 * copied, and it takes the place of the old one. Its indexes and triggers are made again as they were. It runs in a
 * migration with `foreignKeys: 'off'`, or else rows of other tables that refer to it would be deleted with the old one.
 *
 * Steps: https://www.sqlite.org/lang_altertable.html#otheralter
 *
 * @throws KantaError `unsupported` on other databases, `invalid_input` for a table or column that is not there,
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
  if (typeof create !== 'function') refuse('rebuildTable() takes { create }, which creates the table under a name.')
  await rebuilds.of(dialectOf(handle))(handle, name, { create, values })
}

const rebuilds = facetsOf<typeof rebuild>(
  'rebuildTable()',
  { sqlite: rebuild, postgres: undefined, mysql: undefined, mariadb: undefined, mssql: undefined },
  "Use 'alter table', which makes such changes there.",
)

async function rebuild(db: DatabaseHandle, name: string, { create, values = {} }: Rebuild): Promise<void> {
  await checkGround(db)
  const table = await nameOf(db, name)
  const old = await columnsOf(db, table)
  const again = await rows<{ sql: string }>(
    db,
    sql`select sql from sqlite_schema where tbl_name = ${table} and type in ('index', 'trigger') and sql is not null`,
  )
  const fresh = `kanta_new_${table}`
  await create(fresh)
  await refuseSelfReference(db, table, fresh)
  await copy(db, { table, fresh, old: old.map((column) => column.name), values })
  await sql`drop table ${sql.id(table)}`.execute(db)
  await rename(db, fresh, table)
  for (const statement of again) await sql.raw(statement.sql).execute(db)
}

async function checkGround(db: DatabaseHandle): Promise<void> {
  const off = Number((await firstRow(db, sql`pragma foreign_keys`))?.foreign_keys) === 0
  if (!db.isTransaction || !off)
    throw new KantaError(
      'transaction',
      "rebuildTable() runs in a transaction that has foreign keys off. Say foreignKeys: 'off' in its migration.",
    )
}

async function rows<R>(db: DatabaseHandle, text: ReturnType<typeof sql>): Promise<readonly R[]> {
  return ((await text.execute(db)) as { rows: R[] }).rows
}

/** A table's name as it was created: SQLite finds tables by names in any case, but not what belongs to them. */
async function nameOf(db: DatabaseHandle, name: string): Promise<string> {
  const [found] = await rows<{ name: string }>(
    db,
    sql`select name from sqlite_schema where type = 'table' and name = ${name} collate nocase`,
  )
  return found?.name ?? refuse(`rebuildTable(): there is no table ${show(name)}.`)
}

/** The foreign keys of a table that is renamed go on speaking of its first name, which nothing has then. */
async function refuseSelfReference(db: DatabaseHandle, table: string, fresh: string): Promise<void> {
  const found = await rows(
    db,
    sql`select 1 from pragma_foreign_key_list(${fresh}) where "table" = ${fresh} collate nocase`,
  )
  if (found.length > 0)
    refuse(
      `create() of rebuildTable() made a foreign key to ${show(fresh)}, a name that the table has only for now. Let it refer to ${show(table)}.`,
    )
}

interface Column {
  readonly name: string
  readonly isGenerated: boolean
}

/** The columns that can be read. */
async function columnsOf(db: DatabaseHandle, table: string): Promise<readonly Column[]> {
  const found = await rows<{ name: string; hidden: number }>(
    db,
    sql`select name, hidden from pragma_table_xinfo(${table}) where hidden <> 1`,
  )
  return found.map(({ name, hidden }) => ({ name, isGenerated: Number(hidden) !== 0 }))
}

interface Copy {
  readonly table: string
  readonly fresh: string
  readonly old: readonly string[]
  readonly values: Readonly<Record<string, unknown>>
}

async function copy(db: DatabaseHandle, { table, fresh, old, values }: Copy): Promise<void> {
  const columns = (await columnsOf(db, fresh)).flatMap(({ name, isGenerated }) => (isGenerated ? [] : [name]))
  if (columns.length === 0)
    refuse(`create() of rebuildTable() made no table ${show(fresh)}. It has to take the name that it is given.`)
  for (const name of Object.keys(values)) {
    if (columns.includes(name)) {
      if (!isOperand(values[name]))
        refuse(`values.${name} of rebuildTable() is an expression, such as sql\`0\`, not ${show(values[name])}.`)
      continue
    }
    const near = nearest(name, columns)
    refuse(`The new table has no column ${show(name)}${near === undefined ? '' : `; did you mean '${near}'?`}`)
  }
  const kept = columns.filter((name) => Object.hasOwn(values, name) || old.includes(name))
  if (kept.length === 0) refuse(`The table ${show(table)} keeps none of its columns. Drop it, and create another.`)
  const into = sql.join(kept.map((name) => sql.id(name)))
  const from = sql.join(kept.map((name) => (Object.hasOwn(values, name) ? values[name] : sql.id(name))))
  await sql`insert into ${sql.id(fresh)} (${into}) select ${from} from ${sql.id(table)}`.execute(db)
  await keepNumbering(db, table, fresh)
}

/** With `autoincrement` no number is given twice, though the rows that had the last ones may be gone. */
async function keepNumbering(db: DatabaseHandle, table: string, fresh: string): Promise<void> {
  const numbered = await firstRow(db, sql`select 1 as found from sqlite_schema where name = 'sqlite_sequence'`)
  if (numbered === undefined) return
  await sql`update sqlite_sequence set seq = (select seq from sqlite_sequence where name = ${table}) where name = ${fresh} and exists (select 1 from sqlite_sequence where name = ${table})`.execute(
    db,
  )
}

/** Else SQLite would read all views and triggers again, and those that speak of the table would stop it. */
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
