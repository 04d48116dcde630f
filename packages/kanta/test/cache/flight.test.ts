import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CacheStore, memoryStore } from '../../src/cache/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { KantaError } from '../../src/index.ts'
import { temporaryFolder } from '../conformance/folder.ts'
import { type Faulty, faulty } from '../run/faulty.ts'
import type { Any } from '../security/ground.ts'
import { type Clock, isHit, world } from './ground.ts'

/** A door at which statements wait. */
class Door {
  readonly #opened = Promise.withResolvers<void>()
  readonly #reached = Promise.withResolvers<void>()
  /** How many came. */
  count = 0
  wait(): Promise<void> {
    this.count++
    this.#reached.resolve()
    return this.#opened.promise
  }
  open(): void {
    this.#opened.resolve()
  }
  get reached(): Promise<void> {
    return this.#reached.promise
  }
}

/** What has nothing to wait for has happened by then. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve()
  await new Promise((resolve) => setImmediate(resolve))
}

describe('reads that are the same at a time', () => {
  const folder = temporaryFolder()
  let driver: Faulty
  let db: Any
  let base: Any
  let clock: Clock
  let door: Door | undefined
  let failing: Error | undefined
  let reads = 0

  const isRead = (sql: string): boolean => sql.startsWith('select') && sql.includes('"note"')

  beforeEach(async () => {
    door = undefined
    failing = undefined
    reads = 0
    driver = faulty(sqlite(':memory:'), {
      later: true,
      fault: ({ sql }) => {
        if (!isRead(sql)) return undefined
        reads++
        return failing === undefined ? undefined : { error: failing }
      },
      gate: ({ sql }) => (isRead(sql) ? door?.wait() : undefined),
    })
    const made = await world(driver, { staleWhileRevalidate: 30_000 })
    ;({ db, base, clock } = made)
  })
  afterEach(() => base.destroy())

  const read = (options?: object) => db.cached().selectFrom('note').selectAll().execute(options)
  const text = (value: string) => db.updateTable('note').set({ text: value }).execute()

  test('run once, and each gets rows of its own (C4)', async () => {
    door = new Door()
    const all = Array.from({ length: 20 }, () => read())
    await door.reached
    await settle()
    door.open()
    const results = await Promise.all(all)
    for (const rows of results) {
      expect(rows).toEqual([{ id: 1, text: 'first' }])
      rows[0].text = 'mine'
    }
    expect(new Set(results.map((rows) => rows[0])).size).toBe(20)
    expect(await read()).toEqual([{ id: 1, text: 'first' }])
    expect(reads).toBe(1)
    expect(db.cache.stats()).toMatchObject({ misses: 1, shared: 19, hits: 1 })
  })

  test('one that fails fails for itself, and those that waited read for themselves (R3, R4)', async () => {
    door = new Door()
    failing = new Error('disk gone')
    const all = Array.from({ length: 5 }, () => read())
    await door.reached
    await settle()
    door.open()
    const ended = await Promise.allSettled(all)
    expect(ended.map(({ status }) => status)).toEqual(Array(5).fill('rejected'))
    expect(reads).toBe(5)
    failing = undefined
    // Nothing is left behind that later reads could wait for.
    expect(await read()).toEqual([{ id: 1, text: 'first' }])
    expect(await read()).toEqual([{ id: 1, text: 'first' }])
    expect(reads).toBe(6)
  })

  test('of all forms, one that failed is read again (R4: count, exists, findAll)', async () => {
    const forms = [
      () =>
        db
          .cached()
          .selectFrom('note')
          .select((eb: Any) => eb.fn.countAll().as('n'))
          .executeTakeFirst(),
      () => db.cached().selectFrom('note').select('id').executeTakeFirst(),
      () => db.cached().selectFrom('note').selectAll().executeTakeFirstOrThrow(),
      () => read(),
    ]
    for (const form of forms) {
      failing = new Error('disk gone')
      await expect(form()).rejects.toBeInstanceOf(KantaError)
      failing = undefined
      expect(await form()).toBeTruthy()
      expect(await isHit(db, form)).toBe(true)
    }
  })

  test('who gives up alone is alone in that: another goes on for the rest', async () => {
    door = new Door()
    const controller = new AbortController()
    const leader = read({ signal: controller.signal })
    await door.reached
    const followers = [read(), read()]
    await settle()
    const first = door
    door = new Door()
    controller.abort()
    await expect(leader).rejects.toMatchObject({ code: 'cancelled' })
    first.open()
    await door.reached
    door.open()
    expect(await Promise.all(followers)).toEqual([[{ id: 1, text: 'first' }], [{ id: 1, text: 'first' }]])
    expect(reads).toBe(2)
  })

  test('who waits can give up by its own signal', async () => {
    door = new Door()
    const leader = read()
    await door.reached
    const controller = new AbortController()
    const follower = read({ signal: controller.signal })
    await settle()
    controller.abort()
    await expect(follower).rejects.toMatchObject({ code: 'cancelled' })
    await expect(read({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
    door.open()
    expect(await leader).toHaveLength(1)
    await expect(read({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
  })

  test('a read that began before a write is not kept after it (C5)', async () => {
    await base.destroy()
    // The result arrives at the store after the write.
    const gated = new Door()
    let isSlow = false
    const store = memoryStore()
    const slow: CacheStore = {
      look: (key, marks) => store.look(key, marks),
      keep: async (key, entry, lifetime) => {
        if (isSlow) await gated.wait()
        await store.keep(key, entry, lifetime)
      },
      renew: (marks) => store.renew(marks),
    }
    ;({ db, base } = await world(sqlite(':memory:'), { store: slow }))
    isSlow = true
    expect(await read()).toEqual([{ id: 1, text: 'first' }])
    await gated.reached
    await text('second')
    gated.open()
    await settle()
    isSlow = false
    expect(await read()).toEqual([{ id: 1, text: 'second' }])
    expect(await read()).toEqual([{ id: 1, text: 'second' }])
  })

  test('who comes after a write does not share the read of who came before it', async () => {
    await base.destroy()
    const holding = new Door()
    let isHeld = true
    // The answer of the database is on its way while the write goes through.
    const hold = {
      name: 'hold',
      hooks: [
        {
          name: 'hold',
          answers: true,
          around: async (event: Any, next: () => Promise<unknown>) => {
            const rows = await next()
            if (event.facts.readOnly && isHeld) await holding.wait()
            return rows
          },
        },
      ],
    }
    const made = await world(sqlite(':memory:'))
    base = made.base
    db = (made.db as Any).withPlugins([hold])
    const before = read()
    await holding.reached
    isHeld = false
    await text('second')
    const after = read()
    expect(await after).toEqual([{ id: 1, text: 'second' }])
    holding.open()
    expect(await before).toEqual([{ id: 1, text: 'first' }])
    expect(await read()).toEqual([{ id: 1, text: 'second' }])
  })

  test('stale results are given while one read in the background makes them fresh (R7)', async () => {
    await read()
    await base.updateTable('note').set({ text: 'from outside' }).execute()
    clock.time += 60_000
    door = new Door()
    const results = await Promise.all([read(), read(), read()])
    expect(results).toEqual(Array(3).fill([{ id: 1, text: 'first' }]))
    await door.reached
    expect(await read()).toEqual([{ id: 1, text: 'first' }])
    door.open()
    await settle()
    expect(door.count).toBe(1)
    door = undefined
    expect(await read()).toEqual([{ id: 1, text: 'from outside' }])
    expect(reads).toBe(2)
    expect(db.cache.stats()).toMatchObject({ misses: 1, hits: 5, stale: 4, errors: 0 })
    // Past that time nothing is given any more.
    clock.time += 90_000
    expect(await isHit(db, read)).toBe(false)
  })

  test('an error in the background is counted, and the stale result stays for its time', async () => {
    await read()
    clock.time += 60_000
    failing = new Error('disk gone')
    expect(await read()).toEqual([{ id: 1, text: 'first' }])
    await settle()
    expect(db.cache.stats().errors).toBe(1)
    failing = undefined
    expect(await read()).toEqual([{ id: 1, text: 'first' }])
    await settle()
    expect(reads).toBe(3)
    expect(db.cache.stats()).toMatchObject({ stale: 2, errors: 1 })
    expect(await isHit(db, read)).toBe(true)
    expect(db.cache.stats().stale).toBe(2)
  })

  test('a stale result is not given once it was invalidated', async () => {
    await read()
    clock.time += 60_000
    await text('second')
    expect(await read()).toEqual([{ id: 1, text: 'second' }])
  })

  test('hits need no connection', async () => {
    await read()
    await db.connection().execute(async () => {
      expect(await read()).toEqual([{ id: 1, text: 'first' }])
    })
  })

  test('a write whose outcome nobody knows, and one that was given up, count as done', async () => {
    for (const happens of [true, false]) {
      await read()
      expect(await isHit(db, () => read())).toBe(true)
      const { options } = driver
      driver.options = {
        ...options,
        fault: (step) =>
          step.sql.startsWith('update') ? { error: new KantaError('unknown_outcome', 'lost'), happens } : undefined,
      }
      await expect(text(`happens: ${happens}`)).rejects.toMatchObject({ code: 'unknown_outcome' })
      driver.options = options
      expect(await isHit(db, () => read())).toBe(false)
      expect(await read()).toEqual(await base.selectFrom('note').selectAll().execute())
    }
    const writing = new Door()
    const { options } = driver
    driver.options = { ...options, gate: ({ sql }) => (sql.startsWith('update') ? writing.wait() : undefined) }
    const controller = new AbortController()
    const update = db
      .updateTable('note')
      .set({ text: 'late' })
      .execute({ signal: controller.signal, onAbort: 'ignore' })
    await writing.reached
    controller.abort()
    await expect(update).rejects.toMatchObject({ code: 'cancelled' })
    writing.open()
    await settle()
    driver.options = options
    expect(await read()).toEqual([{ id: 1, text: 'late' }])
  })

  test('a commit whose outcome nobody knows counts as done; one that failed does not', async () => {
    await base.destroy()
    driver = faulty(sqlite(folder.path('commit.db')), { later: true })
    ;({ db, base } = await world(driver))
    const commit = async (error: Error, happens: boolean): Promise<boolean> => {
      await read()
      const { options } = driver
      driver.options = {
        ...options,
        fault: (step) => (step.sql === 'commit' ? { error, happens } : undefined),
      }
      const transaction = db.transaction().execute((trx: Any) => trx.updateTable('note').set({ text: 'tx' }).execute())
      await expect(transaction).rejects.toBeInstanceOf(KantaError)
      driver.options = options
      return isHit(db, () => read())
    }
    expect(await commit(new KantaError('connection', 'lost'), true)).toBe(false)
    await text('first')
    expect(await commit(new KantaError('query', 'no'), false)).toBe(true)
  })

  test('a hook that throws after a write does not hide it', async () => {
    const late = {
      name: 'late',
      hooks: [
        {
          name: 'late',
          around: async (event: Any, next: () => Promise<unknown>) => {
            const result = await next()
            if (!event.facts.readOnly) throw new Error('late')
            return result
          },
        },
      ],
    }
    await read()
    await expect(db.withPlugins([late]).updateTable('note').set({ text: 'done' }).execute()).rejects.toThrow('late')
    expect(await read()).toEqual([{ id: 1, text: 'done' }])
  })

  test('reads after the commit that others asked for see what was committed', async () => {
    await read()
    let found: unknown
    await db.transaction().execute(async (trx: Any) => {
      trx.afterCommit(async () => {
        found = await read()
      })
      await trx.updateTable('note').set({ text: 'committed' }).execute()
    })
    expect(found).toEqual([{ id: 1, text: 'committed' }])
  })
})
