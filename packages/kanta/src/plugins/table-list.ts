import { refuse } from '../error/index.ts'
import type { TableReference } from '../guard/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'

/** Returns true if a list has the exact name of a table. */
export const lists = (names: readonly string[], table: TableReference): boolean => names.includes(fullName(table))

/** Returns true if a list has a table. A name without a schema matches any schema. */
export const listsAnywhere = (names: readonly string[], table: TableReference): boolean =>
  lists(names, table) ||
  names.includes(table.name) ||
  (table.schema === undefined && names.some((name) => name.endsWith(`.${table.name}`)))

/** Checks an option that is a list of names of tables. */
export function tableNames(plugin: string, option: string, given: unknown): readonly string[] {
  if (!Array.isArray(given) || !given.every((name) => typeof name === 'string' && name !== ''))
    return refuse(`${plugin}({ ${option} }) takes a list of names of tables, not ${show(given)}.`)
  return given.slice() as string[]
}

/** Checks an option that is the name of a column or of a value in the context. */
export function nameGiven(plugin: string, option: string, given: unknown): string {
  return typeof given === 'string' && given !== ''
    ? given
    : refuse(`${plugin}({ ${option} }) takes a name, not ${show(given)}.`)
}
