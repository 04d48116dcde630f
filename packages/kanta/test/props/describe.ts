import { Choice } from './choice.ts'
import {
  type Cells,
  type Comparison,
  type Condition,
  type Cte,
  type Expr,
  type Item,
  type Join,
  type Order,
  type Output,
  type Pair,
  readOf,
  type Select,
  type SetOperation,
  type Source,
  type TableName,
  type Type,
  type Value,
  type WindowExpr,
} from './query.ts'
import { outputsOf, pool, tableNames } from './world.ts'

export interface Visible {
  readonly alias: string
  readonly columns: readonly Output[]
}

/** The sources that an expression can name, and those around them. */
export interface Env {
  readonly sources: Visible[]
  readonly parent: Env | undefined
  /** Whether no more sources will come, so that a column may go without its table. */
  complete: boolean
  /** The keys of the groups, in a grouped query. */
  keys?: readonly Expr[] | undefined
}

interface Wanted {
  readonly outer?: Env | undefined
  /** The types of the outputs, where another query asks for them. */
  readonly types?: readonly Type[] | undefined
  /** How much deeper queries may nest. */
  readonly depth: number
  /** Whether the order of the rows has to be decided. */
  readonly ordered?: boolean | undefined
  readonly top?: boolean | undefined
}

const TYPES: readonly Type[] = ['int', 'text', 'int', 'bool', 'time', 'big']
const COMPARISONS: readonly Comparison[] = ['=', '<', '>=', '!=', '<>', '>', '<=']

/** Makes a query from choices. */
export class Describe {
  readonly choice: Choice
  readonly #ctes: { readonly name: string; readonly columns: readonly Output[] }[] = []
  readonly #named = new Set<TableName>()
  #aliases = 0
  #names = 0

  constructor(numbers: readonly number[]) {
    this.choice = new Choice(numbers)
  }

  query(): Select {
    return this.select({ depth: 2, top: true })
  }

  select(wanted: Wanted): Select {
    const { choice } = this
    const ctes = wanted.top === true ? choice.some(2, 30, () => this.#cte()) : []
    const env: Env = { sources: [], parent: wanted.outer, complete: false }
    const from = [this.#source(env, wanted.depth), ...choice.some(1, 8, () => this.#source(env, wanted.depth))]
    const joins = choice.some(from.length > 1 ? 1 : 2, 35, () => this.#join(env, wanted.depth, from.length > 1))
    env.complete = true
    const where = choice.some(3, 60, () => this.condition(env, 2, wanted.depth))
    const groupBy = this.#groupBy(env, wanted)
    env.keys = groupBy
    const having = groupBy === undefined ? [] : choice.some(2, 35, () => this.condition(env, 1, 0))
    const items = this.#items(env, wanted, groupBy !== undefined)
    const outputs = items.flatMap((item) => this.#outputsOf(item))
    const documents = items.some((item) => item.k === 'json')
    const distinct = !documents && choice.flip(15)
    const setOperations =
      documents || wanted.depth === 0 ? [] : choice.some(2, 12, () => this.#setOperation(outputs, wanted))
    const plain = !distinct && setOperations.length === 0
    const order = this.#order(env, outputs, plain, wanted.ordered === true, documents)
    return { ctes, from, joins, where, groupBy, having, items, outputs, distinct, setOperations, ...order }
  }

  /** What expressions on the rows of given sources can name. */
  env(...sources: readonly Visible[]): Env {
    for (const { alias } of sources)
      if ((tableNames as readonly string[]).includes(alias)) this.#named.add(alias as TableName)
    return { sources: [...sources], parent: undefined, complete: true }
  }

  /** A query of one row with one aggregate. */
  #scalar(env: Env, type: Type, depth: number): Select {
    const inner: Env = { sources: [], parent: env, complete: false }
    const from = [this.#source(inner, 0)]
    inner.complete = true
    const where = this.choice.some(2, 70, () => this.condition(inner, 1, depth - 1))
    inner.keys = []
    const item: Item = { k: 'expr', of: this.#aggregate(inner, type), name: this.#name(), aliased: true }
    return { ...NOTHING, from, where, groupBy: [], items: [item], outputs: this.#outputsOf(item) }
  }

  #cte(): Cte {
    const query = this.select({ depth: 1 })
    const name = `cte${this.#ctes.length}`
    const columns = this.choice.flip(30) ? query.outputs.map(() => this.#name()) : undefined
    this.#ctes.push({ name, columns: query.outputs.map((o, i) => consumed({ ...o, name: columns?.[i] ?? o.name })) })
    return { name, columns, materialized: this.choice.pick([undefined, undefined, true, false]), query }
  }

  #source(env: Env, depth: number): Source {
    const { choice } = this
    if (depth > 0 && choice.flip(12)) {
      const query = this.select({ depth: depth - 1 })
      const alias = this.#alias()
      env.sources.push({ alias, columns: query.outputs.map(consumed) })
      return { k: 'query', query, alias }
    }
    const cte = this.#ctes.length > 0 && choice.flip(50) ? choice.pick(this.#ctes) : undefined
    if (cte !== undefined) {
      const alias = this.#alias()
      env.sources.push({ alias, columns: cte.columns })
      return { k: 'cte', name: cte.name, alias, aliased: true }
    }
    if (choice.flip(10)) return this.#given(env)
    const table = choice.pick(tableNames)
    const aliased = this.#named.has(table) || choice.flip(60)
    if (!aliased) this.#named.add(table)
    const alias = aliased ? this.#alias() : table
    env.sources.push({ alias, columns: outputsOf(table) })
    return { k: 'table', table, alias, aliased }
  }

  /** Rows that come with the query. */
  #given(env: Env): Source {
    const { choice } = this
    const alias = this.#alias()
    const cell = (type: Type): Cells[number] => (choice.flip(30) ? null : (choice.pick(pool[type]) as number | string))
    if (choice.flip(50)) {
      const type = choice.pick(['int', 'text'] as const)
      const items = (): Cells => choice.some(5, 75, () => cell(type))
      const columns: Output[] = [
        { name: 'position', type: 'int', read: undefined },
        { name: 'value', type, read: undefined },
      ]
      env.sources.push({ alias, columns })
      return { k: 'list', columns, items: { value: items(), other: items() }, alias }
    }
    const types = ['int' as const, ...choice.some(2, 50, () => choice.pick(['int', 'text'] as const))]
    const columns = types.map((type) => ({ name: this.#name(), type, read: undefined }))
    const row = (): Cells => types.map(cell)
    const rows = (): Cells[] => [row(), ...choice.some(4, 60, row)]
    env.sources.push({ alias, columns })
    return { k: 'values', columns, rows: { value: rows(), other: rows() }, alias }
  }

  #join(env: Env, depth: number, mixed: boolean): Join {
    const { choice } = this
    const style = choice.pick(mixed ? (['inner', 'left', 'cross'] as const) : JOINS)
    const source = this.#source(env, depth)
    if (style === 'cross') return { style, source, on: [] }
    const [left, right] = [env.sources[0]!, env.sources.at(-1)!]
    const type = choice.pick(TYPES.filter((t) => [left, right].every((s) => s.columns.some((c) => c.type === t))))
    const equal: Condition | undefined =
      type === undefined
        ? undefined
        : { k: 'compare', op: '=', left: this.#columnOf(left, type), right: this.#columnOf(right, type) }
    const on = choice.some(2, 30, () => this.condition(env, 1, 0))
    if (equal !== undefined && (on.length === 0 || choice.flip(60))) on.unshift(equal)
    return { style, source, on: on.length === 0 ? [{ k: 'constant', value: true }] : on }
  }

  #columnOf(source: Visible, type: Type): Expr {
    const { name } = this.choice.pick(source.columns.filter((c) => c.type === type))
    return { k: 'column', source: source.alias, name, type, bare: false }
  }

  #groupBy(env: Env, wanted: Wanted): Expr[] | undefined {
    const { choice } = this
    if (!choice.flip(25)) return undefined
    if (choice.flip(20)) return []
    const types = wanted.types ?? [choice.pick(TYPES)]
    return [this.#key(env, types[0]!), ...choice.some(2, 40, () => this.#key(env, choice.pick(TYPES)))]
  }

  #key(env: Env, type: Type): Expr {
    if (this.choice.flip(25) && type !== 'time') return this.expr(env, type, 1, 0)
    return this.#column(env, type, false) ?? this.#column(env, 'int', false) ?? this.expr(env, 'int', 1, 0)
  }

  #items(env: Env, wanted: Wanted, grouped: boolean): Item[] {
    const { choice } = this
    const used = new Set<string>()
    if (wanted.types !== undefined) return wanted.types.map((type) => this.#item(env, type, wanted.depth, used))
    const items: Item[] = []
    const single = env.sources.length === 1
    if (!grouped && choice.flip(20) && namesOf(env.sources) !== undefined) {
      const source = single && choice.flip(50) ? undefined : env.sources[0]!.alias
      const columns = env.sources[0]!.columns
      if (single || source !== undefined) {
        items.push({ k: 'star', source, columns })
        for (const column of columns) used.add(column.name)
      }
    }
    const more = choice.some(4, 60, () => this.#item(env, choice.pick(TYPES), wanted.depth, used))
    items.push(...more)
    if (items.length === 0) items.push(this.#item(env, choice.pick(TYPES), wanted.depth, used))
    if (wanted.top === true && !grouped && choice.flip(10)) items.push(this.#json(env))
    return items
  }

  #item(env: Env, type: Type, depth: number, used: Set<string>): Item {
    // Without keys an aggregate has to say that there is one group.
    const single = env.keys?.length === 0 ? this.#aggregate(env, type) : undefined
    const of =
      single ?? (env.keys === undefined ? this.#window(env, type) : undefined) ?? this.expr(env, type, 2, depth)
    // SQLite looks for a name in `order by` among the columns of the tables, where it has to be the only one.
    const own = of.k === 'column' && env.sources.some((s) => s.alias === of.source) && isUnique(env, of.name)
    const aliased = !own || used.has(of.name) || this.choice.flip(45)
    const name = aliased ? this.#name() : (of as Extract<Expr, { k: 'column' }>).name
    used.add(name)
    return { k: 'expr', of, name, aliased }
  }

  #json(env: Env): Item {
    const single = this.choice.flip(30)
    const query = this.select({ outer: env, depth: 0, ordered: true, types: this.choice.pick(DOCUMENTS) })
    const limited = single ? { ...query, limit: { value: 1, other: 1 } } : query
    return { k: 'json', single, query: limited, name: this.#name() }
  }

  #outputsOf(item: Item): Output[] {
    if (item.k === 'star') return [...item.columns]
    if (item.k === 'json') {
      const read = { single: item.single, columns: item.query.outputs }
      return [{ name: item.name, type: 'text', read }]
    }
    return [{ name: item.name, type: typeOf(item.of), read: readOf(item.of) }]
  }

  #setOperation(outputs: readonly Output[], wanted: Wanted): SetOperation {
    const types = outputs.map((output) => output.type)
    const op = this.choice.pick(['union', 'union all', 'intersect', 'except'] as const)
    return { op, query: this.select({ outer: wanted.outer, types, depth: wanted.depth - 1 }) }
  }

  #order(env: Env, outputs: readonly Output[], plain: boolean, must: boolean, documents: boolean) {
    const { choice } = this
    const limited = !documents && choice.flip(25)
    const ordered = must || limited || (!documents && choice.flip(15))
    const names = outputs.filter((output) => typeof output.read !== 'object').map((output) => output.name)
    const first =
      names.length === 0
        ? []
        : choice.some(2, must || limited ? 30 : 40, () => this.#orderItem(env, names, plain && ordered))
    const rest = ordered ? names.filter((name) => !first.some((order) => order.by === name)) : []
    const orderBy = [...first, ...rest.map((name) => this.#direction(name))]
    const count = (): Pair<number> => {
      const value = choice.int(4)
      return { value, other: (value + 1 + choice.int(2)) % 6 }
    }
    const limit = limited && choice.flip(80) ? count() : undefined
    const offset = limited && (limit === undefined || choice.flip(30)) ? count() : undefined
    return { orderBy, ordered: ordered && orderBy.length > 0, limit, offset }
  }

  #orderItem(env: Env, names: readonly string[], expressions: boolean): Order {
    if (!expressions || !this.choice.flip(30)) return this.#direction(this.choice.pick(names))
    const e = this.expr(env, this.choice.pick(TYPES), 1, 0)
    // A number alone would be the position of a column.
    return this.#direction(e.k === 'value' || e.k === 'null' ? { k: 'concat', left: TEXT, right: TEXT } : e)
  }

  #direction(by: string | Expr): Order {
    const nulls = this.choice.pick([undefined, undefined, 'first', 'last'] as const)
    return { by, direction: this.choice.pick([undefined, 'asc', 'desc']), nulls }
  }

  /** An expression; with `met` a value may stand alone, since what it meets says how it is written. */
  expr(env: Env, type: Type, size: number, depth: number, met = type !== 'time'): Expr {
    const { choice } = this
    const kind = size === 0 ? choice.int(4) : choice.int(11)
    if (kind >= 5) {
      const made = this.#compound(env, type, size, depth)
      if (made !== undefined) return made
    }
    if (kind >= 3 && met) return this.#value(type)
    if (kind === 4 && choice.flip(40)) return { k: 'null', type }
    return this.#column(env, type) ?? (met ? this.#value(type) : { k: 'null', type })
  }

  #compound(env: Env, type: Type, size: number, depth: number): Expr | undefined {
    const { choice } = this
    const part = (t: Type = type, met?: boolean): Expr => this.expr(env, t, size - 1, depth, met)
    switch (choice.int(8)) {
      case 0:
        return this.#calls(env, type, size, depth)
      case 6: {
        const over = choice.pick(['int', 'text', 'bool', 'time'] as const)
        const of = this.#column(env, over)
        if (of === undefined || (readOf(of) === undefined && over === 'time')) return undefined
        const then = part()
        const known = readOf(then) !== undefined || type !== 'time'
        const is = (): Expr => this.expr(env, over, 0, 0, true)
        const whens = [{ is: is(), then }, ...choice.some(1, 40, () => ({ is: is(), then: part(type, known) }))]
        return { k: 'matches', type, of, whens, otherwise: part(type, known) }
      }
      case 1: {
        const then = part()
        const known = readOf(then) !== undefined || type !== 'time'
        const when = (): Condition => this.condition(env, 1, depth)
        const whens = [{ when: when(), then }, ...choice.some(1, 30, () => ({ when: when(), then: part(type, known) }))]
        return { k: 'case', type, whens, otherwise: choice.flip(70) ? part(type, known) : undefined }
      }
      case 2:
        if (type === 'int')
          return { k: 'arithmetic', op: choice.pick(['+', '-', '*'] as const), left: part(), right: part() }
        return type === 'text' ? { k: 'concat', left: part(), right: part() } : undefined
      case 3:
        return type === 'int' ? { k: 'minus', of: part() } : undefined
      case 4:
        return type === 'int' ? { k: 'truth', of: this.#test(env, depth) } : undefined
      case 5:
        // In a grouped query a subquery could name a column that is not a key.
        if (depth === 0 || env.keys !== undefined) return undefined
        return { k: 'scalar', query: this.#scalar(env, type, depth), type }
      default:
        return undefined
    }
  }

  /** A condition as a number; a column alone would be read as a boolean, and `is true` asks for truth. */
  #test(env: Env, depth: number): Condition {
    const of = this.condition(env, 1, depth)
    return of.k === 'flag' || of.k === 'constant' ? { k: 'not', of } : of
  }

  #calls(env: Env, type: Type, size: number, depth: number): Expr {
    const first = this.expr(env, type, size - 1, depth)
    const met = readOf(first) !== undefined || type !== 'time'
    const args = [first, this.expr(env, type, size - 1, depth, met)]
    const name = this.choice.pick(['coalesce', 'nullif'] as const)
    if (name === 'coalesce' && met && this.choice.flip(30)) args.reverse()
    return { k: 'call', name, type, args }
  }

  #value(type: Type): Expr {
    const values = pool[type]
    const i = this.choice.int(values.length - 1)
    const other = values[(i + 1 + this.choice.int(values.length - 2)) % values.length]!
    return { k: 'value', type, pair: { value: values[i]!, other } }
  }

  /** A column of the type; in a grouped query a key or an aggregate. */
  #column(env: Env, type: Type, outside = true): Expr | undefined {
    const { choice } = this
    if (env.keys !== undefined) {
      const keys = env.keys.filter((key) => typeOf(key) === type)
      return keys.length > 0 && choice.flip(70) ? choice.pick(keys) : this.#aggregate(env, type)
    }
    let scope = env
    while (outside && scope.parent !== undefined && choice.flip(35)) scope = scope.parent
    const found = scope.sources.flatMap((s) =>
      s.columns.filter((c) => c.type === type).map((c) => [s.alias, c.name] as const),
    )
    if (found.length === 0) return undefined
    const [source, name] = choice.pick(found)
    const bare = scope === env && env.complete && isUnique(env, name) && choice.flip(50)
    return { k: 'column', source, name, type, bare }
  }

  #aggregate(env: Env, type: Type): Expr {
    const { choice } = this
    // An aggregate of outer columns alone would be one of the query around.
    const rows: Env = { ...env, keys: undefined, parent: undefined }
    const name =
      type === 'int'
        ? choice.pick(['count', 'sum', 'min', 'max', 'avg'] as const)
        : choice.pick(['min', 'max'] as const)
    const over = name === 'count' ? choice.pick(TYPES) : type
    const found = name === 'count' && choice.flip(40) ? undefined : this.#column(rows, over, false)
    const none: Expr = over === 'time' ? { k: 'null', type } : this.#value(over)
    const of = found ?? (name === 'count' ? undefined : none)
    const all = of === undefined
    return {
      k: 'aggregate',
      name,
      of,
      distinct: !all && choice.flip(25),
      filter: choice.flip(15) ? this.condition(rows, 0, 0) : undefined,
      type,
    }
  }

  #window(env: Env, type: Type): WindowExpr | undefined {
    const { choice } = this
    if (!choice.flip(12)) return undefined
    const names = type === 'int' ? (['rank', 'count', 'sum', 'dense_rank'] as const) : (['min', 'max'] as const)
    const name = choice.pick(names)
    const ranks = name === 'rank' || name === 'dense_rank'
    const of = ranks
      ? undefined
      : (this.#column(env, type, false) ?? (name === 'count' ? undefined : ({ k: 'null', type } as const)))
    const key = (): Expr => this.expr(env, choice.pick(['int', 'text', 'bool'] as const), 1, 0)
    const partitionBy = choice.some(2, 50, key)
    const ordered = ranks || choice.flip(50)
    return {
      k: 'window',
      name,
      of,
      filter: !ranks && choice.flip(20) ? this.condition(env, 0, 0) : undefined,
      partitionBy,
      orderBy: ordered ? key() : undefined,
      down: choice.flip(40),
      near: ordered && !ranks && choice.flip(40) ? { value: choice.int(2), other: choice.int(2) } : undefined,
      type,
    }
  }

  condition(env: Env, size: number, depth: number): Condition {
    const { choice } = this
    const kind = choice.int(size === 0 ? 9 : 15)
    switch (kind) {
      case 1:
        return { k: 'is null', not: choice.flip(50), of: this.expr(env, choice.pick(TYPES), size, depth) }
      case 2:
        return this.#list(env, size, depth)
      case 3: {
        const [left, right] = this.#two(env, size, depth)
        return { k: 'is', op: choice.pick(IS), left, right }
      }
      case 4: {
        const [of, low] = this.#two(env, size, depth)
        return {
          k: 'between',
          of,
          low,
          high: this.expr(env, typeOf(of), 0, 0, readOf(of) !== undefined || typeOf(of) !== 'time'),
        }
      }
      case 5: {
        const pattern = { value: choice.pick(PATTERNS), other: choice.pick(PATTERNS) }
        return { k: 'like', not: choice.flip(40), of: this.expr(env, 'text', size, depth), pattern }
      }
      case 6: {
        const of = this.#column(env, 'bool')
        return of === undefined ? { k: 'constant', value: choice.flip(70) } : { k: 'flag', of }
      }
      case 7:
        return { k: 'constant', value: choice.flip(70) }
      case 8: {
        const [first, second] = [this.#two(env, 0, 0), this.#two(env, 0, 0)]
        const op = choice.pick(['=', '!='] as const)
        return { k: 'rows', op, left: [first[0], second[0]], right: [first[1], second[1]] }
      }
      case 10:
      case 11:
      case 12: {
        const k = kind === 12 ? 'or' : choice.pick(['or', 'and'] as const)
        const items = [0, ...choice.some(2, 40, (i) => i), 1].map(() => this.condition(env, size - 1, depth))
        return { k, items }
      }
      case 13:
        return { k: 'not', of: this.condition(env, size - 1, depth) }
      case 14:
      case 15:
        return this.#subquery(env, size, depth)
      default: {
        const [left, right] = this.#two(env, size, depth)
        return { k: 'compare', op: choice.pick(COMPARISONS), left, right }
      }
    }
  }

  /** Two sides of one type, of which at most one is a lone value. */
  #two(env: Env, size: number, depth: number): [Expr, Expr] {
    const type = this.choice.pick(TYPES)
    const left = this.expr(env, type, size === 0 ? 0 : 1, depth)
    const right = this.expr(env, type, size === 0 ? 0 : 1, depth, readOf(left) !== undefined || type !== 'time')
    return this.choice.flip(15) ? [right, left] : [left, right]
  }

  #list(env: Env, size: number, depth: number): Condition {
    const { choice } = this
    const type = choice.pick(TYPES)
    const of = this.expr(env, type, size === 0 ? 0 : 1, depth)
    const not = choice.flip(40)
    if (choice.flip(15)) {
      const met = readOf(of) !== undefined || type !== 'time'
      return {
        k: 'in items',
        not,
        of,
        items: [this.expr(env, type, 0, 0, met), ...choice.some(3, 50, () => this.expr(env, type, 0, 0, met))],
      }
    }
    const values = type === 'time' && readOf(of) === undefined ? [] : pool[type]
    const list = (): Value[] => (values.length === 0 ? [] : choice.some(9, 75, () => choice.pick(values)))
    return { k: 'in', not, of, type, list: { value: list(), other: list() } }
  }

  #subquery(env: Env, size: number, depth: number): Condition {
    const { choice } = this
    // In a grouped query a subquery could name a column that is not a key.
    const outer = env.keys === undefined ? env : undefined
    if (depth === 0) return { k: 'not', of: this.condition(env, 0, 0) }
    const not = choice.flip(35)
    // SQLite leaves out `distinct` here, which an offset would tell.
    if (choice.flip(50))
      return { k: 'exists', not, query: { ...this.select({ outer, depth: depth - 1 }), distinct: false } }
    const type = choice.pick(TYPES)
    const of = this.expr(env, type, size === 0 ? 0 : 1, 0)
    return { k: 'in query', not, of, query: this.select({ outer, depth: depth - 1, types: [type] }) }
  }

  #alias(): string {
    return `rT${this.#aliases++}`
  }

  #name(): string {
    return `cN${this.#names++}`
  }
}

const JOINS = ['inner', 'left', 'right', 'full', 'cross'] as const
const IS = ['is distinct from', 'is not distinct from', 'is', 'is not'] as const
const PATTERNS = ['%', 'a%', '_', '%b', '', 'A_', "%'%", '%\\%', 'é', '😀', 'x%x']
const DOCUMENTS: readonly (readonly Type[])[] = [['int', 'bool'], ['text', 'time', 'big'], ['bool'], ['time', 'int']]
const TEXT: Expr = { k: 'value', type: 'text', pair: { value: 'a', other: 'b' } }
const NOTHING = {
  ctes: [],
  from: [],
  joins: [],
  where: [],
  groupBy: undefined,
  having: [],
  distinct: false,
  setOperations: [],
  orderBy: [],
  ordered: true,
  limit: undefined,
  offset: undefined,
}

/** The type of what an expression gives, which may pass on a column of another type where none of its own was there. */
export function typeOf(e: Expr): Type {
  if (e.k === 'column' || e.k === 'value' || e.k === 'null' || e.k === 'call' || e.k === 'case' || e.k === 'matches')
    return e.type
  if (e.k === 'scalar') return e.type
  if (e.k === 'window') return e.name === 'min' || e.name === 'max' ? e.type : 'int'
  if (e.k === 'aggregate') return e.name === 'count' || e.name === 'avg' || e.name === 'sum' ? 'int' : e.type
  return e.k === 'concat' ? 'text' : 'int'
}

/** An output as a column of a query around: what has no codec is only what SQLite holds. */
function consumed(output: Output): Output {
  if (typeof output.read === 'object') return { name: output.name, type: 'text', read: undefined }
  const type = output.read ?? (output.type === 'text' ? 'text' : 'int')
  return { name: output.name, type, read: output.read }
}

const isUnique = (env: Env, name: string): boolean =>
  env.sources.flatMap((s) => s.columns).filter((c) => c.name === name).length === 1

/** The names of all columns; undefined where one is there twice. */
function namesOf(sources: readonly Visible[]): string[] | undefined {
  const names = sources.flatMap((s) => s.columns.map((c) => c.name))
  return new Set(names).size === names.length ? names : undefined
}
