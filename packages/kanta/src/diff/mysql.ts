import { columnNode, constraintNode, definitionNode, identifierNode, tableNode, textNode } from '../dialect/index.ts'
import { mariadbDialect, mysqlDialect } from '../dialect/mysql/index.ts'
import type { CatalogForeignKey, CatalogIndex, CatalogTable } from '../introspect/index.ts'
import type { Node } from '../ir/index.ts'
import { freeName } from './free-name.ts'
import { alterationNode, alterNode, dropIndexNode } from './node.ts'
import type { Rules, TypeRules } from './rule.ts'
import { constraintName, standardRules } from './standard.ts'
import type { Constraint } from './step.ts'

const DROPS: Readonly<Record<Constraint['type'], string>> = {
  'primary key': 'drop primary key',
  unique: 'drop index',
  'foreign key': 'drop foreign key',
  check: 'drop constraint',
}

const types: TypeRules = {
  synonyms: {
    integer: 'int',
    numeric: 'decimal',
    dec: 'decimal',
    bool: 'tinyint(1)',
    boolean: 'tinyint(1)',
    'double precision': 'double',
    'character varying': 'varchar',
  },
  decimalSize: '(10,0)',
  displayWidths: true,
  textHoldsAll: false,
}

export const mysql: Rules = {
  ...standardRules,
  dialect: mysqlDialect,
  types,
  expressions: { ...standardRules.expressions, momentArguments: 1 },
  locks: { scans: false, rewrites: 'any' },
  restrictIsNoAction: true,
  writesConstraintNames: true,
  changesLockedByForeignKeys: 'any',
  numbersKeysOnly: true,
  tellsBasicPlaneOnly: true,
  constraintName: (constraint, table, taken) =>
    generatedName(constraint, taken, `${table.name}_ibfk_`, `${table.name}_chk_`),
  // The server renames the foreign keys that it named itself along with their table.
  foreignKeyAfterRename: (name, from, to) => (name.startsWith(`${from}_ibfk_`) ? to + name.slice(from.length) : name),
  normalizeTable,
  alterColumn: ({ table, to, check }, dialect) => {
    const column = columnNode(to, dialect)
    const operand = check === undefined ? column : { ...column, check: textNode(check) }
    return [alterNode(table, alterationNode('modify column', { operand }))]
  },
  dropConstraint: (table, constraint) => {
    const name = constraint.type === 'primary key' ? undefined : constraintName(constraint, table)
    return [alterNode(table, alterationNode(DROPS[constraint.type], { name }))]
  },
  renameConstraint(table, constraint, to, dialect): readonly Node[] {
    if (constraint.type === 'unique' && constraint.name !== null) {
      const name = identifierNode(constraint.name)
      return [alterNode(table, alterationNode('rename index', { name, to: identifierNode(to) }))]
    }
    return [
      ...this.dropConstraint(table, constraint, dialect),
      alterNode(table, constraintNode({ ...constraint, name: to })),
    ]
  },
  createTrigger: (trigger) =>
    definitionNode('createTrigger', {
      name: tableNode(trigger),
      timing: trigger.timing,
      events: trigger.events,
      table: tableNode({ schema: null, name: trigger.table }),
      body: textNode(trigger.definition),
    }),
}

export const mariadb: Rules = {
  ...mysql,
  dialect: mariadbDialect,
  expressions: {
    ...mysql.expressions,
    synonyms: { lcase: 'lower', ucase: 'upper', octet_length: 'length' },
  },
  constraintName: (constraint, table, taken) => generatedName(constraint, taken, `${table.name}_ibfk_`, 'CONSTRAINT_'),
  // MariaDB keeps the index that it created for a foreign key. MySQL has no `drop index if exists`.
  dropConstraint: (table, constraint, dialect) => {
    const dropped = mysql.dropConstraint(table, constraint, dialect)
    if (constraint.type !== 'foreign key') return dropped
    const index = constraint.index ?? constraint.name!
    return [...dropped, { ...dropIndexNode(table, index, dialect), ifExists: true }]
  },
}

/**
 * Turns unique indexes into unique keys, which are the same in MySQL, and drops the indexes that MySQL creates for
 * foreign keys. So both sides describe them in one way.
 */
function normalizeTable(table: CatalogTable): CatalogTable {
  const columnsOf = (index: CatalogIndex): (string | null)[] =>
    index.parts.map((part) => (part.direction === 'asc' ? part.column : null))
  const isKey = (index: CatalogIndex): boolean => index.unique && columnsOf(index).every((column) => column !== null)
  const serves = (index: CatalogIndex, key: CatalogForeignKey): boolean =>
    !index.unique &&
    key.columns.join() === columnsOf(index).join() &&
    // The index keeps the name that the key had before its table was renamed.
    (index.name === key.name || index.name === key.columns[0] || /_ibfk_\d+$/.test(index.name))
  const servingIndex = (key: CatalogForeignKey): CatalogForeignKey => {
    const found = table.indexes.find((index) => serves(index, key))
    return found === undefined || found.name === key.name ? key : { ...key, index: found.name }
  }
  const [, collation] = /\bcollate[ =](\w+)/i.exec(table.options.join(' ')) ?? []
  const exists = (column: string): boolean => table.columns.some((each) => each.name === column)
  return {
    ...table,
    columns: table.columns.map((column) => (column.collation === collation ? { ...column, collation: null } : column)),
    // MariaDB adds the end of a version, which is no column that anybody sees, to the keys of a versioned table.
    primaryKey: table.primaryKey && { ...table.primaryKey, columns: table.primaryKey.columns.filter(exists) },
    foreignKeys: table.foreignKeys.map(servingIndex),
    uniques: [
      ...table.uniques,
      ...table.indexes.filter(isKey).map((index) => ({ name: index.name, columns: columnsOf(index) as string[] })),
    ],
    indexes: table.indexes.filter((index) => !isKey(index) && !table.foreignKeys.some((key) => serves(index, key))),
  }
}

/** Returns the name that the database generates for a constraint. */
function generatedName(
  constraint: Constraint,
  taken: ReadonlySet<string>,
  keys: string,
  checks: string,
): string | null {
  switch (constraint.type) {
    case 'primary key':
      return null
    case 'unique': {
      const base = constraint.columns[0]!
      return freeName(base, taken, (n) => `${base}_${n}`)
    }
    case 'foreign key':
      return nextName(keys, taken)
    case 'check':
      return nextName(checks, taken)
  }
}

/** Returns the prefix with the next number after the highest one in use. */
function nextName(prefix: string, taken: ReadonlySet<string>): string {
  const numbers = [...taken]
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)) || 0)
  return prefix + (Math.max(0, ...numbers) + 1)
}
