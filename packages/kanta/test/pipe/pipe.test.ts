import { expect, test } from 'vitest'
import { createQuery } from '../../src/dal/index.ts'
import { prepare, type Slots } from '../../src/index.ts'
import {
  distinct,
  from,
  groupBy,
  having,
  innerJoin,
  leftJoin,
  limit,
  offset,
  orderBy,
  pipe,
  select,
  selectAll,
  where,
  whereRef,
} from '../../src/pipe/index.ts'
import { type Any, author, book, type Db, engines, openWorld } from '../dal/ground.ts'

/** Pipes beside the calls of the same names. */
const pairs = (db: Db): readonly (readonly [Any, Any])[] => [
  [
    pipe(from(db, 'book'), where('price', '>', '10'), select(['id'])),
    db.selectFrom('book').where('price', '>', '10').select(['id']),
  ],
  [
    pipe(from(db, book), selectAll(), where(book.id, '=', 2), orderBy('title', 'desc'), limit(3), offset(1)),
    db.selectFrom(book).selectAll().where(book.id, '=', 2).orderBy('title', 'desc').limit(3).offset(1),
  ],
  [
    pipe(
      from(db, 'author as a'),
      innerJoin('book', 'book.author_id', 'a.id'),
      leftJoin('author as b', (join) => join.onRef('b.id', '=', 'a.id').on('b.name', '=', 'Author 1')),
      whereRef('book.id', '>', 'a.id'),
      select(['a.name', 'book.title', 'b.id as other']),
      orderBy('book.id'),
      limit(4),
    ),
    db
      .selectFrom('author as a')
      .innerJoin('book', 'book.author_id', 'a.id')
      .leftJoin('author as b', (join) => join.onRef('b.id', '=', 'a.id').on('b.name', '=', 'Author 1'))
      .whereRef('book.id', '>', 'a.id')
      .select(['a.name', 'book.title', 'b.id as other'])
      .orderBy('book.id')
      .limit(4),
  ],
  [
    pipe(
      from(db, 'book'),
      select((eb) => ['author_id', eb.fn.countAll<number>().as('n')]),
      groupBy('author_id'),
      having((eb) => eb(eb.fn.countAll<number>(), '>', 1)),
      orderBy('author_id'),
    ),
    db
      .selectFrom('book')
      .select((eb) => ['author_id', eb.fn.countAll<number>().as('n')])
      .groupBy('author_id')
      .having((eb) => eb(eb.fn.countAll<number>(), '>', 1))
      .orderBy('author_id'),
  ],
  [
    pipe(from(db, 'book'), select('author_id'), distinct(), orderBy('author_id')),
    db.selectFrom('book').select('author_id').distinct().orderBy('author_id'),
  ],
  [
    pipe(
      from(db, author),
      innerJoin(
        pipe(from(db, 'book'), select(['author_id', 'title']), where('id', '<', 9)).as('early'),
        'early.author_id',
        'author.id',
      ),
      select(['name', 'title']),
      orderBy('title'),
    ),
    db
      .selectFrom(author)
      .innerJoin(
        db.selectFrom('book').select(['author_id', 'title']).where('id', '<', 9).as('early'),
        'early.author_id',
        'author.id',
      )
      .select(['name', 'title'])
      .orderBy('title'),
  ],
]

test.for(engines)('pipes are the shapes of the calls, and give their rows, on $name', async (engine, context) => {
  if (engine.missing !== undefined) context.skip(engine.missing)
  const { db, close } = await openWorld(engine)
  try {
    for (const [piped, called] of pairs(db)) {
      expect(piped.shape).toBe(called.shape)
      expect(piped.args).toEqual(called.args)
      expect(await piped.execute()).toEqual(await called.execute())
    }
    const booksOf = prepare(db, (slot: Slots<{ author: number }>) =>
      pipe(from(db, 'book'), select('title'), where('author_id', '=', slot('author')), orderBy('id')),
    )
    expect(await booksOf.execute({ author: 2 })).toEqual([{ title: 'B2' }, { title: 'A2' }])
    const named = createQuery((db: Db, name: string) =>
      pipe(from(db, 'author'), select('id'), where('name', '=', name)).execute(),
    )
    expect(await db.transaction().execute((trx) => named(trx, 'Author 7'))).toEqual([{ id: 7 }])
    await pipe(db.deleteFrom('book'), where('id', '=', 2)).execute()
    expect(await pipe(from(db, 'book'), select('id'), where('id', '=', 2)).execute()).toEqual([])
  } finally {
    await close()
  }
})

test('a step can be kept and used for several queries', async () => {
  const { db, close } = await openWorld(engines[0]!)
  const first = limit<Any>(1)
  expect(pipe(db.selectFrom('author').select('id'), first).shape).toBe(
    (db.selectFrom('author').select('id').limit(1) as Any).shape,
  )
  expect(await pipe(from(db, 'book'), select('id'), orderBy('id'), first).execute()).toEqual([{ id: 2 }])
  await close()
})

test('what is no step and no query is refused', async () => {
  const input = expect.objectContaining({ code: 'invalid_input' })
  expect(() => pipe({} as Any, limit(1))).toThrow(/Begin with from/)
  expect(() => pipe({} as Any, 7 as Any)).toThrow(/item 1 is 7/)
  expect(() => from({} as Any, 'author' as never)).toThrow(input)
})
