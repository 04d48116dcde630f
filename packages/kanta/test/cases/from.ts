import type { Case } from '../case.ts'
import { list, odd, person, pet, sql, values } from '../fixture.ts'

export const from: readonly Case[] = [
  {
    name: 'several tables',
    query: (db) =>
      db.selectFrom(['person', 'pet']).select(['first_name', 'name']).whereRef('owner_id', '=', 'person.id'),
    sql: { sqlite: 'select "first_name", "name" from "person", "pet" where "owner_id" = "person"."id"' },
    rows: [
      { first_name: 'Ada', name: 'Rex' },
      { first_name: 'Ada', name: 'Tom' },
      { first_name: 'Cleo', name: 'Ra' },
    ],
  },
  {
    name: 'a table under another name',
    query: (db) => db.selectFrom('person as p').select('p.id').where('p.id', '=', 1),
    sql: { sqlite: 'select "p"."id" from "person" as "p" where "p"."id" = ?' },
    parameters: [1],
    rows: [{ id: 1 }],
  },
  {
    name: 'a table in a schema under another name',
    differs: { postgres: "it has no schema 'main' or 'temp'", mariadb: "it has no schema 'main' or 'temp'" },
    query: (db) => db.selectFrom('main.person as p').select('p.active').where('p.id', '=', 1),
    sql: { sqlite: 'select "p"."active" from "main"."person" as "p" where "p"."id" = ?' },
    parameters: [1],
    rows: [{ active: 1 }],
  },
  {
    name: 'a table object',
    query: (db) => db.selectFrom(person).select('active').where('id', '=', 1),
    sql: { sqlite: 'select "active" from "person" where "id" = ?' },
    parameters: [1],
    rows: [{ active: true }],
  },
  {
    name: 'table objects under other names',
    query: (db) => {
      const a = pet.as('a')
      const b = pet.as('b')
      return db
        .selectFrom([a, b])
        .select([a.name, b.name.as('other')])
        .where(a.owner_id, '=', b.owner_id)
        .where(a.id, '<', b.id)
    },
    sql: {
      sqlite:
        'select "a"."name", "b"."name" as "other" from "pet" as "a", "pet" as "b" where "a"."owner_id" = "b"."owner_id" and "a"."id" < "b"."id"',
    },
    rows: [{ name: 'Rex', other: 'Tom' }],
  },
  {
    name: 'a query',
    query: (db) =>
      db.selectFrom(db.selectFrom('person').select(['id', 'active']).where('age', '=', 36).as('p')).selectAll(),
    sql: { sqlite: 'select * from (select "id", "active" from "person" where "age" = ?) as "p"' },
    parameters: [36],
    rows: [
      { id: 1, active: true },
      { id: 4, active: true },
    ],
  },
  {
    name: 'a query, by a callback',
    query: (db) =>
      db
        .selectFrom((eb) => eb.selectFrom('pet').select('id as x').as('p'))
        .select('p.x')
        .where('x', '>', 2),
    sql: { sqlite: 'select "p"."x" from (select "id" as "x" from "pet") as "p" where "x" > ?' },
    parameters: [2],
    rows: [{ x: 3 }, { x: 4 }],
  },
  {
    name: 'a table and a query, by a callback',
    query: (db) =>
      db
        .selectFrom((eb) => ['pet', eb.selectFrom('person').select('id as person_id').where('id', '=', 3).as('p')])
        .select(['name', 'person_id'])
        .whereRef('owner_id', '=', 'person_id'),
    sql: {
      sqlite:
        'select "name", "person_id" from "pet", (select "id" as "person_id" from "person" where "id" = ?) as "p" where "owner_id" = "person_id"',
    },
    parameters: [3],
    rows: [{ name: 'Ra', person_id: 3 }],
  },
  {
    name: 'queries in queries keep types',
    query: (db) =>
      db
        .selectFrom((eb) =>
          eb
            .selectFrom((e) => e.selectFrom('person').select(['seen as s', 'id']).as('a'))
            .selectAll()
            .as('b'),
        )
        .select('b.s')
        .where('s', '=', new Date('2024-01-01T00:00:00.000Z')),
    sql: {
      sqlite:
        'select "b"."s" from (select * from (select "seen" as "s", "id" from "person") as "a") as "b" where "s" = ?',
    },
    parameters: ['2024-01-01T00:00:00.000Z'],
    rows: [{ s: new Date('2024-01-01T00:00:00.000Z') }],
  },
  {
    name: 'from() adds a table',
    query: (db) =>
      db.selectFrom('person').from('pet').select('name').whereRef('owner_id', '=', 'person.id').where('age', '=', 39),
    sql: { sqlite: 'select "name" from "person", "pet" where "owner_id" = "person"."id" and "age" = ?' },
    parameters: [39],
    rows: [{ name: 'Ra' }],
  },
  {
    name: 'odd names, by column objects',
    query: (db) =>
      db
        .selectFrom(odd)
        .select([odd['a.b'], odd['x as y'], odd['say "hi"'].as('hi'), odd.order])
        .where(odd['a.b'], '>', 1)
        .orderBy(odd.order),
    sql: {
      sqlite:
        'select "odd"."a.b", "odd"."x as y", "odd"."say ""hi""" as "hi", "odd"."order" from "odd" where "odd"."a.b" > ? order by "odd"."order"',
    },
    parameters: [1],
    rows: [{ 'a.b': 2, 'x as y': null, hi: 'two', order: 5 }],
  },
  {
    name: 'odd names, everything',
    query: (db) => db.selectFrom('odd').selectAll().orderBy('order'),
    sql: { sqlite: 'select * from "odd" order by "order"' },
    rows: [
      { 'a.b': 2, 'x as y': null, 'say "hi"': 'two', order: 5 },
      { 'a.b': 1, 'x as y': 'one', 'say "hi"': null, order: 10 },
    ],
  },
  {
    name: 'a table named at run time',
    query: (db) =>
      db
        .selectFrom(db.dynamic.table('pet').as('t'))
        .select(db.dynamic.ref('t.name'))
        .where(db.dynamic.ref('t.id'), '=', 1),
    sql: { sqlite: 'select "t"."name" from "pet" as "t" where "t"."id" = ?' },
    parameters: [1],
    rows: [{ name: 'Rex' }],
  },
  {
    name: 'a column named at run time, with an alias',
    query: (db) =>
      db
        .selectFrom('person')
        .select([db.dynamic.ref('person.active as on')])
        .orderBy(db.dynamic.ref('id'))
        .limit(1),
    sql: { sqlite: 'select "person"."active" as "on" from "person" order by "id" limit ?' },
    parameters: [1],
    rows: [{ on: true }],
  },
  {
    name: 'rows given from here',
    query: (db) =>
      db
        .selectFrom(
          values([
            { id: 1, n: 'a' },
            { id: 2, n: null },
          ]).as('v'),
        )
        .select(['v.id', 'n'])
        .orderBy('id'),
    sql: {
      sqlite:
        'select "v"."id", "n" from (select column1 as "id", column2 as "n" from (values (?, ?), (?, ?))) as "v" order by "id"',
    },
    parameters: [1, 'a', 2, null],
    rows: [
      { id: 1, n: 'a' },
      { id: 2, n: null },
    ],
  },
  {
    name: 'rows given from here, everything',
    query: (db) => db.selectFrom(values([{ x: 5 }]).as('v')).selectAll(),
    sql: { sqlite: 'select * from (select column1 as "x" from (values (?))) as "v"' },
    parameters: [5],
    rows: [{ x: 5 }],
  },
  {
    name: 'a list as a table',
    query: (db) =>
      db
        .selectFrom(list([3, 1, 99]).as('l'))
        .innerJoin('pet', 'pet.id', 'l.value')
        .select(['position', 'name'])
        .orderBy('position'),
    sql: {
      sqlite:
        'select "position", "name" from (select "key" + 1 as "position", "value" from json_each(?)) as "l" inner join "pet" on "pet"."id" = "l"."value" order by "position"',
    },
    parameters: ['[3,1,99]'],
    rows: [
      { position: 1, name: 'Ra' },
      { position: 2, name: 'Rex' },
    ],
  },
  {
    name: 'a list of all sorts',
    differs: { postgres: 'the items of a list have one type', mariadb: 'the items of a list of all sorts are text' },
    query: (db) =>
      db
        .selectFrom(list([1.5, 'a"b', null, 2n ** 53n - 1n]).as('l'))
        .selectAll()
        .orderBy('position'),
    sql: {
      sqlite: 'select * from (select "key" + 1 as "position", "value" from json_each(?)) as "l" order by "position"',
    },
    parameters: ['[1.5,"a\\"b",null,9007199254740991]'],
    rows: [
      { position: 1, value: 1.5 },
      { position: 2, value: 'a"b' },
      { position: 3, value: null },
      { position: 4, value: 9007199254740991 },
    ],
  },
  {
    name: 'an empty list',
    query: (db) => db.selectFrom(list([]).as('l')).selectAll(),
    sql: { sqlite: 'select * from (select "key" + 1 as "position", "value" from json_each(?)) as "l"' },
    parameters: ['[]'],
    rows: [],
  },
  {
    name: 'a table function',
    differs: { postgres: 'it has no json_each of an array', mariadb: 'it has no json_each()' },
    query: (db) => db.selectFrom((eb) => eb.fn.table('json_each', ['[5,"x"]']).as('j')).select(['j.key', 'j.value']),
    sql: { sqlite: 'select "j"."key", "j"."value" from json_each(?) as "j"' },
    parameters: ['[5,"x"]'],
    rows: [
      { key: 0, value: 5 },
      { key: 1, value: 'x' },
    ],
  },
  {
    name: 'a table function with a named column',
    differs: { postgres: 'it has no json_each of an array' },
    query: (db) =>
      db
        .selectFrom((eb) => eb.fn.table('json_each', ['[5,6]']).as('j', ['v']))
        .select('v')
        .where('v', '>', 5),
    sql: { sqlite: 'select "v" from (select value as "v" from json_each(?)) as "j" where "v" > ?' },
    parameters: ['[5,6]', 5],
    rows: [{ v: 6 }],
  },
  {
    name: 'a table function of a column of the table before it',
    differs: { postgres: 'it has no json_each of an array', mariadb: 'it has no json_each()' },
    query: (db) =>
      db
        .selectFrom((eb) => ['person', eb.fn.table('json_each', [eb.ref('person.meta'), '$.tags']).as('tag')])
        .select(['first_name', 'tag.value as tag']),
    sql: {
      sqlite: 'select "first_name", "tag"."value" as "tag" from "person", json_each("person"."meta", ?) as "tag"',
    },
    parameters: ['$.tags'],
    rows: [
      { first_name: 'Ada', tag: 'math' },
      { first_name: 'Ada', tag: 'code' },
    ],
  },
  {
    name: 'SQL text as a table',
    differs: { postgres: 'a parameter of text of the user is text' },
    query: (db) =>
      db.selectFrom(sql`(select ${1} as x union all select ${2})`.as('t')).select('t.x').orderBy('x', 'desc'),
    sql: { sqlite: 'select "t"."x" from (select ? as x union all select ?) as "t" order by "x" desc' },
    parameters: [1, 2],
    rows: [{ x: 2 }, { x: 1 }],
  },
  {
    name: 'a table that is not there',
    query: (db) => db.selectFrom('persn').selectAll(),
    sql: { sqlite: 'select * from "persn"' },
    fails: ['query', /no such table: persn/],
  },
  { name: 'undefined', query: (db) => db.selectFrom(undefined), refused: /undefined is not a table/ },
  { name: 'null', query: (db) => db.selectFrom(null), refused: /null is not a table/ },
  { name: 'a number', query: (db) => db.selectFrom(5), refused: /5 is not a table/ },
  { name: 'no tables', query: (db) => db.selectFrom([]), refused: /names no table/ },
  { name: 'an empty name', query: (db) => db.selectFrom(''), refused: /"" is not a table/ },
  { name: 'too many dots', query: (db) => db.selectFrom('a.b.c'), refused: /"a\.b\.c" is not a table/ },
  { name: 'no name after as', query: (db) => db.selectFrom('person as '), refused: /cannot be an alias/ },
  { name: 'values of no rows', query: () => values([]), refused: /values\(\[\]\) has no rows/ },
  { name: 'values of no columns', query: () => values([{}]), refused: /values\(\[\{\}\]\) has no columns/ },
  {
    name: 'values with another column',
    query: () => values([{ a: 1 }, { b: 1 }]),
    refused: /values\(\): .*row 1/,
  },
  {
    name: 'values with a column more',
    query: () => values([{ a: 1 }, { a: 1, b: 2 }]),
    refused: /row 1 has the columns a, b where the first row has a/,
  },
  {
    name: 'values with an undefined cell',
    query: () => values([{ a: undefined }]),
    refused: /"a" of row 0 is undefined/,
  },
  {
    name: 'values with an expression',
    query: () => values([{ a: sql`1` }]),
    refused: /"a" of row 0 is an expression/,
  },
  { name: 'a list with undefined', query: () => list([1, undefined]), refused: /item 1 is undefined/ },
  { name: 'a list that is none', query: () => list('abc'), refused: /list\("abc"\) takes an array/ },
  {
    name: 'a list with a Date',
    query: (db) => db.selectFrom(list([new Date(0)]).as('l')).selectAll(),
    refused: /A list takes strings, finite numbers, bigints, booleans and null/,
  },
  {
    name: 'a list with NaN',
    query: (db) => db.selectFrom(list([Number.NaN]).as('l')).selectAll(),
    refused: /A list takes strings, finite numbers/,
  },
]
