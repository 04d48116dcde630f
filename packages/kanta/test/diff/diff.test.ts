import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { diff, type Finding, lint, needsForeignKeysOff, type Step, stepSql } from '../../src/diff/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { check, type Database, index, kanta, sql, table, unique } from '../../src/index.ts'
import { introspect } from '../../src/introspect/index.ts'

const country = table('country', (c) => ({ cca2: c.text().primaryKey(), name: c.text() }))
const city = table('city', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  country: c.text().references(() => country.cca2, { onDelete: 'cascade' }),
}))
const before = { country, city }

const texts = (steps: readonly Step[], dialect: Parameters<typeof stepSql>[1] = 'sqlite'): string[] =>
  steps.flatMap((step) => stepSql(step, dialect))

describe('renames', () => {
  const misspelt = { city: table('city', (c) => ({ id: c.integer().primaryKey(), nmae: c.text() })) }
  const right = { city: table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() })) }
  const options = { dialect: 'sqlite' } as const

  test('are never guessed', async () => {
    await expect(diff(misspelt, right, options)).rejects.toThrow(
      "The column 'city.nmae' is missing and 'name' is new. Pass renames: { 'city.nmae': 'name' } if it was renamed, or { 'city.nmae': null } if it was dropped.",
    )
    const towns = { town: table('town', (c) => ({ id: c.integer().primaryKey(), nmae: c.text() })) }
    await expect(diff(misspelt, towns, options)).rejects.toThrow("The table 'city' is missing and 'town' is new.")
  })

  test('are given, and go back under the old name', async () => {
    const { up, down } = await diff(misspelt, right, { ...options, renames: { 'city.nmae': 'name' } })
    expect(texts(up)).toEqual(['alter table "city" rename column "nmae" to "name"'])
    expect(texts(down)).toEqual(['alter table "city" rename column "name" to "nmae"'])
  })

  test('are asked for', async () => {
    const asked: unknown[] = []
    const ask = (question: unknown) => {
      asked.push(question)
      return 'name'
    }
    const { up } = await diff(misspelt, right, { ...options, ask })
    expect(asked).toEqual([{ kind: 'column', table: 'city', name: 'nmae', candidates: ['name'] }])
    expect(up.map((step) => step.kind)).toEqual(['renameColumn'])
  })

  test('may be denied: then a column is dropped and another is new', async () => {
    const { up, warnings } = await diff(misspelt, right, { ...options, renames: { 'city.nmae': null } })
    expect(up.map((step) => step.kind)).toEqual(['rebuildTable', 'checkForeignKeys'])
    expect(warnings.map((each) => each.rule).sort()).toEqual(['down-loses', 'drop-column', 'not-null'])
  })

  test('of tables take the foreign keys along', async () => {
    const town = table('town', (c) => ({ cca2: c.text().primaryKey(), name: c.text() }))
    const after = {
      town,
      city: table('city', (c) => ({
        id: c.integer().primaryKey(),
        name: c.text(),
        country: c.text().references(() => town.cca2, { onDelete: 'cascade' }),
      })),
    }
    const { up, down } = await diff(before, after, { ...options, renames: { country: 'town' } })
    expect(texts(up)).toEqual(['alter table "country" rename to "town"'])
    expect(texts(down)).toEqual(['alter table "town" rename to "country"'])
  })

  test('that say nothing are refused', async () => {
    const wrong = (renames: Record<string, string | null>) => diff(misspelt, right, { ...options, renames })
    await expect(wrong({ 'city.nmea': 'name' })).rejects.toThrow("Pass renames: { 'city.nmae'")
    await expect(wrong({ 'city.nmae': 'name', 'city.nam': 'name' })).rejects.toThrow(
      "renames has an entry for 'city.nam'",
    )
    await expect(wrong({ 'city.nmae': 'name', 'city.id': 'x' })).rejects.toThrow("'city.id', which still exists")
    await expect(wrong({ 'city.nmae': 'title' })).rejects.toThrow('\'city.nmae\' cannot become "title": it can be name')
  })
})

describe('a rebuild on SQLite', () => {
  let db: Database<{}>
  beforeEach(async () => {
    db = kanta({ driver: sqlite(':memory:') })
    await db.schema.createTable(country).execute()
    await db.schema.createTable(city).execute()
    await sql`insert into country values ('FI', 'Finland'), ('SE', 'Sweden')`.execute(db)
    await sql`insert into city values (1, 'Turku', 'FI'), (2, 'Umeå', 'SE')`.execute(db)
  })
  afterEach(() => db.destroy())

  const after = {
    country: table(
      'country',
      (c) => ({ cca2: c.text().primaryKey(), name: c.text().nullable() }),
      (t) => [check('two_letters', sql`length(cca2) = 2`), index([t.name])],
    ),
    city,
  }

  async function apply(steps: readonly Step[]): Promise<void> {
    await db.connection().execute(async (held) => {
      if (needsForeignKeysOff(steps)) await sql`pragma foreign_keys = off`.execute(held)
      try {
        await held.transaction().execute(async (trx) => {
          for (const text of texts(steps)) await sql.raw(text).execute(trx)
        })
      } finally {
        await sql`pragma foreign_keys = on`.execute(held)
      }
    })
  }

  const cities = async () => (await sql`select id, name, country from city order by id`.execute(db)).rows.length

  test('keeps the rows that point to the table, its triggers and its views', async () => {
    await sql`create view finns as select city.name from city join country on cca2 = country where cca2 = 'FI'`.execute(
      db,
    )
    await sql`create view few as select * from finns`.execute(db)
    await sql`create table log (what text)`.execute(db)
    await sql`create trigger told after insert on country begin insert into log values (new.cca2); end`.execute(db)
    await sql`create trigger moved after insert on city begin update country set name = name; end`.execute(db)
    const from = await introspect(db)
    const { up, down } = await diff(from, { ...after, log: table('log', (c) => ({ what: c.custom('text', text) })) })
    expect(up.map((step) => step.kind)).toContain('rebuildTable')
    await apply(up.filter((step) => step.kind !== 'rebuildTable' || step.to.name === 'country'))
    expect(await cities()).toBe(2)
    await sql`insert into country values ('NO', 'Norway')`.execute(db)
    expect((await sql`select what from log`.execute(db)).rows).toEqual([{ what: 'NO' }])
    expect((await sql`select * from few`.execute(db)).rows).toEqual([{ name: 'Turku' }])
    await apply(down.filter((step) => step.kind !== 'rebuildTable' || step.to.name === 'country'))
    expect((await introspect(db)).triggers).toEqual(from.triggers)
    expect((await introspect(db)).views).toEqual(from.views)
    expect(await cities()).toBe(2)
  })

  test('fails, and changes nothing, when rows point to nothing after it', async () => {
    const { up } = await diff(before, { country, city: other() }, { dialect: 'sqlite' })
    const hash = (await introspect(db)).hash
    await expect(apply(up)).rejects.toMatchObject({ code: 'check_violation' })
    expect((await introspect(db)).hash).toBe(hash)
    expect(await cities()).toBe(2)
  })

  /** Its names point to countries, which none of them is. */
  const other = () =>
    table('city', (c) => ({
      id: c.integer().primaryKey(),
      name: c.text().references(() => country.cca2),
      country: c.text().references(() => country.cca2, { onDelete: 'cascade' }),
    }))

  test('goes on numbering where it was', async () => {
    const numbered = table('n', (c) => ({ id: c.integer().identity().primaryKey(), a: c.text() }))
    const changed = table('n', (c) => ({ id: c.integer().identity().primaryKey(), a: c.text().nullable() }))
    await db.schema.createTable(numbered).execute()
    await sql`insert into n (a) values ('x'), ('y'), ('z')`.execute(db)
    await sql`delete from n where id = 3`.execute(db)
    await apply((await diff({ numbered }, { changed }, { dialect: 'sqlite' })).up)
    await sql`insert into n (a) values ('w')`.execute(db)
    expect((await sql`select max(id) as id from n`.execute(db)).rows).toEqual([{ id: 4 }])
  })
})

const text = { name: 'text', encode: (value: string) => value, decode: (value: unknown) => String(value) }

describe('lint', () => {
  const changes = async (
    to: object,
    dialect: Parameters<typeof stepSql>[1] = 'postgres',
    off: Record<string, string> = {},
  ): Promise<string[]> => {
    const { warnings } = await diff(before, to, { dialect, off, ask: () => null })
    return warnings.map((each: Finding) => `${each.severity} ${each.category} ${each.rule}`).sort()
  }
  const changed = (make: Parameters<typeof table>[1], more?: Parameters<typeof table>[2]) => ({
    country,
    city: table('city', make as never, more as never),
  })
  const id = (c: any) => c.integer().primaryKey()
  const ref = (c: any) => c.text().references(() => country.cca2, { onDelete: 'cascade' })

  test('says what is lost', async () => {
    expect(await changes({ country })).toEqual(['error destructive drop-table', 'warning destructive down-loses'])
    expect(await changes(changed((c) => ({ id: id(c), country: ref(c) })))).toEqual([
      'error destructive drop-column',
      'warning destructive down-loses',
    ])
  })

  test('says what locks a table of PostgreSQL', async () => {
    const same = (c: any) => ({ id: id(c), name: c.text(), country: ref(c) })
    expect(await changes(changed(same, (t: any) => [index([t.name])]))).toEqual([
      'warning blocking index-blocks-writes',
    ])
    expect(await changes(changed(same, (t: any) => [unique([t.name])]))).toEqual([
      'warning blocking key-blocks-writes',
      'warning data-dependent unique',
    ])
    expect(await changes(changed(same, () => [check('named', sql`name <> ''`)]))).toEqual([
      'warning blocking constraint-scans',
      'warning data-dependent check-rows',
    ])
    const added = (column: (c: any) => any) => changed((c: any) => ({ ...same(c), extra: column(c) }))
    expect(await changes(added((c) => c.uuid().default(sql`gen_random_uuid()`)))).toEqual([
      'warning blocking rewrites-table',
    ])
    expect(await changes(added((c) => c.timestamp().default(sql`now()`)))).toEqual([])
    expect(await changes(added((c) => c.text()))).toEqual(['error data-dependent not-null'])
    expect(await changes(added((c) => c.text().nullable()))).toEqual([])
  })

  test('says what may not fit', async () => {
    const typed = (c: any, name: any) => ({ id: id(c), name, country: ref(c) })
    expect(await changes(changed((c: any) => typed(c, c.varchar(5))))).toEqual([
      'error data-dependent narrow-type',
      'warning blocking rewrites-table',
    ])
    const wide = { city: table('city', (c) => ({ id: c.integer().primaryKey(), name: c.varchar(9) })) }
    const wider = { city: table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() })) }
    expect((await diff(wide, wider, { dialect: 'postgres' })).warnings).toEqual([])
    expect((await diff(wide, wider, { dialect: 'mariadb' })).warnings.map((each) => each.rule)).toEqual([
      'rewrites-table',
    ])
  })

  test('has nothing to say of what is new', async () => {
    expect((await diff(null, before, { dialect: 'postgres' })).warnings).toEqual([])
  })

  test('looks into a rebuild', async () => {
    expect(
      await changes(
        changed((c) => ({ id: id(c), country: ref(c).nullable() })),
        'sqlite',
      ),
    ).toEqual(['error destructive drop-column', 'warning destructive down-loses'])
  })

  test('a rule is turned off with a reason', async () => {
    expect(
      await changes({ country }, 'postgres', { 'drop-table': 'empty since 2020', 'down-loses': 'no way back' }),
    ).toEqual([])
    await expect(changes({ country }, 'postgres', { 'drop-table': ' ' })).rejects.toThrow('without a reason')
    expect(() => lint([], { dialect: 'sqlite', off: { 'drop-tables': 'x' } as never })).toThrow(
      "Unknown rule 'drop-tables'",
    )
  })
})

test('SQL Server: the text of steps, which no server has run', async () => {
  const after = {
    country,
    city: table('city', (c) => ({
      id: c.integer().primaryKey(),
      title: c.varchar(80).nullable(),
      country: c.text().references(() => country.cca2, { onDelete: 'cascade' }),
    })),
  }
  const { up } = await diff(before, after, { dialect: 'mssql', renames: { 'city.name': null } })
  expect(texts(up, 'mssql')).toEqual([
    'alter table "city" drop column "name"',
    'alter table "city" add "title" nvarchar(80)',
  ])
})

test('wrong options are refused', async () => {
  const wrong = (...args: unknown[]) => diff(...(args as [object, object, object]))
  await expect(wrong(before, before)).rejects.toThrow('diff() needs a dialect')
  await expect(wrong(before, before, { dialect: 'oracle' })).rejects.toThrow(
    "Unknown dialect 'oracle'. Name one of: sqlite,",
  )
  await expect(wrong(before, before, { dialct: 'sqlite' })).rejects.toThrow("diff() has no option 'dialct'")
  await expect(wrong({}, before, { dialect: 'sqlite' })).rejects.toThrow('A side of a diff must be')
  const db = kanta({ driver: sqlite(':memory:') })
  await expect(wrong(await introspect(db), before, { dialect: 'postgres' })).rejects.toThrow(
    'The catalog is from SQLite',
  )
  await db.destroy()
})
