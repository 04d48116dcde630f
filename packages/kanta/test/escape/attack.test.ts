import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sql } from '../../src/index.ts'
import { type Any, column, engines, type Ground, gone, ground, type Place, tenant } from './ground.ts'

describe.each(engines)('attacks on $name', (engine: Place) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let at: Ground
  let db: Any
  let columns: Any
  const mysql = engine.dialect === 'mariadb'
  beforeAll(async () => {
    at = await ground(engine)
    db = await at.guarded([gone, tenant])
    columns = await at.guarded([column])
  })
  afterAll(async () => at?.close())
  beforeEach(async () => at.refill())
  const users = () => at.base.selectFrom('users').selectAll().orderBy('id').execute()
  const ids = async (query: Any) => (await query.execute()).map((row: Any) => row.id).sort()

  test('names in other cases are the same table', async () => {
    if (engine.dialect === 'sqlite') expect(await ids(db.selectFrom('USERS').select('id'))).toEqual([1, 4])
    expect(await ids(db.selectFrom('users as U').select('U.id'))).toEqual([1, 4])
  })

  test('an update fails for rows that it may not make, and only for those', async () => {
    await expect(db.updateTable('users').set({ tenant: 2 }).where('id', '=', 1).execute()).rejects.toMatchObject({
      code: 'policy',
      message: "The policy 'tenant' does not allow this update of 'users'.",
    })
    await db.updateTable('users').set({ tenant: 1, name: 'x' }).where('id', '=', 1).execute()
    await db.updateTable('users').set({ tenant: 2, name: 'x' }).where('id', '=', 2).execute()
    expect((await users()).map((row: Any) => row.tenant)).toEqual([1, 2, 1, 1, 2])
    expect((await users())[0].name).toBe('x')
  })

  test('a condition that changes from call to call does not pass by a check', async () => {
    const random = sql`${sql.raw(mysql ? 'rand()' : 'random()')} is not null`
    await expect(db.updateTable('users').set({ tenant: 2 }).where(random).execute()).rejects.toMatchObject({
      code: 'policy',
    })
  })

  test('one text in two clauses, or a table that is its own row, is known in both', async () => {
    const text = sql<boolean>`id = 1 or id = 2`
    expect(await ids(db.selectFrom('users').select('id').where(text).orderBy(text))).toEqual([1])
    expect(await ids(db.selectFrom('users').select('id').where(text).groupBy(['id', text]))).toEqual([1])
    if (engine.dialect !== 'postgres') return
    const row = () => columns.selectFrom('users').select(sql.table('users').as('row')).execute()
    await expect((async () => row())()).rejects.toMatchObject({ code: 'policy' })
  })

  test('inserts', async () => {
    await db.insertInto('users').values({ id: 10, name: 'z' }).execute()
    await db
      .insertInto('users')
      .values([
        { id: 11, name: 'y', tenant: 1 },
        { id: 12, name: 'w', tenant: 1 },
      ])
      .execute()
    await expect(db.insertInto('users').values({ id: 13, tenant: 2 }).execute()).rejects.toMatchObject({
      code: 'policy',
    })
    await db
      .insertInto('users')
      .columns(['id', 'name'])
      .expression((eb: Any) => eb.selectFrom('posts').select([sql`id + 100`.as('id'), 'title as name']))
      .execute()
    expect((await users()).map((row: Any) => row.id)).toEqual([1, 2, 3, 4, 5, 10, 11, 12, 101, 103, 105, 106])
    expect(new Set((await users()).slice(5).map((row: Any) => row.tenant))).toEqual(new Set([1]))
  })

  test('upserts', async () => {
    const upsert = (id: number, name: string) => {
      const insert = db.insertInto('users').values({ id, name })
      return mysql
        ? insert.onDuplicateKeyUpdate({ name })
        : insert.onConflict((oc: Any) => oc.column('id').doUpdateSet({ name }))
    }
    await upsert(1, 'new').execute()
    await expect(upsert(2, 'stolen').execute()).rejects.toMatchObject({ code: 'policy' })
    await expect(upsert(3, 'stolen').execute()).rejects.toMatchObject({ code: 'policy' })
    expect((await users()).map((row: Any) => row.name)).toEqual(['new', 'bob', 'cid', 'dot', 'eve'])
  })

  test('deletes', async () => {
    await db.deleteFrom('users').execute()
    expect((await users()).map((row: Any) => row.gone)).toEqual(['now', null, 'x', 'now', 'x'])
    if (mysql) {
      await at.refill()
      await db.deleteFrom('u').using('users as u').where('u.id', '>', 0).execute()
      expect((await users()).map((row: Any) => row.gone)).toEqual(['now', null, 'x', 'now', 'x'])
    }
  })

  test('text', async () => {
    const where = async (text: Any) => ids(db.selectFrom('users').select('id').where(text))
    const refused = async (text: Any) => {
      const error = await where(text).catch((cause: Any) => cause)
      expect(error, text.compile?.(at.base)?.sql).toMatchObject({ code: 'policy' })
    }
    expect(await where(sql`1 = 1 or 1 = 1`)).toEqual([1, 4])
    expect(await where(sql`1 = 1 or 1 = 1`.trusted('all', { reads: [] }))).toEqual([1, 4])
    await refused(sql`1 = 1) or (1 = 1`)
    await refused(sql`'${sql.raw("') or (1=1 or '")}' = ''`)
    await refused(sql`'${sql`') or (1=1 or '`}' = ''`)
    await refused(sql`1 = 1 -${sql.raw('-')}`)
    await refused(sql`id in (se${sql.raw('lect')} 1)`)
    await refused(sql.join([sql`1 = 1 -`, sql`- `], sql.raw('')))
    await refused(sql`1 = 1 /${sql.raw('*')}`)
  })

  test('columns', async () => {
    const refused = async (query: Any) => {
      const error = await query.execute().catch((cause: Any) => cause)
      expect(error?.message).toMatch(/secret/)
    }
    await refused(columns.selectFrom('users').select('secret'))
    await refused(columns.selectFrom('users as u').select('u.secret'))
    await refused(columns.selectFrom('users').selectAll())
    if (engine.dialect === 'sqlite') await refused(columns.selectFrom('users').select('USERS.secret'))
    await refused(columns.selectFrom('users').select(sql`lower(secret)`.as('x')))
    expect(await ids(columns.selectFrom('users').select(['id', sql`lower(name)`.as('x')]))).toHaveLength(5)
    await columns
      .selectFrom('users')
      .select(['id', (eb: Any) => eb.selectFrom('open').selectAll().limit(1).as('x')])
      .where((eb: Any) => eb.exists(eb.selectFrom('open').selectAll()))
      .compile()
  })
})
