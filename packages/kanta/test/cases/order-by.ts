import type { Case, Loose } from '../case.ts'
import { person, sql } from '../fixture.ts'

const ids = (...found: number[]) => found.map((id) => ({ id }))
const of = (db: Loose) => db.selectFrom('person').select('id')
const text = (rest: string) => ({ sqlite: `select "id" from "person" ${rest}` })

/** Ages: 36, null, 39, 36. */
export const orderBy: readonly Case[] = [
  {
    name: 'nulls come first',
    differs: { postgres: 'null comes after all values' },
    query: (db) => of(db).orderBy('age').orderBy('id'),
    sql: text('order by "age", "id"'),
    rows: ids(2, 1, 4, 3),
  },
  { name: 'asc', query: (db) => of(db).orderBy('id', 'asc'), sql: text('order by "id" asc'), rows: ids(1, 2, 3, 4) },
  {
    name: 'desc',
    query: (db) => of(db).orderBy('person.id', 'desc'),
    sql: text('order by "person"."id" desc'),
    rows: ids(4, 3, 2, 1),
  },
  {
    name: 'a list',
    differs: { postgres: 'null comes after all values' },
    query: (db) => of(db).orderBy(['age', 'id desc']),
    sql: text('order by "age", "id" desc'),
    rows: ids(2, 4, 1, 3),
  },
  {
    name: 'a direction in the string',
    query: (db) => of(db).orderBy('person.id desc'),
    sql: text('order by "person"."id" desc'),
    rows: ids(4, 3, 2, 1),
  },
  {
    name: 'nulls first where they would come last',
    query: (db) =>
      of(db)
        .orderBy('age', (ob) => ob.desc().nullsFirst())
        .orderBy('id'),
    sql: text('order by "age" desc nulls first, "id"'),
    rows: ids(2, 3, 1, 4),
  },
  {
    name: 'nulls last',
    query: (db) =>
      of(db)
        .orderBy('age', (ob) => ob.asc().nullsLast())
        .orderBy('id'),
    sql: text('order by "age" asc nulls last, "id"'),
    rows: ids(1, 4, 3, 2),
  },
  {
    name: 'nulls without a direction',
    query: (db) =>
      of(db)
        .orderBy('last_name', (ob) => ob.nullsLast())
        .orderBy('id'),
    sql: text('order by "last_name" nulls last, "id"'),
    rows: ids(1, 4, 3, 2),
  },
  {
    name: 'a collation',
    differs: { postgres: 'it has no collation nocase', mariadb: 'it has no collation nocase' },
    query: (db) =>
      db
        .selectFrom('pet')
        .select('id')
        .orderBy('name', (ob) => ob.collate('nocase').desc()),
    sql: { sqlite: 'select "id" from "pet" order by "name" collate "nocase" desc' },
    rows: ids(2, 4, 1, 3),
  },
  {
    name: 'a collation with everything',
    differs: { postgres: 'it has no collation nocase', mariadb: 'it has no collation nocase' },
    query: (db) =>
      of(db)
        .orderBy('last_name', (ob) => ob.collate('nocase').desc().nullsLast())
        .orderBy('id', 'desc'),
    sql: text('order by "last_name" collate "nocase" desc nulls last, "id" desc'),
    rows: ids(3, 4, 1, 2),
  },
  {
    name: 'an alias',
    differs: { postgres: 'null comes after all values' },
    query: (db) => db.selectFrom('person').select(['id', 'age as years']).orderBy('years').orderBy('id').limit(2),
    sql: { sqlite: 'select "id", "age" as "years" from "person" order by "years", "id" limit ?' },
    parameters: [2],
    rows: [
      { id: 2, years: null },
      { id: 1, years: 36 },
    ],
  },
  {
    name: 'an expression',
    query: (db) =>
      of(db)
        .orderBy((eb) => eb.fn('length', ['first_name']), 'desc')
        .orderBy('id'),
    sql: text('order by length("first_name") desc, "id"'),
    rows: ids(3, 1, 2, 4),
  },
  {
    name: 'a comparison with a value',
    query: (db) =>
      of(db)
        .orderBy((eb) => eb('id', '=', 3), 'desc')
        .orderBy('id'),
    sql: text('order by "id" = ? desc, "id"'),
    parameters: [3],
    rows: ids(3, 1, 2, 4),
  },
  {
    name: 'a query',
    query: (db) =>
      of(db)
        .orderBy(
          (eb) => eb.selectFrom('pet').select(eb.fn.countAll().as('n')).whereRef('owner_id', '=', 'person.id'),
          'desc',
        )
        .orderBy('id'),
    sql: text('order by (select count(*) as "n" from "pet" where "owner_id" = "person"."id") desc, "id"'),
    rows: ids(1, 3, 2, 4),
  },
  {
    name: 'a column object',
    query: (db) => of(db).orderBy(person.id, 'desc'),
    sql: text('order by "person"."id" desc'),
    rows: ids(4, 3, 2, 1),
  },
  {
    name: 'text',
    query: (db) => of(db).orderBy(sql`id % ${2}`).orderBy('id'),
    sql: text('order by id % ?, "id"'),
    parameters: [2],
    rows: ids(2, 4, 1, 3),
  },
  {
    name: 'text as the direction',
    query: (db) => of(db).orderBy('id', sql`desc`),
    sql: text('order by "id" desc'),
    rows: ids(4, 3, 2, 1),
  },
  {
    name: 'a name from run time',
    query: (db) => of(db).orderBy(db.dynamic.ref('id'), 'desc'),
    sql: text('order by "id" desc'),
    rows: ids(4, 3, 2, 1),
  },
  {
    name: 'clearOrderBy',
    query: (db) => of(db).orderBy('age').clearOrderBy().orderBy('id', 'desc'),
    sql: text('order by "id" desc'),
    rows: ids(4, 3, 2, 1),
  },
  {
    name: 'an empty list is no order',
    query: (db) => of(db).orderBy([]).where('id', '=', 1),
    sql: text('where "id" = ?'),
    parameters: [1],
    rows: ids(1),
  },
  { name: 'an unknown column', query: (db) => of(db).orderBy('agee'), refused: /Unknown column 'agee'/ },
  { name: 'undefined', query: (db) => of(db).orderBy(undefined), refused: /undefined is not a column/ },
  {
    name: 'a wrong direction',
    query: (db) => of(db).orderBy('id', 'down'),
    refused: /a direction is 'asc', 'desc' or a callback/,
  },
  {
    name: 'a direction with more to it',
    query: (db) => of(db).orderBy('id', 'desc; drop table person'),
    refused: /a direction is/,
  },
  {
    name: 'a callback without a result',
    query: (db) => of(db).orderBy('id', () => undefined),
    refused: /a direction is/,
  },
  { name: 'null as the direction', query: (db) => of(db).orderBy('id', null), refused: /a direction is/ },
]

export const limit: readonly Case[] = [
  {
    name: 'limit',
    query: (db) => of(db).orderBy('id').limit(2),
    sql: text('order by "id" limit ?'),
    parameters: [2],
    rows: ids(1, 2),
  },
  { name: 'limit 0', query: (db) => of(db).limit(0), sql: text('limit ?'), parameters: [0], rows: [] },
  {
    name: 'a bigint',
    query: (db) => of(db).orderBy('id').limit(1n),
    sql: text('order by "id" limit ?'),
    parameters: [1n],
    rows: ids(1),
  },
  {
    name: 'limit and offset',
    query: (db) => of(db).orderBy('id').limit(2).offset(1),
    sql: text('order by "id" limit ? offset ?'),
    parameters: [2, 1],
    rows: ids(2, 3),
  },
  {
    name: 'offset before limit',
    query: (db) => of(db).orderBy('id').offset(3).limit(5),
    sql: text('order by "id" limit ? offset ?'),
    parameters: [5, 3],
    rows: ids(4),
  },
  {
    name: 'offset without a limit',
    query: (db) => of(db).orderBy('id').offset(2),
    sql: text('order by "id" limit -1 offset ?'),
    parameters: [2],
    rows: ids(3, 4),
  },
  {
    name: 'the last limit counts',
    query: (db) => of(db).orderBy('id').limit(3).limit(1),
    sql: text('order by "id" limit ?'),
    parameters: [1],
    rows: ids(1),
  },
  {
    name: 'clearLimit and clearOffset',
    query: (db) => of(db).orderBy('id').limit(1).offset(2).clearLimit().clearOffset().where('id', '<', 3),
    sql: text('where "id" < ? order by "id"'),
    parameters: [3],
    rows: ids(1, 2),
  },
  {
    name: 'an expression',
    query: (db) => of(db).orderBy('id').limit(sql`1 + ${1}`),
    sql: text('order by "id" limit 1 + ?'),
    parameters: [1],
    rows: ids(1, 2),
  },
  {
    name: 'a callback',
    query: (db) =>
      of(db)
        .orderBy('id')
        .limit((eb) => eb.lit(2))
        .offset((eb) => eb(eb.lit(1), '+', eb.lit(1))),
    sql: text('order by "id" limit 2 offset 1 + 1'),
    rows: ids(3, 4),
  },
  {
    name: 'a query',
    query: (db) =>
      of(db)
        .orderBy('id')
        .limit(db.selectFrom('pet').select((eb) => eb.fn.count('owner_id').as('n'))),
    sql: text('order by "id" limit (select count("owner_id") as "n" from "pet")'),
    rows: ids(1, 2, 3),
  },
  {
    name: 'undefined',
    query: (db) => of(db).limit(undefined),
    refused: /limit\(undefined\): give a whole number of rows, from 0/,
  },
  { name: 'null', query: (db) => of(db).limit(null), refused: /limit\(null\): give a whole number/ },
  { name: 'negative', query: (db) => of(db).limit(-1), refused: /limit\(-1\): give a whole number/ },
  { name: 'a negative bigint', query: (db) => of(db).limit(-1n), refused: /limit\(-1n\): give a whole number/ },
  { name: 'a fraction', query: (db) => of(db).limit(1.5), refused: /limit\(1\.5\): give a whole number/ },
  { name: 'NaN', query: (db) => of(db).limit(Number.NaN), refused: /limit\(NaN\)/ },
  { name: 'Infinity', query: (db) => of(db).limit(Number.POSITIVE_INFINITY), refused: /limit\(Infinity\)/ },
  { name: 'a string', query: (db) => of(db).limit('5'), refused: /limit\("5"\): give a whole number/ },
  {
    name: 'an undefined offset',
    query: (db) => of(db).offset(undefined),
    refused: /offset\(undefined\): give a whole number of rows/,
  },
  { name: 'a negative offset', query: (db) => of(db).offset(-2), refused: /offset\(-2\)/ },
  {
    name: 'fetch',
    query: (db) => of(db).fetch(2),
    unsupported: /fetch\(\) is not available in sqlite\. Use limit\(\)/,
  },
  {
    name: 'fetch with ties',
    query: (db) => of(db).orderBy('age').fetch(2, 'with ties'),
    unsupported: /fetch\(\) is not available in sqlite/,
  },
  {
    name: 'fetch with a wrong modifier',
    query: (db) => of(db).fetch(2, 'ties'),
    refused: /fetch\(…, "ties"\): use 'only' or 'with ties'/,
  },
  { name: 'top', query: (db) => of(db).top(2), unsupported: /top\(\) is not available in sqlite\. Use limit\(\)/ },
  { name: 'top percent', query: (db) => of(db).top(2, 'percent'), unsupported: /top\(\) is not available in sqlite/ },
  { name: 'top with a wrong modifier', query: (db) => of(db).top(2, 'per cent'), refused: /top\(…, "per cent"\)/ },
]
