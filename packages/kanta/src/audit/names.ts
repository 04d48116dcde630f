import { localize } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import type { Node, NodeOf } from '../extend/index.ts'
import { contextOf, type DatabaseHandle, dialectOf, policiesOf, schemaOf } from '../extend/internal/index.ts'
import { fullName, splitName } from '../ir/index.ts'
import { checkName } from '../sql/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { type KeyedTable, keyOf } from './key.ts'
import type { Settings } from './options.ts'

/** A table with its names in the program and in the database. */
export interface NamedTable {
  /** The table with the names of the program, which policies use. */
  readonly program: NodeOf<'table'>
  /** The table with the names of the database, which the trail uses. */
  readonly table: KeyedTable
  readonly toDatabase: (column: string) => string
  readonly toProgram: (column: string) => string
}

/** Translates a name to that of the database, in the current context. */
export function renameInDatabase<N extends Node>(part: N, db: DatabaseHandle): N {
  let made: Node = part
  for (const { rewrite, variants } of policiesOf(db)) {
    made = rewrite?.(made) ?? made
    if (variants !== undefined) made = variants.rewrite(made, variants.nameIn(contextOf(db)))
  }
  return made as N
}

/** Finds a table by its name in the program, `table` or `schema.table`. */
export function resolveTable(db: DatabaseHandle, given: string, settings: Settings): NamedTable {
  checkName(given, 'a table')
  const [name, schema, ...more] = given.split('.').reverse() as [string, string?]
  if (more.length > 0) refuse(`'${given}' is not a table. Write 'table' or 'schema.table'.`)
  const known = schemaOf(db).get(given)
  const definition = known === undefined ? undefined : localize(known, dialectOf(db))
  const program: NodeOf<'table'> = { kind: 'table', schema, name, definition }
  const inside = renameInDatabase(program, db)
  const own = { schema: inside.schema, name: inside.name, definition: inside.definition as TableDefinition | undefined }
  if (!settings.isAudited(fullName(own)))
    refuse(`The table '${given}' is not audited. Add it to audit({ tables: [ … ] }).`)
  const rename = (column: string): string =>
    (renameInDatabase({ kind: 'ref', schema: undefined, table: undefined, column }, db) as NodeOf<'ref'>).column
  return {
    program,
    table: { ...own, key: keyOf(own, settings.keys) },
    toDatabase: rename,
    toProgram: (column) => toProgramName(column, db),
  }
}

/** Finds the table of an entry; returns `undefined` if this handle has no such table. */
export function tableOfEntry(
  db: DatabaseHandle,
  entry: { readonly schema_name: string | null; readonly table_name: string },
  settings: Settings,
): NamedTable | undefined {
  const full = entry.schema_name === null ? entry.table_name : `${entry.schema_name}.${entry.table_name}`
  // Tables with a definition first, since it decides how images are read.
  const names = [...schemaOf(db).keys(), full, entry.table_name]
  for (const name of [...names, ...names.map((one) => toProgramName(one, db))]) {
    const { name: bare, schema } = splitName(name)
    const inside = renameInDatabase<NodeOf<'table'>>({ kind: 'table', schema, name: bare, definition: undefined }, db)
    if (fullName(inside) === full) return resolveTable(db, name, settings)
  }
  return undefined
}

const toProgramName = (name: string, db: DatabaseHandle): string =>
  policiesOf(db).reduce((made, policy) => policy.renameColumn?.(made) ?? made, name)
