import * as byHand from '../by-hand.ts'
import { type Reading, readings } from '../data.ts'
import * as drizzle from '../drizzle.ts'
import { type Contestant, measure, optional, type Report } from '../harness.ts'
import * as kysely from '../kysely.ts'

export const about = 'insert of one row, and of 1,000 rows of 6 columns in one call'

interface Store {
  clear(): unknown
  readings(): unknown
}

/** A contestant that starts each batch with an empty table, and is checked by what the table holds. */
const contestant = (name: string, store: Store | undefined, run: (i: number) => unknown): Contestant | undefined =>
  store && { name, run, before: () => store.clear(), seen: () => store.readings() }

export async function* run(rounds: number): AsyncIterable<Report> {
  for (const engine of ['better-sqlite3', 'node:sqlite'] as const) {
    const notes: string[] = []
    const hand = byHand.open(engine)
    const peers = engine === 'better-sqlite3' ? { kysely: kysely.open(), drizzle: drizzle.open() } : undefined
    const kanta = await optional(notes, 'kanta', async () => (await import('../kanta.ts')).open(engine))
    const row = (i: number): Reading => readings[i % readings.length]!

    yield await measure(
      `insert of one row, ${engine}`,
      [
        contestant('by hand', hand, (i) => hand.insertOne(row(i))),
        contestant('kysely', peers?.kysely, (i) => peers!.kysely.insertOne(row(i))),
        contestant('drizzle', peers?.drizzle, (i) => peers!.drizzle.insertOne(row(i))),
        contestant('kanta', kanta, (i) => kanta!.insertOne(row(i))),
      ],
      { rounds, notes, targets: [{ of: 'kanta', to: 'by hand', max: 1.5 }] },
    )
    yield await measure(
      `insert of 1,000 rows of 6 columns, ${engine}`,
      [
        contestant('loop by hand', hand, () => hand.insertLoop(readings)),
        contestant('values by hand', hand, () => hand.insertValues(readings)),
        contestant('kysely', peers?.kysely, () => peers!.kysely.insertMany(readings)),
        contestant('drizzle', peers?.drizzle, () => peers!.drizzle.insertMany(readings)),
        contestant('kanta', kanta, () => kanta!.insertMany(readings)),
      ],
      {
        rounds,
        notes,
        targets: [
          { of: 'kanta', to: 'loop by hand', max: 1.25 },
          { of: 'kanta', to: 'values by hand', max: 1.25 },
        ],
      },
    )
    for (const each of [hand, peers?.kysely, peers?.drizzle, kanta]) await each?.close()
  }
}
