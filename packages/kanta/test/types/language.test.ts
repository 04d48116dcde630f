import { expect, test } from 'vitest'
import { completions, definition, errors, hover, renames } from './language.ts'

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

test('a hover over rows is at most 120 characters', { timeout: 60_000 }, () => {
  const rows = 'const |rows = await query.execute()'
  const named = hover(`const query = db.selectFrom('city').select(['id', 'name']).where('id', '>', 1)\n${rows}`)
  expect(named).toBe('const rows: { id: number; name: string; }[]')
  const tables = hover(`const query = sdb.selectFrom('pet').select(['name', 'weight'])\n${rows}`)
  expect(tables).toBe('const rows: { name: string; weight: number; }[]')
})

test('a column object leads to its definition, and a rename reaches it', { timeout: 60_000 }, () => {
  const uses = [
    'sdb.selectFrom(pet).select(pet.|weight)',
    "const p = pet.as('p')\nsdb.selectFrom(p).where(p.|weight, '>', 1)",
  ]
  for (const use of uses) {
    expect(definition(use)).toEqual(['weight: c.real(),'])
    expect(renames(use).map(({ file }) => file)).toEqual(['world.ts', 'edited.ts'])
  }
})

test('an error names what is legal', { timeout: 60_000 }, () => {
  const [wrong] = errors("db.selectFrom('visit').select('id').where('ratng', '>', 1)|")
  expect(wrong).toContain('"ratng"')
  expect(wrong).toContain('"rating"')
  const [missing] = errors("db.insertInto('country').values({ cca2: 'FI', area: 1, kind: 'republic', meta: null })|")
  expect(missing).toContain("'name'")
  const [undecided] = errors("db.insertInto('visit').values({} as never).onConflict((c) => c.column('id'))|")
  expect(undecided).toContain("Property '[$callDoNothingOrDoUpdateSet]' is missing")
})
