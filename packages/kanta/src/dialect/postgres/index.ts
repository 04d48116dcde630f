import { KantaError, refuse } from '../../error/index.ts'
import type { Node, NodeOf } from '../../ir/index.ts'
import { MergeBuilder } from '../../sql/index.ts'
import type { Capabilities, Dialect } from '../dialect.ts'
import { asWritten } from '../fold.ts'
import { withEqualValues } from '../grouped.ts'
import { merges } from '../merge.ts'
import { ctes, type Printers, selectEnd, selectInOrder, standard } from '../print.ts'
import type { Writer } from '../writer.ts'
import { itemsCodec, listCodec } from './array.ts'
import { jsonLeg, jsonObject, jsonPath, jsonRows } from './json.ts'
import { postgresLexis } from './lexis.ts'
import { fitsName, literal, quote } from './literal.ts'
import { arrayRows } from './rows.ts'
import { postgresSchema } from './schema.ts'
import { postgresTransaction } from './transaction.ts'
import { castOf, columnCodec, typeName } from './type.ts'
import { isUntyped, typed } from './typed.ts'

export { arrayText, parseArray } from './array.ts'
export { exactTimestamp, postgresArray, postgresRange, type Range } from './codec.ts'
export { postgresLexis } from './lexis.ts'
export { postgresScript } from './script.ts'

const capabilities: Capabilities = {
  returning: true,
  output: false,
  merge: true,
  lateral: true,
  apply: false,
  rightJoin: true,
  fullJoin: true,
  locks: true,
  keyLocks: true,
  fetch: true,
  top: false,
  distinctOn: true,
  groupingSets: true,
  insertIgnore: false,
  insertOr: false,
  replace: false,
  onConflict: true,
  onConflictConstraint: true,
  onDuplicateKeyUpdate: false,
  updateFrom: true,
  updateJoin: false,
  updateLimit: false,
  deleteUsing: true,
  deleteLimit: false,
  multiTableWrite: false,
  writingCtes: true,
  defaultKeyword: true,
  withinGroup: true,
  materializedCtes: true,
  setOperationAll: true,
  namedWindows: true,
  ilike: true,
  betweenSymmetric: true,
  schemaOfTarget: true,
  ...postgresSchema,
}

/** Operators that go by another name here. */
const SAME: Readonly<Record<string, string>> = { '==': '=', '<=>': 'is not distinct from' }

/** Operators of other databases, and what to use in their place. */
const LACKING: Readonly<Record<string, string>> = {
  glob: "'like', or '~' with a regular expression",
  'not glob': "'not like', or '!~' with a regular expression",
  regexp: "'~'",
  'not regexp': "'!~'",
  match: "'@@' with to_tsvector() and to_tsquery()",
  'not match': "'@@' with to_tsvector() and to_tsquery(), negated",
  '!<': "'>='",
  '!>': "'<='",
}

function operator(op: string, right: Node): string {
  const instead = LACKING[op]
  if (instead !== undefined)
    throw new KantaError('unsupported', `'${op}' is not available in postgres. Use ${instead}.`)
  // Beside `is` only null and the truth values may stand.
  if ((op === 'is' || op === 'is not') && right.kind !== 'literal')
    return op === 'is' ? 'is not distinct from' : 'is distinct from'
  return SAME[op] ?? op
}

function binary(n: NodeOf<'binary'>, w: Writer): void {
  const { left, right } = n
  if (right.kind === 'slot' && right.role === 'list' && w.dialect.lists === 'array') {
    const list: Node = { ...right, role: 'array', codec: listCodec(right.codec as never) }
    const [op, name] = n.op === 'in' ? ['=', 'any'] : ['<>', 'all']
    return standard.binary({ ...n, op, right: { kind: 'call', name, args: [list] } }, w)
  }
  const op = operator(n.op, right)
  if (isGroup(left) && isGroup(right) && left.items.length === right.items.length) {
    const lone = (i: number): boolean => isUntyped(left.items[i]) && isUntyped(right.items[i])
    const pairs = (items: readonly Node[]): Node[] => items.map((item, i) => (lone(i) ? typed(item, w) : item))
    const both = { left: { ...left, items: pairs(left.items) }, right: { ...right, items: pairs(right.items) } }
    return standard.binary({ ...n, op, ...both }, w)
  }
  if (!isUntyped(left)) return standard.binary({ ...n, op }, w)
  // Null and the truth values have no type to lend.
  if (isUntyped(right) || right.kind === 'literal')
    return standard.binary({ ...n, op, left: typed(left, w), right: typed(right, w) }, w)
  // Among other values it would be text, as they would.
  if (!isGroup(right) || !right.items.some(isUntyped)) return standard.binary({ ...n, op }, w)
  const items = right.items.map((item) => typed(item, w))
  standard.binary({ ...n, op, left: typed(left, w), right: { ...right, items } }, w)
}

const isGroup = (part: Node): part is NodeOf<'tuple'> | NodeOf<'list'> => part.kind === 'tuple' || part.kind === 'list'

/** Values that no column gives a type would be compared as text, in which 10 comes before 9. */
function between(n: NodeOf<'between'>, w: Writer): void {
  const { operand, low, high } = n
  if (!isUntyped(operand) || !(isUntyped(low) || isUntyped(high))) return standard.between(n, w)
  standard.between({ ...n, operand: typed(operand, w), low: typed(low, w), high: typed(high, w) }, w)
}

/** There is more than one minus. */
function unary(n: NodeOf<'unary'>, w: Writer): void {
  standard.unary({ ...n, operand: typed(n.operand, w) }, w)
}

/** Functions that take values of any type, and so cannot tell that of a parameter. */
const ANY_TYPE: ReadonlySet<string> = new Set([
  'concat',
  'concat_ws',
  'format',
  'json_build_array',
  'json_build_object',
  'jsonb_build_array',
  'jsonb_build_object',
  'num_nonnulls',
  'num_nulls',
  'to_json',
  'to_jsonb',
])

/** The arguments of a function; where one of them has a type, the function is found by that. */
function args(n: NodeOf<'call'> | NodeOf<'aggregate'>, w: Writer): readonly Node[] {
  const alone = ANY_TYPE.has(n.name.toLowerCase()) || n.args.every(isUntyped)
  return alone ? n.args.map((arg) => typed(arg, w)) : n.args
}

function select(given: NodeOf<'select'>, w: Writer): void {
  const n = withEqualValues(given)
  ctes(n, w)
  selectInOrder({ ...n, items: n.items.map((item) => typed(item, w)) }, w)
  selectEnd(n, w)
}

/** A part with an end of its own stands in parentheses. */
function setOperation(n: NodeOf<'setOperation'>, w: Writer): void {
  if (isSimple(n.query)) return standard.setOperation(n, w)
  w.text(` ${n.operator} `).node(n.query)
}

function isSimple(query: Node): boolean {
  return (
    query.kind === 'select' &&
    query.orderBy.length + query.setOperations.length + query.ctes.length + query.locks.length === 0 &&
    query.limit === undefined &&
    query.offset === undefined &&
    query.fetch === undefined
  )
}

/** Values of a case that all lack a type would all be text. */
function caseOf(n: NodeOf<'case'>, w: Writer): void {
  const results = [...n.whens.map((when) => (when.kind === 'when' ? when.result : when)), n.otherwise]
  if (!results.every((result) => result === undefined || isUntyped(result))) return standard.case(n, w)
  const whens = n.whens.map((when) => (when.kind === 'when' ? { ...when, result: typed(when.result, w) } : when))
  const otherwise = n.otherwise === undefined ? undefined : typed(n.otherwise, w)
  standard.case({ ...n, whens, otherwise }, w)
}

/** `(values …) as "v"("id", "name")` */
function alias(n: NodeOf<'alias'>, w: Writer): void {
  const { operand } = n
  if (operand.kind === 'values') return standard.alias({ ...n, columns: operand.columns }, w)
  standard.alias({ ...n, operand: typed(operand, w) }, w)
}

const FORMATS: readonly unknown[] = ['text', 'json', 'xml', 'yaml']

function explain(n: NodeOf<'explain'>, w: Writer): void {
  if (n.format !== undefined && !FORMATS.includes(n.format.toLowerCase()))
    refuse(`explain('${n.format}') is not available in PostgreSQL. Its formats are ${FORMATS.join(', ')}.`)
  w.text('explain ')
  if (n.options !== undefined || n.format !== undefined) {
    w.text('(').optional('', n.options)
    if (n.format !== undefined) w.text(`${n.options === undefined ? '' : ', '}format ${n.format}`)
    w.text(') ')
  }
  w.statement(n.statement)
}

const print: Printers = {
  ...standard,
  ...merges,
  alias,
  between,
  binary,
  unary,
  call: (n, w) => standard.call({ ...n, args: args(n, w) }, w),
  aggregate: (n, w) => standard.aggregate({ ...n, args: args(n, w) }, w),
  case: caseOf,
  select,
  setOperation,
  jsonLeg,
  jsonObject,
  jsonPath: (n, w) => jsonPath(n, w, standard.jsonPath),
  jsonRows,
  explain,
  listTable: (n, w) => {
    const { values } = n
    const list: Node = values.kind === 'slot' ? { ...values, role: 'typed', codec: itemsCodec } : values
    w.text('(select "position", "value" from unnest(').node(list)
    w.text(') with ordinality as "l"("value", "position"))')
  },
  delete: (n, w) => {
    if (n.using.length === 0 && n.joins.length > 0)
      throw new KantaError(
        'unsupported',
        'A join in a delete without using() is not available in postgres. Use using().',
      )
    standard.delete(n, w)
  },
}

/** PostgreSQL 15 and later; `returning` of a merge needs 17. */
export const postgresDialect: Dialect = {
  name: 'postgres',
  capabilities,
  lexis: postgresLexis,
  print,
  merge: MergeBuilder,
  transaction: postgresTransaction,
  lists: 'array',
  codec: columnCodec,
  castOf,
  arrayRows,
  maxParameters: 65_535,
  bulkParameters: 8_000,
  tableOptions: () => [],
  keyIdentity: () => 'by default',
  typeName,
  foldName: asWritten,
  transactionalDdl: true,
  quote,
  fitsName,
  placeholder: (index) => `$${index + 1}`,
  literal,
}
