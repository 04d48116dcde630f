// Prints SQL as Kysely does: the printers of a dialect, with some replaced. Kysely writes parentheses only where a
// program calls for them, and around lists of conditions, tuples and queries.
import type { Dialect, Printers, Writer } from '../../dialect/index.ts'
import { refuse } from '../../error/index.ts'
import type { Node, NodeOf } from '../../ir/index.ts'
import { styles } from './facet.ts'

/** Wraps conditions, so that they print without the parentheses that Kanta puts around raw SQL and operators. */
function bare(conditions: readonly Node[]): readonly Node[] {
  if (conditions.length < 2) return conditions
  return conditions.map((condition) => (WRAPPED.has(condition.kind) ? { kind: 'list', items: [condition] } : condition))
}

const WRAPPED: ReadonlySet<string> = new Set(['raw', 'operation', 'join'])

function binary({ left, op, right }: NodeOf<'binary'>, w: Writer): void {
  if (right.kind === 'tuple' && right.items.length === 0)
    refuse(
      `'${op}' has an empty list. Leave the condition out, or open the database with the HandleEmptyInListsPlugin.`,
    )
  w.node(left).text(` ${op} `).node(right)
}

function unary({ op, operand }: NodeOf<'unary'>, w: Writer): void {
  w.text(op === '-' ? op : `${op} `).node(operand)
}

function between(n: NodeOf<'between'>, w: Writer): void {
  if (n.symmetric) w.require('betweenSymmetric', 'betweenSymmetric()', 'Use between() with the lower bound first.')
  w.node(n.operand).text(n.symmetric ? ' between symmetric ' : ' between ')
  w.node(n.low).text(' and ').node(n.high)
}

/** The kinds that print their own parentheses. */
const ENCLOSED: ReadonlySet<string> = new Set(['and', 'or', 'tuple', 'parens'])

function parens({ operand }: NodeOf<'parens'>, w: Writer): void {
  if (ENCLOSED.has(operand.kind)) w.statement(operand)
  else w.text('(').statement(operand).text(')')
}

/** Returns a JSON path with every key in quotes: `$."key"[0]`. */
function path(legs: readonly Node[], w: Writer): string {
  let text = '$'
  for (const leg of legs) {
    if (leg.kind !== 'jsonLeg') continue
    if (leg.leg === 'at') text += `[${leg.value}]`
    else text += `."${String(leg.value).replace(/[\\"]/g, '\\$&')}"`
  }
  return w.dialect.literal(text)
}

function jsonPath(print: Printers): Printers['jsonPath'] {
  return (n, w) => {
    if (n.operand === undefined) w.text(path(n.legs, w))
    else if (n.operator.endsWith('$')) w.node(n.operand).text(n.operator.slice(0, -1)).text(path(n.legs, w))
    else print.jsonPath(n, w)
  }
}

/** Prints `default`, or null if the database does not support it in rows. */
function byDefault(_: NodeOf<'default'>, w: Writer): void {
  w.text(w.dialect.capabilities.defaultKeyword ? 'default' : 'null')
}

/** Returns a dialect that prints as Kysely does. */
export function kyselyStyle(dialect: Dialect): Dialect {
  const style = styles.of(dialect)
  const own = style.basis(dialect.print)
  const print: Printers = {
    ...own,
    binary,
    unary,
    between,
    parens,
    jsonPath: jsonPath(own),
    default: byDefault,
    insert: (n, w) => own.insert({ ...n, or: style.ignoring(n.or) }, w),
    explain: style.explain ?? own.explain,
    and: (n, w) => own.and({ ...n, items: bare(n.items) }, w),
    or: (n, w) => own.or({ ...n, items: bare(n.items) }, w),
    joined: (n, w) => own.joined({ ...n, on: bare(n.on) }, w),
    aggregate: (n, w) => own.aggregate({ ...n, filter: bare(n.filter) }, w),
    select: (n, w) => own.select({ ...n, where: bare(n.where), having: bare(n.having) }, w),
    update: (n, w) => own.update({ ...n, where: bare(n.where) }, w),
    delete: (n, w) => own.delete({ ...n, where: bare(n.where) }, w),
    ...(own.merge && { merge: (n: NodeOf<'merge'>, w: Writer) => own.merge!({ ...n, on: bare(n.on) }, w) }),
    conflict: (n, w) => own.conflict({ ...n, where: bare(n.where), updateWhere: bare(n.updateWhere) }, w),
    listTable: () => refuse('list() is not available in kanta/kysely. Open the database by kanta() to use it.'),
  }
  return { ...dialect, lists: 'exact', print }
}
