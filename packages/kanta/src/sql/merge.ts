import { refuse, show } from '../error/index.ts'
import { type Node, node, start } from '../ir/index.ts'
import { callBack } from './callback.ts'
import { detached, extend } from './chain.ts'
import { conditionOf, refComparison } from './expression.ts'
import { JoinBuilder } from './join.ts'
import { checkName, isOperand, source, valueOf } from './operand.ts'
import { assignments, Query, selections, stars, topNode } from './query.ts'
import { UpdateBuilder } from './update.ts'

/** `merge into … using … on … when …` */
export class MergeBuilder extends Query<'merge'> {
  using(table: unknown, ...on: unknown[]): this {
    const args: unknown[] = []
    const from = source(typeof table === 'function' ? callBack(table) : table, args)
    const merged = extend(this, 'using', from, args)
    const onArgs: unknown[] = []
    if (on.length === 2) return extend(merged, 'on', refComparison(on[0], '=', on[1], onArgs), onArgs)
    if (typeof on[0] !== 'function')
      refuse('using() takes a table and two columns, or a table and a callback (join) => join.onRef(…).')
    const made: unknown = (on[0] as Function)(new JoinBuilder(start('joined'), [], detached))
    if (!(made instanceof JoinBuilder) || made.shape.part !== 'on')
      refuse(`The callback of using(${show(table)}) gave no condition.`)
    const joined = made as JoinBuilder
    return extend(merged, 'on', joined.node, joined.args)
  }

  whenMatched(): WhenBuilder {
    return new WhenBuilder(this, 'matched', undefined, [])
  }

  whenMatchedAnd(...condition: unknown[]): WhenBuilder {
    return this.when('matched', condition)
  }

  whenMatchedAndRef(lhs: unknown, op: unknown, rhs: unknown): WhenBuilder {
    return this.whenRef('matched', lhs, op, rhs)
  }

  whenNotMatched(): WhenBuilder {
    return new WhenBuilder(this, 'not matched', undefined, [])
  }

  whenNotMatchedAnd(...condition: unknown[]): WhenBuilder {
    return this.when('not matched', condition)
  }

  whenNotMatchedAndRef(lhs: unknown, op: unknown, rhs: unknown): WhenBuilder {
    return this.whenRef('not matched', lhs, op, rhs)
  }

  whenNotMatchedBySource(): WhenBuilder {
    return new WhenBuilder(this, 'not matched by source', undefined, [])
  }

  whenNotMatchedBySourceAnd(...condition: unknown[]): WhenBuilder {
    return this.when('not matched by source', condition)
  }

  whenNotMatchedBySourceAndRef(lhs: unknown, op: unknown, rhs: unknown): WhenBuilder {
    return this.whenRef('not matched by source', lhs, op, rhs)
  }

  top(amount: unknown, modifier?: string): this {
    const args: unknown[] = []
    return extend(this, 'top', topNode(amount, modifier, args), args)
  }

  returning(columns: unknown): this {
    const args: unknown[] = []
    return extend(this, 'returning', selections(columns, args, 'returning'), args)
  }

  returningAll(tables?: unknown): this {
    return extend(this, 'returning', stars(tables))
  }

  output(columns: unknown): this {
    const args: unknown[] = []
    return extend(this, 'output', selections(columns, args, 'output'), args)
  }

  outputAll(table: string): this {
    return extend(this, 'output', stars(table))
  }

  private when(match: string, condition: readonly unknown[]): WhenBuilder {
    const args: unknown[] = []
    return new WhenBuilder(this, match, conditionOf(condition, args, 'A merge condition'), args)
  }

  private whenRef(match: string, lhs: unknown, op: unknown, rhs: unknown): WhenBuilder {
    const args: unknown[] = []
    return new WhenBuilder(this, match, refComparison(lhs, op, rhs, args), args)
  }
}

const NO_PARTS = { columns: [], values: [], sets: [], where: [] } as const

/** A `when …` that waits for what to do. */
class WhenBuilder {
  readonly #merge: MergeBuilder
  readonly #match: string
  readonly #condition: Node | undefined
  readonly #args: readonly unknown[]

  constructor(merge: MergeBuilder, match: string, condition: Node | undefined, args: readonly unknown[]) {
    this.#merge = merge
    this.#match = match
    this.#condition = condition
    this.#args = args
  }

  thenDelete(): MergeBuilder {
    return this.#then(node({ kind: 'mergeAction', action: 'delete', ...NO_PARTS }), [])
  }

  thenDoNothing(): MergeBuilder {
    return this.#then(node({ kind: 'mergeAction', action: 'do nothing', ...NO_PARTS }), [])
  }

  thenUpdateSet(...changes: unknown[]): MergeBuilder {
    const args: unknown[] = []
    const sets = assignments(changes, args, 'thenUpdateSet')
    return this.#then(
      node({ kind: 'mergeAction', action: 'update', ...NO_PARTS, sets: sets.kind === 'list' ? sets.items : [sets] }),
      args,
    )
  }

  thenUpdate(build: (update: UpdateBuilder) => unknown): MergeBuilder {
    if (typeof build !== 'function')
      return refuse(`thenUpdate(${show(build)}) takes a callback: (update) => update.set(…).`)
    const made: unknown = build(new UpdateBuilder(start('update'), [], detached))
    if (!(made instanceof UpdateBuilder))
      return refuse('The callback of thenUpdate() gave no update. Return what set(…) gives.')
    return this.#then(node({ kind: 'mergeAction', action: 'update', ...NO_PARTS, sets: [made.node] }), made.args)
  }

  thenInsertValues(row: unknown): MergeBuilder {
    const value = typeof row === 'function' ? callBack(row) : row
    if (typeof value !== 'object' || value === null || Array.isArray(value) || isOperand(value))
      return refuse(`thenInsertValues(${show(value)}) takes a row.`)
    const given = value as Record<string, unknown>
    const args: unknown[] = []
    const columns = Object.keys(given).filter((key) => given[key] !== undefined)
    if (columns.length === 0) refuse('thenInsertValues({}) has no column with a value.')
    const values = columns.map((key) => {
      const cell = typeof given[key] === 'function' ? callBack(given[key]) : given[key]
      return valueOf(cell, args, `The value of ${show(checkName(key, 'a column'))}`)
    })
    return this.#then(node({ kind: 'mergeAction', action: 'insert', ...NO_PARTS, columns, values }), args)
  }

  #then(action: Node, args: readonly unknown[]): MergeBuilder {
    const when = node({ kind: 'mergeWhen', match: this.#match, condition: this.#condition, action })
    return extend(this.#merge, 'whens', when, [...this.#args, ...args])
  }
}
