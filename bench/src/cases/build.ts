import * as byHand from '../by-hand.ts'
import { idOf, idsOf } from '../data.ts'
import * as drizzle from '../drizzle.ts'
import { measure, optional, type Report } from '../harness.ts'
import * as kysely from '../kysely.ts'

export const about = 'build + plan lookup + bind, nothing executed'

interface Compiled {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

export async function* run(rounds: number): AsyncIterable<Report> {
  const notes: string[] = []
  const peers = { kysely: kysely.open(), drizzle: drizzle.open() }
  const kanta = await optional(notes, 'kanta', async () => (await import('../kanta.ts')).open('better-sqlite3'))
  const database = byHand.openDatabase()
  // Texts may differ; what they select may not.
  const seen = ({ sql, parameters }: Compiled) =>
    database
      .prepare(sql)
      .raw()
      .all(...parameters)
  const options = { rounds, notes, sync: true, targets: [{ of: 'kanta', to: 'kysely', max: 0.15 }] }

  yield await measure(
    'build and compile, 2 columns, 1 condition',
    [
      { name: 'kysely', seen, run: (i) => peers.kysely.compileSimple(idOf(i)) },
      { name: 'drizzle', seen, run: (i) => peers.drizzle.compileSimple(idOf(i)) },
      kanta && { name: 'kanta', seen, run: (i) => kanta.compileSimple(idOf(i)) },
    ],
    options,
  )
  yield await measure(
    'build and compile, 3 tables joined, list of 10, exists, order by, limit',
    [
      { name: 'kysely', seen, run: (i) => peers.kysely.compileJoin(idsOf(i)) },
      { name: 'drizzle', seen, run: (i) => peers.drizzle.compileJoin(idsOf(i)) },
      kanta && { name: 'kanta', seen, run: (i) => kanta.compileJoin(idsOf(i)) },
    ],
    options,
  )
  for (const each of [database, peers.kysely, peers.drizzle, kanta]) await each?.close()
}
