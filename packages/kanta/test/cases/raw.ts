import type { Case, Loose } from '../case.ts'
import { person, sql } from '../fixture.ts'

const ran = (rows: unknown[], numAffectedRows = 0n, insertId?: bigint) => ({ rows, numAffectedRows, insertId })
const value = (expression: () => Loose) => (db: Loose) => db.selectNoFrom(() => expression().as('v'))
const text = (expression: string) => ({ sqlite: `select ${expression} as "v"` })
const row = (v: unknown) => [{ v }]

const TABLE = 'pet'

const statements: readonly Case[] = [
  {
    name: 'a query',
    query: () => sql`select ${1} + 1 as x`,
    sql: { sqlite: 'select ? + 1 as x' },
    parameters: [1],
    result: ran([{ x: 2 }]),
  },
  {
    name: 'an insert',
    query: () => sql`insert into pet (name, species) values (${'Bo'}, ${'dog'})`,
    sql: { sqlite: 'insert into pet (name, species) values (?, ?)' },
    parameters: ['Bo', 'dog'],
    result: ran([], 1n, 5n),
    after: [(db) => db.selectFrom('pet').select('name').where('id', '=', 5), [{ name: 'Bo' }]],
  },
  {
    name: 'an update',
    query: () => sql`update pet set name = ${'x'} where species = ${'dog'}`,
    sql: { sqlite: 'update pet set name = ? where species = ?' },
    parameters: ['x', 'dog'],
    result: ran([], 2n),
  },
  {
    name: 'a delete that returns rows',
    query: () => sql`delete from pet where id > ${2} returning id`,
    sql: { sqlite: 'delete from pet where id > ? returning id' },
    parameters: [2],
    result: ran([{ id: 3 }, { id: 4 }], 2n),
  },
  {
    name: 'names and values',
    query: () =>
      sql`select ${sql.ref('person.first_name')} from ${sql.table('main.person')} where ${sql.id('age')} = ${39} order by ${sql.ref('id')}`,
    sql: { sqlite: 'select "person"."first_name" from "main"."person" where "age" = ? order by "id"' },
    parameters: [39],
    result: ran([{ first_name: 'Cleo' }]),
  },
  {
    name: 'a column object and a query',
    query: (db) =>
      sql`select ${person.id} from person where id in ${db.selectFrom('pet').select('owner_id').where('species', '=', 'cat')} order by 1`,
    sql: {
      sqlite:
        'select "person"."id" from person where id in (select "owner_id" from "pet" where "species" = ?) order by 1',
    },
    parameters: ['cat'],
    result: ran([{ id: 1 }, { id: 3 }]),
  },
  {
    name: 'trusted text',
    query: () => sql`select count(*) as n from ${sql.raw(TABLE)}`,
    sql: { sqlite: 'select count(*) as n from pet' },
    result: ran([{ n: 4 }]),
  },
  {
    name: 'trusted text alone',
    query: () => sql.raw('select 1 as n'),
    sql: { sqlite: 'select 1 as n' },
    result: ran([{ n: 1 }]),
  },
  {
    name: 'a mistake',
    query: () => sql`selec 1`,
    sql: { sqlite: 'selec 1' },
    fails: ['query', /near "selec": syntax error/],
  },
  {
    name: 'a Date, which needs a column',
    differs: { postgres: 'a Date is a moment there' },
    query: (db) => sql`select ${new Date(0)} as d`.execute(db),
    refused: /Parameter 1 is a Date/,
  },
  { name: 'two statements', query: (db) => sql`select 1; select 2`.execute(db), refused: /more than one statement/ },
]

const expressions: readonly Case[] = [
  { name: 'a value', query: value(() => sql`abs(${-2})`), sql: text('abs(?)'), parameters: [-2], rows: row(2) },
  {
    name: 'text in text',
    query: value(() => sql`${sql`1 + ${1}`} + ${sql`${2}`}`),
    sql: text('1 + ? + ?'),
    parameters: [1, 2],
    rows: row(4),
  },
  { name: 'sql.val', query: value(() => sql.val('x')), sql: text('?'), parameters: ['x'], rows: row('x') },
  { name: 'sql.val of null', query: value(() => sql.val(null)), sql: text('?'), parameters: [null], rows: row(null) },
  {
    name: 'null in a template',
    differs: { postgres: 'a parameter of text of the user is text' },
    query: value(() => sql`${null} is null`),
    sql: text('? is null'),
    parameters: [null],
    rows: row(1),
  },
  { name: 'sql.lit', query: value(() => sql.lit("it's")), sql: text("'it''s'"), rows: row("it's") },
  { name: 'sql.lit of a number', query: value(() => sql`1 + ${sql.lit(2)}`), sql: text('1 + 2'), rows: row(3) },
  {
    name: 'sql.join',
    differs: { postgres: 'a parameter of text of the user is text', mariadb: 'it has no max() of several values' },
    query: value(() => sql`max(${sql.join([1, sql`2 + ${2}`, 3])})`),
    sql: text('max(?, 2 + ?, ?)'),
    parameters: [1, 2, 3],
    rows: row(4),
  },
  {
    name: 'sql.join with a separator',
    differs: { postgres: 'a parameter of text of the user is text' },
    query: value(() => sql.join([1, 2, 3], sql` + `)),
    sql: text('? + ? + ?'),
    parameters: [1, 2, 3],
    rows: row(6),
  },
  {
    name: 'sql.join with a value in its separator',
    differs: { postgres: 'a parameter of text of the user is text' },
    query: value(() => sql.join([1, 2, 3], sql` + ${10} + `)),
    sql: text('? + ? + ? + ? + ?'),
    parameters: [1, 10, 2, 10, 3],
    rows: row(26),
  },
  {
    name: 'sql.join of one',
    differs: { postgres: 'a parameter of text of the user is text' },
    query: value(() => sql.join([5], sql` + ${1} + `)),
    sql: text('?'),
    parameters: [5],
    rows: row(5),
  },
  {
    name: 'sql.id of several names',
    query: (db) => db.selectFrom('pet').select(sql.id('pet', 'name').as('v')).where('id', '=', 1),
    sql: { sqlite: 'select "pet"."name" as "v" from "pet" where "id" = ?' },
    parameters: [1],
    rows: row('Rex'),
  },
  {
    name: 'sql.id of a name with a dot and a quote',
    query: (db) => db.selectFrom(sql`(select 1 as ${sql.id('a.b"c')})`.as('t')).selectAll(),
    sql: { sqlite: 'select * from (select 1 as "a.b""c") as "t"' },
    rows: [{ 'a.b"c': 1 }],
  },
  {
    name: 'sql.ref has the type of its column',
    query: (db) => db.selectFrom('person').select(sql.ref('person.active').as('v')).where('id', '=', 1),
    sql: { sqlite: 'select "person"."active" as "v" from "person" where "id" = ?' },
    parameters: [1],
    rows: row(true),
  },
  {
    name: 'a name that only the text knows',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where(
          sql`exists (select 1 from pet as x where ${sql.ref('x.owner_id')} = ${sql.ref('person.id')} and ${sql.ref('owner_id')} = 3)`,
        ),
    sql: {
      sqlite:
        'select "id" from "person" where exists (select 1 from pet as x where "x"."owner_id" = "person"."id" and "owner_id" = 3)',
    },
    rows: [{ id: 3 }],
  },
  {
    name: 'text without a name in the selection',
    query: (db) => db.selectFrom('pet').select(['id', sql`name as n, species as s`]).where('id', '=', 1),
    sql: { sqlite: 'select "id", name as n, species as s from "pet" where "id" = ?' },
    parameters: [1],
    rows: [{ id: 1, n: 'Rex', s: 'dog' }],
  },
  {
    name: 'an alias that is text',
    query: (db) => db.selectFrom('pet').select(sql`upper(name)`.as(sql`n`)).where('id', '=', 1),
    sql: { sqlite: 'select upper(name) as n from "pet" where "id" = ?' },
    parameters: [1],
    rows: [{ n: 'REX' }],
  },
  { name: '$castTo and $notNull', query: value(() => sql`1`.$castTo().$notNull()), sql: text('1'), rows: row(1) },
  {
    name: 'a text too long to be kept',
    query: value(() => sql.raw(`1${' '.repeat(3000)}`)),
    transient: true,
    sql: text(`1${' '.repeat(3000)}`),
    rows: row(1),
  },
  {
    name: 'undefined in a template',
    query: () => sql`select ${undefined}`,
    refused: /Value 1 of the sql template is undefined/,
  },
  {
    name: 'sql as a function',
    query: () => sql('select 1'),
    refused: /sql is a template: sql`select 1`\. Use sql\.raw\(text\)/,
  },
  { name: 'sql.val of undefined', query: () => sql.val(undefined), refused: /sql\.val is undefined/ },
  {
    name: 'sql.join of nothing',
    query: () => sql.join([]),
    refused: /sql\.join\(\) takes an array with one item or more/,
  },
  {
    name: 'sql.join with undefined',
    query: () => sql.join([1, undefined]),
    refused: /Item 1 of sql\.join is undefined/,
  },
  {
    name: 'sql.join with a separator of text',
    query: () => sql.join([1, 2], ', '),
    refused: /The separator of sql\.join\(\) is an expression/,
  },
  { name: 'sql.id of nothing', query: () => sql.id(), refused: /sql\.id\(\) takes one name or more/ },
  { name: 'sql.id of undefined', query: () => sql.id(undefined), refused: /cannot be an identifier/ },
  { name: 'sql.id with a NUL', query: () => sql.id('a\0b'), refused: /holds a NUL character/ },
  { name: 'sql.raw of a number', query: () => sql.raw(5), refused: /sql\.raw\(5\) takes SQL text/ },
  { name: 'sql.lit of undefined', query: () => sql.lit(undefined), refused: /undefined cannot stand in SQL text/ },
  { name: 'sql.ref of undefined', query: () => sql.ref(undefined), refused: /undefined is not (a column|the name)/ },
  { name: 'sql.table of undefined', query: () => sql.table(undefined), refused: /undefined is not (a table|the name)/ },
]

export const raw: readonly Case[] = [...statements, ...expressions]
