import { constraintsOf } from '../dialect/index.ts'
import type { CatalogCheck, CatalogForeignKey, CatalogTable } from '../introspect/index.ts'
import { constraintForm } from './equal.ts'
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
    : { ...side, tables: side.tables.map((table) => mapConstraints(table, nameGenerator(table, rules))) }
}

/** Names the constraints, and keeps the names of those that were there before. */
export function keepConstraintNames(side: Side, before: Side, rules: Rules): Side {
  const old = new Map(before.tables.map((table) => [keyOf(table), table]))
  const tables = side.tables.map((table) => {
    const same = old.get(keyOf(table))
    if (same === undefined) return table
    const left = [...constraintsOf(same)]
    return mapConstraints(table, (constraint) => {
      const form = constraintForm(constraint, table.name, rules)
      const at = left.findIndex((each) => constraintForm(each, table.name, rules) === form)
      const [found] = at < 0 ? [] : left.splice(at, 1)
      return found === undefined ? {} : placeOf(found, constraint)
    })
  })
  return nameUnnamedConstraints({ ...side, tables }, rules)
}

/** What a database knows of a constraint besides its form: its name, and where it is kept. */
type Place = Partial<Pick<CatalogCheck & CatalogForeignKey, 'name' | 'column' | 'index'>>

/** Returns the place of a constraint of the database, under the name that is wanted for it. */
function placeOf(found: Constraint, wanted: Constraint): Place {
  const name = wanted.name ?? found.name
  if (found.type === 'check' && found.column !== undefined) return { name, column: found.column }
  return found.type === 'foreign key' && found.index !== undefined ? { name, index: found.index } : { name }
}

/** Returns the table with more said of each constraint, by a function that is called in the order of `constraintsOf`. */
function mapConstraints(table: CatalogTable, place: (constraint: Constraint) => Place): CatalogTable {
  const named = <T extends Constraint['type'], C extends { readonly name: string | null }>(type: T, each: C): C => ({
    ...each,
    ...place({ type, ...each } as unknown as Constraint),
  })
  return {
    ...table,
    primaryKey: table.primaryKey === null ? null : named('primary key', table.primaryKey),
    uniques: table.uniques.map((each) => named('unique', each)),
    checks: table.checks.map((each) => named('check', each)),
    foreignKeys: table.foreignKeys.map((each) => named('foreign key', each)),
  }
}

function nameGenerator(table: CatalogTable, rules: Rules): (constraint: Constraint) => Place {
  const taken = new Set(
    [...constraintsOf(table), ...table.indexes].flatMap(({ name }) => (name === null ? [] : [name])),
  )
  return (constraint) => {
    if (constraint.name !== null || (constraint.type === 'check' && constraint.column !== undefined)) return {}
    const name = rules.constraintName!(constraint, table, taken)
    if (name !== null) taken.add(name)
    return { name }
  }
}
