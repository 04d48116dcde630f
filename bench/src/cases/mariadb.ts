import { mariadbIsInstalled, startMariadb } from 'kanta-servers'
import { close, optional, type Report } from '../harness.ts'
import * as byHand from '../servers/by-hand.ts'
import { mariadbSetup } from '../servers/data.ts'
import * as drizzle from '../servers/drizzle.ts'
import * as kysely from '../servers/kysely.ts'
import { pointSelects } from '../servers/point.ts'

export const about = 'MariaDB: point select, one by one and 20 in flight'

export async function* run(rounds: number): AsyncIterable<Report> {
  const installed = mariadbIsInstalled()
  if (installed !== true) {
    yield { title: 'point select, MariaDB', unit: 'time', values: {}, targets: [], notes: [installed] }
    return
  }
  await using open = new AsyncDisposableStack()
  const server = open.adopt(await startMariadb(), (it) => it.stop())
  const notes: string[] = []
  const hand = open.adopt(byHand.openMariadb(server), close)
  const admin = byHand.mariadbPool(server)
  for (const statement of mariadbSetup) await admin.query(statement)
  await admin.end()
  const peers = {
    kysely: open.adopt(kysely.openMariadb(server), close),
    drizzle: open.adopt(drizzle.openMariadb(server), close),
  }
  const kanta = await optional(notes, 'kanta', async () => (await import('../servers/kanta.ts')).openMariadb(server))
  open.adopt(kanta, close)
  const targets = [
    { of: 'by hand', to: 'kanta', min: 0.93 },
    { of: 'kysely', to: 'kanta' },
  ]
  yield* pointSelects('MariaDB', rounds, notes, targets, { 'by hand': hand, ...peers, kanta })
}
