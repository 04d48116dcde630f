import type { Case, Loose } from '../case.ts'
import { person, pet } from '../fixture.ts'

const ADA = {
  id: 1,
  first_name: 'Ada',
  last_name: 'Lovelace',
  age: 36,
  active: true,
  born: '1815-12-10',
  seen: new Date('2024-01-01T00:00:00.000Z'),
  meta: { tags: ['math', 'code'], address: { city: 'London', zip: null }, 'a.b': 1 },
  balance: 9007199254740993n,
  photo: new Uint8Array([1, 2, 255]),
  score: 1.5,
}

const REX = { id: 1, owner_id: 1, name: 'Rex', species: 'dog' }

export const select: readonly Case[] = [
  {
    name: 'one column',
    query: (db) => db.selectFrom('person').select('first_name'),
    sql: { sqlite: 'select "first_name" from "person"' },
    rows: [{ first_name: 'Ada' }, { first_name: 'Bob' }, { first_name: 'Cleo' }, { first_name: 'Dan' }],
  },
  {
    name: 'a list of columns',
    query: (db) => db.selectFrom('pet').select(['id', 'owner_id']),
    sql: { sqlite: 'select "id", "owner_id" from "pet"' },
    rows: [
      { id: 1, owner_id: 1 },
      { id: 2, owner_id: 1 },
      { id: 3, owner_id: 3 },
      { id: 4, owner_id: null },
    ],
  },
  {
    name: 'a column of a table',
    query: (db) => db.selectFrom('pet').select('pet.name').where('id', '=', 3),
    sql: { sqlite: 'select "pet"."name" from "pet" where "id" = ?' },
    parameters: [3],
    rows: [{ name: 'Ra' }],
  },
  {
    name: 'a column of a table in a schema',
    differs: { postgres: "it has no schema 'main' or 'temp'", mariadb: "it has no schema 'main' or 'temp'" },
    query: (db) => db.selectFrom('main.pet').select('main.pet.name').where('id', '=', 3),
    sql: { sqlite: 'select "main"."pet"."name" from "main"."pet" where "id" = ?' },
    parameters: [3],
    rows: [{ name: 'Ra' }],
  },
  {
    name: 'an alias in a string',
    query: (db) => db.selectFrom('pet').select(['name as n', 'pet.species as kind']).where('id', '=', 1),
    sql: { sqlite: 'select "name" as "n", "pet"."species" as "kind" from "pet" where "id" = ?' },
    parameters: [1],
    rows: [{ n: 'Rex', kind: 'dog' }],
  },
  {
    name: 'an alias in capitals and with spaces',
    query: (db) => db.selectFrom('pet').select('name AS  the name').where('id', '=', 1),
    sql: { sqlite: 'select "name" as "the name" from "pet" where "id" = ?' },
    parameters: [1],
    rows: [{ 'the name': 'Rex' }],
  },
  {
    name: 'an alias that is a name of JavaScript',
    query: (db) => db.selectFrom('pet').select(['name as constructor', 'id as toString']).where('id', '=', 1),
    sql: { sqlite: 'select "name" as "constructor", "id" as "toString" from "pet" where "id" = ?' },
    parameters: [1],
    rows: [{ constructor: 'Rex', toString: 1 }],
  },
  {
    name: 'an alias with quotes',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) => [eb.ref('name').as('a"b')])
        .where('id', '=', 1),
    sql: { sqlite: 'select "name" as "a""b" from "pet" where "id" = ?' },
    parameters: [1],
    rows: [{ 'a"b': 'Rex' }],
  },
  {
    name: 'everything, decoded',
    query: (db) => db.selectFrom('person').selectAll().where('id', '=', 1),
    sql: { sqlite: 'select * from "person" where "id" = ?' },
    parameters: [1],
    rows: [ADA],
  },
  {
    name: 'everything, all of it null',
    query: (db) => db.selectFrom('person').selectAll().where('id', '=', 2),
    sql: { sqlite: 'select * from "person" where "id" = ?' },
    parameters: [2],
    rows: [
      {
        id: 2,
        first_name: 'Bob',
        last_name: null,
        age: null,
        active: false,
        born: null,
        seen: null,
        meta: null,
        balance: null,
        photo: null,
        score: null,
      },
    ],
  },
  {
    name: 'everything without a schema, as it is stored',
    world: 'undefined',
    query: (db) => db.selectFrom('person').selectAll().where('id', '=', 3).select('balance as b'),
    sql: { sqlite: 'select *, "balance" as "b" from "person" where "id" = ?' },
    parameters: [3],
    rows: [
      {
        id: 3,
        first_name: 'Cleo',
        last_name: 'Ptolemy',
        age: 39,
        active: null,
        born: '1969-01-01',
        seen: '2024-01-02T12:30:00.500Z',
        meta: '[]',
        balance: -5,
        photo: new Uint8Array(),
        score: 2.5,
        b: -5,
      },
    ],
  },
  {
    name: 'everything of one table of a join',
    query: (db) => db.selectFrom('person').innerJoin('pet', 'pet.owner_id', 'person.id').selectAll('pet').limit(1),
    sql: {
      sqlite: 'select "pet".* from "person" inner join "pet" on "pet"."owner_id" = "person"."id" limit ?',
    },
    parameters: [1],
    rows: [REX],
  },
  {
    name: 'everything of a table in a schema',
    differs: { postgres: "it has no schema 'main' or 'temp'", mariadb: "it has no schema 'main' or 'temp'" },
    query: (db) => db.selectFrom('main.pet').selectAll('main.pet').where('id', '=', 1),
    sql: { sqlite: 'select "pet".* from "main"."pet" where "id" = ?' },
    parameters: [1],
    rows: [REX],
  },
  {
    name: 'a star in a string',
    query: (db) => db.selectFrom('pet').select(['pet.*', 'id as again']).where('id', '=', 1),
    sql: { sqlite: 'select "pet".*, "id" as "again" from "pet" where "id" = ?' },
    parameters: [1],
    rows: [{ ...REX, again: 1 }],
  },
  {
    name: 'everything of some tables',
    query: (db) =>
      db.selectFrom(['pet as a', 'pet as b']).selectAll(['a', 'b']).where('a.id', '=', 1).where('b.id', '=', 1),
    sql: { sqlite: 'select "a".*, "b".* from "pet" as "a", "pet" as "b" where "a"."id" = ? and "b"."id" = ?' },
    parameters: [1, 1],
    rows: [REX],
  },
  {
    name: 'everything of a table object',
    query: (db) => db.selectFrom(pet).selectAll(pet).where(pet.id, '=', 1),
    sql: { sqlite: 'select "pet".* from "pet" where "pet"."id" = ?' },
    parameters: [1],
    rows: [REX],
  },
  {
    name: 'everything and a column more',
    query: (db) => db.selectFrom('pet').selectAll().select('id as again').where('id', '=', 1),
    sql: { sqlite: 'select *, "id" as "again" from "pet" where "id" = ?' },
    parameters: [1],
    rows: [{ ...REX, again: 1 }],
  },
  {
    name: 'calls that add up',
    query: (db) => db.selectFrom('pet').select('id').select(['name', 'species']).where('id', '=', 1),
    sql: { sqlite: 'select "id", "name", "species" from "pet" where "id" = ?' },
    parameters: [1],
    rows: [{ id: 1, name: 'Rex', species: 'dog' }],
  },
  {
    name: 'one column twice',
    query: (db) => db.selectFrom('pet').select(['id', 'id']).where('id', '=', 1),
    sql: { sqlite: 'select "id", "id" from "pet" where "id" = ?' },
    parameters: [1],
    rows: [{ id: 1 }],
  },
  {
    name: 'by a callback',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) => [eb.ref('name').as('n'), 'id'])
        .where('id', '=', 2),
    sql: { sqlite: 'select "name" as "n", "id" from "pet" where "id" = ?' },
    parameters: [2],
    rows: [{ n: 'Tom', id: 2 }],
  },
  {
    name: 'by a callback that gives one thing',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) => eb.fn('upper', ['name']).as('n'))
        .where('id', '=', 2),
    sql: { sqlite: 'select upper("name") as "n" from "pet" where "id" = ?' },
    parameters: [2],
    rows: [{ n: 'TOM' }],
  },
  {
    name: 'callbacks among columns',
    query: (db) =>
      db
        .selectFrom('pet')
        .select(['id', (eb: Loose) => eb.val('x').as('x')])
        .where('id', '=', 2),
    sql: { sqlite: 'select "id", ? as "x" from "pet" where "id" = ?' },
    parameters: ['x', 2],
    rows: [{ id: 2, x: 'x' }],
  },
  {
    name: 'column objects',
    query: (db) =>
      db
        .selectFrom(person)
        .select([person.id, person.first_name.as('name'), 'age'])
        .where('id', '=', 4),
    sql: {
      sqlite: 'select "person"."id", "person"."first_name" as "name", "age" from "person" where "id" = ?',
    },
    parameters: [4],
    rows: [{ id: 4, name: 'Dan', age: 36 }],
  },
  {
    name: 'one column object',
    query: (db) => db.selectFrom(person).select(person.active).where(person.id, '=', 4),
    sql: { sqlite: 'select "person"."active" from "person" where "person"."id" = ?' },
    parameters: [4],
    rows: [{ active: true }],
  },
  {
    name: 'a type of its column under another name',
    query: (db) => db.selectFrom('person').select(['active as on', 'balance as b', 'meta as m']).orderBy('id'),
    sql: { sqlite: 'select "active" as "on", "balance" as "b", "meta" as "m" from "person" order by "id"' },
    rows: [
      { on: true, b: 9007199254740993n, m: ADA.meta },
      { on: false, b: null, m: null },
      { on: null, b: -5n, m: [] },
      { on: true, b: 0n, m: { tags: [] } },
    ],
  },
  {
    name: 'an expression, null where a part is null',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => eb('age', '+', 1).as('next'))
        .orderBy('id'),
    sql: { sqlite: 'select "age" + ? as "next" from "person" order by "id"' },
    parameters: [1],
    rows: [{ next: 37 }, { next: null }, { next: 40 }, { next: 37 }],
  },
  {
    name: 'a comparison as a value',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => eb('age', '>', 36).as('older'))
        .orderBy('id'),
    sql: { sqlite: 'select "age" > ? as "older" from "person" order by "id"' },
    parameters: [36],
    rows: [{ older: false }, { older: null }, { older: true }, { older: false }],
  },
  {
    name: 'no table',
    query: (db) => db.selectNoFrom((eb) => [eb.val(1).as('one'), eb.lit('a').as('a'), eb.lit(null).as('n')]),
    sql: { sqlite: `select ? as "one", 'a' as "a", null as "n"` },
    parameters: [1],
    rows: [{ one: 1, a: 'a', n: null }],
  },
  {
    name: 'no table, one expression',
    differs: { postgres: 'booleans are their own type' },
    query: (db) => db.selectNoFrom((eb) => eb.lit(true).as('t')),
    sql: { sqlite: 'select true as "t"' },
    rows: [{ t: 1 }],
  },
  {
    name: 'a query under a name',
    query: (db) =>
      db.selectNoFrom((eb) => [
        eb.selectFrom('pet').select('name').where('id', '=', 1).as('first'),
        eb.selectFrom('pet').select('name').where('id', '=', 99).as('none'),
      ]),
    sql: {
      sqlite:
        'select (select "name" from "pet" where "id" = ?) as "first", (select "name" from "pet" where "id" = ?) as "none"',
    },
    parameters: [1, 99],
    rows: [{ first: 'Rex', none: null }],
  },
  {
    name: 'rowid',
    differs: { postgres: 'it has no rowid', mariadb: 'it has no rowid' },
    query: (db) => db.selectFrom('membership').select(['rowid', 'club']).orderBy('rowid'),
    sql: { sqlite: 'select "rowid", "club" from "membership" order by "rowid"' },
    rows: [
      { rowid: 1, club: 'chess' },
      { rowid: 2, club: 'go' },
      { rowid: 3, club: 'chess' },
    ],
  },
  {
    name: 'clearSelect',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) => eb.val(5).as('gone'))
        .clearSelect()
        .select('id')
        .where('id', '=', 1),
    sql: { sqlite: 'select "id" from "pet" where "id" = ?' },
    parameters: [1],
    rows: [{ id: 1 }],
  },
  {
    name: 'distinct',
    differs: { postgres: 'null comes after all values' },
    query: (db) => db.selectFrom('person').select('last_name').distinct().orderBy('last_name'),
    sql: { sqlite: 'select distinct "last_name" from "person" order by "last_name"' },
    rows: [{ last_name: null }, { last_name: 'Lovelace' }, { last_name: 'Ptolemy' }],
  },
  {
    name: 'distinct of two columns',
    differs: { postgres: 'null comes after all values' },
    query: (db) => db.selectFrom('person').distinct().select(['last_name', 'age']).orderBy('last_name'),
    sql: { sqlite: 'select distinct "last_name", "age" from "person" order by "last_name"' },
    rows: [
      { last_name: null, age: null },
      { last_name: 'Lovelace', age: 36 },
      { last_name: 'Ptolemy', age: 39 },
    ],
  },
  {
    name: 'distinctOn',
    query: (db) => db.selectFrom('person').select('id').distinctOn(['last_name']),
    unsupported: /distinctOn\(\) is not available in sqlite\. Number the rows with a window function/,
  },
  {
    name: 'nothing',
    query: (db) => db.selectFrom('person').select([]),
    refused: /select\(\[\]\) selects nothing/,
  },
  {
    name: 'nothing, by a callback',
    query: (db) => db.selectFrom('person').select(() => []),
    refused: /select\(\[\]\) selects nothing/,
  },
  {
    name: 'no selection at all',
    query: (db) => db.selectFrom('person'),
    refused: /selects nothing\. Add select\(…\) or selectAll\(\)/,
  },
  {
    name: 'undefined',
    query: (db) => db.selectFrom('person').select(undefined),
    refused: /undefined cannot be selected/,
  },
  {
    name: 'undefined among columns',
    query: (db) => db.selectFrom('person').select(['id', undefined]),
    refused: /undefined cannot be selected/,
  },
  {
    name: 'a number',
    query: (db) => db.selectFrom('person').select(['id', 5]),
    refused: /5 cannot be selected/,
  },
  {
    name: 'an unknown column',
    query: (db) => db.selectFrom('person').select('nam'),
    refused: /Unknown column 'nam'\. In scope: person\.id, person\.first_name/,
  },
  {
    name: 'an unknown column of a known table',
    query: (db) => db.selectFrom('person as p').select('p.nam'),
    refused: /Unknown column 'p\.nam'\. In scope: p\.id, p\.first_name/,
  },
  {
    name: 'a column of a table that is not there',
    query: (db) => db.selectFrom('person').select('pet.name'),
    refused: /Unknown table 'pet'/,
  },
  {
    name: 'a column of a table that goes by another name',
    query: (db) => db.selectFrom('person as p').select('person.id'),
    refused: /Unknown table 'person'/,
  },
  {
    name: 'an unknown column without a schema',
    world: 'undefined',
    query: (db) => db.selectFrom('person').select('nam'),
    sql: { sqlite: 'select "nam" from "person"' },
    fails: ['query', /no such column: "?nam/],
  },
  {
    name: 'an empty string',
    query: (db) => db.selectFrom('person').select(''),
    refused: /"" is not a column reference/,
  },
  {
    name: 'too many dots',
    query: (db) => db.selectFrom('person').select('a.b.c.d'),
    refused: /"a\.b\.c\.d" is not a column reference/,
  },
  {
    name: 'an alias without a name',
    query: (db) => db.selectFrom('person').select('id as '),
    refused: /cannot be an alias/,
  },
  {
    name: 'an empty alias',
    query: (db) => db.selectFrom('person').select((eb) => eb.ref('id').as('')),
    refused: /"" cannot be an alias/,
  },
  {
    name: 'selectAll of a number',
    query: (db) => db.selectFrom('person').selectAll(5),
    refused: /selectAll\(5\)/,
  },
]
