import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromJSON, kanta, prepare, primaryKey, table, toJSON } from '../../src/index.ts'
import { createExecutor, tenant } from '../../src/plugins/index.ts'
import { many, one, relations } from '../../src/relations/index.ts'
import type { Ground } from '../tenant/ground.ts'
import { type Any, author, book, book_tag, createTables, engines, memory, open, tag } from './ground.ts'

describe.each(engines)('relations on $name', (engine: Ground) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<Ground['create']>>
  let db: ReturnType<typeof open>
  beforeAll(async () => {
    place = await engine.create()
    db = open(place.driver())
    await createTables(db)
    const people = [
      { id: 1, name: 'Ada', rank: 1, boss_id: null },
      { id: 2, name: 'Bob', rank: 2, boss_id: 1 },
      { id: 3, name: 'Cy', rank: 3, boss_id: 1 },
    ]
    await db.insertInto('author').values(people).execute()
    const books = [1, 2, 3, 4].map((id) => ({ id, author_id: (id % 2) + 1, title: `Book ${id}`, rank: 5 - id }))
    await db.insertInto('book').values(books).execute()
    await db
      .insertInto('tag')
      .values([1, 2].map((id) => ({ id, name: `tag ${id}`, rank: id })))
      .execute()
    const links = [
      [1, 1],
      [1, 2],
      [2, 2],
    ].map(([book_id, tag_id]) => ({ book_id: book_id!, tag_id: tag_id!, weight: 1 }))
    await db.insertInto('book_tag').values(links).execute()
    await db.insertInto('profile').values({ id: 1, author_id: 2, text: 'of Bob', rank: 1 }).execute()
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  test('2: several to-many relations never multiply; without rows they are empty, and without a key null', async () => {
    const rows = await db
      .selectFrom('author')
      .select('name')
      .include('books', (rows) => rows.select('title').orderBy('id'))
      .include('staff', (rows) => rows.select('author.name').orderBy('id'))
      .include('boss', (rows) => rows.select('name'))
      .orderBy('id')
      .execute()
    expect(rows).toEqual([
      {
        name: 'Ada',
        books: [{ title: 'Book 2' }, { title: 'Book 4' }],
        staff: [{ name: 'Bob' }, { name: 'Cy' }],
        boss: null,
      },
      { name: 'Bob', books: [{ title: 'Book 1' }, { title: 'Book 3' }], staff: [], boss: { name: 'Ada' } },
      { name: 'Cy', books: [], staff: [], boss: { name: 'Ada' } },
    ])
  })

  test('3: a row whose columns are all null is a row', async () => {
    const [row] = await db
      .selectFrom('author')
      .select('id')
      .include('books', (rows) => rows.select(['price', 'sold']).limit(1))
      .where('id', '=', 1)
      .execute()
    expect(row).toEqual({ id: 1, books: [{ price: null, sold: null }] })
  })

  test('5: a limit of the query counts its own rows, and one within counts those of each', async () => {
    const rows = await db
      .selectFrom('author')
      .select('id')
      .include('books', (rows) => rows.select('id').orderBy('rank').limit(1))
      .orderBy('id')
      .limit(2)
      .execute()
    expect(rows).toEqual([
      { id: 1, books: [{ id: 4 }] },
      { id: 2, books: [{ id: 3 }] },
    ])
  })

  test('counts, aggregates, exists, and orders by related rows', async () => {
    const rows = await db
      .selectFrom('author')
      .select((eb) => [
        'name',
        eb.related('books').count().as('books'),
        eb
          .related('books')
          .select((b) => b.fn.max('rank').as('top'))
          .$asScalar()
          .as('top'),
      ])
      .where((eb) => eb.exists(eb.related('books').where('rank', '>', 0)))
      .orderBy((eb) => eb.related('books').where('rank', '>', 3).count(), 'desc')
      .orderBy('id')
      .limit(5)
      .execute()
    expect(rows).toEqual([
      { name: 'Bob', books: 2, top: 4 },
      { name: 'Ada', books: 2, top: 3 },
    ])
  })

  test('many through a table: a row once, in both directions', async () => {
    const rows = await db
      .selectFrom('tag')
      .select('name')
      .include('books', (rows) =>
        rows
          .select('id')
          .orderBy('id')
          .include('tags', (t) => t.select('id').orderBy('id')),
      )
      .orderBy('id')
      .execute()
    expect(rows).toEqual([
      { name: 'tag 1', books: [{ id: 1, tags: [{ id: 1 }, { id: 2 }] }] },
      {
        name: 'tag 2',
        books: [
          { id: 1, tags: [{ id: 1 }, { id: 2 }] },
          { id: 2, tags: [{ id: 2 }] },
        ],
      },
    ])
  })

  test('the row that points here is one where its column is unique', async () => {
    const rows = await db
      .selectFrom('author')
      .select('id')
      .include('profile', (p) => p.select('text'))
      .orderBy('id')
      .execute()
    expect(rows.map((row) => row.profile)).toEqual([null, { text: 'of Bob' }, null])
  })

  test('an order by what is computed adds no column', async () => {
    const rows = await db
      .selectFrom('author')
      .selectAll()
      .include('books', (rows) => rows.select('id').orderBy('id'))
      .orderBy((eb) => eb('id', '*', -1))
      .limit(2)
      .offset(1)
      .execute()
    expect(rows).toEqual([
      { id: 2, name: 'Bob', rank: 2, boss_id: 1, books: [{ id: 1 }, { id: 3 }] },
      { id: 1, name: 'Ada', rank: 1, boss_id: null, books: [{ id: 2 }, { id: 4 }] },
    ])
  })

  test('conditions of updates and deletes name relations of their table', async () => {
    const renamed = await db
      .updateTable('author')
      .set({ rank: 9 })
      .where((eb: Any) => eb.exists(eb.related('profile')))
      .executeTakeFirstOrThrow()
    expect(Number(renamed.numUpdatedRows)).toBe(1)
    expect(await db.selectFrom('author').select('id').where('rank', '=', 9).execute()).toEqual([{ id: 2 }])
  })

  test('prepared, stored, compiled and streamed, it gives the same', async () => {
    const query = db
      .selectFrom('author')
      .select('name')
      .include('books as titles', (rows) => rows.select('title').where('rank', '>', 1).orderBy('id'))
      .orderBy('id')
    const rows = await query.execute()
    expect(rows[0]).toEqual({ name: 'Ada', titles: [{ title: 'Book 2' }] })
    expect(await fromJSON(db, JSON.stringify(toJSON(query))).execute()).toEqual(rows)
    expect((await db.executeQuery(query.compile())).rows).toEqual(rows)
    const streamed: unknown[] = []
    for await (const row of query.stream()) streamed.push(row)
    expect(streamed).toEqual(rows)
    const least = prepare(db, (slot: Any) =>
      db
        .selectFrom('author')
        .select('name')
        .include('books as titles', (books: Any) =>
          books.select('title').where('rank', '>', slot('rank')).orderBy('id'),
        )
        .orderBy('id'),
    ) as Any
    expect(await least.execute({ rank: 1 })).toEqual(rows)
  })

  test('4: policies hold in what is included, in the table between, in counts and conditions', async () => {
    const tables = ['author', 'book', 'tag', 'book_tag'] as const
    const columns = { author: 'rank', book: 'rank', tag: 'rank', book_tag: 'weight' }
    for (const hidden of tables) {
      const only = await createExecutor(
        db as Any,
        [
          tenant({
            column: columns[hidden],
            tables: [hidden],
            shared: tables.filter((t) => t !== hidden),
            context: 'rank',
          }),
        ] as Any,
      )
      const read = (rank: number) =>
        (only as Any)
          .as({ rank })
          .selectFrom('author')
          .select((eb: Any) => ['author.id', eb.related('books').count().as('count')])
          .include('books', (b: Any) =>
            b
              .select('book.id')
              .orderBy('book.id')
              .include('tags', (t: Any) => t.select('tag.id')),
          )
          .orderBy('author.id')
          .execute()
      const all = await read(99)
      if (hidden === 'author') expect(all).toEqual([])
      else {
        expect(all).toHaveLength(3)
        const books = all.flatMap((row: Any) => row.books)
        if (hidden === 'book') expect([books, all.map((row: Any) => row.count)]).toEqual([[], [0, 0, 0]])
        else expect(books.flatMap((row: Any) => row.tags)).toEqual([])
      }
    }
  })

  test('a row that has to be there and is hidden is an error that names the relation', async () => {
    const only = await createExecutor(
      db as Any,
      [tenant({ column: 'rank', tables: ['author'], shared: ['book', 'tag', 'book_tag'], context: 'rank' })] as Any,
    )
    const tags = (only as Any).as({ rank: 99 }).selectFrom('tag')
    await expect(tags.include('books', (b: Any) => b.include('author')).execute()).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining("'author'"),
    })
    const books = (options: object) =>
      (only as Any).as({ rank: 99 }).selectFrom('book').select('book.id').include('author', options).execute()
    await expect(books({})).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining("'author'") })
    expect((await books({ optional: true })).map((row: Any) => row.author)).toEqual([null, null, null, null])
  })
})

describe('declarations', () => {
  const left = table(
    'left',
    (c) => ({ a: c.integer(), b: c.integer(), text: c.text() }),
    (t) => [primaryKey([t.a, t.b])],
  )
  const right = table('right', (c) => ({
    id: c.integer().primaryKey(),
    a: c.integer().nullable(),
    b: c.integer().nullable(),
    text: c.text(),
  }))
  const declare =
    (of: Any): (() => unknown) =>
    () =>
      relations(of)

  test('are checked when they are made', () => {
    expect(declare({ book: { author: one(author, book.title) } })).toThrow(
      "'book.title' (text) with 'author.id' (integer)",
    )
    expect(declare({ author: { book: one(book, book.author_id) } })).toThrow('not unique')
    expect(declare({ author: { tags: many(tag, { through: book_tag }) } })).toThrow("no foreign key to 'author'")
    expect(declare({ tag: { books: many(book, book.author_id) } })).toThrow('finds no foreign key')
    expect(declare({ author: { books: many(book, tag.id) } })).toThrow('a column of neither table')
    expect(declare({ right: { left: one(left, right.a) } })).toThrow("the key of 'left' has 2")
    expect(declare({ author: { books: 1 } })).toThrow('Make it by one() or many()')
    expect(() => one({} as Any, book.author_id)).toThrow('takes a table() value')
    expect(() => many(book, book.author_id, { reference: author.id } as Any)).toThrow("Did you mean 'references'?")
  })

  test('of keys of several columns match nothing where one of them is null', async () => {
    const related = relations({
      right: { left: one(left, [right.a, right.b]) },
      left: { rights: many(right, [right.a, right.b], { references: [left.a, left.b] }) },
    })
    await using db = kanta({ driver: memory(), schema: { left, right, related } })
    for (const each of [left, right]) await db.schema.createTable(each).execute()
    await db.insertInto('left').values({ a: 1, b: 2, text: 'x' }).execute()
    await db
      .insertInto('right')
      .values([
        { id: 1, a: 1, b: 2, text: 'both' },
        { id: 2, a: 1, b: null, text: 'half' },
      ])
      .execute()
    expect(
      await db
        .selectFrom('right')
        .select('id')
        .include('left', (l) => l.select('text'))
        .orderBy('id')
        .execute(),
    ).toEqual([
      { id: 1, left: { text: 'x' } },
      { id: 2, left: null },
    ])
    expect(
      await db
        .selectFrom('left')
        .select('a')
        .include('rights', (r) => r.select('id'))
        .execute(),
    ).toEqual([{ a: 1, rights: [{ id: 1 }] }])
  })

  test('of a table with itself by way of another name their columns', async () => {
    const person = table('person', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
    const knows = table(
      'knows',
      (c) => ({ who: c.integer().references(() => person.id), whom: c.integer().references(() => person.id) }),
      (t) => [primaryKey([t.who, t.whom])],
    )
    expect(declare({ person: { friends: many(person, { through: knows }) } })).toThrow('several foreign keys')
    const related = relations({
      person: {
        friends: many(person, { through: knows, from: knows.who, to: knows.whom }),
        fans: many(person, { through: knows, from: knows.whom, to: knows.who }),
      },
    })
    await using db = kanta({ driver: memory(), schema: { person, knows, related } })
    for (const each of [person, knows]) await db.schema.createTable(each).execute()
    await db
      .insertInto('person')
      .values([1, 2, 3].map((id) => ({ id, name: `p${id}` })))
      .execute()
    await db
      .insertInto('knows')
      .values([
        { who: 1, whom: 2 },
        { who: 3, whom: 2 },
      ])
      .execute()
    const rows = await db
      .selectFrom('person')
      .select('id')
      .include('friends', (p) =>
        p
          .select('person.id')
          .where('person.id', '>', 0)
          .include('fans', (f) => f.select('id').orderBy('id')),
      )
      .include('fans', (p) => p.select('person.id').orderBy('person.id'))
      .orderBy('id')
      .execute()
    expect(rows).toEqual([
      { id: 1, friends: [{ id: 2, fans: [{ id: 1 }, { id: 3 }] }], fans: [] },
      { id: 2, friends: [], fans: [{ id: 1 }, { id: 3 }] },
      { id: 3, friends: [{ id: 2, fans: [{ id: 1 }, { id: 3 }] }], fans: [] },
    ])
  })
})

describe('wrong calls', () => {
  const db: Any = open(memory())

  test('name the relation and the way out', async () => {
    const fails = (query: Any) => expect(() => query.compile())
    fails(db.selectFrom('book').select('id').include('tag')).toThrow(
      "'book' has no relation 'tag'. It has: author, editor, tags.",
    )
    fails(db.selectFrom('tag').select((eb: Any) => eb.related('author').count().as('n'))).toThrow(
      "no relation 'author'",
    )
    fails(
      db
        .selectFrom('book')
        .select('id')
        .include('author', (a: Any) => a.where('id', '>', 1)),
    ).toThrow('{ optional: true }')
    fails(
      db
        .selectFrom('author')
        .select('id')
        .include('books', (b: Any) => b.select('nothing')),
    ).toThrow('nothing')
    expect(() => db.selectFrom('book').include('author', { optimal: true })).toThrow("Did you mean 'optional'?")
    expect(() => db.selectFrom('book').include(7)).toThrow('a relation')
    expect(() => db.selectFrom('book').include('tags as a as b')).toThrow('two other names')
    expect(() => db.selectFrom('book').include('author', () => undefined)).toThrow('The callback of include()')
    expect(() => db.selectFrom('book').limit(1).count()).toThrow('count()')
    expect(() => db.selectFrom('book').fetch(1).count()).toThrow('count() stands before fetch')
    expect(() => db.selectFrom('book').top(1).count()).toThrow('count() stands before top')
    expect(() => db.selectFrom('book').distinctOn('id').count()).toThrow('count() stands before distinctOn')
    expect(() => db.selectFrom('book').include('author', () => db.selectFrom('author').select('id'))).toThrow(
      "The callback of include('author') gave another query.",
    )
  })

  test('a table that stands nearer and has the name of the table around would be related to itself', () => {
    const joined = (name: string) =>
      db
        .selectFrom('author')
        .select('id')
        .include('books', (b: Any) => b.innerJoin(name, 'a.id', 'book.author_id').select('book.title'))
    expect(() => joined('author as a').compile()).not.toThrow()
    const shadowing = db
      .selectFrom('author')
      .select('id')
      .include('books', (b: Any) => b.innerJoin('author', 'author.id', 'book.author_id').select('book.title'))
    const nearer = db.selectFrom('author as a').select((eb: Any) =>
      eb
        .selectFrom('tag as a')
        .select((e: Any) => e.related('staff').count().as('n'))
        .as('n'),
    )
    for (const query of [shadowing, nearer])
      expect(() => query.compile()).toThrow('a table that stands nearer has that name, too')
  })

  test('a common table expression that takes the name of a table has no relations, and is none', () => {
    const named = (name: string) => db.with(name, (d: Any) => d.selectFrom('profile').select(['id', 'rank']))
    const books = (from: Any) => from.selectFrom('author').select('author.id').include('books').compile()
    expect(() => books(named('author'))).toThrow("no relation 'books'")
    expect(() => books(named('book'))).toThrow("reads 'book', a name that with() gives to a query")
    expect(() => books(named('other'))).not.toThrow()
    expect(() => named('book_tag').selectFrom('book').select('id').include('tags').compile()).toThrow(
      "reads 'book_tag'",
    )
  })

  test('on a database without relations say where they are declared', () => {
    const bare: Any = kanta({ driver: memory(), schema: { author } })
    expect(() => bare.selectFrom('author').select('id').include('books').compile()).toThrow(
      "No relation 'books' is known here. Give relations() in the schema of kanta().",
    )
    expect(() => kanta({ driver: memory(), schema: { author, a: relations({}), b: relations({}) } })).toThrow('twice')
  })
})
