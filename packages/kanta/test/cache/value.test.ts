import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyRows } from '../../src/cache/copy.ts'
import { cache, memoryStore } from '../../src/cache/index.ts'
import { exactText, rowsOf, textOfRows } from '../../src/cache/text.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import { camelCase, createExecutor } from '../../src/plugins/index.ts'
import { temporaryFolder } from '../conformance/folder.ts'
import type { Engine, Place } from '../engine/engine.ts'
import type { Any } from '../security/ground.ts'
import { Clock, engines, fill, isHit, over, schema, world } from './ground.ts'

class Point {
  readonly x: number
  constructor(x: number) {
    this.x = x
  }
}

/** Values of which no two are the same. */
const VALUES: readonly unknown[] = [
  ...[undefined, null, true, false, 0, -0, 1, 1.5, Number.NaN, Infinity, -Infinity, 1n, 0n, -1n, 2n ** 70n],
  ...['', '1', '1n', 'true', 'null', 'undefined', 'NaN', '@0', '{}', '[]', '"', '\ud800', 'é', 'e\u0301', '\0'],
  ...[new Date(0), new Date(1), new Date(Number.NaN), new Uint8Array(), new Uint8Array([1]), new Int8Array([1])],
  ...[new Uint8Array([0, 1]), new Uint16Array([1]), new Float32Array([1]), new Float64Array([1]), Buffer.from([1])],
  ...[[], [null], [undefined], [[]], [1, 2], ['1', 2], ['1,2'], ['list'], ['bigint', '1'], ['date', 0], ['bare', {}]],
  ...[{}, { a: 1 }, { a: '1' }, { a: 1, b: 2 }, { b: 1 }, { a: undefined }, { a: { b: 1 } }, { 'a":1,"b': 2 }],
  ...[JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{}}')],
]

test('each value has a text of its own (C1, R2, R8)', () => {
  const texts = VALUES.map(exactText)
  expect(texts).not.toContain(undefined)
  expect(new Set(texts).size).toBe(VALUES.length)
  expect(exactText({ b: 2, a: 1 })).toBe(exactText({ a: 1, b: 2 }))
  expect(exactText(new Date(5))).toBe(exactText(new Date(5)))
})

test('what has no exact text is not taken for something else (C1)', () => {
  class Instant extends Date {}
  const others = [
    new Map([[1, 2]]),
    new Set([1]),
    /a/,
    new Point(1),
    () => 1,
    Symbol('s'),
    new DataView(new ArrayBuffer(1)),
  ]
  for (const value of [...others, new Instant(0)]) {
    expect(exactText(value)).toBeUndefined()
    expect(exactText([{ a: value }])).toBeUndefined()
    expect(copyRows([{ a: value }])).toBeUndefined()
  }
})

const ROW = Object.fromEntries(VALUES.map((value, i) => [`c${i}`, value]))

test('copies and texts of rows are exact, and share nothing (C4, R15)', () => {
  const bare = Object.assign(Object.create(null), { a: 1 })
  const rows = [ROW, { ...ROW }, bare, ...VALUES]
  for (const made of [copyRows(rows)!.rows, rowsOf(textOfRows(rows))] as unknown[][]) {
    expect(made.map(exactText)).toEqual(rows.map(exactText))
    expect(made).toStrictEqual(rows)
    expect(Object.getPrototypeOf(made[2])).toBe(null)
    expect(({} as Any).a).toBeUndefined()
    const first = made[0] as Any
    for (const [name, value] of Object.entries(ROW)) {
      if (typeof value !== 'object' || value === null) continue
      expect(first[name], name).not.toBe(value)
      expect(Object.getPrototypeOf(first[name])).toBe(Object.getPrototypeOf(value))
      if (ArrayBuffer.isView(value)) {
        const before = exactText(value)
        first[name].fill?.(first[name][0] === 7 ? 8 : 7)
        expect(exactText(value)).toBe(before)
      }
    }
  }
})

test('text that holds no rows is refused', () => {
  for (const text of ['1', '{}', 'null', '[["what"]]', '[["bytes","Function","00"]]', '['])
    expect(() => rowsOf(text)).toThrow()
})

const thing = table('thing', (c) => ({
  id: c.integer().primaryKey(),
  big: c.bigint(),
  bytes: c.bytes(),
  at: c.timestamp(),
  yes: c.boolean(),
  price: c.decimal(10, 2),
  doc: c.json<Any>(),
  none: c.text().nullable(),
}))

describe.each(engines)('decoded rows on $name', (engine: Engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Place
  let base: Any
  let db: Any
  beforeAll(async () => {
    place = await engine.create()
    base = (kanta as Any)({ driver: place.driver(), schema: { thing } })
    await base.schema.createTable(thing).execute()
    ;({ db } = await over(base))
    const row = { big: 2n ** 60n, bytes: new Uint8Array([0, 255]), yes: true, price: '12.50', none: null }
    await db
      .insertInto('thing')
      .values([
        { ...row, id: 1, at: new Date(1e12), doc: { a: [1, { b: null }] } },
        { ...row, id: 2, at: new Date(2e12), doc: [] },
      ])
      .execute()
  })
  afterAll(async () => {
    await base?.destroy()
    await place?.drop()
  })

  test('come back exact, and whoever changes them changes no others (C4, R15)', async () => {
    const read = () => db.cached().selectFrom('thing').selectAll().orderBy('id').execute()
    const plain = await db.selectFrom('thing').selectAll().orderBy('id').execute()
    const first = await read()
    expect(first).toStrictEqual(plain)
    for (const rows of [first, await read()]) {
      rows[0].at.setTime(0)
      rows[0].bytes[0] = 9
      rows[0].doc.a.push('poison')
      rows.pop()
    }
    expect(await isHit(db, read)).toBe(true)
    const again = await read()
    expect(again).toStrictEqual(plain)
    expect(typeof again[0].big).toBe('bigint')
    expect(again[0].at).toBeInstanceOf(Date)
  })

  test('filters by dates, bytes, bigints and lists do not meet (C1, R2)', async () => {
    const by = (column: string, op: string, value: unknown) =>
      db.cached().selectFrom('thing').select('id').where(column, op, value).orderBy('id').execute()
    for (let i = 0; i < 2; i++) {
      expect(await by('at', '=', new Date(1e12))).toEqual([{ id: 1 }])
      expect(await by('at', '=', new Date(2e12))).toEqual([{ id: 2 }])
      expect(await by('id', 'in', [1])).toEqual([{ id: 1 }])
      expect(await by('id', 'in', [1, 2])).toEqual([{ id: 1 }, { id: 2 }])
      expect(await by('bytes', '=', new Uint8Array([0, 255]))).toHaveLength(2)
      expect(await by('bytes', '=', new Uint8Array([255, 0]))).toEqual([])
      expect(await by('big', '>', 2n ** 60n)).toEqual([])
      expect(await by('big', '>', 2n ** 60n - 1n)).toHaveLength(2)
    }
  })

  test('the first row alone is another result than all', async () => {
    const query = db.cached().selectFrom('thing').select('id').orderBy('id')
    expect(await query.executeTakeFirst()).toEqual({ id: 1 })
    expect(await query.execute()).toHaveLength(2)
    expect(await query.executeTakeFirst()).toEqual({ id: 1 })
  })
})

test('how rows are named and decoded is part of the key', async () => {
  const { base, db } = await world(sqlite(':memory:'))
  const renamed: Any = db.withPlugins([camelCase()])
  const read = (of: Any) => of.cached().selectFrom('city').selectAll().where('id', '=', 1).executeTakeFirst()
  expect(Object.keys(await read(db))).toContain('tenant_id')
  expect(Object.keys(await read(renamed))).toContain('tenantId')
  expect(Object.keys(await read(db))).toContain('tenant_id')
  await base.destroy()
})

test('what cannot be copied is not kept, and is given as it is', async () => {
  const point = { name: 'point', encode: (p: Point) => p.x, decode: (x: unknown) => new Point(Number(x)) }
  const place = table('place', (c) => ({ id: c.integer().primaryKey(), at: c.custom('integer', point as Any) }))
  const base: Any = (kanta as Any)({ driver: sqlite(':memory:'), schema: { place } })
  await base.schema.createTable(place).execute()
  const { db } = await over(base)
  await db
    .insertInto('place')
    .values({ id: 1, at: new Point(5) })
    .execute()
  const read = () => db.cached().selectFrom('place').selectAll().execute()
  for (let i = 0; i < 2; i++) expect((await read())[0].at).toStrictEqual(new Point(5))
  expect(await Promise.all([read(), read()])).toHaveLength(2)
  expect(db.cache.stats()).toMatchObject({ hits: 0, unkept: 3 })
  await base.destroy()
})

describe('what is cached', () => {
  const folder = temporaryFolder()

  test('nothing but what is asked for or listed; by default nothing is written (R16)', async () => {
    const touched: string[] = []
    const inner = memoryStore()
    const store = {
      look: (key: string, marks: readonly string[]) => {
        touched.push('look')
        return inner.look(key, marks)
      },
      keep: (key: string, entry: Any, lifetime: number) => {
        touched.push('keep')
        return inner.keep(key, entry, lifetime)
      },
      renew: (marks: readonly string[]) => inner.renew(marks),
    }
    const { base, db } = await world(sqlite(folder.path('asked.db')), { store })
    await db.selectFrom('note').selectAll().execute()
    expect(touched).toEqual([])
    await db.cached().selectFrom('note').selectAll().execute()
    expect(touched).toEqual(['look', 'keep'])
    await db.cached().uncached().selectFrom('note').selectAll().execute()
    for await (const row of db.cached().selectFrom('note').selectAll().stream()) expect(row.id).toBe(1)
    expect(touched).toEqual(['look', 'keep'])
    await base.destroy()
  })

  test('of listed tables all reads, unless another table is read too', async () => {
    const { base, db } = await world(sqlite(':memory:'), { tables: ['note', 'country'] })
    const note = () => db.selectFrom('note').selectAll().execute()
    await note()
    expect(await isHit(db, note)).toBe(true)
    const both = () => db.selectFrom(['note', 'country']).select('note.id').execute()
    await both()
    expect(await isHit(db, both)).toBe(true)
    const before = db.cache.stats()
    for (let i = 0; i < 2; i++) {
      await db.selectFrom('city').selectAll().execute()
      await db.selectFrom(['note', 'city']).select('note.id').execute()
      await db.uncached().selectFrom('note').selectAll().execute()
      await db.selectFrom('note').select(sql`(select max(id) from city)`.as('m')).execute()
      await db.selectNoFrom(sql`1`.as('one')).execute()
    }
    expect(db.cache.stats()).toEqual(before)
    await base.destroy()
  })

  test('text that may read any table is refused, unless it says which', async () => {
    const { base, db } = await world(sqlite(':memory:'))
    const newest = sql<number>`(select max(id) from note)`
    const refused = [
      db.cached().selectFrom('city').select(newest.as('m')),
      db.cached().selectFrom(sql`note`.as('n')).selectAll(),
    ]
    for (const query of refused) await expect(query.execute()).rejects.toMatchObject({ code: 'invalid_input' })
    const named = () =>
      db
        .cached()
        .selectFrom('city')
        .select((newest as Any).trusted('newest', { reads: ['note'] }).as('m'))
        .execute()
    await named()
    expect(await isHit(db, named)).toBe(true)
    await db.insertInto('note').values({ id: 7, text: 'x' }).execute()
    expect((await named())[0]).toEqual({ m: 7 })
    const plain = () => db.cached().selectFrom('city').select(sql`upper(name)`.as('u')).execute()
    await plain()
    expect(await isHit(db, plain)).toBe(true)
    await base.destroy()
  })

  test('each asks for its own time', async () => {
    const { base, db, clock } = await world(sqlite(':memory:'))
    const read = (ttl: number) => () => db.cached({ ttl }).selectFrom('note').selectAll().execute()
    await read(60_000)()
    clock.time += 10_000
    expect(await isHit(db, read(10_001))).toBe(true)
    expect(await isHit(db, read(10_000))).toBe(false)
    clock.time += 9_999
    expect(await isHit(db, read(10_000))).toBe(true)
    await base.destroy()
  })
})

describe('the store in memory', () => {
  const entry = (bytes: number) => ({ rows: [], bytes, at: 0, versions: [] })
  const has = (store: ReturnType<typeof memoryStore>, key: string) => Object(store.look(key, [])).entry !== undefined

  test('is bounded by entries, the least used first', () => {
    const store = memoryStore({ maxEntries: 2 })
    store.keep('a', entry(1), 1)
    store.keep('b', entry(1), 1)
    expect(has(store, 'a')).toBe(true)
    store.keep('c', entry(1), 1)
    expect(['a', 'b', 'c'].map((key) => has(store, key))).toEqual([true, false, true])
  })

  test('is bounded by bytes', () => {
    const store = memoryStore({ maxBytes: 100 })
    for (const key of ['a', 'b', 'c']) store.keep(key, entry(40), 1)
    expect(['a', 'b', 'c'].map((key) => has(store, key))).toEqual([false, true, true])
    store.keep('d', entry(1000), 1)
    expect(['b', 'c', 'd'].map((key) => has(store, key))).toEqual([true, true, false])
    // One that is replaced is counted once.
    for (let i = 0; i < 10; i++) store.keep('c', entry(40), 1)
    expect(has(store, 'b')).toBe(true)
  })

  test('never gives a version twice, also when it has forgotten it', async () => {
    const store = memoryStore()
    const versions = new Set<string>()
    for (let i = 0; i < 1000; i++) {
      for (const version of (await store.look('k', ['a', 'b'])).versions) versions.add(version)
      store.renew(['a'])
    }
    expect(versions.size).toBe(1001)
    const [before] = (await store.look('k', ['a'])).versions
    for (let i = 0; i < 100_001; i++) store.renew([`#${i}`])
    expect((await store.look('k', ['a'])).versions[0]).not.toBe(before)
  })
})

test('wrong options are refused by name', async () => {
  const store = memoryStore()
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /object of options/],
    [{ store }, /ttl/],
    [{ store, ttl: 0 }, /ttl/],
    [{ store, ttl: 1.5 }, /ttl/],
    [{ store, ttl: Number.NaN }, /ttl/],
    [{ ttl: 1 }, /store/],
    [{ store: {}, ttl: 1 }, /store/],
    [{ store, ttl: 1, swr: 1 }, /'swr'/],
    [{ store, ttl: 1, staleWhileRevalidate: -1 }, /staleWhileRevalidate/],
    [{ store, ttl: 1, tables: 'city' }, /tables/],
    [{ store, ttl: 1, tables: [1] }, /tables/],
    [{ store, ttl: 1, depends: { a: 'b' } }, /depends/],
    [{ store, ttl: 1, timeout: '1' }, /timeout/],
    [{ store, ttl: 1, now: 5 }, /now/],
  ]
  for (const [options, message] of wrong) expect(() => cache(options as Any)).toThrow(message)
  expect(() => memoryStore({ max: 1 } as Any)).toThrow(/no option 'max'/)
  expect(() => memoryStore({ maxEntries: -1 })).toThrow(/maxEntries/)
  expect(() => memoryStore({ maxEntries: 0 })).toThrow(/room/)
  const { base, db } = await world(sqlite(':memory:'))
  for (const options of [1, { tag: ['a'] }, { tags: 'a' }, { tags: [''] }, { ttl: 0 }, { ttl: undefined, tags: null }])
    expect(() => db.cached(options)).toThrow()
  for (const what of [undefined, {}, { tables: [] }, { tables: 'note' }, { all: true }])
    await expect((async () => db.cache.invalidate(what))()).rejects.toMatchObject({ code: 'invalid_input' })
  await base.destroy()
})

test('a store belongs to one database', async () => {
  const store = memoryStore()
  const { base, db } = await world(sqlite(':memory:'), { store })
  await db.selectFrom('note').selectAll().execute()
  const other: Any = (kanta as Any)({ driver: sqlite(':memory:'), schema })
  const plugin = cache({ store, ttl: 1, now: new Clock().now })
  await expect(createExecutor(other, [plugin] as Any)).rejects.toThrow(/another database/)
  // The same database may have two with one store: what one writes, the other hears of.
  const twin = (await over(base, { store })).db
  const read = () => twin.cached().selectFrom('note').selectAll().execute()
  await read()
  expect(await isHit(twin, read)).toBe(true)
  await db.updateTable('note').set({ text: 'twin' }).execute()
  expect(await read()).toEqual([{ id: 1, text: 'twin' }])
  await base.destroy()
  await fill(other)
  await other.destroy()
})
