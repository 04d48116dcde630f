import { expect, test } from 'vitest'
import { sql } from '../../src/index.ts'
import { migrator, none } from '../../src/migrate/index.ts'
import { names, onEachEngine, steps, thrown } from './world.ts'

onEachEngine((world) => {
  const { migrate, engine } = world

  test('H56: two runners at once run each migration once, under a lock', async () => {
    let runs = 0
    const migrations = {
      '1_slow': {
        up: async (db: typeof world.db) => {
          runs++
          await sql`create table slow (id integer)`.execute(db)
          await new Promise((resolve) => setTimeout(resolve, 50))
        },
      },
    }
    const applied = await Promise.all([1, 2].map(() => migrator(world.db, { migrations }).latest()))
    expect(runs).toBe(1)
    expect(applied.map((run) => names(run)).toSorted()).toEqual([[], ['up 1_slow']])
  })

  test('H56: the record of a migration and its changes are kept together, or neither is', async () => {
    const migrations = {
      ...steps,
      '4_fails': {
        up: async (db: typeof world.db) => {
          await db.insertInto('country').values({ id: 1, name: 'Finland' }).execute()
          throw new Error('on purpose')
        },
      },
    }
    const error = await thrown(migrate(migrations).latest())
    expect(error.message).toContain('4_fails')
    const states = (await migrate(migrations).status()).map(({ name, state }) => [name, state])
    // Where no transaction holds definitions, what failed is recorded as such until somebody has looked.
    expect(states.at(-1)).toEqual(['4_fails', engine.transactionalDdl ? 'pending' : 'dirty'])
    const kept = await world.db.selectFrom('country').select('id').execute()
    expect(kept).toEqual(engine.transactionalDdl ? [] : [{ id: 1 }])
    expect(states.slice(0, 3).every(([, state]) => state === 'applied')).toBe(true)
  })

  test('H56: a dry run prints the SQL, and creates no table', async () => {
    const run = await migrate(steps).latest({ dryRun: true })
    expect(run.results[0]!.statements[0]!.sql).toMatch(/^create table .?country/)
    for (const name of ['country', 'kanta_migration']) expect(await world.has(name)).toBe(false)
  })

  test('H56: hooks of plugins go around every way to migrate', async () => {
    const seen: string[] = []
    const plugin = {
      name: 'seen',
      hooks: [
        {
          name: 'seen',
          operations: ['migration'] as const,
          operation: (operation: { readonly name?: string | undefined }, next: () => Promise<unknown>) => {
            seen.push(operation.name!)
            return next()
          },
        },
      ],
    }
    const runner = migrator(world.db.withPlugins([plugin]), { migrations: steps })
    await runner.up()
    await runner.to('2_city')
    await runner.latest()
    await runner.down()
    await runner.to(none)
    expect(seen).toEqual(['1_country', '2_city', '3_mayor', '3_mayor', '2_city', '1_country'])
  })

  test('H56: migrations of one second are reverted in the opposite order', async () => {
    const run = await migrate(steps).latest()
    expect(names(run)).toEqual(['up 1_country', 'up 2_city', 'up 3_mayor'])
    expect(names(await migrate(steps).down(3))).toEqual(['down 3_mayor', 'down 2_city', 'down 1_country'])
  })

  test('H56: one that comes before an applied one is refused, and so is one that is gone', async () => {
    await migrate(steps).latest()
    const before = await thrown(migrate({ ...steps, '2_before': { up: () => {} } }).latest())
    expect(before.message).toContain('2_before')
    const { '1_country': _, ...gone } = steps
    expect((await thrown(migrate(gone).latest())).message).toContain('1_country')
  })

  test('H56: the table of the records has the name that it is given', async () => {
    await migrate(steps, { table: 'history' }).latest()
    expect(await world.has('history')).toBe(true)
    expect(await world.has('kanta_migration')).toBe(false)
  })
})
