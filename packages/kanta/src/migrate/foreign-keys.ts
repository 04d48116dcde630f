import type { Dialect } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'
import { sql } from '../sql/index.ts'
import { firstRow } from './engine.ts'
import type { Named } from './migration.ts'

/** Refuses migrations that turn them off where there is no need of it. */
export function refuseElsewhere(dialect: Dialect['name'], named: readonly Named[]): void {
  const found = named.find(({ migration }) => migration.foreignKeys === 'off')
  if (dialect === 'sqlite' || found === undefined) return
  throw new KantaError(
    'unsupported',
    `The migration '${found.name}' turns foreign keys off, which only SQLite needs. Leave foreignKeys out on ${dialect}.`,
  )
}

/** Turns the foreign keys of SQLite off on the connection, and gives what turns them on again. */
export async function withoutForeignKeys(db: DatabaseHandle): Promise<() => Promise<void>> {
  const restore = await keepForeignKeys(db)
  await sql`pragma foreign_keys = off`.execute(db)
  return restore
}

/** What makes SQLite check foreign keys on the connection just as it does now: others use that after a migration. */
export async function keepForeignKeys(db: DatabaseHandle): Promise<() => Promise<void>> {
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

/** The rows that refer to nothing, by what they should refer to. */
export async function violations(db: DatabaseHandle): Promise<ReadonlyMap<string, number>> {
  const { rows } = (await sql`pragma foreign_key_check`.execute(db)) as { rows: Violation[] }
  const found = new Map<string, number>()
  for (const { table, parent } of rows) {
    const key = `'${table}' to '${parent}'`
    found.set(key, (found.get(key) ?? 0) + 1)
  }
  return found
}

/** Refuses a change after which more rows refer to nothing than before it. */
export async function checkForeignKeys(db: DatabaseHandle, before: ReadonlyMap<string, number>): Promise<void> {
  const after = await violations(db)
  const worse = [...after]
    .map(([key, count]) => ({ key, more: count - (before.get(key) ?? 0) }))
    .filter(({ more }) => more > 0)
  if (worse.length === 0) return
  const list = worse.map(({ key, more }) => `${more} from ${key}`).join(', ')
  throw new KantaError(
    'foreign_key_violation',
    `With foreign keys off, references were left that lead nowhere: ${list}. Copy the rows that they need, or remove those that have them.`,
  )
}
