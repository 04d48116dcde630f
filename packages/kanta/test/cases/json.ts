import type { Case, Loose } from '../case.ts'
import { jsonArrayFrom, jsonBuildObject, jsonObjectFrom, person, sql } from '../fixture.ts'

/** One value of the row of Ada, whose `meta` is `{tags: ['math', 'code'], address: {city: 'London', zip: null}, 'a.b': 1}`. */
const value = (expression: (eb: Loose) => Loose) => (db: Loose) =>
  db
    .selectFrom('person')
    .select((eb) => expression(eb).as('v'))
    .where('id', '=', 1)
const text = (expression: string) => ({ sqlite: `select ${expression} as "v" from "person" where "id" = ?` })
const row = (v: unknown) => [{ v }]
const read = (name: string, expression: (eb: Loose) => Loose, written: string, v: unknown): Case => ({
  name,
  query: value(expression),
  sql: text(written),
  parameters: [1],
  rows: row(v),
  differs: written.startsWith('json(')
    ? { postgres: 'what ->> gives is text', mariadb: 'it has no json()' }
    : written.includes('json_extract')
      ? { postgres: 'it has no such function', mariadb: 'what json_extract() gives is JSON' }
      : typeof v === 'number' && written.includes('->>')
        ? { postgres: 'what ->> gives is text', mariadb: 'what ->> gives is text' }
        : {},
})

const traversal: readonly Case[] = [
  read('a key', (eb) => eb.ref('meta', '->').key('address'), `"meta"->'address'`, { city: 'London', zip: null }),
  read(
    'a key as text',
    (eb) => eb.ref('meta', '->>').key('address').key('city'),
    `"meta"->'address'->>'city'`,
    'London',
  ),
  read('a position', (eb) => eb.ref('meta', '->').key('tags').at(0), `"meta"->'tags'->0`, 'math'),
  read('a position as text', (eb) => eb.ref('meta', '->>').key('tags').at(1), `"meta"->'tags'->>1`, 'code'),
  read('the last', (eb) => eb.ref('meta', '->>').key('tags').at('last'), `"meta"->'tags'->>'$[#-1]'`, 'code'),
  read('from the end', (eb) => eb.ref('meta', '->>').key('tags').at('#-2'), `"meta"->'tags'->>'$[#-2]'`, 'math'),
  read('a negative position', (eb) => eb.ref('meta', '->>').key('tags').at(-1), `"meta"->'tags'->>'$[#-1]'`, 'code'),
  read('a position past the end', (eb) => eb.ref('meta', '->').key('tags').at(9), `"meta"->'tags'->9`, null),
  read(
    'null in the document',
    (eb) => eb.ref('meta', '->').key('address').key('zip'),
    `"meta"->'address'->'zip'`,
    null,
  ),
  read('a key with a dot', (eb) => eb.ref('meta', '->>').key('a.b'), `"meta"->>'a.b'`, 1),
  read('a key with a quote', (eb) => eb.ref('meta', '->>').key("it's"), `"meta"->>'it''s'`, null),
  read('a key like a position', (eb) => eb.ref('meta', '->').key('tags').key('[0]'), `"meta"->'tags'->'$."[0]"'`, null),
  read('a key like a path', (eb) => eb.ref('meta', '->').key('$.tags'), `"meta"->'$."$.tags"'`, null),
  read('a path', (eb) => eb.ref('meta', '->$').key('tags').at(0), `"meta"->'$.tags[0]'`, 'math'),
  read(
    'a path as text',
    (eb) => eb.ref('meta', '->>$').key('address').key('city'),
    `"meta"->>'$.address.city'`,
    'London',
  ),
  read('a path with a key with a dot', (eb) => eb.ref('meta', '->>$').key('a.b'), `"meta"->>'$."a.b"'`, 1),
  read('a path to the last', (eb) => eb.ref('meta', '->>$').key('tags').at('last'), `"meta"->>'$.tags[#-1]'`, 'code'),
  read('a path from the end', (eb) => eb.ref('meta', '->>$').key('tags').at('#-2'), `"meta"->>'$.tags[#-2]'`, 'math'),
  read(
    'a path to a negative position',
    (eb) => eb.ref('meta', '->>$').key('tags').at(-2),
    `"meta"->>'$.tags[#-2]'`,
    'math',
  ),
  read('of a column object', (eb) => eb.ref(person.meta as never, '->>').key('a.b'), `"person"."meta"->>'a.b'`, 1),
  read(
    'a path for a function',
    (eb) => eb.fn('json_extract', ['meta', eb.jsonPath().key('tags').at(1)]),
    `json_extract("meta", '$.tags[1]')`,
    'code',
  ),
  read('of an expression', (eb) => eb.ref(eb.fn('json', ['meta']), '->>').key('a.b'), `json("meta")->>'a.b'`, 1),
  {
    name: 'on the right of a concatenation',
    query: value((eb) => eb('first_name', '||', eb.ref('meta', '->>$').key('address').key('city'))),
    sql: text(`"first_name" || ("meta"->>'$.address.city')`),
    parameters: [1],
    rows: row('AdaLondon'),
  },
  {
    name: 'in a sum',
    differs: { postgres: 'what ->> gives is text' },
    query: value((eb) => eb(eb.ref('meta', '->>').key('a.b'), '+', eb.lit(1))),
    sql: text(`("meta"->>'a.b') + 1`),
    parameters: [1],
    rows: row(2),
  },
  {
    name: 'negated',
    differs: { postgres: 'what ->> gives is text' },
    query: value((eb) => eb.neg(eb.ref('meta', '->>').key('a.b'))),
    sql: text(`-("meta"->>'a.b')`),
    parameters: [1],
    rows: row(-1),
  },
  {
    name: 'in a condition',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where((eb) => eb(eb.ref('meta', '->>').key('address').key('city'), '=', 'London')),
    sql: { sqlite: `select "id" from "person" where "meta"->'address'->>'city' = ?` },
    parameters: ['London'],
    rows: [{ id: 1 }],
  },
  {
    name: 'compared as a document',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where((eb) => eb(eb.ref('meta', '->').key('tags'), '=', ['math', 'code'])),
    sql: { sqlite: `select "id" from "person" where "meta"->'tags' = ?` },
    parameters: ['["math","code"]'],
    rows: [{ id: 1 }],
  },
  {
    name: 'in the order, with a collation',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where('meta', 'is not', null)
        .orderBy(
          (eb) => eb.ref('meta', '->>').key('a.b'),
          (ob) => ob.desc().nullsLast(),
        )
        .orderBy('id'),
    sql: { sqlite: `select "id" from "person" where "meta" is not null order by "meta"->>'a.b' desc nulls last, "id"` },
    rows: [{ id: 1 }, { id: 3 }, { id: 4 }],
  },
  {
    name: 'null where the document is null',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => eb.ref('meta', '->').key('tags').as('v'))
        .orderBy('id'),
    sql: { sqlite: `select "meta"->'tags' as "v" from "person" order by "id"` },
    rows: [{ v: ['math', 'code'] }, { v: null }, { v: null }, { v: [] }],
  },
  {
    name: 'a key that is a number',
    query: value((eb) => eb.ref('meta', '->').key(0)),
    refused: /key\(0\): a key is a string; at\(\) takes a position/,
  },
  {
    name: 'a position that is text',
    query: value((eb) => eb.ref('meta', '->').at('first')),
    refused: /at\("first"\): a position is a whole number/,
  },
  { name: 'a position with more to it', query: value((eb) => eb.ref('meta', '->').at("0'")), refused: /a position is/ },
  {
    name: 'an undefined position',
    query: value((eb) => eb.ref('meta', '->').at(undefined)),
    refused: /at\(undefined\)/,
  },
  {
    name: 'a wrong operator',
    query: value((eb) => eb.ref('meta', '=>').key('a')),
    refused: /"=>" is not a JSON operator/,
  },
  {
    name: 'a quote in a key of a path',
    query: value((eb) => eb.ref('meta', '->$').key('a"b')),
    refused: /holds a quote/,
    differs: { postgres: 'its paths can say one' },
  },
  {
    name: 'a quote in a key',
    differs: { postgres: 'its paths can say one' },
    query: value((eb) => eb.ref('meta', '->').key('a"b')),
    refused: /holds a quote/,
  },
]

const toys = (eb: Loose) =>
  jsonArrayFrom(
    eb.selectFrom('toy').select(['toy.name', 'price']).whereRef('toy.pet_id', '=', 'pet.id').orderBy('toy.id'),
  )

const helpers: readonly Case[] = [
  {
    name: 'jsonArrayFrom',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) => [
          'id',
          jsonArrayFrom(
            eb
              .selectFrom('pet')
              .select(['pet.id', 'name as n'])
              .whereRef('owner_id', '=', 'person.id')
              .orderBy('pet.id'),
          ).as('pets'),
        ])
        .orderBy('id'),
    sql: {
      sqlite: `select "id", (select coalesce(json_group_array(json_object('id', "agg"."id", 'n', "agg"."n")), '[]') from (select "pet"."id", "name" as "n" from "pet" where "owner_id" = "person"."id" order by "pet"."id") as "agg") as "pets" from "person" order by "id"`,
    },
    rows: [
      {
        id: 1,
        pets: [
          { id: 1, n: 'Rex' },
          { id: 2, n: 'Tom' },
        ],
      },
      { id: 2, pets: [] },
      { id: 3, pets: [{ id: 3, n: 'Ra' }] },
      { id: 4, pets: [] },
    ],
  },
  {
    name: 'jsonArrayFrom reads every type as its column does',
    query: (db) =>
      db.selectNoFrom((eb) =>
        jsonArrayFrom(
          eb
            .selectFrom('person')
            .select(['active', 'born', 'seen', 'meta', 'balance', 'photo', 'score'])
            .where('id', '<', 4)
            .orderBy('id'),
        ).as('v'),
      ),
    sql: {
      sqlite: `select (select coalesce(json_group_array(json_object('active', "agg"."active", 'born', "agg"."born", 'seen', "agg"."seen", 'meta', json("agg"."meta"), 'balance', cast("agg"."balance" as text), 'photo', case when "agg"."photo" is not null then hex("agg"."photo") end, 'score', "agg"."score")), '[]') from (select "active", "born", "seen", "meta", "balance", "photo", "score" from "person" where "id" < ? order by "id") as "agg") as "v"`,
    },
    parameters: [4],
    rows: row([
      {
        active: true,
        born: '1815-12-10',
        seen: new Date('2024-01-01T00:00:00.000Z'),
        meta: { tags: ['math', 'code'], address: { city: 'London', zip: null }, 'a.b': 1 },
        balance: 9007199254740993n,
        photo: new Uint8Array([1, 2, 255]),
        score: 1.5,
      },
      { active: false, born: null, seen: null, meta: null, balance: null, photo: null, score: null },
      {
        active: null,
        born: '1969-01-01',
        seen: new Date('2024-01-02T12:30:00.500Z'),
        meta: [],
        balance: -5n,
        photo: new Uint8Array(),
        score: 2.5,
      },
    ]),
  },
  {
    name: 'jsonArrayFrom of everything',
    query: (db) =>
      db
        .selectFrom('toy')
        .select((eb) => [
          'id',
          jsonArrayFrom(eb.selectFrom('pet').selectAll().whereRef('pet.id', '=', 'toy.pet_id')).as('pets'),
        ])
        .orderBy('id', 'desc')
        .limit(2),
    sql: {
      sqlite: `select "id", (select coalesce(json_group_array(json_object('id', "agg"."id", 'owner_id', "agg"."owner_id", 'name', "agg"."name", 'species', "agg"."species")), '[]') from (select * from "pet" where "pet"."id" = "toy"."pet_id") as "agg") as "pets" from "toy" order by "id" desc limit ?`,
    },
    parameters: [2],
    rows: [
      { id: 4, pets: [] },
      { id: 3, pets: [{ id: 3, owner_id: 3, name: 'Ra', species: 'cat' }] },
    ],
  },
  {
    name: 'jsonArrayFrom in jsonArrayFrom',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) =>
          jsonArrayFrom(
            eb
              .selectFrom('pet')
              .select((e) => ['pet.name', toys(e).as('toys')])
              .whereRef('owner_id', '=', 'person.id')
              .orderBy('pet.id'),
          ).as('v'),
        )
        .where('id', '=', 1),
    sql: {
      sqlite: `select (select coalesce(json_group_array(json_object('name', "agg"."name", 'toys', json("agg"."toys"))), '[]') from (select "pet"."name", (select coalesce(json_group_array(json_object('name', "agg"."name", 'price', (substr('-', 1, "agg"."price" < 0) || (abs("agg"."price") / 100) || '.' || substr(abs("agg"."price") % 100 + 100, 2)))), '[]') from (select "toy"."name", "price" from "toy" where "toy"."pet_id" = "pet"."id" order by "toy"."id") as "agg") as "toys" from "pet" where "owner_id" = "person"."id" order by "pet"."id") as "agg") as "v" from "person" where "id" = ?`,
    },
    parameters: [1],
    rows: row([
      {
        name: 'Rex',
        toys: [
          { name: 'ball', price: '2.50' },
          { name: 'bone', price: null },
        ],
      },
      { name: 'Tom', toys: [] },
    ]),
  },
  {
    name: 'jsonObjectFrom',
    query: (db) =>
      db
        .selectFrom('pet')
        .select((eb) =>
          jsonObjectFrom(
            eb.selectFrom('person').select(['first_name', 'seen']).whereRef('person.id', '=', 'pet.owner_id'),
          ).as('owner'),
        )
        .orderBy('id', 'desc')
        .limit(2),
    sql: {
      sqlite: `select (select json_object('first_name', "obj"."first_name", 'seen', "obj"."seen") from (select "first_name", "seen" from "person" where "person"."id" = "pet"."owner_id") as "obj") as "owner" from "pet" order by "id" desc limit ?`,
    },
    parameters: [2],
    rows: [{ owner: null }, { owner: { first_name: 'Cleo', seen: new Date('2024-01-02T12:30:00.500Z') } }],
  },
  {
    name: 'jsonObjectFrom in jsonArrayFrom, and none',
    query: (db) =>
      db.selectNoFrom((eb) =>
        jsonArrayFrom(
          eb
            .selectFrom('pet')
            .select((e) => [
              'id',
              jsonObjectFrom(e.selectFrom('person').select('active').whereRef('person.id', '=', 'pet.owner_id')).as(
                'o',
              ),
            ])
            .where('id', '>', 2)
            .orderBy('id'),
        ).as('v'),
      ),
    sql: {
      sqlite: `select (select coalesce(json_group_array(json_object('id', "agg"."id", 'o', json("agg"."o"))), '[]') from (select "id", (select json_object('active', "obj"."active") from (select "active" from "person" where "person"."id" = "pet"."owner_id") as "obj") as "o" from "pet" where "id" > ? order by "id") as "agg") as "v"`,
    },
    parameters: [2],
    rows: row([
      { id: 3, o: { active: null } },
      { id: 4, o: null },
    ]),
  },
  {
    name: 'jsonBuildObject',
    query: value((eb) =>
      jsonBuildObject({ first: eb.ref('first_name'), next: eb('age', '+', eb.lit(1)), "it's": eb.lit(null) }),
    ),
    sql: text(`json_object('first', "first_name", 'next', "age" + 1, 'it''s', null)`),
    parameters: [1],
    rows: row({ first: 'Ada', next: 37, "it's": null }),
  },
  {
    name: 'jsonBuildObject reads every type as its column does',
    query: (db) =>
      db
        .selectFrom('person')
        .select((eb) =>
          jsonBuildObject({
            a: eb.ref('active'),
            s: 'seen',
            m: eb.ref('meta'),
            b: eb.ref('balance'),
            p: eb.ref('photo'),
          }).as('v'),
        )
        .where('id', '<', 3)
        .orderBy('id'),
    sql: {
      sqlite: `select json_object('a', "active", 's', "seen", 'm', json("meta"), 'b', cast("balance" as text), 'p', case when "photo" is not null then hex("photo") end) as "v" from "person" where "id" < ? order by "id"`,
    },
    parameters: [3],
    rows: [
      {
        v: {
          a: true,
          s: new Date('2024-01-01T00:00:00.000Z'),
          m: { tags: ['math', 'code'], address: { city: 'London', zip: null }, 'a.b': 1 },
          b: 9007199254740993n,
          p: new Uint8Array([1, 2, 255]),
        },
      },
      { v: { a: false, s: null, m: null, b: null, p: null } },
    ],
  },
  {
    name: 'jsonBuildObject in jsonBuildObject, and a list in it',
    query: value((eb) =>
      jsonBuildObject({
        inner: jsonBuildObject({ on: eb.ref('active') }),
        pets: jsonArrayFrom(
          eb.selectFrom('pet').select('name').whereRef('owner_id', '=', 'person.id').orderBy('pet.id'),
        ),
      }),
    ),
    sql: text(
      `json_object('inner', json(json_object('on', "active")), 'pets', json((select coalesce(json_group_array(json_object('name', "agg"."name")), '[]') from (select "name" from "pet" where "owner_id" = "person"."id" order by "pet"."id") as "agg")))`,
    ),
    parameters: [1],
    rows: row({ inner: { on: true }, pets: [{ name: 'Rex' }, { name: 'Tom' }] }),
  },
  {
    name: 'jsonBuildObject in jsonArrayFrom',
    query: (db) =>
      db.selectNoFrom((eb) =>
        jsonArrayFrom(
          eb
            .selectFrom('person')
            .select((e) => jsonBuildObject({ s: e.ref('seen'), b: e.ref('balance') }).as('o'))
            .where('id', '=', 3),
        ).as('v'),
      ),
    sql: {
      sqlite: `select (select coalesce(json_group_array(json_object('o', json("agg"."o"))), '[]') from (select json_object('s', "seen", 'b', cast("balance" as text)) as "o" from "person" where "id" = ?) as "agg") as "v"`,
    },
    parameters: [3],
    rows: row([{ o: { s: new Date('2024-01-02T12:30:00.500Z'), b: -5n } }]),
  },
  {
    name: 'without a schema, as it is stored',
    world: 'undefined',
    query: (db) =>
      db.selectNoFrom((eb) =>
        jsonArrayFrom(eb.selectFrom('person').select(['active', 'seen']).where('id', '=', 1)).as('v'),
      ),
    sql: {
      sqlite: `select (select coalesce(json_group_array(json_object('active', "agg"."active", 'seen', "agg"."seen")), '[]') from (select "active", "seen" from "person" where "id" = ?) as "agg") as "v"`,
    },
    parameters: [1],
    rows: row([{ active: 1, seen: '2024-01-01T00:00:00.000Z' }]),
  },
  {
    name: 'everything without a schema',
    world: 'undefined',
    query: (db) => db.selectNoFrom((eb) => jsonArrayFrom(eb.selectFrom('person').selectAll()).as('v')),
    refused: /A JSON helper needs to know its columns\. Name them in select\(\), or give the database a schema/,
  },
  {
    name: 'text without a name',
    query: (db) => db.selectNoFrom((eb) => jsonArrayFrom(eb.selectFrom('person').select(sql`id`)).as('v')),
    refused: /A JSON helper needs to know its columns/,
  },
  {
    name: 'text with a name',
    query: (db) =>
      db.selectNoFrom((eb) =>
        jsonArrayFrom(
          eb
            .selectFrom('person')
            .select([sql`upper(first_name)`.as('n'), 'active'])
            .where('id', '=', 1),
        ).as('v'),
      ),
    sql: {
      sqlite: `select (select coalesce(json_group_array(json_object('n', "agg"."n", 'active', "agg"."active")), '[]') from (select upper(first_name) as "n", "active" from "person" where "id" = ?) as "agg") as "v"`,
    },
    parameters: [1],
    rows: row([{ n: 'ADA', active: true }]),
  },
  {
    name: 'two columns of one name',
    query: (db) =>
      db.selectNoFrom((eb) =>
        jsonArrayFrom(
          eb.selectFrom('pet').innerJoin('toy', 'toy.pet_id', 'pet.id').select(['pet.name', 'toy.name']),
        ).as('v'),
      ),
    refused: /A JSON helper has two columns with the name 'name'\. Give one of them an alias/,
  },
  {
    name: 'of no query',
    query: (db) => db.selectNoFrom(jsonArrayFrom(undefined).as('v')),
    refused: /A JSON helper takes a query/,
  },
  {
    name: 'an object with undefined',
    query: (db) => db.selectNoFrom(jsonBuildObject({ a: undefined }).as('v')),
    refused: /undefined is not a column/,
  },
  {
    name: 'an object with a number',
    query: (db) => db.selectNoFrom(jsonBuildObject({ a: 5 }).as('v')),
    refused: /5 is not a column/,
  },
]

export const json: readonly Case[] = [...traversal, ...helpers]
