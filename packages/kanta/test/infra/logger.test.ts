import pino from 'pino'
import { describe, expect, test, vi } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, type Logger, sql } from '../../src/index.ts'
import { objectFirst, silentLogger } from '../../src/infra/index.ts'
import { createExecutor, ttl } from '../../src/plugins/index.ts'

/** A logger that keeps what it gets. */
function keeping(): { logger: Logger; lines: unknown[][] } {
  const lines: unknown[][] = []
  const method =
    (level: string) =>
    (...said: unknown[]) =>
      void lines.push([level, ...said])
  const [trace, debug, info, warn, error] = ['trace', 'debug', 'info', 'warn', 'error'].map(method)
  return { logger: { trace, debug, info, warn, error } as Logger, lines }
}

describe('a logger', () => {
  test('gets what kanta({ log }) writes, instead of the console', async () => {
    const { logger, lines } = keeping()
    await using db = kanta({ driver: sqlite(':memory:'), log: ['query', 'error'], logger })
    await sql`select ${1} as a`.execute(db)
    await sql`select nonsense`.execute(db).catch(() => {})
    expect(lines).toEqual([
      ['info', expect.stringMatching(/ ms {2}select \? as a$/), { parameters: [1] }],
      ['error', expect.stringMatching(/select nonsense$/), { parameters: [], error: expect.any(Error) }],
    ])
  })

  test('is the console by default, which is looked up at each call', async () => {
    const info = vi.spyOn(console, 'info').mockImplementation(() => {})
    await using db = kanta({ driver: sqlite(':memory:'), log: ['query'] })
    await sql`select 1`.execute(db)
    expect(info).toHaveBeenCalledOnce()
    info.mockRestore()
  })

  test('gets what plugins have to tell, such as a sweep of ttl() that failed', async () => {
    const { logger, lines } = keeping()
    const swept = ttl({ tables: { nowhere: { column: 'at', form: 'seconds' } }, mode: 'scheduled', every: 1 })
    const db = await createExecutor(kanta({ driver: sqlite(':memory:'), logger }), [swept])
    while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    await db.destroy()
    expect(lines[0]).toEqual([
      'error',
      'A sweep of expired rows failed.',
      expect.objectContaining({ name: 'KantaError' }),
    ])
  })

  test('that lacks a method is refused', () => {
    expect(() => kanta({ driver: sqlite(':memory:'), logger: { info: () => {} } as never })).toThrow(
      /no method trace, debug, warn, error/,
    )
    expect(() => kanta({ driver: sqlite(':memory:'), logger: console })).not.toThrow()
    expect(() => kanta({ driver: sqlite(':memory:'), logger: silentLogger })).not.toThrow()
  })

  test('of pino gets the details as an object', async () => {
    const lines: Record<string, unknown>[] = []
    const logger = objectFirst(pino({ level: 'trace' }, { write: (line: string) => void lines.push(JSON.parse(line)) }))
    await using db = kanta({ driver: sqlite(':memory:'), log: ['query'], logger })
    await sql`select ${1}`.execute(db)
    logger.error('It failed.', new Error('why'))
    logger.warn('Nothing more.')
    expect(lines).toMatchObject([
      { level: 30, parameters: [1], msg: expect.stringMatching(/select \?$/) },
      { level: 50, msg: 'It failed.', err: { message: 'why' } },
      { level: 40, msg: 'Nothing more.' },
    ])
  })
})
