import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { diff } from '../../src/diff/index.ts'
import { introspect } from '../../src/introspect/index.ts'
import { seed, settings } from '../props/settings.ts'
import { type Ground, grounds, type Pair } from './ground.ts'
import { checkPair, create } from './pair.ts'
import { build, names, plans } from './random.ts'

/** The number of pairs of schemas in a long run, for each database. */
const PAIRS = Number(process.env.DIFF_PAIRS ?? 0)
/** Servers take their time; the same chances come up on each. */
const USUAL: Readonly<Record<string, number>> = { sqlite: 25, postgres: 6, mariadb: 3 }

/** One run of each for so many queries of a long test. */
const SHARE = 2500
const TIMEOUT = 24 * 60 * 60 * 1000

function runsOf({ name, dialect }: Ground): fc.Parameters<unknown> {
  // To make an example small takes a server minutes.
  const endOnFailure = dialect !== 'sqlite'
  if (PAIRS === 0) return { ...settings(`diff on ${name}`, USUAL[name]!, USUAL[name]! / SHARE), endOnFailure }
  console.log(`diff on ${name}: seed ${seed}, ${PAIRS} pairs`)
  return { seed, numRuns: PAIRS, endOnFailure }
}

describe.each(grounds)('diff on $name', (ground: Ground) => {
  const { dialect, missing } = ground
  let pair: Pair
  beforeAll(async () => {
    if (missing === undefined) pair = await ground.open()
  })
  afterAll(() => pair?.close())

  test('up leads from one schema to the other and down back, and values stay', { timeout: TIMEOUT }, async ({
    skip,
  }) => {
    if (missing !== undefined) return skip(missing)
    let [pairs, steps] = [0, 0]
    await fc.assert(
      fc.asyncProperty(plans, plans, names, fc.boolean(), async (from, to, chosen, isCatalog) => {
        pairs++
        steps += await checkPair(pair, dialect, [from, to, chosen, isCatalog])
      }),
      runsOf(ground),
    )
    console.log(
      `${ground.name}: ${pairs} pairs, ${steps} steps, no second diff with steps, no value lost without a warning`,
    )
    expect(steps).toBeGreaterThan(10)
  })

  test('a database made from tables differs from them in nothing', { timeout: TIMEOUT }, async ({ skip }) => {
    if (missing !== undefined) return skip(missing)
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        await pair.clear()
        const { tables } = build(plan, dialect)
        await create(pair.one, tables, dialect)
        const catalog = await introspect(pair.one)
        expect((await diff(catalog, tables)).up).toEqual([])
        expect((await diff(tables, catalog)).up).toEqual([])
        expect((await diff(catalog, catalog)).up).toEqual([])
      }),
      settings(`no difference on ${ground.name}`, USUAL[ground.name]!, USUAL[ground.name]! / SHARE),
    )
  })
})
