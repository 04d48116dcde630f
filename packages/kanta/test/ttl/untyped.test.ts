import { expect, test } from 'vitest'
import { kanta, sql } from '../../src/index.ts'
import { createExecutor, ttl } from '../../src/plugins/index.ts'
import { places } from './places.ts'

interface Tables {
  session: { id: number; expires_at: string | null }
}

test.for(places.map((place) => [place.name, place] as const))(
  'tables without a definition expire once it is said what their column holds: %s',
  async ([, engine], { skip }) => {
    if (engine.missing !== undefined) skip(engine.missing)
    const place = await engine.create()
    const base = kanta<Tables>({ driver: place.driver() })
    try {
      const type = { sqlite: 'text', postgres: 'timestamptz', mariadb: 'datetime(6)' }[engine.dialect]!
      const text = (moment: Date): string =>
        engine.dialect === 'mariadb' ? moment.toISOString().replace('T', ' ').replace('Z', '') : moment.toISOString()
      const moment = (ms: number) => new Date(Date.UTC(2030, 0, 1, 12, 0, 0, ms))
      await sql`create table session (id integer primary key, expires_at ${sql.raw(type)})`.execute(base)
      const rows = [
        { id: 1, expires_at: text(moment(-1)) },
        { id: 2, expires_at: text(moment(1)) },
        { id: 3, expires_at: null },
      ]
      await base.insertInto('session').values(rows).execute()
      const tables = { session: { column: 'expires_at', form: 'timestamp' } } as const
      const db = await createExecutor(base, [ttl({ tables, now: () => moment(0), batch: 1 })])
      expect(await db.selectFrom('session').select('id').orderBy('id').execute()).toEqual([{ id: 2 }, { id: 3 }])
      expect(await db.sweepExpired()).toEqual({ session: 1 })
      expect(await base.selectFrom('session').select('id').orderBy('id').execute()).toEqual([{ id: 2 }, { id: 3 }])
      const vague = await createExecutor(base, [ttl({ tables: { session: { column: 'expires_at' } } })])
      await expect(vague.selectFrom('session').select('id').execute()).rejects.toThrow(
        /give the form: \{ column: 'expires_at'/,
      )
    } finally {
      await base.destroy()
      await place.drop()
    }
  },
)
