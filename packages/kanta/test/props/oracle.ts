import type {
  Condition,
  Expr,
  Item,
  Join,
  Order,
  Output,
  Pair,
  Read,
  Select,
  Source,
  Value,
  WindowExpr,
} from './query.ts'
import { type Cell, type Content, encode, outputsOf, type Row } from './world.ts'

/** Null is SQL's "unknown". */
type Truth = 0 | 1 | null

/** The rows of a query, cell by cell in the order of its outputs, as SQLite holds them; a document is its own rows. */
export type Table = readonly (readonly (Cell | Document)[])[]
export interface Document {
  readonly rows: Table
}

/** The row of each source by its alias, and the sources around. */
class Scope {
  readonly rows: ReadonlyMap<string, Row>
  readonly parent: Scope | undefined
  /** The rows of the group that an aggregate runs over. */
  readonly group: readonly Scope[] | undefined
  /** All rows of the query, for window functions. */
  all: readonly Scope[] = []

  constructor(rows: ReadonlyMap<string, Row>, parent: Scope | undefined, group?: readonly Scope[]) {
    this.rows = rows
    this.parent = parent
    this.group = group
  }

  cell(source: string, name: string): Cell {
    const row = this.rows.get(source)
    if (row !== undefined) return row[name]!
    return this.parent!.cell(source, name)
  }
}

interface Named {
  readonly outputs: readonly Output[]
  readonly rows: readonly Row[]
}

/** Computes the rows of queries by the rules of SQL, on lists of objects. */
export class Oracle {
  readonly #content: Content
  readonly #which: 'value' | 'other'
  /** Whether `like` tells letters of either case apart, as other databases do. */
  readonly #exactLike: boolean
  readonly #ctes = new Map<string, Named>()

  constructor(content: Content, which: 'value' | 'other' = 'value', exactLike = false) {
    this.#content = content
    this.#which = which
    this.#exactLike = exactLike
  }

  select(query: Select, outer?: Scope): Table {
    for (const cte of query.ctes) {
      const rows = this.select(cte.query, undefined)
      const outputs = cte.query.outputs.map((output, i) => ({ ...output, name: cte.columns?.[i] ?? output.name }))
      this.#ctes.set(cte.name, { outputs, rows: rows.map((row) => toRow(outputs, row)) })
    }
    let table = this.#core(query, outer)
    for (const { op, query: part } of query.setOperations) {
      const right = this.select(part, outer).map((cells) => ({ cells, scope: undefined }))
      table = combine(op, table, right)
    }
    table = this.#sort(query, table)
    const from = this.#pair(query.offset) ?? 0
    const limit = this.#pair(query.limit)
    return table.slice(from, limit === undefined ? undefined : from + limit).map((row) => row.cells)
  }

  /** Whether a condition is true of a row of each source: for writes. */
  holdsFor(condition: Condition, sources: Readonly<Record<string, Row>>): boolean {
    return this.condition(condition, new Scope(new Map(Object.entries(sources)), undefined)) === 1
  }

  valueFor(e: Expr, sources: Readonly<Record<string, Row>>): Cell {
    return this.expr(e, new Scope(new Map(Object.entries(sources)), undefined))
  }

  pair<T>(pair: Pair<T>): T {
    return this.#which === 'value' ? pair.value : pair.other
  }

  #pair(pair: Pair<number> | undefined): number | undefined {
    return pair === undefined ? undefined : this.pair(pair)
  }

  #core(query: Select, outer: Scope | undefined): Entry[] {
    const rows = this.#from(query, outer).filter((scope) => query.where.every((c) => this.condition(c, scope) === 1))
    for (const scope of rows) scope.all = rows
    const scopes = query.groupBy === undefined ? rows : this.#groups(query, rows, outer)
    const entries = scopes.map((scope) => ({
      cells: query.items.flatMap((item) => this.#item(item, scope, query)),
      scope,
    }))
    return query.distinct ? distinct(entries) : entries
  }

  #groups(query: Select, rows: readonly Scope[], outer: Scope | undefined): Scope[] {
    const groups = new Map<string, Scope[]>()
    if (query.groupBy!.length === 0) groups.set('[]', [])
    for (const scope of rows) {
      const key = JSON.stringify(query.groupBy!.map((e) => keyOf(this.expr(e, scope))))
      groups.set(key, [...(groups.get(key) ?? []), scope])
    }
    return [...groups.values()]
      .map((group) => new Scope(group[0]?.rows ?? new Map(), outer, group))
      .filter((scope) => query.having.every((c) => this.condition(c, scope) === 1))
  }

  #from(query: Select, outer: Scope | undefined): Scope[] {
    let rows: ReadonlyMap<string, Row>[] = [new Map()]
    const names: [string, readonly Output[]][] = []
    const scope = (row: ReadonlyMap<string, Row>): Scope => new Scope(row, outer)
    for (const source of query.from) {
      const { outputs, rows: added } = this.#source(source)
      rows = rows.flatMap((row) => added.map((next) => new Map([...row, [source.alias, next]])))
      names.push([source.alias, outputs])
    }
    for (const join of query.joins) {
      const { outputs, rows: added } = this.#source(join.source)
      rows = this.#join(join, rows, added, names, outputs, scope)
      names.push([join.source.alias, outputs])
    }
    return rows.map(scope)
  }

  #join(
    join: Join,
    left: readonly ReadonlyMap<string, Row>[],
    right: readonly Row[],
    names: readonly (readonly [string, readonly Output[]])[],
    outputs: readonly Output[],
    scope: (row: ReadonlyMap<string, Row>) => Scope,
  ): ReadonlyMap<string, Row>[] {
    const { alias } = join.source
    const joined: ReadonlyMap<string, Row>[] = []
    const met = new Set<Row>()
    for (const row of left) {
      let found = false
      for (const next of right) {
        const both = new Map([...row, [alias, next]])
        if (!join.on.every((c) => this.condition(c, scope(both)) === 1)) continue
        found = true
        met.add(next)
        joined.push(both)
      }
      if (!found && (join.style === 'left' || join.style === 'full'))
        joined.push(new Map([...row, [alias, nulls(outputs)]]))
    }
    if (join.style === 'right' || join.style === 'full') {
      const nothing = names.map(([name, columns]): [string, Row] => [name, nulls(columns)])
      for (const next of right) if (!met.has(next)) joined.push(new Map([...nothing, [alias, next]]))
    }
    return joined
  }

  #source(source: Source): Named {
    if (source.k === 'table') return { outputs: outputsOf(source.table), rows: this.#content[source.table] }
    if (source.k === 'cte') return this.#ctes.get(source.name)!
    if (source.k === 'values') {
      return { outputs: source.columns, rows: this.pair(source.rows).map((row) => toRow(source.columns, row)) }
    }
    if (source.k === 'list') {
      const rows = this.pair(source.items).map((value, i) => ({ position: i + 1, value }))
      return { outputs: source.columns, rows }
    }
    const { outputs } = source.query
    return { outputs, rows: this.select(source.query, undefined).map((row) => toRow(outputs, row)) }
  }

  #item(item: Item, scope: Scope, query: Select): (Cell | Document)[] {
    if (item.k === 'expr') return [this.expr(item.of, scope)]
    if (item.k === 'json') {
      const rows = this.select(item.query, scope)
      return [item.single && rows.length === 0 ? null : { rows }]
    }
    const aliases = item.source === undefined ? sourcesOf(query) : [item.source]
    return aliases.flatMap((alias) => Object.values(scope.rows.get(alias)!))
  }

  #sort(query: Select, table: readonly Entry[]): Entry[] {
    if (query.orderBy.length === 0) return [...table]
    const keys = new Map(
      table.map((entry) => [entry, query.orderBy.map(({ by }) => this.#key(by, query, entry))] as const),
    )
    return [...table].sort((a, b) => {
      for (const [i, order] of query.orderBy.entries()) {
        const found = compareOrder(keys.get(a)![i]!, keys.get(b)![i]!, order)
        if (found !== 0) return found
      }
      return 0
    })
  }

  #key(by: string | Expr, query: Select, entry: Entry): Cell {
    if (typeof by !== 'string') return this.expr(by, entry.scope!)
    return entry.cells[query.outputs.findIndex((output) => output.name === by)] as Cell
  }

  #value(pair: Pair): Cell {
    return encode(this.pair<Value>(pair))
  }

  expr(e: Expr, scope: Scope): Cell {
    switch (e.k) {
      case 'column':
        return scope.cell(e.source, e.name)
      case 'value':
        return this.#value(e.pair)
      case 'null':
        return null
      case 'arithmetic':
        return arithmetic(e.op, this.expr(e.left, scope), this.expr(e.right, scope))
      case 'minus': {
        const value = this.expr(e.of, scope)
        return value === null ? null : -(value as number)
      }
      case 'concat': {
        const [left, right] = [this.expr(e.left, scope), this.expr(e.right, scope)]
        return left === null || right === null ? null : `${left}${right}`
      }
      case 'call': {
        const values = e.args.map((arg) => this.expr(arg, scope))
        if (e.name === 'coalesce') return values.find((value) => value !== null) ?? null
        return compare(values[0]!, values[1]!) === 0 ? null : values[0]!
      }
      case 'case': {
        const met = e.whens.find(({ when }) => this.condition(when, scope) === 1)
        const result = met?.then ?? e.otherwise
        return result === undefined ? null : this.expr(result, scope)
      }
      case 'truth':
        return this.condition(e.of, scope)
      case 'scalar':
        return (this.select(e.query, scope)[0]?.[0] ?? null) as Cell
      case 'matches': {
        const value = this.expr(e.of, scope)
        const met = e.whens.find(({ is }) => compare(value, this.expr(is, scope)) === 0)
        return this.expr(met?.then ?? e.otherwise, scope)
      }
      case 'window':
        return this.#window(e, scope)
      case 'aggregate':
        return this.#aggregate(e, scope.group!)
    }
  }

  /** What is computed over the rows of a partition: all of them, or with an order those up to the row and its peers. */
  #window(e: WindowExpr, scope: Scope): Cell {
    const keys = (row: Scope): string => JSON.stringify(e.partitionBy.map((part) => keyOf(this.expr(part, row))))
    const own = keys(scope)
    const rows = scope.all.filter((row) => keys(row) === own)
    const { orderBy: by } = e
    if (by === undefined) return this.#aggregate({ ...e, k: 'aggregate', distinct: false } as Aggregate, rows)
    const order: Order = { by, direction: e.down ? 'desc' : 'asc', nulls: undefined }
    const place = (row: Scope): Cell => this.expr(by, row)
    const groups = [...new Map(rows.map((row) => [keyOf(place(row)), place(row)])).values()]
    groups.sort((a, b) => compareOrder(a, b, order))
    const at = groups.findIndex((group) => isSame(group, place(scope)))
    if (e.name === 'dense_rank') return at + 1
    const before = rows.filter((row) => compareOrder(place(row), groups[at]!, order) < 0)
    if (e.name === 'rank') return before.length + 1
    const from = e.near === undefined ? 0 : Math.max(0, at - this.pair(e.near))
    const framed = rows.filter((row) => groups.slice(from, at + 1).some((group) => isSame(group, place(row))))
    return this.#aggregate({ ...e, k: 'aggregate', distinct: false } as Aggregate, framed)
  }

  #aggregate(e: Aggregate, group: readonly Scope[]): Cell {
    const { filter } = e
    const rows = group.filter((row) => filter === undefined || this.condition(filter, row) === 1)
    if (e.of === undefined) return rows.length
    let values = rows.map((row) => this.expr(e.of!, row)).filter((value) => value !== null)
    if (e.distinct) values = [...new Map(values.map((value) => [keyOf(value), value])).values()]
    if (e.name === 'count') return values.length
    if (values.length === 0) return null
    const sum = values.reduce((total: number, value) => total + (value as number), 0)
    if (e.name === 'sum') return sum
    if (e.name === 'avg') return sum / values.length
    const least = e.name === 'min' ? -1 : 1
    return values.reduce((best, value) => (Math.sign(compare(value, best)!) === least ? value : best))
  }

  condition(c: Condition, scope: Scope): Truth {
    switch (c.k) {
      case 'compare':
        return compares(c.op, this.expr(c.left, scope), this.expr(c.right, scope))
      case 'rows': {
        const equal = all(c.left.map((left, i) => compares('=', this.expr(left, scope), this.expr(c.right[i]!, scope))))
        return c.op === '=' ? equal : not(equal)
      }
      case 'is null':
        return truth((this.expr(c.of, scope) === null) !== c.not)
      case 'is': {
        const same = isSame(this.expr(c.left, scope), this.expr(c.right, scope))
        return truth(same === (c.op === 'is' || c.op === 'is not distinct from'))
      }
      case 'in': {
        const found = within(this.expr(c.of, scope), this.pair(c.list).map(encode))
        return c.not ? not(found) : found
      }
      case 'in items': {
        const found = within(
          this.expr(c.of, scope),
          c.items.map((item) => this.expr(item, scope)),
        )
        return c.not ? not(found) : found
      }
      case 'in query': {
        const found = within(
          this.expr(c.of, scope),
          this.select(c.query, scope).map((row) => row[0] as Cell),
        )
        return c.not ? not(found) : found
      }
      case 'exists':
        return truth(this.select(c.query, scope).length > 0 !== c.not)
      case 'between': {
        const value = this.expr(c.of, scope)
        return all([compares('>=', value, this.expr(c.low, scope)), compares('<=', value, this.expr(c.high, scope))])
      }
      case 'like': {
        const found = like(this.expr(c.of, scope), this.pair(c.pattern), this.#exactLike)
        return c.not ? not(found) : found
      }
      case 'flag': {
        const value = this.expr(c.of, scope)
        return value === null ? null : truth(value !== 0)
      }
      case 'constant':
        return truth(c.value)
      case 'and':
        return all(c.items.map((item) => this.condition(item, scope)))
      case 'or':
        return not(all(c.items.map((item) => not(this.condition(item, scope)))))
      case 'not':
        return not(this.condition(c.of, scope))
    }
  }
}

type Aggregate = Extract<Expr, { k: 'aggregate' }>

interface Entry {
  readonly cells: readonly (Cell | Document)[]
  readonly scope: Scope | undefined
}

const sourcesOf = (query: Select): string[] =>
  [...query.from, ...query.joins.map((join) => join.source)].map((s) => s.alias)

const toRow = (outputs: readonly Output[], cells: readonly (Cell | Document)[]): Row =>
  Object.fromEntries(outputs.map((output, i) => [output.name, cells[i] as Cell]))

const nulls = (outputs: readonly Output[]): Row => Object.fromEntries(outputs.map((output) => [output.name, null]))

const truth = (value: boolean): Truth => (value ? 1 : 0)
const not = (value: Truth): Truth => (value === null ? null : value === 1 ? 0 : 1)

function all(values: readonly Truth[]): Truth {
  if (values.includes(0)) return 0
  return values.includes(null) ? null : 1
}

/** What tells cells apart: type and value; -0 is 0. */
function keyOf(cell: Cell | Document): string {
  if (cell === null) return 'null'
  if (typeof cell === 'object') return JSON.stringify(cell.rows)
  return typeof cell === 'number' ? `n${cell + 0}` : `s${cell}`
}

const keysOf = (entry: Entry): string => JSON.stringify(entry.cells.map(keyOf))

const distinct = (entries: readonly Entry[]): Entry[] => [
  ...new Map([...entries].reverse().map((entry) => [keysOf(entry), entry])).values(),
]

function combine(op: string, left: readonly Entry[], right: readonly Entry[]): Entry[] {
  if (op === 'union all') return [...left, ...right]
  if (op === 'union') return distinct([...left, ...right])
  const keys = new Set(right.map(keysOf))
  return distinct(left.filter((entry) => keys.has(keysOf(entry)) === (op === 'intersect')))
}

/** Texts by their bytes, as SQLite's own collation has it; null where one is null. */
function compare(a: Cell, b: Cell): number | null {
  if (a === null || b === null) return null
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return (a as number) - (b as number)
}

const isSame = (a: Cell, b: Cell): boolean => (a === null || b === null ? a === b : compare(a, b) === 0)

const tests: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

function compares(op: string, a: Cell, b: Cell): Truth {
  const order = compare(a, b)
  return order === null ? null : truth(tests[op]!(order))
}

function within(value: Cell, list: readonly Cell[]): Truth {
  if (list.length === 0) return 0
  if (value === null) return null
  if (list.some((item) => compare(value, item) === 0)) return 1
  return list.includes(null) ? null : 0
}

function arithmetic(op: string, a: Cell, b: Cell): Cell {
  if (a === null || b === null) return null
  const [left, right] = [a as number, b as number]
  return op === '+' ? left + right : op === '-' ? left - right : left * right
}

/** `%` is any text, `_` one character; letters of ASCII match in either case. */
function like(value: Cell, pattern: string, exact: boolean): Truth {
  if (value === null) return null
  const lower = (text: string): string => (exact ? text : text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()))
  const literal = (c: string): string => `\\u{${c.codePointAt(0)!.toString(16)}}`
  const source = [...lower(pattern)].map((c) => (c === '%' ? '.*' : c === '_' ? '.' : literal(c))).join('')
  return truth(new RegExp(`^${source}$`, 'su').test(lower(String(value))))
}

function compareOrder(a: Cell, b: Cell, order: Order): number {
  const down = order.direction === 'desc'
  if (a === null || b === null) {
    if (a === b) return 0
    const first = order.nulls === undefined ? !down : order.nulls === 'first'
    return (a === null) === first ? -1 : 1
  }
  return down ? compare(b, a)! : compare(a, b)!
}

/** The rows as the user gets them: an object for each, its cells read by their codecs. */
export function decoded(outputs: readonly Output[], table: Table): Record<string, unknown>[] {
  return table.map((cells) =>
    Object.fromEntries(outputs.map((output, i) => [output.name, decode(cells[i]!, output.read)])),
  )
}

function decode(cell: Cell | Document, read: Read): unknown {
  if (cell === null) return null
  if (typeof read === 'object') {
    const rows = decoded(read.columns, (cell as Document).rows)
    return read.single ? rows[0] : rows
  }
  if (read === 'bool') return cell === 1
  if (read === 'time') return new Date(cell as string)
  return read === 'big' ? BigInt(cell as number) : cell
}

/** The rows of a database without a schema: documents are read, all else is as SQLite holds it. */
export function undecoded(outputs: readonly Output[]): Output[] {
  return outputs.map((output) => ({
    ...output,
    read: typeof output.read === 'object' ? { ...output.read, columns: undecoded(output.read.columns) } : undefined,
  }))
}
