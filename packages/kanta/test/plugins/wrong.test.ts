import { afterAll, describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta } from '../../src/index.ts'
import { capability, schemaPerTenant, schemaPrefix, tenant } from '../../src/plugins/index.ts'
import type { Any } from '../tenant/ground.ts'

const db = kanta({ driver: sqlite(':memory:') }) as Any
afterAll(() => db.destroy())

describe('plugins that are put together wrongly are refused', () => {
  test.each([
    ['policies', {}],
    ['policies', [null]],
    ['hooks', 'watch'],
    ['transactionHooks', [1]],
    ['dependencies', 'tenant'],
    ['conflicts', [undefined]],
    ['priority', Number.NaN],
    ['priority', '1'],
  ])('by the name of the part: %s', (part, value) => {
    expect(() => db.withPlugins([{ name: 'own', [part]: value }])).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        message: expect.stringMatching(new RegExp(`${part} of the plugin 'own' must be`)),
      }),
    )
  })

  test('a table that is both a tenant’s and everybody’s', () => {
    expect(() => tenant({ column: 'tenant_id', tables: ['post', 'country'], shared: ['country'] })).toThrow(
      /'country' in 'tables' and in 'shared'/,
    )
  })

  test('a capability that somebody could guess', () => {
    const guarded = db.withPlugins([tenant({ column: 'id', tables: ['post'], capability: 'reports' as Any })])
    expect(() => guarded.unscoped('reports', 'why')).toThrow(/disables no policy/)
    const held = capability('reports')
    expect(() =>
      db.withPlugins([tenant({ column: 'id', tables: ['post'], capability: held })]).unscoped({ ...held }, 'why'),
    ).toThrow(/disables no policy/)
  })

  test('one schema for all tenants below a schema for each', () => {
    const own = schemaPerTenant()
    for (const plugins of [
      [schemaPrefix('main'), own],
      [own, schemaPrefix('main')],
    ])
      expect(() => db.withPlugins(plugins)).toThrow(/cannot be used together/)
    expect(() => db.withSchema('main').withPlugins([own])).toThrow(
      expect.objectContaining({ code: 'plugin', message: expect.stringMatching(/into 'main' already/) }),
    )
    const { sql } = db.withPlugins([own]).as({ tenant: 1 }).withSchema('main').selectFrom('post').selectAll().compile()
    expect(sql).toBe('select * from "tenant_1"."post"')
  })
})
