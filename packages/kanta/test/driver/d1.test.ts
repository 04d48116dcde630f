import { Miniflare } from 'miniflare'
import { afterAll, describe, expect, test } from 'vitest'
import { type D1Binding, d1 } from '../../src/driver/d1/index.ts'
import { eq } from '../../src/filter/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import { tenant } from '../../src/plugins/index.ts'
import { repository, withBatch } from '../../src/repository/index.ts'
import { connectionSuite } from '../conformance/driver.ts'
import { relatedSuite } from '../conformance/related.ts'

/** A worker of its own with enough empty databases for all tests, as `workerd` runs it. */
async function start(): Promise<{ bindings: D1Binding[]; stop(): Promise<void> } | { missing: string }> {
  const names = Array.from({ length: 160 }, (_, i) => `DB${i}`)
  try {
    const worker = new Miniflare({
      modules: true,
      script: 'export default { fetch() { return new Response() } }',
      d1Databases: Object.fromEntries(names.map((name) => [name, name])),
    })
    const bindings = Object.values(await worker.getBindings<Record<string, D1Binding>>())
    return { bindings, stop: () => worker.dispose() }
  } catch (error) {
    return { missing: `workerd does not run here: ${error instanceof Error ? error.message : String(error)}` }
  }
}

const started = await start()

if ('missing' in started) test.skip(`Cloudflare D1 (left out: ${started.missing})`, () => {})
else {
  const { bindings, stop } = started
  afterAll(stop)
  const binding = (): D1Binding => {
    const next = bindings.pop()
    if (next === undefined) throw new Error('More databases are needed than the worker has.')
    return next
  }

  describe('Cloudflare D1', () => {
    connectionSuite(() => d1(binding()), 'memory', {
      instant: 'D1 answers later',
      reals: 'D1 binds every number as a real',
      infinity: 'D1 makes null of it',
      bigints: 'D1 takes and gives numbers only',
      minusZero: 'D1 takes numbers as JSON',
      cursors: 'D1 gives all rows at once',
      transactions: 'D1 has none that stay open',
      greeting: 'a binding opens no connections',
    })

    describe('relations', () => relatedSuite(() => d1(binding()), { transactions: false }))

    const city = table('city', (c) => ({
      id: c.integer().primaryKey(),
      name: c.text().unique(),
      people: c.bigint(),
      size: c.real(),
      flag: c.bytes(),
    }))
    const rowOf = (id: number) => ({ id, name: `city ${id}`, people: 5n, size: 1.5, flag: new Uint8Array([1, 255]) })
    const open = async () => {
      const db = kanta({ driver: d1(binding()), schema: { city } })
      await db.schema.createTable(city).execute()
      return db
    }

    test('rows of a table go in and come out', async () => {
      await using db = await open()
      await db.insertInto(city).values(rowOf(1)).execute()
      expect(await db.selectFrom(city).selectAll().execute()).toEqual([rowOf(1)])
      expect(await sql`select typeof(id) as id, typeof(people) as people from city`.execute(db)).toMatchObject({
        rows: [{ id: 'integer', people: 'integer' }],
      })
    })

    test('T4: a batch of repositories is one round trip, under policies, all or nothing', async () => {
      const note = table('note', (c) => ({
        id: c.integer().primaryKey(),
        owner: c.integer().$optional(),
        text: c.text().unique(),
      }))
      const plain = binding()
      const trips: number[] = []
      const counted: D1Binding = {
        prepare: (text) => plain.prepare(text),
        batch: (statements) => {
          trips.push(statements.length)
          return plain.batch(statements)
        },
      }
      await using db = kanta({ driver: d1(counted), schema: { note } })
      await db.schema.createTable(note).execute()
      await db
        .insertInto('note')
        .values([
          { id: 1, owner: 1, text: 'one' },
          { id: 2, owner: 2, text: 'two' },
          { id: 3, owner: 1, text: 'three' },
        ])
        .execute()
      const mine = db.withPlugins([tenant({ column: 'owner' })]).as({ tenant: 1 })
      const notes = repository(mine, note)
      trips.splice(0)
      const results = await withBatch(mine, (b) => [
        b(notes).create({ text: 'made' }),
        b(notes).update(1, { text: 'uno' }),
        b(notes).update(2, { text: 'stolen' }),
        b(notes).updateMany(eq('text', 'three'), { text: 'drei' }),
        b(notes).upsert({ id: 9, text: 'nine' }),
        b(notes).createMany([{ text: 'a' }, { text: 'b' }]),
        b(notes).createMany([]),
        b(notes).bulkDelete([3, 2]),
        b(notes).delete(77),
      ])
      expect(results).toEqual([
        expect.objectContaining({ owner: 1, text: 'made' }),
        { id: 1, owner: 1, text: 'uno' },
        null,
        1,
        { id: 9, owner: 1, text: 'nine' },
        [expect.objectContaining({ text: 'a' }), expect.objectContaining({ text: 'b' })],
        [],
        1,
        null,
      ])
      expect(trips.splice(0)).toEqual([8])
      const before = await db.selectFrom('note').selectAll().orderBy('id').execute()
      const failing = [
        () => notes.batch((b) => [b.deleteMany(eq('text', 'uno')), b.create({ text: 'two' })]),
        () => notes.batch((b) => [b.deleteMany(eq('text', 'uno')), b.update(1, { nothing: 1 } as never)]),
        () => notes.batch((b) => [b.deleteMany(eq('text', 'uno')), b.getOrCreate({ id: 5 }, { text: 'x' })]),
        () => notes.batch((b) => [b.deleteMany(eq('text', 'uno')), b.findOneAndUpdate(eq('id', 1), { text: 'x' })]),
        () => notes.batch((b) => [b.deleteMany(eq('text', 'uno')), b.upsertMany([{ id: 1, text: 'x' }])]),
      ]
      const codes = ['unique_violation', 'invalid_input', 'unsupported', 'unsupported', 'unsupported']
      for (const [i, run] of failing.entries()) await expect(run()).rejects.toMatchObject({ code: codes[i] })
      const hooked = repository(mine, note, { hooks: [{ before: () => {} }] })
      await expect(hooked.batch((b) => [b.delete(1)])).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining('has hooks'),
      })
      expect(await db.selectFrom('note').selectAll().orderBy('id').execute()).toEqual(before)
    })

    test('decimals are computed as integers, and refused beyond what a number holds', async () => {
      const item = table('item', (c) => ({ id: c.integer().primaryKey(), price: c.decimal(18, 2) }))
      await using db = kanta({ driver: d1(binding()), schema: { item } })
      await db.schema.createTable(item).execute()
      await db
        .insertInto(item)
        .values([{ price: '9.00' }, { price: '-10.05' }, { price: '100' }])
        .execute()
      const rows = await db
        .selectFrom('item')
        .select((eb) => [
          'price',
          eb('price', '/', eb.val('3') as never).as('third'),
          eb('price', '+', eb.val('0.5') as never).as('more'),
        ])
        .where('price', '<', '9.005')
        .orderBy('price')
        .execute()
      expect(rows).toEqual([
        { price: '-10.05', third: '-3.350000', more: '-9.55' },
        { price: '9.00', third: '3.000000', more: '9.50' },
      ])
      expect(await sql`select typeof(price) as t from item`.execute(db)).toMatchObject({
        rows: [{ t: 'integer' }, {}, {}],
      })
      await expect(db.insertInto(item).values({ price: '9999999999999999.99' }).execute()).rejects.toThrow(/D1/)
    })

    test('transactions are refused, with what to do in place of them', async () => {
      await using db = await open()
      for (const attempt of [
        () => db.transaction().execute(async () => 1),
        () => db.startTransaction().execute(),
        () => sql`begin`.execute(db),
        () => sql`savepoint a`.execute(db),
      ]) {
        await expect(attempt()).rejects.toMatchObject({
          code: 'unsupported',
          message: expect.stringMatching(/one insert.*batch\(\)/),
        })
      }
    })

    test('many rows are all there, or none', async () => {
      await using db = await open()
      const rows = Array.from({ length: 200 }, (_, id) => rowOf(id))
      expect(await db.insertInto(city).values(rows).execute()).toMatchObject([{ numInsertedOrUpdatedRows: 200n }])
      await db.deleteFrom(city).execute()
      await expect(
        db
          .insertInto(city)
          .values([...rows, rowOf(0)])
          .execute(),
      ).rejects.toMatchObject({ code: 'unique_violation', table: 'city', columns: ['id'] })
      expect(await db.selectFrom(city).select('id').execute()).toEqual([])
      const returned = await db.insertInto(city).values(rows).returning(['id', 'people']).execute()
      expect(returned).toEqual(rows.map(({ id, people }) => ({ id, people })))
    })

    test('more values than a statement of D1 takes', async () => {
      await using db = await open()
      await db
        .insertInto(city)
        .values([rowOf(1), rowOf(2)])
        .execute()
      const ids = Array.from({ length: 150 }, (_, i) => i + 2)
      expect(await db.selectFrom(city).select('id').where('id', 'in', ids).execute()).toEqual([{ id: 2 }])
    })

    test('an integer that a number cannot hold is refused on both ways', async () => {
      await using db = await open()
      const big = 2n ** 53n + 1n
      await expect(
        db
          .insertInto(city)
          .values({ ...rowOf(1), people: big })
          .execute(),
      ).rejects.toMatchObject({ code: 'invalid_input', message: expect.stringContaining(String(big)) })
      for (const literal of [String(big), `-${big}`]) {
        await sql`insert or replace into city values (1, 'x', ${sql.raw(literal)}, 1, x'')`.execute(db)
        for (const query of [db.selectFrom(city).select('people'), db.selectFrom(city).selectAll()]) {
          await expect(query.execute()).rejects.toMatchObject({
            code: 'query',
            message: expect.stringContaining('text'),
          })
        }
      }
      expect((await sql`select cast(people as text) as people from city`.execute(db)).rows).toEqual([
        { people: `-${big}` },
      ])
      await db.updateTable(city).set({ people: 1n, size: 1e300 }).execute()
      expect(await db.selectFrom(city).select('size').execute()).toEqual([{ size: 1e300 }])
    })

    test('a script may hold triggers and line breaks, and is run as one', async () => {
      const connection = await d1(binding()).connect('write')
      await connection.script(`
        create table note (text); -- with; a comment
        create trigger keep before delete on note begin
          select raise(abort, 'notes stay');
        end;
        insert into note values ('two
lines; of text')`)
      expect(await connection.all('select text from note', [])).toEqual([['two\nlines; of text']])
      await expect(Promise.resolve(connection.script('create table a (b); create table note (c)'))).rejects.toThrow(
        /already exists/,
      )
      expect(await connection.all("select name from sqlite_schema where name = 'a'", [])).toEqual([])
    })

    test('a session serves as well as a binding', async () => {
      const session = (binding() as D1Binding & { withSession(): D1Binding }).withSession()
      await using db = kanta({ driver: d1(session) })
      expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
    })
  })

  test('what is no binding is refused', () => {
    expect(() => d1(undefined as never)).toThrow(/env\.DB/)
  })
}
