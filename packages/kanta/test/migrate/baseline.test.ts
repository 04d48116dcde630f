import { expect, test } from 'vitest'
import { names, onEachEngine, steps, thrown } from './world.ts'

onEachEngine((world) => {
  const { migrate } = world

  test('a baseline marks what is there, and the rest is applied', async () => {
    const given = { ...steps, '1_country': { ...steps['1_country']!, checksum: 'x' } }
    await migrate({ '1_country': steps['1_country']!, '2_city': steps['2_city']! }, { table: 'other' }).latest()
    const runner = migrate(given)
    expect(await runner.baseline('2_city')).toEqual(['1_country', '2_city'])
    expect(await runner.baseline('2_city')).toEqual([])
    expect((await runner.status()).map(({ state, duration }) => [state, duration])).toEqual([
      ['applied', undefined],
      ['applied', undefined],
      ['pending', undefined],
    ])
    expect(names(await runner.latest())).toEqual(['up 3_mayor'])
    expect(
      (await migrate({ ...given, '1_country': { ...given['1_country'], checksum: 'y' } }).status())[0]!.drift,
    ).toEqual(['changed'])
    expect((await thrown(runner.baseline('2_cit'))).message).toContain("Did you mean '2_city'?")
  })
})
