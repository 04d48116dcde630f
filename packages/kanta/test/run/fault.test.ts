import { describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { KantaError } from '../../src/error/index.ts'
import { beginTransaction } from '../../src/run/transact.ts'
import { temporaryFolder } from '../conformance/folder.ts'
import { type Fault, type Faulty, faulty, locked, lostConnection, type Step } from './faulty.ts'
import { Harness } from './harness.ts'

const folder = temporaryFolder()

async function database({ readers = 0, ...options }: { later?: boolean; readers?: number } = {}): Promise<{
  db: Harness
  driver: Faulty
}> {
  const driver = faulty(sqlite({ path: folder.path('fault.db'), busyTimeout: 0, readers }), options)
  const db = new Harness(driver, { acquireTimeout: 2000 })
  await db.run('create table t (a integer primary key)')
  return { db, driver }
}

/** Faults from now on, at the nth step whose text begins with `text`. */
function failAt(driver: Faulty, text: string, fault: Fault, nth = 1): void {
  let seen = 0
  const matches = ({ kind, sql }: Step) => (kind === 'statement' ? sql.startsWith(text) : kind === text)
  driver.options = { ...driver.options, fault: (step) => (matches(step) && ++seen === nth ? fault : undefined) }
}

/** That the only connection is free and in no transaction, and that all are given back. */
async function expectWhole({ db, driver }: { db: Harness; driver: Faulty }, rows: number[]): Promise<void> {
  driver.options = { ...driver.options, fault: () => undefined }
  expect(await db.read('select a from t order by a')).toEqual(rows)
  await db.transaction((trx) => db.run('insert into t values (100)', trx.session))
  await db.transaction((trx) => db.read('select a from t', trx.session), { settings: { access: 'read only' } })
  await db.run('delete from t where a = 100')
  await db.pool.destroy()
  expect(driver.open.size).toBe(0)
}

const insert = (db: Harness, a: number) => (trx: { session: Harness['session'] | unknown }) =>
  db.run(`insert into t values (${a})`, trx.session as Harness['session'])

describe.each([
  ['at once', false],
  ['later', true],
])('a database that answers %s', (_, later) => {
  test('connect fails', async () => {
    const { db, driver } = await database({ later, readers: 1 })
    failAt(driver, 'connect', { error: lostConnection() })
    const settings = { access: 'read only' } as const
    await expect(db.transaction(() => 1, { settings })).rejects.toMatchObject({ code: 'connection' })
    expect(await db.transaction(() => 1, { settings })).toBe(1)
    await expectWhole({ db, driver }, [])
  })

  test.each([
    ['it did not happen', false],
    ['it happened', true],
  ])('begin fails, and %s', async (_, happens) => {
    const { db, driver } = await database({ later })
    failAt(driver, 'begin', { error: locked(), happens })
    let ran = false
    const error = await db
      .transaction(() => {
        ran = true
      })
      .catch((error) => error)
    expect(error).toMatchObject({ code: 'busy', sql: 'begin immediate' })
    expect(error.suppressed).toBeUndefined()
    expect(ran).toBe(false)
    expect(driver.open.size).toBe(1)
    await expectWhole({ db, driver }, [])
  })

  test('begin fails as the connection is lost', async () => {
    const { db, driver } = await database({ later })
    failAt(driver, 'begin', { error: lostConnection() })
    const before = [...driver.open]
    await expect(beginTransaction(db.session, driver)).rejects.toMatchObject({ code: 'connection' })
    expect(driver.open.has(before[0]!)).toBe(false)
    await expectWhole({ db, driver }, [])
  })

  test('the settings around begin fail', async () => {
    for (const text of ['pragma query_only = on', 'begin', 'pragma query_only = off']) {
      const { db, driver } = await database({ later })
      failAt(driver, text, { error: locked() })
      const done = db.transaction((trx) => db.read('select 1', trx.session), { settings: { access: 'read only' } })
      // Once it is committed, only the connection is the worse for it.
      if (text.endsWith('off')) expect(await done).toEqual([1])
      else await expect(done).rejects.toMatchObject({ code: 'busy' })
      await expectWhole({ db, driver }, [])
    }
  })

  test.each([
    ['it did not happen', false],
    ['it happened', true],
  ])('commit fails, and %s', async (_, happens) => {
    const { db, driver } = await database({ later })
    failAt(driver, 'commit', { error: locked(), happens })
    const error = await db.transaction(insert(db, 1)).catch((error) => error)
    expect(error).toMatchObject({ code: 'busy', sql: 'commit', cause: { message: 'database is locked' } })
    expect(error.suppressed).toBeUndefined()
    await expectWhole({ db, driver }, happens ? [1] : [])
  })

  test('commit and rollback fail: the first error is thrown, the connection closed', async () => {
    const { db, driver } = await database({ later })
    const [connection] = driver.open
    driver.options = {
      ...driver.options,
      fault: ({ sql }) =>
        sql === 'commit' ? { error: locked() } : sql === 'rollback' ? { error: new Error('no way back') } : undefined,
    }
    const error = await db.transaction(insert(db, 1)).catch((error) => error)
    expect(error).toMatchObject({
      code: 'busy',
      sql: 'commit',
      suppressed: { message: 'no way back.', sql: 'rollback' },
    })
    expect(driver.open.has(connection!)).toBe(false)
    await expectWhole({ db, driver }, [])
  })

  test.each([
    ['lasts', true, [1]],
    ['does not last', false, []],
  ])('the connection is lost during the commit, which %s', async (_, happens, rows) => {
    const { db, driver } = await database({ later })
    failAt(driver, 'commit', { error: lostConnection(), happens })
    const calls: string[] = []
    const error = await db
      .transaction(async (trx) => {
        trx.afterCommit(() => calls.push('commit'))
        trx.afterRollback(() => calls.push('rollback'))
        await insert(db, 1)(trx)
      })
      .catch((error) => error)
    expect(error).toMatchObject({ code: 'unknown_outcome', cause: { code: 'connection', sql: 'commit' } })
    expect(calls).toEqual([])
    expect(driver.open.size).toBe(0)
    await expectWhole({ db, driver }, rows)
  })

  test('the work and then the rollback fail: the error of the work is thrown', async () => {
    for (const thrown of [
      new Error('mine'),
      Object.freeze(new Error('frozen')),
      'text',
      new KantaError('not_found', 'none'),
    ]) {
      const { db, driver } = await database({ later })
      failAt(driver, 'rollback', { error: new Error('no way back') })
      const error = await db
        .transaction(async (trx) => {
          await insert(db, 1)(trx)
          throw thrown
        })
        .catch((error) => error)
      expect(error.suppressed).toMatchObject({ message: 'no way back.', sql: 'rollback' })
      if (typeof thrown === 'object' && Object.isExtensible(thrown)) expect(error).toBe(thrown)
      else expect(error).toMatchObject({ code: 'transaction', cause: thrown })
      await expectWhole({ db, driver }, [])
    }
  })

  test('a rollback by hand fails: the error is thrown, the connection closed', async () => {
    const { db, driver } = await database({ later })
    const trx = await beginTransaction(db.session, driver)
    await insert(db, 1)(trx)
    failAt(driver, 'rollback', { error: new Error('no way back') })
    await expect(trx.rollback()).rejects.toMatchObject({ message: 'no way back.' })
    expect(trx.isRolledBack).toBe(true)
    await expectWhole({ db, driver }, [])
  })

  test('a savepoint fails: the outer one goes on', async () => {
    for (const happens of [false, true]) {
      const { db, driver } = await database({ later })
      failAt(driver, 'savepoint', { error: locked(), happens })
      await db.transaction(async (outer) => {
        await insert(db, 1)(outer)
        await expect(db.transaction(insert(db, 2), { in: outer.session })).rejects.toMatchObject({ code: 'busy' })
        await insert(db, 3)(outer)
        await db.transaction(insert(db, 4), { in: outer.session })
      })
      await expectWhole({ db, driver }, [1, 3, 4])
    }
  })

  test('the end of a nested one fails: it is undone, and the outer one goes on', async () => {
    const { db, driver } = await database({ later })
    failAt(driver, 'release', { error: locked() })
    await db.transaction(async (outer) => {
      await insert(db, 1)(outer)
      await expect(db.transaction(insert(db, 2), { in: outer.session })).rejects.toMatchObject({ code: 'busy' })
      await insert(db, 3)(outer)
    })
    await expectWhole({ db, driver }, [1, 3])
  })

  test('the rollback of a nested one fails: the outer one cannot be committed', async () => {
    const { db, driver } = await database({ later })
    failAt(driver, 'rollback to', { error: new Error('no way back') })
    const refused = { code: 'transaction', message: expect.stringContaining('failed') }
    const failed = db.transaction(async (outer) => {
      await insert(db, 1)(outer)
      const error = await db
        .transaction(
          async (inner) => {
            await insert(db, 2)(inner)
            throw new Error('undo')
          },
          { in: outer.session },
        )
        .catch((error) => error)
      expect(error).toMatchObject({ message: 'undo', suppressed: { message: 'no way back.' } })
      await expect(insert(db, 3)(outer)).rejects.toMatchObject(refused)
    })
    await expect(failed).rejects.toMatchObject(refused)
    await expectWhole({ db, driver }, [])
  })

  test('a statement fails on a broken connection: the transaction cannot be committed', async () => {
    const { db, driver } = await database({ later })
    const failed = db.transaction(async (trx) => {
      await insert(db, 1)(trx)
      trx.session.release(await trx.session.acquire('write', undefined), true)
    })
    await expect(failed).rejects.toMatchObject({ code: 'transaction' })
    expect(driver.open.size).toBe(0)
    await expectWhole({ db, driver }, [])
  })

  test('the rollback of what was left open on a connection fails', async () => {
    const { db, driver } = await database({ later })
    failAt(driver, 'rollback', { error: new Error('no way back') })
    const failed = db.connection((session) => db.run('begin; insert into t values (1)', session))
    await expect(failed).rejects.toMatchObject({ code: 'transaction', suppressed: { message: 'no way back.' } })
    await expectWhole({ db, driver }, [])
  })
})

describe('whichever step fails', () => {
  /** Several transactions of two rows each, as their callers see them. */
  async function scenario(db: Harness): Promise<PromiseSettledResult<unknown>[]> {
    const pair = (a: number) => async (trx: { session: unknown }) => {
      await insert(db, a)(trx)
      await insert(db, a + 1)(trx)
    }
    const results: PromiseSettledResult<unknown>[] = []
    const attempt = async (work: () => Promise<unknown>) => results.push(...(await Promise.allSettled([work()])))
    await attempt(() => db.transaction(pair(10)))
    await attempt(() =>
      db.transaction(async (outer) => {
        await insert(db, 20)(outer)
        await db.transaction(pair(50), { in: outer.session }).catch(() => {})
        await db
          .transaction(
            async (inner) => {
              await pair(60)(inner)
              throw new Error('undo')
            },
            { in: outer.session },
          )
          .catch(() => {})
        await insert(db, 21)(outer)
      }),
    )
    await attempt(() =>
      db.transaction((trx) => db.read('select a from t', trx.session), { settings: { access: 'read only' } }),
    )
    await attempt(() => db.connection((session) => db.transaction(pair(30), { in: session })))
    await attempt(async () => {
      await using trx = await beginTransaction(db.session, db.driver)
      await trx.savepoint('s')
      await insert(db, 99)(trx)
      await trx.rollbackToSavepoint('s')
      await pair(40)(trx)
      await trx.commit()
    })
    return results
  }

  const faults: [string, () => Fault][] = [
    ['locked', () => ({ error: locked() })],
    ['locked, and it happened', () => ({ error: locked(), happens: true })],
    ['lost', () => ({ error: lostConnection() })],
    ['lost, and it happened', () => ({ error: lostConnection(), happens: true })],
  ]
  const cases = faults.flatMap((fault) =>
    [false, true].flatMap((later) => [0, 2].map((readers) => [fault[0], later, readers, fault[1]] as const)),
  )

  test.each(cases)('%s (later: %j, readers: %i)', async (_, later, readers, fault) => {
    const whole = await database({ later, readers })
    const first = whole.driver.steps.length
    expect((await scenario(whole.db)).every(({ status }) => status === 'fulfilled')).toBe(true)
    const steps = whole.driver.steps.length - first
    await expectWhole(whole, [10, 11, 20, 21, 30, 31, 40, 41, 50, 51])
    expect(steps).toBeGreaterThan(25)

    for (let n = 1; n <= steps; n++) {
      const { db, driver } = await database({ later, readers })
      const from = driver.steps.length
      driver.options = {
        ...driver.options,
        fault: ({ number, kind }) =>
          number === from + n ? { ...fault(), ...(kind === 'connect' && { happens: false }) } : undefined,
      }
      const results = await scenario(db)
      driver.options = { ...driver.options, fault: () => undefined }
      const rows = (await db.read('select a from t order by a')) as number[]
      // All of a transaction, or nothing of it.
      for (const a of [10, 20, 30, 40, 50]) expect(rows.includes(a)).toBe(rows.includes(a + 1))
      expect(rows.filter((a) => a >= 60)).toEqual([])
      // What its caller was told is what became of it.
      for (const [at, a] of [
        [0, 10],
        [1, 20],
        [3, 30],
        [4, 40],
      ] as const) {
        const result = results[at]!
        if (result.status === 'fulfilled') expect(rows).toContain(a)
        else if (result.reason.code !== 'unknown_outcome' && !fault().happens) expect(rows).not.toContain(a)
      }
      await expectWhole({ db, driver }, rows)
    }
  })
})
