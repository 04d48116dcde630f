import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eq } from '../../src/filter/index.ts'
import { repository } from '../../src/repository/index.ts'
import type { Ground } from '../tenant/ground.ts'
import { type Any, author, book, book_tag, createTables, engines, fill, open, profile, seat, tag } from './ground.ts'

const refused = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })

describe.each(engines)('nested writes on $name', (engine: Ground) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<Ground['create']>>
  let db: ReturnType<typeof open>
  beforeAll(async () => {
    place = await engine.create()
    db = open(place.driver())
    await createTables(db, engine, [author, book, tag, book_tag, profile, seat])
  })
  beforeEach(() => fill(db))
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })
  const books = () => repository(db, book)
  const authors = () => repository(db, author)
  const tagsOf = async (id: number) =>
    (await books().getById(id, { include: { tags: (rows) => rows.select('name').orderBy('name') } }))?.tags.map(
      (row) => row.name,
    )
  const titlesOf = async (id: number) =>
    (await authors().getById(id, { include: { books: (rows) => rows.select('title').orderBy('title') } }))?.books.map(
      (row) => row.title,
    )
  const editors = async () =>
    (await books().findAll(undefined, { sort: [{ column: 'id' }] })).map((row) => row.editor_id)
  const counts = async () => [
    await authors().count(),
    await books().count(),
    await repository(db, tag).count(),
    await repository(db, book_tag).count(),
    await repository(db, profile).count(),
  ]

  test('7: parents first, then the row, then its children, at any depth', async () => {
    const made = await books().create({
      title: 'Kalevala',
      price: '12.50',
      author: {
        create: { name: 'Elias', boss: { connect: { name: 'Ada' } }, profile: { create: { text: 'of Elias' } } },
      },
      tags: {
        connectOrCreate: [{ name: 'epic' }, { name: 'runes' }],
        create: { name: 'poem' },
        connect: [{ name: 'old' }, 3],
      },
    })
    const read = await books().getById(made.id, {
      include: { author: (rows) => rows.selectAll().include('boss').include('profile') },
    })
    expect(read).toMatchObject({
      title: 'Kalevala',
      author: { name: 'Elias', boss: { name: 'Ada' }, profile: { text: 'of Elias' } },
    })
    expect(await tagsOf(made.id)).toEqual(['epic', 'new', 'old', 'poem', 'runes'])
    const writer = await authors().create({
      name: 'Eve',
      books: { create: [{ title: 'A', tags: { create: [{ name: 'a' }, { name: 'b' }] } }, { title: 'B' }] },
      staff: { connect: [2] },
    })
    expect(await titlesOf(writer.id)).toEqual(['A', 'B'])
    expect((await authors().getById(2))?.boss_id).toBe(writer.id)
  })

  test('7: nothing is written when any part fails', async () => {
    const before = await counts()
    const attempts: readonly (() => Promise<unknown>)[] = [
      () => books().create({ title: 'x', author: { create: { name: 'New' } }, tags: { connect: 99 } }),
      () => books().create({ title: 'x', author: { create: { name: 'New' } }, tags: { create: { name: 'epic' } } }),
      () => books().update(1, { title: 'x', author: { create: { name: 'New' } }, tags: { connect: 99 } }),
      () =>
        books().createMany([
          { title: 'x', author: { create: { name: 'New' } } },
          { title: 'y', author: { connect: 99 } },
        ]),
    ]
    for (const run of attempts)
      await expect(run()).rejects.toMatchObject({ code: expect.stringMatching(/not_found|unique_violation/) })
    expect([await counts(), (await books().getById(1))?.title]).toEqual([before, 'One'])
  })

  test('8: what is connected, changed or removed has to be there', async () => {
    await expect(books().create({ title: 'x', author: { connect: 99 } })).rejects.toEqual(
      refused('not_found', "'author' has no row with id 99"),
    )
    for (const tags of [
      { connect: 99 },
      { disconnect: 99 },
      { delete: 99 },
      { set: [1, 99] },
      { disconnect: 3 },
      { delete: 3 },
    ] as const)
      await expect(books().update(1, { tags })).rejects.toEqual(refused('not_found'))
    await expect(books().update(1, { tags: { update: { where: 3, data: { name: 'x' } } } })).rejects.toEqual(
      refused('not_found'),
    )
    await expect(authors().update(1, { books: { update: { where: 3, data: { title: 'x' } } } })).rejects.toEqual(
      refused('not_found'),
    )
    await expect(books().update(1, { editor: { update: { name: 'x' } } })).rejects.toEqual(refused('not_found'))
    await expect(authors().update(2, { profile: { delete: true } })).rejects.toEqual(refused('not_found'))
    expect(await tagsOf(1)).toEqual(['epic', 'old'])
    expect(await books().update(99, { tags: { create: { name: 'lost' } } })).toBeNull()
    expect(await repository(db, tag).count()).toBe(3)
  })

  test('8: nothing leaves that is absent from the data', async () => {
    await books().update(1, { tags: { connect: 3 } })
    expect(await tagsOf(1)).toEqual(['epic', 'new', 'old'])
    await books().update(1, { tags: { connect: [3, 1] } })
    expect(await tagsOf(1)).toEqual(['epic', 'new', 'old'])
    await authors().update(1, { books: { update: { where: 1, data: { title: 'Uno' } }, create: { title: 'Cuatro' } } })
    expect(await titlesOf(1)).toEqual(['Cuatro', 'Two', 'Uno'])
  })

  test('many through a table: every verb', async () => {
    await books().update(1, { tags: { disconnect: { name: 'old' }, create: { name: 'fresh' } } })
    expect(await tagsOf(1)).toEqual(['epic', 'fresh'])
    await books().update(1, { tags: { update: { where: 1, data: { name: 'epos' } } } })
    await books().update(1, {
      tags: {
        upsert: [
          { where: { name: 'epos' }, create: { name: 'epos' }, update: { name: 'epic' } },
          { where: { name: 'made' }, create: { name: 'made' }, update: { name: 'x' } },
        ],
      },
    })
    expect(await tagsOf(1)).toEqual(['epic', 'fresh', 'made'])
    await books().update(1, { tags: { delete: [{ name: 'fresh' }, { name: 'made' }] } })
    expect([await tagsOf(1), await repository(db, tag).count()]).toEqual([['epic'], 3])
    await expect(
      books().update(1, { tags: { upsert: { where: 3, create: { name: 'x' }, update: { name: 'y' } } } }),
    ).rejects.toEqual(refused('not_found'))
  })

  test('10: set makes the rows of a relation those that are given, and touches only the difference', async () => {
    await books().update(1, { tags: { set: [2, { name: 'new' }] } })
    expect(await tagsOf(1)).toEqual(['new', 'old'])
    await books().update(1, { tags: { set: [] } })
    expect([await tagsOf(1), await repository(db, tag).count()]).toEqual([[], 3])
    await authors().update(2, { edited: { set: [1, 3] } })
    expect(await editors()).toEqual([2, null, 2])
    await expect(authors().update(1, { books: { set: [3] } })).rejects.toEqual(refused('not_null_violation'))
    await authors().update(1, { books: { set: [1, 2, 3] } })
    expect(await titlesOf(1)).toEqual(['One', 'Three', 'Two'])
    await authors().update(2, { profile: { set: 1 } })
    expect((await authors().getById(2, { include: { profile: true } }))?.profile?.text).toBe('of Ada')
    await authors().update(2, { profile: { set: null } })
    expect((await repository(db, profile).getById(1))?.author_id).toBeNull()
  })

  test('many whose columns point here: every verb', async () => {
    await authors().update(2, { edited: { connect: 1, disconnect: 2 } })
    expect(await editors()).toEqual([2, null, null])
    await expect(authors().update(2, { books: { disconnect: 3 } })).rejects.toEqual(refused('not_null_violation'))
    await authors().update(2, { books: { delete: 3, connectOrCreate: { id: 2, title: 'unused' }, connect: [1] } })
    expect(await titlesOf(2)).toEqual(['One', 'Two'])
    await authors().update(2, {
      books: {
        upsert: [
          { where: 1, create: { id: 1, title: 'x' }, update: { title: 'Eins', tags: { set: [] } } },
          { where: 50, create: { id: 50, title: 'Fifty' }, update: {} },
        ],
      },
    })
    expect([await titlesOf(2), await tagsOf(1)]).toEqual([['Eins', 'Fifty', 'Two'], []])
  })

  test('one to which a row points: every verb', async () => {
    const names = async () => (await books().getById(2, { include: { author: true, editor: true } }))!
    await books().update(2, { editor: { disconnect: true }, author: { update: { name: 'Ada L.' } } })
    expect(await names()).toMatchObject({ editor: null, author: { name: 'Ada L.' } })
    await books().update(2, { editor: { upsert: { create: { name: 'Ed' }, update: { name: 'x' } } } })
    await books().update(2, { editor: { upsert: { create: { name: 'x' }, update: { name: 'Edward' } } } })
    expect((await names()).editor?.name).toBe('Edward')
    await books().update(2, { editor: { delete: true } })
    expect([(await names()).editor, await authors().count()]).toEqual([null, 2])
    await books().update(2, { editor: { connectOrCreate: { name: 'Bob' } }, author: { set: 2 } })
    expect(await names()).toMatchObject({ editor: { id: 2 }, author: { id: 2 } })
    await books().update(2, { editor: { set: null } })
    expect((await names()).editor).toBeNull()
    await expect(books().update(2, { author: { disconnect: true } })).rejects.toEqual(refused('not_null_violation'))
    await expect(books().update(2, { author: { connect: 1, create: { name: 'x' } } })).rejects.toEqual(
      refused('invalid_input', 'at once'),
    )
    await expect(books().create({ title: 'x', author_id: 1, author: { connect: 2 } })).rejects.toEqual(
      refused('invalid_input', "'author_id' twice"),
    )
    await expect(books().create({ title: 'x', author: { disconnect: true } as Any })).rejects.toEqual(
      refused('invalid_input'),
    )
  })

  test('one that points here: every verb', async () => {
    const text = async (id: number) => (await authors().getById(id, { include: { profile: true } }))?.profile?.text
    await authors().update(1, { profile: { update: { text: 'changed' } } })
    await authors().update(2, { profile: { upsert: { create: { text: 'made' }, update: { text: 'x' } } } })
    await authors().update(1, { profile: { upsert: { create: { text: 'x' }, update: { text: 'again' } } } })
    expect([await text(1), await text(2)]).toEqual(['again', 'made'])
    await authors().update(2, { profile: { delete: true } })
    await authors().update(1, { profile: { disconnect: true } })
    expect([await text(1), await text(2), await repository(db, profile).count()]).toEqual([undefined, undefined, 1])
    await authors().update(2, { profile: { connect: 1 } })
    expect(await text(2)).toBe('again')
    await expect(authors().update(2, { profile: { create: { text: 'second' } } })).rejects.toEqual(
      refused('unique_violation'),
    )
    await expect(authors().update(2, { profile: { connect: [1] } as Any })).rejects.toEqual(
      refused('invalid_input', 'no list'),
    )
  })

  test('9: connectOrCreate makes one row, whoever else does', async () => {
    await Promise.all([1, 2, 3].map((id) => books().update(id, { tags: { connectOrCreate: { name: 'shared' } } })))
    expect((await Promise.all([1, 2, 3].map(tagsOf))).every((tags) => tags!.includes('shared'))).toBe(true)
    expect(await repository(db, tag).count()).toBe(4)
    await expect(authors().update(1, { books: { connectOrCreate: { title: 'x' } } })).rejects.toEqual(
      refused('invalid_input', 'unique key'),
    )
  })

  test('7: inside a transaction it is a part of it that fails by itself', async () => {
    await db.transaction().execute(async (trx) => {
      const inner = repository(trx, book)
      await inner.update(1, { title: 'Kept', tags: { set: [3] } })
      await expect(
        inner.create({ title: 'x', author: { create: { name: 'Lost' } }, tags: { connect: 99 } }),
      ).rejects.toEqual(refused('not_found'))
    })
    expect([await tagsOf(1), await authors().count()]).toEqual([['new'], 2])
  })

  describe('14: rows of other tables pass their schemas, too', () => {
    /** Refuses an empty column, trims it, and leaves out what it does not know, as validators do. */
    const text = (column: string) => ({
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: async (value: unknown) => {
          const { [column]: given, id } = value as Record<string, unknown>
          if (typeof given === 'string' && given.trim() === '')
            return { issues: [{ message: 'is empty', path: [column] }] }
          return {
            value: {
              ...(id !== undefined && { id }),
              ...(typeof given === 'string' && { [column]: given.trim() }),
            },
          }
        },
      },
    })
    const both = (column: string) => ({ create: text(column), update: text(column) })
    const seen: unknown[] = []
    const spy = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) => {
          seen.push(value)
          return { value }
        },
      },
    }
    const validate = { tables: { author: both('name'), book: both('title'), tag: both('name'), profile: both('text') } }
    const validBooks = () => repository(db, book, { validate })
    const validAuthors = () => repository(db, author, { validate })

    test('a refusal names the place of the row in the data', async () => {
      const before = await counts()
      const attempts: readonly (readonly [() => Promise<unknown>, string])[] = [
        [
          () => validAuthors().create({ name: 'x', books: { create: [{ title: 'a' }, { title: ' ' }] } }),
          'books.1.title',
        ],
        [() => validAuthors().create({ name: 'x', profile: { create: { text: '' } } }), 'profile.text'],
        [() => validBooks().create({ title: 'x', author: { create: { name: '' } } }), 'author.name'],
        [
          () => validBooks().create({ title: 'x', author: { create: { name: 'y', boss: { create: { name: '' } } } } }),
          'author.boss.name',
        ],
        [
          () =>
            validAuthors().create({ name: 'x', books: { create: [{ title: 'a', tags: { create: [{ name: '' }] } }] } }),
          'books.0.tags.0.name',
        ],
        [() => validBooks().create({ title: '', author: { connect: 1 } }), 'title'],
        [
          () =>
            validBooks().createMany([
              { title: 'x', author_id: 1 },
              { title: '', author_id: 1 },
            ]),
          '1.title',
        ],
        [
          () =>
            validBooks().createMany([
              { title: 'x', author: { connect: 1 } },
              { title: '', author: { connect: 1 } },
            ]),
          '1.title',
        ],
        [() => validBooks().upsertMany([{ id: 1, title: '', author_id: 1 }]), '0.title'],
        [() => validBooks().update(1, { author: { connectOrCreate: { name: ' ' } } }), 'author.name'],
        [() => validBooks().update(1, { tags: { connectOrCreate: [{ name: 'epic' }, { name: '' }] } }), 'tags.1.name'],
        [() => validBooks().update(1, { title: ' ', tags: { set: [] } }), 'title'],
        [() => validBooks().update(1, { author: { update: { name: '' } } }), 'author.name'],
        [
          () => validBooks().update(1, { editor: { upsert: { create: { name: '' }, update: { name: 'x' } } } }),
          'editor.name',
        ],
        [
          () => validBooks().update(2, { editor: { upsert: { create: { name: 'x' }, update: { name: '' } } } }),
          'editor.name',
        ],
        [() => validBooks().update(1, { tags: { update: [{ where: 1, data: { name: '' } }] } }), 'tags.0.name'],
        [
          () => validBooks().update(1, { tags: { upsert: { where: 1, create: { name: 'x' }, update: { name: '' } } } }),
          'tags.name',
        ],
        [
          () =>
            validBooks().update(1, { tags: { upsert: [{ where: 77, create: { name: '' }, update: { name: 'x' } }] } }),
          'tags.0.name',
        ],
        [() => validAuthors().update(1, { profile: { update: { text: '' } } }), 'profile.text'],
        [() => validBooks().bulkWrite([{ create: { title: 'x', author: { create: { name: '' } } } }]), 'author.name'],
      ]
      for (const [run, path] of attempts)
        await expect(run(), path).rejects.toMatchObject({
          code: 'invalid_input',
          message: expect.stringContaining(`'${path}': is empty`),
          columns: [path.split('.').at(-1)],
        })
      expect(await counts()).toEqual(before)
      expect([await tagsOf(1), (await books().getById(1))?.title]).toEqual([['epic', 'old'], 'One'])
    })

    test('what a schema gives back is written, with the columns of relations that it left out', async () => {
      const made = await validAuthors().create({
        name: ' Eve ',
        books: { create: [{ title: ' A ', tags: { connectOrCreate: [{ name: ' epic ' }, { name: ' fresh' }] } }] },
        profile: { create: { text: ' of Eve' } },
      })
      expect(made.name).toBe('Eve')
      expect(await titlesOf(made.id)).toEqual(['A'])
      const [written] = await books().findAll(eq('author_id', made.id))
      expect(await tagsOf(written!.id)).toEqual(['epic', 'fresh'])
      await validBooks().update(written!.id, {
        title: ' B ',
        author: { connect: 1 },
        editor: { create: { name: ' Ed ' } },
      })
      const read = await books().getById(written!.id, { include: { editor: true } })
      expect(read).toMatchObject({ title: 'B', author_id: 1, editor: { name: 'Ed' } })
      expect((await repository(db, tag, { validate }).getOrCreate({ name: ' epic' }, {})).row.id).toBe(1)
    })

    test('a schema sees the row as it is written, also where only a relation writes it', async () => {
      const spying = { tables: { book: { create: spy, update: spy }, book_tag: { create: spy } } }
      const watched = repository(db, author, { validate: spying })
      await watched.update(1, { books: { create: { title: 'New', tags: { connect: [3] } } } })
      const [made] = await books().findAll(eq('title', 'New'))
      expect(seen.splice(0)).toEqual([
        { title: 'New', author_id: 1 },
        { book_id: made!.id, tag_id: 3 },
      ])
      await watched.update(2, { edited: { connect: [1], set: [3] } })
      expect(seen.splice(0)).toEqual([{ editor_id: null }, { editor_id: 2 }, { editor_id: 2 }])
      await watched.update(2, { edited: { disconnect: 3 } })
      expect(seen.splice(0)).toEqual([{ editor_id: null }])
      // Nothing of the row itself is written.
      await repository(db, book, { validate: spying }).update(1, { author: { update: { name: 'Ada L.' } } })
      expect(seen.splice(0)).toEqual([])
    })

    test('schemas are those of tables that the database knows', () => {
      const wrong = (option: Any) => () => repository(db, book, { validate: option })
      expect(wrong({ tables: { books: both('title') } })).toThrow("names the table 'books'")
      expect(wrong({ tables: { tag: { create: {} } } })).toThrow("tables['tag']: create")
      expect(wrong({ tables: { tag: { creat: spy } } })).toThrow("no option 'creat'")
      expect(wrong({ tables: [] })).toThrow('an object of tables')
      expect(wrong({ create: spy, tables: { book: { create: spy } } })).toThrow("'create' of 'book' twice")
    })
  })

  test.for<[string, Any]>([
    ['an unknown verb', { replace: 1 }],
    ['no verb', {}],
    ['no object', 7],
    ['data of another form', { update: { where: 1 } }],
    ['more than a verb takes', { upsert: { where: 1, create: {}, update: {}, by: 1 } }],
    ['a key of nobody', { connect: { $ne: null } }],
    ['data that are no object', { create: 'x' }],
    ['an unknown column', { create: { nam: 'x' } }],
  ])('%s is refused', async ([, tags]) => {
    await expect(books().update(1, { tags })).rejects.toEqual(refused('invalid_input'))
    expect(await tagsOf(1)).toEqual(['epic', 'old'])
  })
})
