import type { OutputColumn } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import type { NodeOf } from '../ir/index.ts'
import type { Codec, TableDefinition } from '../table/index.ts'

/** What a name in scope stands for: a defined table, a query with known columns, or something unknown. */
export interface Source {
  /** The name of a table. */
  readonly table?: string | undefined
  readonly definition?: TableDefinition | undefined
  readonly columns?: ReadonlyMap<string, OutputColumn> | undefined
  /** Tells whether no star and no bare name means it, as with the row that an insert could not make. */
  readonly byNameOnly?: boolean | undefined
}

/** The columns of a selection as far as they are known, and whether these are all. */
export interface Selected {
  readonly columns: readonly OutputColumn[]
  readonly complete: boolean
}

/** The names that a statement can use, with those of the statements around it. */
export class Scope {
  readonly sources: Map<string, Source> = new Map()
  /** The common table expressions, which become sources where a statement reads from them. */
  readonly ctes: Map<string, Source> = new Map()
  readonly aliases: Map<string, Codec | undefined> = new Map()
  readonly parent: Scope | undefined
  /** The columns that the statement names. */
  readonly named: Set<string>
  /** The table that is written. */
  target: Source | undefined = undefined
  /** Tells whether text stands around it, which may bring in tables that nothing knows of. */
  inText = false

  constructor(parent: Scope | undefined, named: Set<string>) {
    this.parent = parent
    this.named = named
  }

  add(name: string, source: Source): void {
    this.sources.set(name, source)
  }

  /** The codec of a reference; refuses a column that surely does not exist. */
  codec(ref: NodeOf<'ref'>): Codec | undefined {
    if (ref.table !== undefined) return this.qualified(ref, ref.table)
    let inText = false
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      let open = false
      inText ||= scope.inText
      for (const source of scope.sources.values()) {
        if (source.byNameOnly) continue
        const column = columnOf(source, ref.column)
        if (column !== undefined || isOpen(source)) this.use(source, ref.column)
        if (column !== undefined) return column.codec as Codec | undefined
        open ||= isOpen(source)
      }
      if (scope.aliases.has(ref.column)) return scope.aliases.get(ref.column)
      // The name of a table is its row.
      if (scope.sources.has(ref.column)) return undefined
      // It may be a column of what is unknown here, so what is further out does not count.
      if (open || HIDDEN.has(ref.column)) return undefined
    }
    return inText ? undefined : this.unknown('column', ref.column)
  }

  /** The columns of the table in scope that a bare name means, unless it is the name of a column. */
  row(name: string): readonly OutputColumn[] | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      for (const source of scope.sources.values()) if (columnOf(source, name) !== undefined) return undefined
      const source = scope.sources.get(name)
      if (source === undefined) continue
      if (source.table !== undefined) this.use(source, '*')
      return isOpen(source) ? undefined : columnsOf(source)
    }
    return undefined
  }

  use(source: Source, column: string): void {
    if (source.table !== undefined) this.named.add(`${source.table}.${column}`)
  }

  private qualified(ref: NodeOf<'ref'>, table: string): Codec | undefined {
    let unsure = false
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const source = scope.sources.get(table)
      unsure ||= scope.inText || [...scope.sources.values()].some(isOpen)
      if (source === undefined) continue
      const column = columnOf(source, ref.column)
      if (column === undefined && !isOpen(source) && !HIDDEN.has(ref.column))
        this.unknown('column', `${table}.${ref.column}`)
      this.use(source, ref.column)
      return column?.codec as Codec | undefined
    }
    return unsure ? undefined : this.unknown('table', table)
  }

  private unknown(what: 'column' | 'table', name: string): never {
    const legal: string[] = []
    for (const [alias, source] of this.sources) {
      for (const column of (source.definition?.columns ?? source.columns)?.keys() ?? [])
        legal.push(`${alias}.${column}`)
    }
    return refuse(
      `Unknown ${what} '${name}'. ${legal.length === 0 ? 'No table is in scope.' : `In scope: ${shorten(legal)}.`}`,
    )
  }
}

/** Columns that SQLite's tables have without being defined. */
const HIDDEN: ReadonlySet<string> = new Set(['rowid', 'oid', '_rowid_', 'rank'])

export function shorten(names: readonly string[]): string {
  return names.length <= 20 ? names.join(', ') : `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`
}

export function isOpen(source: Source): boolean {
  return source.definition === undefined && source.columns === undefined
}

function columnOf(source: Source, name: string): { readonly codec: unknown } | undefined {
  return source.definition?.columns.get(name) ?? source.columns?.get(name)
}

/** The columns of a source that is not open. */
function columnsOf(source: Source): readonly OutputColumn[] {
  if (source.columns !== undefined) return [...source.columns.values()]
  return Array.from(source.definition!.columns.values(), ({ name, codec }) => ({ name, codec, json: jsonForm(codec) }))
}

export function jsonForm(codec: Codec | undefined): OutputColumn['json'] {
  if (codec?.json === 'json') return 'document'
  return codec?.json ?? 'value'
}

export function byName(columns: readonly OutputColumn[]): ReadonlyMap<string, OutputColumn> {
  // Of columns with one name, a query that reads this one gets the first.
  const found = new Map<string, OutputColumn>()
  for (const column of columns) if (!found.has(column.name)) found.set(column.name, column)
  return found
}

/** The columns of a star. One of `returning` brings only those of the table that is written. */
export function starColumns(
  star: NodeOf<'star'>,
  scope: Scope,
  written?: ReadonlySet<string>,
): OutputColumn[] | undefined {
  const columns: OutputColumn[] = []
  for (const [name, source] of scope.sources) {
    if (written?.has(name) === false || source.byNameOnly || (star.table !== undefined && star.table !== name)) continue
    scope.use(source, '*')
    if (isOpen(source)) return undefined
    columns.push(...columnsOf(source))
  }
  return columns
}
