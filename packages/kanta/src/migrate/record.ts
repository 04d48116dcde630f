import { type DatabaseHandle, table } from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { definitionOf, type TablesOf } from '../table/index.ts'
import { hasTable } from './engine.ts'
import { VERSION } from './version.ts'

/** `applying` and `reverting` are what is left of a migration without a transaction that did not come to its end. */
export type RecordState = 'applied' | 'applying' | 'reverting'

/** What the database knows of a migration. */
export interface MigrationRecord {
  readonly name: string
  /** The place in the order in which migrations were applied, from 1 on. */
  readonly position: number
  readonly state: RecordState
  readonly checksum: string | null
  readonly applied_at: Date
  /** Milliseconds; null where it was only marked as applied. */
  readonly duration: number | null
  /** The version of Kanta. */
  readonly kanta: string
}

const recordTable = (name: string) =>
  table(name, (c) => ({
    name: c.varchar(255).primaryKey(),
    position: c.integer(),
    state: c.varchar(16),
    checksum: c.varchar(128).nullable(),
    applied_at: c.timestamp(),
    duration: c.integer().nullable(),
    kanta: c.varchar(32),
  }))

type RecordTable = ReturnType<typeof recordTable>
type Tables = { record: RecordTable }

/** The table in which a database keeps which migrations it has. */
export class Records {
  readonly #table: RecordTable

  constructor(name: string) {
    this.#table = recordTable(name)
  }

  /** All of them in the order in which they were applied; none where there is no table yet. */
  async read(db: DatabaseHandle): Promise<readonly MigrationRecord[]> {
    const { schema, name } = definitionOf(this.#table)!
    if (!(await hasTable(db, schema, name))) return []
    const rows = await this.#on(db).selectFrom(this.#table).selectAll().orderBy('position').execute()
    return rows as readonly MigrationRecord[]
  }

  /** Makes the table where it is missing. */
  async prepare(db: DatabaseHandle): Promise<void> {
    const { schema, name } = definitionOf(this.#table)!
    if (!(await hasTable(db, schema, name))) await this.#on(db).schema.createTable(this.#table).execute()
  }

  async add(
    db: DatabaseHandle,
    record: Pick<MigrationRecord, 'name' | 'position' | 'state' | 'checksum' | 'duration'>,
  ): Promise<void> {
    await this.#on(db)
      .insertInto(this.#table)
      .values({ ...record, applied_at: new Date(), kanta: VERSION })
      .execute()
  }

  async change(
    db: DatabaseHandle,
    name: string,
    change: Partial<Pick<MigrationRecord, 'state' | 'duration'>>,
  ): Promise<void> {
    await this.#on(db).updateTable(this.#table).set(change).where('name', '=', name).execute()
  }

  async remove(db: DatabaseHandle, name: string): Promise<void> {
    await this.#on(db).deleteFrom(this.#table).where('name', '=', name).execute()
  }

  #on(db: DatabaseHandle): Database<TablesOf<Tables>> {
    return db as unknown as Database<TablesOf<Tables>>
  }
}

/** The place of the next one. */
export const nextPosition = (records: readonly MigrationRecord[]): number =>
  records.reduce((last, { position }) => Math.max(last, position), 0) + 1
