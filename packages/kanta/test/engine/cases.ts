import { afterAll, describe, expect, test } from 'vitest'
import { fromJSON, KantaError, toJSON } from '../../src/index.ts'
import { fold, type Node, type Shape, walk } from '../../src/ir/index.ts'
import type { Case, Loose, World } from '../case.ts'
import { clauses } from '../cases/index.ts'
import { type Opened, openWith } from '../fixture.ts'
import { fill, tables } from './data.ts'
import { type Engine, type Place, script } from './engine.ts'

/** A query as the runner sees it. */
interface Query {
  readonly shape: Shape | undefined
  compile(given?: unknown): { readonly sql: string; readonly parameters: readonly unknown[] }
  execute(given?: unknown): Promise<unknown>
  executeTakeFirst(given?: unknown): Promise<unknown>
  stream(given?: unknown): AsyncIterable<unknown>
}

/** What came of a case: its rows, or the error. */
type Outcome = { readonly found: unknown } | { readonly error: string }

/** A database with the rows of the fixture, which are put back after whatever writes. */
class Ground {
  readonly opened: Opened
  readonly #place: Place
  readonly #engine: Engine

  constructor(engine: Engine, place: Place, world: World, fresh: boolean) {
    this.#engine = engine
    this.#place = place
    this.opened = openWith(place.driver({ max: 2 }), { world, fresh })
  }

  static async make(engine: Engine, world: World, fresh: boolean): Promise<Ground> {
    const place = await engine.create()
    const texts = tables(engine.dialect)
    if (place.createTables === undefined) await script(place.driver({ max: 1 }), texts)
    else await place.createTables(texts)
    await script(place.driver({ max: 1 }), fill(engine.dialect))
    return new Ground(engine, place, world, fresh)
  }

  async refill(): Promise<void> {
    for (const sql of fill(this.#engine.dialect)) await this.opened.run(sql)
  }

  async close(): Promise<void> {
    await this.opened.close()
    await this.#place.drop()
  }
}

class Grounds {
  readonly #engine: Engine
  readonly #made = new Map<string, Promise<Ground>>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  get(world: World, fresh: boolean): Promise<Ground> {
    const key = `${world} ${fresh}`
    const known = this.#made.get(key) ?? Ground.make(this.#engine, world, fresh)
    this.#made.set(key, known)
    return known
  }

  async close(): Promise<void> {
    for (const made of this.#made.values()) await (await made).close()
  }
}

const treeOf = (query: Query): Node | undefined =>
  query.shape === undefined ? undefined : (fold(query.shape).tree as Node)

const isOrdered = (query: Query): boolean => {
  const tree = treeOf(query)
  return tree?.kind === 'select' && tree.orderBy.length > 0
}

/** What a case gives to `compile` and `execute`: the values of a prepared query; the database for text. */
const givenTo = (one: Case, query: Query, db: Loose): unknown =>
  one.values ?? (query.shape === undefined ? db : undefined)

/** A Buffer is a Uint8Array with more methods. */
function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return new Uint8Array(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

/** Rows without an order in the order of their text, so that they can be compared. */
function settled(found: unknown, ordered: boolean): unknown {
  const rows = plain(found)
  if (ordered || !Array.isArray(rows)) return rows
  const text = (row: unknown): string =>
    JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value))
  return rows.toSorted((a, b) => (text(a) < text(b) ? -1 : 1))
}

function explain(error: unknown): string {
  if (!(error instanceof KantaError)) throw error
  return error.code === 'invalid_input' || error.code === 'unsupported'
    ? `${error.code}: ${error.message}`
    : // The database's own words are not ours to hold it to.
      error.code
}

async function outcomeOf(run: () => Promise<unknown>, ordered: boolean): Promise<Outcome> {
  try {
    return { found: settled(await run(), ordered) }
  } catch (error) {
    return { error: explain(error) }
  }
}

async function streamed(query: Query, one: Case): Promise<unknown[]> {
  const rows: unknown[] = []
  for await (const row of one.values === undefined ? query.stream(2) : query.stream(one.values)) rows.push(row)
  return rows
}

const reads = (one: Case, query: Query): boolean => {
  const tree = treeOf(query)
  if (one.rows === undefined || (tree !== undefined && tree.kind !== 'select')) return false
  let writes = tree === undefined && !/^select/.test(one.sql?.sqlite ?? '')
  if (tree !== undefined) {
    walk(tree, (part) => {
      writes ||= part.kind === 'insert' || part.kind === 'update' || part.kind === 'delete' || part.kind === 'merge'
    })
  }
  return !writes
}

const hasText = (tree: Node): boolean => {
  let found = false
  walk(tree, (part) => {
    found ||= part.kind === 'raw'
  })
  return found
}

/** What a case builds, or why it is refused. */
async function built(one: Case, db: Loose): Promise<{ readonly query: Query } | { readonly error: string }> {
  try {
    const query = one.query(one.on?.(db) ?? db) as Query
    // One that is refused only when it runs.
    if (query instanceof Promise) {
      await query
      return { error: 'It is not refused.' }
    }
    if (one.sql !== undefined || one.refused !== undefined || one.unsupported !== undefined)
      query.compile?.(givenTo(one, query, db))
    return { query }
  } catch (error) {
    return { error: explain(error) }
  }
}

/**
 * Runs the whole case set on an engine: the text of each case is held by the snapshot of the engine, its rows are those
 * of SQLite (where it does not say why they differ, and then they are in the snapshot), with the cache and without it,
 * at once, one by one, and from its stored form.
 *
 * @param count the number of cases to run, spread over all of them; by default all.
 */
export function runCases(engine: Engine, count = Number.POSITIVE_INFINITY): void {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  const grounds = new Grounds(engine)
  afterAll(() => grounds.close())

  async function whole(one: Case): Promise<void> {
    const world = one.world ?? 'defined'
    const cached = await grounds.get(world, false)
    const { db } = cached.opened
    const made = await built(one, db)
    if ('error' in made) {
      if (engine.textsElsewhere !== true) expect(made.error).toMatchSnapshot()
      if (one.differs?.[engine.dialect] !== undefined) return
      if (one.refused !== undefined) expect(made.error).toMatch(one.refused)
      else if (one.unsupported === undefined)
        expect(made.error, 'It runs on SQLite. Say in `differs` why not here').toMatch(
          /^unsupported: .* is not available/s,
        )
      return
    }
    const differs = one.differs?.[engine.dialect] !== undefined
    if (one.refused !== undefined && !differs) return refusedWhenRun(one, made.query, db)
    await compared(one, made.query, cached, await grounds.get(world, true))
  }

  /** What is refused only when it runs. */
  async function refusedWhenRun(one: Case, query: Query, db: Loose): Promise<void> {
    const outcome = await outcomeOf(() => query.execute(givenTo(one, query, db)), true)
    expect(outcome).toHaveProperty('error', expect.stringMatching(one.refused!))
  }

  async function compared(one: Case, query: Query, cached: Ground, fresh: Ground): Promise<void> {
    const { db } = cached.opened
    const given = givenTo(one, query, db)
    const ordered = isOrdered(query)
    const readsOnly = reads(one, query)
    const run = async (ground: Ground, by: Query): Promise<Outcome> => {
      const outcome = await outcomeOf(() => by.execute(givenTo(one, by, ground.opened.db)), ordered)
      const after = one.after === undefined ? undefined : await (one.after[0](ground.opened.db) as Query).execute()
      if (!readsOnly) await ground.refill()
      return one.after === undefined ? outcome : { ...outcome, ...{ after: settled(after, false) } }
    }
    const text = one.sql === undefined && one.unsupported === undefined ? undefined : query.compile(given)
    const outcome = await run(cached, query)
    if (engine.textsElsewhere !== true)
      expect({ sql: text?.sql, parameters: plain(text?.parameters), ...outcome }).toMatchSnapshot()
    if (one.differs?.[engine.dialect] === undefined && one.unsupported === undefined)
      expectSameAsSqlite(one, outcome, ordered)
    // Without the cache, from the stored form and one by one it is the same.
    expect(await run(fresh, one.query(one.on?.(fresh.opened.db) ?? fresh.opened.db) as Query)).toEqual(outcome)
    if (query.shape !== undefined) {
      const tree = treeOf(query)!
      const json: unknown = JSON.parse(JSON.stringify(toJSON(query as never)))
      const again = fromJSON((one.on?.(db) ?? db) as never, json as never, { trustText: hasText(tree) })
      expect(await run(cached, again as unknown as Query)).toEqual(outcome)
    }
    if (readsOnly && 'found' in outcome && Array.isArray(outcome.found)) {
      expect(settled(await streamed(query, one), ordered)).toEqual(outcome.found)
      if (query.shape !== undefined || one.values !== undefined) {
        const first = plain(await query.executeTakeFirst(one.values))
        if (outcome.found.length === 0) expect(first).toBeUndefined()
        else expect(outcome.found).toContainEqual(first)
      }
    }
  }

  function expectSameAsSqlite(one: Case, outcome: Outcome & { readonly after?: unknown }, ordered: boolean): void {
    // Without definitions values come as each database has them.
    if (one.world === 'undefined') return
    if (one.fails !== undefined) expect(outcome).toEqual(expect.objectContaining({ error: one.fails[0] }))
    else if (one.rows !== undefined) {
      expect('found' in outcome ? outcome.found : outcome).toEqual(settled(one.rows, ordered))
    }
    if (one.after !== undefined) expect(outcome.after).toEqual(settled(one.after[1], false))
  }

  const total = Object.values(clauses).reduce((sum, cases) => sum + cases.length, 0)
  let place = 0
  const step = Math.max(1, Math.ceil(total / count))
  const isChosen = (): boolean => place++ % step === 0
  const chosen = Object.entries(clauses).map(([clause, cases]) => [clause, cases.filter(isChosen)] as const)
  describe.each(chosen.filter(([, cases]) => cases.length > 0))('%s', (clause, all) => {
    const left = (one: Case): string | undefined => engine.lacks?.[`${clause}: ${one.name}`] ?? engine.lacks?.[one.name]
    const cases = all.filter((one) => left(one) === undefined)
    test.each(cases.map((one) => [one.name, one] as const))('%s', (_, one) => whole(one))
    for (const one of all) if (left(one) !== undefined) test.skip(`${one.name} (left out: ${left(one)})`, () => {})
  })
}
