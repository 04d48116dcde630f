import { KantaError } from '../error/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { sql } from '../sql/index.ts'
import { settleTtl, type TtlOptions, type TtlSettings } from './ttl-options.ts'
import { batchOf, definitionIn, namesOf, sweeping } from './ttl-sweep.ts'
import { databaseMoment, type Expiring, timeColumn } from './ttl-time.ts'

/**
 * Makes what deletes expired rows in the database itself: a trigger after inserts on SQLite and PostgreSQL; on MariaDB,
 * whose triggers cannot delete from their own table, an event of the server. What it made before, it replaces.
 * `ttl({ mode: 'trigger' })` calls it when the database starts.
 *
 * @throws KantaError `unsupported` where the database has neither, or its scheduler of events is off.
 *
 * @example
 * ```ts
 * await createTtlTriggers(db, { tables: { arrival: { column: 'id', form: 'seconds' } } })
 * ```
 */
export async function createTtlTriggers<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  options: TtlOptions,
): Promise<void> {
  await makeTriggers(sweeping(db as never), settleTtl(options))
}

/**
 * Removes what {@link createTtlTriggers} made for these tables.
 *
 * @example
 * ```ts
 * await dropTtlTriggers(db, ['arrival'])
 * ```
 */
export async function dropTtlTriggers<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  tables: readonly string[],
): Promise<void> {
  const clean = sweeping(db as never)
  for (const table of tables) for (const text of drops(clean, table)) await text.execute(clean)
}

type Text = ReturnType<typeof sql>

/** The name of the trigger, function or event of a table. */
const nameOf = (table: string): string => `kanta_ttl_${table}`
const tableOf = (table: string): Text => sql.id(...table.split('.'))

function drops(db: DatabaseHandle, table: string): readonly Text[] {
  const name = sql.id(nameOf(table))
  switch (dialectOf(db).name) {
    case 'sqlite':
      return [sql`drop trigger if exists ${name}`]
    case 'postgres':
      return [sql`drop trigger if exists ${name} on ${tableOf(table)}`, sql`drop function if exists ${name}()`]
    case 'mysql':
    case 'mariadb':
      return [sql`drop event if exists ${name}`]
    default:
      return unsupported(db)
  }
}

/** Makes the triggers of all tables; `db` applies no policy on rows. */
export async function makeTriggers(db: DatabaseHandle, settings: TtlSettings): Promise<void> {
  const { name } = dialectOf(db)
  if (name === 'mysql' || name === 'mariadb') return makeEvents(db, settings)
  if (name !== 'sqlite' && name !== 'postgres') return unsupported(db)
  await db.transaction().execute(async (trx) => {
    // Programs that start at the same time would stand in each other's way.
    if (name === 'postgres') await sql`select pg_advisory_xact_lock(hashtextextended('kanta ttl', 0))`.execute(trx)
    for (const expiring of settings.tables) {
      const body = bodyOf(trx, expiring, settings)
      if (name === 'sqlite') await makeOfSqlite(trx, expiring.table, body)
      else await makeOfPostgres(trx, expiring.table, body)
    }
  })
}

/** The text of the delete: definitions take no parameters. */
function bodyOf(db: DatabaseHandle, expiring: Expiring, settings: TtlSettings): Text {
  const dialect = dialectOf(db)
  const { form } = timeColumn(expiring, definitionIn(db, expiring.table), dialect)
  const moment = databaseMoment(dialect, form, expiring.after)
  const compiled = batchOf(db, namesOf(db, expiring), moment, settings.batch, dialect).compile() as {
    readonly sql: string
  }
  return sql.raw(compiled.sql)
}

async function makeOfSqlite(db: DatabaseHandle, table: string, body: Text): Promise<void> {
  const name = nameOf(table)
  const text = sql`create trigger ${sql.id(name)} after insert on ${tableOf(table)} begin ${body}; end`
  const { rows } = (await sql`select sql from sqlite_schema where type = 'trigger' and name = ${name}`.execute(db)) as {
    readonly rows: readonly { readonly sql: string }[]
  }
  const made = (text.compile(db) as { readonly sql: string }).sql
  if (rows[0] !== undefined && sameText(rows[0].sql, made)) return
  for (const drop of drops(db, table)) await drop.execute(db)
  await text.execute(db)
}

/** Whether two definitions are the same: SQLite keeps them as they were written. */
const sameText = (one: string, other: string): boolean => one.toLowerCase().trim() === other.toLowerCase().trim()

async function makeOfPostgres(db: DatabaseHandle, table: string, body: Text): Promise<void> {
  const name = sql.id(nameOf(table))
  const text = (body.compile(db) as { readonly sql: string }).sql
  let tag = '$kanta$'
  for (let i = 0; text.includes(tag); i++) tag = `$kanta${i}$`
  const source = sql.raw(`${tag} begin ${text}; return null; end ${tag}`)
  for (const drop of drops(db, table)) await drop.execute(db)
  await sql`create function ${name}() returns trigger language plpgsql as ${source}`.execute(db)
  await sql`create trigger ${name} after insert on ${tableOf(table)} for each statement execute function ${name}()`.execute(
    db,
  )
}

async function makeEvents(db: DatabaseHandle, settings: TtlSettings): Promise<void> {
  const { rows } = (await sql`select @@event_scheduler as scheduler`.execute(db)) as {
    readonly rows: readonly { readonly scheduler: string }[]
  }
  if (rows[0]?.scheduler !== 'ON')
    throw new KantaError(
      'unsupported',
      "The server runs no events: its event_scheduler is off. Switch it on, or use ttl({ mode: 'scheduled' }).",
    )
  for (const expiring of settings.tables) {
    const seconds = sql.lit(Math.max(1, Math.round(settings.every / 1000)))
    for (const drop of drops(db, expiring.table)) await drop.execute(db)
    const name = sql.id(nameOf(expiring.table))
    const body = bodyOf(db, expiring, settings)
    await sql`create event if not exists ${name} on schedule every ${seconds} second do ${body}`.execute(db)
  }
}

function unsupported(db: DatabaseHandle): never {
  throw new KantaError(
    'unsupported',
    `ttl() makes no triggers on ${dialectOf(db).name}. Use the mode 'lazy' or 'scheduled'.`,
  )
}
