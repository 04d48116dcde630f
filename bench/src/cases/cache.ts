import { type Database, kanta, sql, type TablesOf, table } from 'kanta'
import { cache, memoryStore } from 'kanta/cache'
import { pg } from 'kanta/pg'
import { createExecutor } from 'kanta/plugins'
import { sqlite } from 'kanta/sqlite'
import { startPostgres } from 'kanta-servers'
import { measure, type Report } from '../harness.ts'

export const about = 'cache in memory: a hit against the bare query, SQLite in memory and PostgreSQL'

const ROWS = 10_000
/** So many different results are asked for in turn: all of them are there. */
const ASKED = 100

const city = table('city', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  region: c.integer(),
  population: c.integer(),
}))

export async function* run(rounds: number): AsyncIterable<Report> {
  yield* compare('SQLite in memory', kanta({ driver: sqlite(':memory:'), schema: { city } }), rounds)
  await using open = new AsyncDisposableStack()
  const { host, port, user, database } = open.adopt(await startPostgres(), (it) => it.stop())
  yield* compare('PostgreSQL', kanta({ driver: pg({ host, port, user, database }), schema: { city } }), rounds)
}

type Bare = Database<TablesOf<{ city: typeof city }>>

async function* compare(engine: string, bare: Bare, rounds: number): AsyncIterable<Report> {
  const db = await createExecutor(bare, [cache({ store: memoryStore(), ttl: 3_600_000 })])
  await bare.schema.createTable(city).execute()
  for (let from = 1; from <= ROWS; from += 1_000) {
    const rows = Array.from({ length: 1_000 }, (_, i) => ({
      ...{ id: from + i, name: `city ${from + i}`, region: (from + i) % ASKED, population: (from + i) * 37 },
    }))
    await bare.insertInto('city').values(rows).execute()
  }
  const point = (of: Bare) => (i: number) =>
    of
      .selectFrom('city')
      .select(['id', 'name'])
      .where('id', '=', 1 + (i % ASKED))
      .executeTakeFirst()
  const page = (of: Bare) => (i: number) =>
    of
      .selectFrom('city')
      .selectAll()
      .where('region', '=', i % ASKED)
      .orderBy('population')
      .limit(50)
      .execute()
  const total = (of: Bare) => (i: number) =>
    of
      .selectFrom('city')
      .select(sql<number>`sum(population)`.as('people'))
      .where('region', '<', i % ASKED)
      .executeTakeFirst()
  const asking = db.cached()
  for (const [title, query] of Object.entries({
    'point select': point,
    'page of 50 rows': page,
    'sum of a scan': total,
  }))
    yield await measure(
      `${title}, ${engine}`,
      [
        { name: 'bare', run: query(bare) },
        { name: 'cache on, not asked', run: query(db as unknown as Bare) },
        { name: 'hit', run: query(asking as unknown as Bare) },
      ],
      {
        rounds,
        notes: [],
        targets: [
          { of: 'cache on, not asked', to: 'bare' },
          { of: 'bare', to: 'hit' },
        ],
      },
    )
  await bare.destroy()
}
