import { describe, expect, test } from 'vitest'
import { sql } from '../../src/index.ts'
import type { MigrationEvent, MigrationRun, Migrations } from '../../src/migrate/index.ts'
import { names, onEachEngine, steps, thrown } from './world.ts'

const broken: Migrations = {
  ...steps,
  '4_broken': {
    up: async (db) => {
      await sql`create table left_over (id integer)`.execute(db)
      await sql`insert into no_such_table values (1)`.execute(db)
    },
  },
  '5_never': { up: () => expect.unreachable() },
}

onEachEngine((world) => {
  const { migrate, engine } = world

  describe('a migration that fails', () => {
    test('is named with its statement, and what is applied now is said', async () => {
      const error = await thrown(migrate(broken).latest())
      expect(error).toMatchObject({ code: 'migration_failed', sql: 'insert into no_such_table values (1)' })
      for (const part of [
        "'4_broken' failed to be applied, at its statement 2",
        "3 migrations are applied now, the last is '3_mayor'",
      ])
        expect(error.message).toContain(part)
      expect(error.cause).toMatchObject({ name: 'KantaError', code: 'query' })
      const run = error.result as MigrationRun
      const last = engine.transactionalDdl ? 'rolled back' : 'dirty'
      expect(run.results.map(({ status }) => status)).toEqual(['done', 'done', 'done', last])
      expect(run.applied).toEqual(['1_country', '2_city', '3_mayor'])
      expect(run.results[3]!.statements.map((statement) => statement.sql)).toEqual([
        'create table left_over (id integer)',
      ])
    })

    if (engine.transactionalDdl)
      test('leaves no trace in a transaction, and can run again', async () => {
        await thrown(migrate(broken).latest())
        expect(await world.has('left_over')).toBe(false)
        const mended = { ...broken, '4_broken': steps['1_country']!, '5_never': { up: () => {} } }
        await migrate(steps).down(3)
        expect(names(await migrate({ '4_broken': mended['4_broken']! }).latest())).toEqual(['up 4_broken'])
      })

    test('outside of a transaction leaves the database dirty, until that is resolved', async () => {
      const outside = { ...broken, '4_broken': { ...broken['4_broken']!, transaction: false } }
      const runner = migrate(outside)
      const error = await thrown(runner.latest())
      expect(error.message).toContain('the changes of 1 statement stay')
      expect((error.result as MigrationRun).results.at(-1)).toMatchObject({ status: 'dirty', statementCount: 1 })
      expect(await world.has('left_over')).toBe(true)
      expect((await runner.status())[3]).toMatchObject({ name: '4_broken', state: 'dirty' })
      for (const work of [
        () => runner.latest(),
        () => runner.down(),
        () => runner.up(),
        () => runner.baseline('3_mayor'),
        () => runner.latest({ dryRun: true }),
      ]) {
        const refused = await thrown(work())
        expect(refused.code).toBe('migration_dirty')
        expect(refused.message).toContain("resolve('4_broken', 'applied')")
      }
      await runner.resolve('4_broken', 'rolled back')
      expect((await runner.status())[3]).toMatchObject({ state: 'pending' })
      await thrown(runner.latest())
      await runner.resolve('4_broken', 'applied')
      expect((await runner.status())[3]).toMatchObject({ state: 'applied' })
      expect((await thrown(runner.resolve('4_broken', 'applied'))).message).toContain('not dirty')
      expect((await thrown(runner.resolve('9', 'applied'))).message).toContain('no record')
      expect((await thrown(runner.resolve('4_broken', 'done' as 'applied'))).code).toBe('invalid_input')
    })

    test('before its first statement has done nothing, in a transaction or not', async () => {
      const up = () => Promise.reject(new Error('no such file'))
      for (const transaction of [true, false]) {
        const runner = migrate({ a: { up, transaction } })
        const error = await thrown(runner.latest())
        expect(error.message).toContain('no such file')
        expect((error.result as MigrationRun).results[0]!.status).toBe('rolled back')
        expect((await runner.status())[0]!.state).toBe('pending')
      }
    })

    test('on the way down, too', async () => {
      const down = async (db: Parameters<NonNullable<Migrations[string]['down']>>[0]) => {
        await sql`drop table country`.execute(db)
        await sql`drop table no_such_table`.execute(db)
      }
      for (const transaction of [undefined, false]) {
        const runner = migrate({ '1_country': { ...steps['1_country']!, down, transaction } })
        await runner.latest()
        const error = await thrown(runner.down())
        const dirty = transaction === false || !engine.transactionalDdl
        expect(error.message).toContain("'1_country' failed to be reverted, at its statement 2")
        expect((await runner.status())[0]!.state).toBe(dirty ? 'dirty' : 'applied')
        expect(await world.has('country')).toBe(!dirty)
        if (dirty) await runner.resolve('1_country', 'rolled back')
        else await migrate(steps).down()
      }
    })

    if (engine.transactionalDdl)
      test('by a callback after its commit is applied, and says so', async () => {
        const runner = migrate({
          a: {
            up: async (db) => {
              await (db as import('../../src/index.ts').Transaction<unknown>).afterCommit?.(() => {
                throw new Error('the mail server is down')
              })
            },
          },
        })
        const error = await thrown(runner.latest())
        expect(error.message).toContain('It was committed; the failure came after the commit.')
        expect((error.result as MigrationRun).results[0]!.status).toBe('done')
        expect((await runner.status())[0]!.state).toBe('applied')
      })

    test('and a transaction that it leaves open is rolled back', async () => {
      const runner = migrate({
        a: { transaction: false, up: async (db) => void (await db.startTransaction().execute()) },
        b: { up: () => {} },
      })
      const error = await thrown(runner.latest())
      expect(error.message).toContain('left a transaction open, which was rolled back')
      await runner.resolve('a', 'applied')
      expect(names(await runner.latest())).toEqual(['up b'])
    })
  })

  describe('a signal', () => {
    test('ends a run between two migrations', async () => {
      const stop = new AbortController()
      const runner = migrate(steps, {
        onProgress: (event) => event.kind === 'end' && event.number === 2 && stop.abort(),
      })
      const error = await thrown(runner.latest({ signal: stop.signal }))
      expect(error.code).toBe('cancelled')
      expect(error.message).toContain("before the migration '3_mayor'")
      expect((error.result as MigrationRun).applied).toEqual(['1_country', '2_city'])
      expect(names(await runner.latest())).toEqual(['up 3_mayor'])
    })

    test('ends one in its midst: rolled back in a transaction, dirty outside of one', async () => {
      for (const transaction of [undefined, false]) {
        const stop = new AbortController()
        const runner = migrate({
          a: {
            transaction,
            up: async (db) => {
              await sql`create table half (id integer)`.execute(db)
              stop.abort()
              await sql`create table other_half (id integer)`.execute(db)
            },
          },
        })
        const error = await thrown(runner.latest({ signal: stop.signal }))
        expect(error.code).toBe('cancelled')
        const dirty = transaction === false || !engine.transactionalDdl
        expect([await world.has('half'), await world.has('other_half')]).toEqual([dirty, false])
        expect((await runner.status())[0]!.state).toBe(dirty ? 'dirty' : 'pending')
        if (!dirty) continue
        await sql`drop table half`.execute(world.db)
        await runner.resolve('a', 'rolled back')
      }
    })

    test('that is aborted before changes nothing', async () => {
      const error = await thrown(migrate(steps).latest({ signal: AbortSignal.abort() }))
      expect(error.code).toBe('cancelled')
      expect(await world.has('kanta_migration')).toBe(false)
    })
  })

  test('progress tells each start, statement and end', async () => {
    const events: MigrationEvent[] = []
    await migrate(steps, { onProgress: (event) => events.push(event) }).up(2)
    expect(events.map((event) => `${event.kind} ${'name' in event ? event.name : ''}`.trim())).toEqual([
      'locked',
      'start 1_country',
      'statement 1_country',
      'end',
      'start 2_city',
      'statement 2_city',
      'statement 2_city',
      'end',
    ])
    expect(events[1]).toEqual({ kind: 'start', name: '1_country', direction: 'up', number: 1, of: 2 })
  })
})
