import type { Driver } from '../../src/driver/index.ts'
import { pglite } from '../../src/driver/pglite/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, type Logger, table } from '../../src/index.ts'
import { many, one, relations } from '../../src/relations/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { openPglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'

export const author = table('author', (c) => ({ id: c.integer().primaryKey(), name: c.varchar(40) }))
export const book = table('book', (c) => ({
  id: c.integer().primaryKey(),
  author_id: c.integer().references(() => author.id),
  title: c.varchar(40),
  sold: c.bigint(),
}))
export const word = table('word', (c) => ({ id: c.integer().primaryKey(), text: c.varchar(40) }))
const related = relations({
  author: { books: many(book, book.author_id) },
  book: { author: one(author, book.author_id) },
})
const schema = { author, book, word, related }
const open = (driver: Driver, logger: Logger = console) => kanta({ driver, schema, logger })
export type Db = ReturnType<typeof open>

const memory = {
  name: 'node:sqlite',
  missing: undefined,
  create: async () => ({ driver: () => sqlite(':memory:'), drop: async () => {} }),
}
const inProcess = {
  name: 'pglite',
  missing: undefined,
  create: async () => {
    const database = await openPglite()
    return { driver: () => pglite(database), drop: async () => {} }
  },
}

/** The databases of these tests. */
export const engines = [memory, inProcess, postgres, mariadbEngine]

export const AUTHORS = 20

/** A database of 20 authors with two books each. */
export async function openWorld(
  engine: (typeof engines)[number],
  logger?: Logger,
): Promise<{ db: Db; close(): Promise<void> }> {
  const place = await engine.create()
  const db = open(place.driver(), logger)
  for (const each of [author, book, word]) await db.schema.createTable(each as never).execute()
  const ids = Array.from({ length: AUTHORS }, (_, i) => i + 1)
  await db
    .insertInto('author')
    .values(ids.map((id) => ({ id, name: `author ${id}` })))
    .execute()
  await db
    .insertInto('book')
    .values(
      ids.flatMap((id) =>
        [1, 2].map((n) => ({ id: id * 10 + n, author_id: id, title: `book ${n}`, sold: 10n ** 15n })),
      ),
    )
    .execute()
  await db
    .insertInto('word')
    .values(ids.map((id) => ({ id, text: `word ${id}` })))
    .execute()
  return {
    db,
    close: async () => {
      await db.destroy()
      await place.drop()
    },
  }
}
