// The types of the JSON helpers.
import type { AtRow, RawBuilder, Returns } from '../../face/index.ts'
import type { Expression } from '../../table/index.ts'
import type { ShallowDehydrateObject, ShallowDehydrateValue, Simplify } from '../face.ts'

type RowsOf<Q> = Q extends Returns ? Q[AtRow] : Q extends Expression<infer R> ? R : never

/** The rows of a query as a JSON array. */
export type JsonArrayFrom = <Q extends Returns | Expression<object>>(
  query: Q,
) => RawBuilder<Simplify<ShallowDehydrateObject<RowsOf<Q>>>[]>
/** The row of a query as a JSON object; null where there is none. */
export type JsonObjectFrom = <Q extends Returns | Expression<object>>(
  query: Q,
) => RawBuilder<Simplify<ShallowDehydrateObject<RowsOf<Q>>> | null>
/** A JSON object of expressions. */
export type JsonBuildObject = <O extends Record<string, Expression<unknown>>>(
  object: O,
) => RawBuilder<Simplify<{ [K in keyof O]: O[K] extends Expression<infer V> ? ShallowDehydrateValue<V> : never }>>
