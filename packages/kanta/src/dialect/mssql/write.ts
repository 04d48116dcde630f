import { refuse } from '../../error/index.ts'
import type { Node, NodeOf } from '../../ir/index.ts'
import { merges } from '../merge.ts'
import { standard } from '../print.ts'
import type { Writer } from '../writer.ts'
import { placed } from './condition.ts'
import { plainCtes } from './select.ts'
import { lacks } from './text.ts'

type Write = NodeOf<'insert'> | NodeOf<'update'> | NodeOf<'delete'> | NodeOf<'merge'>

function refuseReturning(n: Write): void {
  if (n.returning.length > 0)
    lacks('returning()', "Use output(['inserted.id']) or outputAll('inserted'); deleted rows are 'deleted'.")
}

export function insert(given: NodeOf<'insert'>, w: Writer): void {
  refuseReturning(given)
  if (given.conflict !== undefined) lacks('onConflict()', 'Use mergeInto().')
  if (given.verb === 'replace') lacks('replaceInto()', 'Use mergeInto().')
  if (given.or !== undefined) lacks(given.or === 'ignore' ? 'ignore()' : given.or, 'Use mergeInto().')
  if (given.duplicate.length > 0) lacks('onDuplicateKeyUpdate()', 'Use mergeInto().')
  standard.insert(plainCtes(placed(hoisted(given))), w)
}

/** The common table expressions of a query that is inserted stand before the insert. */
function hoisted(n: NodeOf<'insert'>): NodeOf<'insert'> {
  const { query } = n
  if (query?.kind !== 'select' || query.ctes.length === 0) return n
  const names = [...n.ctes, ...query.ctes].flatMap((cte) => (cte.kind === 'cte' ? [cte.name] : []))
  if (new Set(names).size < names.length)
    refuse('The insert and its query have common table expressions with one name. Rename one of them.')
  return { ...n, ctes: [...n.ctes, ...query.ctes], query: { ...query, ctes: [] } }
}

/** The name by which a statement means the table that it writes, and the table as a source. */
function targetOf(target: Node | undefined): { readonly name: Node; readonly source: Node } {
  if (target === undefined) return refuse('The statement names no table.')
  if (target.kind !== 'alias') return { name: target, source: target }
  return { name: { kind: 'identifier', names: [target.name] }, source: target }
}

/** `limit()` of a write is `top(n)`, where no order says which rows. */
function topOf(n: NodeOf<'update'> | NodeOf<'delete'>): Node | undefined {
  if (n.orderBy.length > 0)
    lacks(
      `orderBy() in ${n.kind === 'update' ? 'an update' : 'a delete'}`,
      "Use where('id', 'in', db.selectFrom(…).select('id').orderBy(…).limit(n)).",
    )
  if (n.limit === undefined) return n.top
  if (n.top !== undefined) refuse('The statement has limit() and top(). Use one of them.')
  return { kind: 'count', amount: n.limit, modifier: undefined }
}

/** An alias of the table that is written, and joins, stand in a `from` of their own. */
export function update(given: NodeOf<'update'>, w: Writer): void {
  refuseReturning(given)
  const n = plainCtes(placed({ ...given, top: topOf(given), limit: undefined }))
  if (n.targets.length > 1) return standard.update(n, w)
  const { name, source } = targetOf(n.targets[0])
  const alone = source.kind !== 'alias' && (n.joins.length === 0 || n.from.length > 0)
  standard.update(alone ? n : { ...n, targets: [name], from: [source, ...n.from] }, w)
}

export function deleteFrom(given: NodeOf<'delete'>, w: Writer): void {
  refuseReturning(given)
  if (given.using.length > 0) lacks('using()', 'Use innerJoin().')
  const n = plainCtes(placed({ ...given, top: topOf(given), limit: undefined }))
  if (n.targets.length > 1) return standard.delete(n, w)
  const { name, source } = targetOf(n.targets[0])
  if (source.kind !== 'alias' && n.joins.length === 0) return standard.delete(n, w)
  // The standard printer has one place for tables; what is joined comes after the rows that are given back.
  const output: Node[] = n.output.length === 0 ? [] : [{ kind: 'list', items: n.output }]
  const strings = ['', ...output.map(() => ' output '), ' from ', ...n.joins.map(() => ' '), '']
  const tables: Node = { kind: 'raw', strings, parts: [name, ...output, source, ...n.joins] }
  standard.delete({ ...n, output: [], joins: [], targets: [tables] }, w)
}

/** A merge is the one statement that has to end with a semicolon. */
export function merge(given: NodeOf<'merge'>, w: Writer): void {
  refuseReturning(given)
  merges.merge(plainCtes(placed(given)), w)
  w.text(';')
}

export function mergeAction(n: NodeOf<'mergeAction'>, w: Writer): void {
  if (n.action === 'do nothing') lacks('thenDoNothing()', 'Leave the case out, or add its opposite to the conditions.')
  merges.mergeAction(placed(n), w)
}
