import type { Dialect } from '../dialect/index.ts'
import type { Context, Node, NodeOf } from '../run/index.ts'
import type { ColumnDefinition } from '../table/index.ts'
import { semanticsOf } from './database/index.ts'
import { all, equal, word } from './expression.ts'
import type { RunValues } from './run-values.ts'

/** A value, or the values of a list, that a policy compares a column with. */
export interface Comparison {
  /** The name that distinguishes this value from the others of the statement. */
  readonly key: string
  readonly operator: '=' | 'in'
  make(context: Context): unknown
}

/** Compares a column with values. Compares texts by their bytes, because a collation may equate different texts. */
export function compareBytes(
  left: Node,
  column: ColumnDefinition | undefined,
  { key, operator, make }: Comparison,
  runValues: RunValues,
): Node {
  const { bytes } = semanticsOf(runValues.dialect)
  const slot = (part: string, of: (value: unknown) => unknown): NodeOf<'slot'> => ({
    ...runValues.fromContext(key + part, (context) => of(make(context))),
    role: operator === 'in' ? 'list' : 'value',
    codec: column?.codec,
  })
  const compare = (one: Node, other: Node): Node => ({ kind: 'binary', left: one, op: operator, right: other })
  const kind = kindOfColumn(column, runValues.dialect)
  const value = slot('', (given) => given)
  if (kind === 'other') return compare(left, value)
  if (bytes.takesAll) return compare(bytes.of(left), value)
  const each = (of: (item: unknown) => unknown) => (given: unknown) =>
    Array.isArray(given) ? given.map(of) : of(given)
  const text = (item: unknown): string =>
    bytes.parameter(typeof item === 'boolean' ? String(Number(item)) : String(item))
  const encoded = (item: unknown): unknown => (column?.codec === undefined ? item : column.codec.encode(item))
  const texts: Node = {
    ...slot(
      ' as text',
      each((item) => text(encoded(item))),
    ),
    codec: undefined,
  }
  const exact = compare(bytes.of(left), texts)
  if (kind === 'text') return all([compare(left, value), exact])!
  const isOther = runValues.fromContext(`${key} is no text`, (context) => {
    const given = make(context)
    return (Array.isArray(given) ? given : [given]).some((item) => isText(item, runValues.dialect)) ? 0 : 1
  })
  const either: Node = { kind: 'or', items: [equal(isOther, word('1')), exact] }
  return all([compare(left, value), { kind: 'parens', operand: either }])!
}

/** Compares two columns; texts by their bytes. */
export function compareColumns(
  left: Node,
  right: Node,
  [one, other]: readonly [ColumnDefinition | undefined, ColumnDefinition | undefined],
  { dialect }: RunValues,
): Node {
  const { bytes } = semanticsOf(dialect)
  const kinds = [kindOfColumn(one, dialect), kindOfColumn(other, dialect)]
  const others = kinds.filter((kind) => kind === 'other').length
  if (others === 2 || (others === 1 && !bytes.readsNumbers)) return equal(left, right)
  if (bytes.takesAll) return equal(bytes.of(left), right)
  return all([equal(left, right), equal(bytes.of(left), bytes.of(right))])!
}

/** Returns whether a column holds texts, or `unknown` without a definition. */
function kindOfColumn(column: ColumnDefinition | undefined, dialect: Dialect): 'text' | 'other' | 'unknown' {
  if (column === undefined || column.type === 'custom') return 'unknown'
  return semanticsOf(dialect).bytes.texts.has(column.type) ? 'text' : 'other'
}

function isText(value: unknown, dialect: Dialect): boolean {
  if (typeof value === 'string') return true
  return (
    semanticsOf(dialect).bytes.readsNumbers &&
    (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
  )
}
