import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { audit } from '../../src/audit/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import { createExecutor, softDelete, tenant } from '../../src/plugins/index.ts'
import { startHistory, timeTravel } from '../../src/time-travel/index.ts'
import { checked } from '../docs/example.ts'
import { same } from '../docs/same.ts'
import { root } from '../package/sources.ts'
import type { Engine } from './engine.ts'
import { mariadbEngine } from './mariadb.ts'
import { pglite } from './pglite.ts'
import { postgres } from './postgres.ts'

const START = readFileSync(join(root, 'examples/quickstart/src/main.ts'), 'utf8')
const withDriver = (text: string): string =>
  text.replaceAll(/^import .*\n/gm, '').replace("sqlite(':memory:')", 'driver')
const program = withDriver(START)

/** What the README shows of plugins. */
const [, RULES] = /^## Policies that apply to every query\n[\s\S]*?^```ts\n([\s\S]*?)^```$/m.exec(
  readFileSync(join(root, 'README.md'), 'utf8'),
)!
const parts = { kanta, sql, table, audit, createExecutor, softDelete, tenant, startHistory, timeTravel, same }

type Program = (...given: readonly unknown[]) => Promise<void>
const AsyncFunction = (async () => {}).constructor as new (...parts: readonly string[]) => Program

describe.each([postgres, pglite, mariadbEngine])('$name', (engine: Engine) => {
  test.skipIf(engine.missing !== undefined)(
    'runs the start of the README with no line changed but the driver',
    async () => {
      expect(program).not.toContain('sqlite')
      const place = await engine.create()
      const told: unknown[] = []
      const run = new AsyncFunction('kanta', 'table', 'driver', 'console', program)
      await run(kanta, table, place.driver(), { table: (rows: unknown) => told.push(rows) })
      await place.drop()
      expect(told).toEqual([
        [
          { name: 'Helsinki', country: 'Finland', capital: true },
          { name: 'Tampere', country: 'Finland', capital: false },
        ],
      ])
    },
  )

  test.skipIf(engine.missing !== undefined)('runs what the README shows of plugins', async () => {
    const rules = checked(stripTypeScriptTypes(withDriver(RULES!)))
    expect(rules.match(/same\(/g)).toHaveLength(4)
    const place = await engine.create()
    const run = new AsyncFunction(...Object.keys(parts), 'driver', rules)
    await run(...Object.values(parts), place.driver())
    await place.drop()
  })
})
