import { refuse } from '../error/index.ts'
import type { TableReference } from '../guard/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'

/** Whether a list has a table exactly as it is named. */
export const lists = (names: readonly string[], table: TableReference): boolean => names.includes(fullName(table))

/** Whether a list has a table, in whichever schema it is named: where one of the two names none, any may be meant. */
export const listsAnywhere = (names: readonly string[], table: TableReference): boolean =>
  lists(names, table) ||
  names.includes(table.name) ||
  (table.schema === undefined && names.some((name) => name.endsWith(`.${table.name}`)))

/** A list of names of tables that was given as an option. */
export function tableNames(plugin: string, option: string, given: unknown): readonly string[] {
  if (!Array.isArray(given) || !given.every((name) => typeof name === 'string' && name !== ''))
    return refuse(`${plugin}({ ${option} }) takes a list of names of tables, not ${show(given)}.`)
  return given.slice() as string[]
}

/** The name of a column or of a value of the context that was given as an option. */
export function nameGiven(plugin: string, option: string, given: unknown): string {
  return typeof given === 'string' && given !== ''
    ? given
    : refuse(`${plugin}({ ${option} }) takes a name, not ${show(given)}.`)
}
