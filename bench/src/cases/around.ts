import { startPostgres } from 'kanta-servers'
import { close, measure, type Report } from '../harness.ts'

export const about = 'point select with traces, profiler, query log, N+1 detector, retries around it'

const POSTS = 1_000
const idOf = (i: number): number => (i % POSTS) + 1

const create = 'create table post (id integer primary key, title text not null, body text not null)'

export async function* run(rounds: number): AsyncIterable<Report> {
  await using opened = new AsyncDisposableStack()
  const { open } = await import('../around.ts')
  const { betterSqlite3 } = await import('kanta/better-sqlite3')
  const onSqlite = opened.adopt(
    await open(betterSqlite3(':memory:'), [
      create,
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${POSTS})
        insert into post select i, 'title ' || i, 'body of ' || i from n`,
    ]),
    close,
  )
  yield* compare('SQLite in memory', rounds, onSqlite)
  const server = opened.adopt(await startPostgres(), (it) => it.stop())
  const { pg } = await import('kanta/pg')
  const { host, port, user, database } = server
  const onPostgres = opened.adopt(
    await open(pg({ host, port, user, database, max: 4 }), [
      create,
      `insert into post select i, 'title ' || i, 'body of ' || i from generate_series(1, ${POSTS}) i`,
    ]),
    close,
  )
  yield* compare('PostgreSQL', rounds, onPostgres)
}

type Opened = Awaited<ReturnType<typeof import('../around.ts').open>>

async function* compare(where: string, rounds: number, { handles, scoped }: Opened): AsyncIterable<Report> {
  const report = await measure(
    `point select, ${where}`,
    handles.map(({ name, run: select }) => ({ name, run: (i: number) => select(idOf(i)) })),
    {
      rounds,
      targets: [
        { of: 'no-op tracer', to: 'none', max: 1.02 },
        { of: 'profiler', to: 'none', max: 1 / 0.95 },
        { of: 'query log', to: 'none', max: 1 / 0.9 },
        { of: 'held connections', to: 'none' },
        { of: 'retry, breaker, timeouts', to: 'none' },
        { of: 'SDK, added', max: 10_000 },
      ],
    },
  )
  report.values['SDK, added'] = report.values['OpenTelemetry SDK']!.map((value, i) => value - report.values.none![i]!)
  yield report
  yield await measure(`look-ups in one scope, ${where}`, scoped, {
    rounds,
    targets: [{ of: 'N+1 detector, in a scope', to: 'none, in a scope', max: 1.03 }],
  })
}
