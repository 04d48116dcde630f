import { refuse } from '../error/index.ts'
import { DatabaseHandle } from '../extend/internal/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { show } from '../sql/index.ts'
import { TableRepository } from './repository.ts'
import { atomically } from './rows.ts'

/** An operation that a batch does, and what it gives. */
export interface BatchItem<out T> {
  readonly result?: T
}

/** The operations of a repository that a batch can do. */
const WRITES = [
  ...(['create', 'createMany', 'update', 'updateMany', 'delete', 'deleteMany', 'upsert', 'upsertMany'] as const),
  ...(['increment', 'claim', 'claimVersion', 'applyTransition', 'findOneAndUpdate', 'getOrCreate'] as const),
] as const

/** A repository whose operations are done later, with the others of a batch. */
export type Batched<R> = {
  readonly [K in keyof R & (typeof WRITES)[number]]: R[K] extends (...given: infer A) => Promise<infer T>
    ? (...given: A) => BatchItem<T>
    : never
}

class Item {
  readonly repository: TableRepository
  readonly operation: string
  readonly given: readonly unknown[]

  constructor(repository: TableRepository, operation: string, given: readonly unknown[]) {
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
 * context of `db`; gives the result of each in its place. If one fails, none has taken effect.
 *
 * @throws KantaError `invalid_input` for what is no operation; `unsupported` where the database has no transactions.
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
  return atomically(db, async (trx) => {
    const results: unknown[] = []
    for (const item of items as readonly Item[]) results.push(await item.run(trx))
    return results as never
  })
}

function batchedOf(repository: unknown): Record<string, unknown> {
  if (!(repository instanceof TableRepository)) return refuse(`b(${show(repository)}) takes a repository.`)
  const made = WRITES.map((operation) => {
    const record = (...given: unknown[]): Item => new Item(repository, operation, given)
    return [operation, record] as const
  })
  return Object.fromEntries(made)
}
