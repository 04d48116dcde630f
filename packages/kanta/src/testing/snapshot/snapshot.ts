import type { CatalogName, CatalogTable } from '../../dialect/index.ts'
import { refuse } from '../../error/index.ts'
import { DatabaseHandle, dialectOf, withoutPolicies } from '../../extend/internal/index.ts'
import type { AnyInfo, Database } from '../../face/index.ts'
import { type Catalog, introspect } from '../../introspect/index.ts'
import { show, sql } from '../../sql/index.ts'
import { type SnapshotFacet, snapshotFacets } from './database.ts'

/** The rows of a database as they were. */
export interface Snapshot {
  /** Gives all tables the rows that they had. */
  restore(): Promise<void>
  /** Removes the copies. */
  drop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const PREFIX = 'kanta_snapshot_'

/**
 * Copies the rows of all tables within the database, so that they are restored in milliseconds. Unlike a sandbox it also
 * undoes what other connections write. Tables that are created or changed later are left as they are.
 *
 * On PostgreSQL restoring needs the right to set `session_replication_role`. Triggers do not run, but on MariaDB: what
 * they write is undone there, unless a trigger writes to a table that has triggers itself.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { sqlite } from 'kanta/sqlite'
 * import { snapshot } from 'kanta/testing'
 *
 * const author = table('author', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
 * const db = kanta({ driver: sqlite(':memory:'), schema: { author } })
 * await db.schema.createTable(author).execute()
 *
 * const empty = await snapshot(db)
 * await db.insertInto('author').values({ name: 'Ada' }).execute()
 * await empty.restore()
 * const authors = await db.selectFrom('author').selectAll().execute() // []
 * await db.destroy()
 * ```
 */
export async function snapshot<DB, I extends AnyInfo>(db: Database<DB, I>): Promise<Snapshot> {
  if (!((db as unknown) instanceof DatabaseHandle)) return refuse(`snapshot(${show(db)}) takes a database.`)
  const handle = withoutPolicies(db as unknown as DatabaseHandle)
  const kept = new TableCopies(handle, await introspect(handle as never))
  await kept.copy()
  return { restore: () => kept.restore(), drop: () => kept.drop(), [Symbol.asyncDispose]: () => kept.drop() }
}

interface Copy {
  readonly table: string
  readonly name: string
  readonly columns: string
}

/** The copies of the tables of a database. */
class TableCopies {
  readonly #db: DatabaseHandle
  readonly #facet: SnapshotFacet
  readonly #copies: readonly Copy[]

  constructor(db: DatabaseHandle, { tables, triggers }: Catalog) {
    const { quote } = dialectOf(db)
    this.#db = db
    this.#facet = snapshotFacets.of(dialectOf(db))
    // Another process may have snapshots of the same database.
    const number = crypto.randomUUID().slice(0, 13).replace('-', '')
    const kept = tables.filter(
      ({ name, kind, schema }) => isPlain(kind) && !name.startsWith(PREFIX) && schema !== 'kanta_snapshot',
    )
    this.#copies = this.#ordered(kept, triggers).map((table, i) => ({
      table: (table.schema === null ? [table.name] : [table.schema, table.name]).map(quote).join('.'),
      name: `${this.#facet.place}${PREFIX}${number}_${i}`,
      columns: table.columns.flatMap(({ name, generated }) => (generated === null ? [quote(name)] : [])).join(', '),
    }))
  }

  #ordered(tables: readonly CatalogTable[], triggers: Catalog['triggers']): readonly CatalogTable[] {
    const ordered = byReference(tables)
    if (this.#facet.runsTriggers !== true) return ordered
    // Those with triggers come first, so that what these write to the others is undone.
    const hasTrigger = ({ name }: CatalogTable): boolean => triggers.some(({ table }) => table === name)
    return [...ordered].sort((a, b) => Number(hasTrigger(b)) - Number(hasTrigger(a)))
  }

  async copy(): Promise<void> {
    for (const text of this.#facet.prepare) await this.#run(this.#db, text)
    for (const { table, name, columns } of this.#copies)
      await this.#run(this.#db, `create table ${name} as select ${columns} from ${table}`)
  }

  async restore(): Promise<void> {
    const { unguard, guard } = this.#facet
    await this.#db.transaction().execute(async (trx) => {
      await this.#run(trx, unguard)
      const triggers = await this.#dropTriggers(trx)
      try {
        await this.#restoreRows(trx)
        for (const text of triggers) await this.#run(trx, text)
      } finally {
        if (guard !== undefined) await this.#run(trx, guard)
      }
    })
  }

  async #restoreRows(trx: DatabaseHandle): Promise<void> {
    for (const { table } of this.#copies.toReversed()) await this.#run(trx, `delete from ${table}`)
    for (const { table, name, columns } of this.#copies) {
      // Triggers of the tables before may have written to it.
      if (this.#facet.runsTriggers === true) await this.#run(trx, `delete from ${table}`)
      const { overriding } = this.#facet
      await this.#run(trx, `insert into ${table} (${columns})${overriding} select ${columns} from ${name}`)
    }
  }

  /** Drops the triggers for the time of the transaction, and returns the text of each. */
  async #dropTriggers(trx: DatabaseHandle): Promise<readonly string[]> {
    if (this.#facet.triggers === undefined) return []
    const { rows } = (await sql.raw(this.#facet.triggers).execute(trx as never)) as {
      rows: readonly { name: string; text: string }[]
    }
    for (const { name } of rows) await this.#run(trx, `drop trigger ${dialectOf(trx).quote(name)}`)
    return rows.map(({ text }) => text)
  }

  async drop(): Promise<void> {
    for (const { name } of this.#copies) await this.#run(this.#db, `drop table if exists ${name}`)
  }

  async #run(db: DatabaseHandle, text: string): Promise<void> {
    await sql.raw(text).execute(db as never)
  }
}

/** Orders tables before those that refer to them: SQLite may refuse at once to delete what is referred to. */
function byReference(tables: readonly CatalogTable[]): readonly CatalogTable[] {
  const isSame = (one: CatalogName, other: CatalogName): boolean =>
    one.name === other.name && one.schema === other.schema
  const ordered = new Set<CatalogTable>()
  const visited = new Set<CatalogTable>()
  const visit = (table: CatalogTable): void => {
    if (visited.has(table)) return
    visited.add(table)
    for (const { target } of table.foreignKeys) tables.filter((other) => isSame(other, target)).forEach(visit)
    ordered.add(table)
  }
  tables.forEach(visit)
  return [...ordered]
}

/** A partition is restored with its table; what is foreign or virtual is not. */
const isPlain = (kind: CatalogTable['kind']): boolean => kind === 'table' || kind === 'partitioned'
