import { describe, expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { fromJSON, kanta, prepare, type Slots, sql, table, toJSON } from '../../src/index.ts'
import { camelCase, schemaPrefix } from '../../src/plugins/index.ts'
import { temporaryFolder } from '../conformance/folder.ts'

const city = table('city', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  active: c.boolean().default(true),
  founded: c.timestamp().nullable(),
}))

const makers = { 'node:sqlite': sqlite, 'better-sqlite3': betterSqlite3 } as const
const folder = temporaryFolder()

for (const [library, make] of Object.entries(makers)) {
  const open = async (path = ':memory:', options: object = {}) => {
    const db = kanta({ driver: make(path), schema: { city }, ...options })
    await db.schema.createTable(city).execute()
    await db
      .insertInto('city')
      .values([{ name: 'Turku' }, { name: 'Oulu', active: false }, { name: 'Vaasa' }])
      .execute()
    return db
  }
  const openFile = (options: object = {}) => open(folder.path('cities.db'), options)
  const names = (rows: readonly unknown[]) => rows.map((row) => (row as { name: string }).name)

  describe(`a database over ${library}`, () => {
    test('a read outside a transaction neither waits for it nor sees its rows', async () => {
      await using db = await openFile()
      await db.transaction().execute(async (trx) => {
        await trx.insertInto('city').values({ name: 'Kemi' }).execute()
        expect(await db.selectFrom('city').selectAll().execute()).toHaveLength(3)
        expect(await trx.selectFrom('city').selectAll().execute()).toHaveLength(4)
      })
      expect(await db.selectFrom('city').selectAll().execute()).toHaveLength(4)
    })

    test('other work waits for a transaction and never slips into it', async () => {
      await using db = await open()
      const order: string[] = []
      const transaction = db.transaction().execute(async (trx) => {
        await trx.insertInto('city').values({ name: 'Kemi' }).execute()
        await new Promise((resolve) => setImmediate(resolve))
        order.push('transaction')
        throw new Error('back')
      })
      const outside = db
        .insertInto('city')
        .values({ name: 'Pori' })
        .execute()
        .then(() => order.push('outside'))
      await expect(transaction).rejects.toThrow('back')
      await outside
      expect(order).toEqual(['transaction', 'outside'])
      expect(names(await db.selectFrom('city').select('name').execute())).toEqual(['Turku', 'Oulu', 'Vaasa', 'Pori'])
    })

    test('a nested transaction is undone alone', async () => {
      await using db = await open()
      await db.transaction().execute(async (trx) => {
        await trx.insertInto('city').values({ name: 'Kemi' }).execute()
        const inner = trx.transaction().execute(async (nested) => {
          await nested.deleteFrom('city').execute()
          throw new Error('inner')
        })
        await expect(inner).rejects.toThrow('inner')
      })
      expect(await db.selectFrom('city').selectAll().execute()).toHaveLength(4)
    })

    test('a controlled transaction goes back to a savepoint', async () => {
      await using db = await open()
      await using trx = await db.startTransaction().execute()
      await trx.insertInto('city').values({ name: 'Kemi' }).execute()
      const marked = await trx.savepoint('before').execute()
      await trx.deleteFrom('city').execute()
      await marked.rollbackToSavepoint('before').execute()
      await trx.commit().execute()
      expect(trx.isCommitted).toBe(true)
      expect(await db.selectFrom('city').selectAll().execute()).toHaveLength(4)
      await expect(trx.selectFrom('city').selectAll().execute()).rejects.toMatchObject({ code: 'transaction' })
    })

    test('many rows are inserted all or none, in a transaction too', async () => {
      await using db = await open()
      const rows = Array.from({ length: 1000 }, (_, i) => ({ id: i === 900 ? 1 : i + 10, name: `c${i}` }))
      await expect(db.insertInto('city').values(rows).execute()).rejects.toMatchObject({
        code: 'unique_violation',
        table: 'city',
        columns: ['id'],
      })
      expect(await db.selectFrom('city').selectAll().execute()).toHaveLength(3)
      await db.transaction().execute(async (trx) => {
        await trx.insertInto('city').values({ name: 'Kemi' }).execute()
        await expect(trx.insertInto('city').values(rows).execute()).rejects.toMatchObject({ code: 'unique_violation' })
      })
      expect(await db.selectFrom('city').selectAll().execute()).toHaveLength(4)
      const [result] = await db
        .insertInto('city')
        .values(rows.filter((row) => row.id > 1))
        .execute()
      expect(result).toMatchObject({ numInsertedOrUpdatedRows: 999n, insertId: 1009n })
    })

    test('rows that leave out columns of others get the defaults', async () => {
      await using db = await open()
      const rows = await db
        .insertInto('city')
        .values([{ name: 'a', active: false }, { name: 'b' }, { name: 'c', founded: new Date(0) }])
        .returning(['name', 'active', 'founded'])
        .execute()
      expect(rows).toEqual([
        { name: 'a', active: false, founded: null },
        { name: 'b', active: true, founded: null },
        { name: 'c', active: true, founded: new Date(0) },
      ])
    })

    test('a stream on a file does not keep writes waiting, and gives its connection back wherever it stops', async () => {
      await using db = await openFile()
      const seen: string[] = []
      for await (const row of db.selectFrom('city').select('name').orderBy('id').stream(1)) {
        seen.push(row.name)
        await db.insertInto('city').values({ name: 'new' }).execute()
        if (seen.length === 2) break
      }
      expect(seen).toEqual(['Turku', 'Oulu'])
      for (let i = 0; i < 10; i++) {
        const stream = db.selectFrom('city').select('name').stream(1)
        await stream.next()
        if (i % 2 === 0) await stream.return?.()
        else await expect(stream.throw?.(new Error('stop'))).rejects.toThrow('stop')
      }
      expect(await db.selectFrom('city').selectAll().execute()).toHaveLength(5)
    })

    test('whoever asks a stream for several rows at once gets them in order, and none once it was left', async () => {
      await using db = await openFile()
      const names = ['Turku', 'Oulu', 'Pori', 'Lahti', 'Vaasa']
      await db.deleteFrom('city').execute()
      await db
        .insertInto('city')
        .values(names.map((name) => ({ name })))
        .execute()
      const cities = () => db.selectFrom('city').select('name').orderBy('id').stream(2)
      const all = cities()
      const asked = await Promise.all(Array.from({ length: 7 }, () => all.next()))
      expect(asked.map(({ value }) => value?.name)).toEqual([...names, undefined, undefined])
      expect(asked.map(({ done }) => done)).toEqual([false, false, false, false, false, true, true])

      const left = cities()
      const turns = [left.next(), left.next(), left.next(), left.return?.(), left.next()]
      expect((await Promise.all(turns)).map((turn) => turn?.value?.name)).toEqual([
        ...names.slice(0, 3),
        undefined,
        undefined,
      ])
      expect(await left.next()).toEqual({ done: true, value: undefined })

      const failed = cities()
      const [first, thrown] = [failed.next(), failed.throw?.(new Error('stop'))]
      expect((await first).value?.name).toBe('Turku')
      await expect(thrown).rejects.toThrow('stop')
      expect(await failed.next()).toEqual({ done: true, value: undefined })
    })

    test('a stream in memory and in a transaction lets other statements run', async () => {
      await using db = await open()
      for await (const row of db.selectFrom('city').select('name').stream(1)) {
        await db
          .updateTable('city')
          .set({ name: `${row.name}!` })
          .where('name', '=', row.name)
          .execute()
      }
      await db.transaction().execute(async (trx) => {
        for await (const row of trx.selectFrom('city').select('name').stream(1)) {
          await trx
            .updateTable('city')
            .set({ name: `${row.name}?` })
            .where('name', '=', row.name)
            .execute()
        }
      })
      expect(names(await db.selectFrom('city').select('name').orderBy('id').execute())).toEqual([
        'Turku!?',
        'Oulu!?',
        'Vaasa!?',
      ])
    })

    test('a signal stops a query before it runs, while it waits, and a stream in its midst', async () => {
      await using db = await openFile()
      const aborted = AbortSignal.abort(new Error('enough'))
      await expect(db.selectFrom('city').selectAll().execute({ signal: aborted })).rejects.toMatchObject({
        code: 'cancelled',
      })
      const controller = new AbortController()
      await db.transaction().execute(async () => {
        const waiting = db.insertInto('city').values({ name: 'x' }).execute({ signal: controller.signal })
        controller.abort()
        await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
      })
      const stopping = new AbortController()
      const read = async () => {
        for await (const _ of db.selectFrom('city').select('name').stream({ chunkSize: 1, signal: stopping.signal }))
          stopping.abort()
      }
      await expect(read()).rejects.toMatchObject({ code: 'cancelled' })
      expect(await db.selectFrom('city').selectAll().execute()).toHaveLength(3)
    })

    test('a schema prefix reaches every table but common table expressions', async () => {
      await using db = await open(':memory:', { plugins: [schemaPrefix('main')] })
      const query = db
        .with('c', (q) => q.selectFrom('city').select('name'))
        .selectFrom('c')
        .innerJoin('city as d', 'd.name', 'c.name')
        .select('d.id')
      expect(query.compile().sql).toBe(
        'with "c" as (select "name" from "main"."city") select "d"."id" from "c" inner join "main"."city" as "d" on "d"."name" = "c"."name"',
      )
      expect(await query.execute()).toHaveLength(3)
    })

    test('camel case goes both ways', async () => {
      const visit = table('cityVisit', (c) => ({
        visitId: c.integer().primaryKey(),
        wasNice: c.boolean(),
        visitedAt: c.timestamp(),
      }))
      await using db = kanta({ driver: make(':memory:'), schema: { visit }, plugins: [camelCase()] })
      await db.schema.createTable(visit).execute()
      await db
        .insertInto('cityVisit')
        .values([
          { wasNice: true, visitedAt: new Date(0) },
          { visitId: 7, wasNice: false, visitedAt: new Date(1) },
        ])
        .execute()
      expect(await sql`select visit_id, was_nice from city_visit`.execute(db)).toMatchObject({
        rows: [
          { visitId: 1, wasNice: 1 },
          { visitId: 7, wasNice: 0 },
        ],
      })
      const query = db
        .selectFrom('cityVisit as cv')
        .select(['visitId', 'cv.visitedAt as seenAt'])
        .where('wasNice', '=', true)
        .orderBy('seenAt')
      expect(query.compile().sql).toBe(
        'select "visit_id", "cv"."visited_at" as "seen_at" from "city_visit" as "cv" where "was_nice" = ? order by "seen_at"',
      )
      expect(await query.execute()).toEqual([{ visitId: 1, seenAt: new Date(0) }])
      expect(await db.selectFrom('cityVisit').selectAll().executeTakeFirst()).toEqual({
        visitId: 1,
        wasNice: true,
        visitedAt: new Date(0),
      })
    })

    test('errors carry the statement, and its parameters unless told otherwise', async () => {
      await using db = await open()
      const failing = (on: typeof db) =>
        on
          .insertInto('city')
          .values({ id: 1, name: 'secret' })
          .execute()
          .catch((error) => error)
      expect(await failing(db)).toMatchObject({
        code: 'unique_violation',
        parameters: [1, 'secret'],
        table: 'city',
        columns: ['id'],
      })
      await using quiet = await open(':memory:', { redact: true })
      const error = await failing(quiet)
      expect(error.sql).toContain('insert into')
      expect(error.parameters).toBeUndefined()
    })

    test('a prepared query takes its values each time, and refuses wrong ones', async () => {
      await using db = await open()
      const byName = prepare(db, (slot: Slots<{ names: string[]; active: boolean }>) =>
        db.selectFrom('city').select('id').where('name', 'in', slot('names')).where('active', '=', slot('active')),
      )
      expect(await byName.execute({ names: ['Turku', 'Oulu'], active: true })).toEqual([{ id: 1 }])
      expect(await byName.execute({ names: ['Oulu'], active: false })).toEqual([{ id: 2 }])
      expect(await byName.execute({ names: [], active: false })).toEqual([])
      const refused = (values: unknown) => byName.execute(values as never)
      await expect(refused({ names: ['x'] })).rejects.toThrow("'active' is undefined")
      await expect(refused({ names: ['x'], active: null })).rejects.toThrow('never true')
      await expect(refused({ names: 'x', active: true })).rejects.toThrow('is a list')
      await expect(refused({ names: [null], active: true })).rejects.toThrow('item 0')
      await expect(refused({ names: [], active: true, more: 1 })).rejects.toThrow("Unknown parameter 'more'")
    })

    test('a stored query runs again, and is refused for other tables', async () => {
      await using db = await open()
      const stored = JSON.stringify(toJSON(db.selectFrom('city').select(['id', 'founded']).where('name', '=', 'Turku')))
      expect(await fromJSON(db, stored).execute()).toEqual([{ id: 1, founded: null }])
      const other = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text(), founded: c.text() }))
      await using changed = kanta({ driver: make(':memory:'), schema: { other } })
      expect(() => fromJSON(changed, stored)).toThrow("The table 'city' has changed since the query was stored")
      expect(() => fromJSON(db, stored.replace('"kanta":1', '"kanta":2'))).toThrow('format 1')
    })

    test('destroy lets running work end and refuses what comes after', async () => {
      const db = await openFile()
      const inside = db.transaction().execute(async (trx) => {
        await new Promise((resolve) => setImmediate(resolve))
        return trx.selectFrom('city').selectAll().execute()
      })
      const closing = db.destroy()
      expect(await inside).toHaveLength(3)
      await closing
      await expect(db.selectFrom('city').selectAll().execute()).rejects.toMatchObject({ code: 'closed' })
      await db.destroy()
    })

    test('callbacks run after the commit or the rollback', async () => {
      await using db = await open()
      const told: string[] = []
      await db.transaction().execute(async (trx) => {
        trx.afterCommit(() => told.push('committed'))
        trx.afterRollback(() => told.push('never'))
        told.push('inside')
      })
      const failed = db.transaction().execute(async (trx) => {
        trx.afterCommit(() => told.push('never'))
        trx.afterRollback(() => told.push('rolled back'))
        throw new Error('no')
      })
      await expect(failed).rejects.toThrow('no')
      expect(told).toEqual(['inside', 'committed', 'rolled back'])
    })

    test('two databases share shapes and never plans', async () => {
      await using db = await open()
      await using plain = kanta<{ city: { id: number; name: string; active: number } }>({ driver: make(':memory:') })
      await sql`create table city (id integer primary key, name text, active integer)`.execute(plain)
      await sql`insert into city values (1, 'Kemi', 1)`.execute(plain)
      for (let i = 0; i < 3; i++) {
        expect(await db.selectFrom('city').select(['name', 'active']).where('id', '=', 1).executeTakeFirst()).toEqual({
          name: 'Turku',
          active: true,
        })
        expect(
          await plain.selectFrom('city').select(['name', 'active']).where('id', '=', 1).executeTakeFirst(),
        ).toEqual({ name: 'Kemi', active: 1 })
      }
    })

    test('a cell that cannot be read is named, and the connection is given back once', async () => {
      const note = table('note', (c) => ({ id: c.integer().primaryKey(), body: c.json<object>() }))
      await using db = kanta({ driver: make(':memory:'), schema: { note } })
      await db.schema.createTable(note).execute()
      await sql`insert into note values (1, '{}'), (2, '{broken')`.execute(db)
      for (let i = 0; i < 3; i++) {
        const query = db.selectFrom('note').selectAll().orderBy('id', 'desc')
        await expect(query.executeTakeFirst()).rejects.toMatchObject({
          code: 'query',
          message: expect.stringContaining("column 'body' could not be read"),
        })
        await expect(query.execute()).rejects.toMatchObject({ code: 'query' })
      }
      expect(await db.selectFrom('note').selectAll().where('id', '=', 1).execute()).toEqual([{ id: 1, body: {} }])
    })

    test('a star reads the columns of the table as it is', async () => {
      await using db = await open()
      await db.selectFrom('city').selectAll().executeTakeFirst()
      await sql`alter table city add column more text default 'm'`.execute(db)
      expect(await db.selectFrom('city').selectAll().executeTakeFirst()).toMatchObject({ name: 'Turku', more: 'm' })
    })
  })
}
