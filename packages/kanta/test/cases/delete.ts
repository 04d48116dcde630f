import type { Case } from '../case.ts'
import { pet, sql } from '../fixture.ts'

const ids = (...found: number[]) => found.map((id) => ({ id }))
const deleted = (numDeletedRows: bigint) => ({ numDeletedRows })

export const deleteFrom: readonly Case[] = [
  {
    name: 'where',
    query: (db) => db.deleteFrom('pet').where('species', '=', 'dog'),
    sql: { sqlite: 'delete from "pet" where "species" = ?' },
    parameters: ['dog'],
    result: deleted(2n),
    after: [(db) => db.selectFrom('pet').select('id'), ids(2, 3)],
  },
  {
    name: 'every row',
    query: (db) => db.deleteFrom('pet'),
    sql: { sqlite: 'delete from "pet"' },
    result: deleted(4n),
    after: [(db) => db.selectFrom('pet').select('id'), []],
  },
  {
    name: 'no row',
    query: (db) => db.deleteFrom('pet').where('id', 'in', []),
    sql: { sqlite: 'delete from "pet" where "id" in (select null where 1 = 0)' },
    result: deleted(0n),
  },
  {
    name: 'not in nothing is every row',
    query: (db) => db.deleteFrom('pet').where('owner_id', 'not in', []),
    sql: { sqlite: 'delete from "pet" where "owner_id" not in (select null where 1 = 0)' },
    result: deleted(4n),
  },
  {
    name: 'a table under another name',
    query: (db) => db.deleteFrom('pet as p').where('p.owner_id', 'is', null),
    sql: { sqlite: 'delete from "pet" as "p" where "p"."owner_id" is null' },
    result: deleted(1n),
  },
  {
    name: 'a table object',
    query: (db) => db.deleteFrom(pet).where(pet.id, '>', 2).returning(pet.id),
    sql: { sqlite: 'delete from "pet" where "pet"."id" > ? returning "pet"."id"' },
    parameters: [2],
    rows: ids(3, 4),
  },
  {
    name: 'by a query',
    query: (db) =>
      db.deleteFrom('pet').where('owner_id', 'in', (eb) => eb.selectFrom('person').select('id').where('age', '=', 36)),
    sql: { sqlite: 'delete from "pet" where "owner_id" in (select "id" from "person" where "age" = ?)' },
    parameters: [36],
    result: deleted(2n),
  },
  {
    name: 'not exists',
    query: (db) =>
      db
        .deleteFrom('person')
        .where((eb) =>
          eb.not(eb.exists(eb.selectFrom('pet').select('pet.id').whereRef('pet.owner_id', '=', 'person.id'))),
        )
        .returning('person.id'),
    sql: {
      sqlite:
        'delete from "person" where not exists (select "pet"."id" from "pet" where "pet"."owner_id" = "person"."id") returning "person"."id"',
    },
    rows: ids(2, 4),
  },
  {
    name: 'returningAll',
    query: (db) => db.deleteFrom('toy').where('price', 'is', null).returningAll(),
    sql: { sqlite: 'delete from "toy" where "price" is null returning *' },
    rows: [{ id: 2, pet_id: 1, name: 'bone', price: null }],
  },
  {
    name: 'returning types and expressions',
    query: (db) =>
      db
        .deleteFrom('person')
        .where('id', '=', 1)
        .returning((eb) => ['active', eb('age', '+', 1).as('next')]),
    sql: { sqlite: 'delete from "person" where "id" = ? returning "active", "age" + ? as "next"' },
    parameters: [1, 1],
    rows: [{ active: true, next: 37 }],
  },
  {
    name: 'returning of a table under another name',
    query: (db) => db.deleteFrom('pet as p').where('p.id', '=', 1).returning(['p.name', 'species']),
    sql: { sqlite: 'delete from "pet" as "p" where "p"."id" = ? returning "pet"."name", "species"' },
    parameters: [1],
    rows: [{ name: 'Rex', species: 'dog' }],
  },
  {
    name: 'returningAll of a table object',
    query: (db) => db.deleteFrom(pet).where(pet.id, '=', 1).returningAll(pet),
    sql: { sqlite: 'delete from "pet" where "pet"."id" = ? returning *' },
    parameters: [1],
    rows: [{ id: 1, owner_id: 1, name: 'Rex', species: 'dog' }],
  },
  {
    name: 'a composite key',
    query: (db) => db.deleteFrom('membership').where('person_id', '=', 1).where('club', '=', 'go'),
    sql: { sqlite: 'delete from "membership" where "person_id" = ? and "club" = ?' },
    parameters: [1, 'go'],
    result: deleted(1n),
  },
  {
    name: 'clearWhere and clearReturning',
    query: (db) =>
      db.deleteFrom('pet').where('id', '=', 99).returningAll().clearWhere().clearReturning().where(sql`id = ${1}`),
    sql: { sqlite: 'delete from "pet" where id = ?' },
    parameters: [1],
    result: deleted(1n),
  },
  {
    name: 'where undefined',
    query: (db) => db.deleteFrom('pet').where('id', '=', undefined),
    refused: /the value is undefined/,
  },
  { name: 'where null', query: (db) => db.deleteFrom('pet').where('id', '=', null), refused: /is never true/ },
  {
    name: 'an undefined condition',
    query: (db) => db.deleteFrom('pet').where(undefined),
    refused: /that is not a condition/,
  },
  {
    name: 'and of nothing',
    query: (db) => db.deleteFrom('pet').where((eb) => eb.and([])),
    refused: /would pass every row/,
  },
  {
    name: 'an unknown column',
    query: (db) => db.deleteFrom('pet').where('idd', '=', 1),
    refused: /Unknown column 'idd'/,
  },
  { name: 'an undefined table', query: (db) => db.deleteFrom(undefined), refused: /undefined is not a table/ },
  {
    name: 'using',
    query: (db) => db.deleteFrom('pet').using('person').whereRef('person.id', '=', 'pet.owner_id'),
    unsupported: /using\(\) and joins in a delete is not available in sqlite\. Use a subquery/,
  },
  {
    name: 'a join',
    query: (db) => db.deleteFrom('pet').innerJoin('person', 'person.id', 'pet.owner_id'),
    unsupported: /using\(\) and joins in a delete is not available in sqlite/,
  },
  {
    name: 'orderBy and limit',
    query: (db) => db.deleteFrom('pet').orderBy('id').limit(1),
    unsupported: /orderBy\(\) and limit\(\) in a delete is not available in sqlite\. Use where\('id', 'in'/,
  },
  {
    name: 'several tables',
    query: (db) => db.deleteFrom(['pet', 'toy']),
    unsupported: /deleteFrom\(\[…\]\) is not available in sqlite/,
  },
  { name: 'top', query: (db) => db.deleteFrom('pet').top(1), unsupported: /top\(\) is not available in sqlite/ },
  {
    name: 'output',
    query: (db) => db.deleteFrom('pet').output('deleted.id'),
    unsupported: /output\(\) is not available in sqlite/,
  },
]
