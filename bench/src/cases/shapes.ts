import { createHash } from 'node:crypto'
import { shapes } from '../data.ts'
import { answer, child, failed, format, median, type Report, turn } from '../harness.ts'

export const about = '1,000,000 queries of distinct shapes: heap and time stay flat'

interface Sample {
  /** Queries so far. */
  readonly n: number
  /** Nanoseconds for each query since the last sample. */
  readonly ns: number
  readonly heap: number
  readonly rss: number
}
interface Run {
  readonly samples: Sample[]
  /** Of the first rows, equal for all contestants. */
  readonly digest: string
}

export async function* run(rounds: number): AsyncIterable<Report> {
  yield* part('1,000,000 distinct shapes, build and compile', 'compile', 1_000_000, rounds)
  yield* part('100,000 distinct shapes, executed', 'run', 100_000, rounds)
}

function* part(title: string, mode: string, total: number, rounds: number): Iterable<Report> {
  const time: Report = {
    title: `${title}: time of each query`,
    unit: 'time',
    values: {},
    targets: [{ of: 'kanta, the rest', to: 'kanta, first 10,000', max: 1.2 }],
    notes: [],
  }
  const heap: Report = {
    title: `${title}: most heap after GC`,
    unit: 'bytes',
    values: {},
    targets: [{ of: 'kanta, 2nd half', to: 'kanta, 1st half', max: 1.1 }],
    notes: [],
  }
  const add = ({ values }: Report, name: string, value: number) => {
    values[name] = [...(values[name] ?? []), value]
  }
  let digest: string | undefined
  for (const name of ['kysely', 'kanta']) {
    try {
      for (let k = 0; k < Math.min(rounds, 3); k++) {
        const run = child<Run>(import.meta.filename, name, mode, String(total))
        digest ??= run.digest
        if (run.digest !== digest) throw new Error('its rows differ')
        const [first, ...rest] = run.samples
        add(time, `${name}, first 10,000`, first!.ns)
        add(time, `${name}, the rest`, median(rest.map(({ ns }) => ns)))
        const most = (samples: Sample[]) => Math.max(...samples.map(({ heap }) => heap))
        add(heap, `${name}, 1st half`, most(run.samples.filter(({ n }) => n <= total / 2)))
        add(heap, `${name}, 2nd half`, most(run.samples.filter(({ n }) => n > total / 2)))
        if (k === 0) {
          const shown = run.samples.filter(({ n }) => n === 10_000 || n % (total / 10) === 0)
          const line = (of: (sample: Sample) => string) => shown.map((s) => `${s.n / 1000}k ${of(s)}`).join(', ')
          time.notes.push(`${name}: ${line(({ ns }) => format(ns, 'time'))}`)
          heap.notes.push(`${name}: ${line((s) => format(s.heap, 'bytes'))}`)
          heap.notes.push(`${name}, whole process at the end: ${format(run.samples.at(-1)!.rss, 'bytes')}`)
        }
      }
    } catch (error) {
      time.notes.push(failed(name, error))
    }
  }
  yield time
  yield heap
}

async function open(name: string) {
  if (name === 'kysely') return (await import('../kysely.ts')).open()
  return (await import('../kanta.ts')).open('better-sqlite3')
}

/** In a process of its own. */
async function sample(name: string, mode: string, total: number): Promise<Run> {
  const db = await open(name)
  let kept: unknown
  const spend = async (from: number, to: number) => {
    const start = performance.now()
    for (let i = from; i < to; i++) {
      kept = mode === 'run' ? await db.runShape(i) : db.compileShape(i)
      if (i % 100 === 0) await turn()
    }
    return ((performance.now() - start) * 1e6) / (to - from)
  }
  // Warmed with shapes that are not asked for again, so that the first 10,000 are not slow for want of machine code.
  await spend(shapes - 5_000, shapes)
  const samples: Sample[] = []
  const step = Math.max(10_000, total / 20)
  for (let n = 0; n < total; ) {
    const next = n === 0 ? 10_000 : n - (n % step) + step
    const ns = await spend(n, next)
    gc!()
    gc!()
    const { heapUsed, rss } = process.memoryUsage()
    samples.push({ n: next, ns, heap: heapUsed, rss })
    n = next
  }
  const hash = createHash('sha1')
  for (let i = 0; i < 1_000; i++) hash.update(JSON.stringify(await db.runShape(i)))
  if (kept === undefined) throw new Error('nothing was built')
  return { samples, digest: hash.digest('hex') }
}

if (import.meta.main) await answer(() => sample(process.argv[2]!, process.argv[3]!, Number(process.argv[4])))
