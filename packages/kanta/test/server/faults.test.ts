import { type Proxy, startProxy } from 'kanta-servers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Database, type ErrorCode, KantaError, kanta, sql } from '../../src/index.ts'
import { type Server, servers } from './servers.ts'

interface Tables {
  t: { a: number }
}

/** The code of what a promise rejects with. */
async function codeOf(work: Promise<unknown>): Promise<ErrorCode | 'nothing'> {
  try {
    await work
    return 'nothing'
  } catch (error) {
    if (error instanceof KantaError) return error.code
    throw error
  }
}

describe.each(servers)('$name', (server: Server) => {
  describe.skipIf(server.missing !== undefined)('faults', () => {
    let proxy: Proxy
    let db: Database<Tables>
    let direct: Database<Tables>
    let close: () => Promise<void>
    /** Another database of the same place, with a pool of one. */
    let another: (options?: { readonly acquireTimeout?: number }) => Database<Tables>
    /** The same through the proxy. */
    let through: (options?: { readonly acquireTimeout?: number }) => Database<Tables>

    beforeEach(async () => {
      const place = await server.create()
      proxy = await startProxy(place.address)
      const made: Database<Tables>[] = []
      const open = (at: { host: string; port: number }, max: number, options = {}): Database<Tables> => {
        const one = kanta<Tables>({ driver: place.driver(at, max), ...options })
        made.push(one)
        return one
      }
      another = (options) => open(place.address, 1, options)
      through = (options) => open(proxy, 1, options)
      direct = open(place.address, 2)
      db = open(proxy, 1, { acquireTimeout: 2_000 })
      await sql`create table t (a integer primary key)`.execute(direct)
      close = async () => {
        for (const one of made) await one.destroy({ timeout: 1_000 }).catch(() => {})
        await proxy.close()
        await place.drop()
      }
    })
    afterEach(() => close())

    const add = (a: number, to: Pick<Database<Tables>, 'insertInto'> = db) => to.insertInto('t').values({ a }).execute()
    const rows = async () => (await direct.selectFrom('t').select('a').orderBy('a').execute()).map((row) => row.a)
    /** The pool of one still has its connection to give. */
    const works = async () => expect(await db.selectNoFrom(sql<number>`1`.as('x')).execute()).toEqual([{ x: 1 }])

    test('a connection lost in a query that reads: it fails, and the next has another connection', async () => {
      await works()
      const running = codeOf(sql.raw(`select ${server.sleeping(10)}`).execute(db))
      await asleep(direct)
      proxy.cut()
      // Text of the user's own might write.
      expect(await running).toBe('unknown_outcome')
      await works()
      const reading = codeOf(db.selectNoFrom(sql.raw<number>(server.sleeping(10)).as('x')).execute())
      await asleep(direct)
      proxy.cut()
      expect(await reading).toBe('connection')
      await works()
    })

    /** Waits until the server runs something that sleeps. */
    const asleep = async (on: Database<Tables>): Promise<void> => {
      for (;;) {
        const { rows } = await on.executeQuery({ sql: server.sleepers, parameters: [] })
        if (rows.length > 0) return
      }
    }

    test('a connection lost in a write by itself: whether it took effect is not known', async () => {
      await works()
      const cut = proxy.cutAfter('insert into')
      const written = codeOf(add(1))
      await cut
      expect(await written).toBe('unknown_outcome')
      expect([[], [1]]).toContainEqual(await rows())
      await works()
    })

    test('a connection lost in a transaction: it is undone, and that is known', async () => {
      const failed = db.transaction().execute(async (trx) => {
        await add(1, trx)
        proxy.cut()
        await add(2, trx)
      })
      expect(await codeOf(failed)).toBe('connection')
      expect(await rows()).toEqual([])
      await works()
    })

    test('a connection lost between the work and the commit, unseen by the work', async () => {
      const failed = db.transaction().execute(async (trx) => {
        await add(1, trx)
        proxy.cut()
        await add(2, trx).catch(() => {})
      })
      expect(await codeOf(failed)).toBe('connection')
      expect(await rows()).toEqual([])
      await works()
    })

    test('a connection lost at the commit: the outcome is unknown, here it was kept', async () => {
      const calls: string[] = []
      let cut: Promise<void> | undefined
      const failed = db.transaction().execute(async (trx) => {
        trx.afterCommit(() => calls.push('committed'))
        trx.afterRollback(() => calls.push('rolled back'))
        await add(1, trx)
        cut = proxy.cutAfter('commit')
      })
      expect(await codeOf(failed)).toBe('unknown_outcome')
      await cut
      expect(calls).toEqual([])
      expect(await rows()).toEqual([1])
      await works()
    })

    test('retry() runs a transaction again whose connection was lost, but none that may have been committed', async () => {
      let runs = 0
      await db
        .transaction()
        .retry({ minDelay: 0 })
        .execute(async (trx) => {
          runs++
          await add(1, trx)
          if (runs === 1) proxy.cut()
          await add(2, trx)
        })
      expect([runs, await rows()]).toEqual([2, [1, 2]])
      const failed = db
        .transaction()
        .retry({ minDelay: 0 })
        .execute(async (trx) => {
          runs++
          await add(3, trx)
          void proxy.cutAfter('commit')
        })
      expect(await codeOf(failed)).toBe('unknown_outcome')
      expect([runs, await rows()]).toEqual([3, [1, 2, 3]])
    })

    test('a begin that fails gives the connection back', async () => {
      await works()
      proxy.cut()
      // Twice: with a pool of one, a connection that was not given back is waited for in vain.
      for (let i = 0; i < 2; i++) {
        const code = await codeOf(
          db
            .startTransaction()
            .execute()
            .then((trx) => trx.rollback().execute()),
        )
        expect(['connection', 'nothing']).toContain(code)
        proxy.cut()
      }
      // Whether the last cut was noticed before the next use is not ours to say.
      await codeOf(works())
      await works()
    })

    test('a pool that is exhausted says what holds its connection', async () => {
      const go = Promise.withResolvers<void>()
      const began = Promise.withResolvers<void>()
      const holding = db.transaction().execute(async () => {
        began.resolve()
        await go.promise
      })
      await began.promise
      const small = another({ acquireTimeout: 20 })
      const taken = Promise.withResolvers<void>()
      const held = small.transaction().execute(() => {
        taken.resolve()
        return go.promise
      })
      await taken.promise
      await expect(small.selectFrom('t').selectAll().execute()).rejects.toMatchObject({
        code: 'timeout',
        message: expect.stringMatching(/held by a transaction \(for \d+ ms\)/),
      })
      go.resolve()
      await Promise.all([holding, held])
    })

    test('a signal ends a slow statement on the server, and the connection goes on', async () => {
      const controller = new AbortController()
      const slow = codeOf(
        db.selectNoFrom(sql.raw<number>(server.sleeping(30)).as('x')).execute({ signal: controller.signal }),
      )
      await asleep(direct)
      controller.abort()
      expect(await slow).toBe('cancelled')
      expect((await direct.executeQuery({ sql: server.sleepers, parameters: [] })).rows).toEqual([])
      await works()
    })

    test('a signal of AbortSignal.timeout() is a timeout', async () => {
      const slow = db
        .selectNoFrom(sql.raw<number>(server.sleeping(30)).as('x'))
        .execute({ signal: AbortSignal.timeout(50) })
      expect(await codeOf(slow)).toBe('timeout')
      await works()
    })

    test("onAbort: 'ignore' lets the statement run, and the connection comes back when it has", async () => {
      const controller = new AbortController()
      const slow = codeOf(
        db
          .selectNoFrom(sql.raw<number>(server.sleeping(0.4)).as('x'))
          .execute({ signal: controller.signal, onAbort: 'ignore' }),
      )
      await asleep(direct)
      controller.abort()
      expect(await slow).toBe('cancelled')
      expect((await direct.executeQuery({ sql: server.sleepers, parameters: [] })).rows).toHaveLength(1)
      await works()
      expect((await direct.executeQuery({ sql: server.sleepers, parameters: [] })).rows).toEqual([])
    })

    test("onAbort: 'kill connection' ends it, and the pool makes another", async () => {
      const controller = new AbortController()
      const slow = codeOf(
        db
          .selectNoFrom(sql.raw<number>(server.sleeping(30)).as('x'))
          .execute({ signal: controller.signal, onAbort: 'kill connection' }),
      )
      await asleep(direct)
      controller.abort()
      expect(await slow).toBe('cancelled')
      await works()
    })

    test('a signal of a transaction ends the statement that runs in it, and undoes all', async () => {
      const controller = new AbortController()
      const slow = codeOf(
        db.transaction().execute(
          async (trx) => {
            await add(1, trx)
            await trx.selectNoFrom(sql.raw<number>(server.sleeping(30)).as('x')).execute()
          },
          { signal: controller.signal },
        ),
      )
      await asleep(direct)
      controller.abort()
      expect(await slow).toBe('cancelled')
      expect(await rows()).toEqual([])
      await works()
    })

    test('a connection that is half open is given up when its statement is cancelled in vain', async () => {
      await works()
      const controller = new AbortController()
      const slow = codeOf(
        db.selectNoFrom(sql.raw<number>(server.sleeping(30)).as('x')).execute({ signal: controller.signal }),
      )
      await asleep(direct)
      proxy.freeze()
      controller.abort()
      expect(await slow).toBe('cancelled')
      proxy.cut()
      proxy.thaw()
      await works()
    }, 20_000)

    test('a signal of a transaction ends also what waits there for its turn', async () => {
      const controller = new AbortController()
      const codes: Promise<string>[] = []
      const failed = codeOf(
        db.transaction().execute(
          async (trx) => {
            for (let i = 0; i < 3; i++)
              codes.push(codeOf(trx.selectNoFrom(sql.raw<number>(server.sleeping(30)).as('x')).execute()))
            await Promise.all(codes)
          },
          { signal: controller.signal },
        ),
      )
      await asleep(direct)
      controller.abort()
      expect(await failed).toBe('cancelled')
      expect(await Promise.all(codes)).toEqual(['cancelled', 'cancelled', 'cancelled'])
      expect((await direct.executeQuery({ sql: server.sleepers, parameters: [] })).rows).toEqual([])
      await works()
    })

    test('a signal of a transaction ends a nested one that does nothing just then', async () => {
      const controller = new AbortController()
      const go = Promise.withResolvers<void>()
      const process = server.name === 'postgres' ? 'pg_backend_pid()' : 'connection_id()'
      const session = async (on: Pick<Database<Tables>, 'selectNoFrom'>) =>
        (await on.selectNoFrom(sql.raw<number>(process).as('x')).executeTakeFirstOrThrow()).x
      const before = await session(db)
      const failed = codeOf(
        db.transaction().execute(
          (trx) =>
            trx.transaction().execute(async (inner) => {
              await add(1, inner)
              controller.abort()
              await go.promise
            }),
          { signal: controller.signal },
        ),
      )
      expect(await failed).toBe('cancelled')
      go.resolve()
      expect(await rows()).toEqual([])
      // The connection is good for others.
      expect(await session(db)).toBe(before)
    })

    test('a signal whose word does not reach the server: the connection is given up', async () => {
      await works()
      const patient = through({ acquireTimeout: 20_000 })
      const controller = new AbortController()
      const slow = codeOf(
        patient.selectNoFrom(sql.raw<number>(server.sleeping(0.5)).as('x')).execute({ signal: controller.signal }),
      )
      await asleep(direct)
      proxy.stall()
      controller.abort()
      // It ends well before the word could reach it.
      expect(await slow).toBe('nothing')
      proxy.thaw()
      expect(await patient.selectNoFrom(sql<number>`1`.as('x')).execute()).toEqual([{ x: 1 }])
    }, 20_000)

    test('a signal in a transaction whose word does not reach the server', async () => {
      await works()
      const controller = new AbortController()
      const failed = codeOf(
        db.transaction().execute((trx) => trx.selectNoFrom(sql.raw<number>(server.sleeping(0.5)).as('x')).execute(), {
          signal: controller.signal,
        }),
      )
      await asleep(direct)
      proxy.stall()
      controller.abort()
      expect(await failed).toBe('cancelled')
    }, 20_000)

    test('a server that does not answer any more keeps no signal waiting: between two statements', async () => {
      const controller = new AbortController()
      const failed = codeOf(
        db.transaction().execute(
          async (trx) => {
            await add(1, trx)
            proxy.freeze()
            controller.abort()
          },
          { signal: controller.signal },
        ),
      )
      expect(await failed).toBe('cancelled')
      proxy.cut()
      proxy.thaw()
      await works()
      expect(await rows()).toEqual([])
    }, 20_000)

    test('a server that does not answer any more keeps no signal waiting: as a transaction begins', async () => {
      await works()
      proxy.freeze()
      const failed = codeOf(db.transaction().execute((trx) => add(1, trx), { signal: AbortSignal.timeout(50) }))
      expect(await failed).toBe('timeout')
      proxy.cut()
      proxy.thaw()
      await works()
      expect(await rows()).toEqual([])
    }, 20_000)

    test('a server that does not answer any more does not keep destroy() waiting', async () => {
      await works()
      proxy.freeze()
      await db.destroy()
    }, 20_000)

    test('rows of several statements whose commit is cut off: whether they are there is not known', async () => {
      await works()
      // Two kinds of rows, in two statements.
      const cut = proxy.cutAfter('commit')
      const written = codeOf(
        db
          .insertInto('t')
          .values(Array.from({ length: 70_000 }, (_, a) => ({ a })))
          .execute(),
      )
      expect(await written).toBe('unknown_outcome')
      await cut
      expect((await rows()).length).toBe(70_000)
      await works()
    }, 20_000)

    test('destroy() lets work end, and with a time limit takes its connection away', async () => {
      const own = another()
      const slow = codeOf(own.selectNoFrom(sql.raw<number>(server.sleeping(0.3)).as('x')).execute())
      await asleep(direct)
      await own.destroy()
      expect(await slow).toBe('nothing')
      const other = another()
      const never = codeOf(other.selectNoFrom(sql.raw<number>(server.sleeping(30)).as('x')).execute())
      await asleep(direct)
      await expect(other.destroy({ timeout: 50 })).rejects.toMatchObject({ code: 'timeout' })
      expect(['connection', 'closed']).toContain(await never)
    })

    describe('a stream with a pool of one', () => {
      beforeEach(async () => {
        await direct
          .insertInto('t')
          .values(Array.from({ length: 5_000 }, (_, a) => ({ a })))
          .execute()
      })
      const stream = (options?: { signal?: AbortSignal; chunkSize?: number }) =>
        db
          .selectFrom('t')
          .select('a')
          .stream({ chunkSize: 10, ...options })

      /** Makes each row from the eleventh on slow. Those before are long, so that the server sends them at once. */
      const slowAfterTen = sql
        .raw<string>(`case when a < 10 then repeat('x', 100000) when ${server.sleeping(30)} = 2 then '' else '' end`)
        .as('x')

      test('gives all rows', async () => {
        let count = 0
        for await (const _ of stream()) count++
        expect(count).toBe(5_000)
        await works()
      })

      test('break gives the connection back', async () => {
        for await (const _ of stream()) break
        await works()
      })

      test('so does what throws inside', async () => {
        const failed = async () => {
          for await (const _ of stream()) throw new Error('inside')
        }
        await expect(failed()).rejects.toThrow('inside')
        await works()
      })

      test('so does a signal, between rows', async () => {
        const controller = new AbortController()
        const failed = async () => {
          for await (const _ of stream({ signal: controller.signal })) controller.abort()
        }
        expect(await codeOf(failed())).toBe('cancelled')
        await works()
      })

      test('so does a signal while rows are waited for', async () => {
        const controller = new AbortController()
        const slow = async () => {
          const rows = db.selectFrom('t').select(sql.raw<number>(server.sleeping(30)).as('x'))
          for await (const _ of rows.stream({ chunkSize: 5_000, signal: controller.signal }))
            throw new Error('A row came.')
        }
        const failed = codeOf(slow())
        await asleep(direct)
        controller.abort()
        expect(await failed).toBe('cancelled')
        await works()
      })

      test('break does not wait for rows that are slow to come', async () => {
        for await (const _ of db.selectFrom('t').select(['a', slowAfterTen]).orderBy('a').stream({ chunkSize: 10 }))
          break
        await works()
      })

      test('nor does a signal between rows', async () => {
        const controller = new AbortController()
        const { signal } = controller
        const failed = async () => {
          for await (const _ of db
            .selectFrom('t')
            .select(['a', slowAfterTen])
            .orderBy('a')
            .stream({ chunkSize: 10, signal }))
            controller.abort()
        }
        expect(await codeOf(failed())).toBe('cancelled')
        await works()
      })

      test('nor does destroy() with a time limit', async () => {
        const rows = db.selectFrom('t').select(['a', slowAfterTen]).orderBy('a').stream({ chunkSize: 10 })
        await rows.next()
        await expect(db.destroy({ timeout: 10 })).rejects.toMatchObject({ code: 'timeout' })
        await expect(
          (async () => {
            for await (const _ of rows);
          })(),
        ).rejects.toBeInstanceOf(KantaError)
      }, 20_000)

      test('one that its transaction ends before its last row fails, rather than end early', async () => {
        const one = await db.startTransaction().execute()
        const rows = one.selectFrom('t').select('a').stream({ chunkSize: 10 })
        await rows.next()
        await one.commit().execute()
        const rest = async () => {
          for await (const _ of rows);
        }
        expect(await codeOf(rest())).toBe('transaction')
        await works()
      })

      test('so does a connection that is lost', async () => {
        const failed = async () => {
          for await (const _ of stream()) proxy.cut()
        }
        expect(['connection', 'nothing']).toContain(await codeOf(failed()))
        // All rows may have come before; whether the cut was noticed before the next use is not ours to say.
        await codeOf(works())
        await works()
      })
    })

    /** The level as the server tells it, which some refresh only now and then. */
    const isolation = async (on: Database<Tables>): Promise<string> => {
      for (;;) {
        const { rows } = await on.executeQuery<Record<string, string | null>>({ sql: server.isolation, parameters: [] })
        const level = Object.values(rows[0]!)[0]
        if (level !== null) return level!.toLowerCase().replace('-', ' ')
      }
    }

    test.each(['read committed', 'repeatable read', 'serializable'] as const)('%s is applied', async (level) => {
      const trx = await db
        .transaction()
        .setIsolationLevel(level)
        .execute(async (trx) => {
          // A server may begin in earnest only with the first statement.
          await trx.selectFrom('t').selectAll().execute()
          return isolation(trx)
        })
      expect(trx).toBe(level)
      // It does not outlive the transaction.
      expect(await isolation(db)).toBe(server.usualIsolation)
    })

    test('read only is applied', async () => {
      const failed = db
        .transaction()
        .setAccessMode('read only')
        .execute((trx) => trx.executeQuery({ sql: 'insert into t values (1)', parameters: [] }))
      expect(await codeOf(failed)).toBe('read_only')
      await add(1)
    })

    test('two transactions that lock each other: one is undone, and runs again with retry()', async () => {
      await direct
        .insertInto('t')
        .values([{ a: 1 }, { a: 2 }])
        .execute()
      const both = Promise.withResolvers<void>()
      let waiting = 0
      let runs = 0
      const move = (first: number, second: number) =>
        direct
          .transaction()
          .retry({ minDelay: 1 })
          .execute(async (trx) => {
            runs++
            await trx.updateTable('t').set({ a: first }).where('a', '=', first).execute()
            await trx.selectFrom('t').selectAll().where('a', '=', first).forUpdate().execute()
            if (++waiting === 2) both.resolve()
            await both.promise
            await trx.selectFrom('t').selectAll().where('a', '=', second).forUpdate().execute()
          })
      await Promise.all([move(1, 2), move(2, 1)])
      expect(runs).toBe(3)
    }, 20_000)
  })
  if (server.missing !== undefined) test.skip(server.missing, () => {})
})
