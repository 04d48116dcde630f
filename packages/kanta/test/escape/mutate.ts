import { fieldsOf, type Kind } from '../../src/ir/index.ts'
import type { Any } from './ground.ts'

/** Numbers that come in the same order for the same seed (Marsaglia's xorshift with a multiplication). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 1
  }

  below(most: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x | 0
    return (Math.imul(x, 0x9e3779b1) >>> 0) % most
  }

  one<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }
}

/** A place in a stored query where a node stands. */
interface Place {
  readonly holder: Any
  readonly key: string | number
}

/**
 * Makes other stored queries of some: puts every node into every part, renames what has a name, adds calls of other
 * queries, and puts text in every place. Nothing of it need be a query that a builder would make.
 */
export class Mutator {
  readonly #dice: Dice
  readonly #queries: readonly Any[]
  readonly #pool: readonly Any[]
  readonly #texts: readonly string[]

  /** `queries` are stored ones; their values go along with the places where they stand. */
  constructor(dice: Dice, queries: readonly Any[], texts: readonly string[]) {
    this.#dice = dice
    this.#queries = queries.map(withValues)
    this.#texts = texts
    this.#pool = this.#queries.flatMap((query) => placesOf(query).map(({ holder, key }) => holder[key]))
  }

  /** A stored query, ready for `fromJSON`. */
  next(): Any {
    const query = structuredClone(this.#dice.one(this.#queries))
    for (let left = this.#dice.one([0, 1, 1, 1, 1, 2, 2, 4]); left > 0; left--) this.#change(query)
    return withArguments(query)
  }

  #change(query: Any): void {
    const places = placesOf(query)
    if (places.length === 0) return
    const { holder, key } = this.#dice.one(places)
    switch (this.#dice.below(8)) {
      case 0:
      case 1:
        holder[key] = structuredClone(this.#dice.one(this.#pool))
        return
      case 2:
        holder[key] = this.#wrapped(holder[key])
        return
      case 3:
      case 4:
        return this.#rename(query)
      case 5:
        holder[key] = { kind: 'raw', strings: [this.#dice.one(this.#texts)], parts: [] }
        return
      case 6: {
        const other = structuredClone(this.#dice.one(this.#queries.filter(({ kind }) => kind === query.kind)))
        query.calls.splice(this.#dice.below(query.calls.length + 1), 0, this.#dice.one(other.calls))
        return
      }
      default: {
        const { kind, calls } = structuredClone(this.#dice.one(this.#queries))
        holder[key] = { kind: 'built', shape: { $: 'shape', kind, calls } }
      }
    }
  }

  #wrapped(inner: Any): Any {
    const name = this.#dice.one(WORDS)
    const more = structuredClone(this.#dice.one(this.#pool))
    return this.#dice.one<Any>([
      { kind: 'list', items: [inner] },
      { kind: 'tuple', items: [inner, more] },
      { kind: 'parens', operand: inner },
      { kind: 'alias', operand: inner, name },
      { kind: 'order', operand: inner, direction: 'asc' },
      { kind: 'count', amount: inner },
      { kind: 'call', name: this.#dice.one(FUNCTIONS), args: [inner] },
      { kind: 'aggregate', name: 'max', args: [inner], distinct: false, orderBy: [], withinGroup: [], filter: [] },
      { kind: 'case', whens: [{ kind: 'when', condition: inner, result: more }], otherwise: inner },
      { kind: 'jsonRows', query: inner, single: false },
      { kind: 'joined', style: 'left join', lateral: false, source: inner, on: [more] },
      { kind: 'setOperation', operator: 'union all', query: inner },
      { kind: 'cte', name, query: inner },
      { kind: 'binary', left: inner, op: '=', right: more },
      { kind: 'window', partitionBy: [inner], orderBy: [] },
      { kind: 'raw', strings: ['', ' '], parts: [inner] },
      { kind: 'listTable', values: inner },
      { kind: 'versioned', table: inner },
    ])
  }

  /** Another name for a table, a column, an alias or a function. */
  #rename(query: Any): void {
    const names: Place[] = []
    visit(query, (holder) => {
      for (const key of ['name', 'column', 'table', 'schema'])
        if (typeof holder.kind === 'string' && (holder[key] !== undefined || key === 'schema'))
          names.push({ holder, key })
    })
    if (names.length === 0) return
    const { holder, key } = this.#dice.one(names)
    holder[key] = this.#dice.one(holder.kind === 'call' ? FUNCTIONS : key === 'schema' ? SCHEMAS : WORDS)
  }
}

const SCHEMAS = ['main', 'public', 'temp', 'pg_catalog', 'information_schema', 'sys', 'users', 'open']
const WORDS = [
  ...['users', 'posts', 'open', 'USERS', 'Posts', 'u', 'id', 'tenant', 'owner', 'title', 'name', 'secret', 'gone'],
  ...['rowid', '_rowid_', 'oid', 'old', 'new', 'excluded', 'users.secret', 'SECRET', 'row_to_json', 'to_jsonb'],
  ...['sqlite_master', 'sqlite_schema', 'pg_class', 'tables', 'dual', 'main.users', 'public.users', '*', ''],
]
const FUNCTIONS = [
  ...[
    'count',
    'max',
    'min',
    'sum',
    'lower',
    'coalesce',
    'abs',
    'length',
    'json_array_length',
    'row_to_json',
    'to_jsonb',
  ],
  ...['query_to_xml', 'table_to_xml', 'pg_read_file', 'pg_table_size', 'currval', 'nextval', 'load_file', 'users'],
  ...['pragma_table_info', 'json_each', 'generate_series', 'json_agg', 'group_concat', 'load_extension', 'database'],
]

/** The places of all nodes in a stored query. */
function placesOf(query: Any): Place[] {
  const places: Place[] = []
  visit(query, (holder) => {
    for (const [key, value] of Object.entries<Any>(holder)) {
      if (Array.isArray(value)) {
        for (let at = 0; at < value.length; at++) {
          if (typeof value[at]?.kind === 'string' && value[at].$ === undefined) places.push({ holder: value, key: at })
          // A call is a part and its value.
          else if (key === 'calls' && typeof value[at]?.[1]?.kind === 'string')
            places.push({ holder: value[at], key: 1 })
        }
      } else if (typeof value?.kind === 'string' && value.$ === undefined) places.push({ holder, key })
    }
  })
  return places
}

function visit(part: Any, see: (holder: Any) => void): void {
  if (typeof part !== 'object' || part === null) return
  if (!Array.isArray(part)) see(part)
  for (const [key, value] of Object.entries(part))
    if (key !== 'value' || typeof part.leg !== 'string') visit(value, see)
}

/** Calls `see` for each argument in the order in which they are numbered. */
function eachArgument(part: Any, see: (arg: Any) => void): void {
  if (Array.isArray(part)) for (const item of part) eachArgument(item, see)
  else if (typeof part !== 'object' || part === null) return
  else if (part.$ === 'shape') for (const call of part.calls) eachArgument(call[1], see)
  else if (part.kind === 'arg') see(part)
  else if (typeof part.kind === 'string')
    for (const [name] of fieldsOf(part.kind as Kind) ?? []) eachArgument(part[name], see)
}

function withValues(query: Any): Any {
  const made = structuredClone(query)
  let at = 0
  for (const call of made.calls)
    eachArgument(call[1], (arg) => {
      arg.given = made.args[at]
      at++
    })
  return made
}

function withArguments(query: Any): Any {
  const args: unknown[] = []
  for (const call of query.calls)
    eachArgument(call[1], (arg) => {
      args.push(arg.given ?? null)
      delete arg.given
    })
  return { ...query, args, tables: {} }
}

/** Whether a common table expression reads one of its name, which may never come to an end. */
export function mayRecur(query: Any): boolean {
  let found = false
  visit(query, (cte) => {
    if (cte.kind !== 'cte' || found) return
    const name = String(cte.name).toLowerCase()
    visit(cte.query, (table) => {
      if (table.kind === 'table' && String(table.name).toLowerCase() === name) found = true
    })
    if (JSON.stringify(cte.query).includes('"raw"')) found = true
  })
  return found
}
