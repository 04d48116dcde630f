import { type DatabaseHandle, table } from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { definitionOf, type TablesOf } from '../table/index.ts'
import { hasTable } from './engine.ts'
import { VERSION } from './version.ts'

/** `applying` and `reverting` remain if a migration without a transaction did not finish. */
export type RecordState = 'applied' | 'applying' | 'reverting'

/** The record of a migration in the database. */
export interface MigrationRecord {
  readonly name: string
  /** The position in the order of applied migrations, from 1 on. */
  readonly position: number
  readonly state: RecordState
  readonly checksum: string | null
  readonly applied_at: Date
  /** The duration in milliseconds; null if it was only marked as applied. */
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

/** The table of the applied migrations of a database. */
export class Records {
  readonly #table: RecordTable

  constructor(name: string) {
    this.#table = recordTable(name)
  }

  /** Returns all records in the order of application; none if the table does not exist. */
  async read(db: DatabaseHandle): Promise<readonly MigrationRecord[]> {
    const { schema, name } = definitionOf(this.#table)!
    if (!(await hasTable(db, schema, name))) return []
    const rows = await this.#typed(db).selectFrom(this.#table).selectAll().orderBy('position').execute()
    return rows as readonly MigrationRecord[]
  }

  /** Creates the table if it is missing. */
  async prepare(db: DatabaseHandle): Promise<void> {
    const { schema, name } = definitionOf(this.#table)!
    if (!(await hasTable(db, schema, name))) await this.#typed(db).schema.createTable(this.#table).execute()
  }

  async add(
    db: DatabaseHandle,
    record: Pick<MigrationRecord, 'name' | 'position' | 'state' | 'checksum' | 'duration'>,
  ): Promise<void> {
    await this.#typed(db)
      .insertInto(this.#table)
      .values({ ...record, applied_at: new Date(), kanta: VERSION })
      .execute()
  }

  async change(
    db: DatabaseHandle,
    name: string,
    change: Partial<Pick<MigrationRecord, 'state' | 'duration'>>,
  ): Promise<void> {
    await this.#typed(db).updateTable(this.#table).set(change).where('name', '=', name).execute()
  }

  async remove(db: DatabaseHandle, name: string): Promise<void> {
    await this.#typed(db).deleteFrom(this.#table).where('name', '=', name).execute()
  }

  #typed(db: DatabaseHandle): Database<TablesOf<Tables>> {
    return db as unknown as Database<TablesOf<Tables>>
  }
}

/** Returns the position of the next record. */
export const nextPosition = (records: readonly MigrationRecord[]): number =>
  records.reduce((last, { position }) => Math.max(last, position), 0) + 1
