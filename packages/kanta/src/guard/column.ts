import { checkFragment } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { sourcesOf, takesTables } from '../ir/index.ts'
import { eachChild, type Node, walk } from '../run/index.ts'
import type { TableDefinition } from '../table/index.ts'
import type { GuardedTable, StatementGuard } from './statement-guard.ts'

const NONE: ReadonlySet<string> = new Set()

/**
 * Calls the column checks of rules for each column that a statement reads: by name, by a star, or by the name of its
 * table as a value. Nested queries are checked by themselves; their sources shadow those of the statement.
 */
export function checkColumns(statement: Node, cteNames: ReadonlySet<string>, guard: StatementGuard): void {
  if (!STATEMENTS.has(statement.kind)) return
  const { written, read } = sourcesOf(statement)
  const found = [
    ...written.flatMap((source) => guard.sourceTable(source, NONE) ?? []),
    ...read.flatMap((source) => guard.sourceTable(source, cteNames) ?? []),
  ].filter(({ rules }) => rules.some(({ rule }) => rule.column !== undefined))
  if (found.length === 0) return
  for (const source of [...written, ...read]) refuseRenamed(source, found)
  const names = written.length === 0 ? [] : guard.semantics.names.writtenRows
  new ColumnReader(found, new Set(names), guard).visitStatement(statement, [])
}

/** Refuses an alias that renames columns, since policies would not recognise them. */
function refuseRenamed(source: Node, found: readonly GuardedTable[]): void {
  if (source.kind !== 'alias' || source.columns === undefined) return
  if (found.some(({ table }) => table === source.operand))
    throw new KantaError(
      'policy',
      `The alias '${source.name}' renames columns, so that the policies of this database cannot recognise them. Rename them in select().`,
    )
}

/** A source of a nested query. */
interface InnerSource {
  readonly name: string | undefined
  readonly definition: TableDefinition | undefined
}

function innerSourceOf(source: Node): InnerSource {
  const table = source.kind === 'alias' ? source.operand : source
  return {
    name: source.kind === 'alias' ? source.name : table.kind === 'table' ? table.name : undefined,
    definition: table.kind === 'table' ? (table.definition as TableDefinition | undefined) : undefined,
  }
}

/** The statements that have sources. */
export const STATEMENTS: ReadonlySet<Node['kind']> = new Set(['select', 'insert', 'update', 'delete', 'merge'])

class ColumnReader {
  readonly #found: readonly GuardedTable[]
  /** The names for the written rows in `returning`, such as `excluded`. */
  readonly #writtenRows: ReadonlySet<string>
  readonly #guard: StatementGuard

  constructor(found: readonly GuardedTable[], writtenRows: ReadonlySet<string>, guard: StatementGuard) {
    this.#found = found
    this.#writtenRows = writtenRows
    this.#guard = guard
  }

  /** Visits the parts of a statement, but for queries that cannot see its sources. */
  visitStatement(statement: Node, inner: readonly InnerSource[]): void {
    eachChild(statement, (child, part) => {
      if (child.kind === 'cte' || child.kind === 'setOperation') return
      if (takesTables(part)) return this.#source(child, false, inner)
      if (child.kind !== 'joined') return this.#part(child, inner)
      for (const on of child.on) this.#part(on, inner)
      if (child.source !== undefined) this.#source(child.source, child.lateral || /apply/.test(child.style), inner)
    })
  }

  /** Visits a source: a query sees the sources before it only if it is lateral; a function always does. */
  #source(source: Node, isLateral: boolean, inner: readonly InnerSource[]): void {
    const operand = source.kind === 'alias' ? source.operand : source
    if (operand.kind !== 'table' && (isLateral || operand.kind !== 'select')) this.#part(operand, inner)
  }

  #part(part: Node, inner: readonly InnerSource[]): void {
    if (STATEMENTS.has(part.kind)) {
      const { written, read } = sourcesOf(part)
      return this.visitStatement(part, [...inner, ...[...written, ...read].map(innerSourceOf)])
    }
    switch (part.kind) {
      case 'ref':
        return this.#column(part.column, part.table, inner)
      case 'identifier':
        return this.#column(part.names.at(-1)!, part.names.at(-2), inner)
      case 'table':
        return this.#row(part.name, inner)
      case 'star':
        // A star without a table means the sources of its own query.
        if (part.table !== undefined || inner.length === 0) this.#star(part.table, inner)
        return
      case 'raw':
        this.#text(part.strings, inner)
        break
      case 'trusted':
        // Trusted text declares what it reads, but its parameters may be columns.
        walk(part.operand, (filled) => {
          if (filled.kind === 'ref') this.#part(filled, inner)
        })
        return
      case 'conflict':
        for (const name of part.columns) this.#column(name, undefined, inner)
        break
      case 'assignment':
        return this.#part(part.value, inner)
    }
    eachChild(part, (child) => {
      if (!(part.kind === 'aggregate' && child.kind === 'star')) this.#part(child, inner)
    })
  }

  #column(column: string, table: string | undefined, inner: readonly InnerSource[]): void {
    if (table !== undefined) {
      if (this.#isNamed(table, inner)) return
      for (const found of this.#named(table)) {
        this.#tell(found, column)
        if (this.#readsRow(found, column)) this.#tell(found, '*')
      }
      return
    }
    this.#row(column, inner)
    this.#columnOfAny(column, inner)
  }

  /** Reports an unqualified column to every table that may have it, unless a nested source has it. */
  #columnOfAny(column: string, inner: readonly InnerSource[]): void {
    if (inner.some(({ definition }) => definition !== undefined && this.#has(definition, column))) return
    for (const found of this.#found) {
      const { definition } = found.reference
      if (definition === undefined || this.#has(definition, column)) this.#tell(found, column)
    }
  }

  /** Reports all columns: the name of a table as a value means its whole row. */
  #row(name: string, inner: readonly InnerSource[]): void {
    if (!this.#isNamed(name, inner)) for (const found of this.#named(name)) this.#tell(found, '*')
  }

  #star(table: string | undefined, inner: readonly InnerSource[]): void {
    if (table !== undefined) return this.#row(table, inner)
    for (const found of this.#found) this.#tell(found, '*')
  }

  /** Visits the names in SQL text, and a star that is not a multiplication. */
  #text(strings: readonly string[], inner: readonly InnerSource[]): void {
    const text = strings.join('?').replace(/\bcount\s*\(\s*\*\s*\)/gi, '')
    for (const name of checkFragment(strings, this.#guard.dialect).names) {
      this.#columnOfAny(name, inner)
      if (isValue(name, text)) this.#row(name, inner)
      for (const member of membersOf(name, text)) {
        // The member is a part of its own.
        if (member === '?') this.#row(name, inner)
        else this.#column(member, name, inner)
      }
    }
    if (/(?:^|[.,(])\s*\*/.test(text)) this.#star(undefined, inner)
  }

  #named(name: string): readonly GuardedTable[] {
    const found = this.#found.filter((one) => this.#guard.sameSource(one.name, name))
    // A table of that name shadows the written rows.
    return found.length === 0 && this.#writtenRows.has(name.toLowerCase()) ? this.#found : found
  }

  /** Returns true if a nested source has the name. */
  #isNamed(name: string, inner: readonly InnerSource[]): boolean {
    return inner.some((one) => one.name !== undefined && this.#guard.sameSource(one.name, name))
  }

  #has(definition: TableDefinition, column: string): boolean {
    return (
      definition.columns.has(column) ||
      [...definition.columns.keys()].some((name) => this.#guard.sameColumn(name, column)) ||
      this.#guard.semantics.names.columnsOf(column, definition, this.#guard.dialect).length > 0
    )
  }

  /** Returns true if `table.column` may call a function of the row. */
  #readsRow({ reference: { definition } }: GuardedTable, column: string): boolean {
    const isKnown = definition !== undefined && this.#has(definition, column)
    return !isKnown && this.#guard.semantics.names.readsRow(column, definition)
  }

  #tell({ rules, reference }: GuardedTable, column: string): void {
    const names = [column, ...this.#guard.semantics.names.columnsOf(column, reference.definition, this.#guard.dialect)]
    for (const rule of rules) for (const name of names) this.#guard.checkColumn(rule, name, 'read')
  }
}

const NAME_CHARACTER = '[\\p{L}\\p{N}_$]'
const quotablePattern = (name: string): string => `["\`[]?${name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}["\`\\]]?`

/** Returns the names that follow a name and a dot in SQL text. */
function membersOf(name: string, text: string): readonly string[] {
  const member = new RegExp(
    `(?<!${NAME_CHARACTER})${quotablePattern(name)}\\s*\\.\\s*["\`[]?(${NAME_CHARACTER}+|\\?)`,
    'giu',
  )
  return [...text.matchAll(member)].map((match) => match[1]!)
}

/** Returns true if a name occurs in SQL text without a dot after it, so that it is a value. */
function isValue(name: string, text: string): boolean {
  return new RegExp(`(?<!${NAME_CHARACTER})${quotablePattern(name)}(?!${NAME_CHARACTER})(?!\\s*\\.)`, 'iu').test(text)
}
