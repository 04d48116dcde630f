import { type Dialect, localize } from '../dialect/index.ts'
import { type Context, contextValue, type Node, type NodeOf, type Prepare, type Surroundings } from '../run/index.ts'
import type { TableDefinition } from '../table/index.ts'

/** Makes a value of a run: from the context, and from the values that were made before it. */
type MakeValue = (context: Context, args: readonly unknown[]) => unknown

/** Of one column of the rows of an insert: what is written there, whatever the user's rows say. */
interface RowStamp {
  readonly slot: number
  readonly column: string
  readonly value: MakeValue
  readonly userValue: 'refuse' | 'same' | 'keep'
  readonly check: ((given: unknown, value: unknown) => void) | undefined
}

/** Gathers what happens each time that a statement runs: values of policies, and checks. */
export class RunValues {
  /** The database that the statement is for. */
  readonly surroundings: Surroundings
  readonly #argCount: number
  readonly #told: object[] = []
  readonly #readers = new WeakSet<Node>()
  readonly #values: MakeValue[] = []
  readonly #shared = new Map<string, NodeOf<'slot'>>()
  /** How many of the values are made of the context alone. */
  #ofContext = 0
  readonly #checks: ((context: Context, args: readonly unknown[]) => void)[] = []
  readonly #stamps: RowStamp[] = []

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings
    this.#argCount = surroundings.given
  }

  get dialect(): Dialect {
    return this.surroundings.dialect
  }

  /** The definition of a table, by its name or `schema.name`, where the database has a schema that holds it. */
  definition(table: string): TableDefinition | undefined {
    const found = this.surroundings.schema.get(table)
    return found === undefined ? undefined : localize(found, this.dialect)
  }

  /** A query inside of a rule that reads as others do: the rows that the policies of its tables let it have. */
  applyPolicies<T extends Node>(query: T): T {
    this.#readers.add(query)
    return query
  }

  appliesPolicies(query: Node): boolean {
    return this.#readers.has(query)
  }

  /** Tells transaction hooks what a policy made of the statement. */
  addNote(what: object): void {
    this.#told.push(what)
  }

  get notes(): readonly object[] {
    return this.#told
  }

  /** The place of a value that is made when the statement runs. Encoded as the column that it meets. */
  value(make: MakeValue): NodeOf<'slot'> {
    this.#values.push(make)
    return { kind: 'slot', index: this.#argCount + this.#values.length - 1, role: 'value', codec: undefined }
  }

  /** A place of a value that is made once for each run, in however many places of the statement it stands. */
  shared(key: string, make: MakeValue): NodeOf<'slot'> {
    let known = this.#shared.get(key)
    if (known === undefined) {
      known = this.value(make)
      this.#shared.set(key, known)
    }
    // Each place has a codec of its own.
    return { ...known }
  }

  /** The place of a list that is made when the statement runs, for the right of `in`; no item may be missing. */
  list(make: (context: Context) => readonly unknown[]): NodeOf<'slot'> {
    return { ...this.value(make), role: 'list' }
  }

  /** The place of a value of the context; running without it is an error. */
  context(name: string): NodeOf<'slot'> {
    return this.fromContext(`context ${name}`, (context) => contextValue(name, context))
  }

  /** The place of what is made of the context alone, and so once for each context. */
  fromContext(key: string, make: (context: Context) => unknown): NodeOf<'slot'> {
    if (!this.#shared.has(key)) this.#ofContext++
    return this.shared(key, make)
  }

  /** Adds a check for each run: throws to refuse it. Gets the arguments of the user, and those of policies after them. */
  check(check: (context: Context, args: readonly unknown[]) => void): void {
    this.#checks.push(check)
  }

  /** Writes a column of all rows of an insert. The rows of the user are copied, not changed. */
  addRowStamp(stamp: RowStamp): void {
    this.#stamps.push(stamp)
  }

  get valueCount(): number {
    return this.#values.length
  }

  get prepare(): Prepare | undefined {
    const [values, checks, stamps] = [this.#values, this.#checks, this.#stamps]
    if (values.length + checks.length + stamps.length === 0) return undefined
    const count = this.#argCount
    if (checks.length + stamps.length === 0 && values.length === this.#ofContext) return perContext(values, count)
    return (args, context) => {
      const all = args.slice(0, count)
      for (let i = 0; i < values.length; i++) all[count + i] = values[i]!(context, all)
      for (const check of checks) check(context, all)
      for (const stamp of stamps) all[stamp.slot] = stampRows(all[stamp.slot], stamp, stamp.value(context, all))
      return all
    }
  }
}

/** The same values for the same context, which is mostly that of the run before. */
function perContext(values: readonly MakeValue[], count: number): Prepare {
  let last: Context | undefined
  let known: readonly unknown[] = []
  return (args, context) => {
    if (context !== last) {
      known = values.map((value) => value(context, args))
      // Bytes, dates and lists are made anew: whoever is given them as parameters could change them in place.
      const isKept = Object.isFrozen(context) && known.every((value) => typeof value !== 'object')
      last = isKept ? context : undefined
    }
    // Quicker than concat() and spread for so few.
    const all: unknown[] = []
    for (let i = 0; i < count; i++) all.push(args[i])
    for (let i = 0; i < known.length; i++) all.push(known[i])
    return all
  }
}

function stampRows(rows: unknown, { column, userValue, check }: RowStamp, stamped: unknown): unknown {
  return (rows as readonly Record<string, unknown>[]).map((row) => {
    const own = Object.hasOwn(row, column) ? row[column] : undefined
    if (userValue === 'keep' && own !== undefined) return row
    if (own !== undefined) check?.(own, stamped)
    return { ...row, [column]: stamped }
  })
}
