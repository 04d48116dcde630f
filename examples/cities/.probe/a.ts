import { kanta, table, sql } from 'kanta'
import { sqlite } from 'kanta/sqlite'
const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text(), country: c.text(), population: c.integer().nullable(), meta: c.json<Record<string, { name: string }>>() }))
const db = kanta({ driver: sqlite(':memory:'), schema: { city } })

// 1 an expression on the left of eb()
db.selectFrom('city').select('name').groupBy('name').having((eb) => eb(eb.fn.countAll(), '>=', 10))
db.selectFrom('city').select('name').groupBy('name').having((eb) => eb(eb.fn.count('country').distinct(), '>=', 10))
db.selectFrom('city').select('name').where((eb) => eb(eb.ref('meta', '->').key('EUR'), 'is not', null))
db.selectFrom('city').select('name').where((eb) => eb(sql<number>`1`, '=', 1))
// 2 a subquery by callback with an inner callback select
db.selectFrom((eb) => eb.selectFrom('city').select((eb) => ['name', eb.fn.countAll().as('n')]).as('r')).select('n')
db.selectFrom((eb) => eb.selectFrom('city').select(['name', 'country']).as('r')).select('country')
db.selectFrom((eb) => eb.selectFrom('city').select(['name', 'country']).where('name', '=', 'x').as('r')).select('country')
// 4 a nullable scalar subquery in unionAll of a recursive cte whose columns are declared
db.withRecursive('chain(id, n)', (db) =>
  db.selectFrom('city').select(['id', 'name']).unionAll(
    db.selectFrom('chain').select((eb) => [eb.selectFrom('city').select('city.id').limit(1).as('id'), 'chain.n as name'])))
// 3 comparing the alias of an expression from a callback-subquery / cte (follows from 2)
db.with('r', (db) => db.selectFrom('city').select((eb) => ['name', eb.fn.countAll().as('n')])).selectFrom('r').select('n').where('n', '<=', 2)
db.selectFrom(db.selectFrom('city').select((eb) => ['name', eb.fn.countAll().as('n')]).as('r')).select('n').where('n', '<=', 2)
