import type { Case, Given, Loose } from '../case.ts'
import { person, sql } from '../fixture.ts'

const ids = (...found: number[]) => found.map((id) => ({ id }))
const where = (condition: (eb: Loose) => unknown) => (db: Loose) =>
  db.selectFrom('person').select('id').where(condition)
const text = (condition: string) => ({ sqlite: `select "id" from "person" where ${condition}` })
/** One value of the row of Ada. */
const value = (expression: (eb: Loose) => Loose) => (db: Loose) =>
  db
    .selectFrom('person')
    .select((eb) => expression(eb).as('v'))
    .where('id', '=', 1)
const valueText = (expression: string) => ({ sqlite: `select ${expression} as "v" from "person" where "id" = ?` })
const row = (v: unknown) => [{ v }]

const junctions: readonly Case[] = [
  {
    name: 'or',
    query: where((eb) => eb.or([eb('age', '=', 39), eb('id', '=', 1)])),
    sql: text('("age" = ? or "id" = ?)'),
    parameters: [39, 1],
    rows: ids(1, 3),
  },
  {
    name: 'and',
    query: where((eb) => eb.and([eb('age', '=', 36), eb('id', '=', 1)])),
    sql: text('("age" = ? and "id" = ?)'),
    parameters: [36, 1],
    rows: ids(1),
  },
  {
    name: 'or of one',
    query: where((eb) => eb.or([eb('age', '=', 39)])),
    sql: text('"age" = ?'),
    parameters: [39],
    rows: ids(3),
  },
  { name: 'or of none is false', query: where((eb) => eb.or([])), sql: text('false'), rows: [] },
  {
    name: 'or of an object',
    query: where((eb) => eb.or({ age: 39, last_name: null, id: [1, 9] })),
    sql: text('("age" = ? or "last_name" is null or "id" in (?, ?))'),
    parameters: [39, 1, 9],
    rows: ids(1, 2, 3),
  },
  {
    name: 'and of an object',
    query: where((eb) => eb.and({ 'person.age': 36, active: true })),
    sql: text('("person"."age" = ? and "active" = ?)'),
    parameters: [36, 1],
    rows: ids(1, 4),
  },
  {
    name: 'and of an object with an expression',
    query: where((eb) => eb.and({ age: eb('id', '*', 9) })),
    sql: text('"age" = "id" * ?'),
    parameters: [9],
    rows: ids(4),
  },
  {
    name: 'or in and in or',
    query: where((eb) =>
      eb.or([eb('id', '=', 2), eb.and([eb('age', '=', 36), eb.or([eb('id', '=', 4), eb('id', '=', 3)])])]),
    ),
    sql: text('("id" = ? or ("age" = ? and ("id" = ? or "id" = ?)))'),
    parameters: [2, 36, 4, 3],
    rows: ids(2, 4),
  },
  {
    name: 'and() after an expression',
    query: where((eb) => eb('age', '=', 36).and('id', '=', 4)),
    sql: text('("age" = ? and "id" = ?)'),
    parameters: [36, 4],
    rows: ids(4),
  },
  {
    name: 'and() and or() keep the order of the calls',
    query: where((eb) =>
      eb('age', '=', 36)
        .and('id', '=', 4)
        .or('id', '=', 2)
        .or(eb('id', '=', 3)),
    ),
    sql: text('(("age" = ? and "id" = ?) or "id" = ? or "id" = ?)'),
    parameters: [36, 4, 2, 3],
    rows: ids(2, 3, 4),
  },
  {
    name: 'or() then and()',
    query: where((eb) => eb('id', '=', 1).or('id', '=', 2).and('age', 'is', null)),
    sql: text('(("id" = ? or "id" = ?) and "age" is null)'),
    parameters: [1, 2],
    rows: ids(2),
  },
  {
    name: 'text among others',
    query: where((eb) => eb.or([sql`age = 36 and id = 1`, eb('id', '=', 2)])),
    sql: text('((age = 36 and id = 1) or "id" = ?)'),
    parameters: [2],
    rows: ids(1, 2),
  },
  {
    name: 'and of none',
    query: where((eb) => eb.and([])),
    refused: /and\(\[\]\) has no conditions and would pass every row/,
  },
  { name: 'and of an empty object', query: where((eb) => eb.and({})), refused: /and\(\[\]\) has no conditions/ },
  {
    name: 'and of undefined',
    query: where((eb) => eb.and(undefined)),
    refused: /and\(undefined\) takes an array of conditions/,
  },
  {
    name: 'or with undefined',
    query: where((eb) => eb.or([eb('id', '=', 1), undefined])),
    refused: /or\(\[…\]\): condition 1 is undefined/,
  },
  {
    name: 'and with an undefined value',
    query: where((eb) => eb.and({ age: undefined })),
    refused: /the value is undefined/,
  },
  { name: 'and with a value', query: where((eb) => eb.and([5])), refused: /and\(5\): that is not a condition/ },
  { name: 'and with an unknown column', query: where((eb) => eb.and({ agee: 1 })), refused: /Unknown column 'agee'/ },
]

const conditions: readonly Case[] = [
  { name: 'not a column', query: where((eb) => eb.not('active')), sql: text('not "active"'), rows: ids(2) },
  {
    name: 'not a comparison, null stays null',
    query: where((eb) => eb.not(eb('age', '=', 36))),
    sql: text('not ("age" = ?)'),
    parameters: [36],
    rows: ids(3),
  },
  {
    name: 'not or',
    query: where((eb) => eb.not(eb.or([eb('age', '=', 36), eb('id', '=', 2)]))),
    sql: text('not ("age" = ? or "id" = ?)'),
    parameters: [36, 2],
    rows: ids(3),
  },
  { name: 'not not', query: where((eb) => eb.not(eb.not('active'))), sql: text('not not "active"'), rows: ids(1, 4) },
  {
    name: 'not text',
    query: where((eb) => eb.not(sql`age = 36 or id = 2`)),
    sql: text('not (age = 36 or id = 2)'),
    rows: ids(3),
  },
  {
    name: 'not compared',
    differs: { postgres: 'a boolean is no number' },
    query: where((eb) => eb(eb.not('active'), '=', eb.lit(1))),
    sql: text('(not "active") = 1'),
    rows: ids(2),
  },
  {
    name: 'between',
    query: where((eb) => eb.between('age', 36, 38)),
    sql: text('"age" between ? and ?'),
    parameters: [36, 38],
    rows: ids(1, 4),
  },
  {
    name: 'between Dates',
    query: where((eb) => eb.between('seen', new Date('2024-01-01T00:00:00Z'), new Date('2024-01-02T00:00:00Z'))),
    sql: text('"seen" between ? and ?'),
    parameters: ['2024-01-01T00:00:00.000Z', '2024-01-02T00:00:00.000Z'],
    rows: ids(1),
  },
  {
    name: 'between columns',
    query: where((eb) => eb.between(eb.val(3), eb.ref('id'), eb.ref('age'))),
    sql: text('? between "id" and "age"'),
    parameters: [3],
    rows: ids(1, 3),
  },
  {
    name: 'not between',
    query: where((eb) => eb.not(eb.between('age', 37, 40))),
    sql: text('not ("age" between ? and ?)'),
    parameters: [37, 40],
    rows: ids(1, 4),
  },
  {
    name: 'between among others',
    query: where((eb) => eb.and([eb.between('age', 36, 38), eb('id', '>', 1)])),
    sql: text('("age" between ? and ? and "id" > ?)'),
    parameters: [36, 38, 1],
    rows: ids(4),
  },
  {
    name: 'exists',
    query: where((eb) => eb.exists(eb.selectFrom('pet').select('pet.id').whereRef('pet.owner_id', '=', 'person.id'))),
    sql: text('exists (select "pet"."id" from "pet" where "pet"."owner_id" = "person"."id")'),
    rows: ids(1, 3),
  },
  {
    name: 'not exists',
    query: where((eb) =>
      eb.not(eb.exists(eb.selectFrom('pet').select('pet.id').whereRef('pet.owner_id', '=', 'person.id'))),
    ),
    sql: text('not exists (select "pet"."id" from "pet" where "pet"."owner_id" = "person"."id")'),
    rows: ids(2, 4),
  },
  {
    name: 'tuples',
    query: where((eb) => eb(eb.refTuple('age', 'last_name'), '=', eb.tuple(36, 'Lovelace'))),
    sql: text('("age", "last_name") = (?, ?)'),
    parameters: [36, 'Lovelace'],
    rows: ids(1, 4),
  },
  {
    name: 'a tuple takes the types of the columns',
    query: where((eb) => eb(eb.refTuple('active', 'balance'), '=', eb.tuple(true, 0n))),
    sql: text('("active", "balance") = (?, ?)'),
    parameters: [1, 0n],
    rows: ids(4),
  },
  {
    name: 'a tuple before another, as for a page',
    query: where((eb) => eb(eb.refTuple('age', 'id'), '>', eb.tuple(36, 1))),
    sql: text('("age", "id") > (?, ?)'),
    parameters: [36, 1],
    rows: ids(3, 4),
  },
  {
    name: 'parens',
    query: where((eb) => eb.parens('age', '=', 36)),
    sql: text('("age" = ?)'),
    parameters: [36],
    rows: ids(1, 4),
  },
  {
    name: 'a comparison of comparisons',
    query: where((eb) => eb(eb('age', '=', 36), '=', eb('id', '=', 1))),
    sql: text('("age" = ?) = ("id" = ?)'),
    parameters: [36, 1],
    rows: ids(1, 3),
  },
  {
    name: 'between null',
    query: where((eb) => eb.between('age', 1, null)),
    refused: /between\("age", 1, null\) is never true in SQL: a bound is null/,
  },
  {
    name: 'between undefined',
    query: where((eb) => eb.between('age', undefined, 1)),
    refused: /The lower bound is undefined/,
  },
  { name: 'not undefined', query: where((eb) => eb.not(undefined)), refused: /undefined is not a column/ },
  { name: 'an unknown unary', query: where((eb) => eb.unary('!', 'age')), refused: /Unknown unary operator "!"/ },
  {
    name: 'eb with undefined',
    query: where((eb) => eb('age', '=', undefined)),
    refused: /eb\("age", '=', undefined\): the value is undefined/,
  },
  { name: 'eb with null', query: where((eb) => eb('age', '=', null)), refused: /eb\("age", '=', null\) is never true/ },
  {
    name: 'val of undefined',
    query: where((eb) => eb('age', '=', eb.val(undefined))),
    refused: /eb\.val is undefined/,
  },
  { name: 'an empty tuple', query: where((eb) => eb('id', '=', eb.tuple())), refused: /A tuple holds one item/ },
  { name: 'a tuple of no columns', query: where((eb) => eb(eb.refTuple(), '=', 1)), refused: /A tuple holds one item/ },
  {
    name: 'an undefined item of a tuple',
    query: where((eb) => eb(eb.refTuple('age', 'id'), '=', eb.tuple(1, undefined))),
    refused: /An item of the tuple is undefined/,
  },
  {
    name: 'a column that is none in a tuple',
    query: where((eb) => eb(eb.refTuple('age', 'idd'), '=', eb.tuple(1, 2))),
    refused: /Unknown column 'idd'/,
  },
]

/** Ada: id 1, age 36, score 1.5. */
const arithmetic: readonly Case[] = [
  ...(['+', '-', '*', '/', '%'] as const).map(
    (op, i): Case => ({
      name: op,
      query: value((eb) => eb('age', op, eb.lit(7))),
      sql: valueText(`"age" ${op} 7`),
      parameters: [1],
      rows: row([43, 29, 252, 5, 1][i]),
      differs: op === '/' ? { mariadb: 'a quotient is a decimal' } : {},
    }),
  ),
  ...(['&', '|', '<<', '>>'] as const).map(
    (op, i): Case => ({
      name: op,
      query: value((eb) => eb('age', op, eb.lit(2))),
      sql: valueText(`"age" ${op} 2`),
      parameters: [1],
      rows: row([0, 38, 144, 9][i]),
    }),
  ),
  {
    name: '||',
    query: value((eb) => eb('first_name', '||', '!')),
    sql: valueText('"first_name" || ?'),
    parameters: ['!', 1],
    rows: row('Ada!'),
  },
  {
    name: 'a sum times',
    query: value((eb) => eb(eb('age', '+', eb.lit(1)), '*', eb.lit(2))),
    sql: valueText('("age" + 1) * 2'),
    parameters: [1],
    rows: row(74),
  },
  {
    name: 'a product plus',
    query: value((eb) => eb(eb('age', '*', eb.lit(2)), '+', eb.lit(1))),
    sql: valueText('"age" * 2 + 1'),
    parameters: [1],
    rows: row(73),
  },
  {
    name: 'plus a product',
    query: value((eb) => eb('age', '+', eb(eb.lit(2), '*', eb.lit(3)))),
    sql: valueText('"age" + 2 * 3'),
    parameters: [1],
    rows: row(42),
  },
  {
    name: 'minus a difference',
    query: value((eb) => eb('age', '-', eb(eb.lit(10), '-', eb.lit(3)))),
    sql: valueText('"age" - (10 - 3)'),
    parameters: [1],
    rows: row(29),
  },
  {
    name: 'a difference minus',
    query: value((eb) => eb(eb('age', '-', eb.lit(10)), '-', eb.lit(3))),
    sql: valueText('"age" - 10 - 3'),
    parameters: [1],
    rows: row(23),
  },
  {
    name: 'a quotient of a quotient',
    differs: { mariadb: 'a quotient is a decimal' },
    query: value((eb) => eb('age', '/', eb(eb.lit(12), '/', eb.lit(2)))),
    sql: valueText('"age" / (12 / 2)'),
    parameters: [1],
    rows: row(6),
  },
  {
    name: 'a concatenation of a sum',
    query: value((eb) => eb('first_name', '||', eb('age', '+', eb.lit(1)))),
    sql: valueText('"first_name" || ("age" + 1)'),
    parameters: [1],
    rows: row('Ada37'),
  },
  {
    name: 'a comparison in a sum',
    differs: { postgres: 'a boolean is no number' },
    query: value((eb) => eb(eb('age', '>', eb.lit(1)), '+', eb.lit(1))),
    sql: valueText('("age" > 1) + 1'),
    parameters: [1],
    rows: row(2),
  },
  {
    name: 'a sum in a comparison',
    query: value((eb) => eb(eb('age', '+', eb.lit(1)), '>', eb('id', '*', eb.lit(37)))),
    sql: valueText('"age" + 1 > "id" * 37'),
    parameters: [1],
    rows: row(false),
  },
  { name: 'neg', query: value((eb) => eb.neg('age')), sql: valueText('-"age"'), parameters: [1], rows: row(-36) },
  {
    name: 'neg of neg',
    query: value((eb) => eb.neg(eb.neg('age'))),
    sql: valueText('-(-"age")'),
    parameters: [1],
    rows: row(36),
  },
  {
    name: 'neg of a sum',
    query: value((eb) => eb.neg(eb('age', '+', eb.lit(1)))),
    sql: valueText('-("age" + 1)'),
    parameters: [1],
    rows: row(-37),
  },
  {
    name: 'neg of a negative literal',
    query: value((eb) => eb.neg(eb.lit(-5))),
    sql: valueText('- -5'),
    parameters: [1],
    rows: row(5),
  },
  {
    name: 'minus a negative literal',
    query: value((eb) => eb('age', '-', eb.lit(-5))),
    sql: valueText('"age" - -5'),
    parameters: [1],
    rows: row(41),
  },
  {
    name: 'neg in a product',
    query: value((eb) => eb(eb.neg('age'), '*', eb.lit(2))),
    sql: valueText('-"age" * 2'),
    parameters: [1],
    rows: row(-72),
  },
  {
    name: 'the unary ~',
    query: value((eb) => eb.unary('~', 'age')),
    sql: valueText('~"age"'),
    parameters: [1],
    rows: row(-37),
  },
  {
    name: 'the unary +',
    query: value((eb) => eb.unary('+', 'age')),
    sql: valueText('+"age"'),
    parameters: [1],
    rows: row(36),
  },
  {
    name: 'an operator that is text',
    query: value((eb) => eb('age', sql`+`, 1)),
    sql: valueText('"age" + ?'),
    parameters: [1, 1],
    rows: row(37),
  },
  {
    name: 'an expression with an operator that is text, in a product',
    query: value((eb) => eb(eb('age', sql`+`, eb.lit(1)), '*', eb.lit(2))),
    sql: valueText('("age" + 1) * 2'),
    parameters: [1],
    rows: row(74),
  },
]

const literals: readonly (readonly [Given, string, unknown])[] = [
  [1, '1', 1],
  [-1.5, '-1.5', -1.5],
  [1e21, '1e+21', 1e21],
  [2n ** 52n, '4503599627370496', 2 ** 52],
  ['a', "'a'", 'a'],
  ["it's", "'it''s'", "it's"],
  ['a\\b"c', `'a\\b"c'`, 'a\\b"c'],
  ['', "''", ''],
  ['a\0b', "cast(x'610062' as text)", 'a\0b'],
  [true, 'true', 1],
  [false, 'false', 0],
  [null, 'null', null],
]

const others: readonly Case[] = [
  ...literals.map(
    ([given, written, read]): Case => ({
      name: `the literal ${JSON.stringify(typeof given === 'bigint' ? `${given}n` : given)}`,
      query: value((eb) => eb.lit(given)),
      sql: valueText(written),
      parameters: [1],
      rows: row(read),
      differs:
        typeof given === 'boolean'
          ? { postgres: 'booleans are their own type' }
          : given === 'a\0b'
            ? { postgres: 'its text cannot hold NUL' }
            : {},
    }),
  ),
  {
    name: 'val of null',
    query: value((eb) => eb.val(null)),
    sql: valueText('?'),
    parameters: [null, 1],
    rows: row(null),
  },
  {
    name: 'val of a string is no column',
    query: value((eb) => eb.val('age')),
    sql: valueText('?'),
    parameters: ['age', 1],
    rows: row('age'),
  },
  {
    name: 'ref of a table',
    query: value((eb) => eb.ref('person.active')),
    sql: valueText('"person"."active"'),
    parameters: [1],
    rows: row(true),
  },
  {
    name: 'ref of a column object',
    query: value((eb) => eb.ref(person.age)),
    sql: valueText('"person"."age"'),
    parameters: [1],
    rows: row(36),
  },
  {
    name: 'cast',
    query: value((eb) => eb.cast('age', 'text')),
    sql: valueText('cast("age" as text)'),
    parameters: [1],
    rows: row('36'),
  },
  {
    name: 'cast of a value',
    query: value((eb) => eb.cast(eb.val('7'), 'integer')),
    sql: valueText('cast(? as integer)'),
    parameters: ['7', 1],
    rows: row(7),
  },
  {
    name: 'cast to a type with a size',
    differs: { postgres: 'a decimal keeps its digits, as text', mariadb: 'a decimal is text' },
    query: value((eb) => eb.cast('age', 'decimal(10, 2)')),
    sql: valueText('cast("age" as decimal(10, 2))'),
    parameters: [1],
    rows: row(36),
  },
  {
    name: 'cast to text of a type',
    query: value((eb) => eb.cast('age', sql`text`)),
    sql: valueText('cast("age" as text)'),
    parameters: [1],
    rows: row('36'),
  },
  {
    name: '$castTo and $notNull change nothing',
    query: value((eb) => eb.ref('age').$castTo().$notNull()),
    sql: valueText('"age"'),
    parameters: [1],
    rows: row(36),
  },
  { name: 'lit of undefined', query: value((eb) => eb.lit(undefined)), refused: /undefined cannot stand in SQL text/ },
  { name: 'lit of NaN', query: value((eb) => eb.lit(Number.NaN)), refused: /NaN cannot stand in SQL text/ },
  {
    name: 'lit of an object',
    query: value((eb) => eb.lit({})),
    refused: /an object \(Object\) cannot stand in SQL text/,
  },
  {
    name: 'cast to a wrong type',
    query: value((eb) => eb.cast('age', 'text); drop table person')),
    refused: /is not a type name/,
  },
  {
    name: 'cast to undefined',
    query: value((eb) => eb.cast('age', undefined)),
    refused: /undefined is not a type name/,
  },
  { name: 'ref of undefined', query: value((eb) => eb.ref(undefined)), refused: /undefined is not a column/ },
]

const cases: readonly Case[] = [
  {
    name: 'case of conditions',
    query: value((eb) =>
      eb.case().when('age', '>', 38).then('old').when('age', 'is', null).then('unknown').else('young').end(),
    ),
    sql: valueText('case when "age" > ? then ? when "age" is null then ? else ? end'),
    parameters: [38, 'old', 'unknown', 'young', 1],
    rows: row('young'),
  },
  {
    name: 'case of a value',
    query: value((eb) => eb.case('age').when(36).then(1).when(39).then(2).end()),
    sql: valueText('case "age" when ? then ? when ? then ? end'),
    parameters: [36, 1, 39, 2, 1],
    rows: row(1),
  },
  {
    name: 'case without an else is null',
    query: value((eb) => eb.case().when('age', '>', 38).then(eb.lit(1)).end()),
    sql: valueText('case when "age" > ? then 1 end'),
    parameters: [38, 1],
    rows: row(null),
  },
  {
    name: 'case of columns keeps their type',
    query: value((eb) => eb.case().when('id', '=', 1).thenRef('active').elseRef('active').end()),
    sql: valueText('case when "id" = ? then "active" else "active" end'),
    parameters: [1, 1],
    rows: row(true),
  },
  {
    name: 'case of a value of a type',
    query: value((eb) => eb.case('active').when(true).then('on').when(false).then('off').end()),
    sql: valueText('case "active" when ? then ? when ? then ? end'),
    parameters: [1, 'on', 0, 'off', 1],
    rows: row('on'),
  },
  {
    name: 'whenRef',
    query: value((eb) => eb.case().whenRef('age', '>', 'id').then(eb.lit('more')).else(null).end()),
    sql: valueText(`case when "age" > "id" then 'more' else ? end`),
    parameters: [null, 1],
    rows: row('more'),
  },
  {
    name: 'case with a callback',
    query: value((eb) =>
      eb
        .case()
        .when((e: Loose) => e.or([e('age', '=', 1), e('id', '=', 1)]))
        .then(eb('age', '*', 2))
        .end(),
    ),
    sql: valueText('case when ("age" = ? or "id" = ?) then "age" * ? end'),
    parameters: [1, 1, 2, 1],
    rows: row(72),
  },
  {
    name: 'case in a case',
    query: value((eb) => eb.case().when('age', '=', 36).then(eb.case('id').when(1).then('a').end()).else('b').end()),
    sql: valueText('case when "age" = ? then case "id" when ? then ? end else ? end'),
    parameters: [36, 1, 'a', 'b', 1],
    rows: row('a'),
  },
  {
    name: 'case in a sum',
    query: value((eb) => eb(eb.case().when('id', '=', 1).then(5).else(0).end(), '+', 1)),
    sql: valueText('case when "id" = ? then ? else ? end + ?'),
    parameters: [1, 5, 0, 1, 1],
    rows: row(6),
  },
  {
    name: 'db.case()',
    query: (db) =>
      db
        .selectFrom('person')
        .select(db.case().when('age', 'is', null).then(1).else(0).end().as('v'))
        .orderBy('id'),
    sql: { sqlite: 'select case when "age" is null then ? else ? end as "v" from "person" order by "id"' },
    parameters: [1, 0],
    rows: [{ v: 0 }, { v: 1 }, { v: 0 }, { v: 0 }],
  },
  {
    name: 'case in where and order by',
    query: (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where((eb) => eb(eb.case('id').when(2).then(0).else(1).end(), '=', 1))
        .orderBy((eb) => eb.case('id').when(3).then(0).else(1).end())
        .orderBy('id', 'desc'),
    sql: {
      sqlite:
        'select "id" from "person" where case "id" when ? then ? else ? end = ? order by case "id" when ? then ? else ? end, "id" desc',
    },
    parameters: [2, 0, 1, 1, 3, 0, 1],
    rows: ids(3, 4, 1),
  },
  { name: 'a case without when', query: value((eb) => eb.case().else(1).end()), refused: /A case has no when\(\)/ },
  {
    name: 'then undefined',
    query: value((eb) => eb.case().when('id', '=', 1).then(undefined).end()),
    refused: /The value of then\(\) is undefined/,
  },
  {
    name: 'else undefined',
    query: value((eb) => eb.case().when('id', '=', 1).then(1).else(undefined).end()),
    refused: /The value of else\(\) is undefined/,
  },
  {
    name: 'when undefined',
    query: value((eb) => eb.case('id').when(undefined).then(1).end()),
    refused: /A value of when\(\) is undefined/,
  },
  {
    name: 'when null of a value',
    query: value((eb) => eb.case('age').when(null).then(1).end()),
    refused: /is never true/,
  },
  {
    name: 'when = null',
    query: value((eb) => eb.case().when('age', '=', null).then(1).end()),
    refused: /when\("age", '=', null\) is never true/,
  },
]

export const expression: readonly Case[] = [...junctions, ...conditions, ...arithmetic, ...others, ...cases]
