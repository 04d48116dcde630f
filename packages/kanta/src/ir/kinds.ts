/**
 * Every kind of node, declared once. `Kinds` says what a kind holds, `fields` says how each part is walked;
 * the compiler demands a row in `fields` and a printer in `dialect/print.ts` for each.
 */
import type { Node, Shape } from './node.ts'
import type { SchemaKinds } from './schema-kinds.ts'

/** A part that is structure and has no parts of its own: a name, an operator, a flag, a table's definition. */
export type Atom = string | number | bigint | boolean | null | undefined | object

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
  jsonObject: { keys: readonly string[]; values: readonly Node[] }
  jsonRows: { query: Node; single: boolean }
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

/**
 * How a part is held: `node` one node (a later call replaces it), `nodes` a list (a later call adds to it),
 * `atom` structure without parts (a later call replaces it), `atoms` a list of such.
 */
export type Sort = 'node' | 'nodes' | 'atom' | 'atoms'

type SortOf<T> = [T] extends [Node | undefined] ? 'node' : [T] extends [readonly Node[]] ? 'nodes' : 'atom' | 'atoms'

/** The parts of some kinds in the order in which they are walked, which is the order of their arguments. */
export type Fields<K extends Kind> = { readonly [N in K]: { readonly [F in keyof Kinds[N]]: SortOf<Kinds[N][F]> } }

/** The parts of each kind, but for those of definitions, which are in `schema-kinds.ts`. */
export const fields: Fields<Exclude<Kind, keyof SchemaKinds>> = {
  ref: { schema: 'atom', table: 'atom', column: 'atom' },
  star: { table: 'atom' },
  table: { schema: 'atom', name: 'atom', definition: 'atom' },
  identifier: { names: 'atoms' },
  versioned: { table: 'node', at: 'node' },
  alias: { operand: 'node', name: 'atom', columns: 'atoms' },
  arg: { role: 'atom' },
  slot: { index: 'atom', role: 'atom', codec: 'atom' },
  context: { name: 'atom' },
  literal: { value: 'atom' },
  default: {},
  list: { items: 'nodes' },
  binary: { left: 'node', op: 'atom', right: 'node' },
  operation: { left: 'node', operator: 'node', right: 'node' },
  unary: { op: 'atom', operand: 'node' },
  between: { operand: 'node', symmetric: 'atom', low: 'node', high: 'node' },
  and: { items: 'nodes' },
  or: { items: 'nodes' },
  tuple: { items: 'nodes' },
  parens: { operand: 'node' },
  cast: { operand: 'node', type: 'node' },
  word: { text: 'atom' },
  call: { name: 'atom', args: 'nodes' },
  aggregate: {
    name: 'atom',
    args: 'nodes',
    distinct: 'atom',
    orderBy: 'nodes',
    withinGroup: 'nodes',
    filter: 'nodes',
    over: 'node',
  },
  window: { base: 'atom', partitionBy: 'nodes', orderBy: 'nodes', frame: 'node', exclude: 'atom' },
  frame: { unit: 'atom', start: 'node', end: 'node' },
  bound: { edge: 'atom', count: 'node' },
  case: { operand: 'node', whens: 'nodes', otherwise: 'node' },
  when: { condition: 'node', result: 'node' },
  jsonPath: { operand: 'node', operator: 'atom', legs: 'nodes' },
  jsonLeg: { leg: 'atom', value: 'atom' },
  jsonObject: { keys: 'atoms', values: 'nodes' },
  jsonRows: { query: 'node', single: 'atom' },
  raw: { strings: 'atom', parts: 'nodes' },
  join: { items: 'nodes', separator: 'node' },
  trusted: { name: 'atom', reads: 'atoms', writes: 'atoms', operand: 'node' },
  grouping: { style: 'atom', items: 'nodes' },
  order: { operand: 'node', direction: 'atom', nulls: 'atom', collate: 'atom' },
  built: { shape: 'atom' },
  values: { columns: 'atoms', rows: 'node' },
  listTable: { values: 'node' },
  joined: { style: 'atom', lateral: 'atom', source: 'node', on: 'nodes' },
  cte: { name: 'atom', columns: 'atoms', materialized: 'atom', query: 'node' },
  setOperation: { operator: 'atom', query: 'node' },
  lock: { strength: 'atom', of: 'atoms' },
  count: { amount: 'node', modifier: 'atom' },
  modifier: { position: 'atom', operand: 'node' },
  namedWindow: { name: 'atom', window: 'node' },
  assignment: { column: 'node', value: 'node' },
  conflict: {
    columns: 'atoms',
    expression: 'node',
    constraint: 'atom',
    where: 'nodes',
    action: 'atom',
    sets: 'nodes',
    updateWhere: 'nodes',
  },
  mergeWhen: { match: 'atom', condition: 'node', action: 'node' },
  mergeAction: { action: 'atom', columns: 'atoms', values: 'nodes', sets: 'nodes', where: 'nodes' },
  select: {
    ctes: 'nodes',
    recursive: 'atom',
    modifiers: 'nodes',
    distinct: 'atom',
    distinctOn: 'nodes',
    top: 'node',
    items: 'nodes',
    from: 'nodes',
    joins: 'nodes',
    where: 'nodes',
    groupBy: 'nodes',
    having: 'nodes',
    windows: 'nodes',
    setOperations: 'nodes',
    orderBy: 'nodes',
    limit: 'node',
    offset: 'node',
    fetch: 'node',
    locks: 'nodes',
    wait: 'atom',
  },
  insert: {
    ctes: 'nodes',
    recursive: 'atom',
    modifiers: 'nodes',
    verb: 'atom',
    or: 'atom',
    top: 'node',
    into: 'node',
    columns: 'atoms',
    ragged: 'atom',
    output: 'nodes',
    rows: 'node',
    tuples: 'nodes',
    query: 'node',
    defaults: 'atom',
    conflict: 'node',
    duplicate: 'nodes',
    returning: 'nodes',
  },
  update: {
    ctes: 'nodes',
    recursive: 'atom',
    modifiers: 'nodes',
    top: 'node',
    targets: 'nodes',
    joins: 'nodes',
    sets: 'nodes',
    output: 'nodes',
    from: 'nodes',
    where: 'nodes',
    orderBy: 'nodes',
    limit: 'node',
    returning: 'nodes',
  },
  delete: {
    ctes: 'nodes',
    recursive: 'atom',
    modifiers: 'nodes',
    top: 'node',
    targets: 'nodes',
    using: 'nodes',
    joins: 'nodes',
    output: 'nodes',
    where: 'nodes',
    orderBy: 'nodes',
    limit: 'node',
    returning: 'nodes',
  },
  merge: {
    ctes: 'nodes',
    recursive: 'atom',
    modifiers: 'nodes',
    top: 'node',
    into: 'node',
    using: 'node',
    on: 'nodes',
    whens: 'nodes',
    output: 'nodes',
    returning: 'nodes',
  },
  rawStatement: { raw: 'node' },
  explain: { format: 'atom', options: 'node', statement: 'node' },
}
