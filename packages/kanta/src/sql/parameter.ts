import { refuse } from '../error/index.ts'
import { type Node, pin } from '../ir/index.ts'
import { checkName, markOperand, type Operand } from './operand.ts'

const VALUE = pin({ kind: 'arg', role: 'value' })

/** A value that a prepared query gets each time it runs. */
export class Parameter implements Operand {
  readonly node: Node = VALUE
  readonly args: readonly unknown[]
  readonly name: string

  constructor(name: string) {
    this.name = checkName(name, 'a parameter')
    this.args = [this]
  }

  /** A parameter has no value while the query is built, so comparing or printing it is a mistake. */
  [Symbol.toPrimitive](): never {
    return refuse(`The parameter '${this.name}' has no value while the query is built. Use it as a value of the query.`)
  }
}
markOperand(Parameter.prototype)
