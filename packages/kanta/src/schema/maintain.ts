import type { Connection } from '../driver/index.ts'
import { checkOptions, KantaError, refuse } from '../error/index.ts'
import { DatabaseHandle, dialectOf, driverOf, policiesOf, sessionOf, toKantaError } from '../extend/internal/index.ts'
import type { QueryRunner } from '../face/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import { definitionOf, type Rowed } from '../table/index.ts'
import { databaseFiles, quoteIn, type ReindexTarget, reindexing, vacuuming } from './maintain-facet.ts'

/** The indexes that `reindex()` makes again: one member at most; on SQLite all of the database without any. */
export interface ReindexOptions {
  readonly table?: string | Rowed | undefined
  readonly index?: string | undefined
  readonly collation?: string | undefined
}

/** The table or database whose space `vacuum()` gives back. */
export interface VacuumOptions {
  /** All tables unless given; MySQL and MariaDB take one table. */
  readonly table?: string | Rowed | undefined
}

/** A copy of a database, as `createBackup()` has made it. */
export interface Backup {
  readonly destPath: string
  readonly durationMs: number
  readonly pagesCopied: number
}

/**
 * Makes indexes again: those of a table, an index, on SQLite those of a collation or all. MySQL and MariaDB make the
 * table again along with them.
 *
 * @throws KantaError `unsupported` for what the database cannot name.
 *
 * @example
 * ```ts
 * await reindex(db, { table: city })
 * ```
 */
export async function reindex(db: QueryRunner, options: ReindexOptions = {}): Promise<void> {
  const handle = handleOf('reindex()', db)
  checkOptions('reindex()', options, ['table', 'index', 'collation'])
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  if (given.length > 1) refuse(`reindex() takes at most one of table, index and collation, not ${given.length}.`)
  const target: ReindexTarget = Object.fromEntries(given.map(([name, value]) => [name, nameOf('reindex()', value)]))
  const statement = reindexing.of(dialectOf(handle)).statement(target, quoteIn(dialectOf(handle)))
  if (statement === undefined)
    throw new KantaError('unsupported', `reindex(${show(options)}) is not what this database can do. Name a table.`)
  await withConnection(handle, 'write', statement, (connection) => connection.execute(statement, []))
}

/**
 * Gives back the space of rows that were deleted: of a whole file of SQLite, of all tables or one of PostgreSQL, of one
 * of MySQL and MariaDB. Not inside a transaction.
 *
 * @throws KantaError `unsupported` where the database cannot; `transaction` inside a transaction.
 *
 * @example
 * ```ts
 * await vacuum(db)
 * ```
 */
export async function vacuum(db: QueryRunner, options: VacuumOptions = {}): Promise<void> {
  const handle = handleOf('vacuum()', db)
  checkOptions('vacuum()', options, ['table'])
  outside('vacuum()', handle)
  const table = options.table === undefined ? undefined : nameOf('vacuum()', options.table)
  const statement = vacuuming.of(dialectOf(handle)).statement(table, quoteIn(dialectOf(handle)))
  if (statement === undefined)
    throw new KantaError(
      'unsupported',
      table === undefined
        ? 'vacuum() of all tables is not what this database can do. Name a table: vacuum(db, { table }).'
        : 'vacuum() of one table is not what this database can do. Leave the table out.',
    )
  await withConnection(handle, 'write', statement, (connection) => connection.execute(statement, []))
}

/**
 * Gives back free pages of a file of SQLite, all or a number of them, and returns how many it did. The file has to have
 * `auto_vacuum = incremental`.
 *
 * @throws KantaError `unsupported` for another database, and for a file that does not have it.
 *
 * @example
 * ```ts
 * const pages = await incrementalVacuum(db, 1_000).catch(() => 0)
 * ```
 */
export async function incrementalVacuum(db: QueryRunner, pages = 0): Promise<number> {
  const handle = handleOf('incrementalVacuum()', db)
  if (!Number.isSafeInteger(pages) || pages < 0)
    refuse(`incrementalVacuum(db, ${show(pages)}): give a whole number of pages, or leave it out for all.`)
  databaseFiles.of(dialectOf(handle))
  const statement = `pragma incremental_vacuum(${pages})`
  return withConnection(handle, 'write', statement, async (connection) => {
    if ((await numberOf(connection, 'pragma auto_vacuum')) !== 2)
      throw new KantaError(
        'unsupported',
        "incrementalVacuum(): the file has no 'auto_vacuum = incremental', so that nothing would be given back. Set it by 'pragma auto_vacuum = incremental' and vacuum(), or use vacuum() alone.",
      )
    const before = await numberOf(connection, 'pragma freelist_count')
    // As a script: it frees a page with each step, and libraries take only the first of a statement.
    await connection.script(statement)
    return before - (await numberOf(connection, 'pragma freelist_count'))
  })
}

/**
 * Copies a database of SQLite to a new file, which is as the database was at one moment, while others read and write it.
 * With `node:sqlite` and `better-sqlite3` in steps that let other work go on, by other libraries in one statement.
 *
 * @throws KantaError `invalid_input` for a file that exists; `unsupported` for another database; `policy` for a handle
 * with policies, which the copy would not keep; `transaction` inside a transaction.
 *
 * @example
 * ```ts
 * const { pagesCopied } = await createBackup(db, 'cities.backup.db')
 * ```
 */
export async function createBackup(db: QueryRunner, destPath: string): Promise<Backup> {
  const handle = handleOf('createBackup()', db)
  if (typeof destPath !== 'string' || destPath === '' || destPath.includes('\0') || destPath.startsWith(':'))
    refuse(`createBackup(db, ${show(destPath)}) takes the path of a new file.`)
  databaseFiles.of(dialectOf(handle))
  outside('createBackup()', handle)
  if (policiesOf(handle).length > 0)
    throw new KantaError('policy', 'createBackup() copies all rows. Give it the database without its policies.')
  if (globalThis.process?.getBuiltinModule?.('node:fs').existsSync(destPath) === true)
    refuse(`createBackup(): '${destPath}' exists. Give another path, or remove the file.`)
  const start = performance.now()
  const pages = await withConnection(handle, 'read', 'backup', (connection) => connection.backup?.(destPath))
  const pagesCopied =
    pages ?? (await withConnection(handle, 'write', INTO, (connection) => copyInto(connection, destPath)))
  return { destPath, durationMs: performance.now() - start, pagesCopied }
}

const INTO = 'vacuum into ?'

/** Copies a database by one statement, which SQLite takes for a write. */
async function copyInto(connection: Connection, destPath: string): Promise<number> {
  await connection.run(INTO, [destPath])
  return (await numberOf(connection, 'pragma page_count')) - (await numberOf(connection, 'pragma freelist_count'))
}

function handleOf(owner: string, db: unknown): DatabaseHandle {
  return db instanceof DatabaseHandle ? db : refuse(`${owner} takes a database first, not ${show(db)}.`)
}

function nameOf(owner: string, given: unknown): string {
  const definition = definitionOf(given)
  const name = definition === undefined ? given : fullName(definition)
  return typeof name === 'string' && name !== '' ? name : refuse(`${owner}: ${show(given)} is no name.`)
}

function outside(owner: string, db: DatabaseHandle): void {
  if (sessionOf(db).inTransaction)
    throw new KantaError('transaction', `${owner} does not run inside a transaction. Give it the database.`)
}

async function withConnection<T>(
  db: DatabaseHandle,
  role: 'read' | 'write',
  sql: string,
  work: (connection: Connection) => T | Promise<T>,
): Promise<T> {
  const session = sessionOf(db)
  const connection = await session.acquire(role, undefined)
  try {
    return await work(connection)
  } catch (cause) {
    throw toKantaError(driverOf(db), cause, sql)
  } finally {
    session.release(connection)
  }
}

async function numberOf(connection: Connection, sql: string): Promise<number> {
  const row = await connection.first(sql, [])
  return Number(Object.values(row as object)[0])
}
