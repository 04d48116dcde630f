import type { Case } from '../case.ts'

const ids = (...found: number[]) => found.map((id) => ({ id }))

export const withCases: readonly Case[] = [
  {
    name: 'by a callback',
    query: (db) =>
      db
        .with('old', (qc) => qc.selectFrom('person').select(['id', 'active']).where('age', '>', 36))
        .selectFrom('old')
        .selectAll(),
    sql: { sqlite: 'with "old" as (select "id", "active" from "person" where "age" > ?) select * from "old"' },
    parameters: [36],
    rows: [{ id: 3, active: null }],
  },
  {
    name: 'a query',
    query: (db) =>
      db
        .with('old', db.selectFrom('person').selectAll().where('age', '=', 36))
        .selectFrom('old')
        .select(['old.active', 'id'])
        .where('old.id', '>', 1),
    sql: {
      sqlite:
        'with "old" as (select * from "person" where "age" = ?) select "old"."active", "id" from "old" where "old"."id" > ?',
    },
    parameters: [36, 1],
    rows: [{ active: true, id: 4 }],
  },
  {
    name: 'several, the later from the earlier',
    query: (db) =>
      db
        .with('a', (qc) => qc.selectFrom('person').select('id').where('id', '<', 4))
        .with('b', (qc) => qc.selectFrom('a').select('id').where('id', '>', 1))
        .selectFrom('b')
        .innerJoin('a', 'a.id', 'b.id')
        .select('b.id')
        .where('a.id', '!=', 2),
    sql: {
      sqlite:
        'with "a" as (select "id" from "person" where "id" < ?), "b" as (select "id" from "a" where "id" > ?) select "b"."id" from "b" inner join "a" on "a"."id" = "b"."id" where "a"."id" != ?',
    },
    parameters: [4, 1, 2],
    rows: ids(3),
  },
  {
    name: 'names of columns',
    query: (db) =>
      db
        .with('p(x, on)', (qc) => qc.selectFrom('person').select(['id', 'active']).where('id', '=', 2))
        .selectFrom('p')
        .select(['p.x', 'on']),
    sql: {
      sqlite:
        'with "p"("x", "on") as (select "id", "active" from "person" where "id" = ?) select "p"."x", "on" from "p"',
    },
    parameters: [2],
    rows: [{ x: 2, on: false }],
  },
  {
    name: 'names of columns of types',
    query: (db) =>
      db
        .with('p(s)', (qc) => qc.selectFrom('person').select('seen'))
        .selectFrom('p')
        .selectAll()
        .where('s', '=', new Date('2024-01-01T00:00:00Z')),
    sql: { sqlite: 'with "p"("s") as (select "seen" from "person") select * from "p" where "s" = ?' },
    parameters: ['2024-01-01T00:00:00.000Z'],
    rows: [{ s: new Date('2024-01-01T00:00:00.000Z') }],
  },
  {
    name: 'materialized',
    query: (db) =>
      db
        .with(
          (cte) => cte('m').materialized(),
          (qc) => qc.selectFrom('pet').select('id').where('id', '=', 1),
        )
        .selectFrom('m')
        .selectAll(),
    sql: { sqlite: 'with "m" as materialized (select "id" from "pet" where "id" = ?) select * from "m"' },
    parameters: [1],
    rows: ids(1),
  },
  {
    name: 'not materialized, with names of columns',
    query: (db) =>
      db
        .with(
          (cte) => cte('m(x)').notMaterialized(),
          (qc) => qc.selectFrom('pet').select('id').where('id', '=', 1),
        )
        .selectFrom('m')
        .selectAll(),
    sql: { sqlite: 'with "m"("x") as not materialized (select "id" from "pet" where "id" = ?) select * from "m"' },
    parameters: [1],
    rows: [{ x: 1 }],
  },
  {
    name: 'recursive',
    query: (db) =>
      db
        .withRecursive('n(i)', (qc) =>
          qc
            .selectNoFrom((eb) => eb.val(1).as('i'))
            .unionAll(
              qc
                .selectFrom('n')
                .select((eb) => eb('i', '+', 1).as('i'))
                .where('i', '<', 3),
            ),
        )
        .selectFrom('n')
        .select('i')
        .where('i', '>', 1),
    sql: {
      sqlite:
        'with recursive "n"("i") as (select ? as "i" union all select "i" + ? as "i" from "n" where "i" < ?) select "i" from "n" where "i" > ?',
    },
    parameters: [1, 1, 3, 1],
    rows: [{ i: 2 }, { i: 3 }],
  },
  {
    name: 'recursive over a table',
    query: (db) =>
      db
        .withRecursive('line', (qc) =>
          qc
            .selectFrom('person')
            .select(['id', 'first_name'])
            .where('id', '=', 1)
            .union(
              qc
                .selectFrom('person')
                .innerJoin('line', (j) => j.on((eb) => eb('person.id', '=', eb('line.id', '+', 1))))
                .select(['person.id', 'person.first_name']),
            ),
        )
        .selectFrom('line')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(2),
    sql: {
      sqlite:
        'with recursive "line" as (select "id", "first_name" from "person" where "id" = ? union select "person"."id", "person"."first_name" from "person" inner join "line" on "person"."id" = "line"."id" + ?) select * from "line" order by "id" desc limit ?',
    },
    parameters: [1, 1, 2],
    rows: [
      { id: 4, first_name: 'Dan' },
      { id: 3, first_name: 'Cleo' },
    ],
  },
  {
    name: 'a plain one after a recursive one',
    query: (db) =>
      db
        .withRecursive('n(i)', (qc) =>
          qc
            .selectNoFrom((eb) => eb.lit(1).as('i'))
            .unionAll((eb) =>
              eb
                .selectFrom('n')
                .select(eb('i', '+', eb.lit(1)).as('i'))
                .where('i', '<', eb.lit(3)),
            ),
        )
        .with('m', (qc) => qc.selectFrom('n').select((eb) => eb.fn.sum('i').as('s')))
        .selectFrom('m')
        .select('s'),
    sql: {
      sqlite:
        'with recursive "n"("i") as (select 1 as "i" union all select "i" + 1 as "i" from "n" where "i" < 3), "m" as (select sum("i") as "s" from "n") select "s" from "m"',
    },
    rows: [{ s: 6 }],
  },
  {
    name: 'in a subquery',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where(
          'id',
          'in',
          db
            .with('a', (qc) => qc.selectFrom('pet').select('owner_id as o').where('id', '=', 3))
            .selectFrom('a')
            .select('o'),
        ),
    sql: {
      sqlite:
        'select "id" from "person" where "id" in (with "a" as (select "owner_id" as "o" from "pet" where "id" = ?) select "o" from "a")',
    },
    parameters: [3],
    rows: ids(3),
  },
  {
    name: 'in both parts of a union',
    query: (db) =>
      db
        .with('a', (qc) => qc.selectFrom('pet').select(['id', 'name']).where('id', '<', 3))
        .selectFrom('a')
        .select('id')
        .unionAll(db.selectFrom('a').select('id').where('a.name', '=', 'Rex')),
    sql: {
      sqlite:
        'with "a" as (select "id", "name" from "pet" where "id" < ?) select "id" from "a" union all select "id" from "a" where "a"."name" = ?',
    },
    parameters: [3, 'Rex'],
    rows: ids(1, 1, 2),
  },
  {
    name: 'seen by a subquery',
    query: (db) =>
      db
        .with('a', (qc) => qc.selectFrom('pet').select('owner_id').where('species', '=', 'dog'))
        .selectFrom('person')
        .select('id')
        .where((eb) => eb.exists(eb.selectFrom('a').select('a.owner_id').whereRef('a.owner_id', '=', 'person.id'))),
    sql: {
      sqlite:
        'with "a" as (select "owner_id" from "pet" where "species" = ?) select "id" from "person" where exists (select "a"."owner_id" from "a" where "a"."owner_id" = "person"."id")',
    },
    parameters: ['dog'],
    rows: ids(1),
  },
  {
    name: 'in an insert',
    query: (db) =>
      db
        .with('a', (qc) => qc.selectFrom('person').select(['id', 'first_name']).where('id', '=', 2))
        .insertInto('pet')
        .columns(['owner_id', 'name', 'species'])
        .expression((eb) => eb.selectFrom('a').select(['id', 'first_name', eb.val('dog').as('s')])),
    sql: {
      sqlite:
        'with "a" as (select "id", "first_name" from "person" where "id" = ?) insert into "pet" ("owner_id", "name", "species") select "id", "first_name", ? as "s" from "a"',
    },
    parameters: [2, 'dog'],
    result: { insertId: 5n, numInsertedOrUpdatedRows: 1n },
    after: [
      (db) => db.selectFrom('pet').select(['owner_id', 'name']).where('id', '=', 5),
      [{ owner_id: 2, name: 'Bob' }],
    ],
  },
  {
    name: 'in an update',
    query: (db) =>
      db
        .with('a', (qc) => qc.selectFrom('person').select('id').where('age', '=', 39))
        .updateTable('pet')
        .set({ name: 'x' })
        .where('owner_id', 'in', (eb) => eb.selectFrom('a').select('id')),
    sql: {
      sqlite:
        'with "a" as (select "id" from "person" where "age" = ?) update "pet" set "name" = ? where "owner_id" in (select "id" from "a")',
    },
    parameters: [39, 'x'],
    result: { numUpdatedRows: 1n },
    after: [(db) => db.selectFrom('pet').select('id').where('name', '=', 'x'), ids(3)],
  },
  {
    name: 'in a delete',
    query: (db) =>
      db
        .with('a', (qc) => qc.selectFrom('person').select('id').where('age', '=', 36))
        .deleteFrom('pet')
        .where('owner_id', 'in', (eb) => eb.selectFrom('a').select('id')),
    sql: {
      sqlite:
        'with "a" as (select "id" from "person" where "age" = ?) delete from "pet" where "owner_id" in (select "id" from "a")',
    },
    parameters: [36],
    result: { numDeletedRows: 2n },
    after: [(db) => db.selectFrom('pet').select('id'), ids(3, 4)],
  },
  {
    name: 'a name that hides a table of the schema',
    query: (db) =>
      db
        .with('toy', (qc) => qc.selectFrom('pet').select('species'))
        .selectFrom('toy')
        .select('species')
        .distinct()
        .where('species', '=', 'cat'),
    sql: {
      sqlite: 'with "toy" as (select "species" from "pet") select distinct "species" from "toy" where "species" = ?',
    },
    parameters: ['cat'],
    rows: [{ species: 'cat' }],
  },
  {
    name: 'a statement that writes',
    query: (db) =>
      db
        .with('d', (qc) => qc.deleteFrom('pet').where('id', '=', 1).returning('id'))
        .selectFrom('d')
        .selectAll(),
    unsupported:
      /with\(\) of a statement that writes is not available in sqlite\. Run the statements one after the other in a transaction/,
  },
  {
    name: 'an insert',
    query: (db) =>
      db
        .with('d', (qc) => qc.insertInto('pet').values({ name: 'x', species: 'cat' }).returning('id'))
        .selectFrom('d')
        .selectAll(),
    unsupported: /with\(\) of a statement that writes is not available in sqlite/,
  },
  {
    name: 'undefined',
    query: (db) => db.with('a', undefined),
    refused: /with\("a", …\) takes a query or a callback that gives one/,
  },
  {
    name: 'a callback without a result',
    query: (db) => db.with('a', () => undefined),
    refused: /takes a query or a callback/,
  },
  {
    name: 'no name',
    query: (db) => db.with(undefined, db.selectFrom('pet').select('id')),
    refused: /give the name of the common table expression/,
  },
  {
    name: 'an empty name',
    query: (db) => db.with('', db.selectFrom('pet').select('id')),
    refused: /cannot be a common table expression/,
  },
  {
    name: 'an empty column',
    query: (db) => db.with('a(x, )', db.selectFrom('pet').select('id')),
    refused: /cannot be a column of a common table expression/,
  },
  {
    name: 'a column that it lacks',
    query: (db) =>
      db
        .with('a', (qc) => qc.selectFrom('pet').select('id'))
        .selectFrom('a')
        .select('name'),
    refused: /Unknown column 'name'\. In scope: a\.id/,
  },
  {
    name: 'a column that it has under another name',
    query: (db) =>
      db
        .with('a(x)', (qc) => qc.selectFrom('pet').select('id'))
        .selectFrom('a')
        .select('a.id'),
    refused: /Unknown column 'a\.id'\. In scope: a\.x/,
  },
]
