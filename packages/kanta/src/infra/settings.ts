import { facetsOf } from '../dialect/index.ts'
import { checkOptions, refuse, show } from '../error/index.ts'
import { DatabaseHandle, dialectOf, poolOf, withoutPlugins } from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'

/** A setting of a database that hurts. */
export interface SettingFinding {
  readonly setting: string
  readonly value: string
  /** `error` for what loses or corrupts data, `warning` for what surprises or slows down. */
  readonly severity: 'error' | 'warning'
  readonly message: string
  /** The way out. */
  readonly remedy: string
}

type Values = Readonly<Record<string, string | undefined>>

/** A rule about one setting. */
interface SettingRule extends Omit<SettingFinding, 'value'> {
  /** Is true if the value hurts; it gets the other settings and the most connections of the pool, too. */
  hurts(value: string, values: Values, max: number): boolean
}

/** The settings that are read of a database: a query of names and values, or queries of one value each. */
interface Settings {
  readonly query?: string
  readonly queries?: Readonly<Record<string, string>>
  readonly rules: readonly SettingRule[]
}

const rule = (
  setting: string,
  severity: SettingFinding['severity'],
  hurts: SettingRule['hurts'],
  message: string,
  remedy: string,
): SettingRule => ({ setting, severity, hurts, message, remedy })

const is =
  (...bad: readonly string[]) =>
  (value: string): boolean =>
    bad.includes(value.toLowerCase())

const sqliteSettings: Settings = {
  queries: {
    foreign_keys: 'pragma foreign_keys',
    journal_mode: 'pragma journal_mode',
    synchronous: 'pragma synchronous',
    busy_timeout: 'pragma busy_timeout',
    file: "select file from pragma_database_list where name = 'main'",
    'broken references': 'select count(*) from pragma_foreign_key_check',
  },
  rules: [
    rule('foreign_keys', 'error', is('0'), 'Foreign keys are not enforced.', 'Set the pragma foreign_keys to true.'),
    rule(
      'broken references',
      'error',
      (value) => value !== '0',
      'Rows reference rows that are not there.',
      'List them by pragma foreign_key_check, and mend them.',
    ),
    rule(
      'journal_mode',
      'warning',
      (value, { file }) => value !== 'wal' && (file ?? '') !== '',
      'Readers and the writer wait for each other without a write-ahead log.',
      "Set the pragma journal_mode to 'wal', unless the file is on a network drive.",
    ),
    rule(
      'synchronous',
      'error',
      is('0'),
      'A loss of power can corrupt the database.',
      "Set the pragma synchronous to 'normal' or 'full'.",
    ),
    rule(
      'busy_timeout',
      'warning',
      (value, { file }) => value === '0' && (file ?? '') !== '',
      'A statement fails at once while another program writes.',
      'Set the option busyTimeout.',
    ),
  ],
}

const postgresSettings: Settings = {
  query: `select name, setting as value from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit',
      'server_encoding', 'TimeZone', 'standard_conforming_strings', 'max_connections', 'ignore_checksum_failure',
      'idle_in_transaction_session_timeout', 'default_transaction_read_only', 'session_replication_role')
    union all select 'autovacuum', setting from pg_settings where name = 'autovacuum'
    union all select 'collation version', case when datcollversion is distinct from pg_database_collation_actual_version(oid)
      then 'recorded ' || coalesce(datcollversion, 'none') || ', in use ' || coalesce(pg_database_collation_actual_version(oid), 'none')
      else 'same' end from pg_database where datname = current_database()
    union all select 'invalid indexes', count(*)::text from pg_index where not indisvalid`,
  rules: [
    rule('fsync', 'error', is('off'), 'A crash of the machine can corrupt the database.', 'Turn fsync on.'),
    rule('full_page_writes', 'error', is('off'), 'A crash can leave half-written pages.', 'Turn full_page_writes on.'),
    rule(
      'synchronous_commit',
      'warning',
      is('off'),
      'A crash loses the last commits that were acknowledged.',
      'Turn synchronous_commit on, or accept the loss.',
    ),
    rule(
      'ignore_checksum_failure',
      'error',
      is('on'),
      'Broken pages are read as if they were whole.',
      'Turn ignore_checksum_failure off.',
    ),
    rule(
      'server_encoding',
      'warning',
      (value) => value !== 'UTF8',
      'Texts that this encoding lacks are refused.',
      "Create the database with encoding 'UTF8'.",
    ),
    rule(
      'TimeZone',
      'warning',
      (value) => !['UTC', 'Etc/UTC', 'GMT'].includes(value),
      'Moments in columns without a time zone are read in another one.',
      'Do not set the time zone of the session.',
    ),
    rule(
      'standard_conforming_strings',
      'error',
      is('off'),
      'A backslash in a text means something else.',
      'Turn standard_conforming_strings on.',
    ),
    rule(
      'session_replication_role',
      'error',
      (value) => value !== 'origin',
      'Foreign keys and triggers are not enforced.',
      "Set session_replication_role to 'origin'.",
    ),
    rule(
      'default_transaction_read_only',
      'warning',
      is('on'),
      'Writes are refused.',
      'Turn default_transaction_read_only off, or connect to the primary.',
    ),
    rule(
      'idle_in_transaction_session_timeout',
      'warning',
      is('0'),
      'A transaction that is left open keeps its locks, and rows from being cleaned up, for ever.',
      "Set it for the database: alter database … set idle_in_transaction_session_timeout = '5min'.",
    ),
    rule(
      'max_connections',
      'warning',
      (value, _, max) => max > Number(value) - 3,
      'The pool may open more connections than the server takes.',
      'Lower max of the driver, or raise max_connections.',
    ),
    rule('autovacuum', 'error', is('off'), 'Tables grow, and the server stops in the end.', 'Turn autovacuum on.'),
    rule(
      'collation version',
      'error',
      (value) => value !== 'same',
      'The library of collations was changed, so indexes of texts may be in a wrong order.',
      'Run reindex database, then alter database … refresh collation version.',
    ),
    rule(
      'invalid indexes',
      'warning',
      (value) => value !== '0',
      'Indexes whose creation failed are kept up but never used.',
      'Drop them, or run reindex concurrently.',
    ),
  ],
}

const mysqlSettings: Settings = {
  query: `select 'sql_mode' as name, @@session.sql_mode as value
    union all select 'sql_mode of the server', @@global.sql_mode
    union all select 'autocommit', @@session.autocommit
    union all select 'autocommit of the server', @@global.autocommit
    union all select 'time_zone', @@session.time_zone
    union all select 'time_zone of the server', if(@@global.time_zone = 'SYSTEM', @@system_time_zone, @@global.time_zone)
    union all select 'foreign_key_checks', @@session.foreign_key_checks
    union all select 'character_set_database', @@character_set_database
    union all select 'collation_database', @@collation_database
    union all select 'default_storage_engine', @@default_storage_engine
    union all select 'innodb_flush_log_at_trx_commit', @@innodb_flush_log_at_trx_commit
    union all select 'max_connections', @@max_connections
    union all select 'tables without transactions', count(*) from information_schema.tables
      where table_schema = database() and table_type = 'BASE TABLE' and engine in ('MyISAM', 'MEMORY', 'CSV', 'Aria', 'ARCHIVE')`,
  rules: [
    rule(
      'sql_mode',
      'error',
      (value) => !/STRICT_(?:ALL|TRANS)_TABLES/.test(value),
      'Values that do not fit are cut off or changed without an error.',
      'Do not set sql_mode on the connections of Kanta.',
    ),
    rule(
      'sql_mode of the server',
      'warning',
      (value) => !/STRICT_(?:ALL|TRANS)_TABLES/.test(value),
      'Other programs may write values that were cut off or changed without an error.',
      'Add STRICT_TRANS_TABLES to sql_mode of the server.',
    ),
    rule('autocommit', 'error', is('0', 'off'), 'Writes outside of transactions are lost.', 'Set autocommit to 1.'),
    rule(
      'autocommit of the server',
      'warning',
      is('0', 'off'),
      'Writes of other programs are lost unless they commit.',
      'Set autocommit of the server to 1.',
    ),
    rule(
      'time_zone',
      'error',
      (value) => !['+00:00', 'UTC'].includes(value),
      'Moments are written and read in another time zone.',
      'Do not set time_zone on the connections of Kanta.',
    ),
    rule(
      'time_zone of the server',
      'warning',
      (value) => !['+00:00', 'UTC', 'GMT'].includes(value),
      'Other programs write moments in another time zone into columns that have none.',
      "Set time_zone of the server to '+00:00'.",
    ),
    rule(
      'foreign_key_checks',
      'error',
      is('0', 'off'),
      'Foreign keys are not enforced.',
      'Set foreign_key_checks to 1.',
    ),
    rule(
      'character_set_database',
      'warning',
      (value) => value !== 'utf8mb4',
      'New tables cannot hold every text.',
      'Run alter database … character set utf8mb4.',
    ),
    rule(
      'default_storage_engine',
      'error',
      (value) => value.toLowerCase() !== 'innodb',
      'New tables have no transactions and no foreign keys.',
      'Set default_storage_engine to InnoDB.',
    ),
    rule(
      'tables without transactions',
      'error',
      (value) => value !== '0',
      'Tables are in engines that roll nothing back and have no foreign keys.',
      'Run alter table … engine = InnoDB.',
    ),
    rule(
      'innodb_flush_log_at_trx_commit',
      'warning',
      (value) => value !== '1',
      'A crash loses the last commits that were acknowledged.',
      'Set innodb_flush_log_at_trx_commit to 1, or accept the loss.',
    ),
    rule(
      'max_connections',
      'warning',
      (value, _, max) => max > Number(value) - 1,
      'The pool may open more connections than the server takes.',
      'Lower max of the driver, or raise max_connections.',
    ),
  ],
}

const settings = facetsOf<Settings>('checkSettings()', {
  sqlite: sqliteSettings,
  postgres: postgresSettings,
  mysql: mysqlSettings,
  mariadb: mysqlSettings,
  mssql: undefined,
})

/**
 * Finds settings of a database that lose data, surprise or slow down: foreign keys that are not enforced, no write-ahead
 * log, a lax SQL mode, no autocommit, another time zone or collation. Connections are looked at as Kanta opens them.
 *
 * @throws KantaError `unsupported` for SQL Server.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { checkSettings } from 'kanta/infra'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({ driver: sqlite({ path: ':memory:', pragmas: { foreign_keys: false } }) })
 * const found = (await checkSettings(db)).map(({ setting, message }) => `${setting}: ${message}`)
 * found // ['foreign_keys: Foreign keys are not enforced.']
 * ```
 */
export async function checkSettings(
  db: Pick<Database<{}>, 'destroy'>,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly SettingFinding[]> {
  const pool = db instanceof DatabaseHandle ? poolOf(db) : undefined
  if (!(db instanceof DatabaseHandle) || pool === undefined)
    return refuse(`checkSettings() takes a whole database, not ${show(db)}.`)
  checkOptions('checkSettings()', options, ['signal'])
  const { query, queries, rules } = settings.of(dialectOf(db))
  const bare = withoutPlugins(db)
  const read = async (sql: string): Promise<Record<string, unknown>[]> => {
    const { rows } = (await bare.executeQuery({ sql, parameters: [] }, options)) as { rows: Record<string, unknown>[] }
    return rows
  }
  const values: Record<string, string> = {}
  if (query !== undefined) for (const { name, value } of await read(query)) values[String(name)] = String(value)
  for (const [name, sql] of Object.entries(queries ?? {}))
    values[name] = String(Object.values((await read(sql))[0] ?? { none: '' })[0] ?? '')
  return rules.flatMap(({ hurts, ...found }) => {
    const value = values[found.setting]
    return value === undefined || !hurts(value, values, pool.facts.max) ? [] : [{ ...found, value }]
  })
}
