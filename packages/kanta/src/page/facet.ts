import { facetsOf } from '../dialect/index.ts'
import { type Expr, sql } from '../sql/index.ts'

/** What pages by cursor need of a database. */
interface CursorFacet {
  /** Tells whether null comes after all values in ascending order. */
  readonly nullsLast: boolean
  /** Tells whether computed values may have more digits than the numbers and Dates that they are read as. */
  readonly hasLongNumbers: boolean
  /** Returns a value as text, with all digits that are stored. */
  textOf(value: Expr): object
}

const text = (value: Expr): object => sql`cast(${value} as text)`
const char = (value: Expr): object => sql`cast(${value} as char)`

export const cursorFacets = facetsOf<CursorFacet>('Pages by cursor', {
  sqlite: { nullsLast: false, hasLongNumbers: false, textOf: text },
  postgres: { nullsLast: true, hasLongNumbers: true, textOf: text },
  mysql: { nullsLast: false, hasLongNumbers: false, textOf: char },
  mariadb: { nullsLast: false, hasLongNumbers: false, textOf: char },
  mssql: { nullsLast: false, hasLongNumbers: false, textOf: (value) => sql`convert(varchar(40), ${value}, 121)` },
})
