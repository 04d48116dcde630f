import { type DialectName, isAmong, splitStatements, type TextStatement, titleOf } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import { type DatabaseHandle, dialectOf, driverOf, sessionOf, toKantaError } from '../extend/internal/index.ts'
import { engineOf } from './engine.ts'
import type { Migration } from './migration.ts'

/** What is known of SQL beyond its text. */
export interface SqlMigrationOptions {
  /** Names which version of the text this is; see `checksum` of a migration. */
  readonly checksum?: string | undefined
  /** The databases that the text is for; any unless said. */
  readonly dialects?: readonly DialectName[] | undefined
}

/**
 * A migration of SQL text, such as that of a file that a bundler has read.
 *
 * Comments at the top of the text say what a property would: `-- kanta: no transaction` and
 * `-- kanta: foreign keys off`.
 *
 * @throws KantaError `invalid_input` for a comment that is neither, and for text of another tool that has both ways in
 * one file. When it runs: for a statement that begins or ends a transaction, and for one that is not closed.
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
  const outside = settings.some((each) => each.has('no transaction'))
  const unkeyed = settings.some((each) => each.has('foreign keys off')) || [up, down ?? ''].some(turnsForeignKeysOff)
  const run = (text: string) => (db: unknown) => runText(db as DatabaseHandle, text, !outside, options)
  return {
    up: run(up),
    ...(down === undefined ? {} : { down: run(down) }),
    ...(outside ? { transaction: false } : {}),
    // Outside of a transaction the statement itself does what it says.
    ...(unkeyed && !outside ? { foreignKeys: 'off' } : {}),
    ...(options.checksum === undefined ? {} : { checksum: options.checksum }),
  }
}

const DIRECTIVES = ['no transaction', 'foreign keys off']

/** What the comments at the top of a text say. */
function directives(text: string): ReadonlySet<string> {
  refuseSections(text)
  const found = new Set<string>()
  for (const line of text.split('\n')) {
    const trimmed = line.trim()
    if (trimmed !== '' && !trimmed.startsWith('--')) break
    const said = /^--\s*kanta:\s*(.*?)\s*$/i.exec(trimmed)?.[1]
    if (said === undefined) continue
    if (!DIRECTIVES.includes(said))
      refuse(
        `The comment '${trimmed}' says nothing. There are: ${DIRECTIVES.map((each) => `-- kanta: ${each}`).join(', ')}.`,
      )
    found.add(said)
  }
  return found
}

/** To run what is meant for the way back right after the way there would undo it. */
function refuseSections(text: string): void {
  const marker = /^[ \t]*--[ \t]*(?:\+goose|\+migrate|migrate:|@?(?:up|down|rollback|undo)\b[ \t]*:?[ \t]*$).*/im.exec(
    text,
  )?.[0]
  if (marker !== undefined)
    refuse(
      `The text has a section '${marker.trim()}'. Kanta has a text for each way: name.sql, and name.down.sql for the way back.`,
    )
}

const OFF = /^pragma\s+(?:\w+\.)?foreign_keys\s*(?:=\s*|\(\s*)'?(?:off|0|false|no)\b/i

/** Whether SQLite is asked to leave foreign keys be, as other tools ask it in a transaction, where it is in vain. */
function turnsForeignKeysOff(text: string): boolean {
  return text.split(';').some((part) => OFF.test(part.replaceAll(/^\s*--.*$/gm, '').trim()))
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
      `The SQL is for ${dialects.map(titleOf).join(' and ')}, and the database is ${title}. Make it again for that.`,
    )
  const { foreignKeys } = engineOf(db)
  for (const statement of splitStatements(text, dialect.name)) {
    if (inTransaction && statement.controls) refuseControl(statement)
    // The runner has done it, around the transaction.
    if (inTransaction && foreignKeys?.isSwitch(statement.sql)) continue
    await send(db, statement)
  }
}

function refuseControl({ sql, line }: TextStatement): void {
  refuse(
    `Line ${line} of the SQL: '${sql.slice(0, 40)}' ends or begins a transaction, and the migration runs in one. Leave it out, or begin the file with '-- kanta: no transaction'.`,
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
