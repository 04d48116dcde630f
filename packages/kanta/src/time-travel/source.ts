import type { Dialect } from '../dialect/index.ts'
import { type Context, type Node, type NodeOf, nodeWith } from '../extend/index.ts'
import { choose, column, equal, literal, type RunValues, raise, word } from '../guard/index.ts'
import type { TableDefinition } from '../table/index.ts'
import type { Micros } from './instant.ts'
import { RECORD } from './name.ts'

/** The name of the instant in the context. */
export const AS_OF = 'as of'

export const micros = (context: Context): Micros => context[AS_OF] as Micros

/** As the columns of histories hold it. */
export const instantOf = (context: Context): bigint => BigInt(micros(context))

export type TableNode = NodeOf<'table'>

export const besideTable = (table: TableNode, name: string, definition?: TableDefinition): TableNode => ({
  kind: 'table',
  schema: table.schema,
  name,
  definition,
})

/** The columns of a table that statements see, and those by which its rows are known. */
export interface Shown {
  readonly columns: readonly string[]
  readonly key: readonly string[]
}

/** A condition that holds if the history of a table reaches back to the instant, and fails the statement if not. */
export function isReached(table: TableNode, runValues: RunValues, dialect: Dialect): Node {
  return equal(reached(table, word('1'), runValues, dialect), word('1'))
}

const nameOf = (node: Node): string | undefined => (node.kind === 'table' ? node.name : undefined)

/** A value, if the history of a table reaches back to the instant; the statement fails if not. */
export function reached(table: TableNode, value: Node, runValues: RunValues, dialect: Dialect): Node {
  const why = `The history of '${table.name}' does not reach back to that instant`
  const begins: Node = { kind: 'binary', left: column(RECORD, 'began'), op: '<=', right: runValues.value(instantOf) }
  const query = nodeWith('select', {
    items: [choose(begins, value, raise(why, dialect, column(RECORD, 'began')))],
    from: [besideTable(table, RECORD)],
    where: [equal(column(RECORD, 'table_name'), literal(nameOf(runValues.surroundings.renames(table)) ?? table.name))],
  })
  // Whoever goes by the tables that a statement reads, such as a cache, knows the table by its own name.
  return { kind: 'trusted', name: 'history', reads: [table.name], writes: [], operand: query }
}
