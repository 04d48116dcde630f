import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Capabilities, Dialect } from '../../src/dialect/index.ts'
import { mssqlDialect } from '../../src/dialect/mssql/index.ts'
import { mariadbDialect, mysqlDialect } from '../../src/dialect/mysql/index.ts'
import { postgresDialect } from '../../src/dialect/postgres/index.ts'
import type { SchemaCapabilities } from '../../src/dialect/schema-capabilities.ts'
import { sqliteDialect } from '../../src/dialect/sqlite/index.ts'
import { root } from './sources.ts'

const PAGE = 'docs/databases.md'

const DIALECTS: readonly (readonly [heading: string, dialect: Dialect])[] = [
  ['SQLite', sqliteDialect],
  ['PostgreSQL', postgresDialect],
  ['MariaDB', mariadbDialect],
  ['MySQL, _not run_', mysqlDialect],
  ['SQL Server, _not run_', mssqlDialect],
]

/** What the page calls each flag; the compiler asks for those that are new. */
type Labels<K extends keyof Capabilities> = { readonly [C in K]-?: string }

const CLAUSES: Labels<Exclude<keyof Capabilities, keyof SchemaCapabilities>> = {
  returning: '`returning()`',
  output: '`output()`',
  merge: '`mergeInto()`',
  lateral: 'lateral joins',
  apply: '`crossApply()`, `outerApply()`',
  rightJoin: '`rightJoin()`',
  fullJoin: '`fullJoin()`',
  locks: '`forUpdate()`, `forShare()`',
  keyLocks: '`forNoKeyUpdate()`, `forKeyShare()`',
  fetch: '`fetch()`',
  top: '`top()`',
  distinctOn: '`distinctOn()`',
  groupingSets: '`groupingSets()`, `cube()`',
  insertIgnore: '`ignore()`',
  insertOr: '`orIgnore()` and its like',
  replace: '`replaceInto()`',
  onConflict: '`onConflict()`',
  onConflictConstraint: '`onConflict()` by constraint',
  onDuplicateKeyUpdate: '`onDuplicateKeyUpdate()`',
  updateFrom: '`from()` in an update',
  updateJoin: 'a join in an update without `from()`',
  updateLimit: '`orderBy()`, `limit()` in an update',
  deleteUsing: '`using()` in a delete',
  deleteLimit: '`orderBy()`, `limit()` in a delete',
  multiTableWrite: 'a write of several tables',
  writingCtes: '`with()` of a statement that writes',
  defaultKeyword: '`default` as a value',
  withinGroup: '`withinGroupOrderBy()`',
  materializedCtes: '`materialized()`',
  setOperationAll: '`intersectAll()`, `exceptAll()`',
  namedWindows: '`window()`',
  ilike: '`ilike`',
  betweenSymmetric: '`betweenSymmetric()`',
  schemaOfTarget: 'keys and indexes name a schema',
}

const DEFINITIONS: Labels<keyof SchemaCapabilities> = {
  temporaryTables: 'temporary tables',
  createTableIfNotExists: '`createTable().ifNotExists()`',
  onCommit: '`onCommit()` of a temporary table',
  createTableAs: '`createTable().as()`',
  partitionTables: '`partitionOf()`',
  inlinePartitions: 'partitions within `createTable()`',
  tableIndexes: 'indexes among the columns',
  autoIncrement: '`autoIncrement()`',
  identity: '`identity()`',
  generatedIdentity: '`generated…AsIdentity()`',
  unsigned: '`unsigned()`',
  nullsNotDistinct: '`nullsNotDistinct()`',
  uniqueExpressions: 'unique constraints of expressions',
  deferrableKeys: 'deferrable keys',
  deferrableForeignKeys: 'deferrable foreign keys',
  inlineComments: 'comments with what they are of',
  commentStatements: '`commentOn…()`',
  addColumnIfNotExists: '`addColumn().ifNotExists()`',
  dropColumnIfExists: '`dropColumn().ifExists()`',
  severalAlterations: 'several changes in one `alterTable()`',
  renamesAmongOthers: 'a new name among other changes',
  alterTableIndexes: 'indexes in `alterTable()`',
  alterColumnType: '`alterColumn()`: type',
  alterColumnDefault: '`alterColumn()`: default',
  alterColumnNull: '`alterColumn()`: null',
  modifyColumn: '`modifyColumn()`',
  alterConstraints: 'constraints added and dropped',
  renameConstraint: '`renameConstraint()`',
  dropConstraintIfExists: '`dropConstraint().ifExists()`',
  setSchema: '`setSchema()`',
  createIndexIfNotExists: '`createIndex().ifNotExists()`',
  dropIndexIfExists: '`dropIndex().ifExists()`',
  concurrentIndexes: '`concurrently()`',
  renameIndex: '`renameIndex()`',
  indexUsing: '`using()` of an index',
  indexInclude: '`include()` of an index',
  indexExpressions: 'indexes of expressions',
  indexNulls: 'null ordering in an index',
  partialIndexes: 'partial indexes',
  indexesOfTables: 'the name of an index belongs to its table',
  schemas: '`createSchema()`',
  schemaIfNotExists: '`createSchema().ifNotExists()`',
  replaceView: '`orReplace()` of a view',
  viewIfNotExists: '`createView().ifNotExists()`',
  temporaryViews: 'temporary views',
  materializedViews: 'materialized views',
  enumTypes: 'enum types',
  domains: 'domains',
  sequences: 'sequences',
  sequenceIfNotExists: '`createSequence().ifNotExists()`',
  temporarySequences: 'temporary sequences',
  dropTemporary: '`dropTable().temporary()`',
  dropCascade: '`cascade()` of a drop',
  truncate: '`truncate()`',
  truncateSeveral: '`truncate()` of several tables',
  truncateOptions: '`restartIdentity()`, `cascade()` of `truncate()`',
}

const LIMITS: Readonly<Record<string, (dialect: Dialect) => string>> = {
  'parameters of one statement, at most': ({ maxParameters }) => maxParameters.toLocaleString('en'),
  'parameters of one part of a bulk insert': ({ bulkParameters }) => bulkParameters.toLocaleString('en'),
  'a list after `in`': ({ lists }) => LISTS[lists],
}

const LISTS: Readonly<Record<Dialect['lists'], string>> = {
  array: 'one array',
  padded: 'padded',
  exact: 'one for each item',
}

const cell = (value: boolean | string | undefined): string =>
  typeof value === 'string' ? `\`${value}\`` : value === true ? 'yes' : 'no'

const flags = (labels: Partial<Record<keyof Capabilities, string>>): string[][] =>
  Object.entries(labels).map(([flag, label]) => [
    label,
    ...DIALECTS.map(([, { capabilities }]) => cell(capabilities[flag as keyof Capabilities])),
  ])

/** A table of Markdown as the formatter writes it. */
function markdown(rows: readonly (readonly string[])[]): string {
  const all = [['', ...DIALECTS.map(([heading]) => heading)], ...rows]
  const widths = all[0]!.map((_, i) => Math.max(3, ...all.map((row) => row[i]!.length)))
  const line = (cells: readonly string[]): string => `| ${cells.map((it, i) => it.padEnd(widths[i]!)).join(' | ')} |`
  const [head, ...body] = all.map(line)
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n')
}

test.for([
  ['Clauses', flags(CLAUSES)],
  ['Definitions', flags(DEFINITIONS)],
  ['Limits', Object.entries(LIMITS).map(([label, of]) => [label, ...DIALECTS.map(([, dialect]) => of(dialect))])],
] as const)('the table of %s is what the dialects say', ([heading, rows]) => {
  const page = readFileSync(join(root, PAGE), 'utf8')
  const section = page.split(/^##+ /m).find((it) => it.startsWith(`${heading}\n`))
  const found = section?.match(/^\|.*\|$/gm)?.join('\n')
  expect(found, `The table under '### ${heading}' of ${PAGE} has to be:\n\n${markdown(rows)}\n`).toBe(markdown(rows))
})
