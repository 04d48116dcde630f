import { eachChild, type Node } from '../run/index.ts'
import type { Found, Site } from './site.ts'

/** Tells rules of the columns that a statement reads. */
export function checkColumns(statement: Node, hidden: ReadonlySet<string>, site: Site): void {
  const found = sourcesOf(statement).flatMap((source) => site.source(source, hidden) ?? [])
  const asking = found.filter(({ rules }) => rules.some((rule) => rule.column !== undefined))
  if (asking.length > 0) readIn(statement, asking, site)
}

/** The tables that a statement reads or writes, as its columns may name them. */
function sourcesOf(statement: Node): readonly Node[] {
  const joined = (joins: readonly Node[]): Node[] =>
    joins.flatMap((join) => (join.kind === 'joined' && join.source !== undefined ? [join.source] : []))
  switch (statement.kind) {
    case 'select':
      return [...statement.from, ...joined(statement.joins)]
    case 'update':
      return [...statement.targets, ...statement.from, ...joined(statement.joins)]
    case 'delete':
      return [...statement.targets, ...statement.using, ...joined(statement.joins)]
    case 'insert':
      return statement.into === undefined ? [] : [statement.into]
    case 'merge':
      return [statement.into, statement.using].flatMap((source) => source ?? [])
    default:
      return []
  }
}

/** Every reference below a statement that may mean one of its tables, those in queries inside of it, too. */
function readIn(part: Node, found: readonly Found[], site: Site): void {
  const read = (column: string, table: string | undefined): void => {
    for (const { name, rules } of found) {
      if (table !== undefined && table !== name) continue
      for (const rule of rules) rule.column?.(column, 'read', site.late)
    }
  }
  if (part.kind === 'ref') {
    read(part.column, part.table)
    // The name of a table as a column is its whole row.
    if (part.table === undefined && found.some(({ name }) => name === part.column)) read('*', part.column)
  } else if (part.kind === 'star') read('*', part.table)
  else if (part.kind === 'identifier') read(part.names.at(-1)!, part.names.at(-2))
  else if (part.kind === 'raw') read('*', undefined)
  if (part.kind === 'assignment') return readIn(part.value, found, site)
  eachChild(part, (child) => {
    if (!(part.kind === 'aggregate' && child.kind === 'star')) readIn(child, found, site)
  })
}
