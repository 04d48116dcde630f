import type { Case } from '../case.ts'
import { person, sql } from '../fixture.ts'

export const groupBy: readonly Case[] = [
  {
    name: 'one column, nulls in a group of their own',
    differs: { postgres: 'null comes after all values' },
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => ['last_name', eb.fn.countAll().as('n')])
        .groupBy('last_name')
        .orderBy('last_name'),
    sql: { sqlite: 'select "last_name", count(*) as "n" from "person" group by "last_name" order by "last_name"' },
    rows: [
      { last_name: null, n: 1 },
      { last_name: 'Lovelace', n: 2 },
      { last_name: 'Ptolemy', n: 1 },
    ],
  },
  {
    name: 'several columns',
    differs: { postgres: 'null comes after all values' },
    query: (db) =>
      db.selectFrom('person').select(['last_name', 'age']).groupBy(['last_name', 'person.age']).orderBy('age', 'desc'),
    sql: {
      sqlite: 'select "last_name", "age" from "person" group by "last_name", "person"."age" order by "age" desc',
    },
    rows: [
      { last_name: 'Ptolemy', age: 39 },
      { last_name: 'Lovelace', age: 36 },
      { last_name: null, age: null },
    ],
  },
  {
    name: 'calls that add up',
    differs: { postgres: 'null comes after all values' },
    query: (db) => db.selectFrom('person').select('age').groupBy('last_name').groupBy('age').orderBy('age'),
    sql: { sqlite: 'select "age" from "person" group by "last_name", "age" order by "age"' },
    rows: [{ age: null }, { age: 36 }, { age: 39 }],
  },
  {
    name: 'an alias of the selection',
    differs: { postgres: 'null comes after all values' },
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => [eb('age', '+', eb.lit(1)).as('next'), eb.fn.countAll().as('n')])
        .groupBy('next')
        .orderBy('next'),
    sql: { sqlite: 'select "age" + 1 as "next", count(*) as "n" from "person" group by "next" order by "next"' },
    rows: [
      { next: null, n: 1 },
      { next: 37, n: 2 },
      { next: 40, n: 1 },
    ],
  },
  {
    name: 'an expression, by a callback',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => eb.fn.countAll().as('n'))
        .groupBy((eb) => [eb.fn('length', ['first_name']), 'age'])
        .orderBy('n'),
    sql: { sqlite: 'select count(*) as "n" from "person" group by length("first_name"), "age" order by "n"' },
    rows: [{ n: 1 }, { n: 1 }, { n: 2 }],
  },
  {
    name: 'column objects',
    differs: { postgres: 'null comes after all values' },
    query: (db) => db.selectFrom(person).select(person.age).groupBy([person.age]).orderBy(person.age),
    sql: {
      sqlite: 'select "person"."age" from "person" group by "person"."age" order by "person"."age"',
    },
    rows: [{ age: null }, { age: 36 }, { age: 39 }],
  },
  {
    name: 'text',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) => eb.fn.countAll().as('n'))
        .groupBy(sql`species`),
    sql: { sqlite: 'select count(*) as "n" from "pet" group by species' },
    rows: [{ n: 2 }, { n: 2 }],
  },
  {
    name: 'having',
    query: (db) =>
      db
        .selectFrom('person')
        .select('last_name')
        .groupBy('last_name')
        .having((eb) => eb.fn.countAll(), '>', 1),
    sql: { sqlite: 'select "last_name" from "person" group by "last_name" having count(*) > ?' },
    parameters: [1],
    rows: [{ last_name: 'Lovelace' }],
  },
  {
    name: 'having, by a callback',
    differs: { postgres: 'null comes after all values' },
    query: (db) =>
      db
        .selectFrom('person')
        .select('last_name')
        .groupBy('last_name')
        .having((eb) => eb.or([eb(eb.fn.sum('age'), 'is', null), eb(eb.fn.max('id'), '=', 3)]))
        .orderBy('last_name'),
    sql: {
      sqlite:
        'select "last_name" from "person" group by "last_name" having (sum("age") is null or max("id") = ?) order by "last_name"',
    },
    parameters: [3],
    rows: [{ last_name: null }, { last_name: 'Ptolemy' }],
  },
  {
    name: 'having twice',
    query: (db) =>
      db
        .selectFrom('person')
        .select('last_name')
        .groupBy('last_name')
        .having(db.fn.count('id'), '>=', 1)
        .having('last_name', 'is not', null)
        .having(db.fn.min('id'), '=', 3),
    sql: {
      sqlite:
        'select "last_name" from "person" group by "last_name" having count("id") >= ? and "last_name" is not null and min("id") = ?',
    },
    parameters: [1, 3],
    rows: [{ last_name: 'Ptolemy' }],
  },
  {
    name: 'having of an alias',
    differs: { postgres: 'an alias is not seen in having' },
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => eb.fn.countAll().as('n'))
        .groupBy('last_name')
        .having('n', '=', 2),
    sql: { sqlite: 'select count(*) as "n" from "person" group by "last_name" having "n" = ?' },
    parameters: [2],
    rows: [{ n: 2 }],
  },
  {
    name: 'havingRef',
    query: (db) =>
      db
        .selectFrom('person')
        .select('last_name')
        .groupBy('last_name')
        .havingRef(db.fn.min('id'), '!=', db.fn.max('id')),
    sql: { sqlite: 'select "last_name" from "person" group by "last_name" having min("id") != max("id")' },
    rows: [{ last_name: 'Lovelace' }],
  },
  {
    name: 'having takes the type of its column',
    query: (db) =>
      db
        .selectFrom('person')
        .select('last_name')
        .groupBy('last_name')
        .having(db.fn.max('seen'), '>', new Date('2024-01-02T00:00:00Z')),
    sql: { sqlite: 'select "last_name" from "person" group by "last_name" having max("seen") > ?' },
    parameters: ['2024-01-02T00:00:00.000Z'],
    rows: [{ last_name: 'Ptolemy' }],
  },
  {
    name: 'clearGroupBy and clearHaving',
    query: (db) =>
      db
        .selectFrom('pet')
        .select('id')
        .groupBy('species')
        .having('species', '=', 'dog')
        .clearGroupBy()
        .clearHaving()
        .where('id', '<', 3),
    sql: { sqlite: 'select "id" from "pet" where "id" < ?' },
    parameters: [3],
    rows: [{ id: 1 }, { id: 2 }],
  },
  {
    name: 'rollup',
    query: (db) =>
      db
        .selectFrom('pet')
        .select('species')
        .groupBy((eb) => eb.rollup(['species'])),
    unsupported: /rollup is not available in sqlite\. Union the queries/,
  },
  {
    name: 'cube',
    query: (db) =>
      db
        .selectFrom('pet')
        .select('species')
        .groupBy((eb) => eb.cube(['species'])),
    unsupported: /cube is not available in sqlite/,
  },
  {
    name: 'groupingSets',
    query: (db) =>
      db
        .selectFrom('pet')
        .select('species')
        .groupBy((eb) => eb.groupingSets([['species'], []])),
    unsupported: /grouping sets is not available in sqlite/,
  },
  {
    name: 'undefined',
    query: (db) => db.selectFrom('pet').select('id').groupBy(undefined),
    refused: /undefined is not a column/,
  },
  {
    name: 'an empty list is no grouping',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) => eb.fn.countAll().as('n'))
        .groupBy([]),
    sql: { sqlite: 'select count(*) as "n" from "pet"' },
    rows: [{ n: 4 }],
  },
  {
    name: 'an unknown column',
    query: (db) => db.selectFrom('pet').select('id').groupBy('kind'),
    refused: /Unknown column 'kind'/,
  },
  {
    name: 'having = null',
    query: (db) => db.selectFrom('pet').select('id').groupBy('id').having('id', '=', null),
    refused: /having\("id", '=', null\) is never true/,
  },
]
