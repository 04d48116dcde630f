import { expect, test } from 'vitest'
import { type Database, sql } from '../../src/index.ts'
import { names, onEachEngine, steps, thrown } from './world.ts'

onEachEngine((world) => {
  const { migrate, engine } = world

  test('a dry run gives the SQL and changes nothing', async () => {
    const runner = migrate(steps)
    const run = await runner.latest({ dryRun: true })
    expect(run.dryRun).toBe(true)
    expect(names(run)).toEqual(['up 1_country', 'up 2_city', 'up 3_mayor'])
    expect(run.results.every(({ status }) => status === 'planned')).toBe(true)
    expect(run.results.flatMap(({ statements }) => statements.map((each) => each.sql.split('(')[0]!.trim()))).toEqual([
      'create table country',
      'create table city',
      expect.stringMatching(/^insert into .city./),
      'alter table city add mayor varchar',
    ])
    expect(run.results[1]!.statements[1]!.parameters).toContain('Turku')
    expect(run.results.every(({ statements }) => statements.every(({ ran }) => ran === engine.transactionalDdl))).toBe(
      true,
    )
    expect(run.applied).toEqual([])
    for (const table of ['country', 'city', 'kanta_migration', 'kanta_migration_lock'])
      expect(await world.has(table)).toBe(false)
    await runner.latest()
    expect(names(await runner.down(2, { dryRun: true }))).toEqual(['down 3_mayor', 'down 2_city'])
    expect((await runner.status()).map(({ state }) => state)).toEqual(['applied', 'applied', 'applied'])
  })

  test('what no transaction can undo is noted down, and not run; queries are', async () => {
    await migrate(steps).latest()
    let found: unknown
    const runner = migrate({
      ...steps,
      '4_outside': {
        transaction: false,
        up: async (db) => {
          found = await db.selectFrom('city').select('name').execute()
          await db.insertInto('city').values({ id: 2, name: 'Oulu' }).execute()
          await sql`drop table city`.execute(db)
          await db.transaction().execute((trx) => trx.deleteFrom('country').execute())
        },
      },
    })
    const { results } = await runner.latest({ dryRun: true })
    expect(found).toEqual([{ name: 'Turku' }])
    const statements = results[0]!.statements.map(({ sql, ran }) => [
      sql.replaceAll(/["`[\]]/g, '').split(/ \(|\$|\?/)[0],
      ran,
    ])
    expect(statements).toEqual(
      expect.arrayContaining([
        ['select name from city', true],
        ['insert into city', false],
        ['drop table city', false],
        ['delete from country', false],
      ]),
    )
    const rows = () => world.db.selectFrom('city').select(['id', 'name']).execute()
    expect(await rows()).toEqual([{ id: 1, name: 'Turku' }])
    // What was planned for no rows is not found again by the run itself.
    await world.db.deleteFrom('city').execute()
    let returned: unknown
    const real = {
      up: async (db: Database<any>) => {
        returned = await db.insertInto('city').values({ id: 3, name: 'Vaasa' }).returning(['id', 'name']).execute()
      },
    }
    const again = migrate({ ...steps, '4_outside': { ...real, transaction: false } })
    await again.latest({ dryRun: true })
    expect(returned).toEqual([])
    await again.latest()
    expect(returned).toEqual([{ id: 3, name: 'Vaasa' }])
    expect(await rows()).toEqual([{ id: 3, name: 'Vaasa' }])
  })

  test('a dry run that fails says that nothing was changed', async () => {
    const up = (db: Database<any>) => sql`insert into no_such_table values (1)`.execute(db)
    const runner = migrate({ ...steps, '4_broken': { up } })
    if (!engine.transactionalDdl) {
      // Where nothing can be undone nothing is run, and the database is not asked.
      expect(names(await runner.latest({ dryRun: true })).at(-1)).toBe('up 4_broken')
      return
    }
    const error = await thrown(runner.latest({ dryRun: true }))
    expect(error).toMatchObject({ code: 'migration_failed', sql: 'insert into no_such_table values (1)' })
    expect(error.message).toContain('It was a dry run: nothing was changed.')
    expect(await world.has('country')).toBe(false)
  })
})
