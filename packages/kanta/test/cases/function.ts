import type { Case, Loose } from '../case.ts'
import { person, sql } from '../fixture.ts'

/** One value over all rows of a table. */
const over = (table: string, expression: (eb: Loose) => Loose) => (db: Loose) =>
  db.selectFrom(table).select((eb) => expression(eb).as('v'))
const text = (expression: string, table = 'person') => ({ sqlite: `select ${expression} as "v" from "${table}"` })
const row = (v: unknown) => [{ v }]

/** Ages: 36, null, 39, 36. */
const aggregates: readonly Case[] = [
  {
    name: 'count of a column leaves out nulls',
    query: over('person', (eb) => eb.fn.count('age')),
    sql: text('count("age")'),
    rows: row(3),
  },
  { name: 'countAll', query: over('person', (eb) => eb.fn.countAll()), sql: text('count(*)'), rows: row(4) },
  {
    name: 'count of distinct values',
    query: over('person', (eb) => eb.fn.count('age').distinct()),
    sql: text('count(distinct "age")'),
    rows: row(2),
  },
  { name: 'sum', query: over('person', (eb) => eb.fn.sum('age')), sql: text('sum("age")'), rows: row(111) },
  {
    name: 'sum of distinct values',
    query: over('person', (eb) => eb.fn.sum('age').distinct()),
    sql: text('sum(distinct "age")'),
    rows: row(75),
  },
  { name: 'avg', query: over('person', (eb) => eb.fn.avg('age')), sql: text('avg("age")'), rows: row(37) },
  { name: 'min', query: over('person', (eb) => eb.fn.min('age')), sql: text('min("age")'), rows: row(36) },
  { name: 'max', query: over('person', (eb) => eb.fn.max('age')), sql: text('max("age")'), rows: row(39) },
  {
    name: 'max of a Date',
    query: over('person', (eb) => eb.fn.max('seen')),
    sql: text('max("seen")'),
    rows: row(new Date('2024-01-02T12:30:00.500Z')),
  },
  {
    name: 'min of a bigint',
    query: over('person', (eb) => eb.fn.min('balance')),
    sql: text('min("balance")'),
    rows: row(-5n),
  },
  {
    name: 'max of a bigint',
    query: over('person', (eb) => eb.fn.max('person.balance')),
    sql: text('max("person"."balance")'),
    rows: row(9007199254740993n),
  },
  {
    name: 'of a column object',
    query: over('person', (eb) => eb.fn.max(person.age)),
    sql: text('max("person"."age")'),
    rows: row(39),
  },
  {
    name: 'of an expression',
    query: over('person', (eb) => eb.fn.sum(eb('age', '*', eb.lit(2)))),
    sql: text('sum("age" * 2)'),
    rows: row(222),
  },
  {
    name: 'of a callback',
    query: (db) => db.selectFrom('person').select(db.fn.sum((eb: Loose) => eb('age', '*', eb.lit(2))).as('v')),
    sql: text('sum("age" * 2)'),
    rows: row(222),
  },
  {
    name: 'db.fn',
    query: (db) => db.selectFrom('person').select(db.fn.max('age').as('v')),
    sql: text('max("age")'),
    rows: row(39),
  },
  {
    name: 'of no rows',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => [eb.fn.sum('age').as('s'), eb.fn.count('age').as('c')])
        .where('id', '>', 9),
    sql: { sqlite: 'select sum("age") as "s", count("age") as "c" from "person" where "id" > ?' },
    parameters: [9],
    rows: [{ s: null, c: 0 }],
  },
  {
    name: 'any aggregate by name',
    differs: { postgres: 'it has no such function', mariadb: 'it has no total()' },
    query: over('person', (eb) => eb.fn.agg('total', ['age'])),
    sql: text('total("age")'),
    rows: row(111),
  },
  {
    name: 'filterWhere',
    query: over('person', (eb) => eb.fn.count('id').filterWhere('age', '=', 36)),
    sql: text('count("id") filter(where "age" = ?)'),
    parameters: [36],
    rows: row(2),
  },
  {
    name: 'filterWhere twice and by callback',
    query: over('person', (eb) =>
      eb.fn
        .countAll()
        .filterWhere('active', '=', true)
        .filterWhere((e) => e.or([e('id', '=', 1), e('id', '=', 2)])),
    ),
    sql: text('count(*) filter(where "active" = ? and ("id" = ? or "id" = ?))'),
    parameters: [1, 1, 2],
    rows: row(1),
  },
  {
    name: 'filterWhereRef',
    query: over('person', (eb) => eb.fn.countAll().filterWhereRef('age', '>', 'id')),
    sql: text('count(*) filter(where "age" > "id")'),
    rows: row(3),
  },
  {
    name: 'an order inside',
    differs: { postgres: 'it has no such function' },
    query: over('pet', (eb) =>
      eb.fn
        .agg('group_concat', ['name', eb.val('-')])
        .orderBy('species')
        .orderBy('name', 'desc'),
    ),
    sql: text('group_concat("name", ? order by "species", "name" desc)', 'pet'),
    parameters: ['-'],
    rows: row('Tom-Ra-Stray-Rex'),
  },
  {
    name: 'clearOrderBy inside',
    differs: { postgres: 'it has no such function' },
    query: over('pet', (eb) => eb.fn.agg('group_concat', ['name']).orderBy('species').clearOrderBy().orderBy('name')),
    sql: text('group_concat("name" order by "name")', 'pet'),
    rows: row('Ra,Rex,Stray,Tom'),
  },
  {
    name: 'an aggregate of distinct values with a filter',
    query: over('person', (eb) => eb.fn.count('last_name').distinct().filterWhere('age', 'is not', null)),
    sql: text('count(distinct "last_name") filter(where "age" is not null)'),
    rows: row(2),
  },
  {
    name: 'aggregates in arithmetic',
    differs: { mariadb: 'a mean is a decimal' },
    query: over('person', (eb) => eb(eb.fn.sum('age'), '/', eb.fn.count('age'))),
    sql: text('sum("age") / count("age")'),
    rows: row(37),
  },
  {
    name: 'withinGroupOrderBy',
    query: over('person', (eb) => eb.fn.agg('mode').withinGroupOrderBy('age')),
    unsupported: /withinGroupOrderBy\(\) is not available in sqlite/,
  },
  {
    name: 'of undefined',
    query: over('person', (eb) => eb.fn.sum(undefined)),
    refused: /An argument of the function is undefined/,
  },
  { name: 'of an unknown column', query: over('person', (eb) => eb.fn.sum('agee')), refused: /Unknown column 'agee'/ },
  {
    name: 'a name that is none',
    query: over('person', (eb) => eb.fn.agg('sum(1), max', ['age'])),
    refused: /is not the name of a function/,
  },
  {
    name: 'a filter by null',
    query: over('person', (eb) => eb.fn.countAll().filterWhere('age', '=', null)),
    refused: /filterWhere\("age", '=', null\) is never true/,
  },
]

const functions: readonly Case[] = [
  {
    name: 'by name',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => eb.fn('length', ['last_name']).as('v'))
        .orderBy('id'),
    sql: { sqlite: 'select length("last_name") as "v" from "person" order by "id"' },
    rows: [{ v: 8 }, { v: null }, { v: 7 }, { v: 8 }],
  },
  {
    name: 'without arguments',
    differs: { postgres: 'it has no such function', mariadb: 'it has no such function' },
    query: (db) => db.selectNoFrom((eb) => eb.fn('sqlite_version').as('v')).where((eb) => eb.lit(false)),
    sql: { sqlite: 'select sqlite_version() as "v" where false' },
    rows: [],
  },
  {
    name: 'strings are columns, others are values',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => eb.fn('substr', ['first_name', 1, eb.lit(2)]).as('v'))
        .where('id', '=', 3),
    sql: { sqlite: 'select substr("first_name", ?, 2) as "v" from "person" where "id" = ?' },
    parameters: [1, 3],
    rows: row('Cl'),
  },
  {
    name: 'a callback as an argument',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => eb.fn('upper', [(e: Loose) => e('first_name', '||', '!')]).as('v'))
        .where('id', '=', 1),
    sql: { sqlite: 'select upper("first_name" || ?) as "v" from "person" where "id" = ?' },
    parameters: ['!', 1],
    rows: row('ADA!'),
  },
  {
    name: 'coalesce',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => eb.fn.coalesce('last_name', 'first_name').as('v'))
        .orderBy('id'),
    sql: { sqlite: 'select coalesce("last_name", "first_name") as "v" from "person" order by "id"' },
    rows: [{ v: 'Lovelace' }, { v: 'Bob' }, { v: 'Ptolemy' }, { v: 'Lovelace' }],
  },
  {
    name: 'coalesce keeps the type of its column',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => eb.fn.coalesce('balance', eb.val(7n)).as('v'))
        .orderBy('id'),
    sql: { sqlite: 'select coalesce("balance", ?) as "v" from "person" order by "id"' },
    parameters: [7n],
    rows: [{ v: 9007199254740993n }, { v: 7n }, { v: -5n }, { v: 0n }],
  },
  {
    name: 'coalesce of a boolean and a value',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => eb.fn.coalesce('active', eb.val(false)).as('v'))
        .orderBy('id'),
    sql: { sqlite: 'select coalesce("active", ?) as "v" from "person" order by "id"' },
    parameters: [0],
    rows: [{ v: true }, { v: false }, { v: false }, { v: true }],
  },
  {
    name: 'nullif',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => eb.fn('nullif', ['age', eb.val(36)]).as('v'))
        .orderBy('id'),
    sql: { sqlite: 'select nullif("age", ?) as "v" from "person" order by "id"' },
    parameters: [36],
    rows: [{ v: null }, { v: null }, { v: 39 }, { v: null }],
  },
  {
    name: 'functions in functions',
    query: (db) => db.selectNoFrom((eb) => eb.fn('upper', [eb.fn('trim', [eb.val(' a ')])]).as('v')),
    sql: { sqlite: 'select upper(trim(?)) as "v"' },
    parameters: [' a '],
    rows: row('A'),
  },
  {
    name: 'a function that is not there',
    query: (db) => db.selectNoFrom((eb) => eb.fn('nothing_like_it').as('v')),
    sql: { sqlite: 'select nothing_like_it() as "v"' },
    fails: ['query', /no such function: nothing_like_it/],
  },
  {
    name: 'generate_series, which is an extension',
    differs: { postgres: 'it is not one there' },
    query: (db) => db.selectFrom((eb) => eb.fn.table('generate_series', [1, 3]).as('s')).selectAll(),
    sql: { sqlite: 'select * from generate_series(?, ?) as "s"' },
    parameters: [1, 3],
    fails: ['query', /no such (table|function).*generate_series/],
  },
  {
    name: 'an undefined argument',
    query: (db) => db.selectNoFrom((eb) => eb.fn('abs', [undefined]).as('v')),
    refused: /An argument of the function is undefined/,
  },
  {
    name: 'a name that is text',
    query: (db) => db.selectNoFrom((eb) => eb.fn('abs(1) --', []).as('v')),
    refused: /is not the name of a function/,
  },
]

/** Pets: Rex dog, Tom cat, Ra cat, Stray dog. */
const windows: readonly Case[] = [
  {
    name: 'over nothing',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) => ['id', eb.fn.countAll().over().as('n')])
        .orderBy('id')
        .limit(1),
    sql: { sqlite: 'select "id", count(*) over() as "n" from "pet" order by "id" limit ?' },
    parameters: [1],
    rows: [{ id: 1, n: 4 }],
  },
  {
    name: 'partition and order',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) => [
          'name',
          eb.fn
            .agg('row_number')
            .over((ob) => ob.partitionBy('species').orderBy('name', 'desc'))
            .as('n'),
        ])
        .orderBy('id'),
    sql: {
      sqlite:
        'select "name", row_number() over(partition by "species" order by "name" desc) as "n" from "pet" order by "id"',
    },
    rows: [
      { name: 'Rex', n: 2 },
      { name: 'Tom', n: 1 },
      { name: 'Ra', n: 2 },
      { name: 'Stray', n: 1 },
    ],
  },
  {
    name: 'several partitions and orders',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => [
          'id',
          eb.fn
            .agg('rank')
            .over((ob) => ob.partitionBy(['last_name', 'age']).orderBy('active').orderBy('id'))
            .as('n'),
        ])
        .orderBy('id'),
    sql: {
      sqlite:
        'select "id", rank() over(partition by "last_name", "age" order by "active", "id") as "n" from "person" order by "id"',
    },
    rows: [
      { id: 1, n: 1 },
      { id: 2, n: 1 },
      { id: 3, n: 1 },
      { id: 4, n: 2 },
    ],
  },
  {
    name: 'lag keeps the type of its column',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) =>
          eb.fn
            .agg('lag', ['active'])
            .over((ob) => ob.orderBy('id'))
            .as('v'),
        )
        .orderBy('id'),
    sql: { sqlite: 'select lag("active") over(order by "id") as "v" from "person" order by "id"' },
    rows: [{ v: null }, { v: true }, { v: false }, { v: null }],
  },
  {
    name: 'lag with a number of rows and a value instead',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) =>
          eb.fn
            .agg('lag', ['first_name', 2, eb.val('none')])
            .over((ob) => ob.orderBy('id'))
            .as('v'),
        )
        .orderBy('id'),
    sql: { sqlite: 'select lag("first_name", ?, ?) over(order by "id") as "v" from "person" order by "id"' },
    parameters: [2, 'none'],
    rows: [{ v: 'none' }, { v: 'none' }, { v: 'Ada' }, { v: 'Bob' }],
  },
  {
    name: 'lag of a type, with a number of rows and a value instead',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) =>
          eb.fn
            .agg('lag', ['active', 2, eb.val(true)])
            .over((ob) => ob.orderBy('id'))
            .as('v'),
        )
        .orderBy('id'),
    sql: { sqlite: 'select lag("active", ?, ?) over(order by "id") as "v" from "person" order by "id"' },
    parameters: [2, 1],
    rows: [{ v: true }, { v: true }, { v: true }, { v: false }],
  },
  {
    name: 'nth_value of a type',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) =>
          eb.fn
            .agg('nth_value', ['balance', 3])
            .over((ob) => ob.orderBy('id').rows('unbounded preceding', 'unbounded following'))
            .as('v'),
        )
        .limit(1),
    sql: {
      sqlite:
        'select nth_value("balance", ?) over(order by "id" rows between unbounded preceding and unbounded following) as "v" from "person" limit ?',
    },
    parameters: [3, 1],
    rows: [{ v: -5n }],
  },
  {
    name: 'a frame of rows',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => [
          'id',
          eb.fn
            .sum('id')
            .over((ob) => ob.orderBy('id').rows('unbounded preceding', 'current row'))
            .as('s'),
        ])
        .orderBy('id'),
    sql: {
      sqlite:
        'select "id", sum("id") over(order by "id" rows between unbounded preceding and current row) as "s" from "person" order by "id"',
    },
    rows: [
      { id: 1, s: 1 },
      { id: 2, s: 3 },
      { id: 3, s: 6 },
      { id: 4, s: 10 },
    ],
  },
  {
    name: 'a frame with one edge',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) =>
          eb.fn
            .sum('id')
            .over((ob) => ob.orderBy('id').rows('unbounded preceding'))
            .as('s'),
        )
        .orderBy('id'),
    sql: { sqlite: 'select sum("id") over(order by "id" rows unbounded preceding) as "s" from "pet" order by "id"' },
    rows: [{ s: 1 }, { s: 3 }, { s: 6 }, { s: 10 }],
  },
  {
    name: 'a frame of so many rows before and after',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) =>
          eb.fn
            .sum('id')
            .over((ob) => ob.orderBy('id').rows({ preceding: 1 }, { following: eb.lit(1) }))
            .as('s'),
        )
        .orderBy('id'),
    sql: {
      sqlite:
        'select sum("id") over(order by "id" rows between ? preceding and 1 following) as "s" from "pet" order by "id"',
    },
    parameters: [1],
    rows: [{ s: 3 }, { s: 6 }, { s: 9 }, { s: 7 }],
  },
  {
    name: 'a frame of a range',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => [
          'id',
          eb.fn
            .countAll()
            .over((ob) => ob.orderBy('age').range({ preceding: 3 }, 'current row'))
            .as('n'),
        ])
        .where('age', 'is not', null)
        .orderBy('id'),
    sql: {
      sqlite:
        'select "id", count(*) over(order by "age" range between ? preceding and current row) as "n" from "person" where "age" is not null order by "id"',
    },
    parameters: [3],
    rows: [
      { id: 1, n: 2 },
      { id: 3, n: 3 },
      { id: 4, n: 2 },
    ],
  },
  {
    name: 'a frame of groups, without the row itself',
    differs: { postgres: 'null comes after all values' },
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => [
          'id',
          eb.fn
            .countAll()
            .over((ob) => ob.orderBy('age').groups('current row', 'unbounded following').exclude('current row'))
            .as('n'),
        ])
        .orderBy('id'),
    sql: {
      sqlite:
        'select "id", count(*) over(order by "age" groups between current row and unbounded following exclude current row) as "n" from "person" order by "id"',
    },
    rows: [
      { id: 1, n: 2 },
      { id: 2, n: 3 },
      { id: 3, n: 0 },
      { id: 4, n: 2 },
    ],
  },
  {
    name: 'exclude ties',
    differs: { postgres: 'null comes after all values' },
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) =>
          eb.fn
            .countAll()
            .over((ob) => ob.orderBy('age').range('unbounded preceding', 'current row').exclude('ties'))
            .as('n'),
        )
        .orderBy('id'),
    sql: {
      sqlite:
        'select count(*) over(order by "age" range between unbounded preceding and current row exclude ties) as "n" from "person" order by "id"',
    },
    rows: [{ n: 2 }, { n: 1 }, { n: 4 }, { n: 2 }],
  },
  {
    name: 'a window with a name',
    query: (db) =>
      db
        .selectFrom('pet')
        .window('w', (ob) => ob.partitionBy('species').orderBy('id'))
        .select((eb) => ['id', eb.fn.agg('row_number').over('w').as('n'), eb.fn.countAll().over('w').as('c')])
        .orderBy('id'),
    sql: {
      sqlite:
        'select "id", row_number() over "w" as "n", count(*) over "w" as "c" from "pet" window "w" as (partition by "species" order by "id") order by "id"',
    },
    rows: [
      { id: 1, n: 1, c: 1 },
      { id: 2, n: 1, c: 1 },
      { id: 3, n: 2, c: 2 },
      { id: 4, n: 2, c: 2 },
    ],
  },
  {
    name: 'two windows with names',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) => [eb.fn.countAll().over('a').as('a'), eb.fn.countAll().over('b').as('b')])
        .window('a', (ob) => ob.partitionBy('species'))
        .window('b', (ob) => ob.orderBy('id'))
        .orderBy('id')
        .limit(1),
    sql: {
      sqlite:
        'select count(*) over "a" as "a", count(*) over "b" as "b" from "pet" window "a" as (partition by "species"), "b" as (order by "id") order by "id" limit ?',
    },
    parameters: [1],
    rows: [{ a: 2, b: 1 }],
  },
  {
    name: 'a filter and a window',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) =>
          eb.fn
            .countAll()
            .filterWhere('owner_id', 'is', null)
            .over((ob) => ob.partitionBy('species'))
            .as('n'),
        )
        .orderBy('id'),
    sql: {
      sqlite:
        'select count(*) filter(where "owner_id" is null) over(partition by "species") as "n" from "pet" order by "id"',
    },
    rows: [{ n: 1 }, { n: 0 }, { n: 0 }, { n: 1 }],
  },
  {
    name: 'nulls last in a window',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) =>
          eb.fn
            .agg('row_number')
            .over((ob) => ob.orderBy('age', (o) => o.desc().nullsFirst()).orderBy('id'))
            .as('n'),
        )
        .orderBy('id'),
    sql: {
      sqlite: 'select row_number() over(order by "age" desc nulls first, "id") as "n" from "person" order by "id"',
    },
    rows: [{ n: 3 }, { n: 1 }, { n: 2 }, { n: 4 }],
  },
  {
    name: 'exclude without a frame',
    query: over('pet', (eb) => eb.fn.countAll().over((ob) => ob.exclude('ties'))),
    refused: /exclude\(\) needs a frame/,
  },
  {
    name: 'a wrong edge',
    query: over('pet', (eb) => eb.fn.countAll().over((ob) => ob.rows('1 preceding'))),
    refused: /"1 preceding" is not the edge of a frame/,
  },
  {
    name: 'an undefined number of rows',
    query: over('pet', (eb) => eb.fn.countAll().over((ob) => ob.rows({ preceding: undefined }))),
    refused: /is not the edge of a frame/,
  },
  {
    name: 'a wrong exclude',
    query: over('pet', (eb) => eb.fn.countAll().over((ob) => ob.exclude('all'))),
    refused: /exclude\("all"\): use one of/,
  },
  {
    name: 'a callback of over without a result',
    query: over('pet', (eb) => eb.fn.countAll().over(() => undefined)),
    refused: /The callback of over\(\) gave no window/,
  },
  {
    name: 'an empty name of a window',
    query: (db) =>
      db
        .selectFrom('pet')
        .select('id')
        .window('', (ob) => ob.orderBy('id')),
    refused: /"" cannot be a window/,
  },
  { name: 'over text', query: over('pet', (eb) => eb.fn.countAll().over(sql`(order by id)`)), refused: /over\(/ },
]

export const fn: readonly Case[] = [...aggregates, ...functions, ...windows]
