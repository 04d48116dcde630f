import { expect, test } from 'vitest'
import { home } from '../package/sources.ts'
import { run } from '../package/tarball.ts'

/** Opens a database whose timer is an hour away, and says that it has. */
const PROGRAM = `
import { kanta, table } from 'kanta'
import { ttl } from 'kanta/plugins'
import { sqlite } from 'kanta/sqlite'

const session = table('session', (c) => ({ at: c.timestamp().nullable() }))
const plugin = ttl({ tables: { session: { column: 'at' } }, mode: 'scheduled', every: 3_600_000 })
const db = kanta({ driver: sqlite(':memory:'), schema: { session }, plugins: [plugin] })
await db.schema.createTable(session).execute()
console.log(JSON.stringify(await db.selectFrom('session').selectAll().execute()))
`

test('a timer keeps no program from ending', { timeout: 30_000 }, async () => {
  const program = ['--conditions=kanta-source', '--input-type=module', '--eval', PROGRAM]
  expect(await run(process.execPath, program, home)).toEqual({ ok: true, output: '[]' })
})
