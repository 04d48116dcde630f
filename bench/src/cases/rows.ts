import * as byHand from '../by-hand.ts'
import * as drizzle from '../drizzle.ts'
import { measure, optional, type Report } from '../harness.ts'
import * as kysely from '../kysely.ts'

export const about = '1,000 rows of 6 columns: passed through, decoded, camel-cased'

const tests = [
  { method: 'readings', title: 'passed through', max: 1.1 },
  { method: 'events', title: 'decoded (boolean, date, JSON)', max: 1.3 },
  { method: 'visits', title: 'camel-cased', max: 1.3 },
] as const

export async function* run(rounds: number): AsyncIterable<Report> {
  for (const engine of ['better-sqlite3', 'node:sqlite'] as const) {
    const hand = byHand.open(engine)
    // better-sqlite3 is fastest with objects, node:sqlite with arrays.
    const arrays = engine === 'node:sqlite' ? hand.arrays() : undefined
    const peers = engine === 'better-sqlite3' ? { kysely: kysely.open(), drizzle: drizzle.open() } : undefined
    for (const { method, title, max } of tests) {
      const notes: string[] = []
      const kanta = await optional(notes, 'kanta', async () => {
        const { open, openCamel } = await import('../kanta.ts')
        if (method === 'visits') {
          const { visits, close } = await openCamel(engine)
          return { run: () => visits(), close }
        }
        const { close, ...rest } = await open(engine)
        return { run: () => rest[method](), close }
      })
      // Kysely does not decode: its user maps the rows, here with the mapper of the hand-written side.
      const mapped = method === 'events' ? 'kysely + mapper' : 'kysely'
      const targets = [{ of: 'kanta', to: 'by hand', max }]
      if (arrays) targets.push({ of: 'kanta', to: 'by hand, arrays', max })
      yield await measure(
        `1,000 rows of 6 columns, ${title}, ${engine}`,
        [
          { name: 'by hand', run: () => hand[method]() },
          arrays && { name: 'by hand, arrays', run: () => arrays[method]() },
          peers && { name: mapped, run: () => peers.kysely[method]() },
          peers && { name: 'drizzle', run: () => peers.drizzle[method]() },
          kanta && { name: 'kanta', run: kanta.run },
        ],
        { rounds, notes, targets, checks: 1 },
      )
      await kanta?.close()
    }
    for (const each of [hand, peers?.kysely, peers?.drizzle]) each?.close()
  }
}
