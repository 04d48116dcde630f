// Prints SQL as Kysely does: the printers of a dialect, with some replaced. Kysely writes parentheses only where a
// program calls for them, and around lists of conditions, tuples and queries.
import type { Dialect, Printers, Writer } from '../../dialect/index.ts'
import { refuse } from '../../error/index.ts'
import type { Node, NodeOf } from '../../ir/index.ts'
import { styles } from './facet.ts'

/** Wraps conditions, so that they print without the parentheses that Kanta puts around raw SQL and operators. */
function unwrapConditions(conditions: readonly Node[]): readonly Node[] {
  if (conditions.length < 2) return conditions
  return conditions.map((condition) =>
    PARENTHESIZED.has(condition.kind) ? { kind: 'list', items: [condition] } : condition,
  )
}

const PARENTHESIZED: ReadonlySet<string> = new Set(['raw', 'operation', 'join'])

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
const SELF_ENCLOSED: ReadonlySet<string> = new Set(['and', 'or', 'tuple', 'parens'])

function parens({ operand }: NodeOf<'parens'>, w: Writer): void {
  if (SELF_ENCLOSED.has(operand.kind)) w.statement(operand)
  else w.text('(').statement(operand).text(')')
}

/** Returns a JSON path with every key in quotes: `$."key"[0]`. */
function pathText(legs: readonly Node[], w: Writer): string {
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
    if (n.operand === undefined) w.text(pathText(n.legs, w))
    else if (n.operator.endsWith('$')) w.node(n.operand).text(n.operator.slice(0, -1)).text(pathText(n.legs, w))
    else print.jsonPath(n, w)
  }
}

/** Prints `default`, or null if the database does not support it in rows. */
function defaultKeyword(_: NodeOf<'default'>, w: Writer): void {
  w.text(w.dialect.capabilities.defaultKeyword ? 'default' : 'null')
}

/** Returns a dialect that prints as Kysely does. */
export function kyselyStyle(dialect: Dialect): Dialect {
  const style = styles.of(dialect)
  const base = style.basePrinters(dialect.print)
  const print: Printers = {
    ...base,
    binary,
    unary,
    between,
    parens,
    jsonPath: jsonPath(base),
    default: defaultKeyword,
    insert: (n, w) => base.insert({ ...n, or: style.ignoreKeyword(n.or) }, w),
    explain: style.explain ?? base.explain,
    and: (n, w) => base.and({ ...n, items: unwrapConditions(n.items) }, w),
    or: (n, w) => base.or({ ...n, items: unwrapConditions(n.items) }, w),
    joined: (n, w) => base.joined({ ...n, on: unwrapConditions(n.on) }, w),
    aggregate: (n, w) => base.aggregate({ ...n, filter: unwrapConditions(n.filter) }, w),
    select: (n, w) => base.select({ ...n, where: unwrapConditions(n.where), having: unwrapConditions(n.having) }, w),
    update: (n, w) => base.update({ ...n, where: unwrapConditions(n.where) }, w),
    delete: (n, w) => base.delete({ ...n, where: unwrapConditions(n.where) }, w),
    ...(base.merge && {
      merge: (n: NodeOf<'merge'>, w: Writer) => base.merge!({ ...n, on: unwrapConditions(n.on) }, w),
    }),
    conflict: (n, w) =>
      base.conflict({ ...n, where: unwrapConditions(n.where), updateWhere: unwrapConditions(n.updateWhere) }, w),
    listTable: () => refuse('list() is not available in kanta/kysely. Open the database by kanta() to use it.'),
  }
  return { ...dialect, lists: 'exact', print }
}
