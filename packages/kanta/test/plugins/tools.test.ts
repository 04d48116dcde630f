import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { introspect } from '../../src/introspect/introspect.ts'
import { migrator } from '../../src/migrate/index.ts'
import { camelCase, schemaPerTenant, softDelete, tenant } from '../../src/plugins/index.ts'
import { type Any, engines, openOn } from '../tenant/ground.ts'

const TABLES = [
  "create table post (id int primary key, tenant_id int not null, full_title varchar(80) default 'none', deleted_at varchar(30))",
  'create table post_note (id int primary key, post_id int, foreign key (post_id) references post (id) on delete cascade)',
]

describe.each(engines)('tools for databases with plugins on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let opened: Awaited<ReturnType<typeof openOn>>
  let base: Any
  beforeAll(async () => {
    opened = await openOn(engine, TABLES)
    base = opened.base
  })
  afterAll(() => opened?.close())
  const guards = (): readonly (readonly [string, Any])[] => [
    ['tenant', base.withPlugins([tenant({ column: 'tenant_id', tables: ['post'] })])],
    ['softDelete', base.withPlugins([softDelete({ tables: ['post'] })])],
    ['schemaPerTenant', base.withPlugins([camelCase(), schemaPerTenant()]).as({ tenant: 1 })],
  ]

  test('introspect() finds the same, whatever the plugins do to names and rows', async () => {
    const plain = await introspect(base)
    expect(plain.tables.map(({ name }) => name)).toEqual(['post', 'post_note'])
    expect(plain.tables[0]!.columns[2]!.default).toMatch(/none/)
    for (const [name, db] of [['camelCase', base.withPlugins([camelCase()])], ...guards()]) {
      expect(await introspect(db), name).toEqual(plain)
      expect(await db.transaction().execute((trx: Any) => introspect(trx)), name).toEqual(plain)
    }
  })

  test('migrator() takes none with policies on rows, and says so', async () => {
    for (const [name, db] of guards())
      expect(() => migrator(db, { migrations: {} }), name).toThrow(
        expect.objectContaining({ code: 'policy', message: expect.stringContaining(`(${name}). Give it`) }),
      )
    expect(await migrator(base.withPlugins([camelCase()]), { migrations: {} }).status()).toEqual([])
  })
})
