import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromJSON, index, KantaError, kanta, prepare, table, toJSON } from '../src/index.ts'
import { camelCase } from '../src/plugins/index.ts'
import type { Loose } from './case.ts'
import { type DriverName, drivers, type Opened, open, person, sql } from './fixture.ts'

interface Query {
  compile(): { readonly sql: string; readonly parameters: readonly unknown[] }
  execute(): Promise<unknown>
  executeTakeFirst(): Promise<unknown>
  executeTakeFirstOrThrow(error?: unknown): Promise<unknown>
  explain(format?: unknown, options?: unknown): Promise<{ detail: string }[]>
  stream(size?: unknown): AsyncIterable<unknown>
}

interface Stored {
  kind: string
  calls: [string, unknown][]
  args: unknown[]
  tables: Record<string, string>
}

const built = (query: unknown): Query => query as Query

async function refusal(run: () => unknown): Promise<KantaError> {
  try {
    await run()
  } catch (error) {
    if (error instanceof KantaError) return error
    throw error
  }
  return expect.fail('Nothing was refused.')
}

describe.each(Object.keys(drivers) as DriverName[])('wrong is loud (%s)', (driver) => {
  let opened: Opened
  let db: Loose
  beforeAll(async () => {
    opened = await open(driver)
    db = opened.db
  })
  afterAll(() => opened.close())

  describe('options', () => {
    const options = (given: object) => () => kanta({ driver: drivers[driver](), ...given } as never)

    test.each([
      [
        'an unknown option',
        { shema: {} },
        /kanta\(\) has no option 'shema'\. Did you mean 'schema'\? It takes: driver, schema/,
      ],
      ['no driver', { driver: undefined }, /kanta\(\) needs a driver/],
      ['a path for a driver', { driver: 'cities.db' }, /kanta\(\) needs a driver/],
      ['a schema without tables', { schema: {} }, /The schema contains no table/],
      ['a schema of something else', { schema: { a: 1 } }, /The schema contains no table/],
    ])('%s', async (_, given, message) => {
      expect(await refusal(options(given))).toMatchObject({
        code: 'invalid_input',
        message: expect.stringMatching(message),
      })
    })

    test('two tables of one name', async () => {
      const twice = () => table('t', (c) => ({ id: c.integer() }))
      const error = await refusal(options({ schema: { a: twice(), b: twice() } }))
      expect(error.message).toBe("The schema has two tables named 't'. Rename one.")
    })
  })

  describe('rows', () => {
    test('an error of the database carries its statement', async () => {
      const error = await refusal(() => built(db.insertInto('setting').values({ name: 'theme', uses: 3 })).execute())
      expect(error).toMatchObject({
        code: 'unique_violation',
        sql: 'insert into "setting" ("name", "uses") values (?, ?)',
        parameters: ['theme', 3],
        columns: ['name'],
      })
      expect(error.cause).toBeInstanceOf(Error)
    })

    test('no row where one has to be', async () => {
      const none = built(db.selectFrom('pet').select('id').where('id', '=', 99))
      expect(await none.executeTakeFirst()).toBeUndefined()
      expect(await refusal(() => none.executeTakeFirstOrThrow())).toMatchObject({ code: 'not_found' })
      class Missing extends Error {}
      await expect(none.executeTakeFirstOrThrow(Missing)).rejects.toBeInstanceOf(Missing)
      await expect(none.executeTakeFirstOrThrow(Error)).rejects.toThrow(Error)
      await expect(none.executeTakeFirstOrThrow(() => new Missing('made'))).rejects.toThrow('made')
      await expect(none.executeTakeFirstOrThrow({ errorConstructor: Missing })).rejects.toBeInstanceOf(Missing)
    })

    // better-sqlite3 rounds without a word where it is not asked for bigints.
    test.runIf(driver === 'node:sqlite')('an integer that a number cannot hold', async () => {
      const error = await refusal(() => built(sql`select ${9007199254740993n} as n`.execute(db)))
      expect(error).toMatchObject({ code: 'query', message: expect.stringMatching(/9007199254740993|exact/) })
    })

    test('an integer that a number cannot hold, beside a column of bigints', async () => {
      const query = db
        .selectFrom('person')
        .select(['balance', sql`9007199254740993`.as('n')])
        .where('id', '=', 1)
      expect(await refusal(() => built(query).execute())).toMatchObject({
        code: 'query',
        message: expect.stringMatching(/The column 'n' holds 9007199254740993, which a number cannot hold exactly/),
      })
    })

    test('a value that the column cannot hold', async () => {
      await expect(built(db.updateTable('person').set({ balance: 2n ** 63n })).execute()).rejects.toThrow('64 bits')
      await expect(built(db.updateTable('person').set({ born: '2023-02-29' })).execute()).rejects.toThrow('A date')
      await expect(built(db.updateTable('person').set({ first_name: 'a\ud800' })).execute()).rejects.toThrow(
        'surrogate',
      )
      await expect(built(db.updateTable('person').set({ meta: () => 1 })).execute).toThrow()
    })

    // better-sqlite3 makes the rows itself, and loses this one column.
    test.runIf(driver === 'node:sqlite')('columns with names of the prototype of objects', async () => {
      const [row] = (await built(
        db.selectFrom('pet').select(['id as __proto__', 'id as hasOwnProperty', 'id as valueOf']).where('id', '=', 2),
      ).execute()) as [object]
      expect(Object.entries(row)).toEqual([
        ['__proto__', 2],
        ['hasOwnProperty', 2],
        ['valueOf', 2],
      ])
      expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
    })
  })

  describe('streams', () => {
    test.each([0, -1, 1.5, Number.NaN, 'all', null])('a chunk of %s rows', async (size) => {
      const read = () => built(db.selectFrom('pet').select('id')).stream(size)
      expect(await refusal(read)).toMatchObject({
        message: expect.stringMatching(/a chunk size is a whole number of rows from 1/),
      })
    })

    test('a write that returns nothing', async () => {
      const read = async () => {
        for await (const _ of built(db.deleteFrom('pet').where('id', '=', 99)).stream());
      }
      expect((await refusal(read)).message).toMatch(/stream\(\) needs a statement that returns rows/)
    })
  })

  describe('explain', () => {
    test('a query', async () => {
      const [step] = await built(db.selectFrom('person').selectAll().where('id', '=', 1)).explain()
      expect(step!.detail).toMatch(/SEARCH person USING INTEGER PRIMARY KEY/)
    })

    test('a list, and text', async () => {
      const [step] = await built(
        db.selectFrom('person').select('id').where('age', 'in', [1, 2, 3]).where(sql`id > ${0}`),
      ).explain()
      expect(step!.detail).toMatch(/person/)
    })

    test('a write is not done', async () => {
      await built(db.deleteFrom('pet')).explain()
      await built(db.insertInto('pet').values({ name: 'a', species: 'cat' })).explain()
      await built(db.updateTable('pet').set({ name: 'a' })).explain()
      expect(await built(db.selectFrom('pet').select('name').where('id', '<', 3)).execute()).toEqual([
        { name: 'Rex' },
        { name: 'Tom' },
      ])
      expect(await built(db.selectFrom('pet').select((eb) => eb.fn.countAll().as('n'))).executeTakeFirst()).toEqual({
        n: 4,
      })
    })

    test('a format', async () => {
      const explain = (format: unknown, options?: unknown) =>
        refusal(() => built(db.selectFrom('pet').select('id')).explain(format, options))
      expect((await explain('json')).message).toMatch(/explain\('json'\) is not available in SQLite/)
      expect((await explain('json; drop table pet')).message).toMatch(/a format is a word/)
      expect((await explain(undefined, 'analyze')).message).toMatch(/The options of explain\(\) are an expression/)
    })
  })

  describe('stored queries', () => {
    const query = () =>
      db
        .selectFrom('person')
        .select(['id', (eb: Loose) => eb.fn('upper', ['first_name']).as('n')])
        .where('age', 'in', [36])
        .where('id', '>', 0)
        .orderBy('id', 'desc')
        .limit(5)
    const store = (of: unknown = query()): Stored => JSON.parse(JSON.stringify(toJSON(of as never)))
    const restore = (stored: unknown): Query => built(fromJSON(db as never, stored as never))

    test('as an object and as text', async () => {
      const rows = [
        { id: 4, n: 'DAN' },
        { id: 1, n: 'ADA' },
      ]
      expect(await restore(store()).execute()).toEqual(rows)
      expect(await restore(JSON.stringify(toJSON(query() as never))).execute()).toEqual(rows)
    })

    test('values of every sort come back', () => {
      const values = [
        1,
        -0,
        Number.POSITIVE_INFINITY,
        Number.NaN,
        2n ** 62n,
        'a"b',
        null,
        new Date(5),
        new Uint8Array([1, 255]),
      ]
      const stored = store(db.selectNoFrom((eb) => values.map((value, i) => eb.val(value).as(`v${i}`))))
      expect(restore(stored).compile().parameters).toEqual(values)
    })

    test('documents with any keys come back', () => {
      const meta = { $: 'bigint', value: '1', kind: 'raw', list: [{ $: 'date' }], on: true, none: null }
      const stored = store(db.updateTable('person').set({ meta }))
      expect(restore(stored).compile().parameters).toEqual([JSON.stringify(meta)])
    })

    const broken: readonly (readonly [string, (stored: Stored) => unknown, RegExp])[] = [
      ['text that is no JSON', () => '{', /is not JSON/],
      ['something else', () => 5, /not a query stored in format 1/],
      ['null', () => null, /not a query stored in format 1/],
      ['another form', (stored) => ({ ...stored, kanta: 2 }), /not a query stored in format 1/],
      ['an unknown kind', (stored) => ({ ...stored, kind: 'destroy' }), /Unknown kind "destroy"/],
      ['a kind from the prototype', (stored) => ({ ...stored, kind: 'constructor' }), /Unknown kind|cannot run/],
      [
        'a statement that cannot run',
        (stored) => ({ ...stored, kind: 'joined', calls: [], args: [], tables: {} }),
        /A stored joined is not a statement/,
      ],
      ['no calls', (stored) => ({ ...stored, calls: undefined }), /Unknown kind/],
      [
        'an unknown call',
        (stored) => ({ ...stored, calls: [['drop', 'x'], ...stored.calls] }),
        /Unknown call "drop" on select/,
      ],
      [
        'a call with a wrong value',
        (stored) => ({ ...stored, calls: [...stored.calls, ['where', 'x']] }),
        /holds no node in 'where'/,
      ],
      [
        'an unknown node',
        (stored) => ({ ...stored, calls: [...stored.calls, ['where', { kind: 'text' }]] }),
        /Unknown kind "text" of a node/,
      ],
      [
        'text',
        (stored) => ({ ...stored, calls: [...stored.calls, ['where', { kind: 'raw', strings: ['1'], parts: [] }]] }),
        /contains SQL text/,
      ],
      [
        'a slot',
        (stored) => ({ ...stored, calls: [...stored.calls, ['where', { kind: 'slot', index: 0, role: 'value' }]] }),
        /contains a slot node, which only the planner may make/,
      ],
      [
        'a value of the context',
        (stored) => ({ ...stored, calls: [...stored.calls, ['where', { kind: 'context', name: 'tenant' }]] }),
        /contains a context/,
      ],
      [
        'another operator',
        (stored) => JSON.parse(JSON.stringify(stored).replace('"op":">"', '"op":"> 0 or 1 ="')),
        /Unknown operator/,
      ],
      [
        'another function',
        (stored) => JSON.parse(JSON.stringify(stored).replace('"upper"', '"upper(1), lower"')),
        /holds "upper\(1\), lower" as the name of a call/,
      ],
      [
        'another direction',
        (stored) => JSON.parse(JSON.stringify(stored).replace('"desc"', '"desc, 1"')),
        /holds "desc, 1" as the direction of a order|as the direction of/,
      ],
      ['no values', (stored) => ({ ...stored, args: undefined }), /holds no list of values/],
      ['a value too few', (stored) => ({ ...stored, args: stored.args.slice(1) }), /takes 3 values and holds 2/],
      [
        'a value of an unknown sort',
        (stored) => ({ ...stored, args: [[36], { $: 'code' }, 5] }),
        /Unknown type "code" of a value/,
      ],
      [
        'null compared',
        (stored) => ({ ...stored, args: [[36], null, 5] }),
        /The value 1 of the stored query is null and compared/,
      ],
      [
        'a list that is none',
        (stored) => ({ ...stored, args: [36, 0, 5] }),
        /The value 0 of the stored query is a list; it was given 36/,
      ],
      [
        'a list with null',
        (stored) => ({ ...stored, args: [[null], 0, 5] }),
        /The value 0 of the stored query: item 0 is null/,
      ],
      [
        'another form of a table',
        (stored) => ({ ...stored, tables: { person: 'id:integer' } }),
        /The table 'person' has changed/,
      ],
    ]
    test.each(broken)('%s', async (_, change, message) => {
      expect(await refusal(() => restore(change(store())))).toMatchObject({
        code: 'invalid_input',
        message: expect.stringMatching(message),
      })
    })

    test('rows that are none', async () => {
      const stored = store(db.insertInto('pet').values({ name: 'a', species: 'cat' }))
      for (const rows of ['abc', 5, [], [5], [null]])
        expect((await refusal(() => restore({ ...stored, args: [rows] }))).message).toMatch(
          /where it has to be a list of rows/,
        )
      const wrong = {
        ...stored,
        calls: stored.calls.map(([part, value]) => [part, part === 'columns' ? 'name' : value]),
      }
      expect((await refusal(() => restore(wrong))).message).toMatch(/holds no list of names in 'columns'/)
    })

    test('a prepared query is not stored', async () => {
      let inner: unknown
      prepare(db as never, (s: any) => {
        inner = db.selectFrom('person').select('id').where('id', '=', s('id'))
        return inner as never
      })
      expect((await refusal(() => toJSON(inner as never))).message).toMatch(/A prepared query cannot be stored/)
    })

    test('a value that cannot be stored', async () => {
      const error = await refusal(() =>
        store(
          db
            .selectFrom('person')
            .select('id')
            .where('meta', '=', { f: () => 1 }),
        ),
      )
      expect(error.message).toMatch(/a function cannot be stored/)
    })
  })

  test('tables in a schema, with an index and a foreign key', async () => {
    const place = table(
      'main.place',
      (c) => ({ id: c.integer().primaryKey(), name: c.text() }),
      (t) => [index([t.name])],
    )
    const visit = table('visit', (c) => ({
      id: c.integer().primaryKey(),
      place: c.integer().references(() => place.id),
    }))
    const other = kanta({ driver: drivers[driver](), schema: { place, visit } })
    await other.schema.createTable(place).execute()
    await other.withSchema('main').schema.createTable(visit).execute()
    await other.insertInto(place).values({ name: 'x' }).execute()
    await other.insertInto(visit).values({ place: 1 }).execute()
    await expect(other.insertInto(visit).values({ place: 2 }).execute()).rejects.toThrow('foreign key')
    const rows = other.selectFrom(place).innerJoin(visit, visit.place, place.id).select([place.name, visit.id])
    expect(await rows.execute()).toEqual([{ name: 'x', id: 1 }])
    await other.destroy()
  })

  test('camel case without a schema', async () => {
    const camel = db.withPlugins([camelCase()])
    const rows = await built(camel.selectFrom('person').selectAll().where('firstName', '=', 'Bob')).execute()
    expect(rows).toEqual([
      {
        id: 2,
        firstName: 'Bob',
        lastName: null,
        age: null,
        active: false,
        born: null,
        seen: null,
        meta: null,
        balance: null,
        photo: null,
        score: null,
      },
    ])
    expect(await built(db.selectFrom('person').select('first_name').where('id', '=', 2)).execute()).toEqual([
      { first_name: 'Bob' },
    ])
  })

  test('an expression made apart from a query', async () => {
    const { expressionBuilder } = (await import('../src/index.ts')) as unknown as { expressionBuilder: () => Loose }
    const eb = expressionBuilder()
    const query = db
      .selectFrom(person)
      .select(person.id)
      .where(eb.or([eb(person.age, '>', 38), eb('last_name', 'is', null)]))
    expect(await built(query).execute()).toEqual([{ id: 2 }, { id: 3 }])
  })
})
