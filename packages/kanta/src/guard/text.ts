import { checkFragment, type Dialect } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { mapChildren, type Node, type NodeOf } from '../run/index.ts'

/** Parts in which text stands alone already, or is no expression. */
const BARE: ReadonlySet<Node['kind']> = new Set([
  ...(['raw', 'join', 'call', 'aggregate', 'order', 'window', 'grouping', 'parens', 'cast', 'listTable'] as const),
  ...(['count', 'frame', 'bound', 'jsonPath'] as const),
])
/** Clauses after which no condition comes, whose text parentheses would break. */
const BARE_PARTS: ReadonlySet<string> = new Set([
  'orderBy',
  'groupBy',
  'limit',
  'offset',
  'top',
  'windows',
  'distinctOn',
])
const TEXT: ReadonlySet<Node['kind']> = new Set(['raw', 'operation', 'join'])

/**
 * Keeps text of the user's in its place: refuses what could reach out of it, and puts the rest in parentheses where it
 * is an expression. Text as a source and modifiers of a statement are refused.
 */
export function confine(tree: Node, dialect: Dialect): Node {
  if (tree.kind === 'trusted') return tree
  if (tree.kind === 'raw') checkFragment(tree.strings, dialect.name)
  if (tree.kind === 'modifier' && tree.operand.kind !== 'word' && tree.operand.kind !== 'trusted')
    refuse('A modifier of a statement that is SQL text')
  if (tree.kind === 'identifier' && tree.names.length === 0) refuse('An empty identifier')
  const inner = mapChildren(tree, (child) => confine(child, dialect))
  return BARE.has(inner.kind) ? inner : wrapText(inner)
}

/** A node whose direct parts of text stand in parentheses, but for those in clauses that cannot have them. */
function wrapText(parent: Node): Node {
  const bare = new Set<Node>()
  if (parent.kind === 'select' || parent.kind === 'update' || parent.kind === 'delete')
    for (const part of BARE_PARTS) {
      const found = (parent as unknown as Record<string, unknown>)[part]
      if (Array.isArray(found)) for (const item of found) bare.add(item as Node)
      else if (found !== undefined) bare.add(found as Node)
    }
  if (parent.kind === 'operation') bare.add(parent.operator)
  return mapChildren(parent, (child) => (TEXT.has(child.kind) && !bare.has(child) ? inParens(child) : child))
}

const inParens = (operand: Node): NodeOf<'parens'> => ({ kind: 'parens', operand })

/** Whether a source is text that nothing is known of. */
export function isText(source: Node): boolean {
  const inner = source.kind === 'alias' ? source.operand : source
  return inner.kind === 'raw' || inner.kind === 'identifier' || inner.kind === 'join' || inner.kind === 'parens'
}

export function refuse(what: string): never {
  throw new KantaError(
    'policy',
    `${what} would pass by the policies of this database. Build that part, or say what the text reads and writes: sql\`…\`.trusted('its name', { reads: […], writes: […] }).`,
  )
}
