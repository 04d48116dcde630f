import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { Engine } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'
import { EngineQuery, Tally } from './engine-query.ts'
import { type EngineWorld, openEngineWorld } from './engine-world.ts'
import { FAULTS_OF_MARIADB, TYPES_OF_POSTGRES } from './faults.ts'
import { numbers, settings } from './settings.ts'

const engines: readonly (readonly [Engine, readonly RegExp[], number])[] = [
  [pglite, TYPES_OF_POSTGRES, 150],
  [postgres, TYPES_OF_POSTGRES, 250],
  [mariadbEngine, FAULTS_OF_MARIADB, 300],
]

describe.each(engines)('queries on $name', (engine, known, usual) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  const worlds: EngineWorld[] = []
  afterAll(async () => {
    for (const world of worlds) await world.close()
  })

  test(
    'give the rows of the oracle',
    async () => {
      for (const seed of [1, 3]) worlds.push(await openEngineWorld(engine, seed))
      const tally = new Tally()
      const property = fc.asyncProperty(fc.nat({ max: 255 }), numbers(), numbers(200), (world, query, style) =>
        new EngineQuery(worlds[world % worlds.length]!, engine.dialect, known, tally, query, style).run(),
      )
      await fc.assert(property, settings(`queries on ${engine.name}`, usual))
      console.log(
        `${engine.name}: ${tally.compared} queries gave ${tally.rows} rows`,
        Object.fromEntries(tally.refused),
      )
      const refused = [...tally.refused.values()].reduce((sum, count) => sum + count, 0)
      expect(tally.compared).toBeGreaterThan(2 * refused)
      expect(tally.rows).toBeGreaterThan(tally.compared)
    },
    24 * 60 * 60 * 1000,
  )
})
