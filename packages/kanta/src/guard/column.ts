import { checkFragment } from '../dialect/index.ts'
import { eachChild, type Node } from '../run/index.ts'
import { sameName } from './expression.ts'
import type { Found, Site } from './site.ts'

/** Tells rules of the columns that a statement reads. */
export function checkColumns(statement: Node, hidden: ReadonlySet<string>, site: Site): void {
  const found = sourcesOf(statement).flatMap((source) => site.source(source, hidden) ?? [])
  const asking = found.filter(({ rules }) => rules.some((rule) => rule.column !== undefined))
  if (asking.length > 0) readIn(statement, asking, site, true)
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
function readIn(part: Node, found: readonly Found[], site: Site, isOwn: boolean): void {
  const read = (column: string, table: string | undefined): void => {
    for (const { name, rules } of found) {
      if (table !== undefined && !sameName(table, name)) continue
      for (const rule of rules) site.column(rule, column, 'read')
    }
  }
  /** A column; the name of a table as a column is its whole row. */
  const readName = (name: string): void => {
    read(name, undefined)
    if (found.some((one) => sameName(one.name, name))) read('*', name)
  }
  if (part.kind === 'ref') {
    if (part.table === undefined) readName(part.column)
    else read(part.column, part.table)
  } else if (part.kind === 'star') {
    // A star without a table is that of the tables beside it.
    if (isOwn || part.table !== undefined) read('*', part.table)
  } else if (part.kind === 'identifier') {
    if (part.names.length === 1) readName(part.names[0]!)
    else read(part.names.at(-1)!, part.names.at(-2))
  } else if (part.kind === 'raw') {
    for (const name of checkFragment(part.strings, site.dialect.name)) readName(name)
    if (part.strings.some((text, i) => /\.\s*\*|^\s*\*\s*$/.test(text) || (i > 0 && /^\s*\.\s*\*/.test(text))))
      read('*', undefined)
  }
  if (part.kind === 'assignment') return readIn(part.value, found, site, isOwn)
  eachChild(part, (child) => {
    if (part.kind === 'aggregate' && child.kind === 'star') return
    readIn(child, found, site, isOwn && !STATEMENTS.has(child.kind))
  })
}

const STATEMENTS: ReadonlySet<Node['kind']> = new Set(['select', 'insert', 'update', 'delete', 'merge'])
