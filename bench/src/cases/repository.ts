import Database from 'better-sqlite3'
import { kanta, table } from 'kanta'
import { betterSqlite3 } from 'kanta/better-sqlite3'
import { repository } from 'kanta/repository'
import { measure, type Report } from '../harness.ts'

export const about = 'getById of a repository against the bare query, on SQLite'

const city = table('city', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  population: c.integer(),
  timezone: c.text(),
}))

const ROWS = 1_000

export async function* run(rounds: number): AsyncIterable<Report> {
  const file = new Database(':memory:')
  const db = kanta({ driver: betterSqlite3(file), schema: { city } })
  await db.schema.createTable(city).execute()
  const rows = Array.from({ length: ROWS }, (_, i) => ({
    id: i + 1,
    name: `city ${i}`,
    population: i * 97,
    timezone: 'Europe/Helsinki',
  }))
  await db.insertInto('city').values(rows).execute()
  const cities = repository(db, city)
  const statement = file.prepare('select * from city where id = ?')
  const idOf = (i: number): number => ((i * 31) % ROWS) + 1
  yield await measure(
    'row by its key, SQLite',
    [
      { name: 'by hand', run: (i) => statement.get(idOf(i)) },
      {
        name: 'bare query',
        run: (i) => db.selectFrom('city').selectAll().where('id', '=', idOf(i)).executeTakeFirst(),
      },
      { name: 'getById', run: (i) => cities.getById(idOf(i)) },
    ],
    { rounds, targets: [{ of: 'getById', to: 'bare query', max: 1.1 }] },
  )
  await db.destroy()
}
