import type { Case, Loose } from '../case.ts'
import { odd, person, pet, setting, sql } from '../fixture.ts'

const ids = (...found: number[]) => found.map((id) => ({ id }))
const inserted = (rows: bigint, insertId?: bigint) => ({ insertId, numInsertedOrUpdatedRows: rows })
const settings = (db: Loose) =>
  db.selectFrom('setting').select(['name', 'value', 'uses']).where('name', 'not in', ['theme', 'lang']).orderBy('name')
const theme = (db: Loose) => db.selectFrom('setting').select(['value', 'uses']).where('name', '=', 'theme')

const rows: readonly Case[] = [
  {
    name: 'one row',
    query: (db) => db.insertInto('pet').values({ owner_id: 2, name: 'Bo', species: 'dog' }),
    sql: { sqlite: 'insert into "pet" ("owner_id", "name", "species") values (?, ?, ?)' },
    parameters: [2, 'Bo', 'dog'],
    result: inserted(1n, 5n),
    after: [
      (db) => db.selectFrom('pet').selectAll().where('id', '=', 5),
      [{ id: 5, owner_id: 2, name: 'Bo', species: 'dog' }],
    ],
  },
  {
    name: 'every type',
    query: (db) =>
      db.insertInto('person').values({
        id: 9,
        first_name: 'Eve',
        active: false,
        born: '2000-02-29',
        seen: new Date('2024-05-05T05:05:05.005Z'),
        meta: { a: [1, null] },
        balance: -9007199254740993n,
        photo: new Uint8Array([7]),
        score: -0.5,
      }),
    sql: {
      sqlite:
        'insert into "person" ("id", "first_name", "active", "born", "seen", "meta", "balance", "photo", "score") values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    },
    parameters: [
      9,
      'Eve',
      0,
      '2000-02-29',
      '2024-05-05T05:05:05.005Z',
      '{"a":[1,null]}',
      -9007199254740993n,
      new Uint8Array([7]),
      -0.5,
    ],
    result: inserted(1n, 9n),
    after: [
      (db) => db.selectFrom('person').selectAll().where('id', '=', 9),
      [
        {
          id: 9,
          first_name: 'Eve',
          last_name: null,
          age: null,
          active: false,
          born: '2000-02-29',
          seen: new Date('2024-05-05T05:05:05.005Z'),
          meta: { a: [1, null] },
          balance: -9007199254740993n,
          photo: new Uint8Array([7]),
          score: -0.5,
        },
      ],
    ],
  },
  {
    name: 'null',
    query: (db) => db.insertInto('person').values({ first_name: 'Eve', active: null, meta: null, balance: null }),
    sql: { sqlite: 'insert into "person" ("first_name", "active", "meta", "balance") values (?, ?, ?, ?)' },
    parameters: ['Eve', null, null, null],
    result: inserted(1n, 5n),
    after: [
      (db) => db.selectFrom('person').select(['active', 'meta', 'balance']).where('id', '=', 5),
      [{ active: null, meta: null, balance: null }],
    ],
  },
  {
    name: 'JSON that is a string, a number and a list',
    query: (db) =>
      db.insertInto('person').values([
        { first_name: 'a', meta: 'x' },
        { first_name: 'b', meta: 0 },
      ]),
    sql: { sqlite: 'insert into "person" ("first_name", "meta") values (?, ?), (?, ?)' },
    parameters: ['a', '"x"', 'b', '0'],
    result: inserted(2n, 6n),
    after: [
      (db) => db.selectFrom('person').select('meta').where('id', '>', 4).orderBy('id'),
      [{ meta: 'x' }, { meta: 0 }],
    ],
  },
  {
    name: 'an undefined column is left to its default',
    query: (db) => db.insertInto('setting').values({ name: 'a', value: undefined, uses: 1 }),
    sql: { sqlite: 'insert into "setting" ("name", "uses") values (?, ?)' },
    parameters: ['a', 1],
    result: inserted(1n, 3n),
    after: [settings, [{ name: 'a', value: 'none', uses: 1 }]],
  },
  {
    name: 'several rows',
    query: (db) =>
      db.insertInto('pet').values([
        { name: 'a', species: 'dog' },
        { name: 'b', species: 'cat' },
      ]),
    sql: { sqlite: 'insert into "pet" ("name", "species") values (?, ?), (?, ?)' },
    parameters: ['a', 'dog', 'b', 'cat'],
    result: inserted(2n, 6n),
    after: [
      (db) => db.selectFrom('pet').select(['id', 'name']).where('id', '>', 4),
      [
        { id: 5, name: 'a' },
        { id: 6, name: 'b' },
      ],
    ],
  },
  {
    name: 'three rows in statements of two and one',
    query: (db) => db.insertInto('pet').values(['a', 'b', 'c'].map((name) => ({ name, species: 'dog' }))),
    sql: { sqlite: 'insert into "pet" ("name", "species") values (?, ?), (?, ?), (?, ?)' },
    parameters: ['a', 'dog', 'b', 'dog', 'c', 'dog'],
    statements: [
      ['insert into "pet" ("name", "species") values (?, ?), (?, ?)', ['a', 'dog', 'b', 'dog']],
      ['insert into "pet" ("name", "species") values (?, ?)', ['c', 'dog']],
    ],
    result: inserted(3n, 7n),
    after: [
      (db) => db.selectFrom('pet').select('name').where('id', '>', 4),
      [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
    ],
  },
  {
    name: 'rows with their keys in another order',
    query: (db) =>
      db.insertInto('pet').values([
        { name: 'a', species: 'dog' },
        { species: 'cat', name: 'b' },
      ]),
    sql: { sqlite: 'insert into "pet" ("name", "species") values (?, ?), (?, ?)' },
    parameters: ['a', 'dog', 'b', 'cat'],
    result: inserted(2n, 6n),
    after: [
      (db) => db.selectFrom('pet').select('name').where('species', '=', 'cat').where('id', '>', 4),
      [{ name: 'b' }],
    ],
  },
  {
    name: 'rows that leave out columns get the defaults',
    query: (db) =>
      db
        .insertInto('setting')
        .values([
          { name: 'a' },
          { name: 'b', value: 'x', uses: 3 },
          { name: 'c', value: null },
          { name: 'd', value: 'y' },
        ]),
    statements: [
      ['insert into "setting" ("name") values (?)', ['a']],
      ['insert into "setting" ("name", "value", "uses") values (?, ?, ?)', ['b', 'x', 3]],
      ['insert into "setting" ("name", "value") values (?, ?), (?, ?)', ['c', null, 'd', 'y']],
    ],
    result: inserted(4n, 6n),
    after: [
      settings,
      [
        { name: 'a', value: 'none', uses: 7 },
        { name: 'b', value: 'x', uses: 3 },
        { name: 'c', value: null, uses: 7 },
        { name: 'd', value: 'y', uses: 7 },
      ],
    ],
  },
  {
    name: 'rows of which one leaves out everything',
    query: (db) =>
      db
        .insertInto('setting')
        .values([{ name: 'a', value: 'x' }, { name: undefined }])
        .returning(['name', 'value']),
    statements: [
      ['insert into "setting" ("name", "value") values (?, ?) returning "name", "value"', ['a', 'x']],
      ['insert into "setting" default values returning "name", "value"', []],
    ],
    rows: [
      { name: 'a', value: 'x' },
      { name: 'unnamed', value: 'none' },
    ],
  },
  {
    name: 'rows that leave out columns, with types',
    query: (db) =>
      db.insertInto('person').values([
        { first_name: 'a', active: true },
        { first_name: 'b', meta: [] },
      ]),
    statements: [
      ['insert into "person" ("first_name", "active") values (?, ?)', ['a', 1]],
      ['insert into "person" ("first_name", "meta") values (?, ?)', ['b', '[]']],
    ],
    result: inserted(2n, 6n),
    after: [
      (db) => db.selectFrom('person').select(['active', 'meta']).where('id', '>', 4).orderBy('id'),
      [
        { active: true, meta: null },
        { active: null, meta: [] },
      ],
    ],
  },
  {
    name: 'the last values() count',
    query: (db) =>
      db.insertInto('pet').values({ name: 'gone', species: 'cat', owner_id: 1 }).values({ name: 'a', species: 'dog' }),
    sql: { sqlite: 'insert into "pet" ("name", "species") values (?, ?)' },
    parameters: ['a', 'dog'],
    result: inserted(1n, 5n),
    after: [
      (db) => db.selectFrom('pet').select(['name', 'owner_id']).where('id', '>', 4),
      [{ name: 'a', owner_id: null }],
    ],
  },
  {
    name: 'the last values() count, with an expression',
    query: (db) =>
      db
        .insertInto('pet')
        .values({ name: 'gone', species: 'cat', owner_id: 1 })
        .values((eb) => ({ name: eb.lit('a'), species: 'dog' })),
    sql: { sqlite: `insert into "pet" ("name", "species") values ('a', ?)` },
    parameters: ['dog'],
    result: inserted(1n, 5n),
    after: [
      (db) => db.selectFrom('pet').select(['name', 'owner_id']).where('id', '>', 4),
      [{ name: 'a', owner_id: null }],
    ],
  },
  {
    name: 'the last values() count, after ones with an expression',
    query: (db) =>
      db.insertInto('pet').values({ name: sql`'gone'`, species: 'cat' }).values({ name: 'a', species: 'dog' }),
    sql: { sqlite: 'insert into "pet" ("name", "species") values (?, ?)' },
    parameters: ['a', 'dog'],
    result: inserted(1n, 5n),
  },
  {
    name: 'the last values() count, after ragged ones',
    query: (db) =>
      db
        .insertInto('pet')
        .values([
          { name: 'gone', species: 'cat' },
          { name: 'gone', species: 'cat', owner_id: 1 },
        ])
        .values({ name: 'a', species: 'dog' }),
    sql: { sqlite: 'insert into "pet" ("name", "species") values (?, ?)' },
    parameters: ['a', 'dog'],
    result: inserted(1n, 5n),
  },
  {
    name: 'by a callback',
    query: (db) =>
      db.insertInto('pet').values((eb) => [
        {
          name: eb.fn('upper', [eb.val('bo')]),
          species: 'dog',
          owner_id: eb.selectFrom('person').select((e) => e.fn.max('id').as('m')),
        },
      ]),
    sql: {
      sqlite:
        'insert into "pet" ("name", "species", "owner_id") values (upper(?), ?, (select max("id") as "m" from "person"))',
    },
    parameters: ['bo', 'dog'],
    result: inserted(1n, 5n),
    after: [
      (db) => db.selectFrom('pet').select(['name', 'owner_id']).where('id', '=', 5),
      [{ name: 'BO', owner_id: 4 }],
    ],
  },
  {
    name: 'an expression in one of several rows',
    query: (db) =>
      db.insertInto('person').values([
        { first_name: 'a', active: true },
        { first_name: sql`'b'`, active: (eb: Loose) => eb.val(false) },
      ]),
    sql: { sqlite: `insert into "person" ("first_name", "active") values (?, ?), ('b', ?)` },
    parameters: ['a', 1, 0],
    result: inserted(2n, 6n),
    after: [
      (db) => db.selectFrom('person').select(['first_name', 'active']).where('id', '>', 4).orderBy('id'),
      [
        { first_name: 'a', active: true },
        { first_name: 'b', active: false },
      ],
    ],
  },
  {
    name: 'an expression in rows that leave out columns',
    query: (db) => db.insertInto('setting').values([{ name: sql`'a'` }, { name: 'b', uses: 3 }]),
    unsupported:
      /A row without one of the columns of the others is not available in sqlite\. Give every row the same columns/,
  },
  {
    name: 'a query',
    query: (db) =>
      db
        .insertInto('pet')
        .columns(['name', 'species', 'owner_id'])
        .expression(
          db
            .selectFrom('person')
            .select((eb) => ['first_name', eb.val('cat').as('s'), 'id'])
            .where('age', '=', 36),
        ),
    sql: {
      sqlite:
        'insert into "pet" ("name", "species", "owner_id") select "first_name", ? as "s", "id" from "person" where "age" = ?',
    },
    parameters: ['cat', 36],
    result: inserted(2n, 6n),
    after: [
      (db) => db.selectFrom('pet').select(['name', 'owner_id']).where('id', '>', 4),
      [
        { name: 'Ada', owner_id: 1 },
        { name: 'Dan', owner_id: 4 },
      ],
    ],
  },
  {
    name: 'a query whose values have the types of the columns',
    query: (db) =>
      db
        .insertInto(person)
        .columns([person.first_name, person.seen, 'active'])
        .expression((eb) =>
          eb.selectNoFrom([eb.val('Eve').as('a'), eb.val(new Date(0)).as('b'), eb.val(true).as('c')]),
        ),
    sql: { sqlite: 'insert into "person" ("first_name", "seen", "active") select ? as "a", ? as "b", ? as "c"' },
    parameters: ['Eve', '1970-01-01T00:00:00.000Z', 1],
    result: inserted(1n, 5n),
  },
  {
    name: 'a query of all columns',
    query: (db) =>
      db.insertInto('pet').expression((eb) =>
        eb
          .selectFrom('pet')
          .select([eb('id', '+', eb.lit(10)).as('id'), 'owner_id', 'name', 'species'])
          .where('id', '<', 3),
      ),
    sql: {
      sqlite: 'insert into "pet" select "id" + 10 as "id", "owner_id", "name", "species" from "pet" where "id" < ?',
    },
    parameters: [3],
    result: inserted(2n, 12n),
  },
  {
    name: 'defaultValues',
    query: (db) => db.insertInto('setting').defaultValues(),
    sql: { sqlite: 'insert into "setting" default values' },
    result: inserted(1n, 3n),
    after: [settings, [{ name: 'unnamed', value: 'none', uses: 7 }]],
  },
  {
    name: 'odd names',
    query: (db) =>
      db
        .insertInto(odd)
        .values({ 'a.b': 3, 'x as y': 'z', 'say "hi"': null, order: 1 })
        .returning([odd['a.b'], odd['x as y']]),
    sql: {
      sqlite:
        'insert into "odd" ("a.b", "x as y", "say ""hi""", "order") values (?, ?, ?, ?) returning "odd"."a.b", "odd"."x as y"',
    },
    parameters: [3, 'z', null, 1],
    rows: [{ 'a.b': 3, 'x as y': 'z' }],
  },
  {
    name: 'a table in a schema',
    query: (db) => db.insertInto('main.pet').values({ name: 'a', species: 'dog' }),
    sql: { sqlite: 'insert into "main"."pet" ("name", "species") values (?, ?)' },
    parameters: ['a', 'dog'],
    result: inserted(1n, 5n),
  },
  {
    name: 'without a schema',
    world: 'undefined',
    query: (db) => db.insertInto('setting').values({ name: 'a', uses: 2 }).returning(['name', 'twice']),
    sql: { sqlite: 'insert into "setting" ("name", "uses") values (?, ?) returning "name", "twice"' },
    parameters: ['a', 2],
    rows: [{ name: 'a', twice: 4 }],
  },
]

const returning: readonly Case[] = [
  {
    name: 'returning',
    query: (db) =>
      db
        .insertInto('person')
        .values({ first_name: 'Eve', active: true })
        .returning(['id', 'person.active', 'first_name as n']),
    sql: {
      sqlite:
        'insert into "person" ("first_name", "active") values (?, ?) returning "id", "person"."active", "first_name" as "n"',
    },
    parameters: ['Eve', 1],
    rows: [{ id: 5, active: true, n: 'Eve' }],
  },
  {
    name: 'returning an expression',
    query: (db) =>
      db
        .insertInto(pet)
        .values({ name: 'a', species: 'dog' })
        .returning((eb) => [eb(pet.id, '*', 2).as('double'), pet.name]),
    sql: {
      sqlite: 'insert into "pet" ("name", "species") values (?, ?) returning "pet"."id" * ? as "double", "pet"."name"',
    },
    parameters: ['a', 'dog', 2],
    rows: [{ double: 10, name: 'a' }],
  },
  {
    name: 'returningAll',
    query: (db) =>
      db
        .insertInto('pet')
        .values([
          { name: 'a', species: 'dog' },
          { name: 'b', species: 'cat' },
        ])
        .returningAll(),
    sql: { sqlite: 'insert into "pet" ("name", "species") values (?, ?), (?, ?) returning *' },
    parameters: ['a', 'dog', 'b', 'cat'],
    rows: [
      { id: 5, owner_id: null, name: 'a', species: 'dog' },
      { id: 6, owner_id: null, name: 'b', species: 'cat' },
    ],
  },
  {
    name: 'returning of three rows',
    query: (db) =>
      db
        .insertInto('pet')
        .values(['a', 'b', 'c'].map((name) => ({ name, species: 'dog' })))
        .returning('id'),
    sql: { sqlite: 'insert into "pet" ("name", "species") values (?, ?), (?, ?), (?, ?) returning "id"' },
    parameters: ['a', 'dog', 'b', 'dog', 'c', 'dog'],
    statements: [
      ['insert into "pet" ("name", "species") values (?, ?), (?, ?) returning "id"', ['a', 'dog', 'b', 'dog']],
      ['insert into "pet" ("name", "species") values (?, ?) returning "id"', ['c', 'dog']],
    ],
    rows: ids(5, 6, 7),
  },
  {
    name: 'returning of a table under another name',
    query: (db) =>
      db
        .insertInto('setting as s')
        .values({ name: 'theme', uses: 4 })
        .onConflict((oc) =>
          oc.column('name').doUpdateSet((eb) => ({ uses: eb('s.uses', '+', eb.ref('excluded.uses')) })),
        )
        .returning((eb) => ['s.uses', eb('s.twice', '+', eb.lit(1)).as('t')]),
    sql: {
      sqlite:
        'insert into "setting" as "s" ("name", "uses") values (?, ?) on conflict ("name") do update set "uses" = "s"."uses" + "excluded"."uses" returning "setting"."uses", "setting"."twice" + 1 as "t"',
    },
    parameters: ['theme', 4],
    rows: [{ uses: 5, t: 11 }],
  },
  {
    name: 'returning of a table in a schema',
    differs: { postgres: "it has no schema 'main' or 'temp'", mariadb: "it has no schema 'main' or 'temp'" },
    query: (db) =>
      db.insertInto('main.pet').values({ name: 'a', species: 'dog' }).returning(['main.pet.id', 'pet.name']),
    sql: { sqlite: 'insert into "main"."pet" ("name", "species") values (?, ?) returning "pet"."id", "pet"."name"' },
    parameters: ['a', 'dog'],
    rows: [{ id: 5, name: 'a' }],
  },
  {
    name: 'clearReturning',
    query: (db) => db.insertInto('pet').values({ name: 'a', species: 'dog' }).returningAll().clearReturning(),
    sql: { sqlite: 'insert into "pet" ("name", "species") values (?, ?)' },
    parameters: ['a', 'dog'],
    result: inserted(1n, 5n),
  },
]

const conflicts: readonly Case[] = [
  {
    name: 'doNothing for any conflict',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'theme', value: 'x' })
        .onConflict((oc) => oc.doNothing()),
    sql: { sqlite: 'insert into "setting" ("name", "value") values (?, ?) on conflict do nothing' },
    parameters: ['theme', 'x'],
    result: inserted(0n),
    after: [theme, [{ value: 'dark', uses: 1 }]],
  },
  {
    name: 'doNothing for a column',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'theme' })
        .onConflict((oc) => oc.column('name').doNothing()),
    sql: { sqlite: 'insert into "setting" ("name") values (?) on conflict ("name") do nothing' },
    parameters: ['theme'],
    result: inserted(0n),
  },
  {
    name: 'doUpdateSet',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'theme', value: 'x' })
        .onConflict((oc) => oc.column('name').doUpdateSet({ value: 'y', uses: 9 })),
    sql: {
      sqlite:
        'insert into "setting" ("name", "value") values (?, ?) on conflict ("name") do update set "value" = ?, "uses" = ?',
    },
    parameters: ['theme', 'x', 'y', 9],
    result: { numInsertedOrUpdatedRows: 1n },
    after: [theme, [{ value: 'y', uses: 9 }]],
  },
  {
    name: 'doUpdateSet with the row that was not inserted',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'theme', value: 'x', uses: 5 })
        .onConflict((oc) =>
          oc.column(setting.name).doUpdateSet((eb) => ({
            value: eb.ref('excluded.value'),
            uses: eb('setting.uses', '+', eb.ref('excluded.uses')),
          })),
        ),
    sql: {
      sqlite:
        'insert into "setting" ("name", "value", "uses") values (?, ?, ?) on conflict ("name") do update set "value" = "excluded"."value", "uses" = "setting"."uses" + "excluded"."uses"',
    },
    parameters: ['theme', 'x', 5],
    result: { numInsertedOrUpdatedRows: 1n },
    after: [theme, [{ value: 'x', uses: 6 }]],
  },
  {
    name: 'doUpdateSet where',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'theme', value: 'x', uses: 0 })
        .onConflict((oc) =>
          oc
            .column('name')
            .doUpdateSet({ value: 'y' })
            .where('setting.uses', '>', 1)
            .whereRef('setting.uses', '>', 'excluded.uses'),
        ),
    sql: {
      sqlite:
        'insert into "setting" ("name", "value", "uses") values (?, ?, ?) on conflict ("name") do update set "value" = ? where "setting"."uses" > ? and "setting"."uses" > "excluded"."uses"',
    },
    parameters: ['theme', 'x', 0, 'y', 1],
    result: inserted(0n),
    after: [theme, [{ value: 'dark', uses: 1 }]],
  },
  {
    name: 'several columns',
    query: (db) =>
      db
        .insertInto('membership')
        .values({ person_id: 1, club: 'go', role: 'x' })
        .onConflict((oc) =>
          oc
            .columns(['person_id', 'club'])
            .doUpdateSet((eb) => ({ role: eb.ref('excluded.role'), since: '2022-02-02' })),
        )
        .returning(['club', 'role', 'since']),
    sql: {
      sqlite:
        'insert into "membership" ("person_id", "club", "role") values (?, ?, ?) on conflict ("person_id", "club") do update set "role" = "excluded"."role", "since" = ? returning "club", "role", "since"',
    },
    parameters: [1, 'go', 'x', '2022-02-02'],
    rows: [{ club: 'go', role: 'x', since: '2022-02-02' }],
  },
  {
    name: 'column() twice',
    query: (db) =>
      db
        .insertInto('membership')
        .values({ person_id: 1, club: 'go' })
        .onConflict((oc) => oc.column('person_id').column('club').doNothing()),
    sql: {
      sqlite:
        'insert into "membership" ("person_id", "club") values (?, ?) on conflict ("person_id", "club") do nothing',
    },
    parameters: [1, 'go'],
    result: inserted(0n),
  },
  {
    name: 'a condition of the index',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'a' })
        .onConflict((oc) => oc.column('name').where('name', 'is not', null).doNothing()),
    sql: {
      sqlite: 'insert into "setting" ("name") values (?) on conflict ("name") where "name" is not null do nothing',
    },
    parameters: ['a'],
    result: inserted(1n, 3n),
  },
  {
    name: 'an expression of an index that is not there',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'a' })
        .onConflict((oc) => oc.expression(sql`lower(name)`).doNothing()),
    sql: { sqlite: 'insert into "setting" ("name") values (?) on conflict (lower(name)) do nothing' },
    parameters: ['a'],
    fails: ['query', /ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint/],
  },
  {
    name: 'of a row with an expression',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: sql`'theme'`, uses: 3 })
        .onConflict((oc) => oc.column('name').doUpdateSet('uses', 4)),
    sql: {
      sqlite: `insert into "setting" ("name", "uses") values ('theme', ?) on conflict ("name") do update set "uses" = ?`,
    },
    parameters: [3, 4],
    result: { numInsertedOrUpdatedRows: 1n },
    after: [theme, [{ value: 'dark', uses: 4 }]],
  },
  {
    name: 'of a query',
    query: (db) =>
      db
        .insertInto('setting')
        .columns(['name'])
        .expression(db.selectFrom('pet').select('name'))
        .onConflict((oc) => oc.doNothing()),
    sql: { sqlite: 'insert into "setting" ("name") select "name" from "pet" where true on conflict do nothing' },
    result: inserted(4n, 6n),
  },
  {
    name: 'of a query with a join',
    query: (db) =>
      db
        .insertInto('setting')
        .columns(['name'])
        .expression(db.selectFrom('pet').innerJoin('toy', 'toy.pet_id', 'pet.id').select('toy.name'))
        .onConflict((oc) => oc.doNothing()),
    sql: {
      sqlite:
        'insert into "setting" ("name") select "toy"."name" from "pet" inner join "toy" on "toy"."pet_id" = "pet"."id" where true on conflict do nothing',
    },
    result: inserted(3n, 5n),
  },
  {
    name: 'of a union',
    query: (db) =>
      db
        .insertInto('setting')
        .columns(['name'])
        .expression(db.selectFrom('pet').select('name').where('id', '=', 1).union(db.selectFrom('toy').select('name')))
        .onConflict((oc) => oc.doNothing()),
    sql: {
      sqlite:
        'insert into "setting" ("name") select "name" from "pet" where "id" = ? union select "name" from "toy" where true on conflict do nothing',
    },
    parameters: [1],
    result: inserted(5n, 7n),
  },
  {
    name: '$call and $if on a conflict',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'theme' })
        .onConflict((oc) =>
          oc
            .$if(true, (o) => o.column('name'))
            .$if(false, (o) => o.column('value'))
            .$call((o) => o.doNothing()),
        ),
    sql: { sqlite: 'insert into "setting" ("name") values (?) on conflict ("name") do nothing' },
    parameters: ['theme'],
    result: inserted(0n),
  },
  ...(['ignore', 'abort', 'fail', 'replace', 'rollback'] as const).map(
    (word): Case => ({
      name: `or ${word}`,
      query: (db) => {
        const insert = db.insertInto('setting').values({ name: 'a', value: 'x' })
        return {
          ignore: insert.orIgnore,
          abort: insert.orAbort,
          fail: insert.orFail,
          replace: insert.orReplace,
          rollback: insert.orRollback,
        }[word].call(insert)
      },
      sql: { sqlite: `insert or ${word} into "setting" ("name", "value") values (?, ?)` },
      parameters: ['a', 'x'],
      result: inserted(1n, 3n),
    }),
  ),
  {
    name: 'orIgnore of a row that is there',
    query: (db) => db.insertInto('setting').values({ name: 'theme' }).orIgnore(),
    sql: { sqlite: 'insert or ignore into "setting" ("name") values (?)' },
    parameters: ['theme'],
    result: inserted(0n),
  },
  {
    name: 'orReplace of a row that is there',
    query: (db) => db.insertInto('setting').values({ name: 'theme' }).orReplace(),
    sql: { sqlite: 'insert or replace into "setting" ("name") values (?)' },
    parameters: ['theme'],
    result: inserted(1n, 3n),
    after: [theme, [{ value: 'none', uses: 7 }]],
  },
  {
    name: 'replaceInto',
    query: (db) => db.replaceInto('setting').values({ name: 'theme', value: null }),
    sql: { sqlite: 'replace into "setting" ("name", "value") values (?, ?)' },
    parameters: ['theme', null],
    result: inserted(1n, 3n),
    after: [theme, [{ value: null, uses: 7 }]],
  },
  {
    name: 'replaceInto with a query',
    query: (db) =>
      db
        .replaceInto('setting')
        .columns(['name', 'uses'])
        .expression((eb) => eb.selectFrom('setting').select(['name', eb('uses', '*', eb.lit(10)).as('u')]))
        .returning(['name', 'twice']),
    sql: {
      sqlite:
        'replace into "setting" ("name", "uses") select "name", "uses" * 10 as "u" from "setting" returning "name", "twice"',
    },
    rows: [
      { name: 'theme', twice: 20 },
      { name: 'lang', twice: 40 },
    ],
  },
  {
    name: 'ignore',
    query: (db) => db.insertInto('setting').values({ name: 'a' }).ignore(),
    unsupported: /ignore\(\) is not available in sqlite\. Use orIgnore\(\) or onConflict/,
  },
  {
    name: 'onDuplicateKeyUpdate',
    query: (db) => db.insertInto('setting').values({ name: 'a' }).onDuplicateKeyUpdate({ uses: 1 }),
    unsupported: /onDuplicateKeyUpdate\(\) is not available in sqlite\. Use onConflict\(\)/,
  },
  {
    name: 'a conflict by constraint',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'a' })
        .onConflict((oc) => oc.constraint('setting_pkey').doNothing()),
    unsupported: /onConflict\(\) by constraint is not available in sqlite\. Name its columns/,
  },
  {
    name: 'top',
    query: (db) => db.insertInto('setting').values({ name: 'a' }).top(1),
    unsupported: /top\(\) is not available in sqlite/,
  },
  {
    name: 'output',
    query: (db) => db.insertInto('setting').values({ name: 'a' }).output('inserted.name'),
    unsupported: /output\(\) is not available in sqlite\. Use returning\(\)/,
  },
  {
    name: 'outputAll',
    query: (db) => db.insertInto('setting').values({ name: 'a' }).outputAll('inserted'),
    unsupported: /output\(\) is not available in sqlite/,
  },
]

const mistakes: readonly Case[] = [
  { name: 'no rows', query: (db) => db.insertInto('pet').values([]), refused: /values\(\[\]\) inserts nothing/ },
  {
    name: 'an empty row',
    query: (db) => db.insertInto('pet').values({}),
    refused: /values\(\{\}\) has no column with a value\. Use defaultValues\(\)/,
  },
  {
    name: 'a row of undefined',
    query: (db) => db.insertInto('pet').values({ name: undefined }),
    refused: /values\(\{\}\) has no column with a value/,
  },
  {
    name: 'undefined',
    query: (db) => db.insertInto('pet').values(undefined),
    refused: /values\(\): row 0 is undefined/,
  },
  { name: 'null for a row', query: (db) => db.insertInto('pet').values(null), refused: /values\(\): row 0 is null/ },
  {
    name: 'undefined among rows',
    query: (db) => db.insertInto('pet').values([{ name: 'a', species: 'cat' }, undefined]),
    refused: /values\(\): row 1 is undefined/,
  },
  { name: 'a string', query: (db) => db.insertInto('pet').values('a'), refused: /values\(\): row 0 is "a"/ },
  {
    name: 'an expression for a row',
    query: (db) => db.insertInto('pet').values(sql`1`),
    refused: /values\(\): row 0 is an object \(Raw\)/,
  },
  {
    name: 'no values',
    query: (db) => db.insertInto('pet'),
    refused: /The insert has no rows\. Add values\(…\), expression\(…\) or defaultValues\(\)/,
  },
  {
    name: 'an unknown column',
    query: (db) => db.insertInto('pet').values({ nam: 'a' }),
    refused: /The table 'pet' has no column 'nam'\. It has: id, owner_id, name, species/,
  },
  {
    name: 'an unknown column in columns',
    query: (db) => db.insertInto('pet').columns(['nam']).expression(db.selectFrom('toy').select('name')),
    refused: /The table 'pet' has no column 'nam'/,
  },
  {
    name: 'an unknown column in returning',
    query: (db) => db.insertInto('pet').values({ name: 'a', species: 'cat' }).returning('nam'),
    refused: /Unknown column 'nam'/,
  },
  {
    name: 'an unknown column in a conflict',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'a' })
        .onConflict((oc) => oc.column('nam').doNothing()),
    refused: /The table 'setting' has no column 'nam'/,
  },
  {
    name: 'an unknown column in doUpdateSet',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'a' })
        .onConflict((oc) => oc.column('name').doUpdateSet({ nam: 1 })),
    refused: /The table 'setting' has no column 'nam'/,
  },
  {
    name: 'an unknown column of excluded',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'a' })
        .onConflict((oc) => oc.column('name').doUpdateSet((eb) => ({ value: eb.ref('excluded.nam') }))),
    refused: /Unknown column 'excluded\.nam'/,
  },
  {
    name: 'a generated column',
    query: (db) => db.insertInto('setting').values({ name: 'a', twice: 4 }),
    refused: /'setting\.twice' is computed by the database and takes no value/,
  },
  {
    name: 'a value of another type',
    query: (db) => db.insertInto('person').values({ first_name: 'a', active: 1 }).execute(),
    refused: /Column 'active': A boolean is expected, not the number 1/,
  },
  {
    name: 'a value of another type in a later row',
    query: (db) =>
      db
        .insertInto('pet')
        .values([
          { name: 'a', species: 'cat' },
          { name: 'b', species: 'cow' },
        ])
        .execute(),
    refused: /Row 1, column 'species': One of 'dog', 'cat' is expected/,
  },
  {
    name: 'a number for a bigint',
    query: (db) => db.insertInto('person').values({ first_name: 'a', balance: 5 }).execute(),
    refused: /Column 'balance': A bigint is expected/,
  },
  {
    name: 'NaN',
    query: (db) => db.insertInto('person').values({ first_name: 'a', score: Number.NaN }).execute(),
    refused: /NaN/,
  },
  {
    name: 'an empty conflict',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'a' })
        .onConflict((oc) => oc),
    refused: /but not what to do\. End with doNothing\(\) or doUpdateSet\(…\)/,
  },
  {
    name: 'a conflict without an end',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'a' })
        .onConflict((oc) => oc.column('name')),
    refused: /but not what to do/,
  },
  {
    name: 'a conflict without a result',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'a' })
        .onConflict(() => undefined),
    refused: /The callback of onConflict\(\) gave nothing/,
  },
  {
    name: 'a conflict that is no callback',
    query: (db) => db.insertInto('setting').values({ name: 'a' }).onConflict('name'),
    refused: /onConflict takes a callback/,
  },
  {
    name: 'an empty doUpdateSet',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'a' })
        .onConflict((oc) => oc.column('name').doUpdateSet({})),
    refused: /doUpdateSet\(\{\}\) changes nothing/,
  },
  {
    name: 'doUpdateSet of undefined',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'a' })
        .onConflict((oc) => oc.column('name').doUpdateSet({ uses: undefined })),
    refused: /doUpdateSet\(\{\}\) changes nothing/,
  },
  {
    name: 'a conflict of undefined',
    query: (db) =>
      db
        .insertInto('setting')
        .values({ name: 'a' })
        .onConflict((oc) => oc.column(undefined).doNothing()),
    refused: /undefined cannot be a column/,
  },
  { name: 'no columns', query: (db) => db.insertInto('pet').columns([]), refused: /columns\(\[\]\) names no column/ },
  {
    name: 'an undefined column',
    query: (db) => db.insertInto('pet').columns([undefined]),
    refused: /undefined cannot be a column/,
  },
  {
    name: 'an undefined query',
    query: (db) => db.insertInto('pet').columns(['name']).expression(undefined),
    refused: /expression\(undefined\) takes a query/,
  },
  {
    name: 'null where there may be none',
    query: (db) => db.insertInto('pet').values({ name: null, species: 'cat' }),
    sql: { sqlite: 'insert into "pet" ("name", "species") values (?, ?)' },
    parameters: [null, 'cat'],
    fails: ['not_null_violation', /name/],
  },
  {
    name: 'a row that is there',
    query: (db) => db.insertInto('setting').values({ name: 'theme' }),
    sql: { sqlite: 'insert into "setting" ("name") values (?)' },
    parameters: ['theme'],
    fails: ['unique_violation', /setting/],
  },
  {
    name: 'orAbort of a row that is there',
    query: (db) => db.insertInto('setting').values({ name: 'theme' }).orAbort(),
    sql: { sqlite: 'insert or abort into "setting" ("name") values (?)' },
    parameters: ['theme'],
    fails: ['unique_violation', /setting/],
  },
  {
    name: 'a row that is there, among others: none is inserted',
    query: (db) => db.insertInto('setting').values([{ name: 'a' }, { name: 'b' }, { name: 'theme' }]),
    sql: { sqlite: 'insert into "setting" ("name") values (?), (?), (?)' },
    parameters: ['a', 'b', 'theme'],
    statements: [
      ['insert into "setting" ("name") values (?), (?)', ['a', 'b']],
      ['insert into "setting" ("name") values (?)', ['theme']],
    ],
    fails: ['unique_violation', /setting/],
    after: [settings, []],
  },
]

export const insert: readonly Case[] = [...rows, ...returning, ...conflicts, ...mistakes]
