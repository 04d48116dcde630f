import type { CatalogColumn, CatalogForeignKey, CatalogIndex, CatalogTable } from '../introspect/index.ts'
import { stringOf, textOfHex, tokens } from '../introspect/index.ts'
import { normalType } from './equal.ts'
import { keyOf, mentions, type ResolvedRenames } from './rename.ts'
import type { Rules } from './rule.ts'
import type { Side } from './side.ts'

/**
 * Adds what `table()` cannot say to the tables of a module, as the other side has it, so that no step changes it: enums,
 * views and triggers, comments, collations, invisible columns, when a foreign key is checked, and indexes by an expression, in
 * another order or of another method.
 */
export function completeSide(side: Side, known: Side, rules: Rules): Side {
  if (side.extent === 'all' || known.extent !== 'all') return side
  const tables = new Map(known.tables.map((table) => [keyOf(table), table]))
  return {
    ...side,
    enums: known.enums,
    views: known.views,
    triggers: known.triggers,
    tables: side.tables.map((table) => {
      const same = tables.get(keyOf(table))
      return same === undefined ? table : completeTable(table, same, rules)
    }),
  }
}

function completeTable(table: CatalogTable, known: CatalogTable, rules: Rules): CatalogTable {
  const { foldName } = rules.dialect
  const columns = new Map(known.columns.map((column) => [foldName(column.name), column]))
  return {
    ...table,
    comment: known.comment,
    options: known.options,
    columns: table.columns.map((column) => completeColumn(column, columns.get(foldName(column.name)), known, rules)),
    foreignKeys: table.foreignKeys.map((key) => completeKey(key, known)),
    indexes: [...table.indexes, ...known.indexes.filter((index) => isKept(index, table, known, rules))],
  }
}

function completeColumn(
  column: CatalogColumn,
  known: CatalogColumn | undefined,
  of: CatalogTable,
  rules: Rules,
): CatalogColumn {
  if (known === undefined) return column
  const { comment, invisible, collation } = known
  const keepsCollation =
    column.collation === null && (isText(column) || normalType(column.type, rules) === normalType(known.type, rules))
  return {
    ...column,
    comment,
    identity: numberingOf(column, known, of, rules),
    ...(invisible && { invisible }),
    collation: keepsCollation ? collation : column.collation,
  }
}

/** Keeps the way in which the database numbers a column, and the numbering of one that is no key by itself. */
function numberingOf(
  column: CatalogColumn,
  known: CatalogColumn,
  { primaryKey }: CatalogTable,
  rules: Rules,
): CatalogColumn['identity'] {
  if (known.identity === null || column.generated !== null || column.default !== null) return column.identity
  const isKey =
    primaryKey?.columns.length === 1 &&
    primaryKey.columns[0] === known.name &&
    /^(?:int|integer|bigint)$/.test(normalType(column.type, rules))
  return column.identity !== null || (!isKey && column.abstract === known.abstract) ? known.identity : column.identity
}

const isText = ({ abstract }: CatalogColumn): boolean =>
  abstract === 'text' || abstract === 'varchar' || abstract === 'enum'

function completeKey(key: CatalogForeignKey, known: CatalogTable): CatalogForeignKey {
  const same = known.foreignKeys.find(
    (each) => each.columns.join() === key.columns.join() && each.target.columns.join() === key.target.columns.join(),
  )
  return same === undefined ? key : { ...key, deferrable: same.deferrable }
}

/** Checks if `table()` can say an index. */
export const isSayable = ({ method, parts, include }: CatalogIndex): boolean =>
  (method === null || method === 'btree') &&
  include.length === 0 &&
  parts.every(
    ({ column, direction, nulls, collation }) =>
      column !== null && direction === 'asc' && nulls === null && collation === null,
  )

/** Checks if an index of the database stays, since `table()` could not say it. */
function isKept(index: CatalogIndex, table: CatalogTable, known: CatalogTable, { dialect }: Rules): boolean {
  const { parts, include } = index
  if (isSayable(index) || table.indexes.some((each) => each.name === index.name)) return false
  const texts = [index.where ?? '', ...parts.map((part) => part.expression ?? '')]
  const isGone = ({ name }: CatalogColumn): boolean => !table.columns.some((each) => each.name === name)
  const uses = ({ name }: CatalogColumn): boolean =>
    parts.some((part) => part.column === name) ||
    include.includes(name) ||
    texts.some((text) => mentions(text, name, dialect))
  return !known.columns.some((column) => isGone(column) && uses(column))
}

/** Writes characters that the catalog of the database tells as '?' as the other side writes them. */
export function restoreCharacters(side: Side, other: Side, { tables, columns }: ResolvedRenames, rules: Rules): Side {
  if (rules.tellsBasicPlaneOnly !== true) return side
  return {
    ...side,
    tables: side.tables.map((table) => {
      const key = keyOf({ schema: table.schema, name: tables.get(keyOf(table)) ?? table.name })
      const whole = other.tables.find((each) => keyOf(each) === key)
      if (whole === undefined) return table
      const nameOf = (column: CatalogColumn): string => columns.get(keyOf(table))?.get(column.name) ?? column.name
      return {
        ...table,
        columns: table.columns.map((column) =>
          restoreColumn(
            column,
            whole.columns.find((each) => each.name === nameOf(column)),
            rules,
          ),
        ),
      }
    }),
  }
}

function restoreColumn(column: CatalogColumn, whole: CatalogColumn | undefined, rules: Rules): CatalogColumn {
  if (whole === undefined) return column
  const isLost = (text: string | null, exact: string | null): boolean => {
    if (text?.includes('?') !== true || exact === null) return false
    const [told, strings] = [stringsIn(text, rules).join('\0'), stringsIn(exact, rules).join('\0')]
    return told !== strings && told === strings.replace(/[\u{10000}-\u{10ffff}]/gu, '?')
  }
  return {
    ...column,
    ...(isLost(column.type, whole.type) && { type: whole.type, values: whole.values }),
    ...(isLost(column.default, whole.default) && { default: whole.default }),
  }
}

/** Returns the strings in a text. */
const stringsIn = (text: string, { dialect }: Rules): string[] =>
  tokens(text, dialect)
    .filter((token) => token.kind === 'string')
    .map((token) => stringIn(token.text, text) ?? stringOf(token))

/** Returns the string that digits in `unhex('…')` stand for. */
const stringIn = (token: string, text: string): string | undefined => {
  const digits = /unhex\('([\da-f]+)'\)/i.exec(text)?.[1]
  return digits !== undefined && token === `'${digits}'` ? textOfHex(digits) : undefined
}
