import { answer, child, failed, type Report } from '../harness.ts'

export const about = 'import and first query in a fresh process'

const create = 'create table city (id integer primary key, name text not null)'
const fill = "insert into city values (1, 'Helsinki')"

/** Each imports what it needs, opens a database, makes a table, and reads one row by the fluent call. */
const contestants: Record<string, () => Promise<unknown>> = {
  async 'by hand, better-sqlite3'() {
    const { default: Database } = await import('better-sqlite3')
    const db = new Database(':memory:')
    db.exec(create)
    db.exec(fill)
    return db.prepare('select id, name from city where id = ?').get(1)
  },
  async kysely() {
    const { default: Database } = await import('better-sqlite3')
    const { Kysely, SqliteDialect } = await import('kysely')
    const database = new Database(':memory:')
    database.exec(create)
    database.exec(fill)
    const db = new Kysely<{ city: { id: number; name: string } }>({ dialect: new SqliteDialect({ database }) })
    return db.selectFrom('city').select(['id', 'name']).where('id', '=', 1).executeTakeFirst()
  },
  async drizzle() {
    const { default: Database } = await import('better-sqlite3')
    const { drizzle } = await import('drizzle-orm/better-sqlite3')
    const { integer, sqliteTable, text } = await import('drizzle-orm/sqlite-core')
    const { eq } = await import('drizzle-orm')
    const database = new Database(':memory:')
    database.exec(create)
    database.exec(fill)
    const city = sqliteTable('city', { id: integer().primaryKey(), name: text().notNull() })
    return drizzle(database).select({ id: city.id, name: city.name }).from(city).where(eq(city.id, 1)).get()
  },
  async kanta() {
    const { kanta, sql, table } = await import('kanta')
    const { betterSqlite3 } = await import('kanta/better-sqlite3')
    const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
    const db = kanta({ driver: betterSqlite3(':memory:'), schema: { city } })
    await sql.raw(create).execute(db)
    await sql.raw(fill).execute(db)
    return db.selectFrom('city').select(['id', 'name']).where('id', '=', 1).executeTakeFirst()
  },
  async 'by hand, node:sqlite'() {
    const { DatabaseSync } = await import('node:sqlite')
    const db = new DatabaseSync(':memory:')
    db.exec(create)
    db.exec(fill)
    return db.prepare('select id, name from city where id = ?').get(1)
  },
  async 'kanta, node:sqlite'() {
    const { kanta, sql, table } = await import('kanta')
    const { sqlite } = await import('kanta/sqlite')
    const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
    const db = kanta({ driver: sqlite(':memory:'), schema: { city } })
    await sql.raw(create).execute(db)
    await sql.raw(fill).execute(db)
    return db.selectFrom('city').select(['id', 'name']).where('id', '=', 1).executeTakeFirst()
  },
}

export async function* run(rounds: number): AsyncIterable<Report> {
  const targets = [
    { of: 'kanta', to: 'kysely' },
    { of: 'kanta', to: 'drizzle' },
    { of: 'kanta, node:sqlite', to: 'by hand, node:sqlite' },
  ]
  const report: Report = {
    title: 'import and first query, fresh process',
    unit: 'time',
    values: {},
    targets,
    notes: [],
  }
  const names = Object.keys(contestants)
  // Round 0 fills the disk cache and does not count.
  for (let round = 0; round <= Math.max(rounds, 9); round++) {
    for (let k = 0; k < names.length; k++) {
      const name = names[(round + k) % names.length]!
      if (round > 0 && !report.values[name]) continue
      try {
        const ns = child<number>(import.meta.filename, name)
        if (round === 0) report.values[name] = []
        else report.values[name]!.push(ns)
      } catch (error) {
        delete report.values[name]
        report.notes.push(failed(name, error))
      }
    }
  }
  yield report
}

/** In a process of its own: nanoseconds. */
async function first(name: string): Promise<number> {
  const start = performance.now()
  const row = await contestants[name]!()
  const ms = performance.now() - start
  if ((row as { name?: unknown } | undefined)?.name !== 'Helsinki') throw new Error('wrong row')
  return ms * 1e6
}

if (import.meta.main) await answer(() => first(process.argv[2]!))
