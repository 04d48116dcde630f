import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { audit } from '../../src/audit/index.ts'
import { kanta, table } from '../../src/index.ts'
import { softDelete, tenant, timestamps, ttl, version } from '../../src/plugins/index.ts'
import type { Any } from '../tenant/ground.ts'
import type { Place } from './engine.ts'
import { shardedMariadb } from './sharded-mariadb.ts'
import { shardedPostgres } from './sharded-postgres.ts'

const COLUMNS = `(id integer primary key, tenant_id integer not null, slug varchar(40) not null, text varchar(80),
  version integer not null default 1, created_at timestamptz null, updated_at timestamptz null,
  deleted_at timestamptz null)`

const columns = (c: Any) => ({
  id: c.integer().primaryKey(),
  tenant_id: c.integer(),
  slug: c.varchar(40),
  text: c.varchar(80).nullable(),
  version: c.integer().default(1),
  created_at: c.timestamp().nullable(),
  updated_at: c.timestamp().nullable(),
  deleted_at: c.timestamp().nullable(),
})
const schema: Any = { note: table('note', columns), lease: table('lease', columns) }

for (const engine of [shardedPostgres, shardedMariadb]) {
  describe.skipIf(engine.missing !== undefined)(`plugins on shards, ${engine.name}`, () => {
    let place: Place
    let plain: Any
    let db: Any
    const ids = Array.from({ length: 20 }, (_, i) => i + 1)

    beforeAll(async () => {
      place = await engine.create()
      const zoned = engine.dialect === 'postgres' ? COLUMNS : COLUMNS.replaceAll('timestamptz', 'datetime(6)')
      await place.createTables!([`create table note ${zoned}`, `create table lease ${zoned}`])
      plain = kanta({ driver: place.driver(), schema })
      db = plain.withPlugins([
        tenant({ column: 'tenant_id', tables: ['note'] }),
        softDelete({ tables: ['note'] }),
        version({ tables: ['note'] }),
        timestamps({ tables: ['note'] }),
        ttl({ tables: { lease: { column: 'created_at' } } }),
      ])
      const rows = (tenantId: number) => ids.map((id) => ({ id: 100 * tenantId + id, slug: `s${id}` }))
      for (const tenantId of [1, 2])
        await db.as({ tenant: tenantId }).insertInto('note').values(rows(tenantId)).execute()
    })
    afterAll(async () => {
      await plain?.destroy()
      await place?.drop()
    })

    test('policies filter, stamp and count on every shard', async () => {
      const one = db.as({ tenant: 1 })
      expect(
        await one.updateTable('note').set({ text: 'x' }).where('slug', 'in', ['s1', 's2', 's3']).executeTakeFirst(),
      ).toEqual({ numUpdatedRows: 3n })
      await one.deleteFrom('note').where('slug', '=', 's4').execute()
      const found = await one.selectFrom('note').select(['id', 'version']).orderBy('id').execute()
      expect(found).toEqual(ids.filter((id) => id !== 4).map((id) => ({ id: 100 + id, version: id < 4 ? 2 : 1 })))
      const others = await plain
        .selectFrom('note')
        .select(['tenant_id', 'text', 'version'])
        .where('tenant_id', '=', 2)
        .execute()
      expect(others).toEqual(ids.map(() => ({ tenant_id: 2, text: null, version: 1 })))
      const [gone] = await plain.selectFrom('note').select(['deleted_at', 'created_at']).where('id', '=', 104).execute()
      expect(gone.deleted_at).not.toBeNull()
      expect(gone.created_at).not.toBeNull()
    })

    test('a transaction over both shards is kept, or none of it', async () => {
      const one = db.as({ tenant: 1 })
      const set = (text: string, fails: boolean) =>
        one.transaction().execute(async (tx: Any) => {
          for (const id of [110, 111, 112, 113])
            await tx.updateTable('note').set({ text }).where('id', '=', id).execute()
          const last = (on: Any) => on.updateTable('note').set({ text }).where('id', '=', 114).execute()
          const nested = tx.transaction().execute(last)
          // Spider has no savepoints.
          if (engine === shardedMariadb) await expect(nested).rejects.toThrow("doesn't support SAVEPOINT")
          else await nested
          if (engine === shardedMariadb) await last(tx)
          if (fails) throw new Error('on purpose')
        })
      await set('kept', false)
      await expect(set('lost', true)).rejects.toThrow('on purpose')
      const texts = await one.selectFrom('note').select('text').where('id', '>=', 110).where('id', '<=', 114).execute()
      expect(texts).toEqual(Array(5).fill({ text: 'kept' }))
    })

    test('the trail of audit() is written with the changes', async () => {
      const trailed = plain.withPlugins([audit({ tables: ['note'], keys: { note: ['id'] } })])
      await trailed.updateTable('note').set({ text: 'seen' }).where('id', 'in', [201, 202]).execute()
      const trail = await plain.selectFrom('kanta_audit').selectAll().execute()
      expect(trail.slice(1).map((entry: Any) => [entry.operation, entry.table_name])).toEqual(
        Array(2).fill(['update', 'note']),
      )
    })

    test('expired rows of every shard are swept', async () => {
      const row = (id: number, at: Date) => ({ id, tenant_id: 1, slug: `l${id}`, created_at: at })
      const past = new Date(Date.now() - 60_000)
      const future = new Date(Date.now() + 600_000)
      await plain
        .insertInto('lease')
        .values(ids.map((id) => row(id, id % 2 === 0 ? past : future)))
        .execute()
      expect(await db.sweepExpired()).toEqual({ lease: 10 })
      expect(await plain.selectFrom('lease').select('id').orderBy('id').execute()).toEqual(
        ids.filter((id) => id % 2 === 1).map((id) => ({ id })),
      )
    })
  })
}
