import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mysql } from '../../src/driver/mysql2/index.ts'
import { KantaError, kanta, sql as sqlText, table } from '../../src/index.ts'
import type { Case, Loose, World } from '../case.ts'
import { clauses } from '../cases/index.ts'
import { fill, tables } from '../engine/data.ts'
import { type Place, script } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { jsonArrayFrom, jsonObjectFrom, openWith, sql, values } from '../fixture.ts'

/** There is no server of MySQL here: this driver is asked for texts only. */
const texts = (): ReturnType<typeof mysql> => mysql({ host: 'nowhere.invalid' })

/** What only these two databases have, or write in their own way; the rows are those of MariaDB. */
interface Own {
  readonly name: string
  readonly query: (db: Loose) => Loose
  /** The rows of MariaDB, or why it refuses it. */
  readonly rows?: readonly unknown[] | RegExp
  readonly result?: object
  /** What a query finds afterwards. */
  readonly after?: readonly [query: (db: Loose) => Loose, rows: readonly unknown[]]
}

const settings = (db: Loose): Loose => db.selectFrom('setting').select(['name', 'value', 'uses']).orderBy('name')
const ages = (db: Loose): Loose => db.selectFrom('person').select(['id', 'age']).orderBy('id')
const pets = (db: Loose): Loose => db.selectFrom('pet').select('id').orderBy('id')

const OWN: readonly Own[] = [
  {
    name: 'insert ignore',
    query: (db) =>
      db
        .insertInto('setting')
        .ignore()
        .values([{ name: 'theme' }, { name: 'new' }]),
    result: { insertId: undefined, numInsertedOrUpdatedRows: 1n },
  },
  {
    name: 'replace',
    query: (db) => db.replaceInto('setting').values({ name: 'theme', value: 'light' }),
    result: { insertId: undefined, numInsertedOrUpdatedRows: 1n },
    after: [
      settings,
      [
        { name: 'lang', value: null, uses: 2 },
        { name: 'theme', value: 'light', uses: 7 },
      ],
    ],
  },
  {
    name: 'replace … returning',
    query: (db) => db.replaceInto('setting').values({ name: 'lang', uses: 4 }).returning(['name', 'twice']),
    rows: [{ name: 'lang', twice: 8 }],
  },
  {
    name: 'on duplicate key update',
    query: (db) =>
      db
        .insertInto('setting')
        .values([
          { name: 'theme', value: 'a' },
          { name: 'new', value: 'b' },
        ])
        .onDuplicateKeyUpdate((eb) => ({ value: eb.ref('excluded.value'), uses: eb('setting.uses', '+', 1) })),
    after: [
      settings,
      [
        { name: 'lang', value: null, uses: 2 },
        { name: 'new', value: 'b', uses: 7 },
        { name: 'theme', value: 'a', uses: 2 },
      ],
    ],
  },
  {
    name: 'on duplicate key update of a query',
    query: (db) =>
      db
        .insertInto('setting')
        .columns(['name', 'value'])
        .expression((eb) => eb.selectFrom('setting').select(['name', eb.val('again').as('value')]))
        .onDuplicateKeyUpdate((eb) => ({ value: eb.ref('excluded.value') })),
    after: [
      settings,
      [
        { name: 'lang', value: 'again', uses: 2 },
        { name: 'theme', value: 'again', uses: 1 },
      ],
    ],
  },
  {
    name: 'insert of a query with a common table expression',
    query: (db) =>
      db
        .with('q', (d) => d.selectFrom('pet').select('name').where('id', '=', 1))
        .insertInto('setting')
        .columns(['name'])
        .expression((eb) => eb.selectFrom('q').select('name')),
    result: { insertId: undefined, numInsertedOrUpdatedRows: 1n },
  },
  {
    name: 'insert of no values',
    query: (db) => db.insertInto('setting').defaultValues().returning(['name', 'uses']),
    rows: [{ name: 'unnamed', uses: 7 }],
  },
  {
    name: 'update with a join',
    query: (db) =>
      db
        .updateTable('person')
        .innerJoin('pet', 'pet.owner_id', 'person.id')
        .set({ age: 1 })
        .where('pet.name', '=', 'Ra'),
    result: { numUpdatedRows: 1n, numChangedRows: undefined },
    after: [ages, [36, null, 1, 36].map((age, i) => ({ id: i + 1, age }))],
  },
  {
    name: 'update of several tables',
    query: (db) =>
      db
        .updateTable(['person', 'pet'])
        .set({ age: 2 })
        .whereRef('pet.owner_id', '=', 'person.id')
        .where('pet.id', '=', 3),
    after: [ages, [36, null, 2, 36].map((age, i) => ({ id: i + 1, age }))],
  },
  {
    name: 'update with an order and a limit',
    query: (db) => db.updateTable('person').set({ age: 1 }).orderBy('id', 'desc').limit(2),
    result: { numUpdatedRows: 2n, numChangedRows: undefined },
    after: [ages, [36, null, 1, 1].map((age, i) => ({ id: i + 1, age }))],
  },
  {
    name: 'update that sets a column from one that it sets before',
    query: (db) =>
      db
        .updateTable('pet')
        .set((eb) => ({ owner_id: eb.ref('id'), id: eb('owner_id', '+', 100) }))
        .where('id', '=', 3),
    after: [pets, [{ id: 1 }, { id: 2 }, { id: 4 }, { id: 103 }]],
  },
  {
    name: 'delete with an order and a limit',
    query: (db) => db.deleteFrom('pet').orderBy('id', 'desc').limit(1),
    result: { numDeletedRows: 1n },
    after: [pets, [{ id: 1 }, { id: 2 }, { id: 3 }]],
  },
  {
    name: 'delete using',
    query: (db) =>
      db.deleteFrom('pet').using('person').whereRef('pet.owner_id', '=', 'person.id').where('person.age', '=', 36),
    result: { numDeletedRows: 2n },
    after: [pets, [{ id: 3 }, { id: 4 }]],
  },
  {
    name: 'delete with a join, under another name',
    query: (db) =>
      db.deleteFrom('pet as p').innerJoin('person as o', 'o.id', 'p.owner_id').where('o.first_name', '=', 'Cleo'),
    after: [pets, [{ id: 1 }, { id: 2 }, { id: 4 }]],
  },
  {
    name: 'delete from several tables',
    query: (db) =>
      db.deleteFrom(['pet', 'toy']).using(['pet', 'toy']).whereRef('toy.pet_id', '=', 'pet.id').where('pet.id', '=', 1),
    result: { numDeletedRows: 3n },
    after: [pets, [{ id: 2 }, { id: 3 }, { id: 4 }]],
  },
  {
    name: 'for update skip locked',
    query: (db) => db.selectFrom('pet').select('id').where('id', '=', 1).forUpdate().skipLocked(),
    rows: [{ id: 1 }],
  },
  {
    name: 'for share',
    query: (db) => db.selectFrom('pet').select('id').where('id', '=', 1).forShare().noWait(),
    rows: [{ id: 1 }],
  },
  {
    name: 'for update of',
    query: (db) => db.selectFrom('pet').select('id').forUpdate('pet'),
    rows: /^for update of is not available in mariadb/,
  },
  {
    name: 'skipLocked without a lock',
    query: (db) => db.selectFrom('pet').select('id').skipLocked(),
    rows: /Add forUpdate\(\) or forShare\(\)/,
  },
  {
    name: 'rollup',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) => ['species', eb.fn.countAll().as('n')])
        .groupBy((eb) => eb.rollup(['species'])),
    rows: [
      { species: 'cat', n: 2 },
      { species: 'dog', n: 2 },
      { species: null, n: 4 },
    ],
  },
  {
    name: 'filterWhere',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) => [
          eb.fn.countAll().filterWhere('species', '=', 'cat').as('cats'),
          eb.fn.sum('id').filterWhere('species', '=', 'dog').filterWhere('id', '>', 1).as('dogs'),
        ]),
    rows: [{ cats: 2, dogs: 4 }],
  },
  {
    name: 'nulls the other way round',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .orderBy('age', (ob) => ob.asc().nullsLast())
        .orderBy('id'),
    rows: [{ id: 1 }, { id: 4 }, { id: 3 }, { id: 2 }],
  },
  {
    name: 'nulls first, descending',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .orderBy('age', (ob) => ob.desc().nullsFirst())
        .orderBy('id'),
    rows: [{ id: 2 }, { id: 3 }, { id: 1 }, { id: 4 }],
  },
  {
    name: 'a list of a query with an order by an alias, a limit and an offset',
    query: (db) =>
      db.selectNoFrom((eb) =>
        jsonArrayFrom(
          eb
            .selectFrom('pet')
            .select((e) => ['pet.id', e('id', '*', 10).as('n')])
            .orderBy('n', 'desc')
            .limit(2)
            .offset(1),
        ).as('v'),
      ),
    rows: [
      {
        v: [
          { id: 3, n: 30 },
          { id: 2, n: 20 },
        ],
      },
    ],
  },
  {
    name: 'a list of a query with groups, and one of distinct rows',
    query: (db) =>
      db.selectNoFrom((eb) => [
        jsonArrayFrom(
          eb
            .selectFrom('pet')
            .select((e) => ['species', e.fn.countAll().as('n')])
            .groupBy('species')
            .orderBy('species'),
        ).as('groups'),
        jsonArrayFrom(eb.selectFrom('pet').select('species').distinct().orderBy('species', 'desc')).as('kinds'),
      ]),
    rows: [
      {
        groups: [
          { species: 'cat', n: 2 },
          { species: 'dog', n: 2 },
        ],
        kinds: [{ species: 'dog' }, { species: 'cat' }],
      },
    ],
  },
  {
    name: 'one of several rows',
    query: (db) =>
      db.selectNoFrom((eb) => jsonObjectFrom(eb.selectFrom('pet').select('name').orderBy('id', 'desc')).as('v')),
    rows: [{ v: { name: 'Stray' } }],
  },
  {
    name: 'the last of each of several documents',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => ['id', eb.ref('meta', '->>$').key('tags').at('last').as('v')])
        .orderBy('id', 'desc'),
    rows: [
      { id: 4, v: null },
      { id: 3, v: null },
      { id: 2, v: null },
      { id: 1, v: 'code' },
    ],
  },
  {
    name: 'a path for a function that counts from the end',
    query: (db) =>
      db.selectFrom('person').select((eb) => eb.fn('json_extract', ['meta', eb.jsonPath().key('tags').at(-1)]).as('v')),
    rows: /Count from the front/,
  },
  {
    name: 'rows of different types and lengths from here',
    query: (db) =>
      db
        .selectFrom(
          values([
            { a: 1, b: 'x' },
            { a: 2.5, b: 'a longer text' },
            { a: null, b: '' },
          ]).as('v'),
        )
        .selectAll(),
    rows: [
      { a: 1, b: 'x' },
      { a: 2.5, b: 'a longer text' },
      { a: null, b: '' },
    ],
  },
  {
    name: 'a star after other columns',
    query: (db) => db.selectFrom('toy').select('toy.id as i').selectAll().where('id', '=', 1),
    rows: [{ i: 1, id: 1, pet_id: 1, name: 'ball', price: '2.50' }],
  },
  {
    name: 'union, then intersect',
    query: (db) =>
      db
        .selectFrom('pet')
        .select('id')
        .where('id', '=', 1)
        .union((eb) => eb.selectFrom('pet').select('id').where('id', '=', 2))
        .intersect((eb) => eb.selectFrom('pet').select('id').where('id', '=', 2)),
    rows: [{ id: 2 }],
  },
  {
    name: 'casts by the names of other databases',
    query: (db) =>
      db.selectNoFrom(
        (eb) =>
          ['text', 'varchar(1)', 'integer', 'double precision', 'numeric(6, 2)', 'date', 'bytea'].map((type, i) =>
            eb.cast(eb.val('12'), sql.raw(type) as never).as(`c${i}`),
          ) as never,
      ),
    rows: [{ c0: '12', c1: '1', c2: 12, c3: 12, c4: '12.00', c5: null, c6: new Uint8Array([49, 50]) }],
  },
  {
    name: 'a cast to boolean',
    query: (db) => db.selectFrom('pet').select((eb) => eb.cast('id', 'boolean').as('v')),
    rows: /A cast to boolean is not available in mariadb\. Compare instead/,
  },
]

const worlds = new Map<World, Loose>()
function textsIn(world: World): Loose {
  const db = worlds.get(world) ?? openWith(texts(), { world }).db
  worlds.set(world, db)
  return db
}

interface Query {
  readonly shape?: unknown
  compile?(given: unknown): { readonly sql: string; readonly parameters: readonly unknown[] }
  execute?(given: unknown): Promise<unknown>
}

/** The text of a query and its parameters, or why it is refused, be it when it would run. */
async function textOf(build: () => unknown, given?: (query: Query) => unknown, runs = false): Promise<unknown> {
  let text: unknown
  try {
    const query = build() as Query
    if (query instanceof Promise) return await query
    const values = given?.(query)
    const compiled = query.compile?.(values)
    if (compiled !== undefined) text = { sql: compiled.sql, parameters: compiled.parameters }
    if (runs) await query.execute?.(values)
    return text
  } catch (error) {
    if (!(error instanceof KantaError)) throw error
    return error.code === 'connection' ? text : `${error.code}: ${error.message}`
  }
}

describe('MySQL, not run against a server', () => {
  test.each(OWN.map((own) => [own.name, own] as const))('%s', async (_, own) => {
    expect(await textOf(() => own.query(textsIn('defined')))).toMatchSnapshot()
  })

  describe.each(Object.keys(clauses))('%s', (clause) => {
    test.each(clauses[clause]!.map((one) => [one.name, one] as const))('%s', async (_, one: Case) => {
      const db = textsIn(one.world ?? 'defined')
      const given = (query: Query): unknown => one.values ?? (query.shape === undefined ? db : undefined)
      expect(await textOf(() => one.query(one.on?.(db) ?? db), given, one.refused !== undefined)).toMatchSnapshot()
    })
  })
})

const rowsOf = (query: Loose): Promise<unknown[]> => (query as never as { execute(): Promise<unknown[]> }).execute()

describe.skipIf(mariadbEngine.missing !== undefined)('MariaDB', () => {
  let place: Place
  let opened: ReturnType<typeof openWith>
  beforeAll(async () => {
    place = await mariadbEngine.create()
    await script(place.driver({ max: 1 }), tables('mariadb'))
    opened = openWith(place.driver({ max: 2 }), { world: 'defined' })
  })
  afterAll(async () => {
    await opened.close()
    await place.drop()
  })

  test.each(OWN.map((own) => [own.name, own] as const))('%s', async (_, own) => {
    for (const text of fill('mariadb')) await opened.run(text)
    const { db } = opened
    if (own.rows instanceof RegExp) {
      expect(() => (own.query(db) as never as { compile(): unknown }).compile()).toThrow(own.rows)
      return
    }
    const found = await rowsOf(own.query(db))
    if (own.rows !== undefined) expect(found).toEqual(own.rows)
    if (own.result !== undefined) expect(found).toEqual([expect.objectContaining(own.result)])
    if (own.after !== undefined) expect(await rowsOf(own.after[0](db))).toEqual(own.after[1])
  })

  test('explain', async () => {
    const query = opened.db.selectFrom('pet').select('id')
    const [row] = (await (query as never as { explain(format: string): Promise<{ EXPLAIN: object }[]> }).explain(
      'json',
    ))!
    expect(row!.EXPLAIN).toHaveProperty('query_block')
  })

  test('a table of every type and default is made, and gives back what it was given', async () => {
    const home = table('home', (c) => ({ code: c.text().primaryKey(), key: c.bytes().unique() }))
    const thing = table('thing', (c) => ({
      id: c.integer().primaryKey(),
      text: c.text().default('it\'s \\ "x"'),
      short: c.varchar(10).nullable().default('v'),
      on: c.boolean().default(true),
      day: c.date().default('2024-01-01'),
      at: c.timestamp().default(new Date('2024-02-29T12:30:00.123Z')),
      unix: c.timestamp({ mode: 'unix' }).default(new Date(5000)),
      meta: c.json().default({ a: [1, "it's \\"] }),
      bytes: c.bytes().default(new Uint8Array([39, 92, 0])),
      uuid: c.uuid().default('6ccd780c-baba-1026-9564-5b8c656024db'),
      kind: c.enum(['plain', "it's \\"]).default("it's \\"),
      price: c.decimal(8, 2).default('1.50'),
      real: c.real().default(0.1),
      big: c.bigint().default(2n ** 62n),
      twice: c.bigint().generatedAs(sqlText`unix * 2`),
      thrice: c.bigint().generatedAs(sqlText`unix * 3`, { stored: true }),
      home: c
        .text()
        .nullable()
        .references(() => home.code, { onDelete: 'set null' }),
    }))
    const db = kanta({ driver: place.driver({ max: 1 }), schema: { home, thing } })
    await db.schema.createTable(home).execute()
    await db.schema.createTable(thing).execute()
    await db
      .insertInto(home)
      .values({ code: 'a', key: new Uint8Array([1]) })
      .execute()
    const expected = {
      id: 1,
      text: 'it\'s \\ "x"',
      short: 'v',
      on: true,
      day: '2024-01-01',
      at: new Date('2024-02-29T12:30:00.123Z'),
      unix: new Date(5000),
      meta: { a: [1, "it's \\"] },
      bytes: new Uint8Array([39, 92, 0]),
      uuid: '6ccd780c-baba-1026-9564-5b8c656024db',
      kind: "it's \\",
      price: '1.50',
      real: 0.1,
      big: 2n ** 62n,
      twice: 10n,
      thrice: 15n,
      home: 'a',
    }
    await db.insertInto(thing).values({ home: 'a' }).execute()
    const { id: _, twice: __, thrice: ___, ...given } = expected
    await db
      .insertInto(thing)
      .values(given as never)
      .execute()
    const rows = await db.selectFrom(thing).selectAll().orderBy('id').execute()
    expect(rows).toEqual([expected, { ...expected, id: 2 }])
    expect(
      await db.selectFrom(thing).select('id').where('at', '=', expected.at).where('uuid', '=', expected.uuid).execute(),
    ).toHaveLength(2)
    // The same letters are equal, and no others.
    await db
      .insertInto(home)
      .values({ code: 'A', key: new Uint8Array([2]) })
      .execute()
    expect(await db.selectFrom(home).select('code').where('code', '=', 'a').execute()).toEqual([{ code: 'a' }])
    await db.deleteFrom(home).where('code', '=', 'a').execute()
    expect(await db.selectFrom(thing).select('home').distinct().execute()).toEqual([{ home: null }])
    await db.destroy()
  })

  test('a decimal without a size is refused, and so is an index with a condition', () => {
    const price = table('price', (c) => ({ p: c.decimal() }))
    const db = kanta({ driver: texts(), schema: { price } })
    expect(() => db.schema.createTable(price).compile()).toThrow(/Use c\.decimal\(12, 2\)/)
  })
})
