import { afterEach, describe, expect, test, vi } from 'vitest'
import { Pool, type PoolOptions } from '../../src/connect/pool.ts'
import type { Connection, Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { temporaryFolder } from '../conformance/folder.ts'
import { type Faulty, type FaultyOptions, faulty } from './faulty.ts'

const folder = temporaryFolder()
const pools: Pool[] = []
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.destroy().catch(() => {})
})

function poolOf(
  options: FaultyOptions = {},
  poolOptions: PoolOptions = {},
  driver?: Driver,
): { pool: Pool; driver: Faulty } {
  const wrapped = faulty(driver ?? sqlite({ path: folder.path('pool.db'), readers: 2 }), options)
  const pool = new Pool(wrapped, poolOptions)
  pools.push(pool)
  return { pool, driver: wrapped }
}

/** What became of a promise by now, without waiting for it. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  const pending = Symbol('pending')
  await new Promise(setImmediate)
  const state = await Promise.race([promise, Promise.resolve(pending)]).catch((error) => error)
  return state === pending ? 'pending' : state
}

describe('taking and giving', () => {
  test('a connection is opened when it is first needed, and used again', () => {
    const { pool, driver } = poolOf()
    expect(driver.open.size).toBe(0)
    const writer = pool.tryAcquire('write')!
    expect(driver.open.size).toBe(1)
    expect(pool.tryAcquire('write')).toBeUndefined()
    const readers = [pool.tryAcquire('read')!, pool.tryAcquire('read')!]
    expect(pool.tryAcquire('read')).toBeUndefined()
    expect(new Set([writer, ...readers]).size).toBe(3)
    pool.release(readers[0]!)
    expect(pool.tryAcquire('read')).toBe(readers[0])
    pool.release(writer)
    expect(pool.tryAcquire('write')).toBe(writer)
    for (const connection of [writer, ...readers]) pool.release(connection)
    expect(driver.open.size).toBe(3)
  })

  test('without readers, reads use the connection of the writers', () => {
    const { pool, driver } = poolOf({}, {}, sqlite(':memory:'))
    expect(pool.hasReaders).toBe(false)
    const connection = pool.tryAcquire('read')!
    expect(pool.tryAcquire('write')).toBeUndefined()
    pool.release(connection)
    expect(pool.tryAcquire('write')).toBe(connection)
    pool.release(connection)
    expect(driver.open.size).toBe(1)
  })

  test('first come, first served', async () => {
    const { pool } = poolOf()
    const connection = pool.tryAcquire('write')!
    const served: number[] = []
    const waiting = [1, 2, 3].map((n) =>
      pool.acquire('write', undefined).then((taken) => {
        served.push(n)
        // Who comes later gets nothing before those who wait.
        expect(pool.tryAcquire('write')).toBeUndefined()
        pool.release(taken)
      }),
    )
    pool.release(connection)
    await Promise.all(waiting)
    expect(served).toEqual([1, 2, 3])
    expect(pool.tryAcquire('write')).toBe(connection)
    pool.release(connection)
  })

  test('those who wait to read are not held up by those who wait to write', async () => {
    const { pool } = poolOf()
    const writer = pool.tryAcquire('write')!
    const waiting = pool.acquire('write', undefined)
    const reader = await pool.acquire('read', undefined)
    expect(await stateOf(waiting)).toBe('pending')
    pool.release(reader)
    pool.release(writer)
    pool.release(await waiting)
  })

  test('giving back twice is an error, before two could have the same connection', () => {
    const { pool } = poolOf()
    const connection = pool.tryAcquire('write')!
    pool.release(connection)
    expect(() => pool.release(connection)).toThrow('released twice')
  })
})

describe('waiting in vain', () => {
  test('a signal that is already aborted', async () => {
    const { pool, driver } = poolOf()
    const reason = new Error('too late')
    await expect(pool.acquire('write', AbortSignal.abort(reason))).rejects.toMatchObject({
      code: 'cancelled',
      cause: reason,
    })
    expect(driver.open.size).toBe(0)
  })

  test('a signal that aborts meanwhile leaves the others in line', async () => {
    const { pool } = poolOf()
    const connection = pool.tryAcquire('write')!
    const controller = new AbortController()
    const [first, second, third] = [
      pool.acquire('write', undefined),
      pool.acquire('write', controller.signal),
      pool.acquire('write', undefined),
    ]
    controller.abort(new Error('changed my mind'))
    await expect(second).rejects.toMatchObject({ code: 'cancelled', cause: new Error('changed my mind') })
    pool.release(connection)
    pool.release(await first)
    pool.release(await third)
    expect(pool.tryAcquire('write')).toBe(connection)
    pool.release(connection)
  })

  test('a timeout names what holds the connection', async () => {
    const { pool } = poolOf({}, { acquireTimeout: 1 })
    const connection = pool.tryAcquire('write')!
    await expect(pool.acquire('write', undefined)).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('the only write connection is busy with statements'),
    })
    pool.notePurpose(connection, 'a transaction')
    await expect(pool.acquire('write', undefined)).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(
        /in 1 ms: the only write connection is held by a transaction \(for \d+ ms\)\. .*its own handle/,
      ),
    })
    const readers = [pool.tryAcquire('read')!, pool.tryAcquire('read')!]
    pool.notePurpose(readers[0]!, 'a stream')
    await expect(pool.acquire('read', undefined)).rejects.toMatchObject({
      message: expect.stringMatching(/all 2 read connections are held by a stream \(for \d+ ms\)\./),
    })
    for (const given of [connection, ...readers]) pool.release(given)
    // The note goes with the holder.
    pool.tryAcquire('write')
    await expect(pool.acquire('write', undefined)).rejects.toMatchObject({
      message: expect.stringContaining('busy with'),
    })
    pool.release(connection)
  })

  test.each([[0], [-1], [Number.NaN], ['5']])('acquireTimeout cannot be %j', (acquireTimeout) => {
    expect(() => poolOf({}, { acquireTimeout: acquireTimeout as number })).toThrow('acquireTimeout must be a number')
  })

  test('Infinity waits for ever', async () => {
    const { pool } = poolOf({}, { acquireTimeout: Number.POSITIVE_INFINITY })
    const connection = pool.tryAcquire('write')!
    const waiting = pool.acquire('write', undefined)
    expect(await stateOf(waiting)).toBe('pending')
    pool.release(connection)
    pool.release(await waiting)
  })
})

describe('connections that fail', () => {
  const failing = (times: number): FaultyOptions => {
    let left = times
    return { fault: ({ kind }) => (kind === 'connect' && left-- > 0 ? { error: new Error('no route') } : undefined) }
  }

  test('to open at once: no slot is lost', async () => {
    const { pool, driver } = poolOf(failing(2))
    expect(() => pool.tryAcquire('write')).toThrow('no route')
    await expect(pool.acquire('write', undefined)).rejects.toMatchObject({
      name: 'KantaError',
      cause: new Error('no route'),
    })
    const connection = pool.tryAcquire('write')!
    expect(driver.open.size).toBe(1)
    pool.release(connection)
  })

  test('to open later: no slot is lost, and only one waiter is told', async () => {
    const { pool, driver } = poolOf({ ...failing(2), later: true })
    expect(pool.tryAcquire('write')).toBeUndefined()
    const waiting = [1, 2, 3, 4].map(() => pool.acquire('write', undefined))
    await expect(waiting[0]).rejects.toThrow('no route')
    await expect(waiting[1]).rejects.toThrow('no route')
    pool.release(await waiting[2]!)
    pool.release(await waiting[3]!)
    expect(driver.open.size).toBe(1)
  })

  test('opening later: never more than the limit', async () => {
    const { pool, driver } = poolOf({ later: true })
    const waiting = Array.from({ length: 6 }, () => pool.tryAcquire('read') ?? pool.acquire('read', undefined))
    for (const connection of waiting) pool.release(await connection)
    expect(driver.open.size).toBe(2)
    expect(driver.steps.filter(({ kind }) => kind === 'connect')).toHaveLength(2)
  })

  test('in use: it is closed, and who waits gets another', async () => {
    const { pool, driver } = poolOf({
      fault: ({ kind, number }) => (kind === 'close' && number < 4 ? { error: new Error('gone') } : undefined),
    })
    const broken = pool.tryAcquire('write')!
    const waiting = pool.acquire('write', undefined)
    pool.release(broken, true)
    const fresh = await waiting
    expect(fresh).not.toBe(broken)
    expect([...driver.open]).toEqual([fresh])
    pool.release(fresh, true)
    expect(driver.open.size).toBe(0)
    const next = pool.tryAcquire('write')!
    expect(next).not.toBe(fresh)
    pool.release(next)
  })

  test('in use, and the next does not open: who waits is told', async () => {
    const { pool } = poolOf()
    const broken = pool.tryAcquire('write')!
    const waiting = [pool.acquire('write', undefined), pool.acquire('write', undefined)]
    ;(pool.driver as Faulty).options = failing(1)
    pool.release(broken, true)
    await expect(waiting[0]).rejects.toThrow('no route')
    pool.release(await waiting[1]!)
  })
})

describe('destroy', () => {
  test('refuses new work, and closes the readers before the writer, then the driver', async () => {
    const { pool, driver } = poolOf()
    const connections: Connection[] = [pool.tryAcquire('write')!, pool.tryAcquire('read')!, pool.tryAcquire('read')!]
    for (const connection of connections) pool.release(connection)
    const order: Connection[] = []
    for (const connection of connections) {
      const close = connection.close
      connection.close = () => {
        order.push(connection)
        return close()
      }
    }
    await pool.destroy()
    expect(order.at(-1)).toBe(connections[0])
    expect(order).toHaveLength(3)
    expect(driver.closed).toBe(1)
    expect(() => pool.tryAcquire('write')).toThrow(expect.objectContaining({ code: 'closed' }))
    await expect(pool.acquire('read', undefined)).rejects.toMatchObject({ code: 'closed' })
    expect(driver.open.size).toBe(0)
  })

  test('waits for what runs and for what was waiting', async () => {
    const { pool, driver } = poolOf()
    const connection = pool.tryAcquire('write')!
    const waiting = pool.acquire('write', undefined)
    const destroyed = pool.destroy()
    expect(() => pool.tryAcquire('read')).toThrow('destroyed')
    expect(await stateOf(destroyed)).toBe('pending')
    pool.release(connection)
    const served = await waiting
    expect(await stateOf(destroyed)).toBe('pending')
    expect(driver.open.size).toBe(1)
    served.script('create table t (a)')
    pool.release(served)
    await destroyed
    expect(driver.open.size).toBe(0)
  })

  test('waits for a connection that is being opened, and for who gives up waiting', async () => {
    const { pool, driver } = poolOf({ later: true })
    pool.tryAcquire('write')
    const destroyed = pool.destroy()
    await destroyed
    expect(driver.steps.map(({ kind }) => kind)).toEqual(['connect', 'close'])

    const other = poolOf()
    const connection = other.pool.tryAcquire('write')!
    const controller = new AbortController()
    const waiting = other.pool.acquire('write', controller.signal)
    const done = other.pool.destroy()
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    other.pool.release(connection, true)
    await done
    expect(other.driver.open.size).toBe(0)
  })

  test('out of patience: who waits is refused, and a connection that is there too late is closed', async () => {
    const gate = Promise.withResolvers<void>()
    const { pool, driver } = poolOf({
      later: true,
      gate: ({ kind }) => (kind === 'connect' ? gate.promise : undefined),
    })
    const waiting = [1, 2].map(() => pool.acquire('write', undefined).catch((error) => error.code))
    await expect(pool.destroy({ timeout: 1 })).rejects.toMatchObject({ code: 'timeout' })
    expect(await Promise.all(waiting)).toEqual(['closed', 'closed'])
    expect(driver.open.size).toBe(0)
    gate.resolve()
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(driver.open.size).toBe(0)
  }, 20_000)

  test('a connection that is never given back is not waited for beyond the timeout', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { pool, driver } = poolOf()
      await pool.acquire('write', undefined)
      const destroyed = pool.destroy({ timeout: 500 }).catch((error) => error.code)
      await vi.advanceTimersByTimeAsync(1_000)
      expect(await Promise.race([destroyed, new Promise((resolve) => setImmediate(resolve, 'waiting'))])).toBe(
        'timeout',
      )
      expect(driver.open.size).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('once, however often it is called; an unused pool as well', async () => {
    const { pool, driver } = poolOf()
    const [first, second] = [pool.destroy(), pool.destroy()]
    expect(first).toBe(second)
    await first
    await pool.destroy()
    expect(driver.closed).toBe(1)
  })

  test('closes the others when one fails, and keeps all errors', async () => {
    const { pool, driver } = poolOf({
      fault: ({ kind, number }) =>
        kind === 'close' ? { error: new Error(`close ${number}`), happens: true } : undefined,
    })
    const connections = [pool.tryAcquire('write')!, pool.tryAcquire('read')!, pool.tryAcquire('read')!]
    for (const connection of connections) pool.release(connection)
    const error = await pool.destroy().catch((error) => error)
    expect(error).toMatchObject({
      message: 'close 4.',
      suppressed: { message: 'close 5.', suppressed: { message: 'close 6.' } },
    })
    expect(driver.open.size).toBe(0)
    expect(driver.closed).toBe(1)
  })
})
