import { expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta } from '../../src/index.ts'
import { tenant, timestamps, version } from '../../src/plugins/index.ts'

interface Tables {
  post: { id: number; title: string; version: number }
}

test.each([
  ['timestamps', timestamps({ tables: ['main.post'] }), /"updated_at"/],
  ['version', version({ tables: ['main.post'] }), /"version" = "post"."version" \+/],
  ['tenant', tenant({ column: 'owner', tables: ['main.post'] }), /"post"."owner" collate binary = \?/],
])('a table that %s has with its schema is meant by its bare name, too', async (_, plugin, written) => {
  const base = kanta<Tables>({ driver: sqlite(':memory:'), plugins: [plugin] })
  const db = base.as({ tenant: 1 })
  expect(db.updateTable('post').set({ title: 'x' }).where('id', '=', 1).compile().sql).toMatch(written)
  await base.destroy()
})
