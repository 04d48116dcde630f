import type { Node } from '../ir/index.ts'

const MARK = 'kanta refused'

/** Finds the sign of {@link failureText} in the message of an error. */
export const FAILURE = new RegExp(`${MARK} ([0-9a-f]{8})`)

/** The text that a database repeats in the message of the error, as an operand. */
export const failureText = (sign: string): Node => ({ kind: 'literal', value: `${MARK} ${sign}` })

export const word = (value: string): Node => ({ kind: 'word', text: value })
export const call = (name: string, ...args: readonly Node[]): Node => ({ kind: 'call', name, args })

/** Fails by a cast of text that is no number. `random` keeps planners from computing it early. */
export const failedCast = (sign: string, random: Node, type: string): Node => ({
  kind: 'cast',
  operand: call('concat', failureText(sign), call('left', random, word('0'))),
  type: word(type),
})
