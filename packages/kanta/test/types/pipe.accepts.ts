// Pipes have the types of the calls of the same names.
import { prepare, type Slots } from '../../src/index.ts'
import {
  distinct,
  from,
  groupBy,
  having,
  innerJoin,
  leftJoin,
  limit,
  offset,
  orderBy,
  pipe,
  select,
  selectAll,
  where,
  whereRef,
} from '../../src/pipe/index.ts'
import { db, equal, type Rows } from './world.ts'

export function rows() {
  const one = pipe(
    from(db, 'city'),
    where('population', '>', 5),
    where((eb) => eb.or([eb('name', '=', 'x'), eb('capital', '=', true)])),
    select(['id', 'name as title', (eb) => eb.fn.countAll<number>().as('n')]),
    orderBy('title', 'desc'),
    distinct(),
    limit(10),
    offset(5),
  )
  equal<Rows<typeof one>, { id: number; title: string; n: number }[]>(true)
  const fluent = db
    .selectFrom('city')
    .where('population', '>', 5)
    .select(['id', 'name as title', (eb) => eb.fn.countAll<number>().as('n')])
  equal<typeof one, typeof fluent>(true)
  const all = pipe(from(db, 'country'), selectAll())
  const fluentAll = db.selectFrom('country').selectAll()
  equal<typeof all, typeof fluentAll>(true)
  const grouped = pipe(
    from(db, 'city'),
    select('country'),
    groupBy('country'),
    having((eb) => eb(eb.fn.countAll<number>(), '>', 3)),
  )
  equal<Rows<typeof grouped>, { country: string }[]>(true)
  return [one, all, grouped]
}

export function joins() {
  const inner = pipe(
    from(db, 'city as c'),
    innerJoin('country as land', 'land.cca2', 'c.country'),
    whereRef('c.name', '=', 'land.name'),
    select(['c.id', 'land.area']),
  )
  equal<Rows<typeof inner>, { id: number; area: number }[]>(true)
  const left = pipe(
    from(db, 'city'),
    leftJoin('visit', (join) => join.onRef('visit.city_id', '=', 'city.id').on('rating', '>', 3)),
    select(['city.name', 'visit.rating']),
  )
  equal<Rows<typeof left>, { name: string; rating: number | null }[]>(true)
  const fluent = db
    .selectFrom('city')
    .leftJoin('visit', (join) => join.onRef('visit.city_id', '=', 'city.id').on('rating', '>', 3))
    .select(['city.name', 'visit.rating'])
  equal<typeof left, typeof fluent>(true)
  const best = pipe(from(db, 'visit'), select(['city_id', 'rating']), where('rating', '=', 5)).as('best')
  const sub = pipe(from(db, 'city'), innerJoin(best, 'best.city_id', 'city.id'), select(['name', 'best.rating']))
  equal<Rows<typeof sub>, { name: string; rating: number }[]>(true)
  return [inner, left, sub]
}

export function used() {
  const prepared = prepare(db, (slot: Slots<{ country: string }>) =>
    pipe(from(db, 'city'), select('name'), where('country', '=', slot('country'))),
  )
  equal<Awaited<ReturnType<typeof prepared.execute>>, { name: string }[]>(true)
  const deleted = pipe(db.deleteFrom('city'), where('id', '=', 7))
  return [prepared, deleted.execute()]
}
