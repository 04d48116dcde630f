import { KantaError, refuse } from '../error/index.ts'
import {
  type ArgRole,
  type Atom,
  admit,
  CLEARED,
  defines,
  type Field,
  fieldsOf,
  fold,
  forgetting,
  isNode,
  type Kind,
  kindFills,
  type Node,
  node,
  Shape,
  start,
  wordsOf,
} from '../ir/index.ts'
import { checkArgument, type SchemaDefinitions } from '../plan/index.ts'
import {
  type Chain,
  checkName,
  checkOperator,
  checkUnary,
  DeleteBuilder,
  InsertBuilder,
  internNames,
  MergeBuilder,
  RUNNER,
  type Runner,
  SelectBuilder,
  show,
  UpdateBuilder,
} from '../sql/index.ts'
import { type DatabaseHandle, settingsOf } from './database.ts'
import { executorOf } from './query-runner.ts'
import { FORMAT, fingerprints, type StoredQuery } from './store.ts'

const BUILDERS = {
  select: SelectBuilder,
  insert: InsertBuilder,
  update: UpdateBuilder,
  delete: DeleteBuilder,
  merge: MergeBuilder,
} as const

/**
 * Makes a query that was stored with `toJSON(query)` ready to run again.
 *
 * @throws KantaError `invalid_input` if it was stored in another format or for other tables, or if it holds SQL text
 * and `trustText` is not set.
 *
 * @example
 * ```ts
 * const stored = JSON.stringify(toJSON(db.selectFrom('city').select('name').where('id', '=', 1)))
 * const rows = await fromJSON(db, stored).execute()
 * ```
 */
export function fromJSON(db: DatabaseHandle, stored: unknown, options: { readonly trustText?: boolean } = {}): Chain {
  try {
    return restoreQuery(db, stored, options)
  } catch (cause) {
    if (cause instanceof KantaError) throw cause
    // The document is not a stored query: parts are missing, of another type, or nested without end.
    const message = 'This is not a stored query, or it has been changed. Build the query and store it again.'
    throw new KantaError('invalid_input', message, { cause })
  }
}

function restoreQuery(db: DatabaseHandle, stored: unknown, options: { readonly trustText?: boolean }): Chain {
  const runner = db?.[RUNNER] ?? refuse(`fromJSON(${show(db)}, …) takes a database.`)
  const { shape, args } = restore(stored, settingsOf(db).planning.schema, options)
  if (!(shape.kind in BUILDERS))
    refuse(`A stored ${shape.kind} is not a statement and cannot run. Store the query that contains it.`)
  const Builder = BUILDERS[shape.kind as keyof typeof BUILDERS] as unknown as new (
    shape: Shape,
    args: readonly unknown[],
    runner: Runner,
  ) => Chain
  // Planning refuses whatever does not fit the tables of this database.
  for (const slot of executorOf(runner).slotsOf(shape)) {
    // Slots of policies get their values at each run.
    if (slot.kind !== 'slot' || slot.index >= args.length) continue
    checkArgument(`The value ${slot.index} of the stored query`, args[slot.index], new Set([slot.role]))
  }
  return new Builder(shape, args, runner)
}

/** Reads a stored query. Refuses another format, other tables, and SQL text that is not trusted. */
function restore(
  stored: unknown,
  schema: SchemaDefinitions,
  options: { readonly trustText?: boolean },
): { readonly shape: Shape; readonly args: readonly unknown[] } {
  const json = parseStored(stored) as StoredQuery
  if (typeof json !== 'object' || json === null || json.kanta !== FORMAT) {
    return refuse(`This is not a query stored in format ${FORMAT}. Build the query and store it again.`)
  }
  const reader = new Reader(options.trustText === true)
  const shape = reader.shape(json.kind, json.calls)
  const now = fingerprints(shape, schema)
  for (const [table, print] of Object.entries(json.tables ?? {})) {
    if (now[table] !== print) {
      throw new KantaError(
        'invalid_input',
        `The table '${table}' has changed since the query was stored. Build the query and store it again.`,
      )
    }
  }
  if (!Array.isArray(json.args)) refuse('The stored query holds no list of values.')
  const args = json.args.map(readValue)
  const expected = fold(shape).arguments
  if (args.length !== expected) refuse(`The stored query takes ${expected} values and holds ${args.length}.`)
  return { shape, args }
}

function parseStored(stored: unknown): unknown {
  if (typeof stored !== 'string') return stored
  try {
    return JSON.parse(stored)
  } catch (cause) {
    throw new KantaError('invalid_input', 'The stored query is not JSON.', { cause })
  }
}

function readValue(stored: unknown): unknown {
  if (Array.isArray(stored)) return stored.map(readValue)
  if (typeof stored !== 'object' || stored === null) return stored
  const { $, value } = stored as { $: string; value: unknown }
  if ($ === 'bigint') return BigInt(value as string)
  if ($ === 'number') return Number(value)
  if ($ === 'date') return new Date(value as string)
  if ($ === 'bytes') return fromHex(String(value))
  if ($ === 'object')
    return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, readValue(item)]))
  return refuse(`Unknown type ${show($)} of a value in the stored query.`)
}

const FUNCTION = /^[a-z_][\w$]*(\.[a-z_][\w$]*)*$/i

/** The roles of arguments that calls bring. */
const ARG_ROLES: ReadonlySet<unknown> = new Set<ArgRole>(['value', 'compared', 'count', 'list', 'rows'])

/** The checks of atoms that are printed as text. All other atoms are quoted when they are printed. */
const ATOMS: Readonly<Record<Atom, (value: unknown, kind: Kind, part: string) => boolean>> = {
  word: (value, kind, part) => value === undefined || wordsOf(kind, part).includes(value as string),
  role: (value) => ARG_ROLES.has(value),
  name: (value) => value === undefined || checkName(value, 'a name') === value,
  operator: (value, kind) => (kind === 'unary' ? checkUnary(value) : checkOperator(value)) !== undefined,
  routine: (value) => FUNCTION.test(value as string),
  flag: (value) => value === undefined || typeof value === 'boolean',
  text: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  value: (value) => value === null || /^(?:string|number|bigint|boolean)$/.test(typeof value),
  data: (value) => value === undefined,
}

/** The strings of templates, which are compared by identity: the same template always gives the same array. */
const templates = forgetting(new Map<string, readonly string[]>())

function templateOf(strings: readonly string[]): readonly string[] {
  const key = JSON.stringify(strings)
  let known = templates.get(key)
  if (known === undefined) {
    known = strings
    templates.set(key, known)
    admit()
  }
  return known
}

class Reader {
  readonly #trustText: boolean

  constructor(trustText: boolean) {
    this.#trustText = trustText
  }

  shape(kind: Kind, calls: readonly (readonly [string, unknown])[]): Shape {
    if (!isKind(kind) || !Array.isArray(calls)) refuse(`Unknown kind ${show(kind)} of the stored query.`)
    let shape: Shape = start(kind) as unknown as Shape
    for (const [part, value] of calls) {
      const field = fieldsOf(kind).find(([name]) => name === part)
      if (field === undefined) return refuse(`Unknown call ${show(part)} on ${kind} in the stored query.`)
      const read = this.#part(value)
      if (read !== CLEARED) checkPart(kind, field, read, true)
      // A list of names is compared by identity, so interning it gives the shape that the calls would make.
      shape = shape.step(part as never, Array.isArray(read) ? internNames(read) : read)
    }
    return shape
  }

  #part(stored: unknown): unknown {
    if (Array.isArray(stored)) return stored.map((item) => this.#part(item))
    if (typeof stored !== 'object' || stored === null) return stored
    const tagged = stored as { $?: string; kind?: Kind; calls?: never; value?: unknown }
    if (tagged.$ === 'cleared') return CLEARED
    if (tagged.$ === 'undefined') return undefined
    if (tagged.$ === 'bigint') return BigInt(tagged.value as string)
    if (tagged.$ === 'shape') return this.shape(tagged.kind!, tagged.calls!)
    return this.#node(stored as Record<string, unknown>)
  }

  #node(stored: Record<string, unknown>): Node {
    const kind = stored.kind as Kind
    if (!isKind(kind)) return refuse(`Unknown kind ${show(kind)} of a node in the stored query.`)
    if (kindFills(kind, 'planned'))
      return refuse(`The stored query contains a ${kind} node, which only the planner may make.`)
    if ((kind === 'raw' || kind === 'trusted') && !this.#trustText) {
      return refuse(
        'The stored query contains SQL text. If you trust its source, read it with fromJSON(db, json, { trustText: true }).',
      )
    }
    const made: Record<string, unknown> = { kind }
    for (const field of fieldsOf(kind)) {
      const [name] = field
      const part = this.#part(stored[name])
      checkPart(kind, field, part, false)
      made[name] = name === 'strings' ? templateOf(part as string[]) : part
    }
    return node(made as never) as unknown as Node
  }
}

/** Refuses a value that cannot be a part. The constructor of the node checks which kinds of nodes may be in it. */
function checkPart(kind: Kind, [name, sort, part]: Field, held: unknown, isCall: boolean): void {
  const { atom } = part
  if (atom === undefined) {
    const list = sort === 'nodes' && !isCall ? held : [held]
    const fits = (item: unknown): boolean => isNode(item) || (sort === 'node' && item === undefined)
    if (!(Array.isArray(list) && list.every(fits))) refuse(`The stored ${kind} holds no node in '${name}'.`)
    return
  }
  if (sort === 'atoms' && held !== undefined && !Array.isArray(held))
    refuse(`The stored ${kind} holds no list of names in '${name}'.`)
  if (held instanceof Shape && kind === 'built') return
  for (const one of sort === 'atoms' && Array.isArray(held) ? held : [held])
    if (!ATOMS[atom](one, kind, name))
      refuse(`The stored query holds ${show(one)} as the ${name} of a ${kind}, where it cannot stand.`)
}

/** Is true for the kinds that a query is made of. Statements that define things are not stored. */
const isKind = (kind: unknown): kind is Kind =>
  typeof kind === 'string' &&
  Array.isArray(fieldsOf(kind as Kind)) &&
  !defines(kind as Kind) &&
  !kindFills(kind as Kind, 'command')

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}
