import type { Transaction } from '../connect/index.ts'
import { KantaError } from '../error/index.ts'
import { beginTransaction, concurrencyOf, inTransactionOf, pause, sessionOf } from '../extend/internal/index.ts'
import type { Home } from './home.ts'
import type { Layer } from './layer.ts'
import { own, progress, transactions } from './tables.ts'

/** The options of a snapshot. */
export interface SnapshotOptions {
  readonly signal?: AbortSignal | undefined
  /** The longest time to look for a state of all databases, in milliseconds. */
  readonly timeout: number
}

/** The number of times that snapshots are opened before decisions are held up. */
const FREE_TRIES = 16

/**
 * Opens a snapshot of each database, all of one state: each transaction over several of them is in all or in none. Two
 * snapshots that are opened one after another need not be, and the marks of the transactions tell (the idea is that of
 * RAMP transactions, Bailis and others, SIGMOD 2014).
 */
export async function openSnapshot(
  home: Home,
  layers: readonly Layer[],
  { signal, timeout }: SnapshotOptions,
  hold: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<Snapshot> {
  for (let tries = 0; tries < FREE_TRIES; tries++) {
    const snapshot = await Snapshot.open(layers, signal)
    if (snapshot !== undefined) return snapshot
    if (tries > 2) await pause(tries, signal)
  }
  const until = performance.now() + timeout
  const wait = async (): Promise<Snapshot> => {
    for (;;) {
      const snapshot = await Snapshot.open(layers, signal)
      if (snapshot !== undefined) return snapshot
      if (performance.now() > until)
        throw new KantaError(
          'timeout',
          `No state of all databases was found in ${timeout} ms: a transaction is committed in one and not yet in another. See status().`,
        )
      await pause(10, signal)
    }
  }
  // A home of one connection could not be read while it is held.
  return hold(() => (concurrencyOf(home.layer.db) > 1 ? home.hold(wait) : wait()))
}

/** Open read-only transactions, one of each database. */
export class Snapshot {
  readonly #transactions: ReadonlyMap<Layer, Transaction>

  private constructor(opened: ReadonlyMap<Layer, Transaction>) {
    this.#transactions = opened
  }

  /** Opens transactions; `undefined` if they show a transaction in one database that is missing in another. */
  static async open(layers: readonly Layer[], signal: AbortSignal | undefined): Promise<Snapshot | undefined> {
    const opened = new Map<Layer, Transaction>()
    const snapshot = new Snapshot(opened)
    try {
      for (const layer of layers) {
        const { driver } = layer
        const settings = { isolation: driver.dialect.transaction.snapshot, access: 'read only' } as const
        opened.set(layer, await beginTransaction(sessionOf(layer.db), driver, settings, signal))
      }
      if (await snapshot.#isWhole()) return snapshot
    } catch (error) {
      await snapshot.close()
      throw error
    }
    await snapshot.close()
    return undefined
  }

  get handles(): Readonly<Record<string, unknown>> {
    return Object.freeze(
      Object.fromEntries(
        Array.from(this.#transactions, ([layer, transaction]) => [layer.name, inTransactionOf(layer.db, transaction)]),
      ),
    )
  }

  async close(): Promise<void> {
    for (const transaction of this.#transactions.values()) if (transaction.isOpen) await transaction.rollback()
  }

  async #isWhole(): Promise<boolean> {
    const seen = await Promise.all(
      Array.from(this.#transactions, async ([layer, transaction]) => {
        const db = own(layer.db, transaction.session)
        const marks = await db.selectFrom(transactions).select(['owner', 'number', 'layers']).execute()
        const floors = await db.selectFrom(progress).select(['owner', 'floor']).execute()
        return {
          name: layer.name,
          marks,
          keys: new Set(marks.map(keyOf)),
          floors: new Map(floors.map(({ owner, floor }) => [owner, floor])),
        }
      }),
    )
    return seen.every(({ marks }) =>
      marks.every((mark) => {
        const names = JSON.parse(mark.layers) as readonly string[]
        // Where an owner has no row, or a higher floor, its mark was removed since it has ended everywhere.
        const isIn = ({ name, keys, floors }: (typeof seen)[number]): boolean =>
          !names.includes(name) || keys.has(keyOf(mark)) || (floors.get(mark.owner) ?? mark.number + 1n) > mark.number
        return seen.every(isIn)
      }),
    )
  }
}

const keyOf = ({ owner, number }: { readonly owner: string; readonly number: bigint }): string => `${owner}-${number}`
