import type { Node } from '../../ir/index.ts'
import type { Writer } from '../writer.ts'

/** Returns whether a part is a value whose column nobody knows. */
export function isUntyped(part: Node | undefined): boolean {
  return part?.kind === 'slot' && part.role === 'value' && part.codec === undefined
}

/** A value that stands alone, where PostgreSQL would take every parameter for text, with its type. */
export function typed(part: Node, w: Writer): Node {
  if (w.dialect.castOf === undefined) return part
  // A fraction in the text is a decimal, which would come as text.
  if (part.kind === 'literal' && typeof part.value === 'number' && !Number.isSafeInteger(part.value))
    return { kind: 'cast', operand: part, type: { kind: 'word', text: 'double precision' } }
  return part.kind === 'slot' && isUntyped(part) ? { ...part, role: 'typed' } : part
}
