import assert from 'node:assert/strict'
import { afterEach, describe, expect, test } from 'vitest'
import { cache, memoryStore } from '../../src/cache/index.ts'
import { pglite } from '../../src/driver/pglite/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { index, kanta, sql, table } from '../../src/index.ts'
import { softDelete, timestamps } from '../../src/plugins/index.ts'
import {
  assertReturnsRows,
  assertRunsAtMost,
  assertUsesIndex,
  clock,
  createMock,
  faulty,
  generate,
  generateTestData,
  matchers,
  snapshot,
  testing,
} from '../../src/testing/index.ts'
import { engines } from '../relations/ground.ts'
import type { Any } from '../tenant/ground.ts'

expect.extend(matchers as Any)

const users = table('users', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  favorite_id: c
    .integer()
    .nullable()
    .references((): Any => posts.id),
}))
const posts = table(
  'posts',
  (c) => ({ id: c.integer().primaryKey(), user_id: c.integer().references(() => users.id), title: c.varchar(80) }),
  (t) => [index([t.user_id], { name: 'posts_user' })],
)
const schema = { users, posts }

const open: { destroy(): Promise<void> }[] = []
const opened = <D extends { destroy(): Promise<void> }>(db: D): D => {
  open.push(db)
  return db
}
afterEach(async () => {
  for (const db of open.splice(0)) await db.destroy()
})

describe('createMock()', () => {
  test('in the form of a plugin', async () => {
    const db = opened(kanta({ driver: sqlite('/nowhere/app.db'), schema, plugins: [testing()] }))
    const mock = opened(db.createMock())
      .table('users')
      .seed([
        { id: 1, name: 'John' },
        { id: 2, name: 'Jane' },
      ])
    expect(await mock.selectFrom('users').select('name').orderBy('id').execute()).toEqual([
      { name: 'John' },
      { name: 'Jane' },
    ])
    expect(() => mock.table('users').seed([])).toThrow('seed() comes before the first query')
    expect(() => db.createMock().table('user')).toThrow("There is no table 'user'")
  })

  test('generated data', async () => {
    const db = opened(kanta({ driver: sqlite('/nowhere/app.db'), schema, plugins: [testing()] }))
    const filled = opened(db.generateTestData({ users: 100, posts: 500, relationships: 'realistic' }))
    const rows = await filled.selectFrom('posts').select('user_id').execute()
    expect(rows).toHaveLength(500)
    const most = (of: Any[]): number => {
      const counts = new Map<number, number>()
      for (const { user_id } of of) counts.set(user_id, (counts.get(user_id) ?? 0) + 1)
      return Math.max(...counts.values())
    }
    const even = opened(generateTestData(db as Any, { users: 100, posts: 500, relationships: 'even' } as Any)) as Any
    expect(most(rows)).toBeGreaterThan(most(await even.selectFrom('posts').select('user_id').execute()) * 2)
  })

  test('a mock of a database of PostgreSQL is PGlite, with cycles and policies', async () => {
    const db = opened(
      kanta({
        driver: pglite('/nowhere'),
        schema,
        plugins: [softDelete({ tables: ['posts'], column: 'title' as Any })].slice(1),
      }),
    )
    const mock = opened(createMock(db as Any) as Any)
    mock.table('users').seed([{ id: 1, name: 'Ada' }])
    expect(await mock.selectFrom('users').selectAll().execute()).toEqual([{ id: 1, name: 'Ada', favorite_id: null }])
    expect(
      (await mock.insertInto('posts').values({ user_id: 1, title: 'x' }).executeTakeFirst()).numInsertedOrUpdatedRows,
    ).toBe(1n)
  })

  test('what has no embedded engine, and no tables', () => {
    const bare = opened(kanta<Any>({ driver: sqlite(':memory:') }))
    expect(() => createMock(bare)).toThrow('needs the tables of the database as table() values')
    expect(() => createMock({} as Any)).toThrow('createMock() takes a database')
  })
})

test('a clock that stands still until it is set', async () => {
  const time = clock('2024-02-29T12:00:00Z')
  const note = table('note', (c) => ({
    id: c.integer().primaryKey(),
    created_at: c.timestamp().$optional(),
    updated_at: c.timestamp().$optional(),
  }))
  const db = opened(
    kanta({ driver: sqlite(':memory:'), schema: { note }, plugins: [timestamps({ now: time.now })] }),
  ) as Any
  await db.schema.createTable(note).execute()
  await db.insertInto('note').values({ id: 1 }).execute()
  time.advance(1_000)
  await db.updateTable('note').set({ id: 2 }).execute()
  const [row] = await db.selectFrom('note').selectAll().execute()
  expect(row.updated_at - row.created_at).toBe(1_000)
  time.set(new Date(0))
  expect(time.now().getTime()).toBe(0)
  expect(() => clock(null as Any)).toThrow('clock(null) takes a Date')
  expect(() => time.advance(1e300)).toThrow('advance() takes milliseconds')
  expect(() => clock('yesterday')).toThrow('clock("yesterday") takes a Date')
  expect(() => time.advance(Number.NaN)).toThrow('advance() takes milliseconds')
})

test('a driver that fails on demand, on a driver that connects later too', async () => {
  for (const driver of [faulty(sqlite(':memory:')), faulty(pglite())]) {
    const db = opened(kanta<Any>({ driver })) as Any
    driver.options = { fault: ({ kind }) => (kind === 'statement' ? { error: new Error('cut off') } : undefined) }
    await expect(db.selectFrom('t').selectAll().execute()).rejects.toThrow('cut off')
    const read = async (): Promise<void> => {
      for await (const _ of db.selectFrom('t').selectAll().stream()) break
    }
    await expect(read()).rejects.toThrow('cut off')
    expect(driver.open.size).toBe(1)
    driver.options = {}
  }
  expect(() => faulty(undefined as Any)).toThrow('faulty() takes a driver first')
  expect(() => faulty(sqlite(':memory:'), { falt: () => undefined } as Any)).toThrow("Did you mean 'fault'")
})

test('a cache of the database does not answer for a mock', async () => {
  const note = table('note', (c) => ({ id: c.integer().primaryKey() }))
  const plugins = [cache({ store: memoryStore(), ttl: 60_000, tables: ['note'] })]
  const db = opened(kanta({ driver: sqlite(':memory:'), schema: { note }, plugins })) as Any
  await db.schema.createTable(note).execute()
  await db.insertInto('note').values({ id: 1 }).execute()
  const all = (on: Any) => on.selectFrom('note').selectAll().execute()
  expect(await all(db)).toEqual([{ id: 1 }])
  expect(await all(opened(createMock(db) as Any))).toEqual([])
})

test('rows of a mock may be given in any order of their tables', async () => {
  const up = table('up', (c) => ({ id: c.integer().primaryKey() }))
  const down = table('down', (c) => ({ id: c.integer().primaryKey(), up_id: c.integer().references(() => up.id) }))
  const db = opened(kanta({ driver: sqlite(':memory:'), schema: { up, down } })) as Any
  const mock = opened(createMock(db) as Any) as Any
  const seeded = mock
    .table('down')
    .seed([{ id: 1, up_id: 1 }])
    .table('up')
    .seed([{ id: 1 }])
  expect(await seeded.selectFrom('down').selectAll().execute()).toEqual([{ id: 1, up_id: 1 }])
})

test('rows are compared by value and type, in whatever order their columns are', async () => {
  const rows = [{ id: 1, at: new Date(0), many: 5n, bytes: new Uint8Array([1]), none: null }]
  const query: Any = { execute: async () => rows }
  await assertReturnsRows(query, [{ none: null, bytes: new Uint8Array([1]), many: 5n, at: new Date(0), id: 1 }])
  for (const [name, value] of Object.entries({ at: '1970-01-01T00:00:00.000Z', many: '5n', none: Number.NaN, id: 1n }))
    await expect(assertReturnsRows(query, [{ ...rows[0], [name]: value }])).rejects.toMatchObject({ code: 'conflict' })
  await expect(assertReturnsRows([] as Any, [])).rejects.toThrow('takes a query')
  await expect(assertReturnsRows(query, undefined as Any)).rejects.toThrow('takes a list of rows')
})

test('checks of statements refuse what is no number and no work, and may be in each other', async () => {
  const db = opened(kanta<Any>({ driver: sqlite(':memory:') })) as Any
  await expect(assertRunsAtMost(Number.NaN, db, () => 1)).rejects.toThrow('takes a whole number')
  await expect(assertRunsAtMost(1, db, undefined as Any)).rejects.toThrow('takes a function')
  const one = (on: Any) => sql`select 1`.execute(on)
  await assertRunsAtMost(2, db, async (outer: Any) => {
    await one(outer)
    await assertRunsAtMost(1, outer, one)
    await expect(assertRunsAtMost(0, outer, async () => one(db))).resolves.toBeUndefined()
  })
})

describe.each(engines)('$name', (engine) => {
  test.skipIf(engine.missing !== undefined)(
    'snapshots undo what triggers do, restrictions do not hinder them',
    async () => {
      const place: Any = await engine.create()
      const db: Any = kanta({ driver: place.driver() })
      const run = (text: string): Promise<Any> => sql.raw(text).execute(db) as never
      await run('create table a_up (id integer primary key, n integer)')
      await run(
        'create table b_down (id integer primary key, up_id integer not null references a_up (id) on delete restrict)',
      )
      await run('create table log (n integer)')
      const write = 'insert into log values (1)'
      if (engine.dialect === 'postgres') {
        await run(`create function note() returns trigger language plpgsql as $$ begin ${write}; return null; end $$`)
        await run('create trigger noted after insert on a_up for each row execute function note()')
      } else await run(`create trigger noted after insert on a_up for each row begin ${write}; end`)
      await run('insert into a_up values (1, 1)')
      await run('insert into b_down values (1, 1)')
      const all = async (): Promise<unknown[]> =>
        (await Promise.all(['a_up', 'b_down', 'log'].map((name) => run(`select * from ${name}`)))).map(
          ({ rows }) => rows,
        )
      const before = await all()
      const kept = await snapshot(db)
      const other = await snapshot(db)
      await run('insert into a_up values (2, 1)')
      await run('delete from b_down')
      await kept.restore()
      expect(await all()).toEqual(before)
      await run('insert into a_up values (2, 1)')
      expect((await run('select * from log')).rows).toHaveLength(2)
      await other.restore()
      expect(await all()).toEqual(before)
      for (const each of [kept, other]) await each.drop()
      await db.destroy()
      await place.drop()
    },
  )

  test.skipIf(engine.missing !== undefined)('snapshots and checks', async () => {
    const place: Any = await engine.create()
    const note = table('note', (c) => ({ id: c.integer().primaryKey(), text: c.varchar(40) }))
    const child = table(
      'child',
      (c) => ({ id: c.integer().primaryKey(), note_id: c.integer().references(() => note.id) }),
      (t) => [index([t.note_id], { name: 'child_note' })],
    )
    const db: Any = kanta({ driver: place.driver(), schema: { note, child } })
    for (const each of [note, child]) await db.schema.createTable(each).execute()
    await generate(db, { seed: 1, rows: { note: 50, child: 3_000 } })
    const before = await db.selectFrom('child').selectAll().orderBy('id').execute()
    {
      await using kept = await snapshot(db)
      await db.deleteFrom('child').execute()
      await db.updateTable('note').set({ text: 'changed' }).execute()
      const started = performance.now()
      await kept.restore()
      console.log(`${engine.name}: restored in ${(performance.now() - started).toFixed(1)} ms`)
      expect(await db.selectFrom('child').selectAll().orderBy('id').execute()).toEqual(before)
      expect(await db.selectFrom('note').selectAll().where('text', '=', 'changed').execute()).toEqual([])
    }

    const byNote = db.selectFrom('child').select('id').where('note_id', '=', 7)
    await (engine.dialect === 'postgres'
      ? db.transaction().execute(async (trx: Any) => {
          await sql.raw('set local enable_seqscan = off').execute(trx)
          await assertUsesIndex(trx.selectFrom('child').select('id').where('note_id', '=', 7), 'child_note')
        })
      : (expect(byNote) as Any).toUseIndex('child_note'))
    await expect(assertUsesIndex(db.selectFrom('note').select('id').where('text', 'like', '%x'))).rejects.toThrow(
      'no index',
    )
    const first = db.selectFrom('note').select('id').orderBy('id').limit(2)
    await (expect(first) as Any).toReturnRows([{ id: 1 }, { id: 2 }])
    await assert.rejects(assertReturnsRows(first, [{ id: 1 }]), /The query returns \[{"id":1},{"id":2}\], expected/)
    const twice = async (on: Any): Promise<void> => {
      await on.selectFrom('note').selectAll().execute()
      await on.selectFrom('child').selectAll().execute()
    }
    await assertRunsAtMost(2, db, twice)
    await (expect(twice) as Any).toRunAtMost(2, db)
    await expect(assertRunsAtMost(1, db, twice)).rejects.toThrow('The work runs 2 statements, expected at most 1')
    await db.destroy()
    await place.drop()
  })
})
