// Filters as values: the columns that they name, and what takes them.
import {
  and,
  anyOf,
  between,
  contains,
  eq,
  type Filter,
  gt,
  isNull,
  matches,
  ne,
  not,
  or,
  parseFilter,
  parseUrl,
  TRUE,
  whereOf,
} from '../../src/filter/index.ts'
import type { InferRow, Selectable } from '../../src/index.ts'
import { type City, db, equal, person } from './world.ts'

type Person = Selectable<InferRow<typeof person>>

export function made() {
  const price = gt('population', 5)
  equal<typeof price, Filter<{ readonly population: number | null }>>(true)
  const both = and(gt('population', 5), eq('name', 'Turku'))
  const cities: Filter<Selectable<City>> = both
  const column: Filter<Person> = and(eq(person.color, 'red'), gt(person.balance, '5'), isNull(person.email))
  const names: Filter<Person> = or(eq('name', 'x'), not(contains('email', 'y')), anyOf('id', [1, 2]), ne('born', null))
  const mixed: Filter<Person> = and(names, column, between('total', 1n, 2n), TRUE, eq('created', new Date()))
  const all: Filter<Person> = and()
  return [cities, mixed, all]
}

export async function used() {
  const filter = and(gt('population', 5), eq('name', 'Turku'))
  const rows = await db
    .selectFrom('city')
    .select(['id', 'name'])
    .where(whereOf(db, filter, 'city'))
    .execute()
  equal<typeof rows, { id: number; name: string }[]>(true)
  await db
    .selectFrom('city as c')
    .innerJoin('country', 'country.cca2', 'c.country')
    .select('c.id')
    .where(whereOf(db, filter, 'city as c'))
    .where((eb) => eb.exists(eb.selectFrom('city').select('city.id').where(whereOf(db, filter))))
    .execute()
  await db.updateTable('city').set({ name: 'x' }).where(whereOf(db, filter)).execute()
  await db.deleteFrom('city').where(whereOf(db, filter)).execute()
  return matches(filter, { name: 'x', population: null })
}

export function parsed(body: unknown, url: URL) {
  const filter = parseFilter(body, { table: person, filter: { balance: ['gt', 'lt'], name: ['contains'] } })
  equal<typeof filter, Filter<Person>>(true)
  const asked = parseUrl(url.searchParams, { table: person, filter: { id: ['eq'] }, sort: ['name'], maxLimit: 50 })
  const column: keyof Person | undefined = asked.sort[0]?.column
  return [filter, asked, column]
}
