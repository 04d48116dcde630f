import type { CatalogTable } from '../../dialect/index.ts'
import { refuse } from '../../error/index.ts'
import { DatabaseHandle, dialectOf, withoutPolicies } from '../../extend/internal/index.ts'
import type { AnyInfo, Database } from '../../face/index.ts'
import { introspect } from '../../introspect/index.ts'
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
let snapshots = 0

/**
 * Copies the rows of all tables within the database, so that they are restored in milliseconds. Unlike a sandbox it also
 * undoes what other connections write. Tables that are created or changed later are left as they are.
 *
 * On PostgreSQL restoring needs the right to set `session_replication_role`; triggers do not run there. They do on
 * SQLite and MariaDB.
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
  const kept = new TableCopies(handle, (await introspect(handle as never)).tables)
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

  constructor(db: DatabaseHandle, tables: readonly CatalogTable[]) {
    const { quote } = dialectOf(db)
    this.#db = db
    this.#facet = snapshotFacets.of(dialectOf(db))
    const number = snapshots++
    this.#copies = tables
      .filter(({ name, kind, schema }) => isPlain(kind) && !name.startsWith(PREFIX) && schema !== 'kanta_snapshot')
      .map((table, i) => ({
        table: (table.schema === null ? [table.name] : [table.schema, table.name]).map(quote).join('.'),
        name: `${this.#facet.place}${PREFIX}${number}_${i}`,
        columns: table.columns.flatMap(({ name, generated }) => (generated === null ? [quote(name)] : [])).join(', '),
      }))
  }

  async copy(): Promise<void> {
    for (const text of this.#facet.prepare) await this.#run(this.#db, text)
    for (const { table, name, columns } of this.#copies)
      await this.#run(this.#db, `create table ${name} as select ${columns} from ${table}`)
  }

  async restore(): Promise<void> {
    const { unguard, guard, overriding } = this.#facet
    await this.#db.transaction().execute(async (trx) => {
      await this.#run(trx, unguard)
      try {
        for (const { table } of this.#copies) await this.#run(trx, `delete from ${table}`)
        for (const { table, name, columns } of this.#copies)
          await this.#run(trx, `insert into ${table} (${columns})${overriding} select ${columns} from ${name}`)
      } finally {
        if (guard !== undefined) await this.#run(trx, guard)
      }
    })
  }

  async drop(): Promise<void> {
    for (const { name } of this.#copies) await this.#run(this.#db, `drop table if exists ${name}`)
  }

  async #run(db: DatabaseHandle, text: string): Promise<void> {
    await sql.raw(text).execute(db as never)
  }
}

/** A partition is restored with its table; what is foreign or virtual is not. */
const isPlain = (kind: CatalogTable['kind']): boolean => kind === 'table' || kind === 'partitioned'
