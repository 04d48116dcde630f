import { titleOf } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import { engineOf } from './engine.ts'
import type { Named } from './migration.ts'

/** Turns foreign keys off for migrations of which one says so, and gives what turns them on again. */
export const withoutForeignKeys = async (db: DatabaseHandle): Promise<(() => Promise<void>) | undefined> =>
  engineOf(db).foreignKeys?.off(db)

/** Gives what makes the connection check foreign keys just as it does now. */
export const keepForeignKeys = async (db: DatabaseHandle): Promise<(() => Promise<void>) | undefined> =>
  engineOf(db).foreignKeys?.keep(db)

/** Refuses migrations that turn them off where there is no need of it. */
export function refuseElsewhere(db: DatabaseHandle, named: readonly Named[]): void {
  const found = named.find(({ migration }) => migration.foreignKeys === 'off')
  if (found === undefined || engineOf(db).foreignKeys !== undefined) return
  throw new KantaError(
    'unsupported',
    `The migration '${found.name}' turns foreign keys off, which only SQLite needs. Leave foreignKeys out on ${titleOf(dialectOf(db))}.`,
  )
}

/** The rows that refer to nothing, by what they should refer to. */
export const violations = async (db: DatabaseHandle): Promise<ReadonlyMap<string, number>> =>
  (await engineOf(db).foreignKeys?.violations(db)) ?? new Map()

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
