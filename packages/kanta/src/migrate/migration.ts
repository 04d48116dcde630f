import { nearest, refuse } from '../error/index.ts'
import type { Database } from '../face/index.ts'
import { show } from '../sql/index.ts'

/**
 * A step from one state of a database to the next.
 *
 * The first type has the tables before the migration, for `up`; the second those after it, for `down`. Without types,
 * all names of tables and columns are allowed. Give a migration types of its own rather than those of the program, so
 * that it still compiles when the program changes.
 *
 * @example
 * ```ts
 * import { sql } from 'kanta'
 * import type { Migration } from 'kanta/migrate'
 *
 * interface Before { city: { id: number; name: string } }
 * interface After { city: { id: number; name: string; slug: string | null } }
 *
 * export const addSlug: Migration<Before, After> = {
 *   async up(db) {
 *     await sql`alter table city add column slug text`.execute(db)
 *   },
 *   async down(db) {
 *     await sql`alter table city drop column slug`.execute(db)
 *   },
 * }
 * ```
 */
export interface Migration<Before = any, After = Before> {
  /** Makes the change. */
  up(db: Database<Before>): unknown
  /** Undoes the change. Without it, the migration cannot be reverted. */
  down?(db: Database<After>): unknown
  /**
   * `false` runs it outside of a transaction, for statements that cannot run in one, such as `create index
   * concurrently` or `vacuum`. If it fails halfway, it leaves the database dirty.
   */
  readonly transaction?: boolean | undefined
  /** `off` lets SQLite rebuild a table that others refer to. Foreign keys are checked before the commit. */
  readonly foreignKeys?: 'off' | undefined
  /** Identifies the version of the migration, as any text. An applied migration with another checksum is an error. */
  readonly checksum?: string | undefined
}

/** Migrations by name, in any order. They run sorted by name. */
export type Migrations = Readonly<Record<string, Migration>>

/** Migrations, or a function that loads them, such as `folder('migrations')` of `kanta/migrate/files`. */
export type MigrationSource = Migrations | (() => Migrations | Promise<Migrations>)

/** A migration and its name. */
export interface NamedMigration {
  readonly name: string
  readonly migration: Migration
}

/** Compares names by code units, so that the order is the same in every locale. */
export const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The maximum length of a name. */
const MAX_NAME_LENGTH = 255

const FIELDS: readonly (keyof Migration)[] = ['up', 'down', 'transaction', 'foreignKeys', 'checksum']

/** Loads the migrations of a source, checks them and sorts them by name. */
export async function load(source: MigrationSource): Promise<readonly NamedMigration[]> {
  const migrations = typeof source === 'function' ? await source() : source
  if (typeof migrations !== 'object' || migrations === null)
    return refuse(`The migrations must be an object of migrations by name, not ${show(migrations)}.`)
  const found = Object.entries(migrations).map(([name, migration]) => ({ name, migration }))
  const folded = new Map<string, string>()
  for (const { name, migration } of found) {
    checkMigration(name, migration)
    // Some file systems and databases do not distinguish upper and lower case.
    const twin = folded.get(name.toLowerCase())
    if (twin !== undefined)
      refuse(`The migrations '${twin}' and '${name}' differ only in upper and lower case. Rename one.`)
    folded.set(name.toLowerCase(), name)
  }
  return found.sort((a, b) => compareNames(a.name, b.name))
}

function checkMigration(name: string, migration: unknown): void {
  if (name.trim() !== name || name === '' || name.length > MAX_NAME_LENGTH)
    refuse(
      `The name of a migration must have 1 to ${MAX_NAME_LENGTH} characters without spaces around it, not ${show(name)}.`,
    )
  if (typeof migration !== 'object' || migration === null)
    return refuse(`The migration '${name}' must be an object with up() and optionally down(), not ${show(migration)}.`)
  // A module may export more than the migration; in a plain object, unknown keys are mistakes.
  const isModule = Object.prototype.toString.call(migration) === '[object Module]'
  for (const key of Object.keys(migration)) {
    if (isModule || FIELDS.includes(key as keyof Migration)) continue
    const near = nearest(key, FIELDS)
    refuse(
      `Unknown property '${key}' in the migration '${name}'.${near === undefined ? ` Use ${FIELDS.join(', ')}.` : ` Did you mean '${near}'?`}`,
    )
  }
  const { up, down, transaction, foreignKeys, checksum } = migration as Record<keyof Migration, unknown>
  if (typeof up !== 'function') refuse(`The migration '${name}' has no function up(db). Add one.`)
  if (down !== undefined && typeof down !== 'function')
    refuse(
      `down of the migration '${name}' must be a function, not ${show(down)}. Leave it out if there is no way back.`,
    )
  if (transaction !== undefined && typeof transaction !== 'boolean')
    refuse(`transaction of the migration '${name}' must be a boolean, not ${show(transaction)}.`)
  if (foreignKeys !== undefined && foreignKeys !== 'off')
    refuse(`foreignKeys of the migration '${name}' must be 'off', not ${show(foreignKeys)}. Leave it out otherwise.`)
  if (checksum !== undefined && (typeof checksum !== 'string' || checksum === '' || checksum.length > 128))
    refuse(`checksum of the migration '${name}' must be text of 1 to 128 characters.`)
  if (foreignKeys === 'off' && transaction === false)
    refuse(
      `The migration '${name}' has foreignKeys 'off' and transaction false. Remove one: foreign keys are checked before a commit.`,
    )
}
