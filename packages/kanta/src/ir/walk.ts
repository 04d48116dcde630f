import type { Kind, Kinds } from './kinds.ts'
import { CLEARED, childFieldsOf, type Field, fieldsOf, type Node, type NodeOf, type Shape, takes } from './node.ts'
import type { Part, Role, Sort } from './role.ts'

type Loose = Record<string, unknown> & { readonly kind: Kind }

/** Returns whether nodes of this one's kind have parts that are nodes. */
export const holdsNodes = (part: Node): boolean => childFieldsOf(part.kind).length > 0

/** Calls `visit` for each direct part of a node that is a node. */
export function eachChild(parent: Node, visit: (child: Node, part: Part, name: string) => void): void {
  for (const [name, sort, part] of childFieldsOf(parent.kind)) {
    const held = (parent as unknown as Loose)[name]
    if (sort === 'nodes') for (const item of held as readonly Node[]) visit(item, part, name)
    else if (held !== undefined) visit(held as Node, part, name)
  }
}

/** Calls `visit` for a node and all below it, parents first. */
export function walk(root: Node, visit: (node: Node) => void): void {
  visit(root)
  eachChild(root, (child) => walk(child, visit))
}

/** A copy in which each direct child is what `change` makes of it; the node itself where nothing changed. */
export function mapChildren<T extends Node>(parent: T, change: (child: Node, part: Part, name: string) => Node): T {
  let copy: Record<string, unknown> | undefined
  for (const [name, sort, part] of childFieldsOf(parent.kind)) {
    const held = (parent as unknown as Loose)[name]
    if (held === undefined) continue
    const changeIn = (child: Node): Node => change(child, part, name)
    const changed = sort === 'node' ? changeIn(held as Node) : mapAll(held as readonly Node[], changeIn)
    if (changed !== held) {
      copy ??= { ...parent }
      copy[name] = changed
    }
  }
  return (copy ?? parent) as unknown as T
}

function mapAll(items: readonly Node[], change: (child: Node) => Node): readonly Node[] {
  let copy: Node[] | undefined
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!
    const changed = change(item)
    if (changed === item) continue
    copy ??= items.slice()
    copy[i] = changed
  }
  return copy ?? items
}

/** The nodes in those parts of a node that take a role. */
export function partsFor(parent: Node, role: Role | Kind): readonly Node[] {
  const fields = fieldsFor(parent.kind, role)
  if (fields.length === 0) return NO_NODES
  return fields.flatMap(([name]) => ((parent as unknown as Loose)[name] as Node | readonly Node[] | undefined) ?? [])
}

const NO_NODES: readonly Node[] = []
const byRole = new Map<Role | Kind, Map<Kind, readonly Field[]>>()

function fieldsFor(kind: Kind, role: Role | Kind): readonly Field[] {
  let kinds = byRole.get(role)
  if (kinds === undefined) {
    kinds = new Map()
    byRole.set(role, kinds)
  }
  let known = kinds.get(kind)
  if (known === undefined) {
    known = childFieldsOf(kind).filter(([, , part]) => takes(part, role))
    kinds.set(kind, known)
  }
  return known
}

/** The tables that a statement writes, and the sources that it reads, in its clauses and in its joins. */
export function sourcesOf(statement: Node): { readonly written: readonly Node[]; readonly read: readonly Node[] } {
  const joined = partsFor(statement, 'joined').flatMap((join) => partsFor(join, 'source'))
  return { written: partsFor(statement, 'target'), read: [...partsFor(statement, 'source'), ...joined] }
}

/** Returns whether a part is a node (an operator may be a word or a node). */
export function isNode(part: unknown): part is Node {
  return typeof part === 'object' && part !== null && 'kind' in part && !('before' in part)
}

/** The tree of a chain of calls, with its arguments numbered in the order of the calls. */
export function fold<K extends Kind>(shape: Shape<K>): { readonly tree: NodeOf<K>; readonly arguments: number } {
  const numbering = { next: 0 }
  return { tree: foldFrom(shape, numbering), arguments: numbering.next }
}

function foldFrom<K extends Kind>(shape: Shape<K>, numbering: { next: number }): NodeOf<K> {
  const calls: Shape[] = []
  for (let at: Shape | undefined = shape as unknown as Shape; at?.before !== undefined; at = at.before) calls.push(at)
  const tree = empty(shape.kind) as unknown as Record<string, unknown>
  for (let i = calls.length - 1; i >= 0; i--) {
    const { part, value } = calls[i]!
    const sort = sortOf(shape.kind, part)
    if (value === CLEARED) tree[part] = sort === 'nodes' ? [] : undefined
    else if (sort === 'nodes') addTo(tree[part] as Node[], value as Node, numbering)
    else tree[part] = sort === 'node' ? number(value as Node, numbering) : value
  }
  return tree as unknown as NodeOf<K>
}

function sortOf(kind: Kind, part: string): Sort {
  return fieldsOf(kind).find(([name]) => name === part)![1]
}

/** A call may bring several nodes at once, as a `list`. */
function addTo(items: Node[], value: Node, numbering: { next: number }): void {
  if (value.kind === 'list') for (const item of value.items) items.push(number(item, numbering))
  else items.push(number(value, numbering))
}

function number(part: Node, numbering: { next: number }): Node {
  switch (part.kind) {
    case 'arg':
      return { kind: 'slot', index: numbering.next++, role: part.role, codec: undefined }
    case 'built':
      return foldFrom(part.shape, numbering) as Node
    case 'jsonObject':
      // What its columns are depends on where it stands, so each place gets one of its own.
      return { ...mapChildren(part, (child) => number(child, numbering)) }
    default:
      return mapChildren(part, (child) => number(child, numbering))
  }
}

/** A node of a kind with nothing in it yet. */
export function empty<K extends Kind>(kind: K): NodeOf<K> {
  const tree: Record<string, unknown> = { kind }
  for (const [name, sort] of fieldsOf(kind)) tree[name] = sort === 'nodes' ? [] : undefined
  return tree as unknown as NodeOf<K>
}

/** A node of a kind with some of its parts given, the others empty. */
export function nodeWith<K extends Kind>(kind: K, parts: Partial<Kinds[K]>): NodeOf<K> {
  return Object.assign(empty(kind), parts)
}
