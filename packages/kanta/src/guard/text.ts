import { checkFragment, type Dialect, isReaching } from '../dialect/index.ts'
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
/** Parts of expressions, in which trusted text is one, too. */
const CONDITIONS: ReadonlySet<Node['kind']> = new Set([
  ...(['and', 'or', 'binary', 'unary', 'between', 'operation', 'when'] as const),
])
const TEXT: ReadonlySet<Node['kind']> = new Set(['raw', 'operation', 'join'])

/**
 * Keeps text of the user's in its place: refuses what could reach out of it, and puts the rest in parentheses where it
 * is an expression. Text as a source and modifiers of a statement are refused.
 */
export function confine(tree: Node, dialect: Dialect): Node {
  if (tree.kind === 'trusted') return tree
  if (tree.kind === 'raw' || tree.kind === 'join') return confineText(tree, dialect)
  if ((tree.kind === 'call' || tree.kind === 'aggregate') && isReaching(tree.name))
    refuse(`The function '${tree.name}'`)
  if (tree.kind === 'modifier' && tree.operand.kind !== 'word' && tree.operand.kind !== 'trusted')
    refuse('A modifier of a statement that is SQL text')
  if (tree.kind === 'identifier' && tree.names.length === 0) refuse('An empty identifier')
  const inner = mapChildren(tree, (child) => confine(child, dialect))
  return BARE.has(inner.kind) ? inner : wrapText(inner)
}

/** Text with all text inside of it as one, so that it is judged as the database reads it. */
function confineText(text: Node, dialect: Dialect): NodeOf<'raw'> {
  const strings = ['']
  const parts: Node[] = []
  const add = (string: string): void => {
    strings[strings.length - 1] += string
  }
  const visit = (part: Node): void => {
    if (part.kind === 'raw') {
      part.strings.forEach((string, i) => {
        add(string)
        if (i < part.parts.length) visit(part.parts[i]!)
      })
    } else if (part.kind === 'join') {
      part.items.forEach((item, i) => {
        if (i > 0) visit(part.separator)
        visit(item)
      })
    } else if (part.kind === 'word') add(part.text)
    else {
      parts.push(confine(part, dialect))
      strings.push('')
    }
  }
  visit(text)
  checkFragment(strings, dialect)
  return { kind: 'raw', strings: strings.map((string, i) => apart(string, i > 0, i < parts.length)), parts }
}

/** Text beside parts with which it makes no new sign, such as `$` before `$1`. */
function apart(string: string, after: boolean, before: boolean): string {
  const front = after && /^[^\s),.:]/.test(string) ? ' ' : ''
  const back = before && /[^\s(,.]$/.test(string) ? ' ' : ''
  return front + string + back
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
  const conditions = new Set<Node>([
    ...('where' in parent ? parent.where : []),
    ...('on' in parent && Array.isArray(parent.on) ? (parent.on as readonly Node[]) : []),
    ...(parent.kind === 'select' ? parent.having : []),
  ])
  const trusted = CONDITIONS.has(parent.kind)
  return mapChildren(parent, (child) =>
    (TEXT.has(child.kind) || (child.kind === 'trusted' && (trusted || conditions.has(child)))) && !bare.has(child)
      ? inParens(child)
      : child,
  )
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
