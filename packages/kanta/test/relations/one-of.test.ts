import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { fromJSON, index, kanta, table, toJSON } from '../../src/index.ts'
import { camelCase, createExecutor, tenant } from '../../src/plugins/index.ts'
import { many, one, oneOf, relations } from '../../src/relations/index.ts'
import { repository } from '../../src/repository/index.ts'
import type { Ground } from '../tenant/ground.ts'
import { type Any, engines, memory } from './ground.ts'

const book = table('book', (c) => ({ id: c.integer().primaryKey(), title: c.text(), price: c.decimal(8, 2) }))
const photo = table('photo', (c) => ({ id: c.integer().primaryKey(), taken: c.timestamp().nullable() }))
const comment = table(
  'comment',
  (c) => ({
    id: c.integer().primaryKey(),
    subject_kind: c.varchar(20),
    subject_id: c.integer().nullable(),
    text: c.varchar(50),
  }),
  (t) => [index([t.subject_id])],
)
const related = relations({
  comment: {
    subject: oneOf(comment.subject_kind, {
      book: one(book, comment.subject_id),
      photo: one(photo, comment.subject_id),
    }),
  },
  book: { comments: many(comment, comment.subject_id, { references: book.id, where: [comment.subject_kind, 'book'] }) },
  photo: {
    comments: many(comment, comment.subject_id, { references: photo.id, where: [comment.subject_kind, 'photo'] }),
  },
})
const tables = [book, photo, comment] as const
const open = (driver: Any) => kanta({ driver, schema: { book, photo, comment, related } })

describe.each(engines)('one of several tables on $name', (engine: Ground) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<Ground['create']>>
  let db: ReturnType<typeof open>
  const taken = new Date('2024-02-29T12:00:00.123Z')
  beforeAll(async () => {
    place = await engine.create()
    db = open(place.driver())
    for (const each of tables) await db.schema.createTable(each).execute()
    await db.insertInto('book').values({ id: 1, title: 'Kalevala', price: '12.50' }).execute()
    await db
      .insertInto('photo')
      .values([
        { id: 1, taken },
        { id: 2, taken: null },
      ])
      .execute()
    await db
      .insertInto('comment')
      .values([
        { id: 1, subject_kind: 'book', subject_id: 1, text: 'a' },
        { id: 2, subject_kind: 'photo', subject_id: 1, text: 'b' },
        { id: 3, subject_kind: 'photo', subject_id: 2, text: 'c' },
        { id: 4, subject_kind: 'book', subject_id: null, text: 'd' },
        { id: 5, subject_kind: 'song', subject_id: 1, text: 'e' },
      ])
      .execute()
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  test('the row comes with what tells its table, read by the columns of that table', async () => {
    const rows = await db.selectFrom('comment').select('id').include('subject').orderBy('id').execute()
    expect(rows).toEqual([
      { id: 1, subject: { subject_kind: 'book', id: 1, title: 'Kalevala', price: '12.50' } },
      { id: 2, subject: { subject_kind: 'photo', id: 1, taken } },
      { id: 3, subject: { subject_kind: 'photo', id: 2, taken: null } },
      { id: 4, subject: null },
      { id: 5, subject: null },
    ])
    const subject = rows[0]!.subject
    expectTypeOf(subject).toEqualTypeOf<
      | { subject_kind: 'book'; id: number; title: string; price: string }
      | { subject_kind: 'photo'; id: number; taken: Date | null }
      | null
    >()
    if (subject?.subject_kind === 'book') expectTypeOf(subject.title).toEqualTypeOf<string>()
  })

  test('each table is a relation of its own, and the rows that point back are those of their table alone', async () => {
    const rows = await db
      .selectFrom('comment')
      .select('id')
      .include('subject.book as book', (b) => b.select('title'))
      .where((eb) => eb.exists(eb.related('subject.photo')))
      .orderBy('id')
      .execute()
    expect(rows).toEqual([
      { id: 2, book: null },
      { id: 3, book: null },
    ])
    for (const options of [{}, { load: 'split' as const }]) {
      const books = await db
        .selectFrom('book')
        .select('id')
        .include('comments', (c) => c.select('text').orderBy('id'), options)
        .execute()
      expect(books).toEqual([{ id: 1, comments: [{ text: 'a' }] }])
      const comments = await db
        .selectFrom('comment')
        .select('id')
        .include('subject.photo as photo', (p) => p.select('id'), options)
        .orderBy('id')
        .limit(3)
        .execute()
      expect(comments.map((row) => row.photo)).toEqual([null, { id: 1 }, { id: 2 }])
    }
    const photos = await db
      .selectFrom('photo')
      .select((eb) => ['id', eb.related('comments').count().as('comments')])
      .orderBy('id')
      .execute()
    expect(photos).toEqual([
      { id: 1, comments: 1 },
      { id: 2, comments: 1 },
    ])
  })

  test('within another include, stored, and with names that are changed', async () => {
    const query = db
      .selectFrom('photo')
      .select('id')
      .include('comments', (c) => c.select('text').include('subject').orderBy('id'))
      .where('id', '=', 1)
    const expected = [{ id: 1, comments: [{ text: 'b', subject: { subject_kind: 'photo', id: 1, taken } }] }]
    expect(await query.execute()).toEqual(expected)
    expect(await fromJSON(db, JSON.stringify(toJSON(query))).execute()).toEqual(expected)
    const changed = (await createExecutor(db as Any, [camelCase()] as Any)) as Any
    expect(await changed.selectFrom('comment').select('id').include('subject').where('id', '=', 1).execute()).toEqual([
      { id: 1, subject: { subjectKind: 'book', id: 1, title: 'Kalevala', price: '12.50' } },
    ])
  })

  test('policies hold for each of the tables', async () => {
    const only = (await createExecutor(
      db as Any,
      [tenant({ column: 'id', tables: ['photo'], shared: ['book', 'comment'], context: 'photo' })] as Any,
    )) as Any
    const rows = await only
      .as({ photo: 2 })
      .selectFrom('comment')
      .select('id')
      .include('subject')
      .orderBy('id')
      .execute()
    expect(rows.map((row: Any) => row.subject?.id ?? null)).toEqual([1, null, 2, null, null])
  })

  test('nested writes set the column that tells the table', async () => {
    const trial = db.transaction().execute(async (trx) => {
      const comments = repository(trx, comment) as Any
      const made = await comments.create({ id: 10, text: 'new', 'subject.photo': { connect: { id: 2 } } })
      expect(made).toMatchObject({ subject_kind: 'photo', subject_id: 2 })
      const moved = await comments.update(10, { 'subject.book': { connect: { id: 1 } } })
      expect(moved).toMatchObject({ subject_kind: 'book', subject_id: 1 })
      // What is no photo keeps what it is.
      expect(await comments.update(10, { 'subject.photo': { set: null } })).toMatchObject({ subject_id: 1 })
      const books = repository(trx, book) as Any
      await books.update(1, { comments: { create: [{ id: 11, text: 'by book' }] } })
      expect(await comments.getById(11)).toMatchObject({ subject_kind: 'book', subject_id: 1 })
      await books.update(1, { comments: { set: [{ id: 11 }] } })
      expect(await comments.getById(2)).toMatchObject({ subject_kind: 'photo', subject_id: 1 })
      expect(await comments.getById(1)).toMatchObject({ subject_kind: 'book', subject_id: null })
      throw new Error('back')
    })
    await expect(trial).rejects.toThrow('back')
  })
})

describe('declarations', () => {
  test('a row that has to be there and is not is an error', async () => {
    const strict = table('strict', (c) => ({ id: c.integer().primaryKey(), kind: c.varchar(9), book_id: c.integer() }))
    const its = relations({ strict: { subject: oneOf(strict.kind, { book: one(book, strict.book_id) }) } })
    const other = kanta({ driver: memory(), schema: { strict, book, its } })
    for (const each of [strict, book]) await other.schema.createTable(each).execute()
    await other.insertInto('strict').values({ id: 1, kind: 'book', book_id: 77 }).execute()
    const query = (options: object) => other.selectFrom('strict').include('subject', options).execute()
    await expect(query({})).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining("'subject'") })
    expect(await query({ optional: true })).toEqual([{ subject: null }])
    await other.destroy()
  })

  const declared = (of: object) => () => relations({ comment: of as Any })
  test('are checked', () => {
    expect(declared({ subject: oneOf(book.title as Any, { book: one(book, comment.subject_id) }) })).toThrow(
      /goes by 'title', a column of 'book'/,
    )
    expect(
      declared({
        subject: oneOf(comment.subject_kind, {
          text: many(comment, comment.subject_id, { references: comment.id }) as Any,
        }),
      }),
    ).toThrow(/'text' has to be one\(\)/)
    expect(() => oneOf(comment.subject_kind, {})).toThrow(/takes an object/)
    expect(declared({ subject: one(book, comment.subject_id, { where: [book.title as Any, 'x'] }) })).toThrow(
      /no column of 'comment'/,
    )
    expect(declared({ subject: one(book, comment.subject_id, { where: 'book' as Any }) })).toThrow(
      /a column and its value/,
    )
  })

  test('misuse says what to name', async () => {
    const db = open(memory()) as Any
    await expect(
      db
        .selectFrom('comment')
        .select((eb: Any) => eb.related('subject').count().as('n'))
        .execute(),
    ).rejects.toThrow("such as 'subject.book'")
    await expect(
      db
        .selectFrom('comment')
        .include('subject', (s: Any) => s.select('id'))
        .execute(),
    ).rejects.toThrow("include 'subject.…' by itself")
    await expect(db.selectFrom('comment').include('subject', { load: 'split' }).execute()).rejects.toMatchObject({
      code: 'invalid_input',
    })
    await db.destroy()
  })
})
