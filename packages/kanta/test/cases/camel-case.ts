import type { Case } from '../case.ts'
import { camel, jsonArrayFrom, jsonBuildObject, sql } from '../fixture.ts'

const cases: readonly Case[] = [
  {
    name: 'columns',
    query: (db) => db.selectFrom('person').select(['firstName', 'person.lastName']).where('firstName', '=', 'Ada'),
    sql: { sqlite: 'select "first_name", "person"."last_name" from "person" where "first_name" = ?' },
    parameters: ['Ada'],
    rows: [{ firstName: 'Ada', lastName: 'Lovelace' }],
  },
  {
    name: 'aliases',
    query: (db) =>
      db.selectFrom('person as theMan').select(['theMan.firstName as givenName']).where('theMan.id', '=', 1),
    sql: {
      sqlite: 'select "the_man"."first_name" as "given_name" from "person" as "the_man" where "the_man"."id" = ?',
    },
    parameters: [1],
    rows: [{ givenName: 'Ada' }],
  },
  {
    name: 'selectAll, with the columns that are not defined',
    query: (db) => db.selectFrom('pet').selectAll().where('id', '=', 1),
    sql: { sqlite: 'select * from "pet" where "id" = ?' },
    parameters: [1],
    rows: [{ id: 1, ownerId: 1, name: 'Rex', species: 'dog' }],
  },
  {
    name: 'types',
    query: (db) =>
      db
        .selectFrom('person')
        .select(['active as isOn', 'seen', 'meta as theMeta'])
        .where('active', '=', true)
        .where('id', '=', 1),
    sql: {
      sqlite: 'select "active" as "is_on", "seen", "meta" as "the_meta" from "person" where "active" = ? and "id" = ?',
    },
    parameters: [1, 1],
    rows: [
      {
        isOn: true,
        seen: new Date('2024-01-01T00:00:00.000Z'),
        theMeta: { tags: ['math', 'code'], address: { city: 'London', zip: null }, 'a.b': 1 },
      },
    ],
  },
  {
    name: 'column objects',
    query: (db) =>
      db
        .selectFrom(camel.person)
        .select([camel.person.firstName, camel.person.lastName.as('familyName')])
        .where(camel.person.firstName, 'like', 'B%'),
    sql: {
      sqlite:
        'select "person"."first_name", "person"."last_name" as "family_name" from "person" where "person"."first_name" like ?',
    },
    parameters: ['B%'],
    rows: [{ firstName: 'Bob', familyName: null }],
  },
  {
    name: 'joins, groups and orders',
    query: (db) =>
      db
        .selectFrom('person')
        .innerJoin('pet', 'pet.ownerId', 'person.id')
        .select((eb) => ['firstName', eb.fn.count('pet.ownerId').as('petCount')])
        .groupBy('firstName')
        .orderBy('petCount', 'desc'),
    sql: {
      sqlite:
        'select "first_name", count("pet"."owner_id") as "pet_count" from "person" inner join "pet" on "pet"."owner_id" = "person"."id" group by "first_name" order by "pet_count" desc',
    },
    rows: [
      { firstName: 'Ada', petCount: 2 },
      { firstName: 'Cleo', petCount: 1 },
    ],
  },
  {
    name: 'common table expressions',
    query: (db) =>
      db
        .with('oldOnes(theId, theName)', (qc) =>
          qc.selectFrom('person').select(['id', 'firstName']).where('age', '=', 39),
        )
        .selectFrom('oldOnes')
        .select(['theId', 'oldOnes.theName']),
    sql: {
      sqlite:
        'with "old_ones"("the_id", "the_name") as (select "id", "first_name" from "person" where "age" = ?) select "the_id", "old_ones"."the_name" from "old_ones"',
    },
    parameters: [39],
    rows: [{ theId: 3, theName: 'Cleo' }],
  },
  {
    name: 'nested JSON, its keys and the keys of documents',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => [
          'firstName',
          jsonArrayFrom(
            eb
              .selectFrom('pet')
              .select(['pet.ownerId', 'name as petName'])
              .whereRef('ownerId', '=', 'person.id')
              .orderBy('pet.id'),
          ).as('thePets'),
        ])
        .where('id', '=', 1),
    sql: {
      sqlite: `select "first_name", (select coalesce(json_group_array(json_object('ownerId', "agg"."owner_id", 'petName', "agg"."pet_name")), '[]') from (select "pet"."owner_id", "name" as "pet_name" from "pet" where "owner_id" = "person"."id" order by "pet"."id") as "agg") as "the_pets" from "person" where "id" = ?`,
    },
    parameters: [1],
    rows: [
      {
        firstName: 'Ada',
        thePets: [
          { ownerId: 1, petName: 'Rex' },
          { ownerId: 1, petName: 'Tom' },
        ],
      },
    ],
  },
  {
    name: 'types in nested JSON',
    query: (db) =>
      db.selectNoFrom((eb) =>
        jsonArrayFrom(eb.selectFrom('person').select(['active as isOn', 'seen as lastSeen']).where('id', '=', 1)).as(
          'all',
        ),
      ),
    sql: {
      sqlite: `select (select coalesce(json_group_array(json_object('isOn', "agg"."is_on", 'lastSeen', "agg"."last_seen")), '[]') from (select "active" as "is_on", "seen" as "last_seen" from "person" where "id" = ?) as "agg") as "all"`,
    },
    parameters: [1],
    rows: [{ all: [{ isOn: true, lastSeen: new Date('2024-01-01T00:00:00.000Z') }] }],
  },
  {
    name: 'an object of JSON keeps its keys',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => jsonBuildObject({ fullName: eb.ref('firstName'), is_on: eb.ref('active') }).as('theObject'))
        .where('id', '=', 1),
    sql: {
      sqlite: `select json_object('fullName', "first_name", 'is_on', "active") as "the_object" from "person" where "id" = ?`,
    },
    parameters: [1],
    rows: [{ theObject: { fullName: 'Ada', is_on: true } }],
  },
  {
    name: 'a key of a document stays as it is',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where((eb) => eb(eb.ref('meta', '->>').key('homeTown'), 'is', null))
        .orderBy('id')
        .limit(1),
    sql: { sqlite: `select "id" from "person" where "meta"->>'homeTown' is null order by "id" limit ?` },
    parameters: [1],
    rows: [{ id: 1 }],
  },
  {
    name: 'an insert',
    query: (db) =>
      db.insertInto('pet').values({ ownerId: 2, name: 'Bo', species: 'dog' }).returning(['ownerId', 'name as petName']),
    sql: {
      sqlite:
        'insert into "pet" ("owner_id", "name", "species") values (?, ?, ?) returning "owner_id", "name" as "pet_name"',
    },
    parameters: [2, 'Bo', 'dog'],
    rows: [{ ownerId: 2, petName: 'Bo' }],
  },
  {
    name: 'an insert of several rows, and returningAll',
    query: (db) =>
      db
        .insertInto('pet')
        .values([
          { ownerId: 2, name: 'a', species: 'x' },
          { name: 'b', ownerId: null, species: 'y' },
        ])
        .returningAll(),
    sql: { sqlite: 'insert into "pet" ("owner_id", "name", "species") values (?, ?, ?), (?, ?, ?) returning *' },
    parameters: [2, 'a', 'x', null, 'b', 'y'],
    rows: [
      { id: 5, ownerId: 2, name: 'a', species: 'x' },
      { id: 6, ownerId: null, name: 'b', species: 'y' },
    ],
  },
  {
    name: 'rows that leave out columns',
    query: (db) =>
      db
        .insertInto('person')
        .values([
          { firstName: 'a', lastName: 'x' },
          { firstName: 'b', active: true },
        ])
        .returning(['firstName', 'active']),
    statements: [
      ['insert into "person" ("first_name", "last_name") values (?, ?) returning "first_name", "active"', ['a', 'x']],
      ['insert into "person" ("first_name", "active") values (?, ?) returning "first_name", "active"', ['b', 1]],
    ],
    rows: [
      { firstName: 'a', active: null },
      { firstName: 'b', active: true },
    ],
  },
  {
    name: 'an insert with an expression',
    query: (db) =>
      db
        .insertInto('person')
        .values((eb) => ({ firstName: eb.fn('upper', [eb.val('x')]), lastName: 'y' }))
        .returning('firstName'),
    sql: { sqlite: 'insert into "person" ("first_name", "last_name") values (upper(?), ?) returning "first_name"' },
    parameters: ['x', 'y'],
    rows: [{ firstName: 'X' }],
  },
  {
    name: 'a conflict',
    query: (db) =>
      db
        .insertInto('person')
        .values({ id: 1, firstName: 'Eve' })
        .onConflict((oc) =>
          oc
            .column('id')
            .doUpdateSet((eb) => ({ firstName: eb.ref('excluded.firstName'), lastName: null }))
            .where('person.firstName', '!=', 'Eve'),
        ),
    sql: {
      sqlite:
        'insert into "person" ("id", "first_name") values (?, ?) on conflict ("id") do update set "first_name" = "excluded"."first_name", "last_name" = ? where "person"."first_name" != ?',
    },
    parameters: [1, 'Eve', null, 'Eve'],
    result: { numInsertedOrUpdatedRows: 1n },
    after: [
      (db) => db.selectFrom('person').select(['firstName', 'lastName']).where('id', '=', 1),
      [{ firstName: 'Eve', lastName: null }],
    ],
  },
  {
    name: 'an update with from',
    query: (db) =>
      db
        .updateTable('pet')
        .from('person as theOwner')
        .set((eb) => ({ name: eb.ref('theOwner.firstName') }))
        .whereRef('theOwner.id', '=', 'pet.ownerId')
        .where('theOwner.id', '=', 3)
        .returning(['pet.ownerId', 'pet.name']),
    sql: {
      sqlite:
        'update "pet" set "name" = "the_owner"."first_name" from "person" as "the_owner" where "the_owner"."id" = "pet"."owner_id" and "the_owner"."id" = ? returning "pet"."owner_id", "pet"."name"',
    },
    parameters: [3],
    rows: [{ ownerId: 3, name: 'Cleo' }],
  },
  {
    name: 'a delete',
    query: (db) => db.deleteFrom('pet').where('ownerId', 'is', null).returningAll(),
    sql: { sqlite: 'delete from "pet" where "owner_id" is null returning *' },
    rows: [{ id: 4, ownerId: null, name: 'Stray', species: 'dog' }],
  },
  {
    name: 'references in text',
    query: (db) =>
      db
        .selectFrom('person')
        .select(sql`upper(${sql.ref('person.firstName')})`.as('upperName'))
        .where(sql`${sql.id('lastName')} is null`),
    sql: { sqlite: 'select upper("person"."first_name") as "upper_name" from "person" where "last_name" is null' },
    rows: [{ upperName: 'BOB' }],
  },
  {
    name: 'text of its own, the columns of its rows',
    query: () => sql`select first_name, 1 as a_b_c from ${sql.table('person')} where id = 1`,
    sql: { sqlite: 'select first_name, 1 as a_b_c from "person" where id = 1' },
    result: { rows: [{ firstName: 'Ada', aBC: 1 }], numAffectedRows: 0n, insertId: undefined },
  },
  {
    name: 'windows',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) => eb.fn.countAll().over('bySpecies').as('howMany'))
        .window('bySpecies', (ob) => ob.partitionBy('ownerId'))
        .where('ownerId', '=', 1),
    sql: {
      sqlite:
        'select count(*) over "bySpecies" as "how_many" from "pet" where "owner_id" = ? window "bySpecies" as (partition by "owner_id")',
    },
    parameters: [1],
    rows: [{ howMany: 2 }, { howMany: 2 }],
  },
  {
    name: 'capitals in a row and numbers',
    query: (db) => db.selectFrom('pet').select(['id as petID', 'name as line1']).where('id', '=', 1),
    sql: { sqlite: 'select "id" as "pet_id", "name" as "line1" from "pet" where "id" = ?' },
    parameters: [1],
    rows: [{ petID: 1, line1: 'Rex' }],
  },
  {
    name: 'an unknown column',
    query: (db) => db.selectFrom('person').select('firstNam'),
    refused: /Unknown column '(firstNam|first_nam)'/,
  },
]

export const camelCase: readonly Case[] = cases.map((one) => ({ ...one, world: 'camel' }))
