import type { Node } from '../../ir/index.ts'
import type { Codec, TableDefinition } from '../../table/index.ts'
import type { Dialect } from '../dialect.ts'

/** A statement in which each decimal has the form in which the database computes with it. */
export interface ExactStatement {
  readonly tree: Node
  /** How computed decimals are read. */
  readonly codecs: ReadonlyMap<Node, Codec>
}

/** What a database needs to compute with decimals exactly. */
export interface Decimals {
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
