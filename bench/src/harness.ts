/** Measures contestants in turn, and says what the figures mean. */
import { execFileSync } from 'node:child_process'
import { isDeepStrictEqual } from 'node:util'

/** One side of a comparison. */
export interface Contestant {
  readonly name: string
  /** One operation. `i` counts up, so that arguments differ from call to call. */
  run(i: number): unknown
  /** Called before each batch, untimed. */
  before?(): unknown
  /** What must be equal for all contestants: the result of `run`, unless told otherwise. */
  seen?(result: any): unknown
}

/** A bound on a figure, or on its ratio to another one; without a bound the ratio is only shown. */
export interface Target {
  readonly of: string
  readonly to?: string
  readonly max?: number
  readonly min?: number
}

export type Unit = 'time' | 'bytes' | 'count'

export interface Report {
  readonly title: string
  readonly unit: Unit
  /** For each contestant its figure in each round (nanoseconds or bytes). */
  readonly values: Record<string, number[]>
  readonly targets: readonly Target[]
  readonly notes: string[]
}

export interface Case {
  readonly about: string
  run(rounds: number): AsyncIterable<Report>
}

const warmupMs = 100
const defaultBatchMs = 50

let kept: unknown
/** The last result: results that could be read later cannot be optimised away. */
export const lastResult = (): unknown => kept

/** A turn of the event loop: only then are dropped statements freed, so that a loop without it leaks. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function time(run: Contestant['run'], from: number, n: number): Promise<number> {
  const start = performance.now()
  for (let i = from; i < from + n; i++) {
    kept = await run(i)
    if (i % 100 === 0) await turn()
  }
  return performance.now() - start
}

/** As many at once as are said: whoever has its answer asks the next. */
async function timeInFlight(run: Contestant['run'], from: number, n: number, inFlight: number): Promise<number> {
  const start = performance.now()
  let i = from
  const ask = async (): Promise<void> => {
    while (i < from + n) kept = await run(i++)
  }
  await Promise.all(Array.from({ length: Math.min(inFlight, n) }, ask))
  return performance.now() - start
}

function timeSync(run: Contestant['run'], from: number, n: number): number {
  const start = performance.now()
  for (let i = from; i < from + n; i++) kept = run(i)
  return performance.now() - start
}

export interface MeasureOptions {
  readonly rounds: number
  readonly targets: readonly Target[]
  readonly notes?: readonly string[]
  /** Results are not awaited. */
  readonly sync?: boolean
  /** How many operations wait for their result at once; 1 unless said. */
  readonly inFlight?: number
  /** How many results to compare before the clock starts. */
  readonly checks?: number
  /** How long a batch takes. */
  readonly batchMs?: number
}

/** Checks that all contestants see the same, warms them up, and lets each run a batch in every round. */
export async function measure(
  title: string,
  contestants: readonly (Contestant | undefined)[],
  options: MeasureOptions,
): Promise<Report> {
  return (await measureWithProcessor(title, contestants, options)).time
}

/** The same, and the time that this process kept the processor busy, which is less where another one has the work. */
export async function measureWithProcessor(
  title: string,
  contestants: readonly (Contestant | undefined)[],
  { rounds, targets, notes = [], sync = false, inFlight = 1, checks = 5, batchMs = defaultBatchMs }: MeasureOptions,
): Promise<{ readonly time: Report; readonly processor: Report }> {
  const report: Report = { title, unit: 'time', values: {}, targets, notes: [...notes] }
  const processor: Report = {
    title: `${title}: processor time of the client`,
    unit: 'time',
    values: {},
    targets: [],
    notes: [],
  }
  const runners = []
  const batch: typeof timeInFlight = sync
    ? async (run, from, n) => timeSync(run, from, n)
    : inFlight > 1
      ? timeInFlight
      : time
  let expected: unknown[] | undefined
  for (const contestant of contestants) {
    if (!contestant) continue
    const { name } = contestant
    const run = (i: number) => contestant.run(i)
    try {
      const seen = await look(contestant, checks)
      expected ??= seen
      const differs = seen.findIndex((value, i) => !isDeepStrictEqual(value, expected![i], { skipPrototype: true }))
      if (differs >= 0)
        throw new Error(`wrong result: ${show(seen[differs])} where ${show(expected[differs])} is expected`)
      let n = 1
      let ms = await batch(run, 0, n, inFlight)
      while (ms < warmupMs) {
        n *= 2
        ms = await batch(run, 0, n, inFlight)
      }
      runners.push({ contestant, run, n: Math.max(1, Math.round((n * batchMs) / ms)), i: n })
      report.values[name] = []
      processor.values[name] = []
    } catch (error) {
      report.notes.push(failed(name, error))
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < runners.length; k++) {
      const runner = runners[(round + k) % runners.length]!
      const { contestant, run, n } = runner
      await contestant.before?.()
      // The garbage of the one before is not this one's to pay for.
      gc!({ type: 'minor' })
      await turn()
      const lead = Math.ceil(n / 10)
      await batch(run, runner.i, lead, inFlight)
      const before = process.cpuUsage()
      const ms = await batch(run, runner.i + lead, n, inFlight)
      const { user, system } = process.cpuUsage(before)
      runner.i += lead + n
      report.values[contestant.name]!.push((ms * 1e6) / n)
      processor.values[contestant.name]!.push(((user + system) * 1e3) / n)
    }
  }
  return { time: report, processor }
}

async function look(contestant: Contestant, checks: number): Promise<unknown[]> {
  const all = []
  for (let i = 0; i < checks; i++) {
    await contestant.before?.()
    const result = await contestant.run(i)
    all.push(contestant.seen ? await contestant.seen(result) : result)
  }
  return all
}

const show = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 300)

/** Notes a contestant that could not take part. Only one that is not there is no fault. */
export function failed(name: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  const absent = code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED'
  if (!absent) process.exitCode = 1
  return `${name} ${absent ? 'is absent' : 'FAILED'}: ${message.split('\n')[0]}`
}

/** Opens a contestant that may be absent: then a note says why. */
export async function optional<T>(notes: string[], name: string, open: () => Promise<T>): Promise<T | undefined> {
  try {
    return await open()
  } catch (error) {
    notes.push(failed(name, error))
    return undefined
  }
}

/** Ends what was opened for a contestant, if it is there. */
export async function close(it: { close(): unknown } | undefined): Promise<void> {
  await it?.close()
}

/** Runs a file of `cases/` as a program of its own; it prints its answer as JSON. */
export function child<T>(file: string, ...args: string[]): T {
  const out = execFileSync(process.execPath, [...process.execArgv, file, ...args], {
    encoding: 'utf8',
    maxBuffer: 1e8,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const answer = JSON.parse(out)
  if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code })
  return answer
}

/** The other end of `child`. */
export async function answer(work: () => Promise<unknown>): Promise<void> {
  let text: string
  try {
    text = JSON.stringify(await work())
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    text = JSON.stringify({ error: { code, message } })
  }
  process.stdout.write(text)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

export interface Judgement extends Target {
  readonly value?: number
  /** The least and the greatest ratio within one round. */
  readonly range?: readonly [number, number]
  readonly verdict: 'ok' | 'short' | 'no figure' | ''
}

/** Holds the figures of a report against its targets. */
export function judge({ values, targets }: Report): Judgement[] {
  return targets.map((target) => {
    const of = values[target.of]
    const to = target.to === undefined ? [1] : values[target.to]
    if (!of?.length || !to?.length) return { ...target, verdict: 'no figure' }
    const value = median(of) / median(to)
    const each = of.map((figure, i) => figure / (to[i] ?? to[0]!))
    const { max = Number.POSITIVE_INFINITY, min = 0 } = target
    const bound = target.max !== undefined || target.min !== undefined
    return {
      ...target,
      value,
      range: [Math.min(...each), Math.max(...each)],
      verdict: bound ? (value <= max && value >= min ? 'ok' : 'short') : '',
    }
  })
}

const scales = {
  time: [
    [1e6, 'ms'],
    [1e3, 'µs'],
    [1, 'ns'],
  ],
  bytes: [
    [1e6, 'MB'],
    [1e3, 'KB'],
    [1, 'B'],
  ],
  count: [[1, '']],
} as const

export function format(value: number, unit: Unit): string {
  const [scale, name] = scales[unit].find(([scale]) => Math.abs(value) >= scale) ?? scales[unit].at(-1)!
  return `${Number((value / scale).toPrecision(3))} ${name}`
}

/** A report as text. */
export function print(report: Report): string {
  const lines = [report.title]
  const all = Object.entries(report.values)
  const base = all[0] && median(all[0][1])
  for (const [name, values] of all) {
    const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => format(value, report.unit))
    const range = values.length > 1 ? `${low} – ${high}` : ''
    const relative = (median(values) / base!).toFixed(2)
    lines.push(
      `  ${name.padEnd(40)}${format(median(values), report.unit).padStart(9)}  ${range.padEnd(22)} x ${relative}`,
    )
  }
  for (const { of, to, value, range, max, min, verdict } of judge(report)) {
    const shown = (figure: number) => (to === undefined ? format(figure, report.unit) : figure.toFixed(2))
    const bound = max !== undefined ? `target <= ${shown(max)}` : min !== undefined ? `target >= ${shown(min)}` : ''
    const figure = value === undefined ? '' : shown(value)
    const spread = range && to !== undefined && range[0] !== range[1] ? `(${shown(range[0])}–${shown(range[1])})` : ''
    lines.push(
      `  ${(to === undefined ? of : `${of} / ${to}`).padEnd(40)}${figure.padStart(9)}  ${spread.padEnd(16)} ${bound.padEnd(18)} ${verdict}`,
    )
  }
  for (const note of report.notes) lines.push(`  - ${note}`)
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}
