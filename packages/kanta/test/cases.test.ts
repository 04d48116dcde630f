import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromJSON, KantaError, toJSON } from '../src/index.ts'
import { fold, isTransient, mapChildren, type Node, type Shape, walk } from '../src/ir/index.ts'
import type { Case, Loose, World } from './case.ts'
import { clauses } from './cases/index.ts'
import { type DriverName, drivers, leftOut, type Opened, open } from './fixture.ts'

interface Compiled {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** A query as the runner sees it. */
interface Query {
  readonly shape: Shape
  readonly node: Node
  readonly args: readonly unknown[]
  compile(given?: unknown): Compiled
  execute(given?: unknown): Promise<unknown>
  executeTakeFirst(given?: unknown): Promise<unknown>
  stream(given?: unknown): AsyncIterable<unknown>
}

/** The databases of a driver; one that was written to is not used again. */
class Databases {
  readonly #driver: DriverName
  readonly #open = new Map<string, Promise<Opened>>()

  constructor(driver: DriverName) {
    this.#driver = driver
  }

  get(world: World, fresh: boolean): Promise<Opened> {
    const key = `${world} ${fresh}`
    let opened = this.#open.get(key)
    if (opened === undefined) {
      opened = open(this.#driver, { world, fresh, watch: fresh })
      this.#open.set(key, opened)
    }
    return opened
  }

  async spoil(world: World, fresh: boolean): Promise<void> {
    const key = `${world} ${fresh}`
    const opened = await this.#open.get(key)
    this.#open.delete(key)
    await opened?.close()
  }

  async close(): Promise<void> {
    for (const opened of this.#open.values()) await (await opened).close()
  }
}

const isStatement = (query: Query): boolean => query.shape !== undefined
const isPrepared = (one: Case): boolean => one.values !== undefined

/** What a case gives to `compile` and `execute`: the values of a prepared query; the database for text. */
const givenTo = (one: Case, query: Query, db: Loose): unknown =>
  isPrepared(one) ? one.values : isStatement(query) ? undefined : db

/** A Buffer, which better-sqlite3 gives, is a Uint8Array with more methods. */
function withoutBuffers(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return new Uint8Array(value)
  if (Array.isArray(value)) return value.map(withoutBuffers)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutBuffers(item)]))
}

/** Rows of a query without an order may come in any. */
function expectRows(given: unknown, rows: readonly unknown[], ordered: boolean): void {
  const found = withoutBuffers(given)
  if (ordered) expect(found).toEqual(rows)
  else {
    expect(found).toHaveLength(rows.length)
    expect(found).toEqual(expect.arrayContaining(rows as unknown[]))
    expect(rows).toEqual(expect.arrayContaining(found as unknown[]))
  }
}

const treeOf = (query: Query): Node | undefined => (isStatement(query) ? (fold(query.shape).tree as Node) : undefined)

function isOrdered(query: Query): boolean {
  const tree = treeOf(query)
  return tree?.kind === 'select' && tree.orderBy.length > 0
}

async function expectOutcome(one: Case, query: Query, found: unknown): Promise<void> {
  if (one.rows !== undefined) expectRows(found, one.rows, isOrdered(query))
  else if (isStatement(query) || isPrepared(one)) expect(found).toEqual([one.result])
  else expect(found).toEqual(one.result)
}

const handleOf = (one: Case, db: Loose): Loose => one.on?.(db) ?? db

const build = (one: Case, db: Loose): unknown => one.query(handleOf(one, db))

async function errorOf(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  return expect.fail('Nothing was thrown.')
}

function expectError(error: unknown, code: string, message: RegExp): void {
  expect(error).toBeInstanceOf(KantaError)
  expect(`${(error as KantaError).code}: ${(error as KantaError).message}`).toMatch(
    new RegExp(`^${code}: .*(?:${message.source})`, `s${message.flags}`),
  )
}

async function refuses(one: Case, code: string, message: RegExp, { db }: Opened): Promise<void> {
  const error = await errorOf(async () => {
    const query = build(one, db) as Query | Promise<unknown>
    if (query instanceof Promise) await query
    else if (one.values !== undefined) await (query as Query).execute(one.values)
    else if (typeof (query as Query).compile === 'function') (query as Query).compile(givenTo(one, query as Query, db))
  })
  expectError(error, code, message)
}

/** Shapes hold each other, so that the difference of two would take minutes to print. */
const expectSame = (found: unknown, expected: unknown): void => expect(found === expected, 'the same object').toBe(true)

const same = <T>(part: T): T => part

function expectText(one: Case, query: Query, given: unknown): void {
  const { sql, parameters } = query.compile(given)
  expect({ sql, parameters }).toEqual({ sql: one.sql?.sqlite, parameters: one.parameters ?? [] })
}

/** Text, parameters and structure. */
function compiles(one: Case, query: Query, db: Loose): void {
  const given = givenTo(one, query, db)
  if (one.sql === undefined) expect(() => query.compile(given)).toThrow(/take several statements/)
  else expectText(one, query, given)
  if (isPrepared(one)) return
  const again = build(one, db) as Query
  if (one.transient === true) expect(isTransient(query.shape)).toBe(true)
  else expectSame(again.shape ?? again.node, query.shape ?? query.node)
  const tree = treeOf(query)
  if (tree !== undefined) walk(tree, (part) => expectSame(mapChildren(part, same), part))
}

async function runs(one: Case, query: Query, db: Loose): Promise<void> {
  const given = givenTo(one, query, db)
  if (one.fails !== undefined) expectError(await errorOf(() => query.execute(given)), ...one.fails)
  else await expectOutcome(one, query, await query.execute(given))
  if (one.after !== undefined) {
    const [after, rows] = one.after
    const then = after(db) as Query
    expectRows(await then.execute(), rows, isOrdered(then))
  }
}

/** One row, and rows one by one, are the same rows. */
async function readsInOtherWays(one: Case, query: Query, db: Loose): Promise<void> {
  if (one.rows === undefined || (treeOf(query) ?? { kind: 'select' }).kind !== 'select') return
  const given = isPrepared(one) ? one.values : undefined
  const first = await query.executeTakeFirst(given)
  if (one.rows.length === 0) expect(first).toBeUndefined()
  else expect(one.rows).toContainEqual(withoutBuffers(first))
  const streamed: unknown[] = []
  for await (const row of isPrepared(one) ? query.stream(given) : query.stream(2)) streamed.push(row)
  expectRows(streamed, one.rows, isOrdered(query))
  void db
}

function some(tree: Node, test: (part: Node) => boolean): boolean {
  let found = false
  walk(tree, (part) => {
    found ||= test(part)
  })
  return found
}
const hasText = (tree: Node): boolean => some(tree, (part) => part.kind === 'raw')
/** A table object is stored by its name, as which it comes back. */
const hasDefinition = (tree: Node): boolean =>
  some(tree, (part) => part.kind === 'table' && part.definition !== undefined)

describe.each(Object.keys(drivers) as DriverName[])('%s', (driver) => {
  const databases = new Databases(driver)
  afterAll(() => databases.close())

  async function whole(one: Case): Promise<void> {
    const world = one.world ?? 'defined'
    const cached = await databases.get(world, false)
    if (one.refused !== undefined) return refuses(one, 'invalid_input', one.refused, cached)
    if (one.unsupported !== undefined) return refuses(one, 'unsupported', one.unsupported, cached)
    const query = build(one, cached.db) as Query
    const reads = one.rows !== undefined && one.sql?.sqlite.match(/^(select|with(?!.*(insert|update|delete) ))/) != null
    const spoiling = (fresh: boolean, run: () => Promise<void>) =>
      reads ? run() : run().finally(() => databases.spoil(world, fresh))
    compiles(one, query, cached.db)
    await spoiling(false, () => runs(one, query, cached.db))
    if (reads) await readsInOtherWays(one, query, cached.db)
    await spoiling(true, () => uncached(one, world))
    if (isStatement(query))
      await spoiling(false, async () => stored(one, query, (await databases.get(world, false)).db))
  }

  /** A database that plans each time, through the hooks. */
  async function uncached(one: Case, world: World): Promise<void> {
    const { db, statements } = await databases.get(world, true)
    const query = build(one, db) as Query
    if (one.sql !== undefined) expectText(one, query, givenTo(one, query, db))
    statements.length = 0
    const { after, ...rest } = one
    await runs(rest, query, db)
    const expected = one.statements ?? [[one.sql!.sqlite, one.parameters ?? []]]
    expect(statements).toEqual(expected)
    if (after !== undefined) expectRows(await (after[0](db) as Query).execute(), after[1], false)
  }

  async function stored(one: Case, query: Query, db: Loose): Promise<void> {
    const json: unknown = JSON.parse(JSON.stringify(toJSON(query as never)))
    const restore = (trustText: boolean) =>
      fromJSON(handleOf(one, db) as never, json as never, { trustText }) as unknown as Query
    const trusted = hasText(treeOf(query)!)
    if (trusted) expect(() => restore(false)).toThrow(/contains SQL text/)
    const again = restore(trusted)
    if (one.sql !== undefined) expectText(one, again, undefined)
    if (one.transient !== true)
      expectSame(again.shape, trusted || hasDefinition(treeOf(query)!) ? restore(trusted).shape : query.shape)
    await runs(one, again, db)
  }

  describe.each(Object.keys(clauses))('%s', (clause) => {
    for (const one of clauses[clause]!) {
      const reason = leftOut[driver]?.[one.name]
      if (reason === undefined) test(one.name, () => whole(one))
      else test.skip(`${one.name} (left out: ${reason})`, () => whole(one))
    }
  })
})

beforeAll(() => {
  for (const [clause, cases] of Object.entries(clauses)) {
    const names = cases.map((one) => one.name)
    const twice = names.filter((name, i) => names.indexOf(name) !== i)
    if (twice.length > 0) throw new Error(`Two cases of ${clause} have one name: ${twice.join(', ')}`)
  }
})
