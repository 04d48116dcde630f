import { type Dialect, localize, lowerAscii } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { sourcesOf } from '../ir/index.ts'
import { eachChild, type Node, type NodeOf, type Surroundings } from '../run/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { type Semantics, semanticsOf } from './database/index.ts'
import { all, column, sameName } from './expression.ts'
import type { Late } from './late.ts'
import type { ColumnUse, Row, RowUse, TablePolicy, TableReference, TableRule } from './rule.ts'
import { isText, refuse } from './text.ts'

/** A table where a statement names it, and what policies ask of it there. */
export interface Found {
  readonly table: NodeOf<'table'>
  /** The name that its columns have in the statement. */
  readonly name: string
  readonly reference: TableReference
  readonly rules: readonly Ruled[]
  /** The names that mean common table expressions where it stands. */
  readonly hidden: ReadonlySet<string>
}

/** A rule and the policy that it comes from. */
export interface Ruled extends TableRule {
  readonly policy: string
}

/** Where policies meet a statement: its database, the policies, and what they add to each run. */
export class Site {
  readonly dialect: Dialect
  readonly semantics: Semantics
  readonly late: Late
  readonly #policies: readonly TablePolicy[]
  readonly #around: Surroundings
  readonly #within: (rule: Node) => Node

  /** `within` applies policies to the queries inside of what a rule says that ask for it. */
  constructor(policies: readonly TablePolicy[], around: Surroundings, late: Late, within: (rule: Node) => Node) {
    this.#within = within
    this.dialect = around.dialect
    this.semantics = semanticsOf(around.dialect)
    this.late = late
    this.#policies = policies
    this.#around = around
  }

  /** What the name of a table means in the database, where that tells no cases apart in lower case. */
  physical(name: string): string {
    const renamed = this.#around.renames({ kind: 'table', schema: undefined, name, definition: undefined })
    const found = renamed.kind === 'table' ? renamed.name : name
    return this.dialect.foldName(found)
  }

  /** What the database knows of a table, however a statement spells it, and whatever definition the statement brings. */
  #definition({ schema, name }: NodeOf<'table'>): TableDefinition | undefined {
    const physical = this.physical(name)
    for (const [key, definition] of this.#around.schema)
      if (
        this.physical(definition.name) === physical &&
        (schema === undefined || key === `${schema}.${definition.name}`)
      )
        return localize(definition, this.dialect)
    return undefined
  }

  /** Whether an unqualified name is that of a common table expression. */
  #isHidden(name: string, hidden: ReadonlySet<string>): boolean {
    if (hidden.has(name)) return true
    const fold = this.semantics.foldCteName
    return [...hidden].some((other) => fold(other) === fold(name))
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
    const table = source.kind === 'alias' ? source.operand : source
    if (table.kind !== 'table') return knownSource(table, READ)
    if (table.schema === undefined && this.#isHidden(table.name, hidden)) return undefined
    return this.#found(table, source, use, hidden)
  }

  /** The table that is written: never a common table expression. */
  target(target: Node | undefined, use: RowUse | 'insert', hidden: ReadonlySet<string>): Found | undefined {
    if (target === undefined) return undefined
    const table = target.kind === 'alias' ? target.operand : target
    return table.kind === 'table' ? this.#found(table, target, use, hidden) : knownSource(table, WRITTEN)
  }

  #found(table: NodeOf<'table'>, source: Node, use: RowUse | 'insert', hidden: ReadonlySet<string>): Found {
    const known = this.#definition(table)
    const definition = known ?? (table.definition as TableDefinition | undefined)
    const reference: TableReference = { name: known?.name ?? table.name, schema: table.schema, definition }
    const name = source.kind === 'alias' ? source.name : table.name
    return { table, name, reference, rules: this.#rules(reference, use), hidden }
  }

  #rules(reference: TableReference, use: RowUse | 'insert'): readonly Ruled[] {
    return this.#policies.flatMap((policy) => {
      const known = policy.tables?.find((table) => this.physical(table) === this.physical(reference.name))
      const rule = policy.rule(known === undefined ? reference : { ...reference, name: known }, use, this.late)
      if (rule === undefined) return []
      // A rule may be an object with a prototype: its methods are called on it.
      return [Object.assign(Object.create(rule) as TableRule, { policy: policy.name }) as Ruled]
    })
  }

  /** What is true of the rows of a table that are there for a statement. */
  sees(found: Found, use: RowUse, row: Row = (of) => column(found.name, of)): Node | undefined {
    return all(found.rules.map((rule) => this.own(rule.sees?.(row, use, this.late), found, rule)))
  }

  /**
   * A condition of a policy whose queries read the tables that the policy means, whatever the statement calls its own,
   * and of those the rows that are there where a query asks for that.
   */
  own(condition: Node | undefined, { name, hidden }: Found, { policy }: Ruled): Node | undefined {
    const check = (part: Node): void => {
      if (part.kind === 'select')
        for (const source of sourcesOf(part).read) {
          const table = source.kind === 'alias' ? source.operand : source
          const isHidden = table.kind === 'table' && table.schema === undefined && this.#isHidden(table.name, hidden)
          if (isHidden)
            throw taken(`The common table expression '${table.name}'`, `reads the table '${table.name}'`, policy)
          if ('name' in source && typeof source.name === 'string' && sameName(source.name, name))
            throw taken(`The alias '${name}'`, 'has it in a query of its own', policy)
        }
      eachChild(part, check)
    }
    if (condition === undefined) return undefined
    check(condition)
    return this.#within(condition)
  }

  /** Whether two names mean one column: not all databases tell cases apart. */
  sameColumn(one: string, other: string): boolean {
    return sameName(one, other) || sameName(this.#physicalColumn(one), this.#physicalColumn(other))
  }

  /** Whether two names mean one table, alias or common table expression. */
  sameSource(one: string, other: string): boolean {
    return sameName(one, other) || sameName(this.physical(one), this.physical(other))
  }

  /** Calls the rule for a column, by its name in the statement, in the program and in the database: rules know one. */
  column(rule: Ruled, name: string, use: ColumnUse): void {
    const physical = this.#physicalColumn(name)
    const told = new Set<string>()
    for (const each of [name, this.#around.toProgram(physical), physical]) {
      const key = lowerAscii(each)
      if (!told.has(key)) rule.column?.(each, use, this.late)
      told.add(key)
    }
  }

  #physicalColumn(name: string): string {
    const renamed = this.#around.renames(column(undefined, name))
    return renamed.kind === 'ref' ? renamed.column : name
  }
}

/** Sources that are no tables, or are trusted: functions are known by then, and queries are looked at by themselves. */
const READ: ReadonlySet<Node['kind']> = new Set([
  ...(['select', 'values', 'listTable', 'call', 'trusted', 'insert', 'update', 'delete', 'merge'] as const),
])
const WRITTEN: ReadonlySet<Node['kind']> = new Set(['trusted'])

function knownSource(source: Node, known: ReadonlySet<Node['kind']>): undefined {
  if (!known.has(source.kind)) refuse(isText(source) ? 'SQL text as a table' : `A ${source.kind} as a table`)
}

const taken = (what: string, why: string, policy: string): KantaError =>
  new KantaError('policy', `${what} needs another name: the policy '${policy}' ${why}.`)

const DEFINES = /^(?:create|alter|drop|rename|comment|truncate|grant|revoke)/
