import type { Dialect } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import { type DatabaseHandle, dialectOf, schemaOf } from '../extend/internal/index.ts'
import type { Condition, ExpressionScope, HelperCells, NoTables, QueryRunner } from '../face/index.ts'
import { node } from '../ir/index.ts'
import { Expr, expressionBuilder, isOperand, RUNNER, show } from '../sql/index.ts'
import { aliasOf, definitionOf, type Rowed, type TableDefinition } from '../table/index.ts'
import type { Comparison, Filter, FilterColumn, FilterTree, FilterValue } from './filter.ts'
import { treeOf } from './filter.ts'
import { patternOf } from './pattern.ts'
import { textComparisons } from './text-facet.ts'
import { checkTextColumn, checkValue, holdsText } from './value.ts'

/** The table whose rows a filter is of: its name, with an alias or without, a `table()`, or an alias of one. */
export type FilterTable = string | Rowed

/** The expression builder of a query that has the columns of a row. */
export type FilterScope<R> = ExpressionScope<any, NoTables, keyof R & string, HelperCells<R>>

interface Source {
  readonly alias: string | undefined
  readonly definition: TableDefinition | undefined
}

/**
 * Returns the condition of a filter, as `where()` takes it. `table` says of which table its columns are, and so how
 * they are compared: name it, or give the alias that it has in the query. Without it, and without columns of a
 * `table()`, texts are ordered as the database orders them.
 *
 * @throws KantaError `invalid_input` for what is no filter, for a column that the table lacks, and for values that do
 * not fit its type.
 *
 * @example
 * ```ts
 * const filter = startsWith('name', 'Hel')
 * const found = await db.selectFrom('city as c').select('c.name').where(whereOf(db, filter, 'city as c')).execute()
 * ```
 */
export function whereOf<R>(db: QueryRunner, filter: Filter<R>, table?: FilterTable): (eb: FilterScope<R>) => Condition {
  const handle = db as unknown as DatabaseHandle
  if (typeof db !== 'object' || db === null || !(RUNNER in db))
    return refuse(`whereOf(${show(db)}, …) takes a database first, then the filter.`)
  const compiler = new Compiler(dialectOf(handle), sourceOf(handle, table))
  const condition = compiler.condition(treeOf(filter))
  return () => condition as never
}

function sourceOf(db: DatabaseHandle, table: FilterTable | undefined): Source {
  if (table === undefined) return { alias: undefined, definition: undefined }
  if (typeof table !== 'string') {
    const definition = definitionOf(table)
    if (definition === undefined)
      return refuse(`whereOf(…, ${show(table)}) takes a table: its name, a table() value, or an alias of one.`)
    return { alias: aliasOf(table), definition }
  }
  const [name, alias] = table.split(/ as /i) as [string, string?]
  return { alias: (alias ?? name.slice(name.lastIndexOf('.') + 1)).trim(), definition: schemaOf(db).get(name.trim()) }
}

const OPERATORS: Readonly<Record<Comparison, string>> = {
  eq: '=',
  ne: '<>',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
}

class Compiler {
  readonly #dialect: Dialect
  readonly #source: Source

  constructor(dialect: Dialect, source: Source) {
    this.#dialect = dialect
    this.#source = source
  }

  condition(tree: FilterTree): unknown {
    const eb = expressionBuilder()
    switch (tree.kind) {
      case 'constant':
        return eb.lit(tree.value)
      case 'compare':
        return this.#compare(tree.column, tree.op, tree.value)
      case 'in':
        return this.#list(tree, 'in')
      case 'null':
        return eb(this.#ref(tree.column), 'is', null)
      case 'text': {
        const column = this.#column(tree.column)
        checkTextColumn(tree.op, column)
        return textComparisons.of(this.#dialect).matches(this.#ref(column), patternOf(tree.op, tree.text))
      }
      case 'and':
      case 'or':
        return eb[tree.kind](tree.items.map((item) => this.condition(item)))
      case 'not':
        if (tree.item.kind === 'in') return this.#list(tree.item, 'not in')
        if (tree.item.kind === 'null') return eb(this.#ref(tree.item.column), 'is not', null)
        return eb.not(this.condition(tree.item))
      case 'raw':
        return isOperand(tree.expression) ? tree.expression : refuse('The expression of raw() is none.')
    }
  }

  #compare(named: FilterColumn, op: Comparison, value: FilterValue): unknown {
    const column = this.#column(named)
    const checked = checkValue(op, column, value)
    const isOrder = op !== 'eq' && op !== 'ne'
    const ref = this.#ref(column)
    const left = isOrder && holdsText(column.definition) ? textComparisons.of(this.#dialect).byCodePoint(ref) : ref
    return expressionBuilder()(left, OPERATORS[op], checked)
  }

  #list({ column: named, values }: FilterTree & { readonly kind: 'in' }, op: 'in' | 'not in'): unknown {
    const column = this.#column(named)
    const items = values.map((value) => checkValue(op, column, value))
    return expressionBuilder()(this.#ref(column), op, items)
  }

  /** Finds the definition of a column that is only named. */
  #column(column: FilterColumn): FilterColumn {
    const { definition } = this.#source
    if (column.definition !== undefined || definition === undefined) return column
    const found = definition.columns.get(column.name)
    if (found === undefined)
      return refuse(
        `The filter names '${column.name}', which '${definition.name}' lacks. It has: ${[...definition.columns.keys()].join(', ')}.`,
      )
    return { ...column, definition: found }
  }

  #ref(named: FilterColumn): Expr {
    const column = this.#column(named)
    const table = this.#source.alias ?? column.table
    return new Expr(node({ kind: 'ref', schema: undefined, table, column: column.name }))
  }
}
