/**
 * Every kind of node, declared once. `Kinds` says what a kind holds; its row in `fields` says which roles the kind
 * fills and what may stand in each part. The compiler demands the row, and a printer in `dialect/print.ts`.
 */
import type { Node, Shape } from './node.ts'
import {
  argRole,
  data,
  filling,
  flag,
  many,
  name,
  names,
  one,
  operator,
  type Row,
  routine,
  text,
  value,
  word,
} from './role.ts'
import type { SchemaKinds } from './schema-kinds.ts'

/**
 * What an argument may be: any value, one that is compared (never null), a number of rows, a list, rows of an insert;
 * or, as a dialect prints it, a list that is one parameter, a value whose type the text has to say, since nothing
 * around it does, or a value that itself has to be text, since no parameter can stand there.
 */
export type ArgRole = 'value' | 'compared' | 'count' | 'list' | 'rows' | 'array' | 'typed' | 'inline'

export interface Kinds extends SchemaKinds {
  // names
  ref: { schema: string | undefined; table: string | undefined; column: string }
  star: { table: string | undefined }
  table: { schema: string | undefined; name: string; definition: object | undefined }
  identifier: { names: readonly string[] }
  /** A table as it was at an instant, or with all that it ever was. */
  versioned: { table: Node; at: Node | undefined }
  /**
   * The rows that a relation gives for each row of the query around it. `included` where they are a value of that row:
   * a list, or one row, which may be missing where the relation says so or it is `optional`. `split` where a statement
   * of its own reads them.
   */
  relation: { name: string; included: boolean; optional: boolean; split: boolean }
  alias: { operand: Node; name: string; columns: readonly string[] | undefined }
  // values
  arg: { role: ArgRole }
  slot: { index: number; role: ArgRole; codec: unknown }
  context: { name: string }
  literal: { value: string | number | bigint | boolean | null }
  default: {}
  list: { items: readonly Node[] }
  // expressions
  binary: { left: Node; op: string; right: Node }
  /** A binary expression whose operator is itself an expression, such as `sql` text. */
  operation: { left: Node; operator: Node; right: Node }
  unary: { op: string; operand: Node }
  between: { operand: Node; symmetric: boolean; low: Node; high: Node }
  and: { items: readonly Node[] }
  or: { items: readonly Node[] }
  tuple: { items: readonly Node[] }
  parens: { operand: Node }
  cast: { operand: Node; type: Node }
  /** A date or a moment cut off to the beginning of a unit. */
  dateTrunc: { unit: string; operand: Node }
  /** Trusted text: a keyword or a type name that has been checked. */
  word: { text: string }
  call: { name: string; args: readonly Node[] }
  aggregate: {
    name: string
    args: readonly Node[]
    distinct: boolean
    orderBy: readonly Node[]
    withinGroup: readonly Node[]
    filter: readonly Node[]
    over: Node | undefined
  }
  window: {
    base: string | undefined
    partitionBy: readonly Node[]
    orderBy: readonly Node[]
    frame: Node | undefined
    exclude: string | undefined
  }
  frame: { unit: string; start: Node; end: Node | undefined }
  bound: { edge: string; count: Node | undefined }
  case: { operand: Node | undefined; whens: readonly Node[]; otherwise: Node | undefined }
  when: { condition: Node; result: Node }
  jsonPath: { operand: Node | undefined; operator: string; legs: readonly Node[] }
  jsonLeg: { leg: 'key' | 'at'; value: string | number }
  /**
   * With a `tag` it is the one of its values that is not null, an object, together with the value of that key; null
   * where all are, or the error `required`.
   */
  jsonObject: {
    keys: readonly string[]
    values: readonly Node[]
    tag: string | undefined
    required: string | undefined
  }
  /** `required` is the message where the one row has to be there and is not. */
  jsonRows: { query: Node; single: boolean; required: string | undefined }
  raw: { strings: readonly string[]; parts: readonly Node[] }
  join: { items: readonly Node[]; separator: Node }
  /** Text of which its writer says what it reads and writes, so that policies let it pass. */
  trusted: { name: string; reads: readonly string[]; writes: readonly string[]; operand: Node }
  grouping: { style: string; items: readonly Node[] }
  order: { operand: Node; direction: string | undefined; nulls: string | undefined; collate: string | undefined }
  /** A chain of calls embedded in a node: a subquery, an aggregate, a case. */
  built: { shape: Shape }
  // sources
  values: { columns: readonly string[]; rows: Node }
  listTable: { values: Node }
  joined: { style: string; lateral: boolean; source: Node | undefined; on: readonly Node[] }
  // clauses
  cte: { name: string; columns: readonly string[] | undefined; materialized: boolean | undefined; query: Node }
  setOperation: { operator: string; query: Node }
  lock: { strength: string; of: readonly string[] }
  count: { amount: Node; modifier: string | undefined }
  modifier: { position: 'front' | 'end'; operand: Node }
  namedWindow: { name: string; window: Node }
  assignment: { column: Node; value: Node }
  conflict: {
    columns: readonly string[]
    expression: Node | undefined
    constraint: string | undefined
    where: readonly Node[]
    action: 'nothing' | 'update' | undefined
    sets: readonly Node[]
    updateWhere: readonly Node[]
  }
  mergeWhen: { match: string; condition: Node | undefined; action: Node }
  mergeAction: {
    action: string
    columns: readonly string[]
    values: readonly Node[]
    sets: readonly Node[]
    where: readonly Node[]
  }
  // statements
  select: {
    ctes: readonly Node[]
    recursive: boolean
    modifiers: readonly Node[]
    distinct: boolean
    distinctOn: readonly Node[]
    top: Node | undefined
    items: readonly Node[]
    from: readonly Node[]
    joins: readonly Node[]
    where: readonly Node[]
    groupBy: readonly Node[]
    having: readonly Node[]
    windows: readonly Node[]
    setOperations: readonly Node[]
    orderBy: readonly Node[]
    limit: Node | undefined
    offset: Node | undefined
    fetch: Node | undefined
    locks: readonly Node[]
    wait: string | undefined
  }
  insert: {
    ctes: readonly Node[]
    recursive: boolean
    modifiers: readonly Node[]
    verb: 'insert' | 'replace'
    or: string | undefined
    top: Node | undefined
    into: Node | undefined
    columns: readonly string[] | undefined
    ragged: boolean
    output: readonly Node[]
    rows: Node | undefined
    tuples: readonly Node[]
    query: Node | undefined
    defaults: boolean
    conflict: Node | undefined
    duplicate: readonly Node[]
    returning: readonly Node[]
  }
  update: {
    ctes: readonly Node[]
    recursive: boolean
    modifiers: readonly Node[]
    top: Node | undefined
    targets: readonly Node[]
    joins: readonly Node[]
    sets: readonly Node[]
    output: readonly Node[]
    from: readonly Node[]
    where: readonly Node[]
    orderBy: readonly Node[]
    limit: Node | undefined
    returning: readonly Node[]
  }
  delete: {
    ctes: readonly Node[]
    recursive: boolean
    modifiers: readonly Node[]
    top: Node | undefined
    targets: readonly Node[]
    using: readonly Node[]
    joins: readonly Node[]
    output: readonly Node[]
    where: readonly Node[]
    orderBy: readonly Node[]
    limit: Node | undefined
    returning: readonly Node[]
  }
  merge: {
    ctes: readonly Node[]
    recursive: boolean
    modifiers: readonly Node[]
    top: Node | undefined
    into: Node | undefined
    using: Node | undefined
    on: readonly Node[]
    whens: readonly Node[]
    output: readonly Node[]
    returning: readonly Node[]
  }
  rawStatement: { raw: Node | undefined }
  explain: { format: string | undefined; options: Node | undefined; statement: Node }
}

export type Kind = keyof Kinds

/** The rows of some kinds: each part in the order in which it is walked, which is the order of its arguments. */
export type Fields<K extends Kind> = { readonly [N in K]: Row<Kinds[N]> }

/** Parts of a statement. */
const clause = filling()
const valued = filling('expression')
/** A statement that writes gives rows, too, by `returning` or `output`. */
const statement = filling('statement', 'source')
const command = filling('command')
/** Nodes that stand where what they hold may stand; `fills` in `node.ts` asks that. */
const carrying = filling()
/** Text of the user's own, of which nobody knows what it is. */
const textual = filling('expression', 'source', 'target', 'query', 'statement', 'type')
const expression = one('expression')
const expressions = many('expression')
const values = many('expression', 'row')
const sources = many('source')
const conditions = expressions
const selections = many('selection')
const orders = many('order', 'expression')
const count = one('count')
const ctes = many('cte')
const joins = many('joined')
const modifiers = many('modifier')
const sets = many('assignment')

/** The row of each kind, but for those of definitions, which are in `schema-kinds.ts`. */
export const fields: Fields<Exclude<Kind, keyof SchemaKinds>> = {
  ref: valued({ schema: name, table: name, column: name }),
  star: filling('selection')({ table: name }),
  table: filling('source', 'target', 'row')({ schema: name, name, definition: data }),
  identifier: filling('expression', 'name')({ names }),
  versioned: filling('source', 'planned')({ table: one('table'), at: expression }),
  relation: filling('source')({ name, included: flag, optional: flag, split: flag }),
  alias: carrying({ operand: one('selection', 'source'), name, columns: names }),
  arg: filling('expression')({ role: argRole }),
  slot: filling('expression', 'count', 'rows', 'planned')({ index: data, role: data, codec: data }),
  context: filling('expression', 'planned')({ name }),
  literal: valued({ value }),
  default: clause({}),
  list: carrying({ items: many('any') }),
  binary: valued({ left: one('expression', 'row'), op: operator, right: one('expression', 'row') }),
  operation: carrying({
    left: one('selection', 'source'),
    operator: one('expression', 'as'),
    right: one('expression', ''),
  }),
  unary: valued({ op: operator, operand: one('expression', 'row') }),
  between: valued({ operand: expression, symmetric: flag, low: expression, high: expression }),
  and: valued({ items: conditions }),
  or: valued({ items: conditions }),
  tuple: valued({ items: many('expression', 'default') }),
  parens: filling('expression', 'query')({ operand: one('expression', 'query') }),
  cast: valued({ operand: one('expression', 'row'), type: one('type') }),
  dateTrunc: valued({ unit: word, operand: expression }),
  word: carrying({ text: value }),
  call: filling('expression', 'source')({ name: routine, args: values }),
  aggregate: valued({
    name: routine,
    args: many('expression', 'row', 'star'),
    distinct: flag,
    orderBy: orders,
    withinGroup: orders,
    filter: conditions,
    over: one('window'),
  }),
  window: clause({
    base: name,
    partitionBy: expressions,
    orderBy: orders,
    frame: one('frame'),
    exclude: word,
  }),
  frame: clause({ unit: word, start: one('bound'), end: one('bound') }),
  bound: clause({
    edge: word,
    count: expression,
  }),
  case: valued({ operand: expression, whens: many('when'), otherwise: expression }),
  when: clause({ condition: expression, result: expression }),
  jsonPath: valued({ operand: expression, operator: word, legs: many('jsonLeg') }),
  jsonLeg: clause({ leg: word, value }),
  jsonObject: valued({ keys: names, values, tag: name, required: name }),
  jsonRows: valued({ query: one('query'), single: flag, required: name }),
  raw: textual({
    strings: text,
    parts: many('expression', 'source', 'row', 'query', 'statement', 'selection', 'order', 'type'),
  }),
  join: textual({ items: values, separator: one('expression', ', ') }),
  trusted: textual({ name, reads: names, writes: names, operand: one('raw', 'join', 'expression', 'row') }),
  grouping: clause({ style: word, items: expressions }),
  order: clause({ operand: expression, direction: word, nulls: word, collate: name }),
  built: carrying({ shape: data }),
  values: filling('source')({ columns: names, rows: one('rows') }),
  listTable: filling('source')({ values: expression }),
  joined: clause({
    style: word,
    lateral: flag,
    source: one('source'),
    on: conditions,
  }),
  cte: clause({ name, columns: names, materialized: flag, query: one('query', 'statement') }),
  setOperation: clause({
    operator: word,
    query: one('query'),
  }),
  lock: clause({ strength: word, of: names }),
  count: clause({ amount: count, modifier: word }),
  modifier: clause({ position: word, operand: expression }),
  namedWindow: clause({ name, window: one('window') }),
  assignment: clause({ column: expression, value: one('expression', 'row', 'default') }),
  conflict: clause({
    columns: names,
    expression,
    constraint: name,
    where: conditions,
    action: word,
    sets,
    updateWhere: conditions,
  }),
  mergeWhen: clause({
    match: word,
    condition: expression,
    action: one('mergeAction'),
  }),
  mergeAction: clause({
    action: word,
    columns: names,
    values: many('expression', 'row', 'default'),
    sets: many('assignment', 'update'),
    where: conditions,
  }),
  select: filling(
    'query',
    'source',
    'expression',
  )({
    ctes,
    recursive: flag,
    modifiers,
    distinct: flag,
    distinctOn: expressions,
    top: one('count'),
    items: selections,
    from: sources,
    joins,
    where: conditions,
    groupBy: many('expression', 'grouping'),
    having: conditions,
    windows: many('namedWindow'),
    setOperations: many('setOperation'),
    orderBy: orders,
    limit: count,
    offset: count,
    fetch: one('count'),
    locks: many('lock'),
    wait: word,
  }),
  insert: statement({
    ctes,
    recursive: flag,
    modifiers,
    verb: word,
    or: word,
    top: one('count'),
    into: one('target'),
    columns: names,
    ragged: flag,
    output: selections,
    rows: one('rows'),
    tuples: many('tuple'),
    query: one('query'),
    defaults: flag,
    conflict: one('conflict'),
    duplicate: sets,
    returning: selections,
  }),
  update: statement({
    ctes,
    recursive: flag,
    modifiers,
    top: one('count'),
    targets: many('target'),
    joins,
    sets,
    output: selections,
    from: sources,
    where: conditions,
    orderBy: orders,
    limit: count,
    returning: selections,
  }),
  delete: statement({
    ctes,
    recursive: flag,
    modifiers,
    top: one('count'),
    targets: many('target'),
    using: sources,
    joins,
    output: selections,
    where: conditions,
    orderBy: orders,
    limit: count,
    returning: selections,
  }),
  merge: statement({
    ctes,
    recursive: flag,
    modifiers,
    top: one('count'),
    into: one('target'),
    using: one('source'),
    on: many('expression', 'joined'),
    whens: many('mergeWhen'),
    output: selections,
    returning: selections,
  }),
  rawStatement: command({ raw: expression }),
  explain: command({ format: routine, options: expression, statement: one('query', 'statement', 'command') }),
}
