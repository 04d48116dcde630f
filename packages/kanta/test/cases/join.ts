import type { Case, Loose } from '../case.ts'
import { person, pet, sql, toy, values } from '../fixture.ts'

const of = (db: Loose) => db.selectFrom('person').select(['first_name', 'pet.name'])
const text = (rest: string) => ({ sqlite: `select "first_name", "pet"."name" from "person" ${rest}` })
const on = '"pet"."owner_id" = "person"."id"'
const OWNED = [
  { first_name: 'Ada', name: 'Rex' },
  { first_name: 'Ada', name: 'Tom' },
  { first_name: 'Cleo', name: 'Ra' },
]
const PETLESS = [
  { first_name: 'Bob', name: null },
  { first_name: 'Dan', name: null },
]
const STRAY = [{ first_name: null, name: 'Stray' }]

export const join: readonly Case[] = [
  {
    name: 'innerJoin',
    query: (db) => of(db).innerJoin('pet', 'pet.owner_id', 'person.id'),
    sql: text(`inner join "pet" on ${on}`),
    rows: OWNED,
  },
  {
    name: 'leftJoin',
    query: (db) => of(db).leftJoin('pet', 'pet.owner_id', 'person.id'),
    sql: text(`left join "pet" on ${on}`),
    rows: [...OWNED, ...PETLESS],
  },
  {
    name: 'rightJoin',
    query: (db) => of(db).rightJoin('pet', 'pet.owner_id', 'person.id'),
    sql: text(`right join "pet" on ${on}`),
    rows: [...OWNED, ...STRAY],
  },
  {
    name: 'fullJoin',
    query: (db) => of(db).fullJoin('pet', 'pet.owner_id', 'person.id'),
    sql: text(`full join "pet" on ${on}`),
    rows: [...OWNED, ...PETLESS, ...STRAY],
  },
  {
    name: 'crossJoin',
    query: (db) => of(db).crossJoin('pet').where('person.id', '=', 2).where('pet.id', '<', 3),
    sql: text('cross join "pet" where "person"."id" = ? and "pet"."id" < ?'),
    parameters: [2, 3],
    rows: [
      { first_name: 'Bob', name: 'Rex' },
      { first_name: 'Bob', name: 'Tom' },
    ],
  },
  {
    name: 'a table under another name',
    query: (db) =>
      db
        .selectFrom('person as o')
        .innerJoin('pet as p', 'p.owner_id', 'o.id')
        .select(['o.active', 'p.name'])
        .where('o.id', '=', 3),
    sql: {
      sqlite:
        'select "o"."active", "p"."name" from "person" as "o" inner join "pet" as "p" on "p"."owner_id" = "o"."id" where "o"."id" = ?',
    },
    parameters: [3],
    rows: [{ active: null, name: 'Ra' }],
  },
  {
    name: 'column objects',
    query: (db) => db.selectFrom(person).innerJoin(pet, pet.owner_id, person.id).select([person.first_name, pet.name]),
    sql: {
      sqlite: `select "person"."first_name", "pet"."name" from "person" inner join "pet" on ${on}`,
    },
    rows: OWNED,
  },
  {
    name: 'the same table twice, by aliased objects',
    query: (db) => {
      const other = person.as('other')
      return db
        .selectFrom(person)
        .innerJoin(other, (j) => j.onRef(other.age, '=', person.age).onRef(other.id, '>', person.id))
        .select([person.id, other.id.as('other')])
    },
    sql: {
      sqlite:
        'select "person"."id", "other"."id" as "other" from "person" inner join "person" as "other" on "other"."age" = "person"."age" and "other"."id" > "person"."id"',
    },
    rows: [{ id: 1, other: 4 }],
  },
  {
    name: 'on a callback',
    query: (db) =>
      of(db).innerJoin('pet', (j) => j.onRef('pet.owner_id', '=', 'person.id').on('pet.species', '=', 'cat')),
    sql: text(`inner join "pet" on ${on} and "pet"."species" = ?`),
    parameters: ['cat'],
    rows: [
      { first_name: 'Ada', name: 'Tom' },
      { first_name: 'Cleo', name: 'Ra' },
    ],
  },
  {
    name: 'a condition of a left join leaves its rows',
    query: (db) =>
      of(db).leftJoin('pet', (j) => j.onRef('pet.owner_id', '=', 'person.id').on('pet.species', '=', 'dog')),
    sql: text(`left join "pet" on ${on} and "pet"."species" = ?`),
    parameters: ['dog'],
    rows: [{ first_name: 'Ada', name: 'Rex' }, { first_name: 'Cleo', name: null }, ...PETLESS],
  },
  {
    name: 'on an expression',
    query: (db) =>
      of(db).innerJoin('pet', (j) =>
        j
          .on((eb) => eb.or([eb('pet.owner_id', '=', eb.ref('person.id')), eb('pet.owner_id', 'is', null)]))
          .on('person.id', '=', 3),
      ),
    sql: text(`inner join "pet" on (${on} or "pet"."owner_id" is null) and "person"."id" = ?`),
    parameters: [3],
    rows: [
      { first_name: 'Cleo', name: 'Ra' },
      { first_name: 'Cleo', name: 'Stray' },
    ],
  },
  {
    name: 'on text among others',
    query: (db) =>
      of(db).innerJoin('pet', (j) => j.on(sql`owner_id = person.id or owner_id is null`).on('person.id', '=', 3)),
    sql: text('inner join "pet" on (owner_id = person.id or owner_id is null) and "person"."id" = ?'),
    parameters: [3],
    rows: [
      { first_name: 'Cleo', name: 'Ra' },
      { first_name: 'Cleo', name: 'Stray' },
    ],
  },
  {
    name: 'onTrue',
    query: (db) =>
      of(db)
        .innerJoin('pet', (j) => j.onTrue())
        .where('pet.id', '=', 4)
        .where('person.id', '=', 1),
    sql: text('inner join "pet" on true where "pet"."id" = ? and "person"."id" = ?'),
    parameters: [4, 1],
    rows: [{ first_name: 'Ada', name: 'Stray' }],
  },
  {
    name: 'expressions in place of columns',
    query: (db) =>
      of(db)
        .innerJoin('pet', db.fn.coalesce('pet.owner_id', sql.lit(2)), 'person.id')
        .where('person.id', '=', 2),
    sql: text('inner join "pet" on coalesce("pet"."owner_id", 2) = "person"."id" where "person"."id" = ?'),
    parameters: [2],
    rows: [{ first_name: 'Bob', name: 'Stray' }],
  },
  {
    name: 'joins of joins',
    query: (db) =>
      db
        .selectFrom('person')
        .leftJoin('pet', 'pet.owner_id', 'person.id')
        .innerJoin('toy', 'toy.pet_id', 'pet.id')
        .select(['first_name', 'toy.name', 'toy.price'])
        .orderBy('toy.id'),
    sql: {
      sqlite: `select "first_name", "toy"."name", "toy"."price" from "person" left join "pet" on ${on} inner join "toy" on "toy"."pet_id" = "pet"."id" order by "toy"."id"`,
    },
    rows: [
      { first_name: 'Ada', name: 'ball', price: '2.50' },
      { first_name: 'Ada', name: 'bone', price: null },
      { first_name: 'Cleo', name: 'mouse', price: '10.00' },
    ],
  },
  {
    name: 'a query',
    query: (db) =>
      of(db)
        .innerJoin(
          db.selectFrom('pet').select(['owner_id', 'name']).where('species', '=', 'cat').as('pet'),
          'pet.owner_id',
          'person.id',
        )
        .where('age', '=', 36),
    sql: text(
      `inner join (select "owner_id", "name" from "pet" where "species" = ?) as "pet" on ${on} where "age" = ?`,
    ),
    parameters: ['cat', 36],
    rows: [{ first_name: 'Ada', name: 'Tom' }],
  },
  {
    name: 'a query, by a callback',
    query: (db) =>
      of(db).leftJoin(
        (eb) => eb.selectFrom('pet').selectAll().where('id', '=', 3).as('pet'),
        (j) => j.onRef('pet.owner_id', '=', 'person.id'),
      ),
    sql: text(`left join (select * from "pet" where "id" = ?) as "pet" on ${on}`),
    parameters: [3],
    rows: [{ first_name: 'Cleo', name: 'Ra' }, { first_name: 'Ada', name: null }, ...PETLESS],
  },
  {
    name: 'rows given from here',
    query: (db) =>
      db
        .selectFrom('pet')
        .innerJoin(
          values([
            { id: 2, note: 'x' },
            { id: 4, note: null },
          ]).as('v'),
          'v.id',
          'pet.id',
        )
        .select(['name', 'note']),
    sql: {
      sqlite:
        'select "name", "note" from "pet" inner join (select column1 as "id", column2 as "note" from (values (?, ?), (?, ?))) as "v" on "v"."id" = "pet"."id"',
    },
    parameters: [2, 'x', 4, null],
    rows: [
      { name: 'Tom', note: 'x' },
      { name: 'Stray', note: null },
    ],
  },
  {
    name: 'everything of both, the later column of a name wins',
    query: (db) => db.selectFrom(pet).innerJoin(toy, toy.pet_id, pet.id).selectAll().where(toy.id, '=', 3),
    sql: { sqlite: 'select * from "pet" inner join "toy" on "toy"."pet_id" = "pet"."id" where "toy"."id" = ?' },
    parameters: [3],
    rows: [{ id: 3, owner_id: 3, name: 'mouse', species: 'cat', pet_id: 3, price: '10.00' }],
  },
  {
    name: '$call on a join',
    query: (db) => of(db).innerJoin('pet', (j) => j.$call((k) => k.onRef('pet.owner_id', '=', 'person.id'))),
    sql: text(`inner join "pet" on ${on}`),
    rows: OWNED,
  },
  {
    name: 'innerJoinLateral',
    query: (db) =>
      of(db).innerJoinLateral(
        (eb) => eb.selectFrom('pet').selectAll().as('pet'),
        (j) => j.onTrue(),
      ),
    unsupported: /inner join lateral is not available in sqlite\. Use a correlated subquery/,
  },
  {
    name: 'leftJoinLateral',
    query: (db) =>
      of(db).leftJoinLateral(
        (eb) => eb.selectFrom('pet').selectAll().as('pet'),
        (j) => j.onTrue(),
      ),
    unsupported: /left join lateral is not available in sqlite/,
  },
  {
    name: 'crossJoinLateral',
    query: (db) => of(db).crossJoinLateral((eb) => eb.selectFrom('pet').selectAll().as('pet')),
    unsupported: /cross join lateral is not available in sqlite/,
  },
  {
    name: 'crossApply',
    query: (db) => of(db).crossApply((eb) => eb.selectFrom('pet').selectAll().as('pet')),
    unsupported: /cross apply is not available in sqlite/,
  },
  {
    name: 'outerApply',
    query: (db) => of(db).outerApply((eb) => eb.selectFrom('pet').selectAll().as('pet')),
    unsupported: /outer apply is not available in sqlite/,
  },
  {
    name: 'without a condition',
    query: (db) => of(db).innerJoin('pet'),
    refused: /A inner join takes a table and two columns|An inner join takes a table and two columns/,
  },
  {
    name: 'with one column',
    query: (db) => of(db).innerJoin('pet', 'pet.owner_id'),
    refused: /inner join takes a table and two columns/,
  },
  {
    name: 'a callback that adds no condition',
    query: (db) => of(db).innerJoin('pet', (j) => j),
    refused: /has no condition\. Use join\.onTrue\(\)/,
  },
  {
    name: 'a callback without a result',
    query: (db) => of(db).innerJoin('pet', () => undefined),
    refused: /gave no join/,
  },
  {
    name: 'an undefined column',
    query: (db) => of(db).innerJoin('pet', 'pet.owner_id', undefined),
    refused: /undefined is not a column/,
  },
  {
    name: 'an unknown column',
    query: (db) => of(db).innerJoin('pet', 'pet.owner', 'person.id'),
    refused: /Unknown column 'pet\.owner'/,
  },
  {
    name: 'an undefined table',
    query: (db) => of(db).innerJoin(undefined, 'pet.owner_id', 'person.id'),
    refused: /undefined is not a table/,
  },
  {
    name: 'on undefined',
    query: (db) => of(db).innerJoin('pet', (j) => j.on('pet.id', '=', undefined)),
    refused: /on\("pet\.id", '=', undefined\): the value is undefined/,
  },
  {
    name: 'on null',
    query: (db) => of(db).innerJoin('pet', (j) => j.on('pet.id', '=', null)),
    refused: /is never true/,
  },
]
