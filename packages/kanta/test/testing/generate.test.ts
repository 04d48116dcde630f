import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { check, foreignKey, index, kanta, primaryKey, sql, table, unique } from '../../src/index.ts'
import { HashSet } from '../../src/testing/generate/keys.ts'
import { generate } from '../../src/testing/index.ts'
import { engines } from '../relations/ground.ts'
import type { Any } from '../tenant/ground.ts'

const person = table('person', (c) => ({
  id: c.integer().primaryKey(),
  email: c.varchar(60).unique(),
  boss_id: c
    .integer()
    .nullable()
    .references((): Any => person.id),
  birth_date: c.date(),
  active: c.boolean(),
  kind: c.enum(['reader', 'writer']),
  created_at: c.timestamp(),
  updated_at: c.timestamp(),
}))
/** Its key is that of another table. */
const profile = table(
  'profile',
  (c) => ({
    person_id: c
      .integer()
      .primaryKey()
      .references(() => person.id),
    token: c.uuid(),
    data: c.json<Any>(),
    bytes: c.bytes(),
    score: c.real(),
    total: c.bigint(),
    price: c.decimal(10, 2),
    age: c.integer(),
    rank: c.integer(),
    code: c.varchar(8),
  }),
  () => [check('grown', sql`age >= 18 and rank < age`), check('eight', sql`length(code) = 8`)],
)
const room = table(
  'room',
  (c) => ({ house: c.integer(), number: c.integer(), name: c.text() }),
  (t) => [primaryKey([t.house, t.number])],
)
/** Two unique constraints share a column, and two foreign keys do. */
const stay = table(
  'stay',
  (c) => ({
    id: c.integer().primaryKey(),
    house: c.integer(),
    number: c.integer(),
    other: c.integer().nullable(),
    guest_id: c.integer().references(() => person.id),
    state: c.enum(['asked', 'booked', 'left']),
  }),
  (t) => [
    foreignKey([t.house, t.number], () => [room.house, room.number]),
    foreignKey([t.house, t.other], () => [room.house, room.number]),
    unique([t.guest_id, t.state]),
    unique([t.guest_id, t.house, t.number]),
  ],
)
const link = table(
  'link',
  (c) => ({ left_id: c.integer().references(() => person.id), right_id: c.integer().references(() => person.id) }),
  (t) => [primaryKey([t.left_id, t.right_id])],
)
const schema = { person, profile, room, stay, link }
const rows = { person: 60, profile: 40, room: 30, stay: 80, link: 200 }

describe.each(engines)('$name', (engine) => {
  describe.skipIf(engine.missing !== undefined)('generate()', () => {
    let place: Any
    let db: Any
    beforeAll(async () => {
      place = await engine.create()
      db = kanta({ driver: place.driver(), schema })
      for (const each of Object.values(schema)) await db.schema.createTable(each).execute()
    })
    afterAll(async () => {
      await db?.destroy()
      await place?.drop()
    })

    const all = (name: string): Promise<Any[]> => db.selectFrom(name).selectAll().execute()

    test('rows meet every constraint of tables by table() (semantic 26)', async () => {
      const result = await generate(db, { seed: 1, rows })
      expect(Object.fromEntries(result.tables.map((each) => [each.table, each.rows]))).toEqual(rows)
      const people = await all('person')
      expect(people).toHaveLength(60)
      for (const each of people) {
        expect(each.updated_at.getTime()).toBeGreaterThanOrEqual(each.created_at.getTime())
        expect(typeof each.active).toBe('boolean')
        expect(each.birth_date < '2006').toBe(true)
      }
      expect(people.some(({ boss_id }) => boss_id !== null)).toBe(true)
      for (const { price, age, rank, code } of await all('profile')) {
        expect(price).toMatch(/^\d+\.\d\d$/)
        expect(age).toBeGreaterThanOrEqual(18)
        expect(rank).toBeLessThan(age)
        expect(code).toHaveLength(8)
      }
      expect(await all('stay')).toHaveLength(80)
      expect(new Set((await all('link')).map((row) => `${row.left_id}/${row.right_id}`)).size).toBe(200)
    })

    test('a second call adds rows beside the first', async () => {
      await generate(db, { seed: 1, rows: { person: 20, room: 5, stay: 10, link: 50 } })
      expect(await all('person')).toHaveLength(80)
      await generate(db, { seed: 2, rows: { link: 10, stay: 5 } })
      expect(await all('link')).toHaveLength(260)
      // The numbers go on behind those that were made.
      const [last] = await db.selectFrom('person').select('id').orderBy('id', 'desc').limit(1).execute()
      const values = { email: 'a@b.c', birth_date: '2000-01-01', active: true, kind: 'reader' }
      await db
        .insertInto('person')
        .values({ ...values, created_at: new Date(0), updated_at: new Date(0) })
        .execute()
      const [added] = await db.selectFrom('person').select('id').orderBy('id', 'desc').limit(1).execute()
      expect(added.id).toBe(last.id + 1)
    })

    test('functions make values, again where one breaks a constraint', async () => {
      const calls: number[] = []
      await generate(db, {
        seed: 3,
        rows: { person: 4 },
        values: {
          person: {
            email: (n: number) => {
              calls.push(n)
              return calls.length === 2 ? 'first@x.y' : calls.length === 1 ? 'first@x.y' : `n${calls.length}@x.y`
            },
            active: () => false,
          },
        },
      } as Any)
      const emails = (await all('person')).map(({ email }) => email)
      expect(emails).toContain('first@x.y')
      expect(calls).toHaveLength(5)
    })

    test('what cannot be met is refused before anything is written, with the name of the constraint (semantic 26)', async () => {
      const before = await all('profile')
      await expect(generate(db, { seed: 1, rows: { room: 3, profile: 1_000 } })).rejects.toThrow(
        /primary key.*\(person_id\) of 'profile' leaves room for/,
      )
      const values = { room: { name: () => undefined } } as Any
      await expect(generate(db, { seed: 1, rows: { room: 3 }, values })).rejects.toThrow(
        "column 'name' returned undefined",
      )
      const grown = { profile: { age: () => 3 } } as Any
      await expect(generate(db, { seed: 1, rows: { profile: 1 }, values: grown })).rejects.toThrow(/the check 'grown'/)
      await expect(generate(db, { seed: 1, rows: { person: 1, profil: 2 } } as Any)).rejects.toThrow(
        "no table 'profil'",
      )
      await expect(generate(db, { seed: 1, rows: { person: -1 } })).rejects.toThrow('whole number of rows, not -1')
      await expect(generate(db, { rows: { person: 1 } } as Any)).rejects.toThrow('seed takes a number or a string')
      for (const [wrong, said] of [
        [{ seed: 1 }, 'rows takes the numbers'],
        [{ seed: Number.NaN, rows: {} }, 'seed takes'],
        [{ seed: 1, rows: {}, signal: 5 }, 'signal takes'],
        [{ seed: 1, rows: {}, onProgress: 5 }, 'onProgress takes'],
      ] as const)
        await expect(generate(db, wrong as Any)).rejects.toThrow(said)
      expect(await all('profile')).toEqual(before)
    })

    test('a dry run makes all rows and writes none', async () => {
      const before = await all('room')
      expect(await generate(db, { seed: 9, rows: { room: 3 }, dryRun: true })).toEqual({
        tables: [{ table: 'room', rows: 3 }],
      })
      expect(await all('room')).toEqual(before)
    })

    test('few rows have most of the children', async () => {
      const of = new Map<number, number>()
      await generate(db, { seed: 5, rows: { person: 500 } })
      for (const { boss_id } of await all('person')) of.set(boss_id, (of.get(boss_id) ?? 0) + 1)
      expect(Math.max(...of.values())).toBeGreaterThan(3)
    })
  })
})

describe.each(engines)('$name, without table() values', (engine) => {
  test.skipIf(engine.missing !== undefined)('tables are read from the database', async () => {
    const place: Any = await engine.create()
    const db: Any = kanta({ driver: place.driver() })
    const isPostgres = engine.dialect === 'postgres'
    const texts = [
      // Only the database can judge this check.
      `create table sign (id integer primary key, name varchar(20) not null, made date not null default '2020-01-01', check (replace(name, 'a', '') <> name))`,
      'create table left_side (id integer primary key, right_id integer unique, note varchar(3) not null unique)',
      'create table right_side (id integer primary key, left_id integer not null references left_side (id))',
      ...(engine.dialect === 'sqlite'
        ? []
        : ['alter table left_side add foreign key (right_id) references right_side (id)']),
      ...(isPostgres
        ? [
            "create type mood as enum ('sad', 'glad')",
            'create table feeling (id serial primary key, mood mood not null, tags text[] not null)',
          ]
        : []),
      'create table price (id integer primary key, net decimal(8, 2) not null, gross decimal(8, 2) generated always as (net * 2) stored, check (gross < 100))',
    ]
    for (const text of texts) await sql.raw(text).execute(db)
    await generate(db, {
      seed: 'x',
      rows: { sign: 30, right_side: 40, left_side: 30, price: 20, ...(isPostgres ? { feeling: 10 } : {}) },
    })
    for (const { name } of await db.selectFrom('sign').selectAll().execute()) expect(name).toContain('a')
    for (const { gross } of await db.selectFrom('price').selectAll().execute()) expect(Number(gross)).toBeLessThan(100)
    const left = await db.selectFrom('left_side').selectAll().execute()
    expect(left).toHaveLength(30)
    expect(left.some(({ right_id }: Any) => right_id !== null)).toBe(true)
    if (isPostgres) expect(await db.selectFrom('feeling').selectAll().execute()).toHaveLength(10)
    await db.destroy()
    await place.drop()
  })
})

test('text is as long as table() lets it be, on SQLite too', async () => {
  const [{ create }] = engines as Any
  const place = await create()
  const tight = table('tight', (c) => ({ id: c.integer().primaryKey(), text: c.varchar(5), price: c.decimal(3, 1) }))
  const db: Any = kanta({ driver: place.driver(), schema: { tight } })
  await db.schema.createTable(tight).execute()
  await generate(db, { seed: 1, rows: { tight: 50 } })
  for (const row of await db.selectFrom('tight').selectAll().execute()) expect(row.text.length).toBeLessThanOrEqual(5)
  await db.destroy()
})

test('a partial unique index and an index of some rows', async () => {
  const [{ create }] = engines as Any
  const place = await create()
  const seat = table(
    'seat',
    (c) => ({ id: c.integer().primaryKey(), side: c.enum(['left', 'right']), free: c.boolean() }),
    (t) => [index([t.side], { unique: true, where: sql`free = 1` } as Any)],
  )
  const db: Any = kanta({ driver: place.driver(), schema: { seat } })
  await db.schema.createTable(seat).execute()
  await generate(db, { seed: 1, rows: { seat: 50 } })
  const found = await db.selectFrom('seat').selectAll().where('free', '=', true).execute()
  expect(found.length).toBeLessThanOrEqual(2)
  await db.destroy()
})

test.each([
  ["text like 'n%' and text in ('new', 'open', 'done')", ['new']],
  ["length(text) > 3 and text in ('new', 'open', 'done')", ['done', 'open']],
  ["length(text) < 4 and (text = 'new' or text = 'open')", ['new']],
])('a list of values is what the other conditions leave of it: %s', async (condition, values) => {
  const db: Any = kanta({ driver: sqlite(':memory:') })
  await sql
    .raw(`create table word (id integer primary key, text varchar(20) not null check (${condition}))`)
    .execute(db)
  await generate(db, { seed: 1, rows: { word: 40 } })
  const found = await db.selectFrom('word').select('text').distinct().orderBy('text').execute()
  expect(found.map(({ text }: Any) => text)).toEqual(values)
  await db.destroy()
})

test('a list of which other conditions leave nothing is refused by the name of the column', async () => {
  const db: Any = kanta({ driver: sqlite(':memory:') })
  const condition = "text like 'a%' and text in ('new', 'open', 'done')"
  await sql
    .raw(`create table word (id integer primary key, text varchar(20) not null check (${condition}))`)
    .execute(db)
  await expect(generate(db, { seed: 1, rows: { word: 4 } })).rejects.toMatchObject({
    code: 'invalid_input',
    message: expect.stringContaining("the checks leave no value for the column 'text'"),
  })
  await db.destroy()
})

test('a set of hashes tells a million texts apart', () => {
  const set = new HashSet()
  for (let i = 0; i < 1_000_000; i++) set.add(`["user${i}@example.com"]`)
  expect(set.size).toBe(1_000_000)
  expect([0, 999_999, 1_000_000].map((i) => set.has(`["user${i}@example.com"]`))).toEqual([true, true, false])
})
