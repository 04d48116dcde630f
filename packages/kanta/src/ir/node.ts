import { refuse } from '../error/index.ts'
import { type Fields, fields, type Kind, type Kinds } from './kinds.ts'
import { isCount, isTypeName, type Part, type Role, type Row, type Sort } from './role.ts'
import type { SchemaKinds } from './schema-kinds.ts'

/** A node of one kind: structure only, never a user's value. Equal structure is the same object. */
export type NodeOf<K extends Kind> = { readonly kind: K } & Readonly<Kinds[K]>
/** A node of any kind. */
export type Node = { [K in Kind]: NodeOf<K> }[Kind]

/**
 * The most nodes and shapes kept. Past it the table starts afresh: what is held elsewhere stays right,
 * it is only no longer found, so that a program that makes endless shapes uses a bounded amount of memory.
 */
export let capacity = 10_000

/** A list longer than this is not interned: it would fill the table and is seldom met twice. */
const LONG = 128
/** A text longer than this is not kept: values that stand in the text, such as `eb.lit(…)`, may be of any length. */
const LONG_TEXT = 1_000

interface Memo {
  clear(): void
}

let generation = 0
let admitted = 0
const memos: Memo[] = []

/** Registers a memo that is emptied whenever the intern table starts afresh. */
export function forgetting<T extends Memo>(memo: T): T {
  memos.push(memo)
  return memo
}

/** Counts one more thing kept; call it when a memo grows. */
export function admit(): void {
  if (++admitted > capacity) forget()
}

/** Starts the intern table and all memos afresh. */
export function forget(): void {
  generation++
  // What is pinned comes back at once and does not count, however small the table is.
  admitted = -pinned.length
  for (const memo of memos) memo.clear()
  for (const constant of pinned) node(constant)
}

const pinned: Node[] = []

/** A node that a module holds for good: it stays the one of its structure when the table starts afresh. */
export function pin<K extends Kind>(constant: NodeOf<K>): NodeOf<K> {
  const known = node(constant)
  if (!pinned.includes(known as unknown as Node)) pinned.push(known as unknown as Node)
  return known
}

/** Sets how many nodes and shapes are kept, for tests and for programs with little memory. */
export function setCapacity(most: number): void {
  capacity = most
  forget()
}

/** How full the intern table is, and how often it started afresh. */
export function internStats(): { readonly kept: number; readonly capacity: number; readonly flushes: number } {
  return { kept: admitted, capacity, flushes: generation }
}

/** One step of the path that leads from a kind over its parts to its node. The first step out is kept inline. */
class Step {
  key: unknown = undefined
  to: Step | undefined = undefined
  more: Map<unknown, Step> | undefined = undefined
  node: Node | undefined = undefined

  find(key: unknown): Step | undefined {
    return this.key === key ? this.to : this.more?.get(key)
  }

  take(key: unknown): Step {
    const found = this.find(key)
    if (found !== undefined) return found
    const next = new Step()
    if (this.to === undefined) {
      this.key = key
      this.to = next
    } else {
      this.more ??= new Map()
      this.more.set(key, next)
    }
    return next
  }
}

const roots = forgetting(new Map<Kind, Step>())
/** Nodes that are not in the table: long lists, one-off text, and whatever holds one of these. */
const transient = new WeakSet<object>()
const END = Symbol('end')

/** A part by its name: how it is held, and what it takes. */
export type Field = readonly [name: string, sort: Sort, part: Part]

const fieldsIn = (declared: object): Record<Kind, readonly Field[]> =>
  Object.fromEntries(
    Object.entries(declared as Record<Kind, Row<object>>).map(([kind, { parts }]) => [
      kind,
      Object.entries(parts as Record<string, Part>).map(([name, part]) => [name, part.sort, part]),
    ]),
  ) as never

const plans = fieldsIn(fields)
const rows: Partial<Record<Kind, Row>> = { ...fields }

/** Makes the kinds of definitions known: a program that defines nothing does not carry them. */
export function declareKinds(declared: Fields<keyof SchemaKinds>): void {
  if (plans.createTable !== undefined) return
  Object.assign(plans, fieldsIn(declared))
  Object.assign(rows, declared)
  fitting.clear()
}

/** Returns whether a statement of a kind defines; values are written into its text. */
export function defines(kind: Kind): boolean {
  return !(kind in fields)
}

const children: Partial<Record<Kind, readonly Field[]>> = {}

/** Those parts of a kind that hold nodes: passes over trees ask for them at each node. */
export function childFieldsOf(kind: Kind): readonly Field[] {
  const known = children[kind]
  if (known !== undefined) return known
  const found = plans[kind].filter(([, sort]) => sort === 'node' || sort === 'nodes')
  children[kind] = found
  return found
}

/** The parts of a kind, in order. */
export function fieldsOf(kind: Kind): readonly Field[] {
  return plans[kind]
}

/** Returns whether the nodes of a kind are good for a role. */
export const kindFills = (kind: Kind, role: string): boolean =>
  kind === role || (rows[kind]?.fills.includes(role as Role) ?? false)

const isValue = (part: Node): boolean => fills(part, 'expression') || fills(part, 'row')

/** Returns whether a node may stand where a role, or a kind, is asked for. */
export function fills(part: Node, role: string): boolean {
  if (role === 'any' || role === part.kind) return true
  switch (part.kind) {
    case 'alias':
      return role === 'selection' ? isValue(part.operand) : isSource(role) && fills(part.operand, role)
    case 'operation':
      // An alias that is text names what stands on its left.
      if (isSource(role)) return isAlias(part) && fills(part.left, role)
      return role === 'selection' || (role === 'expression' && !isAlias(part))
    case 'built':
      return kindFills(part.shape.kind, role === 'selection' || role === 'count' ? 'expression' : role)
    case 'list':
      return role === 'expression' && part.items.every((item) => fills(item, role))
    case 'word':
      return role === part.text || (role === 'type' && isTypeName(part.text))
    case 'arg':
      if (role === 'rows' || role === 'count' || part.role === 'rows') return part.role === role
      break
  }
  if (role === 'count')
    return part.kind === 'literal' ? isCount(part.value) : kindFills(part.kind, 'count') || fills(part, 'expression')
  return kindFills(part.kind, role) || (role === 'selection' && isValue(part))
}

const isSource = (role: string): boolean => role === 'source' || role === 'target'
/** Returns whether an operation is what stands on its left under an alias that is text. */
export const isAlias = ({ operator }: NodeOf<'operation'>): boolean => operator.kind === 'word'

/** Returns whether a part takes what fills a role. */
export const takes = (part: Part, role: Role | Kind): boolean => part.takes.includes(role)

/** Returns whether a table in a part is one that is read or written, and not a row as a value. */
export const takesTables = (part: Part): boolean =>
  !takes(part, 'expression') &&
  !takes(part, 'selection') &&
  (takes(part, 'source') || takes(part, 'target') || takes(part, 'table'))

/** The kind of what a node stands for, in messages. */
export function kindOf(part: Node): Kind {
  if (part.kind === 'alias') return kindOf(part.operand)
  return part.kind === 'built' ? part.shape.kind : part.kind
}

/** Says which part of a node cannot stand where it does; `undefined` where all may stand. */
export function misplaced(parent: Node): string | undefined {
  // PostgreSQL would read `schema.column` as a function of the row of a table of that name.
  if (parent.kind === 'ref' && parent.schema !== undefined && parent.table === undefined)
    return `The reference to '${parent.column}' has a schema, '${parent.schema}', and no table.`
  for (const [name, , part] of childFieldsOf(parent.kind)) {
    const held = (parent as unknown as Record<string, unknown>)[name]
    const wrong = held === undefined ? undefined : misfit(parent.kind, name, part, held)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function misfit(kind: Kind, name: string, part: Part, held: unknown): string | undefined {
  const list = part.sort === 'nodes' ? (held as readonly Node[]) : [held as Node]
  const wrong = list.find((item) => !fits(item, part))
  if (wrong === undefined) return undefined
  return `A ${kindOf(wrong)} cannot stand in '${name}' of a ${kind}, which takes: ${part.takes.join(', ')}.`
}

/** Kinds of which it is up to the node where it may stand. */
const EACH_ITS_OWN: ReadonlySet<Kind> = new Set(['alias', 'operation', 'built', 'list', 'word', 'arg', 'literal'])
const fitting = new Map<Part, Map<Kind, boolean>>()

function fits(item: Node, part: Part): boolean {
  const fitsIn = (): boolean => part.takes.some((role) => fills(item, role))
  if (EACH_ITS_OWN.has(item.kind)) return fitsIn()
  let kinds = fitting.get(part)
  if (kinds === undefined) {
    kinds = new Map()
    fitting.set(part, kinds)
  }
  let known = kinds.get(item.kind)
  if (known === undefined) {
    known = fitsIn()
    kinds.set(item.kind, known)
  }
  return known
}

/** Returns whether a node or shape is outside the intern table. */
export function isTransient(part: object): boolean {
  return transient.has(part)
}

/**
 * The only way to make a node: gives back the one that has the same structure where there is one,
 * else keeps the given object as that one.
 */
export function node<K extends Kind>(fresh: NodeOf<K>): NodeOf<K> {
  const known = find(fresh)
  if (known !== undefined) return known as unknown as NodeOf<K>
  const wrong = misplaced(fresh as Node)
  if (wrong !== undefined) refuse(wrong)
  // Found out before anything is kept: a step that leads to what is not kept would stay for nothing.
  if (!isKept(fresh)) return keepOut(fresh)
  keep(fresh)
  return fresh
}

function find(fresh: { readonly kind: Kind }): Node | undefined {
  let step = roots.get(fresh.kind)
  const parts = plans[fresh.kind]
  for (let i = 0; i < parts.length && step !== undefined; i++) {
    const part = (fresh as unknown as Record<string, unknown>)[parts[i]![0]]
    if (Array.isArray(part) && parts[i]![1] !== 'atom') {
      for (let j = 0; j < part.length && step !== undefined; j++) step = step.find(part[j])
      step = step?.find(END)
    } else step = step.find(part)
  }
  return step?.node
}

function keep(fresh: { readonly kind: Kind }): void {
  let step = roots.get(fresh.kind)
  if (step === undefined) {
    step = new Step()
    roots.set(fresh.kind, step)
  }
  for (const [name, sort] of plans[fresh.kind]) {
    const part = (fresh as unknown as Record<string, unknown>)[name]
    if (Array.isArray(part) && sort !== 'atom') {
      for (const item of part) step = step.take(item)
      step = step.take(END)
    } else step = step.take(part)
  }
  step.node = fresh as Node
  admit()
}

/** A node that is not kept: for text or lists that will hardly be met again. */
export function keepOut<T extends object>(fresh: T): T {
  transient.add(fresh)
  return fresh
}

/** Returns whether a node is worth keeping: without long lists and texts, and without parts that are not kept. */
function isKept(fresh: { readonly kind: Kind }): boolean {
  return plans[fresh.kind].every(([name, sort]) => {
    const part = (fresh as unknown as Record<string, unknown>)[name]
    if (typeof part === 'string') return part.length <= LONG_TEXT
    if (Array.isArray(part) && sort !== 'atom') return part.length <= LONG && !part.some(isLeftOut)
    return !isLeftOut(part)
  })
}

function isLeftOut(part: unknown): boolean {
  return typeof part === 'object' && part !== null && transient.has(part)
}

/** The mark of a call that empties a part: `clearWhere()` and its like. */
export const CLEARED: unique symbol = Symbol('cleared')

/**
 * Returns what a planner has kept for a shape; that of the last planner is found without a look-up. No property of the
 * shape has it: whoever could change a plan or its planner would change the policies in them.
 */
export let planOf: (shape: Shape, planner: object) => unknown

/** Keeps a plan with a shape, for a planner. */
export let keepPlan: (shape: Shape, planner: object, plan: unknown) => void

/**
 * A chain of calls on a statement (or on an aggregate, a case, a join …): each call names a part of the kind and
 * what goes there. Interned like nodes; the arguments stand beside it, in the order of the calls.
 */
export class Shape<K extends Kind = Kind> {
  readonly kind: K
  readonly before: Shape<K> | undefined
  readonly part: string
  readonly value: unknown
  #planner: object | undefined = undefined
  #plan: unknown = undefined
  /** Weak, so that a database that nobody has any more takes its plans with it. */
  #plans: WeakMap<object, unknown> | undefined = undefined
  private lastPart = ''
  private lastValue: unknown = undefined
  private last: Shape<K> | undefined = undefined
  private next: Map<string, Map<unknown, Shape<K>>> | undefined = undefined
  private born: number = generation

  constructor(kind: K, before: Shape<K> | undefined, part: string, value: unknown) {
    this.kind = kind
    this.before = before
    this.part = part
    this.value = value
  }

  static {
    planOf = (shape, planner) => {
      if (shape.#planner === planner) return shape.#plan
      const found = shape.#plans?.get(planner)
      if (found !== undefined) {
        shape.#planner = planner
        shape.#plan = found
      }
      return found
    }
    keepPlan = (shape, planner, plan) => {
      if (shape.#planner !== undefined) {
        shape.#plans ??= new WeakMap([[shape.#planner, shape.#plan]])
        shape.#plans.set(planner, plan)
      }
      shape.#planner = planner
      shape.#plan = plan
    }
  }

  /** No data: text and values of a compiled query can be logged as JSON; a query stores itself by its own `toJSON`. */
  toJSON(): undefined {
    return undefined
  }

  /** The shape after one more call. */
  step(part: keyof Kinds[K] & string, value: unknown): Shape<K> {
    if (this.lastValue === value && this.lastPart === part && this.born === generation) return this.last!
    return this.search(part, value)
  }

  private search(part: string, value: unknown): Shape<K> {
    if (this.born !== generation) {
      this.born = generation
      this.next = undefined
    }
    if (isLeftOut(value) || transient.has(this)) {
      checkStep(this.kind, part, value)
      return keepOut(new Shape<K>(this.kind, this, part, value))
    }
    this.next ??= new Map()
    let known = this.next.get(part)
    if (known === undefined) {
      known = new Map()
      this.next.set(part, known)
    }
    let shape = known.get(value)
    if (shape === undefined) {
      checkStep(this.kind, part, value)
      shape = new Shape<K>(this.kind, this, part, value)
      known.set(value, shape)
      admit()
    }
    this.lastPart = part
    this.lastValue = value
    this.last = shape
    return shape
  }
}

/** Refuses a call that brings what cannot stand in its part; a `list` is several nodes at once. */
function checkStep(kind: Kind, name: string, value: unknown): void {
  const [, sort, part] = plans[kind].find((field) => field[0] === name)!
  if (value === CLEARED || sort === 'atom' || sort === 'atoms') return
  const several = sort === 'nodes' && (value as Node).kind === 'list'
  const held = several ? (value as NodeOf<'list'>).items : sort === 'nodes' ? [value] : value
  const wrong = misfit(kind, name, part, held)
  if (wrong !== undefined) refuse(wrong)
}

const starts = forgetting(new Map<Kind, Shape>())

/** The empty chain of a kind. */
export function start<K extends Kind>(kind: K): Shape<K> {
  let shape = starts.get(kind)
  if (shape === undefined) {
    shape = new Shape(kind as Kind, undefined, '', undefined)
    starts.set(kind, shape)
  }
  return shape as unknown as Shape<K>
}
