import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  and,
  combineUpdates,
  contains,
  eq,
  gt,
  inc,
  or,
  parseUrl,
  set,
  setOnInsert,
  TRUE,
  unset,
} from '../../src/filter/index.ts'
import { KantaError, type Slots } from '../../src/index.ts'
import { docsPage } from '../../src/page/index.ts'
import { isDuplicateKeyError, type RepositoryEvent, repository } from '../../src/repository/index.ts'
import type { Ground } from '../tenant/ground.ts'
import {
  type Any,
  author,
  book,
  book_tag,
  createTables,
  engines,
  fill,
  open,
  profile,
  schema,
  seat,
  tag,
} from './ground.ts'

const refused = (code: string, message: RegExp | string = '') =>
  expect.objectContaining({
    code,
    message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
  })

describe.each(engines)('repositories on $name', (engine: Ground) => {
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
  const seats = () => repository(db, seat)

  test('15: a page by its number with the total, or by a cursor; what a URL asks', async () => {
    const first = await books().getAll({ limit: 2, sort: [{ column: 'title', direction: 'desc' }] })
    const all = await books().findAll(undefined, { sort: [{ column: 'title', direction: 'desc' }] })
    expect(first).toMatchObject({ method: 'offset', page: 1, limit: 2, total: all.length, hasPrev: false })
    expect(first.data).toEqual(all.slice(0, 2))
    expect((await books().getAll({ page: 99 })).data).toEqual([])
    const walked: unknown[] = []
    let after: string | undefined
    do {
      const page: Any = await books().getAll({ method: 'cursor', limit: 1, after, include: { author: true } })
      expect(page.method).toBe('cursor')
      walked.push(...page.data)
      after = page.next ?? undefined
    } while (after !== undefined)
    expect(walked).toEqual(await books().findAll(undefined, { sort: [{ column: 'id' }], include: { author: true } }))
    const asked = parseUrl('price[gt]=5&sort=-title&limit=1&page=1', {
      table: book,
      filter: { price: ['gt'] },
      sort: ['title'],
      maxLimit: 10,
    })
    const page = await books().getAll(asked)
    expect(page.data).toEqual(await books().findAll(gt('price', '5'), { sort: asked.sort, limit: 1 }))
    await expect(books().getAll({ limit: 0 })).rejects.toEqual(refused('invalid_input', "'limit' is 0"))
    await expect(books().getAll({ page: 1, after: 'x' })).rejects.toEqual(refused('invalid_input', "either 'page'"))
    await expect(books().getAll({ after: 'x' })).rejects.toEqual(refused('invalid_input', 'this cursor'))
    await expect(books().getAll({ select: ['id'] })).rejects.toEqual(refused('invalid_input', "no 'select'"))
  })

  test('11: one row by its key, or null; many as a Map under the keys that were given', async () => {
    expect(await books().getById(1)).toMatchObject({ id: 1, title: 'One', price: '10.00', stock: 5 })
    expect(await books().getById(99)).toBeNull()
    expect(await seats().getById({ number: 2, row: 1 })).toEqual({ row: 1, number: 2, code: 'b', guest: null })
    const found = await books().getByIds([3, 1, 3, 99])
    expect([...found.keys()]).toEqual([3, 1])
    expect(found.get(3)).toMatchObject({ title: 'Three' })
    const key = { row: 1, number: 1 }
    const both = await seats().getByIds([key, { row: 9, number: 9 }])
    expect([both.size, both.get(key)?.code]).toEqual([1, 'a'])
    expect(await books().getByIds([])).toEqual(new Map())
    const many = await books().getByIds(Array.from({ length: 1_500 }, (_, i) => i))
    expect([...many.keys()]).toEqual([1, 2, 3])
  })

  test('11: lists, numbers and values of a filter', async () => {
    expect((await books().findAll()).length).toBe(3)
    const dear = await books().findAll(and(gt('price', '5'), eq('author_id', 1)), {
      sort: [{ column: 'price', direction: 'desc' }],
    })
    expect(dear.map((row) => row.title)).toEqual(['Two', 'One'])
    expect((await books().findAll(undefined, { limit: 1, offset: 1 })).map((row) => row.id)).toEqual([2])
    expect(await books().getOne(contains('title', 'T'), { sort: [{ column: 'id', direction: 'desc' }] })).toMatchObject(
      { id: 3 },
    )
    expect(await books().getOne(eq('title', 'none'))).toBeNull()
    expect([await books().count(), await books().count(eq('author_id', 2))]).toEqual([3, 1])
    expect([await books().exists(eq('id', 3)), await books().exists(eq('id', 4))]).toEqual([true, false])
    expect((await books().distinct('author_id')).sort()).toEqual([1, 2])
    expect(await books().distinct('price', eq('id', 2))).toEqual(['20.00'])
  })

  test.for<[string, Any]>([
    ['undefined', undefined],
    ['null', null],
    ['another column', { title: 'One' }],
    ['one more column', { id: 1, title: 'One' }],
    ['no value', { id: undefined }],
    ['an operator', { $ne: 0 }],
    ['another type', '1'],
    ['text after a number', '1 or 1=1'],
    ['not a number', Number.NaN],
    ['a list', [1]],
  ])('11: a key that is %s is refused', async ([, key]) => {
    for (const run of [
      () => books().getById(key),
      () => books().update(key, { title: 'x' }),
      () => books().delete(key),
      () => books().getByIds([key]),
      () => books().increment(key, 'stock'),
    ])
      await expect(run()).rejects.toEqual(refused('invalid_input'))
    await expect(seats().getById(1)).rejects.toEqual(refused('invalid_input', "The key of 'seat' is { row, number }"))
    expect(await books().count()).toBe(3)
  })

  test('14: rows are created with what the database fills in, one and many', async () => {
    const made = await books().create({ author_id: 1, title: 'Four' })
    expect(made).toMatchObject({ title: 'Four', status: 'new', revision: 1, stock: null })
    expect(await books().getById(made.id)).toEqual(made)
    const many = await books().createMany([
      { id: 12, author_id: 1, title: 'Twelve' },
      { id: 11, author_id: 1, title: 'Eleven' },
      { id: 10, author_id: 2, title: 'Ten', stock: 7 },
    ])
    expect(many.map((row) => [row.id, row.title, row.stock])).toEqual([
      [12, 'Twelve', null],
      [11, 'Eleven', null],
      [10, 'Ten', 7],
    ])
    expect(await books().createMany([])).toEqual([])
    const keyed = await seats().createMany([
      { row: 2, number: 2, code: 'd' },
      { row: 2, number: 1, code: 'c' },
    ])
    expect(keyed.map((row) => row.code)).toEqual(['d', 'c'])
    expect(await seats().create({ row: 3, number: 1, code: 'e' })).toEqual({
      row: 3,
      number: 1,
      code: 'e',
      guest: null,
    })
  })

  test('14: all rows of createMany, or none', async () => {
    const rows = [
      { row: 5, number: 1, code: 'x' },
      { row: 5, number: 2, code: 'a', guest: 'G' },
    ]
    await expect(seats().createMany(rows)).rejects.toEqual(refused('unique_violation'))
    expect(await seats().count()).toBe(2)
  })

  test('14: a row is changed by its key; the key stays, and changes of nothing read', async () => {
    expect(await books().update(1, { title: 'Uno' })).toMatchObject({ id: 1, title: 'Uno', price: '10.00' })
    expect(await books().update(99, { title: 'x' })).toBeNull()
    expect(await books().update(1, {})).toMatchObject({ title: 'Uno' })
    expect(await books().update(1, { id: 1, title: 'One' })).toMatchObject({ title: 'One' })
    await expect(books().update(1, { id: 2 })).rejects.toEqual(refused('invalid_input', 'cannot change'))
    expect(await seats().update({ row: 1, number: 2 }, { guest: 'Eve' })).toMatchObject({ code: 'b', guest: 'Eve' })
    expect(await books().update(1, inc({ stock: 3 }))).toMatchObject({ stock: 8 })
    await expect(books().update(1, { titel: 'x' } as Any)).rejects.toEqual(refused('invalid_input', 'titel'))
  })

  test('11: delete gives the row, or null', async () => {
    expect(await seats().delete({ row: 1, number: 1 })).toMatchObject({ code: 'a' })
    expect(await seats().delete({ row: 1, number: 1 })).toBeNull()
    expect(await seats().count()).toBe(1)
  })

  test('12: many rows of a filter, but never of an empty one', async () => {
    expect(await books().updateMany(eq('author_id', 1), { status: 'old' })).toBe(2)
    expect(await books().updateMany(eq('author_id', 1), set({ status: 'older' }))).toBe(2)
    expect(await books().updateMany(eq('author_id', 77), { status: 'old' })).toBe(0)
    for (const filter of [and(), TRUE, or(TRUE, eq('id', 1)), undefined, {}] as Any[]) {
      await expect(books().updateMany(filter, { status: 'x' })).rejects.toEqual(refused('invalid_input'))
      await expect(books().deleteMany(filter)).rejects.toEqual(refused('invalid_input'))
      await expect(books().findOneAndUpdate(filter, { status: 'x' })).rejects.toEqual(refused('invalid_input'))
    }
    await expect(books().updateMany(eq('id', 1), {})).rejects.toEqual(refused('invalid_input'))
    await expect(books().updateMany(eq('id', 1), { id: 5 })).rejects.toEqual(refused('invalid_input'))
    expect(await seats().deleteMany(eq('row', 1))).toBe(2)
  })

  test('11: findOneAndUpdate changes the first row, and gives it before or after', async () => {
    const last = { sort: [{ column: 'price', direction: 'desc' }] } as const
    expect(await books().findOneAndUpdate(eq('author_id', 1), { title: 'Dear' }, last)).toMatchObject({
      id: 2,
      title: 'Dear',
    })
    const before = await books().findOneAndUpdate(eq('id', 2), inc({ revision: 1 }), { returning: 'before' })
    expect([before?.revision, (await books().getById(2))?.revision]).toEqual([1, 2])
    expect(await books().findOneAndUpdate(eq('id', 99), { title: 'x' })).toBeNull()
  })

  test('13: getOrCreate and upsert take rows by a unique key, whoever else does', async () => {
    const tags = repository(db, tag)
    expect(await tags.getOrCreate({ name: 'epic' }, {})).toEqual({ row: { id: 1, name: 'epic' }, created: false })
    const all = await Promise.all(Array.from({ length: 4 }, () => tags.getOrCreate({ name: 'fresh' }, {})))
    expect(new Set(all.map(({ row }) => row.id)).size).toBe(1)
    expect(all.filter(({ created }) => created).length).toBe(1)
    await expect(seats().getOrCreate({ guest: 'Eve' } as Any, {} as Any)).rejects.toEqual(refused('invalid_input'))
    // Another unique key is taken.
    await expect(seats().getOrCreate({ row: 9, number: 9 }, { code: 'a' })).rejects.toEqual(refused('unique_violation'))

    expect(await seats().upsert({ row: 1, number: 1, code: 'a', guest: 'Ann' })).toMatchObject({ guest: 'Ann' })
    expect(await seats().upsert({ row: 7, number: 1, code: 'a', guest: 'Abe' }, { on: ['code'] })).toMatchObject({
      guest: 'Abe',
      row: 1,
    })
    expect(await seats().upsert({ row: 8, number: 8, code: 'z' })).toMatchObject({ code: 'z', guest: null })
    // Nothing to change: the row as it is.
    expect(await tags.upsert({ name: 'epic' }, { on: ['name'] })).toEqual({ id: 1, name: 'epic' })
    await expect(seats().upsert({ row: 1, number: 2, code: 'c' }, { on: ['guest'] })).rejects.toEqual(
      refused('invalid_input'),
    )
    await expect(seats().upsert({ row: 30, number: 2, code: 'b', guest: 'x' })).rejects.toEqual(
      refused('unique_violation'),
    )
  })

  test('11: increment, and claims that only one wins', async () => {
    expect(await books().increment(1, 'stock', -2)).toMatchObject({ stock: 3 })
    expect(await books().increment(2, 'stock')).toMatchObject({ stock: 1 })
    expect(await books().increment(2, 'price', '0.50')).toMatchObject({ price: '20.50' })
    expect(await books().increment(99, 'stock')).toBeNull()
    const won = await Promise.all(
      [1, 2, 3].map((n) => books().claim(1, { from: 'new', to: 'sold' }, { title: `of ${n}` })),
    )
    expect(won.filter((row) => row !== null)).toEqual([expect.objectContaining({ status: 'sold' })])
    expect(await books().claim(1, { from: ['new', 'sold'], to: 'gone', where: gt('stock', 100) })).toBeNull()
    expect(await books().claim(1, { from: ['new', 'sold'], to: 'gone' })).toMatchObject({ status: 'gone' })
    expect(await seats().claim({ row: 1, number: 1 }, { field: 'guest', from: null, to: 'Eve' })).toMatchObject({
      guest: 'Eve',
    })
    expect(await books().claimVersion(1, { field: 'revision', from: 1 }, { title: 'v2' })).toMatchObject({
      revision: 2,
    })
    expect(await books().claimVersion(1, { field: 'revision', from: 1 }, { title: 'v3' })).toBeNull()
  })

  test('15: bulkWrite does all operations or none', async () => {
    const done = await books().bulkWrite([
      { create: { author_id: 1, title: 'Bulk' } },
      { update: { key: 1, data: { title: 'Changed' } } },
      { update: { key: 99, data: { title: 'Nobody' } } },
      { updateMany: { filter: eq('author_id', 2), data: { status: 'x' } } },
      { upsert: { data: { id: 3, author_id: 2, title: 'Third' } } },
      { deleteMany: eq('title', 'Bulk') },
    ])
    expect(done).toMatchObject({ updatedCount: 2, deletedCount: 1 })
    expect([done.created.length, done.upserted[0]?.title]).toEqual([1, 'Third'])
    expect(await books().bulkWrite([])).toEqual({ created: [], upserted: [], updatedCount: 0, deletedCount: 0 })
    const failing = books().bulkWrite([
      { update: { key: 1, data: { title: 'Lost' } } },
      { create: { author_id: 77, title: 'x' } },
    ])
    await expect(failing).rejects.toEqual(refused('foreign_key_violation'))
    expect(await books().getById(1)).toMatchObject({ title: 'Changed' })
    await expect(books().bulkWrite([{ update: { key: 1, data: {} } }, { replaceOne: {} } as Any])).rejects.toEqual(
      refused('invalid_input'),
    )
  })

  test('12, H29: bulk calls by keys change all rows or none', async () => {
    const made = await books().bulkCreate([
      { id: 20, author_id: 1, title: 'A' },
      { id: 21, author_id: 1, title: 'B' },
    ])
    expect(made.map((row) => row.id)).toEqual([20, 21])
    const changed = await books().bulkUpdate([
      { key: 21, data: { title: 'Bb', tags: { set: [1] } } },
      { key: 20, data: inc({ stock: 2 }) },
    ])
    expect(changed.map(({ title, stock }) => [title, stock])).toEqual([
      ['Bb', null],
      ['A', 2],
    ])
    await expect(
      books().bulkUpdate([
        { key: 20, data: { title: 'lost' } },
        { key: 99, data: { title: 'x' } },
      ]),
    ).rejects.toEqual(refused('not_found'))
    expect((await books().getById(20))?.title).toBe('A')
    await books().update(21, { tags: { set: [] } })
    expect([
      await books().bulkDelete([20, 21, 21, 99]),
      await books().bulkDelete([]),
      await books().bulkUpdate([]),
    ]).toEqual([2, 0, []])
    expect(
      await seats().bulkDelete([
        { row: 1, number: 1 },
        { row: 1, number: 7 },
      ]),
    ).toBe(1)
    for (const wrong of [{}, { id: 1 }, 1, [undefined], [{}]] as Any[])
      await expect(books().bulkDelete(wrong)).rejects.toEqual(refused('invalid_input'))
    await expect(books().bulkUpdate([{ id: 1, data: {} }] as Any)).rejects.toEqual(refused('invalid_input', "'id'"))
    expect(await books().count()).toBe(3)
  })

  test('T8, T9, F14, F15: findOneAndUpdate inserts what its filter asks for, once', async () => {
    const tags = repository(db, tag)
    const upsert = { upsert: true } as const
    const all = await Promise.all(
      [1, 2, 3].map(() => tags.findOneAndUpdate(eq('name', 'unique'), { name: 'unique' }, upsert)),
    )
    expect(new Set(all.map((row) => row?.id)).size).toBe(1)
    const change = combineUpdates(inc({ stock: 2 }), unset('price'), setOnInsert({ revision: 9 }))
    const wanted = and(eq('title', 'Fresh'), eq('author_id', 2))
    expect(await books().findOneAndUpdate(wanted, change as Any, { ...upsert, returning: 'before' })).toBeNull()
    const [made] = await books().findAll(wanted)
    expect(made).toMatchObject({ title: 'Fresh', author_id: 2, stock: 2, price: null, revision: 9, status: 'new' })
    expect(await books().findOneAndUpdate(wanted, change as Any, upsert)).toMatchObject({ stock: 4, revision: 9 })
    await expect(books().findOneAndUpdate(gt('id', 90), { title: 'x' }, upsert)).rejects.toEqual(
      refused('invalid_input', 'eq() and and()'),
    )
    await books().delete(made!.id)
  })

  test('15: operations of one repository in a batch; a prepared query; a page with docs', async () => {
    const [made, count, none] = await books().batch((b) => [
      b.create({ id: 30, author_id: 1, title: 'Batched' }),
      b.updateMany(eq('author_id', 1), { status: 'seen' }),
      b.update(77, { title: 'x' }),
    ])
    expect([made.id, count, none]).toEqual([30, 3, null])
    await expect(
      books().batch((b) => [b.delete(30), b.create({ id: 1, author_id: 1, title: 'taken' })]),
    ).rejects.toEqual(refused('unique_violation'))
    expect(await books().delete(30)).not.toBeNull()
    await expect(books().batch(() => [])).rejects.toEqual(refused('invalid_input', 'at least one'))
    await expect(books().batch(() => [{}] as Any)).rejects.toEqual(refused('invalid_input', 'Operation 0'))
    const byAuthor = books().prepared((handle, slot: Slots<{ author: number }>) =>
      handle.selectFrom('book').select('title').where('author_id', '=', slot('author')).orderBy('id'),
    )
    expect(await byAuthor.execute({ author: 1 })).toEqual([{ title: 'One' }, { title: 'Two' }])
    expect(await byAuthor.executeTakeFirst({ author: 2 })).toEqual({ title: 'Three' })
    const { docs, ...page } = docsPage(await books().getAll({ limit: 2 })) as Any
    expect([docs.length, page]).toEqual([
      2,
      { method: 'offset', page: 1, limit: 2, total: 3, pages: 2, hasNext: true, hasPrev: false },
    ])
    const keyset = docsPage(await books().getAll({ limit: 2, method: 'cursor' })) as Any
    expect(keyset).toMatchObject({ method: 'keyset', hasMore: true, next: expect.any(String) })
    expect(Object.keys(keyset).sort()).toEqual(['docs', 'hasMore', 'method', 'next'])
    expect(() => docsPage({} as Any)).toThrow('takes a page')
  })

  test('16: withTransaction joins an outer one, and gives a handle', async () => {
    await expect(
      books().withTransaction(async (inner, trx) => {
        await inner.update(1, { title: 'Undone' })
        await expect(
          inner.withTransaction(async (inmost) => {
            await inmost.update(2, { title: 'x' })
            throw new Error('inmost')
          }),
        ).rejects.toThrow('inmost')
        expect([(await inner.getById(2))?.title, trx.isTransaction]).toEqual(['Two', true])
        expect((await books().bindToTx(trx).getById(1))?.title).toBe('Undone')
        throw new Error('outer')
      }),
    ).rejects.toThrow('outer')
    expect((await books().getById(1))?.title).toBe('One')
  })

  test('17: a duplicate is seen through its causes', async () => {
    const error: unknown = await repository(db, tag)
      .create({ name: 'epic' })
      .catch((cause: unknown) => cause)
    const wrapped = new Error('outer', { cause: new Error('inner', { cause: error }) })
    expect([error, wrapped, new Error('x'), null].map(isDuplicateKeyError)).toEqual([true, true, false, false])
    expect(books().isDuplicateKeyError(wrapped)).toBe(true)
    const loop = new Error('loop')
    loop.cause = loop
    expect(isDuplicateKeyError(loop)).toBe(false)
  })

  test('include gives related rows with those that are read', async () => {
    const [first] = await books().findAll(eq('id', 1), {
      include: { author: true, tags: (rows) => rows.select('name').orderBy('name') },
    })
    expect(first).toMatchObject({
      title: 'One',
      author: { id: 1, name: 'Ada' },
      tags: [{ name: 'epic' }, { name: 'old' }],
    })
    expect((await books().getById(2, { include: { editor: true } }))?.editor?.name).toBe('Bob')
    expect((await books().getByIds([3], { include: { author: true } })).get(3)?.author.name).toBe('Bob')
    expect((await books().getOne(eq('id', 3), { include: { tags: true } }))?.tags).toEqual([])
    await expect(books().getById(1, { include: { nobody: true } as Any })).rejects.toEqual(
      refused('invalid_input', 'nobody'),
    )
  })

  test('14: validation on every path that writes, of what is written', async () => {
    const strict = (what: string) => ({
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: async (value: unknown) => {
          const { title } = value as { title?: string }
          return title === 'bad'
            ? { issues: [{ message: `${what} has a bad title`, path: [{ key: 'title' }] }] }
            : { value: title === undefined ? value : { ...(value as object), title: title.trim() } }
        },
      },
    })
    const checked = repository(db, book, { validate: { create: strict('a new book'), update: strict('a change') } })
    const bad = { author_id: 1, title: 'bad' }
    const paths: readonly (() => Promise<unknown>)[] = [
      () => checked.create(bad),
      () => checked.create({ title: 'bad', author: { connect: 1 } }),
      () => checked.createMany([{ author_id: 1, title: 'fine' }, bad]),
      () => checked.update(1, { title: 'bad' }),
      () => checked.update(1, set({ title: 'bad' })),
      () => checked.updateMany(eq('id', 1), { title: 'bad' }),
      () => checked.findOneAndUpdate(eq('id', 1), { title: 'bad' }),
      () => checked.getOrCreate({ id: 50 }, bad),
      () => checked.upsert({ id: 50, ...bad }),
      () => checked.claim(1, { from: 'new', to: 'x' }, { title: 'bad' }),
      () => checked.claimVersion(1, { field: 'revision', from: 1 }, { title: 'bad' }),
      () => checked.bulkWrite([{ create: bad }]),
    ]
    for (const run of paths) await expect(run()).rejects.toMatchObject({ code: 'invalid_input', columns: ['title'] })
    expect(await books().count()).toBe(3)
    expect(await checked.create({ author_id: 1, title: '  Trimmed ' })).toMatchObject({ title: 'Trimmed' })
    expect(await checked.update(1, { title: ' Uno ' })).toMatchObject({ title: 'Uno' })
  })

  test('hooks come in the order of their priorities, and a failure of one undoes the write', async () => {
    const heard: string[] = []
    const hook = (name: string, priority?: number) => ({
      priority,
      before: ({ operation }: RepositoryEvent) => void heard.push(`before ${name} ${operation}`),
      after: () => void heard.push(`after ${name}`),
      failed: (_: RepositoryEvent, error: unknown) => void heard.push(`failed ${name} ${(error as Error).message}`),
    })
    const stamped = {
      operations: ['create'] as const,
      before: ({ data }: RepositoryEvent) => ({ ...(data as object), stock: 9 }),
    }
    const hooked = repository(db, book, { hooks: [hook('late'), hook('early', 100), stamped] })
    const given = { author_id: 1, title: 'Hooked' }
    expect(await hooked.create(given)).toMatchObject({ stock: 9 })
    expect([heard.splice(0), given]).toEqual([
      ['before early create', 'before late create', 'after early', 'after late'],
      { author_id: 1, title: 'Hooked' },
    ])
    const failing = repository(db, book, {
      hooks: [hook('heard'), { after: () => Promise.reject(new Error('no trail')) }],
    })
    await expect(failing.update(1, { title: 'Untrailed' })).rejects.toThrow('no trail')
    expect((await books().getById(1))?.title).toBe('One')
    expect(heard).toEqual(['before heard update', 'after heard', 'failed heard no trail'])
    expect(() => repository(db, book, { hooks: [{ operations: ['creat'] as Any }] })).toThrow(KantaError)
  })

  test('a repository is of a table that the database knows', () => {
    expect(() => repository(db, 'book' as Any)).toThrow('takes a table() value')
    expect(() => repository({} as Any, book)).toThrow('takes a database first')
    expect(() => repository(db, book, { validate: { create: {} as Any } })).toThrow('Standard Schema')
    const { tag: _, ...others } = schema
    expect(() => repository(others as Any, tag)).toThrow(KantaError)
  })
})
