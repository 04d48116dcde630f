import type { CatalogIndex, CatalogName, CatalogTable, CatalogTrigger } from '../introspect/index.ts'
import { keyOf } from './rename.ts'
import type { Side } from './side.ts'

/** The beginning of the names of tables and triggers that Kanta makes for itself. */
const PREFIX = 'kanta_'
/** The columns of a history of `kanta/time-travel`, beside those of its table. */
const HISTORY_COLUMNS: readonly string[] = ['history_id', 'history_from', 'history_to']
/** The methods of the indexes of `kanta/search`. */
const SEARCH_METHODS: readonly (string | null)[] = ['gin', 'fulltext']
/** The column of `kanta/search` that MySQL and MariaDB search. */
const SEARCH_COLUMN = 'kanta_search'

/**
 * Leaves out what Kanta keeps in a database for itself, unless the other side defines it: the tables of migrations, audit
 * trails and histories, and the indexes of full-text search. Their triggers stay, so that a rebuild makes them again.
 */
export function withoutOwnObjects(from: Side, to: Side): [Side, Side] {
  return [withoutOwn(from, to), withoutOwn(to, from)]
}

function withoutOwn(side: Side, other: Side): Side {
  if (side.extent !== 'all') return side
  const names = new Set(side.tables.map(keyOf))
  const defined = new Set(other.extent === 'tables' ? other.tables.map(keyOf) : [])
  const isOwn = (table: CatalogTable): boolean =>
    !defined.has(keyOf(table)) && (table.name.startsWith(PREFIX) || isHistory(table, names))
  return {
    ...side,
    tables: side.tables
      .filter((table) => !isOwn(table))
      .map((table) => ({
        ...table,
        columns: table.columns.filter(({ name, invisible }) => !(invisible && name === SEARCH_COLUMN)),
        indexes: table.indexes.filter((index) => !isSearchIndex(index, table)),
      })),
  }
}

function isHistory(table: CatalogTable, names: ReadonlySet<string>): boolean {
  const [of, ending] = [table.name.slice(0, -'_history'.length), table.name.slice(-'_history'.length)]
  return (
    ending === '_history' &&
    names.has(keyOf({ schema: table.schema, name: of })) &&
    HISTORY_COLUMNS.every((name) => table.columns.some((column) => column.name === name))
  )
}

const isSearchIndex = ({ name, method }: CatalogIndex, table: CatalogName): boolean =>
  name === `${table.name}_search` && SEARCH_METHODS.includes(method)

/** Checks if Kanta made a trigger for itself, which its features make again when they need it. */
export const isOwnTrigger = ({ name, table }: CatalogTrigger): boolean =>
  [PREFIX, `${table}_history_`, `${table}_search_`].some((beginning) => name.startsWith(beginning))
