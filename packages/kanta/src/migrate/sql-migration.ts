import { type DialectName, isAmong, splitStatements, type TextStatement, titleOf } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import { type DatabaseHandle, dialectOf, driverOf, sessionOf, toKantaError } from '../extend/internal/index.ts'
import { engineOf } from './engine.ts'
import type { Migration } from './migration.ts'

/** The options of `sqlMigration()`. */
export interface SqlMigrationOptions {
  /** Identifies the version of the text; see `checksum` of a migration. */
  readonly checksum?: string | undefined
  /** The databases that the text is for; by default any. */
  readonly dialects?: readonly DialectName[] | undefined
}

/**
 * Returns a migration that runs SQL text, such as a file that a bundler has read.
 *
 * Comments at the top of the text set properties of the migration: `-- kanta: no transaction` and
 * `-- kanta: foreign keys off`.
 *
 * @throws KantaError `invalid_input` for another comment of this form, and for text of another tool with both directions
 * in one file. When it runs: for a statement that begins or ends a transaction, and for one that is not closed.
 *
 * @example
 * ```ts
 * import { sqlMigration } from 'kanta/migrate'
 *
 * const createCity = sqlMigration(
 *   'create table city (id integer primary key, name text not null); create index city_name on city (name)',
 *   'drop table city',
 * )
 * ```
 */
export function sqlMigration(up: string, down?: string, options: SqlMigrationOptions = {}): Migration {
  const settings = [up, down ?? ''].map(directives)
  const isOutside = settings.some((each) => each.has('no transaction'))
  const withoutKeys = settings.some((each) => each.has('foreign keys off')) || [up, down ?? ''].some(hasForeignKeysOff)
  const run = (text: string) => (db: unknown) => runText(db as DatabaseHandle, text, !isOutside, options)
  return {
    up: run(up),
    ...(down === undefined ? {} : { down: run(down) }),
    ...(isOutside ? { transaction: false } : {}),
    // Outside of a transaction the pragma itself takes effect.
    ...(withoutKeys && !isOutside ? { foreignKeys: 'off' } : {}),
    ...(options.checksum === undefined ? {} : { checksum: options.checksum }),
  }
}

const DIRECTIVES = ['no transaction', 'foreign keys off']

/** Returns the directives in the comments at the top of a text. */
function directives(text: string): ReadonlySet<string> {
  refuseSections(text)
  const found = new Set<string>()
  for (const line of text.split('\n')) {
    const trimmed = line.trim()
    if (trimmed !== '' && !trimmed.startsWith('--')) break
    const directive = /^--\s*kanta:\s*(.*?)\s*$/i.exec(trimmed)?.[1]
    if (directive === undefined) continue
    if (!DIRECTIVES.includes(directive))
      refuse(`Unknown directive '${trimmed}'. Use one of: ${DIRECTIVES.map((each) => `-- kanta: ${each}`).join(', ')}.`)
    found.add(directive)
  }
  return found
}

/** Rejects text with sections for both directions, since running all of it would undo the change. */
function refuseSections(text: string): void {
  const marker = /^[ \t]*--[ \t]*(?:\+goose|\+migrate|migrate:|@?(?:up|down|rollback|undo)\b[ \t]*:?[ \t]*$).*/im.exec(
    text,
  )?.[0]
  if (marker !== undefined)
    refuse(
      `The text has a section '${marker.trim()}'. Put each direction into its own file: name.sql, and name.down.sql for the way back.`,
    )
}

const FOREIGN_KEYS_OFF = /^pragma\s+(?:\w+\.)?foreign_keys\s*(?:=\s*|\(\s*)'?(?:off|0|false|no)\b/i

/** Checks if the text turns foreign keys off. Other tools do so in a transaction, where it has no effect. */
function hasForeignKeysOff(text: string): boolean {
  return text.split(';').some((part) => FOREIGN_KEYS_OFF.test(part.replaceAll(/^\s*--.*$/gm, '').trim()))
}

async function runText(
  db: DatabaseHandle,
  text: string,
  inTransaction: boolean,
  { dialects }: SqlMigrationOptions,
): Promise<void> {
  const dialect = dialectOf(db)
  const title = titleOf(dialect)
  if (dialects !== undefined && !isAmong(dialect, dialects))
    refuse(
      `The SQL is for ${dialects.map(titleOf).join(' and ')}, and the database is ${title}. Write it for ${title}.`,
    )
  const { foreignKeys } = engineOf(db)
  for (const statement of splitStatements(text, dialect)) {
    if (inTransaction && statement.controls) refuseControl(statement)
    // The runner turns foreign keys off around the transaction.
    if (inTransaction && foreignKeys?.isSwitch(statement.sql)) continue
    await send(db, statement)
  }
}

function refuseControl({ sql, line }: TextStatement): void {
  refuse(
    `Line ${line} of the SQL: '${sql.slice(0, 40)}' begins or ends a transaction, but the migration runs in one. Leave it out, or begin the file with '-- kanta: no transaction'.`,
  )
}

async function send(db: DatabaseHandle, { sql, line }: TextStatement): Promise<void> {
  const session = sessionOf(db)
  const connection = await session.acquire('write', undefined)
  try {
    await engineOf(db).send(connection, sql)
  } catch (cause) {
    const error = toKantaError(driverOf(db), cause, sql)
    error.message = `Line ${line} of the SQL: ${error.message}`
    throw error
  } finally {
    session.release(connection)
  }
}
