import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CamelCasePlugin, Kysely, kantaOf, SqliteDialect, sql } from '../../src/compat/kysely.ts'
import { softDelete, tenant } from '../../src/plugins/index.ts'

interface Tables {
  post: { id: number; tenantId: number; title: string; deletedAt: string | null }
}

const database = new Database(':memory:')
const db = new Kysely<Tables>({
  dialect: new SqliteDialect({ database }),
  plugins: [
    new CamelCasePlugin(),
    softDelete({ tables: ['post'], column: 'deletedAt' } as never),
    tenant({ column: 'tenantId', tables: ['post'] }),
  ],
})
const one = db.as({ tenant: 1 })

beforeAll(() => {
  database.exec(`create table post (id integer primary key, tenant_id int, title text, deleted_at text)`)
  database.exec(`insert into post values (1, 1, 'a', null), (2, 2, 'b', null), (3, 1, 'c', '2026-01-01')`)
})
afterAll(() => db.destroy())

const ids = (from: Pick<typeof db, 'selectFrom'>) => from.selectFrom('post').select('id').orderBy('id').execute()

test('the policies of Kanta are in force in a database with the names of Kysely', async () => {
  expect(await ids(one)).toEqual([{ id: 1 }])
  expect(await ids(db.as({ tenant: 2 }))).toEqual([{ id: 2 }])
  await expect(ids(db)).rejects.toMatchObject({ code: 'policy' })
})

test('in whatever is made of it', async () => {
  expect(await ids(one.withPlugin(new CamelCasePlugin()))).toEqual([{ id: 1 }])
  expect(await ids(one.withSchema('main'))).toEqual([{ id: 1 }])
  expect(await one.connection().execute((held) => ids(held))).toEqual([{ id: 1 }])
  expect(await one.transaction().execute((trx) => ids(trx))).toEqual([{ id: 1 }])
  const trx = await one.startTransaction().execute()
  expect(await ids(trx)).toEqual([{ id: 1 }])
  await trx.rollback().execute()
})

test('without the plugins of Kysely', async () => {
  const named = new Kysely<Tables>({
    dialect: new SqliteDialect({ database }),
    plugins: [new CamelCasePlugin(), tenant({ column: 'tenant_id', tables: ['post'] })],
  }).as({ tenant: 2 })
  expect(await ids(named.withoutPlugins())).toEqual([{ id: 2 }])
  expect(await ids(named.withoutPlugins().withPlugin(softDelete({ tables: ['post'] })))).toEqual([{ id: 2 }])
})

test('and against text', async () => {
  await expect(sql`select * from post`.execute(one)).rejects.toMatchObject({ code: 'policy' })
  const { sql: text, parameters } = one.selectFrom('post').select('id').compile()
  await expect(one.executeQuery({ sql: text, parameters } as never)).rejects.toMatchObject({ code: 'policy' })
})

test('what plugins add is found by way of kantaOf', async () => {
  const kanta = kantaOf(one) as unknown as { withDeleted(): Pick<typeof db, 'selectFrom'> }
  expect(await ids(kanta.withDeleted())).toEqual([{ id: 1 }, { id: 3 }])
})
