import type { DatabaseHandle } from '../extend/internal/index.ts'
import { sql } from '../sql/index.ts'
import { firstRow } from './row.ts'

/** Turns the foreign keys of a connection off and on. */
export interface ForeignKeySwitch {
  /** Gives what makes the connection check foreign keys just as it does now: others use it after a migration. */
  keep(db: DatabaseHandle): Promise<() => Promise<void>>
  /** Turns them off, and gives what turns them on again. */
  off(db: DatabaseHandle): Promise<() => Promise<void>>
  /** The rows that refer to nothing, by what they should refer to. */
  violations(db: DatabaseHandle): Promise<ReadonlyMap<string, number>>
  /** Whether a statement does so itself, which is in vain within a transaction. */
  isSwitch(sql: string): boolean
}

/** SQLite, where a table that is dropped to be made anew would take the rows of others with it. */
export const foreignKeyPragmas: ForeignKeySwitch = {
  keep,
  off: async (db) => {
    const restore = await keep(db)
    await sql`pragma foreign_keys = off`.execute(db)
    return restore
  },
  violations,
  isSwitch: (text) => /^\s*pragma\s+(?:\w+\.)?foreign_keys\s*[=(]/i.test(text),
}

async function keep(db: DatabaseHandle): Promise<() => Promise<void>> {
  const row = await firstRow(db, sql`pragma foreign_keys`)
  const was = sql.raw(Number(row?.foreign_keys) === 0 ? 'off' : 'on')
  return async () => void (await sql`pragma foreign_keys = ${was}`.execute(db))
}

interface Violation {
  readonly table: string
  readonly rowid: number | null
  readonly parent: string
  readonly fkid: number
}

async function violations(db: DatabaseHandle): Promise<ReadonlyMap<string, number>> {
  const { rows } = (await sql`pragma foreign_key_check`.execute(db)) as { rows: Violation[] }
  const found = new Map<string, number>()
  for (const { table, parent } of rows) {
    const key = `'${table}' to '${parent}'`
    found.set(key, (found.get(key) ?? 0) + 1)
  }
  return found
}
