import { nearest, refuse } from '../error/index.ts'
import type { Database } from '../face/index.ts'
import { show } from '../sql/index.ts'

/**
 * A step from one state of a database to the next.
 *
 * The first type is the tables before it, the second those after it: `up` sees the first and `down` the second. Without
 * types the names of tables and columns are free. Types of its own, and not those of the program, keep a migration
 * compiling when the program has moved on.
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
  /** Undoes it. Without one, the migration cannot be reverted. */
  down?(db: Database<After>): unknown
  /**
   * `false` runs it outside of a transaction, for statements that no transaction takes, such as `create index
   * concurrently` or `vacuum`. A failure in its midst then leaves the database dirty.
   */
  readonly transaction?: boolean | undefined
  /** `off` lets SQLite rebuild a table that others refer to. What it refers to is checked before the commit. */
  readonly foreignKeys?: 'off' | undefined
  /** Says which version of the migration this is, in any text; one that is applied and changed is then an error. */
  readonly checksum?: string | undefined
}

/** Migrations by their names, in any order: they run in the order of the names. */
export type Migrations = Readonly<Record<string, Migration>>

/** Migrations, or what loads them, such as `folder('migrations')` of `kanta/migrate/files`. */
export type MigrationSource = Migrations | (() => Migrations | Promise<Migrations>)

/** A migration and its name. */
export interface Named {
  readonly name: string
  readonly migration: Migration
}

/** The code units of two names decide, so that the order is the same on every machine and in every language. */
export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The longest name of a migration. */
const LONGEST = 255

const FIELDS: readonly (keyof Migration)[] = ['up', 'down', 'transaction', 'foreignKeys', 'checksum']

/** The migrations of a source, checked, in order. */
export async function load(source: MigrationSource): Promise<readonly Named[]> {
  const migrations = typeof source === 'function' ? await source() : source
  if (typeof migrations !== 'object' || migrations === null)
    return refuse(`The migrations are an object of names and migrations, not ${show(migrations)}.`)
  const found = Object.entries(migrations).map(([name, migration]) => ({ name, migration }))
  const folded = new Map<string, string>()
  for (const { name, migration } of found) {
    checkMigration(name, migration)
    // Neither every file system nor every database tells them apart.
    const twin = folded.get(name.toLowerCase())
    if (twin !== undefined)
      refuse(`The migrations '${twin}' and '${name}' differ only in upper and lower case. Rename one.`)
    folded.set(name.toLowerCase(), name)
  }
  return found.sort((a, b) => byName(a.name, b.name))
}

function checkMigration(name: string, migration: unknown): void {
  if (name.trim() !== name || name === '' || name.length > LONGEST)
    refuse(`A migration has a name of 1 to ${LONGEST} characters, without space around it, not ${show(name)}.`)
  if (typeof migration !== 'object' || migration === null)
    return refuse(`The migration '${name}' is ${show(migration)}, not an object with up() and perhaps down().`)
  // A module may export more than the migration; a plain object that has more has a mistake.
  const isModule = Object.prototype.toString.call(migration) === '[object Module]'
  for (const key of Object.keys(migration)) {
    if (isModule || FIELDS.includes(key as keyof Migration)) continue
    const near = nearest(key, FIELDS)
    refuse(`The migration '${name}' has no '${key}'${near === undefined ? '' : `; did you mean '${near}'?`}`)
  }
  const { up, down, transaction, foreignKeys, checksum } = migration as Record<keyof Migration, unknown>
  if (typeof up !== 'function') refuse(`The migration '${name}' has no function up(db).`)
  if (down !== undefined && typeof down !== 'function')
    refuse(`The down of the migration '${name}' is ${show(down)}. Give a function, or leave it out.`)
  if (transaction !== undefined && typeof transaction !== 'boolean')
    refuse(`The transaction of the migration '${name}' is ${show(transaction)}. Give false, or leave it out.`)
  if (foreignKeys !== undefined && foreignKeys !== 'off')
    refuse(`The foreignKeys of the migration '${name}' is ${show(foreignKeys)}. Give 'off', or leave it out.`)
  if (checksum !== undefined && (typeof checksum !== 'string' || checksum === '' || checksum.length > 128))
    refuse(`The checksum of the migration '${name}' is text of 1 to 128 characters.`)
  if (foreignKeys === 'off' && transaction === false)
    refuse(
      `The migration '${name}' with foreignKeys 'off' runs in a transaction, so that they are checked before its commit.`,
    )
}
