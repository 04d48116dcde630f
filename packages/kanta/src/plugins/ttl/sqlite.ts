import type { DatabaseHandle } from '../../extend/internal/index.ts'
import { sql } from '../../sql/index.ts'
import type { InstantForm } from '../instant.ts'
import { oldest } from './batch.ts'
import type { Expiry, Text, Trigger } from './facet.ts'

/** Uses triggers after inserts. Reads first, since a write would wait for other writers even if nothing has expired. */
export const sqliteExpiry: Expiry = {
  moment,
  rowName: 'rowid',
  looksFirst: true,
  batch: (db, names, until, most) =>
    db
      .deleteFrom(names.table)
      .where(names.column, '<=', until)
      .where(sql`(${sql.join(names.keys)}) in ${oldest(db, names, until, most, names.keys)}`),
  make,
  drops: (_, name) => [sql`drop trigger if exists ${sql.id(name)}`],
}

function moment(form: InstantForm, after: number): Text {
  const shift = sql.lit(`-${(after / 1000).toFixed(3)} seconds`)
  switch (form) {
    case 'timestamp':
    case 'iso':
      return sql`strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ${shift})`
    case 'date':
      return sql`date('now', ${shift})`
    case 'seconds':
      return sql`unixepoch('now', ${shift})`
    case 'milliseconds':
      return sql`cast(round((julianday('now') - 2440587.5) * 86400000) as integer) - ${sql.lit(after)}`
  }
}

async function make(db: DatabaseHandle, { table, name, body }: Trigger): Promise<void> {
  const text = sql`create trigger ${sql.id(name)} after insert on ${table} begin ${body}; end`
  const { rows } = (await sql`select sql from sqlite_schema where type = 'trigger' and name = ${name}`.execute(db)) as {
    readonly rows: readonly { readonly sql: string }[]
  }
  const made = (text.compile(db) as { readonly sql: string }).sql
  if (rows[0] !== undefined && sameText(rows[0].sql, made)) return
  for (const drop of sqliteExpiry.drops(table, name)) await drop.execute(db)
  await text.execute(db)
}

/** Returns true if two definitions are equal. SQLite stores them as written. */
const sameText = (one: string, other: string): boolean => one.toLowerCase().trim() === other.toLowerCase().trim()
