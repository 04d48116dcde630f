import { type Dialect, localize, lowerAscii } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { sourcesOf } from '../ir/index.ts'
import { eachChild, type Node, type NodeOf, type Surroundings } from '../run/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { type Semantics, semanticsOf } from './database/index.ts'
import { all, column, sameName } from './expression.ts'
import type { ColumnUse, Row, RowUse, TablePolicy, TableReference, TableRule } from './rule.ts'
import type { RunValues } from './run-values.ts'
import { isText, refuse } from './text.ts'

/** A table where a statement names it, and what policies ask of it there. */
export interface GuardedTable {
  readonly table: NodeOf<'table'>
  /** The name that its columns have in the statement. */
  readonly name: string
  readonly reference: TableReference
  readonly rules: readonly PolicyRule[]
  /** The names that mean common table expressions where it stands. */
  readonly cteNames: ReadonlySet<string>
}

/** A rule and the policy that it comes from. */
export interface PolicyRule extends TableRule {
  readonly policy: string
}

/** Where policies meet a statement: its database, the policies, and what they add to each run. */
export class StatementGuard {
  readonly dialect: Dialect
  readonly semantics: Semantics
  readonly runValues: RunValues
  readonly #policies: readonly TablePolicy[]
  readonly #surroundings: Surroundings
  readonly #guardQueries: (rule: Node) => Node

  /** `within` applies policies to the queries inside of what a rule says that ask for it. */
  constructor(
    policies: readonly TablePolicy[],
    surroundings: Surroundings,
    runValues: RunValues,
    guardQueries: (rule: Node) => Node,
  ) {
    this.#guardQueries = guardQueries
    this.dialect = surroundings.dialect
    this.semantics = semanticsOf(surroundings.dialect)
    this.runValues = runValues
    this.#policies = policies
    this.#surroundings = surroundings
  }

  /** What the name of a table means in the database, where that tells no cases apart in lower case. */
  physicalName(name: string): string {
    const renamed = this.#surroundings.renames({ kind: 'table', schema: undefined, name, definition: undefined })
    const found = renamed.kind === 'table' ? renamed.name : name
    return this.dialect.foldName(found)
  }

  /** What the database knows of a table, however a statement spells it, and whatever definition the statement brings. */
  #definition({ schema, name }: NodeOf<'table'>): TableDefinition | undefined {
    const physical = this.physicalName(name)
    for (const [key, definition] of this.#surroundings.schema)
      if (
        this.physicalName(definition.name) === physical &&
        (schema === undefined || key === `${schema}.${definition.name}`)
      )
        return localize(definition, this.dialect)
    return undefined
  }

  /** Whether an unqualified name is that of a common table expression. */
  #isHidden(name: string, cteNames: ReadonlySet<string>): boolean {
    if (cteNames.has(name)) return true
    const fold = this.semantics.foldCteName
    return [...cteNames].some((other) => fold(other) === fold(name))
  }

  /** Refuses definitions where a policy does. */
  checkStatement(statement: Node): void {
    if (!DEFINITIONS.test(statement.kind)) return
    const policy = this.#policies.find(({ refusesDefinitions }) => refusesDefinitions === true)
    if (policy !== undefined)
      throw new KantaError(
        'policy',
        `The policy '${policy.name}' refuses statements that define tables and the like. Run them on the database without it.`,
      )
  }

  /** The table of a source that is read; `undefined` for a query, a common table expression or values. */
  sourceTable(source: Node, cteNames: ReadonlySet<string>, use: RowUse = 'select'): GuardedTable | undefined {
    const table = source.kind === 'alias' ? source.operand : source
    if (table.kind !== 'table') return checkSource(table, READ_SOURCES)
    if (table.schema === undefined && this.#isHidden(table.name, cteNames)) return undefined
    return this.#found(table, source, use, cteNames)
  }

  /** The table that is written: never a common table expression. */
  targetTable(
    target: Node | undefined,
    use: RowUse | 'insert',
    cteNames: ReadonlySet<string>,
  ): GuardedTable | undefined {
    if (target === undefined) return undefined
    const table = target.kind === 'alias' ? target.operand : target
    return table.kind === 'table' ? this.#found(table, target, use, cteNames) : checkSource(table, WRITTEN_SOURCES)
  }

  #found(table: NodeOf<'table'>, source: Node, use: RowUse | 'insert', cteNames: ReadonlySet<string>): GuardedTable {
    const known = this.#definition(table)
    const definition = known ?? (table.definition as TableDefinition | undefined)
    const reference: TableReference = { name: known?.name ?? table.name, schema: table.schema, definition }
    const name = source.kind === 'alias' ? source.name : table.name
    return { table, name, reference, rules: this.#rules(reference, use), cteNames: cteNames }
  }

  #rules(reference: TableReference, use: RowUse | 'insert'): readonly PolicyRule[] {
    return this.#policies.flatMap((policy) => {
      const known = policy.tables?.find((table) => this.physicalName(table) === this.physicalName(reference.name))
      const rule = policy.rule(known === undefined ? reference : { ...reference, name: known }, use, this.runValues)
      if (rule === undefined) return []
      // A rule may be an object with a prototype: its methods are called on it.
      return [Object.assign(Object.create(rule) as TableRule, { policy: policy.name }) as PolicyRule]
    })
  }

  /** What is true of the rows of a table that are there for a statement. */
  rowFilter(found: GuardedTable, use: RowUse, row: Row = (of) => column(found.name, of)): Node | undefined {
    return all(found.rules.map((rule) => this.guardCondition(rule.sees?.(row, use, this.runValues), found, rule)))
  }

  /**
   * A condition of a policy whose queries read the tables that the policy means, whatever the statement calls its own,
   * and of those the rows that are there where a query asks for that.
   */
  guardCondition(
    condition: Node | undefined,
    { name, cteNames }: GuardedTable,
    { policy }: PolicyRule,
  ): Node | undefined {
    const check = (part: Node): void => {
      if (part.kind === 'select')
        for (const source of sourcesOf(part).read) {
          const table = source.kind === 'alias' ? source.operand : source
          const isHidden = table.kind === 'table' && table.schema === undefined && this.#isHidden(table.name, cteNames)
          if (isHidden)
            throw nameTakenError(
              `The common table expression '${table.name}'`,
              `reads the table '${table.name}'`,
              policy,
            )
          if ('name' in source && typeof source.name === 'string' && sameName(source.name, name))
            throw nameTakenError(`The alias '${name}'`, 'has it in a query of its own', policy)
        }
      eachChild(part, check)
    }
    if (condition === undefined) return undefined
    check(condition)
    return this.#guardQueries(condition)
  }

  /** Whether two names mean one column: not all databases tell cases apart. */
  sameColumn(one: string, other: string): boolean {
    return sameName(one, other) || sameName(this.#physicalColumn(one), this.#physicalColumn(other))
  }

  /** Whether two names mean one table, alias or common table expression. */
  sameSource(one: string, other: string): boolean {
    return sameName(one, other) || sameName(this.physicalName(one), this.physicalName(other))
  }

  /** Calls the rule for a column, by its name in the statement, in the program and in the database: rules know one. */
  checkColumn(rule: PolicyRule, name: string, use: ColumnUse): void {
    const physical = this.#physicalColumn(name)
    const told = new Set<string>()
    for (const each of [name, this.#surroundings.toProgram(physical), physical]) {
      const key = lowerAscii(each)
      if (!told.has(key)) rule.column?.(each, use, this.runValues)
      told.add(key)
    }
  }

  #physicalColumn(name: string): string {
    const renamed = this.#surroundings.renames(column(undefined, name))
    return renamed.kind === 'ref' ? renamed.column : name
  }
}

/** Sources that are no tables, or are trusted: functions are known by then, and queries are looked at by themselves. */
const READ_SOURCES: ReadonlySet<Node['kind']> = new Set([
  ...(['select', 'values', 'listTable', 'call', 'trusted', 'insert', 'update', 'delete', 'merge'] as const),
])
const WRITTEN_SOURCES: ReadonlySet<Node['kind']> = new Set(['trusted'])

function checkSource(source: Node, known: ReadonlySet<Node['kind']>): undefined {
  if (!known.has(source.kind)) refuse(isText(source) ? 'SQL text as a table' : `A ${source.kind} as a table`)
}

const nameTakenError = (what: string, why: string, policy: string): KantaError =>
  new KantaError('policy', `${what} needs another name: the policy '${policy}' ${why}.`)

const DEFINITIONS = /^(?:create|alter|drop|rename|comment|truncate|grant|revoke)/
