import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Proxy as CutProxy, startPostgres, startProxy } from 'kanta-servers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { audit } from '../../src/audit/index.ts'
import { commit, type Recovery } from '../../src/commit/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { type Database, KantaError, kanta, sql } from '../../src/index.ts'
import { type Account, account, driverAt, move } from './account.ts'
import { type Bank, kinds, openBank } from './layers.ts'
import { watched } from './watched.ts'

const missing = kinds.postgres.missing ?? kinds.mariadb.missing
const program = fileURLToPath(new URL('program.ts', import.meta.url))

/** A promise that is resolved from outside. */
const later = () => Promise.withResolvers<void>()

describe.skipIf(missing !== undefined)(missing ?? 'faults', () => {
  let bank: Bank
  const made: Database<Account>[] = []
  const open = (driver: Driver): Database<Account> => {
    const db = kanta({ driver, schema: { account } }) as unknown as Database<Account>
    made.push(db)
    return db
  }
  afterEach(async () => {
    for (const db of made.splice(0)) await db.destroy({ timeout: 1_000 }).catch(() => {})
    await bank.end()
  })
  const sum = async (): Promise<number> => Object.values(await bank.balances()).reduce((a, b) => a + b)

  /** Opens a coordinator over the bank's databases, with some of them reached in another way. */
  const coordinator = (other: Record<string, Database<Account>> = {}, lease = 200) =>
    commit({ home: 'a', layers: { ...bank.databases, ...other }, lease, timeout: 300 })

  const addressOf = (i: number) =>
    bank.addresses[i] as Exclude<(typeof bank.addresses)[number], undefined | { readonly kind: 'sqlite' }>

  describe('50: a home that is lost at its commit', () => {
    let proxy: CutProxy
    beforeEach(async () => {
      bank = await openBank(['postgres', 'mariadb', 'sqlite'])
      proxy = await startProxy(addressOf(0))
    })
    afterEach(() => proxy.close())

    test.each(['before it has the commit', 'after it has committed'])('%s: in doubt, then the truth', async (when) => {
      let isArmed = false
      const { host, port } = proxy
      const home = watched(driverAt({ ...addressOf(0), host, port }), (sql) => {
        if (!isArmed || sql !== 'commit') return
        isArmed = false
        proxy.stall()
        if (when.startsWith('before')) proxy.cut()
        else void proxy.cutAfter('commit\0')
      })
      // It does nothing in the background that would meet the cut first.
      const shared = coordinator({ a: open(home) }, 60_000)
      await shared.transaction(move('a', ['b', 'c'], 10))
      isArmed = true
      const failed = shared.transaction(move('a', ['b', 'c'], 10))
      await expect(failed).rejects.toMatchObject({ code: 'in_doubt' })
      proxy.cut()
      proxy.thaw()
      // Attempts to connect that were under way are cut.
      const recover = (): Promise<Recovery> =>
        shared.recover().catch((error: KantaError) => (error.code === 'connection' ? recover() : Promise.reject(error)))
      expect(await recover()).toMatchObject({ waiting: [], stuck: [] })
      const moved = when.startsWith('before') ? 1 : 2
      expect(await bank.balances()).toEqual({ a: 100 - 20 * moved, b: 100 + 10 * moved, c: 100 + 10 * moved })
      await shared.close()
      expect(await bank.leftovers()).toEqual({ a: 0, b: 0, c: 0 })
    })
  })

  test.each(process.env.COMMIT_KILLS === 'all' ? [0.5, 0.6, 0.7, 0.8, 0.9] : [0.75])(
    '49: a program that stands still at %f of its calls: one decision',
    async (place) => {
      bank = await openBank(['postgres', 'mariadb', 'postgres'])
      const options = ['--disable-warning=ExperimentalWarning', '--conditions=kanta-source', program]
      const start = (at: number) => {
        const task = { addresses: bank.addresses, at, when: 'answered', how: 'SIGSTOP' }
        const child = spawn(process.execPath, [...options, JSON.stringify(task)])
        const state = { output: '' }
        child.stdout.on('data', (data: Buffer) => {
          state.output += data
        })
        const closed = new Promise<void>((resolve) => child.on('close', () => resolve()))
        return { child, closed, state }
      }
      const whole = start(0)
      await whole.closed
      const calls = Number(/committed (\d+)/.exec(whole.state.output)?.[1])
      const { child, closed, state } = start(Math.round(place * calls))
      while (!/^State:\s+T/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8'))) await setTimeout(10)
      const shared = coordinator({}, 100)
      const report = await shared.recover()
      expect(report.stuck).toEqual([])
      child.kill('SIGCONT')
      await closed
      expect(await shared.recover()).toMatchObject({ waiting: [], stuck: [] })
      await shared.close()
      const moved = state.output.includes('committed') ? 2 : 1
      expect(await bank.balances()).toEqual({ a: 100 - 20 * moved, b: 100 + 10 * moved, c: 100 + 10 * moved })
      expect(await bank.leftovers()).toEqual({ a: 0, b: 0, c: 0 })
    },
  )

  test('51: a server that can prepare no more undoes it everywhere', async () => {
    bank = await openBank(['sqlite', 'mariadb'])
    const server = await startPostgres({ settings: { max_prepared_transactions: 1 } })
    const { host, port, user, database } = server
    const full = open(driverAt({ kind: 'postgres', host, port, user, database }))
    try {
      await full.schema.createTable(account).execute()
      await full.insertInto('account').values({ id: 1, balance: 100 }).execute()
      await full.connection().execute(async (one) => {
        for (const text of ['begin', 'insert into account values (2, 0)', "prepare transaction 'another'"])
          await sql.raw(text).execute(one)
      })
      const shared = commit({ home: 'a', layers: { ...bank.databases, full } as Bank['databases'] })
      expect((await shared.status()).layers).toContainEqual({ name: 'full', mode: 'prepared' })
      const failed = shared.transaction(move('a', ['b', 'full'], 10))
      await expect(failed).rejects.toThrow(/prepared transactions/)
      expect(await bank.balances()).toEqual({ a: 100, b: 100 })
      await sql.raw("rollback prepared 'another'").execute(full)
      await shared.transaction(move('a', ['b', 'full'], 10))
      expect(await bank.balances()).toEqual({ a: 80, b: 110 })
      await shared.close()
      expect(await bank.leftovers()).toEqual({ a: 0, b: 0 })
    } finally {
      await full.destroy()
      await server.stop()
    }
  })

  test('52: what a living connection has prepared is not reported as ended', async () => {
    bank = await openBank(['postgres', 'mariadb'])
    const reached = later()
    const goOn = later()
    const home = watched(driverAt(addressOf(0)), (text) => {
      if (!text.includes('for share')) return undefined
      reached.resolve()
      return goOn.promise
    })
    const paused = commit({ home: 'a', layers: { ...bank.databases, a: open(home) }, lease: 60_000 })
    const running = paused.transaction(move('a', 'b', 10)).catch((error: unknown) => error)
    await reached.promise
    const other = coordinator({}, 100)
    const report = await other.recover()
    expect(report).toMatchObject({ committed: [], rolledBack: [], stuck: [] })
    expect(report.waiting).toContainEqual(expect.objectContaining({ layer: 'b' }))
    goOn.resolve()
    expect(await running).toMatchObject({ code: 'lock_lost' })
    expect(await bank.balances()).toEqual({ a: 100, b: 100 })
    await paused.transaction(move('a', 'b', 10))
    expect(await other.recover()).toMatchObject({ waiting: [], stuck: [] })
    await paused.close()
    await other.close()
    expect(await bank.balances()).toEqual({ a: 90, b: 110 })
    expect(await bank.leftovers()).toEqual({ a: 0, b: 0 })
  })

  test('53: the victim of a deadlock in one database undoes it in all', async () => {
    bank = await openBank(['postgres', 'mariadb'])
    const { b } = bank.databases as { b: Database<Account> }
    const ids = Array.from({ length: 50 }, (_, i) => i + 2)
    await b
      .insertInto('account')
      .values(ids.map((id) => ({ id, balance: 0 })))
      .execute()
    const shared = coordinator()
    const hasOne = later()
    const hasAll = later()
    const other = b.transaction().execute(async (trx) => {
      // The one that has changed fewer rows is the victim.
      await trx.updateTable('account').set({ balance: 1 }).where('id', '>', 1).execute()
      hasAll.resolve()
      await hasOne.promise
      await trx.updateTable('account').set({ balance: 1 }).where('id', '=', 1).execute()
    })
    const running = shared.transaction(async (layers) => {
      await hasAll.promise
      await move('a', 'b', 10)(layers)
      hasOne.resolve()
      await layers.b!.updateTable('account').set({ balance: 2 }).where('id', '=', 2).execute()
    })
    await expect(running).rejects.toMatchObject({ code: 'deadlock' })
    await other
    expect((await bank.balances()).a).toBe(100)
    await shared.close()
    expect(await bank.leftovers()).toEqual({ a: 0, b: 0 })
  })

  describe('a database that could not prepare and fails at its commit', () => {
    let isArmed = false
    const failing = () => {
      const address = bank.addresses[1] as { readonly kind: 'sqlite'; readonly path: string }
      return open(
        watched(driverAt(address), (text) => {
          if (!isArmed || text !== 'commit') return
          isArmed = false
          throw new Error('no space on the disk')
        }),
      )
    }
    beforeEach(async () => {
      bank = await openBank(['postgres', 'sqlite'])
    })

    test('has it later, once', async () => {
      const shared = coordinator({ b: failing() }, 60_000)
      await shared.transaction(move('a', 'b', 10))
      isArmed = true
      await shared.transaction(move('a', 'b', 10))
      expect(await bank.balances()).toEqual({ a: 80, b: 110 })
      expect((await shared.status()).decided).toHaveLength(1)
      await shared.close()
      expect(await bank.balances()).toEqual({ a: 80, b: 120 })
      expect(await bank.leftovers()).toEqual({ a: 0, b: 0 })
    })

    test('has what was begun in the callback and not awaited, too', async () => {
      const shared = coordinator({ b: failing() }, 60_000)
      await shared.transaction(move('a', 'b', 10))
      isArmed = true
      await shared.transaction(async (layers) => {
        await move('a', 'b', 10)(layers)
        void layers.b!.insertInto('account').values({ id: 2, balance: 5 }).execute()
      })
      await shared.close()
      const rows = await bank.databases.b!.selectFrom('account').select(['id', 'balance']).orderBy('id').execute()
      expect(rows).toEqual([
        { id: 1, balance: 120 },
        { id: 2, balance: 5 },
      ])
    })

    test.each(['force', 'skip'] as const)(
      '54: what others made impossible is stuck, and ended by hand: %s',
      async (how) => {
        const shared = coordinator({ b: failing() }, 60_000)
        await shared.transaction(move('a', 'b', 10))
        isArmed = true
        await shared.transaction(move('a', 'b', 10))
        await bank.databases.b!.deleteFrom('account').execute()
        const another = coordinator({}, 100)
        expect((await another.recover()).stuck).toHaveLength(1)
        const decided = (await another.status()).decided.find(({ problem }) => problem !== undefined)
        expect(decided!.problem).toContain('does not do again what it did')
        await bank.databases.b!.insertInto('account').values({ id: 1, balance: 110 }).execute()
        await another.resolve(decided!.id, { layer: 'b', how })
        await another.recover()
        expect((await another.status()).decided).toEqual([])
        expect(await bank.balances()).toEqual({ a: 80, b: how === 'force' ? 120 : 110 })
        await expect(another.resolve(decided!.id, { layer: 'b', how })).rejects.toMatchObject({ code: 'not_found' })
        await another.close()
        await shared.close()
      },
    )
  })

  test('56: a snapshot never shows a transaction in one database and not in another', {
    timeout: 600_000,
  }, async () => {
    bank = await openBank(['postgres', 'mariadb', 'sqlite', 'postgres'])
    const shared = coordinator({}, 2_000)
    const until = Date.now() + Number(process.env.COMMIT_SECONDS ?? 2) * 1_000
    const names = ['a', 'b', 'c', 'd']
    let commits = 0
    const writer = async (number: number): Promise<void> => {
      for (let i = number; Date.now() < until; i++) {
        const [from, to] = [names[i % 4]!, names[(i + 1 + (number % 3)) % 4]!]
        try {
          // Databases do not see each other's locks, so all go through them in one order.
          const [first, second] = [from, to].sort() as [string, string]
          await shared.transaction(move(first, second, first === from ? 1 : -1), { layers: [first, second] })
          commits++
        } catch (error) {
          if (!(error instanceof KantaError) || !['deadlock', 'busy', 'serialization_failure'].includes(error.code))
            throw error
        }
      }
    }
    let reads = 0
    const reader = async (): Promise<void> => {
      while (Date.now() < until) {
        const balances = await shared.snapshot(async (layers) =>
          Promise.all(
            names.map(
              async (name) =>
                (await layers[name]!.selectFrom('account').select('balance').executeTakeFirstOrThrow()).balance,
            ),
          ),
        )
        expect(balances.reduce((all, one) => all + one)).toBe(400)
        reads++
      }
    }
    await Promise.all([...Array.from({ length: 8 }, (_, i) => writer(i)), reader()])
    expect(commits).toBeGreaterThan(0)
    expect(reads).toBeGreaterThan(0)
    expect(await sum()).toBe(400)
    await shared.close()
    expect(await bank.leftovers()).toEqual({ a: 0, b: 0, c: 0, d: 0 })
  })

  test('plugins of each database hold in it, and callbacks after the commit run', async () => {
    bank = await openBank(['postgres', 'sqlite'])
    const { a, b } = bank.databases as Record<'a' | 'b', Database<Account>>
    const audited = b.withPlugins([audit({ tables: ['account'] })])
    const called: string[] = []
    const shared = commit({ home: 'a', layers: { a, b: audited } })
    await shared.transaction(async (layers) => {
      layers.b.afterCommit(() => called.push('b'))
      layers.a.afterCommit(() => called.push('a'))
      await layers.a.updateTable('account').set({ balance: 1 }).where('id', '=', 1).execute()
      await layers.b.updateTable('account').set({ balance: 2 }).where('id', '=', 1).execute()
      expect(called).toEqual([])
    })
    expect(called).toEqual(['a', 'b'])
    const entries = async () =>
      (await sql`select operation from kanta_audit where table_name = 'account'`.execute(b)).rows
    expect(await entries()).toEqual([{ operation: 'update' }])
    await shared
      .transaction(async (layers) => {
        await layers.a.updateTable('account').set({ balance: 3 }).where('id', '=', 1).execute()
        await layers.b.updateTable('account').set({ balance: 4 }).where('id', '=', 1).execute()
        throw new Error('no')
      })
      .catch(() => {})
    expect(await entries()).toHaveLength(1)
    await shared.close()
  })

  test('a signal undoes it everywhere', async () => {
    bank = await openBank(['postgres', 'sqlite'])
    const shared = coordinator()
    const stop = new AbortController()
    const running = shared.transaction(
      async (layers) => {
        await move('a', 'b', 10)(layers)
        stop.abort()
        await new Promise(() => {})
      },
      { signal: stop.signal },
    )
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
    expect(await bank.balances()).toEqual({ a: 100, b: 100 })
    await shared.close()
  })
})
