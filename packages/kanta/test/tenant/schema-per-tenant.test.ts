import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ambientContext } from '../../src/ambient.ts'
import { replicated } from '../../src/driver/cluster/index.ts'
import { kanta, prepare, fromJSON as restore, sql, toJSON } from '../../src/index.ts'
import { camelCase, schemaPerTenant, tenant, timestamps } from '../../src/plugins/index.ts'
import { schemaBuilder } from '../../src/schema/index.ts'
import type { Place } from '../engine/engine.ts'
import { type Any, engines, run } from './ground.ts'

const fromJSON = restore as Any
const policy = (message: RegExp): object =>
  expect.objectContaining({ code: 'policy', message: expect.stringMatching(message) })

describe.each(engines)('a schema for each tenant on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Place
  let base: Any
  let db: Any
  // Databases of MariaDB are those of the whole server.
  const schemaOf = (who: string): string => `${place.database}_${who}`
  const tenants = ['a', 'b']

  beforeAll(async () => {
    place = await engine.create()
    base = kanta({ driver: place.driver() })
    for (const who of tenants) {
      const name = schemaOf(who)
      if (engine.dialect === 'sqlite') await run(base, `attach database ':memory:' as ${name}`)
      else await run(base, `create schema ${name}`)
      await run(base, `create table ${name}.post (id int primary key, title varchar(40), updated_at varchar(40))`)
      await run(base, `insert into ${name}.post (id, title) values (1, '${who}1'), (2, '${who}2')`)
      await run(base, `create table ${name}.note (id int primary key, post_id int)`)
      await run(base, `insert into ${name}.note values (1, 2)`)
    }
    // What is found by those who lost their schema.
    await run(base, 'create table post (id int primary key, title varchar(40), updated_at varchar(40))')
    await run(base, "insert into post (id, title) values (1, 'default')")
    await run(base, 'create table country (id int primary key, name varchar(40))')
    await run(base, "insert into country values (1, 'Finland')")
    db = base.withPlugins([schemaPerTenant({ schema: (who) => schemaOf(String(who)), shared: ['country'] })])
  })
  afterAll(async () => {
    if (engine.dialect === 'mariadb') for (const who of tenants) await run(base, `drop database ${schemaOf(who)}`)
    await base?.destroy()
    await place?.drop()
  })

  const titles = async (who: Any): Promise<string[]> =>
    (await who.selectFrom('post').select('title').orderBy('id').execute()).map((row: Any) => row.title)

  test('H10, H11: every table is in the schema of whoever asks', async () => {
    const a = db.as({ tenant: 'a' })
    const b = db.as({ tenant: 'b' })
    expect(await titles(a)).toEqual(['a1', 'a2'])
    expect(await titles(b)).toEqual(['b1', 'b2'])
    expect(a.selectFrom('post').select('id').compile().sql).toContain(`${schemaOf('a')}`)
    const seen: Any[] = []
    await b.transaction().execute(async (trx: Any) => {
      seen.push(await titles(trx))
      await trx.transaction().execute(async (inner: Any) => seen.push(await titles(inner)))
    })
    const trx = await b.startTransaction().execute()
    seen.push(await titles(trx))
    await trx.rollback().execute()
    await b.connection().execute(async (held: Any) => seen.push(await titles(held)))
    const streamed: string[] = []
    for await (const row of b.selectFrom('post').select('title').orderBy('id').stream())
      streamed.push((row as Any).title)
    seen.push(streamed)
    const ordered = (who: Any): Any => who.selectFrom('post').select('title').orderBy('id')
    seen.push((await fromJSON(b, JSON.stringify(toJSON(ordered(a)))).execute()).map((row: Any) => row.title))
    seen.push((await b.executeQuery(ordered(a))).rows.map((row: Any) => row.title))
    seen.push((await b.executeQuery(ordered(a).compile())).rows.map((row: Any) => row.title))
    const prepared = prepare(db, (slot: Any) => ordered(db).where('id', '>', slot('id')))
    await expect(prepared.execute({ id: 0 })).rejects.toEqual(policy(/no 'tenant'/))
    const own = prepare(b, (slot: Any) => ordered(b).where('id', '>', slot('id')))
    seen.push((await own.execute({ id: 0 })).map((row: Any) => row.title))
    expect(seen).toEqual(seen.map(() => ['b1', 'b2']))
  })

  test('joins, subqueries and common table expressions are of the same schema', async () => {
    const a = db.as({ tenant: 'a' })
    const joined = a
      .selectFrom('note as n')
      .innerJoin('post as p', 'p.id', 'n.post_id')
      .innerJoin('country', 'country.id', 'n.id')
    expect(await joined.select(['p.title', 'country.name']).execute()).toEqual([{ title: 'a2', name: 'Finland' }])
    const inner = a
      .selectFrom('country')
      .select((eb: Any) => eb.selectFrom('post').select('title').where('id', '=', 1).as('t'))
    expect(await inner.execute()).toEqual([{ t: 'a1' }])
    const cte = a
      .with('post', (q: Any) => q.selectFrom('note').select('post_id'))
      .selectFrom('post')
      .selectAll()
    expect(await cte.execute()).toEqual([{ post_id: 2 }])
    await a
      .insertInto('post')
      .values([{ id: 3, title: 'new' }, { id: 4 }])
      .execute()
    await a.updateTable('post').set({ title: 'changed' }).where('id', '=', 3).execute()
    await a.deleteFrom('post').where('id', '=', 4).execute()
    expect(await titles(a)).toEqual(['a1', 'a2', 'changed'])
    await a.deleteFrom('post').where('id', '=', 3).execute()
    expect(await titles(db.as({ tenant: 'b' }))).toEqual(['b1', 'b2'])
    expect(await titles(base)).toEqual(['default'])
  })

  test('without a tenant nothing runs, least of all on the default schema', async () => {
    const query = db.selectFrom('post').selectAll()
    await expect(query.execute()).rejects.toEqual(policy(/no 'tenant'/))
    expect(() => query.compile()).toThrow(/no 'tenant'/)
    await expect(db.insertInto('post').values({ id: 9 }).execute()).rejects.toEqual(policy(/no 'tenant'/))
    await expect(query.stream().next()).rejects.toEqual(policy(/no 'tenant'/))
    await expect(sql`select * from post`.execute(db.as({ tenant: 'a' }))).rejects.toEqual(policy(/trusted/))
  })

  test('names are checked, and quoted', async () => {
    for (const tenant of ['a"; drop schema x; --', 'a b', 'A', 'ä', 'a.post', '`', 'a\nb', 'x'.repeat(64)])
      await expect(titles(db.as({ tenant }))).rejects.toEqual(policy(/is not allowed/))
    for (const tenant of [{}, true, 1.5, new Date(0)])
      await expect(titles(db.as({ tenant }))).rejects.toEqual(policy(/Give an integer or text/))
    const listed = base.withPlugins([
      schemaPerTenant({ schema: (who) => schemaOf(String(who)), allowed: [schemaOf('a')] }),
    ])
    expect(await titles(listed.as({ tenant: 'a' }))).toEqual(['a1', 'a2'])
    await expect(titles(listed.as({ tenant: 'b' }))).rejects.toEqual(policy(/is not allowed/))
    const open = base.withPlugins([schemaPerTenant({ schema: String, allowed: /.*/gms })])
    const hostile = open.as({ tenant: 'a"`b' }).selectFrom('post').select('id').compile().sql
    expect(hostile).toContain(engine.dialect === 'mariadb' ? '`a"``b`' : '"a""`b"')
    expect(() =>
      schemaBuilder(open.as({ tenant: 'x' }))
        .dropTable('post')
        .compile(),
    ).toThrow(/define/)
  })

  test('a schema that a statement names itself is refused, unless it is shared', async () => {
    const a = db.as({ tenant: 'a' })
    for (const table of [`${schemaOf('b')}.post`, `${schemaOf('a')}.post`, `${schemaOf('b')}.country`])
      await expect(a.selectFrom(table).selectAll().execute()).rejects.toEqual(policy(/to name a schema/))
    expect(await titles(a.withSchema(schemaOf('b')))).toEqual(['a1', 'a2'])
    const elsewhere = base.withPlugins([
      schemaPerTenant({ schema: (who) => schemaOf(String(who)), shared: [`${schemaOf('b')}.note`] }),
    ])
    const found = elsewhere.as({ tenant: 'a' }).selectFrom('note').selectAll()
    expect(found.compile().sql).toContain(schemaOf('b'))
    expect(await found.execute()).toHaveLength(1)
  })

  test('H48: a connection that served one tenant keeps nothing of it for the next', async () => {
    const one: Any = engine.dialect === 'sqlite' ? base : kanta({ driver: place.driver({ max: 1 }) })
    const both = one.withPlugins([schemaPerTenant({ schema: (who) => schemaOf(String(who)) })])
    await expect(
      both
        .as({ tenant: 'a' })
        .transaction()
        .execute(async (trx: Any) => {
          expect(await titles(trx)).toEqual(['a1', 'a2'])
          throw new Error('no')
        }),
    ).rejects.toThrow('no')
    expect(await titles(both.as({ tenant: 'b' }))).toEqual(['b1', 'b2'])
    expect(await titles(one)).toEqual(['default'])
    if (one !== base) await one.destroy()
  })

  test('H32: goes with other plugins, and what they add', async () => {
    const now = (): Date => new Date(0)
    const plugins = [
      schemaPerTenant({ schema: (who) => schemaOf(String(who)) }),
      timestamps({ tables: ['post'], created: false, now }),
    ]
    const a = base.withPlugins(plugins).as({ tenant: 'a' })
    await a.touch('post').where('id', '=', 1).execute()
    const touched = (who: Any): Promise<Any> =>
      who.selectFrom('post').select('updated_at').where('id', '=', 1).execute()
    expect(await touched(a)).toEqual([{ updated_at: '1970-01-01T00:00:00.000Z' }])
    expect(await touched(base)).toEqual([{ updated_at: null }])
    const upsert = a.insertInto('post').values({ id: 1, title: 'a1' })
    if (engine.dialect === 'mariadb') await upsert.onDuplicateKeyUpdate({ title: 'a1' }).execute()
    else {
      const conflict = (oc: Any): Any => oc.column('id').doUpdateSet({ title: 'a1' }).where('post.id', '=', 1)
      expect(await upsert.onConflict(conflict).returning('post.title').execute()).toEqual([{ title: 'a1' }])
    }
    expect(await a.updateTable('post as p').set({ title: 'a1' }).where('p.id', '=', 1).execute()).toHaveLength(1)
    await a.deleteFrom('post').where('post.id', '=', 99).execute()
    expect(await titles(a)).toEqual(['a1', 'a2'])
    // Both ways at once: the id says whose a row of the schema is.
    const both = base.withPlugins([tenant({ column: 'id', tables: ['post'], context: 'owner' }), plugins[0]])
    expect(await titles(both.as({ tenant: 'b', owner: 2 }))).toEqual(['b2'])
    const camel = base
      .withPlugins([camelCase(), schemaPerTenant({ schema: (who) => schemaOf(String(who)) })])
      .as({ tenant: 'b' })
    expect(await camel.selectFrom('note').select('postId').execute()).toEqual([{ postId: 2 }])
  })

  test('plans of many tenants do not pile up', async () => {
    const many = base.withPlugins([schemaPerTenant({ schema: (who) => `t${who}` })])
    const query = many.selectFrom('post').select('id')
    for (let i = 0; i < 2_500; i++) {
      const other = many.as({ tenant: i })
      expect(other.selectFrom('post').select('id').compile().sql).toContain(`t${i}`)
    }
    expect(() => query.compile()).toThrow(/no 'tenant'/)
  })

  test('the context of the running code says the schema, too', async () => {
    const { db: inside, run: within } = ambientContext(db) as Any
    const prepared = prepare(inside, (slot: Any) =>
      inside.selectFrom('post').select('title').where('id', '=', slot('id')),
    )
    for (const who of tenants)
      expect(await within({ tenant: who }, () => prepared.execute({ id: 1 }))).toEqual([{ title: `${who}1` }])
    await expect(prepared.execute({ id: 1 })).rejects.toEqual(policy(/no 'tenant'/))
  })

  test.runIf(engine.dialect === 'postgres')('goes to the readers of a cluster', async () => {
    const driver = replicated([place.driver({ max: 2 }) as never])
    const shop: Any = kanta({ driver, plugins: [schemaPerTenant({ schema: (who) => schemaOf(String(who)) })] })
    expect(await titles(shop.as({ tenant: 'b' }))).toEqual(['b1', 'b2'])
    await shop.destroy()
    const rows: Any = kanta({
      driver: replicated([place.driver({ max: 2 }) as never]),
      plugins: [tenant({ column: 'id', tables: ['post'] })],
    })
    expect(await titles(rows.as({ tenant: 1 }))).toEqual(['default'])
    expect(await titles(rows.as({ tenant: 2 }))).toEqual([])
    await rows.destroy()
  })
})

test('the options of schemaPerTenant are refused by name', () => {
  for (const [options, message] of [
    [{ schemas: 1 }, /no option 'schemas'/],
    [{ schema: 'x' }, /takes a function/],
    [{ allowed: 'a' }, /takes a list/],
    [{ shared: [''] }, /takes a list/],
    [{ context: '' }, /takes a name/],
    [null, /object of options/],
  ] as const)
    expect(() => schemaPerTenant(options as Any)).toThrow(message)
})
