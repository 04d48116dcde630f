// What inserts, updates, deletes and merges take and return, exactly.

import type {
  DeleteResult,
  InferResult,
  Insertable,
  InsertResult,
  MergeResult,
  Updateable,
  UpdateResult,
} from '../../src/index.ts'
import { sql, values } from '../../src/index.ts'
import { type City, type Country, db, equal, type Rows } from './world.ts'

const city = { name: 'Turku', country: 'FI', population: null, capital: false, kind: 'town', tags: '[]' } as const

export async function inserts() {
  const one = await db
    .insertInto('city')
    .values(city)
    .returning(['id', 'hash', 'founded as since'])
    .executeTakeFirstOrThrow()
  equal<typeof one, { id: number; hash: string; since: Date }>(true)

  const many = await db
    .insertInto('city')
    .values([city, { ...city, id: 4, population: 5, founded: '1229' }])
    .execute()
  equal<typeof many, InsertResult[]>(true)
  const { insertId } = await db.insertInto('city').values(city).executeTakeFirst()
  equal<typeof insertId, bigint | undefined>(true)
  const query = db.insertInto('city').values(city)
  equal<InferResult<typeof query>, InsertResult>(true)

  const rows: readonly Insertable<City>[] = [city]
  db.insertInto('city').values(rows)
  db.insertInto('city').values({
    ...city,
    name: sql<string>`upper('a')`,
    population: db.selectFrom('visit').select('rating').limit(1),
  })
  db.insertInto('city').values((eb) => ({
    ...city,
    population: eb.selectFrom('visit').select((e) => e.fn.max('rating').as('m')),
  }))
  db.insertInto('city').values((eb) => [{ ...city, name: eb.val('a') }, city])
  db.insertInto('visit')
    .columns(['city_id', 'at', 'rating'])
    .expression((eb) => eb.selectFrom('city').select(['id', sql<Date>`now()`.as('at'), eb.val(1).as('r')]))
  db.insertInto('visit').expression(db.selectFrom('visit').selectAll())
  db.insertInto('visit').defaultValues().returningAll()

  const upsert = await db
    .insertInto('city')
    .values(city)
    .onConflict((conflict) =>
      conflict
        .column('name')
        .where('capital', '=', true)
        .doUpdateSet((eb) => ({ name: eb.ref('excluded.name'), population: eb('city.population', '+', 1) }))
        .where('city.kind', '=', 'town')
        .whereRef('excluded.name', '!=', 'city.name'),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
  equal<(typeof upsert)['tags'], string[]>(true)
  db.insertInto('city')
    .values(city)
    .onConflict((conflict) => conflict.columns(['name', 'country']).doNothing())
  db.insertInto('city')
    .values(city)
    .onConflict((conflict) => conflict.constraint('city_name').doUpdateSet({ population: 1 }))
  db.insertInto('city')
    .values(city)
    .onConflict((conflict) => conflict.expression(sql`lower(name)`).doNothing())
  db.insertInto('city')
    .values(city)
    .onConflict((conflict) => conflict.doNothing())
  db.insertInto('city')
    .values(city)
    .onDuplicateKeyUpdate({ population: 3 })
    .onDuplicateKeyUpdate((eb) => ({ population: eb.ref('population') }))

  db.insertInto('city')
    .ignore()
    .values(city)
    .orIgnore()
    .orAbort()
    .orFail()
    .orReplace()
    .orRollback()
    .top(3, 'percent')
    .modifyEnd(sql`x`)
  db.replaceInto('city').values(city)

  const output = await db
    .insertInto('city')
    .values(city)
    .output(['inserted.id', 'inserted.name as n'])
    .executeTakeFirstOrThrow()
  equal<typeof output, { id: number; n: string }>(true)
  const outputAll = db
    .insertInto('country')
    .values({ cca2: 'FI', name: 'Finland', area: 1, kind: 'republic' })
    .outputAll('inserted')
  equal<keyof Rows<typeof outputAll>[0], keyof Country>(true)

  const optional = await db
    .insertInto('city')
    .values(city)
    .returning('id')
    .$if(Math.random() > 0.5, (q) => q.returning(['name', 'kind']))
    .executeTakeFirst()
  equal<typeof optional, { id: number; name?: string; kind?: 'town' | 'village' } | undefined>(true)
  const cast = await db
    .insertInto('city')
    .values(city)
    .returning('id')
    .$castTo<{ id: 1 }>()
    .$call((q) => q)
    .execute()
  equal<typeof cast, { id: 1 }[]>(true)
  const cleared = await db.insertInto('city').values(city).returning('id').clearReturning().execute()
  equal<typeof cleared, InsertResult[]>(true)
}

export async function updates() {
  const counted = await db
    .updateTable('city')
    .set({ name: 'b', population: sql<number>`population + 1`, founded: '1300' })
    .where('id', '=', 1)
    .execute()
  equal<typeof counted, UpdateResult[]>(true)
  const { numUpdatedRows } = await db
    .updateTable('city')
    .set('population', null)
    .set('name', (eb) => eb.ref('country'))
    .executeTakeFirst()
  equal<typeof numUpdatedRows, bigint>(true)

  const returned = await db
    .updateTable('city as c')
    .set((eb) => ({ population: eb.ref('c.population') }))
    .where('c.id', '=', 1)
    .returning(['c.id', 'population as people'])
    .execute()
  equal<typeof returned, { id: number; people: number | null }[]>(true)

  const from = await db
    .updateTable('city')
    .from('country as c')
    .set((eb) => ({ name: eb.ref('c.name') }))
    .whereRef('c.cca2', '=', 'city.country')
    .returning(['c.area', 'city.id'])
    .execute()
  equal<typeof from, { area: number; id: number }[]>(true)
  const given = await db
    .updateTable('city')
    .from(values([{ id: 1, name: 'x' }]).as('v'))
    .set((eb) => ({ name: eb.ref('v.name') }))
    .whereRef('v.id', '=', 'city.id')
    .returningAll('v')
    .execute()
  equal<typeof given, { id: number; name: string }[]>(true)
  const joined = await db
    .updateTable('city')
    .leftJoin('country', 'country.cca2', 'city.country')
    .innerJoin('visit', (join) => join.onRef('visit.city_id', '=', 'city.id'))
    .set({ capital: true })
    .returning(['area', 'rating'])
    .execute()
  equal<typeof joined, { area: number | null; rating: number }[]>(true)
  db.updateTable('city')
    .rightJoin('country', 'cca2', 'city.country')
    .fullJoin('visit', 'city_id', 'city.id')
    .crossJoin('geo.region')
    .set({ name: 'x' })

  db.updateTable('city').set({ name: 'x' }).orderBy('id').clearOrderBy().limit(1).clearLimit().top(1).clearWhere()
  const output = await db
    .updateTable('city')
    .set({ name: 'x' })
    .output(['deleted.name as before', 'inserted.name as after'])
    .execute()
  equal<typeof output, { before: string; after: string }[]>(true)
  db.updateTable('city').set({ name: 'x' }).outputAll('deleted').clearReturning().returningAll()
  const changes: Updateable<City> = { name: 'x' }
  db.updateTable('city').set(changes)
  db.updateTable('city').set({ population: db.selectFrom('visit').select('rating').limit(1) })
  db.updateTable('city')
    .set({})
    .$if(true, (q) => q.set({ name: 'x' }))
}

export async function deletes() {
  const counted = await db.deleteFrom('visit').where('id', 'in', [1, 2]).executeTakeFirst()
  equal<typeof counted, DeleteResult>(true)
  const returned = await db
    .deleteFrom('visit as v')
    .using('city')
    .whereRef('v.city_id', '=', 'city.id')
    .where('city.kind', '=', 'town')
    .returning(['v.id', 'city.name'])
    .execute()
  equal<typeof returned, { id: number; name: string }[]>(true)
  const all = await db.deleteFrom('visit').leftJoin('city', 'city.id', 'visit.city_id').returningAll('visit').execute()
  equal<keyof (typeof all)[0], 'id' | 'city_id' | 'at' | 'note' | 'rating'>(true)
  const output = await db.deleteFrom('visit').output(['deleted.id']).execute()
  equal<typeof output, { id: number }[]>(true)
  db.deleteFrom('visit').orderBy('at', 'desc').limit(3).top(1).clearOrderBy().clearLimit().modifyFront(sql`quick`)
}

export async function merges() {
  const counted = await db
    .mergeInto('city as c')
    .using('visit as v', 'v.city_id', 'c.id')
    .whenMatchedAnd('v.rating', '<', 1)
    .thenDelete()
    .whenMatchedAndRef('c.id', '=', 'v.id')
    .thenDoNothing()
    .whenMatched()
    .thenUpdateSet((eb) => ({ name: eb.ref('v.note').$notNull(), population: 4 }))
    .whenNotMatchedAnd((eb) => eb('v.rating', '>', 4))
    .thenInsertValues((eb) => ({ ...city, name: eb.ref('v.note').$notNull() }))
    .whenNotMatched()
    .thenDoNothing()
    .whenNotMatchedBySource()
    .thenUpdate((update) => update.set({ capital: false }))
    .whenNotMatchedBySourceAnd('c.capital', '=', true)
    .thenUpdateSet('name', 'gone')
    .executeTakeFirst()
  equal<typeof counted, MergeResult>(true)

  const returned = await db
    .mergeInto('city')
    .using(values([{ id: 1, name: 'x' }]).as('v'), (join) => join.onRef('v.id', '=', 'city.id'))
    .whenMatched()
    .thenUpdateSet({ name: 'y' })
    .returning(['city.id', 'v.name as n'])
    .execute()
  equal<typeof returned, { id: number; n: string }[]>(true)
  const output = await db
    .mergeInto('city')
    .using('country', 'cca2', 'city.country')
    .whenMatched()
    .thenDelete()
    .output(['deleted.id'])
    .top(3)
    .execute()
  equal<typeof output, { id: number }[]>(true)
  db.mergeInto('city')
    .using('country', 'cca2', 'city.country')
    .whenMatched()
    .thenDelete()
    .returningAll('city')
    .$if(true, (q) => q.returning('area'))
}
