import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { diff, schemaCode } from '../../src/diff/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, sql } from '../../src/index.ts'
import { introspect } from '../../src/introspect/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import type { Any, Ground } from '../tenant/ground.ts'

const embedded: Ground = {
  name: 'node:sqlite',
  dialect: 'sqlite',
  create: async () => ({ database: 'main', driver: () => sqlite(':memory:') as Any, drop: async () => {} }),
}

const TABLES = [
  'create table author (id integer primary key, name varchar(50), boss_id integer references author(id))',
  'create table book (id integer primary key, author_id integer not null references author(id), editor_id integer references author(id))',
  'create table tag (id integer primary key, author varchar(50))',
  'create table book_tag (book_id integer references book(id), tag_id integer references tag(id), primary key (book_id, tag_id))',
  'create table profile (author_id integer primary key references author(id), author integer)',
  'create table "left" (a integer, b integer, primary key (a, b))',
  'create table "right" (id integer primary key, a integer, b integer, foreign key (a, b) references "left"(a, b))',
]

for (const engine of [embedded, pglite as Any, mariadbEngine as Any] as readonly Ground[])
  test(`the code of a database has the relations that its foreign keys make, on ${engine.name}`, async (context) => {
    if (engine.missing !== undefined) return context.skip(`${engine.name}: ${engine.missing}`)
    const place = await engine.create()
    const db = kanta({ driver: place.driver() as Any }) as Any
    const folder = await mkdtemp(join(tmpdir(), 'kanta-code-'))
    try {
      for (const text of TABLES)
        await sql
          .raw(
            engine.name === 'mariadb'
              ? text
                  .replaceAll('"', '`')
                  .replace(/(\w+) integer (not null )?references (\w+)\((\w+)\)/g, '$1 integer $2references $3($4)')
              : text,
          )
          .execute(db)
      const code = schemaCode(await introspect(db))
      expect(code.slice(code.indexOf('export const related'))).toBe(EXPECTED)
      const from = (name: string): string => pathToFileURL(join(import.meta.dirname, '../../src', name)).href
      const module = `${code
        .replace(`'kanta'`, `'${from('index.ts')}'`)
        .replace(`'kanta/relations'`, `'${from('relations/index.ts')}'`)}
export { kanta } from '${from('index.ts')}'
export { sqlite } from '${from('driver/sqlite/index.ts')}'
`
      const path = join(folder, 'schema.ts')
      await writeFile(path, module)
      const own = await import(/* @vite-ignore */ pathToFileURL(path).href)
      const { kanta: open, sqlite: file, ...schema } = own
      if (engine.dialect !== 'sqlite') return
      await using memory = open({ driver: file(':memory:'), schema })
      const tables = [schema.author, schema.book, schema.tag, schema.bookTag]
      for (const each of tables) await memory.schema.createTable(each).execute()
      await memory.insertInto('author').values({ id: 1, name: 'Ada', boss_id: null }).execute()
      await memory.insertInto('book').values({ id: 1, author_id: 1, editor_id: null }).execute()
      expect(await memory.selectFrom('book').select('id').include('author').include('tag').execute()).toEqual([
        { id: 1, author: { id: 1, name: 'Ada', boss_id: null }, tag: [] },
      ])
    } finally {
      await db.destroy()
      await place.drop()
      await rm(folder, { recursive: true })
    }
  })

const EXPECTED = `export const related = relations({
  author: {
    boss: one(author, author.boss_id),
    author_by_boss_id: many(author, author.boss_id),
    book_by_author_id: many(book, book.author_id),
    book_by_editor_id: many(book, book.editor_id),
    profile: one(profile, profile.author_id),
  },
  book: {
    author: one(author, book.author_id),
    editor: one(author, book.editor_id),
    book_tag: many(bookTag, bookTag.book_id),
    tag: many(tag, { through: bookTag }),
  },
  book_tag: {
    book: one(book, bookTag.book_id),
    tag: one(tag, bookTag.tag_id),
  },
  left: {
    right: many(right, [right.a, right.b]),
  },
  profile: {
    author_2: one(author, profile.author_id),
  },
  right: {
    left: one(left, [right.a, right.b]),
  },
  tag: {
    book_tag: many(bookTag, bookTag.tag_id),
    book: many(book, { through: bookTag }),
  },
})
`

test('a module with relations is no difference', async () => {
  const { table } = await import('../../src/index.ts')
  const { one, relations } = await import('../../src/relations/index.ts')
  const a = table('a', (c) => ({ id: c.integer().primaryKey(), a_id: c.integer().nullable() }))
  const module = { a, related: relations({ a: { a: one(a, a.a_id) } }) }
  await using db = kanta({ driver: sqlite(':memory:'), schema: module })
  await db.schema.createTable(a).execute()
  expect((await diff(await introspect(db), module)).up).toEqual([])
})
