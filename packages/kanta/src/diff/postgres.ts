import { columnNode, defaultNode, identifierNode, tableNode, wordNode } from '../dialect/index.ts'
import { postgresDialect } from '../dialect/postgres/index.ts'
import { type CatalogColumn, type CatalogName, type CatalogTable, tokens } from '../introspect/index.ts'
import type { Kinds, Node } from '../ir/index.ts'
import { freeName } from './free-name.ts'
import { alterationNode, alterNode, columnCommentNode, dropNode, literalNode, statement } from './node.ts'
import type { AlterColumn, Rules, TypeRules } from './rule.ts'
import { refuseUnsupported, standardRules } from './standard.ts'
import type { Constraint } from './step.ts'

const types: TypeRules = {
  synonyms: {
    int: 'integer',
    int4: 'integer',
    int2: 'smallint',
    int8: 'bigint',
    serial: 'integer',
    bigserial: 'bigint',
    decimal: 'numeric',
    varchar: 'character varying',
    char: 'character',
    bool: 'boolean',
    float8: 'double precision',
    float: 'double precision',
    float4: 'real',
    timestamptz: 'timestamp with time zone',
    timestamp: 'timestamp without time zone',
    timetz: 'time with time zone',
    time: 'time without time zone',
  },
  decimalSize: '',
  displayWidths: false,
  textHoldsAll: true,
}

export const postgres: Rules = {
  ...standardRules,
  dialect: postgresDialect,
  defaultSchema: 'public',
  types,
  expressions: { ...standardRules.expressions, booleans: 'words', nowIsCurrent: false },
  locks: { scans: true, rewrites: 'types' },
  locksTypesOfComputed: true,
  changesLockedByForeignKeys: 'type',
  foldsNamesToLowerCase: true,
  constraintName,
  alterColumn: (step, dialect) => {
    const { table, from, to, changes } = step
    const name = identifierNode(to.name)
    const has = (change: AlterColumn['changes'][number]): boolean => changes.includes(change)
    const nodes: Node[] = []
    const alter = (action: string, parts: Partial<Kinds['alteration']> = {}): void => {
      nodes.push(alterNode(table, alterationNode(action, { name, ...parts })))
    }
    // Replace the column if its expression is new or changes.
    if (has('generated')) alter('drop expression')
    const typed = has('type') || has('collation')
    if (has('identity')) dropNumbering(from, to, alter)
    // PostgreSQL may be unable to cast the default to the new type, so drop it first.
    if (typed && from.default !== null && from.identity === null) alter('drop default')
    if (typed) {
      const { collate } = columnNode(to, dialect)
      const using: Node = { kind: 'raw', strings: ['', `::${to.type}`], parts: [name] }
      alter('set data type', { operand: wordNode(to.type), collate, using })
    }
    if ((has('default') || typed) && to.generated === null && to.identity === null) {
      if (to.default !== null) alter('set default', { operand: defaultNode(to.default) })
      else if (from.default !== null && !typed && from.identity === null) alter('drop default')
    }
    if (has('nullable')) alter(to.nullable ? 'drop not null' : 'set not null')
    if (has('identity') && to.identity !== null) nodes.push(...addNumbering(table, to))
    if (has('comment')) nodes.push(columnCommentNode(table, to))
    return nodes
  },
  dropTrigger: ({ schema, name, table }) =>
    dropNode('trigger', identifierNode(name), tableNode({ schema, name: table })),
}

/** Adds numbering to a column. A new sequence starts at 1, so move it past the existing rows. */
function addNumbering(table: CatalogName, { name, identity }: CatalogColumn): readonly Node[] {
  const [column, of] = [identifierNode(name), tableNode(table)]
  const path = [table.schema, table.name]
    .filter((part) => part !== null)
    .map(postgresDialect.quote)
    .join('.')
  const operand = wordNode(`generated ${identity} as identity`)
  return [
    alterNode(table, alterationNode('add identity', { name: column, operand })),
    statement`select setval(objid::regclass, (select coalesce(max(${column}), 0) + 1 from ${of}), false) from pg_depend where classid = 'pg_class'::regclass and refobjid = ${literalNode(path)}::regclass and refobjsubid = (select attnum from pg_attribute where attrelid = refobjid and attname = ${literalNode(name)}) and deptype = 'i'`,
  ]
}

function dropNumbering(from: CatalogColumn, to: CatalogColumn, alter: (action: string) => void): void {
  if (from.identity === 'auto') alter('drop default')
  else if (from.identity !== null) alter('drop identity')
  if (to.identity === 'auto')
    refuseUnsupported(
      'PostgreSQL',
      `make the existing column '${to.name}' serial`,
      'Use identity(), or a sequence as its default.',
    )
}

const SUFFIXES = { 'primary key': 'pkey', unique: 'key', 'foreign key': 'fkey', check: 'check' } as const
/** The longest name in bytes. */
const MAX_NAME_BYTES = 63

function constraintName(constraint: Constraint, table: CatalogTable, taken: ReadonlySet<string>): string | null {
  const columns = columnsInName(constraint, table).join('_')
  const suffix = SUFFIXES[constraint.type]
  return freeName(objectName(table.name, columns, suffix), taken, (n) =>
    objectName(table.name, columns, `${suffix}${n - 1}`),
  )
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

/** Joins the parts of a name, and cuts the longer of table and columns first, as `makeObjectName` of PostgreSQL does. */
function objectName(table: string, columns: string, suffix: string): string {
  const room = MAX_NAME_BYTES - bytesOf(suffix) - (columns === '' ? 1 : 2)
  let [a, b] = [bytesOf(table), Math.min(bytesOf(columns), MAX_NAME_BYTES)]
  while (a + b > room) {
    if (a > b) a--
    else b--
  }
  return [cut(table, a), cut(columns, b), suffix].filter((part) => part !== '').join('_')
}

/** Returns as many whole characters of a text as fit into some bytes. */
function cut(text: string, bytes: number): string {
  let [kept, left] = ['', bytes]
  for (const character of text) {
    left -= bytesOf(character)
    if (left < 0) break
    kept += character
  }
  return kept
}

function columnsInName(constraint: Constraint, table: CatalogTable): readonly string[] {
  if (constraint.type === 'primary key') return []
  if (constraint.type !== 'check') return constraint.columns
  const words = new Set(tokens(constraint.expression, 'postgres').map((token) => token.value))
  const used = table.columns.map((column) => column.name).filter((name) => words.has(name))
  return used.length === 1 ? used : []
}
