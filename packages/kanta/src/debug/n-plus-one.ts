import { checkOptions, KantaError, refuse, show } from '../error/index.ts'
import type { Facts, Hook, Logger, Node, Plugin } from '../extend/index.ts'
import { type DatabaseHandle, loggerOf, ofOneDatabase, ownPlugin, quietly, schemaOf } from '../extend/internal/index.ts'
import { relationsOf } from '../relations/index.ts'
import { type Lookup, lookupOf } from './lookup.ts'
import { currentScope, type Lookups, type QueryScope } from './scope.ts'
import { callerFrames } from './stack.ts'

/** Queries of one shape that looked up one key each, in one scope. */
export interface NPlusOneFinding {
  readonly sql: string
  readonly table: string
  /** The number so far. */
  readonly count: number
  /** The line of the program that ran the last one. */
  readonly at: string
  readonly frames: readonly string[]
  /** The remedy. */
  readonly remedy: string
  /** The finding as an error, to be thrown in tests. */
  readonly error: KantaError
}

/** The options of `nPlusOne()`. */
export interface NPlusOneOptions {
  /** The number of different keys from which it is reported. Default: 5. */
  readonly from?: number | undefined
  /** Receives each finding, once for each statement and scope. What it throws fails the query. Default: a warning. */
  readonly found?: ((finding: NPlusOneFinding) => void) | undefined
}

/** The most findings that are kept for the report. */
const MOST_FINDINGS = 100
/** The most statements that are compared in a scope, and that are known by their text. */
const MOST_STATEMENTS = 1_000

/** The plugin that `nPlusOne()` makes, with what it has found. */
export class NPlusOnePlugin implements Plugin {
  readonly name = 'nPlusOne'
  readonly hooks: readonly Hook[]
  readonly #takes = ofOneDatabase('nPlusOne()')
  readonly #from: number
  readonly #found: ((finding: NPlusOneFinding) => void) | undefined
  readonly #byFacts = new WeakMap<Facts, Lookup | 'none'>()
  readonly #bySql = new Map<string, Lookup | 'none'>()
  readonly #findings: NPlusOneFinding[] = []
  #db: DatabaseHandle | undefined

  constructor(from: number, found: ((finding: NPlusOneFinding) => void) | undefined) {
    this.#from = from
    this.#found = found
    this.hooks = [
      {
        name: 'nPlusOne',
        called: (facts, sql, parameters, tree) => {
          const scope = currentScope()
          if (scope === undefined || scope.exemption !== undefined || !facts.readOnly) return
          this.#see(scope, facts, sql, parameters, tree)
        },
      },
    ]
    ownPlugin(this)
  }

  extend(db: DatabaseHandle): object {
    this.#takes(db)
    this.#db ??= db
    return {}
  }

  /** The last findings. */
  get findings(): readonly NPlusOneFinding[] {
    return this.#findings
  }

  #see(scope: QueryScope, facts: Facts, sql: string, parameters: () => readonly unknown[], tree: Node): void {
    const lookup = this.#byFacts.get(facts) ?? this.#lookupOf(facts, sql, tree)
    if (lookup === 'none') return
    let seen = scope.lookups.get(lookup)
    if (seen === undefined) {
      if (scope.lookups.size >= MOST_STATEMENTS) return
      seen = { keys: new Set(), isFound: false, count: 0 }
      scope.lookups.set(lookup, seen)
    }
    seen.count++
    if (seen.isFound) return
    seen.keys.add(hashOf(keysOf(lookup, parameters())))
    if (seen.keys.size >= this.#from) this.#report(seen, sql, lookup)
  }

  /** Returns what a plan looks up. Plans of one text are one, since a plan may be made afresh for each run. */
  #lookupOf(facts: Facts, sql: string, tree: Node): Lookup | 'none' {
    let lookup = this.#bySql.get(sql)
    if (lookup === undefined) {
      lookup = lookupOf(tree) ?? 'none'
      if (this.#bySql.size >= MOST_STATEMENTS) this.#bySql.clear()
      this.#bySql.set(sql, lookup)
    }
    this.#byFacts.set(facts, lookup)
    return lookup
  }

  #report(seen: Lookups, sql: string, lookup: Lookup): void {
    seen.isFound = true
    seen.keys.clear()
    const frames = callerFrames()
    const at = frames[0] ?? 'an unknown place'
    const remedy = remedyFor(this.#db, lookup)
    const message = `Queries for one '${lookup.table}' after the other (N+1): ${seen.count} so far in one scope, at ${at}. ${remedy}`
    const finding: NPlusOneFinding = {
      ...{ sql, table: lookup.table, at, frames, remedy, error: new KantaError('query', message, { sql }) },
      get count() {
        return seen.count
      },
    }
    if (this.#findings.length >= MOST_FINDINGS) this.#findings.shift()
    this.#findings.push(finding)
    const logger: Logger | undefined = this.#db && loggerOf(this.#db)
    if (this.#found === undefined) return logger?.warn(message, { sql, frames })
    // What it throws fails the query; a promise is too late for that.
    const told: unknown = this.#found(finding)
    if (told instanceof Promise) quietly(logger, 'found() of nPlusOne()', () => told)
  }
}

/** Returns the values of the keys; all where some stand in the text more than once. */
const keysOf = ({ places, count }: Lookup, parameters: readonly unknown[]): readonly unknown[] =>
  count === parameters.length ? places.map((place) => parameters[place]) : parameters

/** Returns a hash of values (FNV-1a). Two keys with one hash count as one, which is rare. */
function hashOf(values: readonly unknown[]): number {
  let hash = 0x811c9dc5
  for (const value of values) {
    if (Number.isInteger(value)) hash = Math.imul(hash ^ (value as number), 0x01000193)
    else {
      const text = `${typeof value} ${String(value)}`
      for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    }
  }
  return hash
}

/** Names the relation that would read the rows with those that they belong to, or what reads many keys at once. */
function remedyFor(db: DatabaseHandle | undefined, { table, columns }: Lookup): string {
  const many = `read them by one query, where('${columns[0]}', 'in', …), or wrap the database in batched() of kanta/dal and ask for all at once.`
  const relation = db === undefined ? undefined : relationTo(db, table, columns)
  return relation === undefined
    ? `${many[0]!.toUpperCase()}${many.slice(1)}`
    : `Add .include('${relation.name}') to the query of '${relation.owner}', or ${many}`
}

function relationTo(
  db: DatabaseHandle,
  table: string,
  columns: readonly string[],
): { readonly name: string; readonly owner: string } | undefined {
  for (const owner of schemaOf(db).keys())
    for (const relation of relationsOf(db as never, owner).values()) {
      const { name, target, link, through } = relation
      const ends = (through?.link ?? link).to
      if (target.name === table && ends.some((column) => columns.includes(column))) return { name, owner }
    }
  return undefined
}

/**
 * Finds queries that run once for each row of another query (N+1): selects of one shape with different keys, in one
 * `queryScope()`. Pages of a list, lists of keys and the same key again are none. It tells the line of the program, and
 * the `include()` or `batched()` that would do. It keeps no parameters.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { nPlusOne } from 'kanta/debug'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const finder = nPlusOne({
 *   from: 5,
 *   found: ({ error }) => {
 *     throw error
 *   },
 * })
 * const db = kanta({ driver: sqlite(':memory:'), plugins: [finder] })
 * ```
 */
export function nPlusOne(options: NPlusOneOptions = {}): NPlusOnePlugin {
  checkOptions('nPlusOne()', options, ['from', 'found'])
  const { from = 5, found } = options
  if (!Number.isInteger(from) || from < 2)
    refuse(`nPlusOne({ from }) takes a whole number, 2 or more, not ${show(from)}.`)
  if (found !== undefined && typeof found !== 'function')
    refuse(`nPlusOne({ found }) takes a function, not ${show(found)}.`)
  return new NPlusOnePlugin(from, found)
}
