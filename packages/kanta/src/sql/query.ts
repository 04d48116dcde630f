import { KantaError, refuse, show } from '../error/index.ts'
import { CLEARED, forgetting, isCount, type Kind, type Node, node, pin, start } from '../ir/index.ts'
import { aliasOf, Column } from '../table/index.ts'
import { callBack } from './callback.ts'
import { Chain, callWith, changed, type ExecuteOptions, extend, rejectAwait } from './chain.ts'
import { type Aliased, aliased, conditionOf, refComparison, references } from './expression.ts'
import { joinNode } from './join.ts'
import {
  checkName,
  given,
  isOperand,
  listOf,
  type Operand,
  parseReference,
  selection,
  source,
  valueOf,
} from './operand.ts'
import { checkOperator, isComparison, takesList } from './operator.ts'
import { orderNodes } from './order.ts'
import { Parameter } from './parameter.ts'

let storeQuery: ((query: unknown) => unknown) | undefined

/** Sets how queries are stored, so that only programs that store some carry the code. */
export function storeQueriesBy(store: (query: unknown) => unknown): void {
  storeQuery = store
}

/** What every statement does: run, compile, be stored, be part of another. */
export class Query<K extends Kind> extends Chain<K> {
  then(done: unknown, reject?: (error: KantaError) => unknown): unknown {
    return rejectAwait(done, reject)
  }

  execute(options?: ExecuteOptions): Promise<unknown[]> {
    return this.runner.execute(this as unknown as Chain, options)
  }

  executeTakeFirst(options?: ExecuteOptions): Promise<unknown> {
    return this.runner.first(this as unknown as Chain, options)
  }

  async executeTakeFirstOrThrow(error?: unknown, options?: ExecuteOptions): Promise<unknown> {
    const settings = typeof error === 'object' && error !== null ? (error as ErrorSettings) : undefined
    const row = await this.runner.first(this as unknown as Chain, settings ?? options)
    if (row === undefined) throw noRow(settings?.errorConstructor ?? error, this)
    return row
  }

  stream(options?: number | (ExecuteOptions & { readonly chunkSize?: number })): AsyncIterableIterator<unknown> {
    const settings: ExecuteOptions & { readonly chunkSize?: number | undefined } =
      typeof options === 'object' && options !== null ? options : { chunkSize: options }
    return this.runner.stream(this as unknown as Chain, chunkSizeOf(settings.chunkSize), settings)
  }

  compile(): unknown {
    return this.runner.compile(this as unknown as Chain)
  }

  /** Stores the query where `JSON.stringify()` meets it. */
  toJSON(): unknown {
    return storeQuery === undefined
      ? refuse("The program imports nothing that stores queries. Import toJSON from 'kanta'.")
      : storeQuery(this)
  }

  async explain(format?: string, options?: unknown): Promise<unknown> {
    const args: unknown[] = []
    const extra =
      options === undefined
        ? undefined
        : (given(options, args) ?? refuse('The options of explain() are an expression.'))
    if (format !== undefined && !(typeof format === 'string' && /^[a-z]+$/i.test(format)))
      refuse(`explain(${show(format)}): a format is a word, such as 'json'.`)
    let shape = start('explain').step('format', format)
    if (extra !== undefined) shape = shape.step('options', extra)
    const explained = new Chain(shape.step('statement', this.node), [...args, ...this.args], this.runner)
    return this.runner.execute(explained as unknown as Chain, undefined)
  }

  modifyFront(expression: unknown): this {
    return this.modify('front', expression)
  }

  modifyEnd(expression: unknown): this {
    return this.modify('end', expression)
  }

  private modify(position: 'front' | 'end', expression: unknown): this {
    const args: unknown[] = []
    const operand =
      given(expression, args) ??
      refuse(`A modifier is an expression, such as sql\`…\`; it was given ${show(expression)}.`)
    return extend(this, 'modifiers', node({ kind: 'modifier', position, operand }), args)
  }

  $call<R>(change: (query: this) => R): R {
    return callWith(this, '$call', change)
  }

  $if(condition: unknown, change: (query: this) => this): this {
    return condition ? changed(this, change) : this
  }

  $castTo(): this {
    return this
  }

  $narrowType(): this {
    return this
  }

  $assertType(): this {
    return this
  }

  $asTuple(): this {
    return this
  }

  $asScalar(): this {
    return this
  }

  $notNull(): this {
    return this
  }

  as(alias: unknown): Aliased {
    return aliased(this, alias)
  }
}

interface ErrorSettings extends ExecuteOptions {
  readonly errorConstructor?: unknown
}

/** The error of a query that found nothing: the given class or factory, else Kanta's own. */
function noRow(maker: unknown, query: object): unknown {
  if (typeof maker !== 'function') {
    return new KantaError('not_found', 'The query found no row. Use executeTakeFirst() where none is an answer.')
  }
  return maker === Error || maker.prototype instanceof Error ? Reflect.construct(maker, []) : maker(query)
}

const CHUNK = 100

function chunkSizeOf(size: number | undefined): number {
  if (size === undefined) return CHUNK
  if (!Number.isSafeInteger(size) || size < 1)
    refuse(`stream(${show(size)}): a chunk size is a whole number of rows from 1.`)
  return size
}

const COMPARED = pin({ kind: 'arg', role: 'compared' })
/** `where('city.name', '=', value)`: the node is found by its two strings. */
const comparisons = forgetting(new Map<string, Map<string, Node>>())

function simpleComparison(column: unknown, op: unknown): Node | undefined {
  if (typeof column !== 'string' || typeof op !== 'string') return undefined
  const known = comparisons.get(op)
  const found = known?.get(column)
  if (found !== undefined || !isComparison(op) || takesList(op)) return found
  const made = node({ kind: 'binary', left: parseReference(column), op: checkOperator(op), right: COMPARED })
  if (known === undefined) comparisons.set(op, new Map([[column, made]]))
  else known.set(column, made)
  return made
}

/** Statements with a `where`. */
export class Filtered<K extends 'select' | 'update' | 'delete'> extends Query<K> {
  where(...condition: unknown[]): this {
    const value = condition[2]
    if ((typeof value === 'number' || typeof value === 'string') && condition.length === 3) {
      const known = simpleComparison(condition[0], condition[1])
      if (known !== undefined) return extend(this, 'where', known, [value])
    }
    const args: unknown[] = []
    return extend(this, 'where', conditionOf(condition, args, 'where'), args)
  }

  whereRef(lhs: unknown, op: unknown, rhs: unknown): this {
    const args: unknown[] = []
    return extend(this, 'where', refComparison(lhs, op, rhs, args), args)
  }

  clearWhere(): this {
    return extend(this, 'where', CLEARED)
  }

  orderBy(column: unknown, direction?: unknown): this {
    const args: unknown[] = []
    return extend(this, 'orderBy', listOf(orderNodes(column, direction, args)), args)
  }

  clearOrderBy(): this {
    return extend(this, 'orderBy', CLEARED)
  }

  limit(amount: unknown): this {
    return this.counted('limit', amount)
  }

  clearLimit(): this {
    return extend(this, 'limit', CLEARED)
  }

  protected counted(part: 'limit' | 'offset', amount: unknown): this {
    const args: unknown[] = []
    return extend(this, part, countNode(part, amount, args), args)
  }

  top(amount: unknown, modifier?: string): this {
    const args: unknown[] = []
    return extend(this, 'top', topNode(amount, modifier, args), args)
  }

  innerJoin(table: unknown, ...on: unknown[]): this {
    return this.joined('inner join', false, table, on)
  }

  leftJoin(table: unknown, ...on: unknown[]): this {
    return this.joined('left join', false, table, on)
  }

  rightJoin(table: unknown, ...on: unknown[]): this {
    return this.joined('right join', false, table, on)
  }

  fullJoin(table: unknown, ...on: unknown[]): this {
    return this.joined('full join', false, table, on)
  }

  crossJoin(table: unknown): this {
    return this.joined('cross join', false, table, [])
  }

  protected joined(style: string, lateral: boolean, table: unknown, on: readonly unknown[]): this {
    const args: unknown[] = []
    return extend(this, 'joins', joinNode(style, lateral, table, on, args), args)
  }
}

/** `top(10, 'percent')` */
export function topNode(amount: unknown, modifier: string | undefined, args: unknown[]): Node {
  if (modifier !== undefined && !['percent', 'with ties', 'percent with ties'].includes(modifier)) {
    refuse(`top(…, ${show(modifier)}): use 'percent', 'with ties' or 'percent with ties'.`)
  }
  return node({ kind: 'count', amount: countNode('top', amount, args), modifier })
}

const COUNT = pin({ kind: 'arg', role: 'count' })

/** How many rows: a whole number, a bigint, or an expression. */
export function countNode(clause: string, amount: unknown, args: unknown[]): Node {
  if (typeof amount === 'function') return countNode(clause, callBack(amount), args)
  if (amount instanceof Parameter) {
    args.push(amount)
    return COUNT
  }
  if (isOperand(amount)) {
    const { node: operand, args: inner } = amount
    // A value is the same with eb.val() around it; one below 0 would be no limit at all in SQLite.
    if (operand.kind === 'arg') return countNode(clause, inner[0], args)
    if (operand.kind !== 'literal') return given(amount, args)!
    return isCount(operand.value) ? operand : countNode(clause, operand.value, args)
  }
  if (!isCount(amount)) refuse(`${clause}(${show(amount)}): give a whole number of rows, from 0.`)
  args.push(amount)
  return COUNT
}

/** Sources given as one or as an array, by value or by callback. */
export function sources(tables: unknown, args: unknown[]): Node {
  const given = typeof tables === 'function' ? callBack(tables) : tables
  if (!Array.isArray(given)) return source(given, args)
  if (given.length === 0) refuse('from([]) names no table.')
  return listOf(Array.from(given, (table) => source(typeof table === 'function' ? callBack(table) : table, args)))
}

/** The items of `select(…)` and `returning(…)`. */
export function selections(columns: unknown, args: unknown[], clause: string): Node {
  const items = references(columns, args, selection)
  if (items.length === 0) refuse(`${clause}([]) selects nothing.`)
  return listOf(items)
}

/** `selectAll()`, `selectAll('table')`, `selectAll(['a', 'b'])`. */
export function stars(tables: unknown): Node {
  if (tables === undefined) return STAR
  const names = Array.isArray(tables) ? tables : [tables]
  if (names.length === 0) refuse('selectAll([]) and its like name no table. Leave the list out for all columns.')
  return listOf(Array.from(names, (table: unknown) => node({ kind: 'star', table: checkStar(table) })))
}

function checkStar(table: unknown): string {
  // In a query a table goes by its name without the schema.
  const name =
    typeof table === 'string' ? checkName(table.slice(table.lastIndexOf('.') + 1), 'a table') : aliasOf(table)
  return name ?? refuse(`selectAll(${show(table)}): give the name of a table or its alias.`)
}

const STAR = pin({ kind: 'star', table: undefined })

/** `set(…)` by object, callback, or column and value. */
export function assignments(given_: readonly unknown[], args: unknown[], clause: string): Node {
  if (given_.length === 2) return listOf([assignment(given_[0], given_[1], args, clause)])
  let changes = given_[0]
  if (typeof changes === 'function') changes = callBack(changes)
  if (typeof changes !== 'object' || changes === null || Array.isArray(changes) || isOperand(changes)) {
    return refuse(`${clause}(${show(changes)}) takes an object of columns and values.`)
  }
  const items: Node[] = []
  for (const column of Object.keys(changes)) {
    const value = (changes as Record<string, unknown>)[column]
    if (value !== undefined) items.push(assignment(column, value, args, clause))
  }
  if (items.length === 0)
    refuse(`${clause}({}) changes nothing: it has no column with a value. Leave the statement out instead.`)
  return listOf(items)
}

function assignment(column: unknown, value: unknown, args: unknown[], clause: string): Node {
  const newValue = typeof value === 'function' ? callBack(value) : value
  return node({
    kind: 'assignment',
    column: isTarget(column) ? given(column, args)! : columnTarget(column),
    value: valueOf(newValue, args, `${clause}: the value of ${show(column)}`),
  })
}

/** Checks for a column of a certain table, or raw SQL such as a subscript. */
const isTarget = (column: unknown): column is Operand =>
  isOperand(column) && (column.node.kind === 'ref' || column.node.kind === 'raw')

/** The key of a `set` object is the name of a column, as it is; so dots in it are part of the name. */
function columnTarget(column: unknown): Node {
  const name = column instanceof Column ? column.name : column
  if (typeof name !== 'string' || name === '') return refuse(`${show(column)} is not a column to set.`)
  checkName(name, 'a column to set')
  return node({ kind: 'ref', schema: undefined, table: undefined, column: name })
}
