import { prepare as build } from '../../src/index.ts'
import type { Case, Loose } from '../case.ts'

const prepareQuery = build as unknown as (db: Loose, build: (slot: Loose) => unknown) => Loose

const ids = (...found: number[]) => found.map((id) => ({ id }))

export const prepare: readonly Case[] = [
  {
    name: 'a value',
    query: (db) => prepareQuery(db, (s) => db.selectFrom('person').select('id').where('age', '=', s('age'))),
    values: { age: 36 },
    sql: { sqlite: 'select "id" from "person" where "age" = ?' },
    parameters: [36],
    rows: ids(1, 4),
  },
  {
    name: 'a value of a type',
    query: (db) =>
      prepareQuery(db, (s) =>
        db
          .selectFrom('person')
          .select('id')
          .where('seen', '>', s('since'))
          .where('active', 'is not distinct from', s('on')),
      ),
    values: { since: new Date('2024-01-02T00:00:00Z'), on: null },
    sql: { sqlite: 'select "id" from "person" where "seen" > ? and "active" is not distinct from ?' },
    parameters: ['2024-01-02T00:00:00.000Z', null],
    rows: ids(3),
  },
  {
    name: 'one value in two places',
    query: (db) =>
      prepareQuery(db, (s) =>
        db
          .selectFrom('person')
          .select((eb) => [eb.val(s('n')).as('n'), 'id'])
          .where('id', '=', s('n')),
      ),
    values: { n: 2 },
    sql: { sqlite: 'select ? as "n", "id" from "person" where "id" = ?' },
    parameters: [2, 2],
    rows: [{ n: 2, id: 2 }],
  },
  {
    name: 'a list',
    query: (db) => prepareQuery(db, (s) => db.selectFrom('person').select('id').where('id', 'in', s('ids'))),
    values: { ids: [4, 2, 9] },
    sql: { sqlite: 'select "id" from "person" where "id" in (?, ?, ?, ?)' },
    parameters: [4, 2, 9, 9],
    rows: ids(2, 4),
  },
  {
    name: 'an empty list',
    query: (db) =>
      prepareQuery(db, (s) =>
        db.selectFrom('person').select('id').where('id', 'not in', s('ids')).orderBy('id').limit(1),
      ),
    values: { ids: [] },
    sql: { sqlite: 'select "id" from "person" where "id" not in (select null where 1 = 0) order by "id" limit ?' },
    parameters: [1],
    rows: ids(1),
  },
  {
    name: 'limit and offset',
    query: (db) =>
      prepareQuery(db, (s) => db.selectFrom('person').select('id').orderBy('id').limit(s('n')).offset(s('from'))),
    values: { n: 2, from: 1 },
    sql: { sqlite: 'select "id" from "person" order by "id" limit ? offset ?' },
    parameters: [2, 1],
    rows: ids(2, 3),
  },
  {
    name: 'values beside parameters',
    query: (db) =>
      prepareQuery(db, (s) =>
        db
          .selectFrom('person')
          .select('id')
          .where('last_name', '=', 'Lovelace')
          .where('id', '>', s('id'))
          .where('age', '=', 36),
      ),
    values: { id: 1 },
    sql: { sqlite: 'select "id" from "person" where "last_name" = ? and "id" > ? and "age" = ?' },
    parameters: ['Lovelace', 1, 36],
    rows: ids(4),
  },
  {
    name: 'an insert',
    query: (db) =>
      prepareQuery(db, (s) =>
        db
          .insertInto('person')
          .values({ first_name: s('name'), active: s('on'), meta: s('meta') })
          .returning(['id', 'active', 'meta']),
      ),
    values: { name: 'Eve', on: true, meta: { a: 1 } },
    sql: {
      sqlite: 'insert into "person" ("first_name", "active", "meta") values (?, ?, ?) returning "id", "active", "meta"',
    },
    parameters: ['Eve', 1, '{"a":1}'],
    rows: [{ id: 5, active: true, meta: { a: 1 } }],
  },
  {
    name: 'an update',
    query: (db) =>
      prepareQuery(db, (s) =>
        db
          .updateTable('person')
          .set({ active: s('on'), last_name: s('name') })
          .where('id', '=', s('id')),
      ),
    values: { on: false, name: null, id: 1 },
    sql: { sqlite: 'update "person" set "active" = ?, "last_name" = ? where "id" = ?' },
    parameters: [0, null, 1],
    result: { numUpdatedRows: 1n },
  },
  {
    name: 'between',
    query: (db) =>
      prepareQuery(db, (s) =>
        db
          .selectFrom('person')
          .select('id')
          .where((eb) => eb.between('age', s('low'), s('high'))),
      ),
    values: { low: 37, high: 40 },
    sql: { sqlite: 'select "id" from "person" where "age" between ? and ?' },
    parameters: [37, 40],
    rows: ids(3),
  },
  {
    name: 'a tuple',
    query: (db) =>
      prepareQuery(db, (s) =>
        db
          .selectFrom('membership')
          .select('club')
          .where((eb) => eb(eb.refTuple('person_id', 'club'), '>', eb.tuple(s('id'), s('club')))),
      ),
    values: { id: 1, club: 'chess' },
    sql: { sqlite: 'select "club" from "membership" where ("person_id", "club") > (?, ?)' },
    parameters: [1, 'chess'],
    rows: [{ club: 'go' }, { club: 'chess' }],
  },
  {
    name: 'no parameters',
    query: (db) => prepareQuery(db, () => db.selectFrom('person').select('id').where('id', '=', 1)),
    values: {},
    sql: { sqlite: 'select "id" from "person" where "id" = ?' },
    parameters: [1],
    rows: ids(1),
  },
  {
    name: 'a value that is missing',
    query: (db) => prepareQuery(db, (s) => db.selectFrom('person').select('id').where('id', '=', s('id'))),
    values: {},
    refused: /The parameter 'id' is undefined/,
  },
  {
    name: 'a value too many',
    query: (db) => prepareQuery(db, (s) => db.selectFrom('person').select('id').where('id', '=', s('id'))),
    values: { id: 1, ix: 2 },
    refused: /Unknown parameter 'ix' of the prepared query\. It takes: id/,
  },
  {
    name: 'null compared',
    query: (db) => prepareQuery(db, (s) => db.selectFrom('person').select('id').where('id', '=', s('id'))),
    values: { id: null },
    refused: /The parameter 'id' is null and compared, which is never true in SQL/,
  },
  {
    name: 'null as a bound',
    query: (db) =>
      prepareQuery(db, (s) =>
        db
          .selectFrom('person')
          .select('id')
          .where((eb) => eb.between('age', s('low'), 40)),
      ),
    values: { low: null },
    refused: /The parameter 'low' is null and compared/,
  },
  {
    name: 'a list that is none',
    query: (db) => prepareQuery(db, (s) => db.selectFrom('person').select('id').where('id', 'in', s('ids'))),
    values: { ids: 5 },
    refused: /The parameter 'ids' is a list; it was given 5/,
  },
  {
    name: 'a list with null',
    query: (db) => prepareQuery(db, (s) => db.selectFrom('person').select('id').where('id', 'in', s('ids'))),
    values: { ids: [1, null] },
    refused: /The parameter 'ids': item 1 is null/,
  },
  {
    name: 'a list with undefined',
    query: (db) => prepareQuery(db, (s) => db.selectFrom('person').select('id').where('id', 'in', s('ids'))),
    values: { ids: [undefined] },
    refused: /The parameter 'ids': item 0 is undefined/,
  },
  {
    name: 'null in a list that is written out',
    query: (db) =>
      prepareQuery(db, (s) =>
        db
          .selectFrom('person')
          .select('id')
          .where('id', 'in', [s('a'), 2]),
      ),
    values: { a: null },
    refused: /The parameter 'a' is null and compared/,
  },
  {
    name: 'a negative limit',
    query: (db) => prepareQuery(db, (s) => db.selectFrom('person').select('id').limit(s('n'))),
    values: { n: -1 },
    refused: /The parameter 'n'.*a whole number of rows, from 0/,
  },
  {
    name: 'null as a limit',
    query: (db) => prepareQuery(db, (s) => db.selectFrom('person').select('id').limit(s('n'))),
    values: { n: null },
    refused: /The parameter 'n'.*a whole number of rows, from 0/,
  },
  {
    name: 'a callback without a result',
    query: (db) => prepareQuery(db, () => undefined),
    refused: /prepare\(\) takes a callback that returns a query/,
  },
  {
    name: 'a parameter without a name',
    query: (db) => prepareQuery(db, (s) => db.selectFrom('person').select('id').where('id', '=', s(''))),
    refused: /"" cannot be a parameter/,
  },
  {
    name: 'a parameter as text',
    query: (db) =>
      prepareQuery(db, (s) =>
        db
          .selectFrom('person')
          .select('id')
          .where('id', '=', `${s('id')}`),
      ),
    refused: /has no value while the query is built/,
  },
]
