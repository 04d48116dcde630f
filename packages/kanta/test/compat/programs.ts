// Programs written for Kysely, as data: each runs on npm's kysely and on kanta/kysely.
import type * as Kysely from 'kysely'
import type { Database } from './world.ts'

export type K = typeof Kysely
export type Db = Kysely.Kysely<Database>
type Compilable = { compile(): Kysely.CompiledQuery; execute?(): Promise<unknown> }

export interface Program {
  readonly name: string
  readonly build: (db: Db, k: K) => Compilable
}

const program = (name: string, build: Program['build']): Program => ({ name, build })

export const programs: readonly Program[] = [
  program('select columns', (db) => db.selectFrom('person').select(['id', 'person.first_name', 'last_name as ln'])),
  program('select all', (db) => db.selectFrom('person').selectAll()),
  program('select all of a table', (db) =>
    db.selectFrom('person').innerJoin('pet', 'pet.owner_id', 'person.id').selectAll('pet').orderBy('pet.id'),
  ),
  program('select all of tables', (db) =>
    db.selectFrom(['person as p', 'pet']).selectAll(['pet']).orderBy('pet.id').orderBy('p.id'),
  ),
  program('alias of a table', (db) => db.selectFrom('person as p').select('p.id').orderBy('p.id', 'desc')),
  program('where three parts', (db) => db.selectFrom('person').selectAll().where('id', '=', 1)),
  program('several where', (db) =>
    db.selectFrom('person').selectAll().where('id', '>', 1).where('age', '<', 60).where('first_name', 'like', '%a%'),
  ),
  program('where in', (db) => db.selectFrom('person').selectAll().where('id', 'in', [1, 2, 3])),
  program('where not in', (db) => db.selectFrom('person').selectAll().where('id', 'not in', [1])),
  program('where in query', (db) =>
    db.selectFrom('person').select('id').where('id', 'in', db.selectFrom('pet').select('owner_id')),
  ),
  program('where is null', (db) => db.selectFrom('person').select('id').where('last_name', 'is', null)),
  program('where is not null', (db) => db.selectFrom('person').select('id').where('last_name', 'is not', null)),
  program('where or', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.or([eb('id', '=', 1), eb('age', '>', 40)])),
  ),
  program('where and within or', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.or([eb.and([eb('id', '=', 1), eb('age', '>', 4)]), eb('id', '=', 2)])),
  ),
  program('where and', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.and([eb('id', '=', 1), eb('age', '>', 4)]))
      .where('id', '<', 9),
  ),
  program('where or chain', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) =>
        eb('id', '=', 1)
          .or('id', '=', 2)
          .or(eb('id', '=', 3)),
      ),
  ),
  program('where and chain', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb('id', '=', 1).and('age', '>', 2)),
  ),
  program('where or after and', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where('age', '>', 1)
      .where((eb) => eb('id', '=', 1).or('id', '=', 2)),
  ),
  program('where of objects', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.and({ first_name: 'Jennifer', id: 1 })),
  ),
  program('where of or objects', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.or({ first_name: 'Jennifer', id: 2 })),
  ),
  program('and of nothing', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.and([])),
  ),
  program('or of nothing', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.or([])),
  ),
  program('and of one', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.and([eb('id', '=', 1)])),
  ),
  program('not', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.not(eb('id', '=', 1))),
  ),
  program('not of or', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.not(eb.or([eb('id', '=', 1), eb('id', '=', 2)]))),
  ),
  program('exists', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.exists(eb.selectFrom('pet').select('pet.id').whereRef('pet.owner_id', '=', 'person.id'))),
  ),
  program('not exists', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) =>
        eb.not(eb.exists(eb.selectFrom('pet').select('pet.id').whereRef('pet.owner_id', '=', 'person.id'))),
      ),
  ),
  program('raw condition', (db, { sql }) =>
    db.selectFrom('person').select('id').where(sql<boolean>`id > ${1}`).where('id', '<', 5),
  ),
  program('two raw conditions', (db, { sql }) =>
    db.selectFrom('person').select('id').where(sql<boolean>`id > ${1} or id = 2`).where(sql<boolean>`age > 1`),
  ),
  program('raw operand', (db, { sql }) =>
    db.selectFrom('person').select('id').where(sql<string>`lower(first_name)`, '=', 'jennifer'),
  ),
  program('raw operator', (db, { sql }) => db.selectFrom('person').select('id').where('id', sql`=`, 1)),
  program('whereRef', (db) =>
    db
      .selectFrom('person')
      .innerJoin('pet', 'pet.owner_id', 'person.id')
      .select('pet.name')
      .whereRef('person.id', '=', 'pet.owner_id'),
  ),
  program('between', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.between('age', 10, 40)),
  ),
  program('arithmetic', (db) =>
    db
      .selectFrom('person')
      .select((eb) => [eb('age', '+', 1).as('x'), eb(eb('age', '*', 2), '-', eb.ref('id')).as('y')]),
  ),
  program('arithmetic in parens', (db) =>
    db.selectFrom('person').select((eb) => eb(eb.parens('age', '+', 1), '*', 2).as('x')),
  ),
  program('parens of an expression', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.parens(eb('id', '=', 1).and('age', '>', 2))),
  ),
  program('negation', (db) => db.selectFrom('person').select((eb) => eb.neg(eb.ref('age')).as('x'))),
  program('unary', (db) => db.selectFrom('person').select((eb) => eb.unary('-', eb.ref('age')).as('x'))),
  program('lit and val', (db) =>
    db.selectFrom('person').select((eb) => [eb.lit(1).as('one'), eb.val('two').as('two'), eb.lit(null).as('n')]),
  ),
  program('lit booleans', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.lit(true)),
  ),
  program('tuples', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb(eb.refTuple('id', 'first_name'), '=', eb.tuple(1, 'Jennifer'))),
  ),
  program('tuples in a list', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb(eb.refTuple('id', 'first_name'), 'in', [eb.tuple(1, 'Jennifer'), eb.tuple(2, 'Arnold')])),
  ),
  program('cast', (db) => db.selectFrom('person').select((eb) => eb.cast<string>('age', 'text').as('x'))),
  program('case with numbers', (db) =>
    db
      .selectFrom('person')
      .select((eb) => eb.case().when('age', '>', 30).then(1).when('age', '<', 10).then(0).else(null).end().as('x'))
      .select((eb) =>
        eb.fn
          .sum<number>(eb.case().when('age', '>', 30).then(1).else(0).end())
          .over()
          .as('total'),
      )
      .orderBy('id'),
  ),
  program('case with booleans', (db) =>
    db
      .selectFrom('person')
      .select(db.case().when('age', '>', 30).then(true).else(false).end().as('old'))
      .orderBy('id'),
  ),
  program('select with an empty list', (db) => db.selectFrom('person').select('id').select([]).orderBy('id')),
  program('case', (db) =>
    db
      .selectFrom('person')
      .select((eb) =>
        eb.case().when('age', '>', 30).then('old').when('age', '<', 10).then('young').else('mid').end().as('x'),
      ),
  ),
  program('case of a value', (db) =>
    db.selectFrom('person').select((eb) => eb.case('gender').when('male').then('m').else('f').end().as('x')),
  ),
  program('case without else', (db) =>
    db.selectFrom('person').select((eb) =>
      eb
        .case()
        .when(eb('age', '>', 30))
        .then(eb.ref('first_name'))
        .end()
        .as('x'),
    ),
  ),
  program('case with refs', (db) =>
    db
      .selectFrom('person')
      .select((eb) => eb.case().whenRef('age', '>', 'id').thenRef('first_name').elseRef('last_name').end().as('x')),
  ),
  program('functions', (db) =>
    db
      .selectFrom('person')
      .select(({ fn }) => [
        fn.count('id').as('c'),
        fn.countAll().as('ca'),
        fn.sum('age').as('s'),
        fn.avg('age').as('a'),
        fn.min('age').as('mi'),
        fn.max('age').as('ma'),
      ]),
  ),
  program('coalesce', (db) =>
    db.selectFrom('person').select((eb) => eb.fn.coalesce('last_name', 'first_name', eb.val('x')).as('c')),
  ),
  program('any function', (db) =>
    db.selectFrom('person').select((eb) => eb.fn<string>('upper', ['first_name']).as('u')),
  ),
  program('function with expressions', (db) =>
    db.selectFrom('person').select((eb) => eb.fn('substr', ['first_name', eb.val(1), eb.lit(2)]).as('u')),
  ),
  program('distinct aggregate', (db) =>
    db.selectFrom('person').select((eb) => eb.fn.count('gender').distinct().as('c')),
  ),
  program('filter', (db) =>
    db
      .selectFrom('person')
      .select((eb) => eb.fn.count('id').filterWhere('age', '>', 20).filterWhere('id', '<', 9).as('c')),
  ),
  program('filter by references', (db) =>
    db.selectFrom('person').select((eb) => eb.fn.count('id').filterWhereRef('age', '>', 'id').as('c')),
  ),
  program('over', (db) =>
    db
      .selectFrom('person')
      .select((eb) => ['id', eb.fn.avg('age').over().as('a')])
      .orderBy('id'),
  ),
  program('over with partition and order', (db) =>
    db
      .selectFrom('person')
      .select((eb) => [
        'id',
        eb.fn
          .sum('age')
          .over((ob) => ob.partitionBy(['gender']).orderBy('id', 'desc'))
          .as('a'),
        eb.fn
          .agg<number>('row_number')
          .over((ob) => ob.orderBy('id'))
          .as('rn'),
      ])
      .orderBy('id'),
  ),
  program('aggregate with order', (db) =>
    db
      .selectFrom('person')
      .select((eb) => eb.fn.agg<string>('group_concat', ['first_name']).orderBy('id', 'desc').as('l')),
  ),
  program('distinct', (db) => db.selectFrom('person').select('gender').distinct().orderBy('gender')),
  program('group by and having', (db) =>
    db
      .selectFrom('person')
      .select(['gender', (eb) => eb.fn.count<number>('id').as('n')])
      .groupBy('gender')
      .having((eb) => eb(eb.fn.count<number>('id'), '>', 0))
      .orderBy('n')
      .orderBy('gender'),
  ),
  program('group by several', (db) =>
    db.selectFrom('person').select(['gender', 'age']).groupBy(['gender', 'age']).orderBy('age').orderBy('gender'),
  ),
  program('group by an expression', (db, { sql }) =>
    db
      .selectFrom('person')
      .select(sql<string>`substr(first_name, 1, 1)`.as('l'))
      .groupBy(sql`substr(first_name, 1, 1)`)
      .orderBy('l'),
  ),
  program('havingRef', (db) =>
    db.selectFrom('person').select('gender').groupBy('gender').havingRef('gender', '=', 'gender').orderBy('gender'),
  ),
  program('order by', (db) => db.selectFrom('person').select('id').orderBy('first_name', 'desc').orderBy('id')),
  program('order by asc', (db) => db.selectFrom('person').select('id').orderBy('first_name', 'asc')),
  program('order by modifiers', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .orderBy('last_name', (ob) => ob.desc().nullsLast())
      .orderBy('id', (ob) => ob.asc().nullsFirst()),
  ),
  program('order by collate', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .orderBy('first_name', (ob) => ob.collate('nocase').asc()),
  ),
  program('order by expression', (db, { sql }) =>
    db.selectFrom('person').select('id').orderBy(sql`length(first_name)`, 'desc').orderBy('id'),
  ),
  program('order by callback', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .orderBy((eb) => eb.fn('lower', ['first_name']), 'desc'),
  ),
  program('order by alias', (db) => db.selectFrom('person').select('first_name as fn').orderBy('fn')),
  program('limit and offset', (db) => db.selectFrom('person').select('id').orderBy('id').limit(2).offset(1)),
  program('limit by expression', (db, { sql }) =>
    db.selectFrom('person').select('id').orderBy('id').limit(sql<number>`1 + 1`),
  ),
  program('limit bigint', (db) => db.selectFrom('person').select('id').orderBy('id').limit(2n)),
  program('inner join', (db) =>
    db
      .selectFrom('person')
      .innerJoin('pet', 'pet.owner_id', 'person.id')
      .select(['person.id', 'pet.name'])
      .orderBy('pet.name'),
  ),
  program('left join with alias', (db) =>
    db
      .selectFrom('person as p')
      .leftJoin('pet as q', 'q.owner_id', 'p.id')
      .select(['p.id', 'q.name as pet'])
      .orderBy('p.id')
      .orderBy('pet'),
  ),
  program('right and full join', (db) =>
    db
      .selectFrom('person')
      .rightJoin('pet', 'pet.owner_id', 'person.id')
      .fullJoin('toy', 'toy.pet_id', 'pet.id')
      .select(['pet.name', 'toy.name as toy'])
      .orderBy('pet.name')
      .orderBy('toy'),
  ),
  program('cross join', (db) =>
    db.selectFrom('person').crossJoin('pet').select(['person.id', 'pet.id as pid']).orderBy('person.id').orderBy('pid'),
  ),
  program('join by callback', (db) =>
    db
      .selectFrom('person')
      .innerJoin('pet', (join) => join.onRef('pet.owner_id', '=', 'person.id').on('pet.species', '=', 'cat'))
      .select('pet.name')
      .orderBy('pet.name'),
  ),
  program('join by callback with or', (db) =>
    db
      .selectFrom('person')
      .leftJoin('pet', (join) =>
        join
          .onRef('pet.owner_id', '=', 'person.id')
          .on((eb) => eb.or([eb('pet.species', '=', 'cat'), eb('pet.species', '=', 'dog')])),
      )
      .select(['person.id', 'pet.name'])
      .orderBy('person.id')
      .orderBy('pet.name'),
  ),
  program('join on true', (db) =>
    db
      .selectFrom('person')
      .innerJoin('pet', (join) => join.onTrue())
      .select(['person.id', 'pet.id as pid'])
      .orderBy('person.id')
      .orderBy('pid'),
  ),
  program('join a subquery', (db) =>
    db
      .selectFrom('person')
      .innerJoin(
        (eb) => eb.selectFrom('pet').select(['owner_id as owner', 'name']).where('species', '=', 'dog').as('d'),
        (join) => join.onRef('d.owner', '=', 'person.id'),
      )
      .select(['person.id', 'd.name'])
      .orderBy('d.name'),
  ),
  program('from a subquery', (db) =>
    db
      .selectFrom(db.selectFrom('person').select(['id', 'age as a']).as('s'))
      .select(['s.id', 's.a'])
      .where('s.a', '>', 1)
      .orderBy('s.id'),
  ),
  program('from a subquery by callback', (db) =>
    db
      .selectFrom((eb) => eb.selectFrom('person').select('id').as('s'))
      .selectAll('s')
      .orderBy('s.id'),
  ),
  program('from several', (db) =>
    db
      .selectFrom(['person', 'pet as p'])
      .select(['person.id', 'p.name'])
      .whereRef('p.owner_id', '=', 'person.id')
      .orderBy('p.name'),
  ),
  program('a scalar subquery', (db) =>
    db
      .selectFrom('person')
      .select((eb) => [
        'id',
        eb
          .selectFrom('pet')
          .select('pet.name')
          .whereRef('pet.owner_id', '=', 'person.id')
          .orderBy('pet.name')
          .limit(1)
          .as('pet'),
      ])
      .orderBy('id'),
  ),
  program('a subquery as an operand', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) =>
        eb(
          eb
            .selectFrom('pet')
            .select((e) => e.fn.countAll<number>().as('n'))
            .whereRef('pet.owner_id', '=', 'person.id'),
          '>',
          1,
        ),
      ),
  ),
  program('select without from', (db, { sql }) =>
    db.selectNoFrom((eb) => [eb.lit(1).as('one'), sql<number>`2`.as('two')]),
  ),
  program('with', (db) =>
    db
      .with('adults', (q) => q.selectFrom('person').selectAll().where('age', '>', 18))
      .selectFrom('adults')
      .select('adults.id')
      .orderBy('adults.id'),
  ),
  program('several with', (db) =>
    db
      .with('a', (q) => q.selectFrom('person').select('id').where('id', '<', 3))
      .with('b(x)', (q) => q.selectFrom('a').select('id as x'))
      .selectFrom('b')
      .selectAll()
      .orderBy('x'),
  ),
  program('with recursive', (db, { sql }) =>
    db
      .withRecursive('n(x)', (q) =>
        q
          .selectNoFrom(sql<number>`1`.as('x'))
          .unionAll(q.selectFrom('n').select(sql<number>`x + 1`.as('x')).where('x', '<', 5)),
      )
      .selectFrom('n')
      .select('x'),
  ),
  program('with materialized', (db) =>
    db
      .with(
        (cte) => cte('a').materialized(),
        (q) => q.selectFrom('person').select('id'),
      )
      .selectFrom('a')
      .selectAll()
      .orderBy('id'),
  ),
  program('union', (db) => db.selectFrom('person').select('id').union(db.selectFrom('pet').select('id')).orderBy('id')),
  program('union all and except', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .unionAll(db.selectFrom('pet').select('id'))
      .except(db.selectFrom('toy').select('id'))
      .orderBy('id'),
  ),
  program('intersect', (db) =>
    db.selectFrom('person').select('id').intersect(db.selectFrom('pet').select('id')).orderBy('id'),
  ),
  program('union by callback', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .union((eb) => eb.selectFrom('pet').select('id'))
      .orderBy('id'),
  ),
  program('clear', (db) =>
    db
      .selectFrom('person')
      .select('age')
      .clearSelect()
      .select('id')
      .where('id', '=', 1)
      .clearWhere()
      .orderBy('age')
      .clearOrderBy()
      .orderBy('id')
      .limit(1)
      .clearLimit()
      .offset(0)
      .clearOffset()
      .groupBy('id')
      .clearGroupBy(),
  ),
  program('$if', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .$if(true, (q) => q.select('age'))
      .$if(false, (q) => q.where('id', '=', 1)),
  ),
  program('$call', (db) => db.selectFrom('person').$call((q) => q.select('id').where('id', '>', 1))),
  program('modifiers', (db, { sql }) =>
    db.selectFrom('person').select('id').modifyFront(sql`all`).modifyEnd(sql`limit 1`),
  ),
  program('dynamic references', (db) =>
    db.selectFrom('person').select(db.dynamic.ref<'id'>('person.id')).orderBy(db.dynamic.ref('person.id')),
  ),
  program('dynamic table', (db) => db.selectFrom(db.dynamic.table('person').as('p')).select('p.id').orderBy('p.id')),
  program('insert a row', (db) => db.insertInto('person').values({ first_name: 'A', age: 3, gender: 'other' })),
  program('insert rows', (db) =>
    db.insertInto('person').values([
      { first_name: 'A', age: 3, gender: 'other' },
      { first_name: 'B', age: 4, gender: 'male' },
    ]),
  ),
  program('insert ragged rows', (db) =>
    db.insertInto('person').values([
      { first_name: 'A', age: 3, gender: 'other' },
      { first_name: 'B', age: 4, gender: 'male', last_name: 'C' },
    ]),
  ),
  program('insert with expressions', (db, { sql }) =>
    db.insertInto('person').values((eb) => ({
      first_name: sql<string>`upper(${'x'})`,
      age: eb.selectFrom('person').select((e) => e.fn.max<number>('age').as('m')),
      gender: 'female',
    })),
  ),
  program('insert from a query', (db) =>
    db
      .insertInto('person')
      .columns(['first_name', 'age', 'gender'])
      .expression((eb) =>
        eb
          .selectFrom('pet')
          .select((e) => ['pet.name', e.lit(7).as('age'), e.val('other' as const).as('gender')])
          .orderBy('pet.id'),
      ),
  ),
  program('insert default values', (db) => db.insertInto('toy').defaultValues()),
  program('insert returning', (db) =>
    db.insertInto('person').values({ first_name: 'A', age: 3, gender: 'other' }).returning(['id', 'first_name as n']),
  ),
  program('insert returning all', (db) =>
    db.insertInto('person').values({ first_name: 'A', age: 3, gender: 'other' }).returningAll(),
  ),
  program('insert or ignore', (db) =>
    db.insertInto('person').orIgnore().values({ id: 1, first_name: 'A', age: 3, gender: 'other' }),
  ),
  program('insert ignore in other words', (db) =>
    db.insertInto('toy').ignore().values({ id: 1, name: 'A', pet_id: 1 }),
  ),
  program('insert or replace', (db) => db.insertInto('toy').orReplace().values({ id: 1, name: 'A', pet_id: 1 })),
  program('replace', (db) => db.replaceInto('toy').values({ id: 1, name: 'A', pet_id: 1 })),
  program('on conflict do nothing', (db) =>
    db
      .insertInto('toy')
      .values({ id: 1, name: 'A', pet_id: 1 })
      .onConflict((oc) => oc.column('id').doNothing()),
  ),
  program('on conflict do update', (db) =>
    db
      .insertInto('toy')
      .values({ id: 1, name: 'A', pet_id: 1 })
      .onConflict((oc) =>
        oc
          .columns(['id'])
          .doUpdateSet({ name: (eb) => eb.ref('excluded.name') })
          .where('toy.id', '>', 0),
      ),
  ),
  program('on conflict where', (db) =>
    db
      .insertInto('toy')
      .values({ id: 1, name: 'A', pet_id: 1 })
      .onConflict((oc) =>
        oc
          .column('id')
          .where('id', '>', 0)
          .doUpdateSet((eb) => ({ name: eb.ref('excluded.name'), pet_id: 2 })),
      ),
  ),
  program('insert with a cte', (db) =>
    db
      .with('p', (q) => q.selectFrom('pet').select('name').where('id', '=', 1))
      .insertInto('toy')
      .columns(['name'])
      .expression((eb) => eb.selectFrom('p' as never).select('p.name' as never)),
  ),
  program('update', (db) => db.updateTable('person').set({ age: 5, last_name: null }).where('id', '=', 1)),
  program('update leaves out undefined', (db) =>
    db
      .updateTable('person')
      .set({ age: 5, last_name: undefined as never })
      .where('id', '=', 1),
  ),
  program('update by callback', (db) =>
    db
      .updateTable('person')
      .set((eb) => ({ age: eb('age', '+', 1) }))
      .where('id', 'in', [1, 2]),
  ),
  program('update one column', (db) =>
    db
      .updateTable('person')
      .set('age', 6)
      .set('first_name', (eb) => eb.ref('last_name') as never)
      .where('id', '=', 1),
  ),
  program('update from', (db) =>
    db
      .updateTable('person')
      .from('pet')
      .set((eb) => ({ first_name: eb.ref('pet.name') }))
      .whereRef('pet.owner_id', '=', 'person.id'),
  ),
  program('update returning', (db) =>
    db.updateTable('person').set({ age: 5 }).where('id', '=', 1).returning(['id', 'age']),
  ),
  program('update with alias', (db) => db.updateTable('person as p').set({ age: 5 }).where('p.id', '=', 1)),
  program('update with a subquery', (db) =>
    db.updateTable('person').set({ age: (eb) => eb.selectFrom('pet').select((e) => e.fn.countAll<number>().as('n')) }),
  ),
  program('delete', (db) => db.deleteFrom('toy').where('id', '=', 1)),
  program('delete all', (db) => db.deleteFrom('toy')),
  program('delete returning', (db) => db.deleteFrom('toy').where('id', 'in', [1, 2]).returningAll()),
  program('delete with a cte', (db) =>
    db
      .with('p', (q) => q.selectFrom('pet').select('id').where('id', '=', 1))
      .deleteFrom('toy')
      .where('pet_id', 'in', (eb) => eb.selectFrom('p').select('p.id')),
  ),
  program('with schema', (db) => db.withSchema('main').selectFrom('person').select('person.id').orderBy('id')),
  program('with schema and join', (db) =>
    db
      .withSchema('main')
      .selectFrom('person as p')
      .innerJoin('pet', 'pet.owner_id', 'p.id')
      .select('pet.name')
      .orderBy('pet.id'),
  ),
  program('with schema in writes', (db) =>
    db.withSchema('main').updateTable('person').set({ age: 1 }).where('person.id', '=', 1),
  ),
  program('a table in a schema', (db) =>
    db
      .selectFrom('main.person' as 'person')
      .select('id')
      .orderBy('id'),
  ),
  program('json arrow', (db) => db.selectFrom('person').select((eb) => eb.ref('data', '->').key('a').as('a'))),
  program('json double arrow', (db) =>
    db
      .selectFrom('person')
      .select((eb) => eb.ref('data', '->>').key('b').key('c').as('a'))
      .orderBy('id'),
  ),
  program('json index', (db) =>
    db
      .selectFrom('person')
      .select((eb) => eb.ref('data', '->').key('l').at(0).as('a'))
      .orderBy('id'),
  ),
  program('json path', (db) =>
    db
      .selectFrom('person')
      .select((eb) => eb.ref('data', '->>$').key('l').at(0).as('a'))
      .orderBy('id'),
  ),
  program('json last', (db) =>
    db
      .selectFrom('person')
      .select((eb) => eb.ref('data', '->$').key('l').at('#-1').as('a'))
      .orderBy('id'),
  ),
  program('sql ref table id', (db, { sql }) =>
    db
      .selectFrom('person')
      .select(sql<number>`${sql.ref('person.id')} + ${sql.id('age')}`.as('x'))
      .where(sql<boolean>`${sql.table('person')}.id = ${sql.val(1)}`),
  ),
  program('sql join and lit and raw', (db, { sql }) =>
    db
      .selectFrom('person')
      .select(sql<number>`max(${sql.join([1, sql.lit(2), sql.raw('3')])})`.as('x'))
      .where('id', '=', 1),
  ),
  program('sql join by a separator', (db, { sql }) =>
    db
      .selectFrom('person')
      .select('id')
      .where(sql<boolean>`${sql.join([sql`id = ${1}`, sql`id = ${2}`], sql` or `)}`),
  ),
  program('a query in sql', (db, { sql }) =>
    db
      .selectFrom('person')
      .select('id')
      .where(sql<boolean>`id in ${db.selectFrom('pet').select('owner_id')}`),
  ),
  program('scalar', (db) =>
    db.selectFrom('person').select((eb) => eb.selectFrom('pet').select('name').limit(1).$asScalar().as('x')),
  ),
  program('like with escape by raw', (db, { sql }) =>
    db.selectFrom('person').select('id').where('first_name', 'like', sql<string>`${'J%'} escape '!'`),
  ),
  program('is distinct from', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where('age', 'is distinct from' as 'is', null),
  ),
  program('comparison of expressions', (db) =>
    db
      .selectFrom('person')
      .select((eb) => [eb('age', '>', 30).as('old'), eb.and([eb('id', '=', 1), eb('age', '>', 1)]).as('b')]),
  ),
  program('aliased by an expression', (db, { sql }) =>
    db.selectFrom(sql<{ x: number }>`(values (1), (2))`.as<'v'>(sql`v`)).select(sql<number>`column1`.as('x')),
  ),
  program('nested json arrays', (db, { sql }) =>
    db
      .selectFrom('person')
      .select((eb) => [
        'id',
        sql<string>`(select json_group_array(name) from ${eb.selectFrom('pet').select('name').whereRef('pet.owner_id', '=', 'person.id').orderBy('name').as('x')})`.as(
          'pets',
        ),
      ])
      .orderBy('id'),
  ),
]
