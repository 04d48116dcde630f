import { node } from '../ir/index.ts'
import { Aliased, Expr } from './expression.ts'
import { checkName, NO_ARGS, parseSelection, parseTable } from './operand.ts'

/** A table whose name is known only at run time. */
class DynamicTable extends Expr {
  override as(alias: string): Aliased {
    return new Aliased(
      node({ kind: 'alias', operand: this.node, name: checkName(alias, 'an alias'), columns: undefined }),
      NO_ARGS,
    )
  }
}

/** `db.dynamic`: references and tables whose names are known only at run time. Names are quoted like any other. */
export const dynamic = Object.freeze({
  ref: (name: string): Expr => new Expr(parseSelection(name)),
  table: (name: string): DynamicTable => new DynamicTable(parseTable(name)),
})
