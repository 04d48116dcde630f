import { refuse } from '../error/index.ts'
import type { ArgRole, Kind } from '../ir/index.ts'
import { checkArgument } from '../plan/index.ts'
import { Chain, type ExecuteOptions, Parameter, Query, RUNNER, show } from '../sql/index.ts'
import type { DatabaseHandle } from './database.ts'
import { executorOf, type QueryRunner } from './query-runner.ts'

type Values = Readonly<Record<string, unknown>>

/** A query that was built once and takes its values each time it runs. */
export class PreparedQuery {
  readonly #query: Chain
  readonly #runner: QueryRunner
  /** The roles of each parameter, by which its value is checked. */
  readonly #roles: ReadonlyMap<string, ReadonlySet<ArgRole>>

  constructor(query: unknown, runner: QueryRunner) {
    if (!(query instanceof Chain)) refuse('prepare() takes a callback that returns a query.')
    this.#query = query as Chain
    this.#runner = runner
    this.#roles = rolesOf(this.#query, runner)
  }

  async execute(values?: Values, options?: ExecuteOptions): Promise<unknown[]> {
    return this.#withValues(values).execute(options)
  }

  async executeTakeFirst(values?: Values, options?: ExecuteOptions): Promise<unknown> {
    return this.#withValues(values).executeTakeFirst(options)
  }

  async executeTakeFirstOrThrow(values?: Values, error?: unknown): Promise<unknown> {
    return this.#withValues(values).executeTakeFirstOrThrow(error)
  }

  stream(values?: Values, options?: Parameters<Query<Kind>['stream']>[0]): AsyncIterableIterator<unknown> {
    return this.#withValues(values).stream(options)
  }

  compile(values?: Values): unknown {
    return this.#withValues(values).compile()
  }

  /** Returns the query with values in place of its parameters. */
  #withValues(values: Values = {}): Query<Kind> {
    if (typeof values !== 'object' || values === null)
      refuse(`A prepared query takes its values as an object, { name: value }, not ${show(values)}.`)
    for (const name of Object.keys(values)) {
      if (this.#roles.has(name)) continue
      refuse(
        `Unknown parameter '${name}' of the prepared query. It takes: ${[...this.#roles.keys()].join(', ') || 'none'}.`,
      )
    }
    // Inherited members, such as those that a library adds to all objects, are not values.
    const valueOf = (name: string): unknown => (Object.hasOwn(values, name) ? values[name] : undefined)
    for (const [name, roles] of this.#roles) checkArgument(`The parameter '${name}'`, valueOf(name), roles)
    const args = this.#query.args.map((arg) => (arg instanceof Parameter ? valueOf(arg.name) : arg))
    return new Query(this.#query.shape, args, this.#runner)
  }
}

/** Builds a query once, with parameters whose values are given each time it runs. */
export function prepare(db: DatabaseHandle, build: (slot: (name: string) => Parameter) => unknown): PreparedQuery {
  const runner = db?.[RUNNER] ?? refuse(`prepare(${show(db)}, …) takes a database.`)
  if (typeof build !== 'function') refuse('prepare() takes a callback that returns a query.')
  return new PreparedQuery(
    build((name) => new Parameter(name)),
    runner,
  )
}

function rolesOf(query: Chain, runner: QueryRunner): ReadonlyMap<string, ReadonlySet<ArgRole>> {
  const roles = new Map<string, Set<ArgRole>>()
  for (const arg of query.args) if (arg instanceof Parameter) roles.set(arg.name, new Set())
  for (const slot of executorOf(runner).slotsOf(query.shape)) {
    const arg = slot.kind === 'slot' ? query.args[slot.index] : undefined
    if (slot.kind === 'slot' && arg instanceof Parameter) roles.get(arg.name)!.add(slot.role)
  }
  return roles
}
