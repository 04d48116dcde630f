import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, type Plugin, sql } from '../../src/index.ts'
import { gracefulShutdown, silentLogger } from '../../src/infra/index.ts'
import { root } from '../package/sources.ts'

const open = (plugins: readonly Plugin[] = []) =>
  kanta({ driver: sqlite(':memory:'), logger: silentLogger }).withPlugins(plugins)

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('gracefulShutdown() (H54)', () => {
  test('goes in order: intake, running work, plugins, pool', async () => {
    const order: string[] = []
    const db = open([{ name: 'last', onInit: () => {}, onDestroy: () => void order.push('plugin') }])
    await sql`select 1`.execute(db)
    const work = db.transaction().execute(async (trx) => {
      await pause(30)
      await sql`select 1`.execute(trx)
      order.push('work')
    })
    await pause(1)
    const shutDown = gracefulShutdown(db, {
      intake: async () => {
        // What was accepted may still begin.
        await db.transaction().execute(async () => void order.push('accepted'))
        order.push('intake')
      },
    })
    expect(shutDown.isStarted).toBe(false)
    const one = shutDown()
    expect(shutDown()).toBe(one)
    await one
    await work
    expect(order).toEqual(['work', 'accepted', 'intake', 'plugin'])
    expect(shutDown.isStarted).toBe(true)
    expect(shutDown()).toBe(one)
    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: 'closed' })
  })

  test('work that does not end in time loses its connection, and plugins end all the same', async () => {
    const order: string[] = []
    const db = open([{ name: 'last', onInit: () => {}, onDestroy: () => void order.push('plugin') }])
    await sql`select 1`.execute(db)
    const never = Promise.withResolvers<void>()
    const work = db.transaction().execute(() => never.promise)
    await pause(1)
    await expect(gracefulShutdown(db, { timeout: 30 })()).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/a transaction/),
    })
    expect(order).toEqual(['plugin'])
    never.resolve()
    await work.catch(() => {})
  })

  test('an intake that fails or hangs does not keep the rest from ending', async () => {
    const failed = open()
    const failing = gracefulShutdown(failed, {
      intake: () => {
        throw new Error('the server did not stop')
      },
    })
    await expect(failing()).rejects.toThrow('the server did not stop')
    await expect(sql`select 1`.execute(failed)).rejects.toMatchObject({ code: 'closed' })
    const hung = open()
    const hanging = gracefulShutdown(hung, { intake: () => new Promise(() => {}), timeout: 20 })
    await expect(hanging()).rejects.toThrow(/intake did not stop/)
    await expect(sql`select 1`.execute(hung)).rejects.toMatchObject({ code: 'closed' })
  })

  test('refuses a transaction and wrong options', async () => {
    await using db = open()
    expect(() => gracefulShutdown({} as never)).toThrow(/whole database/)
    expect(() => gracefulShutdown(db, { timeout: -1 })).toThrow(/number for timeout/)
    expect(() => gracefulShutdown(db, { intake: 5 as never })).toThrow(/function for intake/)
    expect(() => gracefulShutdown(db, { logger: {} as never })).toThrow(/has no method/)
    const listeners = process.listenerCount('SIGTERM')
    for (const signals of ['SIGTERM', ['SIGTERM', 'SIGTREM'], ['SIGTERM', 'SIGKILL']])
      expect(() => gracefulShutdown(db, { signals: signals as never })).toThrow(/takes signals of these: SIGTERM/)
    expect(process.listenerCount('SIGTERM')).toBe(listeners)
  })

  test('a logger that fails does not keep the rest from ending', async () => {
    const fail = () => {
      throw new Error('of the logger')
    }
    const db = open()
    await gracefulShutdown(db, { logger: { trace: fail, debug: fail, info: fail, warn: fail, error: fail } })()
    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: 'closed' })
  })

  test('a signal starts it once, and the process ends by that signal', async () => {
    const program = `
      import { kanta, sql } from 'kanta'
      import { gracefulShutdown } from 'kanta/infra'
      import { sqlite } from 'kanta/sqlite'
      const db = kanta({ driver: sqlite(':memory:'), plugins: [{ name: 'p', onInit() {}, onDestroy() { console.log('plugin') } }] })
      await sql\`select 1\`.execute(db)
      const shutDown = gracefulShutdown(db, { signals: ['SIGTERM'], intake: () => console.log('intake', shutDown.isStarted) })
      setInterval(() => {}, 1000)
      console.log('ready')
    `
    const child = spawn(
      process.execPath,
      ['--conditions=kanta-source', '--input-type=module-typescript', '-e', program],
      {
        cwd: join(root, 'packages/kanta'),
      },
    )
    let out = ''
    child.stdout.on('data', (bytes) => {
      if (String(bytes).includes('ready')) child.kill('SIGTERM')
      out += bytes
    })
    child.stderr.on('data', (bytes) => {
      out += bytes
    })
    const signal = await new Promise((resolve) => child.on('exit', (_, by) => resolve(by)))
    expect([signal, out.split('\n').filter((line) => !line.includes('Shutdown:'))]).toEqual([
      'SIGTERM',
      ['ready', 'intake true', 'plugin', ''],
    ])
  })
})
