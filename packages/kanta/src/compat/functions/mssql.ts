import { sql } from '../../sql/index.ts'
import type { JsonArrayFrom, JsonBuildObject, JsonObjectFrom } from './face.ts'

/** The rows of a query as a JSON array. */
export const jsonArrayFrom: JsonArrayFrom = ((query: unknown) =>
  sql`coalesce((select * from ${query} as agg for json path, include_null_values), '[]')`) as never

/** The row of a query as a JSON object; null where there is none. */
export const jsonObjectFrom: JsonObjectFrom = ((query: unknown) =>
  sql`(select * from ${query} as agg for json path, include_null_values, without_array_wrapper)`) as never

const COMMA = sql`,`
const property = ([key, value]: [string, unknown]): unknown =>
  sql`"'+string_escape(N${sql.lit(key)}, 'json')+'":"'+string_escape(${value}, 'json')+'"`

/** A JSON object of expressions. */
export const jsonBuildObject: JsonBuildObject = ((object: Record<string, unknown>) =>
  sql`json_query('{${sql.join(Object.entries(object).map(property), COMMA)}}')`) as never
