// What must not compile. Each line marked is one mistake.
import {
  and,
  anyOf,
  eq,
  type Filter,
  gt,
  isNull,
  matches,
  parseFilter,
  parseUrl,
  whereOf,
} from '../../src/filter/index.ts'
import type { InferRow, Selectable } from '../../src/index.ts'
import { type City, db, person } from './world.ts'

type Person = Selectable<InferRow<typeof person>>

export function made() {
  // @ts-expect-error an unknown column
  const unknown: Filter<Selectable<City>> = eq('nam', 'x')
  // @ts-expect-error an unknown column of two
  const oneOfTwo: Filter<Selectable<City>> = and(eq('name', 'x'), gt('populatio', 5))
  // @ts-expect-error a value of another type
  const type: Filter<Selectable<City>> = eq('name', 5)
  // @ts-expect-error a value of another type of a column of a table
  eq(person.name, 5)
  // @ts-expect-error a value that the enum lacks
  eq(person.color, 'blue')
  // @ts-expect-error null in an order
  gt('population', null)
  // @ts-expect-error null in a list
  anyOf('population', [1, null])
  // @ts-expect-error a column of another table
  const other: Filter<Selectable<City>> = isNull(person.email)
  // @ts-expect-error an object is no filter
  const data: Filter<Selectable<City>> = { name: { eq: 'x' } }
  // @ts-expect-error a filter of more columns than the rows have
  const wide: Filter<{ name: string }> = {} as Filter<Selectable<City>>
  return [unknown, oneOfTwo, type, other, data, wide]
}

export function used() {
  const filter = eq('population', 5)
  // @ts-expect-error a column that the query lacks
  db.selectFrom('country').where(whereOf(db, filter))
  // @ts-expect-error a filter in the place of a condition
  db.selectFrom('city').selectAll().where(eq('population', 5))
  // @ts-expect-error a row without the column
  matches(eq('population', 5), { name: 'x' })
}

export function parsed(body: unknown) {
  // @ts-expect-error an unknown column
  parseFilter(body, { table: person, filter: { nam: ['eq'] } })
  // @ts-expect-error an unknown operator
  parseFilter(body, { table: person, filter: { name: ['equals'] } })
  // @ts-expect-error without the list
  parseFilter(body, { table: person })
  // @ts-expect-error an unknown column to sort by
  parseUrl('', { table: person, filter: {}, sort: ['nam'], maxLimit: 10 })
  const filter: Filter<Person> = parseFilter(body, { table: person, filter: {} })
  return filter
}
