import type { Case, Loose } from '../case.ts'
import { jsonArrayFrom, jsonBuildObject, list, odd, person, pet, sql, values } from '../fixture.ts'

const updated = (numUpdatedRows: bigint) => ({ numUpdatedRows })
const ages = (db: Loose) => db.selectFrom('person').select(['id', 'age']).orderBy('id')
const aged = (...found: (number | null)[]) => found.map((age, i) => ({ id: i + 1, age }))

export const update: readonly Case[] = [
  {
    name: 'an object',
    query: (db) => db.updateTable('person').set({ age: 40, last_name: 'X' }).where('id', '=', 2),
    sql: { sqlite: 'update "person" set "age" = ?, "last_name" = ? where "id" = ?' },
    parameters: [40, 'X', 2],
    result: updated(1n),
    after: [
      (db) => db.selectFrom('person').select(['age', 'last_name']).where('id', '=', 2),
      [{ age: 40, last_name: 'X' }],
    ],
  },
  {
    name: 'every row',
    query: (db) => db.updateTable('person').set({ age: null }),
    sql: { sqlite: 'update "person" set "age" = ?' },
    parameters: [null],
    result: updated(4n),
    after: [ages, aged(null, null, null, null)],
  },
  {
    name: 'no row',
    query: (db) => db.updateTable('person').set({ age: 1 }).where('id', '=', 99),
    sql: { sqlite: 'update "person" set "age" = ? where "id" = ?' },
    parameters: [1, 99],
    result: updated(0n),
  },
  {
    name: 'types',
    query: (db) =>
      db
        .updateTable('person')
        .set({ active: true, seen: new Date(0), meta: { a: 1 }, balance: 7n, photo: new Uint8Array([9]) })
        .where('active', '=', false),
    sql: {
      sqlite: 'update "person" set "active" = ?, "seen" = ?, "meta" = ?, "balance" = ?, "photo" = ? where "active" = ?',
    },
    parameters: [1, '1970-01-01T00:00:00.000Z', '{"a":1}', 7n, new Uint8Array([9]), 0],
    result: updated(1n),
    after: [
      (db) => db.selectFrom('person').select(['active', 'seen', 'meta', 'balance', 'photo']).where('id', '=', 2),
      [{ active: true, seen: new Date(0), meta: { a: 1 }, balance: 7n, photo: new Uint8Array([9]) }],
    ],
  },
  {
    name: 'an undefined column is left as it is',
    query: (db) => db.updateTable('person').set({ age: undefined, last_name: 'X' }).where('id', '=', 1),
    sql: { sqlite: 'update "person" set "last_name" = ? where "id" = ?' },
    parameters: ['X', 1],
    result: updated(1n),
    after: [ages, aged(36, null, 39, 36)],
  },
  {
    name: 'a column and a value',
    query: (db) => db.updateTable('person').set('age', 1).set('last_name', null).where('id', '=', 1),
    sql: { sqlite: 'update "person" set "age" = ?, "last_name" = ? where "id" = ?' },
    parameters: [1, null, 1],
    result: updated(1n),
  },
  {
    name: 'column objects',
    query: (db) => db.updateTable(person).set(person.active, false).where(person.id, '=', 1).returning(person.active),
    sql: { sqlite: 'update "person" set "active" = ? where "person"."id" = ? returning "person"."active"' },
    parameters: [0, 1],
    rows: [{ active: false }],
  },
  {
    name: 'odd names',
    query: (db) => db.updateTable(odd).set(odd['a.b'], 7).set({ 'x as y': 'z', order: 1 }).where(odd['a.b'], '=', 1),
    sql: { sqlite: 'update "odd" set "a.b" = ?, "x as y" = ?, "order" = ? where "odd"."a.b" = ?' },
    parameters: [7, 'z', 1, 1],
    result: updated(1n),
    after: [
      (db) => db.selectFrom('odd').selectAll().where('order', '=', 1),
      [{ 'a.b': 7, 'x as y': 'z', 'say "hi"': null, order: 1 }],
    ],
  },
  {
    name: 'a key with a dot names one column',
    query: (db) => db.updateTable('odd').set({ 'a.b': 7 }).where('order', '=', 10),
    sql: { sqlite: 'update "odd" set "a.b" = ? where "order" = ?' },
    parameters: [7, 10],
    result: updated(1n),
  },
  {
    name: 'an expression, by a callback',
    query: (db) =>
      db.updateTable('person').set((eb) => ({ age: eb('age', '+', 1), last_name: eb.fn('upper', ['last_name']) })),
    sql: { sqlite: 'update "person" set "age" = "age" + ?, "last_name" = upper("last_name")' },
    parameters: [1],
    result: updated(4n),
    after: [ages, aged(37, null, 40, 37)],
  },
  {
    name: 'a column and an expression, by a callback',
    query: (db) =>
      db
        .updateTable('person')
        .set('age', (eb) => eb('id', '*', 2))
        .where('age', 'is', null),
    sql: { sqlite: 'update "person" set "age" = "id" * ? where "age" is null' },
    parameters: [2],
    result: updated(1n),
    after: [ages, aged(36, 4, 39, 36)],
  },
  {
    name: 'a query',
    query: (db) =>
      db.updateTable('person').set((eb) => ({
        age: eb.selectFrom('pet').select(eb.fn.countAll().as('n')).whereRef('owner_id', '=', 'person.id'),
      })),
    sql: { sqlite: 'update "person" set "age" = (select count(*) as "n" from "pet" where "owner_id" = "person"."id")' },
    result: updated(4n),
    after: [ages, aged(2, 0, 1, 0)],
  },
  {
    name: 'text',
    query: (db) =>
      db
        .updateTable('person')
        .set({ age: sql`age + ${1}` })
        .where(sql`id = ${1} or id = ${3}`)
        .where('active', '=', true),
    sql: { sqlite: 'update "person" set "age" = age + ? where (id = ? or id = ?) and "active" = ?' },
    parameters: [1, 1, 3, 1],
    result: updated(1n),
    after: [ages, aged(37, null, 39, 36)],
  },
  {
    name: 'a table under another name',
    query: (db) => db.updateTable('person as p').set({ age: 1 }).where('p.id', '=', 3),
    sql: { sqlite: 'update "person" as "p" set "age" = ? where "p"."id" = ?' },
    parameters: [1, 3],
    result: updated(1n),
    after: [ages, aged(36, null, 1, 36)],
  },
  {
    name: 'from',
    query: (db) =>
      db
        .updateTable('pet')
        .from('person')
        .set((eb) => ({ name: eb.ref('person.first_name') }))
        .whereRef('person.id', '=', 'pet.owner_id')
        .where('person.age', '=', 39),
    sql: {
      sqlite:
        'update "pet" set "name" = "person"."first_name" from "person" where "person"."id" = "pet"."owner_id" and "person"."age" = ?',
    },
    parameters: [39],
    result: updated(1n),
    after: [(db) => db.selectFrom('pet').select('name').where('id', '=', 3), [{ name: 'Cleo' }]],
  },
  {
    name: 'from with a join',
    query: (db) =>
      db
        .updateTable('toy')
        .from('pet')
        .innerJoin('person', 'person.id', 'pet.owner_id')
        .set((eb) => ({ name: eb('person.first_name', '||', eb.ref('pet.name')) }))
        .whereRef('toy.pet_id', '=', 'pet.id')
        .where('person.id', '=', 3)
        .returning(['toy.id', 'toy.name']),
    sql: {
      sqlite:
        'update "toy" set "name" = "person"."first_name" || "pet"."name" from "pet" inner join "person" on "person"."id" = "pet"."owner_id" where "toy"."pet_id" = "pet"."id" and "person"."id" = ? returning "toy"."id", "toy"."name"',
    },
    parameters: [3],
    rows: [{ id: 3, name: 'CleoRa' }],
  },
  {
    name: 'from rows given from here',
    query: (db) =>
      db
        .updateTable('person')
        .from(
          values([
            { id: 1, age: 10 },
            { id: 3, age: null },
          ]).as('v'),
        )
        .set((eb) => ({ age: eb.ref('v.age') }))
        .whereRef('v.id', '=', 'person.id'),
    sql: {
      sqlite:
        'update "person" set "age" = "v"."age" from (select column1 as "id", column2 as "age" from (values (?, ?), (?, ?))) as "v" where "v"."id" = "person"."id"',
    },
    parameters: [1, 10, 3, null],
    result: updated(2n),
    after: [ages, aged(10, null, null, 36)],
  },
  {
    name: 'from a list, by position',
    query: (db) =>
      db
        .updateTable('person')
        .from(list([4, 2]).as('l'))
        .set((eb) => ({ age: eb.ref('l.position') }))
        .whereRef('l.value', '=', 'person.id'),
    sql: {
      sqlite:
        'update "person" set "age" = "l"."position" from (select "key" + 1 as "position", "value" from json_each(?)) as "l" where "l"."value" = "person"."id"',
    },
    parameters: ['[4,2]'],
    result: updated(2n),
    after: [ages, aged(36, 2, 39, 1)],
  },
  {
    name: 'from a query, by a callback',
    query: (db) =>
      db
        .updateTable('pet')
        .from((eb) => eb.selectFrom('person').select(['id', 'first_name']).where('age', '=', 39).as('p'))
        .set({ name: sql.ref('p.first_name') })
        .whereRef('p.id', '=', 'pet.owner_id'),
    sql: {
      sqlite:
        'update "pet" set "name" = "p"."first_name" from (select "id", "first_name" from "person" where "age" = ?) as "p" where "p"."id" = "pet"."owner_id"',
    },
    parameters: [39],
    result: updated(1n),
  },
  {
    name: 'returning',
    query: (db) =>
      db.updateTable('person').set({ active: true }).where('age', 'is', null).returning(['id', 'active as on']),
    sql: { sqlite: 'update "person" set "active" = ? where "age" is null returning "id", "active" as "on"' },
    parameters: [1],
    rows: [{ id: 2, on: true }],
  },
  {
    name: 'returningAll',
    query: (db) => db.updateTable('pet').set({ owner_id: null }).where('id', '<', 3).returningAll(),
    sql: { sqlite: 'update "pet" set "owner_id" = ? where "id" < ? returning *' },
    parameters: [null, 3],
    rows: [
      { id: 1, owner_id: null, name: 'Rex', species: 'dog' },
      { id: 2, owner_id: null, name: 'Tom', species: 'cat' },
    ],
  },
  {
    name: 'returning of a table under another name',
    query: (db) =>
      db
        .updateTable('person as p')
        .set({ active: true })
        .where('p.id', '=', 3)
        .returning((eb) => [
          'p.active',
          jsonArrayFrom(eb.selectFrom('pet').select(['name', 'p.active as on']).whereRef('owner_id', '=', 'p.id')).as(
            'pets',
          ),
          jsonBuildObject({ seen: eb.ref('p.seen') }).as('o'),
        ]),
    sql: {
      sqlite: `update "person" as "p" set "active" = ? where "p"."id" = ? returning "person"."active", (select coalesce(json_group_array(json_object('name', "agg"."name", 'on', "agg"."on")), '[]') from (select "name", "person"."active" as "on" from "pet" where "owner_id" = "person"."id") as "agg") as "pets", json_object('seen', "person"."seen") as "o"`,
    },
    parameters: [1, 3],
    rows: [{ active: true, pets: [{ name: 'Ra', on: true }], o: { seen: new Date('2024-01-02T12:30:00.500Z') } }],
  },
  {
    name: 'returning of a name that a query in it has, too',
    differs: { postgres: 'each table keeps its name in returning' },
    query: (db) =>
      db
        .updateTable('person as p')
        .set({ age: 1 })
        .where('p.id', '=', 3)
        .returning((eb) => eb.selectFrom('person').select('person.id').whereRef('person.id', '=', 'p.id').as('x')),
    sql: {
      sqlite:
        'update "person" as "p" set "age" = ? where "p"."id" = ? returning (select "person"."id" from "person" where "person"."id" = "p"."id") as "x"',
    },
    parameters: [1, 3],
    fails: ['query', /no such column: p\.id/],
  },
  {
    name: 'returningAll of the table, beside another',
    query: (db) =>
      db
        .updateTable('pet as p')
        .from('person as o')
        .set({ owner_id: null })
        .whereRef('o.id', '=', 'p.owner_id')
        .where('o.id', '=', 3)
        .returningAll('p'),
    sql: {
      sqlite:
        'update "pet" as "p" set "owner_id" = ? from "person" as "o" where "o"."id" = "p"."owner_id" and "o"."id" = ? returning *',
    },
    parameters: [null, 3],
    rows: [{ id: 3, owner_id: null, name: 'Ra', species: 'cat' }],
  },
  {
    name: 'clearReturning and clearWhere',
    query: (db) =>
      db
        .updateTable(pet)
        .set({ owner_id: 4 })
        .where('id', '=', 99)
        .returningAll()
        .clearReturning()
        .clearWhere()
        .where(pet.id, '=', 1),
    sql: { sqlite: 'update "pet" set "owner_id" = ? where "pet"."id" = ?' },
    parameters: [4, 1],
    result: updated(1n),
  },
  {
    name: 'rows of another query in place of a limit',
    query: (db) =>
      db
        .updateTable('person')
        .set({ age: 1 })
        .where('id', 'in', db.selectFrom('person').select('id').orderBy('id', 'desc').limit(2)),
    sql: {
      sqlite: 'update "person" set "age" = ? where "id" in (select "id" from "person" order by "id" desc limit ?)',
    },
    parameters: [1, 2],
    result: updated(2n),
    after: [ages, aged(36, null, 1, 1)],
  },
  { name: 'an empty set', query: (db) => db.updateTable('person').set({}), refused: /set\(\{\}\) changes nothing/ },
  {
    name: 'a set of undefined',
    query: (db) => db.updateTable('person').set({ age: undefined }),
    refused: /set\(\{\}\) changes nothing/,
  },
  {
    name: 'an undefined set',
    query: (db) => db.updateTable('person').set(undefined),
    refused: /set\(undefined\) takes an object of columns and values/,
  },
  {
    name: 'a column and undefined',
    query: (db) => db.updateTable('person').set('age', undefined),
    refused: /the value of "age" is undefined/,
  },
  {
    name: 'an array',
    query: (db) => db.updateTable('person').set([]),
    refused: /takes an object of columns and values/,
  },
  { name: 'no set', query: (db) => db.updateTable('person').where('id', '=', 1), refused: /The update sets nothing/ },
  {
    name: 'an unknown column',
    query: (db) => db.updateTable('person').set({ agee: 1 }),
    refused: /The table 'person' has no column 'agee'/,
  },
  {
    name: 'a column with its table',
    query: (db) => db.updateTable('person').set('person.age', 1),
    refused: /The table 'person' has no column 'person\.age'/,
  },
  {
    name: 'an unknown column in where',
    query: (db) => db.updateTable('person').set({ age: 1 }).where('idd', '=', 1),
    refused: /Unknown column 'idd'/,
  },
  {
    name: 'a column of the other table',
    query: (db) => db.updateTable('pet').from('person').set({ first_name: 'x' }),
    refused: /first_name/,
  },
  {
    name: 'a generated column',
    query: (db) => db.updateTable('setting').set({ twice: 1 }),
    refused: /'setting\.twice' is computed by the database|'twice' is computed by the database/,
  },
  {
    name: 'where undefined',
    query: (db) => db.updateTable('person').set({ age: 1 }).where('id', '=', undefined),
    refused: /the value is undefined/,
  },
  {
    name: 'where null',
    query: (db) => db.updateTable('person').set({ age: 1 }).where('id', '=', null),
    refused: /is never true/,
  },
  {
    name: 'a value of another type',
    query: (db) => db.updateTable('person').set({ active: 'yes' }).execute(),
    refused: /A boolean is expected, not the string 'yes'/,
  },
  {
    name: 'orderBy and limit',
    query: (db) => db.updateTable('person').set({ age: 1 }).orderBy('id').limit(1),
    unsupported: /orderBy\(\) and limit\(\) in an update is not available in sqlite\. Use where\('id', 'in'/,
  },
  {
    name: 'a join without from',
    query: (db) => db.updateTable('pet').innerJoin('person', 'person.id', 'pet.owner_id').set({ name: 'x' }),
    unsupported: /A join in an update without from\(\) is not available in sqlite/,
  },
  {
    name: 'several tables',
    query: (db) => db.updateTable(['pet', 'person']).set('name', 'x'),
    unsupported: /updateTable\(\[…\]\) is not available in sqlite/,
  },
  {
    name: 'top',
    query: (db) => db.updateTable('pet').set({ name: 'x' }).top(1),
    unsupported: /top\(\) is not available in sqlite/,
  },
  {
    name: 'output',
    query: (db) => db.updateTable('pet').set({ name: 'x' }).output(['inserted.id']),
    unsupported: /output\(\) is not available in sqlite/,
  },
]
