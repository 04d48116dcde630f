// Expressions, conditions and functions, and what they give.

import type { Expression, ExpressionBuilder } from '../../src/index.ts'
import { jsonArrayFrom, jsonBuildObject, jsonObjectFrom, sql } from '../../src/index.ts'
import { db, equal, type Tables } from './world.ts'

/** The type that an expression stands for. */
type Of<E> = E extends Expression<infer T> ? T : never

export function conditions() {
  const cities = db.selectFrom('city').select('id')
  cities
    .where('population', '>', 1)
    .where('city.name', 'in', ['a', 'b'])
    .where('name', 'not in', [sql<string>`x`, 'b'])
    .where('population', 'is', null)
    .where('capital', 'is not', true)
    .where('population', 'is distinct from', null)
    .where('kind', '=', 'town')
    .where('name', 'like', 'a%')
    .where('tags', '@>', ['x'])
    .where('founded', '>', new Date())
    .where('id', '=', sql<number>`1`)
    .where(sql<string>`lower(name)`, '=', 'x')
    .where('id', sql`=`, 1)
    .where('id', 'in', db.selectFrom('visit').select('city_id'))
    .where('name', 'in', db.selectFrom('visit').select('note'))
    .where('id', '=', (eb) => eb.ref('population'))
    .where('id', 'in', ({ selectFrom }) =>
      selectFrom('visit').select('city_id').whereRef('visit.note', '=', 'city.name'),
    )
    .having('id', '>', (eb) => eb.fn.max('population'))
    .where('id', '=', db.selectFrom('visit').select('city_id').limit(1))
    .where(sql<boolean>`x`)
    .where((eb) => eb.lit(true))
    .where(({ eb, or, and, not, exists, selectFrom, between }) =>
      or([
        eb('id', '=', 1),
        and([
          not(exists(selectFrom('visit').select('visit.id').whereRef('visit.city_id', '=', 'city.id'))),
          between('id', 1, 3),
        ]),
      ]),
    )
    .whereRef('city.name', '!=', 'country')
    .where((eb) => eb.and({ name: 'x', 'city.kind': 'town', population: null, id: [1, 2] }))
    .where((eb) =>
      eb
        .or({ name: 'x' })
        .and('id', '=', 1)
        .or(eb('id', '=', 2)),
    )
    .where((eb) => eb('id', '=', 1).or('name', '=', 'x').and(sql<boolean>`y`))
    .where((eb) =>
      eb
        .betweenSymmetric('population', 3, 1)
        .and(eb.parens(eb('id', '=', 1)))
        .and(eb.parens('id', '=', 2)),
    )
    .where((eb) => eb(eb.refTuple('id', 'name'), 'in', [eb.tuple(1, 'a'), eb.tuple(2, 'b')]))
    .where((eb) => eb('id', '=', eb.fn.any(eb.val([1, 2]))))
    .where((eb) => eb.not(eb('id', '=', 1)))
    .where((eb) => eb('population', 'is distinct from', eb.ref('id')))
    .where((eb) => eb(eb('population', '*', 2), '>', 3))
}

export async function expressions() {
  await db
    .selectFrom('city')
    .select((eb) => {
      const sum = eb('population', '+', 1)
      equal<Of<typeof sum>, number | null>(true)
      const next = eb('id', '+', 1)
      equal<Of<typeof next>, number>(true)
      const joined = eb('name', '||', 'x')
      equal<Of<typeof joined>, string>(true)
      const negative = eb.neg(eb.ref('id'))
      equal<Of<typeof negative>, number>(true)
      const text = eb.cast<string>('id', 'text')
      equal<Of<typeof text>, string>(true)
      const unary = eb.unary<number>('-', eb.ref('id'))
      equal<Of<typeof unary>, number>(true)
      const pair = eb.tuple(1, 'a', eb.ref('kind'))
      equal<Of<typeof pair>, [number, string, 'town' | 'village']>(true)
      const refs = eb.refTuple('id', 'city.name')
      equal<Of<typeof refs>, [number, string]>(true)
      const literal = eb.lit('x')
      equal<Of<typeof literal>, 'x'>(true)
      const table = eb.table('city')
      equal<Of<typeof table>['founded'], Date>(true)
      const known = eb.ref('population').$notNull()
      equal<Of<typeof known>, number>(true)
      const cast = eb.ref('population').$castTo<string>()
      equal<Of<typeof cast>, string>(true)
      return [sum.as('sum')]
    })
    .execute()
}

export async function functions() {
  const rows = await db
    .selectFrom('city')
    .leftJoin('visit', 'visit.city_id', 'city.id')
    .select((eb) => [
      eb.fn<string>('upper', ['name']).as('upper'),
      eb.fn.count('city.id').distinct().as('count'),
      eb.fn.count<bigint>('id').as('big'),
      eb.fn.countAll().as('all'),
      eb.fn.countAll('city').as('cities'),
      eb.fn.sum('rating').as('sum'),
      eb.fn.avg<string>('rating').as('avg'),
      eb.fn.max('rating').as('max'),
      eb.fn.min('founded').as('min'),
      eb.fn.min<string>('founded').as('text'),
      eb.fn.max(eb.ref('kind')).as('kind'),
      eb.fn.coalesce('population', 'rating', eb.val(0)).as('some'),
      eb.fn.coalesce('population', 'rating').as('maybe'),
      eb.fn
        .agg<string[]>('array_agg', ['name'])
        .orderBy('name', 'desc')
        .clearOrderBy()
        .withinGroupOrderBy('id')
        .as('names'),
      eb.fn
        .count('id')
        .filterWhere('kind', '=', 'town')
        .filterWhere((e) => e('id', '>', 1))
        .filterWhereRef('name', '=', 'country')
        .as('towns'),
      eb.fn.jsonAgg('visit').as('visits'),
      eb.fn.jsonAgg(eb.ref('name')).as('list'),
      eb.fn.toJson('visit').as('visit'),
      eb.fn
        .sum('rating')
        .over()
        .$castTo<bigint>()
        .$call((f) => f)
        .as('called'),
    ])
    .executeTakeFirstOrThrow()
  equal<
    Omit<typeof rows, 'visits' | 'visit'>,
    {
      upper: string
      count: number
      big: bigint
      all: number
      cities: number
      sum: number | null
      avg: string
      max: number | null
      min: Date | null
      text: string
      kind: 'town' | 'village' | null
      some: number
      maybe: number | null
      names: string[]
      towns: number
      list: string[] | null
      called: bigint
    }
  >(true)
  type Visit = { id: number; city_id: number; at: Date; note: string | null; rating: number }
  equal<typeof rows.visits, (Visit | null)[] | null>(true)
  equal<typeof rows.visit, Visit | null>(true)

  const free = await db.selectFrom('city').select(db.fn.count<number>('id').as('n')).executeTakeFirstOrThrow()
  equal<typeof free, { n: number }>(true)
}

export async function cases() {
  const rows = await db
    .selectFrom('city')
    .select((eb) => [
      eb
        .case()
        .when('population', '>', 18)
        .then('large')
        .when(eb('id', '=', 1))
        .then('first')
        .else('small')
        .end()
        .as('size'),
      eb.case().whenRef('name', '=', 'country').thenRef('population').else(0).end().as('people'),
      eb.case().when('id', '=', 1).then(1).end().as('maybe'),
      eb.case('kind').when('town').then(1).when('village').then(2).elseRef('id').endCase().as('rank'),
    ])
    .executeTakeFirstOrThrow()
  equal<typeof rows, { size: 'large' | 'first' | 'small'; people: number | null; maybe: 1 | null; rank: number }>(true)
  const free = db.case().when(sql<boolean>`x`).then('y').end()
  equal<Of<typeof free>, 'y' | null>(true)
}

export async function json() {
  const rows = await db
    .selectFrom('country')
    .select((eb) => [
      eb.ref('meta', '->').key('capital').key('id').as('capital'),
      eb.ref('meta', '->>$').key('capital').key('streets').at(0).as('street'),
      eb.ref('country.meta', '->$').key('capital').key('streets').at('last').$notNull().as('last'),
      eb.ref('meta', '->').key('motto').as('motto'),
      jsonArrayFrom(
        eb.selectFrom('city').select(['city.name', 'city.founded']).whereRef('city.country', '=', 'country.cca2'),
      ).as('cities'),
      jsonObjectFrom(eb.selectFrom('visit').selectAll('visit')).as('visit'),
      jsonBuildObject({ name: eb.ref('name'), n: eb.val(1) }).as('object'),
    ])
    .executeTakeFirstOrThrow()
  equal<
    Omit<typeof rows, 'visit'>,
    {
      capital: number | null
      street: string | null
      last: string
      motto: string | null
      cities: { name: string; founded: Date }[]
      object: { name: string; n: number }
    }
  >(true)
  equal<typeof rows.visit, { id: number; city_id: number; at: Date; note: string | null; rating: number } | null>(true)
  db.selectFrom('country').select((eb) =>
    eb.fn<object>('json_set', ['meta', eb.jsonPath<'meta'>().key('motto'), eb.val('x')]).as('set'),
  )
}

// A helper over one table can be used where there are more.
const isLarge = (eb: ExpressionBuilder<Tables, 'city'>) => eb('city.population', '>', 1_000_000)
const nearby = ({ or, eb }: ExpressionBuilder<Tables, 'city' | 'country'>) =>
  or([eb('country.area', '<', 1), eb('city.capital', '=', true)])
export function helpers() {
  db.selectFrom('city').selectAll().where(isLarge)
  db.selectFrom('city')
    .innerJoin('country', 'cca2', 'country')
    .selectAll()
    .where(isLarge)
    .where((eb) => eb.and([isLarge(eb), nearby(eb)]))
  const condition: Expression<boolean> = sql<boolean>`x`
  db.selectFrom('city').selectAll().where(condition)
}

export async function raw() {
  const { rows } = await sql<{
    n: number
  }>`select ${1} as n from ${sql.table('city')} where ${sql.ref('city.id')} = ${sql.val(3)}`.execute(db)
  equal<typeof rows, { n: number }[]>(true)
  sql`${sql.id('geo', 'region')} ${sql.lit('x')} ${sql.raw('desc')} ${sql.join([1, 2], sql` and `)}`.compile(db)
}
