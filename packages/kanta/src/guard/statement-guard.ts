import { type Dialect, localize } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { defines, sourcesOf } from '../ir/index.ts'
import { eachChild, type Node, type NodeOf, type Surroundings } from '../run/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { type Semantics, semanticsOf } from './database/index.ts'
import { all, column, sameName } from './expression.ts'
import type { ColumnUse, Row, RowUse, TablePolicy, TableReference, TableRule } from './rule.ts'
import type { RunValues } from './run-values.ts'
import { isText, refuse } from './text.ts'

/** A table that a statement names, with the rules of the policies for it. */
export interface GuardedTable {
  readonly table: NodeOf<'table'>
  /** The name of the table in the statement: its alias, if it has one. */
  readonly name: string
  readonly reference: TableReference
  readonly rules: readonly PolicyRule[]
  /** The names of the common table expressions in its scope. */
  readonly cteNames: ReadonlySet<string>
}

/** A rule with the name of its policy. */
export interface PolicyRule {
  readonly rule: TableRule
  readonly policy: string
}

/**
 * Looks up the policies for the tables and columns of one statement, and collects the values that they add to each run.
 */
export class StatementGuard {
  readonly dialect: Dialect
  readonly semantics: Semantics
  readonly runValues: RunValues
  readonly #policies: readonly TablePolicy[]
  readonly #surroundings: Surroundings
  readonly #guardQueries: (rule: Node) => Node
  readonly #known: KnownTables
  readonly #asked = new WeakMap<NodeOf<'table'>, Map<RowUse | 'insert', readonly PolicyRule[]>>()
  readonly #spellings = new Map<string, readonly string[]>()

  /** `guardQueries` applies policies to the marked queries inside of a rule. */
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
    this.#known = knownTables(policies, surroundings)
  }

  /** Returns the name of a table in the database, folded if that ignores case. */
  physicalName(name: string): string {
    return physicalName(name, this.#surroundings)
  }

  /** Returns the definition of a table in the schema of the database, however the statement spells its name. */
  #definition({ schema }: NodeOf<'table'>, physical: string): TableDefinition | undefined {
    return this.#known.definitions
      .get(physical)
      ?.find(({ key, definition }) => schema === undefined || key === `${schema}.${definition.name}`)?.definition
  }

  /** Returns true if an unqualified name means a common table expression. */
  #isHidden(name: string, cteNames: ReadonlySet<string>): boolean {
    if (cteNames.has(name)) return true
    const fold = this.semantics.foldCteName
    return [...cteNames].some((other) => fold(other) === fold(name))
  }

  /** Refuses a definition of a table if a policy demands it. */
  checkStatement(statement: Node): void {
    if (!defines(statement.kind) || !DEFINITIONS.test(statement.kind)) return
    const policy = this.#policies.find(({ refusesDefinitions }) => refusesDefinitions === true)
    if (policy !== undefined)
      throw new KantaError(
        'policy',
        `The policy '${policy.name}' refuses statements that define tables and the like. Run them on the database without it.`,
      )
  }

  /** Returns the table of a source; `undefined` for a query, a common table expression or values. */
  sourceTable(source: Node, cteNames: ReadonlySet<string>, use: RowUse = 'select'): GuardedTable | undefined {
    const table = source.kind === 'alias' ? source.operand : source
    if (table.kind !== 'table') return checkSource(table, READ_SOURCES)
    if (table.schema === undefined && this.#isHidden(table.name, cteNames)) return undefined
    return this.#found(table, source, use, cteNames)
  }

  /** Returns the table that a statement writes, which is never a common table expression. */
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
    const physical = this.physicalName(table.name)
    const known = this.#definition(table, physical)
    const definition = known ?? (table.definition as TableDefinition | undefined)
    const reference: TableReference = { name: known?.name ?? table.name, schema: table.schema, definition }
    const name = source.kind === 'alias' ? source.name : table.name
    return { table, name, reference, rules: this.#rules(table, reference, physical, use), cteNames }
  }

  /** Returns the rules of the policies for a table of the statement. Each policy gives its rule once for each use. */
  #rules(
    table: NodeOf<'table'>,
    reference: TableReference,
    physical: string,
    use: RowUse | 'insert',
  ): readonly PolicyRule[] {
    const asked = this.#asked.get(table) ?? new Map<RowUse | 'insert', readonly PolicyRule[]>()
    this.#asked.set(table, asked)
    let rules = asked.get(use)
    if (rules === undefined) {
      const found: PolicyRule[] = []
      this.#policies.forEach((policy, i) => {
        const name = this.#known.spelled[i]!.get(physical)
        const spelled = name === undefined || name === reference.name ? reference : { ...reference, name }
        const rule = policy.rule(spelled, use, this.runValues)
        if (rule !== undefined) found.push({ rule, policy: policy.name })
      })
      rules = found
      asked.set(use, rules)
    }
    return rules
  }

  /** Returns the condition of the rows of a table that policies show. */
  rowFilter(found: GuardedTable, use: RowUse, row: Row = (of) => column(found.name, of)): Node | undefined {
    return all(
      found.rules.map((policyRule) =>
        this.guardCondition(policyRule.rule.sees?.(row, use, this.runValues), found, policyRule),
      ),
    )
  }

  /**
   * Guards a condition of a policy. Refuses statements whose names would change the meaning of its queries, and applies
   * policies to those that are marked.
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

  /** Returns true if two names mean the same column in the database. */
  sameColumn(one: string, other: string): boolean {
    return sameName(one, other) || sameName(this.#physicalColumn(one), this.#physicalColumn(other))
  }

  /** Returns true if two names mean the same table, alias or common table expression. */
  sameSource(one: string, other: string): boolean {
    return sameName(one, other) || sameName(this.physicalName(one), this.physicalName(other))
  }

  /**
   * Calls the column check of a rule with the names of a column in the statement, in the program and in the database,
   * since a rule knows one of them.
   */
  checkColumn({ rule }: PolicyRule, name: string, use: ColumnUse): void {
    if (rule.column === undefined) return
    for (const each of this.#spellingsOf(name)) rule.column(each, use, this.runValues)
  }

  #spellingsOf(name: string): readonly string[] {
    let known = this.#spellings.get(name)
    if (known === undefined) {
      const physical = this.#physicalColumn(name)
      const all = [name, this.#surroundings.toProgram(physical), physical]
      known = all.filter((one, i) => all.findIndex((other) => sameName(one, other)) === i)
      this.#spellings.set(name, known)
    }
    return known
  }

  #physicalColumn(name: string): string {
    const renamed = this.#surroundings.renames(column(undefined, name))
    return renamed.kind === 'ref' ? renamed.column : name
  }
}

/**
 * Sources that need no rule: queries are guarded by themselves, functions are checked before, and trusted text declares
 * its tables.
 */
const READ_SOURCES: ReadonlySet<Node['kind']> = new Set([
  ...(['select', 'values', 'listTable', 'call', 'trusted', 'insert', 'update', 'delete', 'merge'] as const),
])
const WRITTEN_SOURCES: ReadonlySet<Node['kind']> = new Set(['trusted'])

function checkSource(source: Node, known: ReadonlySet<Node['kind']>): undefined {
  if (!known.has(source.kind)) refuse(isText(source) ? 'SQL text as a table' : `A ${source.kind} as a table`)
}

const nameTakenError = (what: string, why: string, policy: string): KantaError =>
  new KantaError('policy', `${what} needs another name: the policy '${policy}' ${why}.`)

/** The tables that a database with its policies knows, by their physical names. */
interface KnownTables {
  readonly definitions: ReadonlyMap<string, readonly { readonly key: string; readonly definition: TableDefinition }[]>
  /** For each policy the tables that it names, as it spells them. */
  readonly spelled: readonly ReadonlyMap<string, string>[]
}

const knownIn = new WeakMap<Surroundings, KnownTables>()

function knownTables(policies: readonly TablePolicy[], surroundings: Surroundings): KnownTables {
  const known = knownIn.get(surroundings)
  if (known !== undefined) return known
  const definitions = new Map<string, { key: string; definition: TableDefinition }[]>()
  for (const [key, definition] of surroundings.schema) {
    const physical = physicalName(definition.name, surroundings)
    const same = definitions.get(physical) ?? []
    same.push({ key, definition: localize(definition, surroundings.dialect) })
    definitions.set(physical, same)
  }
  const spelled = policies.map(({ tables = [] }) => {
    const names = new Map<string, string>()
    // Of two that mean one table, the first counts.
    for (const name of tables.toReversed()) names.set(physicalName(name, surroundings), name)
    return names
  })
  const made = { definitions, spelled }
  knownIn.set(surroundings, made)
  return made
}

function physicalName(name: string, { renames, dialect }: Surroundings): string {
  const renamed = renames({ kind: 'table', schema: undefined, name, definition: undefined })
  return dialect.foldName(renamed.kind === 'table' ? renamed.name : name)
}

const DEFINITIONS = /^(?:create|alter|drop|rename|comment|truncate|grant|revoke)/
