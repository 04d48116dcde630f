import { refuse } from '../error/index.ts'
import type { CatalogName, CatalogTable } from '../introspect/index.ts'
import type { Printer } from './print.ts'
import type { RebuildTable } from './step.ts'

/**
 * The statements that make a SQLite table anew with its rows, as https://www.sqlite.org/lang_altertable.html#otheralter
 * lists them. They run in a transaction, with `pragma foreign_keys = off` set before it begins: else dropping the old
 * table would delete the rows that point to it. A checkForeignKeys step belongs after the last of them.
 */
export function rebuildSql({ from, to, dependents }: RebuildTable, p: Printer): string[] {
  const fresh: CatalogName = { schema: to.schema, name: freshName(to.name) }
  const gone = dependents.filter((each) => each.type === 'view').reverse()
  const triggers = dependents.filter((each) => each.type === 'trigger')
  const quoted = (name: string): string => p.name({ schema: to.schema, name })
  return [
    // Views and triggers that speak of a table that is away would stop the new one from getting its name.
    ...triggers.map(({ name }) => `drop trigger ${quoted(name)}`),
    ...gone.map(({ name }) => `drop view ${quoted(name)}`),
    p.table(to, fresh),
    ...copy(from, to, fresh, p),
    ...numbering(from, to, fresh, p),
    `drop table ${p.name(from)}`,
    `alter table ${p.name(fresh)} rename to ${p.quote(to.name)}`,
    ...to.indexes.map((index) => p.index(index, to)),
    ...dependents.filter((each) => each.type === 'view').map(({ definition }) => definition),
    ...triggers.map(({ definition }) => definition),
  ]
}

const freshName = (name: string): string => `kanta_new_${name}`

/** The rows with all that both tables have; what is new gets its default. */
function copy(from: CatalogTable, to: CatalogTable, fresh: CatalogName, p: Printer): string[] {
  const old = new Map(from.columns.map((column) => [column.name.toLowerCase(), column.name]))
  const pairs = to.columns
    .filter((column) => column.generated === null && old.has(column.name.toLowerCase()))
    .map((column) => [column.name, old.get(column.name.toLowerCase())!] as const)
  if (pairs.length === 0)
    refuse(`The table '${to.name}' keeps none of its columns, so its rows cannot be kept. Drop it and create another.`)
  const into = p.names(pairs.map(([name]) => name))
  const select = p.names(pairs.map(([, name]) => name))
  return [`insert into ${p.name(fresh)} (${into}) select ${select} from ${p.name(from)}`]
}

/** A table that numbers its rows goes on where it was, though the last rows may be deleted. */
function numbering(from: CatalogTable, to: CatalogTable, fresh: CatalogName, p: Printer): string[] {
  const numbers = (table: CatalogTable): boolean => table.columns.some((column) => column.identity !== null)
  if (!numbers(from) || !numbers(to)) return []
  const sequence = p.name({ schema: to.schema, name: 'sqlite_sequence' })
  return [
    `delete from ${sequence} where name = ${p.text(fresh.name)}`,
    `insert into ${sequence} (name, seq) select ${p.text(fresh.name)}, seq from ${sequence} where name = ${p.text(from.name)}`,
  ]
}
