import { setImmediate } from 'node:timers/promises'

/** How long one run takes by each way, in milliseconds: medians. */
export interface Timing {
  readonly kanta: number
  readonly hand: number
}

/** Together for a question: the time that both ways run in turns. */
const BUDGET = 300
const MOST_ROUNDS = 41
const FEWEST_ROUNDS = 5
/** What is shorter than this runs many times in a row, so that the clock can tell. */
const SAMPLE = 1

/** Runs both ways in turns, since a machine is faster now and slower then, and gives the median of each. */
export async function compare(
  kanta: () => Promise<unknown>,
  hand: () => unknown,
  signal: AbortSignal,
): Promise<Timing> {
  const once = await warmUp(kanta, hand)
  const repeat = Math.max(1, Math.ceil(SAMPLE / once))
  const rounds = Math.min(MOST_ROUNDS, Math.max(FEWEST_ROUNDS, Math.floor(BUDGET / (2 * repeat * once)))) | 1
  const times = { kanta: [] as number[], hand: [] as number[] }
  const ways = {
    async kanta() {
      const start = performance.now()
      for (let i = 0; i < repeat; i++) await kanta()
      times.kanta.push((performance.now() - start) / repeat)
    },
    hand() {
      const start = performance.now()
      for (let i = 0; i < repeat; i++) hand()
      times.hand.push((performance.now() - start) / repeat)
    },
  }
  for (let round = 0; round < rounds; round++) {
    for (const way of round % 2 === 0 ? [ways.kanta, ways.hand] : [ways.hand, ways.kanta]) await way()
    await setImmediate()
    signal.throwIfAborted()
  }
  return { kanta: median(times.kanta), hand: median(times.hand) }
}

/** Lets the engine compile both ways; gives about how long one run takes. */
async function warmUp(kanta: () => Promise<unknown>, hand: () => unknown): Promise<number> {
  const start = performance.now()
  let runs = 0
  do {
    await kanta()
    hand()
    runs++
  } while (performance.now() - start < BUDGET / 10)
  return (performance.now() - start) / runs / 2
}

function median(values: number[]): number {
  values.sort((a, b) => a - b)
  return values[values.length >> 1] ?? Number.NaN
}
