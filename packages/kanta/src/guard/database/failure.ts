import { signText } from '../../dialect/index.ts'
import type { Node } from '../../ir/index.ts'
import { castTo } from './byte-comparison.ts'

/** The text that a database repeats in the message of the error, as an operand. */
export const failureText = (sign: string): Node => ({ kind: 'literal', value: signText(sign) })

export const word = (value: string): Node => ({ kind: 'word', text: value })
export const call = (name: string, ...args: readonly Node[]): Node => ({ kind: 'call', name, args })

/** Fails by a cast of text that is no number. `random` keeps planners from computing it early. */
export const failedCast = (sign: string, random: Node, type: string): Node =>
  castTo(call('concat', failureText(sign), call('left', random, word('0'))), type)
