import { KantaError, refuse } from '../error/index.ts'
import { CLEARED, fieldsOf, fold, fullName, isNode, type Kind, type Node, Shape, walk } from '../ir/index.ts'
import { attachDefinitions, type SchemaDefinitions } from '../plan/index.ts'
import { isOperand, Query, show, storeQueriesBy } from '../sql/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { executorOf, QueryRunner } from './query-runner.ts'

/** The format version of a stored query; other versions are refused. */
export const FORMAT = 1

/** A query as plain JSON. */
export interface StoredQuery {
  readonly kanta: number
  readonly kind: Kind
  readonly calls: readonly (readonly [string, unknown])[]
  readonly args: readonly unknown[]
  /** The fingerprints of its tables. */
  readonly tables: Readonly<Record<string, string>>
}

/**
 * Converts a query to plain JSON: its calls, its values and the fingerprints of its tables.
 *
 * @throws KantaError `invalid_input` for anything but a query of a database, and for values that JSON cannot hold.
 */
export function toJSON(query: unknown): StoredQuery {
  if (!(query instanceof Query && query.runner instanceof QueryRunner))
    return refuse(`toJSON(${show(query)}) takes a query of a database, such as db.selectFrom(…).`)
  const { schema } = executorOf(query.runner).settings.planning
  try {
    return {
      kanta: FORMAT,
      kind: query.shape.kind,
      calls: storeCalls(query.shape),
      args: query.args.map((arg) => storeValue(arg)),
      tables: fingerprints(query.shape, schema),
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new KantaError('invalid_input', 'The query is nested too deeply to be stored.', { cause })
  }
}

storeQueriesBy(toJSON)

function storeCalls(shape: Shape): [string, unknown][] {
  const calls: [string, unknown][] = []
  for (let at: Shape | undefined = shape; at?.before !== undefined; at = at.before)
    calls.push([at.part, storePart(at.value)])
  return calls.reverse()
}

function storePart(part: unknown): unknown {
  if (part === CLEARED) return { $: 'cleared' }
  if (part === undefined) return { $: 'undefined' }
  if (typeof part === 'bigint') return { $: 'bigint', value: String(part) }
  if (Array.isArray(part)) return part.map(storePart)
  if (part instanceof Shape) return { $: 'shape', kind: part.kind, calls: storeCalls(part as unknown as Shape) }
  if (isNode(part)) {
    const stored: Record<string, unknown> = { kind: part.kind }
    for (const [name] of fieldsOf(part.kind)) {
      if (part.kind === 'table' && name === 'definition') continue
      const value = (part as unknown as Record<string, unknown>)[name]
      if (value !== undefined) stored[name] = storePart(value)
    }
    return stored
  }
  return part
}

/** The deepest nesting of a value that can be stored. */
const DEEPEST = 1_000

function storeValue(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) refuse('A value that contains itself, or is nested too deeply, cannot be stored.')
  if (typeof value === 'bigint') return { $: 'bigint', value: String(value) }
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return { $: 'number', value: Object.is(value, -0) ? '-0' : String(value) }
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) return refuse('An invalid Date cannot be stored.')
    return { $: 'date', value: value.toISOString() }
  }
  if (isOperand(value)) return refuse('A prepared query cannot be stored. Store the query itself.')
  if (value instanceof Uint8Array) return { $: 'bytes', value: toHex(value) }
  if (Array.isArray(value)) return value.map((item) => storeValue(item, depth + 1))
  if (typeof value === 'object' && value !== null) {
    return {
      $: 'object',
      value: Object.fromEntries(Object.entries(value).map(([key, item]) => [key, storeValue(item, depth + 1)])),
    }
  }
  if (typeof value === 'function' || typeof value === 'symbol') return refuse(`${show(value)} cannot be stored.`)
  return value
}

/** Returns a fingerprint of the columns of each defined table in a query, for comparison. */
export function fingerprints(shape: Shape, schema: SchemaDefinitions): Record<string, string> {
  const prints: Record<string, string> = {}
  walk(attachDefinitions(fold(shape).tree as Node, schema, undefined), (part) => {
    if (part.kind !== 'table' || part.definition === undefined) return
    const definition = part.definition as TableDefinition
    prints[fullName(part)] = [...definition.columns.values()]
      .map((column) => `${column.name}:${column.type}${column.nullable ? '?' : ''}`)
      .join(',')
  })
  return prints
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
