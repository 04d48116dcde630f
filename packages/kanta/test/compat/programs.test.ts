import * as npm from 'kysely'
import { describe, expect, test } from 'vitest'
import * as own from '../../src/compat/kysely.ts'
import { type Db, type K, programs } from './programs.ts'
import { world } from './world.ts'

const libraries = { npm, kanta: own as unknown as K }

function open(library: K): Db {
  return new library.Kysely({ dialect: new library.SqliteDialect({ database: world() }) })
}

describe.each(programs)('$name', ({ name, build }) => {
  test('SQLite', async () => {
    const ran = async (library: K) => {
      const db = open(library)
      const query = build(db, library)
      const { sql, parameters } = query.compile()
      const result = await query.execute?.()
      const rest = await db.selectFrom('person').selectAll().execute()
      const toys = await db.selectFrom('toy').selectAll().execute()
      await db.destroy()
      return { sql, parameters, result: plain(result, name), rest, toys }
    }
    expect(await ran(libraries.kanta)).toEqual(await ran(libraries.npm))
  })
})

/** Result objects are of each library's own classes; of a row that was updated in place of inserted, Kanta gives no id. */
function plain(result: unknown, name: string): unknown {
  if (!Array.isArray(result)) return result
  return result.map((row) => (/^on conflict/.test(name) ? { ...row, insertId: undefined } : { ...row }))
}
