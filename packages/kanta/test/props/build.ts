import { expressionBuilder, jsonArrayFrom, jsonObjectFrom, list, sql, values } from '../../src/index.ts'
import type { Choice } from './choice.ts'
import type { Condition, Cte, Expr, Item, Join, Order, Pair, Select, Source, Type, Value, WindowExpr } from './query.ts'
import { type Any, encode, tables } from './world.ts'

const eb: Any = (expressionBuilder as Any)()

/** How a query is built from its description. */
export interface BuildOptions {
  /** Picks among calls that mean the same. */
  readonly style: Choice
  readonly which?: 'value' | 'other'
  /** For a database without a schema: values are given as SQLite holds them. */
  readonly raw?: boolean
  /** Names tables and columns by text only, so that databases with other tables can share the shape. */
  readonly names?: boolean
  /** Keeps values out of text of its own, where some databases cannot tell their type. */
  readonly noText?: boolean
  /** Makes a parameter of a prepared query, which keeps the value by its name. */
  readonly slot?: ((value: unknown) => unknown) | undefined
}

/** Builds Kanta queries from descriptions, by calls that vary with the style but mean the same. */
export class Build {
  readonly #db: Any
  readonly #options: BuildOptions
  readonly #style: Choice
  readonly #sources = new Map<string, Source>()
  /** Whether a value became part of the structure, as `true` does after `is`. */
  structural = false

  constructor(db: Any, options: BuildOptions) {
    this.#db = db
    this.#options = options
    this.#style = options.style
  }

  select(query: Select, nested = false): Any {
    for (const source of [...query.from, ...query.joins.map((join) => join.source)])
      this.#sources.set(source.alias, source)
    const creator = query.ctes.reduce((db, cte) => this.#with(db, cte), this.#db)
    let made = this.#from(query, nested && query.ctes.length === 0 && this.#style.flip(50) ? eb : creator)
    for (const step of this.#steps(query)) made = step(made)
    return made
  }

  /** Makes a table known by its alias, so that its columns can be given as objects. */
  known(source: Source): this {
    this.#sources.set(source.alias, source)
    return this
  }

  #with(db: Any, cte: Cte): Any {
    const named = cte.columns === undefined ? cte.name : `${cte.name}(${cte.columns.join(', ')})`
    const query = this.select(cte.query)
    const body = this.#style.flip(30) ? query : () => query
    if (cte.materialized === undefined) return db.with(named, body)
    return db.with((make: Any) => (cte.materialized ? make(named).materialized() : make(named).notMaterialized()), body)
  }

  #from(query: Select, creator: Any): Any {
    const [first, ...more] = query.from
    const sources = query.from.map((source) => this.#source(source))
    if (more.length === 0) {
      return creator.selectFrom(this.#style.pick([sources[0], sources, () => sources]))
    }
    return first !== undefined && this.#style.flip(50)
      ? creator.selectFrom(sources)
      : creator.selectFrom(sources[0]).from(sources.slice(1))
  }

  #source(source: Source): unknown {
    if (source.k === 'query') {
      const query = this.select(source.query, true).as(source.alias)
      return this.#style.flip(30) ? () => query : query
    }
    if (source.k === 'list') return list(this.#pair(source.items)).as(source.alias)
    if (source.k === 'values') {
      const rows = this.#pair(source.rows)
      return values(rows.map((row) => Object.fromEntries(source.columns.map((c, i) => [c.name, row[i]])))).as(
        source.alias,
      )
    }
    const name = source.k === 'table' ? source.table : source.name
    if (source.k === 'table' && this.#objects() && this.#style.flip(35)) {
      return source.aliased ? tables[source.table].as(source.alias) : tables[source.table]
    }
    const text = source.aliased ? `${name} as ${source.alias}` : name
    return this.#style.flip(10) ? sql.table(text) : text
  }

  #objects(): boolean {
    return this.#options.names !== true
  }

  /** The calls of a query after its first, in an order of their own; those of one clause keep theirs. */
  #steps(query: Select): ((q: Any) => Any)[] {
    const { orderBy, limit, offset } = query
    const lists = [
      query.joins.map((join) => this.#join(join)),
      this.#wheres(query.where),
      query.groupBy === undefined || query.groupBy.length === 0 ? [] : this.#groupBy(query.groupBy),
      query.having.map((c) => this.conditionStep('having', c)),
      this.#itemSteps(query.items),
      query.distinct ? [(q: Any) => q.distinct()] : [],
      query.setOperations.map((operation) => {
        const method = METHODS[operation.op]
        const part = this.select(operation.query, true)
        const argument = this.#style.pick([part, [part], () => part])
        return (q: Any) => q[method](argument)
      }),
    ]
    const ends = [
      this.#orderSteps(orderBy),
      limit === undefined ? [] : this.#countSteps('limit', limit),
      offset === undefined ? [] : this.#countSteps('offset', offset),
    ]
    // An order or a limit before a set operation is that of its left part alone.
    if (query.setOperations.length > 0) return [...this.#style.merge(lists), ...this.#style.merge(ends)]
    return this.#style.merge([...lists, ...ends])
  }

  #wheres(conditions: readonly Condition[]): ((q: Any) => Any)[] {
    const steps: ((q: Any) => Any)[] = []
    // What is cleared leaves its arguments behind, which must not move those of the others.
    if (this.#style.flip(10)) steps.push((q) => q.where(eb.val(99), '=', 98).clearWhere())
    if (conditions.length > 1 && this.#style.flip(30)) {
      const all = conditions.map((c) => this.condition(c))
      return [...steps, (q) => (this.#style.flip(50) ? q.where(eb.and(all)) : q.where(() => eb.and(all)))]
    }
    return [...steps, ...conditions.map((c) => this.conditionStep('where', c))]
  }

  conditionStep(method: 'where' | 'having', c: Condition): (q: Any) => Any {
    const parts = this.#parts(c)
    const style = this.#style
    if (parts !== undefined && style.flip(60)) return (q) => q[method](...parts)
    const refs = c.k === 'compare' ? this.#refs(c.left, c.right) : undefined
    if (refs !== undefined && c.k === 'compare' && style.flip(50))
      return (q) => q[`${method}Ref`](refs[0], c.op, refs[1])
    const made = parts === undefined ? this.condition(c) : eb(...parts)
    if (style.flip(10)) return (q) => q.$if(true, (inner: Any) => inner[method](made))
    if (style.flip(10)) return (q) => q.$call((inner: Any) => inner[method](made))
    return style.flip(50) ? (q) => q[method](made) : (q) => q[method](() => made)
  }

  #join(join: Join): (q: Any) => Any {
    const source = this.#source(join.source)
    const method = `${join.style}Join`
    if (join.style === 'cross') return (q) => q.crossJoin(source)
    const [only] = join.on
    const refs =
      join.on.length === 1 && only?.k === 'compare' && only.op === '=' ? this.#refs(only.left, only.right) : undefined
    if (refs !== undefined && this.#style.flip(60)) return (q) => q[method](source, ...refs)
    const on = join.on.map((c) => {
      if (c.k === 'constant' && c.value && join.on.length === 1 && this.#style.flip(50)) return (j: Any) => j.onTrue()
      const pair = c.k === 'compare' ? this.#refs(c.left, c.right) : undefined
      if (pair !== undefined && c.k === 'compare' && this.#style.flip(60))
        return (j: Any) => j.onRef(pair[0], c.op, pair[1])
      const made = this.condition(c)
      return (j: Any) => j.on(made)
    })
    return (q) => q[method](source, (j: Any) => on.reduce((now, step) => step(now), j))
  }

  #groupBy(keys: readonly Expr[]): ((q: Any) => Any)[] {
    const operands = keys.map((key) => this.operand(key))
    if (this.#style.flip(50)) return operands.map((operand) => (q: Any) => q.groupBy(operand))
    return [(q) => (this.#style.flip(50) ? q.groupBy(operands) : q.groupBy(() => operands))]
  }

  #itemSteps(items: readonly Item[]): ((q: Any) => Any)[] {
    const steps: ((q: Any) => Any)[] = []
    let gathered: unknown[] = []
    const flush = (): void => {
      const list = gathered
      gathered = []
      if (list.length === 0) return
      if (list.length === 1 && this.#style.flip(50)) steps.push((q) => q.select(list[0]))
      else steps.push(this.#style.flip(70) ? (q) => q.select(list) : (q) => q.select(() => list))
    }
    for (const item of items) {
      if (item.k === 'star') {
        flush()
        steps.push((q) =>
          item.source === undefined ? q.selectAll() : q.selectAll(this.#style.flip(50) ? item.source : [item.source]),
        )
      } else gathered.push(this.#item(item))
      if (this.#style.flip(30)) flush()
    }
    flush()
    return steps
  }

  #item(item: Exclude<Item, { k: 'star' }>): unknown {
    if (item.k === 'json') {
      const query = this.select(item.query, true)
      return (item.single ? jsonObjectFrom(query) : jsonArrayFrom(query)).as(item.name)
    }
    if (item.of.k !== 'column') return this.expression(item.of).as(item.name)
    const column = this.#columnObject(item.of)
    if (column !== undefined && this.#style.flip(40)) return item.aliased ? column.as(item.name) : column
    const text = nameOf(item.of)
    if (this.#style.flip(25)) return item.aliased ? eb.ref(text).as(item.name) : eb.ref(text)
    return item.aliased ? `${text} as ${item.name}` : text
  }

  #orderSteps(orders: readonly Order[]): ((q: Any) => Any)[] {
    const plain = orders.every(
      (order) => typeof order.by === 'string' && order.nulls === undefined && order.direction === undefined,
    )
    if (plain && orders.length > 1 && this.#style.flip(50)) return [(q) => q.orderBy(orders.map((order) => order.by))]
    return orders.map((order) => this.#orderStep(order))
  }

  #orderStep({ by, direction, nulls }: Order): (q: Any) => Any {
    const operand = typeof by === 'string' ? by : this.expression(by)
    if (nulls === undefined && this.#style.flip(70)) {
      if (typeof by === 'string' && direction !== undefined && this.#style.flip(30))
        return (q) => q.orderBy(`${by} ${direction}`)
      return direction === undefined ? (q) => q.orderBy(operand) : (q) => q.orderBy(operand, direction)
    }
    const modify = (ob: Any): Any => {
      const turned = direction === undefined ? ob : direction === 'asc' ? ob.asc() : ob.desc()
      return nulls === undefined ? turned : nulls === 'first' ? turned.nullsFirst() : turned.nullsLast()
    }
    return (q) => q.orderBy(this.#style.flip(20) ? () => operand : operand, modify)
  }

  #countSteps(method: 'limit' | 'offset', pair: Pair<number>): ((q: Any) => Any)[] {
    const amount = this.#pair(pair)
    const given = this.#options.slot?.(amount) ?? this.#style.pick([amount, BigInt(amount), eb.val(amount)])
    // A later call takes the place of an earlier one, whose argument stays behind.
    if (this.#style.flip(15)) return [(q) => q[method](97)[method](given)]
    return [(q) => q[method](given)]
  }

  #pair<T>(pair: Pair<T>): T {
    return this.#options.which === 'other' ? pair.other : pair.value
  }

  /** A value as the database takes it, or a parameter in its place. */
  value(value: Value): unknown {
    const given = this.#options.raw === true ? encode(value) : value
    return this.#options.slot?.(given) ?? given
  }

  /** A value as an expression. In text of its own it would meet no column that says how it is written. */
  #value(type: Type, value: unknown): Any {
    const form = this.#style.int(9)
    if (form === 9 && type !== 'time' && this.#options.noText !== true) return sql`${value}`
    return form === 8 ? sql.val(value) : eb.val(value)
  }

  #list(pair: Pair<readonly Value[]>): unknown {
    const list = this.#pair(pair).map((value) => (this.#options.raw === true ? encode(value) : value))
    return this.#options.slot?.(list) ?? list
  }

  /** Two columns by name or as objects; undefined where one is something else. */
  #refs(left: Expr, right: Expr): [unknown, unknown] | undefined {
    if (left.k !== 'column' || right.k !== 'column') return undefined
    return [this.operand(left), this.operand(right)]
  }

  #columnObject(e: Extract<Expr, { k: 'column' }>): Any {
    const source = this.#sources.get(e.source)
    if (!this.#objects() || source?.k !== 'table') return undefined
    return (source.aliased ? tables[source.table].as(source.alias) : tables[source.table])[e.name]
  }

  /** What may stand on the left: a column by its name or as an object, or an expression. */
  operand(e: Expr): unknown {
    if (e.k !== 'column') return this.expression(e)
    const column = this.#columnObject(e)
    if (column !== undefined && this.#style.flip(35)) return column
    return this.#style.flip(15) ? eb.ref(nameOf(e)) : nameOf(e)
  }

  /** What may stand on the right: a value as it is, or an expression. */
  #right(e: Expr): unknown {
    if (e.k === 'value' && this.#style.flip(80)) return this.value(this.#pair(e.pair))
    const made = this.expression(e)
    return this.#style.flip(10) ? () => made : made
  }

  expression(e: Expr): Any {
    switch (e.k) {
      case 'column': {
        const column = this.#columnObject(e)
        return eb.ref(column !== undefined && this.#style.flip(35) ? column : nameOf(e))
      }
      case 'value':
        return this.#value(e.type, this.value(this.#pair(e.pair)))
      case 'null':
        return this.#style.flip(30) ? eb.lit(null) : eb.val(null)
      case 'arithmetic':
        return eb(this.operand(e.left), e.op, this.#right(e.right))
      case 'concat':
        return eb(this.operand(e.left), '||', this.#right(e.right))
      case 'minus':
        return eb.neg(this.operand(e.of))
      case 'call': {
        const args = e.args.map((arg) => this.operand(arg))
        if (e.name === 'coalesce') return eb.fn.coalesce(...args)
        return eb.fn('nullif', args)
      }
      case 'case':
        return this.#case(e)
      case 'truth':
        return this.condition(e.of)
      case 'scalar':
        return eb.ref(this.select(e.query, true))
      case 'matches': {
        const start = eb.case(this.operand(e.of))
        const made = e.whens.reduce((now: Any, { is, then }) => now.when(this.plain(is)).then(this.plain(then)), start)
        return made.else(this.plain(e.otherwise)).end()
      }
      case 'window':
        return this.#window(e)
      case 'aggregate':
        return this.#aggregate(e)
    }
  }

  #window(e: WindowExpr): Any {
    let made =
      e.of === undefined && e.name === 'count'
        ? eb.fn.countAll()
        : eb.fn.agg(e.name, e.of === undefined ? [] : [this.operand(e.of)])
    const filter = e.filter === undefined ? undefined : this.condition(e.filter)
    const parts = e.partitionBy.map((part) => this.operand(part))
    const by = e.orderBy === undefined ? undefined : this.expression(e.orderBy)
    const near = e.near === undefined ? undefined : this.#pair(e.near)
    const steps: ((w: Any) => Any)[] = []
    if (parts.length > 0)
      steps.push(
        this.#style.flip(50)
          ? (w) => w.partitionBy(parts)
          : (w) => parts.reduce((now: Any, part) => now.partitionBy(part), w),
      )
    if (by !== undefined) steps.push((w) => w.orderBy(by, e.down ? 'desc' : 'asc'))
    if (near !== undefined)
      steps.push((w) => w.groups({ preceding: this.#options.slot?.(near) ?? near }, 'current row'))
    const window = (w: Any): Any => this.#style.shuffle(steps).reduce((now, step) => step(now), w)
    const first = this.#style.flip(50)
    if (filter !== undefined && first) made = made.filterWhere(filter)
    made = made.over(window)
    return filter !== undefined && !first ? made.filterWhere(filter) : made
  }

  #case(e: Extract<Expr, { k: 'case' }>): Any {
    let made = eb.case()
    for (const { when, then } of e.whens) {
      const parts = this.#parts(when)
      const given = parts === undefined ? [this.condition(when)] : this.#style.flip(50) ? parts : [eb(...parts)]
      const condition = made.when(...given)
      if (then.k === 'column' && this.#style.flip(50)) made = condition.thenRef(this.operand(then))
      else made = condition.then(this.plain(then))
    }
    if (e.otherwise !== undefined) made = made.else(this.plain(e.otherwise))
    return this.#style.flip(50) ? made.end() : made.endCase()
  }

  /** A value as it is, or an expression; not a callback. */
  plain(e: Expr): unknown {
    return e.k === 'value' ? this.value(this.#pair(e.pair)) : this.expression(e)
  }

  #aggregate(e: Extract<Expr, { k: 'aggregate' }>): Any {
    const of = e.of === undefined ? undefined : this.operand(e.of)
    let made = of === undefined ? eb.fn.countAll() : this.#style.flip(70) ? eb.fn[e.name](of) : eb.fn.agg(e.name, [of])
    const steps: (() => void)[] = []
    if (e.distinct) steps.push(() => (made = made.distinct()))
    if (e.filter !== undefined) {
      const filter = this.condition(e.filter)
      steps.push(() => (made = made.filterWhere(filter)))
    }
    for (const step of this.#style.shuffle(steps)) step()
    return made
  }

  /** The three arguments that say a condition, where it has such a form. */
  #parts(c: Condition): [unknown, unknown, unknown] | undefined {
    switch (c.k) {
      case 'compare':
        return [this.operand(c.left), c.op, this.#right(c.right)]
      case 'is null':
        return [this.operand(c.of), c.not ? 'is not' : 'is', null]
      case 'is':
        return [this.operand(c.left), c.op, this.#isRight(c.op, c.right)]
      case 'in':
        return [this.operand(c.of), c.not ? 'not in' : 'in', this.#list(c.list)]
      case 'in items':
        return [this.operand(c.of), c.not ? 'not in' : 'in', c.items.map((item) => this.#listItem(item, c.items))]
      case 'in query': {
        const query = this.select(c.query, true)
        return [this.operand(c.of), c.not ? 'not in' : 'in', this.#style.flip(30) ? () => query : query]
      }
      case 'like':
        return [this.operand(c.of), c.not ? 'not like' : 'like', this.value(this.#pair(c.pattern))]
      case 'rows':
        return [this.#tuple(c.left), c.op, this.#tuple(c.right)]
      default:
        return undefined
    }
  }

  #isRight(op: string, e: Expr): unknown {
    const right = e.k === 'null' ? null : this.#right(e)
    if (typeof right === 'boolean' && (op === 'is' || op === 'is not')) this.structural = true
    return right
  }

  /** A list of plain values alone would be one argument, whose length is not structure. */
  #listItem(e: Expr, items: readonly Expr[]): unknown {
    return e.k === 'value' && items.some((item) => item.k !== 'value')
      ? this.value(this.#pair(e.pair))
      : this.expression(e)
  }

  #tuple(items: readonly Expr[]): unknown {
    if (items.every((item) => item.k === 'column')) return eb.refTuple(...items.map((item) => this.operand(item)))
    return eb.tuple(...items.map((item) => this.plain(item)))
  }

  condition(c: Condition): Any {
    const parts = this.#parts(c)
    if (parts !== undefined) return eb(...parts)
    switch (c.k) {
      case 'exists': {
        const query = this.select(c.query, true)
        const exists = c.not && this.#style.flip(50) ? eb.unary('not exists', query) : eb.exists(query)
        return c.not && exists.node.op === 'exists' ? eb.not(exists) : exists
      }
      case 'between':
        return eb.between(this.operand(c.of), this.plain(c.low), this.plain(c.high))
      case 'flag':
        return eb.ref(this.operand(c.of))
      case 'constant':
        return this.#style.flip(80) ? eb.lit(c.value) : sql.lit(c.value)
      case 'and':
      case 'or': {
        const [first, ...rest] = c.items.map((item) => this.condition(item))
        if (this.#style.flip(60)) return eb[c.k]([first, ...rest])
        return rest.reduce((now: Any, next: Any) => eb.parens(now)[c.k](next), first)
      }
      case 'not':
        return eb.not(this.condition(c.of))
      default:
        throw new Error(`No form for ${c.k}`)
    }
  }
}

const METHODS = { union: 'union', 'union all': 'unionAll', intersect: 'intersect', except: 'except' } as const

function nameOf(e: Extract<Expr, { k: 'column' }>): string {
  return e.bare ? e.name : `${e.source}.${e.name}`
}
