import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { copyFrom as copy } from '../../src/driver/pg/index.ts'
import { expressionBuilder, prepare, fromJSON as restore, sql, toJSON } from '../../src/index.ts'
import { capability, tenant } from '../../src/plugins/index.ts'
import { schemaBuilder } from '../../src/schema/index.ts'
import { type Any, engines, openOn, run, TABLES } from './ground.ts'

const copyFrom = copy as Any
const fromJSON = restore as Any
const eb2: Any = (expressionBuilder as Any)()
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
      await expect(insert(one, rows).execute()).rejects.toEqual(policy(/differs from the value in the context/))
    await expect(insert(one, { id: 6, title: 'x', tenant_id: sql`2` }).execute()).rejects.toEqual(
      policy(/Leave it out/),
    )
    await expect(insert(one, { id: 6, title: 'x', tenant_id: null }).execute()).rejects.toEqual(
      policy(/differs from the value in the context/),
    )
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

  const expectPosts = async (rows: Any[]): Promise<void> => expect(await posts()).toEqual(rows)
  const ofOne = [
    { id: 1, tenant_id: 1, title: 'one' },
    { id: 2, tenant_id: 1, title: 'two' },
  ]
  const hasUpsert = engine.dialect !== 'mariadb'
  const upsert = (who: Any, row: Any, set: Any): Any =>
    hasUpsert
      ? insert(who, row).onConflict((oc: Any) => oc.column('id').doUpdateSet(set))
      : insert(who, row).onDuplicateKeyUpdate(set)

  test('T1, T8, T9: upserts never touch the row of another', async () => {
    await upsert(one, { id: 1, title: 'uno' }, { title: 'uno' }).execute()
    await expect(upsert(one, { id: 11, title: 'mine' }, { title: 'stolen' }).execute()).rejects.toEqual(
      policy(/conflicting row/),
    )
    // One row of several is enough for none to be written.
    const rows = [
      { id: 3, title: 'three' },
      { id: 12, title: 'mine' },
    ]
    await expect(upsert(one, rows, { title: 'stolen' }).execute()).rejects.toEqual(policy(/conflicting row/))
    await expect(upsert(one, { id: 1, title: 'x' }, { tenant_id: 2 }).execute()).rejects.toEqual(policy(/do not move/))
    await expectPosts([{ ...ofOne[0], title: 'uno' }, ofOne[1], ...ofTwo])
    if (!hasUpsert) return
    await insert(one, { id: 11, title: 'mine' })
      .onConflict((oc: Any) => oc.doNothing())
      .execute()
    await upsert(one, { id: 4, title: 'four' }, (eb: Any) => ({ title: eb.ref('excluded.title') })).execute()
    await expectPosts([{ ...ofOne[0], title: 'uno' }, ofOne[1], { id: 4, tenant_id: 1, title: 'four' }, ...ofTwo])
  })

  test('T5: rows do not move', async () => {
    const eb = base.updateTable('post')
    expect(eb).toBeDefined()
    for (const set of [{ tenant_id: 2 }, { tenant_id: 1 }, { title: 'x', tenant_id: sql`2` }])
      await expect(one.updateTable('post').set(set).execute()).rejects.toEqual(policy(/do not move/))
    await expect(one.updateTable('post').set('tenant_id', 2).execute()).rejects.toEqual(policy(/do not move/))
    await expect(one.updateTable('post').set('TENANT_ID', 2).execute()).rejects.toEqual(policy(/do not move/))
    await expect(one.updateTable('post as p').set({ 'p.tenant_id': 2 }).execute()).rejects.toBeDefined()
    await expectPosts([...ofOne, ...ofTwo])
  })

  test('T11: change no row of another, whatever the condition', async () => {
    await one.updateTable('post').set({ views: 9 }).execute()
    await one.updateTable('post').set({ views: 9 }).where(sql`id = 1 or 1 = 1`).execute()
    await one
      .updateTable('post')
      .set({ views: 9 })
      .where((eb: Any) => eb.or([eb('id', '=', 1), eb('id', '>', 0)]))
      .execute()
    await one.updateTable('post').set({ views: 9 }).where('id', '=', 11).clearWhere().execute()
    expect(await base.selectFrom('post').select(['id', 'views']).orderBy('id').execute()).toEqual([
      { id: 1, views: 9 },
      { id: 2, views: 9 },
      { id: 11, views: 0 },
      { id: 12, views: 0 },
    ])
    await one
      .deleteFrom('post')
      .where('id', 'in', (eb: Any) => eb.selectFrom('note').select('post_id'))
      .execute()
    await expectPosts([ofOne[1], ...ofTwo])
    await one.deleteFrom('post').execute()
    await expectPosts(ofTwo)
    for (const value of [undefined]) {
      expect(() => two.deleteFrom('post').where('id', '=', value)).toThrow()
    }
    await expectPosts(ofTwo)
  })

  test('T7: text in a condition stays in its place', async () => {
    const found = await one.selectFrom('post').select('id').where(sql`id = 1 or id = 11`).execute()
    expect(found).toEqual([{ id: 1 }])
    await expect(one.selectFrom('post').select('id').where(sql`id = 1) or (1 = 1`).execute()).rejects.toBeDefined()
    await expect(sql`select * from post`.execute(one)).rejects.toEqual(policy(/trusted/))
    await expect(one.executeQuery({ sql: 'select * from post', parameters: [] })).rejects.toEqual(policy(/trusted/))
    await expect(one.selectFrom(sql`post`.as('p')).selectAll().execute()).rejects.toEqual(policy(/trusted/))
    const told = sql`select count(*) as n from post`.trusted('all posts', { reads: ['post'], writes: [] })
    expect(Number(((await told.execute(one)).rows[0] as Any).n)).toBe(4)
  })

  test('inserts of every form are stamped', async () => {
    const into = (...columns: string[]): Any => one.insertInto('post').columns(columns)
    const from = (who: Any): Any => who.selectFrom('country')
    const item =
      (id: number): Any =>
      (eb: Any) => [eb('id', '+', id).as('id'), eb.fn('concat', ['name', eb.val(String(id))]).as('title')]
    await into('id', 'title')
      .expression(from(base).select(item(20)))
      .execute()
    await into('id', 'title')
      .expression(
        from(base)
          .select(item(30))
          .unionAll(from(base).select(item(31))),
      )
      .execute()
    await into('id', 'title')
      .expression(from(base).select(item(40)).distinct())
      .execute()
    await into('id', 'title')
      .expression(from(base).selectAll().where('id', '=', 1))
      .execute()
      .then(
        () => expect.fail('the row is there'),
        (error: Any) => expect(error.code).toBe('unique_violation'),
      )
    await into('id', 'title', 'tenant_id')
      .expression(
        one
          .selectFrom('post')
          .select([
            (eb: Any) => eb('id', '+', 50).as('id'),
            (eb: Any) => eb.fn('concat', ['title', eb.val('!')]).as('title'),
            'tenant_id',
          ])
          .where('id', '=', 1),
      )
      .execute()
    await insert(one, { id: 60, title: sql`'six'` }).execute()
    await insert(one, [
      { id: 61, title: 'six-one' },
      { id: 62, title: sql`'six-two'` },
    ]).execute()
    await one
      .with('x', (q: Any) => q.selectFrom('note').select(['id', 'text']))
      .insertInto('post')
      .columns(['id', 'title'])
      .expression((eb: Any) => eb.selectFrom('x').select([eb('x.id', '+', 70).as('id'), 'x.text as title']))
      .execute()
    const found = (await posts(one)).filter((row: Any) => row.id > 2)
    expect(found.map((row: Any) => row.id)).toEqual([21, 31, 32, 41, 51, 60, 61, 62, 71, 72])
    expect(new Set(found.map((row: Any) => row.tenant_id))).toEqual(new Set([1]))
    expect(await posts(two)).toEqual(ofTwo)
    const stolen = base
      .selectFrom('post')
      .select([
        (eb: Any) => eb('id', '+', 200).as('id'),
        (eb: Any) => eb.fn('concat', ['title', eb.val('?')]).as('title'),
        eb2.val(2).as('tenant_id'),
      ])
    await expect(into('id', 'title', 'tenant_id').expression(stolen).execute()).rejects.toEqual(
      policy(/differs from the value in the context/),
    )
    await expect(into('id', 'title', 'tenant_id').expression(stolen.unionAll(stolen)).execute()).rejects.toEqual(
      policy(/differs from the value in the context/),
    )
    await expect(one.replaceInto('post').values({ id: 11, title: 'mine' }).execute()).rejects.toBeDefined()
    expect(await posts(two)).toEqual(ofTwo)
  })

  test('a row of defaults is stamped, too', async () => {
    await run(
      base,
      'drop table note',
      `create table note (id int default ${7}, tenant_id int not null, post_id int, text varchar(9))`,
    )
    await one.insertInto('note').defaultValues().execute()
    expect(await base.selectFrom('note').select(['id', 'tenant_id']).execute()).toEqual([{ id: 7, tenant_id: 1 }])
  })

  test('TS2: the rows of the caller stay as they are', async () => {
    const rows = [Object.freeze({ id: 3, title: 'three' }), Object.freeze({ id: 4, title: 'four', views: 1 })]
    const query = insert(one, rows)
    await query.execute()
    expect(rows).toEqual([
      { id: 3, title: 'three' },
      { id: 4, title: 'four', views: 1 },
    ])
    await one.deleteFrom('post').where('id', 'in', [3, 4]).execute()
    await two.executeQuery(query)
    expect((await posts(two)).map((row: Any) => row.id)).toEqual([3, 4, 11, 12])
  })

  test('H1-H4, T2, T3: wherever a table stands, it is that of the tenant', async () => {
    const count = async (query: Any): Promise<number> => (await query.execute()).length
    expect(await count(one.selectFrom('post as p').selectAll())).toBe(2)
    expect(await count(one.selectFrom(['post', 'note']).select('post.id'))).toBe(4)
    expect(await count(one.selectFrom((eb: Any) => eb.selectFrom('post').selectAll().as('z')).selectAll())).toBe(2)
    expect(await count(one.selectFrom('post').select('id').union(base.selectFrom('note').select('id')))).toBe(2)
    const [sums] = await one
      .selectFrom('post')
      .select((eb: Any) => [eb.fn.countAll().as('n'), eb.selectFrom('note').select(eb.fn.countAll().as('m')).as('m')])
      .execute()
    expect([Number(sums.n), Number(sums.m)]).toEqual([2, 2])
    await expect(one.selectFrom('secret').selectAll().execute()).rejects.toEqual(
      policy(/does not know the tenant of the rows of 'secret'/),
    )
    await expect(one.selectFrom('other.country').selectAll().execute()).rejects.toEqual(policy(/'other.country'/))
    await expect(schemaBuilder(one).dropTable('post').execute()).rejects.toEqual(policy(/define/))
  })

  test('H6, H9, T4: keep the tenant in every way to reach the database', async () => {
    const ids = async (who: Any): Promise<number[]> => (await posts(who)).map((row: Any) => row.id)
    const expected = [11, 12]
    const seen: Any[] = []
    await two
      .transaction()
      .setIsolationLevel('serializable')
      .execute(async (trx: Any) => {
        seen.push(await ids(trx))
        await trx.transaction().execute(async (inner: Any) => seen.push(await ids(inner)))
      })
    const trx = await two.startTransaction().execute()
    await trx.savepoint('a').execute()
    seen.push(await ids(trx))
    await insert(trx, { id: 13, title: 'x' }).execute()
    await trx.rollbackToSavepoint('a').execute()
    await trx.commit().execute()
    await two.connection().execute(async (held: Any) => seen.push(await ids(held)))
    seen.push(await ids(two.$extendTables()), await ids(two.withPlugins([])), await ids(two.$pickTables()))
    const prepared = prepare(two, (slot: Any) =>
      two.selectFrom('post').select('id').where('id', '>', slot('id')).orderBy('id'),
    )
    seen.push((await prepared.execute({ id: 0 })).map((row: Any) => row.id))
    const stored = JSON.stringify(toJSON(one.selectFrom('post').select('id').orderBy('id')))
    seen.push((await (fromJSON(two, stored) as Any).execute()).map((row: Any) => row.id))
    const streamed: number[] = []
    for await (const row of two.selectFrom('post').select('id').orderBy('id').stream()) streamed.push((row as Any).id)
    seen.push(streamed)
    const schema = { sqlite: 'main', postgres: 'public', mariadb: undefined }[engine.dialect as 'sqlite']
    if (schema !== undefined) seen.push(await ids(two.withSchema(schema)))
    expect(seen).toEqual(seen.map(() => expected))
  })

  test('F11: options are no way to another tenant', async () => {
    const options: Any = { context: { tenant: 2 }, tenant: 2, signal: undefined }
    const found = await one
      .selectFrom('post')
      .select('id')
      .orderBy('id')
      .execute(options)
      .catch((error: Any) => error.code)
    expect([[{ id: 1 }, { id: 2 }], 'invalid_input']).toContainEqual(found)
    expect(() => one.as({ tenant: 2 })).toThrow(expect.objectContaining({ code: 'policy' }))
    expect(one.as({ tenant: 1, actor: 'a' })).toBeDefined()
    const given = { tenant: 1 }
    const fixed = db.as(given)
    given.tenant = 2
    expect((await posts(fixed)).map((row: Any) => row.id)).toEqual([1, 2])
    expect(() => db.unscoped({ name: 'reports' } as Any, 'x')).toThrow(/disables no policy/)
  })

  test('the name in the context may be another', async () => {
    const org = base.withPlugins([tenant({ column: 'tenant_id', tables: ['post'], context: 'org' })])
    expect(await posts(org.as({ org: 2, tenant: 1 }))).toEqual(ofTwo)
    await expect(posts(org.as({ tenant: 1 }))).rejects.toEqual(policy(/no 'org'/))
  })

  test('tenants of other types: 0 is one, nothing is none', async () => {
    await insert(db.as({ tenant: 0 }), { id: 50, title: 'zero' }).execute()
    expect(await posts(db.as({ tenant: 0 }))).toEqual([{ id: 50, tenant_id: 0, title: 'zero' }])
    for (const tenant of ['', undefined, null, Number.NaN]) expect(() => db.as({ tenant })).toThrow(/cannot be missing/)
    for (const tenant of [' ', {}, [1], true, Number.POSITIVE_INFINITY, new Date(0), new Uint8Array(0)])
      await expect(posts(db.as({ tenant }))).rejects.toEqual(policy(/cannot be a tenant/))
  })

  test.runIf(engine.dialect === 'postgres')('merges stay among the rows of the tenant', async () => {
    await run(base, "insert into country values (11, 'Norway'), (20, 'Sweden')")
    const merge = one
      .mergeInto('post as p')
      .using('country as c', 'c.id', 'p.id')
      .whenMatched()
      .thenUpdateSet((eb: Any) => ({ title: eb.ref('c.name') }))
    await merge.execute()
    expect((await posts()).map((row: Any) => row.title)).toEqual(['Finland', 'two', 'eleven', 'twelve'])
    const adding = one.mergeInto('post as p').using('country as c', 'c.id', 'p.id').whenNotMatchedAnd('c.id', '=', 20)
    await adding.thenInsertValues((eb: Any) => ({ id: eb.ref('c.id'), title: eb.ref('c.name') })).execute()
    expect((await posts()).at(-1)).toEqual({ id: 20, tenant_id: 1, title: 'Sweden' })
    const stealing = one.mergeInto('post as p').using('country as c', 'c.id', 'p.id').whenNotMatchedAnd('c.id', '=', 11)
    const values = (eb: Any): Any => ({ id: eb.ref('c.id'), title: eb.ref('c.name') })
    await expect(stealing.thenInsertValues(values).execute()).rejects.toMatchObject({ code: 'unique_violation' })
    const moving = one.mergeInto('post as p').using('country as c', 'c.id', 'p.id').whenMatched()
    await expect(moving.thenUpdateSet({ tenant_id: 2 }).execute()).rejects.toEqual(policy(/do not move/))
    const other = one.mergeInto('post as p').using('country as c', 'c.id', 'p.id').whenNotMatched()
    await expect(other.thenInsertValues((eb: Any) => ({ ...values(eb), tenant_id: 2 })).execute()).rejects.toEqual(
      policy(/differs from the value in the context/),
    )
    await one.mergeInto('post as p').using('country as c', 'c.id', 'p.id').whenMatched().thenDelete().execute()
    expect((await posts()).map((row: Any) => row.id)).toEqual([2, 11, 12])
  })

  test.runIf(engine.dialect === 'postgres')('copies take no database, whose policies would not see them', async () => {
    const rows = [{ id: 99, tenant_id: 2, title: 'x' }]
    await expect(copyFrom(one, 'post', rows, { columns: ['id', 'tenant_id', 'title'] })).rejects.toThrow(
      /policies of a database do not see/,
    )
    expect(await posts(two)).toEqual(ofTwo)
  })

  test('TX: what is begun by text is refused, and so is every other text', async () => {
    for (const text of ['begin', 'commit', 'set search_path to x', 'truncate post'])
      await expect(sql.raw(text).execute(one)).rejects.toEqual(policy(/trusted/))
  })

  test('updates and deletes with other tables use only rows of the tenant in these', async () => {
    const { dialect } = engine
    const set = { views: 5 }
    if (dialect === 'mariadb')
      await one.updateTable('post').innerJoin('note', 'note.post_id', 'post.id').set(set).execute()
    else await one.updateTable('post').from('note').set(set).whereRef('note.post_id', '=', 'post.id').execute()
    const viewed = await base.selectFrom('post').select('id').where('views', '=', 5).orderBy('id').execute()
    // Note 12 is of tenant 2 and points to post 1; note 2 is of tenant 1 and points to post 11.
    expect(viewed).toEqual([{ id: 1 }])
    if (dialect === 'sqlite') return
    await one
      .deleteFrom('post')
      .using(dialect === 'mariadb' ? ['post', 'note'] : 'note')
      .whereRef('note.post_id', '=', 'post.id')
      .execute()
    await expectPosts([ofOne[1], ...ofTwo])
  })
})
