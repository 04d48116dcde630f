import type { Case, Loose } from '../case.ts'
import { odd, person, pet, sql } from '../fixture.ts'

const ids = (...found: number[]) => found.map((id) => ({ id }))
const of = (db: Loose) => db.selectFrom('person').select('id')
const text = (condition: string) => ({ sqlite: `select "id" from "person" where ${condition}` })

/** Ages: 36, null, 39, 36. Last names: Lovelace, null, Ptolemy, Lovelace. */
const operators: readonly Case[] = [
  { name: '=', query: (db) => of(db).where('age', '=', 36), sql: text('"age" = ?'), parameters: [36], rows: ids(1, 4) },
  {
    name: '==',
    query: (db) => of(db).where('age', '==', 36),
    sql: text('"age" == ?'),
    parameters: [36],
    rows: ids(1, 4),
  },
  { name: '!=', query: (db) => of(db).where('age', '!=', 36), sql: text('"age" != ?'), parameters: [36], rows: ids(3) },
  { name: '<>', query: (db) => of(db).where('age', '<>', 36), sql: text('"age" <> ?'), parameters: [36], rows: ids(3) },
  { name: '>', query: (db) => of(db).where('age', '>', 36), sql: text('"age" > ?'), parameters: [36], rows: ids(3) },
  {
    name: '>=',
    query: (db) => of(db).where('age', '>=', 36),
    sql: text('"age" >= ?'),
    parameters: [36],
    rows: ids(1, 3, 4),
  },
  { name: '<', query: (db) => of(db).where('age', '<', 39), sql: text('"age" < ?'), parameters: [39], rows: ids(1, 4) },
  {
    name: '<=',
    query: (db) => of(db).where('age', '<=', 39),
    sql: text('"age" <= ?'),
    parameters: [39],
    rows: ids(1, 3, 4),
  },
  { name: 'is null', query: (db) => of(db).where('age', 'is', null), sql: text('"age" is null'), rows: ids(2) },
  {
    name: 'is not null',
    query: (db) => of(db).where('age', 'is not', null),
    sql: text('"age" is not null'),
    rows: ids(1, 3, 4),
  },
  {
    name: 'is a value',
    query: (db) => of(db).where('age', 'is', 36),
    sql: text('"age" is ?'),
    parameters: [36],
    rows: ids(1, 4),
  },
  {
    name: 'is not a value',
    query: (db) => of(db).where('age', 'is not', 36),
    sql: text('"age" is not ?'),
    parameters: [36],
    rows: ids(2, 3),
  },
  {
    name: 'is true',
    query: (db) => of(db).where('active', 'is', true),
    sql: text('"active" is true'),
    rows: ids(1, 4),
  },
  {
    name: 'is not true',
    query: (db) => of(db).where('active', 'is not', true),
    sql: text('"active" is not true'),
    rows: ids(2, 3),
  },
  {
    name: 'is false',
    query: (db) => of(db).where('active', 'is', false),
    sql: text('"active" is false'),
    rows: ids(2),
  },
  {
    name: 'is distinct from',
    query: (db) => of(db).where('age', 'is distinct from', 36),
    sql: text('"age" is distinct from ?'),
    parameters: [36],
    rows: ids(2, 3),
  },
  {
    name: 'is not distinct from null',
    query: (db) => of(db).where('age', 'is not distinct from', null),
    sql: text('"age" is not distinct from null'),
    rows: ids(2),
  },
  {
    name: 'like',
    differs: { postgres: 'like sees the case of letters', mariadb: 'like tells letters apart' },
    query: (db) => of(db).where('last_name', 'like', 'l%'),
    sql: text('"last_name" like ?'),
    parameters: ['l%'],
    rows: ids(1, 4),
  },
  {
    name: 'not like',
    query: (db) => of(db).where('last_name', 'not like', 'L%'),
    sql: text('"last_name" not like ?'),
    parameters: ['L%'],
    rows: ids(3),
  },
  {
    name: 'glob',
    query: (db) => of(db).where('last_name', 'glob', 'L*'),
    sql: text('"last_name" glob ?'),
    parameters: ['L*'],
    rows: ids(1, 4),
  },
  {
    name: 'not glob',
    query: (db) => of(db).where('last_name', 'not glob', 'l*'),
    sql: text('"last_name" not glob ?'),
    parameters: ['l*'],
    rows: ids(1, 3, 4),
  },
  {
    name: 'regexp, which has no function here',
    differs: { mariadb: 'it has regular expressions' },
    query: (db) => of(db).where('last_name', 'regexp', 'L'),
    sql: text('"last_name" regexp ?'),
    parameters: ['L'],
    fails: ['query', /no such function: REGEXP/i],
  },
  {
    name: 'ilike',
    query: (db) => of(db).where('last_name', 'ilike', 'l%'),
    unsupported: /ilike is not available in sqlite\. Use 'like'/,
  },
  {
    name: 'not ilike',
    query: (db) => of(db).where('last_name', 'not ilike', 'l%'),
    unsupported: /not ilike is not available in sqlite/,
  },
]

const lists: readonly Case[] = [
  {
    name: 'in nothing',
    query: (db) => of(db).where('age', 'in', []),
    sql: text('"age" in (select null where 1 = 0)'),
    rows: [],
  },
  {
    name: 'not in nothing, null or not',
    query: (db) => of(db).where('age', 'not in', []),
    sql: text('"age" not in (select null where 1 = 0)'),
    rows: ids(1, 2, 3, 4),
  },
  {
    name: 'in one',
    query: (db) => of(db).where('age', 'in', [39]),
    sql: text('"age" in (?)'),
    parameters: [39],
    rows: ids(3),
  },
  {
    name: 'in two',
    query: (db) => of(db).where('age', 'in', [39, 1]),
    sql: text('"age" in (?, ?)'),
    parameters: [39, 1],
    rows: ids(3),
  },
  {
    name: 'in three, padded to four',
    query: (db) => of(db).where('age', 'in', [39, 1, 36]),
    sql: text('"age" in (?, ?, ?, ?)'),
    parameters: [39, 1, 36, 36],
    rows: ids(1, 3, 4),
  },
  {
    name: 'not in',
    query: (db) => of(db).where('age', 'not in', [36]),
    sql: text('"age" not in (?)'),
    parameters: [36],
    rows: ids(3),
  },
  {
    name: 'in booleans',
    query: (db) => of(db).where('active', 'in', [false]),
    sql: text('"active" in (?)'),
    parameters: [0],
    rows: ids(2),
  },
  {
    name: 'in dates',
    query: (db) => of(db).where('seen', 'in', [new Date('2024-01-02T12:30:00.500Z')]),
    sql: text('"seen" in (?)'),
    parameters: ['2024-01-02T12:30:00.500Z'],
    rows: ids(3),
  },
  {
    name: 'in bigints',
    query: (db) => of(db).where('balance', 'in', [9007199254740993n, -5n]),
    sql: text('"balance" in (?, ?)'),
    parameters: [9007199254740993n, -5n],
    rows: ids(1, 3),
  },
  {
    name: 'in a query',
    query: (db) => of(db).where('id', 'in', db.selectFrom('pet').select('owner_id').where('species', '=', 'cat')),
    sql: text('"id" in (select "owner_id" from "pet" where "species" = ?)'),
    parameters: ['cat'],
    rows: ids(1, 3),
  },
  {
    name: 'not in a query with a null in it is never true',
    query: (db) => of(db).where('id', 'not in', (eb) => eb.selectFrom('pet').select('owner_id')),
    sql: text('"id" not in (select "owner_id" from "pet")'),
    rows: [],
  },
  {
    name: 'in expressions',
    query: (db) => of(db).where((eb) => eb('age', 'in', [eb.ref('id'), eb('id', '*', 13), 36])),
    sql: text('"age" in ("id", "id" * ?, ?)'),
    parameters: [13, 36],
    rows: ids(1, 3, 4),
  },
  {
    name: 'a value in columns',
    query: (db) => of(db).where((eb) => eb(eb.val(39), 'in', [eb.ref('id'), eb.ref('age')])),
    sql: text('? in ("id", "age")'),
    parameters: [39],
    rows: ids(3),
  },
  {
    name: 'in JSON documents',
    query: (db) => of(db).where('meta', 'in', [[], { tags: [] }]),
    sql: text('"meta" in (?, ?)'),
    parameters: ['[]', '{"tags":[]}'],
    rows: ids(3, 4),
  },
  {
    name: 'a tuple in tuples',
    query: (db) =>
      db
        .selectFrom('membership')
        .select(['person_id', 'club'])
        .where((eb) =>
          eb(eb.refTuple('person_id', 'club'), 'in', [
            [1, 'go'],
            [3, 'chess'],
            [3, 'go'],
          ]),
        ),
    sql: {
      sqlite:
        'select "person_id", "club" from "membership" where ("person_id", "club") in (values (?, ?), (?, ?), (?, ?))',
    },
    parameters: [1, 'go', 3, 'chess', 3, 'go'],
    rows: [
      { person_id: 1, club: 'go' },
      { person_id: 3, club: 'chess' },
    ],
  },
  {
    name: 'a tuple in tuple expressions',
    query: (db) =>
      db
        .selectFrom('membership')
        .select('club')
        .where((eb) => eb(eb.refTuple('person_id', 'club'), 'not in', [eb.tuple(1, 'go'), eb.tuple(3, 'chess')])),
    sql: {
      sqlite: 'select "club" from "membership" where ("person_id", "club") not in (values (?, ?), (?, ?))',
    },
    parameters: [1, 'go', 3, 'chess'],
    rows: [{ club: 'chess' }],
  },
  {
    name: 'a tuple in a query',
    query: (db) =>
      db
        .selectFrom('membership')
        .select('club')
        .where((eb) =>
          eb(
            eb.refTuple('person_id', 'club'),
            'in',
            eb
              .selectFrom('person')
              .select((e) => ['id', e.val('chess').as('c')])
              .where('age', '=', 39),
          ),
        ),
    sql: {
      sqlite:
        'select "club" from "membership" where ("person_id", "club") in (select "id", ? as "c" from "person" where "age" = ?)',
    },
    parameters: ['chess', 39],
    rows: [{ club: 'chess' }],
  },
  {
    name: 'in null',
    query: (db) => of(db).where('age', 'in', null),
    refused: /where\("age", 'in', null\) is never true in SQL\. Use 'is'/,
  },
  { name: 'in undefined', query: (db) => of(db).where('age', 'in', undefined), refused: /the value is undefined/ },
  {
    name: 'in a list with null',
    query: (db) => of(db).where('age', 'in', [36, null]),
    refused: /where\("age", 'in', \[…\]\): item 1 is null\. Test for null apart: or\('age', 'is', null\)/,
  },
  {
    name: 'in a list with undefined',
    query: (db) => of(db).where('age', 'in', [undefined]),
    refused: /item 0 is undefined/,
  },
  { name: 'in a value', query: (db) => of(db).where('age', 'in', 36), refused: /'in' takes an array or a query/ },
  {
    name: 'in a string',
    query: (db) => of(db).where('last_name', 'in', 'abc'),
    refused: /'in' takes an array or a query/,
  },
]

const types: readonly Case[] = [
  {
    name: 'a boolean',
    query: (db) => of(db).where('active', '=', true),
    sql: text('"active" = ?'),
    parameters: [1],
    rows: ids(1, 4),
  },
  {
    name: 'a Date',
    query: (db) => of(db).where('seen', '>', new Date('2024-01-01T00:00:00.000Z')),
    sql: text('"seen" > ?'),
    parameters: ['2024-01-01T00:00:00.000Z'],
    rows: ids(3),
  },
  {
    name: 'a day',
    query: (db) => of(db).where('born', '<', '1900-01-01'),
    sql: text('"born" < ?'),
    parameters: ['1900-01-01'],
    rows: ids(1),
  },
  {
    name: 'a bigint',
    query: (db) => of(db).where('balance', '=', 9007199254740993n),
    sql: text('"balance" = ?'),
    parameters: [9007199254740993n],
    rows: ids(1),
  },
  {
    name: 'bytes',
    query: (db) => of(db).where('photo', '=', new Uint8Array([1, 2, 255])),
    sql: text('"photo" = ?'),
    parameters: [new Uint8Array([1, 2, 255])],
    rows: ids(1),
  },
  {
    name: 'a JSON document',
    query: (db) => of(db).where('meta', '=', { tags: [] }),
    sql: text('"meta" = ?'),
    parameters: ['{"tags":[]}'],
    rows: ids(4),
  },
  {
    name: 'an empty JSON list',
    query: (db) => of(db).where('meta', '=', []),
    sql: text('"meta" = ?'),
    parameters: ['[]'],
    rows: ids(3),
  },
  {
    name: 'a number against a real',
    query: (db) => of(db).where('score', '<', 0),
    sql: text('"score" < ?'),
    parameters: [0],
    rows: ids(4),
  },
  {
    name: 'a boolean that is none',
    query: (db) => of(db).where('active', '=', 'yes').execute(),
    refused: /A boolean is expected, not the string 'yes'/,
  },
  {
    name: 'a Date that is none',
    query: (db) => of(db).where('seen', '=', '2024').execute(),
    refused: /A Date is expected, not the string '2024'/,
  },
  {
    name: 'a bigint that is a number',
    query: (db) => of(db).where('balance', '=', 5).execute(),
    refused: /A bigint is expected, not the number 5/,
  },
  {
    name: 'an enum that has no such value',
    query: (db) => db.selectFrom('pet').select('id').where('species', '=', 'cow').execute(),
    refused: /One of 'dog', 'cat' is expected/,
  },
  { name: 'NaN', query: (db) => of(db).where('age', '=', Number.NaN).execute(), refused: /NaN/ },
  {
    name: 'an object where there is no JSON',
    query: (db) => of(db).where('age', '=', { a: 1 }).execute(),
    refused: /an object\. Give its column a codec/,
  },
  {
    name: 'an array where there is no list',
    differs: { postgres: 'it has arrays, and the column refuses one' },
    query: (db) => of(db).where('age', '=', [36]).execute(),
    refused: /an array/,
  },
  {
    name: 'a boolean without a schema',
    world: 'undefined',
    query: (db) => of(db).where('active', '=', true),
    sql: text('"active" = ?'),
    parameters: [true],
    statements: [['select "id" from "person" where "active" = ?', [true]]],
    rows: ids(1, 4),
  },
]

const forms: readonly Case[] = [
  {
    name: 'several calls',
    query: (db) => of(db).where('age', '=', 36).where('last_name', '=', 'Lovelace').where('id', '>', 1),
    sql: text('"age" = ? and "last_name" = ? and "id" > ?'),
    parameters: [36, 'Lovelace', 1],
    rows: ids(4),
  },
  {
    name: 'a boolean column alone',
    query: (db) => of(db).where((eb) => eb.ref('active')),
    sql: text('"active"'),
    rows: ids(1, 4),
  },
  {
    name: 'a column of a table',
    query: (db) => of(db).where('person.age', '>', 36),
    sql: text('"person"."age" > ?'),
    parameters: [36],
    rows: ids(3),
  },
  {
    name: 'a column object',
    query: (db) => of(db).where(person.age, '>', 36),
    sql: text('"person"."age" > ?'),
    parameters: [36],
    rows: ids(3),
  },
  {
    name: 'a column object on both sides',
    query: (db) =>
      db.selectFrom([person, pet]).select(pet.name).where(person.id, '=', pet.owner_id).where(person.age, '=', 39),
    sql: {
      sqlite: 'select "pet"."name" from "person", "pet" where "person"."id" = "pet"."owner_id" and "person"."age" = ?',
    },
    parameters: [39],
    rows: [{ name: 'Ra' }],
  },
  {
    name: 'an odd column object',
    query: (db) => db.selectFrom(odd).select(odd.order).where(odd['x as y'], 'is not', null),
    sql: { sqlite: 'select "odd"."order" from "odd" where "odd"."x as y" is not null' },
    rows: [{ order: 10 }],
  },
  { name: 'whereRef', query: (db) => of(db).whereRef('age', '>', 'id'), sql: text('"age" > "id"'), rows: ids(1, 3, 4) },
  {
    name: 'whereRef of tables',
    query: (db) =>
      db
        .selectFrom(['person as a', 'person as b'])
        .select('a.id')
        .whereRef('a.age', '>', 'b.age')
        .whereRef('b.id', '!=', 'a.id'),
    sql: {
      sqlite:
        'select "a"."id" from "person" as "a", "person" as "b" where "a"."age" > "b"."age" and "b"."id" != "a"."id"',
    },
    rows: ids(3, 3),
  },
  {
    name: 'an expression on the right',
    query: (db) => of(db).where((eb) => eb('age', '=', eb('id', '*', 9))),
    sql: text('"age" = "id" * ?'),
    parameters: [9],
    rows: ids(4),
  },
  {
    name: 'an expression on the left',
    query: (db) => of(db).where((eb) => eb(eb.fn('lower', ['first_name']), '=', 'ada')),
    sql: text('lower("first_name") = ?'),
    parameters: ['ada'],
    rows: ids(1),
  },
  {
    name: 'a callback on the left',
    query: (db) => of(db).where((eb) => eb.fn('lower', ['first_name']), '=', 'ada'),
    sql: text('lower("first_name") = ?'),
    parameters: ['ada'],
    rows: ids(1),
  },
  {
    name: 'a callback on the right',
    query: (db) => of(db).where('age', '=', (eb) => eb('id', '*', 9)),
    sql: text('"age" = "id" * ?'),
    parameters: [9],
    rows: ids(4),
  },
  {
    name: 'a value on the left takes the type of the column',
    query: (db) => of(db).where((eb) => eb(eb.val(new Date('2024-01-02T00:00:00.000Z')), '<', eb.ref('seen'))),
    sql: text('? < "seen"'),
    parameters: ['2024-01-02T00:00:00.000Z'],
    rows: ids(3),
  },
  {
    name: 'a query on the right',
    query: (db) =>
      of(db).where(
        'age',
        '=',
        db.selectFrom('person').select((eb) => eb.fn.max('age').as('m')),
      ),
    sql: text('"age" = (select max("age") as "m" from "person")'),
    rows: ids(3),
  },
  {
    name: 'a query on the left',
    query: (db) =>
      of(db).where((eb) =>
        eb(eb.selectFrom('pet').select(eb.fn.countAll().as('n')).whereRef('owner_id', '=', 'person.id'), '>', 1),
      ),
    sql: text('(select count(*) as "n" from "pet" where "owner_id" = "person"."id") > ?'),
    parameters: [1],
    rows: ids(1),
  },
  {
    name: 'text alone',
    query: (db) => of(db).where(sql`age = ${39} or id = 1`),
    sql: text('age = ? or id = 1'),
    parameters: [39],
    rows: ids(1, 3),
  },
  {
    name: 'text among others stands in parentheses',
    query: (db) => of(db).where(sql`age = ${39} or id = 1`).where('active', '=', true),
    sql: text('(age = ? or id = 1) and "active" = ?'),
    parameters: [39, 1],
    rows: ids(1),
  },
  {
    name: 'an operator that is text',
    query: (db) => of(db).where('age', sql`>=`, 39),
    sql: text('"age" >= ?'),
    parameters: [39],
    rows: ids(3),
  },
  { name: 'every row', query: (db) => of(db).where((eb) => eb.lit(true)), sql: text('true'), rows: ids(1, 2, 3, 4) },
  { name: 'no row', query: (db) => of(db).where((eb) => eb.lit(false)), sql: text('false'), rows: [] },
  {
    name: 'clearWhere',
    query: (db) => of(db).where('age', '=', 36).clearWhere().where('id', '=', 2),
    sql: text('"id" = ?'),
    parameters: [2],
    rows: ids(2),
  },
  {
    name: 'undefined',
    query: (db) => of(db).where('age', '=', undefined),
    refused: /where\("age", '=', undefined\): the value is undefined\. Leave the condition out/,
  },
  {
    name: '= null',
    query: (db) => of(db).where('age', '=', null),
    refused: /where\("age", '=', null\) is never true in SQL\. Use 'is' to compare with null/,
  },
  { name: '!= null', query: (db) => of(db).where('age', '!=', null), refused: /is never true in SQL\. Use 'is not'/ },
  { name: '> null', query: (db) => of(db).where('age', '>', null), refused: /is never true in SQL/ },
  { name: 'like null', query: (db) => of(db).where('last_name', 'like', null), refused: /is never true in SQL/ },
  {
    name: 'no condition',
    query: (db) => of(db).where(),
    refused: /where takes a column, an operator and a value, or one expression; it was given 0 arguments/,
  },
  { name: 'a column and an operator', query: (db) => of(db).where('age', '='), refused: /it was given 2 arguments/ },
  {
    name: 'an undefined condition',
    query: (db) => of(db).where(undefined),
    refused: /where\(undefined\): that is not a condition/,
  },
  { name: 'a null condition', query: (db) => of(db).where(null), refused: /where\(null\): that is not a condition/ },
  {
    name: 'true',
    query: (db) => of(db).where(true),
    refused: /where\(true\): that is not a condition.*eb\.lit\(true\)/,
  },
  {
    name: 'a callback without a result',
    query: (db) => of(db).where(() => undefined),
    refused: /where\(undefined\): that is not a condition/,
  },
  {
    name: 'a right callback without a result',
    query: (db) => of(db).where('age', '=', () => undefined),
    refused: /gave no expression/,
  },
  { name: 'an unknown operator', query: (db) => of(db).where('age', '=>', 1), refused: /Unknown operator "=>"/ },
  {
    name: 'an operator with more to it',
    query: (db) => of(db).where('age', '= 1 or 1 =', 1),
    refused: /Unknown operator/,
  },
  {
    name: 'an undefined operator',
    query: (db) => of(db).where('age', undefined, 1),
    refused: /Unknown operator undefined/,
  },
  { name: 'an undefined column', query: (db) => of(db).where(undefined, '=', 1), refused: /undefined is not a column/ },
  { name: 'an unknown column', query: (db) => of(db).where('agee', '=', 1), refused: /Unknown column 'agee'/ },
  {
    name: 'an unknown column on the right',
    query: (db) => of(db).whereRef('age', '=', 'idd'),
    refused: /Unknown column 'idd'/,
  },
]

export const where: readonly Case[] = [...operators, ...lists, ...types, ...forms]
