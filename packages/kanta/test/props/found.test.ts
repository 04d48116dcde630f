import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expressionBuilder, index, KantaError, prepare, sql, table } from '../../src/index.ts'
import { forget, internStats, setCapacity } from '../../src/ir/index.ts'
import { type Any, openWorld, type World } from './world.ts'

const eb: Any = (expressionBuilder as Any)()

// What the fuzz and the tests beside it have found, each in its smallest form.
describe.each(['node', 'better', 'uncached'] as const)('found before (%s)', (kind) => {
  let world: World
  let db: Any
  beforeAll(async () => {
    world = await openWorld(0)
    db = world.db[kind]
    await db
      .insertInto('item')
      .values({ id: 1, n: 2, s: 'a', b: true, t: new Date(5) })
      .execute()
    await db
      .insertInto('tag')
      .values({ itemId: 1, s: false, n: 'text', at: new Date(7) })
      .execute()
  })
  afterAll(() => world.close())

  const one = async (query: Any): Promise<unknown> => Object.values((await query.execute())[0])[0]
  const item = (): Any => db.selectFrom('item')

  it('reads a bare name as a column of the tables, not of a common table expression', async () => {
    const query = db
      .with('c', (d: Any) => d.selectFrom('tag').select(['s', 'n']))
      .selectFrom('item')
      .select(['s', 'n'])
    expect(await query.execute()).toEqual([{ s: 'a', n: 2 }])
  })

  it('keeps "not exists" apart from what is around it', async () => {
    const none = eb.unary('not exists', db.selectFrom('item as i').select('i.id'))
    expect(await one(item().select(eb(none, '+', eb.ref('n')).as('x')))).toBe(2)
    expect(await one(item().select(eb(none, '=', 0).as('x')))).toBe(true)
  })

  it('writes the values of a case as its columns are read', async () => {
    const made = eb.case().when('id', '=', 9).then(eb.ref('t')).else(new Date(9)).end()
    expect(await one(item().select(made.as('x')))).toEqual(new Date(9))
    const matched = eb.case('id').when(1).then(new Date(3)).else(eb.ref('t')).end()
    expect(await one(item().select(matched.as('x')))).toEqual(new Date(3))
  })

  it('reads all columns of a table that is called "excluded"', async () => {
    expect(await db.selectFrom('item as excluded').selectAll().execute()).toEqual([
      { id: 1, n: 2, s: 'a', b: true, t: new Date(5), ownerId: null },
    ])
  })

  it('names an expression without a name by its own text, whatever the length of its list', async () => {
    const names: string[] = []
    for (const ids of [[1], [1, 2, 3], [1]])
      names.push(
        Object.keys(
          (
            await item()
              .select(eb('id', 'in', ids))
              .execute()
          )[0],
        )[0]!,
      )
    expect(names).toEqual(['"id" in (?)', '"id" in (?, ?, ?, ?)', '"id" in (?)'])
  })

  it('counts the values of a separator', async () => {
    const joined = sql.join([1, 2, 3], sql` + ${10} + `)
    expect(await one(item().select(sql`${joined}`.as('x')).where('id', '=', 1))).toBe(26)
    expect(
      await one(
        item()
          .select(sql`${sql.join([1], sql` + ${10} + `)} + ${5}`.as('x'))
          .where('id', '=', 1),
      ),
    ).toBe(6)
  })

  it('lets the last rows of values() count', async () => {
    const query = db
      .insertInto('tag')
      .values({ itemId: 5 })
      .values({ itemId: eb.val(6) })
    expect(query.compile()).toMatchObject({ sql: 'insert into "tag" ("itemId") values (?)', parameters: [6] })
    expect(() => db.insertInto('tag').values({ itemId: 5 }).defaultValues().compile()).toThrow(/more than one of/)
    expect(() =>
      db
        .insertInto('tag')
        .values({ itemId: 5 })
        .columns(['itemId'])
        .expression(db.selectFrom('item').select('id'))
        .compile(),
    ).toThrow(/more than one of/)
  })

  it('takes callbacks among the tables of a list', async () => {
    const query = db.selectFrom(['item', () => db.selectFrom('tag').select('n').as('x')]).select(['item.id', 'x.n'])
    expect(await query.execute()).toEqual([{ id: 1, n: 'text' }])
  })

  it('gives text and values of a compiled query to JSON', () => {
    const { sql: text } = item().select('id').compile()
    expect(JSON.parse(JSON.stringify(item().select('id').where('id', '=', 1).compile()))).toEqual({
      sql: `${text} where "id" = ?`,
      parameters: [1],
    })
  })

  it('refuses a limit below nothing in every form', async () => {
    for (const amount of [-1, -1n, eb.val(-1), eb.lit(-1), sql.lit(-1), sql.val(-1)])
      expect(() => item().select('id').limit(amount)).toThrow(KantaError)
    const prepared = prepare(db, (slot: Any) => item().select('id').limit(slot('n')))
    await expect((async () => prepared.execute({ n: -1 }))()).rejects.toThrow(/whole number of rows/)
  })

  it('writes to the table, whatever a common table expression is called', async () => {
    const within = db.with('item', (d: Any) => d.selectFrom('owner').select('id'))
    const trx = await db.startTransaction().execute()
    try {
      const changed = trx
        .with('item', (d: Any) => d.selectFrom('owner').select('id'))
        .updateTable('item')
        .set({ b: false, t: new Date(1) })
      await changed.execute()
      expect(await trx.selectFrom('item').select(['b', 't']).execute()).toEqual([{ b: false, t: new Date(1) }])
    } finally {
      await trx.rollback().execute()
    }
    expect(() => within.insertInto('item').values({ nothing: 1 }).compile()).toThrow(/no column 'nothing'/)
  })

  it('takes the values of parameters from the object that was given, not from what all objects inherit', async () => {
    const prepared = prepare(db, (slot: Any) => item().select('id').where('id', '=', slot('toString')))
    await expect((async () => prepared.execute({}))()).rejects.toThrow(/'toString' is undefined/)
    expect(await prepared.execute({ toString: 1 })).toEqual([{ id: 1 }])
  })

  it('refuses a condition of four parts', () => {
    expect(() => item().where('id', '=', 1, 'n')).toThrow(/it was given 4 arguments/)
    expect(() => item().where('id', '=')).toThrow(/it was given 2 arguments/)
  })

  it('makes indexes of the rows that were meant', async () => {
    const indexed = (where: unknown): Any =>
      table(
        'fresh',
        (c) => ({ a: c.integer() }),
        (t) => [index([t.a], { where } as Any)],
      )
    expect(() => db.schema.createTable(indexed('a > 5'))).toThrow(/by an expression/)
    expect(() => db.schema.createTable(indexed(eb('a', '>', 5)))).toThrow(/takes no values/)
    await db.schema.createTable(indexed(eb('a', '>', eb.lit(5)))).execute()
    const { rows } = await db.executeQuery({
      sql: "select sql from sqlite_schema where tbl_name = 'fresh' and type = 'index'",
      parameters: [],
    })
    expect(rows).toEqual([{ sql: 'CREATE INDEX "fresh_a_index" on "fresh" ("a") where "a" > 5' }])
    await db.schema.dropTable('fresh').execute()
    expect(() => db.schema.createTable(indexed(undefined)).ifExists()).toThrow(/ifExists/)
  })

  it('starts afresh with a table smaller than what the library itself keeps', async () => {
    try {
      for (const capacity of [0, 1, 5]) {
        setCapacity(capacity)
        expect(await one(item().select('s').where('id', 'in', [1, 2]).orderBy('id').limit(1))).toBe('a')
      }
    } finally {
      setCapacity(10_000)
    }
  })

  it('makes the same shape of the same calls, until the table starts afresh', () => {
    const build = (): Any =>
      item()
        .select(['id', 's as x'])
        .where('n', '=', 1)
        .where(eb.or([eb('s', '=', 'a'), eb('b', '=', true)]))
        .limit(3)
    const [first, second] = [build(), build()]
    expect(second.shape === first.shape).toBe(true)
    const { flushes } = internStats()
    forget()
    expect(internStats().flushes).toBe(flushes + 1)
    const [third, fourth] = [build(), build()]
    expect(third.shape === first.shape).toBe(false)
    expect(third.shape === fourth.shape).toBe(true)
  })
})
