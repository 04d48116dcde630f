import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { KantaError, kanta, sql, table } from '../../src/index.ts'
import { camelCase, createExecutor, tenant, ttl } from '../../src/plugins/index.ts'
import { createFullText, dropFullText, fullText, searchSupport } from '../../src/search/index.ts'
import type { Place } from '../engine/engine.ts'
import { places } from '../ttl/places.ts'

const article = table('article', (c) => ({
  id: c.integer().primaryKey(),
  tenant_id: c.integer(),
  title: c.varchar(200),
  body: c.text().nullable(),
  active: c.boolean(),
  made_at: c.timestamp(),
  expires_at: c.timestamp().nullable(),
}))
const pageView = table('pageView', (c) => ({ pageId: c.integer().primaryKey(), pageText: c.varchar(200) }))
/** Names that would be statements if they were text. */
const HOSTILE = `t"; drop table article; --`
const COLUMN = `c", content='x' or '1'='1` + '`'
const hostile = table(HOSTILE, (c) => ({ id: c.integer().primaryKey(), [COLUMN]: c.varchar(50) }))
const schema = { article, pageView, hostile }

const DAY = new Date('2030-01-01T00:00:00.000Z')
const row = (id: number, tenant_id: number, title: string, body: string | null, expires_at: Date | null = null) => ({
  ...{ id, tenant_id, title, body, expires_at },
  active: true,
  made_at: DAY,
})
const ROWS = [
  row(1, 1, 'Brown foxes', 'The quick brown fox jumps over the lazy dog'),
  row(2, 1, 'Red herrings', 'A quick herring is no fox, whatever its colour'),
  row(3, 2, 'Brown bears', 'A bear of another tenant, quick and brown like a fox'),
  row(4, 1, 'Gone fox', 'An expired quick fox', new Date('2029-12-31T00:00:00.000Z')),
  row(5, 1, "O'Neill's café", 'Naïve façade, 50% "quoted" \\ and @signs; user@example.com'),
  row(6, 1, 'Empty', null),
]

describe.each(places)('full-text search on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Place
  const open = () => kanta({ driver: place.driver(), schema })
  let base: ReturnType<typeof open>
  const executor = () =>
    createExecutor(base, [
      tenant({ column: 'tenant_id', tables: ['article'] }),
      ttl({ tables: { article: { column: 'expires_at' } }, now: () => DAY }),
      fullText({ article: { columns: ['title', 'body'] } }),
    ])
  let db: Awaited<ReturnType<typeof executor>>

  beforeAll(async () => {
    place = await engine.create()
    base = open()
    await base.schema.createTable(article).execute()
    await base.schema.createTable(hostile).execute()
    await base.withPlugins([camelCase()]).schema.createTable(pageView).execute()
    await base.insertInto('article').values(ROWS).execute()
    db = await executor()
  }, 30_000)
  afterAll(async () => {
    await base?.destroy()
    await place?.drop()
  })

  const ids = async (text: string, of = 1) =>
    (await db.as({ tenant: of }).search('article', text).select('id').orderBy('id').execute()).map(({ id }) => id)

  test('words, phrases, beginnings and exclusions', async () => {
    expect(await ids('quick')).toEqual([1, 2])
    expect(await ids('QUICK Brown')).toEqual([1])
    expect(await ids('"brown fox"')).toEqual([1])
    expect(await ids('"fox brown"')).toEqual([])
    expect(await ids('fox -herring')).toEqual([1])
    expect(await ids('fox -"lazy dog"')).toEqual([2])
    expect(await ids('herr*')).toEqual([2])
    expect(await ids('quick herr* -bears')).toEqual([2])
    expect(await ids('nothing')).toEqual([])
    expect(await ids('user@example.com')).toEqual([5])
    expect(await ids('the lazy dog')).toEqual([1])
    expect(await ids('over-the-lazy dog')).toEqual([1])
    expect(await ids('whatever-its-col* -jump*')).toEqual([2])
  })

  test('T13, T14: policies scope a search like any read, and columns are decoded', async () => {
    expect(await ids('brown', 2)).toEqual([3])
    expect(await ids('expired')).toEqual([])
    const [first] = await db.as({ tenant: 1 }).search('article', 'jumps').selectAll().execute()
    expect(first).toEqual({ ...ROWS[0], rank: expect.any(Number) })
    expect(Object.keys(first!)).toHaveLength(8)
    await expect(db.search('article', 'fox').select('id').execute()).rejects.toMatchObject({ code: 'policy' })
    const both = await db.as({ tenant: 1 }).withExpired().search('article', 'fox').select('id').orderBy('id').execute()
    expect(both.map(({ id }) => id)).toEqual([1, 2, 4])
  })

  test('T14: no sign that is typed is syntax', async () => {
    const typed = [
      ...[
        '"',
        '""',
        '"""',
        'a"b',
        '*',
        '**',
        '-',
        '--',
        '- -',
        '(',
        ')',
        ':',
        '^',
        '+',
        '~',
        '<',
        '>',
        '@',
        '\\',
        "'",
        '%',
      ],
      ...[
        'fox AND',
        'OR fox',
        'NOT',
        'NEAR(fox dog)',
        'title:fox',
        '{title} : fox',
        'fox^2',
        'fox:*',
        '!fox',
        'fox & !dog',
      ],
      ...[
        'fox | dog',
        'a <-> b',
        '(fox',
        'fox)',
        "fox'",
        "'; drop table article; --",
        'fox\0dog',
        '\ud800fox',
        'fo*x',
        '*fox',
      ],
      ...[
        '+fox -',
        '"fox',
        'fox"*',
        '"fox"*',
        '-"fox',
        '@5 "fox dog" @2',
        'é',
        '日本語',
        '👍 fox',
        'fox-dog*',
        '-fox-dog quick',
      ],
      ...['fox\\', '\\', "fox\\'", '_ fox', 'foo_bar', "o'neill*", '50%'],
    ]
    for (const text of typed) {
      const found = await ids(text).catch((error: unknown) => {
        // Only what is not wanted, and nothing that is.
        expect(error, text).toBeInstanceOf(KantaError)
        expect((error as KantaError).code, `${text}: ${error}`).toBe('invalid_input')
        expect((error as KantaError).message, text).toMatch(/only says what is not wanted/)
        return []
      })
      expect(
        found.every((id) => [1, 2, 5, 6].includes(id)),
        text,
      ).toBe(true)
    }
    expect(await ids("o'neill")).toEqual([5])
    expect(await ids('"quoted"')).toEqual([5])
    expect(await ids('title:fox')).toEqual([])
  })

  test('a search is a query: conditions, order, joins, subqueries', async () => {
    const one = db.as({ tenant: 1 })
    const ranked = await one
      .search('article', 'brown')
      .select(['id', 'rank', 'article.title'])
      .orderBy('rank', 'desc')
      .execute()
    expect(ranked.map(({ id }) => id)).toEqual([1])
    expect(ranked[0]!.rank).toBeGreaterThan(0)
    expect(await one.search(article, 'quick').where('title', 'like', 'Red%').select('id').limit(1).execute()).toEqual([
      { id: 2 },
    ])
    const count = await one
      .search('article', 'quick')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .execute()
    expect(Number(count[0]!.n)).toBe(2)
    const others = await one
      .selectFrom('article')
      .select('id')
      .where('id', 'not in', one.search('article', 'quick').select('id'))
      .orderBy('id')
      .execute()
    expect(others.map(({ id }) => id)).toEqual([5, 6])
    await one.transaction().execute(async (trx) => {
      expect(await trx.search('article', 'herring').select('id').execute()).toEqual([{ id: 2 }])
    })
    expect(await ids('')).toEqual([])
    expect(await ids(' \t"" ')).toEqual([])
  })

  test('the index follows what is written', async () => {
    const one = db.as({ tenant: 1 })
    await base
      .insertInto('article')
      .values(row(10, 1, 'Zebra', 'stripes'))
      .execute()
    expect(await ids('zebra')).toEqual([10])
    await one.updateTable('article').set({ title: 'Giraffe' }).where('id', '=', 10).execute()
    expect(await ids('zebra')).toEqual([])
    expect(await ids('giraffe stripes')).toEqual([10])
    await one.updateTable('article').set({ id: 11 }).where('id', '=', 10).execute()
    expect(await ids('giraffe')).toEqual([11])
    await one.deleteFrom('article').where('id', '=', 11).execute()
    expect(await ids('giraffe')).toEqual([])
  })

  test('an index serves it', async () => {
    const query = db.as({ tenant: 1 }).search('article', 'fox').select('id').compile()
    const run = (text: string) =>
      base.executeQuery({ sql: text, parameters: query.parameters } as never) as Promise<{ rows: unknown[] }>
    if (engine.dialect === 'postgres') {
      await base.connection().execute(async (held) => {
        await sql`set enable_seqscan = off`.execute(held)
        const { rows } = await held.executeQuery({ sql: `explain ${query.sql}`, parameters: query.parameters } as never)
        expect(JSON.stringify(rows)).toMatch(/article_search/)
        await sql`set enable_seqscan = on`.execute(held)
      })
      return
    }
    const { rows } = await run(`${engine.dialect === 'sqlite' ? 'explain query plan' : 'explain'} ${query.sql}`)
    expect(JSON.stringify(rows)).toMatch(
      engine.dialect === 'sqlite' ? /article_search VIRTUAL TABLE INDEX/ : /fulltext/,
    )
  })

  test('names are those of the program', async () => {
    const camel = await createExecutor(base, [camelCase(), fullText({ pageView: { columns: ['pageText'] } })])
    await camel.insertInto('pageView').values({ pageId: 7, pageText: 'hello camels' }).execute()
    expect(await camel.search('pageView', 'camels').select(['pageId', 'pageText']).execute()).toEqual([
      { pageId: 7, pageText: 'hello camels' },
    ])
    expect(await camel.search('pageView', 'camels').selectAll().execute()).toEqual([
      { pageId: 7, pageText: 'hello camels', rank: expect.any(Number) },
    ])
  })

  test('another definition takes the place of the one before; dropped, it is gone', async () => {
    await createFullText(base, { article: { columns: ['title'] } })
    const titles = await createExecutor(base, [fullText({ article: { columns: ['title'] } }, { install: false })])
    expect(await titles.search('article', 'herring*').select('id').execute()).toEqual([{ id: 2 }])
    expect(await titles.search('article', 'lazy').select('id').execute()).toEqual([])
    await createFullText(base, { article: { columns: ['title', 'body'] } })
    await createFullText(base, { article: { columns: ['title', 'body'] } })
    expect(await ids('lazy')).toEqual([1])
    await dropFullText(base, ['article'])
    if (engine.dialect !== 'postgres') await expect(ids('lazy')).rejects.toBeInstanceOf(KantaError)
    await createFullText(base, { article: { columns: ['title', 'body'] } })
    expect(await ids('lazy')).toEqual([1])
  })

  test('languages reduce words to their stems where the database does', async () => {
    const make = () =>
      createExecutor(base, [fullText({ pageView: { columns: ['pageText'], language: 'english' } }), camelCase()])
    if (engine.dialect === 'mariadb') {
      await expect(make()).rejects.toMatchObject({ code: 'plugin', cause: { code: 'unsupported' } })
      return
    }
    const english = await make()
    await english.insertInto('pageView').values({ pageId: 8, pageText: 'running dogs' }).execute()
    expect(await english.search('pageView', 'run dog').select('pageId').execute()).toEqual([{ pageId: 8 }])
  })

  test('D1: names are quoted, whatever they hold', async () => {
    const db = await createExecutor(base, [fullText({ [HOSTILE]: { columns: [COLUMN] } })])
    await db
      .insertInto(HOSTILE)
      .values({ id: 1, [COLUMN]: 'something hostile' } as never)
      .execute()
    expect(await db.search(HOSTILE, 'hostile').select('id').execute()).toEqual([{ id: 1 }])
    await dropFullText(base, [HOSTILE])
    expect(await base.selectFrom('article').select('id').execute()).not.toEqual([])
  })

  test('columns that are not there or hold no text are refused', async () => {
    const make = (column: string) => createFullText(base, { article: { columns: [column] } })
    await expect(make('nope')).rejects.toThrow(/no column 'nope'/)
    await expect(make('made_at')).rejects.toThrow(/only text/i)
  })

  test('the database says what it can do', async () => {
    expect(await searchSupport(base)).toMatchObject({ fullText: true })
    // @ts-expect-error Only a database with the plugin has it.
    expect(base.search).toBeUndefined()
    expect(await searchSupport(db)).toMatchObject({ fullText: true })
  })
})

test('wrong options and texts are refused by name', async () => {
  const wrong: readonly [unknown, RegExp][] = [
    [undefined, /takes the tables/],
    [{}, /takes the tables/],
    [{ article: {} }, /columns that are searched/],
    [{ article: { columns: [] } }, /columns that are searched/],
    [{ article: { columns: [''] } }, /a column of 'article'/],
    [{ article: { columns: ['a'], language: "en'" } }, /The language/],
    [{ article: { columns: ['a'], tokenize: 'x' } }, /no option 'tokenize'/],
  ]
  for (const [tables, message] of wrong) expect(() => fullText(tables as never)).toThrow(message)
  const note = table('note', (c) => ({ id: c.text().primaryKey(), text: c.text(), rank: c.integer() }))
  const db = kanta({
    driver: sqlite(':memory:'),
    schema: { note },
    plugins: [fullText({ note: { columns: ['text'], key: 'rowid' } })],
  })
  await db.schema
    .createTable(note)
    .execute()
    .catch(() => {})
  expect(() => db.search('note', 5 as never)).toThrow(/text that somebody typed/)
  expect(() => db.search('note', 'x'.repeat(5000))).toThrow(/too long/)
  expect(() => db.search('note', 'x'.repeat(600))).toThrow(/500 characters/)
  expect(() => db.search('note', 'x '.repeat(200))).toThrow(/200 terms/)
  expect(() => db.search('other' as never, 'x')).toThrow(/'other' is not searched/)
  expect(() => db.search('note', 'x')).toThrow(/column 'rank' of its own/)
  // @ts-expect-error It has no such column.
  expect(() => db.search('note', '').select('nope')).toThrow()
  await db.destroy()
})

test('SQLite finds rows by an integer, which it has to be told where the key is none', async () => {
  const note = table('note', (c) => ({ id: c.text().primaryKey(), number: c.integer().unique(), text: c.text() }))
  const base = kanta({ driver: sqlite(':memory:'), schema: { note } })
  await base.schema.createTable(note).execute()
  await expect(createExecutor(base, [fullText({ note: { columns: ['text'] } })])).rejects.toThrow(/unique one/)
  const db = await createExecutor(base, [fullText({ note: { columns: ['text'], key: 'number' } })])
  await db
    .insertInto('note')
    .values([
      { id: 'a', number: 5, text: 'hello' },
      { id: 'b', number: 6, text: 'goodbye' },
    ])
    .execute()
  expect(await db.search('note', 'hello').select('id').execute()).toEqual([{ id: 'a' }])
  await base.destroy()
})
