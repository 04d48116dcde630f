import type { NodeOf } from '../../ir/index.ts'
import { OTHER, type ValueType } from './type.ts'

/** A column of a query. */
export interface OutputType {
  readonly name: string | undefined
  readonly type: ValueType
}

/** The types of the columns of a source by name; `undefined` for a source that nobody knows. */
export type SourceColumns = ReadonlyMap<string, ValueType> | undefined

/** The names in one statement, with the types of what they stand for. */
export class Scope {
  readonly parent: Scope | undefined
  readonly sources: Map<string, SourceColumns> = new Map()
  /** The sources that only a name in front of a column means. */
  readonly byNameOnly: Map<string, SourceColumns> = new Map()
  readonly ctes: Map<string, SourceColumns> = new Map()
  readonly aliases: Map<string, ValueType> = new Map()
  /** The table that is written. */
  target: SourceColumns = undefined

  constructor(parent: Scope | undefined) {
    this.parent = parent
  }

  /** Returns the columns of a common table expression; null where there is none. */
  cte(name: string): SourceColumns | null {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent)
      if (scope.ctes.has(name)) return scope.ctes.get(name)
    return null
  }

  typeOf({ table, column }: NodeOf<'ref'>): ValueType {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const found = table === undefined ? scope.#bare(column) : scope.#qualified(table, column)
      if (found !== undefined) return found
    }
    return OTHER
  }

  #bare(column: string): ValueType | undefined {
    let isOpen = false
    for (const source of this.sources.values()) {
      const found = source?.get(column)
      if (found !== undefined) return found
      isOpen ||= source === undefined
    }
    return this.aliases.get(column) ?? (isOpen ? OTHER : undefined)
  }

  #qualified(table: string, column: string): ValueType | undefined {
    for (const sources of [this.sources, this.byNameOnly])
      if (sources.has(table)) return sources.get(table)?.get(column) ?? OTHER
    return undefined
  }
}
