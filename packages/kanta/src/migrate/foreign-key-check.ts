import { titleOf } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import { engineOf } from './engine.ts'
import type { NamedMigration } from './migration.ts'

/** Turns foreign keys off, and returns a function that restores them. */
export const turnForeignKeysOff = async (db: DatabaseHandle): Promise<(() => Promise<void>) | undefined> =>
  engineOf(db).foreignKeys?.off(db)

/** Returns a function that restores the current foreign-key setting of the connection. */
export const saveForeignKeySetting = async (db: DatabaseHandle): Promise<(() => Promise<void>) | undefined> =>
  engineOf(db).foreignKeys?.keep(db)

/** Rejects migrations that turn foreign keys off on databases that do not need it. */
export function refuseForeignKeysOff(db: DatabaseHandle, named: readonly NamedMigration[]): void {
  const found = named.find(({ migration }) => migration.foreignKeys === 'off')
  if (found === undefined || engineOf(db).foreignKeys !== undefined) return
  throw new KantaError(
    'unsupported',
    `The migration '${found.name}' turns foreign keys off, which only SQLite needs. Leave foreignKeys out on ${titleOf(dialectOf(db))}.`,
  )
}

/** Counts the rows with violated foreign keys, by table and target. */
export const countViolations = async (db: DatabaseHandle): Promise<ReadonlyMap<string, number>> =>
  (await engineOf(db).foreignKeys?.violations(db)) ?? new Map()

/** Throws if more rows violate foreign keys than before. */
export async function checkForeignKeys(db: DatabaseHandle, before: ReadonlyMap<string, number>): Promise<void> {
  const after = await countViolations(db)
  const worse = [...after]
    .map(([key, count]) => ({ key, more: count - (before.get(key) ?? 0) }))
    .filter(({ more }) => more > 0)
  if (worse.length === 0) return
  const list = worse.map(({ key, more }) => `${more} from ${key}`).join(', ')
  throw new KantaError(
    'foreign_key_violation',
    `The migration ran with foreign keys off and left violations: ${list}. Copy the missing rows, or remove those that refer to them.`,
  )
}
