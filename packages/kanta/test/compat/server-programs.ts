// Programs for clauses that only some databases have; they are compared by their text.
import type { Program } from './programs.ts'

type Speech = 'postgres' | 'mysql' | 'mssql'
interface ServerProgram extends Program {
  readonly on: readonly Speech[]
}
const program = (on: readonly Speech[], name: string, build: Program['build']): ServerProgram => ({ on, name, build })
const pg = ['postgres'] as const
const my = ['mysql'] as const
const ms = ['mssql'] as const

export const serverPrograms: readonly ServerProgram[] = [
  program(pg, 'distinct on', (db) => db.selectFrom('person').distinctOn(['gender', 'person.age']).select('id')),
  program(pg, 'locks', (db) => db.selectFrom('person').select('id').forUpdate().skipLocked()),
  program(pg, 'locks of tables', (db) => db.selectFrom('person').select('id').forNoKeyUpdate('person').noWait()),
  program(pg, 'shared locks', (db) => db.selectFrom('person').select('id').forShare().forKeyShare()),
  program(my, 'locks of MySQL', (db) => db.selectFrom('person').select('id').forUpdate().forShare()),
  program(pg, 'lateral joins', (db) =>
    db
      .selectFrom('person')
      .innerJoinLateral(
        (eb) => eb.selectFrom('pet').select('pet.name').whereRef('pet.owner_id', '=', 'person.id').as('p'),
        (join) => join.onTrue(),
      )
      .leftJoinLateral(
        (eb) => eb.selectFrom('toy').select('toy.name as toy').as('t'),
        (join) => join.onTrue(),
      )
      .select(['p.name', 't.toy']),
  ),
  program(ms, 'apply', (db) =>
    db
      .selectFrom('person')
      .crossApply((eb) => eb.selectFrom('pet').select('pet.name').whereRef('pet.owner_id', '=', 'person.id').as('p'))
      .outerApply((eb) => eb.selectFrom('toy').select('toy.name as toy').as('t'))
      .select(['p.name', 't.toy']),
  ),
  program(ms, 'top', (db) => db.selectFrom('person').select('id').top(10)),
  program(ms, 'top percent with ties', (db) =>
    db.selectFrom('person').select('id').top(10, 'percent with ties').orderBy('id'),
  ),
  program([...pg, ...ms], 'fetch', (db) => db.selectFrom('person').select('id').orderBy('id').offset(5).fetch(10)),
  program(pg, 'fetch with ties', (db) => db.selectFrom('person').select('id').orderBy('id').fetch(10, 'with ties')),
  program(pg, 'ilike and distinct from', (db) =>
    db.selectFrom('person').select('id').where('first_name', 'ilike', 'a%').where('age', 'is distinct from', 3),
  ),
  program(pg, 'casts and any', (db, { sql }) =>
    db
      .selectFrom('person')
      .select('id')
      .where('id', '=', sql<number>`any(${[1, 2]})`)
      .where((eb) => eb(eb.cast<string>('age', 'varchar(3)'), '=', 'x')),
  ),
  program(pg, 'between symmetric', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .where((eb) => eb.betweenSymmetric('age', 9, 3)),
  ),
  program(pg, 'json aggregates', (db) =>
    db
      .selectFrom('person')
      .select((eb) => [eb.fn.jsonAgg('person').as('a'), eb.fn.toJson('person').as('j')])
      .groupBy('person.id'),
  ),
  program(pg, 'count all of a table', (db) => db.selectFrom('person').select((eb) => eb.fn.countAll('person').as('c'))),
  program(pg, 'within group', (db) =>
    db.selectFrom('person').select((eb) =>
      eb.fn
        .agg<number>('percentile_cont', [eb.lit(0.5)])
        .withinGroupOrderBy('age')
        .as('m'),
    ),
  ),
  program(pg, 'intersect all', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .intersectAll(db.selectFrom('pet').select('id'))
      .exceptAll(db.selectFrom('toy').select('id')),
  ),
  program(pg, 'insert in a cte', (db) =>
    db
      .with('p', (q) => q.insertInto('toy').values({ name: 'x' }).returning('id'))
      .selectFrom('p')
      .selectAll(),
  ),
  program(pg, 'on conflict on a constraint', (db) =>
    db
      .insertInto('toy')
      .values({ id: 1 })
      .onConflict((oc) => oc.constraint('toy_key').doNothing()),
  ),
  program(pg, 'on conflict on an expression', (db, { sql }) =>
    db
      .insertInto('toy')
      .values({ id: 1 })
      .onConflict((oc) => oc.expression(sql`lower(name)`).doUpdateSet({ name: 'x' })),
  ),
  program(pg, 'on conflict do nothing at all', (db) =>
    db
      .insertInto('toy')
      .values({ id: 1 })
      .onConflict((oc) => oc.doNothing()),
  ),
  program(my, 'on duplicate key', (db) =>
    db.insertInto('toy').values({ id: 1, name: 'x' }).onDuplicateKeyUpdate({ name: 'y' }),
  ),
  program(my, 'insert ignore', (db) => db.insertInto('toy').ignore().values({ id: 1, name: 'x' })),
  program(my, 'update with limit', (db) => db.updateTable('toy').set({ name: 'y' }).orderBy('id').limit(1)),
  program(my, 'delete with limit', (db) => db.deleteFrom('toy').orderBy('id').limit(1)),
  program(my, 'update of several tables', (db) =>
    db
      .updateTable(['person', 'pet'])
      .set('person.first_name', 'x')
      .set('pet.name', 'y')
      .whereRef('person.id', '=', 'pet.owner_id'),
  ),
  program(pg, 'delete using', (db) =>
    db.deleteFrom('pet').using('person').whereRef('person.id', '=', 'pet.owner_id').where('person.id', '=', 1),
  ),
  program(pg, 'delete using a join', (db) =>
    db
      .deleteFrom('pet')
      .using('person')
      .innerJoin('toy', 'toy.pet_id', 'pet.id')
      .where('person.id', '=', 1)
      .returning('pet.id'),
  ),
  program(pg, 'update from with a join', (db) =>
    db
      .updateTable('person')
      .from('pet')
      .innerJoin('toy', 'toy.pet_id', 'pet.id')
      .set((eb) => ({ first_name: eb.ref('pet.name') }))
      .whereRef('pet.owner_id', '=', 'person.id'),
  ),
  program(ms, 'output of an insert', (db) =>
    db.insertInto('person').values({ first_name: 'x', age: 3, gender: 'other' }).output('inserted.id'),
  ),
  program(ms, 'output of an update', (db) =>
    db.updateTable('person').set({ age: 3 }).output(['deleted.age as before', 'inserted.age as after']),
  ),
  program(ms, 'output of a delete', (db) => db.deleteFrom('person').output('deleted.id').where('id', '=', 1)),
  program(ms, 'output all', (db) => db.insertInto('toy').values({ name: 'x' }).outputAll('inserted')),
  program(ms, 'top of writes', (db) => db.deleteFrom('person').top(10)),
  program([...pg, ...ms], 'merge', (db) =>
    db
      .mergeInto('person')
      .using('pet', 'pet.owner_id', 'person.id')
      .whenMatched()
      .thenUpdateSet({ age: 3 })
      .whenNotMatched()
      .thenInsertValues({ first_name: 'x', age: 1, gender: 'other' }),
  ),
  program([...pg, ...ms], 'merge with conditions', (db) =>
    db
      .mergeInto('person as p')
      .using('pet as q', (on) => on.onRef('q.owner_id', '=', 'p.id').on('q.species', '=', 'cat'))
      .whenMatchedAnd('p.age', '>', 5)
      .thenDelete()
      .whenMatched()
      .thenUpdateSet((eb) => ({ first_name: eb.ref('q.name') }))
      .whenNotMatchedAndRef('q.id', '>', 'q.owner_id')
      .thenInsertValues((eb) => ({ first_name: eb.ref('q.name'), age: 1, gender: 'other' })),
  ),
  program(pg, 'merge doing nothing', (db) =>
    db
      .mergeInto('person')
      .using('pet', 'pet.owner_id', 'person.id')
      .whenMatched()
      .thenDoNothing()
      .whenNotMatched()
      .thenDoNothing(),
  ),
  program(pg, 'merge returning', (db) =>
    db.mergeInto('person').using('pet', 'pet.owner_id', 'person.id').whenMatched().thenDelete().returningAll(),
  ),
  program(ms, 'merge by source', (db) =>
    db.mergeInto('person').using('pet', 'pet.owner_id', 'person.id').whenNotMatchedBySource().thenDelete(),
  ),
  program(pg, 'operators', (db, { sql }) =>
    db
      .selectFrom('person')
      .select('id')
      .where('data', '@>', sql<never>`'{}'`)
      .where('first_name', '~*', 'x')
      .where('first_name', '!~*', 'x'),
  ),
  program(pg, 'order with nulls and collation', (db) =>
    db
      .selectFrom('person')
      .select('id')
      .orderBy('first_name', (ob) => ob.collate('C').desc().nullsFirst()),
  ),
  program(my, 'json path of MySQL', (db) =>
    db.selectFrom('person').select((eb) => eb.ref('data', '->$').key('l').at('last').as('x')),
  ),
]
