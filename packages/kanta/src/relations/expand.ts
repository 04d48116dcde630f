import type { Dialect } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import { fullName, mapChildren, type Node, type NodeOf, nodeWith, sourcesOf, walk } from '../ir/index.ts'
import { type Expanded, mapInScope, type SchemaDefinitions } from '../plan/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { cutFirst } from './cut.ts'
import type { Choice, Declarations, Link, Relation } from './declare.ts'
import {
  checkSplit,
  forKeys,
  joinOf,
  type Load,
  linkedByOwners,
  missing,
  type SplitPart,
  splitsOf,
  withKeys,
} from './split.ts'

type Select = NodeOf<'select'>

/** The table that a statement reads first, whose relations its parts may name. */
interface Place {
  readonly alias: string
  readonly table: TableDefinition | undefined
  readonly relations: ReadonlyMap<string, Relation> | undefined
  readonly choices?: ReadonlyMap<string, Choice> | undefined
  /** The names of all sources of the statement. */
  readonly names: readonly string[]
  readonly around: Place | undefined
}

/** A relation and the table that has it. */
interface Found {
  readonly relation: Relation
  readonly of: Place
}

/**
 * Puts a query in the place of each relation: the rows of the table at the other end whose columns equal those of the
 * row around it. It comes before policies, which see the tables that are read as they see all others.
 */
export function expandRelations(
  statement: Node,
  declarations: Declarations,
  schema: SchemaDefinitions,
  dialect: Dialect,
  args: number,
): Expanded {
  return new Expander(declarations, schema, dialect).expand(statement, args)
}

class Expander {
  readonly #declarations: Declarations
  readonly #schema: SchemaDefinitions
  readonly #dialect: Dialect

  constructor(declarations: Declarations, schema: SchemaDefinitions, dialect: Dialect) {
    this.#declarations = declarations
    this.#schema = schema
    this.#dialect = dialect
  }

  expand(statement: Node, args: number): Expanded {
    const parts = statement.kind === 'select' ? splitsOf(statement) : []
    if (parts.length === 0) return { statement: this.visit(statement, undefined, NONE), split: undefined }
    const select = statement as Select
    const place = this.#placeOf(select, undefined, NONE)
    const loads = parts.map((part, i) => this.#load(part, i, place, args))
    return {
      statement: this.visit(withKeys(select, place!.alias, place!.table!, loads), undefined, NONE),
      split: joinOf(loads, place!.table!.primaryKey.length),
    }
  }

  /** The statement that reads the rows of a relation for the keys of its owners, which are its last arguments. */
  #load({ query, name }: SplitPart, position: number, place: Place | undefined, args: number): Load {
    const { name: relationName, optional } = query.from[0] as NodeOf<'relation'>
    const { relation } = this.#find(relationName, place)
    checkSplit(query, relation)
    const required = relation.required && !optional
    if (relation.single) checkSingle(query, relationName, required)
    const { owner } = relation
    const names = [relation.target.name, relation.through?.table.name ?? '', ...namesIn(query)]
    const alias = freeName(owner.name, new Set(names))
    const ofOwners = linkedByOwners(relation)
    const relations = new Map([[relationName, ofOwners]])
    const near: Place = { alias, table: owner, relations, names: [alias], around: undefined }
    const bound = this.#bind(withItems(query, relation), { relation: ofOwners, of: near }, near, NONE)
    const nested = splitsOf(bound)
    const own = this.#placeOf(bound, near, NONE)
    const lists = owner.primaryKey.length
    const loads = nested.map((part, i) => this.#load(part, i, own, args + lists))
    const kept = nested.length === 0 ? bound : withKeys(bound, own!.alias, own!.table!, loads)
    const read = this.#children(kept, own, near, NONE)
    return {
      ...{ name, position, relation, required },
      statement: {
        statement: forKeys(read, relation, alias, args),
        split: nested.length === 0 ? undefined : joinOf(loads, own!.table!.primaryKey.length),
      },
    }
  }

  visit(part: Node, place: Place | undefined, hidden: ReadonlySet<string>): Node {
    if (part.kind === 'jsonRows') return this.#included(part, place, hidden)
    if (part.kind === 'relation') return refuse(misplaced(part.name))
    if (part.kind === 'unary' && part.op === 'exists')
      return mapChildren(part, (child) => this.visit(withOne(child), place, hidden))
    if (part.kind !== 'select') return this.#children(part, this.#placeOf(part, place, hidden), place, hidden)
    const [first] = part.from
    const select = first?.kind === 'relation' ? this.#bind(part, this.#find(first.name, place), place, hidden) : part
    const own = this.#placeOf(select, place, hidden)
    const made = this.#children(select, own, place, hidden)
    if (this.#dialect.computesBeforeLimit !== true || own?.table === undefined || own === place) return made
    return cutFirst(made, own.table, own.alias)
  }

  /** Sources see what is around the statement; its other parts see its own table first. */
  #children<T extends Node>(
    part: T,
    own: Place | undefined,
    around: Place | undefined,
    hidden: ReadonlySet<string>,
  ): T {
    return mapInScope(part, hidden, (child, names) =>
      this.visit(child, 'from' in part && (part.from as readonly Node[]).includes(child) ? around : own, names),
    )
  }

  #placeOf(part: Node, around: Place | undefined, hidden: ReadonlySet<string>): Place | undefined {
    const first = firstSource(part)
    if (first === undefined) return around
    const operand = first.kind === 'alias' ? first.operand : first
    const name = operand.kind === 'table' ? fullName(operand) : undefined
    const given = operand.kind === 'table' ? (operand.definition as TableDefinition | undefined) : undefined
    const isCte = part.kind === 'select' && isHidden(operand, cteNames(part, hidden))
    const table = name === undefined || isCte ? undefined : (given ?? this.#schema.get(name))
    const alias = first.kind === 'alias' ? first.name : operand.kind === 'table' ? operand.name : ''
    const { relations, choices } = (table && this.#declarations.get(fullName(table))) ?? NO_RELATIONS
    return { alias, table, relations, choices, names: [alias, ...namesIn(part)], around }
  }

  /** The relation of a name, of the nearest table that has one. */
  #find(name: string, place: Place | undefined): Found {
    for (let at = place; at !== undefined; at = at.around) {
      const relation = at.relations?.get(name)
      if (relation !== undefined) return { relation, of: at }
    }
    if (place?.choices?.has(name))
      refuse(
        `The relation '${name}' is one of several tables. Name one of them, such as '${name}.${place.choices.get(name)!.alternatives.keys().next().value}'.`,
      )
    const known = [...(place?.choices?.keys() ?? []), ...(place?.relations?.keys() ?? [])]
    const table = place?.table === undefined ? 'The query' : `'${fullName(place.table)}'`
    return refuse(
      `${table} has no relation '${name}'. ${known.length === 0 ? 'It has none.' : `It has: ${known.join(', ')}.`}`,
    )
  }

  #included(part: NodeOf<'jsonRows'>, place: Place | undefined, hidden: ReadonlySet<string>): Node {
    const { query } = part
    const first = query.kind === 'select' ? query.from[0] : undefined
    if (query.kind !== 'select' || first?.kind !== 'relation' || !first.included) {
      return mapChildren(part, (child) => this.visit(child, place, hidden))
    }
    if (first.split)
      return refuse(
        `include('${first.name}', …, { load: 'split' }) reads by a statement of its own, so it stands in the query that runs, or in another such include() of it. Leave { load } out here.`,
      )
    const choice = place?.choices?.get(first.name)
    if (choice !== undefined) return this.#chosen(choice, query, first.optional, place, hidden)
    const { relation } = this.#find(first.name, place)
    const { single, owner, name } = relation
    const required = relation.required && !first.optional
    if (single) checkSingle(query, name, required)
    const from = this.visit(withItems(query, relation), place, hidden)
    return { ...part, query: from, single, required: required ? missing(name, owner) : undefined }
  }

  /** The row of one of several tables, as an object of which all values but that one are null. */
  #chosen(
    choice: Choice,
    query: Select,
    optional: boolean,
    place: Place | undefined,
    hidden: ReadonlySet<string>,
  ): Node {
    const { name, owner, column, alternatives } = choice
    if (query.items.length > 0 || query.where.length > 0)
      refuse(`include('${name}', …) gives whole rows. For one of its tables include '${name}.…' by itself.`)
    const required = choice.required && !optional
    const values = [...alternatives.values()].map((each): Node => {
      const from: Node = { kind: 'relation', name: each.name, included: true, optional: true, split: false }
      const rows = nodeWith('select', { from: [from] })
      return this.visit({ kind: 'jsonRows', query: rows, single: true, required: undefined }, place, hidden)
    })
    return {
      kind: 'jsonObject',
      keys: [column, ...alternatives.keys()],
      values: [ref(place!.alias, column), ...values],
      tag: column,
      required: required ? missing(name, owner) : undefined,
    }
  }

  /** The query with the table of a relation in its place. */
  #bind(query: Select, { relation, of }: Found, around: Place | undefined, hidden: ReadonlySet<string>): Select {
    const { target, link, through, name } = relation
    for (const each of [target, ...(through === undefined ? [] : [through.table])])
      if (isHidden(each, hidden))
        refuse(`The relation '${name}' reads '${each.name}', a name that with() gives to a query. Rename that query.`)
    const nearer = namesIn(query)
    for (let at = around; at !== undefined && at !== of; at = at.around) nearer.push(...at.names)
    if (nearer.includes(of.alias))
      refuse(
        `The relation '${name}' is of '${of.alias}', and a table that stands nearer has that name, too. Give that one an alias.`,
      )
    const taken = new Set<string>()
    for (let at = around; at !== undefined; at = at.around) for (const name of at.names) taken.add(name)
    for (const name of namesIn(query)) taken.add(name)
    const alias = freeName(target.name, taken)
    const own = alias === target.name ? query : (this.#renamed(query, target, target.name, alias) as Select)
    const table: Node = { kind: 'table', schema: target.schema, name: target.name, definition: target }
    const between = through === undefined ? undefined : freeName(through.table.name, taken.add(alias))
    const { only, points } = relation
    const isOnly = only === undefined ? [] : [is(ref(points ? of.alias : alias, only.column), only.value)]
    const condition =
      through === undefined
        ? [...equal(link, of.alias, alias), ...isOnly]
        : [linked(through.table, between!, alias, through.link, equal(link, of.alias, between!))]
    return {
      ...own,
      from: [alias === target.name ? table : named(table, alias), ...own.from.slice(1)],
      where: [...condition, ...own.where],
      orderBy: withLastTie(own, target, alias),
    }
  }

  /** A part over a table that goes by another name, but for queries that give the name to a source of their own. */
  #renamed(part: Node, table: TableDefinition, from: string, to: string): Node {
    if (part.kind === 'ref' && part.table === from && part.schema === undefined) return { ...part, table: to }
    if (part.kind === 'star' && part.table === from) return { ...part, table: to }
    if (part.kind === 'lock') return { ...part, of: part.of.map((name) => (name === from ? to : name)) }
    return mapChildren(part, (child) => {
      const inner = child.kind === 'select' ? child.from[0] : undefined
      const related = inner?.kind === 'relation' ? this.#relation(table, inner.name)?.target : undefined
      if (child.kind === 'select' && [related?.name, ...namesOf(child.from), ...namesIn(child)].includes(from))
        return child
      return this.#renamed(child, related ?? table, from, to)
    })
  }

  #relation(table: TableDefinition, name: string): Relation | undefined {
    return this.#declarations.get(fullName(table))?.relations.get(name)
  }
}

const misplaced = (name: string): string =>
  `The relation '${name}' stands where no relation can. Use include('${name}', …), or eb.related('${name}') as a query of its own.`

function firstSource(part: Node): Node | undefined {
  switch (part.kind) {
    case 'select':
      return part.from[0]
    case 'update':
    case 'delete':
      return part.targets[0]
    case 'insert':
      return part.into
    default:
      return undefined
  }
}

/** Refuses what would leave out a row that has to be there. */
function checkSingle(query: Select, name: string, required: boolean): void {
  if (query.setOperations.length > 0 || query.groupBy.length > 0)
    refuse(`include('${name}', …) gives one row, so it cannot group rows or add those of another query.`)
  const filters = query.where.length + query.having.length + query.joins.length
  if (required && (filters > 0 || query.limit !== undefined || query.offset !== undefined))
    refuse(
      `include('${name}', …) may leave out the row by its conditions. Add { optional: true }, so that it is null then.`,
    )
}

/** The query of a relation whose rows only have to be there. */
function withOne(query: Node): Node {
  const isBare = query.kind === 'select' && query.items.length === 0 && query.from[0]?.kind === 'relation'
  return isBare ? { ...query, items: [ONE] } : query
}

/** The query with all columns of its table where it selects none. */
function withItems(query: Select, { target }: Relation): Select {
  return query.items.length > 0 ? query : { ...query, items: [{ kind: 'star', table: target.name }] }
}

/** The order with the key as the last tie, so that a limit keeps the same rows each time. */
function withLastTie(query: Select, { primaryKey }: TableDefinition, alias: string): readonly Node[] {
  const { orderBy } = query
  const isPlain = query.groupBy.length === 0 && !query.distinct && query.distinctOn.length === 0
  if (orderBy.length === 0 || !isPlain || query.setOperations.length > 0 || query.items.some(holdsAggregate))
    return orderBy
  return [...orderBy, ...primaryKey.map((column) => ref(alias, column))]
}

function holdsAggregate(item: Node): boolean {
  let found = false
  walk(item, (part) => {
    found ||= part.kind === 'aggregate' && part.over === undefined
  })
  return found
}

const NO_RELATIONS = { relations: undefined, choices: undefined }
const NONE: ReadonlySet<string> = new Set()
const ONE: Node = { kind: 'literal', value: 1 }
const ref = (table: string, column: string): Node => ({ kind: 'ref', schema: undefined, table, column })
const named = (operand: Node, name: string): Node => ({ kind: 'alias', operand, name, columns: undefined })

const is = (left: Node, value: string | number): Node => ({
  ...{ kind: 'binary', left, op: '=', right: { kind: 'literal', value } },
})

const equal = ({ from, to }: Link, near: string, far: string): Node[] =>
  from.map((column, i) => ({ kind: 'binary', left: ref(far, to[i]!), op: '=', right: ref(near, column) }))

/**
 * Tells whether a row is among those that the table between two others links. A row is there once, however often it is
 * linked. `in` finds rows by their key on every database; of several columns only `exists` is known to all.
 */
function linked(definition: TableDefinition, between: string, far: string, link: Link, where: readonly Node[]): Node {
  const table: Node = { kind: 'table', schema: definition.schema, name: definition.name, definition }
  const from = [between === definition.name ? table : named(table, between)]
  const [column, ...more] = link.from
  if (more.length > 0) {
    const query = nodeWith('select', { items: [ONE], from, where: [...where, ...equal(link, between, far)] })
    return { kind: 'unary', op: 'exists', operand: query }
  }
  const query = nodeWith('select', { items: [ref(between, column!)], from, where })
  return { kind: 'binary', left: ref(far, link.to[0]!), op: 'in', right: query }
}

/** The names that common table expressions take from tables, where a statement reads. */
function cteNames({ ctes }: Select, around: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...around, ...ctes.map((cte) => (cte.kind === 'cte' ? cte.name : ''))])
}

const isHidden = (table: Node | TableDefinition, hidden: ReadonlySet<string>): boolean =>
  'name' in table && 'schema' in table && table.schema === undefined && hidden.has(table.name as string)

/** The names of the sources of a statement besides the first. */
function namesIn(part: Node): string[] {
  const { read } = sourcesOf(part)
  return namesOf(part.kind === 'select' ? read.slice(1) : read)
}

const namesOf = (sources: readonly Node[]): string[] =>
  sources.flatMap((source) => (source.kind === 'alias' ? source.name : source.kind === 'table' ? source.name : []))

/** A name that nothing around has: the table's own, else with a number. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name
  let number = 2
  while (taken.has(`${name}_${number}`)) number++
  return `${name}_${number}`
}
