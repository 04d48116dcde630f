import { DummyDriver, Kysely, sql as kyselySql, MssqlAdapter, MssqlIntrospector, MssqlQueryCompiler } from 'kysely'
import { expect, test } from 'vitest'
import { mssqlDialect } from '../../src/dialect/mssql/index.ts'
import { kanta, sql } from '../../src/index.ts'
import type { Loose } from '../case.ts'

/** Kysely prints for SQL Server without one: a second source for the texts. Neither is run against a server. */
const kysely = new Kysely({
  dialect: {
    createAdapter: () => new MssqlAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new MssqlIntrospector(db),
    createQueryCompiler: () => new MssqlQueryCompiler(),
  },
}) as unknown as Loose

const own = kanta({
  driver: {
    dialect: mssqlDialect,
    limits: { write: 1, read: 0 },
    sharesStreams: false,
    explainError: (cause) => ({ code: 'query', message: String(cause) }),
    connect: () => {
      throw new Error('There is no server of SQL Server here.')
    },
  },
}) as unknown as Loose

interface Compiled {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

const textOf = (query: unknown): Compiled => {
  const { sql, parameters } = (query as { compile(): Compiled }).compile()
  return { sql, parameters }
}

type Build = (db: Loose, tag: Loose) => unknown

const same: Readonly<Record<string, Build>> = {
  'a select': (db) => db.selectFrom('person').select(['id', 'person.name as n']).where('age', '>', 18),
  'all columns': (db) => db.selectFrom('person').selectAll('person').where('id', '=', 1),
  aliases: (db) => db.selectFrom('dbo.person as p').select('p.id').where('p.name', 'like', 'A%'),
  distinct: (db) => db.selectFrom('person').select('name').distinct(),
  'offset and fetch': (db) => db.selectFrom('person').select('id').orderBy('id').offset(5).fetch(10),
  'two conditions': (db) => db.selectFrom('person').select('id').where('age', '>', 1).where('name', 'is not', null),
  'and and or': (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.or([eb('age', '=', 1), eb.and([eb('id', '=', 2), eb('age', '<', 3)])])),
  not: (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.not(eb.exists(eb.selectFrom('pet').select('id')))),
  'in a query': (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where('id', 'in', (eb: Loose) => eb.selectFrom('pet').select('owner_id')),
  between: (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.between('age', 1, 9)),
  'inner join': (db) => db.selectFrom('person').innerJoin('pet', 'pet.owner_id', 'person.id').select('pet.name'),
  'left join': (db) =>
    db
      .selectFrom('person')
      .leftJoin('pet', (join: Loose) => join.onRef('pet.owner_id', '=', 'person.id').on('pet.name', '=', 'x'))
      .select('pet.name'),
  'full join': (db) => db.selectFrom('person').fullJoin('pet', 'pet.owner_id', 'person.id').select('pet.name'),
  'cross apply': (db) =>
    db
      .selectFrom('person')
      .crossApply((eb: Loose) => eb.selectFrom('pet').select('name').whereRef('pet.owner_id', '=', 'person.id').as('p'))
      .select('p.name'),
  'outer apply': (db) =>
    db
      .selectFrom('person')
      .outerApply((eb: Loose) => eb.selectFrom('pet').select('name').whereRef('pet.owner_id', '=', 'person.id').as('p'))
      .select('p.name'),
  'group by': (db) =>
    db
      .selectFrom('person')
      .select((eb) => ['age', eb.fn.countAll().as('n')])
      .groupBy('age')
      .having((eb) => eb.fn.countAll(), '>', 1),
  order: (db) => db.selectFrom('person').select('id').orderBy('age', 'desc').orderBy('id'),
  collation: (db) =>
    db
      .selectFrom('person')
      .select('id')
      .orderBy('name', (ob: Loose) => ob.collate('Latin1_General_CI_AS').desc()),
  union: (db) => db.selectFrom('person').select('id').union(db.selectFrom('pet').select('id')),
  with: (db) =>
    db
      .with('old', (qc) => qc.selectFrom('person').select('id').where('age', '>', 9))
      .selectFrom('old')
      .selectAll(),
  case: (db) =>
    db.selectFrom('person').select((eb) => eb.case().when('age', '>', 9).then('old').else('young').end().as('c')),
  coalesce: (db) => db.selectFrom('person').select((eb) => eb.fn.coalesce('name', 'nick').as('n')),
  'a window': (db) =>
    db.selectFrom('person').select((eb) =>
      eb.fn
        .agg('row_number')
        .over((ob: Loose) => ob.partitionBy('age').orderBy('id'))
        .as('n'),
    ),
  'within group': (db) =>
    db.selectFrom('person').select((eb) =>
      eb.fn
        .agg('string_agg', ['name', eb.val(',')])
        .withinGroupOrderBy('name')
        .as('n'),
    ),
  'sql text': (db, tag) =>
    db
      .selectFrom('person')
      .select(tag`len(${tag.ref('name')})`.as('n'))
      .where(tag`age > ${1}`),
  insert: (db) => db.insertInto('person').values({ name: 'a', age: 1 }),
  'insert of rows': (db) =>
    db.insertInto('person').values([
      { name: 'a', age: 1 },
      { name: 'b', age: 2 },
    ]),
  'insert with output': (db) =>
    db.insertInto('person').output(['inserted.id', 'inserted.name as n']).values({ name: 'a' }),
  'insert with all of the output': (db) => db.insertInto('person').outputAll('inserted').values({ name: 'a' }),
  'insert of a query': (db) =>
    db.insertInto('person').columns(['name']).expression(db.selectFrom('pet').select('name')),
  'default values': (db) => db.insertInto('person').defaultValues(),
  update: (db) => db.updateTable('person').set({ name: 'a' }).where('id', '=', 1),
  'update with output': (db) =>
    db.updateTable('person').set({ name: 'a' }).output(['deleted.name']).where('id', '=', 1),
  'update from': (db) =>
    db
      .updateTable('person')
      .from('pet')
      .set((eb: Loose) => ({ name: eb.ref('pet.name') }))
      .whereRef('pet.owner_id', '=', 'person.id'),
  delete: (db) => db.deleteFrom('person').where('id', '=', 1),
  'delete with output': (db) => db.deleteFrom('person').outputAll('deleted').where('id', '=', 1),
  'merge that updates': (db) =>
    db.mergeInto('person').using('pet', 'pet.owner_id', 'person.id').whenMatched().thenUpdateSet({ name: 'x' }),
  'merge that inserts and deletes': (db) =>
    (db.mergeInto('person as p').using('pet', 'pet.owner_id', 'p.id').whenMatched() as Loose)
      .thenDelete()
      .whenNotMatched()
      .thenInsertValues({ name: 'x' }),
  'merge by source, with output': (db) =>
    db
      .mergeInto('person')
      .using('pet', 'pet.owner_id', 'person.id')
      .whenNotMatchedBySource()
      .thenDelete()
      .output(['deleted.id']),
  'modifiers at the end': (db, tag) => db.selectFrom('person').select('id').modifyEnd(tag`option (recompile)`),
}

test.each(Object.entries(same))('%s', (_, build) => {
  const theirs = textOf(build(kysely, kyselySql as unknown as Loose))
  expect(textOf(build(own, sql as unknown as Loose))).toEqual(theirs)
})

/** Where Kysely prints what SQL Server does not take, or what means something else there. */
const others: Readonly<Record<string, readonly [reason: string, build: Build, text: string]>> = {
  limit: [
    'there is no limit',
    (db) => db.selectFrom('person').select('id').orderBy('id').limit(5),
    'select top(@1) "id" from "person" order by "id"',
  ],
  top: [
    'the number is a parameter here, so that one text serves all',
    (db) => db.selectFrom('person').select('id').top(3, 'percent'),
    'select top(@1) percent "id" from "person"',
  ],
  'top of an insert': [
    'the number is a parameter here, so that one text serves all',
    (db) => db.insertInto('person').top(1).columns(['name']).expression(db.selectFrom('pet').select('name')),
    'insert top(@1) into "person" ("name") select "name" from "pet"',
  ],
  'limit and offset': [
    'there is no limit',
    (db) => db.selectFrom('person').select('id').orderBy('id').limit(5).offset(2),
    'select "id" from "person" order by "id" offset @1 rows fetch next @2 rows only',
  ],
  'offset without an order': [
    'an offset needs an order',
    (db) => db.selectFrom('person').select('id').offset(2),
    'select "id" from "person" order by (select null) offset @1 rows',
  ],
  'a condition as a value': [
    'a condition is no value',
    (db) => db.selectFrom('person').select((eb) => eb('age', 'is', null).as('n')),
    'select cast(case when "age" is null then 1 else 0 end as bit) as "n" from "person"',
  ],
  'a column as a condition': [
    'a value is no condition',
    (db) =>
      db
        .selectFrom('person')
        .select('id')
        .where((eb) => eb.and([eb.ref('active'), eb.lit(true)])),
    'select "id" from "person" where ("active" = 1 and 1 = 1)',
  ],
  'a lateral join': [
    'it is called apply',
    (db) =>
      db
        .selectFrom('person')
        .leftJoinLateral(
          (eb: Loose) => eb.selectFrom('pet').select('name').as('p'),
          (join: Loose) => join.onTrue(),
        )
        .select('p.name'),
    'select "p"."name" from "person" outer apply (select "name" from "pet") as "p"',
  ],
  'an update of an alias': [
    'the table of an alias stands in from',
    (db) => db.updateTable('person as p').set({ name: 'a' }).where('p.id', '=', 1),
    'update "p" set "name" = @1 from "person" as "p" where "p"."id" = @2',
  ],
  'a delete with a join': [
    'what is deleted is named before the tables',
    (db) => db.deleteFrom('person as p').innerJoin('pet', 'pet.owner_id', 'p.id').where('pet.id', '=', 1),
    'delete from "p" from "person" as "p" inner join "pet" on "pet"."owner_id" = "p"."id" where "pet"."id" = @1',
  ],
  'a filter': [
    'there is no filter',
    (db) => db.selectFrom('person').select((eb) => eb.fn.count('id').filterWhere('age', '>', 1).as('n')),
    'select count(case when "age" > @1 then "id" end) as "n" from "person"',
  ],
  'a recursive query': [
    'there is no word recursive',
    (db) =>
      db
        .withRecursive('n', (qc) => qc.selectFrom('person').select('id').unionAll(qc.selectFrom('n').select('n.id')))
        .selectFrom('n')
        .selectAll(),
    'with "n" as (select "id" from "person" union all select "n"."id" from "n") select * from "n"',
  ],
  'an empty list': [
    'a list is not empty there',
    (db) => db.selectFrom('person').select('id').where('id', 'in', []),
    'select "id" from "person" where "id" in (select null where 1 = 0)',
  ],
  'an average': [
    'the average of whole numbers is a whole number there',
    (db) => db.selectFrom('person').select((eb) => eb.fn.avg('age').as('a')),
    'select avg(1.0 * "age") as "a" from "person"',
  ],
  'a text in the text': [
    'without N it has the characters of a code page',
    (db) => db.selectFrom('person').select((eb) => eb.lit('ä').as('a')),
    'select N\'ä\' as "a" from "person"',
  ],
}

test.each(Object.entries(others))('%s is another text than that of Kysely', (_, [, build, text]) => {
  expect(textOf(build(own, sql as unknown as Loose)).sql).toBe(text)
  expect(kyselyText(build)).not.toBe(text)
})

/** What Kysely prints, or that it refuses. */
function kyselyText(build: Build): string {
  try {
    return textOf(build(kysely, kyselySql as unknown as Loose)).sql
  } catch (error) {
    return String(error)
  }
}
