import { fieldsOf, type Kind, mapChildren, type Node } from '../../ir/index.ts'

/**
 * SQL Server tells conditions from values: a condition cannot be selected, compared or passed, and a value cannot stand
 * where a condition is needed. Kanta does not, so each is made into the other by where it stands.
 */

/** The parts that are conditions; all other parts of other kinds are values. */
const CONDITIONS: { readonly [K in Kind]?: readonly string[] } = {
  select: ['where', 'having'],
  update: ['where'],
  delete: ['where'],
  joined: ['on'],
  merge: ['on'],
  mergeWhen: ['condition'],
  and: ['items'],
  or: ['items'],
  createIndex: ['where'],
  columnDefinition: ['check'],
  constraint: ['check'],
}

/** Kinds whose parts are what they are: the user's own text, and those whose parts depend on each other. */
const AS_THEY_ARE: ReadonlySet<Kind> = new Set(['raw', 'join', 'parens', 'case', 'when', 'unary', 'aggregate'])

const COMPARING = /^(?:[=!<>]=?|<>|![<>]|(?:not )?(?:in|like)|is(?: not)?(?: distinct from)?)$/
/** Functions that are conditions. */
const ASKING: ReadonlySet<string> = new Set(['contains', 'freetext', 'regexp_like', 'update'])

function isCondition(part: Node): boolean {
  switch (part.kind) {
    case 'and':
    case 'or':
    case 'between':
      return true
    case 'binary':
      return COMPARING.test(part.op)
    case 'unary':
      return part.op === 'not' || part.op.endsWith('exists')
    case 'parens':
      return isCondition(part.operand)
    case 'call':
      return ASKING.has(part.name.toLowerCase())
    default:
      return false
  }
}

/** Returns whether a condition is never unknown. */
function isCertain(part: Node): boolean {
  switch (part.kind) {
    case 'binary':
      return part.op.startsWith('is')
    case 'unary':
      return part.op.endsWith('exists') || (part.op === 'not' && isCertain(part.operand))
    case 'and':
    case 'or':
      return part.items.every(isCertain)
    case 'parens':
      return isCertain(part.operand)
    default:
      return false
  }
}

/** Text of the user's own is taken as what it has to be there. */
const isText = (part: Node): boolean =>
  part.kind === 'raw' ||
  part.kind === 'operation' ||
  part.kind === 'join' ||
  (part.kind === 'parens' && isText(part.operand))

const ONE: Node = { kind: 'literal', value: 1 }
const ZERO: Node = { kind: 'literal', value: 0 }

/** A part where a condition is needed. */
export function condition(part: Node): Node {
  // The condition of a merge is a join without a source.
  if (isCondition(part) || isText(part) || part.kind === 'joined') return part
  if (part.kind === 'parens') return { ...part, operand: condition(part.operand) }
  if (part.kind === 'literal' && typeof part.value === 'boolean') return compare(ONE, '=', part.value ? ONE : ZERO)
  return compare(part, '=', ONE)
}

const compare = (left: Node, op: string, right: Node): Node => ({ kind: 'binary', left, op, right })

const when = (asked: Node, result: Node): Node => ({ kind: 'when', condition: asked, result })

/** A part where a value is needed: a condition is a bit there, and null where it is unknown. */
export function value(part: Node): Node {
  if (!isCondition(part)) return part
  const whens = [when(part, ONE)]
  const certain = isCertain(part)
  if (!certain) whens.push(when({ kind: 'unary', op: 'not', operand: part }, ZERO))
  const made: Node = { kind: 'case', operand: undefined, whens, otherwise: certain ? ZERO : undefined }
  return { kind: 'cast', operand: made, type: { kind: 'word', text: 'bit' } }
}

/** A node whose parts are conditions and values where these are needed. */
export function placed<N extends Node>(n: N): N {
  if (AS_THEY_ARE.has(n.kind)) return n
  const asked = CONDITIONS[n.kind]
  if (asked === undefined) return mapChildren(n, value)
  const parts: Record<string, unknown> = { ...n }
  for (const [name, sort] of fieldsOf(n.kind)) {
    if (parts[name] === undefined || (sort !== 'node' && sort !== 'nodes')) continue
    const change = asked.includes(name) ? condition : value
    parts[name] = sort === 'node' ? change(parts[name] as Node) : (parts[name] as readonly Node[]).map(change)
  }
  return parts as unknown as N
}
