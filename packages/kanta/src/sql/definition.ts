import type { KantaError } from '../error/index.ts'
import type { Kind, NodeOf, Shape } from '../ir/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { Chain, callWith, type ExecuteOptions, rejectAwait } from './chain.ts'

/** A statement that defines. */
export class Definition<K extends Kind> extends Chain<K> {
  then(done: unknown, reject?: (error: KantaError) => unknown): unknown {
    return rejectAwait(done, reject)
  }

  /** Runs the statement, and then those that belong to it. */
  async execute(options?: ExecuteOptions): Promise<void> {
    for (const statement of [this as unknown as Chain, ...this.following()])
      await this.runner.execute(statement, options)
  }

  compile(): unknown {
    return this.runner.compile(this as unknown as Chain)
  }

  $call<R>(change: (statement: this) => R): R {
    return callWith(this, '$call', change)
  }

  /** The statements that belong to it, such as those of the indexes of a new table. */
  protected following(): readonly Chain[] {
    return []
  }
}

/** The last value of a part in a chain of calls. */
export function lastOf(shape: Shape, part: string): unknown {
  for (let at: Shape | undefined = shape; at !== undefined; at = at.before) if (at.part === part) return at.value
  return undefined
}

/** Returns the nodes that create a `table()` in the database of a runner. */
export type CreationOf = (definition: TableDefinition) => {
  readonly table: Shape<'createTable'>
  indexes(ifNotExists: boolean): readonly Shape<'createIndex'>[]
}

/** The indexes of a `table()` that is created, each a statement of its own. */
export function indexesOf({ shape, runner }: Chain<'createTable'>, creationOf: CreationOf): readonly Chain[] {
  const calls = shape as unknown as Shape
  const { definition } = lastOf(calls, 'table') as NodeOf<'table'>
  if (definition === undefined) return []
  const indexes = creationOf(definition as TableDefinition).indexes(lastOf(calls, 'ifNotExists') === true)
  return indexes.map((index) => new Chain(index as unknown as Shape, [], runner))
}
