import type { NodeOf } from '../ir/index.ts'

const READS = /\b(?:select|table)\b/i
const WRITES = /\b(?:insert|update|delete|merge|exec|execute|call)\b/i

/** Returns whether text of the user's has a word without which it changes nothing. */
export const mayWrite = ({ strings }: NodeOf<'raw'>): boolean => WRITES.test(strings.join(' '))

/** Returns whether text of the user's has a word without which it holds no query. */
export const mayQuery = (raw: NodeOf<'raw'>): boolean => READS.test(raw.strings.join(' ')) || mayWrite(raw)
