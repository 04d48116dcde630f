import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tablePolicy } from '../../src/guard/index.ts'
import { sql, table } from '../../src/index.ts'
import { timestamps } from '../../src/plugins/index.ts'
import { type Any, engines, openOn, run } from '../tenant/ground.ts'
import { withoutSchema } from '../without-schema.ts'

const post = table('post', (c) => ({
  id: c.integer().primaryKey(),
  title: c.varchar(40).unique(),
  made: c.timestamp().nullable(),
  changed: c.timestamp({ mode: 'unixms' }).nullable(),
}))
/** With columns of every form that an instant has. */
const forms = {
  unix: table('unix', (c) => ({
    id: c.integer().primaryKey(),
    created_at: c.timestamp({ mode: 'unix' }),
    updated_at: c.timestamp({ mode: 'unix' }),
  })),
  whole: table('whole', (c) => ({ id: c.integer().primaryKey(), created_at: c.integer(), updated_at: c.bigint() })),
  iso: table('iso', (c) => ({ id: c.integer().primaryKey(), created_at: c.text(), updated_at: c.date() })),
  moment: table('moment', (c) => ({
    id: c.integer().primaryKey(),
    created_at: c.timestamp(),
    updated_at: c.timestamp({ mode: 'unixms' }),
  })),
}
const schema = { post, ...forms }

/** A clock that no two looks find at the same time. */
function clock(): { now: () => Date; at: (i: number) => Date } {
  let looks = 0
  const at = (i: number): Date => new Date(1_700_000_000_123 + i * 60_000)
  return { now: () => at(looks++), at }
}

/** Makes of a delete an update. */
const marking: Any = {
  name: 'marking',
  policies: [
    tablePolicy({
      name: 'marking',
      rule: () => ({ deletes: { title: { value: () => ({ kind: 'literal', value: 'gone' }), userValue: 'refuse' } } }),
    }),
  ],
}

describe.each(engines)('timestamps on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let base: Any
  let close: () => Promise<void>
  beforeAll(async () => {
    const opened = await openOn(engine, [], { schema })
    base = opened.base
    close = opened.close
    for (const each of Object.values(schema)) await base.schema.createTable(each).execute()
  })
  afterAll(() => close())
  beforeEach(async () => {
    for (const each of Object.values(schema)) await base.deleteFrom(each).execute()
  })

  const named = { created: 'made', updated: 'changed' }
  const all = (): Promise<Any> => base.selectFrom('post').selectAll().orderBy('id').execute()
  const open = (options: object = named): { db: Any; at: (i: number) => Date } => {
    const { now, at } = clock()
    return { db: base.withPlugins([timestamps({ ...options, now })]), at }
  }
  const row = (id: number, title: string): Any => ({ id, title })

  test('H34, TS1: are written by each statement that makes rows, the same in all of them', async () => {
    const { db, at } = open()
    const given = Object.freeze(row(1, 'one'))
    await db.insertInto('post').values(given).execute()
    await db
      .insertInto('post')
      .values([row(2, 'two'), row(3, 'three')])
      .execute()
    await db
      .insertInto('post')
      .values([row(4, 'four'), { id: 5, title: 'five' }])
      .execute()
    await db
      .insertInto('post')
      .columns(['id', 'title'])
      .expression((eb: Any) =>
        eb
          .selectFrom('post')
          .select([eb('id', '+', 10), eb.fn('concat', ['title', eb.val('!')])])
          .where('id', '=', 1),
      )
      .execute()
    const [a, b] = [1, 2].map((id) =>
      base
        .selectFrom('post')
        .select([
          (eb: Any) => eb('id', '+', 20).as('id'),
          (eb: Any) => eb.fn('concat', ['title', eb.val('?')]).as('title'),
        ])
        .where('id', '=', id),
    )
    await db.insertInto('post').columns(['id', 'title']).expression(a.unionAll(b)).execute()
    const times = (await all()).map(({ id, made, changed }: Any) => [id, made, changed])
    expect(times).toEqual(
      [
        [1, 0],
        [2, 1],
        [3, 1],
        [4, 2],
        [5, 2],
        [11, 3],
        [21, 4],
        [22, 4],
      ].map(([id, i]) => [id, at(i!), at(i!)]),
    )
    expect(given).toEqual({ id: 1, title: 'one' })
  })

  test('are written by each statement that changes rows', async () => {
    const { db, at } = open()
    await db
      .insertInto('post')
      .values([row(1, 'one'), row(2, 'two')])
      .execute()
    await db.updateTable('post').set({ title: 'uno' }).where('id', '=', 1).execute()
    expect(await all()).toEqual([
      { id: 1, title: 'uno', made: at(0), changed: at(1) },
      { id: 2, title: 'two', made: at(0), changed: at(0) },
    ])
    await db.touch('post').where('id', '=', 2).execute()
    const upsert = db.insertInto('post').values([row(1, 'eins'), row(3, 'drei')])
    if (engine.dialect === 'mariadb') await upsert.onDuplicateKeyUpdate({ title: 'eins' }).execute()
    else await upsert.onConflict((oc: Any) => oc.column('id').doUpdateSet({ title: 'eins' })).execute()
    expect(await all()).toEqual([
      { id: 1, title: 'eins', made: at(0), changed: at(3) },
      { id: 2, title: 'two', made: at(0), changed: at(2) },
      { id: 3, title: 'drei', made: at(3), changed: at(3) },
    ])
  })

  test('refuses what a statement gives, or keeps it', async () => {
    const { db } = open()
    const old = new Date(1000)
    for (const values of [{ ...row(1, 'x'), made: old }, [row(1, 'x'), { ...row(2, 'y'), changed: old }]])
      await expect(db.insertInto('post').values(values).execute()).rejects.toMatchObject({ code: 'policy' })
    for (const column of ['made', 'changed'])
      await expect(
        db
          .updateTable('post')
          .set({ [column]: old })
          .execute(),
      ).rejects.toMatchObject({ code: 'policy' })
    expect(await all()).toEqual([])
    const { db: keeping, at } = open({ ...named, given: 'keep' })
    await keeping
      .insertInto('post')
      .values([{ ...row(1, 'x'), made: old }, row(2, 'y')])
      .execute()
    await keeping.updateTable('post').set({ changed: old }).where('id', '=', 2).execute()
    expect(await all()).toEqual([
      { id: 1, title: 'x', made: old, changed: at(0) },
      { id: 2, title: 'y', made: at(0), changed: old },
    ])
  })

  test('TS3: are as each column holds a time, by either clock', async () => {
    const { db, at } = open({})
    for (const [name, expected] of Object.entries({
      unix: [new Date(1_700_000_000_000), new Date(1_700_000_000_000)],
      whole: [1_700_000_000, 1_700_000_000n],
      iso: ['2023-11-14T22:13:20.123Z', '2023-11-14'],
      moment: [at(0), at(0)],
    })) {
      const { db: fresh } = open({})
      await fresh.insertInto(name).values({ id: 1 }).execute()
      const [found] = await db.selectFrom(name).selectAll().execute()
      expect([found.created_at, found.updated_at], name).toEqual(expected)
    }
    const database = base.withPlugins([timestamps({ clock: 'database' })])
    const before = Date.now() - 2000
    for (const name of Object.keys(forms)) {
      await database
        .insertInto(name)
        .values([{ id: 2 }, { id: 3 }])
        .execute()
      await database.updateTable(name).set({ id: 4 }).where('id', '=', 3).execute()
      await database.touch(name).where('id', '=', 2).execute()
      for (const found of await db.selectFrom(name).selectAll().where('id', '>', 1).execute()) {
        for (const [column, value] of Object.entries(found).slice(1)) {
          const time =
            typeof value === 'number' || typeof value === 'bigint' ? Number(value) * 1000 : +new Date(value as Any)
          const least = column === 'updated_at' && name === 'iso' ? before - 86_400_000 : before
          expect(time, `${name}.${column} ${String(value)}`).toBeGreaterThan(least)
          expect(time, `${name}.${column} ${String(value)}`).toBeLessThan(Date.now() + 2000)
        }
      }
    }
  })

  test('by the clock of the database, rows of one statement give the same columns', async () => {
    const db = base.withPlugins([timestamps({ ...named, clock: 'database' })])
    const ragged = db.insertInto('post').values([row(1, 'one'), { id: 2 }])
    await expect(ragged.execute()).rejects.toMatchObject({
      code: 'policy',
      message: expect.stringMatching(/same columns/),
    })
    expect(await all()).toEqual([])
  })

  test('take options that are known, and touch tables that are', async () => {
    const { db } = open()
    expect(() => db.touch('unix')).toThrow(/does not write the time of changes/)
    expect(() => db.touch('post; drop table post')).toThrow(/does not write the time of changes/)
    for (const [options, message] of [
      [{ update: 'x' }, /no option 'update'. Did you mean 'updated'/],
      [{ clock: 'sun' }, /client or database/],
      [{ created: '' }, /takes a name/],
      [{ created: false, updated: false }, /writes nothing/],
      [{ form: 'roman' }, /use one of/],
      [{ now: 1 }, /takes a function/],
      [{ tables: 'post' }, /takes a list/],
    ] as const)
      expect(() => timestamps(options as Any)).toThrow(message)
    const broken = base.withPlugins([timestamps({ ...named, now: () => new Date(Number.NaN) })])
    await expect(broken.insertInto('post').values(row(1, 'x')).execute()).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })

  test('a deleted row was changed when it was deleted', async () => {
    const { now, at } = clock()
    await base
      .insertInto('post')
      .values([row(1, 'one'), row(2, 'two')])
      .execute()
    const made = base.withPlugins([marking, timestamps({ ...named, now })])
    await made.deleteFrom('post').where('id', '=', 1).execute()
    expect((await all()).map(({ id, title, changed }: Any) => [id, title, changed])).toEqual([
      [1, 'gone', at(0)],
      [2, 'two', null],
    ])
  })

  test('an update that reads other tables, and one in a common table expression', async () => {
    const { db, at } = open()
    await base
      .insertInto('post')
      .values([row(1, 'one'), row(2, 'two')])
      .execute()
    await base.insertInto('whole').values({ id: 1, created_at: 0, updated_at: 0n }).execute()
    if (engine.dialect === 'mariadb')
      await db.updateTable('post').innerJoin('whole', 'whole.id', 'post.id').set({ title: 'x' }).execute()
    else await db.updateTable('post').from('whole').set({ title: 'x' }).whereRef('whole.id', '=', 'post.id').execute()
    expect((await all()).map((one: Any) => one.changed)).toEqual([at(0), null])
    if (engine.dialect !== 'postgres') return
    const cte = db.with('u', (q: Any) => q.updateTable('post').set({ title: 'y' }).where('id', '=', 2).returning('id'))
    await cte
      .insertInto('post')
      .columns(['id', 'title'])
      .expression((eb: Any) => eb.selectFrom('u').select([eb('u.id', '+', 5).as('id'), eb.val('z').as('t')]))
      .execute()
    expect((await all()).map(({ id, made, changed }: Any) => [id, made, changed])).toEqual([
      [1, null, at(0)],
      [2, null, at(1)],
      [7, at(1), at(1)],
    ])
    const merge = db.mergeInto('post').using('whole', 'whole.id', 'post.id')
    await merge.whenMatched().thenUpdateSet({ title: 'm' }).execute()
    await base.insertInto('whole').values({ id: 9, created_at: 0, updated_at: 0n }).execute()
    await merge
      .whenNotMatched()
      .thenInsertValues((eb: Any) => ({ id: eb.ref('whole.id'), title: 'n' }))
      .execute()
    expect((await all()).map(({ id, made, changed }: Any) => [id, made, changed])).toEqual([
      [1, null, at(2)],
      [2, null, at(1)],
      [7, at(1), at(1)],
      [9, at(3), at(3)],
    ])
  })

  test('without a schema, in the form that is said', async () => {
    const types = { sqlite: 'text', postgres: 'timestamptz', mariadb: 'datetime(6)' }[engine.dialect as 'sqlite']
    await run(base, `create table bare (id int primary key, created_at varchar(30), updated_at ${types})`)
    if (engine.dialect === 'sqlite')
      await run(base, 'create table narrow (id int primary key, updated_at text) without rowid')
    const { now } = clock()
    const open = (options: object): Any =>
      withoutSchema(base).withPlugins([timestamps({ tables: ['bare', 'narrow'], ...options })])
    await open({ now, updated: false }).insertInto('bare').values({ id: 1 }).execute()
    await open({ now, created: false, form: 'timestamp' }).touch('bare').execute()
    const read = {
      sqlite: "substr(replace(updated_at, 'T', ' '), 1, 23)",
      postgres: "to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')",
      mariadb: 'cast(updated_at as char(23))',
    }[engine.dialect as 'sqlite']
    const found = await base
      .selectFrom('bare')
      .select(['created_at', sql.raw(read).as('u')])
      .execute()
    expect(found).toEqual([{ created_at: '2023-11-14T22:13:20.123Z', u: '2023-11-14 22:14:20.123' }])
    await open({ clock: 'database', created: false }).updateTable('bare').set({ id: 2 }).execute()
    await open({ clock: 'database', created: 'created_at', updated: false, form: 'iso' })
      .insertInto('bare')
      .values([{ id: 3 }, { id: 4 }])
      .execute()
    for (const { created_at } of await base.selectFrom('bare').select('created_at').where('id', '>', 2).execute())
      expect(created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    if (engine.dialect === 'sqlite') {
      await open({ now, created: false }).insertInto('narrow').values({ id: 1 }).execute()
      expect(await base.selectFrom('narrow').select('updated_at').execute()).toEqual([
        { updated_at: '2023-11-14T22:15:20.123Z' },
      ])
    }
    const listed = base.withPlugins([timestamps({ tables: ['post'] })])
    await expect(listed.insertInto('post').values(row(8, 'x')).execute()).rejects.toMatchObject({ code: 'policy' })
  })
})
