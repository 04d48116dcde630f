import { describe, expect, test } from 'vitest'
import { mssqlDialect } from '../../src/dialect/mssql/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { foreignKey, index, jsonArrayFrom, kanta, primaryKey, sql, table, unique } from '../../src/index.ts'
import type { Loose } from '../case.ts'

// What the case set does not show. Not run against a server.

const driver: Driver = {
  dialect: mssqlDialect,
  limits: { write: 1, read: 0 },
  sharesStreams: false,
  explainError: (cause) => ({ code: 'query', message: String(cause) }),
  connect: () => {
    throw new Error('There is no server of SQL Server here.')
  },
}

const person = table('person', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  code: c.text().unique(),
  nick: c.varchar(40).nullable(),
  long: c.varchar(5_000).nullable(),
  big: c.bigint(),
  score: c.real(),
  price: c.decimal(8, 2),
  amount: c.decimal(),
  active: c.boolean().default(true),
  born: c.date(),
  seen: c.timestamp(),
  at: c.timestamp({ mode: 'unix' }),
  meta: c.json(),
  photo: c.bytes().nullable(),
  key: c.uuid(),
  kind: c.enum(['a', 'b']).default('a'),
  twice: c.real().generatedAs(sql`score * 2` as never, { stored: true }),
}))
const pet = table(
  'pet',
  (c) => ({ owner: c.text(), name: c.text(), color: c.text(), note: c.text() }),
  (t) => [
    primaryKey([t.owner, t.name]),
    unique([t.color]),
    index([t.color], { where: sql`color is not null` } as never),
    foreignKey([t.owner], () => [person.code] as never),
  ],
)

const db = kanta({ driver, schema: { person } }) as unknown as Loose
const compile = (query: unknown): { readonly sql: string; readonly parameters: readonly unknown[] } => {
  const { sql, parameters } = (query as { compile(): { sql: string; parameters: readonly unknown[] } }).compile()
  return { sql, parameters }
}
const textOf = (query: unknown): string => compile(query).sql

describe('tables', () => {
  const schema = kanta({ driver }).schema

  test('every type', () => {
    expect(textOf(schema.createTable(person)).replaceAll(', "', ',\n"')).toMatchInlineSnapshot(`
      "create table "person" ("id" int identity primary key,
      "name" nvarchar(max) not null,
      "code" nvarchar(450) not null,
      "nick" nvarchar(40),
      "long" nvarchar(max),
      "big" bigint not null,
      "score" float(53) not null,
      "price" decimal(8, 2) not null,
      "amount" decimal(38, 10) not null,
      "active" bit default 1 not null,
      "born" date not null,
      "seen" datetimeoffset(7) not null,
      "at" bigint not null,
      "meta" nvarchar(max) not null,
      "photo" varbinary(max),
      "key" uniqueidentifier not null,
      "kind" nvarchar(255) default N'a' not null,
      "twice" as (score * 2) persisted not null, unique ("code"))"
    `)
  })

  test('texts of keys have an end', () => {
    expect(textOf(schema.createTable(pet))).toMatchInlineSnapshot(
      `"create table "pet" ("owner" nvarchar(450) not null, "name" nvarchar(450) not null, "color" nvarchar(450) not null, "note" nvarchar(max) not null, primary key ("owner", "name"), unique ("color"), foreign key ("owner") references "person" ("code"))"`,
    )
  })

  test('if it is not there, and dropped if it is', () => {
    expect(textOf(schema.createTable(pet).ifNotExists())).toMatch(
      /^if object_id\(N'"pet"', N'U'\) is null create table "pet"/,
    )
    expect(textOf(schema.dropTable(pet).ifExists())).toBe('drop table if exists "pet"')
  })
})

describe('transactions', () => {
  const { transaction } = mssqlDialect

  test('have their isolation level, and set it back', () => {
    expect(transaction.begin({})).toEqual(['begin transaction'])
    expect(transaction.after({})).toEqual([])
    expect(transaction.begin({ isolation: 'snapshot', access: 'read write' })).toEqual([
      'set transaction isolation level snapshot',
      'begin transaction',
    ])
    expect(transaction.after({ isolation: 'snapshot' })).toEqual(['set transaction isolation level read committed'])
  })

  test('cannot be read only', () => {
    expect(() => transaction.begin({ access: 'read only' })).toThrow(/'read only' is not available in mssql/)
  })

  test('have savepoints that are not released, with names of 32 characters at most', () => {
    expect(transaction.savepoint('a"b')).toBe('save transaction "a""b"')
    expect(transaction.rollbackTo('a')).toBe('rollback transaction "a"')
    expect(transaction.release('a')).toBeUndefined()
    expect(() => transaction.savepoint('x'.repeat(33))).toThrow(/longer than 32/)
  })
})

describe('literals', () => {
  test.each([
    ["it's", "N'it''s'"],
    ['a\\b', "N'a\\b'"],
    // The server would leave out the backslash and the end of the line.
    ['a\\\nb', 'cast(0x61005c000a006200 as nvarchar(max))'],
    ['a\\\r\nb', 'cast(0x61005c000d000a006200 as nvarchar(max))'],
    [2_147_483_647, '2147483647'],
    [2_147_483_648, 'cast(2147483648 as bigint)'],
    [-9007199254740993n, 'cast(-9007199254740993 as bigint)'],
    [0.1, '0.1e0'],
    [1e-7, '1e-7'],
    [1e300, '1e+300'],
    [true, 'cast(1 as bit)'],
    [null, 'null'],
    [new Uint8Array([0, 255]), '0x00ff'],
    [new Uint8Array(), '0x'],
  ])('%s', (value, text) => {
    expect(mssqlDialect.literal(value)).toBe(text)
  })

  test.each([Number.NaN, '\ud800', 2n ** 63n, new Date(), undefined])('no %s', (value) => {
    expect(() => mssqlDialect.literal(value)).toThrow()
  })
})

describe('lists', () => {
  test('are padded, and stand in the text where they are more than a request takes', () => {
    const ids = (count: number) => Array.from({ length: count }, (_, i) => i)
    const few = compile(db.selectFrom('person').select('id').where('id', 'in', ids(5)))
    expect(few.sql).toBe('select "id" from "person" where "id" in (@1, @2, @3, @4, @5, @6, @7, @8)')
    expect(few.parameters).toEqual([0, 1, 2, 3, 4, 4, 4, 4])
    const many = compile(db.selectFrom('person').select('id').where('id', 'in', ids(2_500)))
    expect(many.parameters).toEqual([])
    expect(many.sql).toMatch(/in \(0, 1, 2, .*, 2499, 2499\)$/)
  })
})

test('set operations bind alike, in the order of the calls', () => {
  const some = () => db.selectFrom('person').select('id')
  expect(textOf(some().union(some()).intersect(some()).orderBy('id'))).toBe(
    '(select "id" from "person" union select "id" from "person") intersect select "id" from "person" order by "id"',
  )
})

describe('limits', () => {
  const some = () => db.selectFrom('person').select('id')

  test('in a set operation', () => {
    expect(textOf(some().union(some()).limit(2))).toBe(
      'select "id" from "person" union select "id" from "person" order by 1 offset 0 rows fetch next @1 rows only',
    )
  })

  test('an offset of distinct rows', () => {
    expect(textOf(some().distinct().offset(2))).toBe('select distinct "id" from "person" order by 1 offset @1 rows')
  })

  test('an order inside a query without a limit', () => {
    expect(textOf(db.selectFrom(some().orderBy('id').as('p')).selectAll())).toBe(
      'select * from (select "id" from "person" order by "id" offset 0 rows) as "p"',
    )
  })

  test('of a write without an order', () => {
    expect(textOf(db.updateTable('person').set({ name: 'x' }).limit(1))).toBe('update top(@1) "person" set "name" = @2')
    expect(textOf(db.deleteFrom('person').limit(1))).toBe('delete top(@1) from "person"')
  })

  test.each([
    ['top and limit', () => some().top(1).limit(1)],
    ['top and offset', () => some().top(1).offset(1)],
    ['limit and fetch', () => some().limit(1).fetch(1)],
    ['top and limit of a write', () => db.deleteFrom('person').top(1).limit(1)],
  ])('not %s', (_, build) => {
    expect(() => textOf(build())).toThrow(/Use/)
  })
})

describe('conditions and values', () => {
  const where = (build: (eb: Loose) => unknown) => textOf(db.selectFrom('person').select('id').where(build)).slice(32)

  test.each([
    ['not twice', (eb: Loose) => eb.not(eb.not(eb('id', '=', 1))), 'not (not ("id" = @1))'],
    ['a sum is no condition', (eb: Loose) => eb('id', '<<', 1), '"id" << @1 = 1'],
    ['a full-text search is one', (eb: Loose) => eb.fn('contains', ['name', eb.val('x')]), 'contains("name", @1)'],
    ['true in parentheses', (eb: Loose) => eb.parens(eb.lit(true)), '(1 = 1)'],
  ])('%s', (_, build, text) => {
    expect(where(build)).toContain(text)
  })

  test('in an order, a group, an argument and an assignment', () => {
    const older = (eb: Loose) => eb('score', '>', eb.lit(1))
    const bit = 'cast(case when "score" > 1 then 1 when not ("score" > 1) then 0 end as bit)'
    expect(textOf(db.selectFrom('person').select('id').orderBy(older))).toBe(
      `select "id" from "person" order by ${bit}`,
    )
    expect(
      textOf(db.selectFrom('person').select((eb) => eb.fn.coalesce(older(eb as Loose), eb.lit(false)).as('v'))),
    ).toBe(`select coalesce(${bit}, cast(0 as bit)) as "v" from "person"`)
    expect(textOf(db.updateTable('person').set((eb: Loose) => ({ active: older(eb) })))).toBe(
      `update "person" set "active" = ${bit}`,
    )
  })
})

describe('what is refused, with the way out', () => {
  const some = () => db.selectFrom('person').select('id')
  const by = (build: (ob: Loose) => unknown) =>
    db.selectFrom('person').select((eb) => eb.fn.agg('sum', ['id']).over(build).as('v'))

  test.each([
    ['for update', () => some().forUpdate(), /for update is not available in mssql.*updlock/],
    ['nulls last', () => some().orderBy('id', (ob: Loose) => ob.nullsLast()), /nullsLast\(\).*eb\.case\(\)/],
    ['ilike', () => some().where('name', 'ilike', 'x'), /ilike.*lower\(\)/],
    ['regexp', () => some().where('name', 'regexp', 'x'), /regexp.*like/],
    ['a frame of groups', () => by((ob) => ob.orderBy('id').groups('current row')), /groups\(\).*rows\(\)/],
    ['a frame with a parameter', () => by((ob) => ob.orderBy('id').rows({ preceding: 1 })), /eb\.lit\(2\)/],
    ['a collation that is none', () => some().orderBy('name', (ob: Loose) => ob.collate('x y')), /collation/],
    [
      'an aggregate of JSON',
      () => db.selectFrom('person').select((eb) => eb.fn.agg('json_agg', ['id']).as('v')),
      /jsonArrayFrom/,
    ],
    [
      'a filter of any function',
      () => db.selectFrom('person').select((eb) => eb.fn.agg('grouping', ['id']).filterWhere('id', '>', 1).as('v')),
      /filterWhere/,
    ],
    [
      'a lateral join with a condition',
      () =>
        db
          .selectFrom('person')
          .innerJoinLateral(
            (eb: Loose) => eb.selectFrom('pet').select('name').as('p'),
            (join: Loose) => join.onRef('p.name', '=', 'person.name'),
          )
          .select('p.name'),
      /where\(\) of the subquery/,
    ],
    [
      'with inside',
      () =>
        db
          .selectFrom(
            db
              .with('a', (qc) => qc.selectFrom('person').select('id'))
              .selectFrom('a')
              .select('id')
              .as('p'),
          )
          .selectAll(),
      /outermost/,
    ],
    [
      'a recursive union',
      () =>
        db
          .withRecursive('n', (qc) => qc.selectFrom('person').select('id').union(qc.selectFrom('n').select('n.id')))
          .selectFrom('n')
          .selectAll(),
      /unionAll\(\)/,
    ],
    [
      'a point in a name inside JSON',
      () =>
        db.selectNoFrom((eb) => [
          (jsonArrayFrom(eb.selectFrom('person').select('id as a.b') as never) as unknown as Loose).as('v'),
        ]),
      /alias/,
    ],
  ])('%s', (_, build, message) => {
    expect(() => textOf(build())).toThrow(message)
  })

  test('explain', async () => {
    const query = some() as unknown as { explain(): Promise<unknown> }
    await expect(query.explain()).rejects.toThrow(/showplan_xml/)
  })
})

describe('writes', () => {
  test('a query with common table expressions, which stand before the insert', () => {
    const from = db
      .with('a', (qc) => qc.selectFrom('person').select('name'))
      .selectFrom('a')
      .select('name')
    expect(textOf(db.insertInto('person').columns(['name']).expression(from))).toBe(
      'with "a" as (select "name" from "person") insert into "person" ("name") select "name" from "a"',
    )
  })

  test('bytes have their type, since a null has that of a text', () => {
    expect(compile(db.insertInto('person').values([{ photo: null }, { photo: new Uint8Array([1]) }] as never))).toEqual(
      {
        sql: 'insert into "person" ("photo") values (cast(@1 as varbinary(max))), (cast(@2 as varbinary(max)))',
        parameters: [null, new Uint8Array([1])],
      },
    )
    expect(textOf(db.updateTable('person').set({ photo: null }))).toBe(
      'update "person" set "photo" = cast(@1 as varbinary(max))',
    )
  })

  test('a merge with everything', () => {
    const merge = db
      .mergeInto('person as p')
      .using('pet as q', (join: Loose) => join.onRef('q.name', '=', 'p.name').on('p.id', '>', 1))
    const made = ((merge as Loose).top(5) as unknown as Record<string, (...given: unknown[]) => Loose>).whenMatchedAnd!(
      'q.name',
      '=',
      'x',
    )
      .thenDelete()
      .whenMatched()
      .thenUpdateSet((eb: Loose) => ({ name: eb.ref('q.name') }))
      .whenNotMatched()
      .thenInsertValues({ name: 'y' })
      .output(['inserted.id', 'deleted.name as old'])
    expect(textOf(made)).toBe(
      'merge top(@1) into "person" as "p" using "pet" as "q" on "q"."name" = "p"."name" and "p"."id" > @2 when matched and "q"."name" = @3 then delete when matched then update set "name" = "q"."name" when not matched then insert ("name") values (@4) output "inserted"."id", "deleted"."name" as "old";',
    )
  })
})

describe('decimals without digits of their own', () => {
  test.each([
    ['1.0123456789', true],
    ['1.01234567891', false],
    ['12345678901234567890123456789', false],
  ])('%s', (amount, fits) => {
    const build = () => compile(db.updateTable('person').set({ amount }))
    if (fits) expect(build().parameters).toEqual([amount])
    else expect(build).toThrow(/more digits than decimal\(38, 10\)/)
  })
})

test('dateTrunc has the words of SQL Server 2022, with weeks that begin on Monday', () => {
  const db = kanta({ driver, schema: { person } })
  const query = db
    .selectFrom('person')
    .select((eb) => [eb.fn.dateTrunc('week', 'seen').as('week'), eb.fn.dateTrunc('month', 'born').as('month')])
  expect(query.compile().sql).toBe(
    'select datetrunc(iso_week, "seen") as "week", datetrunc(month, "born") as "month" from "person"',
  )
})
