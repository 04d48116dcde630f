import * as byHand from '../by-hand.ts'
import { idOf } from '../data.ts'
import * as drizzle from '../drizzle.ts'
import { measure, optional, type Report } from '../harness.ts'
import * as kysely from '../kysely.ts'

export const about = 'point select, from the fluent call to the decoded row'

export async function* run(rounds: number): AsyncIterable<Report> {
  for (const engine of ['better-sqlite3', 'node:sqlite'] as const) {
    const notes: string[] = []
    const hand = byHand.open(engine)
    const peers = engine === 'better-sqlite3' ? { kysely: kysely.open(), drizzle: drizzle.open() } : undefined
    const kanta = await optional(notes, 'kanta', async () => (await import('../kanta.ts')).open(engine))
    yield await measure(
      `point select, ${engine}`,
      [
        { name: 'by hand', run: (i) => hand.point(idOf(i)) },
        peers && { name: 'kysely', run: (i) => peers.kysely.point(idOf(i)) },
        peers && { name: 'drizzle', run: (i) => peers.drizzle.point(idOf(i)) },
        kanta && { name: 'kanta', run: (i) => kanta.point(idOf(i)) },
      ],
      {
        rounds,
        notes,
        targets: [
          { of: 'kanta', to: 'by hand', max: 1.4 },
          ...(peers
            ? [
                { of: 'kysely', to: 'kanta', min: 5 },
                { of: 'drizzle', to: 'kanta', min: 10 },
              ]
            : []),
        ],
      },
    )
    for (const each of [hand, peers?.kysely, peers?.drizzle, kanta]) await each?.close()
  }
}
