import { checkFragment, type Dialect } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { eachChild, holdsNodes, type Part, takes } from '../ir/index.ts'
import { mapChildren, type Node, type NodeOf } from '../run/index.ts'
import { semanticsOf } from './database/index.ts'

/** The rules for SQL text under policies: the dialect, and the functions that may be called. */
export interface TextRules {
  readonly dialect: Dialect
  readonly isKnown: (name: string) => boolean
}

/** Allows the functions that the database knows and those that the user trusts. */
export function textRules(dialect: Dialect, trusted: readonly string[] = []): TextRules {
  const own = new Set(trusted.map((name) => name.toLowerCase()))
  const { functions } = semanticsOf(dialect)
  return { dialect, isKnown: (name) => functions.test(name) || own.has(name.toLowerCase()) }
}

/** Nodes whose text needs no parentheses, or is not an expression. */
const BARE: ReadonlySet<Node['kind']> = new Set([
  ...([
    'raw',
    'join',
    'call',
    'aggregate',
    'order',
    'window',
    'grouping',
    'parens',
    'cast',
    'dateTrunc',
    'listTable',
  ] as const),
  ...(['count', 'frame', 'bound', 'jsonPath'] as const),
])
/** Clauses whose text parentheses would break. No condition follows them. */
const BARE_PARTS: ReadonlySet<string> = new Set([
  'orderBy',
  'groupBy',
  'limit',
  'offset',
  'top',
  'windows',
  'distinctOn',
])
/** Expressions in which trusted text needs parentheses, too. */
const CONDITIONS: ReadonlySet<Node['kind']> = new Set([
  ...(['and', 'or', 'binary', 'unary', 'between', 'operation', 'when'] as const),
])
const TEXT: ReadonlySet<Node['kind']> = new Set(['raw', 'operation', 'join'])

/**
 * Confines the user's SQL text to its place: puts expressions in parentheses, and refuses text that could break out of
 * them, text as a source, and text as a modifier of a statement.
 */
export function confine(tree: Node, rules: TextRules): Node {
  if (tree.kind === 'trusted') return tree
  if (tree.kind === 'raw' || tree.kind === 'join') return confineText(tree, rules)
  if ((tree.kind === 'call' || tree.kind === 'aggregate') && !rules.isKnown(tree.name)) refuseFunction(tree.name)
  if (tree.kind === 'modifier' && tree.operand.kind !== 'word' && tree.operand.kind !== 'trusted')
    refuse('A modifier of a statement that is SQL text')
  if (tree.kind === 'identifier' && tree.names.length === 0) refuse('An empty identifier')
  if (!holdsNodes(tree)) return tree
  const inner = mapChildren(tree, (child, part) => {
    if (isText(child) && takesRows(part)) refuse(`SQL text as ${takes(part, 'query') ? 'a query' : 'a table'}`)
    return confine(child, rules)
  })
  return BARE.has(inner.kind) ? inner : wrapText(inner)
}

/** Returns true if a part takes a source or a target, but no value. */
const takesRows = (part: Part): boolean =>
  (takes(part, 'query') || takes(part, 'source') || takes(part, 'target')) &&
  !takes(part, 'expression') &&
  !takes(part, 'selection')

function refuseFunction(name: string): never {
  throw new KantaError(
    'policy',
    `The function '${name}' is unknown and could bypass the policies of this database. If it reads no table and runs no text, name it in kanta({ trustedFunctions: ['${name}'] }).`,
  )
}

/** Joins text with all text inside of it, so that the check sees what the database will read. */
function confineText(text: Node, rules: TextRules): NodeOf<'raw'> {
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
      parts.push(confine(part, rules))
      strings.push('')
    }
  }
  visit(text)
  for (const name of checkFragment(strings, rules.dialect).calls) if (!rules.isKnown(name)) refuseFunction(name)
  parts.forEach((part, i) => {
    // SQLite reads anything but a list or a query after `in` as a table.
    if (/\bin\s*$/i.test(strings[i]!) && NO_LIST.has(part.kind)) refuse(`A ${part.kind} after 'in'`)
  })
  return { kind: 'raw', strings: strings.map((string, i) => spaceText(string, i > 0, i < parts.length)), parts }
}

const NO_LIST: ReadonlySet<Node['kind']> = new Set(['ref', 'identifier', 'table', 'star', 'alias', 'call', 'literal'])

/** Puts spaces between text and the parts beside it, so that they form no new token, such as `$` before `$1`. */
function spaceText(string: string, after: boolean, before: boolean): string {
  const front = after && /^[^\s),.:]/.test(string) ? ' ' : ''
  const back = before && /[^\s(,.]$/.test(string) ? ' ' : ''
  return front + string + back
}

/** Puts the direct text parts of a node in parentheses, except in clauses that cannot have them. */
function wrapText(parent: Node): Node {
  if (!holdsText(parent)) return parent
  return mapChildren(parent, (child, _, part) => {
    const isWrapped = TEXT.has(child.kind) || (child.kind === 'trusted' && isCondition(parent, part))
    return isWrapped && !isBare(parent, part) ? inParens(child) : child
  })
}

function holdsText(parent: Node): boolean {
  let found = false
  eachChild(parent, ({ kind }) => {
    found ||= kind === 'trusted' || TEXT.has(kind)
  })
  return found
}

// By the names of the parts, since equal nodes are one object, which may stand in several.
const isBare = ({ kind }: Node, part: string): boolean =>
  kind === 'select' || kind === 'update' || kind === 'delete'
    ? BARE_PARTS.has(part)
    : kind === 'operation' && part === 'operator'

const isCondition = ({ kind }: Node, part: string): boolean =>
  CONDITIONS.has(kind) || part === 'where' || part === 'on' || (kind === 'select' && part === 'having')

const inParens = (operand: Node): NodeOf<'parens'> => ({ kind: 'parens', operand })

/** Returns true if a source is SQL text or an unknown expression. */
export function isText(source: Node): boolean {
  const inner = source.kind === 'alias' ? source.operand : source
  if (inner.kind === 'parens') return isText(inner.operand)
  return inner.kind === 'raw' || inner.kind === 'identifier' || inner.kind === 'join' || inner.kind === 'operation'
}

export function refuse(what: string): never {
  throw new KantaError(
    'policy',
    `${what} would bypass the policies of this database. Build that part, or declare what the text reads and writes: sql\`…\`.trusted('its name', { reads: […], writes: […] }).`,
  )
}
