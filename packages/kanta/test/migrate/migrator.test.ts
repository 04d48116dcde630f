import { describe, expect, test } from 'vitest'
import { none } from '../../src/migrate/index.ts'
import { names, onEachEngine, steps, thrown } from './world.ts'

onEachEngine((world) => {
  const { migrate } = world

  describe('up and down', () => {
    test('latest applies all in the order of the names, once', async () => {
      const { '1_country': first, ...others } = steps
      const runner = migrate({ ...others, '1_country': first! })
      const run = await runner.latest()
      expect(names(run)).toEqual(['up 1_country', 'up 2_city', 'up 3_mayor'])
      expect(run.results.map(({ status, statementCount }) => [status, statementCount])).toEqual([
        ['done', 1],
        ['done', 2],
        ['done', 1],
      ])
      expect(run.applied).toEqual(['1_country', '2_city', '3_mayor'])
      expect(await runner.latest()).toEqual({ dryRun: false, results: [], applied: run.applied })
      expect(await world.db.selectFrom('city').select(['name', 'mayor']).execute()).toEqual([
        { name: 'Turku', mayor: null },
      ])
    })

    test('up and down go step by step, or by a count', async () => {
      const runner = migrate(steps)
      expect(names(await runner.up())).toEqual(['up 1_country'])
      expect(names(await runner.up(2))).toEqual(['up 2_city', 'up 3_mayor'])
      expect(names(await runner.up())).toEqual([])
      expect(names(await runner.down())).toEqual(['down 3_mayor'])
      expect(names(await runner.down(9))).toEqual(['down 2_city', 'down 1_country'])
      expect(await world.has('country')).toBe(false)
      for (const wrong of [0, -1, 1.5, '2', Number.NaN])
        expect((await thrown(runner.up(wrong as number))).code).toBe('invalid_input')
    })

    test('to goes either way, and to none reverts all', async () => {
      const runner = migrate(steps)
      expect(names(await runner.to('2_city'))).toEqual(['up 1_country', 'up 2_city'])
      expect(names(await runner.to('2_city'))).toEqual([])
      expect(names(await runner.to('3_mayor'))).toEqual(['up 3_mayor'])
      expect(names(await runner.to('1_country'))).toEqual(['down 3_mayor', 'down 2_city'])
      expect((await runner.to(none)).applied).toEqual([])
      expect((await thrown(runner.to('2_cit'))).message).toContain("Did you mean '2_city'?")
    })

    test('the order is that of code units, whatever the language', async () => {
      const up = () => {}
      const run = await migrate({ b: { up }, ä: { up }, B2: { up }, a10: { up }, a9: { up } }).latest()
      expect(run.applied).toEqual(['B2', 'a10', 'a9', 'b', 'ä'])
    })

    test('a migration without down stops a revert before it begins', async () => {
      const { down: _, ...forward } = steps['2_city']!
      const runner = migrate({ ...steps, '2_city': forward })
      await runner.latest()
      const error = await thrown(runner.to(none))
      expect(error).toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining("'2_city' cannot be reverted"),
      })
      expect((await runner.status()).map(({ state }) => state)).toEqual(['applied', 'applied', 'applied'])
    })
  })

  describe('status', () => {
    test('tells how each stands, and makes no table', async () => {
      const runner = migrate(steps)
      expect((await runner.status()).map(({ name, state }) => [name, state])).toEqual([
        ['1_country', 'pending'],
        ['2_city', 'pending'],
        ['3_mayor', 'pending'],
      ])
      expect(await world.has('kanta_migration')).toBe(false)
      await runner.up()
      const [first, second] = await runner.status()
      expect(first).toEqual({
        name: '1_country',
        state: 'applied',
        drift: [],
        appliedAt: expect.any(Date),
        duration: expect.any(Number),
        kanta: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      })
      expect(Math.abs(first!.appliedAt!.getTime() - Date.now())).toBeLessThan(60_000)
      expect(second).toMatchObject({ state: 'pending', appliedAt: undefined })
    })

    test('a changed, a missing and a late one are errors, unless allowed', async () => {
      const up = () => {}
      await migrate({ a: { up, checksum: '1' }, c: { up }, d: { up, checksum: '4' } }).latest()
      const drifted = { a: { up, checksum: '2' }, b: { up }, d: { up, checksum: '4' } }
      const runner = migrate(drifted)
      expect((await runner.status()).map(({ name, drift }) => [name, ...drift])).toEqual([
        ['a', 'changed'],
        ['b', 'out of order'],
        ['c', 'missing'],
        ['d'],
      ])
      const error = await thrown(runner.latest())
      expect(error.code).toBe('migration_drift')
      for (const part of ["'a' differs from what was applied", "'b' is pending", "'c' was applied, but is missing"])
        expect(error.message).toContain(part)
      expect((await thrown(migrate(drifted, { allow: ['changed', 'missing'] }).latest())).message).not.toContain("'a'")
      const allowed = migrate(drifted, { allow: ['changed', 'missing', 'out of order'] })
      expect(names(await allowed.latest())).toEqual(['up b'])
      // The last that was applied is the first that is reverted, whatever its name.
      expect((await thrown(allowed.down())).message).toContain("'b' cannot be reverted")
    })
  })
})
