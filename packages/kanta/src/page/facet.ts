import { facetsOf } from '../dialect/index.ts'
import { type Expr, sql } from '../sql/index.ts'

/** What pages by cursor need of a database. */
interface CursorFacet {
  /** Tells whether null comes after all values in ascending order. */
  readonly nullsLast: boolean
  /** Returns a moment as text, with all digits that are stored. */
  momentText(moment: Expr): object
}

const text = (moment: Expr): object => sql`cast(${moment} as text)`
const char = (moment: Expr): object => sql`cast(${moment} as char)`

export const cursorFacets = facetsOf<CursorFacet>('Pages by cursor', {
  sqlite: { nullsLast: false, momentText: text },
  postgres: { nullsLast: true, momentText: text },
  mysql: { nullsLast: false, momentText: char },
  mariadb: { nullsLast: false, momentText: char },
  mssql: { nullsLast: false, momentText: (moment) => sql`convert(varchar(40), ${moment}, 121)` },
})
