import { kanta, table } from 'kanta'
import { pg } from 'kanta/pg'
import { sqlite } from 'kanta/sqlite'
import { generate } from 'kanta/testing'
import { startPostgres } from 'kanta-servers'
import { answer, child, type Report } from '../harness.ts'

export const about = 'generate(): 100,000 rows into PostgreSQL, 1,000,000 into SQLite with flat memory'

const author = table('author', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  email: c.text().unique(),
  created_at: c.timestamp(),
}))
const book = table('book', (c) => ({
  id: c.integer().primaryKey(),
  title: c.text(),
  price: c.decimal(10, 2),
  author_id: c.integer().references(() => author.id),
  published_at: c.timestamp().nullable(),
}))

type Driver = ReturnType<typeof pg>

/** Writes rows, a tenth of them authors. */
async function fill(driver: Driver, rows: number, onProgress?: () => void): Promise<void> {
  const db = kanta({ driver, schema: { author, book } })
  try {
    await db.schema.createTable(author).execute()
    await db.schema.createTable(book).execute()
    await generate(db, { seed: 1, rows: { author: rows / 10, book: rows - rows / 10 }, onProgress })
  } finally {
    await db.destroy()
  }
}

export async function* run(rounds: number): AsyncIterable<Report> {
  const times: number[] = []
  for (let k = 0; k < Math.min(rounds, 3); k++) {
    const server = await startPostgres()
    try {
      const { host, port, user, database } = server
      const started = performance.now()
      await fill(pg({ host, port, user, database }), 100_000)
      times.push((performance.now() - started) * 1e6)
    } finally {
      await server.stop()
    }
  }
  yield {
    title: 'generate(), 100,000 rows, PostgreSQL',
    unit: 'time',
    values: { kanta: times },
    targets: [{ of: 'kanta', max: 10e9 }],
    notes: [],
  }
  yield {
    title: 'generate(), 1,000,000 rows, SQLite in memory: most growth of the heap',
    unit: 'bytes',
    values: { kanta: [child<number>(import.meta.filename)] },
    targets: [{ of: 'kanta', max: 32 * 2 ** 20 }],
    notes: [],
  }
}

/** In a process of its own: the most bytes that the heap grows, after garbage collection, every 100,000 rows. */
async function grow(): Promise<number> {
  const used = (): number => {
    gc!()
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
  }
  const before = used()
  let most = 0
  let batches = 0
  await fill(sqlite(':memory:'), 1_000_000, () => {
    if (++batches % 100 === 0) most = Math.max(most, used() - before)
  })
  return most
}

if (import.meta.main) await answer(grow)
