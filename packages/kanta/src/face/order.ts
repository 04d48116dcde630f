import type { Expression } from '../table/index.ts'

/** The direction, nulls and collation of an item of `orderBy`. */
export interface OrderModifier {
  asc(): OrderModifier
  desc(): OrderModifier
  nullsFirst(): OrderModifier
  nullsLast(): OrderModifier
  collate(collation: string): OrderModifier
}

/** The direction of an item of `orderBy`. */
export type Direction = 'asc' | 'desc' | Expression<any> | ((order: OrderModifier) => OrderModifier)
