import { startPostgres } from 'kanta-servers'
import { close, measure, optional, type Report } from '../harness.ts'
import type { open as openPlugged } from '../plugged.ts'

export const about = 'point select under 0, 3 and 10 plugins, query log, planning, building an executor; Kysera'

type Plugged = Awaited<ReturnType<typeof openPlugged>>
const idOf = (i: number): number => (i % 1_000) + 1

export async function* run(rounds: number): AsyncIterable<Report> {
  await using opened = new AsyncDisposableStack()
  const notes: string[] = []
  const { open } = await import('../plugged.ts')
  const { betterSqlite3 } = await import('kanta/better-sqlite3')
  const kanta = opened.adopt(await open(betterSqlite3(':memory:')), close)
  const kysera = opened.adopt(await optional(notes, 'kysera', async () => (await import('../kysera.ts')).open()), close)
  yield await points('SQLite in memory', rounds, notes, kanta, kysera)
  yield await measure(
    'first run of a shape, planned and not run',
    (['none', 'three', 'ten'] as const).map((which) => ({
      name: which,
      run: () => kanta.plan(which),
      seen: () => undefined,
    })),
    {
      rounds,
      sync: true,
      targets: [
        { of: 'three', to: 'none' },
        { of: 'ten', to: 'none' },
      ],
    },
  )
  yield await measure(
    'building an executor',
    [
      ...[0, 3, 10].map((n) => ({ name: `${n} plugins`, run: () => kanta.make(n), seen: () => undefined })),
      kysera && { name: 'kysera, 1 plugin', run: () => kysera.make(), seen: () => undefined },
    ],
    { rounds, notes, targets: [{ of: '3 plugins', to: 'kysera, 1 plugin' }] },
  )
  const server = opened.adopt(await startPostgres(), (it) => it.stop())
  const { pg } = await import('kanta/pg')
  const { host, port, user, database } = server
  const setup = [
    `create table post (id integer primary key, tenant_id integer not null, title text not null, body text not null,
      created_at text not null, updated_at text not null, deleted_at text)`,
    `insert into post select i, 1, 'title ' || i, 'body of ' || i, '2026-01-01', '2026-01-01', null
      from generate_series(1, 1000) i`,
  ]
  const onPostgres = opened.adopt(await open(pg({ host, port, user, database, max: 10 }), setup), close)
  yield await points('PostgreSQL', rounds, [], onPostgres)
}

function points(
  where: string,
  rounds: number,
  notes: readonly string[],
  kanta: Plugged,
  kysera?: { none(id: number): unknown; softDelete(id: number): unknown } | undefined,
): Promise<Report> {
  return measure(
    `point select, ${where}`,
    [
      { name: 'none', run: (i) => kanta.none(idOf(i)) },
      { name: 'three, by hand', run: (i) => kanta.byHand(idOf(i)) },
      { name: 'three', run: (i) => kanta.three(idOf(i)) },
      { name: 'ten', run: (i) => kanta.ten(idOf(i)) },
      { name: 'query log', run: (i) => kanta.logged(idOf(i)) },
      kysera && { name: 'kysely', run: (i) => kysera.none(idOf(i)) },
      kysera && { name: 'kysera soft delete', run: (i) => kysera.softDelete(idOf(i)) },
    ],
    {
      rounds,
      notes,
      targets: [
        { of: 'three', to: 'none', max: 1.05 },
        { of: 'ten', to: 'none', max: 1.08 },
        { of: 'three', to: 'three, by hand' },
        { of: 'query log', to: 'none', max: 1.11 },
        ...(kysera === undefined ? [] : [{ of: 'kysera soft delete', to: 'kysely' }]),
      ],
    },
  )
}
