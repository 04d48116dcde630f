import { facetsOf } from '../dialect/index.ts'
import { mariadbVectors } from './mariadb.ts'
import { postgresVectors } from './postgres.ts'
import type { Checked } from './require.ts'
import type { Text } from './source.ts'
import { sqliteVectors } from './sqlite.ts'
import type { Distance } from './vector.ts'

/** The needs of vector search from a database. */
export interface Vectors extends Checked {
  distance(column: unknown, values: Float32Array, distance: Distance): Text
  /** Tells whether the distance to a vector without a direction is a number that is greater than all others. */
  readonly ordersNaN: boolean
}

export const vectors = facetsOf<Vectors>('Search by vectors', {
  sqlite: sqliteVectors,
  postgres: postgresVectors,
  mysql: undefined,
  mariadb: mariadbVectors,
  mssql: undefined,
})
