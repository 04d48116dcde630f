import type { AbstractType, ReferentialAction } from '../table/index.ts'
import { abstractTypeOf } from './abstract-type.ts'
import type { CatalogCheck, CatalogColumn, CatalogForeignKey, CatalogKey, CatalogTable } from './catalog.ts'
import { Cursor, splitAtCommas, type Token } from './token.ts'

/** A table as parsed from the text of its `create table` statement. */
export type ParsedTable = Omit<CatalogTable, 'schema' | 'kind' | 'indexes' | 'comment'> & {
  readonly schema: string | null
}

interface ConstraintLists {
  primaryKey: CatalogKey | null
  readonly uniques: CatalogKey[]
  readonly foreignKeys: CatalogForeignKey[]
  readonly checks: CatalogCheck[]
}

/**
 * Parses the text of SQLite's `create table`. Returns `undefined` for other statements, such as `create table … as`.
 */
export function readCreateTable(sql: string): ParsedTable | undefined {
  const c = Cursor.of(sql, 'sqlite')
  if (!c.accept('create')) return undefined
  if (!c.accept('temp')) c.accept('temporary')
  if (!c.accept('table')) return undefined
  c.accept('if', 'not', 'exists')
  let schema: string | null = null
  let name = c.readName()
  if (c.accept('.')) {
    schema = name ?? null
    name = c.readName()
  }
  const body = c.readParentheses()
  if (name === undefined || body === undefined) return undefined
  const lists: ConstraintLists = { primaryKey: null, uniques: [], foreignKeys: [], checks: [] }
  const columns: CatalogColumn[] = []
  for (const part of splitAtCommas(body)) {
    const inner = new Cursor(sql, part)
    if (startsConstraint(inner)) readConstraints(inner, undefined, lists)
    else columns.push(column(inner, lists))
  }
  const options = splitAtCommas(c.tokens.slice(c.position).filter((token) => token.value !== ';')).map((part) =>
    part.map((token) => token.value).join(' '),
  )
  return { schema, name, columns: markKeyColumns(columns, lists, options), ...lists, options: options.sort() }
}

/**
 * Marks the columns of the primary key as not null where SQLite enforces it: for an integer key, in a strict table and
 * in one without row ids.
 */
function markKeyColumns(
  columns: readonly CatalogColumn[],
  lists: ConstraintLists,
  options: readonly string[],
): CatalogColumn[] {
  const key = lists.primaryKey?.columns ?? []
  const single = key.length === 1
  return columns.map((readColumn) => {
    const isInKey = key.some((name) => isSameName(name, readColumn.name))
    if (!isInKey) return readColumn
    const isRowId = single && readColumn.type.toLowerCase() === 'integer'
    const strict = isRowId || options.includes('strict') || options.includes('without rowid')
    return strict ? { ...readColumn, nullable: false } : readColumn
  })
}

const isSameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

const CONSTRAINTS = ['constraint', 'primary', 'unique', 'check', 'foreign']

function startsConstraint(c: Cursor): boolean {
  return c.current?.kind === 'word' && CONSTRAINTS.includes(c.current.value)
}

/** The words that end the type of a column. */
const AFTER_TYPE = new Set([
  ...['constraint', 'primary', 'unique', 'check', 'references', 'not', 'null', 'default', 'collate', 'generated', 'as'],
  ...['auto_increment', 'autoincrement', 'comment', 'identity', 'charset', 'virtual', 'stored', 'persistent'],
])

interface ColumnParts {
  nullable: boolean
  default: string | null
  generated: { expression: string; stored: boolean } | null
  identity: CatalogColumn['identity']
  collation: string | null
  comment: string | null
}

function column(c: Cursor, lists: ConstraintLists): CatalogColumn {
  const name = c.readName() ?? ''
  const from = c.position
  while (c.current !== undefined && !(c.current.kind === 'word' && AFTER_TYPE.has(c.current.value))) {
    if (c.isNext('character', 'set')) break
    if (c.readParentheses() === undefined) c.position++
  }
  const typeTokens = c.tokens.slice(from, c.position)
  const type = c.textOf(typeTokens)
  const parts: ColumnParts = {
    nullable: true,
    default: null,
    generated: null,
    identity: null,
    collation: null,
    comment: null,
  }
  readConstraints(c, { name, parts }, lists)
  const abstract: AbstractType | null = abstractTypeOf(type, 'sqlite')
  return { name, type, abstract, ...parts, values: enumValuesOf(typeTokens) }
}

/** The strings of `enum('a', 'b')`. */
function enumValuesOf(type: readonly Token[]): string[] | null {
  if (type[0]?.value !== 'enum') return null
  return type.filter((token) => token.kind === 'string').map((token) => token.value)
}

interface ColumnOwner {
  readonly name: string
  readonly parts: ColumnParts
}

/** Reads the constraints after the type of a column, or one constraint of the table. */
function readConstraints(c: Cursor, owner: ColumnOwner | undefined, lists: ConstraintLists): void {
  let name: string | null = null
  while (c.current !== undefined) {
    if (c.accept('constraint')) {
      name = c.readName() ?? null
      continue
    }
    if (!readConstraint(c, name, owner, lists) && (owner === undefined || !readProperty(c, owner.parts))) c.position++
    name = null
  }
}

function readConstraint(
  c: Cursor,
  name: string | null,
  owner: ColumnOwner | undefined,
  lists: ConstraintLists,
): boolean {
  const columns = (): string[] => (owner === undefined ? namesOf(c, c.readParentheses()) : [owner.name])
  if (c.accept('primary', 'key')) {
    if (c.accept('desc')) c.accept('asc')
    lists.primaryKey = { name, columns: columns() }
    if (owner !== undefined && c.accept('autoincrement')) owner.parts.identity = 'auto'
  } else if (c.accept('unique')) {
    if (owner === undefined && !c.accept('key')) c.accept('index')
    const named = owner === undefined && !c.isNext('(') ? (c.readName() ?? null) : null
    lists.uniques.push({ name: name ?? named, columns: columns() })
  } else if (c.accept('check')) {
    lists.checks.push({ name, expression: c.textOf(c.readParentheses() ?? []) })
  } else if (c.accept('foreign', 'key')) {
    const from = columns()
    c.accept('references')
    lists.foreignKeys.push(readForeignKey(c, name, from))
  } else if (c.accept('references')) {
    lists.foreignKeys.push(readForeignKey(c, name, columns()))
  } else return false
  return true
}

const namesOf = (c: Cursor, inside: readonly Token[] | undefined): string[] =>
  splitAtCommas(inside ?? []).map((part) => new Cursor(c.sql, part).readName() ?? '')

const ACTIONS: readonly ReferentialAction[] = ['no action', 'restrict', 'cascade', 'set null', 'set default']

function readForeignKey(c: Cursor, name: string | null, columns: readonly string[]): CatalogForeignKey {
  let schema: string | null = null
  let table = c.readName() ?? ''
  if (c.accept('.')) {
    schema = table
    table = c.readName() ?? ''
  }
  const target = { schema, name: table, columns: namesOf(c, c.readParentheses()) }
  let onDelete: ReferentialAction = 'no action'
  let onUpdate: ReferentialAction = 'no action'
  let deferrable: CatalogForeignKey['deferrable'] = 'no'
  for (;;) {
    if (c.accept('on', 'delete')) onDelete = actionOf(c)
    else if (c.accept('on', 'update')) onUpdate = actionOf(c)
    else if (c.accept('match')) c.position++
    else if (c.accept('not', 'deferrable')) {
      deferrable = 'no'
      if (c.accept('initially')) c.position++
    } else if (c.accept('deferrable')) {
      deferrable = c.accept('initially', 'deferred') ? 'initially deferred' : 'initially immediate'
      c.accept('initially', 'immediate')
    } else return { name, columns, target, onDelete, onUpdate, deferrable }
  }
}

function actionOf(c: Cursor): ReferentialAction {
  const action = ACTIONS.find((action) => c.isNext(...action.split(' '))) ?? 'no action'
  c.accept(...action.split(' '))
  return action
}

function readProperty(c: Cursor, parts: ColumnParts): boolean {
  if (c.accept('not', 'null')) parts.nullable = false
  else if (c.accept('null')) parts.nullable = true
  else if (c.accept('default')) parts.default = readDefault(c)
  else if (c.accept('collate')) parts.collation = c.readName() ?? null
  else if (c.accept('comment')) parts.comment = c.readName() ?? null
  else if (c.accept('auto_increment') || c.accept('autoincrement')) parts.identity = 'auto'
  else if (c.accept('generated', 'always', 'as', 'identity')) parts.identity = 'always'
  else if (c.accept('generated', 'by', 'default', 'as', 'identity')) parts.identity = 'by default'
  else if (c.accept('generated', 'always', 'as') || c.accept('as')) {
    const expression = c.textOf(c.readParentheses() ?? [])
    const stored = c.accept('stored') || c.accept('persistent') || c.accept('persisted')
    if (!stored) c.accept('virtual')
    parts.generated = { expression, stored }
  } else return false
  return true
}

/** Reads a default: a constant with its sign, an expression in parentheses or a call, each with optional casts. */
export function readDefault(c: Cursor): string | null {
  const from = c.position
  if (c.readParentheses() === undefined) {
    if (c.isNext('+') || c.isNext('-')) c.position++
    // In MySQL a character set may precede a string.
    if (c.current?.kind === 'word' && c.current.value.startsWith('_')) c.position++
    c.position++
    c.readParentheses()
  }
  while (c.accept('::')) {
    c.position++
    while (c.accept('varying') || c.accept('precision') || c.accept('.')) {}
    c.readParentheses()
    while (c.accept('[', ']')) {}
  }
  return c.position === from ? null : c.textOf(c.tokens.slice(from, c.position))
}
