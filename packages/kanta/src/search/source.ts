import { refuse } from '../error/index.ts'
import { type DatabaseHandle, schemaOf } from '../extend/internal/index.ts'
import { fullName, splitName } from '../ir/index.ts'
import { Expr, type SelectBuilder, sql } from '../sql/index.ts'
import { definitionOf } from '../table/index.ts'

export type Text = ReturnType<typeof sql>

/** The name of a table that is given by its name or as a value. */
export function tableName(table: unknown): string {
  const definition = definitionOf(table)
  if (definition === undefined) return String(table)
  return fullName(definition)
}

/** The name that the columns of a table have in a query. */
export const sourceName = (table: string): string => splitName(table).name

export const sourceOf = (table: string): Expr => {
  const { name, schema } = splitName(table)
  return new Expr({ kind: 'table', schema, name, definition: undefined })
}

export const columnOf = (table: string | undefined, column: string): Expr =>
  new Expr({ kind: 'ref', schema: undefined, table, column })

/** All columns of a table and one more. */
export function withColumn(
  db: DatabaseHandle,
  table: string,
  name: string,
  value: { as(name: string): unknown },
): SelectBuilder {
  const definition = schemaOf(db).get(table)
  if (definition?.columns.has(name))
    return refuse(`The table '${table}' has a column '${name}' of its own, which a search gives. Rename it.`)
  const star = new Expr({ kind: 'star', table: sourceName(table) })
  return db.selectFrom(sourceOf(table)).select([star, value.as(name)])
}

/** A search that finds no row. */
export const nothing = (db: DatabaseHandle, table: string): SelectBuilder =>
  withColumn(db, table, 'rank', sql`0`).where(sql`1 = 0`)

/** The table as definitions name it. */
export const tableOf = (table: string): Text => sql.id(...table.split('.'))

/** The name of the index of a table. */
export const indexName = (table: string): string => `${splitName(table).name}_search`

/** The index where it is named with its schema. */
export const indexOf = (table: string): Text => sql.id(...table.split('.').slice(0, -1), indexName(table))

export async function rowsOf<R>(db: DatabaseHandle, text: Text): Promise<readonly R[]> {
  return ((await text.execute(db)) as { readonly rows: readonly R[] }).rows
}

/** The one value of a query, under the name `found`. */
export const valueOf = async (db: DatabaseHandle, text: Text): Promise<unknown> =>
  (await rowsOf<{ readonly found: unknown }>(db, text))[0]?.found

export const textIn = (db: DatabaseHandle, text: Text): string => (text.compile(db) as { readonly sql: string }).sql
