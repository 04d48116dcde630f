import { type PostgresAddress, startPostgres } from 'kanta-servers'
import { answer, child, failed, type Report } from '../harness.ts'
import * as byHand from '../servers/by-hand.ts'
import { postgresLog } from '../servers/data.ts'

export const about = 'PostgreSQL: stream of 1,000,000 rows of 4 columns, its throughput and its memory'

const rows = 1_000_000
const warmup = 50_000
/** The rows between two looks at the memory. */
const interval = 50_000

const names = ['pg-cursor by hand', 'kysely', 'kanta']

interface Figures {
  /** Nanoseconds of one row, of the clock and of the processor. */
  readonly time: number
  readonly processor: number
  /** Bytes that heap and buffers grew by, after garbage collection. */
  readonly growth: number
  /** Bytes that all of the process's memory grew by. */
  readonly resident: number
}

export async function* run(rounds: number): AsyncIterable<Report> {
  const server = await startPostgres()
  try {
    const admin = byHand.postgresPool(server)
    for (const statement of postgresLog(rows)) await admin.query(statement)
    await admin.end()
    yield* reports(server, rounds)
  } finally {
    await server.stop()
  }
}

function* reports({ host, port, user, database }: PostgresAddress, rounds: number): Iterable<Report> {
  const title = 'stream of 1,000,000 rows, PostgreSQL'
  const report = (what: string, unit: Report['unit'], targets: Report['targets']): Report => ({
    ...{ title: `${title}: ${what}`, unit, targets },
    ...{ values: Object.fromEntries(names.map((name) => [name, []])), notes: [] },
  })
  const all: Readonly<Record<keyof Figures, Report>> = {
    time: report('one row', 'time', [
      { of: 'pg-cursor by hand', to: 'kanta' },
      { of: 'kysely', to: 'kanta' },
    ]),
    processor: report('processor time of the client for one row', 'time', [{ of: 'pg-cursor by hand', to: 'kanta' }]),
    growth: report('growth of heap and buffers', 'bytes', [{ of: 'kanta', max: 32_000_000 }]),
    resident: report('growth of the process', 'bytes', [{ of: 'kanta' }]),
  }
  const left = new Set(names)
  const address = JSON.stringify({ host, port, user, database })
  // A contestant's memory is its own, so each run has a process; they take turns as elsewhere.
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < names.length; k++) {
      const name = names[(round + k) % names.length]!
      if (!left.has(name)) continue
      try {
        const figures = child<Figures>(import.meta.filename, name, address)
        for (const key of Object.keys(all) as (keyof Figures)[]) all[key].values[name]!.push(figures[key])
      } catch (error) {
        left.delete(name)
        for (const { values } of Object.values(all)) delete values[name]
        all.time.notes.push(failed(name, error))
      }
    }
  }
  yield* Object.values(all)
}

async function open(name: string, address: PostgresAddress) {
  if (name === 'kysely') return (await import('../servers/kysely.ts')).openPostgres(address)
  if (name === 'kanta') return (await import('../servers/kanta.ts')).openPostgres(address)
  return byHand.openPostgres(address)
}

/** In a process of its own: a run for the times, and one that is stopped now and then to look at the memory. */
async function figuresOf(name: string, address: PostgresAddress): Promise<Figures> {
  const db = await open(name, address)
  const read = async (count: number, look?: () => void): Promise<void> => {
    let seen = 0
    let sum = 0
    await db.log(count, ({ id, at }) => {
      seen++
      sum += id + at.getTime() / 1000 - 1_700_000_000
      if (look !== undefined && seen % interval === 0) look()
    })
    if (seen !== count || sum !== count * (count + 1)) throw new Error(`${name} read ${seen} rows, with the sum ${sum}`)
  }
  const used = (): number => {
    for (let k = 0; k < 3; k++) gc!()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  await read(warmup)
  const { rss } = process.memoryUsage()
  const start = performance.now()
  const busy = process.cpuUsage()
  await read(rows)
  const ms = performance.now() - start
  const { user, system } = process.cpuUsage(busy)
  const resident = process.resourceUsage().maxRSS * 1024 - rss
  const before = used()
  let growth = 0
  await read(rows, () => {
    growth = Math.max(growth, used() - before)
  })
  await db.close()
  return { time: (ms * 1e6) / rows, processor: ((user + system) * 1e3) / rows, growth, resident }
}

if (import.meta.main) await answer(() => figuresOf(process.argv[2]!, JSON.parse(process.argv[3]!)))
