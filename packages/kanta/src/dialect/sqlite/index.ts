import { refuse } from '../../error/index.ts'
import { type Node, type NodeOf, nodeWith } from '../../ir/index.ts'
import type { ColumnDefinition } from '../../table/index.ts'
import { type DecimalColumns, decimalsOf } from '../decimals.ts'
import type { Capabilities, Dialect } from '../dialect.ts'
import { lowerAscii } from '../fold.ts'
import { checkInteger, checkText, hex, literalsOf, quote } from '../literal.ts'
import { jsonColumns, type Printers, pathKey, standard, writeAround } from '../print.ts'
import type { OutputColumn, Writer } from '../writer.ts'
import { sqliteLexis } from './lexis.ts'
import { withReturning } from './returning.ts'
import { sqliteSchema } from './schema.ts'
import { sqliteTransaction } from './transaction.ts'

export { sqliteLexis } from './lexis.ts'
export { sqliteScript } from './script.ts'

const capabilities: Capabilities = {
  returning: true,
  output: false,
  merge: false,
  lateral: false,
  apply: false,
  rightJoin: true,
  fullJoin: true,
  locks: false,
  keyLocks: false,
  fetch: false,
  top: false,
  distinctOn: false,
  groupingSets: false,
  insertIgnore: false,
  insertOr: true,
  replace: true,
  onConflict: true,
  onConflictConstraint: false,
  onDuplicateKeyUpdate: false,
  updateFrom: true,
  updateJoin: false,
  updateLimit: false,
  deleteUsing: false,
  deleteLimit: false,
  multiTableWrite: false,
  writingCtes: false,
  defaultKeyword: false,
  withinGroup: false,
  materializedCtes: true,
  setOperationAll: false,
  namedWindows: true,
  ilike: false,
  betweenSymmetric: false,
  schemaOfTarget: false,
  ...sqliteSchema,
}

/** A string as SQL text. SQLite ends text at a NUL, so one that holds it goes as hexadecimal. */
function stringLiteral(value: string): string {
  return checkText(value).includes('\0')
    ? `cast(x'${hex(new TextEncoder().encode(value))}' as text)`
    : `'${value.replaceAll("'", "''")}'`
}

const literal = literalsOf({
  string: stringLiteral,
  bigint: (value) => String(checkInteger(value, 'SQLite')),
  bytes: (digits) => `x'${digits}'`,
})

const TYPES: Readonly<Record<string, string>> = {
  integer: 'integer',
  bigint: 'integer',
  real: 'real',
  text: 'text',
  varchar: 'text',
  boolean: 'integer',
  date: 'text',
  timestamp: 'text',
  unix: 'integer',
  unixms: 'integer',
  json: 'text',
  bytes: 'blob',
  uuid: 'text',
  enum: 'text',
}

/** The queries that SQLite takes as parts of a set operation have no order, limit, CTE or set operation of their own. */
function compound(n: NodeOf<'setOperation'>, w: Writer): void {
  if (isSimple(n.query)) return standard.setOperation(n, w)
  if (n.operator.endsWith(' all') && n.operator !== 'union all') return standard.setOperation(n, w)
  w.text(` ${n.operator} select * from `).node(n.query)
}

function isSimple(query: Node): boolean {
  return (
    query.kind === 'select' &&
    query.orderBy.length + query.setOperations.length + query.ctes.length === 0 &&
    query.limit === undefined &&
    query.offset === undefined
  )
}

/** A value inside a JSON document. SQLite makes an empty text of `hex(null)`. */
function jsonValue({ json, codec }: OutputColumn, value: Node, w: Writer): void {
  const decimal = decimals()?.text(value, codec)
  if (decimal !== undefined) w.node(decimal)
  else if (json === 'document') w.text('json(').node(value).text(')')
  else if (json === 'text') w.text('cast(').node(value).text(' as text)')
  else if (json === 'hex') w.text('case when ').node(value).text(' is not null then hex(').node(value).text(') end')
  else w.node(value)
}

function jsonObject(n: NodeOf<'jsonObject'>, w: Writer): void {
  w.text('json_object(')
  w.outputs.get(n)?.forEach((column, i) => {
    w.text(`${i > 0 ? ', ' : ''}${stringLiteral(column.name)}, `)
    jsonValue(column, n.values[i]!, w)
  })
  w.text(')')
}

function jsonRows(n: NodeOf<'jsonRows'>, w: Writer): void {
  const columns = jsonColumns(n, w)
  const table = n.single ? 'obj' : 'agg'
  w.text('(select ')
    .text(n.single ? '' : 'coalesce(json_group_array(')
    .text('json_object(')
  columns.forEach((column, i) => {
    w.text(`${i > 0 ? ', ' : ''}${stringLiteral(w.rename(column.name))}, `)
    jsonValue(column, { kind: 'ref', schema: undefined, table, column: column.name }, w)
  })
  w.text(n.single ? ')' : ")), '[]')")
    .text(' from ')
    .node(n.query)
    .text(` as ${quote(table)})`)
}

/** A list of tuples stands in `values` here. */
function binary(n: NodeOf<'binary'>, w: Writer): void {
  const { right } = n
  const tuples = (n.op === 'in' || n.op === 'not in') && right.kind === 'tuple' && right.items.every(isTuple)
  if (!tuples) return standard.binary(n, w)
  const list: Node = { kind: 'raw', strings: ['(values ', ')'], parts: [{ kind: 'list', items: right.items }] }
  standard.binary({ ...n, right: list }, w)
}

const isTuple = (part: Node): boolean => part.kind === 'tuple'

/** SQLite reads `on conflict` right after the tables of a query as part of a join, so a condition goes between. */
function closed(query: NodeOf<'select'>): NodeOf<'select'> {
  const { setOperations, where, groupBy, having, windows, orderBy, limit, offset } = query
  if (orderBy.length > 0 || limit !== undefined || offset !== undefined) return query
  const last = setOperations.at(-1)
  if (last?.kind === 'setOperation' && last.query.kind === 'select') {
    const end = isSimple(last.query) ? last.query : nodeWith('select', { items: [STAR], from: [last.query] })
    return { ...query, setOperations: [...setOperations.slice(0, -1), { ...last, query: closed(end) }] }
  }
  const plain = where.length + groupBy.length + having.length + windows.length === 0
  return plain ? { ...query, where: [{ kind: 'literal', value: true }] } : query
}

const STAR: Node = { kind: 'star', table: undefined }

/** `(select column1 as "id" from (values …))`: SQLite has no list of columns after an alias. */
function values(n: NodeOf<'values'>, w: Writer): void {
  const columns = n.columns.map((column, i) => `column${i + 1} as ${quote(column)}`)
  w.text(`(select ${columns.join(', ')} from (values `)
    .node(n.rows)
    .text('))')
}

/** The text of the columns of a table function cannot follow its alias, so they are named inside. */
function alias(n: NodeOf<'alias'>, w: Writer): void {
  if (n.columns === undefined) return standard.alias(n, w)
  const names = n.columns.map((column, i) =>
    i === 0 ? `value as ${quote(column)}` : `column${i + 1} as ${quote(column)}`,
  )
  w.text(`(select ${names.join(', ')} from `)
    .node(n.operand)
    .text(`) as ${quote(n.name)}`)
}

/** What SQLite would read as a path or a position, or compares with its escaped form, is written as a path. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const PATH_LIKE = /^$|^[$[]|[\\\u0000-\u001f]/

function jsonLeg(n: NodeOf<'jsonLeg'>, w: Writer): void {
  if (n.leg === 'key') {
    const key = String(n.value)
    const quoted = pathKey(key)
    w.text(stringLiteral(PATH_LIKE.test(key) ? `$.${quoted}` : key))
  } else if (typeof n.value === 'number' && n.value >= 0) w.text(String(n.value))
  else w.text(stringLiteral(`$[${position(n.value)}]`))
}

/** SQLite counts from the end with `#`. */
function position(at: string | number): string | number {
  if (at === 'last') return '#-1'
  return typeof at === 'number' && at < 0 ? `#${at}` : at
}

function jsonPath(n: NodeOf<'jsonPath'>, w: Writer): void {
  const legs = n.legs.map(
    (leg): Node => (leg.kind === 'jsonLeg' && leg.leg === 'at' ? { ...leg, value: position(leg.value) } : leg),
  )
  standard.jsonPath({ ...n, legs }, w)
}

/** The number of characters of the text of a moment up to each unit. */
const LENGTHS: Readonly<Record<string, number>> = { year: 4, month: 7, day: 10, hour: 13, minute: 16, second: 19 }

/** Cuts the text of a date or a moment off, and adds the beginning of the unit up to its length: a date has no time. */
function truncated(unit: string): string {
  const end = (n: number): string => `substr('${'-01-01T00:00:00.000Z'.slice(n - 4)}', 1, length(#) - ${n})`
  if (unit === 'week') return `date(#, 'weekday 0', '-6 days') || ${end(10)}`
  if (unit === 'quarter') return `substr(#, 1, 5) || printf('%02d', (substr(#, 6, 2) - 1) / 3 * 3 + 1) || ${end(7)}`
  const length = LENGTHS[unit]!
  return `substr(#, 1, ${length}) || ${end(length)}`
}

const NOW = /^\s*\(?\s*current_timestamp\s*\)?\s*$/i

/**
 * The moment as Kanta writes it, with milliseconds in ISO form. SQLite's own form, `2024-01-31 12:00:00`, comes before
 * every moment of its day where the two are compared as text.
 */
const now = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

function raw(n: NodeOf<'raw'>, w: Writer): void {
  // A default that is an expression stands in parentheses.
  if (n.strings.length === 1 && NOW.test(n.strings[0]!)) w.text(`(${now})`)
  else standard.raw(n, w)
}

const print: Printers = {
  ...standard,
  raw,
  dateTrunc: (n, w) => writeAround(`(${truncated(n.unit)})`, n.operand, w),
  setOperation: compound,
  binary,
  jsonObject,
  jsonRows,
  jsonLeg,
  jsonPath,
  values,
  alias,
  listTable: (n, w) => w.text('(select "key" + 1 as "position", "value" from json_each(').node(n.values).text('))'),
  insert: (n, w) => {
    const query = n.conflict !== undefined && n.query?.kind === 'select' ? closed(n.query) : n.query
    standard.insert(withReturning({ ...n, query }, n.into, w), w)
  },
  update: (n, w) => standard.update(withReturning(n, n.targets[0], w), w),
  delete: (n, w) => standard.delete(withReturning(n, n.targets[0], w), w),
  select: (n, w) => {
    // An offset needs a limit in SQLite; a negative one is none.
    if (n.offset === undefined || n.limit !== undefined) return standard.select(n, w)
    standard.select({ ...n, limit: { kind: 'literal', value: -1 } }, w)
  },
  explain: (n, w) => {
    if (n.format !== undefined)
      refuse(`explain('${n.format}') is not available in SQLite, which has one form: explain().`)
    w.text('explain query plan ').statement(n.statement)
  },
}

/** A function, since the dialect is not made yet; `table()` brings them. */
const decimals = (): DecimalColumns | undefined => decimalsOf(sqliteDialect)?.columns

function typeName(column: ColumnDefinition): string {
  if (column.type === 'decimal') return decimals()!.typeName(column)
  return column.type === 'custom' ? column.sqlType! : TYPES[column.type]!
}

/** A strict table takes only the types that SQLite knows. */
const hasOwnType = (column: ColumnDefinition): boolean =>
  column.type === 'custom' || (column.type === 'decimal' && !decimals()!.isStrict(column))

/** SQLite 3.38 and later. */
export const sqliteDialect: Dialect = {
  name: 'sqlite',
  capabilities,
  lexis: sqliteLexis,
  searchesTables: true,
  print,
  merge: 'Use insertInto() with onConflict(), and updateTable() with from().',
  transaction: sqliteTransaction,
  lists: 'padded',
  maxParameters: 32_766,
  bulkParameters: 800,
  // A strict table refuses values of another type.
  tableOptions: (table) => ([...table.columns.values()].some(hasOwnType) ? [] : ['strict']),
  rowidKeys: true,
  keyIdentity: (column) => (column.generated === 'identity' ? 'auto' : null),
  codec: (column) => (column.type === 'decimal' ? decimals()!.codec(column) : column.codec),
  columnCheck: (column) => decimals()?.check(column),
  typeName,
  foldName: lowerAscii,
  transactionalDdl: true,
  quote,
  placeholder: () => '?',
  literal,
}
