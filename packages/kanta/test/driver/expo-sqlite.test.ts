import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { type ExpoSqliteDatabase, expoSqlite } from '../../src/driver/expo-sqlite/index.ts'
import { kanta, table } from '../../src/index.ts'
import { connectionSuite } from '../conformance/driver.ts'
import { relatedSuite } from '../conformance/related.ts'

/**
 * An object of the interface of `expo-sqlite` over `node:sqlite`: no code of Expo runs here. Errors are those that Expo
 * makes of the code and the message of SQLite.
 */
function overNode(): ExpoSqliteDatabase {
  const database = new DatabaseSync(':memory:')
  const asExpo = async <T>(work: () => T): Promise<T> => {
    try {
      return work()
    } catch (cause) {
      const { errcode, message } = cause as Error & { errcode?: number }
      if (errcode === undefined) throw cause
      throw new Error(
        `Call to function 'NativeStatement.runAsync' has been rejected.\n→ Caused by: Error code ${errcode & 0xff}: ${message}`,
      )
    }
  }
  return {
    execAsync: (text) => asExpo(() => database.exec(text)),
    isInTransactionAsync: async () => database.isTransaction,
    prepareAsync: (text) =>
      asExpo(() => {
        const statement = database.prepare(text)
        statement.setReturnArrays(true)
        const names = statement.columns().map((column) => column.name)
        return {
          getColumnNamesAsync: async () => names,
          finalizeAsync: async () => {},
          executeForRawResultAsync: (values) =>
            asExpo(() => {
              const given = values as never[]
              if (names.length === 0) {
                const { changes, lastInsertRowid } = statement.run(...given)
                return {
                  changes: Number(changes),
                  lastInsertRowId: Number(lastInsertRowid),
                  getAllAsync: async () => [],
                }
              }
              const rows = statement.all(...given)
              return { changes: 0, lastInsertRowId: 0, getAllAsync: async () => rows }
            }),
        }
      }),
  }
}

describe('the interface of expo-sqlite over node:sqlite', () => {
  connectionSuite(() => expoSqlite(overNode()), 'memory', {
    instant: 'Expo answers later',
    reals: 'libraries bind a whole number as they like, and node:sqlite as a real',
    greeting: 'a database is open before Kanta gets it',
    infinity: 'Expo may make null of it',
    bigints: 'Expo takes and gives numbers only',
    cursors: 'all rows are read at once',
  })

  describe('relations', () => relatedSuite(() => expoSqlite(overNode()), { transactions: true }))

  test('a transaction that SQLite has ended by itself is over, and a database that is none is refused', async () => {
    const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text().unique() }))
    await using db = kanta({ driver: expoSqlite(overNode()), schema: { city } })
    await db.schema.createTable(city).execute()
    const many = Array.from({ length: 40_000 }, (_, i) => ({ id: i + 1, name: `city ${i}` }))
    expect((await db.insertInto('city').values(many).executeTakeFirst()).numInsertedOrUpdatedRows).toBe(40_000n)
    await expect(
      db
        .insertInto('city')
        .values([{ name: 'new' }, ...many.slice(0, 3)])
        .execute(),
    ).rejects.toMatchObject({ code: 'unique_violation' })
    expect(await db.selectFrom('city').select('id').where('name', '=', 'new').execute()).toEqual([])
    expect(() => expoSqlite({} as never)).toThrow('openDatabaseAsync')
  })
})
