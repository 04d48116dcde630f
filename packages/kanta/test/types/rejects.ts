// What must not compile. Each line marked is one mistake.
import { sql, values, prepare, table } from '../../src/index.ts'
import type { DatabaseOf, Slots } from '../../src/index.ts'
import { db, person, pet } from './world.ts'
import type * as schema from './world.ts'

declare const sdb: DatabaseOf<typeof schema>
declare const some: string
const country = { cca2: 'FI', name: 'Finland', area: 1, kind: 'republic' } as const

export function tables() {
  // @ts-expect-error an unknown table
  db.selectFrom('citi')
  // @ts-expect-error an unknown table with an alias
  db.selectFrom('citi as c')
  // @ts-expect-error a table that is not of this database
  db.selectFrom(person)
  // @ts-expect-error an unknown table
  db.insertInto('citi')
  // @ts-expect-error an unknown table
  db.updateTable('citi')
  // @ts-expect-error an unknown table
  db.deleteFrom('citi')
  // @ts-expect-error an unknown table
  db.mergeInto('citi')
  // @ts-expect-error an unknown table
  db.selectFrom('city').innerJoin('visits', 'visits.city_id', 'city.id')
  // @ts-expect-error an unknown table
  db.selectFrom('city').crossJoin('visits')
  // @ts-expect-error an unknown table
  db.updateTable('city').from('visits')
  // @ts-expect-error an unknown table
  db.deleteFrom('city').using('visits')
  // @ts-expect-error an unknown table in a subquery
  db.selectFrom('city').where((eb) => eb.exists(eb.selectFrom('visits').select('id')))
  // @ts-expect-error an unknown common table expression
  db.with('a', (q) => q.selectFrom('city').select('id')).selectFrom('b')
  // @ts-expect-error a string that is not known
  db.selectFrom(some)
  // @ts-expect-error an unknown table in a list
  db.selectFrom(['city', 'visits'])
  // @ts-expect-error the alias hides the name in a list
  db.selectFrom(['city', 'visit as v']).select('visit.note')
  // @ts-expect-error the wrong type in an update of several tables
  db.updateTable(['city', 'visit']).set({ 'city.name': 1 })
}

export function columns() {
  // @ts-expect-error an unknown column
  db.selectFrom('city').select('nam')
  // @ts-expect-error an unknown column in a list
  db.selectFrom('city').select(['id', 'nam'])
  // @ts-expect-error an unknown column with an alias
  db.selectFrom('city').select(['id', 'nam as n'])
  // @ts-expect-error an unknown column in a callback
  db.selectFrom('city').select((eb) => ['nam', eb.val(1).as('one')])
  // @ts-expect-error a table that is not joined
  db.selectFrom('city').select('country.name')
  // @ts-expect-error a table that is not joined
  db.selectFrom('city').select(['country.name as n'])
  // @ts-expect-error the alias hides the name
  db.selectFrom('city as c').select('city.id')
  // @ts-expect-error an unknown alias
  db.selectFrom('city as c').where('d.id', '=', 1)
  // @ts-expect-error a column of another table
  sdb.selectFrom(person).select([person.id, pet.name])
  // @ts-expect-error a column of another table
  sdb.selectFrom(person).where(pet.name, '=', 'x')
  // @ts-expect-error a column of the table under another name
  sdb.selectFrom(person.as('p')).select(person.id)
  // @ts-expect-error no such property
  sdb.selectFrom(person).select(person.nam)
  // @ts-expect-error an expression without a name
  db.selectFrom('city').select((eb) => eb.fn.count('id'))
  // @ts-expect-error an expression without a name in a list
  db.selectFrom('city').select([(eb) => eb.fn.count('id')])
  // @ts-expect-error an expression without a name
  db.selectFrom('city').select([sql<number>`1`])
  // @ts-expect-error a string that is not known
  db.selectFrom('city').select(some)
  // @ts-expect-error strings that are not known
  db.selectFrom('city').select([some])
  // @ts-expect-error a string that is not known
  db.selectFrom('city').where(some, '=', 1)
  // @ts-expect-error a string that is not known
  db.selectFrom('city').groupBy(some)
  // @ts-expect-error a string that is not known
  db.selectFrom('city').orderBy(some)
  // @ts-expect-error an unknown table
  db.selectFrom('city').selectAll('country')
  // @ts-expect-error an unknown column of a subquery
  db.selectFrom(db.selectFrom('city').select('id').as('s')).select('s.name')
  // @ts-expect-error an unknown column of a common table expression
  db.with('a', (q) => q.selectFrom('city').select('id')).selectFrom('a').select('a.name')
  // @ts-expect-error an unknown column of given rows
  db.selectFrom(values([{ id: 1 }]).as('v')).select('v.name')
  // @ts-expect-error an unknown column
  db.selectFrom('city').groupBy('nam')
  // @ts-expect-error an unknown column in a list
  db.selectFrom('city').groupBy(['name', 'nam'])
  // @ts-expect-error an unknown column
  db.selectFrom('city').select('name').orderBy('nam')
  // @ts-expect-error an unknown column
  db.selectFrom('city').distinctOn('nam')
  // @ts-expect-error an unknown column
  db.selectFrom('city').select((eb) => eb.fn.max('nam').as('m'))
  // @ts-expect-error an unknown column
  db.selectFrom('city').select((eb) => eb.fn.count('nam').as('m'))
  // @ts-expect-error an unknown column
  db.selectFrom('city').select((eb) => eb.fn.coalesce('nam', 'name').as('m'))
  // @ts-expect-error an unknown column
  db.selectFrom('city').select((eb) => eb.ref('nam').as('m'))
  // @ts-expect-error an unknown column in a window
  db.selectFrom('city').select((eb) => eb.fn.max('id').over((w) => w.partitionBy('nam')).as('m'))
  // @ts-expect-error an unknown column to group by
  db.selectFrom('city').groupBy((eb) => eb.rollup(['nam']))
  // @ts-expect-error an unknown table to lock
  db.selectFrom('city').forUpdate('country')
  // @ts-expect-error an unknown key of the document
  db.selectFrom('country').select((eb) => eb.ref('meta', '->').key('capitol').as('c'))
  // @ts-expect-error an unknown column for $asTuple
  db.selectFrom('city').select('id').$asTuple('name')
}

export function conditions() {
  // @ts-expect-error an unknown column
  db.selectFrom('city').where('nam', '=', 'x')
  // @ts-expect-error an unknown operator
  db.selectFrom('city').where('id', '=>', 1)
  // @ts-expect-error the wrong type
  db.selectFrom('city').where('id', '=', 'x')
  // @ts-expect-error the wrong type in a list
  db.selectFrom('city').where('id', 'in', ['x'])
  // @ts-expect-error one value where a list belongs
  db.selectFrom('city').where('id', 'in', 1)
  // @ts-expect-error a list where one value belongs
  db.selectFrom('city').where('id', '=', [1])
  // @ts-expect-error equal to null is never true
  db.selectFrom('city').where('population', '=', null)
  // @ts-expect-error nor is a null in a list
  db.selectFrom('city').where('population', 'in', [null])
  // @ts-expect-error nothing is given
  db.selectFrom('city').where('population', '=', undefined)
  // @ts-expect-error is takes null or a boolean
  db.selectFrom('city').where('population', 'is', 1)
  // @ts-expect-error like takes text
  db.selectFrom('city').where('name', 'like', 1)
  // @ts-expect-error not one of the strings
  db.selectFrom('city').where('kind', '=', 'hamlet')
  // @ts-expect-error not one of the strings
  sdb.selectFrom(person).where(person.color, '=', 'blue')
  // @ts-expect-error the wrong type
  sdb.selectFrom(person).where(person.created, '>', '2000-01-01')
  // @ts-expect-error the wrong type of a branded key
  sdb.selectFrom(pet).where(pet.id, '=', 1)
  // @ts-expect-error a subquery of the wrong type
  db.selectFrom('city').where('id', 'in', db.selectFrom('country').select('name'))
  // @ts-expect-error a callback of the wrong type
  db.selectFrom('city').where('id', '=', (eb) => eb.ref('name'))
  // @ts-expect-error a callback that gives a query of the wrong type
  db.selectFrom('city').where('id', 'in', (eb) => eb.selectFrom('visit').select('note'))
  // @ts-expect-error an expression of the wrong type
  db.selectFrom('city').where('id', '=', sql<string>`x`)
  // @ts-expect-error the wrong type to the right of an expression
  db.selectFrom('city').where(sql<string>`x`, '=', 1)
  // @ts-expect-error an unknown column
  db.selectFrom('city').where((eb) => eb('nam', '=', 'x'))
  // @ts-expect-error the wrong type
  db.selectFrom('city').where((eb) => eb.or([eb('id', '=', 'x')]))
  // @ts-expect-error an unknown operator
  db.selectFrom('city').where((eb) => eb('id', '=>', 1))
  // @ts-expect-error the wrong type in an object
  db.selectFrom('city').where((eb) => eb.and({ id: 'x' }))
  // @ts-expect-error an unknown column in an object
  db.selectFrom('city').where((eb) => eb.and({ nam: 'x' }))
  // @ts-expect-error the wrong type added to a condition
  db.selectFrom('city').where((eb) => eb('id', '=', 1).or('name', '=', 2))
  // @ts-expect-error the wrong type of a bound
  db.selectFrom('city').where((eb) => eb.between('id', 1, 'x'))
  // @ts-expect-error a number is no condition
  db.selectFrom('city').where((eb) => eb.ref('id'))
  // @ts-expect-error nor is a computation
  db.selectFrom('city').where((eb) => eb('id', '+', 1))
  // @ts-expect-error the wrong type
  db.selectFrom('city').select((eb) => eb.case().when('id', '=', 'x').then(1).end().as('c'))
  // @ts-expect-error the wrong type of case
  db.selectFrom('city').select((eb) => eb.case('kind').when('hamlet').then(1).end().as('c'))
  // @ts-expect-error an unknown column
  db.selectFrom('city').whereRef('name', '=', 'country.name')
  // @ts-expect-error an unknown column
  db.selectFrom('city').having('nam', '=', 'x')
  // @ts-expect-error an unknown key
  db.selectFrom('city').innerJoin('visit', 'visit.city', 'city.id')
  // @ts-expect-error an unknown key
  db.selectFrom('city').innerJoin('visit', 'visit.city_id', 'city.ids')
  // @ts-expect-error an unknown key
  db.selectFrom('city').innerJoin('visit', (join) => join.onRef('visit.city', '=', 'city.id'))
  // @ts-expect-error the wrong type
  db.selectFrom('city').innerJoin('visit', (join) => join.on('visit.rating', '=', 'x'))
  // @ts-expect-error a direction that is none
  db.selectFrom('city').orderBy('name', 'down')
  // @ts-expect-error text is no number of rows
  db.selectFrom('city').limit('1')
  // @ts-expect-error an edge that is none
  db.selectFrom('city').select((eb) => eb.fn.max('id').over((w) => w.rows('first row')).as('m'))
  // @ts-expect-error other columns
  db.selectFrom('city').select('id').union(db.selectFrom('country').select('name'))
}

export async function writes() {
  // @ts-expect-error a missing column
  db.insertInto('country').values({ cca2: 'FI', name: 'Finland', area: 1 })
  // @ts-expect-error a missing column in one of the rows
  db.insertInto('country').values([country, { cca2: 'FI' }])
  // @ts-expect-error the wrong type
  db.insertInto('country').values({ ...country, area: 'large' })
  // @ts-expect-error not one of the strings
  db.insertInto('country').values({ ...country, kind: 'empire' })
  // @ts-expect-error an unknown column
  db.insertInto('country').values({ ...country, size: 1 })
  // @ts-expect-error a missing column in what a callback gives
  db.insertInto('country').values((eb) => ({ cca2: eb.val('FI') }))
  // @ts-expect-error only the database writes this column
  db.insertInto('city').values({ name: 'x', country: 'FI', capital: true, kind: 'town', tags: '[]', hash: 'h' })
  // @ts-expect-error what is inserted differs from what is selected
  db.insertInto('city').values({ name: 'x', country: 'FI', capital: true, kind: 'town', tags: ['a'] })
  // @ts-expect-error a missing column of a table value
  sdb.insertInto(pet).values({ name: 'x', owner_id: 1 })
  // @ts-expect-error only the database writes this column
  sdb.updateTable(person).set({ label: 'x' })
  // @ts-expect-error without rows there is nothing to run
  db.insertInto('city').execute()
  // @ts-expect-error an unknown column
  db.insertInto('city').columns(['nam'])
  // @ts-expect-error an unknown column
  db.insertInto('country').values(country).returning(['nam'])
  // @ts-expect-error an unknown column
  db.insertInto('country').values(country).onConflict((conflict) => conflict.column('nam').doNothing())
  // @ts-expect-error the wrong type
  db.insertInto('country').values(country).onConflict((conflict) => conflict.column('cca2').doUpdateSet({ name: 1 }))
  // @ts-expect-error not said what to do
  db.insertInto('country').values(country).onConflict((conflict) => conflict.column('cca2'))
  // @ts-expect-error the wrong type
  db.insertInto('country').values(country).onDuplicateKeyUpdate({ name: 1 })
  // @ts-expect-error only of inserted rows
  db.insertInto('country').values(country).output('cca2')
  // @ts-expect-error the wrong type
  db.updateTable('city').set({ name: 1 })
  // @ts-expect-error an unknown column
  db.updateTable('city').set({ nam: 'x' })
  // @ts-expect-error the wrong type
  db.updateTable('city').set('name', 1)
  // @ts-expect-error an unknown column
  db.updateTable('city').set('nam', 'x')
  // @ts-expect-error what is updated differs from what is selected
  db.updateTable('city').set({ founded: new Date() })
  // @ts-expect-error the wrong type from a callback
  db.updateTable('city').set((eb) => ({ name: eb.ref('id') }))
  // @ts-expect-error an unknown column
  db.updateTable('city').set({ name: 'x' }).where('nam', '=', 'x')
  // @ts-expect-error an unknown column
  db.deleteFrom('city').returning('nam')
  // @ts-expect-error the wrong type
  db.mergeInto('city').using('visit', 'city_id', 'city.id').whenMatched().thenUpdateSet({ name: 1 })
  // @ts-expect-error a missing column
  db.mergeInto('country').using('city', 'city.country', 'cca2').whenNotMatched().thenInsertValues({ cca2: 'FI' })
  // @ts-expect-error only columns of the source
  db.mergeInto('country').using('city', 'city.country', 'cca2').whenNotMatched().thenInsertValues((eb) => ({ ...country, name: eb.ref('country.name') }))
  // @ts-expect-error rows that match are not inserted
  db.mergeInto('country').using('city', 'city.country', 'cca2').whenMatched().thenInsertValues(country)
}

export async function results() {
  const city = await db.selectFrom('city').select('id').executeTakeFirstOrThrow()
  // @ts-expect-error not selected
  city.name
  const first = await db.selectFrom('city').select('id').executeTakeFirst()
  // @ts-expect-error there may be none
  first.id
  // @ts-expect-error not the type of the row
  ;(await db.selectFrom('city').select('id').$assertType<{ id: number; name: string }>().execute()) satisfies { id: number }[]
  // @ts-expect-error no such option
  await db.selectFrom('city').select('id').execute({ signals: 1 })

  prepare(db, (slot: Slots<{ id: number; name: string }>) => {
    // @ts-expect-error a place has no value to compare
    if (slot('id') > 3) return db.selectFrom('city').select('id')
    // @ts-expect-error no such place
    slot('ids')
    // @ts-expect-error the wrong type
    return db.selectFrom('city').select('id').where('id', '=', slot('name'))
  })
  const query = prepare(db, (slot: Slots<{ id: number }>) => db.selectFrom('city').select('id').where('id', '=', slot('id')))
  // @ts-expect-error a missing value
  await query.execute({})
  // @ts-expect-error the wrong type
  await query.execute({ id: 'x' })

  const trx = await db.startTransaction().execute()
  const one = await trx.savepoint('a').execute()
  // @ts-expect-error the name is taken
  one.savepoint('a')
  // @ts-expect-error no such savepoint
  one.rollbackToSavepoint('b')
  // @ts-expect-error no such level
  db.transaction().setIsolationLevel('very high')
  // @ts-expect-error only in a transaction
  db.afterCommit(() => {})
  // @ts-expect-error not a table
  db.schema.createTable('city')
}

export function operands() {
  // @ts-expect-error a number added to text
  db.selectFrom('city').select((eb) => eb('name', '+', 1).as('x'))
  // @ts-expect-error text added to a number
  db.selectFrom('city').select((eb) => eb('id', '+', 'x').as('x'))
  // @ts-expect-error the sum may be null, the column may not
  db.updateTable('city').leftJoin('visit', 'visit.city_id', 'city.id').set((eb) => ({ population: 1, name: eb('visit.note', '||', 'x') }))
  // @ts-expect-error a query of two columns
  db.selectFrom('city').select('id').where('id', 'in', db.selectFrom('visit').select(['city_id', 'rating']))
  // @ts-expect-error a query of two columns to compare with
  db.selectFrom('city').select('id').where('id', '=', (eb) => eb.selectFrom('visit').select(['city_id', 'rating']))
  // @ts-expect-error a query of two columns for one value
  db.updateTable('city').set({ population: db.selectFrom('visit').select(['rating', 'city_id']) })
  // @ts-expect-error a query of all columns
  db.selectFrom('city').select('id').where('id', 'in', db.selectFrom('visit').selectAll())
  // @ts-expect-error a write that returns does not stand for a value
  db.selectFrom('city').select('id').where('id', 'in', db.deleteFrom('visit').returning('city_id'))
}

export function columnsOfOthers() {
  // @ts-expect-error a column of another table
  sdb.updateTable(pet).set(person.id, 99)
  // @ts-expect-error a column of the table under another name
  sdb.updateTable(pet.as('p')).set(pet.name, 'x')
  // @ts-expect-error a column of another table
  sdb.insertInto(pet).columns([person.name]).expression(sdb.selectFrom(pet).select(pet.name))
  // @ts-expect-error a column of another table
  sdb.insertInto(pet).columns(['id']).expression(sdb.selectFrom(pet).select('id')).onConflict((o) => o.column(person.id).doNothing())
  // @ts-expect-error a column of another table
  sdb.insertInto(pet).columns(['id']).expression(sdb.selectFrom(pet).select('id')).onConflict((o) => o.columns([person.id]).doNothing())
}

export function callbacks() {
  // @ts-expect-error an unknown column
  db.updateTable('visit').set({ note: (eb) => eb.ref('nope') })
  // @ts-expect-error the wrong type
  db.updateTable('visit').set({ rating: (eb) => eb.ref('note') })
  // @ts-expect-error only the database writes this column
  sdb.updateTable('person').set({ label: (eb) => eb.val('x') })
  // @ts-expect-error the wrong type
  db.insertInto('visit').values({ city_id: (eb) => eb.val('x'), at: new Date(), rating: 1 })
  // @ts-expect-error the wrong type in what conflicts set
  db.insertInto('visit').values({ city_id: 1, at: new Date(), rating: 1 }).onConflict((o) => o.column('id').doUpdateSet({ rating: (eb) => eb.ref('excluded.note') }))
}

export function unions() {
  // @ts-expect-error a column more
  db.selectFrom('visit').select('id').union(db.selectFrom('visit').select(['id', 'note']))
  // @ts-expect-error a column less
  db.selectFrom('visit').select(['id', 'note']).unionAll(db.selectFrom('visit').select('id'))
  // @ts-expect-error all columns
  db.selectFrom('visit').select('id').except((eb) => eb.selectFrom('visit').selectAll())
}

export function commonTables() {
  // @ts-expect-error a write that returns nothing has no columns
  db.with('gone', (q) => q.deleteFrom('visit')).selectFrom('gone').select('numDeletedRows')
}

export function documents() {
  const note = table('note', (c) => ({ id: c.integer().primaryKey(), doc: c.json<any>(), unknown: c.json() }))
  const notes: DatabaseOf<{ note: typeof note }> = sdb as never
  // @ts-expect-error a document that may not be null
  notes.insertInto('note').values({ id: 1, doc: 1 })
  // @ts-expect-error a document that may not be null
  notes.insertInto('note').values({ id: 1, unknown: 1 })
}
