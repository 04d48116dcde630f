/** A table by its name, in a schema if it is said. */
export interface TableName {
  readonly schema: string | undefined
  readonly name: string
}

/** `table`, or `schema.table`: how options name a table, and under which a database keeps its definition. */
export const fullName = ({ schema, name }: TableName): string => (schema === undefined ? name : `${schema}.${name}`)

/** The parts of such a name. */
export function splitName(full: string): TableName {
  const dot = full.lastIndexOf('.')
  return { schema: dot < 0 ? undefined : full.slice(0, dot), name: full.slice(dot + 1) }
}
