import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ambient } from '../../src/ambient.ts'
import { withoutPlugins } from '../../src/extend/internal/index.ts'
import { prepare, sql, table } from '../../src/index.ts'
import type { Plugin } from '../../src/run/index.ts'
import type { Engine, Place } from '../engine/engine.ts'
import type { Any } from '../security/ground.ts'
import { engines, isHit, isSqlite, type World, world } from './ground.ts'

/** Writes a note along with each change of a country: what a plugin does itself. */
const scribe: Plugin = {
  name: 'scribe',
  transactionHooks: [
    {
      name: 'scribe',
      joins: (facts) => facts.kind === 'update' && facts.writes.includes('country'),
      around: async (statement, next) => {
        const rows = await next()
        await (statement.db as Any).updateTable('note').set({ text: 'along' }).execute()
        return rows
      },
    },
  ],
}

type Table = 'city' | 'country' | 'note'
const TABLES: readonly Table[] = ['city', 'country', 'note']

describe.each(engines)('invalidation on $name', (engine: Engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Place
  let it: World
  let db: Any
  let next = 10

  const read = (name: Table) => () => db.cached().selectFrom(name).selectAll().orderBy('id').execute()

  beforeAll(async () => {
    place = await engine.create()
    it = await world(place.driver(), { depends: { city_names: ['city'] } }, [scribe])
    db = it.db
    await sql`create view city_names as select id, name from city`.execute(it.base)
  })
  afterAll(async () => {
    await it?.base.destroy()
    await place?.drop()
  })
  beforeEach(async () => {
    await db.deleteFrom('city').where('id', '>', 2).execute()
    for (const name of TABLES) await read(name)()
    for (const name of TABLES) expect(await isHit(db, read(name)), name).toBe(true)
  })

  /** Which tables are read again after a change; what is read is what is there. */
  const readAgain = async (change: () => Promise<unknown>): Promise<Table[]> => {
    await change()
    const found: Table[] = []
    for (const name of TABLES) {
      if (!(await isHit(db, read(name)))) found.push(name)
      expect(await read(name)()).toEqual(await db.uncached().selectFrom(name).selectAll().orderBy('id').execute())
    }
    return found
  }

  const writes: readonly (readonly [string, () => Promise<unknown>, readonly Table[]])[] = [
    ['a read', () => db.selectFrom('city').selectAll().execute(), []],
    ['an insert', () => db.insertInto('city').values({ id: next++, name: 'x' }).execute(), ['city']],
    [
      'an insert of many rows (C3: bulk writes)',
      () => {
        const rows = Array.from({ length: 3000 }, () => ({ id: next++, name: 'x' }))
        return db.insertInto('city').values(rows).execute()
      },
      ['city'],
    ],
    [
      'an insert from a query',
      () =>
        db
          .insertInto('note')
          .columns(['id', 'text'])
          .expression((eb: Any) =>
            eb
              .selectFrom('city')
              .select([sql`id + ${next++ + 100_000}`, 'name'])
              .where('id', '=', 1),
          )
          .execute(),
      ['note'],
    ],
    [
      'an upsert (C3: getOrCreate)',
      () => {
        const insert = db.insertInto('country').values({ id: 1, name: 'F' })
        return engine.name === 'mariadb'
          ? insert.onDuplicateKeyUpdate({ name: 'G' }).execute()
          : insert.onConflict((oc: Any) => oc.column('id').doUpdateSet({ name: 'G' })).execute()
      },
      ['country', 'city'],
    ],
    ['an update (C3: increment)', () => db.updateTable('note').set({ text: 'new' }).execute(), ['note']],
    [
      'an update with what a plugin does along (C3)',
      () => db.updateTable('country').set({ name: 'N' }).execute(),
      TABLES,
    ],
    ['a delete, by alias', () => db.deleteFrom('note as n').where('n.id', '>', 1).execute(), ['note']],
    [
      'a delete that a foreign key cascades',
      () => db.deleteFrom('country').where('id', '=', 2).execute(),
      ['country', 'city'],
    ],
    ['a view that depends on another table', () => db.cache.invalidate({ tables: ['city_names'] }), ['city']],
    ['SQL text', () => sql`update note set text = 'text'`.execute(db), TABLES],
    [
      'trusted SQL text',
      () => sql`update note set text = 'trusted'`.trusted('rename', { reads: [], writes: ['note'] }).execute(db),
      ['note'],
    ],
    [
      'trusted SQL text that writes nothing',
      () => sql`select max(id) from note`.trusted('newest', { reads: ['note'] }).execute(db),
      [],
    ],
    [
      'text in an update',
      () => db.updateTable('note').set({ text: sql`(select max(name) from city)` }).execute(),
      TABLES,
    ],
    [
      'a definition',
      () => db.schema.createTable(table(`extra_${next++}`, (c) => ({ id: c.integer().primaryKey() }))).execute(),
      TABLES,
    ],
    [
      'a prepared statement',
      () => prepare(db, (slot: Any) => db.updateTable('note').set({ text: slot('text') })).execute({ text: 'p' }),
      ['note'],
    ],
    [
      'a query that another database built',
      () => db.executeQuery(it.base.updateTable('note').set({ text: 'q' })),
      ['note'],
    ],
    ['a compiled query', () => db.executeQuery(it.base.updateTable('note').set({ text: 'q' }).compile()), ['note']],
    [
      'a transaction (C3: withTransaction, batch)',
      () =>
        db.transaction().execute(async (trx: Any) => {
          await trx.updateTable('note').set({ text: 't' }).execute()
          await trx.insertInto('city').values({ id: next++, name: 't' }).execute()
        }),
      ['city', 'note'],
    ],
    [
      'a transaction that is rolled back',
      () =>
        expect(
          db.transaction().execute(async (trx: Any) => {
            await trx.updateTable('note').set({ text: 'no' }).execute()
            throw new Error('no')
          }),
        ).rejects.toThrow('no'),
      [],
    ],
    [
      'a nested transaction, of two of which one is rolled back',
      () =>
        db.transaction().execute(async (trx: Any) => {
          await trx.transaction().execute((inner: Any) => inner.updateTable('note').set({ text: 'in' }).execute())
          const undone = trx.transaction().execute(async (inner: Any) => {
            await inner.insertInto('city').values({ id: next++, name: 'u' }).execute()
            throw new Error('no')
          })
          await expect(undone).rejects.toThrow('no')
        }),
      ['note'],
    ],
    [
      'a write that going back to a savepoint undid',
      async () => {
        const trx = await db.startTransaction().execute()
        await trx.updateTable('note').set({ text: 'before' }).execute()
        await trx.savepoint('s').execute()
        await trx.updateTable('note').set({ text: 'undone' }).execute()
        await trx.insertInto('city').values({ id: next++, name: 'undone' }).execute()
        await trx.rollbackToSavepoint('s').execute()
        await trx.commit().execute()
      },
      ['note'],
    ],
    [
      'a write after going back to a savepoint, of a table written before it, too',
      async () => {
        const trx = await db.startTransaction().execute()
        await trx.savepoint('s').execute()
        await trx.updateTable('note').set({ text: 'before' }).execute()
        await trx.rollbackToSavepoint('s').execute()
        await trx.updateTable('note').set({ text: 'after' }).execute()
        await trx.commit().execute()
      },
      ['note'],
    ],
    [
      'a transaction as text, on a connection that is held',
      () =>
        db.connection().execute(async (held: Any) => {
          await sql`begin`.execute(held)
          await held.updateTable('note').set({ text: 'b' }).execute()
          await sql`commit`.execute(held)
        }),
      TABLES,
    ],
    [
      'code in the transaction of its caller',
      () => {
        const shop = ambient(db) as Any
        return shop.transaction().execute(() => shop.updateTable('note').set({ text: 'a' }).execute())
      },
      ['note'],
    ],
    [
      'what plugins do without plugins',
      () => {
        const handle = withoutPlugins(db) as Any
        return handle.updateTable('note').set({ text: 'w' }).execute()
      },
      ['note'],
    ],
    ['invalidation by table', () => db.cache.invalidate({ tables: ['note'] }), ['note']],
    ['clearing (C8)', () => db.cache.clear(), TABLES],
    [
      'clearing in a transaction, which is rolled back',
      () =>
        expect(
          db.transaction().execute(async (trx: Any) => {
            await trx.cache.clear()
            throw new Error('no')
          }),
        ).rejects.toThrow('no'),
      [],
    ],
    [
      'invalidation in a transaction',
      () => db.transaction().execute((trx: Any) => trx.cache.invalidate({ tables: ['city'] })),
      ['city'],
    ],
    ['a write in a schema', () => db.withSchema(schemaOf()).updateTable('note').set({ text: 's' }).execute(), ['note']],
    [
      'the lock of a row',
      () => (isSqlite(engine) ? undefined : db.selectFrom('city').select('id').forUpdate().execute()),
      [],
    ],
    [
      'rows that are streamed from a write',
      async () => {
        const update = db.updateTable('note').set({ text: 'r' })
        if (engine.name === 'mariadb') return update.execute()
        for await (const row of update.returning('id').stream()) expect(row.id).toBeGreaterThan(0)
      },
      ['note'],
    ],
  ]

  const schemaOf = (): string => (isSqlite(engine) ? 'main' : engine.name === 'postgres' ? 'public' : place.database)

  test.each(writes)('%s', async (_name, write, tables) => {
    expect(await readAgain(write)).toEqual(TABLES.filter((name) => tables.includes(name)))
  })

  if (engine.name === 'postgres') {
    test('a write in a common table expression', async () => {
      const change = () =>
        db
          .with('gone', (qc: Any) => qc.updateTable('note').set({ text: 'c' }).returning('id'))
          .selectFrom('gone')
          .selectAll()
          .execute()
      expect(await readAgain(change)).toEqual(['note'])
    })
    test('a write in a common table expression of text', async () => {
      const change = () =>
        db
          .with('gone', () => sql`update note set text = 'raw' returning id`)
          .selectFrom('gone')
          .selectAll()
          .execute()
      expect(await readAgain(change)).toEqual(TABLES)
    })
    test('merge', async () => {
      const change = () =>
        db
          .mergeInto('note as n')
          .using('city as c', 'c.id', 'n.id')
          .whenMatched()
          .thenUpdateSet({ text: 'm' })
          .execute()
      expect(await readAgain(change)).toEqual(['note'])
    })
  }

  test('a read through a view and a join is read again with any of its tables', async () => {
    const view = () => db.cached().selectFrom('city_names').selectAll().orderBy('id').execute()
    const joined = () =>
      db
        .cached()
        .selectFrom('note')
        .innerJoin('city', 'city.id', 'note.id')
        .select(['city.name', 'note.text'])
        .execute()
    await view()
    await joined()
    expect([await isHit(db, view), await isHit(db, joined)]).toEqual([true, true])
    await db.updateTable('city').set({ name: 'Åbo' }).where('id', '=', 1).execute()
    expect([await isHit(db, view), await isHit(db, joined)]).toEqual([false, false])
    expect((await view())[0].name).toBe('Åbo')
  })

  test('tags invalidate what was read with them, and nothing else', async () => {
    const top = () =>
      db
        .cached({ tags: ['top', 'menu'] })
        .selectFrom('note')
        .selectAll()
        .execute()
    await top()
    expect(await isHit(db, top)).toBe(true)
    await db.cache.invalidate({ tags: ['other'] })
    expect(await isHit(db, top)).toBe(true)
    await db.cache.invalidate({ tags: ['menu'] })
    expect(await isHit(db, top)).toBe(false)
    expect(await isHit(db, read('note'))).toBe(true)
  })

  test('reads of each form are given from the store (C2)', async () => {
    const forms: (() => Promise<unknown>)[] = [
      () => db.cached().selectFrom('city').selectAll().execute(),
      () => db.cached().selectFrom('city').selectAll().executeTakeFirst(),
      () =>
        db
          .cached()
          .selectFrom('city')
          .select((eb: Any) => eb.fn.countAll().as('n'))
          .executeTakeFirstOrThrow(),
      () => db.cached().selectFrom('city').select('name').distinct().execute(),
      () =>
        db
          .cached()
          .selectNoFrom((eb: Any) => eb.exists(eb.selectFrom('city').select('id')).as('there'))
          .execute(),
      () => db.cached().selectFrom('city').select('id').union(db.selectFrom('note').select('id')).execute(),
    ]
    for (const form of forms) {
      const first = await form()
      expect(await isHit(db, form)).toBe(true)
      expect(await form()).toEqual(first)
    }
  })

  test('a transaction neither reads nor fills the cache', async () => {
    await db.transaction().execute(async (trx: Any) => {
      await trx.updateTable('note').set({ text: 'uncommitted' }).execute()
      const before = db.cache.stats()
      expect((await trx.cached().selectFrom('note').selectAll().execute())[0].text).toBe('uncommitted')
      expect((await trx.cached().selectFrom('city').selectAll().orderBy('id').execute()).length).toBeGreaterThan(0)
      expect(db.cache.stats()).toEqual(before)
    })
  })
})
