import { refuse } from '../../error/index.ts'
import { eachChild, mapChildren, type Node, type NodeOf } from '../../ir/index.ts'
import { conditions, standard } from '../print.ts'
import type { Writer } from '../writer.ts'
import { type Flavor, unsupported } from './flavor.ts'

type Target = { readonly name: string; readonly node: Node }

/** The name by which the rest of a statement knows a table. */
function targetOf(node: Node): Target {
  if (node.kind === 'alias') return { name: node.name, node }
  return node.kind === 'table' ? { name: node.name, node } : refuse('A statement that writes needs a table.')
}

/** Only queries begin with `with` in MariaDB, and in neither does an insert. */
function refuseCtes(n: { readonly ctes: readonly Node[] }, what: string, w: Writer, flavor: Flavor): void {
  if (n.ctes.length > 0 && flavor.name === 'mariadb')
    unsupported(`with() before ${what}`, 'Write the query as a subquery where it is used.', w)
}

export function printInsert(n: NodeOf<'insert'>, w: Writer, flavor: Flavor): void {
  if (n.or !== undefined && n.or !== 'ignore')
    unsupported(n.or, n.or.endsWith('replace') ? 'Use replaceInto().' : 'Use ignore().', w)
  if (n.conflict !== undefined) unsupported('onConflict()', 'Use onDuplicateKeyUpdate(), or ignore().', w)
  if (n.defaults) {
    const empty: Node = { kind: 'tuple', items: [] }
    return printInsert({ ...n, defaults: false, columns: [], tuples: [empty] }, w, flavor)
  }
  const moved = withCtesInside(n, w)
  const named = flavor.name === 'mysql' && moved.rows !== undefined
  standard.insert(
    {
      ...moved,
      duplicate: named ? moved.duplicate : moved.duplicate.map(excluded),
      rows: named && refersToExcluded(moved) ? withAlias(moved.rows) : moved.rows,
    },
    w,
  )
}

/** The queries before an insert stand before its query. */
function withCtesInside(n: NodeOf<'insert'>, w: Writer): NodeOf<'insert'> {
  if (n.ctes.length === 0) return n
  if (n.query?.kind !== 'select')
    return unsupported('with() before an insert of values', 'Insert from a query, or use subqueries.', w)
  const query = { ...n.query, ctes: [...n.ctes, ...n.query.ctes], recursive: n.recursive || n.query.recursive }
  return { ...n, ctes: [], recursive: false, query }
}

/** The row that could not be inserted, as `excluded` elsewhere: MySQL names the rows since 8.0.19. */
function withAlias(rows: Node | undefined): Node | undefined {
  return rows && { kind: 'raw', strings: ['', ' as `excluded`'], parts: [rows] }
}

const isExcluded = (part: Node): boolean => part.kind === 'ref' && part.table === 'excluded'

function refersToExcluded({ duplicate }: NodeOf<'insert'>): boolean {
  const refers = (part: Node): boolean => {
    let found = isExcluded(part)
    eachChild(part, (child) => {
      found ||= refers(child)
    })
    return found
  }
  return duplicate.some(refers)
}

function excluded(part: Node): Node {
  if (part.kind !== 'ref' || part.table !== 'excluded') return mapChildren(part, excluded)
  return { kind: 'call', name: 'values', args: [{ ...part, table: undefined }] }
}

export function printUpdate(n: NodeOf<'update'>, w: Writer, flavor: Flavor): void {
  refuseCtes(n, 'an update', w, flavor)
  if (n.returning.length > 0)
    unsupported('returning() of an update', 'Select the rows before or after it, in one transaction.', w)
  const targets = n.targets.map(targetOf)
  const several = n.from.length + n.joins.length > 0 || targets.length > 1
  if (several && (n.orderBy.length > 0 || n.limit !== undefined))
    unsupported('orderBy() and limit() in an update of joined tables', "Use where('id', 'in', …).", w)
  const sets = several ? n.sets.map((set) => qualified(set, targets[0]!.name)) : n.sets
  if (flavor.name === 'mysql') refuseReadsOfWritten(n.sets)
  const joins = [...n.from.map(crossJoined), ...n.joins]
  standard.update({ ...n, sets, joins, from: [] }, w)
}

const crossJoined = (source: Node): Node => ({ kind: 'joined', style: 'cross join', lateral: false, source, on: [] })

/** Beside other tables a bare name could be a column of any of them. */
function qualified(set: Node, table: string): Node {
  if (set.kind !== 'assignment' || set.column.kind !== 'ref') return set
  const column: Node = { ...set.column, table: set.column.table ?? table }
  return { kind: 'raw', strings: ['', ' = ', ''], parts: [column, set.value] }
}

/** MySQL assigns one column after the other, so that the second of `a = b, b = a` would see what the first wrote. */
function refuseReadsOfWritten(sets: readonly Node[]): void {
  const written = new Set<string>()
  const check = (part: Node): void => {
    if (part.kind === 'ref' && written.has(part.column))
      refuse(
        `The update sets '${part.column}' before another column is set from it, and MySQL would take the new value. Set it last, or in an update of its own.`,
      )
    if (part.kind !== 'select') eachChild(part, check)
  }
  for (const set of sets) {
    if (set.kind !== 'assignment') continue
    check(set.value)
    if (set.column.kind === 'ref') written.add(set.column.column)
  }
}

export function printDelete(n: NodeOf<'delete'>, w: Writer, flavor: Flavor): void {
  refuseCtes(n, 'a delete', w, flavor)
  const targets = n.targets.map(targetOf)
  const aliased = n.targets.some((target) => target.kind === 'alias')
  if (targets.length === 1 && !aliased && n.using.length + n.joins.length === 0) return standard.delete(n, w)
  if (n.orderBy.length > 0 || n.limit !== undefined)
    unsupported('orderBy() and limit() in a delete of joined tables or of an alias', "Use where('id', 'in', …).", w)
  if (n.returning.length > 0)
    unsupported(
      'returning() in a delete of joined tables or of an alias',
      'Select the rows before it, in one transaction.',
      w,
    )
  printJoinedDelete(n, targets, w)
}

/** `delete t from t cross join u where …`: what is deleted from is also one of the tables that are read. */
function printJoinedDelete(n: NodeOf<'delete'>, targets: readonly Target[], w: Writer): void {
  const used = new Set(n.using.map((part) => (part.kind === 'alias' || part.kind === 'table' ? part.name : '')))
  const [first, ...others] = [...targets.filter(({ name }) => !used.has(name)).map(({ node }) => node), ...n.using]
  const ctes = n.ctes.length > 0
  if (ctes)
    w.text(n.recursive ? 'with recursive ' : 'with ')
      .list(n.ctes)
      .text(' ')
  w.text('delete ')
  for (const modifier of n.modifiers)
    if (modifier.kind === 'modifier' && modifier.position === 'front') w.node(modifier).text(' ')
  w.names(targets.map(({ name }) => name))
    .text(' from ')
    .node(first!)
  for (const join of [...others.map(crossJoined), ...n.joins]) w.text(' ').node(join)
  if (n.where.length > 0) {
    w.text(' where ')
    conditions(n.where, w)
  }
  for (const modifier of n.modifiers)
    if (modifier.kind === 'modifier' && modifier.position === 'end') w.text(' ').node(modifier)
}
