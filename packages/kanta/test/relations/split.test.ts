import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { batch } from '../../src/dal/index.ts'
import { queryLog } from '../../src/debug/index.ts'
import { fromJSON, kanta, prepare, primaryKey, sql, table, toJSON } from '../../src/index.ts'
import { camelCase, createExecutor, tenant } from '../../src/plugins/index.ts'
import { many, one, relations } from '../../src/relations/index.ts'
import type { Ground } from '../tenant/ground.ts'
import { type Any, author, book, createTables, engines, memory, open } from './ground.ts'

const SPLIT = { load: 'split' } as const

/** The number of reads that `work` sends, and what it gives. */
async function counted(db: Any, work: (db: Any) => Promise<Any>): Promise<{ rows: Any; reads: string[] }> {
  const reads: string[] = []
  const logged = await createExecutor(db, [queryLog({ to: (entry) => reads.push(entry.sql) })] as Any)
  return { rows: await work(logged), reads }
}

describe.each(engines)("load: 'split' on $name", (engine: Ground) => {
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
    const people = Array.from({ length: 2_500 }, (_, i) => ({
      id: i + 1,
      name: `author ${i + 1}`,
      rank: i % 7,
      boss_id: i === 0 ? null : 1,
    }))
    await db.insertInto('author').values(people).execute()
    const books = Array.from({ length: 5_000 }, (_, i) => ({
      id: i + 1,
      author_id: (i % 2_500) + 1,
      title: `Book ${i + 1}`,
      rank: i % 5,
    }))
    await db.insertInto('book').values(books).execute()
    await db
      .insertInto('tag')
      .values([1, 2].map((id) => ({ id, name: `tag ${id}`, rank: id })))
      .execute()
    await db
      .insertInto('book_tag')
      .values([1, 2].map((tag_id) => ({ book_id: 1, tag_id, weight: 1 })))
      .execute()
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  test('1: gives the rows of one statement by two, with as many statements as there are lists of keys', async () => {
    const read = (options: object) => (db: Any) =>
      db
        .selectFrom('author')
        .select('name')
        .include('books as first', (b: Any) => b.select(['id', 'title']).orderBy('id').limit(1), options)
        .include('boss', (b: Any) => b.select('name'), { ...options, optional: true })
        .select('rank')
        .orderBy('id')
        .execute()
    const whole = await counted(db, read({}))
    const split = await counted(db, read(SPLIT))
    expect(split.rows).toEqual(whole.rows)
    expect(Object.keys(split.rows[0])).toEqual(['name', 'first', 'boss', 'rank'])
    expect(whole.reads).toHaveLength(1)
    // 2,500 authors by 1,000 keys, twice.
    expect(split.reads).toHaveLength(1 + 3 + 3)
  })

  test('whole numbers need no table but the one that points; what asks more of the owners reads them', async () => {
    const read = (change: (b: Any) => Any, options: object) => (db: Any) =>
      db.selectFrom('author').select('id').include('books', change, options).orderBy('id').limit(3).execute()
    const readsOwners = async (change: (b: Any) => Any): Promise<boolean> => {
      const whole = await counted(db, read(change, {}))
      const split = await counted(db, read(change, SPLIT))
      expect(split.rows).toEqual(whole.rows)
      return /author\W/.test(split.reads[1]!.replaceAll('author_id', ''))
    }
    expect(await readsOwners((b) => b.selectAll().orderBy('id'))).toBe(false)
    expect(await readsOwners((b) => b.select('title').orderBy('id').limit(1))).toBe(false)
    expect(
      await readsOwners((b) =>
        b
          .select('title')
          .orderBy('id')
          .include('author', (a: Any) => a.select('name')),
      ),
    ).toBe(true)
  })

  test('rows that several owners have are their own', async () => {
    const [, a, b] = (await db
      .selectFrom('author')
      .select('id')
      .include('boss', (boss) => boss.select('name'), SPLIT)
      .orderBy('id')
      .limit(3)
      .execute()) as Any[]
    expect(a.boss).toEqual(b.boss)
    expect(a.boss).not.toBe(b.boss)
  })

  test('5: a limit within counts the rows of each owner, with an offset, nested', async () => {
    const query = (options: object) =>
      db
        .selectFrom('author')
        .select('id')
        .include(
          'books',
          (b) =>
            b
              .select('id')
              .orderBy('id', 'desc')
              .limit(1)
              .offset(1)
              .include('tags', (t) => t.select('id').orderBy('id', 'desc').limit(1), options),
          options,
        )
        .where('author.id', '<', 3)
        .orderBy('id')
        .execute()
    const expected = [
      { id: 1, books: [{ id: 1, tags: [{ id: 2 }] }] },
      { id: 2, books: [{ id: 2, tags: [] }] },
    ]
    expect(await query({})).toEqual(expected)
    expect(await query(SPLIT)).toEqual(expected)
  })

  test('all columns are those of the related rows alone, also with a limit, many and through a table', async () => {
    const read = (options: object) =>
      (db as Any)
        .selectFrom('author')
        .select('id')
        .include('books as first', (b: Any) => b.selectAll().orderBy('id').limit(1), options)
        .include(
          'books',
          (b: Any) =>
            b
              .selectAll()
              .orderBy('id')
              .include('tags', (t: Any) => t.selectAll().orderBy('id'), options)
              .include('tags as top', (t: Any) => t.selectAll().orderBy('id', 'desc').limit(1), options),
          options,
        )
        .where('author.id', '<', 3)
        .orderBy('id')
        .execute()
    expect(await read(SPLIT)).toEqual(await read({}))
  })

  test('prepared, stored and taken first, it gives the same', async () => {
    const query = db
      .selectFrom('author')
      .select('id')
      .include('books', (b) => b.select('id').where('rank', '=', 1), SPLIT)
      .where('author.id', 'in', [2, 7])
      .orderBy('id')
    const rows = [
      { id: 2, books: [{ id: 2 }, { id: 2502 }] },
      { id: 7, books: [{ id: 7 }, { id: 2507 }] },
    ]
    expect(await query.execute()).toEqual(rows)
    expect(await query.executeTakeFirst()).toEqual(rows[0])
    expect(await fromJSON(db, JSON.stringify(toJSON(query))).execute()).toEqual(rows)
    const prepared = prepare(db, (slot: Any) =>
      (db as Any)
        .selectFrom('author')
        .select('id')
        .include('books', (b: Any) => b.select('id').where('rank', '=', slot('rank')), SPLIT)
        .where('author.id', 'in', [2, 7])
        .orderBy('id'),
    ) as Any
    expect(await prepared.execute({ rank: 1 })).toEqual(rows)
    expect((await prepared.execute({ rank: 0 })).flatMap((row: Any) => row.books)).toEqual([])
    await expect(prepared.execute({ rank: null })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  test('6: it reads one snapshot, and is refused where a transaction shows several', async () => {
    const query = (db: Any) =>
      db
        .selectFrom('author')
        .select('id')
        .include('books', (b: Any) => b.select('id').orderBy('id'), SPLIT)
        .where('author.id', '=', 1)
        .execute()
    const expected = [{ id: 1, books: [{ id: 1 }, { id: 2501 }] }]
    const level = engine.dialect === 'sqlite' ? 'serializable' : 'repeatable read'
    expect(await db.transaction().setIsolationLevel(level).execute(query)).toEqual(expected)
    const plain = db.transaction().execute(query)
    if (engine.dialect === 'sqlite') expect(await plain).toEqual(expected)
    else
      await expect(plain).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining("'repeatable read'"),
      })
    await expect(batch(db, [query as Any])).rejects.toThrow()
  })

  test('6: a row that another writes between the statements is not seen', async () => {
    if (engine.name !== 'postgres' && engine.name !== 'mariadb') return
    const other = open(place.driver())
    let writes = 0
    const racing = (await createExecutor(
      db as Any,
      [
        {
          name: 'racing',
          hooks: [
            {
              name: 'racing',
              around: async (_: Any, next: Any) => {
                const rows = await next()
                if (writes++ === 0) {
                  await other.insertInto('book').values({ id: 9_000, author_id: 2, title: 'late', rank: 0 }).execute()
                  await other
                    .updateTable('author')
                    .set({ id: 9_000 })
                    .where('id', '=', 2_500)
                    .execute()
                    .catch(() => {})
                }
                return rows
              },
            },
          ],
        },
      ] as Any,
    )) as Any
    const rows = await racing
      .selectFrom('author')
      .select('id')
      .include('books', (b: Any) => b.select('id').orderBy('id'), SPLIT)
      .where('author.id', '=', 2)
      .execute()
    await other.deleteFrom('book').where('id', '=', 9_000).execute()
    await other.destroy()
    expect(writes).toBe(2)
    expect(rows).toEqual([{ id: 2, books: [{ id: 2 }, { id: 2502 }] }])
  })

  test('4: policies hold in every statement', async () => {
    const only = (await createExecutor(
      db as Any,
      [tenant({ column: 'rank', tables: ['book'], shared: ['author', 'tag', 'book_tag'], context: 'rank' })] as Any,
    )) as Any
    const read = (options: object) =>
      only
        .as({ rank: 1 })
        .selectFrom('author')
        .select('id')
        .include('books', (b: Any) => b.select(['id', 'rank']).orderBy('id').limit(5), options)
        .orderBy('id')
        .limit(20)
        .execute()
    const rows = await read(SPLIT)
    expect(rows).toEqual(await read({}))
    expect(rows.flatMap((row: Any) => row.books).every((b: Any) => b.rank === 1)).toBe(true)
    expect(rows.flatMap((row: Any) => row.books).length).toBeGreaterThan(3)
  })

  test('a row that has to be there and is hidden is an error that names the relation', async () => {
    const only = (await createExecutor(
      db as Any,
      [tenant({ column: 'rank', tables: ['author'], shared: ['book'], context: 'rank' })] as Any,
    )) as Any
    const read = (options: object) =>
      only
        .as({ rank: 99 })
        .selectFrom('book')
        .select('book.id')
        .include('author', { ...SPLIT, ...options })
        .orderBy('id')
        .limit(2)
        .execute()
    await expect(read({})).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining("'author'") })
    expect((await read({ optional: true })).map((row: Any) => row.author)).toEqual([null, null])
  })

  test('names of columns are changed as everywhere', async () => {
    const changed = (await createExecutor(db as Any, [camelCase()] as Any)) as Any
    const read = (options: object) =>
      changed
        .selectFrom('book')
        .select(['id', 'authorId'])
        .include('author as theAuthor', (a: Any) => a.select(['id', 'bossId']), options)
        .where('id', '=', 2)
        .execute()
    expect(await read(SPLIT)).toEqual(await read({}))
    expect(await read(SPLIT)).toEqual([{ id: 2, authorId: 2, theAuthor: { id: 2, bossId: 1 } }])
  })
})

describe('keys', () => {
  const left = table(
    'left',
    (c) => ({ a: c.text(), b: c.bigint(), name: c.text() }),
    (t) => [primaryKey([t.a, t.b])],
  )
  const right = table('right', (c) => ({
    id: c.bytes().primaryKey(),
    a: c.text().nullable(),
    b: c.bigint().nullable(),
  }))
  const related = relations({
    right: { left: one(left, [right.a, right.b], { references: [left.a, left.b] }) },
    left: { rights: many(right, [right.a, right.b], { references: [left.a, left.b] }) },
  })

  test('of several columns, of bigints and of bytes find their rows', async () => {
    for (const engine of engines) {
      if (engine.missing !== undefined) continue
      const place = await engine.create()
      const db = kanta({ driver: place.driver() as Any, schema: { left, right, related } }) as Any
      if (engine.name === 'mariadb') {
        // Texts are no keys there without a length.
        await sql`create table \`left\` (a varchar(20) collate utf8mb4_general_ci, b bigint, name text, primary key (a, b))`.execute(
          db,
        )
        await sql`create table \`right\` (id varbinary(20) primary key, a varchar(20) collate utf8mb4_general_ci, b bigint)`.execute(
          db,
        )
      } else for (const each of [left, right]) await db.schema.createTable(each).execute()
      const big = 2n ** 62n
      await db
        .insertInto('left')
        .values([
          { a: 'x', b: big, name: 'one' },
          { a: 'x', b: big + 1n, name: 'two' },
        ])
        .execute()
      await db
        .insertInto('right')
        .values([
          { id: Uint8Array.of(0, 255), a: 'x', b: big },
          { id: Uint8Array.of(1), a: 'X', b: big + 1n },
          { id: Uint8Array.of(2), a: 'x', b: null },
        ])
        .execute()
      for (const options of [{}, SPLIT]) {
        const rights = await db
          .selectFrom('right')
          .select('b')
          .include('left', (l: Any) => l.select('name'), { ...options, optional: true })
          .orderBy('id')
          .execute()
        // What is equal is what the database holds for equal: here one that does not see case.
        const two = engine.name === 'mariadb' ? { name: 'two' } : null
        expect(rights, engine.name).toEqual([
          { b: big, left: { name: 'one' } },
          { b: big + 1n, left: two },
          { b: null, left: null },
        ])
        const lefts = await db
          .selectFrom('left')
          .select('name')
          .include('rights', (r: Any) => r.select('b').orderBy('id'), options)
          .orderBy('name')
          .execute()
        expect(lefts, engine.name).toEqual([
          { name: 'one', rights: [{ b: big }] },
          { name: 'two', rights: two === null ? [] : [{ b: big + 1n }] },
        ])
      }
      await db.destroy()
      await place.drop()
    }
  })
})

describe('wrong calls', () => {
  const db = open(memory()) as Any
  const query = () =>
    db
      .selectFrom('author')
      .select('id')
      .include('books', (b: Any) => b.select('id'), SPLIT)
  const include = (change: (b: Any) => Any) => db.selectFrom('author').select('id').include('books', change, SPLIT)

  test('say what the query has to leave out', async () => {
    const said = async (work: () => Any): Promise<string> => {
      try {
        await work()
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_input' })
        return (error as Error).message
      }
      throw new Error('it ran')
    }
    expect(await said(() => query().compile())).toMatchInlineSnapshot(
      `"compile() takes one statement, and { load: 'split' } makes several of the query. Leave { load } out."`,
    )
    expect(await said(() => query().stream().next())).toMatchInlineSnapshot(
      `"stream() takes one statement, and { load: 'split' } makes several of the query. Leave { load } out."`,
    )
    expect(await said(() => query().explain())).toMatchInlineSnapshot(
      `"include('books', …, { load: 'split' }) reads by a statement of its own, so it stands in the query that runs, or in another such include() of it. Leave { load } out here."`,
    )
    expect(await said(() => db.selectFrom(query().as('q')).selectAll().execute())).toMatchInlineSnapshot(
      `"include('books', …, { load: 'split' }) reads by a statement of its own, so it stands in the query that runs, or in another such include() of it. Leave { load } out here."`,
    )
    expect(await said(() => query().distinct().execute())).toMatchInlineSnapshot(
      `"include('books', …, { load: 'split' }) finds its rows by the key of each row, so the query cannot group rows, add those of another or leave out equal ones. Leave { load } out."`,
    )
    expect(await said(() => query().union(db.selectFrom('author').select('id')).execute())).toMatchInlineSnapshot(
      `"include('books', …, { load: 'split' }) finds its rows by the key of each row, so the query cannot group rows, add those of another or leave out equal ones. Leave { load } out."`,
    )
    expect(
      await said(() =>
        db
          .selectFrom('author')
          .include('books', (b: Any) => b.include('tags', SPLIT))
          .execute(),
      ),
    ).toMatchInlineSnapshot(
      `"include('tags', …, { load: 'split' }) reads by a statement of its own, so it stands in the query that runs, or in another such include() of it. Leave { load } out here."`,
    )
    expect(
      await said(() => include((b) => b.select((eb: Any) => eb.fn.countAll().as('n'))).execute()),
    ).toMatchInlineSnapshot(
      `"include('books', …, { load: 'split' }) takes columns, joins, conditions, an order and a limit. For what is computed over several rows leave { load } out."`,
    )
    expect(await said(() => include((b) => b.select('id').distinct().limit(1)).execute())).toMatchInlineSnapshot(
      `"include('books', …, { load: 'split' }) takes columns, joins, conditions, an order and a limit. For what is computed over several rows leave { load } out."`,
    )
    expect(await said(() => db.selectFrom('author').include('books', { load: 'join' }))).toMatchInlineSnapshot(
      `"include('books', …, { load: "join" }): the only other way to load is 'split'."`,
    )
    expect(await said(() => db.selectFrom('author as a').include('book', SPLIT).execute())).toMatchInlineSnapshot(
      `"'author' has no relation 'book'. It has: books, edited, boss, staff, profile."`,
    )
  })

  test('of a table without a primary key', async () => {
    const bare = table('bare', (c) => ({ author_id: c.integer().references(() => author.id) }))
    const keyless = kanta({
      driver: memory(),
      schema: { author, bare, book, related: relations({ bare: { author: one(author, bare.author_id) } }) },
    }) as Any
    await expect(keyless.selectFrom('bare').include('author', SPLIT).execute()).rejects.toThrow(/primary key of 'bare'/)
  })
})
