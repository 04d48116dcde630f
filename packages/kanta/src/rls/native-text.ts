import { KantaError, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import type { AbstractType, TableDefinition } from '../table/index.ts'
import type { ConditionTree, Items, Part, RowScope, Value } from './condition.ts'

/** The setting that holds the context of a transaction, as a JSON object. */
export const SETTING = 'kanta.context'

/** The types that PostgreSQL compares like the other databases. */
const TYPES: Partial<Readonly<Record<AbstractType, string>>> = {
  integer: 'bigint',
  bigint: 'bigint',
  real: 'double precision',
  text: 'text',
  varchar: 'text',
  enum: 'text',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamptz',
  uuid: 'uuid',
}

/** Quotes a name for PostgreSQL. */
export function quote(name: string): string {
  if (name === '' || name.includes('\0')) refuse(`${show(name)} is not a name. Give one without NUL characters.`)
  return `"${name.replaceAll('"', '""')}"`
}

function literal(text: string): string {
  if (text.includes('\0'))
    refuse(`The text ${show(text)} holds a NUL character, which PostgreSQL cannot store. Remove it.`)
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  // A setting decides whether a backslash escapes in other texts.
  return text.includes('\\') ? `E${quoted}` : quoted
}

const valueText = (value: Value): string => (value instanceof Date ? value.toISOString() : String(value))
const typeOfValue = (value: Value): string =>
  value instanceof Date
    ? 'timestamptz'
    : typeof value === 'string'
      ? 'text'
      : typeof value === 'boolean'
        ? 'boolean'
        : 'numeric'

/** Prints conditions for PostgreSQL's own policies. */
export class ConditionPrinter {
  readonly #definition: (table: string) => TableDefinition

  constructor(definition: (table: string) => TableDefinition) {
    this.#definition = definition
  }

  /** Prints a condition in parentheses. */
  print(tree: ConditionTree, related: readonly RowScope[] = []): string {
    switch (tree.kind) {
      case 'constant':
        return `(${tree.value})`
      case 'role':
        return fromContext('roles', `(c -> 'roles') ? ${literal(tree.name)}`, 'boolean')
      case 'null':
        return `(${this.#side(tree.operand, 'text', related)} is null)`
      case 'not':
        return `(not ${this.print(tree.operand, related)})`
      case 'and':
      case 'or': {
        if (tree.items.length === 0) return tree.kind === 'and' ? '(true)' : '(false)'
        return `(${tree.items.map((item) => this.print(item, related)).join(` ${tree.kind} `)})`
      }
      case 'compare': {
        const { left, operator, right } = tree
        const type = this.#typeOf(left, right)
        return `(${this.#side(left, type, related)} ${operator} ${this.#side(right, type, related)})`
      }
      case 'in':
        return this.#in(tree.left, tree.items, related)
      case 'exists': {
        const inner = [...related, tree.scope]
        const at = tree.scope.table.lastIndexOf('.')
        const table = [...(at < 0 ? [] : [tree.scope.table.slice(0, at)]), tree.scope.table.slice(at + 1)]
        return `(exists (select 1 from ${table.map(quote).join('.')} as ${quote(aliasOf(inner, tree.scope))} where ${this.print(tree.where, inner)}))`
      }
    }
  }

  #in(left: Part, items: Items, related: readonly RowScope[]): string {
    const isNamed = 'kind' in items
    const sample: Part | undefined = isNamed || items[0] === undefined ? undefined : { kind: 'value', value: items[0] }
    const type = this.#typeOf(left, sample)
    const side = this.#side(left, type, related)
    if (!isNamed)
      return items.length === 0
        ? `(${side} = any (array[]::${type}[]))`
        : `(${side} in (${items.map((item) => typedLiteral(item, type)).join(', ')}))`
    const list = `jsonb_array_elements_text(${requirePresent(items.name, `c -> ${literal(items.name)}`, 'jsonb')})`
    return `(${side} in (select ${list}::${type} from ${CONTEXT}))`
  }

  #side(part: Part, type: string, related: readonly RowScope[]): string {
    if (part.kind === 'value') return typedLiteral(part.value, type)
    if (part.kind === 'context') return fromContext(part.name, `(c ->> ${literal(part.name)})::${type}`, type)
    return `${quote(aliasOf(related, part.scope))}.${quote(part.column)}`
  }

  /** Returns the type for a comparison: that of a column, else that of a value. */
  #typeOf(...parts: readonly (Part | undefined)[]): string {
    for (const part of parts) {
      if (part?.kind !== 'column') continue
      const { table } = part.scope
      const column =
        this.#definition(table).columns.get(part.column) ??
        refuse(`A policy on '${table}' reads '${part.column}', but the table has no such column.`)
      const type = TYPES[column.type]
      if (type !== undefined) return type
      throw new KantaError(
        'unsupported',
        `A policy on '${table}' compares '${part.column}' of type ${column.type}, which PostgreSQL compares differently. Compare another column.`,
      )
    }
    const value = parts.find((part) => part?.kind === 'value')
    return value?.kind === 'value' ? typeOfValue(value.value) : 'text'
  }
}

const typedLiteral = (value: Value, type: string): string => `${literal(valueText(value))}::${type}`

function aliasOf(related: readonly RowScope[], scope: RowScope): string {
  const at = related.indexOf(scope)
  return at < 0 ? scope.table.slice(scope.table.lastIndexOf('.') + 1) : `kanta_related_${at + 1}`
}

const CONTEXT = `(select current_setting('${SETTING}')::jsonb as c) as kanta_context`

/**
 * Prints a value of the context, or an error if it is missing: a failing cast, which puts its text into the message.
 */
function requirePresent(name: string, then: string, type: string): string {
  const missing = literal(`kanta refused: The context has no '${name}', which a policy needs.`)
  return `case when c ? ${literal(name)} then ${then} else concat(${missing}, c ->> ${literal(name)})::integer::text::${type} end`
}

/** Reads the context in a subquery, so that PostgreSQL reads it once for a statement, not for each row. */
const fromContext = (name: string, then: string, type: string): string =>
  `(select ${requirePresent(name, then, type)} from ${CONTEXT})`
