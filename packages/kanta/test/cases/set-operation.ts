import type { Case, Loose } from '../case.ts'

const ids = (...found: number[]) => found.map((id) => ({ id }))
const first = (db: Loose) => db.selectFrom('person').select('id').where('id', '<=', 3)
const second = (db: Loose) => db.selectFrom('pet').select('id').where('id', '>=', 3)
const text = (operator: string) => ({
  sqlite: `select "id" from "person" where "id" <= ? ${operator} select "id" from "pet" where "id" >= ?`,
})

export const setOperation: readonly Case[] = [
  {
    name: 'union',
    query: (db) => first(db).union(second(db)),
    sql: text('union'),
    parameters: [3, 3],
    rows: ids(1, 2, 3, 4),
  },
  {
    name: 'unionAll',
    query: (db) => first(db).unionAll(second(db)),
    sql: text('union all'),
    parameters: [3, 3],
    rows: ids(1, 2, 3, 3, 4),
  },
  {
    name: 'intersect',
    query: (db) => first(db).intersect(second(db)),
    sql: text('intersect'),
    parameters: [3, 3],
    rows: ids(3),
  },
  {
    name: 'except',
    query: (db) => first(db).except(second(db)),
    sql: text('except'),
    parameters: [3, 3],
    rows: ids(1, 2),
  },
  {
    name: 'nulls are one in a union',
    query: (db) => db.selectFrom('person').select('age').union(db.selectFrom('pet').select('owner_id')),
    sql: { sqlite: 'select "age" from "person" union select "owner_id" from "pet"' },
    rows: [{ age: null }, { age: 1 }, { age: 3 }, { age: 36 }, { age: 39 }],
  },
  {
    name: 'several calls, from left to right',
    query: (db) =>
      first(db)
        .union(second(db))
        .except(db.selectFrom('pet').select('id').where('id', '=', 2)),
    sql: {
      sqlite:
        'select "id" from "person" where "id" <= ? union select "id" from "pet" where "id" >= ? except select "id" from "pet" where "id" = ?',
    },
    parameters: [3, 3, 2],
    rows: ids(1, 3, 4),
  },
  {
    name: 'a list',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where('id', '=', 1)
        .union([second(db), db.selectFrom('pet').select('id').where('id', '=', 2)]),
    sql: {
      sqlite:
        'select "id" from "person" where "id" = ? union select "id" from "pet" where "id" >= ? union select "id" from "pet" where "id" = ?',
    },
    parameters: [1, 3, 2],
    rows: ids(1, 2, 3, 4),
  },
  {
    name: 'by a callback',
    query: (db) => first(db).unionAll((eb) => eb.selectFrom('pet').select('id').where('id', '=', 4)),
    sql: {
      sqlite: 'select "id" from "person" where "id" <= ? union all select "id" from "pet" where "id" = ?',
    },
    parameters: [3, 4],
    rows: ids(1, 2, 3, 4),
  },
  {
    name: 'order, limit and offset belong to the whole',
    query: (db) => first(db).union(second(db)).orderBy('id', 'desc').limit(2).offset(1),
    sql: {
      sqlite:
        'select "id" from "person" where "id" <= ? union select "id" from "pet" where "id" >= ? order by "id" desc limit ? offset ?',
    },
    parameters: [3, 3, 2, 1],
    rows: ids(3, 2),
  },
  {
    name: 'a part with an order and a limit of its own',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where('id', '=', 1)
        .unionAll(db.selectFrom('pet').select('id').orderBy('id', 'desc').limit(1)),
    sql: {
      sqlite:
        'select "id" from "person" where "id" = ? union all select * from (select "id" from "pet" order by "id" desc limit ?)',
    },
    parameters: [1, 1],
    rows: ids(1, 4),
  },
  {
    name: 'a part that is a set operation',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .except(first(db).intersect(second(db)))
        .orderBy('id'),
    sql: {
      sqlite:
        'select "id" from "person" except select * from (select "id" from "person" where "id" <= ? intersect select "id" from "pet" where "id" >= ?) order by "id"',
    },
    parameters: [3, 3],
    rows: ids(1, 2, 4),
  },
  {
    name: 'a part in parentheses',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where('id', '=', 1)
        .union(({ parens, selectFrom }) => parens(selectFrom('pet').select('id').where('id', '=', 4))),
    sql: {
      sqlite: 'select "id" from "person" where "id" = ? union select * from (select "id" from "pet" where "id" = ?)',
    },
    parameters: [1, 4],
    rows: ids(1, 4),
  },
  {
    name: 'the names and types are those of the first',
    query: (db) =>
      db
        .selectFrom('person')
        .select(['active as on'])
        .where('id', '=', 1)
        .unionAll(db.selectFrom('person').select('active').where('id', '=', 2)),
    sql: {
      sqlite:
        'select "active" as "on" from "person" where "id" = ? union all select "active" from "person" where "id" = ?',
    },
    parameters: [1, 2],
    rows: [{ on: true }, { on: false }],
  },
  {
    name: 'a union as a table',
    query: (db) => db.selectFrom(first(db).union(second(db)).as('u')).select((eb) => eb.fn.sum('u.id').as('s')),
    sql: {
      sqlite:
        'select sum("u"."id") as "s" from (select "id" from "person" where "id" <= ? union select "id" from "pet" where "id" >= ?) as "u"',
    },
    parameters: [3, 3],
    rows: [{ s: 10 }],
  },
  {
    name: 'a union in a list',
    query: (db) =>
      db
        .selectFrom('toy')
        .select('id')
        .where('id', 'in', first(db).except(second(db))),
    sql: {
      sqlite:
        'select "id" from "toy" where "id" in (select "id" from "person" where "id" <= ? except select "id" from "pet" where "id" >= ?)',
    },
    parameters: [3, 3],
    rows: ids(1, 2),
  },
  {
    name: 'a part without a table',
    query: (db) =>
      db
        .selectNoFrom((eb) => eb.lit(1).as('n'))
        .union(db.selectNoFrom((eb) => eb.val(2).as('n')))
        .orderBy('n', 'desc'),
    sql: { sqlite: 'select 1 as "n" union select ? as "n" order by "n" desc' },
    parameters: [2],
    rows: [{ n: 2 }, { n: 1 }],
  },
  {
    name: 'intersectAll',
    query: (db) => first(db).intersectAll(second(db)),
    unsupported: /intersect all is not available in sqlite\. Use the form without all/,
  },
  {
    name: 'exceptAll',
    query: (db) => first(db).exceptAll(second(db)),
    unsupported: /except all is not available in sqlite/,
  },
  { name: 'undefined', query: (db) => first(db).union(undefined), refused: /union\(undefined\) takes a query/ },
  { name: 'no queries', query: (db) => first(db).union([]), refused: /union\(\[\]\) names no query/ },
  { name: 'a table', query: (db) => first(db).union('pet'), refused: /union\("pet"\) takes a query/ },
  { name: 'a callback without a result', query: (db) => first(db).union(() => undefined), refused: /takes a query/ },
]
