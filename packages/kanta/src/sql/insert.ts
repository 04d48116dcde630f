import { refuse, show } from '../error/index.ts'
import { CLEARED, forgetting, type Node, node, pin, type Shape, start } from '../ir/index.ts'
import { Column } from '../table/index.ts'
import { callBack } from './callback.ts'
import { Chain, callWith, changed, detached, extend } from './chain.ts'
import { conditionOf, refComparison } from './expression.ts'
import { checkName, given, isOperand, listOf, valueOf } from './operand.ts'
import { assignments, Query, selections, stars, topNode } from './query.ts'

const ROWS = pin({ kind: 'arg', role: 'rows' })
const DEFAULT = pin({ kind: 'default' })

type Row = Readonly<Record<string, unknown>>

/** Finds an insert's shape by the keys of its row, so that a row like the last one costs a few look-ups. */
class KeyMemo {
  columns: readonly string[] | undefined = undefined
  readonly next: Map<string, KeyMemo> = new Map()

  step(name: string): KeyMemo {
    let next = this.next.get(name)
    if (next === undefined) {
      checkName(name, 'a column')
      next = new KeyMemo()
      this.next.set(name, next)
    }
    return next
  }
}
let remembered = new KeyMemo()
forgetting({
  clear() {
    remembered = new KeyMemo()
  },
})

/** `insert into …` and `replace into …` */
export class InsertBuilder extends Query<'insert'> {
  values(rows: unknown): this {
    const given = typeof rows === 'function' ? callBack(rows) : rows
    let list = ownRows(Array.isArray(given) ? given.slice() : [given])
    if (list.length === 0) refuse('values([]) inserts nothing. Leave the statement out when there are no rows.')
    const columns = columnsOf(list[0], 0)
    if (list.length > 1 && columns.some((column) => column in Object.prototype)) list = list.map(ownRow)
    let ragged = false
    for (let i = 0; i < list.length; i++) {
      const row = list[i]
      if (i > 0) checkRow(row, i)
      const form = formOf(row!, columns)
      if (form === 'expression') return this.tuples(list)
      if (form === 'ragged') ragged = true
    }
    const all = ragged ? union(list) : columns
    if (all.length === 0) refuse('values({}) has no column with a value. Use defaultValues() for a row of defaults.')
    const shape = this.shape.step('columns', all).step('rows', ROWS)
    const args = this.args.concat([list])
    return new InsertBuilder(
      ragged || this.wasRagged() ? shape.step('ragged', ragged) : shape,
      args,
      this.runner,
    ) as this
  }

  /** Whether an earlier call of values(), whose rows are replaced, had rows of different columns. */
  private wasRagged(): boolean {
    for (let at: Shape | undefined = this.shape as unknown as Shape; at !== undefined; at = at.before)
      if (at.part === 'ragged') return at.value === true
    return false
  }

  /** Rows of which some hold expressions: each row is structure. */
  private tuples(rows: readonly Row[]): this {
    const columns = union(rows)
    const args: unknown[] = []
    const nodes: Node[] = rows.map((row) =>
      node({
        kind: 'tuple',
        items: columns.map((column) => {
          const value = Object.hasOwn(row, column) ? row[column] : undefined
          if (value === undefined) return DEFAULT
          return valueOf(typeof value === 'function' ? callBack(value) : value, args, `The value of ${show(column)}`)
        }),
      }),
    )
    // As after any later call of values(), these rows take the place of earlier ones.
    const shape = this.shape.step('columns', columns).step('rows', CLEARED).step('tuples', CLEARED)
    return extend(new InsertBuilder(shape, this.args, this.runner) as this, 'tuples', listOf(nodes), args)
  }

  columns(columns: readonly unknown[]): this {
    if (!Array.isArray(columns) || columns.length === 0) refuse('columns([]) names no column.')
    const names = Array.from(columns, (column: unknown) =>
      checkName(column instanceof Column ? column.name : column, 'a column'),
    )
    return extend(this, 'columns', internNames(names))
  }

  expression(query: unknown): this {
    const args: unknown[] = []
    const made = given(typeof query === 'function' ? callBack(query) : query, args)
    return extend(this, 'query', made ?? refuse(`expression(${show(query)}) takes a query.`), args)
  }

  defaultValues(): this {
    return extend(this, 'defaults', true)
  }

  ignore(): this {
    return extend(this, 'or', 'ignore')
  }

  orIgnore(): this {
    return extend(this, 'or', 'or ignore')
  }

  orAbort(): this {
    return extend(this, 'or', 'or abort')
  }

  orFail(): this {
    return extend(this, 'or', 'or fail')
  }

  orReplace(): this {
    return extend(this, 'or', 'or replace')
  }

  orRollback(): this {
    return extend(this, 'or', 'or rollback')
  }

  top(amount: unknown, modifier?: string): this {
    const args: unknown[] = []
    return extend(this, 'top', topNode(amount, modifier, args), args)
  }

  onConflict(build: unknown): this {
    if (typeof build !== 'function') refuse('onConflict takes a callback: (oc) => oc.column(…).doNothing().')
    const made: unknown = build(new ConflictBuilder(start('conflict').step('columns', internNames([])), [], detached))
    if (!(made instanceof ConflictBuilder))
      return refuse('The callback of onConflict() gave nothing. Return what doNothing() or doUpdateSet() gives.')
    if (!made.decided())
      refuse('onConflict() says for which conflict, but not what to do. End with doNothing() or doUpdateSet(…).')
    return extend(this, 'conflict', made.node, made.args)
  }

  onDuplicateKeyUpdate(...changes: unknown[]): this {
    const args: unknown[] = []
    return extend(this, 'duplicate', assignments(changes, args, 'onDuplicateKeyUpdate'), args)
  }

  returning(columns: unknown): this {
    const args: unknown[] = []
    return extend(this, 'returning', selections(columns, args, 'returning'), args)
  }

  returningAll(): this {
    return extend(this, 'returning', stars(undefined))
  }

  clearReturning(): this {
    return extend(this, 'returning', CLEARED)
  }

  output(columns: unknown): this {
    const args: unknown[] = []
    return extend(this, 'output', selections(columns, args, 'output'), args)
  }

  outputAll(table: string): this {
    return extend(this, 'output', stars(table))
  }
}

/** The names of a list, one array for each list of names, so that they can be compared by identity. */
export function internNames(names: readonly string[]): readonly string[] {
  let at = remembered
  for (const name of names) {
    at = at.step(name)
  }
  at.columns ??= names
  return at.columns
}

/**
 * Rows of which `for … in` sees only what is their own: what another library adds to the prototype of all objects is
 * no column, nor is what a row inherits. The list is a copy, since whoever has the other may go on with it.
 */
function ownRows(rows: readonly Row[]): readonly Row[] {
  for (const _ in Object.prototype) return rows.map(ownRow)
  for (const row of rows) if (!isPlain(row)) return rows.map(ownRow)
  return rows
}

function ownRow(row: Row): Row {
  return typeof row === 'object' && row !== null && !Array.isArray(row) && !isOperand(row)
    ? Object.assign(Object.create(null), row)
    : row
}

function isPlain(row: unknown): boolean {
  if (typeof row !== 'object' || row === null) return true
  const prototype = Object.getPrototypeOf(row)
  return prototype === Object.prototype || prototype === null
}

function columnsOf(row: unknown, i: number): readonly string[] {
  checkRow(row, i)
  let at = remembered
  for (const name in row) if (row[name] !== undefined) at = at.step(name)
  at.columns ??= Object.keys(row).filter((name) => row[name] !== undefined)
  return at.columns
}

function checkRow(row: unknown, i: number): asserts row is Row {
  if (typeof row !== 'object' || row === null || Array.isArray(row) || isOperand(row) || isBuiltIn(row)) {
    refuse(`values(): row ${i} is ${show(row)}; a row is an object of columns and values.`)
  }
}

/** What holds its data in other ways than by its keys, so that a row of it would be a row of defaults. */
function isBuiltIn(row: object): boolean {
  return row instanceof Map || row instanceof Set || row instanceof Date || ArrayBuffer.isView(row)
}

/** Whether a row has just these columns, and plain values. Rows mostly name their columns in the same order. */
function formOf(row: Row, columns: readonly string[]): 'plain' | 'ragged' | 'expression' {
  let count = 0
  let inOrder = true
  for (const name in row) {
    const value = row[name]
    if (value === undefined) continue
    if (typeof value === 'function' || (typeof value === 'object' && isOperand(value))) return 'expression'
    if (name !== columns[count]) inOrder = false
    count++
  }
  if (count !== columns.length) return 'ragged'
  return inOrder || columns.every((column) => row[column] !== undefined) ? 'plain' : 'ragged'
}

function union(rows: readonly Row[]): readonly string[] {
  const names = new Set<string>()
  for (const row of rows) for (const name of Object.keys(row)) if (row[name] !== undefined) names.add(name)
  return internNames([...names])
}

/** `onConflict(oc => …)` */
export class ConflictBuilder extends Chain<'conflict'> {
  column(column: unknown): ConflictBuilder {
    return this.columns([column])
  }

  columns(columns: readonly unknown[]): ConflictBuilder {
    if (!Array.isArray(columns) || columns.length === 0) refuse('onConflict(oc => oc.columns([])) names no column.')
    const before = columnsBefore(this.shape)
    const names = Array.from(columns, (column) =>
      checkName(column instanceof Column ? column.name : column, 'a column'),
    )
    return extend(this, 'columns', internNames([...before, ...names]))
  }

  constraint(name: string): ConflictBuilder {
    return extend(this, 'constraint', checkName(name, 'a constraint'))
  }

  expression(expression: unknown): ConflictBuilder {
    const args: unknown[] = []
    const made = given(typeof expression === 'function' ? callBack(expression) : expression, args)
    return extend(this, 'expression', made ?? refuse('onConflict(oc => oc.expression(…)) takes an expression.'), args)
  }

  where(...condition: unknown[]): ConflictBuilder {
    const args: unknown[] = []
    return extend(this, this.decided() ? 'updateWhere' : 'where', conditionOf(condition, args, 'where'), args)
  }

  whereRef(lhs: unknown, op: unknown, rhs: unknown): ConflictBuilder {
    const args: unknown[] = []
    return extend(this, this.decided() ? 'updateWhere' : 'where', refComparison(lhs, op, rhs, args), args)
  }

  doNothing(): ConflictBuilder {
    return extend(this, 'action', 'nothing')
  }

  doUpdateSet(...changes: unknown[]): ConflictBuilder {
    const args: unknown[] = []
    const sets = assignments(changes, args, 'doUpdateSet')
    return extend(extend(this, 'action', 'update'), 'sets', sets, args)
  }

  $call<R>(change: (conflict: this) => R): R {
    return callWith(this, '$call', change)
  }

  $if(condition: unknown, change: (conflict: this) => this): this {
    return condition ? changed(this, change) : this
  }

  decided(): boolean {
    for (let at: Shape<'conflict'> | undefined = this.shape; at !== undefined; at = at.before)
      if (at.part === 'action') return true
    return false
  }
}

function columnsBefore(shape: Shape<'conflict'>): readonly string[] {
  for (let at: Shape<'conflict'> | undefined = shape; at !== undefined; at = at.before) {
    if (at.part === 'columns') return at.value as readonly string[]
  }
  return []
}
