import { KantaError, refuse } from '../error/index.ts'
import {
  admit,
  CLEARED,
  defines,
  fieldsOf,
  fold,
  forgetting,
  isNode,
  type Kind,
  type Node,
  node,
  type Shape,
  type Sort,
  start,
} from '../ir/index.ts'
import { checkArgument, type SchemaDefinitions } from '../plan/index.ts'
import {
  type Chain,
  checkOperator,
  checkUnary,
  DeleteBuilder,
  InsertBuilder,
  internNames,
  isCount,
  isTypeName,
  MergeBuilder,
  RUNNER,
  type Runner,
  SelectBuilder,
  show,
  UpdateBuilder,
} from '../sql/index.ts'
import { type DatabaseHandle, settingsOf } from './database.ts'
import { executorOf } from './query-runner.ts'
import { FORMAT, fingerprints, type Stored } from './store.ts'

const BUILDERS = {
  select: SelectBuilder,
  insert: InsertBuilder,
  update: UpdateBuilder,
  delete: DeleteBuilder,
  merge: MergeBuilder,
} as const

/**
 * Makes a query that was stored with `JSON.stringify(query)` ready to run again.
 *
 * @throws KantaError `invalid_input` when it was stored in another form or for other tables, or when it holds SQL
 * text and `trustText` is not given.
 *
 * @example
 * ```ts
 * const stored = JSON.stringify(db.selectFrom('city').select('name').where('id', '=', 1))
 * const rows = await fromJSON(db, stored).execute()
 * ```
 */
export function fromJSON(db: DatabaseHandle, stored: unknown, options: { readonly trustText?: boolean } = {}): Chain {
  try {
    return made(db, stored, options)
  } catch (cause) {
    if (cause instanceof KantaError) throw cause
    // A document that nobody has stored: parts that are missing, of another type, or nested without end.
    const message = 'This is not a stored query, or one that has been changed. Build the query again and store it anew.'
    throw new KantaError('invalid_input', message, { cause })
  }
}

function made(db: DatabaseHandle, stored: unknown, options: { readonly trustText?: boolean }): Chain {
  const runner = db?.[RUNNER] ?? refuse(`fromJSON(${show(db)}, …) takes a database.`)
  const { shape, args } = restore(stored, settingsOf(db).planning.schema, options)
  if (!(shape.kind in BUILDERS)) refuse(`A stored ${shape.kind} cannot run by itself.`)
  const Builder = BUILDERS[shape.kind as keyof typeof BUILDERS] as unknown as new (
    shape: Shape,
    args: readonly unknown[],
    runner: Runner,
  ) => Chain
  // Planning names what does not fit the tables of this database.
  for (const slot of executorOf(runner).slotsOf(shape)) {
    // Slots of policies have their values when it runs.
    if (slot.kind !== 'slot' || slot.index >= args.length) continue
    checkArgument(`The value ${slot.index} of the stored query`, args[slot.index], new Set([slot.role]))
  }
  return new Builder(shape, args, runner)
}

/** Reads a stored query back; refuses another form, other tables, and text that could carry anything. */
function restore(
  stored: unknown,
  schema: SchemaDefinitions,
  options: { readonly trustText?: boolean },
): { readonly shape: Shape; readonly args: readonly unknown[] } {
  const json = parsed(stored) as Stored
  if (typeof json !== 'object' || json === null || json.kanta !== FORMAT) {
    return refuse(`This is not a query stored in form ${FORMAT}. Build the query again and store it anew.`)
  }
  const reader = new Reader(options.trustText === true)
  const shape = reader.shape(json.kind, json.calls)
  const now = fingerprints(shape, schema)
  for (const [table, print] of Object.entries(json.tables ?? {})) {
    if (now[table] !== print) {
      throw new KantaError(
        'invalid_input',
        `The stored query was made for another form of the table '${table}'. Build the query again and store it anew.`,
      )
    }
  }
  if (!Array.isArray(json.args)) refuse('The stored query holds no list of values.')
  const args = json.args.map(readValue)
  const expected = fold(shape).arguments
  if (args.length !== expected) refuse(`The stored query takes ${expected} values and holds ${args.length}.`)
  return { shape, args }
}

function parsed(stored: unknown): unknown {
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
  return refuse(`The stored query holds a value of an unknown sort, ${show($)}.`)
}

const NAME = /^[a-z_][\w$]*(\.[a-z_][\w$]*)*$/i

/** Where trusted words may stand, and which: elsewhere one could be a table or a query that no policy sees. */
const WORDS: Readonly<Record<string, (text: string) => boolean>> = {
  'cast.type': isTypeName,
  'operation.operator': oneOf('as'),
  'operation.right': oneOf(''),
  'join.separator': oneOf(', '),
}
/** What always has to be there, since it becomes text. */
const NEEDED: ReadonlySet<string> = new Set(['arg.role', 'binary.op', 'unary.op', 'call.name', 'jsonLeg.value'])

/** What the atoms that become text may be; every other atom is quoted when it is printed. */
const TEXTS: Readonly<Record<string, (value: unknown) => boolean>> = {
  'binary.op': (value) => checkOperator(value) !== undefined,
  'unary.op': (value) => checkUnary(value) !== undefined,
  'call.name': (value) => NAME.test(String(value)),
  'aggregate.name': (value) => NAME.test(String(value)),
  'joined.style': oneOf(
    'inner join',
    'left join',
    'right join',
    'full join',
    'cross join',
    'cross apply',
    'outer apply',
  ),
  'setOperation.operator': oneOf('union', 'union all', 'intersect', 'intersect all', 'except', 'except all'),
  'frame.unit': oneOf('rows', 'range', 'groups'),
  'bound.edge': oneOf('unbounded preceding', 'unbounded following', 'current row', 'preceding', 'following'),
  'window.exclude': oneOf('current row', 'group', 'ties', 'no others'),
  'lock.strength': oneOf('update', 'share', 'key share', 'no key update'),
  'select.wait': oneOf('skip locked', 'nowait'),
  'insert.or': oneOf('ignore', 'or ignore', 'or abort', 'or fail', 'or replace', 'or rollback'),
  'insert.verb': oneOf('insert', 'replace'),
  'mergeWhen.match': oneOf('matched', 'not matched', 'not matched by source'),
  'mergeAction.action': oneOf('delete', 'do nothing', 'update', 'insert'),
  'grouping.style': oneOf('rollup', 'cube', 'grouping sets'),
  'order.direction': oneOf('asc', 'desc'),
  'order.nulls': oneOf('first', 'last'),
  'jsonPath.operator': oneOf('->', '->>', '->$', '->>$'),
  'jsonLeg.value': (value) => typeof value === 'string' || Number.isSafeInteger(value),
  'count.modifier': oneOf('only', 'with ties', 'percent', 'percent with ties'),
  'explain.format': (value) => NAME.test(String(value)),
  'arg.role': oneOf('value', 'compared', 'count', 'list', 'rows'),
}

function oneOf(...words: readonly string[]): (value: unknown) => boolean {
  return (value) => words.includes(value as string)
}

/** Nodes that no call makes: one of these could read a value that the query was not given. */
const MADE_LATER: ReadonlySet<Kind> = new Set(['slot', 'context'])
/** Statements that are not queries, and so are not stored. */
const isStored = (kind: Kind): boolean => kind !== 'rawStatement' && kind !== 'explain' && !defines(kind)

/** The texts of templates, which are known by their identity: read again, they are the same. */
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
    if (!isKind(kind) || !Array.isArray(calls)) refuse(`The stored query has an unknown kind, ${show(kind)}.`)
    if (!isStored(kind)) refuse(`A stored ${kind} cannot run by itself.`)
    let shape: Shape = start(kind) as unknown as Shape
    const sorts = new Map(fieldsOf(kind))
    for (const [part, value] of calls) {
      const sort = sorts.get(part)
      if (sort === undefined) refuse(`The stored query calls ${show(part)}, which ${kind} does not have.`)
      const read = this.#part(value)
      if (read !== CLEARED) checkSort(kind, part, sort === 'nodes' ? 'node' : sort, read)
      checkText(kind, part, read)
      // A list of names is known by its identity, so that the shape is the one that the calls would make.
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
    if (!isKind(kind)) return refuse(`The stored query holds a node of an unknown kind, ${show(kind)}.`)
    if (MADE_LATER.has(kind)) return refuse(`The stored query holds a ${kind}, which only planning makes.`)
    if (!isStored(kind)) return refuse(`The stored query holds a ${kind}, which is no part of a query.`)
    if ((kind === 'raw' || kind === 'trusted') && !this.#trustText) {
      return refuse(
        'The stored query holds SQL text of its own. Read it with fromJSON(json, { trustText: true }) if it comes from where you trust.',
      )
    }
    const made: Record<string, unknown> = { kind }
    for (const [name, sort] of fieldsOf(kind)) {
      const part = this.#part(stored[name])
      checkSort(kind, name, sort, part)
      if (part !== undefined) checkText(kind, name, part)
      else if (NEEDED.has(`${kind}.${name}`)) refuse(`The stored ${kind} lacks its ${name}.`)
      made[name] = name === 'strings' ? templateOf(part as string[]) : part
    }
    return node(made as never) as unknown as Node
  }
}

function checkSort(kind: Kind, name: string, sort: Sort, part: unknown): void {
  if (sort === 'nodes' && !(Array.isArray(part) && part.every(isNode)))
    refuse(`The stored ${kind} holds no list in '${name}'.`)
  if (sort === 'node' && part !== undefined && !isNode(part)) refuse(`The stored ${kind} holds no node in '${name}'.`)
  for (const item of Array.isArray(part) ? part : [part]) {
    if (isNode(item) && item.kind === 'word' && !WORDS[`${kind}.${name}`]?.(item.text))
      refuse(`The stored ${kind} holds the word ${show(item.text)} in '${name}', where it cannot stand.`)
    if (COUNTS.has(`${kind}.${name}`) && isNode(item)) checkCount(item)
  }
  if (sort === 'atoms' && part !== undefined && !(Array.isArray(part) && part.every(isText)))
    refuse(`The stored ${kind} holds no list of names in '${name}'.`)
}

/** Where a number of rows stands. */
const COUNTS: ReadonlySet<string> = new Set([
  'select.limit',
  'select.offset',
  'update.limit',
  'delete.limit',
  'count.amount',
])

function checkCount(amount: Node): void {
  const fits = amount.kind === 'arg' ? amount.role === 'count' : amount.kind !== 'literal' || isCount(amount.value)
  if (!fits) refuse('The stored query holds no number of rows where it has to have one.')
}

const isText = (part: unknown): boolean => typeof part === 'string'

function isKind(kind: unknown): kind is Kind {
  return typeof kind === 'string' && Array.isArray(fieldsOf(kind as Kind))
}

function checkText(kind: Kind, part: string, value: unknown): void {
  const check = TEXTS[`${kind}.${part}`]
  if (check !== undefined && value !== undefined && value !== CLEARED && !check(value)) {
    refuse(`The stored query holds ${show(value)} as the ${part} of a ${kind}, which is not one of its words.`)
  }
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}
