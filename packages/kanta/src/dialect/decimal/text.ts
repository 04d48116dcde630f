import type { Node } from '../../ir/index.ts'
import { power } from './number.ts'

/** Writes a scaled integer as the decimal that it is. */
export function scaledText(node: Node, scale: number): Node {
  if (scale === 0) return { kind: 'cast', operand: node, type: { kind: 'word', text: 'text' } }
  const unit = power(scale)
  return {
    kind: 'raw',
    strings: ["(substr('-', 1, ", ' < 0) || (abs(', `) / ${unit}) || '.' || substr(abs(`, `) % ${unit} + ${unit}, 2))`],
    parts: [node, node, node],
  }
}
