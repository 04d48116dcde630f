import Database from 'better-sqlite3'
import { defineRelations } from 'drizzle-rc'
import { drizzle as drizzleSqlite } from 'drizzle-rc/better-sqlite3'
import { drizzle as drizzlePg } from 'drizzle-rc/node-postgres'
import * as pgCore from 'drizzle-rc/pg-core'
import * as sqliteCore from 'drizzle-rc/sqlite-core'
import { index, jsonArrayFrom, type KantaOptions, kanta, table } from 'kanta'
import { betterSqlite3 } from 'kanta/better-sqlite3'
import { pg } from 'kanta/pg'
import { many, one, relations } from 'kanta/relations'
import { startPostgres } from 'kanta-servers'
import { measure, type Report } from '../harness.ts'
import { postgresPool } from '../servers/by-hand.ts'

export const about = 'relations: a page of 20 with two lists, by key and by a column without an index; 1,000 parents'

const author = table('author', (c) => ({ id: c.integer().primaryKey(), name: c.text(), rank: c.integer() }))
const book = table(
  'book',
  (c) => ({
    id: c.integer().primaryKey(),
    author_id: c.integer().references(() => author.id),
    title: c.text(),
    pages: c.integer(),
  }),
  (t) => [index([t.author_id])],
)
const prize = table(
  'prize',
  (c) => ({
    id: c.integer().primaryKey(),
    author_id: c.integer().references(() => author.id),
    name: c.text(),
  }),
  (t) => [index([t.author_id])],
)
const related = relations({
  author: { books: many(book, book.author_id), prizes: many(prize, prize.author_id) },
  book: { author: one(author, book.author_id) },
})

const AUTHORS = 2_000
const BOOKS = 10
const PRIZES = 3

const authors = Array.from({ length: AUTHORS }, (_, i) => ({
  id: i + 1,
  name: `author ${i}`,
  rank: (i * 7919) % AUTHORS,
}))
const books = Array.from({ length: AUTHORS * BOOKS }, (_, i) => ({
  id: i + 1,
  author_id: (i % AUTHORS) + 1,
  title: `title ${i}`,
  pages: (i * 31) % 900,
}))
const prizes = Array.from({ length: AUTHORS * PRIZES }, (_, i) => ({
  id: i + 1,
  author_id: (i % AUTHORS) + 1,
  name: `prize ${i}`,
}))

/** A page: in which order, from where, how many. */
interface Page {
  readonly by: 'id' | 'rank'
  readonly count: number
}
const PAGES: Readonly<Record<string, Page>> = {
  'page of 20 by key': { by: 'id', count: 20 },
  'page of 20 by a column without an index': { by: 'rank', count: 20 },
  '1,000 parents': { by: 'id', count: 1_000 },
}

async function openKanta(driver: KantaOptions['driver']) {
  const db = kanta({ driver, schema: { author, book, prize, related } })
  const fill = async () => {
    for (const each of [author, book, prize]) await db.schema.createTable(each).execute()
    await db.insertInto('author').values(authors).execute()
    await db.insertInto('book').values(books).execute()
    await db.insertInto('prize').values(prizes).execute()
  }
  const include = ({ by, count }: Page) =>
    db
      .selectFrom('author')
      .select(['id', 'name'])
      .include('books', (rows) => rows.select(['id', 'title']).orderBy('id'))
      .include('prizes', (rows) => rows.select(['id', 'name']).orderBy('id'))
      .orderBy(by)
      .limit(count)
      .execute()
  /** Each relation by a statement of its own, in one snapshot. */
  const split = ({ by, count }: Page) =>
    db
      .selectFrom('author')
      .select(['id', 'name'])
      .include('books', (rows) => rows.select(['id', 'title']).orderBy('id'), { load: 'split' })
      .include('prizes', (rows) => rows.select(['id', 'name']).orderBy('id'), { load: 'split' })
      .orderBy(by)
      .limit(count)
      .execute()
  const byJson = ({ by, count }: Page) =>
    db
      .selectFrom('author')
      .select((eb) => [
        'id',
        'name',
        jsonArrayFrom(
          eb.selectFrom('book').select(['book.id', 'title']).whereRef('author_id', '=', 'author.id').orderBy('book.id'),
        ).as('books'),
        jsonArrayFrom(
          eb
            .selectFrom('prize')
            .select(['prize.id', 'prize.name'])
            .whereRef('author_id', '=', 'author.id')
            .orderBy('prize.id'),
        ).as('prizes'),
      ])
      .orderBy(by)
      .limit(count)
      .execute()
  return { db, fill, include, split, byJson }
}

const parsed = (rows: readonly any[]): unknown[] =>
  rows.map(({ id, name, books, prizes }) => ({ id, name, books: JSON.parse(books), prizes: JSON.parse(prizes) }))

const list = (columns: string, from: string): string =>
  `(select coalesce(json_group_array(json_object(${columns})), '[]') from (select * from ${from} where author_id = a.id order by id))`
const sqliteText = ({ by }: Page): string =>
  `select id, name, ${list("'id', id, 'title', title", 'book')} as books, ${list("'id', id, 'name', name", 'prize')} as prizes
   from (select id, name, rank from author order by ${by} limit ?) a order by ${by}`
const pgList = (columns: string, from: string): string =>
  `(select coalesce(json_agg(json_build_object(${columns}) order by id), '[]') from ${from} where author_id = a.id)`
const pgText = ({ by }: Page): string =>
  `select id, name, ${pgList("'id', id, 'title', title", 'book')} as books, ${pgList("'id', id, 'name', name", 'prize')} as prizes
   from author a order by a.${by} limit $1`

interface Child {
  readonly id: number
  readonly author_id: number
}

/** Puts the rows of two lists under their parents. */
function joined(parents: readonly any[], books: readonly any[], prizes: readonly any[]): unknown[] {
  const of = (rows: readonly Child[]): Map<number, object[]> => {
    const groups = new Map<number, object[]>(parents.map(({ id }) => [id, []]))
    for (const { author_id, ...row } of rows) groups.get(author_id)!.push(row)
    return groups
  }
  const [own, won] = [of(books), of(prizes)]
  return parents.map(({ id, name }) => ({ id, name, books: own.get(id), prizes: won.get(id) }))
}

/** By hand what `split` does: three statements in one snapshot. */
function sqliteSplit(file: Database.Database) {
  const of = (columns: string, from: string) =>
    file.prepare(
      `select author_id, ${columns} from ${from} where author_id in (select value from json_each(?)) order by id`,
    )
  const parents = file.prepare('select id, name from author order by id limit ?')
  const [books, prizes] = [of('id, title', 'book'), of('id, name', 'prize')]
  return file.transaction(({ count }: Page) => {
    const found = parents.all(count) as { id: number }[]
    const keys = JSON.stringify(found.map(({ id }) => id))
    return joined(found, books.all(keys), prizes.all(keys))
  })
}

const pgSplit = (pool: ReturnType<typeof postgresPool>) => async (page: Page) => {
  const client = await pool.connect()
  try {
    await client.query('begin isolation level repeatable read read only')
    const parents = await client.query({
      name: 'parents',
      text: 'select id, name from author order by id limit $1',
      values: [page.count],
    })
    const keys = parents.rows.map(({ id }) => id)
    const of = async (columns: string, from: string) => {
      const text = `select author_id, ${columns} from ${from} where author_id = any($1) order by id`
      return (await client.query({ name: from, text, values: [keys] })).rows
    }
    const [books, prizes] = [await of('id, title', 'book'), await of('id, name', 'prize')]
    await client.query('commit')
    return joined(parents.rows, books, prizes)
  } finally {
    client.release()
  }
}

/** Drizzle's relational queries, which read one table by the other's name. */
const asked = ({ by, count }: Page) =>
  ({
    columns: { id: true, name: true },
    with: {
      books: { columns: { id: true, title: true }, orderBy: { id: 'asc' } },
      prizes: { columns: { id: true, name: true }, orderBy: { id: 'asc' } },
    },
    orderBy: { [by]: 'asc' },
    limit: count,
  }) as any

export async function* run(rounds: number): AsyncIterable<Report> {
  const file = new Database(':memory:')
  const memory = await openKanta(betterSqlite3(file))
  await memory.fill()
  yield* compare('SQLite', rounds, memory, sqliteByHand(file), sqliteSplit(file), sqliteByDrizzle(file))
  await memory.db.destroy()

  await using open = new AsyncDisposableStack()
  const server = open.adopt(await startPostgres(), (it) => it.stop())
  const pool = open.adopt(postgresPool(server), (it) => it.end())
  const { host, port, user, database } = server
  const onServer = await openKanta(pg({ host, port, user, database }))
  open.adopt(onServer.db, (it) => it.destroy())
  await onServer.fill()
  await pool.query('analyze')
  const hand = async (page: Page) =>
    (await pool.query({ name: page.by, text: pgText(page), values: [page.count] })).rows
  yield* compare('PostgreSQL', rounds, onServer, hand, pgSplit(pool), pgByDrizzle(pool))
}

function sqliteByHand(file: Database.Database) {
  const statements = new Map<string, Database.Statement>()
  return (page: Page) => {
    let statement = statements.get(page.by)
    if (statement === undefined) {
      statement = file.prepare(sqliteText(page))
      statements.set(page.by, statement)
    }
    return parsed(statement.all(page.count))
  }
}

function sqliteByDrizzle(file: Database.Database) {
  const { sqliteTable, integer, text } = sqliteCore
  const tables = {
    author: sqliteTable('author', { id: integer().primaryKey(), name: text().notNull(), rank: integer().notNull() }),
    book: sqliteTable('book', { id: integer().primaryKey(), author_id: integer().notNull(), title: text().notNull() }),
    prize: sqliteTable('prize', { id: integer().primaryKey(), author_id: integer().notNull(), name: text().notNull() }),
  }
  const db: any = drizzleSqlite({ client: file, relations: relationsOf(tables) } as any)
  return (page: Page) => db.query.author.findMany(asked(page))
}

function pgByDrizzle(pool: any) {
  const { pgTable, integer, text } = pgCore
  const tables = {
    author: pgTable('author', { id: integer().primaryKey(), name: text().notNull(), rank: integer().notNull() }),
    book: pgTable('book', { id: integer().primaryKey(), author_id: integer().notNull(), title: text().notNull() }),
    prize: pgTable('prize', { id: integer().primaryKey(), author_id: integer().notNull(), name: text().notNull() }),
  }
  const db: any = drizzlePg({ client: pool, relations: relationsOf(tables) } as any)
  return (page: Page) => db.query.author.findMany(asked(page))
}

const relationsOf = (tables: any): any =>
  (defineRelations as any)(tables, (r: any) => ({
    author: {
      books: r.many.book({ from: r.author.id, to: r.book.author_id }),
      prizes: r.many.prize({ from: r.author.id, to: r.prize.author_id }),
    },
  }))

async function* compare(
  engine: string,
  rounds: number,
  mine: { include(page: Page): unknown; split(page: Page): unknown; byJson(page: Page): unknown },
  hand: (page: Page) => unknown,
  splitByHand: (page: Page) => unknown,
  drizzle: (page: Page) => unknown,
): AsyncIterable<Report> {
  for (const [name, page] of Object.entries(PAGES)) {
    const isUnindexed = page.by === 'rank'
    const isLarge = page.count === 1_000
    yield await measure(
      `${name}, ${engine}`,
      [
        { name: 'by hand', run: () => hand(page) },
        { name: 'jsonArrayFrom', run: () => mine.byJson(page) },
        { name: 'include', run: () => mine.include(page) },
        { name: 'drizzle rc.4', run: () => drizzle(page) },
        ...(isLarge
          ? [
              { name: 'split by hand', run: () => splitByHand(page) },
              { name: 'include, split', run: () => mine.split(page) },
            ]
          : []),
      ],
      {
        rounds,
        checks: 1,
        targets: [
          { of: 'include', to: 'by hand', max: isUnindexed ? 1.2 : 1.15 },
          { of: 'drizzle rc.4', to: 'include', min: isUnindexed ? 50 : 1.3 },
          ...(isLarge
            ? [
                { of: 'include, split', to: 'split by hand', max: 1.15 },
                { of: 'include, split', to: 'include' },
              ]
            : []),
        ],
      },
    )
  }
}
