import fc from 'fast-check'

/** How often a property runs: `FUZZ_RUNS=200000` for a long run, `FUZZ_SEED` for another one. */
export const runs = Number(process.env.FUZZ_RUNS ?? 0)
export const seed = Number(process.env.FUZZ_SEED ?? 20260801)

/** What opens databases both ways, with and without the plan cache, need not do so once more for the other way. */
const share = process.env.PLAN_CACHE === 'off' ? 0.1 : 1

/** The settings of a property that runs `usual` times in a test run; `of` is its part of a long one. */
export function settings(name: string, usual: number, of = 1): fc.Parameters<unknown> {
  const numRuns = Math.ceil((runs > 0 ? runs * of : usual) * share)
  console.log(`${name}: seed ${seed}, ${numRuns} runs`)
  return { seed, numRuns } as fc.Parameters<unknown>
}

/** Numbers to choose by: long enough for a query of any size that is made. */
export const numbers = (most = 400): fc.Arbitrary<number[]> =>
  fc.array(fc.nat({ max: 255 }), { minLength: 0, maxLength: most, size: 'max' })
