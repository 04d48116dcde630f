import type { Dialect } from '../dialect/index.ts'
import type { CatalogTable } from '../introspect/index.ts'
import { OPEN } from './instant.ts'
import { keptTable, pastRows } from './kept-table.ts'
import { isReached } from './source.ts'
import { columnText, type HistoryText, keyOf, pathsOf } from './statements.ts'

const micros = (clock: string): string => `(extract(epoch from ${clock}) * 1000000)::bigint`

const TRIGGERS = ['rows', 'truncate'] as const

/** Histories in PostgreSQL: all that a transaction does is of the instant at which it began. */
export function postgresText(dialect: Dialect): HistoryText {
  const q = dialect.quote
  const prefix = ({ schema }: CatalogTable): string => (schema === null ? '' : `${q(schema)}.`)
  const byKey = (table: CatalogTable, row: 'old' | 'new'): string =>
    keyOf(table)
      .map((name) => `h.${q(name)} = ${row}.${q(name)}`)
      .join(' and ')
  const writer = (table: CatalogTable): string => `${prefix(table)}${pathsOf(table, dialect).part('write')}`
  const keyIndex = (table: CatalogTable): string => {
    const { history, part } = pathsOf(table, dialect)
    return `create index ${part('key')} on ${history} (${[...keyOf(table).map(q), 'history_to'].join(', ')})`
  }
  return {
    ...keptTable(dialect),
    // A trigger runs wherever, so that it names tables in full.
    schemaOf: ({ schema }) => schema,
    retype: (history, { name, type }) => {
      const column = q(name)
      return [`alter table ${history} alter column ${column} type ${type} using ${column}::${type}`]
    },
    past: (table, shown, runValues) =>
      pastRows(
        table,
        shown,
        runValues,
        (instant) => instant,
        () => isReached(table, runValues, dialect),
      ),
    now: micros('transaction_timestamp()'),
    triggers: TRIGGERS,
    later: (one, other) => `greatest(${one}, ${other})`,
    // Not every type can be compared, but all are text.
    same: (one, other) => `${one}::text is not distinct from ${other}::text`,
    create: (table) => {
      const { history, part } = pathsOf(table, dialect)
      const columns = table.columns.map((column) => columnText(column, dialect))
      const own = [
        'history_id bigint generated always as identity primary key',
        ...['history_from bigint not null', 'history_to bigint not null'],
      ]
      return [
        `create table ${history} (${[...columns, ...own].join(', ')})`,
        keyIndex(table),
        `create index ${part('to')} on ${history} (history_to)`,
      ]
    },
    reindex: (table) => [
      `drop index if exists ${prefix(table)}${pathsOf(table, dialect).part('key')}`,
      keyIndex(table),
    ],
    follow: (table) => {
      const { table: own, part } = pathsOf(table, dialect)
      const run = `execute function ${writer(table)}()`
      return [
        `create or replace function ${writer(table)}() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as ${dollar(bodyOf(table, byKey, dialect))}`,
        `create trigger ${part('rows')} after insert or update or delete on ${own} for each row ${run}`,
        `create trigger ${part('truncate')} after truncate on ${own} for each statement ${run}`,
      ]
    },
    unfollow: (table) => {
      const { table: own, part } = pathsOf(table, dialect)
      return [
        ...TRIGGERS.map((name) => `drop trigger if exists ${part(name)} on ${own}`),
        `drop function if exists ${writer(table)}()`,
      ]
    },
  }
}

/**
 * The body of the trigger. A row whose last version is of a later instant, since a transaction that began later was
 * before this one here, goes by the clock: no version of it is lost, and no two are there at once.
 */
function bodyOf(
  table: CatalogTable,
  byKey: (table: CatalogTable, row: 'old' | 'new') => string,
  dialect: Dialect,
): string {
  const { history } = pathsOf(table, dialect)
  const names = table.columns.map(({ name }) => dialect.quote(name))
  const clock = micros('clock_timestamp()')
  return `
declare
  began constant bigint := ${micros('transaction_timestamp()')};
  instant bigint := began;
  last record;
begin
  if tg_op = 'TRUNCATE' then
    update ${history} as h set history_to = case when h.history_from > began then greatest(${clock}, h.history_from) else began end
    where h.history_to = ${OPEN};
    return null;
  end if;
  if tg_op <> 'INSERT' then
    select h.history_id as id, h.history_from as since into last from ${history} as h
    where ${byKey(table, 'old')} and h.history_to = ${OPEN} order by h.history_id limit 1;
    if last.since > instant then instant := greatest(${clock}, last.since); end if;
    update ${history} as h set history_to = instant where h.history_id = last.id;
  end if;
  if tg_op <> 'DELETE' then
    select max(h.history_to) as since into last from ${history} as h
    where ${byKey(table, 'new')} and h.history_to < ${OPEN};
    if last.since > instant then instant := greatest(${clock}, last.since); end if;
    insert into ${history} (${names.join(', ')}, history_from, history_to)
    values (${names.map((name) => `new.${name}`).join(', ')}, instant, ${OPEN});
  end if;
  return null;
end
`
}

/** Text between dollar signs with a tag that is not in it. */
function dollar(text: string): string {
  let tag = '$kanta$'
  for (let i = 0; text.includes(tag); i++) tag = `$kanta${i}$`
  return `${tag}${text}${tag}`
}
