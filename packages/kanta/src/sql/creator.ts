import { refuse, show } from '../error/index.ts'
import { type Kind, type Kinds, type Node, node, type Shape, start } from '../ir/index.ts'
import type { Chain, Runner } from './chain.ts'
import { DeleteBuilder } from './delete.ts'
import { InsertBuilder } from './insert.ts'
import type { MergeBuilder } from './merge.ts'
import { checkName, given, listOf, NO_ARGS, parseTable, source } from './operand.ts'
import { selections, sources } from './query.ts'
import { SelectBuilder } from './select.ts'
import { UpdateBuilder } from './update.ts'

/** The common table expressions that the statements of a creator begin with. */
interface Prefix {
  readonly ctes: readonly Node[]
  readonly args: readonly unknown[]
  readonly recursive: boolean
}

/** Where statements begin. */
export class QueryCreator {
  protected readonly runner: Runner
  readonly #prefix: Prefix | undefined

  constructor(runner: Runner, prefix?: Prefix) {
    this.runner = runner
    this.#prefix = prefix
  }

  selectFrom(tables: unknown): SelectBuilder {
    if (typeof tables === 'string' && this.#prefix === undefined) {
      return new SelectBuilder(start('select').step('from', parseTable(tables)), NO_ARGS, this.runner)
    }
    const args: unknown[] = []
    const from = sources(tables, args)
    return this.#start('select', SelectBuilder, 'from', from, args)
  }

  selectNoFrom(columns: unknown): SelectBuilder {
    const args: unknown[] = []
    return this.#start('select', SelectBuilder, 'items', selections(columns, args, 'selectNoFrom'), args)
  }

  insertInto(table: unknown): InsertBuilder {
    const args: unknown[] = []
    return this.#start('insert', InsertBuilder, 'into', source(table, args), args)
  }

  replaceInto(table: unknown): InsertBuilder {
    const insert = this.insertInto(table)
    return new InsertBuilder(insert.shape.step('verb', 'replace'), insert.args, this.runner)
  }

  updateTable(tables: unknown): UpdateBuilder {
    const args: unknown[] = []
    return this.#start('update', UpdateBuilder, 'targets', sources(tables, args), args)
  }

  deleteFrom(tables: unknown): DeleteBuilder {
    const args: unknown[] = []
    return this.#start('delete', DeleteBuilder, 'targets', sources(tables, args), args)
  }

  mergeInto(table: unknown): MergeBuilder {
    const args: unknown[] = []
    return this.#start('merge', this.runner.MergeBuilder, 'into', source(table, args), args)
  }

  with(name: unknown, query: unknown): QueryCreator {
    return this.#with(name, query, false)
  }

  withRecursive(name: unknown, query: unknown): QueryCreator {
    return this.#with(name, query, true)
  }

  #start<K extends Kind, C extends Chain<K>>(
    kind: K,
    Builder: new (shape: Shape<K>, args: readonly unknown[], runner: Runner) => C,
    part: keyof Kinds[K] & string,
    value: Node,
    args: readonly unknown[],
  ): C {
    let shape = start(kind)
    const prefix = this.#prefix
    if (prefix !== undefined) {
      shape = shape.step('ctes' as keyof Kinds[K] & string, listOf(prefix.ctes))
      if (prefix.recursive) shape = shape.step('recursive' as keyof Kinds[K] & string, true)
    }
    return new Builder(shape.step(part, value), prefix === undefined ? args : [...prefix.args, ...args], this.runner)
  }

  #with(name: unknown, query: unknown, recursive: boolean): QueryCreator {
    const cte = cteName(typeof name === 'function' ? name(commonTable) : name)
    const made = typeof query === 'function' ? query(new QueryCreator(this.runner)) : query
    const own: unknown[] = []
    const body = given(made, own)
    if (body === undefined) return refuse(`with(${show(cte.name)}, …) takes a query or a callback that gives one.`)
    const before = this.#prefix ?? { ctes: [], args: [], recursive: false }
    return new QueryCreator(this.runner, {
      ctes: [...before.ctes, node({ kind: 'cte', ...cte, query: body })],
      args: [...before.args, ...own],
      recursive: before.recursive || recursive,
    })
  }
}

interface CommonTable {
  readonly name: string
  readonly columns: readonly string[] | undefined
  readonly materialized: boolean | undefined
}

/** `cte => cte('name').materialized()` */
class CommonTableBuilder {
  readonly table: CommonTable

  constructor(table: CommonTable) {
    this.table = table
  }

  materialized(): CommonTableBuilder {
    return new CommonTableBuilder({ ...this.table, materialized: true })
  }

  notMaterialized(): CommonTableBuilder {
    return new CommonTableBuilder({ ...this.table, materialized: false })
  }
}

const commonTable = (name: string): CommonTableBuilder => new CommonTableBuilder(cteName(name))

const WITH_COLUMNS = /^([^(]+)\(([^)]*)\)$/

/** `'n'` or `'n(a, b)'` */
function cteName(name: unknown): CommonTable {
  if (name instanceof CommonTableBuilder) return name.table
  if (typeof name !== 'string') return refuse(`with(${show(name)}, …): give the name of the common table expression.`)
  const match = WITH_COLUMNS.exec(name)
  if (match === null)
    return { name: checkName(name.trim(), 'a common table expression'), columns: undefined, materialized: undefined }
  const columns = match[2]!
    .split(',')
    .map((column) => checkName(column.trim(), 'a column of a common table expression'))
  return { name: checkName(match[1]!.trim(), 'a common table expression'), columns, materialized: undefined }
}
