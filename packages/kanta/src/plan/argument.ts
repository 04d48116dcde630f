import { refuse } from '../error/index.ts'
import type { ArgRole } from '../ir/index.ts'
import { isCount } from '../ir/index.ts'
import { show } from '../sql/index.ts'

/** Refuses a value that cannot stand where the query has it. The text of the query says nothing of it any more. */
export function checkArgument(what: string, value: unknown, roles: ReadonlySet<ArgRole>): void {
  if (value === undefined) refuse(`${what} is undefined. Give a value, or null for SQL's null.`)
  if (value === null && roles.has('compared')) {
    refuse(
      `${what} is null and compared, which is never true in SQL. Build the query with 'is' or 'is not distinct from'.`,
    )
  }
  if (roles.has('count') && !isCount(value))
    refuse(`${what} is ${show(value)} where it has to be a whole number of rows, from 0.`)
  if (roles.has('list') || roles.has('array')) checkList(what, value)
  if (roles.has('rows') && !(Array.isArray(value) && value.length > 0 && value.every(isRow)))
    refuse(`${what} is ${show(value)} where it has to be a list of rows.`)
}

const isRow = (row: unknown): boolean => typeof row === 'object' && row !== null && !Array.isArray(row)

function checkList(what: string, value: unknown): void {
  if (!Array.isArray(value)) return refuse(`${what} is a list; it was given ${show(value)}.`)
  value.forEach((item: unknown, i) => {
    if (item === null || item === undefined) refuse(`${what}: item ${i} is ${item}. Test for null apart.`)
  })
}
