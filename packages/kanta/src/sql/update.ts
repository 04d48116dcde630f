import { CLEARED } from '../ir/index.ts'
import { extend } from './chain.ts'
import { assignments, Filtered, selections, sources, stars } from './query.ts'

/** `update … set …` */
export class UpdateBuilder extends Filtered<'update'> {
  set(...changes: unknown[]): this {
    const args: unknown[] = []
    return extend(this, 'sets', assignments(changes, args, 'set'), args)
  }

  from(tables: unknown): this {
    const args: unknown[] = []
    return extend(this, 'from', sources(tables, args), args)
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
