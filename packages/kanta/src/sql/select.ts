import { refuse, show } from '../error/index.ts'
import { CLEARED, fills, forgetting, isTransient, type Node, node, type Shape, start } from '../ir/index.ts'
import { callBack } from './callback.ts'
import { Chain, extend } from './chain.ts'
import { conditionOf, refComparison, references } from './expression.ts'
import { functions } from './function.ts'
import { checkName, given, listOf, parseSelection, reference } from './operand.ts'
import { countNode, Filtered, selections, sources, stars } from './query.ts'
import { windowNode } from './window.ts'

/** Finds the node of a list of strings by its strings, so that a query met before parses nothing. */
class SelectionMemo {
  node: Node | undefined = undefined
  readonly next: Map<string, SelectionMemo> = new Map()
}
let remembered = new SelectionMemo()
forgetting({
  clear() {
    remembered = new SelectionMemo()
  },
})

/** The node of strings alone; `undefined` when something else is among them. */
function stringSelections(columns: readonly unknown[]): Node | undefined {
  let at: SelectionMemo | undefined = remembered
  for (let i = 0; i < columns.length; i++) {
    if (typeof columns[i] !== 'string') return undefined
    at = at?.next.get(columns[i] as string)
  }
  return at?.node ?? remember(columns as readonly string[])
}

/** Parses first, so that only what is right is remembered. */
function remember(columns: readonly string[]): Node {
  if (columns.length === 0) refuse('select([]) selects nothing.')
  const parsed = listOf(columns.map(parseSelection))
  if (isTransient(parsed)) return parsed
  let at = remembered
  for (const column of columns) {
    let next = at.next.get(column)
    if (next === undefined) {
      next = new SelectionMemo()
      at.next.set(column, next)
    }
    at = next
  }
  at.node = parsed
  return parsed
}

/** The parts that stand before a count; others would change it after the rows are counted. */
const COUNTED: ReadonlySet<string> = new Set(['ctes', 'recursive', 'from', 'joins', 'where'])

/** The parts that come after those that a set operation combines. */
const ENDS = ['orderBy', 'limit', 'offset', 'fetch', 'locks'] as const

/** `select … from …` */
export class SelectBuilder extends Filtered<'select'> {
  /** `relations()` defines it, so that programs without relations do not carry it. */
  declare include: (relation: unknown, change?: unknown, options?: unknown) => this

  select(columns: unknown): this {
    if (Array.isArray(columns)) {
      const known = stringSelections(columns)
      if (known !== undefined) return extend(this, 'items', known)
    }
    const args: unknown[] = []
    return extend(this, 'items', selections(columns, args, 'select'), args)
  }

  selectAll(tables?: unknown): this {
    return extend(this, 'items', stars(tables))
  }

  clearSelect(): this {
    return extend(this, 'items', CLEARED)
  }

  /** The number of rows, as a value of the query around it. */
  count(): this {
    for (let at = this.shape as unknown as Shape; at.before !== undefined; at = at.before)
      if (!COUNTED.has(at.part!)) refuse(`count() stands before ${at.part}. Count the rows of the query as a table.`)
    return extend(this, 'items', functions.countAll().node)
  }

  distinct(): this {
    return extend(this, 'distinct', true)
  }

  distinctOn(columns: unknown): this {
    const args: unknown[] = []
    const items = references(columns, args, reference)
    if (items.length === 0) refuse('distinctOn([]) names no column.')
    return extend(this, 'distinctOn', listOf(items), args)
  }

  from(tables: unknown): this {
    const args: unknown[] = []
    return extend(this, 'from', sources(tables, args), args)
  }

  innerJoinLateral(table: unknown, ...on: unknown[]): this {
    return this.joined('inner join', true, table, on)
  }

  leftJoinLateral(table: unknown, ...on: unknown[]): this {
    return this.joined('left join', true, table, on)
  }

  crossJoinLateral(table: unknown): this {
    return this.joined('cross join', true, table, [])
  }

  crossApply(table: unknown): this {
    return this.joined('cross apply', false, table, [])
  }

  outerApply(table: unknown): this {
    return this.joined('outer apply', false, table, [])
  }

  having(...condition: unknown[]): this {
    const args: unknown[] = []
    return extend(this, 'having', conditionOf(condition, args, 'having'), args)
  }

  havingRef(lhs: unknown, op: unknown, rhs: unknown): this {
    const args: unknown[] = []
    return extend(this, 'having', refComparison(lhs, op, rhs, args), args)
  }

  clearHaving(): this {
    return extend(this, 'having', CLEARED)
  }

  groupBy(columns: unknown): this {
    const args: unknown[] = []
    return extend(this, 'groupBy', listOf(references(columns, args, reference)), args)
  }

  clearGroupBy(): this {
    return extend(this, 'groupBy', CLEARED)
  }

  window(name: string, window: unknown): this {
    const args: unknown[] = []
    const named = node({ kind: 'namedWindow', name: checkName(name, 'a window'), window: windowNode(window, args) })
    return extend(this, 'windows', named, args)
  }

  offset(amount: unknown): this {
    return this.counted('offset', amount)
  }

  clearOffset(): this {
    return extend(this, 'offset', CLEARED)
  }

  fetch(amount: unknown, modifier: string = 'only'): this {
    if (modifier !== 'only' && modifier !== 'with ties')
      refuse(`fetch(…, ${show(modifier)}): use 'only' or 'with ties'.`)
    const args: unknown[] = []
    return extend(this, 'fetch', node({ kind: 'count', amount: countNode('fetch', amount, args), modifier }), args)
  }

  forUpdate(of?: unknown): this {
    return this.lock('update', of)
  }

  forShare(of?: unknown): this {
    return this.lock('share', of)
  }

  forKeyShare(of?: unknown): this {
    return this.lock('key share', of)
  }

  forNoKeyUpdate(of?: unknown): this {
    return this.lock('no key update', of)
  }

  skipLocked(): this {
    return extend(this, 'wait', 'skip locked')
  }

  noWait(): this {
    return extend(this, 'wait', 'nowait')
  }

  union(query: unknown): this {
    return this.combine('union', query)
  }

  unionAll(query: unknown): this {
    return this.combine('union all', query)
  }

  intersect(query: unknown): this {
    return this.combine('intersect', query)
  }

  intersectAll(query: unknown): this {
    return this.combine('intersect all', query)
  }

  except(query: unknown): this {
    return this.combine('except', query)
  }

  exceptAll(query: unknown): this {
    return this.combine('except all', query)
  }

  private lock(strength: string, of: unknown): this {
    const tables = of === undefined ? [] : Array.isArray(of) ? of : [of]
    if (of !== undefined && tables.length === 0)
      refuse('A lock of [] names no table. Leave the list out for all tables.')
    const names = Array.from(tables, (table: unknown) => checkName(table, 'a table to lock'))
    return extend(this, 'locks', node({ kind: 'lock', strength, of: names }))
  }

  private combine(operator: string, queries: unknown): this {
    const made = typeof queries === 'function' ? callBack(queries) : queries
    const args: unknown[] = []
    const nodes = Array.from(Array.isArray(made) ? made : [made], (query: unknown) => {
      const part = query instanceof Chain || typeof query === 'object' ? given(query, args) : undefined
      if (part === undefined || !fills(part, 'query')) return refuse(`${operator}(${show(query)}) takes a query.`)
      return node({ kind: 'setOperation', operator, query: part })
    })
    if (nodes.length === 0) refuse(`${operator}([]) names no query.`)
    return extend(this.leftPart(), 'setOperations', listOf(nodes), args)
  }

  /** The part before a set operation. Its order and limit stay its own, as a table that is read as a whole. */
  protected leftPart(): this {
    const steps: Shape[] = []
    for (let at = this.shape as unknown as Shape; at.before !== undefined; at = at.before) steps.unshift(at)
    const last = new Map(steps.map(({ part, value }) => [part as string, value]))
    if (!ENDS.some((part) => last.has(part) && last.get(part) !== CLEARED)) return this
    // What `with` names is seen by the other parts, too.
    let [outer, inner] = [start('select'), start('select')]
    for (const { part, value } of steps) {
      if (part === 'ctes' || part === 'recursive') outer = outer.step(part, value)
      else inner = inner.step(part as never, value)
    }
    const own = new SelectBuilder(inner, this.args, this.runner).node
    const table = node({ kind: 'alias', operand: own, name: 'part', columns: undefined })
    const shape = outer.step('from', table).step('items', stars(undefined))
    return new (this.constructor as new (...given: unknown[]) => this)(shape, this.args, this.runner)
  }
}
