import type { Kind, Node, NodeOf } from '../../ir/index.ts'
import { MergeBuilder } from '../../sql/index.ts'
import type { Codec } from '../../table/index.ts'
import type { Capabilities, Dialect } from '../dialect.ts'
import { lowerAscii } from '../fold.ts'
import { merges } from '../merge.ts'
import { type Printers, standard } from '../print.ts'
import type { Writer } from '../writer.ts'
import { cellType, codecOf, typeName } from './column.ts'
import { placed } from './condition.ts'
import { aggregate, binary, call, caseOf, cast, frame, order, unary, window } from './expression.ts'
import { jsonObject, jsonPath, jsonRows, listTable } from './json.ts'
import { mssqlLexis } from './lexis.ts'
import { drop, mssqlDefinitions, mssqlSchema } from './schema.ts'
import { joined, select, setOperation } from './select.ts'
import { lacks, literal, quote } from './text.ts'
import { mssqlTransaction } from './transaction.ts'
import { deleteFrom, insert, merge, mergeAction, update } from './write.ts'

export { mssqlLexis } from './lexis.ts'
export { mssqlScript } from './script.ts'

const capabilities: Capabilities = {
  returning: false,
  output: true,
  merge: true,
  lateral: true,
  apply: true,
  rightJoin: true,
  fullJoin: true,
  locks: false,
  keyLocks: false,
  fetch: true,
  top: true,
  distinctOn: false,
  groupingSets: true,
  insertIgnore: false,
  insertOr: false,
  replace: false,
  onConflict: false,
  onConflictConstraint: false,
  onDuplicateKeyUpdate: false,
  updateFrom: true,
  updateJoin: true,
  updateLimit: false,
  deleteUsing: false,
  deleteLimit: false,
  multiTableWrite: false,
  writingCtes: false,
  defaultKeyword: true,
  withinGroup: true,
  materializedCtes: false,
  setOperationAll: false,
  namedWindows: true,
  ilike: false,
  betweenSymmetric: false,
  schemaOfTarget: true,
  ...mssqlSchema,
}

/** A printer of standard SQL whose parts are made conditions or values by where they stand. */
function placing<K extends Kind>(kind: K): (n: NodeOf<K>, w: Writer) => void {
  const print = { ...standard, ...merges }[kind] as (n: NodeOf<K>, w: Writer) => void
  return (n, w) => print(placed(n as Node) as NodeOf<K>, w)
}

/** A table of values has the names of its columns after its own. */
function alias(n: NodeOf<'alias'>, w: Writer): void {
  const columns = n.operand.kind === 'values' ? n.operand.columns : n.columns
  standard.alias({ ...placed(n), columns }, w)
}

function slot(n: NodeOf<'slot'>, w: Writer): void {
  const type = n.codec === undefined || n.role !== 'value' ? undefined : cellType(n.codec as Codec)
  if (type === undefined) w.slot(n)
  else w.text('cast(').slot(n).text(` as ${type})`)
}

const print: Printers = {
  ...standard,
  slot,
  alias,
  binary,
  unary,
  call,
  aggregate,
  window,
  frame,
  order,
  case: caseOf,
  and: placing('and'),
  or: placing('or'),
  between: placing('between'),
  operation: placing('operation'),
  tuple: placing('tuple'),
  list: placing('list'),
  cast,
  // A week of SQL Server begins on the day that the session says.
  dateTrunc: (n, w) =>
    w
      .text(`datetrunc(${n.unit === 'week' ? 'iso_week' : n.unit}, `)
      .node(n.operand)
      .text(')'),
  grouping: placing('grouping'),
  assignment: placing('assignment'),
  mergeWhen: placing('mergeWhen'),
  mergeAction,
  jsonObject,
  jsonRows,
  jsonPath,
  listTable,
  joined,
  setOperation,
  select,
  insert,
  update,
  delete: deleteFrom,
  merge,
  explain: () => lacks('explain()', "Read the plan by 'set showplan_xml on' in db.connection()."),
  ...mssqlDefinitions,
  drop,
}

/** A request has 2,100 parameters, of which `sp_executesql` takes two for itself. */
const PARAMETERS = 2_098

/**
 * SQL Server 2022 and later, and Azure SQL; most of it runs on 2016 and later. Its text is tested and has not been run
 * against a server.
 *
 * Sources: the Transact-SQL reference of Microsoft, https://learn.microsoft.com/sql/t-sql/.
 */
export const mssqlDialect: Dialect = {
  name: 'mssql',
  capabilities,
  lexis: mssqlLexis,
  print,
  merge: MergeBuilder,
  transaction: mssqlTransaction,
  lists: 'padded',
  maxParameters: PARAMETERS,
  // An insert takes at most 1,000 rows of values.
  bulkParameters: 800,
  codec: codecOf,
  cellType,
  tableOptions: () => [],
  keyIdentity: () => 'always',
  typeName,
  foldName: lowerAscii,
  transactionalDdl: true,
  quote,
  placeholder: (index) => `@${index + 1}`,
  literal,
}
