import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { kanta, table } from '../../src/index.ts'
import { camelCase, createExecutor, softDelete, tenant } from '../../src/plugins/index.ts'
import { startHistory, timeTravel } from '../../src/time-travel/index.ts'
import type { Any } from '../security/ground.ts'
import { withoutSchema } from '../without-schema.ts'
import { grounds, instant } from './engines.ts'

const seatRow = table('seatRow', (c) => ({
  rowId: c.integer().primaryKey(),
  fullName: c.varchar(40),
  tenantId: c.integer(),
  deletedAt: c.timestamp().nullable(),
}))

describe.each(grounds)('time travel with others on $name', (ground) => {
  if (ground.missing !== undefined) {
    test.skip(`${ground.name}: ${ground.missing}`, () => {})
    return
  }
  const places: Any[] = []
  const bases: Any[] = []
  beforeEach(async () => {
    for (let i = 0; i < 2; i++) {
      const place = await ground.open()
      places.push(place)
      bases.push(kanta({ driver: place.driver(), schema: { seatRow } }))
    }
  })
  afterEach(async () => {
    for (const base of bases.splice(0)) await base.destroy()
    for (const place of places.splice(0)) await place.drop()
  })

  test('under camel case, with tenants and soft delete', async () => {
    const [base] = bases
    await base.withPlugins([camelCase()]).schema.createTable(seatRow).execute()
    await startHistory(base, ['seat_row'])
    const db: Any = await createExecutor(base, [
      camelCase(),
      tenant({ column: 'tenantId', tables: ['seatRow'] }),
      softDelete({ column: 'deletedAt', tables: ['seatRow'] } as Any),
      timeTravel({ tables: ['seatRow'] }),
    ])
    const [one, two] = [db.as({ tenant: 1 }), db.as({ tenant: 2 })]
    await one.insertInto('seatRow').values({ rowId: 1, fullName: 'Ada' }).execute()
    const first = instant()
    await one.updateTable('seatRow').set({ fullName: 'Ada L.' }).where('rowId', '=', 1).execute()
    const second = instant()
    await one.deleteFrom('seatRow').where('rowId', '=', 1).execute()
    const third = instant()
    const names = async (handle: Any, at: Date): Promise<unknown> =>
      (await handle.asOf(at).selectFrom('seatRow').selectAll().execute()).map((row: Any) => [row.rowId, row.fullName])
    expect(await names(one, first)).toEqual([[1, 'Ada']])
    expect(await names(one, second)).toEqual([[1, 'Ada L.']])
    expect(await names(one, third)).toEqual([])
    expect(await names(two, second)).toEqual([])
    const versions = await one.versionsOf('seatRow', { rowId: 1 })
    expect(versions.map(({ row }: Any) => row)).toMatchObject([
      { rowId: 1, fullName: 'Ada', tenantId: 1 },
      { rowId: 1, fullName: 'Ada L.', tenantId: 1 },
    ])
    expect(Object.keys(versions[0].row).sort()).toEqual(['deletedAt', 'fullName', 'rowId', 'tenantId'])
    expect(versions[0].to).toBe(versions[1].from)
    expect(await two.versionsOf('seatRow', { rowId: 1 })).toEqual([])
    expect(new Date(await db.began('seatRow')).getTime()).toBeLessThanOrEqual(first.getTime())
    await expect(one.asOf(new Date(0)).selectFrom('seatRow').selectAll().execute()).rejects.toMatchObject({
      code: 'policy',
    })
  })

  test('one plugin in two databases knows of each since when its history is kept', async () => {
    const plugin = timeTravel({ tables: ['seat_row'] })
    const handles: Any[] = []
    const instants: Date[] = []
    for (const base of bases) {
      await base.withPlugins([camelCase()]).schema.createTable(seatRow).execute()
      await startHistory(base, ['seat_row'])
      instants.push(instant())
    }
    for (const base of bases) handles.push(await createExecutor(withoutSchema(base), [plugin]))
    const at = (i: number): Promise<unknown> =>
      handles[i].asOf(instants[0]).selectFrom('seat_row').selectAll().execute()
    expect(await handles[1].asOf(instants[1]).selectFrom('seat_row').selectAll().execute()).toEqual([])
    expect(await at(0)).toEqual([])
    await expect(at(1)).rejects.toMatchObject({ code: 'policy' })
  })
})
