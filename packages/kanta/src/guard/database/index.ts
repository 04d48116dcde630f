import { type CteVisibility, type Dialect, facetsOf } from '../../dialect/index.ts'
import type { Node } from '../../ir/index.ts'
import type { ByteComparison } from './byte-comparison.ts'
import { mssql } from './mssql.ts'
import { mariadb, mysql } from './mysql.ts'
import type { NameMeanings } from './names.ts'
import { postgres } from './postgres.ts'
import { sqlite } from './sqlite.ts'
import type { Storing } from './stored.ts'

/** What statements mean in a database, which only policies ask. It comes with the first plugin that has one. */
export interface Semantics {
  /** The names of the functions that read no table, run no text and reach nothing outside: policies let them pass. */
  readonly functions: RegExp
  readonly bytes: ByteComparison
  readonly names: NameMeanings
  /** The value that a column stores, for checks of what is written. */
  readonly stored: Storing
  /**
   * Folds the name of a common table expression, as `foldName` of the dialect does. It does not fold where settings of
   * the server decide, so that none hides a table.
   */
  foldCteName(name: string): string
  /** The common table expressions that one sees of its `with`. */
  cteVisibility(recursive: boolean): CteVisibility
  /** Tells whether new names for the columns of a common table expression hold within the order of its query. */
  readonly cteColumnsRenameOrder: boolean
  /** Tells whether a statement reads the table that it writes without a query around the one that reads. */
  readonly readsWrittenTable: boolean
  /** Tells whether a value that stands apart from columns has no type unless it is cast. */
  readonly untypedValues: boolean
  /** Tells whether a timestamp that is given as text may say its time zone. */
  readonly readsTimeZones: boolean
  /**
   * An expression that fails the statement when it is computed, with the sign in the message of the error. `unknown` is
   * an operand whose value is not known before, where the database has one that serves better than a random number.
   */
  failure(sign: string, unknown?: Node): Node
}

const semantics = facetsOf<Semantics>('A policy', { sqlite, postgres, mysql, mariadb, mssql })

/** Returns the meaning of statements in the database of a dialect. */
export const semanticsOf = (dialect: Dialect): Semantics => semantics.of(dialect)
