import {
  createIndexNode,
  createTableNode,
  type Dialect,
  definitionNode,
  identifierNode,
  tableNode,
  textNode,
  wordNode,
} from '../dialect/index.ts'
import { sqliteDialect } from '../dialect/sqlite/index.ts'
import { refuse } from '../error/index.ts'
import type { CatalogName, CatalogTable } from '../introspect/index.ts'
import type { Node } from '../ir/index.ts'
import { alterationNode, alterNode, dropNode, literalNode, statement } from './node.ts'
import type { Rules } from './rule.ts'
import { copiedColumn } from './sqlite-decimals.ts'
import { refuseUnsupported, standardRules } from './standard.ts'
import type { RebuildTable } from './step.ts'

const REBUILD = 'Use a rebuildTable step.'

export const sqlite: Rules = {
  ...standardRules,
  dialect: sqliteDialect,
  defaultSchema: 'main',
  // Both have the same affinity. All other words are types of their own.
  types: { synonyms: { numeric: 'decimal' }, decimalSize: '', displayWidths: false, textHoldsAll: false },
  expressions: { ...standardRules.expressions, nowIsCurrent: false },
  locks: { scans: false },
  comparesOptions: true,
  hasWholeViewStatements: true,
  alterColumn: () => refuseUnsupported('SQLite', 'alter a column', REBUILD),
  dropConstraint: () => refuseUnsupported('SQLite', 'drop a constraint', REBUILD),
  renameConstraint: () => refuseUnsupported('SQLite', 'rename a constraint', REBUILD),
  rebuilds: { rebuild, checkForeignKeys },
}

const listNode = (items: readonly Node[]): Node => ({ kind: 'list', items })

/**
 * Returns the statements that rebuild a SQLite table with its rows, as
 * https://www.sqlite.org/lang_altertable.html#otheralter lists them. Run them in a transaction, and set `pragma
 * foreign_keys = off` before it begins; otherwise dropping the old table deletes the rows that refer to it. Add a
 * checkForeignKeys step after the last rebuild.
 */
function rebuild({ from, to, dependents }: RebuildTable, dialect: Dialect): readonly Node[] {
  const fresh: CatalogName = { schema: to.schema, name: `kanta_new_${to.name}` }
  const views = dependents.filter((each) => each.type === 'view')
  const triggers = dependents.filter((each) => each.type === 'trigger')
  const ofTable = (name: string): Node => tableNode({ schema: to.schema, name })
  return [
    // Views and triggers that mention the missing table would make the rename fail.
    ...triggers.map(({ name }) => dropNode('trigger', ofTable(name))),
    ...views.toReversed().map(({ name }) => dropNode('view', ofTable(name))),
    createTableNode(to, dialect, fresh),
    copyRows(from, to, fresh),
    ...keepNumbering(from, to, fresh),
    dropNode('table', tableNode(from)),
    alterNode(fresh, alterationNode('rename to', { name: identifierNode(to.name) })),
    ...to.indexes.map((index) => createIndexNode(index, to)),
    ...[...views, ...triggers].map(({ definition }) => textNode(definition)),
  ]
}

/** Copies the columns that both tables have. New columns get their defaults. */
function copyRows(from: CatalogTable, to: CatalogTable, fresh: CatalogName): Node {
  const old = new Map(from.columns.map((column) => [column.name.toLowerCase(), column]))
  const pairs = to.columns
    .filter((column) => column.generated === null && old.has(column.name.toLowerCase()))
    .map((column) => [column, old.get(column.name.toLowerCase())!] as const)
  if (pairs.length === 0)
    refuse(
      `The table '${to.name}' keeps none of its columns, so its rows cannot be copied. Drop it, and create another.`,
    )
  const into = listNode(pairs.map(([{ name }]) => identifierNode(name)))
  const select = listNode(pairs.map(([column, before]) => copiedColumn(before, column)))
  return statement`insert into ${tableNode(fresh)} (${into}) select ${select} from ${tableNode(from)}`
}

/** Continues the numbering of the old table, even if its last rows are deleted. */
function keepNumbering(from: CatalogTable, to: CatalogTable, fresh: CatalogName): readonly Node[] {
  const numbers = (table: CatalogTable): boolean => table.columns.some((column) => column.identity !== null)
  if (!numbers(from) || !numbers(to)) return []
  const sequence = tableNode({ schema: to.schema, name: 'sqlite_sequence' })
  const [name, old] = [literalNode(fresh.name), literalNode(from.name)]
  return [
    statement`delete from ${sequence} where name = ${name}`,
    statement`insert into ${sequence} (name, seq) select ${name}, seq from ${sequence} where name = ${old}`,
  ]
}

/** Returns statements that fail if a foreign key is violated. `pragma foreign_key_check` only reports violations. */
function checkForeignKeys(tables: readonly string[]): readonly Node[] {
  const names = listNode(tables.map(literalNode))
  const check: CatalogName = { schema: 'temp', name: 'kanta_check' }
  const rows = identifierNode('rows that point to nothing')
  return [
    definitionNode('createTable', {
      table: tableNode(check),
      columns: [
        definitionNode('columnDefinition', {
          name: rows,
          type: wordNode('integer'),
          check: { kind: 'binary', left: rows, op: '=', right: { kind: 'literal', value: 0 } },
        }),
      ],
      options: [wordNode('strict')],
    }),
    statement`insert into ${tableNode(check)} select count(*) from pragma_foreign_key_check where "table" collate nocase in (${names}) or "parent" collate nocase in (${names})`,
    dropNode('table', tableNode(check)),
  ]
}
