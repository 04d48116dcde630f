import { constraintsOf } from '../dialect/index.ts'
import type { CatalogTable } from '../introspect/index.ts'
import { type CompareContext, constraintForm } from './equal.ts'
import { keyOf } from './rename.ts'
import type { Rules } from './rule.ts'
import type { Side } from './side.ts'
import type { Constraint } from './step.ts'

/**
 * Names the unnamed constraints as the database does, since dropping or renaming one takes its name. SQLite needs no
 * names; those of SQL Server are random.
 */
export function nameUnnamedConstraints(side: Side, rules: Rules): Side {
  return rules.constraintName === undefined
    ? side
    : { ...side, tables: side.tables.map((table) => nameConstraints(table, nameGenerator(table, rules))) }
}

/** Names the constraints, and keeps the names of those that were there before. */
export function keepConstraintNames(side: Side, before: Side, context: CompareContext): Side {
  const old = new Map(before.tables.map((table) => [keyOf(table), table]))
  const tables = side.tables.map((table) => {
    const same = old.get(keyOf(table))
    if (same === undefined) return table
    const left = [...constraintsOf(same)]
    return nameConstraints(table, (constraint) => {
      const form = constraintForm(constraint, table.name, context)
      const at = left.findIndex((each) => constraintForm(each, table.name, context) === form)
      const [found] = at < 0 ? [] : left.splice(at, 1)
      return constraint.name ?? found?.name ?? null
    })
  })
  return nameUnnamedConstraints({ ...side, tables }, context.rules)
}

/** Returns the table with constraint names from a function, called in the order of `constraintsOf`. */
function nameConstraints(table: CatalogTable, name: (constraint: Constraint) => string | null): CatalogTable {
  const named = <T extends Constraint['type'], C extends { readonly name: string | null }>(type: T, each: C): C => ({
    ...each,
    name: name({ type, ...each } as unknown as Constraint),
  })
  return {
    ...table,
    primaryKey: table.primaryKey === null ? null : named('primary key', table.primaryKey),
    uniques: table.uniques.map((each) => named('unique', each)),
    checks: table.checks.map((each) => named('check', each)),
    foreignKeys: table.foreignKeys.map((each) => named('foreign key', each)),
  }
}

function nameGenerator(table: CatalogTable, rules: Rules): (constraint: Constraint) => string | null {
  const taken = new Set(
    [...constraintsOf(table), ...table.indexes].flatMap(({ name }) => (name === null ? [] : [name])),
  )
  return (constraint) => {
    if (constraint.name !== null) return constraint.name
    const name = rules.constraintName!(constraint, table, taken)
    if (name !== null) taken.add(name)
    return name
  }
}
