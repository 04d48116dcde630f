import type { AbstractType, ReferentialAction } from '../table/index.ts'
import { abstractOf } from './abstract.ts'
import type { CatalogCheck, CatalogColumn, CatalogForeignKey, CatalogKey, CatalogTable } from './catalog.ts'
import { Cursor, split, type Token } from './token.ts'

/** What can be read from the text of `create table`. */
export type Read = Omit<CatalogTable, 'schema' | 'kind' | 'indexes' | 'comment'> & { readonly schema: string | null }

interface Lists {
  primaryKey: CatalogKey | null
  readonly uniques: CatalogKey[]
  readonly foreignKeys: CatalogForeignKey[]
  readonly checks: CatalogCheck[]
}

/** Reads the text of SQLite's `create table`; `undefined` for what is none, such as `create table … as`. */
export function readCreateTable(sql: string): Read | undefined {
  const c = Cursor.over(sql, 'sqlite')
  if (!c.takes('create')) return undefined
  if (!c.takes('temp')) c.takes('temporary')
  if (!c.takes('table')) return undefined
  c.takes('if', 'not', 'exists')
  let schema: string | null = null
  let name = c.name()
  if (c.takes('.')) {
    schema = name ?? null
    name = c.name()
  }
  const body = c.inside()
  if (name === undefined || body === undefined) return undefined
  const lists: Lists = { primaryKey: null, uniques: [], foreignKeys: [], checks: [] }
  const columns: CatalogColumn[] = []
  for (const part of split(body)) {
    const inner = new Cursor(sql, part)
    if (startsConstraint(inner)) constraints(inner, undefined, lists)
    else columns.push(column(inner, lists))
  }
  const options = split(c.all.slice(c.at).filter((token) => token.value !== ';')).map((part) =>
    part.map((token) => token.value).join(' '),
  )
  return { schema, name, columns: keyed(columns, lists, options), ...lists, options: options.sort() }
}

/** A column of the primary key is not null only where the table says so, by itself or as a whole. */
function keyed(columns: readonly CatalogColumn[], lists: Lists, options: readonly string[]): CatalogColumn[] {
  const key = lists.primaryKey?.columns ?? []
  const single = key.length === 1
  return columns.map((column) => {
    const among = key.some((name) => sameName(name, column.name))
    if (!among) return column
    const numbered = single && column.type.toLowerCase() === 'integer'
    const strict = numbered || options.includes('strict') || options.includes('without rowid')
    return strict ? { ...column, nullable: false } : column
  })
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

const CONSTRAINTS = ['constraint', 'primary', 'unique', 'check', 'foreign']

function startsConstraint(c: Cursor): boolean {
  return c.now?.kind === 'word' && CONSTRAINTS.includes(c.now.value)
}

/** Where the type of a column ends. */
const AFTER_TYPE = new Set([
  ...['constraint', 'primary', 'unique', 'check', 'references', 'not', 'null', 'default', 'collate', 'generated', 'as'],
  ...['auto_increment', 'autoincrement', 'comment', 'identity', 'charset', 'virtual', 'stored', 'persistent'],
])

interface Parts {
  nullable: boolean
  default: string | null
  generated: { expression: string; stored: boolean } | null
  identity: CatalogColumn['identity']
  collation: string | null
  comment: string | null
}

function column(c: Cursor, lists: Lists): CatalogColumn {
  const name = c.name() ?? ''
  const from = c.at
  while (c.now !== undefined && !(c.now.kind === 'word' && AFTER_TYPE.has(c.now.value))) {
    if (c.sees('character', 'set')) break
    if (c.inside() === undefined) c.at++
  }
  const typeTokens = c.all.slice(from, c.at)
  const type = c.text(typeTokens)
  const parts: Parts = {
    nullable: true,
    default: null,
    generated: null,
    identity: null,
    collation: null,
    comment: null,
  }
  constraints(c, { name, parts }, lists)
  const abstract: AbstractType | null = abstractOf(type, 'sqlite')
  return { name, type, abstract, ...parts, values: valuesOf(typeTokens) }
}

/** The strings of `enum('a', 'b')`. */
function valuesOf(type: readonly Token[]): string[] | null {
  if (type[0]?.value !== 'enum') return null
  return type.filter((token) => token.kind === 'string').map((token) => token.value)
}

interface Owner {
  readonly name: string
  readonly parts: Parts
}

/** What stands behind the type of a column, or is a constraint of the table. */
function constraints(c: Cursor, owner: Owner | undefined, lists: Lists): void {
  let name: string | null = null
  while (c.now !== undefined) {
    if (c.takes('constraint')) {
      name = c.name() ?? null
      continue
    }
    if (!constraint(c, name, owner, lists) && (owner === undefined || !property(c, owner.parts))) c.at++
    name = null
  }
}

function constraint(c: Cursor, name: string | null, owner: Owner | undefined, lists: Lists): boolean {
  const columns = (): string[] => (owner === undefined ? namesOf(c, c.inside()) : [owner.name])
  if (c.takes('primary', 'key')) {
    if (c.takes('desc')) c.takes('asc')
    lists.primaryKey = { name, columns: columns() }
    if (owner !== undefined && c.takes('autoincrement')) owner.parts.identity = 'auto'
  } else if (c.takes('unique')) {
    if (owner === undefined && !c.takes('key')) c.takes('index')
    const named = owner === undefined && !c.sees('(') ? (c.name() ?? null) : null
    lists.uniques.push({ name: name ?? named, columns: columns() })
  } else if (c.takes('check')) {
    lists.checks.push({ name, expression: c.text(c.inside() ?? []) })
  } else if (c.takes('foreign', 'key')) {
    const from = columns()
    c.takes('references')
    lists.foreignKeys.push(foreignKey(c, name, from))
  } else if (c.takes('references')) {
    lists.foreignKeys.push(foreignKey(c, name, columns()))
  } else return false
  return true
}

const namesOf = (c: Cursor, inside: readonly Token[] | undefined): string[] =>
  split(inside ?? []).map((part) => new Cursor(c.sql, part).name() ?? '')

const ACTIONS: readonly ReferentialAction[] = ['no action', 'restrict', 'cascade', 'set null', 'set default']

function foreignKey(c: Cursor, name: string | null, columns: readonly string[]): CatalogForeignKey {
  let schema: string | null = null
  let table = c.name() ?? ''
  if (c.takes('.')) {
    schema = table
    table = c.name() ?? ''
  }
  const target = { schema, name: table, columns: namesOf(c, c.inside()) }
  let onDelete: ReferentialAction = 'no action'
  let onUpdate: ReferentialAction = 'no action'
  let deferrable: CatalogForeignKey['deferrable'] = 'no'
  for (;;) {
    if (c.takes('on', 'delete')) onDelete = actionOf(c)
    else if (c.takes('on', 'update')) onUpdate = actionOf(c)
    else if (c.takes('match')) c.at++
    else if (c.takes('not', 'deferrable')) {
      deferrable = 'no'
      if (c.takes('initially')) c.at++
    } else if (c.takes('deferrable')) {
      deferrable = c.takes('initially', 'deferred') ? 'initially deferred' : 'initially immediate'
      c.takes('initially', 'immediate')
    } else return { name, columns, target, onDelete, onUpdate, deferrable }
  }
}

function actionOf(c: Cursor): ReferentialAction {
  const action = ACTIONS.find((action) => c.sees(...action.split(' '))) ?? 'no action'
  c.takes(...action.split(' '))
  return action
}

function property(c: Cursor, parts: Parts): boolean {
  if (c.takes('not', 'null')) parts.nullable = false
  else if (c.takes('null')) parts.nullable = true
  else if (c.takes('default')) parts.default = value(c)
  else if (c.takes('collate')) parts.collation = c.name() ?? null
  else if (c.takes('comment')) parts.comment = c.name() ?? null
  else if (c.takes('auto_increment') || c.takes('autoincrement')) parts.identity = 'auto'
  else if (c.takes('generated', 'always', 'as', 'identity')) parts.identity = 'always'
  else if (c.takes('generated', 'by', 'default', 'as', 'identity')) parts.identity = 'by default'
  else if (c.takes('generated', 'always', 'as') || c.takes('as')) {
    const expression = c.text(c.inside() ?? [])
    const stored = c.takes('stored') || c.takes('persistent') || c.takes('persisted')
    if (!stored) c.takes('virtual')
    parts.generated = { expression, stored }
  } else return false
  return true
}

/** A default: a constant with its sign, an expression in parentheses, a call, and casts behind any of them. */
function value(c: Cursor): string | null {
  const from = c.at
  if (c.inside() === undefined) {
    if (c.sees('+') || c.sees('-')) c.at++
    // MySQL may name the character set of a text before it.
    if (c.now?.kind === 'word' && c.now.value.startsWith('_')) c.at++
    c.at++
    c.inside()
  }
  while (c.takes('::')) {
    c.at++
    while (c.takes('varying') || c.takes('precision') || c.takes('.')) {}
    c.inside()
    while (c.takes('[', ']')) {}
  }
  return c.at === from ? null : c.text(c.all.slice(from, c.at))
}
