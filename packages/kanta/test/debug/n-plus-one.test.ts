import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { batched } from '../../src/dal/index.ts'
import { type NPlusOneFinding, nPlusOne, queryScope, withoutNPlusOne } from '../../src/debug/index.ts'
import { sql } from '../../src/index.ts'
import { breaker } from '../../src/infra/index.ts'
import { paginateCursor } from '../../src/page/index.ts'
import { AUTHORS, type Db, engines, openWorld } from './world.ts'

const ids = Array.from({ length: AUTHORS }, (_, i) => i + 1)
const authors = (db: Db) => db.selectFrom('author').select(['id', 'name']).orderBy('id').execute()
const booksOf = (db: Db, id: number) =>
  db.selectFrom('book').select(['id', 'title']).where('author_id', '=', id).execute()

/** Programs that have the fault. */
const faulty: Readonly<Record<string, (db: Db) => Promise<unknown>>> = {
  'rows of each parent, one after the other': async (db) => {
    for (const { id } of await authors(db)) await booksOf(db, id)
  },
  'rows of each parent, all at once': async (db) => Promise.all((await authors(db)).map(({ id }) => booksOf(db, id))),
  'the parent of each row': async (db) => {
    for (const { author_id } of await db.selectFrom('book').select('author_id').execute())
      await db.selectFrom('author').select('name').where('id', '=', author_id).executeTakeFirst()
  },
  'a count for each parent': async (db) => {
    for (const { id } of await authors(db))
      await db
        .selectFrom('book')
        .select((eb) => eb.fn.countAll().as('n'))
        .where('author_id', '=', id)
        .executeTakeFirst()
  },
  'whether there is one, for each parent': async (db) => {
    for (const { id } of await authors(db))
      await db.selectFrom('book').select('id').where('author_id', '=', id).limit(1).execute()
  },
  'the first rows of each parent, in order': async (db) => {
    for (const { id } of await authors(db))
      await db.selectFrom('book').selectAll().where('author_id', '=', id).orderBy('sold', 'desc').limit(3).execute()
  },
  'in a function that hides the query': async (db) => {
    const find = async (id: number) => (await booksOf(db, id)).length
    for (const { id } of await authors(db)) await find(id)
  },
  'in a transaction': async (db) =>
    db.transaction().execute(async (trx) => {
      for (const { id } of await authors(trx as Db)) await booksOf(trx as Db, id)
    }),
  'a look-up before each write of an import': async (db) => {
    for (const id of ids) {
      const known = await db.selectFrom('word').select('id').where('text', '=', `word ${id}`).executeTakeFirst()
      if (known === undefined)
        await db
          .insertInto('word')
          .values({ id: id + 100, text: `word ${id}` })
          .execute()
    }
  },
  'a join for each parent': async (db) => {
    for (const { id } of await authors(db))
      await db
        .selectFrom('book')
        .innerJoin('author', 'author.id', 'book.author_id')
        .select(['book.title', 'author.name'])
        .where('author.id', '=', id)
        .execute()
  },
  'look-ups one after the other, with batched()': async (db) => {
    for (const id of ids) await booksOf(batched(db), id)
  },
}

/** Programs that do not have it. */
const sound: Readonly<Record<string, (db: Db) => Promise<unknown>>> = {
  'included rows': (db) =>
    db
      .selectFrom('author')
      .select('name')
      .include('books', (b) => b.select('title'))
      .execute(),
  'all keys at once': async (db) => {
    const found = await authors(db)
    await db
      .selectFrom('book')
      .selectAll()
      .where(
        'author_id',
        'in',
        found.map(({ id }) => id),
      )
      .execute()
  },
  'lists of keys, in chunks': async (db) => {
    for (let i = 0; i < 20; i += 2)
      await db
        .selectFrom('book')
        .selectAll()
        .where('author_id', 'in', [ids[i]!, ids[i + 1]!])
        .execute()
  },
  'look-ups at once, with batched()': async (db) => Promise.all(ids.map((id) => booksOf(batched(db), id))),
  'the same key again and again': async (db) => {
    for (const _ of ids) await booksOf(db, 1)
  },
  'pages by number': async (db) => {
    for (let page = 0; page < 10; page++)
      await db
        .selectFrom('author')
        .selectAll()
        .where('name', '=', 'author 1')
        .orderBy('id')
        .limit(2)
        .offset(page * 2)
        .execute()
  },
  'pages by cursor': async (db) => {
    let after: string | undefined
    do {
      const page = await paginateCursor(db.selectFrom('author').select(['id', 'name']).orderBy('id'), {
        limit: 2,
        after,
      })
      after = page.next ?? undefined
    } while (after !== undefined)
  },
  'pages by a key of its own, within one parent': async (db) => {
    for (let last = 0; last < 20; last += 2)
      await db
        .selectFrom('book')
        .selectAll()
        .where('author_id', '=', 1)
        .where('id', '>', last)
        .orderBy('id')
        .limit(2)
        .execute()
  },
  'as many queries of other shapes': async (db) => {
    await db.selectFrom('author').select('id').where('id', '=', 1).execute()
    await db.selectFrom('author').select('name').where('id', '=', 2).execute()
    await db.selectFrom('author').selectAll().where('id', '=', 3).execute()
    await db.selectFrom('book').select('id').where('id', '=', 4).execute()
    await db.selectFrom('book').select('title').where('id', '=', 5).execute()
    await db.selectFrom('word').select('text').where('id', '=', 6).execute()
  },
  'four look-ups': async (db) => {
    for (const id of [1, 2, 3, 4]) await booksOf(db, id)
  },
  'one look-up in each of many scopes': async (db) => {
    for (const id of ids) await queryScope(() => booksOf(db, id))
  },
  'writes, one after the other': async (db) => {
    for (const id of ids)
      await db
        .updateTable('word')
        .set({ text: `new ${id}` })
        .where('id', '=', id)
        .execute()
  },
  'a stream': async (db) => {
    for await (const _ of db.selectFrom('book').selectAll().where('author_id', '=', 1).stream());
  },
  'meant, for a reason': async (db) => {
    await withoutNPlusOne('each is locked by itself', async () => {
      for (const id of ids) await booksOf(db, id)
    })
  },
}

describe.each(engines)('$name', (engine) => {
  describe.skipIf(engine.missing !== undefined)('N+1', () => {
    const found: NPlusOneFinding[] = []
    const finder = nPlusOne({ from: 5, found: (finding) => found.push(finding) })
    let db: Db
    let close: () => Promise<void>
    beforeAll(async () => {
      const world = await openWorld(engine)
      close = world.close
      db = world.db.withPlugins([finder]) as never
    })
    afterAll(() => close())

    const run = async (program: (db: Db) => Promise<unknown>): Promise<NPlusOneFinding[]> => {
      found.length = 0
      await queryScope(() => program(db))
      return found.slice()
    }

    test.for(Object.keys(faulty))('finds: %s', async (name) => {
      const findings = await run(faulty[name]!)
      expect(findings).toHaveLength(1)
      expect(findings[0]!.count).toBeGreaterThanOrEqual(5)
      // Look-ups that are batched are sent after the call.
      expect(findings[0]!.at).toMatch(name.includes('batched()') ? /unknown place/ : /n-plus-one\.test\.ts:\d+/)
    })

    test.for(Object.keys(sound))('does not find: %s', async (name) => {
      expect(await run(sound[name]!)).toEqual([])
    })

    test('names the relation and the place, and counts on', async () => {
      const [finding] = await run(faulty['rows of each parent, one after the other']!)
      expect(finding).toMatchObject({ table: 'book', count: AUTHORS, at: expect.stringMatching(/^booksOf /) })
      expect(finding!.remedy).toMatch(/^Add \.include\('books'\) to the query of 'author', or read them by one query/)
      expect(finding!.error.message).toMatch(/^Queries for one 'book' after the other \(N\+1\): 5 so far/)
      const [parent] = await run(faulty['the parent of each row']!)
      expect(parent!.remedy).toMatch(/^Add \.include\('author'\) to the query of 'book'/)
      const [without] = await run(faulty['a look-up before each write of an import']!)
      expect(without!.remedy).toMatch(/^Read them by one query, where\('text', 'in', …\), or wrap/)
      expect(JSON.stringify(finder.findings)).not.toMatch(/word 1/)
    })

    test('outside of a scope, and in SQL text, nothing is compared', async () => {
      found.length = 0
      await faulty['rows of each parent, one after the other']!(db)
      await queryScope(async () => {
        for (const id of ids) await sql`select * from book where author_id = ${id}`.execute(db)
      })
      expect(found).toEqual([])
    })
  })
})

describe('nPlusOne()', () => {
  test('fails the query if its callback throws, as in a test', async () => {
    const { db, close } = await openWorld(engines[0]!)
    const strict = db.withPlugins([
      nPlusOne({
        from: 2,
        found: ({ error }) => {
          throw error
        },
      }),
    ]) as unknown as Db
    const work = queryScope(async () => {
      for (const id of ids) await booksOf(strict, id)
    })
    await expect(work).rejects.toMatchObject({ code: 'query', message: expect.stringMatching(/N\+1/) })
    await queryScope(async () => {
      for (const id of ids) {
        const ofOne = strict.selectFrom('book').where('author_id', '=', 1)
        await ofOne
          .select('title')
          .where('id', '>=', id)
          .where('id', '<', id + 1)
          .execute()
        await ofOne.select((eb) => eb.val(id).as('n')).execute()
      }
    })
    expect(await booksOf(strict, 1)).toHaveLength(2)
    await close()
  })

  test('tells the line of the program, not one of what the program goes through', async () => {
    const { db, close } = await openWorld(engines[0]!)
    const finder = nPlusOne({ found: () => {} })
    const live = db.withPlugins([finder, breaker()]) as unknown as Db
    await queryScope(async () => {
      for (const id of ids) await booksOf(live, id)
    })
    expect(finder.findings[0]!.at).toMatch(/n-plus-one\.test\.ts/)
    await close()
  })

  test('warns by the logger of the database', async () => {
    const warned: unknown[] = []
    const logger = { ...console, warn: (...said: unknown[]) => void warned.push(said) }
    const { db, close } = await openWorld(engines[0]!, logger)
    const live = db.withPlugins([nPlusOne()]) as unknown as Db
    await queryScope(async () => {
      for (const id of ids) await booksOf(live, id)
    })
    expect(warned).toEqual([[expect.stringMatching(/N\+1/), expect.objectContaining({ frames: expect.any(Array) })]])
    await close()
  })

  test('refuses wrong options', () => {
    expect(() => nPlusOne({ from: 1 })).toThrow(/2 or more/)
    expect(() => withoutNPlusOne(' ', () => 1)).toThrow(/takes a reason/)
    expect(() => queryScope(1 as never)).toThrow(/takes a function/)
  })
})
