import { refuse } from '../error/index.ts'
import type { Kind, Node, NodeOf, SchemaKinds } from '../ir/index.ts'
import type { OutputColumn, Writer } from './writer.ts'

/** One printer for each kind; a kind without one does not compile. */
export type Printers = { readonly [K in Exclude<Kind, keyof SchemaKinds | Merging>]: Printer<K> } & SchemaPrinters & {
    readonly [K in Merging]?: Printer<K>
  }
/** Those of merges, which not every database has. */
export type MergePrinters = { readonly [K in Merging]: Printer<K> }
type Merging = 'merge' | 'mergeWhen' | 'mergeAction'
/** Those of definitions: `kanta/schema` brings the ones that no dialect needs for its queries. */
export type SchemaPrinters = { readonly [K in keyof SchemaKinds]?: Printer<K> }
export type Printer<K extends Kind> = (node: NodeOf<K>, writer: Writer) => void

/** How tightly an operator binds; operators whose rank differs between databases share the lowest of theirs. */
const LEVELS: Readonly<Record<string, number>> = { '+': 3, '-': 3, '*': 4, '/': 4, '%': 4 }
const OTHER = new Set(['||', '->', '->>', '&', '|', '#', '<<', '>>', '^'])
const COMPARISON = 1

function level(op: string): number {
  return LEVELS[op] ?? (OTHER.has(op) ? 2 : COMPARISON)
}

/** What gives a list: SQLite would take any name or text after `in` for a table, which then nothing would know of. */
const LISTS: ReadonlySet<Kind> = new Set([
  ...(['slot', 'tuple', 'list', 'select', 'parens', 'raw', 'join', 'operation', 'trusted', 'values'] as const),
])

/** An operand in parentheses where the operator around it would bind tighter. */
function operand(part: Node, around: number, right: boolean, w: Writer): void {
  let needs = part.kind === 'between' || (part.kind === 'unary' && part.op.startsWith('not'))
  if (part.kind === 'binary') {
    const own = level(part.op)
    needs =
      own < around ||
      (own === around && (right || own <= 2)) ||
      (own === 2 && around > COMPARISON) ||
      (around === 2 && own > COMPARISON)
  } else if (part.kind === 'jsonPath') needs = around > COMPARISON && (right || around !== 2)
  else if (part.kind === 'operation') needs = part.operator.kind !== 'word'
  if (needs) w.text('(').node(part).text(')')
  else w.node(part)
}

const WRAPPED: ReadonlySet<Kind> = new Set(['binary', 'raw', 'between', 'operation'])
/** An arrow binds less tightly than a sign. */
const WRAPPED_BY_SIGN: ReadonlySet<Kind> = new Set(['unary', 'jsonPath'])

/** Returns whether the operand of a word such as `not`, or of a sign such as `-`, stands in parentheses. */
function wraps(part: Node, word: boolean): boolean {
  return WRAPPED.has(part.kind) || (!word && WRAPPED_BY_SIGN.has(part.kind))
}

/** Conditions that all hold. Text of the user's own stands in parentheses, so that an `or` in it stays inside. */
export function conditions(items: readonly Node[], w: Writer, joint = ' and '): void {
  items.forEach((item, i) => {
    if (i > 0) w.text(joint)
    condition(item, items.length > 1, w)
  })
}

function condition(item: Node, among: boolean, w: Writer): void {
  if (among && (item.kind === 'raw' || item.kind === 'operation' || item.kind === 'join'))
    w.text('(').node(item).text(')')
  else w.node(item)
}

/** Above this many items a chain of `or` or `and` is printed as a balanced tree, since parsers limit its depth. */
const DEEP = 256

function junction(items: readonly Node[], joint: string, w: Writer): void {
  if (items.length <= DEEP) return conditions(items, w, joint)
  const half = items.length >> 1
  w.text('(')
  junction(items.slice(0, half), joint, w)
  w.text(`)${joint}(`)
  junction(items.slice(half), joint, w)
  w.text(')')
}

export function ctes(node: { readonly ctes: readonly Node[]; readonly recursive: boolean }, w: Writer): void {
  if (node.ctes.length === 0) return
  w.text(node.recursive ? 'with recursive ' : 'with ')
    .list(node.ctes)
    .text(' ')
}

export function where(items: readonly Node[], w: Writer, word = ' where '): void {
  if (items.length === 0) return
  w.text(word)
  junction(items, ' and ', w)
}

/** Writes what the user has added at the front or at the end. */
export function modifiers(n: { readonly modifiers: readonly Node[] }, position: 'front' | 'end', w: Writer): void {
  for (const modifier of n.modifiers) {
    if (modifier.kind !== 'modifier' || modifier.position !== position) continue
    if (position === 'front') w.node(modifier).text(' ')
    else w.text(' ').node(modifier)
  }
}

function joins(parts: readonly Node[], w: Writer): void {
  for (const part of parts) w.text(' ').node(part)
}

export function returning(parts: readonly Node[], w: Writer): void {
  if (parts.length === 0) return
  w.require('returning', 'returning()', 'Read the rows by a query after the write, in one transaction.')
  w.clause(' returning ', parts)
}

export function output(parts: readonly Node[], w: Writer): void {
  if (parts.length === 0) return
  w.require('output', 'output()', 'Use returning().')
  w.clause(' output ', parts)
}

export function top(part: Node | undefined, w: Writer): void {
  if (part === undefined) return
  w.require('top', 'top()', 'Use limit().')
  if (part.kind === 'count')
    w.text('top(')
      .node(part.amount)
      .text(`)${part.modifier === undefined ? '' : ` ${part.modifier}`} `)
}

/** A list of columns for a write names them alone, without their table. */
function bareColumn(part: Node, w: Writer): void {
  if (part.kind === 'ref') w.name(part.column)
  else w.node(part)
}

/** Writes SQL text with an operand for each `#`. */
export function writeAround(text: string, operand: Node, w: Writer): void {
  const [first, ...rest] = text.split('#')
  w.text(first!)
  for (const piece of rest) w.node(operand).text(piece)
}

/** The printers of standard SQL, as far as there is one; a dialect replaces those in which it differs. */
export const standard: Printers = {
  ref: (n, w) => {
    if (n.schema !== undefined) w.name(n.schema).text('.')
    if (n.table !== undefined) w.name(n.table).text('.')
    w.name(n.column)
  },
  star: (n, w) => {
    if (n.table !== undefined) w.name(n.table).text('.')
    w.text('*')
  },
  table: (n, w) => {
    if (n.schema !== undefined) w.name(n.schema).text('.')
    w.name(n.name)
  },
  identifier: (n, w) => w.text(n.names.map((name) => w.dialect.quote(name)).join('.')),
  versioned: (n, w) => {
    w.node(n.table).text(' for system_time ')
    if (n.at === undefined) w.text('all')
    else w.text('as of ').node(n.at)
  },
  relation: ({ name }) => refuse(`No relation '${name}' is known here. Give relations() in the schema of kanta().`),
  alias: (n, w) => {
    w.node(n.operand).text(' as ').name(n.name)
    if (n.columns !== undefined) w.text('(').names(n.columns).text(')')
  },
  arg: () => refuse('An argument was not numbered before printing.'),
  slot: (n, w) => w.slot(n),
  context: (n, w) => w.slot(n),
  literal: (n, w) => w.text(w.dialect.literal(n.value)),
  default: (_, w) => {
    w.require(
      'defaultKeyword',
      'A row without one of the columns of the others',
      'Give every row the same columns, or insert them apart.',
    )
    w.text('default')
  },
  list: (n, w) => w.list(n.items),
  word: (n, w) => w.text(n.text),
  binary: (n, w) => {
    const around = level(n.op)
    if ((n.op === 'in' || n.op === 'not in') && !LISTS.has(n.right.kind))
      refuse(`'${n.op}' takes a list or a query on its right. Compare two columns with '='.`)
    if (n.op === 'ilike' || n.op === 'not ilike') w.require('ilike', n.op, "Use 'like', or lower() on both sides.")
    operand(n.left, around, false, w)
    w.text(` ${n.op} `)
    operand(n.right, around, true, w)
  },
  operation: (n, w) => {
    w.node(n.left).text(' ').node(n.operator)
    if (n.right.kind !== 'word') w.text(' ').node(n.right)
  },
  unary: (n, w) => {
    const word = /[a-z]$/.test(n.op)
    w.text(word ? `${n.op} ` : n.op)
    if (wraps(n.operand, word)) w.text('(').node(n.operand).text(')')
    else w.node(n.operand)
  },
  between: (n, w) => {
    operand(n.operand, COMPARISON, false, w)
    if (n.symmetric) w.require('betweenSymmetric', 'betweenSymmetric()', 'Use between() with the lower bound first.')
    w.text(n.symmetric ? ' between symmetric ' : ' between ')
    operand(n.low, COMPARISON, true, w)
    w.text(' and ')
    operand(n.high, COMPARISON, true, w)
  },
  and: (n, w) => {
    w.text('(')
    junction(n.items, ' and ', w)
    w.text(')')
  },
  or: (n, w) => {
    w.text('(')
    junction(n.items, ' or ', w)
    w.text(')')
  },
  tuple: (n, w) => w.text('(').list(n.items).text(')'),
  parens: (n, w) => w.text('(').statement(n.operand).text(')'),
  cast: (n, w) => w.text('cast(').node(n.operand).text(' as ').node(n.type).text(')'),
  dateTrunc: (n, w) => w.text(`date_trunc('${n.unit}', `).node(n.operand).text(')'),
  call: (n, w) => w.text(n.name).text('(').list(n.args).text(')'),
  aggregate: (n, w) => {
    w.text(n.name).text('(')
    if (n.distinct) w.text('distinct ')
    w.list(n.args).clause(' order by ', n.orderBy).text(')')
    if (n.withinGroup.length > 0) {
      w.require('withinGroup', 'withinGroupOrderBy()', 'Order the arguments with orderBy().')
      w.text(' within group (order by ').list(n.withinGroup).text(')')
    }
    if (n.filter.length > 0) {
      w.text(' filter(where ')
      conditions(n.filter, w)
      w.text(')')
    }
    if (n.over !== undefined)
      w.text(' over')
        .text(isBareName(n.over) ? ' ' : '')
        .node(n.over)
  },
  window: (n, w) => {
    if (isBareName(n)) {
      w.name(n.base!)
      return
    }
    w.text('(')
    let gap = ''
    const part = (print: () => void): void => {
      w.text(gap)
      print()
      gap = ' '
    }
    if (n.base !== undefined) part(() => w.name(n.base!))
    if (n.partitionBy.length > 0) part(() => w.text('partition by ').list(n.partitionBy))
    if (n.orderBy.length > 0) part(() => w.text('order by ').list(n.orderBy))
    if (n.frame !== undefined) part(() => w.node(n.frame!))
    if (n.exclude !== undefined) {
      if (n.frame === undefined) refuse('exclude() needs a frame: add rows(…), range(…) or groups(…).')
      part(() => w.text(`exclude ${n.exclude}`))
    }
    w.text(')')
  },
  frame: (n, w) => {
    if (n.end === undefined) w.text(`${n.unit} `).node(n.start)
    else w.text(`${n.unit} between `).node(n.start).text(' and ').node(n.end)
  },
  bound: (n, w) => {
    if (n.count !== undefined) w.node(n.count).text(' ')
    w.text(n.edge)
  },
  case: (n, w) => {
    if (n.whens.length === 0) refuse('A case has no when().')
    w.text('case').optional(' ', n.operand).text(' ').list(n.whens, ' ').optional(' else ', n.otherwise).text(' end')
  },
  when: (n, w) => w.text('when ').node(n.condition).text(' then ').node(n.result),
  jsonPath: (n, w) => {
    if (n.operand === undefined) {
      w.text(w.dialect.literal(pathText(n.legs)))
      return
    }
    operand(n.operand, level(n.operator), false, w)
    if (n.operator.endsWith('$')) {
      w.text(n.operator.slice(0, -1)).text(w.dialect.literal(pathText(n.legs)))
      return
    }
    n.legs.forEach((leg, i) => {
      w.text(i === n.legs.length - 1 ? n.operator : '->').node(leg)
    })
  },
  jsonLeg: (n, w) => w.text(w.dialect.literal(n.value)),
  jsonObject: (n, w) => {
    w.text('json_object(')
    n.keys.forEach((key, i) => {
      w.text(`${i > 0 ? ', ' : ''}${w.dialect.literal(key)}, `).node(n.values[i]!)
    })
    w.text(')')
  },
  jsonRows: () => refuse('This dialect has no printer for JSON rows.'),
  raw: (n, w) => {
    n.strings.forEach((text, i) => {
      w.text(text)
      if (i < n.parts.length) w.node(n.parts[i]!)
    })
  },
  join: (n, w) => {
    n.items.forEach((item, i) => {
      if (i > 0) w.node(n.separator)
      w.node(item)
    })
  },
  trusted: (n, w) => w.node(n.operand),
  grouping: (n, w) => {
    w.require('groupingSets', n.style, 'Union the queries of the single groupings.')
    w.text(n.style)
      .text(n.style === 'grouping sets' ? ' (' : '(')
      .list(n.items)
      .text(')')
  },
  order: (n, w) => {
    w.node(n.operand)
    if (n.collate !== undefined) w.text(' collate ').name(n.collate)
    if (n.direction !== undefined) w.text(` ${n.direction}`)
    if (n.nulls !== undefined) w.text(` nulls ${n.nulls}`)
  },
  built: () => refuse('A chain of calls was not folded before printing.'),
  values: (n, w) => w.text('(values ').node(n.rows).text(')'),
  listTable: () => refuse('This dialect has no printer for list().'),
  joined: (n, w) => {
    // The condition of a merge is a join without a source.
    if (n.source === undefined) return where(n.on, w, '')
    if (n.style === 'right join') w.require('rightJoin', 'rightJoin()', 'Swap the tables and use leftJoin().')
    if (n.style === 'full join') {
      w.require('fullJoin', 'fullJoin()', 'Union a leftJoin() with the rows that only the other table has.')
    }
    if (n.style.endsWith('apply')) {
      w.require('apply', n.style, 'Use crossJoinLateral() or leftJoinLateral() where the database has them.')
    }
    if (n.lateral)
      w.require('lateral', `${n.style} lateral`, 'Use a correlated subquery in select(), or jsonArrayFrom().')
    w.text(`${n.style} ${n.lateral ? 'lateral ' : ''}`).node(n.source)
    where(n.on, w, ' on ')
  },
  cte: (n, w) => {
    if (n.query.kind !== 'select')
      w.require(
        'writingCtes',
        'with() of a statement that writes',
        'Run the statements one after the other in a transaction.',
      )
    w.name(n.name)
    if (n.columns !== undefined) w.text('(').names(n.columns).text(')')
    w.text(' as ')
    if (n.materialized !== undefined) {
      w.require('materializedCtes', 'materialized()', 'Leave it out.')
      w.text(n.materialized ? 'materialized ' : 'not materialized ')
    }
    w.text('(').statement(n.query).text(')')
  },
  setOperation: (n, w) => {
    if (n.operator.endsWith(' all') && n.operator !== 'union all')
      w.require('setOperationAll', n.operator, 'Use the form without all.')
    w.text(` ${n.operator} `).statement(n.query)
  },
  lock: (n, w) => {
    w.require('locks', `for ${n.strength}`, 'A transaction that writes is alone here; use db.transaction().')
    w.text(` for ${n.strength}`)
    if (n.of.length > 0) w.text(' of ').names(n.of)
  },
  count: (n, w) => w.node(n.amount),
  modifier: (n, w) => w.node(n.operand),
  namedWindow: (n, w) => w.name(n.name).text(' as ').node(n.window),
  assignment: (n, w) => {
    bareColumn(n.column, w)
    w.text(' = ').node(n.value)
  },
  conflict: (n, w) => {
    w.require('onConflict', 'onConflict()', 'Use onDuplicateKeyUpdate() or mergeInto().')
    w.text(' on conflict')
    if (n.constraint !== undefined) {
      w.require('onConflictConstraint', 'onConflict() by constraint', 'Name its columns: oc.columns([…]).')
      w.text(' on constraint ').name(n.constraint)
    } else if (n.columns.length > 0) w.text(' (').names(n.columns).text(')')
    else if (n.expression !== undefined) w.text(' (').node(n.expression).text(')')
    where(n.where, w)
    if (n.action === 'nothing') w.text(' do nothing')
    else w.text(' do update set ').list(n.sets)
    where(n.updateWhere, w)
  },
  select: (n, w) => {
    ctes(n, w)
    selectCore(n, w)
    for (const operation of n.setOperations) w.node(operation)
    selectEnd(n, w)
  },
  insert: (n, w) => {
    ctes(n, w)
    if (n.verb === 'replace')
      w.require('replace', 'replaceInto()', 'Use insertInto() with onConflict() or mergeInto().')
    w.text(n.verb === 'replace' ? 'replace ' : 'insert ')
    modifiers(n, 'front', w)
    insertOr(n.or, w)
    top(n.top, w)
    w.text('into ').node(n.into!)
    if (n.columns !== undefined && !n.defaults) w.text(' (').names(n.columns).text(')')
    output(n.output, w)
    insertSource(n, w)
    if (n.conflict !== undefined) w.node(n.conflict)
    if (n.duplicate.length > 0) {
      w.require('onDuplicateKeyUpdate', 'onDuplicateKeyUpdate()', 'Use onConflict().')
      w.clause(' on duplicate key update ', n.duplicate)
    }
    returning(n.returning, w)
    modifiers(n, 'end', w)
  },
  update: (n, w) => {
    ctes(n, w)
    w.text('update ')
    modifiers(n, 'front', w)
    top(n.top, w)
    if (n.targets.length > 1)
      w.require('multiTableWrite', 'updateTable([…])', 'Update the tables one by one in a transaction, or use from().')
    if (n.sets.length === 0) refuse('The update sets nothing. Add set({ column: value }).')
    w.list(n.targets)
    if (n.joins.length > 0 && n.from.length === 0)
      w.require('updateJoin', 'A join in an update without from()', 'Use from(), or a subquery in where().')
    if (n.from.length === 0) joins(n.joins, w)
    w.text(' set ').list(n.sets)
    output(n.output, w)
    if (n.from.length > 0) {
      w.require('updateFrom', 'from() in an update', 'Join the tables, or use a subquery.')
      w.clause(' from ', n.from)
      joins(n.joins, w)
    }
    where(n.where, w)
    if (n.orderBy.length > 0 || n.limit !== undefined) {
      w.require(
        'updateLimit',
        'orderBy() and limit() in an update',
        "Use where('id', 'in', db.selectFrom(…).select('id').limit(n)).",
      )
    }
    w.clause(' order by ', n.orderBy).optional(' limit ', n.limit)
    returning(n.returning, w)
    modifiers(n, 'end', w)
  },
  delete: (n, w) => {
    ctes(n, w)
    w.text('delete ')
    modifiers(n, 'front', w)
    top(n.top, w)
    if (n.targets.length > 1)
      w.require('multiTableWrite', 'deleteFrom([…])', 'Delete from the tables one by one in a transaction.')
    w.text('from ').list(n.targets)
    output(n.output, w)
    if (n.using.length > 0 || n.joins.length > 0) {
      w.require(
        'deleteUsing',
        'using() and joins in a delete',
        "Use a subquery: where('id', 'in', db.selectFrom(…).select('id')).",
      )
    }
    w.clause(' using ', n.using)
    joins(n.joins, w)
    where(n.where, w)
    if (n.orderBy.length > 0 || n.limit !== undefined) {
      w.require(
        'deleteLimit',
        'orderBy() and limit() in a delete',
        "Use where('id', 'in', db.selectFrom(…).select('id').limit(n)).",
      )
    }
    w.clause(' order by ', n.orderBy).optional(' limit ', n.limit)
    returning(n.returning, w)
    modifiers(n, 'end', w)
  },
  rawStatement: (n, w) => w.node(n.raw!),
  explain: (n, w) => {
    w.text('explain')
    if (n.format !== undefined) w.text(` (format ${n.format})`)
    w.optional(' ', n.options).text(' ').statement(n.statement)
  },
}

/** A query up to its set operations. */
export function selectCore(n: NodeOf<'select'>, w: Writer): void {
  w.text('select ')
  modifiers(n, 'front', w)
  if (n.distinctOn.length > 0) {
    w.require('distinctOn', 'distinctOn()', 'Number the rows with a window function and keep the first.')
    w.text('distinct on (').list(n.distinctOn).text(') ')
  }
  if (n.distinct) w.text('distinct ')
  top(n.top, w)
  if (n.items.length === 0) refuse('The query selects nothing. Add select(…) or selectAll().')
  w.list(n.items).clause(' from ', n.from)
  joins(n.joins, w)
  where(n.where, w)
  w.clause(' group by ', n.groupBy)
  where(n.having, w, ' having ')
  if (n.windows.length > 0) w.require('namedWindows', 'window()', 'Write the window in over().')
  w.clause(' window ', n.windows)
}

/**
 * A query and its set operations, where the database binds `intersect` tighter than the others; here all bind alike, in
 * the order of the calls.
 */
export function selectInOrder(n: NodeOf<'select'>, w: Writer): void {
  const wraps = n.setOperations.map(
    (operation, i) => i > 0 && isIntersect(operation) && !isIntersect(n.setOperations[i - 1]!),
  )
  w.text('('.repeat(wraps.filter(Boolean).length))
  selectCore(n, w)
  n.setOperations.forEach((operation, i) => {
    if (wraps[i]) w.text(')')
    w.node(operation)
  })
}

const isIntersect = (operation: Node): boolean =>
  operation.kind === 'setOperation' && operation.operator.startsWith('intersect')

/** A query after its set operations. */
export function selectEnd(n: NodeOf<'select'>, w: Writer): void {
  w.clause(' order by ', n.orderBy).optional(' limit ', n.limit).optional(' offset ', n.offset)
  if (n.fetch?.kind === 'count') {
    w.require('fetch', 'fetch()', 'Use limit().')
    w.text(' fetch next ').node(n.fetch.amount).text(` rows ${n.fetch.modifier}`)
  }
  w.list(n.locks, '')
  if (n.wait !== undefined) {
    w.require('locks', n.wait, 'A transaction that writes is alone here; use db.transaction().')
    if (n.locks.length === 0) refuse(`${n.wait} says how long a lock waits. Add forUpdate() or forShare().`)
    w.text(` ${n.wait}`)
  }
  modifiers(n, 'end', w)
}

function insertOr(or: string | undefined, w: Writer): void {
  if (or === undefined) return
  if (or === 'ignore') w.require('insertIgnore', 'ignore()', 'Use orIgnore() or onConflict((oc) => oc.doNothing()).')
  else w.require('insertOr', or, 'Use onConflict().')
  w.text(`${or} `)
}

function insertSource(n: NodeOf<'insert'>, w: Writer): void {
  const given = [n.defaults, n.query !== undefined, n.rows !== undefined || n.tuples.length > 0]
  if (given.filter(Boolean).length > 1)
    refuse('The insert has rows from more than one of values(…), expression(…) and defaultValues(). Use one of them.')
  if (n.defaults) w.text(' default values')
  else if (n.query !== undefined) w.text(' ').statement(n.query)
  else if (n.rows !== undefined) w.text(' values ').node(n.rows)
  else if (n.tuples.length > 0) w.text(' values ').list(n.tuples)
  else refuse('The insert has no rows. Add values(…), expression(…) or defaultValues().')
}

function isBareName(window: Node): boolean {
  return (
    window.kind === 'window' &&
    window.base !== undefined &&
    window.partitionBy.length + window.orderBy.length === 0 &&
    window.frame === undefined &&
    window.exclude === undefined
  )
}

/** `$."key"[0]`: the path form of a walk into JSON. */
export function pathText(legs: readonly Node[]): string {
  let path = '$'
  for (const leg of legs) {
    if (leg.kind !== 'jsonLeg') continue
    if (leg.leg === 'at') path += `[${leg.value}]`
    else path += /^[a-z_]\w*$/i.test(String(leg.value)) ? `.${leg.value}` : `.${pathKey(String(leg.value))}`
  }
  return path
}

/** A key in a path stands in quotes, and is escaped as in the document itself. */
export function pathKey(key: string): string {
  if (key.includes('"')) refuse(`The JSON key ${JSON.stringify(key)} holds a quote, which a JSON path cannot say.`)
  return JSON.stringify(key)
}

/** The columns of a query whose rows become JSON: a document has its keys once. */
export function jsonColumns({ query }: NodeOf<'jsonRows'>, w: Writer): readonly OutputColumn[] {
  const columns =
    w.outputs.get(query) ??
    refuse(
      'A JSON helper needs to know its columns. Name them in select(), or give the database a schema for selectAll().',
    )
  const names = new Set(columns.map((column) => column.name))
  for (const { name } of columns)
    if (!names.delete(name)) refuse(`A JSON helper has two columns with the name '${name}'. Give one of them an alias.`)
  return columns
}
