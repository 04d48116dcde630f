import type { Shape } from '../ir/index.ts'
import type { Bound } from '../plan/index.ts'
import type { Chain, ExecuteOptions, Runner } from '../sql/index.ts'
import type { Executor } from './execute.ts'

/** The executor of a runner. No property of the runner has it: its settings and its session lead past the policies. */
export let executorOf: (runner: QueryRunner) => Executor

/** Runs the queries that hold it, each under the policies of their database. Queries hand it to whoever has them. */
export class QueryRunner implements Runner {
  readonly #executor: Executor

  static {
    executorOf = (runner) => runner.#executor
  }

  constructor(executor: Executor) {
    this.#executor = executor
  }

  execute(query: Chain, options?: ExecuteOptions): Promise<unknown[]> {
    return this.#executor.start(query, false, options) as Promise<unknown[]>
  }

  first(query: Chain, options?: ExecuteOptions): Promise<unknown> {
    return this.#executor.start(query, true, options)
  }

  stream(query: Chain, chunkSize: number, options?: ExecuteOptions): AsyncIterableIterator<unknown> {
    return this.#executor.stream(query, chunkSize, options)
  }

  compile(query: Chain): Bound & { readonly query: Shape } {
    return this.#executor.compile(query)
  }

  get MergeBuilder(): Runner['MergeBuilder'] {
    return this.#executor.MergeBuilder
  }
}
