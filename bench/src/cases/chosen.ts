import * as byHand from '../by-hand.ts'
import { type City, cityOf } from '../data.ts'
import * as drizzle from '../drizzle.ts'
import { type Contestant, measure, optional, type Report } from '../harness.ts'
import * as kysely from '../kysely.ts'

export const about = 'six conditions chosen at run time, 64 combinations, against a fixed query'

interface Both {
  fixed(city: City): unknown
  chosen(city: City, mask: number): unknown
}

/** The fixed query has three of the six conditions, which is what the chosen ones have on average. */
const both = (name: string, side: Both | undefined): Contestant[] =>
  side
    ? [
        { name: `${name}, fixed`, run: (i) => side.fixed(cityOf(i)) },
        { name: `${name}, chosen`, run: (i) => side.chosen(cityOf(i), (i * 37) & 63) },
      ]
    : []

export async function* run(rounds: number): AsyncIterable<Report> {
  for (const engine of ['better-sqlite3', 'node:sqlite'] as const) {
    const notes: string[] = []
    const hand = byHand.open(engine)
    const peers = engine === 'better-sqlite3' ? { kysely: kysely.open(), drizzle: drizzle.open() } : undefined
    const kanta = await optional(notes, 'kanta', async () => (await import('../kanta.ts')).open(engine))
    const ratio = (name: string) => ({ of: `${name}, chosen`, to: `${name}, fixed` })
    yield await measure(
      `six conditions chosen at run time, ${engine}`,
      [
        ...both('by hand', hand),
        ...both('kysely', peers?.kysely),
        ...both('drizzle', peers?.drizzle),
        ...both('kanta', kanta),
      ],
      {
        rounds,
        notes,
        checks: 64,
        targets: [
          { ...ratio('kanta'), max: 1.5 },
          ratio('by hand'),
          ...(peers ? [ratio('kysely'), ratio('drizzle')] : []),
        ],
      },
    )
    for (const each of [hand, peers?.kysely, peers?.drizzle, kanta]) await each?.close()
  }
}
