/** Kysera over Kysely, from npm, with the plugins that it has for the same things. */
import { createExecutor } from '@kysera/executor'
import { softDeletePlugin } from '@kysera/soft-delete'
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { schema, type Tables } from './plugged.ts'

export async function open() {
  const database = new Database(':memory:')
  for (const statement of schema) database.exec(statement)
  const bare = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
  const make = () => createExecutor(bare, [softDeletePlugin({ tables: ['post'] })])
  const live = await make()
  const point = (db: typeof bare, id: number) =>
    db.selectFrom('post').select(['id', 'title', 'body']).where('id', '=', id).executeTakeFirst()
  return {
    none: (id: number) => point(bare, id),
    softDelete: (id: number) => point(live as unknown as typeof bare, id),
    make,
    close: () => bare.destroy(),
  }
}
