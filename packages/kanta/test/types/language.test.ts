import { expect, test } from 'vitest'
import { completions, errors, hover } from './language.ts'

test('names are completed inside of string literals', { timeout: 60_000 }, () => {
  expect(completions("db.selectFrom('|')")).toEqual(expect.arrayContaining(['city', 'country', 'visit']))
  expect(completions("db.selectFrom('city').select('|')")).toEqual(expect.arrayContaining(['name', 'city.name']))
  expect(completions("db.selectFrom('city').where('|', '=', 1)")).toEqual(expect.arrayContaining(['id', 'city.id']))
  expect(completions("db.selectFrom('city').selectAll().orderBy('|')")).toEqual(expect.arrayContaining(['name']))
})

test('a hover over a row shows plain fields', { timeout: 60_000 }, () => {
  const shown = hover("const |rows = await db.selectFrom('city').select(['id', 'population']).execute()")
  expect(shown).toContain('{ id: number; population: number | null; }[]')
})

test('an error names what is legal', { timeout: 60_000 }, () => {
  const [wrong] = errors("db.selectFrom('visit').select('id').where('ratng', '>', 1)|")
  expect(wrong).toContain('"ratng"')
  expect(wrong).toContain('"rating"')
  const [missing] = errors("db.insertInto('country').values({ cca2: 'FI', area: 1, kind: 'republic', meta: null })|")
  expect(missing).toContain("'name'")
})
