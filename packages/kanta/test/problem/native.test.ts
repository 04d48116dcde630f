import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { libsql } from '../../src/driver/libsql/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, sql } from '../../src/index.ts'
import { problemOf } from '../../src/problem.ts'
import type { Place } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'

const embedded = (name: string, driver: Place['driver']) => ({
  name,
  dialect: 'sqlite' as const,
  missing: undefined,
  create: async (): Promise<Place> => ({ database: name, driver, drop: async () => {} }),
})
const engines = [
  embedded('node:sqlite', () => sqlite(':memory:')),
  embedded('better-sqlite3', () => betterSqlite3(':memory:')),
  embedded('libSQL', () => libsql(':memory:')),
  ...[pglite, postgres, mariadbEngine],
].filter(({ missing }) => missing === undefined)

interface Stay {
  id: number
  name: string
  day: string
  price: string
}

// No `table()` tells the columns, so that the database itself is the one that refuses.
describe.each(engines)('what $name itself refuses', ({ create, dialect }) => {
  const open = (place: Place) => kanta<{ stay: Stay }>({ driver: place.driver() })
  let place: Place
  let db: ReturnType<typeof open>

  beforeAll(async () => {
    place = await create()
    db = open(place)
    const columns =
      dialect === 'sqlite'
        ? 'id integer primary key, name text, day text, price real'
        : 'id smallint primary key, name varchar(5), day date, price decimal(5, 2)'
    await sql.raw(`create table stay (${columns})${dialect === 'sqlite' ? ' strict' : ''}`).execute(db)
    if (dialect === 'mariadb')
      await sql
        .raw(
          "create trigger guard before delete on stay for each row signal sqlstate '45000' set message_text = 'stays'",
        )
        .execute(db)
    else if (dialect === 'sqlite')
      await sql.raw("create trigger guard before delete on stay begin select raise(abort, 'stays'); end").execute(db)
    else {
      await sql
        .raw("create function stays() returns trigger language plpgsql as $$ begin raise exception 'stays'; end $$")
        .execute(db)
      await sql.raw('create trigger guard before delete on stay for each row execute function stays()').execute(db)
    }
    await db
      .insertInto('stay')
      .values({ id: 1 } as never)
      .execute()
  })
  afterAll(async () => {
    await db.destroy()
    await place.drop()
  })

  const answerTo = async (query: { execute(): Promise<unknown> }) => {
    const error: unknown = await query.execute().catch((cause: unknown) => cause)
    const { status, code, columns } = problemOf(error, { columns: true })
    return { status, code, columns }
  }
  const values: readonly (readonly [what: string, column: keyof Stay, value: unknown])[] = [
    ['text that is no number', 'price', 'dear'],
    ['text that is no whole number', 'id', 'one'],
    ...(dialect === 'sqlite'
      ? []
      : ([
          ['text that is too long', 'name', 'too long'],
          ['a day that is none', 'day', '2026-13-45'],
          ['text that is no day', 'day', 'soon'],
          ['a number that is too large', 'price', 123456],
          ['a whole number that is too large', 'id', 70_000],
        ] as const)),
  ]

  test.each(values)('%s is a fault of the client', async (_, column, value) => {
    // PostgreSQL never says which column it was, SQLite not of the key.
    const isNamed = dialect === 'mariadb' || (dialect === 'sqlite' && column !== 'id')
    const answer = { status: 422, code: 'invalid_input', columns: isNamed ? [column] : undefined }
    const row = { [column]: value } as never
    expect(await answerTo(db.insertInto('stay').values({ id: 2, ...(row as object) } as never))).toEqual(answer)
    expect(await answerTo(db.updateTable('stay').set(row).where('id', '=', 1))).toEqual(answer)
  })

  test('a trigger that refuses is a conflict', async () => {
    expect(await answerTo(db.deleteFrom('stay'))).toMatchObject({ status: 409, code: 'constraint_violation' })
  })

  test('a wrong number of values is a fault of the program', async () => {
    const error: unknown = await db
      .executeQuery({ sql: db.selectFrom('stay').select('id').where('id', '=', 1).compile().sql, parameters: [1, 2] })
      .catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'invalid_input' })
    expect(String(error)).not.toMatch(/connection|network/i)
    expect(problemOf(error).status).toBe(500)
  })
})
