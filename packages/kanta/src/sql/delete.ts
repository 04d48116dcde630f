import { CLEARED } from '../ir/index.ts'
import { extend } from './chain.ts'
import { Filtered, selections, sources, stars } from './query.ts'

/** `delete from …` */
export class DeleteBuilder extends Filtered<'delete'> {
  using(tables: unknown): this {
    const args: unknown[] = []
    return extend(this, 'using', sources(tables, args), args)
  }

  returning(columns: unknown): this {
    const args: unknown[] = []
    return extend(this, 'returning', selections(columns, args, 'returning'), args)
  }

  returningAll(tables?: unknown): this {
    return extend(this, 'returning', stars(tables))
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
