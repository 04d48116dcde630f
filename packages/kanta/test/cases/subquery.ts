import type { Case } from '../case.ts'
import { person, pet, sql } from '../fixture.ts'

const ids = (...found: number[]) => found.map((id) => ({ id }))

export const subquery: readonly Case[] = [
  {
    name: 'in the selection, with a reference outwards',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => [
          'id',
          eb
            .selectFrom('pet')
            .select((e) => e.fn.countAll().as('n'))
            .whereRef('pet.owner_id', '=', 'person.id')
            .as('pets'),
        ])
        .orderBy('id'),
    sql: {
      sqlite:
        'select "id", (select count(*) as "n" from "pet" where "pet"."owner_id" = "person"."id") as "pets" from "person" order by "id"',
    },
    rows: [
      { id: 1, pets: 2 },
      { id: 2, pets: 0 },
      { id: 3, pets: 1 },
      { id: 4, pets: 0 },
    ],
  },
  {
    name: 'in the selection keeps its type',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) => eb.selectFrom('person').select('seen').whereRef('person.id', '=', 'pet.owner_id').as('s'))
        .orderBy('id'),
    sql: {
      sqlite:
        'select (select "seen" from "person" where "person"."id" = "pet"."owner_id") as "s" from "pet" order by "id"',
    },
    rows: [
      { s: new Date('2024-01-01T00:00:00.000Z') },
      { s: new Date('2024-01-01T00:00:00.000Z') },
      { s: new Date('2024-01-02T12:30:00.500Z') },
      { s: null },
    ],
  },
  {
    name: 'a column of the inner table hides that of the outer',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where((eb) => eb.exists(eb.selectFrom('pet').select('id').where('id', '=', 4))),
    sql: { sqlite: 'select "id" from "person" where exists (select "id" from "pet" where "id" = ?)' },
    parameters: [4],
    rows: ids(1, 2, 3, 4),
  },
  {
    name: 'column objects reach outwards',
    query: (db) =>
      db
        .selectFrom(person)
        .select(person.id)
        .where((eb) => eb.not(eb.exists(eb.selectFrom(pet).select(pet.id).where(pet.owner_id, '=', person.id)))),
    sql: {
      sqlite:
        'select "person"."id" from "person" where not exists (select "pet"."id" from "pet" where "pet"."owner_id" = "person"."id")',
    },
    rows: ids(2, 4),
  },
  {
    name: 'two levels up',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where((eb) =>
          eb.exists(
            eb
              .selectFrom('pet')
              .select('pet.id')
              .where((e) =>
                e.exists(
                  e
                    .selectFrom('toy')
                    .select('toy.id')
                    .whereRef('toy.pet_id', '=', 'pet.id')
                    .whereRef('pet.owner_id', '=', 'person.id')
                    .where('price', 'is', null),
                ),
              ),
          ),
        ),
    sql: {
      sqlite:
        'select "id" from "person" where exists (select "pet"."id" from "pet" where exists (select "toy"."id" from "toy" where "toy"."pet_id" = "pet"."id" and "pet"."owner_id" = "person"."id" and "price" is null))',
    },
    rows: ids(1),
  },
  {
    name: 'values keep their order through parts',
    query: (db) =>
      db
        .selectFrom((eb) => eb.selectFrom('person').select(['id', 'age']).where('id', '>', 0).as('p'))
        .select((eb) => [eb.val('a').as('a'), eb.selectFrom('pet').select('name').where('id', '=', 1).as('b'), 'p.id'])
        .where('age', '=', 39)
        .where('id', 'in', (eb) => eb.selectFrom('pet').select('owner_id').where('name', '=', 'Ra'))
        .orderBy((eb) => eb('age', '+', 7))
        .limit(8),
    sql: {
      sqlite:
        'select ? as "a", (select "name" from "pet" where "id" = ?) as "b", "p"."id" from (select "id", "age" from "person" where "id" > ?) as "p" where "age" = ? and "id" in (select "owner_id" from "pet" where "name" = ?) order by "age" + ? limit ?',
    },
    parameters: ['a', 1, 0, 39, 'Ra', 7, 8],
    rows: [{ a: 'a', b: 'Rex', id: 3 }],
  },
  {
    name: 'calls in another order than the text',
    query: (db) =>
      db
        .selectFrom('person')
        .limit(5)
        .where('age', '=', 36)
        .orderBy((eb) => eb('id', '*', -1))
        .select((eb) => eb.val('x').as('x'))
        .where('id', '>', 1),
    sql: { sqlite: 'select ? as "x" from "person" where "age" = ? and "id" > ? order by "id" * ? limit ?' },
    parameters: ['x', 36, 1, -1, 5],
    rows: [{ x: 'x' }],
  },
  {
    name: 'one query in two places',
    query: (db) => {
      const cats = db.selectFrom('pet').select('id').where('species', '=', 'cat')
      return db
        .selectFrom('pet')
        .select('id')
        .where('id', 'in', cats)
        .where('id', 'not in', cats.where('name', '=', 'Ra'))
    },
    sql: {
      sqlite:
        'select "id" from "pet" where "id" in (select "id" from "pet" where "species" = ?) and "id" not in (select "id" from "pet" where "species" = ? and "name" = ?)',
    },
    parameters: ['cat', 'cat', 'Ra'],
    rows: ids(2),
  },
  {
    name: 'in text',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where(sql`id = (${db.selectFrom('pet').select('owner_id').where('id', '=', 3)})`),
    sql: { sqlite: 'select "id" from "person" where id = ((select "owner_id" from "pet" where "id" = ?))' },
    parameters: [3],
    rows: ids(3),
  },
  {
    name: 'all and any are not there',
    differs: { postgres: 'they are there', mariadb: 'it has all and any' },
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where((eb) => eb('age', '>', eb.fn.any(eb.selectFrom('pet').select('id')))),
    sql: { sqlite: 'select "id" from "person" where "age" > any((select "id" from "pet"))' },
    fails: ['query', /no such function: any/],
  },
  {
    name: 'an unknown column',
    query: (db) => db.selectFrom('person').select('id').where('id', 'in', db.selectFrom('pet').select('owner')),
    refused: /Unknown column 'owner'/,
  },
  {
    name: 'without a selection',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where((eb) => eb.exists(eb.selectFrom('pet'))),
    refused: /selects nothing/,
  },
  {
    name: 'run by itself',
    query: (db) => {
      let inner: unknown
      db.selectFrom('person').select((eb) => {
        inner = eb.selectFrom('pet').select('id')
        return 'id'
      })
      return (inner as { execute(): unknown }).execute()
    },
    refused: /This query is part of another and has no database of its own to run on/,
  },
]
