import { type DatabaseHandle, Executor, hasRunner, QueryRunner, withRunner } from '../extend/internal/index.ts'
import { Chain, type ExecuteOptions } from '../sql/index.ts'
import { copyRows } from './copy-rows.ts'
import { exactKey, foldedKey } from './exact-key.ts'
import { type Handle, handleOf } from './handle.ts'
import { KEY, type ListQuery, listQuery } from './list-query.ts'

const batchedHandles = new WeakMap<DatabaseHandle, DatabaseHandle>()

/**
 * Returns the same database, in which look-ups of one tick become one statement: selects of one table by one column,
 * such as `where('id', '=', id)`, that differ in the value alone. Everything else runs as it is, after the look-ups
 * before it. What is asked for twice is read once, and nothing is kept for later.
 *
 * @example
 * ```ts
 * const names = await Promise.all([1, 2, 3].map((id) =>
 *   batched(db).selectFrom('city').select('name').where('id', '=', id).executeTakeFirst()))
 * ```
 */
export function batched<D extends Handle>(db: D): D {
  const handle = handleOf('batched()', db)
  if (hasRunner(handle, batchingRunner)) return db
  let made = batchedHandles.get(handle)
  if (made === undefined) {
    made = withRunner(handle, batchingRunner)
    batchedHandles.set(handle, made)
  }
  return made as unknown as D
}

/** The hooks of a statement go by a plain handle, as if each caller ran its own. */
const batchingRunner = ({ settings, session }: Executor): QueryRunner =>
  new BatchingRunner(new Executor({ ...settings, makeRunner: undefined }, session))

/** The most values of one statement. */
const MOST_VALUES = 1_000

/** Whoever waits for the rows of one value. */
interface Caller {
  readonly query: Chain
  readonly single: boolean
  resolve(result: unknown): void
  reject(error: unknown): void
}

/** The callers of one value. */
interface Lookup {
  readonly value: unknown
  readonly callers: Caller[]
}

/** The transaction and the context in which code runs. */
type Surroundings = readonly unknown[]

const areSame = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one.every((part, i) => part === other[i])

/** Look-ups of one tick that may be one statement. */
class Batch {
  readonly list: ListQuery
  readonly options: ExecuteOptions | undefined
  readonly surroundings: Surroundings
  readonly lookups = new Map<string, Lookup>()
  /** The keys by what some collation could take for equal. */
  readonly #folded = new Map<string, string>()

  constructor(list: ListQuery, options: ExecuteOptions | undefined, surroundings: Surroundings) {
    this.list = list
    this.options = options
    this.surroundings = surroundings
  }

  /** Tells whether look-ups of a query with these options belong here. */
  takes(list: ListQuery, options: ExecuteOptions | undefined): boolean {
    return this.list === list && this.options?.signal === options?.signal && this.options?.onAbort === options?.onAbort
  }

  /** Adds a look-up; `false` where the database might take its value and another one for equal. */
  add(key: string, value: unknown, caller: Caller): boolean {
    const folded = foldedKey(key)
    const known = this.#folded.get(folded)
    if (known !== undefined && known !== key) return false
    this.#folded.set(folded, key)
    const lookup = this.lookups.get(key)
    if (lookup === undefined) this.lookups.set(key, { value, callers: [caller] })
    else lookup.callers.push(caller)
    return true
  }
}

/** Runs look-ups of one tick together. */
class BatchingRunner extends QueryRunner {
  readonly #executor: Executor
  readonly #open = new Set<Batch>()
  readonly #lists = new WeakMap<Chain['shape'], ListQuery | 'none'>()

  constructor(executor: Executor) {
    super(executor)
    this.#executor = executor
  }

  override execute(query: Chain, options?: ExecuteOptions): Promise<unknown[]> {
    return this.#run(query, false, options) as Promise<unknown[]>
  }

  override first(query: Chain, options?: ExecuteOptions): Promise<unknown> {
    return this.#run(query, true, options)
  }

  #run(query: Chain, single: boolean, options: ExecuteOptions | undefined): Promise<unknown> {
    const list = this.#listOf(query)
    const key = list === undefined ? undefined : exactKey(query.args[0], list.type)
    if (list === undefined || key === undefined) {
      // What was asked for before a write is read before it.
      for (const batch of this.#openHere()) this.#send(batch)
      return this.#executor.start(query, single, options)
    }
    return new Promise((resolve, reject) => {
      const caller: Caller = { query, single, resolve, reject }
      if (!this.#batchFor(list, options).add(key, query.args[0], caller)) this.#runAlone(caller, options)
    })
  }

  #listOf(query: Chain): ListQuery | undefined {
    const { session, settings } = this.#executor
    // A connection that is held has no identity under ambient().
    if (query.args.length !== 1 || (session.pool === undefined && !session.inTransaction)) return undefined
    let list = this.#lists.get(query.shape)
    if (list === undefined) {
      list = listQuery(query.shape, settings.planning.schema) ?? 'none'
      this.#lists.set(query.shape, list)
    }
    return list === 'none' ? undefined : list
  }

  get #surroundings(): Surroundings {
    const { session, settings } = this.#executor
    return [session.transaction, settings.ambientContext?.()]
  }

  /** Returns the open batches of the transaction and the context of whoever calls. */
  #openHere(): Batch[] {
    if (this.#open.size === 0) return []
    const here = this.#surroundings
    return [...this.#open].filter((batch) => areSame(batch.surroundings, here))
  }

  #batchFor(list: ListQuery, options: ExecuteOptions | undefined): Batch {
    const known = this.#openHere().find((batch) => batch.takes(list, options))
    if (known !== undefined) return known
    const batch = new Batch(list, options, this.#surroundings)
    this.#open.add(batch)
    // What is started by whoever calls runs in the same transaction and context.
    atEndOfTick(() => this.#send(batch))
    return batch
  }

  #send(batch: Batch): void {
    if (!this.#open.delete(batch)) return
    const { maxParameters } = this.#executor.dialect
    // Lists are padded to powers of two, and policies have parameters of their own.
    const most = Math.min(MOST_VALUES, 2 ** Math.floor(Math.log2(maxParameters * 0.9)))
    const lookups = [...batch.lookups]
    for (let at = 0; at < lookups.length; at += most) void this.#answer(batch, new Map(lookups.slice(at, at + most)))
  }

  /** Runs one statement for look-ups and gives each caller its rows. */
  async #answer({ list, options }: Batch, lookups: ReadonlyMap<string, Lookup>): Promise<void> {
    const callers = [...lookups.values()].flatMap((lookup) => lookup.callers)
    if (callers.length === 1) return this.#runAlone(callers[0]!, options)
    try {
      const values = [...lookups.values()].map(({ value }) => value)
      const rows = await this.#executor.start(new Chain(list.shape, [values], this), false, options)
      const rowsByKey = deal(rows as Row[], lookups, list.type)
      if (rowsByKey === undefined) {
        this.#lists.set(callers[0]!.query.shape, 'none')
        for (const caller of callers) this.#runAlone(caller, options)
      } else for (const [key, lookup] of lookups) giveRows(lookup.callers, rowsByKey.get(key)!)
    } catch (error) {
      for (const caller of callers) caller.reject(error)
    }
  }

  #runAlone({ query, single, resolve, reject }: Caller, options: ExecuteOptions | undefined): void {
    this.#executor.start(query, single, options).then(resolve, reject)
  }
}

type Row = Record<string, unknown>

/** Gives each look-up its rows; `undefined` where the database took for equal what is not. */
function deal(
  rows: readonly Row[],
  lookups: ReadonlyMap<string, Lookup>,
  type: string | undefined,
): Map<string, Row[]> | undefined {
  const dealt = new Map([...lookups.keys()].map((key): [string, Row[]] => [key, []]))
  for (const { [KEY]: value, ...row } of rows) {
    const own = dealt.get(exactKey(value, type) ?? '')
    if (own === undefined) return undefined
    own.push(row)
  }
  return dealt
}

function giveRows(callers: readonly Caller[], rows: readonly Row[]): void {
  callers.forEach(({ single, resolve }, i) => {
    const own = i === 0 ? rows : copyRows(rows)
    resolve(single ? own[0] : own)
  })
}

/** Calls a function once all promises that can go on have gone on. */
function atEndOfTick(act: () => void): void {
  const nextTick = globalThis.process?.nextTick
  void Promise.resolve().then(() => (nextTick === undefined ? setTimeout(act, 0) : nextTick(act)))
}
