import { constraintsOf } from '../dialect/index.ts'
import type { CatalogTable, DialectName } from '../introspect/index.ts'
import { tokens } from '../introspect/index.ts'
import { constraintForm, type Ground } from './equal.ts'
import { keyOf } from './rename.ts'
import type { Side } from './side.ts'
import type { Constraint } from './step.ts'

/**
 * The names of constraints that nobody named, as the database makes them up: to drop or rename one, its name has to be
 * known. SQLite needs none; SQL Server makes up random ones.
 */
export function withNames(side: Side, dialect: DialectName): Side {
  return dialect === 'sqlite' || dialect === 'mssql'
    ? side
    : { ...side, tables: side.tables.map((table) => renamedConstraints(table, madeUp(table, dialect))) }
}

/** The same, where what was there before keeps the name that it had. */
export function withKeptNames(side: Side, before: Side, ground: Ground): Side {
  const old = new Map(before.tables.map((table) => [keyOf(table), table]))
  const tables = side.tables.map((table) => {
    const same = old.get(keyOf(table))
    if (same === undefined) return table
    const left = [...constraintsOf(same)]
    return renamedConstraints(table, (constraint) => {
      const form = constraintForm(constraint, table.name, ground)
      const at = left.findIndex((each) => constraintForm(each, table.name, ground) === form)
      const [found] = at < 0 ? [] : left.splice(at, 1)
      return constraint.name ?? found?.name ?? null
    })
  })
  return withNames({ ...side, tables }, ground.dialect)
}

/** A table whose constraints have the names that a function gives, in the order of `constraintsOf`. */
function renamedConstraints(table: CatalogTable, name: (constraint: Constraint) => string | null): CatalogTable {
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

function madeUp(table: CatalogTable, dialect: DialectName): (constraint: Constraint) => string | null {
  const taken = new Set(
    [...constraintsOf(table), ...table.indexes].flatMap(({ name }) => (name === null ? [] : [name])),
  )
  const make = dialect === 'postgres' ? postgresName : mysqlName
  return (constraint) => {
    if (constraint.name !== null) return constraint.name
    const name = make(constraint, table, taken, dialect)
    if (name !== null) taken.add(name)
    return name
  }
}

const SUFFIXES = { 'primary key': 'pkey', unique: 'key', 'foreign key': 'fkey', check: 'check' } as const
/** PostgreSQL cuts longer names in a way of its own. */
const LONGEST = 63

function postgresName(constraint: Constraint, table: CatalogTable, taken: ReadonlySet<string>): string | null {
  const base = [table.name, ...namedColumns(constraint, table), SUFFIXES[constraint.type]].join('_')
  if (new TextEncoder().encode(base).length > LONGEST) return null
  return numbered(base, taken, (n) => `${base}${n - 1}`)
}

function namedColumns(constraint: Constraint, table: CatalogTable): readonly string[] {
  if (constraint.type === 'primary key') return []
  if (constraint.type !== 'check') return constraint.columns
  const words = new Set(tokens(constraint.expression).map((token) => token.value))
  const used = table.columns.map((column) => column.name).filter((name) => words.has(name))
  return used.length === 1 ? used : []
}

function numbered(base: string, taken: ReadonlySet<string>, make: (n: number) => string): string {
  let name = base
  for (let n = 2; taken.has(name); n++) name = make(n)
  return name
}

function mysqlName(
  constraint: Constraint,
  table: CatalogTable,
  taken: ReadonlySet<string>,
  dialect: DialectName,
): string | null {
  switch (constraint.type) {
    case 'primary key':
      return null
    case 'unique': {
      const base = constraint.columns[0]!
      return numbered(base, taken, (n) => `${base}_${n}`)
    }
    case 'foreign key':
      return after(`${table.name}_ibfk_`, taken)
    case 'check':
      return after(dialect === 'mariadb' ? 'CONSTRAINT_' : `${table.name}_chk_`, taken)
  }
}

/** One more than the last number. */
function after(prefix: string, taken: ReadonlySet<string>): string {
  const numbers = [...taken]
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)) || 0)
  return prefix + (Math.max(0, ...numbers) + 1)
}
