import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ambient, ambientContext } from '../../src/ambient.ts'
import { batched, createQuery, withTransaction } from '../../src/dal/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, sql } from '../../src/index.ts'
import { softDelete, tenant } from '../../src/plugins/index.ts'
import { type Any, AUTHORS, type Db, engines, makeWorld, openWorld, type World } from './ground.ts'

const authorById = createQuery((db: Db, id: number) =>
  db.selectFrom('author').select(['id', 'name', 'born']).where('id', '=', id).executeTakeFirst(),
)
const booksOf = createQuery((db: Db, id: number) =>
  db.selectFrom('book').selectAll().where('author_id', '=', id).orderBy('title').execute(),
)
const ids = Array.from({ length: AUTHORS }, (_, i) => i + 1)
const each = <T, R>(values: readonly T[], run: (value: T) => Promise<R>): Promise<R[]> => Promise.all(values.map(run))

describe.each(engines)('batched() on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let world: World
  let db: Db
  beforeAll(async () => {
    world = await openWorld(engine)
    db = world.db
  })
  afterAll(() => world?.close())

  /** Runs look-ups each by itself and batched, which must give the same, and returns the batched statements. */
  async function same<T, R>(values: readonly T[], run: (db: Db, value: T) => Promise<R>): Promise<string[]> {
    const alone = await each(values, (value) => run(db, value))
    world.statements()
    expect(await each(values, (value) => run(batched(db), value))).toEqual(alone)
    return world.statements()
  }

  test('20: look-ups of one tick are one statement, with the rows of each', async () => {
    const statements = await same(ids, authorById)
    expect(statements).toHaveLength(1)
    expect(await same(ids, booksOf)).toHaveLength(1)
  })

  test('20: in order, first, all and none; what is missing is each caller’s own answer', async () => {
    expect(await same([3, 99, 1, -5, 2], authorById)).toHaveLength(1)
    expect(await same([AUTHORS, 99, 1], booksOf)).toHaveLength(1)
    const found = await Promise.allSettled(
      [1, 99].map((id) =>
        batched(db).selectFrom('author').select('name').where('id', '=', id).executeTakeFirstOrThrow(),
      ),
    )
    expect(found).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'not_found' } }])
  })

  test('20: what is asked for twice is read once, and nobody shares it', async () => {
    world.statements()
    const lists = await each([1, 1, 2, 1], (id) => booksOf(batched(db), id))
    expect(world.statements()).toHaveLength(1)
    expect(lists[0]).toEqual(lists[1])
    lists[0]![1]!.extra!.tags.push('changed')
    lists[0]!.pop()
    expect(lists[1]![1]!.extra).toEqual({ tags: ['b'] })
    expect(lists[3]).toHaveLength(2)
  })

  test('1,000 look-ups are at most ⌈1,000 / limit⌉ statements', async () => {
    const many = Array.from({ length: 1_000 }, (_, i) => i)
    expect(await same(many, authorById)).toHaveLength(1)
    const more = Array.from({ length: 2_500 }, (_, i) => i)
    expect(await same(more, authorById)).toHaveLength(3)
  })

  test('calls after an await come into the statement of their own tick', async () => {
    const later = async (db: Db, id: number) => {
      await Promise.resolve()
      await null
      return authorById(db, id)
    }
    expect(await same([1, 2, 3], later)).toHaveLength(1)
    world.statements()
    await authorById(batched(db), 1)
    await authorById(batched(db), 2)
    expect(world.statements()).toHaveLength(2)
  })

  test('text by what is exactly equal', async () => {
    const byName = (db: Db, name: string) =>
      db.selectFrom('author').select('id').where('name', '=', name).orderBy('id').execute()
    expect(await same(['Author 1', 'Author 2', 'nobody'], byName)).toHaveLength(1)
    // Whether case counts is up to the database; so these are asked for each by itself.
    await same(['Author 1', 'author 1', 'AUTHOR 2', 'Author 2 ', 'Author 02'], byName)
    await same(['author 3', 'author 4'], byName)
    await same(['Äuthor', 'A', ''], byName)
  })

  test('other types are not compared here', async () => {
    const byPrice = (db: Db, price: string) =>
      db.selectFrom('book').select(['id', 'price']).where('price', '=', price).orderBy('id').execute()
    expect(await same(['2.00', '2', '3.50'], byPrice)).toHaveLength(3)
    const bySold = (db: Db, sold: bigint) =>
      db.selectFrom('book').select(['id', 'sold']).where('sold', '=', sold).orderBy('id').execute()
    expect(await same([1n, 2n ** 40n, 2n ** 40n + 1n], bySold)).toHaveLength(1)
    const born = (db: Db, at: Date) => db.selectFrom('author').select('id').where('born', '=', at).execute()
    expect(await same([new Date(Date.UTC(1901, 0)), new Date(0)], born)).toHaveLength(2)
  })

  test('aliases, qualified names and names that are selected', async () => {
    const aliased = (db: Db, id: number) =>
      db.selectFrom('author as a').select(['a.name as id', 'a.id as name']).where('a.id', '=', id).executeTakeFirst()
    expect(await same([1, 2], aliased)).toHaveLength(1)
    const hidden = (db: Db, id: number) => db.selectFrom('author').select('name').where('id', '=', id).execute()
    expect(await same([1, 2], hidden)).toHaveLength(1)
  })

  test('what depends on other rows, or on more values, runs as it is', async () => {
    const queries: readonly ((db: Db, id: number) => Promise<unknown>)[] = [
      (db, id) => db.selectFrom('book').select('id').where('author_id', '=', id).limit(1).execute(),
      (db, id) => db.selectFrom('book').select('id').where('author_id', '=', id).orderBy('id').offset(1).execute(),
      (db, id) => db.selectFrom('book').select('author_id').distinct().where('author_id', '=', id).execute(),
      (db, id) =>
        db
          .selectFrom('book')
          .select((eb) => eb.fn.countAll().as('n'))
          .where('author_id', '=', id)
          .execute(),
      (db, id) => db.selectFrom('book').select('author_id').where('author_id', '=', id).groupBy('author_id').execute(),
      (db, id) => db.selectFrom('book').select('id').where('author_id', '>', id).orderBy('id').execute(),
      (db, id) => db.selectFrom('book').select('id').where('author_id', '=', id).where('title', '=', 'A1').execute(),
      (db, id) =>
        db
          .selectFrom('book')
          .select('id')
          .where((eb) => eb.or([eb('id', '=', id), eb('author_id', '=', id)]))
          .execute(),
      (db, id) =>
        db
          .selectFrom('book')
          .innerJoin('author', 'author.id', 'book.author_id')
          .select('title')
          .where('author.id', '=', id)
          .orderBy('title')
          .execute(),
      (db, id) =>
        db
          .selectFrom('book')
          .select((eb) =>
            eb.fn
              .agg<number>('row_number')
              .over((o) => o.orderBy('id'))
              .as('n'),
          )
          .where('author_id', '=', id)
          .execute(),
      (db, id) =>
        db
          .selectFrom('book')
          .select('title')
          .where('author_id', '=', id)
          .union(db.selectFrom('author').select('name as title'))
          .execute()
          .then((rows) => rows.length),
      (db, id) =>
        db
          .with('a', (q) => q.selectFrom('author').selectAll())
          .selectFrom('a')
          .select('name')
          .where('id', '=', id)
          .execute(),
    ]
    for (const query of queries) expect(await same([1, 2], query)).toHaveLength(2)
  })

  test('a failure goes to all', async () => {
    const settled = await Promise.allSettled(
      [1, 2, 3].map((id) => (batched(db) as Any).selectFrom('author').select('nme').where('id', '=', id).execute()),
    )
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    // The database still answers.
    expect(await authorById(batched(db), 1)).toMatchObject({ id: 1 })
  })

  test('20: per transaction, which sees its own rows; writes come after the look-ups before them', async () => {
    await withTransaction(db, async (trx) => {
      await trx.updateTable('author').set({ name: 'Ada' }).where('id', '=', 1).execute()
      world.statements()
      const found = await Promise.all([
        ...[1, 2].map((id) => authorById(batched(trx), id)),
        ...(engine.name === 'sqlite' ? [] : [1, 2].map((id) => authorById(batched(db), id))),
      ])
      expect(found.map((row) => row!.name).slice(0, 2)).toEqual(['Ada', 'Author 2'])
      expect(found.map((row) => row!.name).slice(2)).toEqual(engine.name === 'sqlite' ? [] : ['Author 1', 'Author 2'])
      const handle = batched(trx)
      const before = [1, 2].map((id) => authorById(handle, id))
      await handle.updateTable('author').set({ name: 'later' }).where('id', '=', 2).execute()
      expect((await Promise.all(before)).map((row) => row!.name)).toEqual(['Ada', 'Author 2'])
      expect(await authorById(handle, 2)).toMatchObject({ name: 'later' })
      throw new Error('undo')
    }).catch((error: Any) => expect(error.message).toBe('undo'))
    // Transactions of a batched handle are batched, too.
    await batched(db)
      .transaction()
      .execute(async (trx) => {
        world.statements()
        await each([1, 2, 3], (id) => authorById(trx, id))
        expect(world.statements()).toHaveLength(1)
      })
  })

  test('20: per signal', async () => {
    const one = new AbortController()
    const find = (id: number, signal: AbortSignal) =>
      batched(db).selectFrom('author').select('id').where('id', '=', id).execute({ signal })
    world.statements()
    const other = new AbortController().signal
    const first = [1, 2].map((id) => find(id, one.signal))
    const second = [1, 2].map((id) => find(id, other))
    one.abort(new Error('enough'))
    expect((await Promise.allSettled(first)).map((it) => it.status)).toEqual(['rejected', 'rejected'])
    expect(await Promise.all(second)).toEqual([[{ id: 1 }], [{ id: 2 }]])
    expect(world.statements()).toHaveLength(1)
  })

  test('20: per context and policies', async () => {
    const guarded = db.withPlugins([
      softDelete({ tables: ['author'] }),
      tenant({ column: 'author_id', tables: ['book'], shared: ['author'], context: 'who' }),
    ]) as Any
    await db
      .updateTable('author')
      .set({ deleted_at: new Date(0) })
      .where('id', '=', 5)
      .execute()
    const [one, two] = [guarded.as({ who: 1 }), guarded.as({ who: 2 })]
    const find = (handle: Any, id: number) =>
      batched(handle as Any)
        .selectFrom('book')
        .select('id')
        .where('id', '=', id)
        .executeTakeFirst()
    world.statements()
    const found = await Promise.all([2, 3, 4, 5].flatMap((id) => [find(one, id), find(two, id)]))
    expect(found.map((row: Any) => row?.id ?? null)).toEqual([2, null, 3, null, null, 4, null, 5])
    expect(world.statements()).toHaveLength(2)
    const people = await each([4, 5], (id) => authorById(batched(guarded), id))
    expect(people.map((row) => row?.id)).toEqual([4, undefined])
    const all = await each([4, 5], (id) => authorById(batched(guarded.withDeleted()), id))
    expect(all.map((row) => row?.id)).toEqual([4, 5])
    // What is derived of a batched handle is batched.
    world.statements()
    const derived = batched(guarded).as({ who: 1 })
    await each([2, 3], (id) => (derived as Any).selectFrom('book').select('id').where('id', '=', id).execute())
    expect(world.statements()).toHaveLength(1)
    await db.updateTable('author').set({ deleted_at: null }).execute()
  })
})

test('one handle for one database', async () => {
  const { db, close } = await makeWorld(sqlite(':memory:'))
  expect(batched(db)).toBe(batched(db))
  expect(batched(batched(db))).toBe(batched(db))
  expect(() => batched({} as Any)).toThrow(expect.objectContaining({ code: 'invalid_input' }))
  await close()
})

test('under ambient() each transaction has its own', async () => {
  const { db, close, statements } = await makeWorld(sqlite(':memory:'))
  const shop = ambient(db)
  const handle = batched(shop)
  await shop.transaction().execute(async () => {
    await shop.updateTable('author').set({ name: 'Ada' }).where('id', '=', 1).execute()
    statements()
    expect((await each([1, 2], (id) => authorById(handle, id))).map((row) => row!.name)).toEqual(['Ada', 'Author 2'])
    expect(statements()).toHaveLength(1)
  })
  await close()
})

test('under ambientContext() each context has its own', async () => {
  const told: string[] = []
  const plain = kanta<Any>({ driver: sqlite(':memory:'), log: ({ sql }) => void told.push(sql) })
  await sql.raw('create table note (id integer primary key, owner integer, text text)').execute(plain)
  await sql.raw("insert into note values (1, 1, 'a'), (2, 2, 'b')").execute(plain)
  const { db, run } = ambientContext(plain.withPlugins([tenant({ column: 'owner', tables: ['note'] })]))
  const find = (id: number) =>
    (batched(db) as Any).selectFrom('note').select('text').where('id', '=', id).executeTakeFirst()
  told.length = 0
  const of = (owner: number) => run({ tenant: owner }, () => each([1, 2], find))
  expect(await Promise.all([of(1), of(2)])).toEqual([
    [{ text: 'a' }, undefined],
    [undefined, { text: 'b' }],
  ])
  expect(told).toHaveLength(2)
  await plain.destroy()
})

test('numbers of tables without definitions, and a collation that takes more for equal than is', async () => {
  const told: string[] = []
  const db = kanta<Any>({ driver: sqlite(':memory:'), log: ({ sql }) => void told.push(sql) })
  await sql.raw('create table word (id integer primary key, code text collate nocase, n text)').execute(db)
  await sql.raw("insert into word values (1, 'a', '1'), (2, 'A', '01'), (3, 'b', 'x')").execute(db)
  const find = (column: string, value: unknown) =>
    (batched(db) as Any).selectFrom('word').select('id').where(column, '=', value).orderBy('id').execute()
  told.length = 0
  expect(await each([1, 3, 9], (id) => find('id', id))).toEqual([[{ id: 1 }], [{ id: 3 }], []])
  expect(told).toHaveLength(1)
  expect(await each(['a', 'b'], (code) => find('code', code))).toEqual([[{ id: 1 }, { id: 2 }], [{ id: 3 }]])
  // Text that is compared with numbers is converted by the database.
  const alone = (n: number) => (db as Any).selectFrom('word').select('id').where('n', '=', n).execute()
  expect(await each([1, 2], (n) => find('n', n))).toEqual(await each([1, 2], alone))
  await db.destroy()
})
