import type { Dialect } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import type { Node, NodeOf, Surroundings } from '../run/index.ts'
import type { TableDefinition } from '../schema/index.ts'
import { all, column } from './expression.ts'
import type { Late } from './late.ts'
import type { Row, RowUse, TablePolicy, TableReference, TableRule } from './rule.ts'
import { isText, refuse } from './text.ts'

/** A table where a statement names it, and what policies ask of it there. */
export interface Found {
  readonly table: NodeOf<'table'>
  /** The name that its columns have in the statement. */
  readonly name: string
  readonly reference: TableReference
  readonly rules: readonly Ruled[]
}

/** A rule and the policy that it comes from. */
export interface Ruled extends TableRule {
  readonly policy: string
}

/** Where policies meet a statement: its database, the policies, and what they add to each run. */
export class Site {
  readonly dialect: Dialect
  readonly late: Late
  readonly #policies: readonly TablePolicy[]
  readonly #renames: (name: Node) => Node

  constructor(policies: readonly TablePolicy[], { dialect, renames }: Surroundings, late: Late) {
    this.dialect = dialect
    this.late = late
    this.#policies = policies
    this.#renames = renames
  }

  /** What the name of a table means in the database, where that tells no cases apart in lower case. */
  physical(name: string): string {
    const renamed = this.#renames({ kind: 'table', schema: undefined, name, definition: undefined })
    const found = renamed.kind === 'table' ? renamed.name : name
    return this.dialect.name === 'postgres' ? found : lowerAscii(found)
  }

  /** Whether an unqualified name is that of a common table expression. */
  #isHidden(name: string, hidden: ReadonlySet<string>): boolean {
    if (hidden.has(name)) return true
    const sqlite = this.dialect.name === 'sqlite' || this.dialect.name === 'mssql'
    return sqlite && [...hidden].some((other) => lowerAscii(other) === lowerAscii(name))
  }

  /** Refuses definitions where a policy does. */
  checkStatement(statement: Node): void {
    if (!DEFINES.test(statement.kind)) return
    const policy = this.#policies.find(({ refusesDefinitions }) => refusesDefinitions === true)
    if (policy !== undefined)
      throw new KantaError(
        'policy',
        `The policy '${policy.name}' refuses statements that define tables and the like. Run them on the database without it.`,
      )
  }

  /** The table of a source that is read; `undefined` for a query, a common table expression or values. */
  source(source: Node, hidden: ReadonlySet<string>, use: RowUse = 'select'): Found | undefined {
    if (isText(source)) return refuse('SQL text as a table')
    const table = source.kind === 'alias' ? source.operand : source
    if (table.kind !== 'table' || (table.schema === undefined && this.#isHidden(table.name, hidden))) return undefined
    return this.#found(table, source, use)
  }

  /** The table that is written: never a common table expression. */
  target(target: Node | undefined, use: RowUse | 'insert'): Found | undefined {
    if (target === undefined) return undefined
    if (isText(target)) return refuse('SQL text as a table')
    const table = target.kind === 'alias' ? target.operand : target
    return table.kind === 'table' ? this.#found(table, target, use) : undefined
  }

  #found(table: NodeOf<'table'>, source: Node, use: RowUse | 'insert'): Found {
    const definition = table.definition as TableDefinition | undefined
    const reference: TableReference = { name: table.name, schema: table.schema, definition }
    const name = source.kind === 'alias' ? source.name : table.name
    return { table, name, reference, rules: this.rules(reference, use) }
  }

  rules(reference: TableReference, use: RowUse | 'insert'): readonly Ruled[] {
    return this.#policies.flatMap((policy) => {
      const known = policy.tables?.find((table) => this.physical(table) === this.physical(reference.name))
      const rule = policy.rule(known === undefined ? reference : { ...reference, name: known }, use)
      if (rule === undefined) return []
      // A rule may be an object with a prototype: its methods are called on it.
      return [Object.assign(Object.create(rule) as TableRule, { policy: policy.name }) as Ruled]
    })
  }

  /** What is true of the rows of a table that are there for a statement. */
  sees({ rules, name }: Found, use: RowUse, row: Row = (of) => column(name, of)): Node | undefined {
    return all(rules.map((rule) => rule.sees?.(row, use, this.late)))
  }
}

const DEFINES = /^(?:create|alter|drop|rename|comment|truncate|grant|revoke)/

const lowerAscii = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
