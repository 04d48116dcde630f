import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sql } from '../../src/index.ts'
import { capability, tenant } from '../../src/plugins/index.ts'
import { type Any, engines, openOn, run, TABLES } from './ground.ts'

const policy = (message: RegExp): object =>
  expect.objectContaining({ code: 'policy', message: expect.stringMatching(message) })
const reports = capability('reports')
const plugin = tenant({ column: 'tenant_id', tables: ['post', 'note'], shared: ['country'], capability: reports })

describe.each(engines)('tenants on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let base: Any
  let close: () => Promise<void>
  let db: Any
  let one: Any
  let two: Any
  beforeAll(async () => {
    const opened = await openOn(engine, [])
    ;({ base, close } = { base: opened.base, close: opened.close })
    db = base.withPlugins([plugin])
    one = db.as({ tenant: 1 })
    two = db.as({ tenant: 2 })
  })
  afterAll(() => close())
  beforeEach(async () => {
    for (const table of ['post', 'note', 'country']) await run(base, `drop table if exists ${table}`)
    await run(base, ...TABLES)
  })

  const posts = (who: Any = base): Promise<Any> =>
    who.selectFrom('post').select(['id', 'tenant_id', 'title']).orderBy('id').execute()
  const ofTwo = [
    { id: 11, tenant_id: 2, title: 'eleven' },
    { id: 12, tenant_id: 2, title: 'twelve' },
  ]
  const insert = (who: Any, rows: Any): Any => who.insertInto('post').values(rows)

  test('see their own rows, and what is shared', async () => {
    expect(await posts(two)).toEqual(ofTwo)
    expect(await two.selectFrom('country').selectAll().execute()).toHaveLength(1)
    const joined = two.selectFrom('note as n').leftJoin('post as p', 'p.id', 'n.post_id')
    expect(await joined.select(['n.id', 'p.title']).orderBy('n.id').execute()).toEqual([
      { id: 11, title: 'eleven' },
      { id: 12, title: null },
    ])
    expect(await posts(db.unscoped(reports, 'a report'))).toHaveLength(4)
  })

  test('T1, T5: stamp what they insert, and refuse the row of another', async () => {
    await insert(one, { id: 3, title: 'three' }).execute()
    await insert(one, [
      { id: 4, title: 'four', tenant_id: 1 },
      { id: 5, title: 'five', views: 3 },
    ]).execute()
    expect((await posts(one)).map((row: Any) => row.id)).toEqual([1, 2, 3, 4, 5])
    for (const rows of [
      { id: 6, title: 'x', tenant_id: 2 },
      [
        { id: 6, title: 'x' },
        { id: 7, title: 'y', tenant_id: 2 },
      ],
    ])
      await expect(insert(one, rows).execute()).rejects.toEqual(policy(/another value than the context/))
    await expect(insert(one, { id: 6, title: 'x', tenant_id: sql`2` }).execute()).rejects.toEqual(
      policy(/Leave it out/),
    )
    await expect(insert(one, { id: 6, title: 'x', tenant_id: null }).execute()).rejects.toEqual(policy(/another value/))
    expect(await posts(one)).toHaveLength(5)
    expect(await posts(two)).toEqual(ofTwo)
  })

  test('T6, H12: fail without a tenant, at the time that the statement runs', async () => {
    const query = db.selectFrom('post').select('id').orderBy('id')
    await expect(query.execute()).rejects.toEqual(policy(/no 'tenant'/))
    await expect(db.updateTable('post').set({ title: 'x' }).execute()).rejects.toEqual(policy(/no 'tenant'/))
    await expect(db.deleteFrom('post').execute()).rejects.toEqual(policy(/no 'tenant'/))
    await expect(insert(db, { id: 9, title: 'x' }).execute()).rejects.toEqual(policy(/no 'tenant'/))
    const built = one.selectFrom('post').select('id').orderBy('id')
    expect((await two.executeQuery(built)).rows).toEqual([{ id: 11 }, { id: 12 }])
    expect((await two.executeQuery(built.compile())).rows).toEqual([{ id: 11 }, { id: 12 }])
  })
})
