import { idOf, idsOf } from '../data.ts'
import { answer, child, failed, type Report } from '../harness.ts'

export const about = 'heap kept by each query that is held: built, not run'

const n = 20_000

export async function* run(rounds: number): AsyncIterable<Report> {
  for (const query of ['simple', 'join']) {
    const targets = [{ of: 'kanta', to: 'kysely', max: 0.1 }]
    const report: Report = { title: `heap of each held query, ${query}`, unit: 'bytes', values: {}, targets, notes: [] }
    for (const name of ['kysely', 'drizzle', 'kanta']) {
      try {
        // Heap hardly varies from run to run.
        for (let k = 0; k < Math.min(rounds, 3); k++) {
          const bytes = child<number>(import.meta.filename, name, query)
          report.values[name] = [...(report.values[name] ?? []), bytes]
        }
      } catch (error) {
        report.notes.push(failed(name, error))
      }
    }
    yield report
  }
}

async function open(name: string) {
  if (name === 'kysely') return (await import('../kysely.ts')).open()
  if (name === 'drizzle') return (await import('../drizzle.ts')).open()
  return (await import('../kanta.ts')).open('better-sqlite3')
}

/** In a process of its own: bytes for each query. */
async function hold(name: string, query: string): Promise<number> {
  const db = await open(name)
  const build = query === 'join' ? (i: number) => db.join(idsOf(i)) : (i: number) => db.simple(idOf(i))
  const held: unknown[] = new Array(n).fill(undefined)
  const fill = () => {
    for (let i = 0; i < n; i++) held[i] = build(i)
  }
  const used = () => {
    for (let k = 0; k < 3; k++) gc!()
    return process.memoryUsage().heapUsed
  }
  fill()
  held.fill(undefined)
  const before = used()
  fill()
  return (used() - before) / held.length
}

if (import.meta.main) await answer(() => hold(process.argv[2]!, process.argv[3]!))
