import type { Node } from '../../ir/index.ts'
import type { Writer } from '../writer.ts'

/** Whether a part is a value whose column nobody knows. */
export function isUntyped(part: Node | undefined): boolean {
  return part?.kind === 'slot' && part.role === 'value' && part.codec === undefined
}

/** A value that stands alone, where PostgreSQL would take every parameter for text, with its type. */
export function typed(part: Node, w: Writer): Node {
  if (w.dialect.castOf === undefined || part.kind !== 'slot' || !isUntyped(part)) return part
  return { ...part, role: 'typed' }
}
