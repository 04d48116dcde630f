import { expect, test } from 'vitest'
import { sql } from '../../src/index.ts'
import type { MigrationEvent, MigrationRun, Migrations } from '../../src/migrate/index.ts'
import { engines } from './engines.ts'
import { names, onEachEngine, steps, thrown } from './world.ts'

const servers = engines.filter(({ dialect }) => dialect !== 'sqlite')

onEachEngine((world) => {
  const { migrate, engine } = world

  /** Ends all other connections to the database, as an administrator or a failing server would. */
  const endOthers = async (): Promise<void> => {
    if (engine.dialect === 'postgres') {
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`.execute(
        world.db,
      )
      return
    }
    const { rows } = await sql<{
      id: number
    }>`select id from information_schema.processlist where db = database() and id <> connection_id()`.execute(world.db)
    for (const { id } of rows) await sql`kill ${sql.lit(id)}`.execute(world.db)
  }

  test('a connection that is lost in a migration takes the lock with it, and is not used again', {
    timeout: 30_000,
  }, async () => {
    const runner = migrate({
      ...steps,
      '4_lost': {
        up: async (db) => {
          await sql`create table lost (id integer)`.execute(db)
          await endOthers()
          await sql`create table never (id integer)`.execute(db)
        },
      },
    })
    const error = await thrown(runner.latest())
    expect(error.code).toBe('migration_failed')
    expect(error.message).toContain("'4_lost' failed to be applied")
    expect((error.result as MigrationRun).results.at(-1)!.status).toBe(
      engine.transactionalDdl ? 'rolled back' : 'dirty',
    )
    expect(await world.has('lost')).toBe(!engine.transactionalDdl)
    expect(await world.has('never')).toBe(false)
    const next = migrate({ ...steps, '4_lost': { up: () => {} } }, { lock: { timeout: 5000 } })
    if (!engine.transactionalDdl) {
      expect((await thrown(next.latest())).code).toBe('migration_dirty')
      await next.resolve('4_lost', 'rolled back')
    }
    expect(names(await next.latest())).toEqual(['up 4_lost'])
  })

  test('the lock is given back to the server before the connection to the pool', async () => {
    for (let i = 0; i < 6; i++) await migrate(steps).latest()
    const held =
      engine.dialect === 'postgres'
        ? sql<{ n: number }>`select count(*)::int as n from pg_locks where locktype = 'advisory'`
        : sql<{
            n: number | null
          }>`select is_used_lock(concat('kanta_', sha1(concat(database(), 'kanta_migration')))) as n`
    expect((await held.execute(world.db)).rows[0]!.n ?? 0).toBe(0)
  })
}, servers)

onEachEngine(
  ({ migrate }) => {
    test('an index is built concurrently while another runner waits', { timeout: 30_000 }, async () => {
      const waits: MigrationEvent[] = []
      let waiting!: () => void
      const isWaiting = new Promise<void>((resolve) => {
        waiting = resolve
      })
      const migrations: Migrations = {
        ...steps,
        '4_index': {
          transaction: false,
          up: async (db) => {
            await isWaiting
            await sql`create index concurrently city_name on city (name)`.execute(db)
          },
        },
      }
      const runner = migrate(migrations, {
        onProgress: (event) => {
          if (event.kind !== 'waiting') return
          waits.push(event)
          waiting()
        },
      })
      const runs = await Promise.all([runner.latest(), runner.latest()])
      expect(runs.map((run) => run.results.length).sort()).toEqual([0, 4])
      expect(waits[0]).toMatchObject({
        lock: 'kanta_migration',
        holder: expect.stringMatching(/^process \d+ of the server/),
      })
    })
  },
  servers.filter(({ dialect }) => dialect === 'postgres'),
)
