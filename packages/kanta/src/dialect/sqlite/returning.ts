import { mapChildren, type Node, type NodeOf } from '../../ir/index.ts'
import type { Writer } from '../writer.ts'

type Write = NodeOf<'insert'> | NodeOf<'update'> | NodeOf<'delete'>

/**
 * What a statement returns, in the names that SQLite knows there: the table that is written goes by its own name,
 * without its schema and its alias, and has no `table.*`.
 */
export function withReturning<W extends Write>(statement: W, target: Node | undefined, w: Writer): W {
  const table = target?.kind === 'alias' ? target.operand : target
  if (statement.returning.length === 0 || table?.kind !== 'table') return statement
  const own = table.name
  const alias = target?.kind === 'alias' ? target.name : own
  const rename = (part: Node): Node => {
    if (part.kind === 'ref' && part.table === alias) return { ...part, schema: undefined, table: own }
    if (part.kind === 'select' && (brings(part, alias) || brings(part, own))) return part
    const renamed = mapChildren(part, rename)
    const columns = w.outputs.get(part)
    if (renamed !== part && columns !== undefined) w.outputs.set(renamed, columns)
    return renamed
  }
  const returning = statement.returning.map((item) =>
    item.kind === 'star' && item.table === alias ? { ...item, table: undefined } : rename(item),
  )
  return { ...statement, returning }
}

/** Returns whether a query has a table of its own with this name. */
function brings(query: NodeOf<'select'>, name: string): boolean {
  const sources = [...query.from, ...query.joins.map((join) => (join.kind === 'joined' ? join.source : join))]
  return sources.some((source) => (source?.kind === 'alias' || source?.kind === 'table') && source.name === name)
}
