import { startPostgres } from 'kanta-servers'
import { type Contestant, close, measure, optional, type Report } from '../harness.ts'
import * as byHand from '../servers/by-hand.ts'
import { measurements, postgresSetup } from '../servers/data.ts'
import * as drizzle from '../servers/drizzle.ts'
import * as kysely from '../servers/kysely.ts'
import { pointSelects } from '../servers/point.ts'

export const about = 'PostgreSQL: point select, one by one and 20 in flight; insert of 10,000 rows of 6 columns'

export async function* run(rounds: number): AsyncIterable<Report> {
  await using open = new AsyncDisposableStack()
  const server = open.adopt(await startPostgres(), (it) => it.stop())
  const notes: string[] = []
  const hand = open.adopt(byHand.openPostgres(server), close)
  const admin = byHand.postgresPool(server)
  for (const statement of postgresSetup) await admin.query(statement)
  await admin.end()
  const peers = {
    kysely: open.adopt(kysely.openPostgres(server), close),
    drizzle: open.adopt(drizzle.openPostgres(server), close),
  }
  const kanta = await optional(notes, 'kanta', async () => (await import('../servers/kanta.ts')).openPostgres(server))
  open.adopt(kanta, close)
  yield* pointSelects(
    'PostgreSQL',
    rounds,
    notes,
    [
      { of: 'by hand', to: 'kanta', min: 0.93 },
      { of: 'kysely', to: 'kanta', min: 1.7 },
    ],
    { 'by hand': hand, ...peers, kanta },
  )

  const contestant = (name: string, run: (() => unknown) | undefined): Contestant | undefined =>
    run && { name, run, before: () => hand.clear(), seen: () => hand.measurements() }
  yield await measure(
    'insert of 10,000 rows of 6 columns, PostgreSQL',
    [
      contestant('unnest by hand', () => hand.insertUnnest(measurements)),
      contestant('copy by hand', () => hand.insertCopy(measurements)),
      contestant('kysely', () => peers.kysely.insert(measurements)),
      contestant('drizzle', () => peers.drizzle.insert(measurements)),
      contestant('kanta', kanta && (() => kanta.insert(measurements))),
      contestant('kanta copyFrom()', kanta && (() => kanta.insertCopy(measurements))),
    ],
    {
      rounds,
      checks: 1,
      notes,
      targets: [
        { of: 'kanta', to: 'unnest by hand' },
        { of: 'kanta', to: 'copy by hand' },
        { of: 'kanta copyFrom()', to: 'copy by hand' },
      ],
    },
  )
}
