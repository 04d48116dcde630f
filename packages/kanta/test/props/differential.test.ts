import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { counts, Differential } from './differential.ts'
import { numbers, settings } from './settings.ts'
import { openWorld, type World } from './world.ts'

const worlds: World[] = await Promise.all([0, 1, 2, 3, 4, 5].map(openWorld))

afterAll(async () => {
  for (const world of worlds) await world.close()
})

describe('queries', () => {
  it(
    'give the rows of the oracle, however they are built, planned and run',
    async () => {
      const property = fc.asyncProperty(fc.nat({ max: 255 }), numbers(), numbers(200), (world, query, style) =>
        new Differential(worlds[world % worlds.length]!, query, style).run(),
      )
      await fc.assert(property, settings('queries', 1200))
      console.log(`${counts.queries} queries in ${counts.statements} statements gave ${counts.rows} rows`)
      expect(counts.rows).toBeGreaterThan(counts.queries)
    },
    24 * 60 * 60 * 1000,
  )
})
