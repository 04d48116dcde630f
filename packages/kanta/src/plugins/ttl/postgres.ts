import type { DatabaseHandle } from '../../extend/internal/index.ts'
import { Expr, sql } from '../../sql/index.ts'
import type { InstantForm } from '../instant.ts'
import { oldest } from './batch.ts'
import type { Expiry, Text, Trigger } from './facet.ts'

/** Uses triggers after inserts. Rows that another transaction has locked stay for the next sweep. */
export const postgresExpiry: Expiry = {
  moment,
  rowName: undefined,
  looksFirst: false,
  batch: (db, names, until, most) => {
    const place = new Expr({ kind: 'ref', schema: undefined, table: undefined, column: 'ctid' })
    const some = oldest(db, names, until, most, [place]).forUpdate().skipLocked()
    return db.deleteFrom(names.table).where(names.column, '<=', until).where(sql`${place} = any(array${some})`)
  },
  lock: () => sql`select pg_advisory_xact_lock(hashtextextended('kanta ttl', 0))`,
  make,
  drops: (table, name) => [
    sql`drop trigger if exists ${sql.id(name)} on ${table}`,
    sql`drop function if exists ${sql.id(name)}()`,
  ],
}

function moment(form: InstantForm, after: number): Text {
  const moment = sql`(statement_timestamp() - ${sql.lit(`${after} milliseconds`)}::interval)`
  switch (form) {
    case 'timestamp':
      return moment
    case 'iso':
      return sql`to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
    case 'date':
      return sql`cast(${moment} at time zone 'UTC' as date)`
    case 'seconds':
      return sql`cast(floor(extract(epoch from ${moment})) as bigint)`
    case 'milliseconds':
      return sql`cast(floor(extract(epoch from ${moment}) * 1000) as bigint)`
  }
}

async function make(db: DatabaseHandle, { table, name, body }: Trigger): Promise<void> {
  const text = (body.compile(db) as { readonly sql: string }).sql
  let tag = '$kanta$'
  for (let i = 0; text.includes(tag); i++) tag = `$kanta${i}$`
  const source = sql.raw(`${tag} begin ${text}; return null; end ${tag}`)
  const made = sql.id(name)
  for (const drop of postgresExpiry.drops(table, name)) await drop.execute(db)
  await sql`create function ${made}() returns trigger language plpgsql as ${source}`.execute(db)
  await sql`create trigger ${made} after insert on ${table} for each statement execute function ${made}()`.execute(db)
}
