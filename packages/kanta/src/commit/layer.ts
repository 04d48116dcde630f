import type { Pool } from '../connect/index.ts'
import type { Driver } from '../driver/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import { DatabaseHandle, dialectOf, driverOf, poolOf, sessionOf, started } from '../extend/internal/index.ts'
import { type Ability, commitFacets } from './database/index.ts'
import { fences, locks, type OwnDatabase, own, owners, pools, progress, transactions } from './tables.ts'

/** The way in which a database takes part in a commit over several. */
export type LayerMode =
  /** Its own commit is the decision. */
  | 'home'
  /** It is prepared before the decision. */
  | 'prepared'
  /** It cannot prepare: what it did is kept with the decision. */
  | 'staged'

const HOME_TABLES = [owners, progress, transactions, pools, locks]
const TABLES = [progress, transactions, fences]

/** One of the databases of `commit()`. */
export class Layer {
  readonly name: string
  readonly db: DatabaseHandle
  readonly own: OwnDatabase
  readonly driver: Driver
  readonly pool: Pool
  readonly isHome: boolean
  #ability: Ability | undefined
  #opening: Promise<void> | undefined
  /** The owners of this program that have a row here, or are about to. */
  readonly #registrations = new Map<string, Promise<void>>()

  constructor(name: string, db: unknown, isHome: boolean) {
    if (!(db instanceof DatabaseHandle) || poolOf(db) === undefined || sessionOf(db).inTransaction)
      refuse(`The layer '${name}' of commit() takes a whole database, as kanta() gives it.`)
    this.name = name
    this.db = db
    this.own = own(db)
    this.driver = driverOf(db)
    this.pool = poolOf(db)!
    this.isHome = isHome
    commitFacets.of(dialectOf(db))
  }

  get ability(): Ability {
    return this.#ability!
  }

  get mode(): LayerMode {
    return this.isHome ? 'home' : this.ability.twoPhase === undefined ? 'staged' : 'prepared'
  }

  /** Asks what the database can do, and creates the tables that are missing. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  /** Gives an owner a row here, once. */
  register(owner: string, act: (layer: Layer, owner: string) => Promise<void>): Promise<void> {
    let registering = this.#registrations.get(owner)
    if (registering === undefined) {
      registering = act(this, owner).catch((error) => {
        this.#registrations.delete(owner)
        throw error
      })
      this.#registrations.set(owner, registering)
    }
    return registering
  }

  isRegistered(owner: string): boolean {
    return this.#registrations.has(owner)
  }

  /** Runs a statement outside of the user's transactions. */
  async ask(sql: string, on: OwnDatabase = this.own): Promise<readonly Record<string, unknown>[]> {
    const result = await on.executeQuery({ sql, parameters: [] } as never)
    return (result as { readonly rows: readonly Record<string, unknown>[] }).rows
  }

  async #open(): Promise<void> {
    await started(this.db)
    const dialect = dialectOf(this.db)
    const ability = await commitFacets.of(dialect).ability((sql) => this.ask(sql), dialect.transaction)
    for (const table of this.isHome ? HOME_TABLES : TABLES) await ensureTable(this.own, table as typeof owners)
    this.#ability = ability
  }
}

/** Creates a table unless it is there. Another process may create it at the same time. */
async function ensureTable(db: OwnDatabase, table: typeof owners): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    try {
      await db.selectFrom(table).selectAll().limit(1).execute()
      return true
    } catch (error) {
      if (error instanceof KantaError && error.code === 'query') return false
      throw error
    }
  }
  if (await isThere()) return
  try {
    await db.schema.createTable(table).execute()
  } catch (error) {
    if (!(await isThere())) throw error
  }
}
