import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { check, foreignKey, kanta, primaryKey, sql, table } from '../../src/index.ts'
import { factory } from '../../src/testing/index.ts'
import { engines } from '../relations/ground.ts'
import type { Any } from '../tenant/ground.ts'

const author = table(
  'author',
  (c) => ({
    id: c.integer().primaryKey(),
    name: c.varchar(40),
    email: c.varchar(60).unique(),
    born: c.integer(),
    died: c.integer(),
  }),
  () => [check('lives', sql`born < died`)],
)
const book = table('book', (c) => ({
  id: c.integer().primaryKey(),
  author_id: c.integer().references(() => author.id),
  editor_id: c
    .integer()
    .nullable()
    .references(() => author.id),
  title: c.varchar(40),
  price: c.decimal(10, 2),
  state: c.enum(['draft', 'published']).default('draft'),
  note: c.text().nullable(),
}))
const page = table(
  'page',
  (c) => ({ book_id: c.integer().references(() => book.id), number: c.integer(), text: c.text() }),
  (t) => [primaryKey([t.book_id, t.number])],
)
const note = table(
  'note',
  (c) => ({ id: c.uuid().primaryKey(), book_id: c.integer(), number: c.integer() }),
  (t) => [foreignKey([t.book_id, t.number], () => [page.book_id, page.number])],
)
const schema = { author, book, page, note }

describe.each(engines)('$name', (engine) => {
  describe.skipIf(engine.missing !== undefined)('factory()', () => {
    const open = (driver: Any) => kanta({ driver, schema })
    let place: Any
    let db: ReturnType<typeof open>
    beforeAll(async () => {
      place = await engine.create()
      db = open(place.driver())
      for (const each of Object.values(schema)) await db.schema.createTable(each).execute()
    })
    afterAll(async () => {
      await db?.destroy()
      await place?.drop()
    })

    test('rows with the parents that they need', async () => {
      const books = factory(db, book, { title: (n) => `Book ${n}` })
      const made = await books.create({ author: { name: 'Ada' } })
      expectTypeOf(made.title).toBeString()
      expect(made).toMatchObject({ title: 'Book 1', state: 'draft', editor_id: null, note: null })
      expect(made.price).toMatch(/^\d+\.\d\d$/)
      const [ada] = await db.selectFrom('author').selectAll().where('id', '=', made.author_id).execute()
      expect(ada!.name).toBe('Ada')
      expect(ada!.born).toBeLessThan(ada!.died)
      const other = await books.create({ author_id: made.author_id, editor: { name: 'Eve' } })
      expect(other).toMatchObject({ title: 'Book 2', author_id: made.author_id })
      expect(other.editor_id).not.toBeNull()
    })

    test('parents of parents, and keys of several columns', async () => {
      const made = await factory(db, note).create()
      const [its] = await db.selectFrom('page').selectAll().where('book_id', '=', made.book_id).execute()
      expect(its).toMatchObject({ book_id: made.book_id, number: made.number })
      const pages = await factory(db, page).createMany(3, (n) => ({ book_id: made.book_id, number: 100 + n }))
      expect(pages.map(({ number }) => number)).toEqual([101, 102, 103])
    })

    test('traits, many rows, and rows that are not written', async () => {
      const writers = factory(db, author, { name: (n) => `Writer ${n}` })
      const books = factory(
        db,
        book,
        { title: (n) => `B${n}`, price: '1.00' },
        { traits: { out: { state: 'published' }, free: { price: '0.00' } }, parents: { author: writers } },
      )
      const made = await books.with('out', 'free').createMany(2, { note: 'x' })
      expect(made).toMatchObject([
        { title: 'B1', state: 'published', price: '0.00', note: 'x' },
        { title: 'B2', state: 'published' },
      ])
      const [first] = await db.selectFrom('author').select('name').where('id', '=', made[0]!.author_id).execute()
      expect(first!.name).toBe('Writer 1')
      const before = await db.selectFrom('book').selectAll().execute()
      expect(books.build({ price: '2.50' })).toEqual({ title: 'B3', price: '2.50' })
      expect(await db.selectFrom('book').selectAll().execute()).toHaveLength(before.length)
    })

    test('names that do not exist are refused', async () => {
      const books = factory(db, book)
      await expect(books.create({ titel: 'x' } as Any)).rejects.toThrow("Unknown name 'titel' in the values")
      expect(() => books.create(5 as Any)).toThrow("for 'book' takes an object of values, not 5")
      await expect(books.create({ author: 5 } as Any)).rejects.toThrow("for 'author' takes an object of values, not 5")
      expect(() => factory(db, book, {}, { parents: { autor: books } })).toThrow("'autor', which is no table")
      expect(() => factory(db, book, {}, { parents: { book: 5 as Any } })).toThrow(
        'parents.book takes a factory, not 5',
      )
      expect(() => books.with('gone' as never)).toThrow("There is no trait 'gone'")
      expect(() => factory(db, book, { prise: 1 } as Any)).toThrow("Unknown name 'prise' in the defaults")
      const other = table('other', (c) => ({ id: c.integer().primaryKey() }))
      expect(() => factory(db as Any, other as Any)).toThrow("does not know the table 'other'")
      // @ts-expect-error a column of another type
      expect(() => books.build({ title: 7 })).not.toThrow()
    })
  })
})

test('a cycle of rows that each need another one is refused; one of values is made', async () => {
  const one: Any = table('one', (c) => ({ id: c.integer().primaryKey(), two_id: c.integer().references(() => two.id) }))
  const two: Any = table('two', (c) => ({ id: c.integer().primaryKey(), one_id: c.integer().references(() => one.id) }))
  const node: Any = table('node', (c) => ({
    id: c.integer().primaryKey(),
    name: c.text(),
    up_id: c
      .integer()
      .nullable()
      .references(() => node.id),
  }))
  const db: Any = kanta({ driver: sqlite(':memory:'), schema: { one, two, node } })
  await db.schema.createTable(node).execute()
  await expect(factory(db, one).create()).rejects.toThrow(/cannot be null, and leads back to 'one' \(one → two → one\)/)
  const parents: Any = { one: factory(db, one) }
  await expect((factory as Any)(db, two, {}, { parents }).create()).rejects.toThrow(/one → two → one|two → one → two/)
  const leaf: Any = await (factory(db, node) as Any).create({ name: 'c', up: { name: 'b', up: { name: 'a' } } })
  const names = await db.selectFrom('node').select('name').orderBy('id').execute()
  expect([leaf.name, names.map((row: Any) => row.name)]).toEqual(['c', ['a', 'b', 'c']])
  await db.destroy()
})
