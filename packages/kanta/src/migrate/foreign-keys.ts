import type { DatabaseHandle } from '../extend/internal/index.ts'
import { sql } from '../sql/index.ts'
import { firstRow } from './first-row.ts'

/** Turns the foreign keys of a connection off and on. */
export interface ForeignKeySwitch {
  /** Returns a function that restores the current setting, since others use the connection after a migration. */
  keep(db: DatabaseHandle): Promise<() => Promise<void>>
  /** Turns them off, and returns a function that restores the setting. */
  off(db: DatabaseHandle): Promise<() => Promise<void>>
  /** Counts the rows with violated foreign keys, by table and target. */
  violations(db: DatabaseHandle): Promise<ReadonlyMap<string, number>>
  /** Checks if a statement is such a switch, which has no effect in a transaction. */
  isSwitch(sql: string): boolean
}

/** The switch of SQLite, where dropping a table in a rebuild would delete the rows that refer to it. */
export const foreignKeyPragmas: ForeignKeySwitch = {
  keep: saveSetting,
  off: async (db) => {
    const restore = await saveSetting(db)
    await sql`pragma foreign_keys = off`.execute(db)
    return restore
  },
  violations: countViolations,
  isSwitch: (text) => /^\s*pragma\s+(?:\w+\.)?foreign_keys\s*[=(]/i.test(text),
}

async function saveSetting(db: DatabaseHandle): Promise<() => Promise<void>> {
  const row = await firstRow(db, sql`pragma foreign_keys`)
  const setting = sql.raw(Number(row?.foreign_keys) === 0 ? 'off' : 'on')
  return async () => void (await sql`pragma foreign_keys = ${setting}`.execute(db))
}

interface Violation {
  readonly table: string
  readonly rowid: number | null
  readonly parent: string
  readonly fkid: number
}

async function countViolations(db: DatabaseHandle): Promise<ReadonlyMap<string, number>> {
  const { rows } = (await sql`pragma foreign_key_check`.execute(db)) as { rows: Violation[] }
  const found = new Map<string, number>()
  for (const { table, parent } of rows) {
    const key = `'${table}' to '${parent}'`
    found.set(key, (found.get(key) ?? 0) + 1)
  }
  return found
}
