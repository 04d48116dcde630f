import { sql } from '../../sql/index.ts'
import { jsonColumns, keysAndValues, type QueryLike } from '../json-columns.ts'
import type { JsonArrayFrom, JsonBuildObject, JsonObjectFrom } from './face.ts'

/** The rows of a query as a JSON array. */
export const jsonArrayFrom: JsonArrayFrom = ((query: QueryLike) =>
  sql`(select cast(coalesce(json_arrayagg(json_object(${sql.join(jsonColumns(query, 'agg'))})), '[]') as json) from ${query} as agg)`) as never

/** The row of a query as a JSON object; null where there is none. */
export const jsonObjectFrom: JsonObjectFrom = ((query: QueryLike) =>
  sql`(select json_object(${sql.join(jsonColumns(query, 'obj'))}) from ${query} as obj)`) as never

/** A JSON object of expressions. */
export const jsonBuildObject: JsonBuildObject = ((object: Record<string, unknown>) =>
  sql`json_object(${sql.join(keysAndValues(object))})`) as never
