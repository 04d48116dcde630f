import { localize } from '../../dialect/index.ts'
import { KantaError } from '../../error/index.ts'
import { type RunValues, sameName, type TableReference } from '../../guard/index.ts'
import { fullName, splitName } from '../../ir/index.ts'
import type { TableDefinition } from '../../table/index.ts'

import type { CascadeReference, Settled } from './option.ts'

/** The table definitions of a database, by name. */
export type Definitions = ReadonlyMap<string, TableDefinition>

/** Returns true if two names mean the same table. A name without a schema matches any schema. */
export function sameTable(one: string, other: string): boolean {
  const [a, b] = [one.split('.'), other.split('.')]
  if (!sameName(a.at(-1)!, b.at(-1)!)) return false
  return a.length === 1 || b.length === 1 || sameName(a[0]!, b[0]!)
}

/** Returns true if the plugin applies to a table. */
export function isSoft({ tables, column }: Settled, table: TableReference): boolean {
  if (tables === undefined) return table.definition?.columns.has(column) === true
  return tables.some((name) => sameTable(name, fullName(table)))
}

/** Returns a table by the name that a cascade or a method gives. */
export function tableIn(schema: Definitions, given: string): TableReference {
  const { name, schema: of } = splitName(given)
  const found = schema.get(given) ?? [...schema.values()].find((one) => sameTable(fullName(one), given))
  return { schema: of, name, definition: found }
}

/** Finds the definition of a table that a statement spells differently, such as with a schema or in capitals. */
export function resolved(table: TableReference, runValues: RunValues): TableReference {
  if (table.definition !== undefined) return table
  const { schema, dialect } = runValues.surroundings
  for (const definition of schema.values()) {
    if (!sameTable(fullName(definition), fullName(table))) continue
    if (dialect.foldName(definition.name) !== dialect.foldName(table.name)) continue
    return { schema: definition.schema, name: definition.name, definition: localize(definition, dialect) }
  }
  return table
}

const known = new WeakMap<Settled, WeakMap<Definitions, readonly CascadeReference[]>>()

/** Returns the references that deletions follow: the given ones, and foreign keys between tables of the plugin. */
export function referencesOf(settled: Settled, schema: Definitions): readonly CascadeReference[] {
  if (settled.cascade === undefined) return []
  const ofSettled = known.get(settled) ?? new WeakMap<Definitions, readonly CascadeReference[]>()
  known.set(settled, ofSettled)
  let found = ofSettled.get(schema)
  if (found === undefined) {
    found = [...settled.cascade.along, ...[...schema.values()].flatMap((table) => ofDefinition(settled, table))]
    ofSettled.set(schema, found)
  }
  return found
}

function ofDefinition(settled: Settled, definition: TableDefinition): CascadeReference[] {
  if (!isSoft(settled, { ...definition, definition })) return []
  return definition.foreignKeys.flatMap(({ columns, onDelete, references }) => {
    // These rows stay when the referenced row is deleted.
    if (onDelete === 'set null' || onDelete === 'set default') return []
    const { table, columns: keys } = references()
    if (!isSoft(settled, { ...table, definition: table })) return []
    return [
      {
        table: fullName(definition),
        columns,
        references: { table: fullName(table), columns: keys },
      },
    ]
  })
}

const NO_MOMENT: ReadonlySet<string> = new Set(['boolean', 'json', 'bytes', 'uuid', 'enum'])

/** Checks that the definitions of a database have the columns that the plugin needs. */
export function checkDefinitions(settled: Settled, schema: Definitions): void {
  const fail = (message: string): never => {
    throw new KantaError('plugin', message)
  }
  const { tables, column, deletedBy, cascade } = settled
  if (tables === undefined && schema.size === 0)
    fail(
      "The plugin 'softDelete' does not know the tables of this database. List them: softDelete({ tables: ['post'] }).",
    )
  const soft = [...schema.values()].filter((definition) => isSoft(settled, { ...definition, definition }))
  if (tables === undefined && soft.length === 0)
    fail(`No table of the schema has a column '${column}'. Add it, or give its name: softDelete({ column: '…' }).`)
  const references = referencesOf(settled, schema)
  for (const definition of soft) {
    const name = fullName(definition)
    const inCascade = references.some((each) => sameTable(each.table, name) || sameTable(each.references.table, name))
    for (const needed of [column, deletedBy?.column, inCascade ? cascade?.column : undefined]) {
      if (needed === undefined) continue
      const found = definition.columns.get(needed)
      if (found === undefined)
        fail(`The table '${name}' has no column '${needed}', which the plugin 'softDelete' writes. Add it.`)
      if (needed === column && NO_MOMENT.has(found!.type))
        fail(
          `'${name}.${needed}' has the type ${found!.type}, which cannot hold a moment. Make it c.timestamp(), c.date() or c.text().`,
        )
      if (found?.nullable === false)
        fail(`'${name}.${needed}' must be null for a row that is not deleted. Make it nullable().`)
    }
  }
  for (const each of references) {
    for (const [table, columns] of [
      [each.table, each.columns],
      [each.references.table, each.references.columns],
    ] as const) {
      const definition = [...schema.values()].find((one) => sameTable(fullName(one), table))
      for (const name of columns)
        if (definition?.columns.has(name) === false)
          fail(`The cascade names '${table}.${name}', but the table has no such column. Correct the name.`)
      if (tables !== undefined && !tables.some((one) => sameTable(one, table)))
        fail(`The cascade names '${table}', which is not a table of the plugin 'softDelete'. Add it to the tables.`)
    }
  }
}
