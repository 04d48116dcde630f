import type { Dialect } from '../dialect/index.ts'
import type { CatalogIndexPart, CatalogTable } from '../introspect/index.ts'
import { OPEN } from './instant.ts'
import { keptTable, pastRows } from './kept-table.ts'
import { historyOf } from './name.ts'
import { reached } from './source.ts'
import { columnText, type HistoryText, keyOf, type Paths, pathsOf } from './statements.ts'

// 'now' is the same for all of a statement: https://www.sqlite.org/lang_datefunc.html
const NOW = "cast(round(unixepoch('subsec') * 1000) as integer) * 1000"

const EVENTS = ['insert', 'update', 'delete'] as const

/** Histories in SQLite, whose clock counts milliseconds: changes of one row within one are a microsecond apart. */
export function sqliteText(dialect: Dialect): HistoryText {
  const q = dialect.quote
  const named = (table: CatalogTable): Paths => ({
    ...pathsOf(table, dialect),
    // A trigger names tables of its own schema without it.
    table: q(table.name),
    history: q(historyOf(table.name)),
  })
  const schemaOf = (table: CatalogTable): string => (table.schema === null ? '' : `${q(table.schema)}.`)
  /** Ends what is open of some rows; each version lasts, should the clock have stood still or gone back. */
  const close = (history: string, which: string): string =>
    `update ${history} set history_to = max(${NOW}, history_from + 1) where history_to = ${OPEN} and ${which};`
  const byKey = (table: CatalogTable, row: 'old' | 'new'): string =>
    keyOf(table)
      .map((name) => `${q(name)} is ${row}.${q(name)}`)
      .join(' and ')
  /** Begins a version with the row as it is now; not before what was there under its key ended. */
  const begin = (table: CatalogTable, { history }: Paths): string => {
    const names = table.columns.map(({ name }) => q(name))
    const last = `select max(history_to) from ${history} where ${byKey(table, 'new')} and history_to < ${OPEN}`
    return (
      `insert into ${history} (${names.join(', ')}, history_from, history_to) ` +
      `values (${names.map((name) => `new.${name}`).join(', ')}, max(${NOW}, coalesce((${last}), 0)), ${OPEN});`
    )
  }
  /** Ends the versions of rows that a `replace` took away, for which SQLite runs no trigger. */
  const replaced = (table: CatalogTable, { history, table: own }: Paths): readonly string[] => [
    close(history, byKey(table, 'new')),
    ...uniquesOf(table).map((parts) => {
      const at = keyOf(table).map((name) => `${own}.${q(name)} is new.${q(name)}`)
      const alike = parts.map((part) => {
        const value = part.column === null ? `(${part.expression})` : q(part.column)
        const collate = part.collation === null ? '' : ` collate ${q(part.collation)}`
        return `${value}${collate} = (select ${value} from ${own} where ${at.join(' and ')})`
      })
      const gone = keyOf(table).map((name) => `${own}.${q(name)} is ${history}.${q(name)}`)
      return close(history, `${alike.join(' and ')} and not exists (select 1 from ${own} where ${gone.join(' and ')})`)
    }),
  ]
  const trigger = (table: CatalogTable, event: string, steps: readonly string[]): string => {
    const { part, table: own } = named(table)
    return `create trigger ${schemaOf(table)}${part(event)} after ${event} on ${own} begin ${steps.join(' ')} end`
  }
  const keyIndex = (table: CatalogTable): string => {
    const { history, part } = named(table)
    return `create index ${schemaOf(table)}${part('key')} on ${history} (${[...keyOf(table).map(q), 'history_to'].join(', ')})`
  }
  return {
    ...keptTable(dialect),
    // There is one schema, unless told otherwise.
    schemaOf: (_, { schema }) => schema ?? null,
    retype: () => [],
    // The check stands in the bound of an index, which is computed before rows are looked for: also where there are none.
    past: (table, shown, runValues) =>
      pastRows(table, shown, runValues, (instant) => reached(table, instant, runValues, dialect)),
    now: NOW,
    triggers: EVENTS,
    later: (one, other) => `max(${one}, ${other})`,
    same: (one, other) => `${one} is ${other} collate binary`,
    create: (table) => {
      const { history, part } = named(table)
      const columns = table.columns.map((column) => columnText(column, dialect))
      const own = ['history_id integer primary key', 'history_from integer not null', 'history_to integer not null']
      return [
        `create table ${schemaOf(table)}${history} (${[...columns, ...own].join(', ')})`,
        keyIndex(table),
        `create index ${schemaOf(table)}${part('to')} on ${history} (history_to)`,
      ]
    },
    reindex: (table) => [`drop index if exists ${schemaOf(table)}${named(table).part('key')}`, keyIndex(table)],
    follow: (table) => {
      const paths = named(table)
      return [
        ...uniquesOf(table).map(
          (parts, i) =>
            `create index ${schemaOf(table)}${paths.part(`unique_${i + 1}`)} on ${paths.history} (${parts
              .map(({ column, expression }) => (column === null ? `(${expression})` : q(column)))
              .join(', ')}) where history_to = ${OPEN}`,
        ),
        trigger(table, 'insert', [...replaced(table, paths), begin(table, paths)]),
        trigger(table, 'update', [
          close(paths.history, byKey(table, 'old')),
          ...replaced(table, paths),
          begin(table, paths),
        ]),
        trigger(table, 'delete', [close(paths.history, byKey(table, 'old'))]),
      ]
    },
    unfollow: (table) => {
      const { part } = named(table)
      return [
        ...EVENTS.map((event) => `drop trigger if exists ${schemaOf(table)}${part(event)}`),
        ...uniquesOf(table).map((_, i) => `drop index if exists ${schemaOf(table)}${part(`unique_${i + 1}`)}`),
      ]
    },
  }
}

/** What is unique in a table besides its key: rows that have the same there are replaced by each other. */
function uniquesOf({ uniques, indexes }: CatalogTable): readonly (readonly CatalogIndexPart[])[] {
  const plain = (column: string): CatalogIndexPart => ({
    ...{ column, expression: null, direction: 'asc', nulls: null, collation: null },
  })
  return [
    ...uniques.map(({ columns }) => columns.map(plain)),
    ...indexes.filter(({ unique }) => unique).map(({ parts }) => parts),
  ]
}
