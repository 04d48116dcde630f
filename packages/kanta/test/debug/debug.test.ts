import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Histogram } from '../../src/debug/histogram.ts'
import {
  formatSql,
  type HeldConnection,
  heldConnections,
  type LoggedQuery,
  nPlusOne,
  profiler,
  queryLog,
  queryScope,
  readableLine,
  report,
  slowQueries,
  structuredLine,
} from '../../src/debug/index.ts'
import { sql } from '../../src/index.ts'
import { type Db, engines, openWorld } from './world.ts'

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe.each(engines)('$name', (engine) => {
  describe.skipIf(engine.missing !== undefined)('debug', () => {
    let base: Db
    let close: () => Promise<void>
    beforeAll(async () => {
      const world = await openWorld(engine)
      base = world.db
      close = world.close
    })
    afterAll(() => close())
    const withPlugins = (plugins: readonly object[]): Db => base.withPlugins(plugins as never) as never

    test('the query log tells of every statement, of failed ones too, without parameters (H55)', async () => {
      const entries: LoggedQuery[] = []
      const db = withPlugins([queryLog({ to: (entry) => entries.push(entry) })])
      await db
        .selectFrom('book')
        .select('id')
        .where('sold', '=', 10n ** 15n)
        .execute()
      await db.selectFrom('book').select('id').where('id', '=', 11).executeTakeFirst()
      await db.insertInto('word').values({ id: 900, text: 'secret' }).execute()
      await db
        .insertInto('word')
        .values({ id: 900, text: 'secret' })
        .execute()
        .catch(() => {})
      await db.updateTable('word').set({ text: 'other' }).where('id', '=', 900).execute()
      await db.deleteFrom('word').where('id', '=', 900).execute()
      for await (const _ of db.selectFrom('word').select('id').stream()) break
      await db.transaction().execute((trx) => trx.selectFrom('word').select('id').where('id', '<', 3).execute())
      expect(entries.map(({ level, kind, rows, tables }) => [level, kind, rows, ...tables])).toEqual([
        ['query', 'select', 40, 'book'],
        ['query', 'select', 1, 'book'],
        ['query', 'insert', 1, 'word'],
        ['error', 'insert', undefined, 'word'],
        ['query', 'update', 1, 'word'],
        ['query', 'delete', 1, 'word'],
        // One connection alone reads the rows of a stream at once.
        ['query', 'select', engine.name === 'node:sqlite' ? 20 : undefined, 'word'],
        ['query', 'select', 2, 'word'],
      ])
      expect(entries[3]!.error).toMatchObject({ code: 'unique_violation' })
      expect(entries.every(({ parameters }) => parameters === undefined)).toBe(true)
      expect(JSON.stringify(entries)).not.toMatch(/secret/)
    })

    test('messages of the database that hold values are logged without them', async () => {
      const said: unknown[] = []
      const warn = vi.spyOn(console, 'warn').mockImplementation((...of) => void said.push(of))
      const db = withPlugins([queryLog({ to: (entry) => void said.push(entry) }), slowQueries({ over: 0 })])
      await sql`insert into word (id, text) values (${'a-secret'}, 'other')`.execute(db).catch(() => {})
      await db
        .insertInto('author')
        .values({ id: 1, name: 'a-secret' })
        .execute()
        .catch(() => {})
      warn.mockRestore()
      expect(said).toHaveLength(4)
      expect(inspect(said, { depth: 9 })).not.toMatch(/a-secret/)
    })

    test('callbacks that reject are not those of the query, and end nothing', async () => {
      const fail = async () => {
        throw new Error('of the callback')
      }
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
      const db = withPlugins([
        queryLog({ to: fail }),
        slowQueries({ over: 0, found: fail }),
        heldConnections({ after: 0, found: fail }),
        nPlusOne({ from: 2, found: fail }),
      ])
      await queryScope(() =>
        db.transaction().execute(async (trx) => {
          for (const id of [1, 2]) await trx.selectFrom('author').select('id').where('id', '=', id).execute()
          await new Promise((resolve) => setTimeout(resolve, 10))
        }),
      )
      expect(warn.mock.calls.map(([text]) => text)).toContain('found() of nPlusOne() failed.')
      warn.mockRestore()
    })

    test('the query log writes bigints, and its failures are not those of the query (H55, semantic 23)', async () => {
      const lines: string[] = []
      const asked = withPlugins([
        queryLog({ parameters: true, to: (entry) => lines.push(readableLine(entry), structuredLine(entry)) }),
      ])
      const rows = await asked
        .selectFrom('book')
        .select('id')
        .where('sold', '=', 10n ** 15n)
        .where('id', '=', 11)
        .execute()
      expect(rows).toEqual([{ id: 11 }])
      expect(lines[0]).toMatch(/^ +\d+\.\d ms {2}select .* {2}\[.*1000000000000000.*11\] {2}→ 1 row$/)
      expect(JSON.parse(lines[1]!)).toMatchObject({ level: 'query', rows: 1, parameters: [expect.anything(), 11] })
      const failing = withPlugins([
        queryLog({
          to: () => {
            throw new Error('the log is full')
          },
        }),
        slowQueries({
          over: 0,
          found: () => {
            throw new Error('the pager is off')
          },
        }),
      ])
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
      expect(await failing.selectFrom('author').select('id').where('id', '=', 1).execute()).toEqual([{ id: 1 }])
      expect(warn).toHaveBeenCalledTimes(2)
      warn.mockRestore()
    })

    test('the profiler counts by plan', async () => {
      const profile = profiler()
      const db = withPlugins([profile])
      for (let id = 1; id <= 10; id++) await db.selectFrom('book').selectAll().where('author_id', '=', id).execute()
      await db.selectFrom('author').selectAll().execute()
      await db
        .insertInto('author')
        .values({ id: 1, name: 'again' })
        .execute()
        .catch(() => {})
      const books = profile.profiles().find((one) => /from .book/.test(one.sql))!
      expect(books).toMatchObject({ count: 10, rows: 20, errors: 0 })
      expect(books.p50).toBeGreaterThan(0)
      expect(books.p50).toBeLessThanOrEqual(books.p95)
      expect(books.p99).toBeLessThanOrEqual(books.longest)
      expect(profile.profiles().find((one) => one.sql.startsWith('insert'))).toMatchObject({
        count: 1,
        errors: 1,
        rows: 0,
      })
      expect(profile.profiles()).toHaveLength(3)
      expect(profile.table()).toMatch(/^ *count +total ms +p50 +p95 +p99 +rows +errors +statement\n/)
      profile.reset()
      expect(profile.profiles()).toEqual([])
    })

    test('slow queries tell their plan on request, without running again', async () => {
      const plans: (readonly string[])[] = []
      const asked: Promise<unknown>[] = []
      const db = withPlugins([
        slowQueries({
          over: 0,
          found: ({ explain, sql: text }) => {
            if (text.startsWith('select')) asked.push(explain().then((plan) => plans.push(plan)))
          },
        }),
      ])
      await db.selectFrom('author').selectAll().where('id', '=', 3).where('name', '=', 'author 3').execute()
      await Promise.all(asked)
      expect(plans).toHaveLength(1)
      expect(plans[0]!.join('\n')).toMatch(/author/i)
      const never: unknown[] = []
      await withPlugins([slowQueries({ over: 600_000, found: (it) => never.push(it) })])
        .selectFrom('author')
        .selectAll()
        .execute()
      expect(never).toEqual([])
    })

    test('what stays open is reported with the lines that began it', async () => {
      const found: HeldConnection[] = []
      const holders = heldConnections({ after: 20, found: (held) => found.push(held) })
      const db = withPlugins([holders])
      const done = Promise.withResolvers<void>()
      async function holdsOn(): Promise<void> {
        await db.transaction().execute(() => done.promise)
      }
      const held = holdsOn()
      await pause(60)
      expect(found).toEqual([
        {
          kind: 'transaction',
          milliseconds: expect.any(Number),
          frames: expect.arrayContaining([expect.stringMatching(/^holdsOn .*debug\.test\.ts/)]),
        },
      ])
      expect(holders.held).toHaveLength(1)
      expect(report(db as never)).toMatch(/Held connections: 1\n {2}transaction for \d+ ms, begun at holdsOn/)
      done.resolve()
      await held
      const trx = await db.startTransaction().execute()
      expect(holders.held).toMatchObject([{ kind: 'transaction' }])
      await trx.commit().execute()
      await db.connection().execute(async () => expect(holders.held).toMatchObject([{ kind: 'connection' }]))
      await pause(1)
      expect(holders.held).toEqual([])
      expect(found).toHaveLength(1)
    })

    test('report() prints it all as one page', async () => {
      const db = withPlugins([profiler(), nPlusOne({ found: () => {} }), heldConnections()])
      await queryScope(async () => {
        for (let id = 1; id <= 9; id++)
          await db.selectFrom('book').select('title').where('author_id', '=', id).execute()
      })
      const page = report(db as never)
      expect(page).toMatch(/^(SQLite|PostgreSQL|MariaDB)\nConnections: \d+ of \d+ open, 0 in use/)
      expect(page).toMatch(/N\+1: 1\n {2}9 × select .*\n {4}at .*debug\.test\.ts.*\n {4}Add \.include\('books'\)/)
      expect(page).toMatch(/Statements, those with the most time first\n *count/)
      expect(page).toMatch(/\n +9 .* 18 +0 {2}select/)
    })

    test('nothing of it changes a result (semantic 23)', async () => {
      const db = withPlugins([
        queryLog({ to: () => {}, parameters: true }),
        profiler(),
        slowQueries({ over: 0, found: () => {} }),
        nPlusOne({ found: () => {} }),
        heldConnections(),
      ])
      const programs: ((on: Db) => Promise<unknown>)[] = [
        (on) => on.selectFrom('book').selectAll().orderBy('id').execute(),
        (on) => on.selectFrom('book').selectAll().where('id', '=', 11).executeTakeFirst(),
        (on) => on.selectFrom('book').selectAll().where('id', '=', 0).executeTakeFirst(),
        (on) => on.selectFrom('author').select('name').include('books').orderBy('id').execute(),
        (on) => on.updateTable('word').set({ text: 'x' }).where('id', '=', 1).execute(),
        (on) => on.deleteFrom('word').where('id', '=', 0).execute(),
        (on) =>
          on
            .selectFrom('nowhere' as 'word')
            .selectAll()
            .execute()
            .catch((error) => error.code),
        (on) => sql`select 1 as one`.execute(on),
        (on) => on.transaction().execute((trx) => trx.selectFrom('word').selectAll().orderBy('id').execute()),
        async (on) => {
          const rows: unknown[] = []
          for await (const row of on.selectFrom('word').selectAll().orderBy('id').stream()) rows.push(row)
          return rows
        },
      ]
      for (const program of programs) expect(await queryScope(() => program(db))).toEqual(await program(base))
    })
  })
})

describe('the query log', () => {
  test('writes to the logger of the database, and to the console a line for whoever reads it', async () => {
    const said: unknown[][] = []
    const logger = {
      ...console,
      debug: (...all: unknown[]) => void said.push(all),
      error: (...all: unknown[]) => void said.push(all),
    }
    const { db, close } = await openWorld(engines[0]!, logger)
    said.length = 0
    await db.withPlugins([queryLog()]).selectFrom('author').select('id').where('id', '=', 1).execute()
    expect(said).toEqual([[expect.stringMatching(/→ 1 row$/), expect.objectContaining({ kind: 'select', rows: 1 })]])
    await close()
    const debug = vi.spyOn(console, 'debug').mockImplementation(() => {})
    const plain = await openWorld(engines[0]!)
    await plain.db.withPlugins([queryLog()]).selectFrom('author').select('id').where('id', '=', 1).execute()
    const [line] = debug.mock.lastCall!
    expect(process.stdout.isTTY ? {} : JSON.parse(line)).toMatchObject(process.stdout.isTTY ? {} : { kind: 'select' })
    debug.mockRestore()
    await plain.close()
  })
})

describe('the profiler', () => {
  test('has quantiles within 2 % of the exact ones', () => {
    const histogram = new Histogram()
    let seed = 1
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed / 2_147_483_647
    }
    const times = Array.from({ length: 20_000 }, () => 0.01 * Math.exp(random() * 12))
    for (const time of times) histogram.add(time)
    times.sort((a, b) => a - b)
    for (const share of [0.01, 0.5, 0.9, 0.95, 0.99, 0.999]) {
      const exact = times[Math.ceil(share * times.length) - 1]!
      expect(Math.abs(histogram.quantile(share) / exact - 1)).toBeLessThanOrEqual(0.0201)
    }
    expect(histogram.quantile(1)).toBeLessThanOrEqual(histogram.longest)
  })

  test('keeps a bounded number of plans, those with the most time', async () => {
    const profile = profiler({ most: 20 })
    const { db, close } = await openWorld(engines[0]!)
    const live = db.withPlugins([profile]) as unknown as Db
    for (let i = 0; i < 200; i++) await sql.raw(`select ${i} as n${i}`).execute(live)
    expect(profile.profiles().length).toBeLessThanOrEqual(20)
    await close()
  })
})

describe('formatSql()', () => {
  test.for(engines.filter(({ missing }) => missing === undefined))(
    'formats for $name, and keeps strings and comments as they are (H55)',
    async (engine) => {
      const { db, close } = await openWorld(engine)
      const text = `select a from users left join b on 1 = 1 where c = 'left  join -- x' -- why`
      const formatted = await formatSql(db, text)
      expect(formatted).toContain("'left  join -- x'")
      expect(formatted).toMatch(/left join b/)
      expect(formatted.split('\n').length).toBeGreaterThan(3)
      expect(formatted.replaceAll(/\s+/g, '')).toBe(text.replaceAll(/\s+/g, ''))
      await expect(formatSql(db, 1 as never)).rejects.toThrow(/SQL text/)
      await close()
    },
  )

  test('refuses what is no database', async () => {
    await expect(formatSql({} as never, 'select 1')).rejects.toThrow(/a database first/)
  })
})
