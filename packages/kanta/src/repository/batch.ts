import { KantaError, refuse } from '../error/index.ts'
import { DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { show } from '../sql/index.ts'
import { hasTransactions } from './capability.ts'
import { OperationGround } from './operation.ts'
import { atomically } from './rows.ts'
import { together } from './together.ts'

/** An operation that a batch does, and what it gives. */
export interface BatchItem<out T> {
  readonly result?: T
}

/** The operations of a repository that a batch can do. */
const WRITES = [
  ...(['create', 'createMany', 'update', 'updateMany', 'delete', 'deleteMany', 'upsert', 'upsertMany'] as const),
  ...(['bulkCreate', 'bulkUpdate', 'bulkDelete'] as const),
  ...(['increment', 'claim', 'claimVersion', 'applyTransition', 'findOneAndUpdate', 'getOrCreate'] as const),
] as const

/** The operations that are one statement where relations and versions are left out. */
const SINGLE: ReadonlySet<string> = new Set([
  ...(['create', 'createMany', 'bulkCreate', 'update', 'updateMany', 'delete', 'deleteMany', 'bulkDelete'] as const),
  ...(['upsert', 'increment', 'claim', 'claimVersion'] as const),
])

/** A repository whose operations are done later, with the others of a batch. */
export type Batched<R> = {
  readonly [K in keyof R & (typeof WRITES)[number]]: R[K] extends (...given: infer A) => Promise<infer T>
    ? (...given: A) => BatchItem<T>
    : never
}

/** A repository, as far as a batch needs it. */
interface Bound {
  bindToTx(trx: unknown): unknown
  hasHooks(operation: string): boolean
}

class Item {
  readonly repository: Bound
  readonly operation: string
  readonly given: readonly unknown[]

  constructor(repository: Bound, operation: string, given: readonly unknown[]) {
    this.repository = repository
    this.operation = operation
    this.given = given
  }

  run(trx: DatabaseHandle): Promise<unknown> {
    const bound = this.repository.bindToTx(trx) as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>
    return bound[this.operation]!(...this.given)
  }
}

/**
 * Does operations of several repositories in one transaction, one after the other, with the policies, plugins and the
 * context of `db`; gives the result of each in its place. If one fails, none has taken effect. D1, which has no
 * transactions, does operations of one statement in one round trip.
 *
 * @throws KantaError `invalid_input` for what is no operation; `unsupported` for one of several statements on D1.
 *
 * @example
 * ```ts
 * const cities = repository(db, city)
 * const countries = repository(db, country)
 * const [finland, kemi] = await withBatch(db, (b) => [
 *   b(countries).upsert({ cca2: 'FI', name: 'Finland', area: 338_145 }),
 *   b(cities).create({ name: 'Kemi', country: 'FI' }),
 * ])
 * await cities.delete(kemi.id)
 * ```
 */
export async function withBatch<DB, I extends AnyInfo, const T extends readonly BatchItem<unknown>[]>(
  db: Database<DB, I>,
  build: (batched: <R>(repository: R) => Batched<R>) => T,
): Promise<{ -readonly [K in keyof T]: T[K] extends BatchItem<infer X> ? X : never }> {
  if (!(db instanceof DatabaseHandle)) return refuse(`withBatch(${show(db)}, …) takes a database first.`)
  if (typeof build !== 'function') return refuse('withBatch() takes a callback: (b) => [b(cities).delete(1)].')
  const items: unknown = build(batchedOf as never)
  if (!Array.isArray(items) || items.length === 0)
    return refuse('withBatch() needs at least one operation: (b) => [b(cities).delete(1)].')
  for (const [i, item] of items.entries())
    if (!(item instanceof Item)) refuse(`Operation ${i} of withBatch() is ${show(item)}. Make it by b(repository).`)
  return (await runItems(db, items as readonly Item[])) as never
}

/** Does operations of one repository as `withBatch()` does those of several. */
export async function batchOf(db: DatabaseHandle, repository: Bound, build: unknown): Promise<unknown[]> {
  if (typeof build !== 'function') return refuse('batch() takes a callback: (b) => [b.delete(1)].')
  const items: unknown = build(operationsOf(repository))
  if (!Array.isArray(items) || items.length === 0)
    return refuse('batch() needs at least one operation: (b) => [b.delete(1)].')
  for (const [i, item] of items.entries())
    if (!(item instanceof Item)) refuse(`Operation ${i} of batch() is ${show(item)}. Make it by b: b.delete(1).`)
  return runItems(db, items as readonly Item[])
}

function runItems(db: DatabaseHandle, items: readonly Item[]): Promise<unknown[]> {
  if (!hasTransactions(dialectOf(db))) return runTogether(db, items)
  return atomically(db, async (trx) => {
    const results: unknown[] = []
    for (const item of items) results.push(await item.run(trx))
    return results
  })
}

/** Does operations of one statement each in one round trip. */
function runTogether(db: DatabaseHandle, items: readonly Item[]): Promise<unknown[]> {
  for (const [i, { operation, repository }] of items.entries()) {
    const of = `Operation ${i} of the batch, ${operation}(),`
    if (!SINGLE.has(operation)) throw unsupported(`${of} takes several statements`)
    if (repository.hasHooks(operation)) throw unsupported(`${of} has hooks, which may run statements of their own`)
  }
  return together(
    db,
    items.map((item) => (handle) => item.run(handle)),
  )
}

const unsupported = (what: string): KantaError =>
  new KantaError(
    'unsupported',
    `${what}, and this database has no transactions. In a batch it does operations of one statement: ${[...SINGLE].join(', ')}.`,
  )

function batchedOf(repository: unknown): Record<string, unknown> {
  if (!(repository instanceof OperationGround)) return refuse(`b(${show(repository)}) takes a repository.`)
  return operationsOf(repository as never)
}

function operationsOf(repository: Bound): Record<string, unknown> {
  const made = WRITES.map((operation) => {
    const record = (...given: unknown[]): Item => new Item(repository, operation, given)
    return [operation, record] as const
  })
  return Object.fromEntries(made)
}
