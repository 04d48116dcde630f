import { refuse, show } from '../error/index.ts'
import {
  admit,
  fills,
  forgetting,
  isTransient,
  isTypeName,
  kindOf,
  type Node,
  type NodeOf,
  node,
  pin,
} from '../ir/index.ts'
import { AliasedColumn, aliasOf, Column, definitionOf, isAliased } from '../table/index.ts'
import { callBack } from './callback.ts'

/** Structure and its values: what every expression, query and aliased thing is. */
export interface Operand {
  readonly node: Node
  readonly args: readonly unknown[]
}

export const NO_ARGS: readonly unknown[] = Object.freeze([])

const operand: unique symbol = Symbol('operand')

/** Marks a class as one whose objects hold `node` and `args`. */
export function markOperand(prototype: object): void {
  Object.defineProperty(prototype, operand, { value: true })
}

export function isOperand(value: unknown): value is Operand {
  return typeof value === 'object' && value !== null && operand in value
}

/** A memo of parsed strings that is forgotten together with the nodes it holds. */
function memoize(what: string, parse: (text: string) => Node): (text: string) => Node {
  const known = forgetting(new Map<string, Node>())
  return (text) => {
    let found = known.get(text)
    if (found === undefined) {
      if (typeof text !== 'string') return refuse(`${show(text)} is not ${what}. Give its name.`)
      found = parse(text)
      if (!isTransient(found)) {
        known.set(text, found)
        admit()
      }
    }
    return found
  }
}

/** `'city.name'` → a reference. */
export const parseReference = memoize('a column reference', (text) => {
  const names = text.split('.').map((name) => name.trim())
  if (names.length > 3 || names.includes('')) {
    refuse(`${show(text)} is not a column reference. Write 'column', 'table.column' or 'schema.table.column'.`)
  }
  for (const name of names) checkName(name, 'part of a reference')
  const [column, table, schema] = names.reverse() as [string, string?, string?]
  if (column === '*') return node({ kind: 'star', table })
  return node({ kind: 'ref', schema, table, column })
})

const AS = / as /i

/** `'city.name as n'` → an aliased reference. */
export const parseSelection = memoize('a column reference', (text) => {
  const at = text.search(AS)
  if (at < 0) return parseReference(text)
  return node({
    kind: 'alias',
    operand: parseReference(text.slice(0, at)),
    name: checkName(text.slice(at + 4).trim(), 'an alias'),
    columns: undefined,
  })
})

/** `'geo.city as c'` → a table with an alias. */
export const parseTable = memoize('a table', (text) => {
  const at = text.search(AS)
  const names = (at < 0 ? text : text.slice(0, at)).split('.').map((name) => name.trim())
  if (names.length > 2 || names.includes('')) {
    refuse(`${show(text)} is not a table. Write 'table', 'schema.table' or 'table as alias'.`)
  }
  for (const name of names) checkName(name, 'part of the name of a table')
  const [name, schema] = names.reverse() as [string, string?]
  const table = node({ kind: 'table', schema, name, definition: undefined })
  if (at < 0) return table
  return node({
    kind: 'alias',
    operand: table,
    name: checkName(text.slice(at + 4).trim(), 'an alias'),
    columns: undefined,
  })
})

/** Longer than any database takes; names are kept, so that endless ones would fill the memory. */
const LONGEST_NAME = 1_000

/** A name must be some text; what it holds does not matter, since it is always quoted. */
export function checkName(name: unknown, what: string): string {
  if (typeof name !== 'string' || name === '') refuse(`${show(name)} cannot be ${what}: it takes a name.`)
  if (name.includes('\0')) refuse(`${show(name)} cannot be ${what}: it holds a NUL character.`)
  if (!name.isWellFormed()) refuse(`${show(name)} cannot be ${what}: it holds half a surrogate pair.`)
  if (name.length > LONGEST_NAME) refuse(`${show(name)} cannot be ${what}: it has ${name.length} characters.`)
  return name
}

/** A column object as a reference. */
export function columnNode(column: Column): Node {
  return node({ kind: 'ref', schema: column.schema, table: column.table, column: column.name })
}

/** What a user may give for a column on the left: a string, a column object, an expression or a callback. */
export function reference(value: unknown, args: unknown[]): Node {
  if (typeof value === 'string') return parseReference(value)
  return (
    given(typeof value === 'function' ? callBack(value) : value, args) ??
    refuse(`${show(value)} is not a column. Give its name, a column object or an expression.`)
  )
}

/** What may stand in a select list: a string with an alias or without, a column object, an aliased expression. */
export function selection(value: unknown, args: unknown[]): Node {
  if (typeof value === 'string') return parseSelection(value)
  return (
    given(value, args) ??
    refuse(`${show(value)} cannot be selected. Give a column's name, a column object or an expression with as().`)
  )
}

/** An expression, query or column object; `undefined` for anything else. */
export function given(value: unknown, args: unknown[]): Node | undefined {
  if (isOperand(value)) {
    for (const arg of value.args) args.push(arg)
    return value.node
  }
  if (value instanceof Column) return columnNode(value)
  if (value instanceof AliasedColumn) {
    const name = checkName(value.alias, 'an alias')
    return node({ kind: 'alias', operand: columnNode(value.column), name, columns: undefined })
  }
  return undefined
}

const VALUE = pin({ kind: 'arg', role: 'value' })

/** A value, or an expression or a callback in its place. `where` says what the value is for. */
export function valueOf(value: unknown, args: unknown[], where: string): Node {
  if (value === undefined) refuse(`${where} is undefined. Give a value, or null for SQL's null.`)
  if (typeof value === 'function') {
    return given(callBack(value), args) ?? refuse(`${where} is a callback that gave no expression.`)
  }
  const expression = given(value, args)
  if (expression !== undefined) return expression
  args.push(value)
  return VALUE
}

/** A table: its name with an alias or without, a table object, or a query with as(). */
export function source(value: unknown, args: unknown[]): Node {
  if (typeof value === 'string') return parseTable(value)
  const definition = definitionOf(value)
  if (definition !== undefined) {
    const table = node({ kind: 'table', schema: definition.schema, name: definition.name, definition })
    if (!isAliased(value)) return table
    return node({ kind: 'alias', operand: table, name: checkName(aliasOf(value), 'an alias'), columns: undefined })
  }
  const found = isOperand(value) ? given(value, args) : undefined
  if (found === undefined)
    return refuse(`${show(value)} is not a table. Give a name, a table object, or a query with as().`)
  if (!fills(found, 'source'))
    refuse(`A ${kindOf(found)} is not a table. Give its name, eb.table(name), sql.table(name), or a query with as().`)
  return found
}

/** A table that is defined: its name, with a schema or without, or a table object. */
export function tableNode(table: unknown): NodeOf<'table'> {
  const found = source(table, [])
  return found.kind === 'table' ? found : refuse(`${show(table)} is not the name of a table, or a table() value.`)
}

export function typeNode(type: unknown, args: unknown[]): Node {
  if (typeof type === 'string') {
    if (!isTypeName(type)) refuse(`${show(type)} is not a type name. Use the sql template for a type of another form.`)
    return node({ kind: 'word', text: type })
  }
  return given(type, args) ?? refuse(`${show(type)} is not a type name.`)
}

/** Several nodes of one call. */
export function listOf(items: readonly Node[]): Node {
  if (items.length === 1) return items[0]!
  return node({ kind: 'list', items })
}
