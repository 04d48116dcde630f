import type { Case } from '../case.ts'
import { sql } from '../fixture.ts'

const ids = (...found: number[]) => found.map((id) => ({ id }))

/** What goes around the clauses: conditions on building, modifiers, schemas. */
export const method: readonly Case[] = [
  {
    name: '$if',
    query: (db) =>
      db
        .selectFrom('pet')
        .select('id')
        .$if(true, (q) => q.where('id', '<', 3))
        .$if(false, (q) => q.where('id', '=', 99))
        .$if(0, (q) => q.limit(0)),
    sql: { sqlite: 'select "id" from "pet" where "id" < ?' },
    parameters: [3],
    rows: ids(1, 2),
  },
  {
    name: '$call',
    query: (db) => db.selectFrom('pet').$call((q) => q.select('id').where('id', '=', 1)),
    sql: { sqlite: 'select "id" from "pet" where "id" = ?' },
    parameters: [1],
    rows: ids(1),
  },
  {
    name: 'methods for types change nothing',
    query: (db) =>
      db.selectFrom('pet').select('id').$castTo().$narrowType().$assertType().$notNull().where('id', '=', 1),
    sql: { sqlite: 'select "id" from "pet" where "id" = ?' },
    parameters: [1],
    rows: ids(1),
  },
  {
    name: 'a query is not changed by what is built from it',
    query: (db) => {
      const base = db.selectFrom('pet').select('id').where('id', '<', 4)
      base.where('id', '=', 99).limit(0)
      base.clearWhere()
      return base.where('id', '>', 2)
    },
    sql: { sqlite: 'select "id" from "pet" where "id" < ? and "id" > ?' },
    parameters: [4, 2],
    rows: ids(3),
  },
  {
    name: 'modifyFront and modifyEnd of a query',
    query: (db) =>
      db
        .selectFrom('pet')
        .select('id')
        .where('id', '<', 3)
        .modifyFront(sql`/* ${sql.lit(1)} */ all`)
        .modifyEnd(sql`order by id desc limit ${1}`),
    sql: { sqlite: 'select /* 1 */ all "id" from "pet" where "id" < ? order by id desc limit ?' },
    parameters: [3, 1],
    rows: ids(2),
  },
  {
    name: 'modifyEnd before other clauses',
    query: (db) => db.selectFrom('pet').select('id').modifyEnd(sql`limit ${2}`).where('id', '>', 1).orderBy('id'),
    sql: { sqlite: 'select "id" from "pet" where "id" > ? order by "id" limit ?' },
    parameters: [1, 2],
    rows: ids(2, 3),
  },
  {
    name: 'modifyFront and modifyEnd of an insert',
    query: (db) =>
      db.insertInto('setting').values({ name: 'a' }).modifyFront(sql`or ignore`).modifyEnd(sql`returning name`),
    sql: { sqlite: 'insert or ignore into "setting" ("name") values (?) returning name' },
    parameters: ['a'],
    result: { insertId: 3n, numInsertedOrUpdatedRows: 1n },
  },
  {
    name: 'modifyEnd of an update and a delete',
    query: (db) => db.updateTable('pet').set({ name: 'x' }).where('id', '=', 1).modifyEnd(sql`and species = ${'dog'}`),
    sql: { sqlite: 'update "pet" set "name" = ? where "id" = ? and species = ?' },
    parameters: ['x', 1, 'dog'],
    result: { numUpdatedRows: 1n },
  },
  {
    name: 'modifyEnd of a string',
    query: (db) => db.selectFrom('pet').select('id').modifyEnd('limit 1'),
    refused: /A modifier is an expression, such as sql`…`; it was given "limit 1"/,
  },
  {
    name: 'withSchema',
    differs: { postgres: "it has no schema 'main' or 'temp'", mariadb: "it has no schema 'main' or 'temp'" },
    on: (db) => db.withSchema('main'),
    query: (db) =>
      db
        .selectFrom('person')
        .innerJoin('pet', 'pet.owner_id', 'person.id')
        .select(['person.active', 'name'])
        .where('person.id', '=', 3),
    sql: {
      sqlite:
        'select "person"."active", "name" from "main"."person" inner join "main"."pet" on "pet"."owner_id" = "person"."id" where "person"."id" = ?',
    },
    parameters: [3],
    rows: [{ active: null, name: 'Ra' }],
  },
  {
    name: 'withSchema leaves what names its schema, aliases and common table expressions',
    differs: { postgres: "it has no schema 'main' or 'temp'", mariadb: "it has no schema 'main' or 'temp'" },
    on: (db) => db.withSchema('main'),
    query: (db) =>
      db
        .with('p', (qc) => qc.selectFrom('pet as x').select(['x.id', 'x.owner_id']))
        .selectFrom('p')
        .innerJoin('main.person as o', 'o.id', 'p.owner_id')
        .select(['p.id', 'o.active'])
        .where('o.id', 'in', (eb) => eb.selectFrom('p').innerJoin('toy', 'toy.pet_id', 'p.id').select('p.owner_id'))
        .where('p.id', '=', 1),
    sql: {
      sqlite:
        'with "p" as (select "x"."id", "x"."owner_id" from "main"."pet" as "x") select "p"."id", "o"."active" from "p" inner join "main"."person" as "o" on "o"."id" = "p"."owner_id" where "o"."id" in (select "p"."owner_id" from "p" inner join "main"."toy" on "toy"."pet_id" = "p"."id") and "p"."id" = ?',
    },
    parameters: [1],
    rows: [{ id: 1, active: 1 }],
  },
  {
    name: 'withSchema and writes',
    differs: { postgres: "it has no schema 'main' or 'temp'" },
    on: (db) => db.withSchema('main'),
    query: (db) =>
      db
        .updateTable('pet')
        .from('person')
        .set({ name: 'x' })
        .whereRef('person.id', '=', 'pet.owner_id')
        .where('person.id', '=', 3)
        .returning('pet.id'),
    sql: {
      sqlite:
        'update "main"."pet" set "name" = ? from "main"."person" where "person"."id" = "pet"."owner_id" and "person"."id" = ? returning "pet"."id"',
    },
    parameters: ['x', 3],
    rows: ids(3),
  },
  {
    name: 'withSchema and an insert of a query',
    on: (db) => db.withSchema('main'),
    query: (db) =>
      db
        .insertInto('setting')
        .columns(['name'])
        .expression((eb) => eb.selectFrom('toy').select('name').where('id', '=', 1))
        .onConflict((oc) => oc.column('name').doUpdateSet((eb) => ({ value: eb.ref('excluded.value') }))),
    sql: {
      sqlite:
        'insert into "main"."setting" ("name") select "name" from "main"."toy" where "id" = ? on conflict ("name") do update set "value" = "excluded"."value"',
    },
    parameters: [1],
    result: { numInsertedOrUpdatedRows: 1n },
  },
  {
    name: 'withSchema of a schema that is not there',
    on: (db) => db.withSchema('nowhere'),
    query: (db) => db.selectFrom('pet').select('id'),
    sql: { sqlite: 'select "id" from "nowhere"."pet"' },
    fails: ['query', /no such table: nowhere\.pet/],
  },
  {
    name: 'withSchema of nothing',
    query: (db) => db.withSchema('').selectFrom('pet').select('id'),
    refused: /"" cannot be a schema/,
  },
  {
    name: 'withSchema of undefined',
    query: (db) => db.withSchema(undefined).selectFrom('pet').select('id'),
    refused: /undefined cannot be a schema/,
  },
]
