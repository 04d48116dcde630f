import { type Dialect, signOf } from '../dialect/index.ts'
import type { Node } from '../run/index.ts'
import { semanticsOf } from './database/index.ts'

/**
 * An expression that fails when it is computed, and only then: no database has one, but each says what it could not
 * read in the message of some error. It takes a value that is not known before, so that no planner computes it early.
 * In MariaDB a random one keeps a query in `from` from being looked into: there a number from a row does better.
 */
export const raise = (why: string, dialect: Dialect, unknown?: Node): Node =>
  semanticsOf(dialect).failure(signOf(why), unknown)
