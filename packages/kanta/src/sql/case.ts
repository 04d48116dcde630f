import { refuse } from '../error/index.ts'
import { type Node, node, start } from '../ir/index.ts'
import { detached, extend } from './chain.ts'
import { conditionOf, Expr, ExprChain, refComparison } from './expression.ts'
import { reference, valueOf } from './operand.ts'

/** `case … when … then … else … end` */
export class CaseBuilder extends ExprChain<'case'> {
  when(...condition: unknown[]): CaseThen {
    const args: unknown[] = []
    const compares = condition.length === 1 && this.hasOperand()
    if (compares && condition[0] === null)
      refuse("when(null) is never true in SQL. Use case() without a value, and when(column, 'is', null).")
    const test = compares ? valueOf(condition[0], args, 'A value of when()') : conditionOf(condition, args, 'when')
    return new CaseThen(this, test, args)
  }

  whenRef(lhs: unknown, op: unknown, rhs: unknown): CaseThen {
    const args: unknown[] = []
    return new CaseThen(this, refComparison(lhs, op, rhs, args), args)
  }

  else(value: unknown): CaseBuilder {
    const args: unknown[] = []
    return extend(this, 'otherwise', valueOf(value, args, 'The value of else()'), args)
  }

  elseRef(column: unknown): CaseBuilder {
    const args: unknown[] = []
    return extend(this, 'otherwise', reference(column, args), args)
  }

  end(): Expr {
    return new Expr(this.node, this.args)
  }

  endCase(): Expr {
    return new Expr(this.node, this.args)
  }

  private hasOperand(): boolean {
    let at = this.shape
    while (at.before?.before !== undefined) at = at.before
    return at.part === 'operand'
  }
}

/** A condition that waits for its result. */
class CaseThen {
  readonly #chain: CaseBuilder
  readonly #condition: Node
  readonly #args: unknown[]

  constructor(chain: CaseBuilder, condition: Node, args: unknown[]) {
    this.#chain = chain
    this.#condition = condition
    this.#args = args
  }

  then(value: unknown): CaseBuilder {
    const args = [...this.#args]
    return this.#add(valueOf(value, args, 'The value of then()'), args)
  }

  thenRef(column: unknown): CaseBuilder {
    const args = [...this.#args]
    return this.#add(reference(column, args), args)
  }

  #add(result: Node, args: unknown[]): CaseBuilder {
    return extend(this.#chain, 'whens', node({ kind: 'when', condition: this.#condition, result }), args)
  }
}

/** `case()` of conditions, or `case(value)` of values. */
export function caseOf(...value: unknown[]): CaseBuilder {
  const empty = start('case')
  if (value.length === 0) return new CaseBuilder(empty, [], detached)
  const args: unknown[] = []
  return new CaseBuilder(empty.step('operand', reference(value[0], args)), args, detached)
}
