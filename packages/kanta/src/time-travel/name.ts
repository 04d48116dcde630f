import type { Dialect } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import type { Node, Policy } from '../extend/index.ts'
import type { TableName } from '../ir/index.ts'
import { show } from '../sql/index.ts'

/** The table that knows since when each history is kept. */
export const RECORD = 'kanta_history'

/** The columns of a history that the table itself does not have. */
export const HISTORY_COLUMNS = { id: 'history_id', from: 'history_from', to: 'history_to' } as const

export const historyOf = (name: string): string => `${name}_history`

/** PostgreSQL cuts longer names, and two histories could then have one name. */
const MOST_BYTES = 63

export function tableName(table: unknown): TableName {
  const parts = typeof table === 'string' ? table.split('.') : []
  if (parts.length === 0 || parts.length > 2 || parts.includes(''))
    return refuse(`A table with a history is named 'table' or 'schema.table', not ${show(table)}.`)
  const name = parts.at(-1)!
  if (new TextEncoder().encode(historyOf(name)).length > MOST_BYTES - '_write'.length)
    refuse(`The table '${name}' has too long a name for a history. Give it a shorter one.`)
  return { schema: parts.length === 2 ? parts[0] : undefined, name }
}

/** What the policies of a database that rename make of the name of a table. */
export function nameInDatabase({ schema, name }: TableName, policies: readonly Policy[]): TableName {
  let made: Node = { kind: 'table', schema, name, definition: undefined }
  for (const { rewrite } of policies) made = rewrite?.(made) ?? made
  return made.kind === 'table' ? { schema: made.schema, name: made.name } : { schema, name }
}

/** The tables that a function is given. */
export function tableNames(tables: unknown, what: string): readonly TableName[] {
  if (!Array.isArray(tables) || tables.length === 0)
    return refuse(`${what} takes a list of tables, such as ['city'], not ${show(tables)}.`)
  return tables.map(tableName)
}

export const beside = ({ schema }: TableName, name: string): TableName => ({ schema, name })

/** A name as SQL text. */
export const quoted = ({ schema, name }: TableName, dialect: Dialect): string =>
  schema === undefined ? dialect.quote(name) : `${dialect.quote(schema)}.${dialect.quote(name)}`
