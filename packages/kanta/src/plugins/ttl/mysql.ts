import { KantaError } from '../../error/index.ts'
import type { DatabaseHandle } from '../../extend/internal/index.ts'
import { sql } from '../../sql/index.ts'
import type { InstantForm } from '../instant.ts'
import type { Expiry, Text } from './facet.ts'

/** Uses events of the server, since triggers of MySQL and MariaDB cannot delete from their own table. */
export const mysqlExpiry: Expiry = {
  moment,
  rowName: undefined,
  looksFirst: false,
  batch: (db, { table, column }, until, most) =>
    db.deleteFrom(table).where(column, '<=', until).orderBy(column).limit(sql.lit(most)),
  requireTriggers,
  make: async (db, { table, name, body, every }) => {
    const seconds = sql.lit(Math.max(1, Math.round(every / 1000)))
    for (const drop of mysqlExpiry.drops(table, name)) await drop.execute(db)
    await sql`create event if not exists ${sql.id(name)} on schedule every ${seconds} second do ${body}`.execute(db)
  },
  drops: (_, name) => [sql`drop event if exists ${sql.id(name)}`],
}

const MICROSECONDS = 1000

function moment(form: InstantForm, after: number): Text {
  const moment = sql`(utc_timestamp(6) - interval ${sql.lit(after * MICROSECONDS)} microsecond)`
  const since = sql`timestampdiff(microsecond, '1970-01-01', ${moment})`
  switch (form) {
    case 'timestamp':
      return moment
    case 'iso':
      return sql`concat(substring(date_format(${moment}, '%Y-%m-%dT%H:%i:%s.%f'), 1, 23), 'Z')`
    case 'date':
      return sql`date(${moment})`
    case 'seconds':
      return sql`(${since} div 1000000)`
    case 'milliseconds':
      return sql`(${since} div 1000)`
  }
}

async function requireTriggers(db: DatabaseHandle): Promise<void> {
  const { rows } = (await sql`select @@event_scheduler as scheduler`.execute(db)) as {
    readonly rows: readonly { readonly scheduler: string }[]
  }
  if (rows[0]?.scheduler !== 'ON')
    throw new KantaError(
      'unsupported',
      "The event_scheduler of the server is off, so that it runs no events. Switch it on, or use ttl({ mode: 'scheduled' }).",
    )
}
