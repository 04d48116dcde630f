import { KantaError } from '../error/index.ts'
import type { Layer } from './layer.ts'
import type { Participant } from './participant.ts'
import { owners, pools, progress, transactions } from './tables.ts'

/** A transaction that was decided. */
export interface Decision {
  readonly owner: string
  readonly number: bigint
  readonly layers: readonly string[]
  readonly redo: string | null
  readonly problem: string | null
}

/** The coordinator of some transactions, as the home knows it. */
export interface OwnerRow {
  readonly owner: string
  readonly keeper: string
  readonly beat: bigint
}

/**
 * The home of a commit over several databases: the decisions, and who may decide. A decision is a row that the home
 * commits together with its own work (the last resource of two-phase commit). Its owner must still keep its own
 * transactions then; recovery first takes them from it, and so never races with a decision.
 */
export class Home {
  readonly layer: Layer
  #pool: Promise<string> | undefined

  constructor(layer: Layer) {
    this.layer = layer
  }

  /** Returns the number of these databases, made once. */
  pool(): Promise<string> {
    this.#pool ??= this.#readPool().catch((error) => {
      this.#pool = undefined
      throw error
    })
    return this.#pool
  }

  async #readPool(): Promise<string> {
    const db = this.layer.own
    const read = async () => (await db.selectFrom(pools).select('id').orderBy('id').limit(1).executeTakeFirst())?.id
    const found = await read()
    if (found !== undefined) return found
    const id = randomId(8)
    // Two processes may write one each; the first in order counts for both, once both are there.
    await db
      .transaction()
      .setIsolationLevel('serializable')
      .retry()
      .execute(async (trx) => {
        if ((await trx.selectFrom(pools).select('id').executeTakeFirst()) === undefined)
          await trx.insertInto(pools).values({ id }).execute()
      })
    return (await read())!
  }

  /**
   * Writes the decision in the transaction of the home, unless another coordinator has taken the transactions of the
   * owner over. The row of the owner stays locked until the home has committed.
   */
  async decide(participant: Participant, decision: Omit<Decision, 'problem'>): Promise<void> {
    const { own, layer } = participant
    const { owner, number, layers, redo } = decision
    const row = own.selectFrom(owners).select('owner').where('owner', '=', owner).where('keeper', '=', owner)
    const { locks } = layer.driver.dialect.capabilities
    const kept = await (locks ? row.forShare() : row).executeTakeFirst()
    if (kept === undefined)
      throw new KantaError(
        'lock_lost',
        `This process did not answer for longer than 'lease', so another one has undone its open transactions. Run the transaction again.`,
      )
    await own
      .insertInto(transactions)
      .values({ owner, number, layers: JSON.stringify(layers), redo })
      .execute()
  }

  /**
   * Tells whether a transaction was decided whose commit got no answer. It waits for a commit that still runs, since
   * both write the same key.
   */
  async wasDecided({ owner, number }: Pick<Decision, 'owner' | 'number'>, patience: number): Promise<boolean> {
    const undo = new Error('undo')
    try {
      await this.layer.own.transaction().execute(
        async (trx) => {
          await trx.insertInto(transactions).values({ owner, number, layers: '[]' }).execute()
          throw undo
        },
        { signal: AbortSignal.timeout(patience) },
      )
    } catch (error) {
      if (error === undo) return false
      if (error instanceof KantaError && error.code === 'unique_violation') return true
      throw error
    }
    return false
  }

  async owners(): Promise<OwnerRow[]> {
    const rows = await this.layer.own.selectFrom(owners).selectAll().orderBy('owner').execute()
    const beats = await this.layer.own.selectFrom(progress).select(['owner', 'beat']).execute()
    const beatOf = new Map(beats.map(({ owner, beat }) => [owner, beat]))
    return rows.map((row) => ({ ...row, beat: beatOf.get(row.owner) ?? -1n }))
  }

  /** Shows that the owner is alive. Returns false if another coordinator has taken its transactions. */
  async beat(owner: string): Promise<boolean> {
    const db = this.layer.own
    await db
      .updateTable(progress)
      .set((eb) => ({ beat: eb('beat', '+', 1n) }))
      .where('owner', '=', owner)
      .execute()
    const row = db.selectFrom(owners).select('keeper').where('owner', '=', owner)
    return (await row.executeTakeFirst())?.keeper === owner
  }

  /** Takes the transactions of an owner over, unless its keeper has shown itself since it was seen. */
  takeOver({ owner, keeper, beat }: OwnerRow, by: string, patience: number): Promise<boolean> {
    return this.layer.own.transaction().execute(
      async (trx) => {
        const update = trx.updateTable(progress).set({ beat: beat + 1n })
        const seen = await update.where('owner', '=', owner).where('beat', '=', beat).executeTakeFirst()
        if (seen?.numUpdatedRows !== 1n) return false
        // It waits for a decision that is being committed.
        const take = trx.updateTable(owners).set({ keeper: by }).where('owner', '=', owner).where('keeper', '=', keeper)
        return (await take.executeTakeFirst())?.numUpdatedRows === 1n || keeper === by
      },
      { signal: AbortSignal.timeout(patience) },
    )
  }

  async decisions(owner?: string): Promise<Decision[]> {
    const all = this.layer.own.selectFrom(transactions).selectAll().orderBy('owner').orderBy('number')
    const rows = await (owner === undefined ? all : all.where('owner', '=', owner)).execute()
    return rows.map((row) => ({ ...row, layers: JSON.parse(row.layers) as string[] }))
  }

  async noteProblem({ owner, number }: Decision, problem: string): Promise<void> {
    await this.layer.own
      .updateTable(transactions)
      .set({ problem: problem.slice(0, 2_000) })
      .where('owner', '=', owner)
      .where('number', '=', number)
      .execute()
  }

  /** Holds up every decision while `work` runs. */
  hold<T>(work: () => Promise<T>): Promise<T> {
    return this.layer.own.transaction().execute(async (trx) => {
      const { locks } = this.layer.driver.dialect.capabilities
      const all = trx.selectFrom(owners).select('owner')
      await (locks ? all.forUpdate() : all).execute()
      return work()
    })
  }
}

/** Registers an owner in a database, before its first transaction there. */
export async function register({ own, isHome }: Layer, owner: string): Promise<void> {
  await own.transaction().execute(async (trx) => {
    await trx.insertInto(progress).values({ owner, beat: 0n, floor: 0n }).execute()
    if (isHome) await trx.insertInto(owners).values({ owner, keeper: owner }).execute()
  })
}

/** Removes what an owner has left in a database, once all of its transactions have ended. */
export async function retire({ own, isHome }: Layer, owner: string, patience: number): Promise<void> {
  await own.transaction().execute(
    async (trx) => {
      await trx.deleteFrom(progress).where('owner', '=', owner).execute()
      await trx.deleteFrom(transactions).where('owner', '=', owner).execute()
      if (isHome) await trx.deleteFrom(owners).where('owner', '=', owner).execute()
    },
    { signal: AbortSignal.timeout(patience) },
  )
}

/** Forgets transactions that have ended in every database. */
export async function forget({ own }: Layer, owner: string, numbers: readonly bigint[], floor: bigint): Promise<void> {
  await own.transaction().execute(async (trx) => {
    await trx.updateTable(progress).set({ floor }).where('owner', '=', owner).execute()
    await trx.deleteFrom(transactions).where('owner', '=', owner).where('number', 'in', numbers).execute()
  })
}

/** Returns a random hexadecimal number. */
export function randomId(digits: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(digits / 2))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
