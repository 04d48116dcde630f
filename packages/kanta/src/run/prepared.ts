import { refuse } from '../error/index.ts'
import type { Kind } from '../ir/index.ts'
import { Chain, type ExecuteOptions, isCount, Parameter, Query, show } from '../sql/index.ts'
import type { Executor } from './execute.ts'

type Values = Readonly<Record<string, unknown>>

/** A query that was built once and takes its values each time it runs. */
export class PreparedQuery {
  readonly #query: Chain
  readonly #executor: Executor
  /** For each parameter what may not be in it. */
  readonly #roles: ReadonlyMap<string, ReadonlySet<string>>

  constructor(query: unknown, executor: Executor) {
    if (!(query instanceof Chain)) refuse('prepare() takes a callback that gives a query.')
    this.#query = query as Chain
    this.#executor = executor
    this.#roles = rolesOf(this.#query, executor)
  }

  async execute(values?: Values, options?: ExecuteOptions): Promise<unknown[]> {
    return this.#with(values).execute(options)
  }

  async executeTakeFirst(values?: Values, options?: ExecuteOptions): Promise<unknown> {
    return this.#with(values).executeTakeFirst(options)
  }

  async executeTakeFirstOrThrow(values?: Values, error?: unknown): Promise<unknown> {
    return this.#with(values).executeTakeFirstOrThrow(error)
  }

  stream(values?: Values, options?: Parameters<Query<Kind>['stream']>[0]): AsyncIterableIterator<unknown> {
    return this.#with(values).stream(options)
  }

  compile(values?: Values): unknown {
    return this.#with(values).compile()
  }

  /** The query with values in the places of its parameters. */
  #with(values: Values = {}): Query<Kind> {
    for (const name of Object.keys(values)) {
      if (this.#roles.has(name)) continue
      refuse(
        `The prepared query has no parameter '${name}'. It takes: ${[...this.#roles.keys()].join(', ') || 'none'}.`,
      )
    }
    for (const [name, roles] of this.#roles) check(name, values[name], roles)
    const args = this.#query.args.map((arg) => (arg instanceof Parameter ? values[arg.name] : arg))
    return new Query(this.#query.shape, args, this.#executor)
  }
}

function rolesOf(query: Chain, executor: Executor): ReadonlyMap<string, ReadonlySet<string>> {
  const roles = new Map<string, Set<string>>()
  for (const arg of query.args) if (arg instanceof Parameter) roles.set(arg.name, new Set())
  for (const slot of executor.plan(query.shape).slots) {
    const arg = slot.kind === 'slot' ? query.args[slot.index] : undefined
    if (slot.kind === 'slot' && arg instanceof Parameter) roles.get(arg.name)!.add(slot.role)
  }
  return roles
}

function check(name: string, value: unknown, roles: ReadonlySet<string>): void {
  if (value === undefined) refuse(`The parameter '${name}' is undefined. Give a value, or null for SQL's null.`)
  if (value === null && roles.has('compared')) {
    refuse(
      `The parameter '${name}' is null and compared, which is never true in SQL. Build the query with 'is' or 'is not distinct from'.`,
    )
  }
  if (roles.has('count') && !isCount(value))
    refuse(`The parameter '${name}' is ${show(value)} where it has to be a whole number of rows, from 0.`)
  if (!roles.has('list')) return
  if (!Array.isArray(value)) return refuse(`The parameter '${name}' is a list; it was given ${show(value)}.`)
  value.forEach((item: unknown, i) => {
    if (item === null || item === undefined)
      refuse(`The parameter '${name}': item ${i} is ${item}. Test for null apart.`)
  })
}
