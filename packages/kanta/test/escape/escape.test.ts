import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Tally } from '../props/engine-query.ts'
import { FAULTS_OF_MARIADB, TYPES_OF_POSTGRES } from '../props/faults.ts'
import { numbers } from '../props/settings.ts'
import { engines, type Place } from './ground.ts'
import { declared } from './policies.ts'
import { Read } from './read.ts'
import { type Hiding, openHiding } from './worlds.ts'
import { Write } from './write.ts'

/** `KANTA_ESCAPE=200000` for a long run over all engines, `KANTA_ESCAPE_SEED` for another one. */
const long = Number(process.env.KANTA_ESCAPE ?? 0)
const seed = Number(process.env.KANTA_ESCAPE_SEED ?? 20261121)
const KNOWN: Readonly<Record<string, readonly RegExp[]>> = {
  sqlite: [],
  // What an update from another table gives back may be of either.
  postgres: [...TYPES_OF_POSTGRES, /column reference "\w+" is ambiguous/],
  mariadb: FAULTS_OF_MARIADB,
}
const names = Object.keys(declared)

/** The part of a long run that each engine takes. */
const SHARE: Readonly<Record<string, number>> = { sqlite: 0.6, postgres: 0.2, mariadb: 0.2 }

function settings(what: string, engine: string, usual: number): fc.Parameters<unknown> {
  const numRuns = long > 0 ? Math.ceil((long * SHARE[engine]!) / 2) : Math.ceil(usual / 2)
  console.log(`${what}: seed ${seed}, ${numRuns} runs`)
  return { seed, numRuns } as fc.Parameters<unknown>
}

describe.each(engines)('no row too many and none too few on $name', (engine: Place) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  const worlds: Hiding[] = []
  beforeAll(async () => {
    for (const at of [1, 2, 3]) worlds.push(await openHiding(engine, at))
  })
  afterAll(async () => {
    for (const world of worlds) await world.close()
  })

  test(
    'of what is read',
    async () => {
      const tally = new Tally()
      const property = fc.asyncProperty(
        fc.nat({ max: worlds.length - 1 }),
        fc.constantFrom(...names),
        numbers(),
        numbers(200),
        (world, policies, query, style) =>
          new Read(worlds[world]!, policies, KNOWN[engine.name]!, tally, query, style).run(),
      )
      await fc.assert(property, settings(`reads under policies on ${engine.name}`, engine.name, 400))
      console.log(
        `${engine.name}: ${tally.compared} queries gave ${tally.rows} rows`,
        Object.fromEntries(tally.refused),
      )
      expect(tally.rows).toBeGreaterThan(tally.compared)
    },
    24 * 60 * 60 * 1000,
  )

  test(
    'of what is written',
    async () => {
      const tally = new Tally()
      const property = fc.asyncProperty(
        fc.nat({ max: worlds.length - 1 }),
        fc.constantFrom(...names),
        numbers(),
        numbers(100),
        (world, policies, described, style) =>
          new Write(worlds[world]!, policies, KNOWN[engine.name]!, tally, described, style).run(),
      )
      await fc.assert(property, settings(`writes under policies on ${engine.name}`, engine.name, 400))
      console.log(`${engine.name}: ${tally.compared} writes of ${tally.rows} rows`, Object.fromEntries(tally.refused))
      expect(tally.rows).toBeGreaterThan(tally.compared)
    },
    24 * 60 * 60 * 1000,
  )
})
