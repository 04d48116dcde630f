import fc from 'fast-check'

/** How often a property runs: `FUZZ_RUNS=200000` for a long run, `FUZZ_SEED` for another one. */
export const runs = Number(process.env.FUZZ_RUNS ?? 0)
export const seed = Number(process.env.FUZZ_SEED ?? 20260801)

/** The settings of a property that runs `usual` times in a test run. */
export function settings(name: string, usual: number): fc.Parameters<unknown> {
  const numRuns = runs > 0 ? Math.ceil((runs * usual) / 1000) : usual
  console.log(`${name}: seed ${seed}, ${numRuns} runs`)
  return { seed, numRuns, verbose: 0, interruptAfterTimeLimit: runs > 0 ? undefined : 60_000 } as fc.Parameters<unknown>
}

/** Numbers to choose by: long enough for a query of any size that is made. */
export const numbers = (most = 400): fc.Arbitrary<number[]> =>
  fc.array(fc.nat({ max: 255 }), { minLength: 0, maxLength: most, size: 'max' })
