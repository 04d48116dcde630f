import { sql } from '../sql/index.ts'
import { valueOf } from './source.ts'
import { bytesOf } from './vector-codec.ts'
import type { Vectors } from './vector-facet.ts'

/** Vectors of its own: https://mariadb.com/kb/en/vectors/. */
export const mariadbVectors: Vectors = {
  ordersNaN: false,
  whyMissing: async (db) => {
    const version = String(await valueOf(db, sql`select version() as found`))
    const [major = 0, minor = 0] = version.split('.').map(Number)
    return major > 11 || (major === 11 && minor >= 7)
      ? undefined
      : `MariaDB has vectors from 11.7 on; this one is ${version}. Update it.`
  },
  // Plus zero: an approximate index would leave out rows before policies and conditions do.
  distance: (column, values, distance) =>
    distance === 'cosine'
      ? sql`(vec_distance_cosine(${column}, ${bytesOf(values)}) + 0)`
      : sql`(vec_distance_euclidean(${column}, ${bytesOf(values)}) + 0)`,
}
