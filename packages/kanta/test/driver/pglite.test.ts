import { expect, test, vi } from 'vitest'
import { pglite } from '../../src/driver/pglite/index.ts'
import { kanta, sql } from '../../src/index.ts'
import { serverDriverSuite } from '../conformance/server-driver.ts'
import { pglite as engine, openPglite } from '../engine/pglite.ts'
import { postgresTexts } from './postgres-texts.ts'

// To make a database takes it seconds where the machine is busy.
vi.setConfig({ testTimeout: 60_000 })

const one = 'it has one connection, in this process'
serverDriverSuite('pglite', { engine, texts: postgresTexts, lacks: { several: one, cancel: one } })

test('a database of the user is left open, one of options is closed', async () => {
  const yours = await openPglite()
  const db = kanta({ driver: pglite(yours) })
  expect(await sql`select 1 as a`.execute(db)).toMatchObject({ rows: [{ a: 1 }] })
  await db.destroy()
  expect(yours.closed).toBe(false)
  await yours.close()
  expect(() => pglite(yours)).toThrow(/is closed/)
})
