import { refuse, show } from '../error/index.ts'
import { extend } from './chain.ts'
import { Definition } from './definition.ts'
import { conditionOf } from './expression.ts'
import { listOf, tableNode } from './operand.ts'
import { columnList, expression, indexed, indexMethod } from './schema-part.ts'

/** `create index …` */
export class CreateIndexBuilder extends Definition<'createIndex'> {
  ifNotExists(): CreateIndexBuilder {
    return extend(this, 'ifNotExists', true)
  }

  unique(): CreateIndexBuilder {
    return extend(this, 'unique', true)
  }

  concurrently(): CreateIndexBuilder {
    return extend(this, 'concurrently', true)
  }

  nullsNotDistinct(): CreateIndexBuilder {
    return extend(this, 'nullsNotDistinct', true)
  }

  on(table: unknown): CreateIndexBuilder {
    return extend(this, 'table', tableNode(table))
  }

  column(column: unknown): CreateIndexBuilder {
    const args: unknown[] = []
    return extend(this, 'columns', indexed(column, args), args)
  }

  columns(columns: unknown): CreateIndexBuilder {
    if (!Array.isArray(columns) || columns.length === 0)
      return refuse(`columns(${show(columns)}) takes an array with the name of one column or more.`)
    const args: unknown[] = []
    return extend(this, 'columns', listOf(Array.from(columns, (column) => indexed(column, args))), args)
  }

  expression(value: unknown): CreateIndexBuilder {
    const args: unknown[] = []
    return extend(this, 'columns', expression(value, args, 'expression'), args)
  }

  include(columns: unknown): CreateIndexBuilder {
    return extend(this, 'include', columnList(columns, 'include'))
  }

  using(method: unknown): CreateIndexBuilder {
    const args: unknown[] = []
    return extend(this, 'using', indexMethod(method, args), args)
  }

  where(...condition: unknown[]): CreateIndexBuilder {
    const args: unknown[] = []
    return extend(this, 'where', conditionOf(condition, args, 'where'), args)
  }
}
