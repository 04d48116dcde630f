import type { Node } from '../ir/index.ts'
import type { Codec, ColumnDefinition, TableDefinition } from '../table/index.ts'
import type { Dialect } from './dialect.ts'

/** A statement in which each decimal has the form in which the database computes with it. */
export interface ExactStatement {
  readonly tree: Node
  /** The codecs of computed decimals. */
  readonly codecs: ReadonlyMap<Node, Codec>
}

/** A codec of values that the text of the statement casts. */
export interface CastCodec extends Codec {
  /** Returns the type to which a value, or each value of a list, is cast. */
  castTo(value: unknown): string | undefined
}

/** How decimal columns are kept by a database that has none. */
export interface DecimalColumns {
  codec(column: ColumnDefinition): Codec
  typeName(column: ColumnDefinition): string
  /** Tells whether the type is one that SQLite knows. */
  isStrict(column: ColumnDefinition): boolean
  /** The condition that a column holds nothing but decimals. */
  check(column: ColumnDefinition): string | undefined
  /** Returns a value with such a codec as text; `undefined` for another. */
  text(value: Node, codec: unknown): Node | undefined
}

/** What a database needs to compute with decimals exactly. */
export interface Decimals {
  readonly columns?: DecimalColumns | undefined
  statement(tree: Node): ExactStatement
  /** Returns an expression over the columns of a table; with a column, one that gives its value. */
  expression(node: Node, table: TableDefinition, column?: string): Node
}

type Find = (dialect: Dialect) => Decimals | undefined

let find: Find | undefined

/** Makes decimals known. Only `table()` calls it, so that programs without definitions do not bundle them. */
export function registerDecimals(known: Find): void {
  find = known
}

export const decimalsOf = (dialect: Dialect): Decimals | undefined => find?.(dialect)
