import type { Plugin } from '../../extend/index.ts'
import { ownPlugin } from '../../extend/internal/index.ts'
import type { Database } from '../../face/index.ts'
import { createMock, generateTestData, type MockDatabase, type MockOptions } from './mock.ts'

/** The number of rows of each table that `db.generateTestData()` makes, and how: see `TestData`. */
export interface AnyTestData {
  readonly [table: string]: number | string | undefined
  readonly relationships?: 'realistic' | 'even' | undefined
}

/** The methods that `testing()` adds to a database. The tables are those of `DB`, which the call names: `db.createMock<Tables>()`. */
export interface TestingMethods {
  /** As the function `createMock()`, of this database. */
  createMock<DB = any>(options?: MockOptions): MockDatabase<Database<DB>, DB>
  /** As the function `generateTestData()`, of this database. */
  generateTestData<DB = any>(data: AnyTestData, options?: MockOptions): MockDatabase<Database<DB>, DB>
}

/**
 * Adds `createMock()` and `generateTestData()` to a database.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { sqlite } from 'kanta/sqlite'
 * import { testing } from 'kanta/testing'
 *
 * const users = table('users', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
 * const db = kanta({ driver: sqlite('app.db'), schema: { users }, plugins: [testing()] })
 * const mock = db.createMock().table('users').seed([{ id: 1, name: 'John' }])
 * const rows = await mock.selectFrom('users').selectAll().execute() // [{ id: 1, name: 'John' }]
 * await mock.destroy()
 * await db.destroy()
 * ```
 */
export const testing = (): Plugin<TestingMethods> =>
  ownPlugin({
    name: 'testing',
    extend: (db: never): TestingMethods => ({
      createMock: (options) => createMock(db as Database<any>, options) as never,
      generateTestData: (data, options) => generateTestData(db as Database<any>, data as never, options) as never,
    }),
  })
