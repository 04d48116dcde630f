import { type Dialect, localize } from '../dialect/index.ts'
import { type Context, contextValue, type Node, type NodeOf, type Prepare, type Surroundings } from '../run/index.ts'
import type { TableDefinition } from '../table/index.ts'

/** Makes a value of a run from the context and from the values that were made before it. */
type MakeValue = (context: Context, args: readonly unknown[]) => unknown

/** The value that a policy writes into one column of all rows of an insert. */
interface RowStamp {
  readonly slot: number
  readonly column: string
  readonly value: MakeValue
  readonly userValue: 'refuse' | 'same' | 'keep'
  readonly check: ((given: unknown, value: unknown) => void) | undefined
}

/** Collects the values that policies add to each run of a statement, and the checks that they make then. */
export class RunValues {
  /** The database of the statement. */
  readonly surroundings: Surroundings
  readonly #argCount: number
  readonly #told: object[] = []
  readonly #readers = new WeakSet<Node>()
  #hasGuardedQueries = false
  readonly #values: MakeValue[] = []
  readonly #shared = new Map<string, NodeOf<'slot'>>()
  /** The number of values that depend on the context alone. */
  #ofContext = 0
  readonly #checks: ((context: Context, args: readonly unknown[]) => void)[] = []
  readonly #stamps: RowStamp[] = []

  constructor(surroundings: Surroundings, given: number) {
    this.surroundings = surroundings
    this.#argCount = given
  }

  get dialect(): Dialect {
    return this.surroundings.dialect
  }

  /** Returns the definition of a table by its name or `schema.name`, if the schema of the database has it. */
  definition(table: string): TableDefinition | undefined {
    const found = this.surroundings.schema.get(table)
    return found === undefined ? undefined : localize(found, this.dialect)
  }

  /** Marks a query inside of a rule that reads only the rows that policies show. */
  applyPolicies<T extends Node>(query: T): T {
    this.#readers.add(query)
    this.#hasGuardedQueries = true
    return query
  }

  get hasGuardedQueries(): boolean {
    return this.#hasGuardedQueries
  }

  appliesPolicies(query: Node): boolean {
    return this.#readers.has(query)
  }

  /** Adds a note for transaction hooks about what a policy did to the statement. */
  addNote(what: object): void {
    this.#told.push(what)
  }

  get notes(): readonly object[] {
    return this.#told
  }

  /** Adds a value that each run makes, and returns its slot. The codec is that of the column that it meets. */
  value(make: MakeValue): NodeOf<'slot'> {
    this.#values.push(make)
    return { kind: 'slot', index: this.#argCount + this.#values.length - 1, role: 'value', codec: undefined }
  }

  /** Adds a value that each run makes once for all slots with the same key. */
  shared(key: string, make: MakeValue): NodeOf<'slot'> {
    let known = this.#shared.get(key)
    if (known === undefined) {
      known = this.value(make)
      this.#shared.set(key, known)
    }
    // Each place has a codec of its own.
    return { ...known }
  }

  /** Adds a list that each run makes, for the right side of `in`. Its items must not be null. */
  list(make: (context: Context) => readonly unknown[]): NodeOf<'slot'> {
    return { ...this.value(make), role: 'list' }
  }

  /** Adds a value of the context. A run without it fails. */
  context(name: string): NodeOf<'slot'> {
    return this.fromContext(`context ${name}`, (context) => contextValue(name, context))
  }

  /** Adds a value that depends on the context alone, so that it is made once for each context. */
  fromContext(key: string, make: (context: Context) => unknown): NodeOf<'slot'> {
    if (!this.#shared.has(key)) this.#ofContext++
    return this.shared(key, make)
  }

  /**
   * Adds a check of each run, which throws to refuse it. It gets the arguments of the user and, after these, the values
   * of policies.
   */
  check(check: (context: Context, args: readonly unknown[]) => void): void {
    this.#checks.push(check)
  }

  /** Writes a column of all rows of an insert. Copies the rows of the user. */
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

/** Reuses the values of the previous run if its context was the same. */
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
    // Faster than concat() and spread for so few items.
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
