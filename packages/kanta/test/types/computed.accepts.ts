// Types of computed values say what SQL gives: null where an operand is null, where a table is left out by an outer join,
// where an aggregate or a query has no rows; strings for decimals, bigints for bigints.

import type { DatabaseOf, Expression, SqlBool } from '../../src/index.ts'
import { jsonBuildObject, sql, table } from '../../src/index.ts'
import type * as schema from './world.ts'
import { db, equal, person, pet, type Rows } from './world.ts'

declare const sdb: DatabaseOf<typeof schema>
type Of<E> = E extends Expression<infer T> ? T : never

export function arithmetic() {
  db.selectFrom('city')
    .leftJoin('visit as v', 'v.city_id', 'city.id')
    .select((eb) => {
      const left = eb('v.rating', '+', 1)
      equal<Of<typeof left>, number | null>(true)
      const unqualified = eb('rating', '+', 1)
      equal<Of<typeof unqualified>, number | null>(true)
      const right = eb('city.id', '-', eb.ref('v.rating'))
      equal<Of<typeof right>, number | null>(true)
      const nested = eb(eb('city.id', '*', 2), '+', eb('population', '*', 2))
      equal<Of<typeof nested>, number | null>(true)
      const whole = eb(eb('city.id', '*', 2), '+', 1)
      equal<Of<typeof whole>, number>(true)
      const text = eb('v.note', '||', '!')
      equal<Of<typeof text>, string | null>(true)
      const both = eb('city.name', '||', eb.ref('v.note'))
      equal<Of<typeof both>, string | null>(true)
      const sure = eb('city.name', '||', eb.ref('country'))
      equal<Of<typeof sure>, string>(true)
      const parens = eb.parens('v.rating', '+', 1)
      equal<Of<typeof parens>, number | null>(true)
      const query = eb('city.id', '+', eb.selectFrom('visit').select('visit.rating').limit(1))
      equal<Of<typeof query>, number | null>(true)
      // A literal type is not that of the sum.
      const literal = eb(eb.lit(1), '+', 1)
      equal<Of<typeof literal>, number>(true)
      const minus = eb.neg(eb.lit(1))
      equal<Of<typeof minus>, number>(true)
      // Division by zero is null on SQLite and MariaDB.
      const half = eb('city.id', '/', 2)
      equal<Of<typeof half>, number>(true)
      const zero = eb('city.id', '%', 0)
      equal<Of<typeof zero>, number | null>(true)
      const part = eb('city.id', '/', eb.ref('city.id'))
      equal<Of<typeof part>, number | null>(true)
      return [left.as('left')]
    })
  sdb
    .selectFrom(person)
    .leftJoin(pet, pet.owner_id, person.id)
    .select((eb) => {
      const object = eb(pet.weight, '+', 1)
      equal<Of<typeof object>, number | null>(true)
      const big = eb(person.total, '+', 1)
      equal<Of<typeof big>, bigint>(true)
      const wider = eb(person.id, '+', eb.ref('total'))
      equal<Of<typeof wider>, bigint>(true)
      const decimal = eb('balance', '*', 2)
      equal<Of<typeof decimal>, string>(true)
      const decimals = eb(person.balance, '+', '1.50')
      equal<Of<typeof decimals>, string>(true)
      const widest = eb('total', '+', eb.ref('balance'))
      equal<Of<typeof widest>, string>(true)
      const branded = eb('pet.weight', '+', eb.ref('pet.id'))
      equal<Of<typeof branded>, number | null>(true)
      return [object.as('object')]
    })
}

export function conditions() {
  db.selectFrom('city')
    .leftJoin('visit', 'visit.city_id', 'city.id')
    .select((eb) => {
      const compared = eb('population', '>', 1)
      equal<Of<typeof compared>, boolean | null>(true)
      const known = eb('population', 'is', null)
      equal<Of<typeof known>, boolean>(true)
      const distinct = eb('population', 'is distinct from', 3)
      equal<Of<typeof distinct>, boolean>(true)
      const exists = eb.exists(eb.selectFrom('country').select('cca2'))
      equal<Of<typeof exists>, boolean>(true)
      const joined = known.and('rating', '>', 1)
      equal<Of<typeof joined>, boolean | null>(true)
      const negated = eb.not(compared)
      equal<Of<typeof negated>, boolean | null>(true)
      return [compared.as('compared')]
    })
  const condition: Expression<SqlBool | null> = sql<boolean>`x`
  db.selectFrom('city').selectAll().where(condition)
}

export function aggregates() {
  sdb
    .selectFrom('person')
    .leftJoin('pet', 'pet.owner_id', 'person.id')
    .select(({ fn }) => {
      const sums = [fn.sum('total'), fn.sum(person.balance), fn.sum('pet.weight'), fn.sum('person.id')] as const
      equal<Of<(typeof sums)[0]>, bigint | null>(true)
      equal<Of<(typeof sums)[1]>, string | null>(true)
      equal<Of<(typeof sums)[2]>, number | null>(true)
      equal<Of<(typeof sums)[3]>, number | null>(true)
      const others = [fn.avg('balance'), fn.max('person.name'), fn.min(person.created), fn.count('pet.id')] as const
      equal<Of<(typeof others)[0]>, number | null>(true)
      equal<Of<(typeof others)[1]>, string | null>(true)
      equal<Of<(typeof others)[2]>, Date | null>(true)
      equal<Of<(typeof others)[3]>, number>(true)
      // Who says the type, or that there are rows, is believed.
      const said = [fn.sum<number>('total'), fn.max('person.name').$notNull()] as const
      equal<Of<(typeof said)[0]>, number>(true)
      equal<Of<(typeof said)[1]>, string>(true)
      return [fn.countAll().as('n')]
    })
}

export function windows() {
  const query = db
    .selectFrom('visit')
    .select(({ fn }) => [
      fn
        .rowNumber()
        .over((w) => w.partitionBy('city_id').orderBy('at'))
        .as('row'),
      fn.rank().over('w').as('rank'),
      fn.denseRank().over('w').as('dense'),
      fn.percentRank().over('w').as('percent'),
      fn.cumeDist().over('w').as('cume'),
      fn.ntile(4).over('w').as('quarter'),
      fn.lag('rating').over('w').as('before'),
      fn.lead('rating', 2).over('w').as('after'),
      fn.lag('rating', 1, 0).over('w').as('lagged'),
      fn.firstValue('note').over('w').as('first'),
      fn.lastValue('at').over('w').as('last'),
      fn.nthValue('visit.rating', 2).over('w').as('second'),
    ])
    .window('w', (w) => w.orderBy('at'))
  equal<
    Rows<typeof query>[0],
    {
      row: number
      rank: number
      dense: number
      percent: number
      cume: number
      quarter: number
      before: number | null
      after: number | null
      lagged: number
      first: string | null
      last: Date | null
      second: number | null
    }
  >(true)
}

export function queries() {
  db.selectFrom('city').select((eb) => {
    const scalar = eb.selectFrom('country').select('cca2').$asScalar()
    equal<Of<typeof scalar>, string | null>(true)
    const object = jsonBuildObject({ n: eb.fn.count('id'), text: eb('name', '||', 'x') })
    equal<Of<typeof object>, { n: number; text: string }>(true)
    return [scalar.as('s')]
  })
}

export function texts() {
  db.selectFrom('country').select((eb) => {
    const id = eb.ref('meta', '->>').key('capital').key('id')
    equal<Of<typeof id>, number | string | null>(true)
    const street = eb.ref('country.meta', '->>$').key('capital').key('streets').at(0)
    equal<Of<typeof street>, string | null>(true)
    const document = eb.ref('meta', '->>').key('capital')
    equal<Of<typeof document>, string | null>(true)
    const value = eb.ref('meta', '->').key('capital').key('id')
    equal<Of<typeof value>, number | null>(true)
    return [id.as('id')]
  })
}

// A document of any type may be left out if the column may be null.
export function documents() {
  const note = table('note', (c) => ({
    id: c.integer().primaryKey(),
    any: c.json<any>().nullable(),
    unknown: c.json().nullable(),
    body: c.json<{ n: number }>().nullable(),
  }))
  const notes: DatabaseOf<{ note: typeof note }> = sdb as never
  notes.insertInto('note').values({ id: 1 })
  notes.insertInto('note').values({ id: 1, any: { x: 1 }, unknown: 'x', body: null })
}
