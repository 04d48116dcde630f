import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { sql } from '../../src/index.ts'
import type { MigrationEvent, migrator } from '../../src/migrate/index.ts'
import { names, onEachEngine, steps, thrown } from './world.ts'

const program = fileURLToPath(new URL('./runner.ts', import.meta.url))

/** A runner in a process of its own. */
class Runner {
  readonly process: ChildProcess
  readonly lines: string[] = []
  readonly #changed: (() => void)[] = []
  readonly ended: Promise<void>

  constructor(engine: string, place: string, work: string) {
    const args = ['--conditions=kanta-source', '--disable-warning=ExperimentalWarning', program, engine, place, work]
    this.process = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    createInterface({ input: this.process.stdout! }).on('line', (line) => {
      this.lines.push(line)
      for (const each of this.#changed.splice(0)) each()
    })
    this.ended = new Promise((resolve) => {
      this.process.once('close', () => {
        for (const each of this.#changed.splice(0)) each()
        resolve()
      })
    })
  }

  async says(line: string): Promise<void> {
    while (!this.lines.includes(line)) {
      if (this.process.exitCode !== null) expect.unreachable(`It ended with: ${this.lines.join(', ')}`)
      await new Promise<void>((resolve) => this.#changed.push(resolve))
    }
  }

  go(): void {
    this.process.stdin!.write('\n')
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.ended
  }
}

onEachEngine((world) => {
  const { engine, migrate } = world
  const running: Runner[] = []
  const start = (work: string) => {
    const runner = new Runner(engine.name, world.place, work)
    running.push(runner)
    return runner
  }
  afterEach(() => Promise.all(running.splice(0).map((runner) => runner.kill())))

  test('runners that start at once apply each migration once', { timeout: 60_000 }, async () => {
    await sql`create table done (step integer)`.execute(world.db)
    const runners = [start('all'), start('all'), start('all')]
    for (const runner of runners) await runner.says('ready')
    for (const runner of runners) runner.go()
    for (const runner of runners) await runner.ended
    const applied = runners.flatMap(({ lines }) => lines.filter((line) => line.startsWith('applied')))
    expect(applied.sort()).toEqual(['applied ', 'applied ', 'applied 1_step 2_step 3_step 4_step 5_step'])
    const rows = await world.db.selectFrom('done').select('step').orderBy('step').execute()
    expect(rows.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5])
  })

  const after = { '1_step': { up: () => {} }, '2_stuck': { up: () => {} } }

  if (engine.transactionalDdl)
    test('after one that was killed in a transaction the next goes on', { timeout: 60_000 }, async () => {
      await sql`create table done (step integer)`.execute(world.db)
      const runner = start('stuck inside')
      await runner.says('stuck')
      await runner.kill()
      expect(await world.has('stuck')).toBe(false)
      const events: MigrationEvent[] = []
      const next = migrate(after, { lock: { expiry: 1000 }, onProgress: (event) => events.push(event) })
      expect(names(await next.latest())).toEqual(['up 2_stuck'])
      expect((await next.status()).map(({ state }) => state)).toEqual(['applied', 'applied'])
    })

  test('after one that was killed outside of a transaction the next says dirty', { timeout: 60_000 }, async () => {
    await sql`create table done (step integer)`.execute(world.db)
    const runner = start('stuck outside')
    await runner.says('stuck')
    await runner.kill()
    expect(await world.has('stuck')).toBe(true)
    const next = migrate(after, { lock: { expiry: 1000 } })
    const error = await thrown(next.latest())
    expect(error).toMatchObject({
      code: 'migration_dirty',
      message: expect.stringContaining("'2_stuck' began to be applied"),
    })
    await next.resolve('2_stuck', 'applied')
    expect(names(await next.latest())).toEqual([])
  })

  test('whoever waits is told for whom, and waits only so long', { timeout: 60_000 }, async () => {
    await sql`create table done (step integer)`.execute(world.db)
    const runner = start('stuck outside')
    await runner.says('stuck')
    const events: MigrationEvent[] = []
    const waiting = migrate(after, { lock: { timeout: 300 }, onProgress: (event) => events.push(event) })
    const error = await thrown(waiting.latest())
    expect(error.code).toBe('timeout')
    expect(error.message).toMatch(/did not become free in 300 ms. It is held by (process|connection) \d+/)
    expect(events.length).toBeGreaterThan(0)
    expect(events.every(({ kind }) => kind === 'waiting')).toBe(true)
    const stop = new AbortController()
    const aborted = migrate(after, { onProgress: () => stop.abort() }).latest({ signal: stop.signal })
    expect((await thrown(aborted)).code).toBe('cancelled')
    // Alive, it is not taken over however long it takes.
    const long = migrate(after, { lock: { expiry: 1000, timeout: 2500 } })
    expect((await thrown(long.latest())).code).toBe('timeout')
    runner.go()
    await runner.ended
    expect(runner.lines.at(-1)).toBe('applied 1_step 2_stuck')
    expect(names(await waiting.latest())).toEqual([])
  })

  test('two runners of one program apply once', async () => {
    const [a, b] = await Promise.all([migrate(steps).latest(), migrate(steps).latest()])
    expect([names(a).length, names(b).length].sort()).toEqual([0, 3])
    expect(a.applied).toEqual(b.applied)
  })

  test('a row is the lock where that is asked for', async () => {
    const runner = migrate(steps, { lock: { by: 'row' }, lockTable: 'the_lock', table: 'the_records' })
    await Promise.all([runner.latest(), runner.latest()])
    expect(await world.has('the_lock')).toBe(true)
    expect(await world.has('the_records')).toBe(true)
    expect(await world.db.selectFrom('the_lock').select(['id', 'owner']).execute()).toEqual([{ id: 1, owner: null }])
  })

  test('whoever lost the lock changes nothing more', async () => {
    let result: unknown
    const up = async (db: Parameters<typeof migrator>[0]) => {
      await sql`update kanta_migration_lock set owner = 'somebody else'`.execute(db)
      result = 'went on'
    }
    const runner = migrate({ a: { transaction: false, up }, b: steps['1_country']! }, { lock: { by: 'row' } })
    const error = await thrown(runner.latest())
    expect(result).toBe('went on')
    expect(error.message).toContain("'b' failed to be applied: Another runner took over the lock")
    expect(await world.has('country')).toBe(false)
    expect(await world.db.selectFrom('kanta_migration_lock').select('owner').execute()).toEqual([
      { owner: 'somebody else' },
    ])
  })
})
