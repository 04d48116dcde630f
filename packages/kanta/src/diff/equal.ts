import type { Dialect } from '../dialect/index.ts'
import type { CatalogColumn, CatalogForeignKey, CatalogIndex, CatalogName } from '../introspect/index.ts'
import { canonicalJson, stringOf, tokens } from '../introspect/index.ts'
import { normalExpression } from './expression.ts'
import type { Rules, TypeRules } from './rule.ts'
import type { ColumnChange, Constraint } from './step.ts'

/** Returns the same text for all spellings of a type. */
export function normalType(type: string, { types, dialect }: Rules): string {
  const text = type.trim().replace(/\s+/g, ' ')
  const list = /^(enum|set)\s*\(/i.exec(text)?.[1]
  if (list !== undefined) return list.toLowerCase() + JSON.stringify(stringsOf(type, dialect))
  const lower = text.toLowerCase().replace(/\s*([(),[\]])\s*/g, '$1')
  // A column of SQLite without a type is one of bytes.
  if (types === undefined) return lower === '' ? 'blob' : lower
  const [, name = lower, size = '', rest = ''] = /^([^()[\]]+?)(\([^)]*\))?((?: .*|\[\])*)$/.exec(lower) ?? []
  const names = types.synonyms
  const whole = names[`${name}${rest}`]
  // `timestamp with time zone` is not a synonym of `timestamp`.
  const known = whole ?? (rest.startsWith(' with') ? undefined : names[name])
  const suffix = whole === undefined ? rest : ''
  return withSize(known ?? name, size, types) + suffix.replace(/ character set \w+| collate \w+/g, '')
}

const stringsOf = (type: string, dialect: Dialect): string[] =>
  tokens(type, dialect)
    .filter((token) => token.kind === 'string')
    .map(stringOf)

function withSize(name: string, size: string, { decimalSize, displayWidths }: TypeRules): string {
  if (name === 'numeric' || name === 'decimal') {
    const [precision, scale = '0'] = size.slice(1, -1).split(',')
    if (precision !== '' && precision !== undefined) return `${name}(${precision},${scale})`
    return name + decimalSize
  }
  // The display width of a MySQL integer does not matter, except in tinyint(1), the boolean.
  const width = displayWidths && /^(?:small|medium|big|tiny)?int$/.test(name)
  if (width && !(name === 'tinyint' && size === '(1)')) return name
  const place = name.indexOf(' with')
  return name.startsWith('time') && place > 0 ? name.slice(0, place) + size + name.slice(place) : name + size
}

/** Returns the same text for all spellings of a default. */
function normalDefault(column: CatalogColumn, rules: Rules): string | null {
  if (column.default === null || column.identity !== null) return null
  const form = normalExpression(column.default, rules)
  if (form === 'null') return null
  const quoted = /^'((?:[^']|'')*)'$/.exec(form)?.[1]?.replaceAll("''", "'")
  switch (column.abstract) {
    case 'real':
      return normalReal(quoted ?? form, form)
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'boolean':
      return normalNumber(quoted ?? form, form)
    case 'json':
      return quoted === undefined ? form : normalJson(quoted, form)
    case 'timestamp':
      return quoted === undefined ? form : normalMoment(quoted)
    default:
      return form
  }
}

/** Returns the same text for floating-point numbers that JavaScript reads as equal. */
function normalReal(text: string, other: string): string {
  return /^-?[\d.]+(?:e[+-]?\d+)?$/i.test(text) ? String(Number(text)) : other
}

function normalNumber(text: string, other: string): string {
  if (!/^-?\d*\.?\d+$/.test(text)) return other
  const [whole, fraction = ''] = text.replace(/^(-?)0+(?=\d)/, '$1').split('.')
  const rest = fraction.replace(/0+$/, '')
  return rest === '' ? whole! : `${whole === '' ? '0' : whole}.${rest}`
}

function normalJson(text: string, other: string): string {
  try {
    return `'${canonicalJson(JSON.parse(text))}'`
  } catch {
    return other
  }
}

const TIMESTAMP = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i

/** Returns the same text in UTC for all spellings of a timestamp. */
function normalMoment(text: string): string {
  const match = TIMESTAMP.exec(text)
  if (match === null) return `'${text}'`
  const [, day, clock = '00:00:00', fraction = '', zone = 'Z'] = match
  const offset = zone.length === 3 ? `${zone}:00` : zone
  const date = new Date(`${day}T${clock.length === 5 ? `${clock}:00` : clock}${offset}`)
  return Number.isNaN(date.getTime())
    ? `'${text}'`
    : `'${date.toISOString().slice(0, 19)}${fraction.replace(/\.?0+$/, '')}'`
}

/** Returns the properties in which two columns differ. */
export function columnChanges(from: CatalogColumn, to: CatalogColumn, table: string, rules: Rules): ColumnChange[] {
  const changes: ColumnChange[] = []
  const compare = (change: ColumnChange, a: unknown, b: unknown): void => {
    if (a !== b) changes.push(change)
  }
  const generated = (column: CatalogColumn): string | null =>
    column.generated === null
      ? null
      : `${normalExpression(column.generated.expression, rules, table)} ${column.generated.stored}`
  compare('type', normalType(from.type, rules), normalType(to.type, rules))
  compare('generated', generated(from), generated(to))
  compare('nullable', from.nullable, to.nullable)
  if (from.generated === null && to.generated === null)
    compare('default', normalDefault(from, rules), normalDefault(to, rules))
  compare('identity', from.identity, to.identity)
  compare('collation', from.collation?.toLowerCase(), to.collation?.toLowerCase())
  compare('comment', from.comment, to.comment)
  compare('invisible', from.invisible, to.invisible)
  return changes
}

/** Returns the name of a foreign key's target, without the schema if the database cannot name one there. */
const targetName = ({ schema, name }: CatalogName, { capabilities, foldName }: Dialect): string =>
  foldName(capabilities.schemaOfTarget ? `${schema ?? ''}.${name}` : name)

/** Returns a text that is equal for equal constraints, whatever their names. */
export function constraintForm(constraint: Constraint, table: string, rules: Rules): string {
  if (constraint.type === 'check') return `check ${normalExpression(constraint.expression, rules, table)}`
  const own = `${constraint.type} ${JSON.stringify(constraint.columns)}`
  return constraint.type === 'foreign key' ? `${own} ${targetForm(constraint, rules)}` : own
}

function targetForm(key: CatalogForeignKey, { dialect, restrictIsNoAction }: Rules): string {
  const action = (word: string): string => (word === 'restrict' && restrictIsNoAction ? 'no action' : word)
  const { target } = key
  return JSON.stringify([
    targetName(target, dialect),
    target.columns,
    action(key.onDelete),
    action(key.onUpdate),
    key.deferrable,
  ])
}

/** Returns a text that is equal for equal indexes, whatever their names. */
export function indexForm(index: CatalogIndex, table: string, rules: Rules): string {
  const expression = (text: string | null): string | null =>
    text === null ? null : normalExpression(text, rules, table)
  const parts = index.parts.map((part) => [
    part.column,
    expression(part.expression),
    part.direction,
    part.nulls,
    part.collation?.toLowerCase() ?? null,
  ])
  return JSON.stringify([parts, index.unique, index.method ?? 'btree', index.include, expression(index.where)])
}
