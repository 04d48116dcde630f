import { idOf } from '../data.ts'
import { type Contestant, measureWithProcessor, type Report, type Target } from '../harness.ts'
import { inFlight } from './data.ts'

interface Store {
  point(id: number): unknown
}

/** Long enough that a process of the server that had to wait makes no difference. */
const batchMs = 200

/** Point selects with several in flight, and one by one; for each also what the client's processor has to do. */
export async function* pointSelects(
  server: string,
  rounds: number,
  notes: readonly string[],
  targets: readonly Target[],
  stores: Readonly<Record<string, Store | undefined>>,
): AsyncGenerator<Report> {
  const contestants = Object.entries(stores).map(
    ([name, store]): Contestant | undefined => store && { name, run: (i) => store.point(idOf(i)) },
  )
  const ratios = targets.map(({ of, to }) => ({ of, to: to! }))
  for (const [how, options] of [
    [`${inFlight} in flight`, { inFlight, targets }],
    ['one by one', { targets: ratios }],
  ] as const) {
    const title = `point select, ${server}, ${how}`
    const { time, processor } = await measureWithProcessor(title, contestants, { rounds, notes, batchMs, ...options })
    yield time
    yield { ...processor, targets: ratios }
  }
}
