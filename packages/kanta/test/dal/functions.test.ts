import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  chain,
  compose,
  conditional,
  createQuery,
  createTransactionalQuery,
  mapResult,
  parallel,
  withTransaction,
} from '../../src/dal/index.ts'
import { sql } from '../../src/index.ts'
import { softDelete } from '../../src/plugins/index.ts'
import { type Any, type Db, engines, openWorld, type World } from './ground.ts'

const authorById = createQuery((db: Db, id: number) =>
  db.selectFrom('author').select(['id', 'name']).where('id', '=', id).executeTakeFirstOrThrow(),
)
const nameOf = async (db: Db, id: number) => (await authorById(db, id)).name
const setName = (db: Db, id: number, name: string) =>
  db.updateTable('author').set({ name }).where('id', '=', id).execute()
const rename = createTransactionalQuery(async (db: Db, id: number, name: string) => {
  await setName(db, id, name)
  if (name === 'wrong') throw new Error('refused')
  return db.isTransaction
})

describe.each(engines)('functions over queries on $name', (engine) => {
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

  test('any handle is a context: a database, a transaction, one with plugins', async () => {
    expect(await authorById(db, 1)).toEqual({ id: 1, name: 'Author 1' })
    expect(await db.transaction().execute((trx) => authorById(trx, 2))).toEqual({ id: 2, name: 'Author 2' })
    const live = db.withPlugins([softDelete({ tables: ['author'] })]) as unknown as Db
    await live.deleteFrom('author').where('id', '=', 3).execute()
    await expect(authorById(live, 3)).rejects.toMatchObject({ code: 'not_found' })
    expect(await authorById(db, 3)).toMatchObject({ id: 3 })
    await db.updateTable('author').set({ deleted_at: null }).execute()
  })

  test('a transactional query has a transaction of its own, and undoes what failed', async () => {
    expect(await rename(db, 1, 'Ada')).toBe(true)
    expect(await nameOf(db, 1)).toBe('Ada')
    await expect(rename(db, 1, 'wrong')).rejects.toThrow('refused')
    expect(await nameOf(db, 1)).toBe('Ada')
  })

  test('it joins the transaction around it (H17, H19): what it did goes with that one', async () => {
    const failing = withTransaction(db, async (trx) => {
      await rename(trx, 1, 'Bea')
      expect(await nameOf(trx, 1)).toBe('Bea')
      await expect(rename(trx, 1, 'wrong')).rejects.toThrow('refused')
      expect(await nameOf(trx, 1)).toBe('Bea')
      throw new Error('at the end')
    })
    await expect(failing).rejects.toThrow('at the end')
    expect(await nameOf(db, 1)).toBe('Ada')
  })

  test('callbacks of a transaction, and its signal', async () => {
    const called: string[] = []
    await withTransaction(db, async (trx) => {
      trx.afterCommit(() => called.push('committed'))
      await setName(trx, 1, 'Ada')
    })
    expect(called).toEqual(['committed'])
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(withTransaction(db, (trx) => setName(trx, 1, 'x'), { signal })).rejects.toMatchObject({
      code: 'cancelled',
    })
  })

  test('two at once inside one transaction are refused and not mixed (H20)', async () => {
    const both = withTransaction(db, async (trx) => Promise.all([rename(trx, 1, 'one'), rename(trx, 2, 'two')]))
    await expect(both).rejects.toMatchObject({ code: 'transaction' })
    expect(await nameOf(db, 1)).toBe('Ada')
    const inTurn = await withTransaction(db, (trx) =>
      parallel(trx, { one: (db) => rename(db, 1, 'Ada'), two: (db) => rename(db, 2, 'Author 2') }),
    )
    expect(inTurn).toEqual({ one: true, two: true })
  })

  test('compose, chain, mapResult and conditional', async () => {
    const booksOf = (db: Db, { id }: { id: number }) =>
      db.selectFrom('book').select('title').where('author_id', '=', id).orderBy('id').execute()
    expect(await compose(authorById, booksOf)(db, 4)).toEqual([{ title: 'B4' }, { title: 'A4' }])
    const titles = chain(authorById, booksOf, async (_, rows) => rows.map(({ title }) => title))
    expect(await titles(db, 4)).toEqual(['B4', 'A4'])
    expect(await mapResult(titles, (all) => all.length)(db, 4)).toBe(2)
    expect(await mapResult(titles, async (all) => all[0])(db, 4)).toBe('B4')
    const known = conditional((_, id) => id > 0, authorById)
    expect(await known(db, 0)).toBe(undefined)
    expect(await known(db, 5)).toEqual({ id: 5, name: 'Author 5' })
    const other = conditional(
      async (_: Db, id: number) => id > 0,
      authorById,
      async () => 'nobody',
    )
    expect(await other(db, 0)).toBe('nobody')
  })

  test('parallel: independent queries, and steps that need each other', async () => {
    expect(
      await parallel(db, {
        author: (db) => authorById(db, 6),
        books: (db) => db.selectFrom('book').select('id').where('author_id', '=', 6).orderBy('id').execute(),
      }),
    ).toEqual({ author: { id: 6, name: 'Author 6' }, books: [{ id: 12 }, { id: 13 }] })
    const screen = await parallel(db)
      .run('author', (db) => authorById(db, 7))
      .run('count', (db) =>
        db
          .selectFrom('book')
          .select((eb) => eb.fn.countAll<number>().as('n'))
          .execute(),
      )
      .run(
        'title',
        async (db, { author }) => {
          const rows = await db
            .selectFrom('book')
            .select('title')
            .where('author_id', '=', author.id)
            .orderBy('id')
            .execute()
          return rows[0]!.title
        },
        ['author'],
      )
      .run('both', async (_, { title, author }) => `${author.name}: ${title}`, ['author', 'title'])
      .execute()
    expect(screen).toMatchObject({ author: { id: 7 }, title: 'B7', both: 'Author 7: B7' })
    expect(Object.keys(screen)).toEqual(['author', 'count', 'title', 'both'])
  })

  test('parallel: more steps than connections, each with a transaction, end', async () => {
    const steps = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `step${i}`,
        (db: Db) =>
          db.transaction().execute(async (trx) => {
            await authorById(trx, (i % 5) + 1)
            return i
          }),
      ]),
    )
    expect(Object.values(await parallel(db, steps))).toEqual(Array.from({ length: 40 }, (_, i) => i))
  })

  test('parallel: one failure is the error, what has not begun does not begin, nothing is left running', async () => {
    let running = 0
    const begun: number[] = []
    const step = (i: number) => async (db: Db) => {
      begun.push(i)
      running++
      try {
        if (i === 1) await sql`select * from nowhere`.execute(db)
        await authorById(db, 1)
        if (i === 0) throw new Error('later')
      } finally {
        running--
      }
    }
    const steps = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`step${i}`, step(i)]))
    const error = await parallel(db, steps).catch((thrown: Any) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(running).toBe(0)
    expect(begun.length).toBeLessThan(200)
    const after = begun.length
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(begun.length).toBe(after)
  })

  test('parallel: in a transaction one after the other, in order', async () => {
    const order: string[] = []
    const step = (name: string) => async (db: Db) => {
      order.push(`${name} begins`)
      await authorById(db, 1)
      order.push(`${name} ends`)
    }
    await withTransaction(db, (trx) => parallel(trx, { a: step('a'), b: step('b') }))
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
  })
})

describe('isolation', () => {
  const [, postgres, mariadb] = engines
  test.for([postgres!, mariadb!])(
    'the level asked for is the one that runs (H16) on $name',
    async (engine, context) => {
      if (engine.missing !== undefined) context.skip(engine.missing)
      const world = await openWorld(engine)
      try {
        const level = async (db: Db): Promise<string> => {
          if (engine.dialect === 'postgres') {
            const { rows } = await sql<{
              level: string
            }>`select current_setting('transaction_isolation') as level`.execute(db)
            return rows[0]!.level
          }
          // It is of 100 ms before.
          await new Promise((resolve) => setTimeout(resolve, 150))
          const { rows } = await sql<{ level: string }>`
          select lower(trx_isolation_level) as level from information_schema.innodb_trx
          where trx_mysql_thread_id = connection_id()`.execute(db)
          return rows[0]?.level ?? 'none'
        }
        const read = async (db: Db): Promise<string> => {
          await db.updateTable('author').set({ name: 'Ada' }).where('id', '=', 1).execute()
          return level(db)
        }
        const serializable = createTransactionalQuery(read, { isolationLevel: 'serializable' })
        expect(await serializable(world.db)).toBe('serializable')
        expect(await withTransaction(world.db, read, { isolationLevel: 'repeatable read' })).toBe('repeatable read')
        expect(await withTransaction(world.db, serializable, { isolationLevel: 'serializable' })).toBe('serializable')
        const other = withTransaction(world.db, serializable, { isolationLevel: 'read committed' })
        await expect(other).rejects.toMatchObject({ code: 'unsupported' })
      } finally {
        await world.close()
      }
    },
  )
})

describe('what is refused', () => {
  const input = { code: 'invalid_input' }
  test('what is no handle, no function, no option', async () => {
    await expect(authorById({} as Db, 1)).rejects.toMatchObject(input)
    await expect(rename(undefined as unknown as Db, 1, '')).rejects.toMatchObject(input)
    expect(() => createQuery(7 as never)).toThrow(expect.objectContaining(input))
    expect(() => createTransactionalQuery(authorById, { isolation: 'serializable' } as never)).toThrow(/isolation/)
    expect(() => chain(authorById, 1 as never)).toThrow(expect.objectContaining(input))
    expect(() => conditional(1 as never, authorById)).toThrow(expect.objectContaining(input))
    await expect(conditional(() => 'yes' as never, authorById)(0 as never as Db, 1)).rejects.toThrow(
      /Return true or false/,
    )
  })

  test('steps without a name of their own, and needs that no step before meets', async () => {
    const world = await openWorld(engines[0]!)
    const steps: Any = parallel(world.db).run('a', async () => 1)
    expect(() => steps.run('a', async () => 1)).toThrow(/name of its own/)
    expect(() => steps.run('b', async () => 1, ['c'])).toThrow(/needs "c"/)
    expect(() => parallel({} as Db)).toThrow(expect.objectContaining(input))
    expect(await parallel(world.db, {})).toEqual({})
    await world.close()
  })
})
