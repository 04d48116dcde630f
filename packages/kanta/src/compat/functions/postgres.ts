import type { RawBuilder } from '../../face/index.ts'
import { sql } from '../../sql/index.ts'
import { keysAndValues } from '../json-columns.ts'
import type { JsonArrayFrom, JsonBuildObject, JsonObjectFrom } from './face.ts'

/** The rows of a query as a JSON array. */
export const jsonArrayFrom: JsonArrayFrom = ((query: unknown) =>
  sql`(select coalesce(json_agg(agg), '[]') from ${query} as agg)`) as never

/** The row of a query as a JSON object; null where there is none. */
export const jsonObjectFrom: JsonObjectFrom = ((query: unknown) =>
  sql`(select to_json(obj) from ${query} as obj)`) as never

/** A JSON object of expressions. */
export const jsonBuildObject: JsonBuildObject = ((object: Record<string, unknown>) =>
  sql`json_build_object(${sql.join(keysAndValues(object))})`) as never

export type MergeAction = 'INSERT' | 'UPDATE' | 'DELETE'
/** The action of a merge on a row, for its `returning()`. */
export const mergeAction: () => RawBuilder<MergeAction> = () => sql`merge_action()` as never
