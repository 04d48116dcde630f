import { expect, test } from 'vitest'
import { audit } from '../../src/audit/index.ts'
import { cache, memoryStore } from '../../src/cache/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, type Plugin, table } from '../../src/index.ts'
import { camelCase, softDelete, tenant, timestamps, ttl, version } from '../../src/plugins/index.ts'
import { open, policies, rls } from '../../src/rls/index.ts'
import { fullText } from '../../src/search/index.ts'
import { timeTravel } from '../../src/time-travel/index.ts'

const note = table('note', (c) => ({
  id: c.integer().primaryKey(),
  body: c.text(),
  tenant_id: c.integer(),
  created_at: c.timestamp(),
  version: c.integer(),
  deleted_at: c.timestamp().nullable(),
}))
const opened = (plugin: unknown, schema: object | undefined = { note }) =>
  kanta({ driver: sqlite(':memory:'), schema: schema as never, plugins: [plugin as Plugin] })

test.each<[string, unknown]>([
  ['softDelete', softDelete({ tables: ['nota'] })],
  ['tenant', tenant({ column: 'tenant_id', tables: ['nota'] })],
  ['tenant', tenant({ column: 'tenant_id', shared: ['nota'] })],
  ['timestamps', timestamps({ tables: ['nota'] })],
  ['version', version({ tables: ['nota'] })],
  ['ttl', ttl({ tables: { nota: { column: 'created_at' } }, mode: 'lazy' })],
  ['rls', rls(policies({ nota: open } as never))],
  ['audit', audit({ tables: ['nota'] })],
  ['audit', audit({ redact: { nota: ['body'] } })],
  ['timeTravel', timeTravel({ tables: ['nota'] })],
  ['cache', cache({ store: memoryStore(), ttl: 1000, tables: ['nota'] })],
  ['fullText', fullText({ nota: { columns: ['body'] } })],
])('%s() refuses a table that the schema does not have, when the database is made', (name, plugin) => {
  expect(() => opened(plugin)).toThrow(
    expect.objectContaining({
      code: 'plugin',
      message: `${name}() names the table 'nota', which the schema does not have. Did you mean 'note'?`,
    }),
  )
  expect(() =>
    (opened({ name: 'none' }) as unknown as { withPlugins(all: unknown[]): unknown }).withPlugins([plugin]),
  ).toThrow("Did you mean 'note'?")
})

test.each<[string, unknown, string]>([
  ['ttl', ttl({ tables: { note: { column: 'create_at' } }, mode: 'lazy' }), 'created_at'],
  ['fullText', fullText({ note: { columns: ['bdy'] } }), 'body'],
  ['audit', audit({ redact: { note: ['bdy'] } }), 'body'],
])('%s() refuses a column that the table does not have', (_, plugin, meant) => {
  expect(() => opened(plugin)).toThrow(`Did you mean '${meant}'?`)
})

test('names are those of the program or of the database, in any case, and a schema may be left out', () => {
  const posts = table('geo.blogPost', (c) => ({ id: c.integer().primaryKey(), deleted_at: c.timestamp().nullable() }))
  for (const name of ['geo.blogPost', 'blogPost', 'BLOGPOST'])
    expect(() => opened(timestamps({ tables: [name] }), { posts })).not.toThrow()
  const db = () =>
    kanta({
      driver: sqlite(':memory:'),
      schema: { post: table('blogPost', (c) => ({ id: c.integer().primaryKey() })) },
      plugins: [camelCase(), audit({ tables: ['blog_post'] })],
    })
  expect(db).not.toThrow()
})

test('a database without a schema knows no names', () => {
  expect(() =>
    kanta<{ nota: { id: number } }>({ driver: sqlite(':memory:') }).withPlugins([softDelete({ tables: ['nota'] })]),
  ).not.toThrow()
})
