import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { auditTables } from '../../src/audit/index.ts'
import { diff, migrationOf, type Schema, stepSql } from '../../src/diff/index.ts'
import { check, index, primaryKey, sql, table, unique } from '../../src/index.ts'
import { introspect } from '../../src/introspect/index.ts'
import { migrator } from '../../src/migrate/index.ts'
import { createFullText } from '../../src/search/index.ts'
import { startHistory } from '../../src/time-travel/index.ts'
import { grounds, type Pair } from './ground.ts'
import { TEXTS } from './random.ts'

describe.each(grounds)('a diff on $name', ({ missing, open, dialect }) => {
  if (missing !== undefined) return test.skip(missing)
  let pair: Pair
  beforeAll(async () => {
    pair = await open()
  })
  beforeEach(() => pair.clear())
  afterAll(() => pair.close())

  const run = (text: string) => sql.raw(text).execute(pair.one)
  const rows = async (text: string) => (await run(text)).rows
  const create = async (tables: object): Promise<void> => {
    for (const each of Object.values(tables)) await pair.one.schema.createTable(each as never).execute()
  }
  let version = 0
  /** Migrates the database to a schema, and returns the steps of a second diff. */
  const settle = async (to: Schema, renames = {}): Promise<string[]> => {
    const first = await diff(await introspect(pair.one), to, { renames, ask: () => null })
    const migrations = { [`m${++version}`]: migrationOf(first) }
    await migrator(pair.one, { migrations, table: `kanta_m${version}` }).latest()
    const second = await diff(await introspect(pair.one), to, { ask: () => null })
    return second.up.flatMap((step) => stepSql(step, dialect))
  }

  test('finds nothing in what was just created with hard texts', async () => {
    const hard = table(
      'hard',
      (c) => ({
        id: c.integer().primaryKey(),
        ...Object.fromEntries(TEXTS.map((text, i) => [`text${i}`, c.varchar(40).default(text)])),
        kind: c.enum(['a', ...TEXTS]).default('😀 & 𝕏'),
        body: c.json<unknown>().default({ texts: TEXTS }),
        computed: c
          .integer()
          .generatedAs(sql`case when text0 = ${sql.lit(TEXTS[3])} then 1 else 0 end`)
          .nullable(),
      }),
      () => TEXTS.map((text, i) => check(`check${i}`, sql`text0 <> ${sql.lit(`${text}!`)} or (text1 = ')')`)),
    )
    await create({ hard })
    const { up, down } = await diff(await introspect(pair.one), { hard })
    expect([...up, ...down]).toEqual([])
    await run('insert into hard (id) values (1)')
    const [row] = (await rows('select * from hard')) as Record<string, unknown>[]
    expect(TEXTS.map((_, i) => row![`text${i}`])).toEqual(TEXTS)
    // The way back has the characters that the catalog of MariaDB does not tell.
    const wide = table('hard', (c) => ({ ...hardColumns(c), id: c.integer().primaryKey() }))
    const back = await diff(await introspect(pair.one), { wide }, { ask: () => null })
    expect(JSON.stringify(back.down)).not.toContain("'?'")
  })
  const hardColumns = (c: any) => Object.fromEntries(TEXTS.map((text, i) => [`text${i}`, c.varchar(50).default(text)]))

  test('warns where a column loses its values to an expression, and back', async () => {
    const plain = table('t', (c) => ({ id: c.integer().primaryKey(), a: c.integer(), b: c.integer().nullable() }))
    const computed = (stored: boolean) =>
      table('t', (c) => ({
        id: c.integer().primaryKey(),
        a: c.integer(),
        b: c.integer().nullable().generatedAs(sql`a * 2`, { stored }),
      }))
    const lost = async (from: object, to: object): Promise<string[]> =>
      (await diff({ from }, { to }, { dialect })).warnings
        .filter(({ category, message }) => category === 'destructive' && message.includes("'b'"))
        .map(({ rule }) => rule)
    for (const stored of [true, false])
      expect(await lost(plain, computed(stored))).toEqual(['drop-column', 'down-loses'])
    // SQLite copies what a column held; a stored one stays as it is.
    expect(await lost(computed(false), plain)).toEqual(dialect === 'sqlite' ? [] : ['drop-column', 'down-loses'])
    expect(await lost(computed(true), plain)).toEqual([])
    await create({ plain })
    await run('insert into t (id, a, b) values (1, 5, 777)')
    expect(await settle({ t: computed(true) })).toEqual([])
    expect(await settle({ t: plain })).toEqual([])
    expect(await rows('select b from t')).toEqual([{ b: 10 }])
  })

  test('changes keys that are numbered and referred to', async () => {
    const owner = table('owner', (c) => ({ id: c.integer().primaryKey(), part: c.integer() }))
    const owned = table('owned', (c) => ({
      id: c.integer().primaryKey(),
      owner: c.integer().references(() => owner.id, { onDelete: 'cascade' }),
    }))
    const wide = table('owner', (c) => ({ id: c.bigint().primaryKey(), part: c.integer() }))
    const wideOwned = table('owned', (c) => ({
      id: c.integer().primaryKey(),
      owner: c.bigint().references(() => wide.id, { onDelete: 'cascade' }),
    }))
    const text = table('owner', (c) => ({ id: c.varchar(20).primaryKey(), part: c.integer() }))
    const alone = table('owned', (c) => ({ id: c.integer().primaryKey(), owner: c.varchar(20) }))
    const both = table(
      'owner',
      (c) => ({ id: c.integer(), part: c.integer() }),
      (t) => [primaryKey([t.id, t.part])],
    )
    const other = table(
      'owner',
      (c) => ({ id: c.integer(), part: c.integer().primaryKey() }),
      (t) => [unique([t.id])],
    )
    const otherOwned = table('owned', (c) => ({
      id: c.integer().primaryKey(),
      owner: c.integer().references(() => other.id),
    }))
    await create({ owner, owned })
    await run('insert into owner (id, part) values (1, 10), (2, 20)')
    await run('insert into owned (id, owner) values (1, 2)')
    for (const schema of [
      { wide, wideOwned },
      { text, alone },
      { both, alone },
      { other, otherOwned },
      { owner, owned },
    ]) {
      expect(await settle(schema)).toEqual([])
      expect(await rows('select part from owner order by part')).toEqual([{ part: 10 }, { part: 20 }])
    }
    await run('insert into owner (part) values (30)')
    expect((await rows('select max(id) as id from owner')) as unknown[]).toEqual([{ id: 3 }])
    await run('delete from owner where id = 2')
    expect(await rows('select * from owned')).toEqual([])
  })

  test('keeps the index of a foreign key through a rename', async () => {
    const team = table('team', (c) => ({ id: c.integer().primaryKey() }))
    const plain = table('person', (c) => ({ id: c.integer().primaryKey(), team: c.integer() }))
    const linked = (name: string) =>
      table(name, (c) => ({ id: c.integer().primaryKey(), team: c.integer().references(() => team.id) }))
    await create({ team, plain })
    expect(await settle({ team, person: linked('person') })).toEqual([])
    expect(await settle({ team, player: linked('player') }, { person: 'player' })).toEqual([])
    expect(
      await settle({ team, player: table('player', (c) => ({ id: c.integer().primaryKey(), team: c.integer() })) }),
    ).toEqual([])
  })

  test('lets constraints and indexes change their names with one another', async () => {
    const named = (a: string, b: string) =>
      table(
        't',
        (c) => ({ id: c.integer().primaryKey(), a: c.integer(), b: c.integer() }),
        (t) => [
          unique([t.a], { name: a }),
          unique([t.b], { name: b }),
          index([t.a, t.b], { name: `${a}_i` }),
          index([t.b, t.a], { name: `${b}_i` }),
        ],
      )
    await create({ t: named('x', 'y') })
    expect(await settle({ t: named('y', 'x') })).toEqual([])
    expect(await settle({ t: named('z', 'y') })).toEqual([])
  })

  test('takes as little as it needs from names that are too long', async () => {
    const long = table(
      'subscription_invoice_line_item_of_a_customer_with_a_long_name',
      (c) => ({
        id: c.integer().primaryKey(),
        organization_id: c.integer(),
        external_reference: c.varchar(40).unique(),
      }),
      (t) => [
        index([t.organization_id, t.external_reference]),
        index([t.organization_id, t.id]),
        index([t.external_reference], { unique: true }),
        unique([t.organization_id, t.external_reference]),
      ],
    )
    await create({ long })
    expect((await diff(await introspect(pair.one), { long })).up).toEqual([])
    const short = table(long.id.table, (c) => ({ id: c.integer().primaryKey(), organization_id: c.integer() }))
    expect(await settle({ short })).toEqual([])
    const names = (await introspect(pair.one)).tables.flatMap(({ indexes }) => indexes.map(({ name }) => name))
    expect(names).toEqual([])
    if (dialect === 'sqlite') return
    const own = table(
      'own',
      (c) => ({ id: c.integer().primaryKey() }),
      (t) => [index([t.id], { name: 'n'.repeat(70) })],
    )
    expect(() => pair.one.schema.createTable(own)).toThrow('Shorten it.')
    expect((await introspect(pair.one)).tables.map(({ name }) => name)).not.toContain('own')
  })

  test('leaves out what Kanta keeps for itself', async () => {
    const note = table('note', (c) => ({ id: c.integer().primaryKey(), body: c.text() }))
    const { entries, head } = auditTables()
    await create({ note, entries, head })
    await startHistory(pair.one, ['note'])
    await createFullText(pair.one as never, { note: { columns: ['body'], key: 'id' } })
    await migrator(pair.one, { migrations: { 1: { up: () => {} } }, lock: { by: 'row' } }).latest()
    const catalog = await introspect(pair.one)
    expect((await diff(catalog, { note })).up).toEqual([])
    expect((await diff(null, catalog)).up.flatMap((step) => ('table' in step ? [step.table.name] : []))).toEqual([
      'note',
    ])
    expect((await diff(catalog, null)).up.filter((step) => step.kind === 'dropTable')).toHaveLength(1)
  })

  test('keeps what table() cannot say', async () => {
    const before = table('t', (c) => ({
      id: c.integer().primaryKey(),
      a: c.varchar(9).nullable(),
      b: c.integer().nullable(),
    }))
    const after = table('t', (c) => ({ id: c.integer().primaryKey(), a: c.varchar(30).nullable(), b: c.bigint() }))
    const extras: Readonly<Record<string, readonly string[]>> = {
      sqlite: ['create index by_lower on t (lower(a) desc)'],
      postgres: [
        'create index by_lower on t (lower(a) desc) include (b)',
        "comment on column t.a is 'C:\\dir'",
        'alter table t alter column a type varchar(9) collate "C"',
      ],
      mariadb: [
        "alter table t modify column a varchar(9) collate utf8mb4_unicode_ci invisible comment 'C:\\\\dir'",
        'create fulltext index by_text on t (a)',
      ],
    }
    await create({ before })
    for (const text of extras[dialect]!) await run(text)
    const told = async () => {
      const [{ columns, indexes }] = (await introspect(pair.one)).tables.filter(
        ({ name }) => name === 't',
      ) as never as any[]
      return [
        columns.map((each: any) => [each.comment, each.collation, each.invisible]),
        indexes.map((each: any) => each.parts),
      ]
    }
    const known = await told()
    expect(await settle({ after })).toEqual([])
    expect(await told()).toEqual(known)
  })

  if (dialect === 'mariadb')
    test('keeps the check of a column, and drops it where it is gone', async () => {
      await run("create table t (id int primary key, a int comment 'it''s' check (a > 3))")
      await sql.raw('create table t (id int primary key, a bigint check (a > 3))').execute(pair.other)
      expect(await settle(await introspect(pair.other))).toEqual([])
      await expect(run('insert into t values (1, 1)')).rejects.toThrow()
      const free = table(
        't',
        (c) => ({ id: c.integer(), a: c.bigint().nullable() }),
        (t) => [primaryKey([t.id])],
      )
      expect(await settle({ free })).toEqual([])
      await run('insert into t values (1, 1)')
    })
})
