import { paginateCursor as byKysera } from '@kysera/core'
import Database from 'better-sqlite3'
import { index, type KantaOptions, kanta, sql, table } from 'kanta'
import { betterSqlite3 } from 'kanta/better-sqlite3'
import { mariadb } from 'kanta/mysql2'
import { paginateCursor } from 'kanta/page'
import { pg } from 'kanta/pg'
import { mariadbIsInstalled, startMariadb, startPostgres } from 'kanta-servers'
import { type Dialect, Kysely, MysqlDialect, PostgresDialect, SqliteDialect } from 'kysely'
import mysql from 'mysql2'
import { measure, type Report, turn } from '../harness.ts'
import { mariadbPool, postgresPool } from '../servers/by-hand.ts'
import { poolSize } from '../servers/data.ts'

export const about = 'pages by cursor: 20 of 1,000,000 rows, early against late, and the cursors themselves'

/** Twenty rows share each rank, so that the key decides. */
const post = table(
  'post',
  (c) => ({ id: c.integer().primaryKey(), rank: c.integer(), title: c.text() }),
  (t) => [index([t.rank, t.id])],
)

const ROWS = 1_000_000
const PAGE = 20
const SAMPLES = 1_000

/** The row after which a page begins: `id` i has rank i / 20, so that the order is that of the ids. */
interface Row {
  readonly id: number
  readonly rank: number
}
const rowAt = (id: number): Row => ({ id, rank: Math.floor(id / 20) })
/** All over the table, the last page included. */
const PLACES = Array.from({ length: 64 }, (_, i) => rowAt(((i * 379_993) % (ROWS - PAGE)) + 1))
const DEEP = rowAt(ROWS - PAGE)

/** The way of one contestant to a page: the text of a cursor, made beforehand, and the rows after it. */
interface Pager {
  readonly name: string
  cursorOf(row: Row): unknown
  page(cursor: unknown): Promise<readonly object[]>
}

function pagerOfKanta(db: ReturnType<typeof open>, first: string): Pager {
  return {
    name: 'kanta',
    // Cursors without a secret are text: that of the first page with other values in it.
    cursorOf: ({ rank, id }) => first.replace(/\*.*$/, `*f${rank}*f${id}*`),
    async page(after) {
      const query = db.selectFrom('post').select(['id', 'rank', 'title']).orderBy('rank')
      return (await paginateCursor(query, { limit: PAGE, after: after as string | undefined })).data
    },
  }
}

function pagerOfKysera(db: Kysely<{ post: Row & { title: string } }>, dialect: 'postgres' | 'sqlite' | 'mysql'): Pager {
  return {
    name: 'kysera',
    cursorOf: (row) => btoa(encodeURIComponent(JSON.stringify({ rank: row.rank, id: row.id }))),
    async page(cursor) {
      const query = db.selectFrom('post').select(['id', 'rank', 'title'])
      const orderBy = [
        { column: 'rank', direction: 'asc' },
        { column: 'id', direction: 'asc' },
      ] as const
      const options = { orderBy: [...orderBy], limit: PAGE, dialect, cursor: cursor as string | undefined }
      return (await byKysera(query as never, options as never)).data as object[]
    },
  }
}

/** By hand the row itself is the cursor. */
const pagerByHand = (page: (row: Row | undefined) => readonly object[] | Promise<readonly object[]>): Pager => ({
  name: 'by hand',
  cursorOf: (row) => row,
  // One row more than the page tells whether there is a next one.
  page: async (row) => (await page(row as Row | undefined)).slice(0, PAGE),
})

/** The text of a page, with marks for `rank`, `rank` and `id`; `rank` is a function of MariaDB, so it is told by its table. */
function textOf(marks: readonly [string, string, string] | undefined): string {
  const beyond =
    marks === undefined ? '' : `where post.rank >= ${marks[0]} and (post.rank > ${marks[1]} or id > ${marks[2]})`
  return `select id, post.rank, title from post ${beyond} order by post.rank, id limit ${PAGE + 1}`
}

const open = (driver: KantaOptions['driver']) => kanta({ driver, schema: { post } })

async function fill(db: ReturnType<typeof open>): Promise<void> {
  await db.schema.createTable(post).execute()
  for (let from = 1; from <= ROWS; from += 50_000) {
    const rows = Array.from({ length: 50_000 }, (_, i) => ({ ...rowAt(from + i), title: `title ${from + i}` }))
    await db.insertInto('post').values(rows).execute()
    await turn()
  }
}

async function firstCursor(db: ReturnType<typeof open>): Promise<string> {
  const query = db.selectFrom('post').select(['id', 'rank', 'title']).orderBy('rank')
  return (await paginateCursor(query, { limit: PAGE })).next!
}

export async function* run(rounds: number): AsyncIterable<Report> {
  yield* cursors(rounds)

  const file = new Database(':memory:')
  const memory = open(betterSqlite3(file))
  await fill(memory)
  const first = file.prepare(textOf(undefined))
  const next = file.prepare(textOf(['?', '?', '?']))
  yield* compare('SQLite', rounds, [
    pagerByHand((row) => (row === undefined ? first.all() : next.all(row.rank, row.rank, row.id)) as object[]),
    pagerOfKanta(memory, await firstCursor(memory)),
    pagerOfKysera(kyselyOf(new SqliteDialect({ database: file })), 'sqlite'),
  ])
  await memory.destroy()
  yield* onPostgres(rounds)
  yield* onMariadb(rounds)
}

const kyselyOf = (dialect: Dialect) => new Kysely<{ post: Row & { title: string } }>({ dialect })

async function* onPostgres(rounds: number): AsyncIterable<Report> {
  await using disposal = new AsyncDisposableStack()
  const server = disposal.adopt(await startPostgres(), (it) => it.stop())
  const { host, port, user, database } = server
  const db = disposal.adopt(open(pg({ host, port, user, database, max: poolSize })), (it) => it.destroy())
  await fill(db)
  await sql`vacuum analyze post`.execute(db)
  const pool = disposal.adopt(postgresPool(server), (it) => it.end())
  const kysely = disposal.adopt(kyselyOf(new PostgresDialect({ pool: postgresPool(server) })), (it) => it.destroy())
  const text = textOf(['$1', '$2', '$3'])
  const hand = pagerByHand(async (row) => {
    if (row === undefined) return (await pool.query({ name: 'first', text: textOf(undefined) })).rows
    return (await pool.query({ name: 'next', text, values: [row.rank, row.rank, row.id] })).rows
  })
  yield* compare('PostgreSQL', rounds, [
    hand,
    pagerOfKanta(db, await firstCursor(db)),
    pagerOfKysera(kysely, 'postgres'),
  ])
}

async function* onMariadb(rounds: number): AsyncIterable<Report> {
  const installed = mariadbIsInstalled()
  if (installed !== true) {
    yield { title: 'pages by cursor, MariaDB', unit: 'time', values: {}, targets: [], notes: [installed] }
    return
  }
  await using disposal = new AsyncDisposableStack()
  const server = disposal.adopt(await startMariadb(), (it) => it.stop())
  const { host, port, user, password, database } = server
  const address = { host, port, user, password, database }
  const db = disposal.adopt(open(mariadb({ ...address, max: poolSize })), (it) => it.destroy())
  await fill(db)
  await sql`analyze table post`.execute(db)
  const pool = disposal.adopt(mariadbPool(server), (it) => it.end())
  const dialect = new MysqlDialect({ pool: mysql.createPool({ ...address, connectionLimit: poolSize }) })
  const kysely = disposal.adopt(kyselyOf(dialect), (it) => it.destroy())
  const text = textOf(['?', '?', '?'])
  const hand = pagerByHand(async (row) => {
    const [rows] =
      row === undefined ? await pool.execute(textOf(undefined)) : await pool.execute(text, [row.rank, row.rank, row.id])
    return (rows as object[]).map((each) => ({ ...each }))
  })
  yield* compare('MariaDB', rounds, [hand, pagerOfKanta(db, await firstCursor(db)), pagerOfKysera(kysely, 'mysql')])
}

async function* compare(engine: string, rounds: number, pagers: readonly Pager[]): AsyncIterable<Report> {
  const contestants = pagers.map((pager) => {
    const at = PLACES.map((row) => pager.cursorOf(row))
    return { name: pager.name, run: (i: number) => pager.page(at[i % at.length]) }
  })
  yield await measure(`page of ${PAGE} anywhere in 1,000,000 rows, ${engine}`, contestants, {
    rounds,
    checks: 3,
    targets: [
      { of: 'kysera', to: 'kanta', min: 3 },
      // 72,000 pages in a second where SQL by hand reads 100,000.
      ...(engine === 'SQLite' ? [{ of: 'kanta', to: 'by hand', max: 1 / 0.72 }] : [{ of: 'kanta', to: 'by hand' }]),
    ],
  })
  yield await depth(engine, rounds, pagers[1]!)
}

/** The time that one page of a hundred is over, at the beginning and at the end of the table, by turns. */
async function depth(engine: string, rounds: number, pager: Pager): Promise<Report> {
  const places = { 'page 1': undefined, 'page 2': pager.cursorOf(rowAt(PAGE)), 'last page': pager.cursorOf(DEEP) }
  const values: Record<string, number[]> = {}
  for (let round = 0; round <= rounds; round++) {
    const times: Record<string, number[]> = { 'page 1': [], 'page 2': [], 'last page': [] }
    for (let i = 0; i < SAMPLES; i++) {
      for (const [name, cursor] of Object.entries(places)) {
        const start = performance.now()
        const rows = await pager.page(cursor)
        times[name]!.push((performance.now() - start) * 1e6)
        if (rows.length !== PAGE) throw new Error(`${name} has ${rows.length} rows.`)
      }
      if (i % 100 === 0) await turn()
    }
    // The first round warms up.
    if (round === 0) continue
    for (const [name, all] of Object.entries(times)) {
      const sorted = all.toSorted((a, b) => a - b)
      values[name] ??= []
      values[name].push(sorted[Math.floor(sorted.length * 0.99)]!)
    }
  }
  const targets = [{ of: 'last page', to: 'page 1', max: 1.2 }]
  return { title: `pages by cursor, p99 by depth, ${engine}`, unit: 'time', values, targets, notes: [] }
}

/** Makes and reads a cursor of a rank and a key, as values in memory. */
async function* cursors(rounds: number): AsyncIterable<Report> {
  // No entry exports this; a page needs it within.
  const built = new URL('../../../packages/kanta/dist/page/token.js', import.meta.url)
  const { encodeCursor, decodeCursor } = await import(built.href)
  const open = { secret: undefined, encrypt: false }
  const valuesAt = (i: number): readonly unknown[] => [i % 50_000, i]
  const contestants = [
    { name: 'plain JSON', run: (i: number) => JSON.parse(JSON.stringify(valuesAt(i))) },
    {
      name: 'JSON in base64',
      run: (i: number) =>
        JSON.parse(Buffer.from(Buffer.from(JSON.stringify(valuesAt(i))).toString('base64url'), 'base64url').toString()),
    },
    {
      name: 'kanta',
      run: (i: number) => decodeCursor('after', encodeCursor(valuesAt(i), 'm3k9x0q2', open), 'm3k9x0q2', 2, open),
    },
  ]
  // 5,000,000 in a second.
  const targets = [
    { of: 'kanta', max: 200 },
    { of: 'kanta', to: 'plain JSON' },
  ]
  yield await measure('cursor made and read', contestants, { rounds, sync: true, targets })
}
