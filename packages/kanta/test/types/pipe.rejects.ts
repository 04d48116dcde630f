// What must not compile. Each line marked is one mistake.
import { from, groupBy, innerJoin, limit, orderBy, pipe, select, where } from '../../src/pipe/index.ts'
import { db } from './world.ts'

export function wrong() {
  // @ts-expect-error an unknown table
  pipe(from(db, 'cty'))
  // @ts-expect-error an unknown column
  pipe(from(db, 'city'), where('nme', '=', 'x'))
  // @ts-expect-error a value of another type
  pipe(from(db, 'city'), where('name', '=', 5))
  // @ts-expect-error an unknown column that is selected
  pipe(from(db, 'city'), select(['nme']))
  pipe(
    from(db, 'city'),
    // @ts-expect-error an unknown column in a callback
    select((eb) => eb.ref('nme').as('n')),
  )
  // @ts-expect-error an unknown column in an order
  pipe(from(db, 'city'), select('id'), orderBy('nme'))
  // @ts-expect-error an unknown column in a group
  pipe(from(db, 'city'), select('id'), groupBy('nme'))
  // @ts-expect-error a column of a table that is not joined
  pipe(from(db, 'city'), select('visit.note'))
  // @ts-expect-error an unknown table in a join
  pipe(from(db, 'city'), innerJoin('cuntry', 'cca2', 'country'))
  // @ts-expect-error an unknown column in a join
  pipe(from(db, 'city'), innerJoin('country', 'country.code', 'city.country'))
  // @ts-expect-error text as a number of rows
  pipe(from(db, 'city'), limit('5'))
}
