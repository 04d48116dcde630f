import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { kanta, table } from '../../src/index.ts'
import { root } from '../package/sources.ts'
import type { Engine } from './engine.ts'
import { mariadbEngine } from './mariadb.ts'
import { pglite } from './pglite.ts'
import { postgres } from './postgres.ts'

const START = readFileSync(join(root, 'examples/quickstart/src/main.ts'), 'utf8')
const program = START.replaceAll(/^import .*\n/gm, '').replace("sqlite(':memory:')", 'driver')

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
})
